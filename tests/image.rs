//! Turned, cut, scaled and grey pictures, and texts over them, as viewers get them from the shipped binary.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::process::{Command, Stdio};

use common::camera::Camera;
use common::client::{Answer, get, state};
use common::daemon::{Daemon, words};
use common::{PATIENCE, picture};
use turbojpeg::{Image, Subsamp};

fn snapshot(daemon: &Daemon) -> Answer {
    let answer = get(daemon, "/snapshot");
    assert_eq!(answer.head.status(), 200, "{}", answer.text());
    answer
}

/// Both kinds of cameras: those that compress, and those that leave that to us.
fn cameras() -> [(&'static str, Camera); 2] {
    [("JPEG", Camera::mjpeg()), ("YUYV", Camera::new("YUYV"))]
}

/// The picture that a camera's viewers get with these flags, which is as large as all say that it is.
fn seen_with(camera: &Camera, args: &[&str], size: (usize, usize)) -> Image<Vec<u8>> {
    let daemon = Daemon::with_camera(camera, &[&["--resolution", "640x480"], args].concat());
    let answer = snapshot(&daemon);
    let image = picture::decode(&answer.body);
    assert_eq!((image.width, image.height), size, "{args:?}");
    assert_eq!(answer.head.value("X-UStreamer-Width"), Some(&*size.0.to_string()));
    assert_eq!(answer.head.value("X-UStreamer-Height"), Some(&*size.1.to_string()));
    let resolution = state(&daemon)["result"]["source"]["resolution"].clone();
    assert_eq!(
        (resolution["width"].as_u64(), resolution["height"].as_u64()),
        (Some(size.0 as u64), Some(size.1 as u64))
    );
    assert_eq!(ffmpeg_warnings(&answer.body), "", "{args:?}");
    image
}

fn ffmpeg_warnings(jpeg: &[u8]) -> String {
    let file = tempfile::NamedTempFile::with_suffix_in(".jpg", env!("CARGO_TARGET_TMPDIR")).unwrap();
    std::fs::write(file.path(), jpeg).unwrap();
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "warning", "-i"])
        .arg(file.path())
        .args(["-f", "null", "-"])
        .stdout(Stdio::null())
        .output()
        .expect("ffmpeg is needed for the tests");
    assert!(output.status.success());
    // ffmpeg 5.1 misses the end of many a JPEG whose last blocks are quite flat, whoever made it.
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    said.lines().filter(|line| !line.ends_with("EOI missing, emulating")).collect()
}

/// Whether most of these points, in hundredths of the picture, are of one colour; the white bar may hide some.
fn are(image: &Image<Vec<u8>>, points: [(usize, usize); 4], is: fn([u8; 3]) -> bool) -> bool {
    points.iter().filter(|(x, y)| is(picture::colour(image, *x, *y))).count() >= 3
}

fn red([r, g, b]: [u8; 3]) -> bool {
    r > 180 && g < 80 && b < 80
}

fn blue([r, g, b]: [u8; 3]) -> bool {
    b > 180 && r < 80 && g < 80
}

const LEFT: [(usize, usize); 4] = [(8, 30), (18, 60), (28, 45), (38, 80)];
const RIGHT: [(usize, usize); 4] = [(62, 30), (72, 60), (82, 45), (92, 80)];

fn turned(points: [(usize, usize); 4]) -> [(usize, usize); 4] {
    points.map(|(x, y)| (y, x))
}

#[test]
fn a_picture_lies_as_it_is_told_to() {
    for (kind, camera) in cameras() {
        let image = seen_with(&camera, &["--rotate", "180"], (640, 480));
        assert!(are(&image, LEFT, blue) && are(&image, RIGHT, red), "{kind}: half a turn");
        let image = seen_with(&camera, &["--flip-horizontal"], (640, 480));
        assert!(are(&image, LEFT, blue) && are(&image, RIGHT, red), "{kind}: mirrored");
        let image = seen_with(&camera, &["--flip-vertical"], (640, 480));
        assert!(are(&image, LEFT, red) && are(&image, RIGHT, blue), "{kind}: upside down");
        // The left edge comes to the top by turning clockwise.
        let image = seen_with(&camera, &["--rotate", "90"], (480, 640));
        assert!(are(&image, turned(LEFT), red) && are(&image, turned(RIGHT), blue), "{kind}: a quarter");
        let image = seen_with(&camera, &["--rotate", "270"], (480, 640));
        assert!(are(&image, turned(LEFT), blue) && are(&image, turned(RIGHT), red), "{kind}: three quarters");
        let image = seen_with(&camera, &["--rotate", "90", "--flip-horizontal"], (480, 640));
        assert!(are(&image, turned(LEFT), blue), "{kind}: the flip comes first");
    }
}

