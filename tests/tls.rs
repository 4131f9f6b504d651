//! The port for https://, with clients as people have them and with ones that nobody should have.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::camera::Camera;
use common::client::{Client, get, state};
use common::daemon::{Daemon, Launch, free_port, words};
use common::picture;
use common::stream::{Stream, read_slowly};
use common::wire::Wire;
use common::{PATIENCE, within};
use rustix::process::Signal;

/// A daemon with the pattern, and where it speaks TLS.
fn daemon(args: &[&str]) -> (Daemon, SocketAddr) {
    let args = [&["--source", "pattern", "--resolution", "640x480"], args].concat();
    secure(Launch::default().args(&args))
}

fn secure(launch: Launch<'_>) -> (Daemon, SocketAddr) {
    let port = free_port();
    let daemon = launch.args(&["--tls-port", &port.to_string()]).start();
    assert!(daemon.log.wait_for("SHA-256 fingerprint", PATIENCE).is_some(), "{}", daemon.log.text());
    (daemon, SocketAddr::from(([127, 0, 0, 1], port)))
}

fn run(program: &str, args: &[&str]) -> Output {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output();
    output.unwrap_or_else(|error| panic!("{program}: {error}; run `make deps`"))
}

fn connections(daemon: &Daemon) -> u64 {
    state(daemon)["result"]["mjpegd"]["connections"].as_u64().unwrap()
}

fn viewers(daemon: &Daemon) -> u64 {
    state(daemon)["result"]["stream"]["clients"].as_u64().unwrap()
}

fn fingerprints(daemon: &Daemon) -> Vec<String> {
    let text = daemon.log.text();
    let lines = text.lines().filter_map(|line| Some(line.split_once("SHA-256 fingerprint ")?.1.to_owned()));
    lines.collect()
}

