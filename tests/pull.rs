//! One mjpegd shows what another one has, and what other servers send.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use common::camera::Camera;
use common::client::state;
use common::daemon::{Daemon, Launch, free_port};
use common::stream::Stream;
use common::{PATIENCE, picture, within};

fn relay(url: &str, more: &[&str]) -> Daemon {
    Launch::default().args(&["--source", "pull", "--pull-url", url]).args(more).start()
}

fn word(daemon: &Daemon) -> String {
    state(daemon)["result"]["mjpegd"]["camera"]["state"].as_str().unwrap().to_owned()
}

/// A server that answers each connection in this way, behind the head of the request.
fn server(answer: impl Fn(&mut TcpStream, &str) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            let mut head = String::new();
            let mut lines = BufReader::new(socket.try_clone().unwrap());
            while lines.read_line(&mut head).is_ok_and(|count| count > 2) {}
            answer(&mut socket, &head);
        }
    });
    format!("http://{address}/stream")
}

#[test]
fn pictures_come_through_two_relays_as_the_camera_made_them_and_without_delay() {
    let camera = Camera::mjpeg();
    let first = Daemon::with_camera(&camera, &[]);
    let second = relay(&first.url("/stream"), &[]);
    let third = relay(&second.url("/?action=stream"), &[]);
    let mut stream = Stream::open(&third, "/stream");
    let mut seen = Vec::new();
    for _ in 0..30 {
        let part = stream.next();
        let marker = part.marker().expect("the camera's own JPEG");
        assert!(marker.taken.age() < Duration::from_secs(2), "{:?}", marker.taken.age());
        seen.push(marker.sequence);
    }
    assert!(seen.is_sorted(), "{seen:?}");
    seen.dedup();
    // One that comes late may be sent twice.
    assert!(seen.len() > 20, "{seen:?}");
}

#[test]
fn a_snapshot_is_polled_where_an_interval_is_given() {
    let first = Daemon::with_pattern(&[]);
    let daemon = relay(&first.url("/snapshot"), &["--pull-interval", "0.05"]);
    let mut stream = Stream::open(&daemon, "/stream");
    let pictures: Vec<_> = (0..5).map(|_| stream.next().jpeg).collect();
    assert!(pictures.windows(2).any(|two| two[0] != two[1]));
    assert_eq!(picture::decode(&pictures[0]).width, 640);
}

#[test]
fn a_server_with_a_password_gets_it_and_nobody_else_sees_it() {
    let first = Daemon::with_pattern(&["--user", "me", "--passwd", "s ecret"]);
    let url = |login: &str| first.url("/stream").replace("http://", &format!("http://{login}@"));
    let daemon = relay(&url("me:s%20ecret"), &[]);
    Stream::open(&daemon, "/stream").next();
    assert!(word(&daemon) == "online");
    let shown = state(&daemon).to_string() + &daemon.log.text();
    assert!(shown.contains("me:***@") && !shown.contains("ecret"), "{shown}");
    let wrong = relay(&url("me:wrong"), &[]);
    let _stream = Stream::open(&wrong, "/stream");
    assert!(
        wrong.log.wait_for("it wants another name and password", PATIENCE).is_some(),
        "{}",
        wrong.log.text()
    );
}

#[test]
fn a_server_that_comes_later_or_goes_and_comes_back_is_found() {
    let port = free_port();
    let daemon = relay(&format!("http://127.0.0.1:{port}/stream"), &["--device-error-delay", "0.2"]);
    let mut stream = Stream::open(&daemon, "/stream");
    for _ in 0..2 {
        assert!(within(PATIENCE, || word(&daemon) == "no-signal"), "{}", word(&daemon));
        let server = Launch::default().port(port).args(&["--source", "pattern"]).start();
        assert!(within(PATIENCE, || word(&daemon) == "online"), "{}", daemon.log.text());
        drop(server);
    }
    stream.next();
}

