//! Nobody watches: it costs nothing, and the first viewer sees a live picture.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::thread;
use std::time::{Duration, Instant};

use common::camera::Camera;
use common::client::state;
use common::daemon::Daemon;
use common::stream::Stream;
use common::{PATIENCE, within};
use mjpegd::clock::Monotonic;

/// Slow enough that a busy machine does not miss a frame.
fn slow_camera() -> Camera {
    Camera::mjpeg().set("FAKECAM_FPS", "5")
}

const SLOW_FRAME: Duration = Duration::from_millis(200);

fn camera_state(daemon: &Daemon) -> String {
    state(daemon)["result"]["mjpegd"]["camera"]["state"].as_str().unwrap().to_owned()
}

fn comes_to(daemon: &Daemon, wanted: &str) -> bool {
    within(PATIENCE, || camera_state(daemon) == wanted)
}

/// How often its threads have slept and been woken, without the test camera's, which a kernel would have.
fn wakes(daemon: &Daemon) -> u64 {
    let threads = std::fs::read_dir(format!("/proc/{}/task", daemon.pid())).unwrap();
    let count = |thread: std::io::Result<std::fs::DirEntry>| {
        let status = std::fs::read_to_string(thread.unwrap().path().join("status")).ok()?;
        let value = |name: &str| {
            status.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
        };
        let wakes = value("voluntary_ctxt_switches:")?.parse::<u64>().unwrap();
        (value("Name:")? != "fakecam").then_some(wakes)
    };
    threads.filter_map(count).sum()
}

fn cpu_ticks(daemon: &Daemon) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", daemon.pid())).unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
}

/// Both over so long a time.
fn cost_of(daemon: &Daemon, time: Duration) -> (u64, u64) {
    let before = (wakes(daemon), cpu_ticks(daemon));
    thread::sleep(time);
    (wakes(daemon) - before.0, cpu_ticks(daemon) - before.1)
}

#[test]
fn with_nobody_watching_the_daemon_sleeps() {
    for camera in [Camera::mjpeg(), Camera::new("YUYV")] {
        let daemon = Daemon::with_camera(&camera, &["--idle-timeout", "1"]);
        Stream::open(&daemon, "/stream").next();
        assert!(comes_to(&daemon, "idle"));
        let (wakes, ticks) = cost_of(&daemon, Duration::from_secs(5));
        assert!(wakes < 10, "{wakes} wakes in 5 s");
        assert!(ticks <= 2, "{ticks} hundredths of a second of CPU in 5 s");
    }
}

#[test]
fn the_first_viewer_after_a_stop_sees_one_of_the_cameras_first_two_pictures() {
    let camera = slow_camera();
    camera.fault("start-delay:1500");
    let daemon = Daemon::with_camera(&camera, &["--idle-timeout", "1"]);
    for round in 1..=2 {
        assert!(camera.wait_for("streamoff", round, PATIENCE));
        assert!(comes_to(&daemon, "idle"));
        let asked = Monotonic::now();
        let first = Stream::open(&daemon, "/stream").next().marker().expect("a live picture");
        assert!(first.taken > asked && first.sequence < 2, "{first:?}");
    }
}

#[test]
fn a_camera_that_is_kept_running_shows_a_live_picture_at_once() {
    let camera = slow_camera();
    // Starting it anew would take longer than anyone wants to wait.
    camera.fault("start-delay:5000");
    let args = ["--idle-timeout", "1", "--idle-fps", "0.3", "--device-timeout", "9"];
    let daemon = Daemon::with_camera(&camera, &args);
    let mut sequence = 0;
    for _ in 0..2 {
        assert!(comes_to(&daemon, "standby"));
        // Long enough for the driver to have filled all its buffers, and for their pictures to be old.
        thread::sleep(Duration::from_millis(2500));
        let asked = Monotonic::now();
        let first = Stream::open(&daemon, "/stream").next().marker().expect("a live picture");
        let waited = asked.age();
        assert!(first.taken + SLOW_FRAME > asked, "it is {:?} older than the request", asked - first.taken);
        assert!(waited < Duration::from_millis(4500), "{waited:?}");
        assert!(first.sequence > sequence, "it was not started again");
        sequence = first.sequence;
    }
    assert_eq!((camera.count("streamon"), camera.count("streamoff")), (1, 0));
}

#[test]
fn a_camera_that_is_kept_running_costs_a_wake_for_each_look_at_it() {
    for camera in [Camera::mjpeg(), Camera::new("YUYV")] {
        let daemon = Daemon::with_camera(&camera, &["--idle-timeout", "1", "--idle-fps", "4"]);
        assert!(comes_to(&daemon, "standby"));
        let before = state(&daemon)["result"]["mjpegd"].clone();
        let text = before["camera"]["text"].as_str().unwrap();
        assert!(text.starts_with("nobody watches, camera kept running: "), "{text}");
        assert_eq!(state(&daemon)["result"]["source"]["online"], true);
        let (wakes, _) = cost_of(&daemon, Duration::from_secs(5));
        assert!((5..40).contains(&wakes), "{wakes} wakes in 5 s");
        let after = state(&daemon)["result"]["mjpegd"].clone();
        assert!(after["frames"]["captured"].as_u64() > before["frames"]["captured"].as_u64());
        assert_eq!(after["frames"]["published"], before["frames"]["published"], "{after}");
        // What the driver had no room for was not wanted, and does not count as lost: nor when somebody comes.
        let mut stream = Stream::open(&daemon, "/stream");
        (0..10).for_each(|_| drop(stream.next()));
        let lost = state(&daemon)["result"]["mjpegd"]["frames"]["lost_by_driver"].as_u64().unwrap();
        assert!(lost < 30, "{lost} lost");
        assert_eq!(camera_state(&daemon), "online");
    }
}

#[test]
fn a_camera_that_is_kept_running_is_missed_when_it_goes_and_taken_when_it_comes_back() {
    let camera = Camera::mjpeg();
    let args =
        ["--idle-timeout", "1", "--idle-fps", "2", "--device-timeout", "1", "--device-error-delay", "0.2"];
    let daemon = Daemon::with_camera(&camera, &args);
    assert!(comes_to(&daemon, "standby"));
    for (fault, word) in [("unplug", "no-camera"), ("stall", "no-signal"), ("dqbuf=EIO", "no-signal")] {
        camera.fault(fault);
        assert!(comes_to(&daemon, word), "{fault}: {}", state(&daemon));
        camera.mend();
        assert!(comes_to(&daemon, "standby"), "{fault}: {}", state(&daemon));
        let asked = Instant::now();
        let part = Stream::open(&daemon, "/stream").next();
        assert!(part.marker().is_some(), "{fault}: a picture and no placard, {:?} later", asked.elapsed());
        assert!(comes_to(&daemon, "standby"));
    }
}
