//! Who may do what: without a password, with one, and with a token.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::io::Write as _;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use common::client::{Answer, Client};
use common::daemon::{Daemon, Launch, words};
use common::picture;

const PATTERN: &[&str] = &["--source", "pattern", "--resolution", "320x240"];

/// What `mjpegd passwd` or `mjpegd token` prints.
fn made(command: &str, name: &str, typed: &str) -> String {
    let words = words();
    let mut child = Command::new(&words[0])
        .args(&words[1..])
        .args([command, name])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

fn ask(daemon: &Daemon, method: &str, target: &str, lines: &str) -> Answer {
    let mut client = Client::connect(daemon);
    let length = if method == "GET" { "" } else { "Content-Length: 0\r\n" };
    client.ask(method, target, &format!("{lines}{length}"));
    client.answer()
}

fn basic(name: &str, password: &str) -> String {
    format!("Authorization: Basic {}\r\n", STANDARD.encode(format!("{name}:{password}")))
}

/// The statuses of a look and of a change.
fn may(daemon: &Daemon, lines: &str) -> (u16, u16) {
    let look = ask(daemon, "GET", "/snapshot", lines).head.status();
    (look, ask(daemon, "POST", "/api/v1/actions/continue", lines).head.status())
}

const FAR: &str = "X-Forwarded-For: 8.8.8.8\r\n";

#[test]
fn without_a_password_everybody_may_watch_and_who_is_near_may_change() {
    let daemon = Daemon::with_pattern(&[]);
    assert_eq!(may(&daemon, ""), (200, 204));
    assert_eq!(may(&daemon, FAR), (200, 403));
    let refusal = ask(&daemon, "POST", "/api/v1/actions/pause", FAR);
    assert!(refusal.text().contains("mjpegd passwd"), "{}", refusal.text());
    for (anonymous, near, far) in [
        ("none", (403, 403), (403, 403)),
        ("view", (200, 403), (200, 403)),
        ("control", (200, 204), (200, 204)),
    ] {
        let daemon = Daemon::with_pattern(&["--anonymous", anonymous]);
        assert_eq!((may(&daemon, ""), may(&daemon, FAR)), (near, far), "{anonymous}");
    }
}

#[test]
fn users_and_tokens_have_the_rights_that_they_were_given() {
    let admin = made("passwd", "admin", "correct horse\n");
    let guest = made("passwd", "guest", "watch\n").replace("\"control\"", "\"view\"");
    let token = made("token", "octoprint", "");
    let word = token.split("Bearer ").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let daemon = Launch::default().args(PATTERN).config(&format!("{admin}\n{guest}\n{token}")).start();
    assert_eq!(may(&daemon, ""), (401, 401));
    assert_eq!(may(&daemon, &basic("admin", "correct horse")), (200, 204));
    assert_eq!(may(&daemon, &basic("guest", "watch")), (200, 403));
    assert_eq!(may(&daemon, &format!("Authorization: Bearer {word}\r\n")), (200, 403));
    // From far away too, and through a proxy.
    assert_eq!(may(&daemon, &(basic("admin", "correct horse") + FAR)), (200, 204));
    let challenge = ask(&daemon, "GET", "/stream", "");
    assert_eq!(challenge.head.value("WWW-Authenticate"), Some("Basic realm=\"mjpegd\", charset=\"UTF-8\""));
    // Probes and preflights have no password.
    assert_eq!(ask(&daemon, "GET", "/healthz", "").head.status(), 200);
    assert_eq!(ask(&daemon, "OPTIONS", "/stream", "").head.status(), 200);
    assert_eq!(ask(&daemon, "GET", "/metrics", "").head.status(), 401);
    let log = daemon.log.text();
    assert!(!log.contains("horse") && !log.contains(&word), "{log}");
}

#[test]
fn who_may_hand_in_pictures_may_watch_and_change_nothing() {
    let token = |right: &str| {
        let token = made("token", right, "");
        let word = token.split("Bearer ").nth(1).unwrap().split('"').next().unwrap();
        (
            format!("Authorization: Bearer {word}\r\n"),
            token.replace("right = \"view\"", &format!("right = {right:?}")),
        )
    };
    let tokens = ["view", "push", "control"].map(token);
    let config = tokens.each_ref().map(|(_, lines)| lines.as_str()).join("\n");
    let daemon = Launch::default().args(&["--source", "inbox"]).config(&config).start();
    let jpeg = picture::draw(64, 48, 0, 0);
    let hand_in = |login: &str| {
        let mut client = Client::connect(&daemon);
        client.ask("POST", "/frame", &format!("{login}Content-Length: {}\r\n", jpeg.len()));
        // Who may not is not listened to until the end.
        client.try_send(&jpeg);
        client.answer().head.status()
    };
    assert_eq!(tokens.each_ref().map(|(login, _)| hand_in(login)), [403, 200, 200]);
    assert_eq!(hand_in(""), 401);
    let change = |login: &str| ask(&daemon, "POST", "/api/v1/actions/continue", login).head.status();
    assert_eq!(tokens.each_ref().map(|(login, _)| change(login)), [403, 403, 204]);
    assert_eq!(ask(&daemon, "GET", "/state", &tokens[1].0).head.status(), 200);
}

#[test]
fn watching_without_a_password_can_be_left_to_all() {
    let admin = made("passwd", "admin", "correct horse");
    let config = format!("[auth]\nanonymous = \"view\"\n{admin}");
    let daemon = Launch::default().args(PATTERN).config(&config).start();
    assert_eq!(may(&daemon, ""), (200, 401));
    assert_eq!(may(&daemon, &basic("admin", "correct horse")), (200, 204));
}

#[test]
fn ustreamers_user_is_one_who_may_do_everything() {
    let daemon = Daemon::with_pattern(&["--user", "pi", "--passwd", "räspberry: pie"]);
    assert_eq!(may(&daemon, ""), (401, 401));
    assert_eq!(may(&daemon, &basic("pi", "räspberry: pie")), (200, 204));
    let mut client = Client::connect(&daemon);
    client.ask("GET", "/stream", &basic("pi", "räspberry: pie"));
    client.until(b"\xff\xd9\r\n--boundarydonotcross");
    for (name, password) in [("pi", "raspberry"), ("admin", "räspberry: pie")] {
        assert_eq!(ask(&daemon, "GET", "/snapshot", &basic(name, password)).head.status(), 401);
    }
}

#[test]
fn wrong_logins_have_to_wait_and_those_that_are_known_do_not() {
    let daemon = Daemon::with_pattern(&["--user", "pi", "--passwd", "secret"]);
    assert_eq!(ask(&daemon, "GET", "/state", &basic("pi", "secret")).head.status(), 200);
    let mut statuses = Vec::new();
    for _ in 0..5 {
        let answer = ask(&daemon, "GET", "/state", &basic("pi", "wrong"));
        statuses.push(answer.head.status());
        if answer.head.status() == 429 {
            assert!(answer.head.number("Retry-After") >= 1.0);
        }
    }
    assert_eq!((statuses[0], statuses[4]), (401, 429), "{statuses:?}");
    assert_eq!(ask(&daemon, "GET", "/state", "Authorization: Bearer guess\r\n").head.status(), 429);
    // Somebody else at the same address does not suffer.
    assert_eq!(ask(&daemon, "GET", "/state", &basic("pi", "secret")).head.status(), 200);
    assert!(daemon.log.text().contains("wrong name or password"));
}

#[test]
fn what_is_no_login_is_none() {
    let daemon = Daemon::with_pattern(&["--user", "pi", "--passwd", "secret"]);
    for line in ["Basic", "Basic !!!", "Basic cGk=", "Digest username=\"pi\"", "Bearer", ""] {
        let answer = ask(&daemon, "GET", "/state", &format!("Authorization: {line}\r\n"));
        assert!([401, 429].contains(&answer.head.status()), "{line:?}: {}", answer.head.0);
    }
}

#[test]
fn curl_and_a_browser_page_of_another_site_are_told_apart() {
    let daemon = Daemon::with_pattern(&["--user", "pi", "--passwd", "secret"]);
    let output = Command::new("curl")
        .args(["-sS", "-o", "/dev/null", "-w", "%{http_code}", "-u", "pi:secret", "-X", "POST"])
        .arg(daemon.url("/api/v1/actions/pause"))
        .output()
        .expect("curl; run `make deps`");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "204");
    // A browser would send the password along with what a stranger's page has it do.
    let forged = basic("pi", "secret") + "Origin: http://evil.example\r\n";
    assert_eq!(ask(&daemon, "POST", "/api/v1/actions/pause", &forged).head.status(), 403);
}
