//! Pictures from programs: as they come, and through all that a program can do wrong.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::client::{get, state};
use common::daemon::{Daemon, Launch, words};
use common::stream::Stream;
use common::{PATIENCE, picture, within};
use rustix::process::Signal;

/// A folder with a film as `000.jpg` and so on, and with programs.
struct Stage(tempfile::TempDir);

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        for number in 0..picture::FILM {
            let jpeg = picture::draw(320, 240, number, 0);
            fs::write(folder.path().join(format!("{number:03}.jpg")), jpeg).unwrap();
        }
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// A shell script that begins in this folder.
    fn script(&self, name: &str, lines: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, format!("#!/bin/sh\ncd {}\n{lines}\n", self.path().display())).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn daemon(&self, lines: &str) -> Daemon {
        let script = self.script("program", lines);
        Launch::default().args(&["--source", "command", "--command", script.to_str().unwrap()]).start()
    }
}

/// Shows the film for ever.
const FILM: &str = "while :; do for one in *.jpg; do cat $one; sleep 0.03; done; done";

fn camera(daemon: &Daemon) -> serde_json::Value {
    state(daemon)["result"]["mjpegd"]["camera"].clone()
}

/// Programs that still have this folder for their own.
fn programs_in(folder: &Path) -> Vec<String> {
    let of = |entry: fs::DirEntry| {
        let cwd = fs::read_link(entry.path().join("cwd")).ok()?;
        (cwd == folder).then(|| entry.file_name().to_string_lossy().into_owned())
    };
    fs::read_dir("/proc").unwrap().filter_map(|entry| of(entry.unwrap())).collect()
}

#[test]
fn jpegs_end_to_end_are_shown_as_they_are() {
    let stage = Stage::new();
    let daemon = stage.daemon(FILM);
    let mut stream = Stream::open(&daemon, "/stream");
    let film: Vec<_> = (0..picture::FILM)
        .map(|number| fs::read(stage.path().join(format!("{number:03}.jpg"))).unwrap())
        .collect();
    let shown: Vec<_> = (0..20).map(|_| stream.next().jpeg).collect();
    assert!(shown.iter().all(|jpeg| film.contains(jpeg)));
    assert!(shown.windows(2).any(|two| two[0] != two[1]));
    let camera = camera(&daemon);
    assert_eq!(
        (&camera["state"], &camera["device"], &camera["width"]),
        (&"online".into(), &"program".into(), &320.into())
    );
}

#[test]
fn a_multipart_stream_is_taken_apart_with_lengths_and_without() {
    let stage = Stage::new();
    for head in ["", "Content-Length: 7\\r\\n"] {
        let daemon = stage.daemon(&format!(
            "while :; do for one in *.jpg; do printf -- '--frame\\r\\nContent-Type: image/jpeg\\r\\n{head}\\r\\n'; \
             cat $one; printf '\\r\\n'; sleep 0.03; done; done"
        ));
        let mut stream = Stream::open(&daemon, "/stream");
        for _ in 0..5 {
            assert!(picture::is_red_and_blue(&picture::decode(&stream.next().jpeg)));
        }
    }
}

#[test]
fn what_ffmpeg_and_gstreamer_write_is_shown() {
    for words in [
        "ffmpeg -nostdin -v error -re -f lavfi -i testsrc=size=320x240:rate=20 -c:v mjpeg -f image2pipe -",
        "ffmpeg -nostdin -v error -re -f lavfi -i testsrc=size=320x240:rate=20 -c:v mjpeg -f mpjpeg -",
        "gst-launch-1.0 -q videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=20/1 ! jpegenc ! fdsink",
        "gst-launch-1.0 -q videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=20/1 ! jpegenc ! multipartmux ! fdsink",
    ] {
        let daemon = Launch::default().args(&["--source", "command", "--command", words]).start();
        let mut stream = Stream::open(&daemon, "/stream?extra_headers=1");
        let live = stream.find(100, |part| part.head.value("X-UStreamer-Online") == Some("true"));
        let live = live.unwrap_or_else(|| panic!("{words}: {}", daemon.log.text()));
        assert_eq!(picture::decode(&live.jpeg).width, 320, "{words}");
    }
}

