//! `mjpegd check`: each thing that is wrong is named with what mends it, and nobody who is at work is disturbed.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::process::Command;

use crate::common::camera::Camera;
use crate::common::client::state;
use crate::common::daemon::{Daemon, Launch, free_port, words};
use crate::common::{PATIENCE, within};

struct Checked {
    out: String,
    trouble: String,
    status: Option<i32>,
}

impl Checked {
    /// The line about this.
    fn line(&self, what: &str) -> &str {
        let line = self.out.lines().find(|line| line.starts_with(what));
        line.unwrap_or_else(|| panic!("nothing about {what} in:\n{}{}", self.out, self.trouble))
    }
}

fn run(camera: Option<&Camera>, arguments: &[&str]) -> Checked {
    let words = words();
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).args(["check", "--host", "127.0.0.1"]).args(arguments);
    if !arguments.contains(&"--config") {
        command.args(["--config", "/dev/null"]);
    }
    match camera {
        Some(camera) => {
            camera.preload_into(&mut command);
            command.args(["--device", camera.path(0)]);
        }
        None if arguments.contains(&"--source") => {}
        None => drop(command.args(["--source", "pattern"])),
    }
    command.env_remove("RUST_LOG").env_remove("STATE_DIRECTORY");
    let output = command.output().unwrap();
    Checked {
        out: String::from_utf8(output.stdout).unwrap(),
        trouble: String::from_utf8(output.stderr).unwrap(),
        status: output.status.code(),
    }
}

/// With this camera, and a port that is free.
fn with(camera: &Camera, more: &[&str]) -> Checked {
    run(Some(camera), &[&["--port", "0"], more].concat())
}

/// With a picture that needs no camera.
fn without(more: &[&str]) -> Checked {
    run(None, more)
}

#[test]
fn a_port_that_another_program_has_is_named_with_that_program() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let checked = without(&["--port", &port.to_string()]);
    let line = checked.line(&format!("port {port}: "));
    assert!(line.contains(&format!("(pid {})", std::process::id())), "{line}");
    assert!(line.contains("stop it, or choose another port"), "{line}");
    assert_eq!(checked.status, Some(1));
    drop(taken);
    let checked = without(&["--port", &port.to_string()]);
    assert_eq!((checked.line("port "), checked.status), (&*format!("port {port}: free"), Some(0)));
}

#[test]
fn an_address_that_this_machine_has_not_is_told_with_what_to_do() {
    let arguments = ["--port", "18080", "--host", "192.0.2.1"];
    let checked = without(&arguments);
    let line = checked.line("port 18080: ");
    assert!(
        line.contains("192.0.2.1 is no address of this machine") && line.contains("wait = \"address\""),
        "{line}"
    );
    assert_eq!(checked.status, Some(1));
    let waiting = without(&[&arguments[..], &["--network-wait", "address"]].concat());
    assert!(waiting.line("port 18080: ").contains("mjpegd waits until it is"), "{}", waiting.out);
    assert_eq!(waiting.status, Some(0));
}

#[test]
fn a_daemon_that_runs_with_these_settings_is_asked_and_not_disturbed() {
    let camera = Camera::mjpeg();
    let port = free_port().to_string();
    let daemon = Launch::default().camera(&camera).port(port.parse().unwrap()).start();
    assert!(within(PATIENCE, || state(&daemon)["result"]["mjpegd"]["camera"]["state"] == "online"));
    let opened = camera.count("open");
    let checked = run(Some(&camera), &["--port", &port]);
    let runs = format!("a running mjpegd (pid {})", daemon.pid());
    assert_eq!(checked.line("port "), format!("port {port}: {runs} has it"));
    let source = checked.line("source: ");
    assert!(source.contains("MJPEG 640x480") && source.contains(&runs), "{source}");
    assert_eq!(checked.status, Some(0), "{}", checked.out);
    assert_eq!(camera.count("open"), opened, "it opened the camera");
    camera.fault("unplug");
    assert!(within(PATIENCE, || state(&daemon)["result"]["mjpegd"]["camera"]["state"] == "no-camera"));
    let checked = run(Some(&camera), &["--port", &port]);
    assert!(checked.line("source: ").starts_with("source: no camera: "), "{}", checked.out);
    assert_eq!(checked.status, Some(1));
}

