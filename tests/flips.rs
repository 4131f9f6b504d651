//! Flips that the camera's driver does: once and not twice, and with nothing left for us to do.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use serde_json::{Value, json};
use turbojpeg::{Transform, TransformOp};

use common::camera::Camera;
use common::client::{Answer, Client, get};
use common::daemon::Daemon;
use common::picture::{self, Marker};
use common::stream::Stream;
use common::{PATIENCE, within};

/// Grains, so that even upside down it is another picture.
const NOISE: u8 = 60;

/// A camera that compresses and has these flips; small letters are off by default.
fn jpeg_camera(flips: &str) -> Camera {
    Camera::new("MJPG").film(640, 480, NOISE).flipping(flips)
}

fn daemon(camera: &Camera, args: &[&str]) -> Daemon {
    Daemon::with_camera(camera, &[&["--resolution", "640x480"], args].concat())
}

fn snapshot(daemon: &Daemon) -> Vec<u8> {
    let answer = get(daemon, "/snapshot");
    assert_eq!(answer.head.status(), 200, "{}", answer.text());
    answer.body
}

fn film(op: TransformOp) -> impl Iterator<Item = Vec<u8>> {
    let turned = move |jpeg: &[u8]| turbojpeg::transform(&Transform::op(op), jpeg).unwrap().to_vec();
    (0..picture::FILM).map(move |number| turned(&picture::draw(640, 480, number, NOISE)))
}

/// Whether it is one of the film turned so, to the last byte behind the camera's marker, which no encoder of ours leaves in.
fn is_untouched(jpeg: &[u8], op: TransformOp) -> bool {
    const MARKER: usize = 24;
    assert!(Marker::of(jpeg).is_some(), "as the camera has made it");
    film(op).any(|own| own[2..] == jpeg[2 + MARKER..])
}

/// Whether it is one of the film turned so, whoever did that.
fn is_turned(jpeg: &[u8], op: TransformOp) -> bool {
    let pixels = picture::decode(jpeg).pixels;
    film(op).any(|own| picture::decode(&own).pixels == pixels)
}

fn says(daemon: &Daemon) -> String {
    let state: Value = serde_json::from_slice(&get(daemon, "/api/v1/state").body).unwrap();
    state["camera"]["text"].as_str().unwrap().to_owned()
}

fn send(daemon: &Daemon, method: &str, path: &str, body: &Value) -> Answer {
    let mut client = Client::connect(daemon);
    let body = body.to_string();
    let lines = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    client.ask(method, &format!("/api/v1{path}"), &lines);
    client.send(body);
    client.answer()
}

fn patch(daemon: &Daemon, image: &Value) {
    let answer = send(daemon, "PATCH", "/settings", &json!({ "image": image }));
    assert_eq!(answer.head.status(), 200, "{}", answer.text());
}

#[test]
fn a_camera_that_can_flip_does_so_and_its_jpegs_go_through_untouched() {
    for (args, op, set, words) in [
        (&["--flip-horizontal"][..], TransformOp::Hflip, &["hflip=1"][..], "flipped horizontally"),
        (&["--flip-vertical"], TransformOp::Vflip, &["vflip=1"], "flipped vertically"),
        (&["--rotate", "180"], TransformOp::Rot180, &["hflip=1", "vflip=1"], "turned by 180 degrees"),
        (&["--rotate", "180", "--flip-vertical"], TransformOp::Hflip, &["hflip=1"], "flipped horizontally"),
    ] {
        let camera = jpeg_camera("hv");
        let daemon = daemon(&camera, args);
        assert!(is_untouched(&snapshot(&daemon), op), "{args:?}");
        assert_eq!(camera.settings(), set, "{args:?}");
        assert!(says(&daemon).ends_with(&format!(" at 30/s, {words} by the camera")), "{}", says(&daemon));
        assert!(daemon.log.count(&format!("{words} by the camera")) > 0, "{}", daemon.log.text());
        assert!(!daemon.log.text().contains("WARN"), "{}", daemon.log.text());
    }
}

