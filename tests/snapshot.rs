//! `/snapshot` on the wire: one picture, newer than the request, or the reason why there is none.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use common::camera::Camera;
use common::client::{Answer, Client, get};
use common::daemon::{Daemon, Launch};
use common::picture::{self, Marker};
use common::stream::Stream;
use mjpegd::clock::Monotonic;

const NO_CAMERA: &[&str] = &["--source", "v4l2", "--device", "/nonexistent/video7"];

fn is_the_known_picture(answer: &Answer) -> bool {
    picture::is_red_and_blue(&picture::decode(&answer.body))
}

#[test]
fn the_head_has_ustreamers_lines_at_both_addresses() {
    let camera = Camera::mjpeg();
    let daemon = Daemon::with_camera(&camera, &[]);
    for target in ["/snapshot", "/?action=snapshot", "/snapshot?cacheBust=17"] {
        let answer = get(&daemon, target);
        let head = &answer.head;
        assert_eq!(head.first_line(), "HTTP/1.1 200 OK", "{target}");
        assert_eq!(head.value("Content-Type"), Some("image/jpeg"));
        assert_eq!(
            head.value("Cache-Control"),
            Some(
                "no-store, no-cache, must-revalidate, proxy-revalidate, pre-check=0, post-check=0, max-age=0"
            )
        );
        assert_eq!(head.value("Pragma"), Some("no-cache"));
        assert_eq!(head.value("Expires"), Some("Mon, 3 Jan 2000 12:34:56 GMT"));
        assert!(head.value("Date").unwrap().ends_with(" GMT"));
        let ours = head.names().into_iter().filter(|name| name.starts_with("X-"));
        let expected = "X-Timestamp X-UStreamer-Online X-UStreamer-Width X-UStreamer-Height \
            X-UStreamer-Grab-Begin-Timestamp X-UStreamer-Grab-End-Timestamp \
            X-UStreamer-Encode-Begin-Timestamp X-UStreamer-Encode-End-Timestamp X-UStreamer-Send-Timestamp";
        assert_eq!(ours.collect::<Vec<_>>(), expected.split_whitespace().collect::<Vec<_>>());
        assert_eq!(head.value("X-UStreamer-Online"), Some("true"));
        assert_eq!(head.number("X-UStreamer-Width"), 640.0);
        assert_eq!(head.number("X-UStreamer-Height"), 480.0);
        let begin = head.value("X-UStreamer-Grab-Begin-Timestamp").unwrap();
        assert_eq!(begin.split_once('.').unwrap().1.len(), 6, "{begin}");
        assert!(is_the_known_picture(&answer));
    }
}

#[test]
fn it_was_taken_after_it_was_asked_for() {
    let camera = Camera::mjpeg();
    let daemon = Daemon::with_camera(&camera, &["--idle-timeout", "1"]);
    // With the camera stopped, starting, and running.
    for _ in 0..10 {
        let asked = Monotonic::now();
        let answer = get(&daemon, "/snapshot");
        assert!(Marker::of(&answer.body).unwrap().taken > asked);
    }
}

#[test]
fn max_age_takes_the_picture_that_is_there() {
    let camera = Camera::mjpeg();
    let daemon = Daemon::with_camera(&camera, &["--device-timeout", "60"]);
    let mut stream = Stream::open(&daemon, "/stream");
    let seen = stream.next().marker().unwrap().sequence;
    camera.fault("stall");
    // No picture will come any more, and this one is not older than a minute.
    let answer = get(&daemon, "/snapshot?max_age=60000");
    assert_eq!(answer.head.status(), 200);
    assert!(Marker::of(&answer.body).unwrap().sequence >= seen);
    // However old.
    assert_eq!(get(&daemon, "/snapshot?max_age=99999999999999999999").head.status(), 200);
    // It was there before the request, so without leave it would not do.
    let answer = get(&daemon, "/snapshot");
    assert_eq!(answer.head.status(), 503, "{}", answer.head.0);
    assert_eq!(get(&daemon, "/snapshot?max_age=soon").head.status(), 400);
}

