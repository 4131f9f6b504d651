//! The camera's controls by the API: listed, set, refused, reset, and kept.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use serde_json::{Value, json};

use common::PATIENCE;
use common::camera::Camera;
use common::client::{Answer, Client, get, send_json};
use common::daemon::Daemon;
use common::stream::Stream;
use common::within;

fn send(daemon: &Daemon, method: &str, path: &str, body: &Value) -> Answer {
    send_json(daemon, method, &format!("/api/v1/controls{path}"), &body.to_string())
}

fn control(daemon: &Daemon, key: &str) -> Value {
    let answer = get(daemon, &format!("/api/v1/controls/{key}"));
    assert_eq!(answer.head.status(), 200, "{}", answer.text());
    serde_json::from_slice(&answer.body).unwrap()
}

fn generation(daemon: &Daemon) -> u64 {
    let state: Value = serde_json::from_slice(&get(daemon, "/api/v1/state").body).unwrap();
    state["controls"]["generation"].as_u64().unwrap()
}

#[test]
fn all_are_listed_and_one_is_set_while_the_camera_runs() {
    let camera = Camera::new("YUYV");
    let daemon = Daemon::with_camera(&camera, &[]);
    let mut viewer = Client::connect(&daemon);
    viewer.ask("GET", "/stream", "");
    viewer.until(b"\xff\xd9\r\n--boundarydonotcross");
    let list: Value = serde_json::from_slice(&get(&daemon, "/api/v1/controls").body).unwrap();
    assert!(list.as_array().unwrap().len() > 3, "{list}");
    let before = generation(&daemon);
    let answer = send(&daemon, "PUT", "/brightness", &json!({"value": 200}));
    assert_eq!(answer.head.status(), 200, "{}", answer.text());
    assert_eq!(control(&daemon, "brightness")["value"], 200);
    assert!(within(PATIENCE, || generation(&daemon) > before), "listeners are told");
    viewer.until(b"\xff\xd9\r\n--boundarydonotcross");
    assert_eq!(send(&daemon, "DELETE", "/brightness", &json!({})).head.status(), 200);
    assert_eq!(control(&daemon, "brightness")["value"], control(&daemon, "brightness")["default"]);
}

#[test]
fn several_are_set_at_once_or_none_where_one_is_wrong() {
    let camera = Camera::new("YUYV");
    let daemon = Daemon::with_camera(&camera, &[]);
    assert_eq!(send(&daemon, "PATCH", "", &json!({"brightness": 7, "contrast": 5})).head.status(), 200);
    let refused = send(&daemon, "PATCH", "", &json!({"brightness": 8, "contrast": 99}));
    assert_eq!(refused.head.status(), 422, "{}", refused.text());
    assert_eq!(
        (&control(&daemon, "brightness")["value"], &control(&daemon, "contrast")["value"]),
        (&json!(7), &json!(5))
    );
    assert_eq!(send(&daemon, "DELETE", "", &json!({})).head.status(), 200);
    assert_eq!(control(&daemon, "contrast")["value"], 0);
}

#[test]
fn what_is_set_while_the_camera_starts_is_not_set_back() {
    let camera = Camera::mjpeg();
    camera.fault("start-delay:1500");
    let args = ["--control", "brightness=5", "--control", "contrast=5"];
    let daemon = Daemon::with_camera(&camera, &args);
    let mut stream = Stream::open(&daemon, "/stream");
    assert!(within(PATIENCE, || camera.count("streamon") == 1));
    assert_eq!(send(&daemon, "PUT", "/brightness", &json!({"value": 9})).head.status(), 200);
    assert_eq!(send(&daemon, "DELETE", "/contrast", &json!({})).head.status(), 200);
    let mut live = 0;
    assert!(stream.find(400, |part| (live += usize::from(part.marker().is_some()), live > 5).1).is_some());
    assert_eq!(control(&daemon, "brightness")["value"], 9);
    assert_eq!(control(&daemon, "contrast")["value"], 0);
}

#[test]
fn what_will_not_do_is_refused_with_what_would() {
    let camera = Camera::new("YUYV");
    let daemon = Daemon::with_camera(&camera, &[]);
    for (path, body, status, word) in [
        ("/brightness", json!({"value": 9999}), 422, "allowed: 0 to 255"),
        ("/brightness", json!({"value": "bright"}), 422, "allowed"),
        ("/brigthness", json!({"value": 1}), 404, "did you mean brightness?"),
        ("/brightness", json!({"valu": 1}), 400, "unknown field"),
        ("/brightness", json!([1]), 400, "body"),
    ] {
        let answer = send(&daemon, "PUT", path, &body);
        assert_eq!(answer.head.status(), status, "{path} {body}: {}", answer.text());
        assert!(answer.text().contains(word), "{path} {body}: {}", answer.text());
        assert_eq!(answer.head.value("Content-Type"), Some("application/problem+json"));
    }
}

#[test]
fn a_source_without_controls_has_none() {
    let daemon = Daemon::with_pattern(&[]);
    assert_eq!(get(&daemon, "/api/v1/controls").text(), "[]");
    assert_eq!(get(&daemon, "/api/v1/controls/brightness").head.status(), 404);
}

#[test]
fn what_is_saved_is_set_again_in_the_next_life() {
    let camera = Camera::new("YUYV");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.toml");
    let start = || Daemon::with_camera(&camera, &["--state-file", file.to_str().unwrap()]);
    let daemon = start();
    assert_eq!(send(&daemon, "PUT", "/brightness", &json!({"value": 77})).head.status(), 200);
    let mut client = Client::connect(&daemon);
    client.ask("POST", "/api/v1/actions/save", "Content-Length: 0\r\n");
    assert_eq!(client.answer().head.status(), 200);
    drop(daemon);
    // The test camera's controls live as long as the process that has it loaded.
    let daemon = start();
    assert_eq!(get(&daemon, "/snapshot").head.status(), 200);
    assert!(
        within(PATIENCE, || control(&daemon, "brightness")["value"] == 77),
        "{}",
        control(&daemon, "brightness")
    );
}
