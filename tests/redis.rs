//! Pictures by way of a real Redis server.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::io::Write as _;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use redis::Commands as _;
use rustix::process::{Pid, Signal, kill_process};

use common::client::state;
use common::daemon::{Daemon, Launch, free_port};
use common::redis::Server;
use common::stream::Stream;
use common::{PATIENCE, picture, within};

/// Does this with a connection and a picture, again and again, until the sender is dropped.
fn send(
    server: &Server,
    once: impl Fn(&mut redis::Connection, &[u8]) -> redis::RedisResult<()> + Send + 'static,
) -> Sender {
    let stop = Arc::new(AtomicBool::new(false));
    let (client, theirs) = (server.client(), Arc::clone(&stop));
    let film: Vec<_> = (0..picture::FILM).map(|number| picture::draw(320, 240, number, 0)).collect();
    let thread = thread::spawn(move || {
        let mut connection = client.get_connection().unwrap();
        for jpeg in film.iter().cycle() {
            // A server that was ended in the middle ends it, too.
            if theirs.load(Ordering::Relaxed) || once(&mut connection, jpeg).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(30));
        }
    });
    Sender { stop, thread: Some(thread) }
}

struct Sender {
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().unwrap().join();
    }
}

/// As the tutorials publish: the frame under a key, in base64, and the key's name on the channel.
fn by_key(connection: &mut redis::Connection, jpeg: &[u8]) -> redis::RedisResult<()> {
    connection.set::<_, _, ()>("rtsp://door/live", STANDARD.encode(jpeg))?;
    connection.publish("img0", "rtsp://door/live")
}

fn daemon(url: &str, flags: &[&str]) -> Daemon {
    Launch::default().args(&["--source", "redis", "--redis-url", url]).args(flags).start()
}

fn shows_the_film(daemon: &Daemon) {
    let mut stream = Stream::open(daemon, "/stream");
    let pictures: Vec<_> = (0..6).map(|_| stream.next().jpeg).collect();
    assert!(pictures.iter().all(|jpeg| picture::is_red_and_blue(&picture::decode(jpeg))));
    assert!(pictures.windows(2).any(|two| two[0] != two[1]));
}

#[test]
fn frames_come_by_the_name_of_their_key_or_as_the_message_itself_in_base64_or_as_they_are() {
    let server = Server::start(free_port(), None);
    type Way = fn(&mut redis::Connection, &[u8]) -> redis::RedisResult<()>;
    let ways: [Way; 4] = [
        by_key,
        |connection, jpeg| {
            connection.set::<_, _, ()>("camera", jpeg)?;
            connection.publish("img0", "camera")
        },
        |connection, jpeg| connection.publish("img0", jpeg),
        |connection, jpeg| connection.publish("img0", STANDARD.encode(jpeg)),
    ];
    for way in ways {
        let _sender = send(&server, way);
        shows_the_film(&daemon(&server.url(), &["--redis-channel", "img0"]));
    }
}

#[test]
fn of_a_stream_the_newest_entry_is_shown() {
    let server = Server::start(free_port(), None);
    let _sender = send(&server, |connection, jpeg| {
        redis::cmd("XADD")
            .arg("camera")
            .arg("MAXLEN")
            .arg(5)
            .arg("*")
            .arg("frame")
            .arg(jpeg)
            .query(connection)
    });
    shows_the_film(&daemon(&server.url(), &["--redis-stream", "camera"]));
}

#[test]
fn a_password_is_given_and_not_shown() {
    let server = Server::start(free_port(), Some("secret"));
    let _sender = send(&server, by_key);
    let good = daemon(&server.url(), &["--redis-channel", "img0"]);
    shows_the_film(&good);
    let shown = good.log.text() + &state(&good).to_string();
    assert!(shown.contains("channel img0") && !shown.contains("secret"), "{shown}");
    let wrong = daemon(&server.url().replace("secret", "wrong"), &["--redis-channel", "img0"]);
    let _stream = Stream::open(&wrong, "/stream");
    assert!(wrong.log.wait_for("no signal", PATIENCE).is_some());
}

#[test]
fn a_server_that_is_killed_and_started_again_is_found_again() {
    let port = free_port();
    let mut server = Server::start(port, None);
    let sender = send(&server, by_key);
    let daemon = daemon(&server.url(), &["--redis-channel", "img0", "--device-error-delay", "0.2"]);
    let mut stream = Stream::open(&daemon, "/stream");
    stream.next();
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    drop(sender);
    assert!(daemon.log.wait_for("no signal", PATIENCE).is_some(), "{}", daemon.log.text());
    let server = Server::start(port, None);
    let _sender = send(&server, by_key);
    let online = || state(&daemon)["result"]["mjpegd"]["camera"]["state"] == "online";
    assert!(within(PATIENCE, online), "{}", daemon.log.text());
    stream.next();
}

#[test]
fn messages_that_are_no_pictures_and_keys_that_are_not_there_are_passed_over() {
    let server = Server::start(free_port(), None);
    let _nonsense = send(&server, |connection, _| {
        connection.rpush::<_, _, ()>("list", "x")?;
        for message in ["no such key", "list", "/9j/nonsense", ""] {
            connection.publish::<_, _, ()>("img0", message)?;
        }
        redis::cmd("LTRIM").arg("list").arg(0).arg(1).query(connection)
    });
    let _sender = send(&server, by_key);
    shows_the_film(&daemon(&server.url(), &["--redis-channel", "img0"]));
}

#[test]
fn a_server_that_stalls_or_talks_nonsense_is_told_of_and_found_again() {
    let server = Server::start(free_port(), None);
    let _sender = send(&server, by_key);
    let slow = daemon(
        &server.url(),
        &["--redis-channel", "img0", "--source-timeout", "1", "--device-error-delay", "0.2"],
    );
    let mut stream = Stream::open(&slow, "/stream?extra_headers=1");
    stream.next();
    let signal = |signal| kill_process(Pid::from_raw(server.child.id() as i32).unwrap(), signal).unwrap();
    signal(Signal::STOP);
    assert!(slow.log.wait_for("no picture for 0.75 s", PATIENCE).is_some(), "{}", slow.log.text());
    signal(Signal::CONT);
    let online = || state(&slow)["result"]["mjpegd"]["camera"]["state"] == "online";
    assert!(within(PATIENCE, online), "{}", slow.log.text());

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for connection in listener.incoming() {
            let _ = connection.unwrap().write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n$99999999999\r\n");
        }
    });
    let other = daemon(&url, &["--redis-channel", "img0"]);
    let _stream = Stream::open(&other, "/stream");
    assert!(other.log.wait_for("no signal", PATIENCE).is_some(), "{}", other.log.text());
}
