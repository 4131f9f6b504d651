//! Pictures that programs hand in, as the tutorials, curl, ffmpeg and Python do.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use common::client::{Answer, Client, get, state};
use common::daemon::{Daemon, Launch};
use common::stream::Stream;
use common::{PATIENCE, picture, within};

fn inbox(flags: &[&str]) -> Daemon {
    Launch::default().args(&["--source", "inbox"]).args(flags).start()
}

fn post(daemon: &Daemon, path: &str, content_type: &str, body: &[u8]) -> Answer {
    let mut client = Client::connect(daemon);
    let lines = format!("Content-Type: {content_type}\r\nContent-Length: {}\r\n", body.len());
    client.ask("POST", path, &lines);
    // One that is refused for its length is not read to the end.
    client.try_send(body);
    client.answer()
}

fn form(jpeg: &[u8]) -> Vec<u8> {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("img", &STANDARD.encode(jpeg))
        .finish()
        .into_bytes()
}

#[test]
fn each_form_of_a_picture_is_shown_to_who_watches() {
    let daemon = inbox(&[]);
    let mut stream = Stream::open(&daemon, "/stream");
    let jpeg = |number| picture::draw(320, 240, number, 0);
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, 64, 48);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().unwrap().write_image_data(&[99; 64 * 48 * 3]).unwrap();
    let unencoded = [b"img=", STANDARD.encode(jpeg(3)).as_bytes()].concat();
    let forms: [(&str, &str, Vec<u8>, usize); 5] = [
        ("/frame", "image/jpeg", jpeg(1), 320),
        ("/frame", "image/png", png, 64),
        ("/image_post", "application/x-www-form-urlencoded", form(&jpeg(2)), 320),
        ("/image_post", "application/x-www-form-urlencoded", unencoded, 320),
        ("/frame", "text/plain", STANDARD.encode(jpeg(4)).into_bytes(), 320),
    ];
    for (path, kind, body, width) in forms {
        let answer = post(&daemon, path, kind, &body);
        assert_eq!((answer.head.status(), answer.text().as_ref()), (200, "ok\n"), "{path} {kind}");
        let shown = stream.find(200, |part| picture::decode(&part.jpeg).width == width);
        assert!(shown.is_some(), "{path} {kind}");
    }
}

