//! Many viewers, slow ones, ones that vanish: each can hurt only itself.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use common::camera::Camera;
use common::client::{Client, Head, get, state};
use common::daemon::{Daemon, Launch};
use common::picture::Marker;
use common::stream::{BOUNDARY, Stream, read_slowly};
use common::{PATIENCE, within};
use rustix::process::Signal;

/// Frames long enough to fill a socket: 640x480 with noise.
fn camera_of_long_frames(fps: &str) -> Camera {
    Camera::mjpeg().film(640, 480, 200).set("FAKECAM_FPS", fps)
}

fn frames(daemon: &Daemon) -> serde_json::Value {
    state(daemon)["result"]["mjpegd"]["frames"].clone()
}

fn viewers(daemon: &Daemon) -> u64 {
    state(daemon)["result"]["stream"]["clients"].as_u64().unwrap()
}

#[test]
fn a_slow_viewer_sees_new_pictures_and_a_fast_one_beside_it_sees_all() {
    let camera = camera_of_long_frames("10");
    let daemon = Daemon::with_camera(&camera, &[]);
    let length = get(&daemon, "/snapshot").body.len();
    let rate = 200_000;
    assert!(10 * length > 3 * rate, "too short to be too much: {length} bytes");
    let over = AtomicBool::new(false);
    let (ages, missed) = thread::scope(|scope| {
        let fast = scope.spawn(|| {
            let mut stream = Stream::open(&daemon, "/stream");
            let mut last = stream.next().marker().unwrap().sequence;
            let mut missed = 0;
            while !over.load(Ordering::Relaxed) {
                let sequence = stream.next().marker().unwrap().sequence;
                missed += sequence - last - 1;
                last = sequence;
            }
            missed
        });
        let mut slow = Client::narrow(daemon.address, 16 * 1024);
        let ages = read_slowly(&mut slow, rate, Duration::from_secs(12));
        over.store(true, Ordering::Relaxed);
        (ages, fast.join().unwrap())
    });
    let lost = frames(&daemon)["lost_by_driver"].as_u64().unwrap();
    // A busy machine may hold up the fast one's reading for some pictures now and then; a slow one that held it up would do
    // so for most of the 120.
    assert!(missed <= lost + 30, "the fast viewer missed {missed}, of which the camera lost {lost}");
    assert!(ages.len() >= 4, "{ages:?}");
    // One frame on its way, one waiting in the reader's own buffer, and what the machine makes of it.
    let transmission = Duration::from_secs_f64(length as f64 / rate as f64);
    let bound = 3 * transmission + Duration::from_secs(1);
    assert!(ages.iter().all(|age| *age < bound), "older than {bound:?}: {ages:?}");
}

#[test]
fn a_hundred_viewers_get_every_picture_and_take_no_thread() {
    // So slow that a busy machine gets round to all of them between two frames, with a debug build.
    let camera = Camera::mjpeg().film(320, 240, 0).set("FAKECAM_SIZES", "320x240").set("FAKECAM_FPS", "4");
    let daemon = Daemon::with_camera(&camera, &[]);
    let mut first = Stream::open(&daemon, "/stream");
    first.next();
    let threads = daemon.threads();
    let mut streams: Vec<_> = (0..100).map(|_| Stream::open(&daemon, "/stream")).collect();
    let mut last: Vec<_> =
        streams.iter_mut().map(|stream| stream.next().marker().unwrap().sequence).collect();
    assert_eq!(daemon.threads(), threads);
    assert_eq!(viewers(&daemon), 101);
    let mut missed = vec![0; streams.len()];
    for _ in 0..16 {
        for (index, stream) in streams.iter_mut().enumerate() {
            let sequence = stream.next().marker().unwrap().sequence;
            assert!(sequence > last[index], "no picture comes twice");
            missed[index] += sequence - last[index] - 1;
            last[index] = sequence;
        }
    }
    let lost = frames(&daemon)["lost_by_driver"].as_u64().unwrap();
    assert!(missed.iter().all(|missed| *missed <= lost), "{lost} lost by the driver, missed: {missed:?}");
    drop(streams);
    assert!(within(PATIENCE, || viewers(&daemon) == 1));
}

#[test]
fn a_viewer_that_never_reads_is_closed() {
    let camera = camera_of_long_frames("30");
    let daemon = Launch::default().camera(&camera).config("[http]\nserver-timeout = 1\n").start();
    let mut good = Stream::open(&daemon, "/stream");
    good.next();
    let mut bad = Client::narrow(daemon.address, 4096);
    bad.ask("GET", "/stream", "");
    // The good one goes on reading, else it would be closed too.
    let mut count = || {
        good.next();
        viewers(&daemon)
    };
    assert!(within(PATIENCE, || count() == 2));
    assert!(within(PATIENCE, || count() == 1), "it is closed");
    // What had been sent may still be read, and then the end.
    bad.rest();
    good.next();
}

