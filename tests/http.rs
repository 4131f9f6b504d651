//! HTTP as the standard has it: methods, refusals, limits and times.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::client::{Client, get};
use common::daemon::{Daemon, Launch};
use common::{PATIENCE, within};

const PATTERN: &[&str] = &["--source", "pattern", "--resolution", "320x240"];

fn with_limits(toml: &str) -> Daemon {
    Launch::default().args(PATTERN).config(toml).start()
}

/// The status that these bytes get, on a connection of their own that then ends.
fn status_of(daemon: &Daemon, request: impl AsRef<[u8]>) -> u16 {
    let mut client = Client::connect(daemon);
    // What is too long is refused before it is read to its end.
    client.try_send(request);
    let answer = client.answer();
    assert_eq!(answer.head.value("Connection"), Some("close"), "{}", answer.head.0);
    assert_eq!(client.rest(), b"", "the connection ends with the refusal");
    answer.head.status()
}

#[test]
fn head_is_get_without_the_body() {
    let daemon = Daemon::with_pattern(&[]);
    for target in ["/", "/page.css", "/nothing"] {
        let mut client = Client::connect(&daemon);
        let got = client.get(target);
        client.ask("HEAD", target, "");
        let head = client.head();
        assert_eq!(head.status(), got.head.status());
        assert_eq!(head.value("Content-Length"), Some(got.body.len().to_string().as_str()));
        // Had a body come, it would stand before this answer.
        assert_eq!(client.get("/state").head.first_line(), "HTTP/1.1 200 OK");
    }
}

#[test]
fn head_of_what_has_no_length_yet_tells_its_type_and_no_length() {
    let daemon = Daemon::with_pattern(&[]);
    for (target, content_type) in
        [("/stream", "multipart/x-mixed-replace;boundary=boundarydonotcross"), ("/snapshot", "image/jpeg")]
    {
        let mut client = Client::connect(&daemon);
        client.ask("HEAD", target, "");
        let head = client.head();
        assert_eq!(head.status(), 200);
        assert_eq!(head.value("Content-Type"), Some(content_type));
        assert_eq!(head.value("Content-Length"), None);
        assert_eq!(client.get("/state").head.status(), 200, "the connection stays");
    }
}

#[test]
fn options_say_what_is_allowed() {
    let daemon = Daemon::with_pattern(&["--allow-origin", "http://octopi.local"]);
    for target in ["/", "/stream", "/snapshot", "/state", "*"] {
        let mut client = Client::connect(&daemon);
        client.ask("OPTIONS", target, "Access-Control-Request-Method: GET\r\n");
        let answer = client.answer();
        assert!([200, 204].contains(&answer.head.status()), "{target}: {}", answer.head.0);
        let allowed = answer.head.value("Allow").unwrap();
        assert!(allowed.starts_with("GET, HEAD, ") && allowed.ends_with("OPTIONS"), "{target}: {allowed}");
        assert_eq!(answer.head.value("Access-Control-Allow-Origin"), Some("http://octopi.local"));
        assert_eq!(client.get("/state").head.status(), 200, "the connection stays");
    }
}

#[test]
fn who_sends_a_large_body_unasked_gets_to_read_the_refusal() {
    let daemon = Daemon::with_pattern(&[]);
    let mut client = Client::connect(&daemon);
    client.ask("POST", "/stream", "Content-Length: 10000000\r\n");
    // More than the sockets between us hold: it must be read by somebody.
    client.send(vec![b'x'; 10_000_000]);
    assert_eq!(client.answer().head.status(), 413);
}