#[test]
fn over_tls_a_server_is_believed_if_this_system_does() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (cert, key) = (file("cert.pem"), file("key.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-subj",
            "/CN=hub",
        ])
        .args(["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", &key, "-out", &cert])
        .stderr(Stdio::null())
        .status();
    assert!(made.unwrap().success());
    let port = free_port();
    let hub = Launch::default()
        .args(&[
            "--source",
            "pattern",
            "--tls-cert",
            &cert,
            "--tls-key",
            &key,
            "--tls-port",
            &port.to_string(),
        ])
        .start();
    let url = format!("https://127.0.0.1:{port}/stream");
    let trusting =
        Launch::default().args(&["--source", "pull", "--pull-url", &url]).env("SSL_CERT_FILE", &cert).start();
    Stream::open(&trusting, "/stream").next();
    assert!(within(PATIENCE, || word(&trusting) == "online"), "{}", trusting.log.text());
    let other = relay(&url, &[]);
    let _stream = Stream::open(&other, "/stream");
    assert!(other.log.wait_for("certificate", PATIENCE).is_some(), "{}", other.log.text());
    drop(hub);
}

#[test]
fn streams_are_read_as_other_servers_send_them() {
    let jpeg = picture::draw(320, 240, 3, 0);
    let part = [&b"--frame\r\nContent-Type: image/jpeg\r\n\r\n"[..], &jpeg, b"\r\n"].concat();
    type Form = fn(&[u8]) -> Vec<u8>;
    let streams: [(&str, Form); 3] = [
        (
            "HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n",
            <[u8]>::to_vec,
        ),
        // An ESP32-CAM sends it in chunks, head lines and pictures apart.
        (
            "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=frame\r\nTransfer-Encoding: chunked\r\n\r\n",
            |part| {
                let chunk =
                    |piece: &[u8]| [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat();
                part.chunks(1000).flat_map(chunk).collect()
            },
        ),
        ("HTTP/1.1 200 OK\r\nContent-Type: video/x-motion-jpeg\r\n\r\n", <[u8]>::to_vec),
    ];
    for (head, form) in streams {
        let part = form(&part);
        let url = server(move |socket, _| {
            let _ = socket.write_all(head.as_bytes());
            while socket.write_all(&part).is_ok() {
                thread::sleep(Duration::from_millis(30));
            }
        });
        let daemon = relay(&url, &[]);
        let mut stream = Stream::open(&daemon, "/stream");
        for _ in 0..3 {
            assert!(picture::is_red_and_blue(&picture::decode(&stream.next().jpeg)), "{head}");
        }
    }
}

#[test]
fn a_server_that_stalls_or_talks_nonsense_is_told_of_and_asked_anew() {
    let answers: [(&[u8], &str); 3] = [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "it answers with status 404"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello",
            "there was no whole JPEG",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff\xe0",
            "still no first picture after",
        ),
    ];
    for (answer, words) in answers {
        let url = server(move |socket, _| {
            let _ = socket.write_all(answer);
            if words.starts_with("still") {
                thread::sleep(Duration::from_secs(60));
            }
        });
        let daemon = relay(&url, &["--source-timeout", "1"]);
        let _stream = Stream::open(&daemon, "/stream");
        assert!(daemon.log.wait_for(words, PATIENCE).is_some(), "{words}: {}", daemon.log.text());
    }
}

/// Each of its bytes is in time. What it holds up must end with the source, or attempts to open it pile up.
#[test]
fn a_server_that_drips_is_left_when_nobody_wants_its_picture_any_longer() {
    let (left, is_left) = mpsc::channel();
    let url = server(move |socket, _| {
        let _ = socket.write_all(
            b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 9000000\r\n\r\n\xff\xd8",
        );
        while socket.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(50));
        }
        let _ = left.send(());
    });
    let daemon = relay(&url, &["--pull-interval", "1", "--idle-timeout", "1"]);
    drop(Stream::open(&daemon, "/stream"));
    assert!(is_left.recv_timeout(PATIENCE).is_ok(), "{}", daemon.log.text());
}