#[test]
fn a_viewer_that_reads_now_and_then_stays() {
    let camera = camera_of_long_frames("30");
    let daemon = Launch::default().camera(&camera).config("[http]\nserver-timeout = 4\n").start();
    let mut slow = Client::narrow(daemon.address, 16 * 1024);
    // A frame takes it longer than the timeout; to its small buffer something goes twice a second.
    read_slowly(&mut slow, 40_000, Duration::from_secs(12));
    assert_eq!(viewers(&daemon), 1);
}

#[test]
fn sigterm_ends_it_in_order_with_viewers_watching() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut daemon = Daemon::with_pattern(&[]);
        let mut streams: Vec<_> = (0..5).map(|_| Stream::open(&daemon, "/stream")).collect();
        streams.iter_mut().for_each(|stream| drop(stream.next()));
        daemon.signal(signal);
        let status = daemon.wait(Duration::from_secs(3)).expect("it ends within 3 s");
        assert_eq!(status.code(), Some(0), "{}", daemon.log.text());
        streams.iter_mut().for_each(|stream| drop(stream.client.rest()));
    }
}

#[test]
fn a_camera_that_does_not_let_go_holds_up_the_end_only_for_a_while() {
    let camera = Camera::mjpeg();
    let mut daemon = Daemon::with_camera(&camera, &[]);
    Stream::open(&daemon, "/stream").next();
    camera.fault("stop-delay:60000");
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.wait(PATIENCE).unwrap().code(), Some(0), "{}", daemon.log.text());
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let camera = Camera::mjpeg();
    let mut daemon = Daemon::with_camera(&camera, &[]);
    Stream::open(&daemon, "/stream").next();
    camera.fault("stop-delay:60000");
    daemon.signal(Signal::TERM);
    assert!(daemon.log.wait_for("stopping", PATIENCE).is_some());
    assert!(daemon.is_running());
    daemon.signal(Signal::TERM);
    let status = daemon.wait(Duration::from_secs(3)).expect("it ends at once");
    assert_ne!(status.code(), Some(0));
}

#[test]
fn viewers_that_come_and_go_leave_nothing_behind() {
    let camera = Camera::mjpeg();
    let daemon = Daemon::with_camera(&camera, &[]);
    let mut watching = Stream::open(&daemon, "/stream");
    watching.next();
    get(&daemon, "/snapshot");
    let (files, threads) = (daemon.open_files(), daemon.threads());
    for round in 0..200 {
        let mut client = Client::connect(&daemon);
        match round % 5 {
            0 => drop(Stream::over(client, "/stream").next()),
            1 => drop(client.get("/snapshot")),
            2 => client.send("GET /stream HTTP/1.1\r\nHo"),
            3 => client.ask("GET", "/snapshot", ""),
            _ => {}
        }
    }
    // The watcher stays, as does the connection of this question while it is asked.
    assert!(within(PATIENCE, || viewers(&daemon) == 1));
    let left = || daemon.open_files();
    assert!(within(PATIENCE, || left() <= files), "{files} files were open, now {}", left());
    assert_eq!(daemon.threads(), threads);
    watching.next();
}

#[test]
fn many_viewers_get_the_very_bytes_that_one_by_itself_would() {
    let camera = camera_of_long_frames("30");
    // The last of the crowd is read only when all the others have been.
    let daemon = Launch::default().camera(&camera).config("[http]\nserver-timeout = 60\n").start();
    // Its heads are its own, and so it never shares what the others are sent.
    let mut alone = Stream::open(&daemon, "/stream?extra_headers=1");
    let over = AtomicBool::new(false);
    let sequence = |jpeg: &[u8]| Marker::of(jpeg).unwrap().sequence;
    let (pictures, shared) = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut pictures = BTreeMap::new();
            // An end also when the others have failed.
            while !over.load(Ordering::Relaxed) && pictures.len() < 1000 {
                let jpeg = alone.next().jpeg;
                pictures.insert(sequence(&jpeg), jpeg);
            }
            pictures
        });
        let mut crowd: Vec<_> = (0..24).map(|_| Stream::open(&daemon, "/stream")).collect();
        let mut chromium = Client::connect(&daemon);
        chromium.ask("GET", "/stream?advance_headers=1", "");
        chromium.until(BOUNDARY);
        // Most have not read until their turn comes, so that some of what they get was sent in pieces.
        let mut shared: Vec<_> = crowd.iter_mut().flat_map(|one| [(); 8].map(|()| one.next().jpeg)).collect();
        let end = [b"\r\n", BOUNDARY].concat();
        for _ in 0..8 {
            let head = Head(String::from_utf8(chromium.until(b"\r\n\r\n")).unwrap());
            assert_eq!(head.names(), ["Content-Type", "X-Timestamp"]);
            let mut jpeg = chromium.until(&end);
            jpeg.truncate(jpeg.len() - end.len());
            shared.push(jpeg);
        }
        over.store(true, Ordering::Relaxed);
        (reader.join().unwrap(), shared)
    });
    let compared = shared.iter().filter(|jpeg| {
        let same = pictures.get(&sequence(jpeg));
        same.inspect(|same| assert!(same == jpeg, "picture {} differs", sequence(jpeg))).is_some()
    });
    let (compared, all) = (compared.count(), shared.len());
    assert!(compared > all / 2, "only {compared} of {all} pictures were seen by both");
}
