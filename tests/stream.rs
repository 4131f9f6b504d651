//! `/stream` on the wire: byte for byte what ustreamer's clients were written for.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use common::camera::Camera;
use common::client::{Client, Head};
use common::daemon::{Daemon, Launch};
use common::picture;
use common::stream::{BOUNDARY, Stream};

fn unix_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

/// The head with the viewer's random number put as ID.
fn without_id(head: &Head) -> String {
    let cookie = head.value("Set-Cookie").unwrap();
    let id = cookie.split(['/', ';']).nth(1).unwrap();
    assert!(!id.is_empty() && id.len() <= 16, "{cookie}");
    assert!(id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)), "{cookie}");
    head.0.replace(id, "ID")
}

// ustreamer's lines in its order; ours is `X-Accel-Buffering`, for nginx.
const HEAD: &str = "HTTP/1.0 200 OK\r\n\
    Cache-Control: no-store, no-cache, must-revalidate, proxy-revalidate, pre-check=0, post-check=0, max-age=0\r\n\
    Pragma: no-cache\r\n\
    Expires: Mon, 3 Jan 2000 12:34:56 GMT\r\n\
    X-Accel-Buffering: no\r\n\
    Set-Cookie: stream_client=0/ID; path=/; max-age=30\r\n\
    Content-Type: multipart/x-mixed-replace;boundary=boundarydonotcross\r\n\
    \r\n";

#[test]
fn the_head_is_ustreamers_to_the_byte_at_both_addresses_and_whatever_else_is_asked() {
    let daemon = Daemon::with_pattern(&[]);
    for target in [
        "/stream",
        "/?action=stream",
        "/stream?timestamp=1755&bypassCache=x&flag",
        "/?action=stream&timestamp=1755",
        "/?timestamp=1755&action=stream",
    ] {
        let mut stream = Stream::open(&daemon, target);
        assert_eq!(without_id(&stream.head), HEAD, "{target}");
        picture::decode(&stream.next().jpeg);
    }
}

#[test]
fn a_part_has_type_length_and_the_wall_clock_in_microseconds() {
    let daemon = Daemon::with_pattern(&[]);
    let before = unix_seconds();
    let mut stream = Stream::open(&daemon, "/stream");
    for _ in 0..3 {
        let part = stream.next();
        assert_eq!(part.head.names(), ["Content-Type", "Content-Length", "X-Timestamp"]);
        let stamp = part.head.value("X-Timestamp").unwrap();
        let (_, digits) = stamp.split_once('.').unwrap();
        assert_eq!(digits.len(), 6, "{stamp}");
        let stamp = part.head.number("X-Timestamp");
        assert!(before - 0.001 <= stamp && stamp <= unix_seconds() + 0.001, "{stamp} is not now");
        picture::decode(&part.jpeg);
    }
}

#[test]
fn origins_are_allowed_only_on_demand_and_before_all_other_lines() {
    let daemon = Daemon::with_pattern(&["--allow-origin", "*"]);
    let stream = Stream::open(&daemon, "/stream");
    let cors = "HTTP/1.0 200 OK\r\n\
        Access-Control-Allow-Origin: *\r\n\
        Access-Control-Allow-Credentials: true\r\n";
    assert_eq!(without_id(&stream.head), HEAD.replace("HTTP/1.0 200 OK\r\n", cors));
}

#[test]
fn extra_headers_are_ustreamers_in_its_order() {
    let camera = Camera::mjpeg();
    let daemon = Daemon::with_camera(&camera, &[]);
    let mut stream = Stream::open(&daemon, "/stream?extra_headers=1");
    let part = stream.next();
    let expected = "Content-Type Content-Length X-Timestamp X-UStreamer-Online X-UStreamer-Dropped \
        X-UStreamer-Width X-UStreamer-Height X-UStreamer-Client-FPS X-UStreamer-Grab-Begin-Time \
        X-UStreamer-Grab-End-Time X-UStreamer-Encode-Begin-Time X-UStreamer-Encode-End-Time \
        X-UStreamer-Expose-Begin-Time X-UStreamer-Expose-Cmp-Time X-UStreamer-Expose-End-Time \
        X-UStreamer-Send-Time X-UStreamer-Latency";
    assert_eq!(part.head.names(), expected.split_whitespace().collect::<Vec<_>>());
    assert_eq!(part.head.value("X-UStreamer-Online"), Some("true"));
    assert_eq!(part.head.number("X-UStreamer-Width"), 640.0);
    assert_eq!(part.head.number("X-UStreamer-Height"), 480.0);
    let begin = part.head.number("X-UStreamer-Grab-Begin-Time");
    let taken = part.marker().unwrap().taken.as_secs_f64();
    assert!((begin - taken).abs() < 0.000_01, "taken at {taken}, said {begin}");
    let times = ["Grab-Begin", "Grab-End", "Encode-Begin", "Encode-End", "Expose-Begin", "Send"];
    let times = times.map(|name| part.head.number(&format!("X-UStreamer-{name}-Time")));
    assert!(times.is_sorted(), "a picture is taken before it is encoded and shown: {times:?}");
}

#[test]
fn advance_headers_send_the_next_head_with_the_boundary_before_it() {
    // So slow that the next head cannot belong to the next picture.
    let daemon = Daemon::with_pattern(&["--desired-fps", "0.5"]);
    let mut client = Client::connect(&daemon);
    client.ask("GET", "/stream?advance_headers=1", "");
    assert_eq!(without_id(&client.head()), HEAD);
    assert_eq!(client.exactly(BOUNDARY.len()), BOUNDARY);
    for _ in 0..3 {
        let head = Head(String::from_utf8(client.until(b"\r\n\r\n")).unwrap());
        assert_eq!(head.names(), ["Content-Type", "X-Timestamp"]);
        let part = client.until(&[b"\r\n", BOUNDARY].concat());
        let came = unix_seconds();
        picture::decode(&part[..part.len() - 2 - BOUNDARY.len()]);
        let next = Head(String::from_utf8(client.until(b"\r\n\r\n")).unwrap());
        assert!(next.number("X-Timestamp") <= came, "the next head was written after this picture had come");
        client.put_back(next.0.as_bytes());
    }
}

