//! A driver that does not come back from a call: viewers are told, everybody else is served, and the picture comes back with it.

use std::time::{Duration, Instant};

use mjpegd::clock::Monotonic;

use crate::common::camera::Camera;
use crate::common::client::{get, send_json, state};
use crate::common::daemon::{Daemon, Launch};
use crate::common::stream::{Part, Stream};
use crate::common::{PATIENCE, within};

fn is_online(part: &Part) -> bool {
    part.head.value("X-UStreamer-Online") == Some("true")
}

fn camera_state(daemon: &Daemon) -> (String, String) {
    let camera = state(daemon)["result"]["mjpegd"]["camera"].clone();
    (camera["state"].as_str().unwrap().to_owned(), camera["text"].as_str().unwrap().to_owned())
}

const HANGS: &str = "its driver has not answered for ";

/// With a viewer who has seen a live picture; `provoke` has the daemon make the call, where it does not of itself.
fn is_told_and_survived(camera: &Camera, call: &str, provoke: impl FnOnce(&Camera, &Daemon)) {
    let daemon = Daemon::with_camera(camera, &["--device-timeout", "1", "--device-error-delay", "0.2"]);
    let mut stream = Stream::open(&daemon, "/stream?extra_headers=1");
    assert!(stream.find(100, is_online).is_some());
    camera.fault(&format!("hang={call}"));
    provoke(camera, &daemon);
    assert!(stream.find(400, |part| !is_online(part)).is_some(), "{call}: a placard");
    assert!(
        within(PATIENCE, || camera_state(&daemon).1.contains(HANGS)),
        "{call}: {:?}",
        camera_state(&daemon)
    );
    assert_eq!(camera_state(&daemon).0, "no-signal", "{call}");
    // Everything else is answered as ever, at once.
    for target in ["/", "/state", "/metrics", "/healthz"] {
        let asked = Instant::now();
        assert_eq!(get(&daemon, target).head.status(), 200, "{call}: {target}");
        assert!(asked.elapsed() < Duration::from_secs(5), "{call}: {target}");
    }
    let answer = get(&daemon, "/snapshot");
    assert_eq!(answer.head.status(), 503, "{call}");
    assert!(answer.text().contains(HANGS), "{call}: {}", answer.text());
    // The placard comes each second on; the log has one line, and not more.
    for _ in 0..3 {
        assert!(!is_online(&stream.next()), "{call}");
    }
    assert_eq!(daemon.log.count(HANGS), 1, "{call}: {}", daemon.log.text());
    let mended = Monotonic::now();
    camera.mend();
    let live = stream.find(400, is_online);
    let live = live.unwrap_or_else(|| panic!("{call}: a live picture on the same connection"));
    let taken = live.head.number("X-UStreamer-Grab-Begin-Time");
    assert!(taken > mended.as_secs_f64(), "{call}: a picture from before");
    assert!(daemon.log.wait_for("its driver answers again", PATIENCE).is_some(), "{call}");
    assert!(within(PATIENCE, || camera_state(&daemon).0 == "online"), "{call}: {:?}", camera_state(&daemon));
}

/// Has the camera opened anew.
fn reopen(_: &Camera, daemon: &Daemon) {
    assert_eq!(send_json(daemon, "POST", "/api/v1/actions/restart", "").head.status(), 204);
}

#[test]
fn while_it_gives_pictures() {
    for call in ["dqbuf", "qbuf"] {
        is_told_and_survived(&Camera::mjpeg(), call, |_, _| {});
    }
}

#[test]
fn while_it_gives_raw_pictures() {
    is_told_and_survived(&Camera::new("YUYV"), "dqbuf", |_, _| {});
}

#[test]
fn while_it_is_opened_and_agreed_with() {
    for call in ["open", "s_fmt"] {
        is_told_and_survived(&Camera::mjpeg(), call, reopen);
    }
}

#[test]
fn while_it_gets_its_buffers_and_starts() {
    for call in ["reqbufs", "streamon"] {
        is_told_and_survived(&Camera::mjpeg(), call, reopen);
    }
}

#[test]
fn while_it_stops_and_is_closed() {
    for call in ["streamoff", "close"] {
        is_told_and_survived(&Camera::mjpeg(), call, reopen);
    }
}

#[test]
fn one_that_hangs_while_a_control_is_set_keeps_no_viewer_from_pictures() {
    let camera = Camera::mjpeg();
    let daemon = Daemon::with_camera(&camera, &[]);
    let mut stream = Stream::open(&daemon, "/stream?extra_headers=1");
    assert!(stream.find(100, is_online).is_some());
    camera.fault("hang=s_ctrl");
    std::thread::scope(|scope| {
        let setter = scope.spawn(|| {
            send_json(&daemon, "PUT", "/api/v1/controls/brightness", "{\"value\": 7}").head.status()
        });
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(4) {
            assert!(is_online(&stream.next()), "{:?}", camera_state(&daemon));
        }
        assert_eq!(camera.count("set:brightness=7"), 0);
        camera.mend();
        assert_eq!(setter.join().unwrap(), 200);
    });
    assert_eq!(camera.count("set:brightness=7"), 1);
}

#[test]
fn the_daemon_ends_while_it_hangs() {
    let camera = Camera::mjpeg();
    let mut daemon = Launch::default().camera(&camera).start();
    let mut stream = Stream::open(&daemon, "/stream?extra_headers=1");
    assert!(stream.find(100, is_online).is_some());
    camera.fault("hang=dqbuf");
    assert!(stream.find(400, |part| !is_online(part)).is_some());
    daemon.signal(rustix::process::Signal::TERM);
    assert!(daemon.wait(PATIENCE).is_some_and(|status| status.success()), "{}", daemon.log.text());
    assert!(daemon.log.text().contains("the camera does not stop"));
}

#[test]
fn a_machine_that_was_asleep_is_no_driver_that_hangs() {
    let camera = Camera::mjpeg();
    let daemon = Daemon::with_camera(&camera, &["--device-timeout", "1"]);
    let mut stream = Stream::open(&daemon, "/stream?extra_headers=1");
    for _ in 0..3 {
        assert!(stream.find(100, is_online).is_some());
        daemon.signal(rustix::process::Signal::STOP);
        std::thread::sleep(Duration::from_millis(2500));
        daemon.signal(rustix::process::Signal::CONT);
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(1) {
            stream.next();
        }
    }
    assert_eq!(daemon.log.count(HANGS), 0, "{}", daemon.log.text());
}
