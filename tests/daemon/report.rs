//! `mjpegd report`: all that an issue report needs, whatever is wrong, and nothing that must not be shown.

use std::path::Path;
use std::process::Command;

use crate::common::camera::Camera;
use crate::common::client::get;
use crate::common::daemon::{Daemon, Launch, free_port, words};
use crate::common::{PATIENCE, within};

const SECTIONS: [&str; 10] = [
    "Build",
    "System",
    "Settings file",
    "Settings in force",
    "Cameras",
    "Controls",
    "Running mjpegd",
    "Counters",
    "Check",
    "Log",
];

fn report(camera: Option<&Camera>, arguments: &[&str]) -> String {
    let words = words();
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).arg("report").args(arguments);
    if let Some(camera) = camera {
        camera.preload_into(&mut command);
    }
    command.env_remove("RUST_LOG").env_remove("STATE_DIRECTORY");
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let mut rest = said.as_str();
    for title in SECTIONS {
        rest = rest
            .split_once(&format!("\n## {title}\n\n```text\n"))
            .unwrap_or_else(|| panic!("no {title}: {said}"))
            .1;
        assert!(!rest.trim_start().starts_with("```"), "{title} is empty and does not say why: {said}");
    }
    said
}

fn section<'a>(report: &'a str, title: &str) -> &'a str {
    let (_, rest) = report.split_once(&format!("\n## {title}\n\n```text\n")).unwrap();
    rest.split_once("\n```\n").unwrap().0
}

fn write(folder: &Path, text: &str) -> String {
    let path = folder.join("mjpegd.toml");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn without_a_daemon_and_without_a_camera_each_section_says_why_it_is_empty() {
    let port = free_port().to_string();
    let said = report(None, &["--config", "/no/such/file.toml", "--port", &port]);
    assert!(said.starts_with(&format!("# mjpegd {}\n", env!("CARGO_PKG_VERSION"))), "{said}");
    assert!(section(&said, "Settings in force").contains("cannot be read: No such file"), "{said}");
    let said = report(None, &["--config", "/dev/null", "--port", &port, "--device", "/no/such/camera"]);
    assert!(section(&said, "Running mjpegd").starts_with("None was found"), "{said}");
    assert!(section(&said, "Check").contains("/no/such/camera: no such camera"), "{said}");
    assert!(section(&said, "System").contains("kernel: Linux "), "{said}");
    assert!(section(&said, "Build").contains("target: "), "{said}");
    assert!(section(&said, "Settings in force").contains("source.resolution = \"1280x720\""), "{said}");
}

#[test]
fn a_running_daemon_is_asked_for_state_counters_and_log() {
    let camera = Camera::mjpeg();
    let port = free_port();
    let daemon = Launch::default().camera(&camera).port(port).start();
    assert_eq!(get(&daemon, "/snapshot").head.status(), 200);
    let patch = "{\"encoder\":{\"quality\":33}}";
    let mut client = crate::common::client::Client::connect(&daemon);
    client.ask(
        "PATCH",
        "/api/v1/settings",
        &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", patch.len()),
    );
    client.send(patch);
    assert_eq!(client.answer().head.status(), 200);
    let port = port.to_string();
    let arguments =
        ["--config", "/dev/null", "--host", "127.0.0.1", "--port", &port, "--device", camera.path(0)];
    let said = report(Some(&camera), &arguments);
    assert!(
        section(&said, "Running mjpegd")
            .starts_with(&format!("a running mjpegd (pid {}), with the flags --host --port", daemon.pid())),
        "{said}"
    );
    assert!(section(&said, "Running mjpegd").contains("\"state\": \"online\""), "{said}");
    assert!(section(&said, "Counters").contains("\nmjpegd_frames_captured_total "), "{said}");
    assert!(section(&said, "Log").contains(" INFO  listening on http://127.0.0.1:"), "{said}");
    assert!(section(&said, "Settings in force").contains("encoder.quality = 33"), "{said}");
    assert!(section(&said, "Controls").contains("brightness"), "{said}");
    assert!(section(&said, "Check").contains("has it"), "{said}");
}

#[test]
fn a_log_that_needs_a_login_is_said_to_and_the_journal_is_asked() {
    let port = free_port().to_string();
    let args = ["--source", "pattern", "--anonymous", "view", "--user", "me", "--passwd", "s3cret-pw"];
    let daemon = Launch::default().args(&args).port(port.parse().unwrap()).start();
    let said = report(
        None,
        &["--config", "/dev/null", "--host", "127.0.0.1", "--port", &port, "--source", "pattern"],
    );
    let log = section(&said, "Log");
    assert!(log.contains("wants a login for its log (401): `curl -u NAME http://127.0.0.1:"), "{log}");
    assert!(log.contains("journal"), "{log}");
    assert!(said.contains("--passwd") && !said.contains("s3cret-pw"), "{said}");
    drop(daemon);
}

#[test]
fn a_daemon_that_listens_on_a_unix_socket_is_found_by_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let path = path.to_str().unwrap();
    let daemon = Launch::default().args(&["--source", "pattern", "--unix", path]).start();
    let said = report(None, &["--config", "/dev/null", "--port", "0", "--unix", path, "--source", "pattern"]);
    assert!(section(&said, "Running mjpegd").starts_with("a running mjpegd"), "{said}");
    drop(daemon);
}