#[test]
fn one_that_ends_is_started_again_and_its_last_words_are_told() {
    let stage = Stage::new();
    let daemon =
        stage.daemon("echo started >>starts; cat 000.jpg 001.jpg; sleep 0.5; echo 'out of film' >&2; exit 7");
    let mut stream = Stream::open(&daemon, "/stream");
    stream.next();
    assert!(
        daemon.log.wait_for("program ended with status 7: out of film", PATIENCE).is_some(),
        "{}",
        daemon.log.text()
    );
    assert!(daemon.log.wait_for("program: out of film", PATIENCE).is_some());
    let starts = || fs::read_to_string(stage.path().join("starts")).unwrap_or_default().lines().count();
    assert!(within(PATIENCE, || starts() >= 2));
    // On the same connection: what is wrong, and then the film.
    assert!(stream.find(100, |part| picture::decode(&part.jpeg).width == 320).is_some());
}

#[test]
fn one_that_gives_nothing_of_use_is_told_of_and_started_more_and_more_rarely() {
    let stage = Stage::new();
    let daemon = stage.daemon("echo started >>starts; head -c 100000 /dev/urandom");
    let _stream = Stream::open(&daemon, "/stream");
    assert!(
        daemon.log.wait_for("there was no whole JPEG in its output", PATIENCE).is_some(),
        "{}",
        daemon.log.text()
    );
    let starts = || fs::read_to_string(stage.path().join("starts")).unwrap_or_default().lines().count();
    assert!(within(PATIENCE, || starts() == 3), "{}", starts());
    // The next one comes four seconds after the third.
    assert_eq!(get(&daemon, "/healthz").head.status(), 200);
}

#[test]
fn one_that_hangs_is_ended_and_started_again() {
    let stage = Stage::new();
    let script = stage.script("program", "echo started >>starts; cat 000.jpg; exec sleep 1000");
    let daemon = Launch::default()
        .args(&["--source", "command", "--source-timeout", "1", "--command", script.to_str().unwrap()])
        .start();
    let _stream = Stream::open(&daemon, "/stream");
    let starts = || fs::read_to_string(stage.path().join("starts")).unwrap_or_default().lines().count();
    assert!(within(PATIENCE, || starts() >= 2));
    assert!(daemon.log.text().contains("program: no picture for 0.75 s"), "{}", daemon.log.text());
    // The first one is gone: of the second there is the shell, and for a moment what it calls.
    assert!(within(PATIENCE, || programs_in(stage.path()).len() <= 1));
}

#[test]
fn one_that_is_not_there_is_named() {
    let daemon =
        Launch::default().args(&["--source", "command", "--command", "/no/such/program --fast"]).start();
    let _stream = Stream::open(&daemon, "/stream");
    let line = daemon.log.wait_for("no camera: ", PATIENCE).unwrap();
    assert!(line.contains("\"/no/such/program\" cannot be started (No such file"), "{line}");
}

