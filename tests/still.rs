//! `drop-same-frames`: what does not change is not sent again, and nobody who waits for a picture is left waiting.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::camera::Camera;
use common::client::{get, state};
use common::daemon::Daemon;
use common::picture;
use common::stream::{Part, Stream};
use common::{PATIENCE, within};
use mjpegd::clock::Monotonic;

/// A passed-through picture, and one that is compressed here. Both show the seventh, over and over.
fn still_cameras() -> [Camera; 2] {
    let cameras = [Camera::mjpeg(), Camera::new("YUYV")];
    cameras.iter().for_each(|camera| camera.fault("still:7"));
    cameras
}

/// So many that a test ends before as many have come.
const NEVER: [&str; 4] = ["--drop-same-frames", "1000", "--idle-timeout", "0"];

fn frames(daemon: &Daemon, what: &str) -> u64 {
    state(daemon)["result"]["mjpegd"]["frames"][what].as_u64().unwrap()
}

/// Reads on until nothing has come for longer than an unchanged picture is sent again after; returns the last part. A few
/// may come: for who has just come, and those that follow a change before its encoder is done with it.
fn until_silence(stream: &mut Stream) -> Part {
    for _ in 0..10 {
        let part = stream.next();
        if stream.client.nothing_within(Duration::from_millis(2500)) {
            return part;
        }
    }
    panic!("an unchanged picture is sent over and over");
}

#[test]
fn an_unchanged_picture_is_not_sent_again_and_a_change_is_at_once() {
    for camera in still_cameras() {
        let daemon = Daemon::with_camera(&camera, &NEVER);
        let mut stream = Stream::open(&daemon, "/stream");
        let first = until_silence(&mut stream);
        camera.fault("still:8");
        let second = stream.next();
        assert!(second.jpeg != first.jpeg);
        // Once more, for players that draw one picture late; and then no more.
        assert!(until_silence(&mut stream).jpeg == second.jpeg);
    }
}

#[test]
fn a_camera_that_stands_still_is_alive() {
    for camera in still_cameras() {
        let args = [&NEVER[..], &["--device-timeout", "1"]].concat();
        let daemon = Daemon::with_camera(&camera, &args);
        let mut stream = Stream::open(&daemon, "/stream");
        until_silence(&mut stream);
        let (captured, published) = (frames(&daemon, "captured"), frames(&daemon, "published"));
        assert!(within(PATIENCE, || frames(&daemon, "captured") > captured + 30));
        assert_eq!(frames(&daemon, "published"), published);
        let result = state(&daemon)["result"].clone();
        assert_eq!(result["mjpegd"]["camera"]["state"], "online");
        assert!(result["source"]["captured_fps"].as_u64() > Some(3), "{result}");
        assert!(result["stream"]["queued_fps"].as_u64() < Some(3), "{result}");
        assert_eq!((camera.count("streamon"), daemon.log.count("trying again")), (1, 0));
    }
}

#[test]
fn after_so_many_unchanged_pictures_one_is_sent() {
    for camera in still_cameras() {
        let daemon = Daemon::with_camera(&camera, &["--drop-same-frames", "10", "--idle-timeout", "0"]);
        assert!(within(PATIENCE, || frames(&daemon, "dropped_same") > 20));
        let counts = || {
            let frames = &state(&daemon)["result"]["mjpegd"]["frames"];
            (frames["published"].as_u64().unwrap(), frames["dropped_same"].as_u64().unwrap())
        };
        let before = counts();
        assert!(within(PATIENCE, || counts().1 > before.1 + 100));
        let after = counts();
        let (published, dropped) = (after.0 - before.0, after.1 - before.1);
        assert!((published * 10).abs_diff(dropped) <= 20, "{published} sent, {dropped} not");
    }
}

#[test]
fn a_snapshot_is_newer_than_its_request_though_nothing_changes() {
    for camera in still_cameras() {
        let daemon = Daemon::with_camera(&camera, &NEVER);
        for _ in 0..3 {
            assert!(within(PATIENCE, || frames(&daemon, "dropped_same") > 10));
            let asked = Monotonic::now().as_secs_f64();
            let answer = get(&daemon, "/snapshot");
            assert_eq!(answer.head.status(), 200);
            assert!(answer.head.number("X-UStreamer-Grab-Begin-Timestamp") > asked);
            assert!(picture::is_red_and_blue(&picture::decode(&answer.body)));
        }
    }
}

#[test]
fn dual_final_frames_send_the_last_change_twice_at_once_and_then_no_more() {
    for camera in still_cameras() {
        let daemon = Daemon::with_camera(&camera, &NEVER);
        let mut stream = Stream::open(&daemon, "/stream?dual_final_frames=1");
        until_silence(&mut stream);
        camera.fault("still:8");
        let change = stream.next();
        let again = stream.next();
        assert!(again.jpeg == change.jpeg);
        // The picture before came more than a second ago: the pause is not told from that.
        let pause = again.head.number("X-Timestamp") - change.head.number("X-Timestamp");
        assert!(pause < 0.9, "{pause} s");
        if !stream.client.nothing_within(Duration::from_millis(2500)) {
            until_silence(&mut stream);
        }
    }
}

#[test]
fn a_placard_between_ends_the_sameness() {
    for camera in still_cameras() {
        let args = [&NEVER[..], &["--device-error-delay", "0.2"]].concat();
        let daemon = Daemon::with_camera(&camera, &args);
        let mut stream = Stream::open(&daemon, "/stream?extra_headers=1");
        let is_online = |part: &Part| part.head.value("X-UStreamer-Online") == Some("true");
        let before = stream.find(400, is_online).expect("a live picture");
        camera.fault("unplug");
        assert!(stream.find(400, |part| !is_online(part)).is_some(), "a placard");
        camera.fault("still:7");
        let after = stream.find(400, is_online).expect("the same picture again");
        assert!(after.jpeg == before.jpeg);
    }
}

#[test]
fn without_the_option_every_picture_is_sent() {
    for camera in still_cameras() {
        let daemon = Daemon::with_camera(&camera, &[]);
        let mut stream = Stream::open(&daemon, "/stream");
        let first = stream.next();
        (0..30).for_each(|_| assert!(stream.next().jpeg == first.jpeg));
        assert!(frames(&daemon, "published") >= 20);
        assert_eq!(frames(&daemon, "dropped_same"), 0);
    }
}
