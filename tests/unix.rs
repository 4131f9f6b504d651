//! The Unix socket beside the port.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use common::camera::Camera;
use common::client::{Client, get, state};
use common::daemon::{Daemon, Launch, words};
use common::picture;
use common::stream::{Stream, read_slowly};
use common::{PATIENCE, within};
use rustix::process::Signal;

/// A folder with a short name: a socket's path has to fit into 107 bytes.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let path = folder.path().join("socket");
    (folder, path)
}

fn daemon_at(path: &Path, args: &[&str]) -> Daemon {
    Daemon::with_pattern(&[&["--unix", path.to_str().unwrap()], args].concat())
}

fn viewers(daemon: &Daemon) -> u64 {
    state(daemon)["result"]["stream"]["clients"].as_u64().unwrap()
}

#[test]
fn it_answers_there_and_on_its_port_and_takes_the_file_away_at_the_end() {
    let (_folder, path) = folder();
    let mut daemon = daemon_at(&path, &["--unix-mode", "600"]);
    let metadata = std::fs::symlink_metadata(&path).unwrap();
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    let snapshot = Client::local(&path).get("/snapshot");
    assert_eq!(picture::decode(&snapshot.body).width, 640);
    assert_eq!(get(&daemon, "/state").head.status(), 200);
    let mut stream = Stream::over(Client::local(&path), "/stream");
    (0..5).for_each(|_| drop(stream.next()));
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.wait(PATIENCE).unwrap().code(), Some(0));
    assert!(!path.exists());
}

#[test]
fn curl_takes_a_snapshot_over_it() {
    let (folder, path) = folder();
    let _daemon = daemon_at(&path, &[]);
    let file = folder.path().join("now.jpg");
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--fail", "http://localhost/snapshot", "--unix-socket"])
        .arg(&path)
        .arg("-o")
        .arg(&file);
    assert!(curl.status().unwrap_or_else(|error| panic!("curl: {error}; run `make deps`")).success());
    assert_eq!(picture::decode(&std::fs::read(file).unwrap()).height, 480);
}

#[test]
fn whoever_may_open_it_may_change_settings() {
    let (_folder, path) = folder();
    let daemon = daemon_at(&path, &[]);
    let mut client = Client::local(&path);
    client.ask("POST", "/api/v1/actions/pause", "Content-Length: 0\r\n");
    assert!(client.answer().head.status() < 300);
    // Unless it is a proxy that passes on what strangers ask.
    client.ask("POST", "/api/v1/actions/continue", "Content-Length: 0\r\nX-Forwarded-For: 8.8.8.8\r\n");
    assert_eq!(client.answer().head.status(), 403);
    assert_eq!(get(&daemon, "/healthz").head.status(), 200);
}

#[test]
fn what_a_killed_daemon_left_is_removed_only_if_that_is_wanted() {
    let (_folder, path) = folder();
    let mut daemon = daemon_at(&path, &[]);
    daemon.signal(Signal::KILL);
    daemon.wait(PATIENCE).unwrap();
    assert!(path.exists());
    assert!(refusal(&path, &[]).contains("--unix-rm removes it first"));
    let _daemon = daemon_at(&path, &["-D"]);
    assert_eq!(Client::local(&path).get("/healthz").head.status(), 200);
}

/// What it says when it does not start.
fn refusal(path: &Path, args: &[&str]) -> String {
    let words = words();
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).args(["--config", "/dev/null", "--source", "pattern", "--port", "0", "-U"]);
    let output = command.arg(path).args(args).env_remove("RUST_LOG").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn what_is_not_a_stale_socket_is_left_alone() {
    let (_folder, path) = folder();
    let other = UnixListener::bind(&path).unwrap();
    assert!(refusal(&path, &["--unix-rm"]).contains("another process listens there"));
    drop(other);
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "precious").unwrap();
    assert!(refusal(&path, &["--unix-rm"]).contains("no socket"));
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
}

#[test]
fn a_slow_viewer_skips_pictures_and_sees_new_ones() {
    let (_folder, path) = folder();
    let camera = Camera::mjpeg().film(640, 480, 200).set("FAKECAM_FPS", "10");
    let daemon = Launch::default().camera(&camera).args(&["-U", path.to_str().unwrap()]).start();
    let mut client = Client::local(&path);
    let length = get(&daemon, "/snapshot").body.len();
    // 200 kB/s of more than 600.
    assert!(length > 60_000, "too short to be too much: {length} bytes");
    let ages = read_slowly(&mut client, 200_000, Duration::from_secs(12));
    assert!(ages.len() >= 4, "{ages:?}");
    let bound = 3 * Duration::from_secs_f64(length as f64 / 200e3) + Duration::from_secs(1);
    assert!(ages.iter().all(|age| *age < bound), "older than {bound:?}: {ages:?}");
}

#[test]
fn a_viewer_that_never_reads_is_closed() {
    let (_folder, path) = folder();
    let camera = Camera::mjpeg().film(640, 480, 200);
    let config = format!("[http]\nserver-timeout = 1\nunix = \"{}\"\n", path.display());
    let daemon = Launch::default().camera(&camera).config(&config).start();
    let mut client = Client::local(&path);
    client.ask("GET", "/stream", "");
    assert!(within(PATIENCE, || viewers(&daemon) == 1));
    assert!(within(PATIENCE, || viewers(&daemon) == 0), "it is closed");
    client.rest();
}

#[test]
fn many_viewers_are_sent_from_the_kernels_memory_there_too() {
    let (_folder, path) = folder();
    let _daemon = daemon_at(&path, &[]);
    let mut streams: Vec<_> = (0..24).map(|_| Stream::over(Client::local(&path), "/stream")).collect();
    for _ in 0..4 {
        for stream in &mut streams {
            picture::decode(&stream.next().jpeg);
        }
    }
}
