//! `/api/v1` as a program uses it: what is changed there is seen by viewers, and what is wrong is told.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::time::Duration;

use serde_json::{Value, json};

use common::api::{act, api, detail, patch, send};
use common::client::{Client, get};
use common::daemon::Daemon;
use common::picture::size;
use common::{PATIENCE, within};

fn snapshot_size(daemon: &Daemon) -> (usize, usize) {
    let answer = get(daemon, "/snapshot");
    assert_eq!(answer.head.status(), 200, "{}", answer.text());
    size(&answer.body)
}

#[test]
fn a_size_that_is_changed_is_the_next_pictures_size() {
    let daemon = Daemon::with_pattern(&[]);
    assert_eq!(snapshot_size(&daemon), (640, 480));
    let answer = patch(&daemon, &json!({"source": {"resolution": "320x240", "desired-fps": 10}}));
    assert_eq!(answer.head.status(), 200, "{}", answer.text());
    let settings: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(settings["source"]["resolution"], "320x240");
    assert_eq!(api(&daemon, "/settings"), settings);
    assert!(within(PATIENCE, || snapshot_size(&daemon) == (320, 240)));
    assert!(!api(&daemon, "/state")["settings"]["saved"].as_bool().unwrap());
    // And back to what the flags say.
    patch(&daemon, &json!({"source": {"resolution": null}}));
    assert!(within(PATIENCE, || snapshot_size(&daemon) == (640, 480)));
}

#[test]
fn a_viewer_keeps_its_connection_while_the_source_changes() {
    let daemon = Daemon::with_pattern(&[]);
    let mut viewer = Client::connect(&daemon);
    viewer.ask("GET", "/stream?extra_headers=1", "");
    viewer.until(b"X-UStreamer-Width: 640");
    patch(&daemon, &json!({"source": {"resolution": "320x240"}}));
    viewer.until(b"X-UStreamer-Width: 320");
}

#[test]
fn settings_that_are_wrong_change_nothing_and_are_told_as_those_of_the_file() {
    let daemon = Daemon::with_pattern(&[]);
    let before = api(&daemon, "/settings");
    let answer = patch(
        &daemon,
        &json!({"encoder": {"quality": 101}, "source": {"resolution": "320x240", "name": "tv"}}),
    );
    assert_eq!(answer.head.status(), 422);
    let problem: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(
        problem["problems"],
        json!([
            "encoder.quality: 101 is out of range; allowed: 1 to 100",
            "source.name: \"tv\" is not known; allowed: v4l2, pattern, slideshow, command, rpicam, rtsp, pull, redis or inbox"
        ])
    );
    assert_eq!(api(&daemon, "/settings"), before);
    assert!(detail(&patch(&daemon, &json!({"http": {"port": 80}}))).contains("restart"));
    assert!(detail(&patch(&daemon, &json!({"encoder": {"qualty": 80}}))).contains("did you mean quality"));
    assert!(
        detail(&patch(&daemon, &json!({"source": {"slideshow": {"folder": "/etc"}}})))
            .contains("cannot be changed")
    );
}

#[test]
fn a_whole_number_may_be_written_with_a_point() {
    let daemon = Daemon::with_pattern(&[]);
    assert_eq!(patch(&daemon, &json!({"encoder": {"quality": 66.0}})).head.status(), 200);
    assert_eq!(api(&daemon, "/settings")["encoder"]["quality"], 66);
    assert_eq!(patch(&daemon, &json!({"encoder": {"quality": 66.5}})).head.status(), 422);
}

#[test]
fn whether_to_save_is_not_guessed() {
    let daemon = Daemon::with_pattern(&[]);
    let more = "Content-Type: application/json\r\n";
    let answer = send(&daemon, "PATCH", "/settings?save=please", more, "{\"encoder\": {\"quality\": 66}}");
    assert_eq!(answer.head.status(), 400);
    assert!(detail(&answer).contains("save is 1"));
    assert_eq!(api(&daemon, "/settings")["encoder"]["quality"], 80);
}

#[test]
fn a_body_that_is_no_patch_is_refused_with_a_reason() {
    let daemon = Daemon::with_pattern(&[]);
    let json = "Content-Type: application/json; charset=utf-8\r\n";
    for (more, body, status) in [
        (json, "{\"encoder\": ", 400),
        (json, "[1, 2]", 422),
        (json, "", 400),
        ("Content-Type: text/plain\r\n", "{}", 415),
        ("", "{}", 415),
    ] {
        let answer = send(&daemon, "PATCH", "/settings", more, body);
        assert_eq!(answer.head.status(), status, "{body}: {}", answer.text());
        detail(&answer);
    }
    let deep = "[".repeat(30_000);
    assert_eq!(send(&daemon, "PATCH", "/settings", json, &deep).head.status(), 400);
    assert_eq!(send(&daemon, "PATCH", "/settings", json, &" ".repeat(70_000)).head.status(), 413);
    let mut client = Client::connect(&daemon);
    client.ask("PATCH", "/api/v1/settings", &format!("{json}Transfer-Encoding: chunked\r\n"));
    assert_eq!(client.answer().head.status(), 411);
}

