//! Pixels: each format that a camera may give, in its right colours, and what is made of the driver's answers.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use common::camera::Camera;
use common::client::{get, state};
use common::daemon::{Daemon, Launch};
use common::picture;
use common::{PATIENCE, within};
use turbojpeg::Image;

fn snapshot(daemon: &Daemon) -> Image<Vec<u8>> {
    let answer = get(daemon, "/snapshot");
    assert_eq!(answer.head.status(), 200, "{}", answer.text());
    picture::decode(&answer.body)
}

fn camera_state(daemon: &Daemon) -> serde_json::Value {
    state(daemon)["result"]["mjpegd"]["camera"].clone()
}

/// Takes pictures of a camera with this one format, whose lines may be longer than their pixels.
fn pictures_of(format: &str, check: fn(&Image<Vec<u8>>) -> bool) {
    for padding in ["0", "64"] {
        let camera = Camera::new(format).set("FAKECAM_STRIDE_PAD", padding);
        let daemon = Daemon::with_camera(&camera, &["--resolution", "640x480"]);
        let first = snapshot(&daemon);
        assert_eq!((first.width, first.height), (640, 480));
        assert!(check(&first), "{format} with {padding} bytes after each line");
        let second = snapshot(&daemon);
        assert!(check(&second), "{format} with {padding} bytes after each line");
        assert!(picture::number(&second) > picture::number(&first), "it is another picture");
    }
}

fn shows_its_colours(format: &str) {
    pictures_of(format, |image| picture::is_red_and_blue(image) && picture::has_white_bar(image));
}

#[test]
fn yuyv_shows_its_colours() {
    shows_its_colours("YUYV");
}

#[test]
fn uyvy_shows_its_colours() {
    shows_its_colours("UYVY");
}

#[test]
fn yvyu_shows_its_colours() {
    shows_its_colours("YVYU");
}

#[test]
fn nv12_shows_its_colours() {
    shows_its_colours("NV12");
}

#[test]
fn nv21_shows_its_colours() {
    shows_its_colours("NV21");
}

#[test]
fn yu12_shows_its_colours() {
    shows_its_colours("YU12");
}

#[test]
fn yv12_shows_its_colours() {
    shows_its_colours("YV12");
}

#[test]
fn rgb24_shows_its_colours() {
    shows_its_colours("RGB3");
}

#[test]
fn bgr24_shows_its_colours() {
    shows_its_colours("BGR3");
}

#[test]
fn rgb565_shows_its_colours() {
    shows_its_colours("RGBP");
}

#[test]
fn grey_is_grey() {
    pictures_of("GREY", |image| {
        let levels = [10, 30, 60, 90].map(|x| picture::colour(image, x, 50));
        let grey = |[r, g, b]: &[u8; 3]| r.abs_diff(*g) < 4 && g.abs_diff(*b) < 4;
        // Red is brighter than blue; the bar may hide one of the points.
        let least_left = levels[0][0].min(levels[1][0]);
        let least_right = levels[2][0].min(levels[3][0]);
        levels.iter().all(grey) && least_left > least_right + 20 && picture::has_white_bar(image)
    });
}

#[test]
fn mjpeg_and_jpeg_are_passed_on_as_they_are() {
    for format in ["MJPG", "JPEG"] {
        let camera = Camera::new(format).film(640, 480, 0);
        let daemon = Daemon::with_camera(&camera, &[]);
        let answer = get(&daemon, "/snapshot");
        assert!(picture::is_red_and_blue(&picture::decode(&answer.body)));
        let marker = picture::Marker::of(&answer.body).expect("the camera's own bytes");
        let own = picture::draw(640, 480, marker.sequence as usize % picture::FILM, 0);
        assert!(answer.body.ends_with(&own[2..]), "nothing but the marker stands before the camera's bytes");
    }
}

#[test]
fn odd_sizes_are_encoded_whole() {
    // Not a multiple of a JPEG's blocks in either direction.
    for format in ["YUYV", "NV12", "YU12", "RGB3"] {
        let camera = Camera::new(format).set("FAKECAM_SIZES", "518x386");
        let daemon = Daemon::with_camera(&camera, &["--resolution", "518x386"]);
        let image = snapshot(&daemon);
        assert_eq!((image.width, image.height), (518, 386));
        assert!(picture::is_red_and_blue(&image), "{format}");
    }
}

#[test]
fn the_chosen_subsampling_is_kept() {
    let camera = Camera::new("YUYV");
    for (ratio, expected) in [("4:2:0", turbojpeg::Subsamp::Sub2x2), ("4:2:2", turbojpeg::Subsamp::Sub2x1)] {
        let daemon = Daemon::with_camera(&camera, &["--subsampling", ratio]);
        let jpeg = get(&daemon, "/snapshot").body;
        assert_eq!(turbojpeg::read_header(&jpeg).unwrap().subsamp, expected);
        assert!(picture::is_red_and_blue(&picture::decode(&jpeg)));
    }
}