#[test]
fn a_raw_picture_that_the_camera_flips_is_not_flipped_once_more() {
    let white = |colour: [u8; 3]| colour.iter().all(|part| *part > 180);
    let camera = Camera::new("YUYV").flipping("hv");
    let daemon = daemon(&camera, &["--rotate", "180"]);
    let image = picture::decode(&snapshot(&daemon));
    let [left, right] = [10, 90].map(|x| picture::colour(&image, x, 30));
    assert!(white(left) || left[2] > 180, "blue on the left: {left:?}");
    assert!(white(right) || right[0] > 180, "red on the right: {right:?}");
    assert_ne!(picture::colour(&image, 90, 1), picture::colour(&image, 90, 99));
    assert!(picture::colour(&image, 10, 99).iter().all(|part| *part < 80), "its number is at the bottom");
    assert_eq!(camera.settings(), ["hflip=1", "vflip=1"]);
}

#[test]
fn a_sensor_that_is_built_in_upside_down_is_flipped_from_there() {
    let camera = jpeg_camera("HV");
    let daemon = daemon(&camera, &["--rotate", "180"]);
    assert!(is_untouched(&snapshot(&daemon), TransformOp::Rot180));
    assert_eq!(camera.settings(), ["hflip=0", "vflip=0"]);
}

#[test]
fn what_the_driver_has_not_is_left_to_us() {
    for (flips, args, op, set) in [
        ("v", &["--rotate", "180"][..], TransformOp::Rot180, &["vflip=1"][..]),
        ("", &["--rotate", "180"], TransformOp::Rot180, &[]),
        ("h", &["--flip-vertical"], TransformOp::Vflip, &[]),
        // Of a quarter of a turn flips would spare nothing.
        ("hv", &["--rotate", "90", "--flip-horizontal"], TransformOp::Transverse, &[]),
    ] {
        let camera = jpeg_camera(flips);
        let daemon = daemon(&camera, args);
        let jpeg = snapshot(&daemon);
        assert!(Marker::of(&jpeg).is_none(), "{flips} {args:?}: we have done something");
        assert!(is_turned(&jpeg, op), "{flips} {args:?}");
        assert_eq!(camera.settings(), set, "{flips} {args:?}");
    }
}

#[test]
fn a_crop_is_of_the_camera_s_own_picture_whoever_flips() {
    for (crop, is_of) in [("160x480+0+0", 0), ("160x480+480+0", 2)] {
        for flips in ["hv", ""] {
            let camera = jpeg_camera(flips);
            let daemon = daemon(&camera, &["--rotate", "180", "--crop", crop]);
            let image = picture::decode(&snapshot(&daemon));
            assert_eq!((image.width, image.height), (160, 480));
            // Red is on the left of the camera's picture and blue on the right; the bar hides a part at most.
            let of = |colour: usize| image.pixels.chunks(3).filter(|pixel| pixel[colour] > 150).count();
            let all = image.width * image.height;
            assert!(of(is_of) > all * 9 / 10 && of(2 - is_of) < all / 4, "{crop} {flips}");
        }
    }
}

#[test]
fn a_flip_that_the_user_sets_by_its_name_is_the_user_s() {
    for (control, set, op) in [
        // The way out for a driver whose flip is no good: we do it.
        ("horizontal_flip=default", "hflip=0", TransformOp::Hflip),
        // And what the user has flipped there is, for us, how the camera's picture lies.
        ("0x00980914=1", "hflip=1", TransformOp::None),
    ] {
        let camera = jpeg_camera("hv");
        let daemon = daemon(&camera, &["--flip-horizontal", "--control", control]);
        let jpeg = snapshot(&daemon);
        assert!(Marker::of(&jpeg).is_none() && is_turned(&jpeg, op), "{control}");
        assert_eq!(camera.settings(), [set]);
        assert!(!says(&daemon).contains("by the camera"), "{}", says(&daemon));
    }
}

#[test]
fn a_driver_that_refuses_or_forgets_is_told_once_and_we_flip() {
    for (fault, words) in [
        ("s_ctrl=EIO", "VIDIOC_S_EXT_CTRLS failed: Input/output error (os error 5); mjpegd flips"),
        ("s_ctrl=EINVAL", "failed: Invalid argument (os error 22); mjpegd flips"),
        ("s_ctrl=EBUSY", "in use; the camera takes no value for it now"),
        ("forget", "does not stay at true, the camera has false; mjpegd flips the pictures itself"),
    ] {
        let camera = jpeg_camera("hv");
        camera.fault(fault);
        let daemon = daemon(&camera, &["--flip-horizontal", "--idle-timeout", "1"]);
        for round in 1..=2 {
            assert!(is_turned(&snapshot(&daemon), TransformOp::Hflip), "{fault}");
            assert!(!says(&daemon).contains("by the camera"), "{fault}");
            assert!(camera.wait_for("close", round, PATIENCE));
        }
        let told = format!("{}: control horizontal_flip: ", camera.path(0));
        assert_eq!(daemon.log.count(&told), 1, "{}", daemon.log.text());
        assert!(daemon.log.text().contains(words), "{}", daemon.log.text());
    }
}

