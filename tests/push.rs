//! Frames that go out: to real receivers, and through all that those can do wrong.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

#[path = "push/command.rs"]
mod command;
#[path = "push/file.rs"]
mod file;
#[path = "push/http.rs"]
mod http;
#[path = "push/https.rs"]
mod https;
#[path = "push/redis.rs"]
mod redis;

use std::process::Command;

use serde_json::Value;

use common::client::{Client, get};
use common::daemon::{Daemon, Launch, words};
use common::{PATIENCE, within};

/// A daemon with the test picture and these pushes.
fn daemon(pushes: &str) -> Daemon {
    Launch::default()
        .args(&["--source", "pattern", "--resolution", "320x240"])
        .config(&format!("[source]\nidle-timeout = 0.3\n{pushes}"))
        .start()
}

/// What the state tells of a push.
fn told(daemon: &Daemon, name: &str) -> Value {
    let state: Value = serde_json::from_slice(&get(daemon, "/api/v1/state").body).unwrap();
    let pushes = state["pushes"].as_array().unwrap().iter();
    pushes.into_iter().find(|push| push["name"] == name).unwrap().clone()
}

/// Waits until so many have gone out.
fn sent(daemon: &Daemon, name: &str, count: u64) {
    let is_sent = within(PATIENCE, || told(daemon, name)["sent"].as_u64().unwrap() >= count);
    assert!(is_sent, "{}\n{}", told(daemon, name), daemon.log.text());
}

/// Waits for a line of the log.
fn says(daemon: &Daemon, words: &str) {
    assert!(daemon.log.wait_for(words, PATIENCE).is_some(), "not said: {words}\n{}", daemon.log.text());
}

/// Asks for a frame.
fn ask(daemon: &Daemon, name: &str) -> u16 {
    let mut client = Client::connect(daemon);
    client.ask("POST", &format!("/api/v1/pushes/{name}"), "Content-Length: 0\r\n");
    client.answer().head.status()
}

/// What `mjpegd check` prints of these settings.
fn checked(pushes: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mjpegd.toml");
    std::fs::write(&file, format!("[source]\nname = \"pattern\"\n{pushes}")).unwrap();
    let words = words();
    let output = Command::new(&words[0])
        .args(&words[1..])
        .args(["check", "--port", "0", "--config"])
        .arg(file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn who_asks_for_what_is_not_there_is_told_what_there_is() {
    let daemon = daemon("[[push]]\nto = \"command\"\ncommand = \"cat\"\non-request = true\n");
    let mut client = Client::connect(&daemon);
    client.ask("POST", "/api/v1/pushes/garage", "Content-Length: 0\r\n");
    let answer = client.answer();
    assert_eq!(answer.head.status(), 404);
    assert!(answer.text().contains("there are: command-1"), "{}", answer.text());
    assert_eq!(get(&daemon, "/api/v1/pushes/command-1").head.status(), 405);
}

#[test]
fn one_that_sends_seldom_lets_the_camera_rest_in_between_and_counts_in_metrics() {
    let daemon =
        daemon("[[push]]\nto = \"command\"\nname = \"seldom\"\ncommand = \"cat\"\ninterval = 3600\n");
    sent(&daemon, "seldom", 1);
    says(&daemon, "nobody watches, camera stopped");
    assert_eq!(ask(&daemon, "seldom"), 202);
    sent(&daemon, "seldom", 2);
    let metrics = get(&daemon, "/metrics").text();
    assert!(metrics.contains("mjpegd_push_sent_total{push=\"seldom\"} 2\n"), "{metrics}");
    assert!(metrics.contains("mjpegd_push_last_sent_age_seconds{push=\"seldom\"} 0."), "{metrics}");
}
