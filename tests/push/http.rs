//! To other servers.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::common::client::state;
use super::common::daemon::{Daemon, Launch, free_port};
use super::common::stream::Stream;
use super::common::{PATIENCE, picture, within};
use super::{ask, checked, daemon, says, sent, told};

/// A post with its head and body.
struct Post {
    head: String,
    body: Vec<u8>,
}

/// A server that hands over what it is sent, and answers with these bytes.
fn server(answer: &'static [u8]) -> (String, Receiver<Post>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (posts, received) = channel();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let (mut socket, posts) = (socket.unwrap(), posts.clone());
            thread::spawn(move || {
                while let Some(post) = read(&mut BufReader::new(&socket)) {
                    if posts.send(post).is_err() || socket.write_all(answer).is_err() {
                        return;
                    }
                }
            });
        }
    });
    (format!("{address}"), received)
}

fn read(from: &mut BufReader<&TcpStream>) -> Option<Post> {
    let mut head = String::new();
    while from.read_line(&mut head).ok()? > 2 {}
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse().unwrap();
    let mut body = vec![0; length];
    from.read_exact(&mut body).ok()?;
    Some(Post { head, body })
}

const FINE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n";

/// Another mjpegd that shows what it is sent.
fn inbox(flags: &[&str]) -> Daemon {
    Launch::default().args(&["--source", "inbox"]).args(flags).start()
}

#[test]
fn another_mjpegd_shows_what_it_is_sent_raw_and_in_the_tutorials_form() {
    let (raw, form) = (inbox(&["--user", "me", "--passwd", "s ecret"]), inbox(&[]));
    let login = raw.address.to_string();
    let daemon = daemon(&format!(
        "[[push]]\nto = \"http\"\nurl = \"http://me:s%20ecret@{login}/frame\"\n\
         [[push]]\nto = \"http\"\nurl = \"{}\"\nform-field = \"img\"\ninterval = 0.2\n",
        form.url("/image_post")
    ));
    let mut stream = Stream::open(&form, "/stream");
    assert!(stream.find(100, |part| picture::decode(&part.jpeg).width == 320).is_some());
    sent(&daemon, "http-1", 3);
    sent(&daemon, "http-2", 3);
    let shown = state(&daemon).to_string() + &daemon.log.text();
    assert!(shown.contains("me:***@") && !shown.contains("ecret"), "{shown}");
}

#[test]
fn a_token_goes_with_each_frame_on_one_connection_and_is_shown_to_nobody() {
    let (address, posts) = server(FINE);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "sesame\n").unwrap();
    let settings = format!(
        "[[push]]\nto = \"http\"\nurl = \"http://{address}/in?camera=1\"\ntoken-file = \"{}\"\n",
        file.display()
    );
    let said = checked(&settings);
    assert!(said.contains(&format!("push http-1: fine, http://{address}/in?camera=1")), "{said}");
    let daemon = daemon(&settings);
    let mut last = 0;
    for _ in 0..3 {
        let post = posts.recv_timeout(PATIENCE).unwrap();
        assert!(post.head.starts_with("post /in?camera=1 http/1.1\r\n"), "{}", post.head);
        assert!(post.head.contains("authorization: bearer sesame\r\n"), "{}", post.head);
        assert!(post.head.contains("content-type: image/jpeg\r\n"), "{}", post.head);
        assert_eq!(picture::decode(&post.body).width, 320);
        last = post.body.len();
    }
    assert!(last > 0);
    let shown = state(&daemon).to_string() + &daemon.log.text() + &said;
    assert!(!shown.contains("sesame"), "{shown}");
}

#[test]
fn the_form_is_as_a_browser_sends_it() {
    let (address, posts) = server(FINE);
    let _daemon = daemon(&format!(
        "[[push]]\nto = \"http\"\nurl = \"http://{address}/image_post\"\nform-field = \"img\"\n"
    ));
    let post = posts.recv_timeout(PATIENCE).unwrap();
    assert!(post.head.contains("content-type: application/x-www-form-urlencoded"), "{}", post.head);
    let fields: Vec<_> = form_urlencoded::parse(&post.body).into_owned().collect();
    assert_eq!((fields.len(), fields[0].0.as_str()), (1, "img"));
    picture::decode(&STANDARD.decode(&fields[0].1).unwrap());
}

