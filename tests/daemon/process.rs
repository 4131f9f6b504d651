//! What can befall a process: stopped, without standard streams, killed with programs that it started.

use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mjpegd::clock::Monotonic;
use rustix::process::Signal;

use crate::common::camera::Camera;
use crate::common::client::{Client, state};
use crate::common::daemon::{Daemon, Launch, words};
use crate::common::picture::{Marker, decode};
use crate::common::stream::Stream;
use crate::common::victim::{PATTERN, Victim};
use crate::common::{PATIENCE, within};

#[test]
fn without_standard_streams_nothing_is_written_where_it_does_not_belong() {
    let words = words();
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$@\" <&- >&- 2>&-", "sh"]).args(&words).args(PATTERN).args(["--debug"]);
    let daemon = Victim::of(command);
    for number in 0..3 {
        let file = fs::read_link(format!("/proc/{}/fd/{number}", daemon.child.id())).unwrap();
        assert_eq!(file, PathBuf::from("/dev/null"));
    }
    // It logs each connection at this level: a viewer whose socket is its standard error would read that.
    let wire = crate::common::wire::Wire::Tcp(TcpStream::connect(daemon.address).unwrap());
    let mut viewer = Stream::over(Client::over(wire), "/stream");
    for _ in 0..10 {
        assert_eq!(decode(&viewer.next().jpeg).width, 320);
        assert_eq!(daemon.get("/healthz").head.status(), 200);
    }
}

#[test]
fn a_log_that_nobody_reads_any_more_does_not_end_it() {
    let words = words();
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).args(PATTERN).arg("--debug").stderr(Stdio::piped());
    let mut daemon = Victim::of(command);
    drop(daemon.child.stderr.take());
    for _ in 0..10 {
        assert_eq!(decode(&daemon.get("/snapshot").body).width, 320);
    }
    assert!(daemon.child.try_wait().unwrap().is_none());
}

/// Stops the process for this long.
fn freeze(daemon: &Daemon, time: Duration) {
    daemon.signal(Signal::STOP);
    thread::sleep(time);
    daemon.signal(Signal::CONT);
}

fn frames(daemon: &Daemon, what: &str) -> u64 {
    state(daemon)["result"]["mjpegd"]["frames"][what].as_u64().unwrap()
}

/// Some seconds of what a viewer sees after a stop: the greatest age of a picture that is new to him, and how many came at once.
fn after_a_stop(viewer: &mut Stream, resumed: Instant) -> (Duration, Duration) {
    // What had been sent before, and lay in the socket meanwhile.
    let mut oldest = Duration::ZERO;
    let mut first_live = None;
    while resumed.elapsed() < Duration::from_secs(3) {
        let part = viewer.next();
        let Some(Marker { taken, .. }) = part.marker() else { continue };
        let age = taken.age();
        if age < Duration::from_millis(500) {
            first_live.get_or_insert_with(|| resumed.elapsed());
        }
        if first_live.is_some() {
            oldest = oldest.max(age);
        }
    }
    (first_live.expect("a live picture"), oldest)
}

#[test]
fn stopped_and_continued_it_shows_what_is_and_not_what_was() {
    let camera = Camera::mjpeg();
    let daemon = Launch::default().camera(&camera).env("WATCHDOG_USEC", "2000000").start();
    let mut viewers: Vec<_> = (0..3).map(|_| Stream::open(&daemon, "/stream")).collect();
    viewers.iter_mut().for_each(|viewer| {
        viewer.find(60, |part| part.marker().is_some()).unwrap();
    });
    let opened = camera.count("open");
    freeze(&daemon, Duration::from_secs(5));
    let resumed = Instant::now();
    let mut seen = Vec::new();
    thread::scope(|scope| {
        let threads: Vec<_> =
            viewers.iter_mut().map(|viewer| scope.spawn(|| after_a_stop(viewer, resumed))).collect();
        seen.extend(threads.into_iter().map(|thread| thread.join().unwrap()));
    });
    for (live_after, oldest) in seen {
        // What viewers are promised; and no picture from before the stop.
        assert!(live_after < Duration::from_secs(2), "{live_after:?}");
        assert!(oldest < Duration::from_secs(1), "{oldest:?}");
    }
    let log = daemon.log.text();
    assert!(!log.contains("hangs") && !log.contains("WARN") && !log.contains("ERROR"), "{log}");
    assert_eq!(camera.count("open"), opened, "the camera was opened anew");
    assert_eq!(frames(&daemon, "dropped_error_flag") + frames(&daemon, "dropped_invalid"), 0);
    assert_eq!(state(&daemon)["result"]["stream"]["clients"], 3);
}