#[test]
fn a_filter_that_is_down_is_named_by_the_daemon_that_has_it() {
    let port = free_port().to_string();
    let launch = Launch::default().args(&["--source", "pattern", "--filter", "false"]);
    let daemon = launch.port(port.parse().unwrap()).start();
    let filter = || state(&daemon)["result"]["mjpegd"]["filter"]["state"] == "failed";
    assert!(within(PATIENCE, filter), "{}", state(&daemon));
    let checked = without(&["--port", &port, "--filter", "false"]);
    assert!(checked.out.contains("filter: failed: false ended with status 1"), "{}", checked.out);
}

#[test]
fn a_folder_that_nothing_can_be_kept_in_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing/state.toml");
    let checked = without(&["--port", "0", "--state-file", missing.to_str().unwrap()]);
    let line = checked.line("state file ");
    assert!(line.contains("there is no folder ") && line.contains("install -d -o mjpegd"), "{line}");
    assert_eq!(checked.status, Some(1));
    let there = folder.path().join("state.toml");
    let checked = without(&["--port", "0", "--state-file", there.to_str().unwrap()]);
    assert!(checked.line("state file ").ends_with(": fine"), "{}", checked.out);
    // Root may write anywhere.
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o500)).unwrap();
    if !rustix::process::geteuid().is_root() {
        let checked = without(&["--port", "0", "--state-file", there.to_str().unwrap()]);
        assert!(checked.line("state file ").contains("may not be written to"), "{}", checked.out);
    }
}

#[test]
fn a_certificate_that_has_expired_is_told_before_a_browser_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("both.pem");
    let text = path.to_str().unwrap();
    let tls_port = free_port().to_string();
    let check = |not_after| {
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(not_after, 1, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        let cert = params.self_signed(&key).unwrap();
        std::fs::write(&path, cert.pem() + &key.serialize_pem()).unwrap();
        without(&["--port", "0", "--tls-port", &tls_port, "--tls-cert", text, "--tls-key", text])
    };
    let expired = check(2002);
    let line = expired.line("certificate ");
    assert!(line.contains("has expired: clients will refuse it"), "{line}");
    assert_eq!(expired.status, Some(1));
    let fine = check(4000);
    assert!(fine.line("certificate ").contains(": fine"), "{}", fine.out);
    assert_eq!(fine.status, Some(0));
    // What does not belong together is refused with the settings.
    let other = folder.path().join("other.pem");
    std::fs::write(&other, rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let torn = without(&[
        "--port",
        "0",
        "--tls-port",
        &tls_port,
        "--tls-cert",
        text,
        "--tls-key",
        other.to_str().unwrap(),
    ]);
    assert_eq!(torn.status, Some(78), "{}", torn.trouble);
}

#[test]
fn a_socket_that_cannot_be_made_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let check = |more: &[&str]| without(&[&["--port", "0", "--unix", path.to_str().unwrap()], more].concat());
    assert!(check(&[]).line("socket ").ends_with(": free"));
    let listener = UnixListener::bind(&path).unwrap();
    assert!(check(&[]).line("socket ").contains("another process listens there"));
    drop(listener);
    let stale = check(&[]);
    assert!(stale.line("socket ").contains("--unix-rm removes it first"), "{}", stale.out);
    assert_eq!(stale.status, Some(1));
    assert_eq!(check(&["--unix-rm"]).status, Some(0));
    assert!(path.exists(), "it is left to the daemon to remove it");
}

#[test]
fn what_is_wrong_with_a_camera_is_named_with_its_remedy() {
    for (fault, words) in [
        ("open=ENOENT", "no such camera"),
        ("open=EACCES", "usermod -aG video"),
        ("s_fmt=EBUSY", "in use by"),
        ("streamon=ENOSPC", "the USB bus has no bandwidth left"),
        ("streamon=EPROTO", "try another cable, port or power supply"),
        ("open=ENODEV", "is it plugged in?"),
    ] {
        let camera = Camera::mjpeg();
        camera.fault(fault);
        let checked = with(&camera, &[]);
        assert!(checked.line("source: ").contains(words), "{fault}: {}", checked.out);
        assert_eq!(checked.status, Some(1), "{fault}");
    }
    for (kind, words) in [("codec", "a codec, not a camera"), ("meta", "a camera's metadata")] {
        let camera = Camera::mjpeg();
        let other = Camera::mjpeg().node(kind);
        let checked = run(Some(&other), &["--port", "0", "--device", other.path(1)]);
        drop(camera);
        // The first of the list works, or this one is named.
        assert!(checked.out.contains("MJPEG 640x480") || checked.out.contains(words), "{}", checked.out);
    }
    let camera = Camera::mjpeg();
    camera.fault("garbage");
    let checked = with(&camera, &[]);
    assert!(checked.line("source: ").contains("no picture that can be shown"), "{}", checked.out);
}

