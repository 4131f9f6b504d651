//! What programs that know other servers ask for.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;

use serde_json::Value;

use common::camera::Camera;
use common::client::{Answer, Client, get};
use common::daemon::{Daemon, Launch};
use common::{PATIENCE, within};

fn form(daemon: &Daemon, body: &str) -> Answer {
    let mut client = Client::connect(daemon);
    let lines =
        format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n", body.len());
    client.ask("POST", "/", &lines);
    client.send(body);
    client.answer()
}

fn command(daemon: &Daemon, command: &str) -> Answer {
    let body: String =
        form_urlencoded::Serializer::new(String::new()).append_pair("WEB_COMMAND", command).finish();
    form(daemon, &body)
}

fn state(daemon: &Daemon) -> String {
    let state: Value = serde_json::from_slice(&get(daemon, "/api/v1/state").body).unwrap();
    state["camera"]["state"].as_str().unwrap().to_owned()
}

#[test]
fn the_buttons_of_the_tutorials_page_do_what_they_did() {
    let mut daemon = Daemon::with_pattern(&["--allow-stop"]);
    for refresh in ["刷新网页", "refresh"] {
        let answer = command(&daemon, refresh);
        assert_eq!((answer.head.status(), answer.head.value("Location")), (303, Some("./")));
    }
    for (pause, go_on) in [("暂停程序", "继续程序"), ("pause", "Continue")] {
        assert_eq!(command(&daemon, pause).head.status(), 303);
        assert!(within(PATIENCE, || state(&daemon) == "paused"));
        let refused = command(&daemon, "刷新网页");
        assert_eq!(refused.head.status(), 409);
        assert!(refused.text().contains("请先继续"), "{}", refused.text());
        assert_eq!(command(&daemon, go_on).head.status(), 303);
        assert!(within(PATIENCE, || state(&daemon) != "paused"));
    }
    for wrong in ["WEB_COMMAND=explode", "other=pause", "", "WEB_COMMAND"] {
        assert_eq!(form(&daemon, wrong).head.status(), 400, "{wrong}");
    }
    assert_eq!(command(&daemon, "结束程序").head.status(), 303);
    assert!(daemon.wait(PATIENCE).unwrap().success());
}

#[test]
fn it_ends_by_the_page_only_where_that_is_allowed() {
    let mut daemon = Daemon::with_pattern(&[]);
    assert_eq!(command(&daemon, "结束程序").head.status(), 403);
    assert!(daemon.is_running());
}

#[test]
fn streams_and_snapshots_are_where_others_have_them() {
    let daemon = Daemon::with_pattern(&[]);
    for target in ["/stream", "/?action=stream", "/video_feed"] {
        let mut client = Client::connect(&daemon);
        client.ask("GET", target, "");
        client.until(b"\xff\xd9\r\n--boundarydonotcross");
    }
    for target in ["/snapshot", "/?action=snapshot", "/snapshot.jpg", "/snapshot.jpg?max_delay=300"] {
        let answer = get(&daemon, target);
        assert_eq!(answer.head.value("Content-Type"), Some("image/jpeg"), "{target}");
    }
    assert!(get(&daemon, "/snapshot.jpg?max_delay=soon").text().contains("max_delay"));
}

#[test]
fn mjpg_streamers_and_camera_streamers_json_has_their_keys() {
    let daemon = Daemon::with_pattern(&[]);
    get(&daemon, "/snapshot");
    let program: Value = serde_json::from_slice(&get(&daemon, "/program.json").body).unwrap();
    assert_eq!(program["inputs"][0]["id"], "0");
    assert_eq!(program["outputs"][0]["plugin"], "http");
    let status: Value = serde_json::from_slice(&get(&daemon, "/status").body).unwrap();
    assert_eq!(status["outputs"]["stream"]["width"], 640);
    assert_eq!(status["endpoints"]["stream"]["uri"], "http://camera/stream");
    assert_eq!(status["endpoints"]["webrtc"]["enabled"], false);
    assert_eq!(status["devices"][0]["output"]["height"], 480);
}

/// Name and labels to value, with every line looked at.
fn metrics(daemon: &Daemon) -> BTreeMap<String, f64> {
    let answer = get(daemon, "/metrics");
    assert_eq!(answer.head.value("Content-Type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = answer.text();
    let mut declared = "";
    let mut values = BTreeMap::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            declared = rest.split(' ').next().unwrap();
        } else if !line.starts_with("# HELP ") {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(name.starts_with(declared), "{name} stands under {declared}");
            assert!(values.insert(name.to_owned(), value.parse().unwrap()).is_none(), "{name} twice");
        }
    }
    values
}

