//! The actions of `/api/v1`: pause and continue, restart, stop, snapshot.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use serde_json::json;

use common::api::{act, api, detail, patch, send, state_of};
use common::client::{Client, get};
use common::daemon::Daemon;
use common::picture::size;
use common::{PATIENCE, within};

#[test]
fn paused_viewers_keep_the_last_picture_marked_and_the_camera_rests() {
    let daemon = Daemon::with_pattern(&[]);
    let mut viewer = Client::connect(&daemon);
    viewer.ask("GET", "/stream?extra_headers=1", "");
    viewer.until(b"X-UStreamer-Online: true");
    act(&daemon, "pause");
    viewer.until(b"X-UStreamer-Online: false");
    viewer.until(b"X-UStreamer-Online: false");
    assert_eq!(state_of(&daemon), "paused");
    let captured = api(&daemon, "/state")["frames"]["captured"].clone();
    let snapshot = get(&daemon, "/snapshot");
    assert_eq!(snapshot.head.status(), 200);
    assert_eq!(snapshot.head.value("X-UStreamer-Online"), Some("false"));
    assert_eq!(size(&snapshot.body), (640, 480));
    assert_eq!(api(&daemon, "/state")["frames"]["captured"], captured);
    // Twice is once.
    act(&daemon, "pause");
    act(&daemon, "continue");
    viewer.until(b"X-UStreamer-Online: true");
    assert_eq!(state_of(&daemon), "online");
    assert!(!api(&daemon, "/state")["paused"].as_bool().unwrap());
}

#[test]
fn who_comes_while_it_is_paused_sees_that_it_is() {
    let daemon = Daemon::with_pattern(&["--idle-timeout", "0.2"]);
    assert!(within(PATIENCE, || state_of(&daemon) == "idle"));
    act(&daemon, "pause");
    assert!(within(PATIENCE, || state_of(&daemon) == "paused"));
    let snapshot = get(&daemon, "/snapshot");
    assert_eq!((snapshot.head.status(), size(&snapshot.body)), (200, (640, 480)));
    act(&daemon, "continue");
    assert_eq!(get(&daemon, "/snapshot").head.value("X-UStreamer-Online"), Some("true"));
}

#[test]
fn a_camera_that_nobody_watches_is_not_opened_for_a_change() {
    let daemon = Daemon::with_pattern(&["--idle-timeout", "0.2"]);
    assert!(within(PATIENCE, || state_of(&daemon) == "idle"));
    let opened = || api(&daemon, "/state")["camera"]["times_opened"].clone();
    let before = opened();
    patch(&daemon, &json!({"encoder": {"quality": 50}}));
    act(&daemon, "restart");
    act(&daemon, "pause");
    assert!(within(PATIENCE, || state_of(&daemon) == "paused"));
    act(&daemon, "continue");
    assert!(within(PATIENCE, || state_of(&daemon) == "idle"));
    assert_eq!(opened(), before);
}

#[test]
fn restarted_the_camera_is_opened_anew_and_viewers_stay() {
    let daemon = Daemon::with_pattern(&[]);
    let mut viewer = Client::connect(&daemon);
    viewer.ask("GET", "/stream", "");
    viewer.until(b"\xff\xd9\r\n--boundarydonotcross");
    let opened = || api(&daemon, "/state")["camera"]["times_opened"].as_u64().unwrap();
    let before = opened();
    act(&daemon, "restart");
    assert!(within(PATIENCE, || opened() == before + 1));
    viewer.until(b"\xff\xd9\r\n--boundarydonotcross");
}

#[test]
fn it_stops_only_where_that_is_allowed() {
    let mut daemon = Daemon::with_pattern(&[]);
    let answer = send(&daemon, "POST", "/actions/stop", "", "");
    assert_eq!(answer.head.status(), 403);
    assert!(detail(&answer).contains("--allow-stop"));
    assert!(daemon.is_running());
    let mut daemon = Daemon::with_pattern(&["--allow-stop"]);
    act(&daemon, "stop");
    assert!(daemon.wait(PATIENCE).unwrap().success());
}

#[test]
fn a_snapshot_is_an_action_too() {
    let daemon = Daemon::with_pattern(&[]);
    let answer = send(&daemon, "POST", "/actions/snapshot", "", "");
    assert_eq!(answer.head.value("Content-Type"), Some("image/jpeg"));
    assert_eq!(size(&answer.body), (640, 480));
}