#[test]
fn on_request_one_frame_goes_out_that_is_newer_than_the_asking() {
    let (address, posts) = server(FINE);
    let daemon = daemon(&format!(
        "[[push]]\nto = \"http\"\nname = \"door\"\nurl = \"http://{address}/\"\non-request = true\n"
    ));
    assert!(posts.recv_timeout(Duration::from_secs(1)).is_err());
    let mut pictures = Vec::new();
    for _ in 0..2 {
        assert_eq!(ask(&daemon, "door"), 202);
        pictures.push(posts.recv_timeout(PATIENCE).unwrap().body);
        assert!(posts.recv_timeout(Duration::from_millis(500)).is_err());
    }
    assert_ne!(pictures[0], pictures[1]);
    assert_eq!(told(&daemon, "door")["sent"], 2);
}

#[test]
fn a_receiver_that_goes_and_comes_back_is_told_of_once_each_time() {
    let port = free_port();
    let settings =
        format!("[[push]]\nto = \"http\"\nname = \"hub\"\nurl = \"http://127.0.0.1:{port}/frame\"\n");
    assert!(checked(&settings).contains("push hub: Connection refused"), "{}", checked(&settings));
    let daemon = daemon(&settings);
    for times in 1..3 {
        assert!(within(PATIENCE, || told(&daemon, "hub")["failures"].as_u64().unwrap() >= 2 * times));
        let hub = Launch::default().port(port).args(&["--source", "inbox"]).start();
        let works = || daemon.log.count("push hub: works again") == times as usize;
        assert!(within(2 * PATIENCE, works), "{}", daemon.log.text());
        drop(hub);
    }
    let refused = daemon.log.count("push hub: io: Connection refused");
    // Once for each time without it; what was on its way when it ended may have been cut off in another way.
    assert!((1..=3).contains(&refused), "{}", daemon.log.text());
}

#[test]
fn a_receiver_that_stalls_disturbs_neither_a_viewer_nor_another_push() {
    // It accepts, by its kernel, and never reads.
    let stalled = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, posts) = server(FINE);
    let daemon = daemon(&format!(
        "[[push]]\nto = \"http\"\nname = \"stalled\"\nurl = \"http://{}/\"\ntimeout = 1\n\
         [[push]]\nto = \"http\"\nname = \"good\"\nurl = \"http://{address}/\"\n",
        stalled.local_addr().unwrap()
    ));
    says(&daemon, "push stalled: it does not answer in time");
    let mut stream = Stream::open(&daemon, "/stream?extra_headers=1");
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(3) {
        let part = stream.next();
        let now = mjpegd::clock::Monotonic::now().as_secs_f64();
        assert!(now - part.head.number("X-UStreamer-Grab-Begin-Time") < 5.0);
    }
    while posts.try_recv().is_ok() {}
    for _ in 0..10 {
        posts.recv_timeout(PATIENCE).unwrap();
    }
    assert!(told(&daemon, "good")["failures"] == 0 && told(&daemon, "stalled")["failing"] == true);
}

#[test]
fn what_a_receiver_answers_instead_of_yes_is_told() {
    let answers: [(&'static [u8], &str); 5] = [
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", "it answers with status 500"),
        (b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", "another password or token is needed"),
        (
            b"HTTP/1.1 301 Go\r\nLocation: https://hub/\r\nContent-Length: 0\r\n\r\n",
            "sends us to, \"https://hub/\"",
        ),
        (b"\x00\x01\x02 what is HTTP?\r\n\r\n", "push http-1: "),
        (b"HTTP/1.1 200 OK\r\n", "it does not answer in time"),
    ];
    for (answer, words) in answers {
        let (address, _posts) = server(answer);
        let daemon = daemon(&format!("[[push]]\nto = \"http\"\nurl = \"http://{address}/\"\ntimeout = 1\n"));
        assert!(within(PATIENCE, || told(&daemon, "http-1")["failures"].as_u64().unwrap() >= 2), "{words}");
        says(&daemon, words);
        assert_eq!(told(&daemon, "http-1")["sent"], 0);
    }
}

#[test]
fn an_endless_answer_is_cut_off() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            read(&mut BufReader::new(&socket));
            let _ = socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            while socket.write_all(&[b'x'; 65536]).is_ok() {}
        }
    });
    let daemon = daemon(&format!("[[push]]\nto = \"http\"\nurl = \"http://{address}/\"\n"));
    sent(&daemon, "http-1", 5);
}
