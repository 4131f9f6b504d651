//! Memory that pictures took is given back: what is done again and again takes no more than what is done once or twice.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use common::camera::Camera;
use common::client::Client;
use common::daemon::{Daemon, words};
use common::stream::Stream;

/// What it has for itself alone, without files and without the camera's buffers.
fn anonymous_kib(daemon: &Daemon) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

fn set_text(daemon: &Daemon, text: &str) {
    let body = format!("{{\"overlay\": {{\"text\": \"{text}\"}}}}");
    let more = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    let mut client = Client::connect(daemon);
    client.ask("PATCH", "/api/v1/settings", &more);
    client.send(body);
    assert_eq!(client.answer().head.status(), 200);
}

#[test]
fn a_camera_that_goes_and_a_text_that_comes_take_no_more_memory_each_time() {
    if words().len() > 1 {
        // An emulator's memory is its own.
        return;
    }
    let camera = Camera::new("MJPG").set("FAKECAM_SIZES", "1280x720").film(1280, 720, 0);
    let daemon = Daemon::with_camera(&camera, &["--device-error-delay", "0.2"]);
    let mut stream = Stream::open(&daemon, "/stream?extra_headers=1");
    let mut sees = |live| {
        let online = if live { "true" } else { "false" };
        stream.find(400, |part| part.head.value("X-UStreamer-Online") == Some(online)).expect("a picture");
    };
    let mut most = Vec::new();
    for _ in 0..12 {
        sees(true);
        camera.fault("unplug");
        sees(false);
        camera.mend();
        sees(true);
        set_text(&daemon, "%H:%M:%S");
        (0..8).for_each(|_| sees(true));
        most.push(anonymous_kib(&daemon));
        set_text(&daemon, "");
        (0..4).for_each(|_| sees(true));
    }
    // Twice the planes of a picture is what a round may differ by; without giving back, each of the first ones adds as much.
    let (early, late) = (most[1], most[most.len() - 1]);
    assert!(late < early + 4096, "KiB, round by round: {most:?}");
}