#[test]
fn a_film_comes_in_by_one_request() {
    let daemon = inbox(&[]);
    let mut stream = Stream::open(&daemon, "/stream");
    for chunked in [true, false] {
        let parts: Vec<Vec<u8>> = (0..picture::FILM)
            .map(|number| {
                let jpeg = picture::draw(320, 240, number, 0);
                [&b"--frame\r\nContent-Type: image/jpeg\r\n\r\n"[..], &jpeg, b"\r\n"].concat()
            })
            .collect();
        let mut sender = Client::connect(&daemon);
        let length = parts.iter().map(Vec::len).sum::<usize>();
        let lines = match chunked {
            true => "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n".to_owned(),
            false => format!("Content-Length: {length}\r\n"),
        };
        sender.ask("PUT", "/frame", &lines);
        if chunked {
            assert_eq!(sender.head().status(), 100);
        }
        let mut shown = 0;
        for part in &parts {
            let piece = match chunked {
                true => [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat(),
                false => part.clone(),
            };
            sender.send(piece);
            shown += u32::from(stream.next().marker().is_none());
        }
        if chunked {
            sender.send("0\r\n\r\n");
        }
        assert_eq!(sender.answer().head.status(), 204);
        assert!(shown > 0);
        // The connection goes on.
        assert_eq!(sender.get("/healthz").head.status(), 200);
    }
}

#[test]
fn ffmpeg_and_curl_hand_in_what_they_have() {
    let daemon = inbox(&[]);
    let mut stream = Stream::open(&daemon, "/stream");
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg
        .args(
            "-nostdin -v error -re -f lavfi -i testsrc=size=320x240:rate=20 -c:v mjpeg -f mpjpeg -method PUT"
                .split(' '),
        )
        .arg(daemon.url("/frame"))
        .stdout(Stdio::null());
    let mut ffmpeg = ffmpeg.spawn().unwrap();
    let shown = stream.find(200, |part| picture::decode(&part.jpeg).width == 320);
    ffmpeg.kill().unwrap();
    ffmpeg.wait().unwrap();
    assert!(shown.is_some());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("one.jpg");
    std::fs::write(&file, picture::draw(160, 120, 1, 0)).unwrap();
    for how in [vec!["--data-binary", "@FILE", "-H", "Content-Type: image/jpeg"], vec!["-T", "FILE"]] {
        let words = how.iter().map(|word| word.replace("FILE", file.to_str().unwrap()));
        let done =
            Command::new("curl").args(["-sS", "--fail"]).args(words).arg(daemon.url("/frame")).status();
        assert!(done.unwrap().success(), "{how:?}");
        assert!(stream.find(200, |part| picture::decode(&part.jpeg).width == 160).is_some());
    }
}

#[test]
fn who_sends_nothing_of_use_is_told() {
    let daemon = inbox(&[]);
    let _viewer = Stream::open(&daemon, "/stream");
    let jpeg = picture::draw(64, 48, 0, 0);
    let cut = &jpeg[..jpeg.len() / 2];
    for (path, body, status) in [
        ("/frame", &b"hello"[..], 422),
        ("/frame", b"", 422),
        ("/image_post", b"img=hello", 422),
        ("/image_post", b"image=", 400),
        // It looks like one: what is wrong with it is counted.
        ("/frame", cut, 200),
    ] {
        let answer = post(&daemon, path, "image/jpeg", body);
        assert_eq!(answer.head.status(), status, "{path}: {}", answer.text());
    }
    let broken = || {
        let frames = state(&daemon)["result"]["mjpegd"]["frames"].clone();
        frames["dropped_truncated"].as_u64().unwrap() + frames["dropped_invalid"].as_u64().unwrap()
    };
    assert!(within(PATIENCE, || broken() > 0));
    assert_eq!(get(&daemon, "/frame").head.status(), 405);
}

#[test]
fn a_picture_that_is_too_long_is_refused_before_it_is_read() {
    let daemon =
        Launch::default().args(&["--source", "inbox"]).config("[http]\nmax-frame-bytes = 65536\n").start();
    let long = picture::draw(640, 480, 0, 200);
    assert!(long.len() > 100_000);
    assert_eq!(post(&daemon, "/frame", "image/jpeg", &long).head.status(), 413);
    assert_eq!(
        post(&daemon, "/image_post", "application/x-www-form-urlencoded", &form(&long)).head.status(),
        413
    );
    let mut sender = Client::connect(&daemon);
    sender.ask("PUT", "/frame", &format!("Content-Length: {}\r\n", long.len()));
    sender.send(&long);
    assert_eq!(sender.answer().head.status(), 422);
}

#[test]
fn only_who_may_hands_in_and_only_where_that_is_the_source() {
    let jpeg = picture::draw(64, 48, 0, 0);
    let other = Daemon::with_pattern(&[]);
    let answer = post(&other, "/frame", "image/jpeg", &jpeg);
    assert_eq!(answer.head.status(), 409);
    assert!(answer.text().contains("--source inbox"), "{}", answer.text());
    let closed = inbox(&["--anonymous", "view"]);
    assert_eq!(post(&closed, "/frame", "image/jpeg", &jpeg).head.status(), 403);
    let mut client = Client::connect(&other);
    let lines = format!("Origin: http://evil.example\r\nContent-Length: {}\r\n", jpeg.len());
    client.ask("POST", "/frame", &lines);
    client.try_send(&jpeg);
    assert_eq!(client.answer().head.status(), 403);
}

#[test]
fn without_pictures_it_says_so_and_goes_on_when_they_come() {
    let daemon = inbox(&["--source-timeout", "1"]);
    let mut stream = Stream::open(&daemon, "/stream");
    let word = || state(&daemon)["result"]["mjpegd"]["camera"]["state"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        assert!(within(PATIENCE, || word() == "no-signal"));
        assert!(within(PATIENCE, || {
            post(&daemon, "/frame", "image/jpeg", &picture::draw(64, 48, 0, 0));
            thread::sleep(Duration::from_millis(100));
            word() == "online"
        }));
    }
    stream.next();
}