#[test]
fn curl_openssl_and_ffmpeg_are_content() {
    let (daemon, address) = daemon(&[]);
    let url = format!("https://{address}");
    for version in ["1.2", "1.3"] {
        let snapshot = format!("{url}/snapshot");
        let output = run("curl", &["-sSk", "--fail", "--tls-max", version, "--tlsv1.2", &snapshot]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(picture::decode(&output.stdout).width, 640);
    }
    let output = run("curl", &["-sS", &format!("{url}/snapshot")]);
    assert_eq!(output.status.code(), Some(60), "a certificate that nobody has signed is not trusted");
    let connect = address.to_string();
    let output = run("openssl", &["s_client", "-connect", &connect, "-alpn", "h2,http/1.1"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("ALPN protocol: http/1.1"), "{said}");
    let stream = format!("{url}/stream");
    let output =
        run("ffmpeg", &["-nostdin", "-v", "warning", "-i", &stream, "-frames:v", "30", "-f", "null", "-"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(get(&daemon, "/healthz").head.status(), 200);
}

#[test]
fn a_connection_takes_bodies_and_one_question_after_another() {
    let (_daemon, address) = daemon(&[]);
    let mut client = Client::secure(address, None);
    assert_eq!(client.get("/healthz").head.status(), 200);
    let patch = r#"{"encoder": {"quality": 55}}"#;
    let length = patch.len();
    client.ask("PATCH", "/api/v1/settings", &format!("Content-Length: {length}\r\nContent-Type: application/merge-patch+json\r\nExpect: 100-continue\r\n"));
    assert_eq!(client.head().status(), 100);
    client.send(patch);
    assert!(client.answer().head.status() < 300);
    assert!(client.get("/api/v1/settings").text().contains("55"));
    let links = client.get("/status").text();
    assert!(links.contains("https://camera/stream"), "{links}");
}

#[test]
fn links_are_https_behind_a_proxy_that_says_so() {
    let daemon = Daemon::with_pattern(&[]);
    let mut client = Client::connect(&daemon);
    client.ask("GET", "/status", "X-Forwarded-Proto: https\r\n");
    assert!(client.answer().text().contains("https://camera/stream"));
    assert!(client.get("/status").text().contains("http://camera/stream"));
}

#[test]
fn a_stream_ends_with_a_word_when_the_daemon_does() {
    let (mut daemon, address) = daemon(&[]);
    let mut stream = Stream::over(Client::secure(address, None), "/stream");
    (0..5).for_each(|_| drop(stream.next()));
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.wait(PATIENCE).unwrap().code(), Some(0));
    // Without close_notify this would be an error.
    stream.client.rest();
}

#[test]
fn each_port_tells_who_speaks_the_other_ones_language() {
    let (daemon, address) = daemon(&[]);
    let mut client = Client::over(Wire::Tcp(TcpStream::connect(address).unwrap()));
    let answer = client.get("/stream");
    assert_eq!(answer.head.status(), 400);
    assert!(answer.text().contains("https://"), "{}", answer.text());
    let mut client = Client::connect(&daemon);
    client.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
    assert_eq!(client.answer().head.status(), 400);
}

#[test]
fn garbage_half_records_and_handshakes_that_never_end_are_closed() {
    let config = "[http]\nrequest-timeout = 1\n";
    let (daemon, address) = secure(Launch::default().args(&["--source", "pattern"]).config(config));
    let before = connections(&daemon);
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    let pieces: [&[u8]; 9] = [
        b"",
        b"\x16",
        hello,
        b"\x16\x03\x01\xff\xff",
        b"\x16\x03\x01\x00\x00",
        &[0; 5000],
        &[0xff; 5000],
        b"\x15\x03\x01\x00\x02\x02\x28",
        b"\x17\x03\x03\x00\x05hello",
    ];
    let mut sockets: Vec<_> = pieces
        .iter()
        .map(|piece| {
            let mut socket = TcpStream::connect(address).unwrap();
            // Some are closed before they have said everything.
            let _ = socket.write_all(piece);
            socket
        })
        .collect();
    assert!(within(PATIENCE, || connections(&daemon) <= before), "{} are left", connections(&daemon));
    // One that goes on for ever, a byte at a time.
    let begin = Instant::now();
    sockets[0] = TcpStream::connect(address).unwrap();
    let mut bytes = hello.iter().chain([0; 4000].iter());
    while sockets[0].write_all(&[*bytes.next().expect("it is closed")]).is_ok() {
        assert!(begin.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(Client::secure(address, None).get("/snapshot").head.status(), 200);
}

#[test]
fn random_bytes_after_a_handshake_hurt_nobody() {
    let (daemon, address) = daemon(&[]);
    let before = connections(&daemon);
    for piece in [&[0_u8; 300][..], &[0x17; 300], b"\x17\x03\x03\x40\xffshort", b"GET / HTTP/1.1\r\n\r\n"] {
        let mut client = Client::secure(address, None);
        assert_eq!(client.get("/healthz").head.status(), 200);
        let mut socket = client.socket();
        let _ = socket.write_all(piece);
    }
    assert!(within(PATIENCE, || connections(&daemon) <= before));
}

#[test]
fn too_many_are_told_so_over_tls_too() {
    let (_daemon, address) =
        secure(Launch::default().args(&["--source", "pattern"]).config("[http]\nmax-connections = 1\n"));
    let mut first = Client::secure(address, None);
    assert_eq!(first.get("/healthz").head.status(), 200);
    assert_eq!(Client::secure(address, None).get("/healthz").head.status(), 503);
}

/// Frames long enough to fill a socket.
fn camera_of_long_frames(fps: &str) -> Camera {
    Camera::mjpeg().film(640, 480, 200).set("FAKECAM_FPS", fps)
}

#[test]
fn over_tls_a_slow_viewer_skips_pictures_and_sees_new_ones() {
    let camera = camera_of_long_frames("10");
    let (daemon, address) = secure(Launch::default().camera(&camera));
    let length = get(&daemon, "/snapshot").body.len();
    assert!(length > 60_000, "too short to be too much: {length} bytes");
    let mut client = Client::secure(address, Some(16 * 1024));
    let ages = read_slowly(&mut client, 200_000, Duration::from_secs(12));
    assert!(ages.len() >= 4, "{ages:?}");
    let bound = 3 * Duration::from_secs_f64(length as f64 / 200e3) + Duration::from_secs(1);
    assert!(ages.iter().all(|age| *age < bound), "older than {bound:?}: {ages:?}");
}

#[test]
fn a_viewer_that_never_reads_is_closed() {
    let camera = camera_of_long_frames("30");
    let config = "[http]\nserver-timeout = 1\n";
    let (daemon, address) = secure(Launch::default().camera(&camera).config(config));
    let mut client = Client::secure(address, Some(4096));
    client.ask("GET", "/stream", "");
    assert!(within(PATIENCE, || viewers(&daemon) == 1));
    assert!(within(PATIENCE, || viewers(&daemon) == 0), "it is closed");
}

#[test]
fn viewers_over_tls_beside_many_plain_ones_see_whole_pictures() {
    let camera = camera_of_long_frames("10");
    let (daemon, address) = secure(Launch::default().camera(&camera));
    let mut streams: Vec<_> = (0..12).map(|_| Stream::open(&daemon, "/stream")).collect();
    streams.extend((0..12).map(|_| Stream::over(Client::secure(address, None), "/stream")));
    for _ in 0..3 {
        for stream in &mut streams {
            assert!(stream.next().marker().is_some());
        }
    }
}

#[test]
fn its_own_certificate_is_kept_beside_the_state_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.toml");
    let args = ["--state-file", file.to_str().unwrap()];
    let (first, _) = daemon(&args);
    let key = folder.path().join("tls.pem");
    assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let (second, address) = daemon(&args);
    assert_eq!(fingerprints(&first), fingerprints(&second));
    let shown = run("openssl", &["s_client", "-connect", &address.to_string()]).stdout;
    let folder_file = folder.path().join("shown.pem");
    std::fs::write(&folder_file, shown).unwrap();
    let args = ["x509", "-noout", "-fingerprint", "-sha256", "-ext", "subjectAltName", "-in"];
    let output = run("openssl", &[&args[..], &[folder_file.to_str().unwrap()]].concat());
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains(&fingerprints(&second)[0]), "{said}");
    assert!(said.contains("DNS:localhost") && said.contains("IP Address:127.0.0.1"), "{said}");
    let (third, _) = daemon(&["--state-file", ""]);
    assert!(third.log.text().contains("a new one is made at each start"));
    assert_ne!(fingerprints(&third), fingerprints(&second));
}

/// A certificate with its key, as certbot would write them.
fn write_certificate(folder: &Path) {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let args = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=cam",
    ];
    let files = ["-keyout", &path("key.pem"), "-out", &path("cert.pem")];
    let output = run("openssl", &[&args[..], &files[..]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn renewed_files_are_taken_up_and_broken_ones_are_not() {
    let folder = tempfile::tempdir().unwrap();
    write_certificate(folder.path());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (daemon, address) = daemon(&["--tls-cert", &path("cert.pem"), "--tls-key", &path("key.pem")]);
    let mut old = Client::secure(address, None);
    assert_eq!(old.get("/healthz").head.status(), 200);
    write_certificate(folder.path());
    let is_new = || {
        Client::secure(address, None).get("/healthz");
        fingerprints(&daemon).len() == 2
    };
    assert!(within(PATIENCE, is_new));
    assert_eq!(old.get("/healthz").head.status(), 200, "who is connected stays so");
    std::fs::write(path("cert.pem"), "broken").unwrap();
    let is_told = || {
        assert_eq!(Client::secure(address, None).get("/healthz").head.status(), 200);
        daemon.log.text().contains("goes on with the certificate from before")
    };
    assert!(within(PATIENCE, is_told));
}

#[test]
fn a_certificate_that_has_expired_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("cert.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    std::fs::write(path("key.pem"), key.serialize_pem()).unwrap();
    let (daemon, _) = daemon(&["--tls-cert", &path("cert.pem"), "--tls-key", &path("key.pem")]);
    assert!(daemon.log.text().contains("has expired"), "{}", daemon.log.text());
}

#[test]
fn bad_files_are_refused_with_key_and_file() {
    let folder = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    write_certificate(folder.path());
    write_certificate(other.path());
    let refusal = |cert: &str, key: &str| {
        let settings = folder.path().join("mjpegd.toml");
        std::fs::write(&settings, format!("[http]\ntls-port = 8443\n{cert}\n{key}\n")).unwrap();
        let words = words();
        let mut command = Command::new(&words[0]);
        let output = command.args(&words[1..]).arg("--config").arg(settings).output().unwrap();
        assert_eq!(output.status.code(), Some(78));
        String::from_utf8(output.stderr).unwrap()
    };
    let cert = "tls-cert = \"cert.pem\"";
    for (cert, key, why) in [
        (cert, "", "http.tls-key: the certificate needs its key"),
        ("", "tls-key = \"key.pem\"", "http.tls-cert: the key needs its certificate"),
        (cert, "tls-key = \"none.pem\"", "none.pem: No such file"),
        (cert, "tls-key = \"cert.pem\"", "BEGIN PRIVATE KEY"),
        ("tls-cert = \"key.pem\"", "tls-key = \"key.pem\"", "BEGIN CERTIFICATE"),
        (
            cert,
            &format!("tls-key = \"{}/key.pem\"", other.path().display()),
            "not the key of the certificate",
        ),
    ] {
        let told = refusal(cert, key);
        assert!(told.contains("mjpegd.toml:") && told.contains(why), "{told}");
    }
}