#[test]
fn a_size_or_rate_that_the_camera_has_not_is_told_with_those_that_it_has() {
    let camera =
        Camera::new("MJPG").set("FAKECAM_SIZES", "640x480,320x240").film(640, 480, 0).film(320, 240, 0);
    let checked = with(&camera, &["--resolution", "1920x1080", "--desired-fps", "60"]);
    assert!(
        checked
            .out
            .contains("it has no 1920x1080 in MJPEG and gives 640x480 instead; it offers 640x480, 320x240"),
        "{}",
        checked.out
    );
    assert!(checked.out.contains("it has no 60/s at 640x480 and gives 30/s instead"), "{}", checked.out);
    assert_eq!(checked.status, Some(0), "it works");
    let checked = with(&camera, &["--format", "YUYV"]);
    assert!(checked.line("source: ").contains("does not give YUYV; it offers MJPEG"), "{}", checked.out);
}

#[test]
fn a_raw_format_where_there_is_mjpeg_is_hinted_at() {
    let camera = Camera::new("YUYV,MJPG").film(640, 480, 0);
    let checked = with(&camera, &["--format", "YUYV", "--resolution", "640x480"]);
    assert!(checked.line("hint: ").contains("format = \"MJPEG\""), "{}", checked.out);
    assert_eq!(checked.status, Some(0));
    let checked = with(&camera, &["--resolution", "640x480"]);
    assert!(!checked.out.contains("hint: "), "{}", checked.out);
}

#[test]
fn programs_that_are_missing_are_named() {
    for arguments in [
        ["--source", "command", "--command", "/no/such/program"],
        ["--source", "command", "--command", "no-such-program-at-all"],
    ] {
        let checked = without(&[&["--port", "0"], &arguments[..]].concat());
        assert!(checked.line("source: ").contains("no"), "{}", checked.out);
        assert!(checked.out.contains("is it installed"), "{}", checked.out);
        assert_eq!(checked.status, Some(1));
    }
    let checked = without(&["--port", "0", "--filter", "no-such-filter"]);
    assert!(checked.line("filter no-such-filter: ").contains("missing"), "{}", checked.out);
    let words = words();
    let output = Command::new(&words[0])
        .args(&words[1..])
        .args([
            "check",
            "--config",
            "/dev/null",
            "--port",
            "0",
            "--source",
            "rtsp",
            "--rtsp-url",
            "rtsp://127.0.0.1:1/",
        ])
        .env("PATH", "/nonexistent")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("ffmpeg") || said.contains("ffprobe"), "{said}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn settings_that_are_wrong_end_it_with_78_and_name_the_key() {
    for (arguments, key) in [
        (&["--static", "/no/such/folder"][..], "--static"),
        (&["--source", "slideshow", "--slideshow-folder", "/no/such/folder"], "--slideshow-folder"),
        (&["--network-wait", "sometimes"], "--network-wait"),
        (&["--overlay-time-zone", "Europe/Nowhere"], "--overlay-time-zone"),
        (&["--overlay-font", "/no/such/font.ttf"], "--overlay-font"),
    ] {
        let checked = without(arguments);
        assert_eq!(checked.status, Some(78), "{arguments:?}: {}{}", checked.out, checked.trouble);
        assert!(checked.trouble.contains(key), "{}", checked.trouble);
    }
    let empty = tempfile::tempdir().unwrap();
    let folder = empty.path().to_str().unwrap();
    let checked = without(&["--port", "0", "--source", "slideshow", "--slideshow-folder", folder]);
    assert!(checked.line("source: ").contains(folder), "{}", checked.out);
    assert_eq!(checked.status, Some(1));
}

#[test]
fn two_daemons_on_one_port_are_told_apart_from_another_program() {
    let daemon = Daemon::with_pattern(&["--anonymous", "none", "--user", "me", "--passwd", "secret"]);
    // It does not say what it is without a login, and the process table does.
    let port = daemon.address.port().to_string();
    let checked = without(&["--port", &port]);
    assert_eq!(checked.line("port "), format!("port {port}: a running mjpegd (pid {}) has it", daemon.pid()));
}