#[test]
fn it_is_ended_when_nobody_watches_and_with_mjpegd_however_that_ends() {
    let stage = Stage::new();
    // With a child of its own that does not want to end.
    let script = stage.script("program", &format!("(trap '' TERM; exec sleep 1000) &\n{FILM}"));
    let start = || {
        let daemon = Launch::default()
            .args(&["--source", "command", "--idle-timeout", "0.2", "--command", script.to_str().unwrap()])
            .start();
        let mut stream = Stream::open(&daemon, "/stream");
        stream.next();
        assert!(programs_in(stage.path()).len() >= 2);
        (daemon, stream)
    };
    let gone = || within(PATIENCE, || programs_in(stage.path()).is_empty());
    let (daemon, stream) = start();
    drop(stream);
    assert!(gone(), "{:?}", programs_in(stage.path()));
    drop(daemon);
    let (daemon, _stream) = start();
    daemon.signal(Signal::TERM);
    assert!(gone(), "{:?}", programs_in(stage.path()));
    // Killed it cannot see to anything: the kernel ends the program that it has started, and systemd all the others.
    let (daemon, _stream) = start();
    let program = programs_in(stage.path())[0].clone();
    daemon.signal(Signal::KILL);
    assert!(within(PATIENCE, || !programs_in(stage.path()).contains(&program)));
    for left in programs_in(stage.path()) {
        Command::new("kill").args(["-9", &left]).status().unwrap();
    }
}

#[test]
fn more_pictures_than_anybody_wants_cost_no_memory_and_no_delay() {
    let stage = Stage::new();
    let daemon = stage.daemon("while :; do cat *.jpg *.jpg *.jpg; done");
    let mut stream = Stream::open(&daemon, "/stream");
    for _ in 0..50 {
        stream.next();
    }
    let resident = |daemon: &Daemon| {
        let status = fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    };
    let before = resident(&daemon);
    for _ in 0..100 {
        stream.next();
    }
    assert!(resident(&daemon) < before + 8192, "{before} kB, then {}", resident(&daemon));
    assert!(state(&daemon)["result"]["mjpegd"]["frames"]["lost_by_driver"].as_u64().unwrap() > 0);
}

#[test]
fn rpicam_vid_is_started_with_what_the_settings_say() {
    let stage = Stage::new();
    // What `rpicam-vid --help` of rpicam-apps 1.5 has; whatever else it is given it refuses.
    stage.script(
        "rpicam-vid",
        "echo \"$@\" >>asked\n\
         while [ $# -gt 0 ]; do case $1 in\n\
         --nopreview|--flush|--hflip|--vflip) shift;;\n\
         --timeout|--codec|--output|--camera|--width|--height|--framerate|--quality|--awb) shift 2;;\n\
         *) echo \"ERROR: *** unrecognised option '$1' ***\" >&2; exit 255;; esac; done\n\
         while :; do for one in *.jpg; do cat $one; sleep 0.03; done; done",
    );
    let path = format!("{}:{}", stage.path().display(), std::env::var("PATH").unwrap());
    let daemon = Launch::default()
        .args(&["--source", "rpicam", "--resolution", "320x240", "--desired-fps", "15", "--quality", "60"])
        .args(&["--rotate", "180", "--rpicam-options", "--awb indoor"])
        .env("PATH", &path)
        .start();
    let mut stream = Stream::open(&daemon, "/stream");
    // It flips them itself: they are shown as they come.
    assert_eq!(stream.next().jpeg, fs::read(stage.path().join("000.jpg")).unwrap());
    let asked = fs::read_to_string(stage.path().join("asked")).unwrap();
    assert_eq!(
        asked.trim(),
        "--nopreview --timeout 0 --codec mjpeg --flush --output - --camera 0 --width 320 --height 240 --framerate 15 \
         --quality 60 --awb indoor --hflip --vflip"
    );
    assert!(camera(&daemon)["text"].as_str().unwrap().contains("turned by 180 degrees by the camera"));
}

#[test]
fn a_source_that_lacks_what_it_needs_is_refused_at_the_start() {
    for (flags, word) in [
        (&["--source", "command"][..], "--command"),
        (&["--source", "pull"], "--pull-url"),
        (&["--source", "rtsp"], "--rtsp-url"),
        (&["--source", "redis", "--redis-url", "redis://localhost"], "--redis-channel"),
        (&["--source", "command", "--command", "cat 'a"], "a quote without its end"),
    ] {
        let words = words();
        let output = Command::new(&words[0]).args(&words[1..]).args(["check"]).args(flags).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(word), "{flags:?}: {said}");
    }
}