#[test]
fn a_camera_that_another_program_uses_is_not_flipped() {
    let camera = jpeg_camera("hv");
    camera.fault("reqbufs=EBUSY");
    let daemon = daemon(&camera, &["--flip-horizontal"]);
    assert!(daemon.log.wait_for("in use by", PATIENCE).is_some(), "{}", daemon.log.text());
    assert_eq!(camera.settings(), [""; 0]);
    camera.mend();
    assert!(within(PATIENCE, || camera.settings() == ["hflip=1"]), "{:?}", camera.events());
}

#[test]
fn flips_that_are_changed_while_it_runs_are_the_camera_s_from_the_next_picture_on() {
    let camera = jpeg_camera("hv");
    let daemon = daemon(&camera, &[]);
    let mut stream = Stream::open(&daemon, "/stream");
    let untouched = |stream: &mut Stream, op| {
        let found = stream.find(300, |part| is_untouched(&part.jpeg, op));
        assert!(found.is_some(), "{op:?}: {:?}", camera.events());
    };
    untouched(&mut stream, TransformOp::None);
    patch(&daemon, &json!({"rotate": 180}));
    untouched(&mut stream, TransformOp::Rot180);
    patch(&daemon, &json!({"flip-vertical": true}));
    untouched(&mut stream, TransformOp::Hflip);
    patch(&daemon, &json!({"rotate": null, "flip-vertical": null}));
    untouched(&mut stream, TransformOp::None);
    // Each time the camera was stopped, its flips went back to their defaults, and those that were wanted then were set.
    let set = ["hflip=1", "vflip=1", "hflip=0", "vflip=0", "hflip=1", "hflip=0"];
    assert_eq!(camera.settings(), set);
    assert_eq!(camera.count("streamon"), 4);
}

#[test]
fn a_camera_that_cannot_flip_is_not_opened_anew_for_it() {
    let camera = jpeg_camera("");
    let daemon = daemon(&camera, &[]);
    let mut stream = Stream::open(&daemon, "/stream");
    stream.next();
    patch(&daemon, &json!({"rotate": 180}));
    let turned = stream.find(300, |part| Marker::of(&part.jpeg).is_none());
    assert!(turned.is_some_and(|part| is_turned(&part.jpeg, TransformOp::Rot180)));
    assert_eq!(camera.count("streamon"), 1);
}

#[test]
fn a_flip_that_the_pictures_need_is_held_and_is_its_default_when_the_camera_rests() {
    let camera = jpeg_camera("hv");
    let daemon = daemon(&camera, &["--flip-horizontal", "--idle-timeout", "1"]);
    let control = |key: &str| -> Value {
        serde_json::from_slice(&get(&daemon, &format!("/api/v1/controls/{key}")).body).unwrap()
    };
    let mut stream = Stream::open(&daemon, "/stream");
    stream.next();
    let held = control("horizontal_flip");
    assert_eq!((&held["value"], &held["inactive"]), (&true.into(), &true.into()));
    assert_eq!(control("vertical_flip")["inactive"], false);
    for (method, body) in [("PUT", json!({"value": false})), ("DELETE", json!({}))] {
        let answer = send(&daemon, method, "/controls/horizontal_flip", &body);
        assert_eq!(answer.head.status(), 409, "{}", answer.text());
        let words = "horizontal_flip: held by the flips and the rotation of [image]";
        assert!(answer.text().contains(words), "{}", answer.text());
    }
    // A reset of all passes it over, and the others are reset.
    assert_eq!(send(&daemon, "DELETE", "/controls", &json!({})).head.status(), 200);
    assert!(is_untouched(&stream.next().jpeg, TransformOp::Hflip));
    drop(stream);
    assert!(camera.wait_for("streamoff", 1, PATIENCE));
    assert!(within(PATIENCE, || control("horizontal_flip")["value"] == false), "{:?}", camera.settings());
    assert_eq!(control("horizontal_flip")["inactive"], false);
    assert!(is_untouched(&snapshot(&daemon), TransformOp::Hflip), "and again for the next viewer");
}