#[test]
fn what_is_not_there_is_404_and_what_must_not_be_is_405() {
    let daemon = Daemon::with_pattern(&[]);
    for target in ["/nothing", "/stream/", "/page", "/../Cargo.toml", "/%2e%2e/etc/passwd"] {
        let answer = get(&daemon, target);
        assert_eq!(answer.head.status(), 404, "{target}");
        assert!(answer.head.value("Content-Length").is_some());
    }
    for (method, target) in
        [("POST", "/stream"), ("DELETE", "/snapshot"), ("PUT", "/stream"), ("PATCH", "/state")]
    {
        let mut client = Client::connect(&daemon);
        client.ask(method, target, "Content-Length: 0\r\n");
        let answer = client.answer();
        assert_eq!(answer.head.status(), 405, "{method} {target}");
        assert_eq!(answer.head.value("Allow"), Some("GET, HEAD, OPTIONS"));
        assert_eq!(client.get("/state").head.status(), 200, "the connection stays");
    }
    assert_eq!(status_of(&daemon, "BREW / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), 501);
}

#[test]
fn what_is_not_http_is_400() {
    let daemon = Daemon::with_pattern(&[]);
    for request in [
        "\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nno colon here\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ] {
        assert_eq!(status_of(&daemon, request), 400, "{request:?}");
    }
    // HTTP/1.0 knows no Host, and both versions tolerate an empty line before.
    let mut client = Client::connect(&daemon);
    client.send("\r\nGET /state HTTP/1.0\r\n\r\n");
    assert_eq!(client.answer().head.first_line(), "HTTP/1.0 200 OK");
}

#[test]
fn a_body_is_read_up_to_a_limit_and_never_taken_for_a_request() {
    let daemon = Daemon::with_pattern(&[]);
    let huge = "POST /state HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n";
    assert_eq!(status_of(&daemon, huge), 413);
    let mut client = Client::connect(&daemon);
    client.ask("POST", "/state", "Content-Length: 42\r\n");
    client.send("GET /state HTTP/1.1\r\nHost: smuggled\r\n\r\n");
    assert_eq!(client.answer().head.status(), 405);
    assert_eq!(client.rest(), b"", "the body got no answer of its own");
}

#[test]
fn a_head_without_end_is_431() {
    let daemon = with_limits("[http]\nmax-head-bytes = 2048\n");
    let long = format!("GET /{} HTTP/1.1\r\n", "x".repeat(100_000));
    assert_eq!(status_of(&daemon, long), 431);
    let many = "X: y\r\n".repeat(20_000);
    assert_eq!(status_of(&daemon, format!("GET / HTTP/1.1\r\nHost: a\r\n{many}")), 431);
    assert_eq!(get(&daemon, "/state").head.status(), 200);
}

#[test]
fn a_head_that_does_not_come_in_time_is_408() {
    let daemon = with_limits("[http]\nrequest-timeout = 1\n");
    assert_eq!(status_of(&daemon, "GET / HTTP/1.1\r\nHost:"), 408);
    // Bytes that trickle in buy no time: the limit is for the whole head.
    let mut client = Client::connect(&daemon);
    let mut sender = client.socket().try_clone().unwrap();
    let trickle = std::thread::spawn(move || {
        use std::io::Write as _;
        within(PATIENCE, || {
            std::thread::sleep(Duration::from_millis(200));
            sender.write_all(b"X").is_err()
        })
    });
    assert_eq!(client.answer().head.status(), 408);
    drop(client);
    assert!(trickle.join().unwrap(), "the connection was closed");
    // Who asks nothing gets no answer.
    let mut idle = Client::connect(&daemon);
    assert_eq!(idle.rest(), b"");
}

#[test]
fn requests_in_a_row_are_answered_in_their_order() {
    let daemon = Daemon::with_pattern(&[]);
    let mut client = Client::connect(&daemon);
    let ask = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    client.send([ask("/state"), ask("/snapshot"), ask("/nothing"), ask("/page.css")].concat());
    let answers = [(); 4].map(|()| client.answer());
    assert_eq!(answers.each_ref().map(|answer| answer.head.status()), [200, 200, 404, 200]);
    let types = ["application/json", "image/jpeg", "text/plain; charset=utf-8", "text/css; charset=utf-8"];
    assert_eq!(answers.each_ref().map(|answer| answer.head.value("Content-Type").unwrap()), types);
}

#[test]
fn the_state_is_ustreamers_json_with_its_keys_in_order() {
    let daemon = Daemon::with_pattern(&["--quality", "70"]);
    let mut stream = common::stream::Stream::open(&daemon, "/stream");
    stream.next();
    let answer = get(&daemon, "/state");
    assert_eq!(answer.head.value("Content-Type"), Some("application/json"));
    let text = answer.text();
    let keys = "ok result instance_id encoder type quality source resolution width height online desired_fps \
        captured_fps stream queued_fps clients clients_stat fps extra_headers advance_headers \
        dual_final_frames zero_data key";
    let mut rest = text.as_str();
    for key in keys.split_whitespace() {
        let name = format!("\"{key}\":");
        let at = rest.find(&name).unwrap_or_else(|| panic!("{key} is missing or out of order: {text}"));
        rest = &rest[at + name.len()..];
    }
    let state: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(state["ok"], true);
    let result = &state["result"];
    assert_eq!(result["encoder"], serde_json::json!({"type": "CPU", "quality": 70}));
    assert_eq!(result["source"]["resolution"], serde_json::json!({"width": 640, "height": 480}));
    assert_eq!(result["source"]["online"], true);
    assert_eq!(result["stream"]["clients"], 1);
    assert_eq!(result["stream"]["clients_stat"].as_object().unwrap().len(), 1);
    drop(stream);
    let clients = || common::client::state(&daemon)["result"]["stream"]["clients"].clone();
    assert!(within(PATIENCE, || clients() == 0), "a viewer that left is forgotten");
}

#[test]
fn the_page_shows_the_stream_and_asks_nobody_else_for_anything() {
    let daemon = Daemon::with_pattern(&[]);
    let page = get(&daemon, "/");
    assert_eq!(page.head.status(), 200);
    assert!(page.head.value("Content-Type").unwrap().starts_with("text/html"));
    let policy = page.head.value("Content-Security-Policy").expect("a content security policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let text = page.text();
    assert!(text.contains("<img") && text.contains("stream"), "{text}");
    assert!(!text.contains("http://") && !text.contains("https://"), "{text}");
    // Every file that it names is there.
    for name in text.split('"').filter(|part| part.ends_with(".css") || part.ends_with(".js")) {
        assert_eq!(get(&daemon, &format!("/{name}")).head.status(), 200, "{name}");
    }
}

#[test]
fn ipv6_is_served_as_well() {
    let daemon = Launch::default().host("::1").args(PATTERN).start();
    assert!(daemon.address.is_ipv6());
    assert_eq!(get(&daemon, "/snapshot").head.status(), 200);
}

#[test]
fn connections_over_the_limit_are_told_to_come_again() {
    let daemon = with_limits("[http]\nmax-connections = 3\n");
    let mut open: Vec<_> = (0..3).map(|_| Client::connect(&daemon)).collect();
    for client in &mut open {
        assert_eq!(client.get("/state").head.status(), 200);
    }
    let mut refused = Client::connect(&daemon);
    let answer = refused.answer();
    assert_eq!(answer.head.status(), 503);
    assert!(answer.head.value("Retry-After").is_some());
    assert_eq!(refused.rest(), b"");
    assert_eq!(open[0].get("/state").head.status(), 200, "those inside are served");
    open.pop();
    let again = || {
        let mut client = Client::connect(&daemon);
        client.ask("GET", "/state", "");
        client.answer().head.status() == 200
    };
    assert!(within(PATIENCE, again), "a place that is free is given away");
}
