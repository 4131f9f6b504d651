//! What the tests of `/api/v1` say and hear.

use serde_json::Value;

use super::client::{Answer, Client, get};
use super::daemon::Daemon;

pub fn api(daemon: &Daemon, path: &str) -> Value {
    let answer = get(daemon, &format!("/api/v1{path}"));
    assert_eq!(answer.head.status(), 200, "{path}: {}", answer.text());
    serde_json::from_slice(&answer.body).unwrap()
}

pub fn send(daemon: &Daemon, method: &str, path: &str, more: &str, body: &str) -> Answer {
    let mut client = Client::connect(daemon);
    let length = body.len();
    client.ask(method, &format!("/api/v1{path}"), &format!("{more}Content-Length: {length}\r\n"));
    client.send(body);
    client.answer()
}

pub fn patch(daemon: &Daemon, settings: &Value) -> Answer {
    send(
        daemon,
        "PATCH",
        "/settings",
        "Content-Type: application/merge-patch+json\r\n",
        &settings.to_string(),
    )
}

pub fn act(daemon: &Daemon, action: &str) {
    let answer = send(daemon, "POST", &format!("/actions/{action}"), "", "");
    assert_eq!(answer.head.status(), 204, "{action}: {}", answer.text());
}

pub fn state_of(daemon: &Daemon) -> String {
    api(daemon, "/state")["camera"]["state"].as_str().unwrap().to_owned()
}

pub fn detail(answer: &Answer) -> String {
    assert_eq!(answer.head.value("Content-Type"), Some("application/problem+json"));
    let problem: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(problem["status"], answer.head.status());
    problem["detail"].as_str().unwrap().to_owned()
}