/// Every setting that may hold a secret, with one in it. `S3CRET` is what must not be found.
fn secret_settings(folder: &Path) -> String {
    std::fs::write(folder.join("password"), "S3CRETpasswordfile\n").unwrap();
    std::fs::write(folder.join("token"), "S3CRETtokenfile\n").unwrap();
    format!(
        r#"
[source]
name = "rtsp"
[source.command]
command = "ffmpeg -i http://me:S3CRETcommand@hub/x?token=S3CRETquery --key=S3CRETflag S3CRETword"
[source.rpicam]
options = "--S3CREToption=S3CREToptionvalue S3CRETrpicam"
[source.rtsp]
url = "rtsp://me:S3CRETrtsp@127.0.0.1:1/live?key=S3CRETrtspquery"
[source.pull]
url = "http://me:S3CRETpull@127.0.0.1:1/stream?token=S3CRETpullquery"
[source.redis]
url = "redis://:S3CRETredis@127.0.0.1:1/0"
[filter]
command = "python3 filter.py --key S3CRETfilter"
[auth]
user = "me"
passwd = "S3CRETpasswd"
[[auth.users]]
name = "other"
password-hash = "$argon2id$v=19$m=8192,t=3,p=1$UzNDUkVUc2FsdA$DGyKyZVzlUSPoE4dkA+fwcmtrRtoxUVsmsAOT06nVDE"
right = "control"
[[auth.tokens]]
name = "program"
hash = "sha256:{1}"
right = "view"
[[push]]
to = "http"
url = "http://me:S3CRETpushurl@127.0.0.1:1/hooks/S3CRETpathOfAWebHook/post"
[[push]]
to = "http"
name = "token"
url = "http://127.0.0.1:1/hook"
token = "S3CRETtoken"
[[push]]
to = "http"
name = "token-file"
url = "http://127.0.0.1:1/hook"
token-file = "{0}/token"
[[push]]
to = "redis"
url = "redis://127.0.0.1:1/0"
password-file = "{0}/password"
key = "frame"
[[push]]
to = "command"
command = "sh -c 'echo S3CRETpushcommand S3CRETmore >&2; cat >/dev/null'"
"#,
        folder.display(),
        "ab".repeat(32)
    )
}

fn has_no_secret(said: &str) {
    for secret in ["S3CRET", "UzNDUkVUc2FsdA", "abababab"] {
        let line = said.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} is in it: {line:?}\n{said}");
    }
}

#[test]
fn no_setting_that_may_hold_a_secret_gives_it_away() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), &secret_settings(folder.path()));
    let port = free_port().to_string();
    let said = report(None, &["--config", &file, "--host", "127.0.0.1", "--port", &port]);
    has_no_secret(&said);
    let shown = section(&said, "Settings file");
    for line in [
        "source.name = \"rtsp\"",
        "source.command.command = \"ffmpeg\" and 4 words that are left out",
        "source.rtsp.url = \"rtsp://127.0.0.1:1/...\" (login, path and query are left out)",
        "auth.passwd = (left out)",
        &format!("push.token-file = \"{}/token\"", folder.path().display()),
    ] {
        assert!(shown.lines().any(|one| one == line), "{line}\n{shown}");
    }
    // Nor does the log of a daemon that runs with them, though programs say what they were given.
    let args = ["--source", "pattern", "--anonymous", "control"];
    let settings = secret_settings(folder.path());
    let daemon = Launch::default().config(&settings).args(&args).port(port.parse().unwrap()).start();
    let mut log = String::new();
    let seen = within(PATIENCE, || {
        let said = report(None, &["--config", &file, "--host", "127.0.0.1", "--port", &port]);
        has_no_secret(&said);
        log = section(&said, "Log").to_owned();
        log.contains("sh: ") && log.contains("push token")
    });
    assert!(seen, "{log}\n{}", daemon.log.text());
}

#[test]
fn settings_that_are_wrong_are_told_and_the_rest_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "[source]\nname = \"tv\"\n[auth]\npasswd = \"S3CRETpasswd\"\n");
    let port = free_port().to_string();
    let said = report(None, &["--config", &file, "--port", &port]);
    assert!(section(&said, "Settings in force").contains("source.name: \"tv\" is not known"), "{said}");
    has_no_secret(&said);
}

#[test]
fn a_viewers_address_is_not_in_it() {
    // Addresses of the documentation's network, in what the daemon repeats of what it was given.
    let port = free_port().to_string();
    let daemon = Launch::default()
        .args(&[
            "--source",
            "command",
            "--command",
            "sh -c 'echo refused 192.0.2.77:5123 and 2001:db8::77 >&2; sleep 1000'",
        ])
        .port(port.parse().unwrap())
        .start();
    assert!(daemon.log.wait_for("refused 192.0.2.77", PATIENCE).is_some());
    let said = report(
        None,
        &["--config", "/dev/null", "--host", "127.0.0.1", "--port", &port, "--source", "pattern"],
    );
    assert!(section(&said, "Log").contains("refused (address):5123 and (address)"), "{said}");
    assert!(!said.contains("192.0.2.77") && !said.contains("2001:db8::77"), "{said}");
}

#[test]
fn a_driver_that_hangs_does_not_keep_the_rest_from_being_told() {
    let camera = Camera::mjpeg();
    camera.fault("stop-delay:30000");
    let port = free_port().to_string();
    let arguments = ["--config", "/dev/null", "--port", &port, "--device", camera.path(0)];
    let said = report(Some(&camera), &arguments);
    assert!(section(&said, "Check").contains("It took longer than 20 s, and was left"), "{said}");
    assert!(section(&said, "Log").contains("None was found"), "{said}");
}

#[test]
fn one_daemon_is_not_taken_for_another_server() {
    let other = Daemon::with_pattern(&["--anonymous", "none", "--user", "me", "--passwd", "pw"]);
    let port = other.address.port().to_string();
    let said = report(
        None,
        &["--config", "/dev/null", "--host", "127.0.0.1", "--port", &port, "--source", "pattern"],
    );
    assert!(
        section(&said, "Running mjpegd").contains("does not let itself be asked without a login"),
        "{said}"
    );
}
