//! Each error at each call of a driver: what is said of it, that it is not tried without a pause, and that it is got over.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::time::Instant;

use common::camera::Camera;
use common::client::state;
use common::daemon::Daemon;
use common::picture;
use common::stream::{Part, Stream};
use common::{PATIENCE, within};
use mjpegd::clock::Monotonic;

/// Seconds between attempts.
const DELAY: f64 = 0.2;

fn is_online(part: &Part) -> bool {
    part.head.value("X-UStreamer-Online") == Some("true")
}

fn watched<'a>(camera: &'a Camera, args: &[&'a str]) -> (Daemon, Stream) {
    let args =
        [&["--resolution", "640x480", "--device-timeout", "1", "--device-error-delay", "0.2"], args].concat();
    let daemon = Daemon::with_camera(camera, &args);
    let mut stream = Stream::open(&daemon, "/stream?extra_headers=1");
    assert!(stream.find(100, is_online).is_some());
    (daemon, stream)
}

/// The state's word and what has to stand in its text, whatever we were about.
const ERRORS: [(&str, &str, &str); 9] = [
    ("ENOSPC", "no-signal", "no bandwidth left"),
    ("EBUSY", "no-signal", "in use by"),
    ("EACCES", "no-camera", "usermod -aG video"),
    ("EIO", "no-signal", "the USB transfer failed while STEP"),
    ("EPROTO", "no-signal", "the USB transfer failed while STEP"),
    ("ETIMEDOUT", "no-signal", "the USB transfer failed while STEP"),
    ("ENOMEM", "no-signal", "no memory is left for STEP"),
    ("EINVAL", "no-signal", "STEP failed: Invalid argument"),
    ("ENODEV", "no-camera", "DEVICE"),
];

/// On one connection, one error after the other.
fn are_told_and_got_over(call: &str, step: &str) {
    let camera = Camera::mjpeg();
    let (daemon, mut stream) = watched(&camera, &[]);
    for (errno, word, text) in ERRORS {
        let text = text.replace("STEP", step).replace("DEVICE", camera.path(0));
        let (began, opens) = (Instant::now(), camera.count("open"));
        // What is called once, at the start, is called again only when something else has failed.
        camera.fault(&format!("dqbuf=EIO {call}={errno}").replace("dqbuf=EIO dqbuf", "dqbuf"));
        assert!(stream.find(400, |part| !is_online(part)).is_some(), "{call}={errno}: a placard");
        let seen = within(PATIENCE, || {
            let now = state(&daemon)["result"]["mjpegd"]["camera"].clone();
            now["state"] == word && now["text"].as_str().is_some_and(|said| said.contains(&text))
        });
        assert!(seen, "{call}={errno}: {text:?} is not in {}", state(&daemon)["result"]["mjpegd"]["camera"]);
        assert!(!is_online(&stream.next()), "{call}={errno}");
        let (tried, most) = (camera.count("open") - opens, began.elapsed().as_secs_f64() / DELAY + 2.0);
        assert!((tried as f64) <= most, "{call}={errno}: opened {tried} times in {:?}", began.elapsed());
        let mended = Monotonic::now();
        camera.mend();
        let live = stream.find(400, is_online).unwrap_or_else(|| panic!("{call}={errno}: it comes back"));
        assert!(live.head.number("X-UStreamer-Grab-Begin-Time") > mended.as_secs_f64(), "{call}={errno}");
    }
    assert!(daemon.log.count("trying again") <= 2 * ERRORS.len(), "{}", daemon.log.text());
}

#[test]
fn opening() {
    are_told_and_got_over("open", "opening it");
}

#[test]
fn asking_what_it_is() {
    are_told_and_got_over("querycap", "asking what it is");
}

#[test]
fn agreeing_on_a_format() {
    are_told_and_got_over("s_fmt", "setting its format");
}

#[test]
fn asking_for_buffers() {
    are_told_and_got_over("reqbufs", "getting its buffers");
}

#[test]
fn asking_where_buffers_are() {
    are_told_and_got_over("querybuf", "getting its buffers");
}

#[test]
fn mapping_buffers() {
    are_told_and_got_over("mmap", "getting its buffers");
}

#[test]
fn giving_buffers() {
    are_told_and_got_over("qbuf", "getting its buffers");
}

#[test]
fn starting() {
    are_told_and_got_over("streamon", "starting it");
}

#[test]
fn taking_a_picture() {
    are_told_and_got_over("dqbuf", "taking a picture");
}

#[test]
fn what_is_not_needed_for_a_picture_may_fail() {
    let camera = Camera::mjpeg();
    let (daemon, mut stream) = watched(&camera, &[]);
    for (errno, ..) in ERRORS {
        camera.fault(&format!("s_parm={errno} streamoff={errno} query_ext_ctrl={errno}"));
        let opened = camera.count("streamon");
        let answer = common::client::send_json(&daemon, "POST", "/api/v1/actions/restart", "");
        assert_eq!(answer.head.status(), 204);
        assert!(camera.wait_for("streamon", opened + 1, PATIENCE), "{errno}");
        for _ in 0..5 {
            assert!(is_online(&stream.next()), "{errno}: {}", daemon.log.text());
        }
    }
    assert_eq!(daemon.log.count("trying again"), 0);
}

