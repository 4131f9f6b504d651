//! SIGHUP: the settings are read again, viewers stay, and what is wrong changes nothing.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::Signal;
use serde_json::Value;

use crate::common::client::{Client, get, state};
use crate::common::daemon::{Daemon, free_port, words};
use crate::common::picture::decode;
use crate::common::settings::{LARGE, SMALL, Settings, reload};
use crate::common::stream::Stream;
use crate::common::{PATIENCE, within};

fn width(stream: &mut Stream) -> usize {
    decode(&stream.next().jpeg).width
}

fn sees(stream: &mut Stream, wanted: usize) {
    assert!(stream.find(300, |part| decode(&part.jpeg).width == wanted).is_some());
}

fn says(daemon: &Daemon, words: &str) {
    assert!(daemon.log.wait_for(words, PATIENCE).is_some(), "not said: {words}\n{}", daemon.log.text());
}

#[test]
fn a_viewer_sees_other_pictures_on_the_same_connection() {
    let settings = Settings::new(SMALL);
    let daemon = settings.start();
    let mut viewer = Stream::open(&daemon, "/stream");
    sees(&mut viewer, 320);
    settings.write(&format!("{LARGE}[encoder]\nquality = 20\n[overlay]\ntext = \"hello\"\n"));
    let said = reload(&daemon);
    assert!(said.ends_with("changed: encoder.quality, overlay.text, source.resolution"), "{said}");
    sees(&mut viewer, 640);
    assert_eq!(state(&daemon)["result"]["stream"]["clients"], 1);
    // And once more with nothing to be done.
    assert!(reload(&daemon).ends_with("nothing is to be changed"));
    assert_eq!(width(&mut viewer), 640);
}

#[test]
fn what_is_wrong_is_named_and_changes_nothing_until_it_is_repaired() {
    let settings = Settings::new(SMALL);
    let daemon = settings.start();
    let mut viewer = Stream::open(&daemon, "/stream");
    sees(&mut viewer, 320);
    let path = settings.file.to_str().unwrap();
    let wrong: [(&[u8], &str); 6] = [
        (
            b"[source]\nname = \"pattern\"\n[encoder]\nquality = 500",
            ":4: encoder.quality: 500 is out of range",
        ),
        (b"[source]\nresolutoin = 5", ":2: source.resolutoin: unknown key"),
        (b"[source", ":1: "),
        (b"[encoder]\nquality = 5\n\0", ":3: "),
        (b"[encoder]\n# \xff\n", ":2: is not text"),
        (&[b'#'; 2 << 20], ": is too large"),
    ];
    for (text, why) in wrong {
        fs::write(&settings.file, text).unwrap();
        assert!(reload(&daemon).contains("is wrong; going on with the settings from before"));
        says(&daemon, &format!("{path}{why}"));
        assert_eq!(width(&mut viewer), 320, "{why}");
    }
    settings.write(LARGE);
    assert!(reload(&daemon).ends_with("changed: source.resolution"));
    sees(&mut viewer, 640);
}

#[test]
fn a_file_that_is_gone_or_none_any_longer_changes_nothing() {
    let settings = Settings::new(SMALL);
    let daemon = settings.start();
    let mut viewer = Stream::open(&daemon, "/stream");
    let path = settings.file.clone();
    let why = |why: &str| {
        assert!(reload(&daemon).contains("is wrong"));
        says(&daemon, &format!("{}: {why}", path.display()));
    };
    fs::remove_file(&path).unwrap();
    why("cannot be read: No such file");
    fs::create_dir(&path).unwrap();
    why("is not a file that can be read again");
    fs::remove_dir(&path).unwrap();
    // It would be waited for until somebody writes into it.
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    why("is not a file that can be read again");
    fs::remove_file(&path).unwrap();
    symlink(&path, &path).unwrap();
    why("cannot be read: Too many levels");
    fs::remove_file(&path).unwrap();
    sees(&mut viewer, 320);
    settings.write(LARGE);
    reload(&daemon);
    sees(&mut viewer, 640);
}

#[test]
fn what_takes_a_restart_is_named_and_the_rest_is_taken() {
    let settings = Settings::new(SMALL);
    let daemon = settings.start();
    let mut viewer = Stream::open(&daemon, "/stream");
    settings.write(&format!(
        "{LARGE}[http]\nthreads = 5\nallow-origin = \"*\"\n[sink]\nname = \"reload::never\"\n[filter]\ncommand = \"cat\"\n"
    ));
    let said = reload(&daemon);
    assert!(said.ends_with("changed: source.resolution, http.allow-origin"), "{said}");
    let path = settings.file.display();
    says(
        &daemon,
        &format!("changed in {path}, and takes a restart: filter.command, http.threads, sink.name"),
    );
    sees(&mut viewer, 640);
    let mut client = Client::connect(&daemon);
    client.ask("GET", "/state", "Origin: http://elsewhere\r\n");
    assert_eq!(client.answer().head.value("Access-Control-Allow-Origin"), Some("*"));
    assert!(!Path::new("/dev/shm/reload::never").exists());
}