#[test]
fn metrics_count_what_happens() {
    let daemon = Daemon::with_pattern(&[]);
    let mut viewer = Client::connect(&daemon);
    viewer.ask("GET", "/stream", "");
    (0..10).for_each(|_| drop(viewer.until(b"\xff\xd9\r\n--boundarydonotcross")));
    let first = metrics(&daemon);
    assert_eq!((first["mjpegd_viewers"], first["mjpegd_camera_state{state=\"online\"}"]), (1.0, 1.0));
    assert_eq!(first["mjpegd_camera_state{state=\"no-camera\"}"], 0.0);
    assert!(first["mjpegd_frames_captured_total"] >= 10.0);
    assert!(first["mjpegd_encode_seconds_count"] >= 10.0);
    assert_eq!(first["mjpegd_encode_seconds_count"], first["mjpegd_encode_seconds_bucket{le=\"+Inf\"}"]);
    assert!(first["mjpegd_encode_seconds_sum"] > 0.0 && first["mjpegd_publish_age_seconds_sum"] > 0.0);
    assert!(first["mjpegd_picture_bytes"] > 1000.0);
    viewer.until(b"\xff\xd9\r\n--boundarydonotcross");
    let second = metrics(&daemon);
    assert!(second["mjpegd_frames_delivered_total"] > first["mjpegd_frames_delivered_total"]);
    assert!(second["mjpegd_sent_bytes_total"] > first["mjpegd_sent_bytes_total"]);
}

#[test]
fn metrics_tell_what_the_process_takes() {
    let daemon = Daemon::with_pattern(&[]);
    let first = metrics(&daemon);
    for (name, least) in
        [("cpu_seconds_total", 0.0), ("resident_memory_bytes", 1e6), ("open_fds", 5.0), ("threads", 4.0)]
    {
        assert!(first[&format!("process_{name}")] >= least, "{name}");
    }
}

#[test]
fn it_is_healthy_while_it_answers_and_ready_while_there_is_a_camera() {
    let daemon = Daemon::with_pattern(&[]);
    assert_eq!(get(&daemon, "/healthz").head.status(), 200);
    assert_eq!(get(&daemon, "/readyz").head.status(), 200);
    let daemon = Launch::default().args(&["--device", "/nonexistent"]).start();
    assert_eq!(get(&daemon, "/healthz").head.status(), 200);
    assert!(within(PATIENCE, || get(&daemon, "/readyz").head.status() == 503));
    let answer = get(&daemon, "/readyz");
    assert!(answer.text().contains("/nonexistent"), "{}", answer.text());
}

#[test]
fn mjpg_streamers_commands_set_controls_and_quality() {
    let camera = Camera::new("YUYV");
    let daemon = Daemon::with_camera(&camera, &[]);
    let command = |id: &str, group: &str, value: &str| {
        get(&daemon, &format!("/?action=command&dest=0&plugin=0&id={id}&group={group}&value={value}")).text()
    };
    let brightness = || {
        let control = get(&daemon, "/api/v1/controls/brightness");
        serde_json::from_slice::<Value>(&control.body).unwrap()["value"].clone()
    };
    assert_eq!(command("9963776", "1", "200"), "9963776: 0\n");
    assert_eq!(brightness(), 200);
    assert!(command("9963776", "1", "999").starts_with("9963776: -1 (brightness: 999 is out of range"));
    assert!(command("1234", "1", "1").starts_with("1234: -1 ("));
    assert_eq!(command("1", "3", "44"), "1: 0\n");
    assert!(command("1", "3", "high").contains("-1 (encoder.quality"));
    assert!(command("1", "7", "1").contains("group 7 is not known"));
    get(&daemon, "/snapshot");
    let input: Value = serde_json::from_slice(&get(&daemon, "/input_0.json").body).unwrap();
    let find = |id: &str| {
        let all = input["controls"].as_array().unwrap();
        all.iter().find(|control| control["id"] == id).unwrap().clone()
    };
    assert_eq!((&find("9963776")["value"], &find("9963776")["max"]), (&"200".into(), &"255".into()));
    assert_eq!((&find("1")["value"], &find("1")["group"]), (&"44".into(), &"3".into()));
    let menu = input["controls"].as_array().unwrap().iter().find(|control| control["type"] == "3").unwrap();
    assert!(menu["menu"].as_object().is_some_and(|items| !items.is_empty()));
    assert_eq!(get(&daemon, "/?action=command&id=9963776").head.status(), 400);
}

#[test]
fn camera_streamers_options_set_controls() {
    let camera = Camera::new("YUYV");
    let daemon = Daemon::with_camera(&camera, &[]);
    let answer = get(&daemon, "/option?key=brightness&value=90");
    assert_eq!((answer.head.status(), answer.text().as_str()), (200, "The 'brightness' was set to '90'.\n"));
    assert_eq!(get(&daemon, "/option?key=brightness&value=9999").head.status(), 500);
    assert_eq!(get(&daemon, "/option?key=warp&value=1").head.status(), 404);
    assert_eq!(get(&daemon, "/option?key=warp").head.status(), 400);
}

#[test]
fn a_command_by_get_is_a_change_all_the_same() {
    let camera = Camera::new("YUYV");
    let daemon = Daemon::with_camera(&camera, &[]);
    for target in ["/?action=command&id=9963776&group=1&value=1", "/option?key=brightness&value=1"] {
        let mut client = Client::connect(&daemon);
        // As an image of a stranger's page would have a browser ask.
        client.ask("GET", target, "Sec-Fetch-Site: cross-site\r\n");
        assert_eq!(client.answer().head.status(), 403, "{target}");
        client.ask("GET", target, "X-Forwarded-For: 8.8.8.8\r\n");
        assert_eq!(client.answer().head.status(), 403, "{target}");
    }
}
