//! Into files.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::common::daemon::Daemon;
use super::common::{PATIENCE, picture, within};
use super::{ask, checked, daemon, says, sent, told};

fn push(path: &Path, more: &str) -> String {
    format!("[[push]]\nto = \"file\"\npath = \"{}\"\n{more}\n", path.display())
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
        match entry.path() {
            path if path.is_dir() => found.extend(files(&path)),
            path => found.push(path),
        }
    }
    found
}

fn bytes(folder: &Path) -> u64 {
    files(folder).iter().filter_map(|file| file.metadata().ok()).map(|data| data.len()).sum()
}

#[test]
fn the_newest_picture_is_always_whole_for_whoever_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("now.jpg");
    let daemon = daemon(&push(&path, ""));
    sent(&daemon, "file-1", 1);
    let (begin, mut pictures) = (Instant::now(), Vec::new());
    while begin.elapsed() < Duration::from_secs(3) {
        let jpeg = fs::read(&path).unwrap();
        assert_eq!(picture::decode(&jpeg).width, 320);
        pictures.push(jpeg);
    }
    pictures.dedup();
    assert!(pictures.len() > 5, "{}", pictures.len());
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o644);
    drop(daemon);
    assert_eq!(files(folder.path()), [path]);
}

/// Waits until so many have been written, and says what is there while they are.
fn greatest(daemon: &Daemon, count: u64, what: impl Fn() -> u64) -> u64 {
    let mut most = 0;
    let done = within(PATIENCE, || {
        most = most.max(what());
        told(daemon, "file-1")["sent"].as_u64().unwrap() >= count
    });
    assert!(done, "{}", daemon.log.text());
    most
}

#[test]
fn of_a_timelapse_so_many_are_kept_over_restarts_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("%Y-%m-%d/%H%M/%S.%f.jpg");
    let other = folder.path().join("notes.txt");
    fs::write(&other, "mine").unwrap();
    for _ in 0..2 {
        let daemon = daemon(&push(&path, "keep = 5\nmode = \"640\""));
        let most = greatest(&daemon, 12, || files(folder.path()).len() as u64);
        // The last one may be there under both of its names, and there is the one that is not ours.
        assert!(most <= 7, "{most}");
    }
    let left = files(folder.path());
    assert_eq!(left.len(), 6, "{left:?}");
    for file in left.into_iter().filter(|file| *file != other) {
        picture::decode(&fs::read(&file).unwrap());
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(file.parent().unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o750);
    }
}

#[test]
fn a_timelapse_is_bounded_by_bytes_and_by_age() {
    let folder = tempfile::tempdir().unwrap();
    let daemon_of = |more: &str| daemon(&push(&folder.path().join("%H%M%S.%f.jpg"), more));
    let daemon = daemon_of("keep-bytes = \"60K\"");
    let one = {
        greatest(&daemon, 1, || 0);
        bytes(folder.path()) / files(folder.path()).len() as u64
    };
    let most = greatest(&daemon, 30, || bytes(folder.path()));
    assert!(most <= 60 * 1024 + 2 * one && files(folder.path()).len() > 1, "{most}, {one} each");
    drop(daemon);
    let daemon = daemon_of("keep-age = 1\ninterval = 0.2");
    sent(&daemon, "file-1", 15);
    assert!((1..=12).contains(&files(folder.path()).len()), "{:?}", files(folder.path()));
}

#[test]
fn what_was_being_written_when_it_was_killed_does_not_stay() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".101010.jpg.new"), "half").unwrap();
    let daemon = daemon(&push(&folder.path().join("%H%M%S.jpg"), "keep = 3\non-request = true"));
    assert_eq!(ask(&daemon, "file-1"), 202);
    sent(&daemon, "file-1", 1);
    let left = files(folder.path());
    assert_eq!(left.len(), 1, "{left:?}");
    picture::decode(&fs::read(&left[0]).unwrap());
}

#[test]
fn a_folder_that_is_not_there_or_not_ours_is_told_with_what_to_do_and_nothing_is_made_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("usb");
    let settings = push(&missing.join("%H%M%S.jpg"), "keep = 3");
    assert!(checked(&settings).contains("has to be there"), "{}", checked(&settings));
    let daemon = daemon(&settings);
    says(&daemon, &format!("the folder {} has to be there", missing.display()));
    assert!(!missing.exists());
    fs::create_dir(&missing).unwrap();
    says(&daemon, "push file-1: works again");
    // Not even the administrator may write there.
    let sys = super::daemon(&push(Path::new("/sys/now.jpg"), ""));
    says(&sys, "ReadWritePaths=/sys");
}

#[test]
fn a_disk_that_is_full_is_told_of_and_keeps_nothing_that_is_half_written() {
    // A file system of the size of a picture or two needs a mount, which a user may make in a name space of its own.
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    let words = super::words();
    let config = folder.path().join("mjpegd.toml");
    fs::write(&config, push(&folder.path().join("disk/%H%M%S.%f.jpg"), "keep = 100000")).unwrap();
    fs::create_dir(folder.path().join("disk")).unwrap();
    fs::write(
        &script,
        format!(
            "mount -t tmpfs -o size=200k none {0}/disk || exit 77\n\
             {1} --config {0}/mjpegd.toml --source pattern --resolution 320x240 --host 127.0.0.1 --port 0 2>{0}/log & pid=$!\n\
             for try in $(seq 300); do grep -q 'no room left' {0}/log && break; sleep 0.1; done\n\
             kill $pid; wait $pid; ls -A {0}/disk >{0}/left; cat {0}/disk/*.jpg >{0}/all; cat {0}/log >&2\n",
            folder.path().display(),
            words.join(" ")
        ),
    )
    .unwrap();
    let unshare = ["-rm", "sh"];
    let output = std::process::Command::new("unshare").args(unshare).arg(&script).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(77) || said.contains("unshare:") {
        eprintln!("not tried: name spaces are not allowed here");
        return;
    }
    assert!(said.contains("there is no room left"), "{said}");
    let left = fs::read_to_string(folder.path().join("left")).unwrap();
    assert!(left.lines().count() > 1 && !left.contains(".new"), "{left}");
    let all = fs::read(folder.path().join("all")).unwrap();
    let ends = |mark: &[u8]| all.windows(2).filter(|two| *two == mark).count();
    assert_eq!((ends(&[0xff, 0xd8]), ends(&[0xff, 0xd9])), (left.lines().count(), left.lines().count()));
}

#[test]
fn an_interval_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = daemon(&push(&folder.path().join("now.jpg"), "interval = 1"));
    sent(&daemon, "file-1", 1);
    let begin = Instant::now();
    thread::sleep(Duration::from_secs(4));
    let sent = told(&daemon, "file-1")["sent"].as_u64().unwrap();
    let most = begin.elapsed().as_secs() + 3;
    assert!((2..=most).contains(&sent), "{sent}, at most {most}");
}