#[test]
fn a_connection_goes_on_after_a_body_and_a_body_that_is_waited_for_is_asked_for() {
    let daemon = Daemon::with_pattern(&[]);
    let mut client = Client::connect(&daemon);
    for quality in ["70", "60"] {
        let body = format!("{{\"encoder\": {{\"quality\": {quality}}}}}");
        let more = format!(
            "Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: {}\r\n",
            body.len()
        );
        client.ask("PATCH", "/api/v1/settings", &more);
        assert_eq!(client.head().status(), 100);
        client.send(body);
        assert_eq!(client.answer().head.status(), 200);
    }
    // A body that comes in pieces, and one together with the next request.
    client.ask("PATCH", "/api/v1/settings", "Content-Type: application/json\r\nContent-Length: 2\r\n");
    client.send("{");
    client.send("}GET /api/v1/settings HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.answer().head.status(), 200);
    let settings: Value = serde_json::from_slice(&client.answer().body).unwrap();
    assert_eq!(settings["encoder"]["quality"], 60);
}

#[test]
fn what_is_saved_holds_after_a_restart_and_what_is_not_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.toml");
    let file = path.to_str().unwrap();
    let start = || Daemon::with_pattern(&["--state-file", file]);
    let daemon = start();
    let more = "Content-Type: application/json\r\n";
    let saved =
        send(&daemon, "PATCH", "/settings?save=1", more, "{\"source\": {\"resolution\": \"320x240\"}}");
    assert_eq!(saved.head.status(), 200, "{}", saved.text());
    patch(&daemon, &json!({"encoder": {"quality": 33}}));
    let state = api(&daemon, "/state");
    assert_eq!((&state["settings"]["saved"], &state["settings"]["can_save"]), (&json!(false), &json!(true)));
    drop(daemon);
    let daemon = start();
    let settings = api(&daemon, "/settings");
    assert_eq!(
        (&settings["source"]["resolution"], &settings["encoder"]["quality"]),
        (&json!("320x240"), &json!(80))
    );
    assert!(api(&daemon, "/state")["settings"]["saved"].as_bool().unwrap());
    assert!(daemon.log.text().contains("320x240"), "the log names what was kept");
    // A file that is broken is told of, and does not keep the camera from its viewers.
    drop(daemon);
    std::fs::write(&path, "[settings\nresolution = 5").unwrap();
    let daemon = start();
    assert_eq!(snapshot_size(&daemon), (640, 480));
    assert!(daemon.log.text().contains(file), "{}", daemon.log.text());
}

#[test]
fn without_a_place_to_save_it_is_said_how_to_get_one() {
    let daemon = Daemon::with_pattern(&[]);
    let answer = send(&daemon, "POST", "/actions/save", "", "");
    assert_eq!(answer.head.status(), 409);
    assert!(detail(&answer).contains("--state-file"));
    let daemon = Daemon::with_pattern(&["--state-file", "/nonexistent/state.toml"]);
    let answer = send(&daemon, "POST", "/actions/save", "", "");
    assert_eq!(answer.head.status(), 500);
    assert!(detail(&answer).contains("/nonexistent/state.toml: No such file"));
}

#[test]
fn pages_of_other_sites_and_names_of_others_change_nothing() {
    let daemon = Daemon::with_pattern(&["--server-name", "cam.example.org"]);
    let pause = |lines: &str| {
        let mut client = Client::connect(&daemon);
        client.send(format!("POST /api/v1/actions/pause HTTP/1.1\r\nContent-Length: 0\r\n{lines}\r\n"));
        client.answer()
    };
    for refused in [
        "Host: pi:8080\r\nOrigin: http://evil.example\r\n",
        "Host: pi:8080\r\nOrigin: http://pi\r\n",
        "Host: pi:8080\r\nOrigin: null\r\n",
        "Host: pi:8080\r\nSec-Fetch-Site: cross-site\r\n",
        "Host: rebound.example\r\n",
        "Host: rebound.example\r\nOrigin: http://rebound.example\r\n",
        "Host: pi\r\nX-Forwarded-For: 8.8.8.8\r\n",
        "Host: pi\r\nX-Forwarded-For: 127.0.0.1, 8.8.8.8\r\n",
        "Host: pi\r\nX-Real-IP: 2001:db8::5\r\n",
    ] {
        let answer = pause(refused);
        assert_eq!(answer.head.status(), 403, "{refused}");
        detail(&answer);
    }
    assert!(!api(&daemon, "/state")["paused"].as_bool().unwrap());
    for taken in [
        "Host: pi:8080\r\n",
        "Host: pi:8080\r\nOrigin: http://pi:8080\r\n",
        "Host: [::1]:8080\r\nSec-Fetch-Site: same-origin\r\n",
        "Host: cam.example.org\r\nOrigin: https://cam.example.org\r\nX-Forwarded-For: 192.168.1.4\r\n",
    ] {
        assert_eq!(pause(taken).head.status(), 204, "{taken}");
    }
}