#[test]
fn flags_go_over_the_file_as_they_did_at_the_start() {
    let settings = Settings::new(SMALL);
    let daemon = settings.launch().args(&["--resolution", "400x300"]).start();
    settings.write(LARGE);
    assert!(reload(&daemon).ends_with("nothing is to be changed"));
    assert_eq!(decode(&get(&daemon, "/snapshot").body).width, 400);
}

#[test]
fn what_was_changed_by_the_api_goes_over_the_file_still() {
    let settings = Settings::new(SMALL);
    let daemon = settings.start();
    let patch = |body: &str| {
        let mut client = Client::connect(&daemon);
        let length = body.len();
        client.ask(
            "PATCH",
            "/api/v1/settings",
            &format!("Content-Type: application/json\r\nContent-Length: {length}\r\n"),
        );
        client.send(body);
        client.answer()
    };
    assert_eq!(patch("{\"source\": {\"resolution\": \"400x300\"}}").head.status(), 200);
    settings.write(&format!("{LARGE}[encoder]\nquality = 30\n"));
    assert!(reload(&daemon).ends_with("changed: encoder.quality"));
    assert!(within(PATIENCE, || decode(&get(&daemon, "/snapshot").body).width == 400));
    // Taken back, it is what the file says now.
    assert_eq!(patch("{\"source\": {\"resolution\": null}}").head.status(), 200);
    assert!(within(PATIENCE, || decode(&get(&daemon, "/snapshot").body).width == 640));
}

/// A login as the settings file has it.
fn user(name: &str, password: &str) -> String {
    let words = words();
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).args(["passwd", name]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), format!("{password}\n").as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn logins_are_those_of_the_file_and_no_secret_is_in_the_log() {
    let (first, ann) = (user("pi", "raspberry-1"), user("ann", "raspberry-4"));
    let settings = Settings::new(&format!("{SMALL}{first}{ann}"));
    let daemon = settings.start();
    let login = |name: &str, password: &str| {
        format!("Authorization: Basic {}\r\n", STANDARD.encode(format!("{name}:{password}")))
    };
    let status = |password: &str| {
        let mut client = Client::connect(&daemon);
        client.ask("GET", "/snapshot", &login("pi", password));
        client.answer().head.status()
    };
    let stays = |name: &str, password: &str, path: &str, until: &[u8]| {
        let mut client = Client::connect(&daemon);
        client.ask("GET", path, &login(name, password));
        client.until(until);
        client
    };
    let end = b"\xff\xd9";
    let mut leaver = stays("pi", "raspberry-1", "/stream", end);
    let mut listener = stays("pi", "raspberry-1", "/api/v1/events", b"event: state");
    let mut viewer = stays("ann", "raspberry-4", "/stream", end);
    assert_eq!(status("raspberry-1"), 200);
    let second = user("pi", "raspberry-2");
    let pull = "[source.pull]\nurl = \"http://pi:raspberry-3@127.0.0.1/\"\n";
    // He who stands first is another one now, and ann's place is not hers.
    settings.write(&format!("{SMALL}{pull}{ann}{second}"));
    assert!(reload(&daemon).ends_with("changed: source.pull.url, auth.users"));
    // It was known, by a fingerprint.
    assert_eq!((status("raspberry-1"), status("raspberry-2")), (401, 200));
    // Whose password is another one has to log in anew, and nobody else.
    leaver.rest();
    listener.rest();
    viewer.until(end);
    viewer.until(end);
    // Nor is it in what is said of a file that is wrong.
    settings.write(&format!("{SMALL}{pull}rate = 5\n{ann}{second}"));
    assert!(reload(&daemon).contains("is wrong"));
    let log = daemon.log.text();
    assert!(!log.contains("raspberry") && !log.contains("argon2"), "{log}");
    // Whoever may watch without a login is another one than ann was.
    settings.write(SMALL);
    reload(&daemon);
    assert_eq!(get(&daemon, "/snapshot").head.status(), 200);
    viewer.rest();
    let mut anybody = Client::connect(&daemon);
    anybody.ask("GET", "/stream", "");
    anybody.until(end);
    settings.write(&format!("{SMALL}{ann}"));
    reload(&daemon);
    anybody.rest();
}