#[test]
fn the_nearest_size_is_taken_and_said_once() {
    let camera = Camera::mjpeg().set("FAKECAM_SIZES", "640x480,1280x720").film(1280, 720, 0);
    let daemon = Daemon::with_camera(&camera, &["--resolution", "1920x1080"]);
    let image = snapshot(&daemon);
    assert_eq!((image.width, image.height), (1280, 720));
    let line = daemon.log.wait_for("1280x720", PATIENCE).expect("it is logged");
    assert!(line.contains("1920x1080"), "{line}");
    snapshot(&daemon);
    assert_eq!(daemon.log.count("1280x720"), 1, "{}", daemon.log.text());
    assert_eq!(state(&daemon)["result"]["source"]["resolution"]["width"], 1280);
}

#[test]
fn the_camera_is_asked_for_the_rate() {
    let camera = Camera::mjpeg().set("FAKECAM_FPS", "30,15");
    let daemon = Daemon::with_camera(&camera, &["--desired-fps", "15"]);
    snapshot(&daemon);
    assert_eq!(camera_state(&daemon)["fps"], 15.0);
}

#[test]
fn jpeg_is_preferred_where_the_camera_has_it_at_the_size() {
    let camera = Camera::mjpeg().set("FAKECAM_FORMATS", "YUYV,MJPG");
    let daemon = Daemon::with_camera(&camera, &["--resolution", "640x480"]);
    snapshot(&daemon);
    assert_eq!(camera_state(&daemon)["format"], "MJPEG");
}

#[test]
fn a_raw_format_is_taken_where_jpeg_has_not_the_size() {
    let camera = Camera::mjpeg().set("FAKECAM_FORMATS", "MJPG,YUYV");
    let camera = camera.set("FAKECAM_SIZES", "640x480,1280x720").set("FAKECAM_SIZES_MJPG", "640x480");
    let daemon = Daemon::with_camera(&camera, &["--resolution", "1280x720"]);
    assert_eq!(snapshot(&daemon).width, 1280);
    assert_eq!(camera_state(&daemon)["format"], "YUYV");
}

#[test]
fn the_asked_format_goes_before_the_preference() {
    let camera = Camera::mjpeg().set("FAKECAM_FORMATS", "MJPG,YUYV");
    let daemon = Daemon::with_camera(&camera, &["--format", "YUYV", "--resolution", "640x480"]);
    assert!(picture::is_red_and_blue(&snapshot(&daemon)));
    assert_eq!(camera_state(&daemon)["format"], "YUYV");
}

#[test]
fn a_format_that_cannot_be_read_is_passed_over_or_told() {
    let camera = Camera::new("H264,YUYV");
    let daemon = Daemon::with_camera(&camera, &["--resolution", "640x480"]);
    assert!(picture::is_red_and_blue(&snapshot(&daemon)));
    let camera = Camera::new("H264");
    let daemon = Daemon::with_camera(&camera, &[]);
    let answer = get(&daemon, "/snapshot");
    assert_eq!(answer.head.status(), 503);
    assert!(answer.text().contains("without a format that mjpegd reads"), "{}", answer.text());
}

#[test]
fn a_list_of_devices_falls_through_to_the_first_camera() {
    let camera = Camera::mjpeg().node("codec").node("meta").node("capture");
    let missing = "/nonexistent/video9";
    let list = format!(
        "[source.v4l2]\ndevice = [\"{missing}\", \"{}\", \"{}\", \"{}\"]\n",
        camera.path(1),
        camera.path(2),
        camera.path(3)
    );
    let daemon = Launch::default().config(&list).preload(&camera).start();
    assert!(picture::is_red_and_blue(&snapshot(&daemon)));
    let device = camera_state(&daemon)["device"].as_str().unwrap().to_owned();
    assert!(device.contains(camera.path(3)), "{device}");
}

#[test]
fn a_codec_is_no_camera_and_that_is_said() {
    let camera = Camera::mjpeg().node("codec");
    let list = format!("[source.v4l2]\ndevice = \"{}\"\n", camera.path(1));
    let daemon = Launch::default().config(&list).preload(&camera).start();
    let answer = get(&daemon, "/snapshot");
    assert_eq!(answer.head.status(), 503);
    let text = answer.text();
    assert!(text.contains(camera.path(1)) && text.contains("not a camera"), "{text}");
}

#[test]
fn every_picture_of_a_stream_is_there_once_and_in_order_though_several_threads_encode() {
    let camera = Camera::new("YUYV");
    let daemon = Daemon::with_camera(&camera, &["--resolution", "640x480", "--workers", "3"]);
    let mut stream = common::stream::Stream::open(&daemon, "/stream");
    let mut last = 0;
    for _ in 0..60 {
        let number = picture::number(&picture::decode(&stream.next().jpeg));
        assert!(number > last || last == 0, "{number} after {last}");
        last = number;
    }
    assert!(within(PATIENCE, || state(&daemon)["result"]["source"]["captured_fps"].as_f64() > Some(5.0)));
}
