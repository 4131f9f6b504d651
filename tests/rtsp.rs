//! Pictures of network cameras: a real RTSP server, the system's ffmpeg, and what both can do wrong.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use common::client::{get, state};
use common::daemon::{Daemon, Launch};
use common::stream::{Part, Stream};
use common::{PATIENCE, picture, within};
use rustix::process::{Pid, Signal, kill_process};

/// A camera that is ended with its test.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(port: u16, login: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/rtsp_server.py");
        let mut command = Command::new("/usr/bin/python3");
        command.arg(script).arg(port.to_string()).args(login).stdout(Stdio::piped()).process_group(0);
        let mut child = command.spawn().expect("python3 is installed");
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Self { child, port: port.trim().parse().expect("GStreamer's RTSP server is installed") }
    }

    fn url(&self, login: &str, path: &str) -> String {
        format!("rtsp://{login}127.0.0.1:{}/{path}", self.port)
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.child.id() as i32).unwrap(), signal).unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn daemon(url: &str, flags: &[&str]) -> Daemon {
    let retry = ["--device-error-delay", "0.2"];
    Launch::default().args(&["--source", "rtsp", "--rtsp-url", url]).args(&retry).args(flags).start()
}

fn camera(daemon: &Daemon) -> serde_json::Value {
    state(daemon)["result"]["mjpegd"]["camera"].clone()
}

fn is_live(part: &Part) -> bool {
    part.head.value("X-UStreamer-Online") == Some("true")
}

/// A white ball on black.
fn is_ball(part: &Part) -> bool {
    let image = picture::decode(&part.jpeg);
    let (least, most) = (image.pixels.iter().min().unwrap(), image.pixels.iter().max().unwrap());
    is_live(part) && (image.width, image.height) == (320, 240) && *least < 5 && *most > 250
}

/// Until it moves.
fn shows_the_ball(daemon: &Daemon) {
    let mut stream = Stream::open(daemon, "/stream?extra_headers=1");
    let mut seen = None;
    let moves = stream.find(600, |part| {
        is_ball(part) && seen.replace(part.jpeg.clone()).is_some_and(|before: Vec<u8>| before != part.jpeg)
    });
    assert!(moves.is_some(), "{}", daemon.log.text());
}

#[test]
fn each_kind_of_video_is_shown_with_the_blacks_and_whites_that_it_has() {
    let server = Server::start(0, &[]);
    for (path, transport) in
        [("h264", "tcp"), ("h264", "udp"), ("h265", "tcp"), ("jpeg", "tcp"), ("jpeg", "udp")]
    {
        let daemon = daemon(&server.url("", path), &["--rtsp-transport", transport]);
        shows_the_ball(&daemon);
        let text = camera(&daemon)["text"].to_string();
        assert!(text.contains(&server.url("", path)), "{text}");
        let metrics = get(&daemon, "/metrics").text();
        let encoded = !metrics.contains("mjpegd_encode_seconds_count 0\n");
        // What is a JPEG already is not made anew.
        assert_eq!(encoded, path != "jpeg", "{path} over {transport}");
    }
}

#[test]
fn a_password_stands_in_no_list_of_processes_and_in_no_log() {
    let server = Server::start(0, &["me", "pass word"]);
    let good = daemon(&server.url("me:pass%20word@", "h264"), &[]);
    shows_the_ball(&good);
    let told = |pid: &str| fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let processes =
        fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    let lines: Vec<_> =
        processes.map(|pid| String::from_utf8_lossy(&told(&pid)).replace('\0', " ")).collect();
    let ours: Vec<_> = lines.iter().filter(|line| line.starts_with("ffmpeg")).collect();
    assert!(!ours.is_empty() && ours.iter().all(|line| !line.contains("word@")), "{ours:?}");
    let wrong = daemon(&server.url("me:gues%73ed@", "h264"), &[]);
    let _stream = Stream::open(&wrong, "/stream");
    let said = wrong.log.wait_for("no signal", PATIENCE).expect("it is refused");
    assert!(said.contains("401 Unauthorized"), "{said}");
    for daemon in [&good, &wrong] {
        let shown = daemon.log.text() + &state(daemon).to_string();
        assert!(
            !shown.contains("pass%20word")
                && !shown.contains("pass word")
                && !shown.contains("guessed")
                && !shown.contains("gues%73ed"),
            "{shown}"
        );
    }
}

