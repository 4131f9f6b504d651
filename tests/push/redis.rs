//! By way of a real Redis server.

use std::io::Write as _;
use std::net::TcpListener;
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use redis::Commands as _;
use rustix::process::{Pid, Signal, kill_process};

use super::common::client::state;
use super::common::daemon::free_port;
use super::common::redis::Server;
use super::common::{PATIENCE, picture, within};
use super::{ask, checked, daemon, says, sent, told};

fn push(url: &str, more: &str) -> String {
    format!("[[push]]\nto = \"redis\"\nname = \"redis\"\nurl = \"{url}\"\n{more}\n")
}

#[test]
fn the_tutorials_receiver_gets_what_the_tutorials_sender_sent() {
    let server = Server::start(free_port(), None);
    let daemon = daemon(&push(
        &server.url(),
        "key = \"rtsp://door/live\"\nchannel = \"img0\"\nbase64 = true\nstop-key = \"result\"",
    ));
    let mut keys = server.client().get_connection().unwrap();
    let mut messages = server.client().get_connection().unwrap();
    let mut messages = messages.as_pubsub();
    messages.set_read_timeout(Some(PATIENCE)).unwrap();
    messages.subscribe("img0").unwrap();
    let mut pictures = Vec::new();
    for _ in 0..5 {
        let key: String = messages.get_message().unwrap().get_payload().unwrap();
        assert_eq!(key, "rtsp://door/live");
        let value: String = keys.get(&key).unwrap();
        pictures.push(STANDARD.decode(value).unwrap());
    }
    assert!(pictures.iter().all(|jpeg| picture::decode(jpeg).width == 320));
    assert!(pictures.windows(2).any(|two| two[0] != two[1]));
    // And is ended as it was.
    let () = keys.set("result", "stop").unwrap();
    says(&daemon, "push redis: ended by the receiver");
    assert_eq!(keys.exists::<_, u32>(&["rtsp://door/live", "result"]).unwrap(), 0);
    assert!(within(PATIENCE, || told(&daemon, "redis")["ended"] == true));
    assert_eq!(ask(&daemon, "redis"), 409);
}

#[test]
fn a_stream_is_bounded_and_a_key_expires_and_both_hold_the_jpeg_as_it_is() {
    let server = Server::start(free_port(), None);
    let daemon = daemon(&push(&server.url(), "stream = \"film\"\nmax-len = 5\nkey = \"now\"\nexpire = 1"));
    sent(&daemon, "redis", 60);
    let mut connection = server.client().get_connection().unwrap();
    let length: usize = connection.xlen("film").unwrap();
    assert!((5..20).contains(&length), "{length}");
    let newest: redis::streams::StreamRangeReply = connection.xrevrange_count("film", "+", "-", 1).unwrap();
    let jpeg: Vec<u8> = newest.ids[0].get("frame").unwrap();
    assert_eq!(picture::decode(&jpeg).width, 320);
    let now: Vec<u8> = connection.get("now").unwrap();
    picture::decode(&now);
    drop(daemon);
    assert!(within(PATIENCE, || connection.exists::<_, u32>("now").unwrap() == 0));
}

#[test]
fn without_a_key_the_message_is_the_picture_in_the_database_and_with_the_password_of_the_address() {
    let server = Server::start(free_port(), Some("secret"));
    let settings = push(&server.database(3), "channel = \"img0\"")
        + &push(&server.database(3), "key = \"now\"").replace("name = \"redis\"", "name = \"key\"");
    let said = checked(&settings);
    assert!(said.contains("push redis: fine, redis://:***@127.0.0.1"), "{said}");
    let daemon = daemon(&settings);
    let client = redis::Client::open(server.database(3)).unwrap();
    let mut messages = client.get_connection().unwrap();
    let mut messages = messages.as_pubsub();
    messages.set_read_timeout(Some(PATIENCE)).unwrap();
    messages.subscribe("img0").unwrap();
    let message = messages.get_message().unwrap();
    assert_eq!(picture::decode(message.get_payload_bytes()).width, 320);
    sent(&daemon, "key", 1);
    assert!(client.get_connection().unwrap().exists::<_, bool>("now").unwrap());
    assert!(!server.client().get_connection().unwrap().exists::<_, bool>("now").unwrap());
    let wrong = super::daemon(&push(&server.url().replace("secret", "wrong"), "key = \"now\""));
    says(&wrong, "WARN");
    let shown = state(&daemon).to_string() + &daemon.log.text() + &wrong.log.text() + &said;
    assert!(!shown.contains("secret") && !shown.contains(":wrong@"), "{shown}");
}

#[test]
fn a_server_that_is_killed_and_started_again_is_found_again() {
    let port = free_port();
    let mut server = Server::start(port, None);
    let daemon = daemon(&push(&server.url(), "key = \"now\""));
    sent(&daemon, "redis", 2);
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    assert!(within(PATIENCE, || told(&daemon, "redis")["failures"].as_u64().unwrap() >= 2));
    let before = told(&daemon, "redis")["sent"].as_u64().unwrap();
    let _server = Server::start(port, None);
    sent(&daemon, "redis", before + 2);
    says(&daemon, "push redis: works again");
    assert_eq!(daemon.log.count("push redis: works again"), 1, "{}", daemon.log.text());
    assert!(daemon.log.count("push redis: Connection refused") <= 1, "{}", daemon.log.text());
}

#[test]
fn a_server_that_stalls_is_given_up_and_found_again() {
    let server = Server::start(free_port(), None);
    let daemon = daemon(&push(&server.url(), "key = \"now\"\ntimeout = 1"));
    sent(&daemon, "redis", 2);
    let pid = Pid::from_child(&server.child);
    kill_process(pid, Signal::STOP).unwrap();
    says(&daemon, "push redis: it does not answer in time");
    let before = told(&daemon, "redis")["sent"].as_u64().unwrap();
    kill_process(pid, Signal::CONT).unwrap();
    sent(&daemon, "redis", before + 2);
}

#[test]
fn a_server_that_refuses_or_talks_nonsense_is_told_of() {
    let server = Server::start(free_port(), None);
    let mut connection = server.client().get_connection().unwrap();
    let () = connection.set("film", "no stream").unwrap();
    let refused = daemon(&push(&server.url(), "stream = \"film\""));
    says(&refused, "WRONGTYPE");
    assert_eq!(told(&refused, "redis")["sent"], 0);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let _ = socket.unwrap().write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let daemon = daemon(&push(&format!("redis://{address}"), "key = \"now\"\ntimeout = 1"));
    assert!(within(PATIENCE, || told(&daemon, "redis")["failures"].as_u64().unwrap() >= 2));
    assert_eq!(told(&daemon, "redis")["sent"], 0);
}