#[test]
fn a_camera_of_odd_size_is_turned_whole() {
    for (kind, camera) in [
        ("JPEG", Camera::mjpeg().set("FAKECAM_SIZES", "518x386").film(518, 386, 0)),
        ("YUYV", Camera::new("YUYV").set("FAKECAM_SIZES", "518x386")),
    ] {
        let image = seen_with(&camera, &["--rotate", "180"], (518, 386));
        assert!(are(&image, LEFT, blue) && are(&image, RIGHT, red), "{kind}");
        let image = seen_with(&camera, &["--rotate", "90"], (386, 518));
        assert!(are(&image, turned(LEFT), red) && are(&image, turned(RIGHT), blue), "{kind}");
    }
}

#[test]
fn a_picture_is_cut_scaled_and_made_grey() {
    for (kind, camera) in cameras() {
        for crop in ["320x480+0+0", "313x400+0+33"] {
            let (width, height) = crop.split_once('+').unwrap().0.split_once('x').unwrap();
            let image =
                seen_with(&camera, &["--crop", crop], (width.parse().unwrap(), height.parse().unwrap()));
            assert!(are(&image, LEFT, red) && are(&image, RIGHT, red), "{kind} {crop}");
        }
        for (scale, size) in [("320x240", (320, 240)), ("800x300", (800, 300)), ("213x99", (213, 99))] {
            let image = seen_with(&camera, &["--scale", scale], size);
            assert!(are(&image, LEFT, red) && are(&image, RIGHT, blue), "{kind} {scale}");
        }
        let image = seen_with(&camera, &["--greyscale"], (640, 480));
        assert!(image.pixels.chunks(3).all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]), "{kind}");
        // All of it at once: the right half, a quarter turned, is blue all over.
        let all = ["--crop", "300x480+340+0", "--rotate", "90", "--scale", "200x100", "--flip-vertical"];
        let image = seen_with(&camera, &all, (200, 100));
        assert!(are(&image, LEFT, blue) && are(&image, RIGHT, blue), "{kind}");
    }
}

#[test]
fn a_jpeg_keeps_its_quality_and_its_colours_where_it_can_be_turned_without_loss() {
    let camera = Camera::mjpeg();
    let own = |number| picture::draw(640, 480, number, 0);
    let daemon = Daemon::with_camera(&camera, &["--rotate", "180", "--quality", "10"]);
    let jpeg = snapshot(&daemon).body;
    let header = turbojpeg::read_header(&jpeg).unwrap();
    assert_eq!(header.subsamp, Subsamp::Sub2x1);
    // Turned back, it is one of the camera's to the last pixel.
    let back =
        turbojpeg::transform(&turbojpeg::Transform::op(turbojpeg::TransformOp::Rot180), &jpeg).unwrap();
    let back = picture::decode(&back).pixels;
    assert!((0..picture::FILM).any(|number| picture::decode(&own(number)).pixels == back));
}

#[test]
fn a_crop_that_is_not_within_the_picture_is_told_once_and_no_camera_is_lost() {
    for (kind, camera) in cameras() {
        for (crop, size, words) in [
            ("640x480+1000+0", (640, 480), "all of it is shown"),
            ("640x480+320+0", (320, 480), "320x480 of it are shown"),
        ] {
            let daemon = Daemon::with_camera(&camera, &["--resolution", "640x480", "--crop", crop]);
            for _ in 0..3 {
                let image = picture::decode(&snapshot(&daemon).body);
                assert_eq!((image.width, image.height), size, "{kind}");
            }
            let line = daemon.log.wait_for(words, PATIENCE).expect("it is logged");
            assert!(line.contains(crop) && line.contains("640x480"), "{line}");
            assert_eq!(daemon.log.count(words), 1, "{}", daemon.log.text());
        }
    }
}

