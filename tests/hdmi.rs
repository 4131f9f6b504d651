//! HDMI bridges: the size is the signal's, follows it, and where there is none it is said why.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use common::camera::Camera;
use common::client::state;
use common::daemon::Daemon;
use common::picture;
use common::stream::{Part, Stream};
use common::{PATIENCE, within};

const FAST: [&str; 2] = ["--device-error-delay", "0.2"];

/// A bridge with a signal of 640x480, which gives these formats.
fn bridge(formats: &str) -> Camera {
    Camera::new(formats).film(640, 480, 0).film(800, 608, 0).set("FAKECAM_DV", "640x480")
}

fn watched(camera: &Camera, args: &[&str]) -> (Daemon, Stream) {
    let daemon = Daemon::with_camera(camera, &[&["--resolution", "1280x720"], &FAST[..], args].concat());
    let stream = Stream::open(&daemon, "/stream?extra_headers=1");
    (daemon, stream)
}

/// Width and height of a picture of the camera, by the daemon's word.
fn live_size(part: &Part) -> Option<(u64, u64)> {
    let online = part.head.value("X-UStreamer-Online") == Some("true");
    let number = |name| part.head.number(name) as u64;
    online.then(|| (number("X-UStreamer-Width"), number("X-UStreamer-Height")))
}

fn shows(stream: &mut Stream, size: (u64, u64)) -> bool {
    stream.find(400, |part| live_size(part) == Some(size)).is_some()
}

#[test]
fn the_size_is_the_signals_and_follows_it_on_the_same_connection() {
    for formats in ["YUYV", "MJPG"] {
        let camera = bridge(formats);
        let (daemon, mut stream) = watched(&camera, &["--dv-timings"]);
        assert!(shows(&mut stream, (640, 480)), "{formats}");
        let text = state(&daemon)["result"]["mjpegd"]["camera"]["text"].as_str().unwrap().to_owned();
        assert!(text.contains("640x480 at 30/s"), "{text}");
        assert!(
            !daemon.log.text().contains("asked for"),
            "the size is no matter of wishes: {}",
            daemon.log.text()
        );
        for (dv, size) in [("dv=800x608", (800, 608)), ("dv=640x480", (640, 480))] {
            camera.fault(dv);
            let mut other = None;
            let found = stream.find(400, |part| {
                other = other.or(live_size(part).is_none().then_some(part.jpeg.len()));
                live_size(part) == Some(size)
            });
            let found = found.unwrap_or_else(|| panic!("{formats} {dv}: {}", state(&daemon)));
            assert_eq!(other, None, "{formats} {dv}: no placard between");
            let image = picture::decode(&found.jpeg);
            assert_eq!((image.width as u64, image.height as u64), size);
        }
        assert_eq!(camera.count("streamon"), 3);
    }
}

#[test]
fn without_a_signal_viewers_see_why_and_the_picture_comes_back_with_it() {
    let camera = bridge("YUYV");
    let (daemon, mut stream) = watched(&camera, &["-t"]);
    assert!(shows(&mut stream, (640, 480)));
    for (errno, words) in [
        ("ENOLINK", "no signal at its HDMI input; is the source on"),
        ("ENOLCK", "the signal at its HDMI input is not stable"),
        ("ERANGE", "the signal at its HDMI input is beyond what it can take"),
    ] {
        let opens = camera.count("open");
        camera.fault(&format!("query_dv={errno}"));
        assert!(stream.find(400, |part| live_size(part).is_none()).is_some(), "{errno}: a placard");
        assert!(within(PATIENCE, || state(&daemon)["result"]["mjpegd"]["camera"]["text"]
            .as_str()
            .is_some_and(|text| text.contains(words) && text.contains(errno))));
        assert_eq!(state(&daemon)["result"]["mjpegd"]["camera"]["state"], "no-signal");
        // Each second the placard again.
        assert!(live_size(&stream.next()).is_none());
        assert_eq!(daemon.log.count(words), 1, "once in the log: {}", daemon.log.text());
        let tried = camera.count("open") - opens;
        assert!((2..20).contains(&tried), "{errno}: tried {tried} times");
        camera.mend();
        assert!(shows(&mut stream, (640, 480)), "{errno}: {}", state(&daemon));
    }
}

#[test]
fn a_camera_without_such_an_input_is_taken_as_it_is() {
    for fault in ["", "query_dv=ENODATA", "query_dv=ENOTTY"] {
        let camera = match fault {
            "" => Camera::mjpeg(),
            _ => bridge("YUYV"),
        };
        camera.fault(fault);
        let daemon = Daemon::with_camera(&camera, &["--dv-timings", "--resolution", "640x480"]);
        let size = Some(if fault.is_empty() { (640, 480) } else { (64, 48) });
        if fault.is_empty() {
            let mut stream = Stream::open(&daemon, "/stream?extra_headers=1");
            assert!(stream.find(100, |part| live_size(part) == size).is_some(), "{fault}");
        } else {
            // The test bridge gives nothing of a signal that it is not set to; but it is opened and started.
            assert!(camera.wait_for("streamon", 1, PATIENCE), "{fault}: {}", daemon.log.text());
        }
    }
}

#[test]
fn a_driver_that_tells_of_a_change_is_negotiated_with_anew_without_the_flag_too() {
    let camera = bridge("YUYV");
    // What the bridge is set to when it is opened, and is not changed by the daemon then.
    let camera = camera.set("FAKECAM_DV", "64x48");
    let (_daemon, mut stream) = watched(&camera, &[]);
    assert!(shows(&mut stream, (64, 48)));
    for change in 1..=3 {
        camera.fault(&format!("change:{change}"));
        assert!(camera.wait_for("streamon", change + 1, PATIENCE), "change {change}");
        assert!(live_size(&stream.next()).is_some(), "no placard");
        assert!(shows(&mut stream, (64, 48)));
    }
    assert_eq!(camera.count("streamon"), 4);
}

#[test]
fn a_signal_that_never_settles_is_not_followed_without_a_pause() {
    let camera = bridge("YUYV");
    let (daemon, mut stream) = watched(&camera, &["--dv-timings"]);
    assert!(shows(&mut stream, (640, 480)));
    let opens = camera.count("open");
    // No picture comes between two changes.
    for change in 1..=40 {
        camera.fault(&format!("stall change:{change}"));
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let tried = camera.count("open") - opens;
    assert!((1..=14).contains(&tried), "{tried} times in 2 s with 0.2 s between");
    camera.mend();
    assert!(shows(&mut stream, (640, 480)), "{}", state(&daemon));
}
