//! The access log, as whoever reads it with the tools for web servers' logs expects it.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::PATIENCE;
use common::client::Client;
use common::daemon::Daemon;
use common::stream::Stream;

/// A line without its beginning, and without the seconds at its end, which are returned beside it.
fn line_with(daemon: &Daemon, part: &str) -> (String, f64) {
    let line = daemon.log.wait_for(part, PATIENCE).unwrap_or_else(|| panic!("no line with {part}"));
    let line = line.split_once("access: ").unwrap().1;
    let (line, seconds) = line.rsplit_once(' ').unwrap();
    (line.to_owned(), seconds.parse().unwrap())
}

#[test]
fn without_the_setting_no_request_is_logged() {
    let daemon = Daemon::with_pattern(&[]);
    let mut client = Client::connect(&daemon);
    assert_eq!(client.get("/healthz").head.status(), 200);
    drop(client);
    assert_eq!(daemon.log.wait_for("healthz", Duration::from_secs(1)), None);
}

#[test]
fn each_answer_is_a_line_in_the_combined_log_format() {
    let daemon = Daemon::with_pattern(&["--access-log"]);
    let mut client = Client::connect(&daemon);
    let from = "Referer: http://hub.local/\r\nUser-Agent: Cam\"era \\ 1.0\r\n";
    client.ask("GET", "/healthz?from=hub", from);
    let head = client.until(b"\r\n\r\n");
    let length = head.len() + client.until(b"\n").len();
    let (line, _) = line_with(&daemon, "hub.local");
    let expected = format!(
        r#"127.0.0.1 - - "GET /healthz?from=hub HTTP/1.1" 200 {length} "http://hub.local/" "Cam\x22era \x5C 1.0""#
    );
    assert_eq!(line, expected);
    // The next one on the same connection begins anew.
    let missing = client.get("/missing");
    let (line, _) = line_with(&daemon, "/missing");
    let length = missing.body.len();
    assert!(
        line.starts_with(r#"127.0.0.1 - - "GET /missing HTTP/1.1" 404 "#) && line.ends_with(r#" "-" "-""#),
        "{line}"
    );
    assert!(line.split(' ').nth(7).unwrap().parse::<usize>().unwrap() > length, "{line}");
    let mut client = Client::connect(&daemon);
    client.send("NONSENSE\r\n\r\n");
    client.rest();
    assert!(line_with(&daemon, r#" 400 "#).0.starts_with(r#"127.0.0.1 - - "-" 400 "#));
}

#[test]
fn a_stream_is_a_line_when_its_viewer_has_left() {
    let daemon = Daemon::with_pattern(&[
        "--access-log",
        "--user",
        "an na",
        "--passwd",
        "secret",
        "--anonymous",
        "view",
    ]);
    let mut stream = Stream::open(&daemon, "/stream?key=a");
    let begun = std::time::Instant::now();
    let mut least = 0;
    while begun.elapsed() < Duration::from_millis(300) {
        least += stream.next().jpeg.len() as u64;
    }
    assert_eq!(daemon.log.count("access: "), 0, "it is not answered yet");
    drop(stream);
    let (line, seconds) = line_with(&daemon, "/stream");
    assert!(line.starts_with(r#"127.0.0.1 - - "GET /stream?key=a HTTP/1.1" 200 "#), "{line}");
    assert!(line.split(' ').nth(7).unwrap().parse::<u64>().unwrap() >= least, "{line}");
    assert!(seconds >= 0.3, "{seconds}");
    // Who says a name is told by it, right or wrong, and it stays one field.
    let mut client = Client::connect(&daemon);
    client.ask("GET", "/state", "Authorization: Basic YW4gbmE6d3Jvbmc=\r\n");
    assert_eq!(client.answer().head.status(), 401);
    assert!(line_with(&daemon, " 401 ").0.starts_with(r#"127.0.0.1 - an_na "GET /state HTTP/1.1" 401 "#));
}