#[test]
fn zero_data_is_a_part_without_a_picture() {
    let daemon = Daemon::with_pattern(&[]);
    let mut stream = Stream::open(&daemon, "/stream?zero_data=1");
    for _ in 0..3 {
        let part = stream.next();
        assert_eq!(part.head.value("Content-Length"), Some("0"));
        assert_eq!(part.jpeg.len(), 0);
    }
}

#[test]
fn the_key_comes_back_in_the_cookie_and_in_the_state() {
    let daemon = Daemon::with_pattern(&[]);
    let mut stream = Stream::open(&daemon, "/stream?key=page-7&extra_headers=1");
    stream.next();
    let cookie = stream.head.value("Set-Cookie").unwrap();
    assert!(cookie.starts_with("stream_client=page-7/"), "{cookie}");
    let id = cookie.split(['/', ';']).nth(1).unwrap();
    let state = common::client::state(&daemon);
    let client = &state["result"]["stream"]["clients_stat"][id];
    assert_eq!(client["key"], "page-7", "{state}");
    assert_eq!(client["extra_headers"], true);
    assert_eq!(client["advance_headers"], false);
}

#[test]
fn a_still_picture_is_sent_again_each_second() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("1.jpg"), picture::draw(320, 240, 3, 0)).unwrap();
    let folder = folder.path().to_str().unwrap();
    let args = ["--source", "slideshow", "--slideshow-folder", folder, "--slideshow-interval", "3600"];
    let daemon = Launch::default().args(&args).start();
    let mut stream = Stream::open(&daemon, "/stream");
    let first = stream.next();
    assert!(picture::is_red_and_blue(&picture::decode(&first.jpeg)), "the slide is shown");
    let begin = first.head.number("X-Timestamp");
    let mut last = begin;
    for _ in 0..4 {
        let part = stream.next();
        assert_eq!(part.jpeg, first.jpeg);
        let stamp = part.head.number("X-Timestamp");
        assert!(stamp - last < 5.0, "sent again only after {} s", stamp - last);
        last = stamp;
    }
    // On a busy machine the source's second and the viewer's may meet once, and the picture then comes twice.
    assert!(last - begin > 2.5, "sent four times more within {} s", last - begin);
}

#[test]
fn dual_final_frames_send_the_last_picture_twice_before_a_pause() {
    let camera = Camera::mjpeg();
    let daemon = Daemon::with_camera(&camera, &["--device-timeout", "30"]);
    let mut stream = Stream::open(&daemon, "/stream?dual_final_frames=1");
    // Long enough for its rate to be known, by which a pause is told from the ordinary time between two pictures.
    let mut last = (0..60).map(|_| stream.next()).last().unwrap();
    camera.fault("stall");
    let again = stream
        .find(100, |part| {
            let same = part.jpeg == last.jpeg;
            if !same {
                last.jpeg.clone_from(&part.jpeg);
                last.head = part.head.clone();
            }
            same
        })
        .expect("the last picture comes again");
    let pause = again.head.number("X-Timestamp") - last.head.number("X-Timestamp");
    assert!(pause < 0.9, "the second time comes at once, not with the refreshing after a second: {pause} s");
}

#[test]
fn a_viewer_that_asks_for_five_a_second_gets_five() {
    let camera = Camera::mjpeg();
    let daemon = Daemon::with_camera(&camera, &[]);
    let mut stream = Stream::open(&daemon, "/stream?fps=5");
    stream.next();
    let begin = stream.next().head.number("X-Timestamp");
    let mut end = begin;
    for _ in 0..15 {
        end = stream.next().head.number("X-Timestamp");
    }
    let rate = 15.0 / (end - begin);
    assert!((4.0..5.4).contains(&rate), "{rate} a second");
}

#[test]
fn a_rate_that_is_none_is_refused_in_words() {
    let daemon = Daemon::with_pattern(&[]);
    let answer = common::client::get(&daemon, "/stream?fps=fast");
    assert_eq!(answer.head.status(), 400);
    assert!(answer.text().contains("fps"), "{}", answer.text());
}

#[test]
fn a_head_request_gets_a_bare_200_and_no_picture() {
    let daemon = Daemon::with_pattern(&[]);
    let mut client = Client::connect(&daemon);
    client.ask("HEAD", "/stream", "Connection: close\r\n");
    let all = String::from_utf8(client.rest()).unwrap();
    assert_eq!(Head(all.clone()).status(), 200);
    assert!(all.ends_with("\r\n\r\n"), "{all}");
    assert_eq!(all.matches("\r\n\r\n").count(), 1, "{all}");
}

#[test]
fn the_picture_and_its_boundary_come_without_waiting_for_the_next() {
    let daemon = Daemon::with_pattern(&["--desired-fps", "0.2", "--idle-timeout", "0"]);
    let mut stream = Stream::open(&daemon, "/stream");
    let part = stream.next();
    // `next` has read the boundary too, which the daemon could have kept back until the picture is sent again.
    let late = unix_seconds() - part.head.number("X-Timestamp");
    assert!(late < 0.9, "{late} s");
    assert!(stream.client.nothing_within(Duration::from_millis(300)), "nothing follows the boundary");
}
