//! Filters that the documents name: ffmpeg, and the examples.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use common::camera::Camera;
use common::client::get;
use common::daemon::Launch;
use common::filter::{all, daemon, filter, find, is_plain};
use common::stream::{Part, Stream};
use common::{PATIENCE, picture};

fn is_negative(jpeg: &[u8]) -> bool {
    let image = picture::decode(jpeg);
    let hits = |points: [usize; 4], test: fn([u8; 3]) -> bool| {
        points.iter().filter(|x| test(picture::colour(&image, **x, 60))).count() >= 3
    };
    hits([8, 18, 28, 38], |[r, g, b]| r < 70 && g > 180 && b > 180)
        && hits([58, 68, 78, 88], |[r, g, b]| r > 180 && g > 180 && b < 70)
}

#[test]
fn ffmpeg_changes_what_viewers_see_in_either_format() {
    let camera = Camera::mjpeg();
    for (format, demuxer) in [("multipart", "mpjpeg"), ("jpeg", "mjpeg")] {
        let words = format!("ffmpeg -v error -f {demuxer} -i - -vf negate -c:v mjpeg -q:v 3 -f image2pipe -");
        let daemon = daemon(&camera, &["--filter", &words, "--filter-format", format]);
        let mut stream = Stream::open(&daemon, "/stream");
        find(&mut stream, |part| is_negative(&part.jpeg));
        assert!(all(&mut stream, 60, |part| is_negative(&part.jpeg)), "{format}");
        let snapshot = get(&daemon, "/snapshot");
        assert!(is_negative(&snapshot.body), "{format}");
        let filter = filter(&daemon);
        assert_eq!(
            (&filter["state"], &filter["restarts"]),
            (&"running".into(), &0.into()),
            "{format}: {filter}"
        );
        assert!(
            filter["answered"].as_u64().unwrap() > 50 && filter["latency_seconds"].as_f64().unwrap() > 0.0
        );
        let metrics = get(&daemon, "/metrics").text();
        assert!(metrics.contains("mjpegd_filter_state{state=\"running\"} 1"), "{metrics}");
    }
}

#[test]
fn ffmpeg_draws_a_text_as_the_example_says() {
    let camera = Camera::mjpeg();
    let example = include_str!("../examples/filters/drawtext.toml");
    let daemon = Launch::default().camera(&camera).args(&["--device-timeout", "30"]).config(example).start();
    let mut stream = Stream::open(&daemon, "/stream");
    // Half dark behind the text, so that less red remains; and elsewhere it is as it was.
    let has_text = |part: &Part| {
        let image = picture::decode(&part.jpeg);
        let dark = (12..40).filter(|y| image.pixels[y * image.pitch + 14 * 3] < 180).count();
        dark > 10 && picture::is_red_and_blue(&image)
    };
    find(&mut stream, has_text);
    assert_eq!(filter(&daemon)["state"], "running");
}

#[test]
fn ffmpegs_look_ahead_holds_back_no_picture_that_is_the_last() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    fs::write(folder.path().join("one.jpg"), picture::draw(320, 240, 3, 0)).unwrap();
    let daemon = Launch::default()
        .args(&["--source", "slideshow", "--slideshow-folder", folder.path().to_str().unwrap()])
        .args(&["--slideshow-interval", "86400", "--filter-format", "jpeg", "--filter"])
        .args(&["ffmpeg -v error -f mjpeg -i - -vf negate -c:v mjpeg -q:v 3 -f image2pipe -"])
        .start();
    let mut stream = Stream::open(&daemon, "/stream");
    find(&mut stream, |part| is_negative(&part.jpeg));
}

#[test]
fn the_motion_example_passes_pictures_on_and_calls_the_hook_once_in_a_while() {
    let hook = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/moved", hook.local_addr().unwrap());
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        for socket in hook.incoming() {
            let mut socket = socket.unwrap();
            socket.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap();
            let mut said = Vec::new();
            // Reset, where it has had its answer before all of its words were read.
            let _ = socket.read_to_end(&mut said);
            if tell.send(said).is_err() {
                return;
            }
        }
    });
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/filters/motion.py");
    let camera = Camera::mjpeg();
    let daemon = daemon(&camera, &["--filter", &format!("/usr/bin/python3 {script} {url} 3600")]);
    let mut stream = Stream::open(&daemon, "/stream");
    let reader = thread::spawn(move || all(&mut stream, 100, is_plain));
    let said = told.recv_timeout(2 * PATIENCE).unwrap();
    let head = String::from_utf8_lossy(&said[..said.len().min(400)]).into_owned();
    assert!(
        head.starts_with("POST /moved HTTP/1.1\r\n") && head.contains("Content-Type: image/jpeg"),
        "{head}"
    );
    assert!(told.recv_timeout(Duration::from_secs(4)).is_err(), "a second time within the hour");
    assert!(reader.join().unwrap(), "passed on as they are");
    assert_eq!(filter(&daemon)["state"], "running");
}

/// Where the examples are; used by their texts.
#[test]
fn each_example_says_what_to_put_into_the_settings() {
    let folder = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("examples/filters");
    let mut seen = 0;
    for file in folder.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
        let text = fs::read_to_string(&file).unwrap();
        let lines = text.lines().map(str::trim).skip_while(|line| *line != "[filter]");
        let section: Vec<_> = match file.extension().unwrap().to_str().unwrap() {
            "py" => lines.take_while(|line| !line.is_empty() && !line.contains("\"\"\"")).collect(),
            _ => lines.collect(),
        };
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let path = folder.path().join("mjpegd.toml");
        fs::write(&path, section.join("\n")).unwrap();
        let settings = mjpegd::config::load(Some(&path), mjpegd::config::Keys::default()).unwrap();
        assert!(settings.filter.command.len() > 1, "{}", file.display());
        seen += 1;
    }
    assert!(seen >= 3, "{seen}");
}
