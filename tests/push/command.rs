//! To programs.

use std::fs;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use super::common::client::get;
use super::common::daemon::Daemon;
use super::common::stream::Stream;
use super::common::{PATIENCE, picture, within};
use super::{checked, daemon, says, sent, told};

/// A push to a shell script that begins in this folder.
fn push(folder: &Path, lines: &str, more: &str) -> String {
    let script = folder.join("script");
    fs::write(&script, format!("cd {}\n{lines}\n", folder.display())).unwrap();
    format!("[[push]]\nto = \"command\"\nname = \"program\"\ncommand = \"sh {}\"\n{more}\n", script.display())
}

/// Programs that still have this folder for their own.
fn programs_in(folder: &Path) -> usize {
    let is_one =
        |entry: &fs::DirEntry| fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == folder);
    fs::read_dir("/proc").unwrap().map(Result::unwrap).filter(is_one).count()
}

#[test]
fn it_gets_whole_jpegs_end_to_end_and_ends_with_mjpegd() {
    let folder = tempfile::tempdir().unwrap();
    let mut daemon = daemon(&push(folder.path(), "cat >film", ""));
    sent(&daemon, "program", 20);
    daemon.signal(Signal::TERM);
    assert!(daemon.wait(PATIENCE).unwrap().success());
    assert!(within(PATIENCE, || programs_in(folder.path()) == 0));
    let film = fs::read(folder.path().join("film")).unwrap();
    let begins: Vec<_> =
        (0..film.len() - 2).filter(|at| film[*at..].starts_with(&[0xff, 0xd8, 0xff])).collect();
    assert!(begins.len() >= 20);
    for two in begins.windows(2) {
        picture::decode(&film[two[0]..two[1]]);
    }
}

#[test]
fn ffmpeg_makes_a_film_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let film = folder.path().join("film.mkv");
    let mut daemon = daemon(&format!(
        "[[push]]\nto = \"command\"\nname = \"ffmpeg\"\n\
         command = \"ffmpeg -v error -f mjpeg -use_wallclock_as_timestamps 1 -i - -c:v copy {}\"\n",
        film.display()
    ));
    sent(&daemon, "ffmpeg", 20);
    daemon.signal(Signal::TERM);
    assert!(daemon.wait(PATIENCE).unwrap().success());
    let probe = Command::new("ffprobe")
        .args(["-v", "error", "-count_frames", "-show_entries", "stream=codec_name,width,nb_read_frames"])
        .args(["-of", "csv=p=0"])
        .arg(&film)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&probe.stdout).into_owned();
    let frames: u32 =
        told.trim().strip_prefix("mjpeg,320,").unwrap_or_else(|| panic!("{told}")).parse().unwrap();
    assert!(frames >= 10, "{told}");
}

#[test]
fn one_that_ends_is_started_again_and_its_last_words_are_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = daemon(&push(
        folder.path(),
        "echo started >>starts; head -c 1000 >/dev/null; echo 'full' >&2; exit 3",
        "",
    ));
    let starts = || fs::read_to_string(folder.path().join("starts")).unwrap_or_default().lines().count();
    assert!(within(PATIENCE, || starts() >= 3), "{}", starts());
    assert_eq!(daemon.log.count("push program: sh ended with status 3: full"), 1, "{}", daemon.log.text());
}

#[test]
fn one_that_takes_nothing_is_replaced_and_disturbs_no_viewer() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = daemon(&push(folder.path(), "echo started >>starts; exec sleep 1000", "timeout = 1"));
    let mut stream = Stream::open(&daemon, "/stream");
    says(&daemon, "push program: it has taken nothing for 1 s");
    for _ in 0..20 {
        stream.next();
    }
    let starts = || fs::read_to_string(folder.path().join("starts")).unwrap_or_default().lines().count();
    assert!(within(PATIENCE, || starts() >= 2));
    assert!(programs_in(folder.path()) <= 1);
}

#[test]
fn a_slow_one_gets_the_newest_and_skips_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = daemon(&push(folder.path(), "while head -c 20000 >/dev/null; do sleep 0.3; done", ""));
    let skips = || told(&daemon, "program")["skipped"].as_u64().unwrap();
    assert!(within(PATIENCE, || skips() > 20), "{}", told(&daemon, "program"));
    assert!(told(&daemon, "program")["sent"].as_u64().unwrap() < skips());
}

/// Ends a daemon while its program takes nothing: nothing is left, soon.
#[test]
fn one_that_does_not_want_to_end_is_ended_with_mjpegd() {
    let folder = tempfile::tempdir().unwrap();
    let script =
        "(trap '' TERM; exec sleep 1000) & trap '' TERM; echo started >>starts; while :; do sleep 1000; done";
    let stop = |signal: Signal| {
        let _ = fs::remove_file(folder.path().join("starts"));
        let mut daemon: Daemon = daemon(&push(folder.path(), script, ""));
        assert!(within(PATIENCE, || folder.path().join("starts").exists()));
        assert_eq!(get(&daemon, "/healthz").head.status(), 200);
        daemon.signal(signal);
        assert!(daemon.wait(PATIENCE).is_some());
    };
    stop(Signal::TERM);
    assert!(within(PATIENCE, || programs_in(folder.path()) == 0));
}

#[test]
fn one_that_is_not_there_is_named() {
    let settings = "[[push]]\nto = \"command\"\ncommand = \"/no/such/program --fast\"\n";
    let said = checked(settings);
    assert!(said.contains("push command-1: there is no such program"), "{said}");
    says(&daemon(settings), "\"/no/such/program\" cannot be started (No such file");
}