#[test]
fn a_camera_that_is_switched_off_and_on_is_shown_again_on_the_same_connection() {
    let mut server = Server::start(0, &[]);
    let daemon = daemon(&server.url("", "h264"), &[]);
    shows_the_ball(&daemon);
    let mut stream = Stream::open(&daemon, "/stream?extra_headers=1");
    let port = server.port;
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    assert!(stream.find(600, |part| !is_live(part)).is_some());
    let _server = Server::start(port, &[]);
    assert!(stream.find(600, is_ball).is_some(), "{}", daemon.log.text());
}

#[test]
fn an_ffmpeg_that_is_killed_or_hangs_is_replaced_on_the_same_connection() {
    let server = Server::start(0, &[]);
    let daemon = daemon(&server.url("", "h264"), &["--source-timeout", "2"]);
    let mut stream = Stream::open(&daemon, "/stream?extra_headers=1");
    for signal in [Signal::KILL, Signal::STOP] {
        assert!(stream.find(600, is_ball).is_some(), "{}", daemon.log.text());
        let ffmpegs = children(daemon.pid());
        assert_eq!(ffmpegs.len(), 1);
        kill_process(ffmpegs[0], signal).unwrap();
        assert!(stream.find(600, |part| !is_live(part)).is_some());
    }
    assert!(stream.find(600, is_ball).is_some(), "{}", daemon.log.text());
}

/// Of any of its threads.
fn children(of: u32) -> Vec<Pid> {
    let threads = fs::read_dir(format!("/proc/{of}/task")).unwrap();
    let lists =
        threads.map(|thread| fs::read_to_string(thread.unwrap().path().join("children")).unwrap_or_default());
    let pids: Vec<_> = lists
        .flat_map(|list| list.split_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<_>>())
        .collect();
    pids.into_iter().map(|pid| Pid::from_raw(pid).unwrap()).collect()
}

#[test]
fn a_camera_that_falls_silent_is_asked_for_anew() {
    let server = Server::start(0, &[]);
    let daemon = daemon(&server.url("", "jpeg"), &["--source-timeout", "2"]);
    shows_the_ball(&daemon);
    let _stream = Stream::open(&daemon, "/stream?extra_headers=1");
    server.signal(Signal::STOP);
    assert!(daemon.log.wait_for("no picture for 1.5 s", PATIENCE).is_some(), "{}", daemon.log.text());
    server.signal(Signal::CONT);
    assert!(within(PATIENCE, || camera(&daemon)["state"] == "online"), "{}", daemon.log.text());
}

#[test]
fn what_is_no_camera_is_told_and_costs_nothing() {
    // One answers nonsense, one nothing at all.
    for nonsense in [&b"HTTP/1.1 200 OK\r\n\r\n\xFF\xD8\xFF"[..], b""] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                thread::spawn(move || {
                    let _ = connection.write_all(nonsense);
                    let _ = connection.read_to_end(&mut Vec::new());
                });
            }
        });
        let daemon = daemon(&format!("rtsp://127.0.0.1:{port}/live"), &["--source-timeout", "1"]);
        let mut stream = Stream::open(&daemon, "/stream?extra_headers=1");
        assert!(daemon.log.wait_for("no signal", PATIENCE).is_some(), "{}", daemon.log.text());
        stream.next();
        let threads = daemon.threads();
        thread::sleep(Duration::from_secs(3));
        assert!(daemon.threads() <= threads + 3, "{} threads", daemon.threads());
    }
}
