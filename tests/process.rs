//! What can befall a process: killed, stopped, without a disk, without standard streams.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mjpegd::clock::Monotonic;
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use serde_json::Value;

use common::camera::Camera;
use common::client::{Answer, Client, get, state};
use common::daemon::{Daemon, Launch, free_port, words};
use common::picture::{Marker, decode};
use common::stream::Stream;
use common::{PATIENCE, within};

const PATTERN: [&str; 4] = ["--source", "pattern", "--resolution", "320x240"];

fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// A daemon as `Daemon` is one, but that it may be started in odd ways and be killed.
struct Victim {
    child: Child,
    address: SocketAddr,
}

impl Victim {
    fn start(args: &[&str], log: &Path) -> Self {
        let words = words();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args(PATTERN).args(args);
        command.stderr(fs::File::options().append(true).create(true).open(log).unwrap());
        Self::of(command)
    }

    fn of(mut command: Command) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        command.args(["--host", "127.0.0.1", "--port", &address.port().to_string()]);
        command.env_remove("RUST_LOG").env_remove("NOTIFY_SOCKET");
        let mut child = command.spawn().unwrap();
        let is_up = within(PATIENCE, || {
            assert!(child.try_wait().unwrap().is_none(), "it has ended");
            TcpStream::connect(address).is_ok()
        });
        assert!(is_up);
        let victim = Self { child, address };
        assert_eq!(victim.get("/healthz").head.status(), 200);
        victim
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap()
    }

    fn get(&self, target: &str) -> Answer {
        Client::over(common::wire::Wire::Tcp(TcpStream::connect(self.address).unwrap())).get(target)
    }

    /// Sets a quality and keeps it over restarts. `None`: it was killed before it answered.
    fn save(&self, quality: u64) -> Option<Answer> {
        let socket = TcpStream::connect(self.address).ok()?;
        let mut client = Client::over(common::wire::Wire::Tcp(socket));
        let body = format!("{{\"encoder\": {{\"quality\": {quality}}}}}");
        let head = format!(
            "PATCH /api/v1/settings?save=1 HTTP/1.0\r\nHost: camera\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        if !client.try_send(head) {
            return None;
        }
        let bytes = client.rest();
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = common::client::Head(String::from_utf8(bytes[..end + 4].to_vec()).unwrap());
        Some(Answer { head, body: bytes[end + 4..].to_vec() })
    }

    fn quality(&self) -> u64 {
        let settings: Value = serde_json::from_slice(&self.get("/api/v1/settings").body).unwrap();
        settings["encoder"]["quality"].as_u64().unwrap()
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn detail(answer: &Answer) -> String {
    assert_eq!(answer.head.value("Content-Type"), Some("application/problem+json"), "{}", answer.text());
    let problem: Value = serde_json::from_slice(&answer.body).unwrap();
    problem["detail"].as_str().unwrap().to_owned()
}

/// What a generator gives that is seeded with the same each time, so that a failure can be had again.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

#[test]
fn killed_at_any_time_it_has_what_it_said_was_saved() {
    let folder = folder();
    let (kept, log) = (folder.path().join("kept"), folder.path().join("log"));
    fs::create_dir(&kept).unwrap();
    let file = kept.join("state.toml");
    let mut chance = 7;
    let (mut last, mut torn) = (80, 0);
    for life in 0..25 {
        let daemon = Victim::start(&["--state-file", file.to_str().unwrap()], &log);
        let found = daemon.quality();
        // What was asked for and not answered may have been kept, and nothing older than what was.
        let next = if last == 100 { 1 } else { last + 1 };
        assert!(found == last || (life > 0 && found == next), "life {life}: {found}, and {last} was saved");
        last = found;
        let delay = Duration::from_micros(random(&mut chance) % 60_000);
        let pid = daemon.pid();
        let killer = thread::spawn(move || {
            thread::sleep(delay);
            let _ = kill_process(pid, Signal::KILL);
        });
        let mut next = last;
        loop {
            next = if next == 100 { 1 } else { next + 1 };
            match daemon.save(next) {
                Some(answer) => {
                    assert_eq!(answer.head.status(), 200, "{}", answer.text());
                    last = next;
                }
                None => break,
            }
        }
        killer.join().unwrap();
        daemon.kill();
        torn += usize::from(names(&kept).len() > 1);
        let all = names(&kept);
        assert!(all.iter().all(|name| name == "state.toml" || name == "state.toml.new"), "{all:?}");
    }
    println!("killed 25 times, {torn} times between writing and renaming");
    assert!(!text(&log).contains("going on without what was kept"), "{}", text(&log));
    let daemon = Victim::start(&["--state-file", file.to_str().unwrap()], &log);
    assert_eq!(daemon.save(50).unwrap().head.status(), 200);
    assert_eq!(names(&kept), ["state.toml"]);
}

#[test]
fn killed_at_any_time_it_leaves_whole_pictures_and_a_whole_identity() {
    let folder = folder();
    let (pictures, log) = (folder.path().join("pictures"), folder.path().join("log"));
    fs::create_dir(&pictures).unwrap();
    let config = folder.path().join("mjpegd.toml");
    let push = |path: &str, more: &str| {
        format!("[[push]]\nto = \"file\"\npath = \"{}/{path}\"\n{more}\n", pictures.display())
    };
    fs::write(&config, push("now.jpg", "") + &push("%H%M%S.%f.jpg", "keep = 50")).unwrap();
    let mut chance = 11;
    let mut identity = None;
    for _ in 0..10 {
        let port = free_port().to_string();
        let state = folder.path().join("state.toml");
        let args = [
            "--config",
            config.to_str().unwrap(),
            "--tls-port",
            &port,
            "--state-file",
            state.to_str().unwrap(),
        ];
        let daemon = Victim::start(&args, &log);
        let made = fs::read(folder.path().join("tls.pem")).unwrap();
        assert_eq!(identity.get_or_insert_with(|| made.clone()), &made);
        thread::sleep(Duration::from_micros(100_000 + random(&mut chance) % 200_000));
        daemon.kill();
        let (unfinished, whole): (Vec<_>, Vec<_>) =
            names(&pictures).into_iter().partition(|name| name.starts_with('.'));
        // At most one of each push, from this life.
        assert!(unfinished.len() <= 2 && whole.len() <= 52, "{unfinished:?}, {}", whole.len());
        for name in whole {
            assert_eq!(decode(&fs::read(pictures.join(name)).unwrap()).width, 320);
        }
    }
    assert!(names(&pictures).len() > 10);
}

/// Runs a script where it may mount, with `daemon` to start one with its state in `disk`, and `save QUALITY` to save there and print the
/// answer. `None`: name spaces are not allowed here.
fn with_a_small_disk(script: &str) -> Option<(String, String)> {
    let folder = folder();
    let place = folder.path().display();
    let port = free_port();
    fs::create_dir(folder.path().join("disk")).unwrap();
    let before = format!(
        "cd {place}; mount -t tmpfs -o size=64k none disk || exit 77\n\
         daemon() {{ {} --source pattern --resolution 320x240 --host 127.0.0.1 --port {port} --state-file disk/state.toml 2>log & pid=$!\n\
         for try in $(seq 300); do curl -sfo /dev/null http://127.0.0.1:{port}/state && return; sleep 0.1; done; exit 1; }}\n\
         save() {{ curl -s -w ' %{{http_code}} %{{content_type}}\\n' -X PATCH -H 'Content-Type: application/json' \\\n\
         -d \"{{\\\"encoder\\\": {{\\\"quality\\\": $1}}}}\" \"http://127.0.0.1:{port}/api/v1/settings?save=1\"; }}\n",
        words().join(" ")
    );
    let path = folder.path().join("script");
    fs::write(&path, format!("{before}{script}\nkill $pid; wait $pid; echo \"ended with $?\"\n")).unwrap();
    let output =
        Command::new("unshare").args(["-rm", "sh"]).arg(&path).env_remove("RUST_LOG").output().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() == Some(77) || complaints.contains("unshare:") {
        eprintln!("not tried: name spaces are not allowed here");
        return None;
    }
    Some((
        String::from_utf8_lossy(&output.stdout).into_owned(),
        text(&folder.path().join("log")) + &complaints,
    ))
}

#[test]
fn a_full_disk_is_told_and_the_old_file_stays_until_there_is_room() {
    let script = "daemon; save 30 >first; head -c 1M /dev/zero >disk/filler 2>/dev/null\n\
                  save 40; cat disk/state.toml; ls -A disk; rm disk/filler; save 50 >third; cat disk/state.toml; ls -A disk";
    let Some((said, log)) = with_a_small_disk(script) else { return };
    assert!(
        said.contains("No space left on device") && said.contains("507 application/problem+json"),
        "{said}{log}"
    );
    assert!(said.contains("holds until mjpegd ends"), "{said}");
    // The old one, and nothing half written; then the new one.
    let parts: Vec<_> = said.split("filler\n").collect();
    assert!(parts[0].contains("quality = 30") && !parts[0].contains("state.toml.new"), "{said}{log}");
    assert!(parts[1].contains("quality = 50") && parts[1].contains("ended with 0"), "{said}{log}");
}

#[test]
fn a_disk_that_becomes_read_only_is_told_and_the_old_file_stays() {
    let script = "daemon; save 30 >first; mount -o remount,ro disk; save 40; mount -o remount,rw disk; save 50 >third; cat disk/state.toml";
    let Some((said, log)) = with_a_small_disk(script) else { return };
    assert!(
        said.contains("Read-only file system") && said.contains("500 application/problem+json"),
        "{said}{log}"
    );
    assert!(said.contains("quality = 50") && said.contains("ended with 0"), "{said}{log}");
}

#[test]
fn a_limit_of_the_length_of_files_does_not_end_it() {
    let folder = folder();
    let (file, log) = (folder.path().join("state.toml"), folder.path().join("log"));
    let daemon = Victim::start(&["--state-file", file.to_str().unwrap()], &log);
    assert_eq!(daemon.save(30).unwrap().head.status(), 200);
    let before = text(&file);
    let limit =
        |bytes| prlimit(Some(daemon.pid()), Resource::Fsize, Rlimit { current: bytes, maximum: None });
    // Its log goes into a file too, which is longer already.
    limit(Some(20)).unwrap();
    let answer = daemon.save(40).expect("it lives");
    assert_eq!(answer.head.status(), 507);
    assert!(detail(&answer).contains("File too large"), "{}", detail(&answer));
    assert_eq!(
        (text(&file), names(folder.path())),
        (before, vec!["log".to_owned(), "state.toml".to_owned()])
    );
    assert_eq!(decode(&daemon.get("/snapshot").body).width, 320);
    limit(None).unwrap();
    assert_eq!(daemon.save(50).unwrap().head.status(), 200);
    assert!(text(&file).contains("quality = 50"));
}

#[test]
fn a_disk_that_takes_seconds_holds_up_nobody_but_who_saves() {
    let folder = folder();
    let library = folder.path().join("slow_disk.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/process/slow_disk.c");
    let compiled = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source).status();
    assert!(compiled.unwrap().success());
    if words().len() > 1 {
        return; // An emulator's own libraries are of another processor.
    }
    let file = folder.path().join("state.toml");
    let daemon = Launch::default()
        .args(&PATTERN)
        .args(&["--state-file", file.to_str().unwrap(), "--http-threads", "1"])
        .env("LD_PRELOAD", library.to_str().unwrap())
        .env("SLOW_DISK", "4")
        .start();
    let mut viewer = Stream::open(&daemon, "/stream");
    let mut saving = Client::connect(&daemon);
    let begin = Instant::now();
    saving.ask("POST", "/api/v1/actions/save", "Content-Length: 0\r\n");
    thread::sleep(Duration::from_millis(300));
    assert_eq!(state(&daemon)["ok"], true);
    assert_eq!(get(&daemon, "/api/v1/state").head.status(), 200);
    for _ in 0..10 {
        viewer.next();
    }
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
    assert_eq!(saving.answer().head.status(), 200);
    assert!(begin.elapsed() >= Duration::from_secs(4), "the disk was not slow");
}

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
    let wire = common::wire::Wire::Tcp(TcpStream::connect(daemon.address).unwrap());
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

/// A second of what a viewer sees after a stop: the greatest age of a picture that is new to him, and how many came at once.
fn after_a_stop(viewer: &mut Stream, resumed: Instant) -> (Duration, Duration) {
    // What had been sent before, and lay in the socket meanwhile.
    let mut oldest = Duration::ZERO;
    let mut first_live = None;
    while resumed.elapsed() < Duration::from_secs(2) {
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
        assert!(live_after < Duration::from_secs(1), "{live_after:?}");
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

#[test]
fn programs_that_it_started_are_gone_when_it_is_killed() {
    let folder = folder();
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
            let stat = text(Path::new(&format!("/proc/{pid}/stat")));
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
        let stat = text(Path::new(&format!("/proc/{pid}/stat")));
        !stat.is_empty() && !stat.contains(") Z ")
    };
    assert!(within(PATIENCE, || !started.iter().any(is_there)), "{started:?}");
}