#[test]
fn a_camera_that_tells_no_formats_is_none_until_it_does() {
    let camera = Camera::mjpeg();
    camera.fault("enum_fmt=EIO");
    let daemon = Daemon::with_camera(&camera, &["--device-error-delay", "0.2"]);
    let mut stream = Stream::open(&daemon, "/stream?extra_headers=1");
    assert!(daemon.log.wait_for("without a format that mjpegd reads", PATIENCE).is_some());
    assert!(!is_online(&stream.next()));
    camera.mend();
    assert!(stream.find(400, is_online).is_some());
}

#[test]
fn more_bytes_than_the_buffer_has_are_not_read() {
    for camera in [Camera::mjpeg(), Camera::new("YUYV")] {
        camera.fault("oversized");
        let (_daemon, mut stream) = watched(&camera, &[]);
        for _ in 0..20 {
            let part = stream.next();
            assert!(is_online(&part));
            assert!(
                picture::is_red_and_blue(&picture::decode(&part.jpeg)),
                "the picture, and nothing behind it"
            );
        }
    }
}

#[test]
fn a_buffer_that_there_is_not_is_no_end_of_the_daemon() {
    let camera = Camera::mjpeg();
    let (_daemon, mut stream) = watched(&camera, &[]);
    camera.fault("index");
    assert!(stream.find(400, |part| !is_online(part)).is_some());
    camera.mend();
    assert!(stream.find(400, is_online).is_some());
}

#[test]
fn a_sequence_that_leaps_counts_no_losses() {
    let camera = Camera::mjpeg();
    let (daemon, mut stream) = watched(&camera, &[]);
    camera.fault("jump");
    for _ in 0..20 {
        assert!(is_online(&stream.next()));
    }
    let lost = state(&daemon)["result"]["mjpegd"]["frames"]["lost_by_driver"].as_u64().unwrap();
    assert!(lost < 1000, "{lost}");
}

#[test]
fn time_stamps_of_another_clock_make_no_picture_older_or_younger_than_it_is() {
    for stamp in ["stamp:0", "stamp:3600"] {
        let camera = Camera::mjpeg();
        camera.fault(stamp);
        let (daemon, mut stream) = watched(&camera, &[]);
        for _ in 0..10 {
            let part = stream.next();
            let (taken, now) =
                (part.head.number("X-UStreamer-Grab-Begin-Time"), Monotonic::now().as_secs_f64());
            assert!(taken <= now && taken > now - 10.0, "{stamp}: {taken}, now {now}");
        }
        let age = state(&daemon)["result"]["mjpegd"]["picture"]["age_seconds"].as_f64().unwrap();
        assert!((0.0..10.0).contains(&age), "{stamp}: {age}");
    }
}

#[test]
fn a_jpeg_of_another_size_than_agreed_on_is_shown_as_it_is_and_may_change() {
    let camera = Camera::mjpeg().film(320, 240, 0);
    let (_daemon, mut stream) = watched(&camera, &[]);
    for (fault, size) in [("film=320x240", (320, 240)), ("", (640, 480)), ("film=320x240", (320, 240))] {
        camera.fault(fault);
        let wanted = |part: &Part| part.head.number("X-UStreamer-Width") as usize == size.0;
        let part = stream.find(100, |part| is_online(part) && wanted(part)).expect("a picture of that size");
        let image = picture::decode(&part.jpeg);
        assert_eq!((image.width, image.height), size);
        assert!(picture::is_red_and_blue(&image));
    }
    assert_eq!(camera.count("streamon"), 1);
}

#[test]
fn a_jpeg_of_another_size_is_turned_and_scaled_like_any() {
    let camera = Camera::mjpeg().film(320, 240, 0);
    let (_daemon, mut stream) = watched(&camera, &["--rotate", "90"]);
    for (fault, width) in [("film=320x240", 240), ("", 480)] {
        camera.fault(fault);
        let found = stream
            .find(100, |part| is_online(part) && part.head.number("X-UStreamer-Width") as usize == width);
        assert!(found.is_some(), "{fault}");
    }
}

#[test]
fn how_long_a_picture_is_the_same_is_told() {
    let camera = Camera::mjpeg();
    let (daemon, mut stream) = watched(&camera, &[]);
    let same = || state(&daemon)["result"]["mjpegd"]["camera"]["same_for_seconds"].as_f64().unwrap();
    assert!(same() < 0.5, "it moves: {}", same());
    camera.fault("still:3");
    for _ in 0..60 {
        assert!(is_online(&stream.next()), "it is shown all the same");
    }
    assert!(within(PATIENCE, || same() > 1.0), "{}", same());
    let metrics = common::client::get(&daemon, "/metrics").text();
    assert!(metrics.contains("mjpegd_camera_same_seconds "), "{metrics}");
    camera.mend();
    assert!(within(PATIENCE, || same() < 0.5), "{}", same());
}
