//! Cameras that misbehave: what they send is never shown broken, and what they do never loses a viewer.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::camera::Camera;
use common::client::{get, state};
use common::daemon::{Daemon, Launch};
use common::picture::{self, Marker};
use common::stream::{Part, Stream};
use common::{PATIENCE, within};
use mjpegd::clock::Monotonic;

/// How many pictures were not shown for this reason.
fn counted(daemon: &Daemon, reason: &str) -> u64 {
    let frames = &state(daemon)["result"]["mjpegd"]["frames"];
    frames[reason].as_u64().unwrap_or_else(|| panic!("no {reason} in {frames}"))
}

fn is_live(part: &Part) -> bool {
    part.marker().is_some()
}

/// The same by the daemon's word, for a picture that is encoded; asked for with `extra_headers`.
fn is_online(part: &Part) -> bool {
    part.head.value("X-UStreamer-Online") == Some("true")
}

/// Every third frame is hit by the fault; none of these may be seen, and all be counted.
fn is_dropped_and_counted(camera: &Camera, fault: &str, reason: &str) {
    camera.fault(&format!("{fault} every:3"));
    let daemon = Daemon::with_camera(camera, &["--resolution", "640x480"]);
    let mut stream = Stream::open(&daemon, "/stream");
    for _ in 0..40 {
        let image = picture::decode(&stream.next().jpeg);
        assert!(picture::is_red_and_blue(&image), "{fault}: a picture, and no placard between");
    }
    assert!(counted(&daemon, reason) >= 10, "{fault}: {}", state(&daemon));
}

#[test]
fn missing_huffman_tables_are_put_in() {
    let camera = Camera::mjpeg();
    camera.fault("strip-dht");
    let daemon = Daemon::with_camera(&camera, &[]);
    let jpeg = get(&daemon, "/snapshot").body;
    // libjpeg forgives the lack of them, Safari does not: they are looked for themselves.
    assert!(jpeg.windows(2).any(|two| two == [0xff, 0xc4]));
    assert!(picture::is_red_and_blue(&picture::decode(&jpeg)));
    assert!(Marker::of(&jpeg).is_some(), "the rest is the camera's");
}

#[test]
fn padding_behind_the_picture_is_cut_off() {
    let camera = Camera::mjpeg();
    camera.fault("pad:3000");
    let daemon = Daemon::with_camera(&camera, &[]);
    let jpeg = get(&daemon, "/snapshot").body;
    assert!(picture::is_red_and_blue(&picture::decode(&jpeg)));
}

#[test]
fn a_truncated_picture_is_never_shown() {
    is_dropped_and_counted(&Camera::mjpeg(), "truncate", "dropped_truncated");
}

#[test]
fn an_empty_picture_is_never_shown() {
    is_dropped_and_counted(&Camera::mjpeg(), "empty", "dropped_truncated");
}

#[test]
fn a_picture_of_random_bytes_is_never_shown() {
    is_dropped_and_counted(&Camera::mjpeg(), "garbage", "dropped_invalid");
}

#[test]
fn a_picture_that_the_driver_calls_broken_is_never_shown() {
    is_dropped_and_counted(&Camera::mjpeg(), "error", "dropped_error_flag");
}

#[test]
fn half_a_raw_picture_is_never_shown() {
    is_dropped_and_counted(&Camera::new("YUYV"), "truncate", "dropped_invalid");
}

#[test]
fn frames_that_the_driver_lost_are_counted_by_its_sequence() {
    let camera = Camera::mjpeg();
    camera.fault("gap");
    let daemon = Daemon::with_camera(&camera, &[]);
    let mut stream = Stream::open(&daemon, "/stream");
    for _ in 0..10 {
        assert!(is_live(&stream.next()));
    }
    let lost = counted(&daemon, "lost_by_driver");
    let captured = counted(&daemon, "captured");
    assert!(lost.abs_diff(2 * captured) <= captured / 2 + 4, "{lost} lost, {captured} captured");
}

/// A viewer is there when the fault begins, sees a placard of the picture's size while it lasts, and live pictures after.
fn is_survived(camera: &Camera, fault: &str, state_word: &str) {
    let daemon = Daemon::with_camera(
        camera,
        &["--resolution", "640x480", "--device-timeout", "1", "--device-error-delay", "0.2"],
    );
    let mut stream = Stream::open(&daemon, "/stream?extra_headers=1");
    let before = stream.next();
    assert!(is_online(&before));
    camera.fault(fault);
    let placard = stream.find(400, |part| !is_online(part)).expect("a placard");
    assert!(!is_live(&placard));
    let image = picture::decode(&placard.jpeg);
    assert_eq!((image.width, image.height), (640, 480), "it is as large as the picture before");
    assert!(!picture::is_flat(&image), "something is written on it");
    let camera_state = state(&daemon)["result"]["mjpegd"]["camera"].clone();
    assert_eq!(camera_state["state"], state_word, "{camera_state}");
    assert_eq!(state(&daemon)["result"]["source"]["online"], false);
    // While it lasts, the placard is sent again each second, and nothing more is logged.
    for _ in 0..3 {
        assert!(!is_online(&stream.next()));
    }
    let warnings = daemon.log.count("trying again");
    assert_eq!(warnings, 1, "{}", daemon.log.text());
    camera.mend();
    let mended = Monotonic::now();
    let live = stream.find(400, is_online).expect("a live picture on the same connection");
    let taken = live.head.number("X-UStreamer-Grab-Begin-Time");
    assert!(taken > mended.as_secs_f64(), "it is no old picture");
    assert!(picture::is_red_and_blue(&picture::decode(&live.jpeg)));
}

#[test]
fn a_viewer_stays_while_the_camera_is_unplugged() {
    is_survived(&Camera::mjpeg(), "unplug", "no-camera");
}

