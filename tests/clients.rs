//! Programs that people watch with, as they are: ffmpeg and curl.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::process::{Command, Output};

use common::camera::Camera;
use common::daemon::Daemon;
use common::picture;

fn run(program: &str, args: &[&str]) -> Output {
    let output = Command::new(program).args(args).output();
    output.unwrap_or_else(|error| panic!("{program}: {error}; run `make deps`"))
}

/// ffmpeg reads 30 frames, and finds nothing to say about any of them.
fn ffmpeg_is_content(daemon: &Daemon, target: &str) {
    let url = daemon.url(target);
    let output =
        run("ffmpeg", &["-nostdin", "-v", "warning", "-i", &url, "-frames:v", "30", "-f", "null", "-"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{target}: {said}");
    assert_eq!(said, "", "{target}");
}

#[test]
fn ffmpeg_reads_a_camera_without_a_warning() {
    for fault in ["", "strip-dht pad:512"] {
        // Noisy as a real picture: ffmpeg 5.1 misses the end of many a JPEG whose last blocks are quite flat, whoever
        // made it, and says so ("EOI missing").
        let camera = Camera::mjpeg().film(640, 480, 60);
        camera.fault(fault);
        let daemon = Daemon::with_camera(&camera, &[]);
        ffmpeg_is_content(&daemon, "/stream");
        ffmpeg_is_content(&daemon, "/?action=stream");
    }
}

#[test]
fn ffmpeg_reads_what_we_encode_without_a_warning() {
    for subsampling in ["4:2:0", "4:2:2"] {
        ffmpeg_is_content(&Daemon::with_pattern(&["--subsampling", subsampling]), "/stream");
    }
}

#[test]
fn ffmpeg_reads_the_stream_with_every_parameter() {
    let daemon = Daemon::with_pattern(&[]);
    ffmpeg_is_content(&daemon, "/stream?extra_headers=1&dual_final_frames=1");
    ffmpeg_is_content(&daemon, "/stream?advance_headers=1");
}

#[test]
fn curl_saves_a_snapshot() {
    let daemon = Daemon::with_pattern(&[]);
    let output = run("curl", &["-sS", "--fail", &daemon.url("/snapshot")]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let image = picture::decode(&output.stdout);
    assert_eq!((image.width, image.height), (640, 480));
}

#[test]
fn curl_fails_where_there_is_no_picture() {
    let args = ["--source", "v4l2", "--device", "/nonexistent/video0"];
    let daemon = common::daemon::Launch::default().args(&args).start();
    let output = run("curl", &["-sS", "--fail", &daemon.url("/snapshot")]);
    // 22: the server answered with an error.
    assert_eq!(output.status.code(), Some(22));
}