/// Certificate and key in one file.
fn make_certificate(path: &Path) {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let cert = params.self_signed(&key).unwrap();
    fs::write(path, cert.pem() + &key.serialize_pem()).unwrap();
}

#[test]
fn a_certificate_is_taken_at_once_and_a_bad_one_is_not() {
    let port = free_port();
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one.pem"), folder.path().join("other.pem"));
    make_certificate(&one);
    make_certificate(&other);
    let tls = |path: &Path| {
        let path = path.display();
        format!("{SMALL}[http]\ntls-port = {port}\ntls-cert = \"{path}\"\ntls-key = \"{path}\"\n")
    };
    let settings = Settings::new(&tls(&one));
    let daemon = settings.start();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let shown = || {
        let mut wire = crate::common::wire::Wire::tls(TcpStream::connect(address).unwrap());
        std::io::Write::write_all(&mut wire, b"GET /healthz HTTP/1.0\r\n\r\n").unwrap();
        let crate::common::wire::Wire::Tls(stream) = &wire else { panic!("TLS") };
        stream.conn.peer_certificates().unwrap()[0].to_vec()
    };
    let mut viewer = Stream::over(Client::secure(address, None), "/stream");
    let first = shown();
    // Renewed in its place, as certbot does it.
    make_certificate(&one);
    reload(&daemon);
    let second = shown();
    assert_ne!(second, first);
    settings.write(&tls(&other));
    assert!(reload(&daemon).ends_with("changed: http.tls-cert, http.tls-key"));
    let third = shown();
    assert_ne!(third, second);
    fs::write(&one, "-----BEGIN CERTIFICATE-----\nMIIB").unwrap();
    settings.write(&tls(&one));
    assert!(reload(&daemon).contains("is wrong"));
    says(&daemon, &format!("http.tls-cert: {}", one.display()));
    assert_eq!(shown(), third);
    viewer.next();
}

#[test]
fn pushes_come_and_go_and_the_others_know_nothing_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let push = |name: &str, more: &str| {
        let path = folder.path().join(name);
        format!("[[push]]\nto = \"file\"\nname = \"{name}\"\npath = \"{}.jpg\"\n{more}\n", path.display())
    };
    let settings = Settings::new(&format!("{SMALL}{}{}", push("one", ""), push("two", "")));
    let daemon = settings.start();
    let told = |name: &str| -> Option<Value> {
        let state: Value = serde_json::from_slice(&get(&daemon, "/api/v1/state").body).unwrap();
        state["pushes"].as_array().unwrap().iter().find(|push| push["name"] == name).cloned()
    };
    let sent = |name: &str| told(name).map_or(0, |push| push["sent"].as_u64().unwrap());
    assert!(within(PATIENCE, || sent("one") > 3 && sent("two") > 3));
    settings.write(&format!("{SMALL}{}{}", push("one", ""), push("three", "interval = 0.1")));
    assert!(reload(&daemon).ends_with("changed: push three, push two"));
    assert!(sent("one") > 3 && told("two").is_none());
    assert!(within(PATIENCE, || sent("three") > 3));
    let (threads, files) = (daemon.threads(), daemon.open_files());
    for round in 0..12 {
        let three = push("three", &format!("interval = 0.{}", 1 + round % 2));
        settings.write(&format!("{SMALL}{}{three}", push("one", "")));
        reload(&daemon);
    }
    assert!(within(PATIENCE, || daemon.threads() <= threads && daemon.open_files() <= files));
    assert!(within(PATIENCE, || sent("three") > 3));
}

#[test]
fn how_much_is_logged_can_be_changed() {
    let settings = Settings::new(SMALL);
    let daemon = settings.start();
    get(&daemon, "/healthz");
    settings.write(&format!("{SMALL}[log]\naccess = true\n"));
    assert!(reload(&daemon).ends_with("changed: log.access"));
    get(&daemon, "/state");
    says(&daemon, "\"GET /state HTTP/1.1\" 200");
    assert_eq!(daemon.log.count("GET /healthz"), 0);
    settings.write(&format!("{SMALL}[log]\nlevel = \"warn\"\n"));
    daemon.signal(Signal::HUP);
    assert!(within(PATIENCE, || {
        let before = daemon.log.count("GET /state");
        get(&daemon, "/state");
        std::thread::sleep(Duration::from_millis(50));
        daemon.log.count("GET /state") == before
    }));
}

#[test]
fn without_a_file_there_is_nothing_to_read() {
    if Path::new("/etc/mjpegd.toml").exists() {
        return;
    }
    let daemon = Daemon::with_pattern(&[]);
    daemon.signal(Signal::HUP);
    says(&daemon, "there is no settings file to be read again");
    assert_eq!(get(&daemon, "/snapshot").head.status(), 200);
}