#[test]
fn a_viewer_stays_while_a_raw_camera_is_unplugged() {
    is_survived(&Camera::new("YUYV"), "unplug", "no-camera");
}

#[test]
fn a_viewer_stays_while_the_node_is_left_without_its_camera() {
    is_survived(&Camera::mjpeg(), "open=ENODEV dqbuf=ENODEV", "no-camera");
}

#[test]
fn a_viewer_stays_while_the_camera_stalls() {
    is_survived(&Camera::mjpeg(), "stall", "no-signal");
}

#[test]
fn a_viewer_stays_while_every_picture_is_broken() {
    is_survived(&Camera::mjpeg(), "truncate", "no-signal");
}

#[test]
fn a_viewer_stays_while_the_usb_transfer_fails() {
    is_survived(&Camera::mjpeg(), "dqbuf=EIO streamon=EIO", "no-signal");
}

#[test]
fn a_viewer_stays_while_buffers_cannot_be_given_back() {
    for (camera, fault) in [(Camera::mjpeg(), "qbuf=EIO"), (Camera::new("YUYV"), "qbuf=ENODEV dqbuf=ENODEV")]
    {
        let what = if fault.contains("EIO") { "no-signal" } else { "no-camera" };
        is_survived(&camera, fault, what);
    }
}

#[test]
fn a_camera_that_comes_later_is_taken() {
    let camera = Camera::mjpeg();
    camera.fault("unplug");
    let args = ["--resolution", "800x600", "--device-error-delay", "0.2"];
    let daemon = Daemon::with_camera(&camera, &args);
    let mut stream = Stream::open(&daemon, "/stream");
    let placard = stream.next();
    assert!(!is_live(&placard));
    let image = picture::decode(&placard.jpeg);
    assert_eq!((image.width, image.height), (800, 600), "it is as large as the picture that is wished for");
    camera.mend();
    assert!(stream.find(400, is_live).is_some());
}

#[test]
fn a_camera_that_is_slow_to_start_is_not_opened_again_and_again() {
    let camera = Camera::mjpeg();
    camera.fault("start-delay:2500");
    let daemon = Daemon::with_camera(&camera, &["--device-timeout", "1", "--device-error-delay", "0.1"]);
    let mut stream = Stream::open(&daemon, "/stream");
    assert!(stream.find(100, is_live).is_some());
    assert_eq!(camera.count("streamon"), 1);
}

#[test]
fn the_log_names_the_remedy() {
    for (fault, words) in [
        ("streamon=ENOSPC", &["USB", "bandwidth", "MJPEG"][..]),
        ("streamon=EBUSY", &["in use by", "stop it"]),
        ("s_fmt=EBUSY", &["in use by", "stop it"]),
        ("open=EACCES", &["usermod -aG video"]),
        ("streamon=EPROTO", &["USB", "cable"]),
        ("streamon=EIO", &["USB", "cable"]),
    ] {
        let camera = Camera::mjpeg();
        camera.fault(fault);
        let daemon = Daemon::with_camera(&camera, &["--device-error-delay", "0.1"]);
        let mut stream = Stream::open(&daemon, "/stream");
        let line = daemon.log.wait_for("trying again", PATIENCE);
        let line = line.unwrap_or_else(|| panic!("{fault}: {}", daemon.log.text()));
        assert!(line.contains(camera.path(0)), "{fault}: {line}");
        for word in words {
            assert!(line.contains(word), "{fault}: {word} is not in: {line}");
        }
        let answer = get(&daemon, "/snapshot");
        assert_eq!(answer.head.status(), 503);
        assert!(answer.text().contains(words[0]), "{fault}: the answer says it too: {}", answer.text());
        camera.mend();
        assert!(stream.find(400, is_live).is_some(), "{fault}: it is tried again");
    }
}

#[test]
fn the_camera_rests_when_nobody_watches_and_the_next_viewer_sees_no_old_picture() {
    let camera = Camera::mjpeg();
    let daemon = Daemon::with_camera(&camera, &["--idle-timeout", "1"]);
    for round in 1..=3 {
        let asked = Monotonic::now();
        let mut stream = Stream::open(&daemon, "/stream");
        let first = stream.next().marker().expect("a live picture and no placard");
        assert!(
            first.taken > asked,
            "round {round}: taken {:?} before it was asked for",
            asked - first.taken
        );
        stream.next();
        drop(stream);
        assert!(camera.wait_for("close", round, PATIENCE), "it is closed");
        assert_eq!(camera.count("streamoff"), camera.count("streamon"));
        assert!(within(PATIENCE, || state(&daemon)["result"]["mjpegd"]["camera"]["state"] == "idle"));
    }
    assert_eq!(camera.count("open"), camera.count("close"));
}

#[test]
fn a_viewer_keeps_the_camera_awake() {
    let camera = Camera::mjpeg();
    let daemon = Daemon::with_camera(&camera, &["--idle-timeout", "1"]);
    let mut stream = Stream::open(&daemon, "/stream");
    let begin = Monotonic::now();
    while begin.age() < Duration::from_secs(4) {
        assert!(is_live(&stream.next()));
    }
    assert_eq!((camera.count("streamon"), camera.count("streamoff")), (1, 0));
}

#[test]
fn the_camera_is_let_go_at_the_end() {
    let camera = Camera::mjpeg();
    let mut daemon = Launch::default().camera(&camera).start();
    let mut stream = Stream::open(&daemon, "/stream");
    stream.next();
    daemon.signal(rustix::process::Signal::TERM);
    assert!(daemon.wait(PATIENCE).is_some_and(|status| status.success()));
    assert_eq!((camera.count("streamoff"), camera.count("close")), (1, camera.count("open")));
}
