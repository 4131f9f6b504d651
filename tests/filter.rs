//! A program between the camera and the viewers: it changes what they see, and does nothing to them when it is slow, hangs or dies.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use common::camera::Camera;
use common::client::{Client, get, state};
use common::daemon::{Daemon, Launch};
use common::filter::{all, daemon, filter, find, is_filtered, is_plain};
use common::stream::{Part, Stream};
use common::{PATIENCE, picture, within};
use rustix::process::Signal;

/// Reads what mjpegd sends, writes down that it was started, and marks each picture that it passes on.
const PYTHON: &str = r#"
import os, sys, time
open("starts", "a").write(f"{os.getpid()}\n")
out = sys.stdout.buffer
def pictures():
    length = 0
    for line in iter(sys.stdin.buffer.readline, b""):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
        elif not line.strip() and length:
            yield sys.stdin.buffer.read(length)
            length = 0
def answer(jpeg):
    out.write(jpeg[:2] + b"\xff\xfe\0\x0aFILTERED" + jpeg[2:])
    out.flush()
"#;

/// A folder that a filter begins in.
struct Stage(tempfile::TempDir);

impl Stage {
    fn new() -> Self {
        Self(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// A Python program that begins in this folder, as words.
    fn python(&self, lines: &str) -> String {
        let path = self.path().join("filter.py");
        let folder = self.path().display();
        fs::write(&path, format!("import os\nos.chdir({:?})\n{PYTHON}\n{lines}\n", folder.to_string()))
            .unwrap();
        format!("/usr/bin/python3 {}", path.display())
    }

    /// Numbers of the processes that were started, the newest last.
    fn starts(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path().join("starts")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Programs that still have this folder for their own.
    fn programs(&self) -> Vec<String> {
        let of = |entry: fs::DirEntry| {
            let cwd = fs::read_link(entry.path().join("cwd")).ok()?;
            (cwd == self.path()).then(|| entry.file_name().to_string_lossy().into_owned())
        };
        fs::read_dir("/proc").unwrap().filter_map(|entry| of(entry.unwrap())).collect()
    }
}

const ANSWER_ALL: &str = "for jpeg in pictures(): answer(jpeg)";

fn resident_kilobytes(daemon: &Daemon) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn a_picture_that_stands_still_is_filtered_too_and_so_when_the_filter_comes_back() {
    let stage = Stage::new();
    let slides = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    fs::write(slides.path().join("one.jpg"), picture::draw(320, 240, 3, 0)).unwrap();
    // The source gives it all the time, and none of that is shown again: for longer than anybody waits here.
    let daemon = Launch::default()
        .args(&["--source", "slideshow", "--slideshow-folder", slides.path().to_str().unwrap()])
        .args(&[
            "--slideshow-interval",
            "0.2",
            "--drop-same-frames",
            "1000",
            "--filter",
            &stage.python(ANSWER_ALL),
        ])
        .start();
    let mut stream = Stream::open(&daemon, "/stream");
    find(&mut stream, is_filtered);
    assert!(Command::new("kill").args(["-9", stage.starts().last().unwrap()]).status().unwrap().success());
    find(&mut stream, |part| !is_filtered(part));
    find(&mut stream, is_filtered);
    assert!(within(PATIENCE, || {
        state(&daemon)["result"]["mjpegd"]["frames"]["dropped_same"].as_u64().unwrap() > 0
    }));
}

#[test]
fn a_slow_one_lowers_the_rate_and_adds_no_delay_but_its_own() {
    let (stage, camera) = (Stage::new(), Camera::mjpeg());
    let words = stage.python("for jpeg in pictures():\n    time.sleep(0.5)\n    answer(jpeg)");
    let daemon = daemon(&camera, &["--filter", &words]);
    let mut stream = Stream::open(&daemon, "/stream");
    find(&mut stream, is_filtered);
    let begin = Instant::now();
    let (mut pictures, mut oldest) = (0, Duration::ZERO);
    while begin.elapsed() < Duration::from_secs(10) {
        let part = stream.next();
        assert!(is_filtered(&part));
        oldest = oldest.max(part.marker().unwrap().taken.age());
        pictures += 1;
    }
    assert!(pictures <= 20, "{pictures}");
    assert!(oldest < Duration::from_millis(2500), "{oldest:?}");
    let filter = filter(&daemon);
    assert!(filter["passed_over"].as_u64().unwrap() > 50, "{filter}");
    assert!(filter["latency_seconds"].as_f64().unwrap() >= 0.5, "{filter}");
    // A snapshot is newer than the asking.
    let asked = Instant::now();
    let snapshot = get(&daemon, "/snapshot");
    let age = picture::Marker::of(&snapshot.body).unwrap().taken.age();
    assert!(age < asked.elapsed(), "{age:?}");
}

#[test]
fn one_that_is_killed_is_replaced_and_the_picture_goes_on_without_it() {
    let (stage, camera) = (Stage::new(), Camera::mjpeg());
    let daemon = daemon(&camera, &["--filter", &stage.python(ANSWER_ALL)]);
    let mut stream = Stream::open(&daemon, "/stream");
    find(&mut stream, is_filtered);
    for round in 1..3 {
        assert!(
            Command::new("kill").args(["-9", stage.starts().last().unwrap()]).status().unwrap().success()
        );
        find(&mut stream, is_plain);
        find(&mut stream, is_filtered);
        assert!(all(&mut stream, 10, is_filtered));
        assert_eq!(filter(&daemon)["restarts"], round);
    }
    assert!(
        daemon.log.text().contains("filter: python3 was ended by signal 9; unfiltered pictures are shown")
    );
}

#[test]
fn one_that_never_answers_is_replaced_whether_it_reads_or_not() {
    for lines in ["for jpeg in pictures(): pass", "time.sleep(3600)"] {
        // Long pictures, so that a pipe does not hold them.
        let (stage, camera) = (Stage::new(), Camera::new("MJPG").film(640, 480, 255));
        let daemon = daemon(&camera, &["--filter", &stage.python(lines), "--filter-timeout", "1"]);
        let mut stream = Stream::open(&daemon, "/stream");
        assert!(all(&mut stream, 90, is_plain));
        assert!(within(PATIENCE, || stage.starts().len() >= 2));
        assert!(daemon.log.wait_for("filter: python3 has not answered for 1 s", PATIENCE).is_some());
        assert!(all(&mut stream, 30, is_plain));
        assert!(within(PATIENCE, || stage.programs().len() <= 1), "{:?}", stage.programs());
        assert_eq!(daemon.log.count("has not answered"), 1, "the same is told once:\n{}", daemon.log.text());
    }
}

#[test]
fn one_that_stops_answering_is_missed_at_once_when_it_is_replaced() {
    let (stage, camera) = (Stage::new(), Camera::mjpeg());
    let lines = "for number, jpeg in enumerate(pictures()):\n    number < 20 and answer(jpeg)";
    let daemon = daemon(&camera, &["--filter", &stage.python(lines), "--filter-timeout", "1"]);
    let mut stream = Stream::open(&daemon, "/stream");
    for _ in 0..2 {
        find(&mut stream, is_filtered);
        find(&mut stream, is_plain);
    }
}

#[test]
fn garbage_is_neither_shown_nor_kept() {
    let jpeg_without_end = r#"
for jpeg in pictures(): break
out.write(jpeg[:-2])
while True: out.write(b"\x2a" * 65536)"#;
    let trickle = "while True:\n    out.write(os.urandom(1000))\n    time.sleep(0.01)";
    let flood = "python3 writes what is no JPEG";
    for (lines, said) in [
        ("while True: out.write(os.urandom(65536))", flood),
        (jpeg_without_end, flood),
        (trickle, "not answered"),
    ] {
        let (stage, camera) = (Stage::new(), Camera::mjpeg());
        let daemon = daemon(
            &camera,
            &["--filter", &stage.python(lines), "--filter-timeout", if said == flood { "60" } else { "2" }],
        );
        let mut stream = Stream::open(&daemon, "/stream");
        assert!(all(&mut stream, 60, is_plain));
        assert!(daemon.log.wait_for(said, PATIENCE).is_some(), "{}", daemon.log.text());
        assert!(within(PATIENCE, || stage.starts().len() >= 2));
        assert!(all(&mut stream, 30, is_plain));
        // Twice as much as the longest picture, while its buffer grows.
        assert!(resident_kilobytes(&daemon) < 130 << 10, "{} kB", resident_kilobytes(&daemon));
    }
}

#[test]
fn answers_that_no_browser_can_draw_and_those_not_asked_for_are_left_out() {
    let lines = r#"
for number, jpeg in enumerate(pictures()):
    if number % 3 == 1: out.write(b"\xff\xd8\xff\xd9")
    elif number % 3 == 2: out.write(jpeg[:600])
    else:
        answer(jpeg)
        answer(jpeg)
    out.flush()"#;
    let (stage, camera) = (Stage::new(), Camera::mjpeg());
    let daemon = daemon(&camera, &["--filter", &stage.python(lines), "--filter-timeout", "1"]);
    let mut stream = Stream::open(&daemon, "/stream");
    for _ in 0..100 {
        assert_eq!(picture::decode(&stream.next().jpeg).width, 640);
    }
    assert!(within(PATIENCE, || filter(&daemon)["dropped"].as_u64().unwrap() > 0));
}

#[test]
fn one_that_cannot_be_started_is_named_and_pictures_pass() {
    let camera = Camera::mjpeg();
    let daemon = daemon(&camera, &["--filter", "/no/such/filter --fast"]);
    let line = daemon.log.wait_for("filter: ", PATIENCE).unwrap();
    assert!(line.contains("\"/no/such/filter\" cannot be started (No such file"), "{line}");
    let mut stream = Stream::open(&daemon, "/stream");
    assert!(all(&mut stream, 60, is_plain));
    let filter = filter(&daemon);
    assert_eq!(filter["state"], "failed");
    assert!(filter["text"].as_str().unwrap().contains("/no/such/filter"), "{filter}");
    assert_eq!(daemon.log.count("cannot be started"), 1);
}

#[test]
fn where_it_is_to_be_seen_pictures_without_the_filter_are_marked() {
    let (stage, camera) = (Stage::new(), Camera::mjpeg());
    let words = stage.python("time.sleep(2)\nfor jpeg in pictures(): answer(jpeg)");
    let daemon = daemon(&camera, &["--filter", &words, "--filter-on-failure", "mark"]);
    let mut stream = Stream::open(&daemon, "/stream");
    let is_marked = |part: &Part| {
        let image = picture::decode(&part.jpeg);
        let [red, ..] = picture::colour(&image, 20, 20);
        part.marker().is_none() && red < 200 && picture::has_white_bar(&image)
    };
    let unfiltered = find(&mut stream, |part| !is_filtered(part) && part.jpeg.len() > 1000);
    assert!(is_marked(&unfiltered));
    // It moves, and is the camera's: a snapshot of it is one.
    assert_eq!(get(&daemon, "/snapshot").head.status(), 200);
    find(&mut stream, is_filtered);
    assert!(all(&mut stream, 10, is_filtered));
}

#[test]
fn what_it_answers_late_is_not_shown_over_a_pause_and_the_next_viewer_sees_it_filtered() {
    let (stage, camera) = (Stage::new(), Camera::mjpeg());
    let words = stage.python("for jpeg in pictures():\n    time.sleep(0.5)\n    answer(jpeg)");
    let daemon = daemon(&camera, &["--filter", &words, "--idle-timeout", "0.2"]);
    let mut stream = Stream::open(&daemon, "/stream");
    find(&mut stream, is_filtered);
    let action = |name: &str| {
        let mut client = Client::connect(&daemon);
        client.ask("POST", &format!("/api/v1/actions/{name}"), "Content-Length: 0\r\n");
        assert!(client.answer().head.status() < 300);
    };
    let picture = || state(&daemon)["result"]["mjpegd"]["picture"].clone();
    for _ in 0..3 {
        action("pause");
        assert!(within(PATIENCE, || picture()["live"] == false));
        let number = picture()["number"].clone();
        thread::sleep(Duration::from_secs(2));
        assert_eq!(picture()["number"], number);
        action("continue");
        find(&mut stream, is_filtered);
    }
    drop(stream);
    assert!(within(PATIENCE, || picture().is_null()));
    thread::sleep(Duration::from_secs(2));
    assert!(picture().is_null());
    // The same program: it had waited.
    let mut stream = Stream::open(&daemon, "/stream");
    assert!(all(&mut stream, 2, is_filtered));
    assert_eq!(stage.starts().len(), 1);
}

#[test]
fn it_is_ended_with_mjpegd_however_that_ends() {
    let camera = Camera::mjpeg();
    for signal in [Signal::TERM, Signal::KILL] {
        let stage = Stage::new();
        // It does not want to.
        let lines = format!(
            "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{ANSWER_ALL}\ntime.sleep(3600)"
        );
        let mut daemon = daemon(&camera, &["--filter", &stage.python(&lines)]);
        find(&mut Stream::open(&daemon, "/stream"), is_filtered);
        assert_eq!(stage.programs().len(), 1);
        daemon.signal(signal);
        assert!(daemon.wait(PATIENCE).is_some());
        assert!(within(PATIENCE, || stage.programs().is_empty()), "{:?}", stage.programs());
    }
}

#[test]
fn it_is_not_to_be_chosen_over_the_network() {
    let daemon = Daemon::with_pattern(&[]);
    assert!(filter(&daemon).is_null());
    let mut client = Client::connect(&daemon);
    let body = r#"{"filter": {"command": "touch /tmp/x"}}"#;
    let head = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    client.ask("PATCH", "/api/v1/settings", &head);
    client.send(body);
    let answer = client.answer();
    assert!((400..500).contains(&answer.head.status()), "{}", answer.text());
}