#[test]
fn a_slow_camera_is_not_blamed_for_a_stop_of_the_process() {
    let camera = Camera::mjpeg();
    let daemon = Launch::default()
        .camera(&camera)
        .args(&["--device-timeout", "2"])
        .env("WATCHDOG_USEC", "1000000")
        .start();
    let mut viewer = Stream::open(&daemon, "/stream");
    viewer.find(60, |part| part.marker().is_some()).unwrap();
    for _ in 0..4 {
        // It has no picture ready when the process goes on, as it would have with one a second.
        camera.fault("stall");
        freeze(&daemon, Duration::from_secs(4));
        thread::sleep(Duration::from_millis(600));
        camera.mend();
        let resumed = Monotonic::now();
        let is_new = |marker: Marker| marker.taken > resumed;
        assert!(viewer.find(60, |part| part.marker().is_some_and(is_new)).is_some());
    }
    let log = daemon.log.text();
    assert!(!log.contains("hangs") && !log.contains("WARN") && !log.contains("ERROR"), "{log}");
    assert_eq!(camera.count("open"), camera.count("close") + 1, "the camera was opened anew");
}

#[test]
fn stopped_for_longer_than_any_timeout_it_closes_nobody() {
    let settings = "[http]\nserver-timeout = 1\nrequest-timeout = 1\n[source]\ntimeout = 1\n[source.v4l2]\ndevice-timeout = 0.5\n";
    let daemon = Launch::default().args(&PATTERN).config(settings).start();
    // They read all the time: who does not is closed, and rightly.
    let end = AtomicBool::new(false);
    let seen: Vec<_> = (0..5).map(|_| AtomicU64::new(0)).collect();
    thread::scope(|scope| {
        for seen in &seen {
            let mut viewer = Stream::open(&daemon, "/stream");
            let end = &end;
            scope.spawn(move || {
                while !end.load(Ordering::Relaxed) {
                    viewer.next();
                    seen.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let see_more = || {
            let before: Vec<_> = seen.iter().map(|seen| seen.load(Ordering::Relaxed)).collect();
            let sees_more = |(seen, before): (&AtomicU64, &u64)| seen.load(Ordering::Relaxed) > before + 30;
            within(PATIENCE, || seen.iter().zip(&before).all(sees_more))
        };
        let all = (0..3).all(|_| {
            let goes_on = see_more();
            freeze(&daemon, Duration::from_secs(4));
            goes_on
        });
        let at_the_end = see_more();
        let clients = state(&daemon)["result"]["stream"]["clients"].as_u64();
        end.store(true, Ordering::Relaxed);
        assert!(all && at_the_end);
        assert_eq!(clients, Some(5));
    });
    assert_eq!(daemon.log.count("WARN") + daemon.log.count("ERROR"), 0, "{}", daemon.log.text());
}

/// Empty: there is no such process.
fn stat(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default()
}

#[test]
fn programs_that_it_started_are_gone_when_it_is_killed() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let config = folder.path().join("mjpegd.toml");
    fs::write(&config, "[[push]]\nto = \"command\"\ncommand = \"cat\"\n[filter]\ncommand = \"cat\"\n")
        .unwrap();
    let words = words();
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).args(PATTERN).arg("--config").arg(&config).stderr(Stdio::null());
    let daemon = Victim::of(command);
    let parent = daemon.child.id();
    let children = || -> Vec<u32> {
        let all = fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
        all.filter(|pid: &u32| {
            let stat = stat(*pid);
            stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)?.parse().ok())
                == Some(parent)
        })
        .collect()
    };
    let mut started = Vec::new();
    assert!(within(PATIENCE, || {
        started = children();
        started.len() >= 2
    }));
    daemon.kill();
    let is_there = |pid: &u32| {
        let stat = stat(*pid);
        !stat.is_empty() && !stat.contains(") Z ")
    };
    assert!(within(PATIENCE, || !started.iter().any(is_there)), "{started:?}");
}