#[test]
fn listeners_are_told_of_changes_and_nobody_of_none() {
    let daemon = Daemon::with_pattern(&[]);
    let mut listener = Client::connect(&daemon);
    listener.ask("GET", "/api/v1/events", "");
    let head = listener.head();
    assert_eq!((head.status(), head.value("Content-Type")), (200, Some("text/event-stream")));
    assert_eq!(head.value("X-Accel-Buffering"), Some("no"));
    let next = |listener: &mut Client| -> Value {
        listener.until(b"event: state\ndata: ");
        serde_json::from_slice(&listener.until(b"\n\n")).unwrap()
    };
    assert!(!next(&mut listener)["paused"].as_bool().unwrap());
    let viewer = {
        let mut viewer = Client::connect(&daemon);
        viewer.ask("GET", "/stream", "");
        viewer.until(b"\xff\xd9");
        viewer
    };
    while next(&mut listener)["viewers"] != 1 {}
    act(&daemon, "pause");
    while next(&mut listener)["camera"]["state"] != "paused" {}
    assert!(listener.nothing_within(Duration::from_secs(2)), "something was told where nothing changed");
    patch(&daemon, &json!({"encoder": {"quality": 44}}));
    next(&mut listener);
    drop(viewer);
    while next(&mut listener)["viewers"] != 0 {}
}

#[test]
fn who_wants_figures_gets_them_as_often_as_asked() {
    let daemon = Daemon::with_pattern(&[]);
    let mut listener = Client::connect(&daemon);
    listener.ask("GET", "/api/v1/events?every=0.2", "");
    for _ in 0..5 {
        listener.until(b"event: state\ndata: ");
    }
    for refused in ["0.1", "4000", "often", "NaN"] {
        let answer = get(&daemon, &format!("/api/v1/events?every={refused}"));
        assert_eq!(answer.head.status(), 400, "{refused}");
        assert!(detail(&answer).contains("0.2 to 3600"));
    }
}

/// Names of the keys of a settings object, those within sections with dots.
fn keys(value: &Value, within: &str, names: &mut Vec<String>) {
    for (name, inner) in value.as_object().unwrap() {
        match inner {
            Value::Object(_) => keys(inner, &format!("{within}{name}."), names),
            _ => names.push(format!("{within}{name}")),
        }
    }
}

/// As a settings object that has all that the schema has.
fn example(schema: &Value) -> Value {
    match schema.get("properties") {
        Some(Value::Object(properties)) => {
            Value::Object(properties.iter().map(|(name, inner)| (name.clone(), example(inner))).collect())
        }
        _ => Value::Null,
    }
}

#[test]
fn the_description_has_every_path_and_every_setting() {
    let daemon = Daemon::with_pattern(&[]);
    let description = api(&daemon, "/openapi.json");
    assert_eq!(description["info"]["version"], env!("CARGO_PKG_VERSION"));
    let (mut described, mut there) = (Vec::new(), Vec::new());
    keys(&example(&description["components"]["schemas"]["Settings"]), "", &mut described);
    keys(&api(&daemon, "/settings"), "", &mut there);
    described.sort();
    there.sort();
    assert_eq!(described, there);
    for (path, methods) in description["paths"].as_object().unwrap() {
        let mut client = Client::connect(&daemon);
        client.ask("OPTIONS", &format!("/api/v1{path}").replace("{key}", "brightness"), "");
        let answer = client.answer();
        let allowed = answer.head.value("Allow").unwrap_or_default().to_owned();
        for method in methods.as_object().unwrap().keys().filter(|name| *name != "parameters") {
            assert!(allowed.contains(&method.to_uppercase()), "{method} {path}: {allowed}");
        }
    }
}

#[test]
fn methods_that_a_resource_lacks_are_405_with_those_that_it_has() {
    let daemon = Daemon::with_pattern(&[]);
    for (method, path, allowed) in [
        ("POST", "/state", "GET, HEAD, OPTIONS"),
        ("PUT", "/settings", "GET, HEAD, PATCH, OPTIONS"),
        ("GET", "/actions/pause", "POST, OPTIONS"),
        ("GET", "/actions/stop", "POST, OPTIONS"),
    ] {
        let answer = send(&daemon, method, path, "", "");
        assert_eq!(
            (answer.head.status(), answer.head.value("Allow")),
            (405, Some(allowed)),
            "{method} {path}"
        );
    }
    for path in ["/api/v1", "/api/v1/", "/api/v2/state", "/api/v1/actions/", "/api/v1/actions/explode"] {
        assert_eq!(get(&daemon, path).head.status(), 404, "{path}");
    }
}
