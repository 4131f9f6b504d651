//! What is saved outlives kill -9 at any time, and a disk that is full, read-only or slow loses nothing of it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, Signal, kill_process, prlimit};

use crate::common::api::detail;
use crate::common::client::{Client, get, state};
use crate::common::daemon::{Launch, free_port, words};
use crate::common::picture::decode;
use crate::common::stream::Stream;
use crate::common::victim::{PATTERN, Victim};

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
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/daemon/slow_disk.c");
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