/// How many pixels are green in each of the four quarters of the picture.
fn green(image: &Image<Vec<u8>>) -> [usize; 4] {
    let mut quarters = [0; 4];
    for (at, pixel) in image.pixels.chunks(3).enumerate() {
        let (x, y) = (at % image.width, at / image.width);
        let quarter = 2 * usize::from(y > image.height / 2) + usize::from(x > image.width / 2);
        quarters[quarter] += usize::from(pixel[1] > 140 && pixel[0] < 110 && pixel[2] < 110);
    }
    quarters
}

#[test]
fn a_text_stands_in_the_corner_that_is_named() {
    for (kind, camera) in cameras() {
        for (index, corner) in
            ["top-left", "top-right", "bottom-left", "bottom-right"].into_iter().enumerate()
        {
            let flags =
                ["--overlay-text", "{name} %H:%M", "--overlay-name", "Shed", "--overlay-size-percent", "8"];
            let look = [
                "--overlay-colour",
                "#00FF00",
                "--overlay-background",
                "#000000",
                "--overlay-corner",
                corner,
            ];
            let image = seen_with(&camera, &[&flags[..], &look].concat(), (640, 480));
            let green = green(&image);
            for (quarter, count) in green.iter().enumerate() {
                assert_eq!(*count > 300, quarter == index, "{kind} {corner}: {green:?}");
            }
            assert!(
                are(&image, [(8, 40), (18, 60), (28, 45), (38, 55)], red),
                "{kind}: the rest is as it was"
            );
        }
    }
}

#[test]
fn a_text_is_told_by_a_file_and_chinese_by_a_font() {
    let text = "[overlay]\ntext = \"车库 %Y\\n{fps}\"\nfont = \"/usr/share/fonts/truetype/wqy/wqy-microhei.ttc\"\n\
                colour = \"#00FF00\"\nbackground = \"#000000FF\"\nsize-percent = 20\n";
    let camera = Camera::mjpeg();
    let daemon = common::daemon::Launch::default().config(text).camera(&camera).start();
    let image = picture::decode(&snapshot(&daemon).body);
    assert!(green(&image)[0] > 2000, "{:?}", green(&image));
}

#[test]
fn what_cannot_be_written_or_read_is_told_with_its_flag_before_anything_starts() {
    for (flag, value, words) in [
        ("--overlay-font", "/nowhere.ttf", "--overlay-font: /nowhere.ttf: No such file"),
        ("--overlay-font", "/dev/null", "--overlay-font: /dev/null: it is not a font"),
        ("--overlay-time-zone", "Mars/Olympus", "--overlay-time-zone"),
        ("--overlay-text", "100%", "--overlay-text"),
        ("--rotate", "45", "0, 90, 180 or 270"),
        ("--crop", "10x10", "WIDTHxHEIGHT+X+Y"),
        ("--scale", "9", "--scale"),
    ] {
        let words_of_call = words_with(flag, value);
        assert!(words_of_call.contains(words), "{flag}: {words_of_call}");
    }
}

/// What `mjpegd check` says to a flag that it refuses.
fn words_with(flag: &str, value: &str) -> String {
    let words = words();
    let output = Command::new(&words[0])
        .args(&words[1..])
        .args([flag, value, "--host", "127.0.0.1", "--port", "0"])
        .output();
    let output = output.unwrap();
    assert!(matches!(output.status.code(), Some(2 | 78)), "{:?}", output.status);
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_test_picture_is_turned_too_and_viewers_see_every_picture_in_order() {
    let daemon =
        Daemon::with_pattern(&["--rotate", "90", "--resolution", "320x240", "--overlay-text", "%H:%M:%S"]);
    let mut stream = common::stream::Stream::open(&daemon, "/stream?extra_headers=1");
    let mut last = 0.0;
    for _ in 0..20 {
        let part = stream.next();
        let image = picture::decode(&part.jpeg);
        assert_eq!((image.width, image.height), (240, 320));
        let taken = part.head.number("X-Timestamp");
        assert!(taken > last, "{taken} after {last}");
        last = taken;
    }
}

#[test]
fn the_picture_that_says_why_there_is_none_has_the_size_of_those_to_come() {
    let args = [
        "--device",
        "/nowhere/video0",
        "--resolution",
        "640x480",
        "--rotate",
        "90",
        "--snapshot-placeholder",
    ];
    let daemon = common::daemon::Launch::default().args(&args).start();
    let image = picture::decode(&snapshot(&daemon).body);
    assert_eq!((image.width, image.height), (480, 640));
}