#[test]
fn a_connection_serves_one_after_the_other() {
    let camera = Camera::mjpeg();
    let daemon = Daemon::with_camera(&camera, &[]);
    let mut client = Client::connect(&daemon);
    let first = client.get("/snapshot");
    let second = client.get("/?action=snapshot");
    assert!(is_the_known_picture(&first) && is_the_known_picture(&second));
    let sequence = |answer: &Answer| Marker::of(&answer.body).unwrap().sequence;
    assert!(sequence(&second) > sequence(&first));
    client.ask("GET", "/snapshot", "Connection: close\r\n");
    assert_eq!(client.answer().head.value("Connection"), Some("close"));
    assert_eq!(client.rest(), b"");
}

#[test]
fn without_a_camera_the_answer_is_503_with_the_reason() {
    let daemon = Launch::default().args(NO_CAMERA).start();
    let answer = get(&daemon, "/snapshot");
    assert_eq!(answer.head.status(), 503);
    assert!(answer.head.number("Retry-After") >= 1.0);
    assert!(answer.text().contains("/nonexistent/video7"), "{}", answer.text());
    assert!(answer.text().contains("no camera"), "{}", answer.text());
}

#[test]
fn the_placeholder_is_a_picture_that_says_that_it_is_not_live() {
    let args = ["--snapshot-placeholder", "--resolution", "800x600"];
    let daemon = Launch::default().args(NO_CAMERA).args(&args).start();
    let answer = get(&daemon, "/snapshot");
    assert_eq!(answer.head.status(), 200);
    assert_eq!(answer.head.value("X-UStreamer-Online"), Some("false"));
    let placard = picture::decode(&answer.body);
    assert_eq!((placard.width, placard.height), (800, 600));
    assert!(!picture::is_flat(&placard), "something is written on it");
}

#[test]
fn a_stalled_camera_is_told_before_octoprint_gives_up() {
    let camera = Camera::mjpeg();
    camera.fault("stall");
    let daemon = Daemon::with_camera(&camera, &[]);
    let asked = Monotonic::now();
    let answer = get(&daemon, "/snapshot");
    assert_eq!(answer.head.status(), 503);
    assert!(answer.head.value("Retry-After").is_some());
    assert!(answer.text().contains("picture"), "{}", answer.text());
    // OctoPrint waits for 5 s; on an idle machine this takes 4.
    assert!(asked.age().as_secs_f64() < 10.0);
}

#[test]
fn a_camera_that_is_slow_to_start_is_waited_for() {
    let camera = Camera::mjpeg();
    camera.fault("start-delay:1500");
    let daemon = Daemon::with_camera(&camera, &["--device-timeout", "1", "--idle-timeout", "1"]);
    assert!(is_the_known_picture(&get(&daemon, "/snapshot")));
}

#[test]
fn an_http_1_0_client_gets_an_http_1_0_answer() {
    let camera = Camera::mjpeg();
    let daemon = Daemon::with_camera(&camera, &[]);
    let mut client = Client::connect(&daemon);
    client.send("GET /?action=snapshot HTTP/1.0\r\n\r\n");
    let head = client.head();
    assert_eq!(head.first_line(), "HTTP/1.0 200 OK");
    let body = client.rest();
    assert!(picture::is_red_and_blue(&picture::decode(&body)), "nothing follows the picture");
}

#[test]
fn a_head_request_gets_no_picture() {
    let camera = Camera::mjpeg();
    let daemon = Daemon::with_camera(&camera, &[]);
    let mut client = Client::connect(&daemon);
    client.ask("HEAD", "/snapshot", "Connection: close\r\n");
    assert_eq!(client.head().status(), 200);
    assert_eq!(client.rest(), b"");
}
