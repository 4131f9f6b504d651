//! Clients that take their time: with what they ask, what they send and what they read.

use super::*;
use crate::common::client::Client;

#[test]
fn who_sends_a_byte_now_and_then_is_told_that_time_is_up() {
    let camera = camera();
    let daemon = daemon(&camera, "[http]\nrequest-timeout = 3\n", &[]);
    while_watched("slow heads", &daemon, || {
        let endless = b"GET / HTTP/1.1\r\nHost: a\r\nX-Endless: ".iter().chain(std::iter::repeat(&b'x'));
        let mut sockets: Vec<_> = (0..200).map(|_| TcpStream::connect(daemon.address).unwrap()).collect();
        let begun = Instant::now();
        for byte in endless {
            // Who is closed cannot be written to, sooner or later.
            let written = sockets.iter_mut().filter_map(|socket| socket.write_all(&[*byte]).ok()).count();
            if written == 0 || begun.elapsed() > PATIENCE {
                break;
            }
            thread::sleep(Duration::from_millis(100));
        }
        assert!(begun.elapsed() < PATIENCE, "some may go on for ever");
    });
    assert!(refused(&daemon, "heads") >= 200);
    alone(&daemon, 0);
}

#[test]
fn who_reads_nothing_is_closed_whatever_was_asked_for() {
    // So long that no socket takes many of them.
    let camera = Camera::mjpeg().film(640, 480, 200).set("FAKECAM_FPS", "10");
    let config = "[http]\nserver-timeout = 2\nrequest-timeout = 2\n";
    let daemon = daemon(&camera, config, &[]);
    let snapshots = "GET /snapshot?max_age=10000 HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100);
    let pages = "GET /page.js HTTP/1.1\r\nHost: a\r\n\r\n".repeat(150);
    let states = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n".repeat(180);
    while_watched("no reads", &daemon, || {
        let mut silent = Vec::new();
        for _ in 0..30 {
            for request in ["GET /stream HTTP/1.1\r\nHost: a\r\n\r\n", &snapshots, &pages, &states] {
                let mut client = Client::narrow(daemon.address, 4096);
                client.try_send(request);
                silent.push(client);
            }
            sleep_a_little();
        }
        // Those that watch are closed as well as those that asked; the one that does read stays.
        let connections = || state(&daemon)["connections"].as_u64().unwrap();
        assert!(within(2 * PATIENCE, || connections() <= 2), "{} connections are left", connections());
    });
}

#[test]
fn pictures_that_many_slow_clients_hold_on_to_do_not_fill_the_memory() {
    // Each of them sticks to another picture: for a minute, if it were let. A Unix socket takes a part of one and no more,
    // as TCP does on a real network, where the loopback's takes all of it.
    let camera =
        Camera::mjpeg().film(1280, 720, 255).set("FAKECAM_SIZES", "1280x720").set("FAKECAM_FPS", "15");
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let path = folder.path().join("socket");
    let daemon = daemon(&camera, "[http]\nserver-timeout = 60\n", &["--unix", path.to_str().unwrap()]);
    while_watched("pictures held on to", &daemon, || {
        let length = exchange(daemon.address, b"GET /snapshot HTTP/1.0\r\n\r\n").len();
        let mut held = Vec::new();
        while held.len() * length < 2 * MOST_MEMORY {
            let mut client = Client::local(&path);
            client.ask("GET", ["/stream", "/snapshot"][held.len() % 2], "");
            held.push(client);
            // More than there is between two pictures.
            thread::sleep(Duration::from_millis(80));
        }
    });
}

#[test]
fn who_hands_in_little_by_little_keeps_a_share_and_no_more() {
    let daemon = Launch::default()
        .args(&["--source", "inbox"])
        .config("[http]\nserver-timeout = 2\nrequest-timeout = 2\nmax-frame-bytes = 1000000\n")
        .start();
    // Eight of the longest at a time: the next are told to come again, and are not left to grow.
    let chunked = "PUT /frame HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let open = || {
        let mut client = Client::connect(&daemon);
        client.send(chunked);
        client
    };
    let mut uploads: Vec<_> = (0..8).map(|_| open()).collect();
    assert!(uploads.iter_mut().all(|one| one.nothing_within(Duration::from_millis(100))));
    let mut refused_one = open();
    let answer = refused_one.answer();
    assert_eq!(answer.head.status(), 503);
    assert!(answer.head.value("Retry-After").is_some());
    assert_eq!(refused(&daemon, "bodies"), 1);
    // A picture without end is one that is too long: what has come of it is thrown away.
    let megabyte =
        [b"100000\r\n".as_slice(), b"\xff\xd8\xff\xda\0\x04\x01\x02", &[0x55; (1 << 20) - 8], b"\r\n"]
            .concat();
    for upload in &mut uploads {
        for _ in 0..4 {
            upload.send(&megabyte);
        }
    }
    assert!(own_memory(&daemon) < MOST_MEMORY, "{}", own_memory(&daemon));
    // Who sends nothing more is told so, and its share is free again.
    for upload in &mut uploads {
        assert_eq!(upload.answer().head.status(), 408);
    }
    drop(uploads);
    drop(refused_one);
    alone(&daemon, 0);
    assert!(open().nothing_within(Duration::from_millis(100)));
}

#[test]
fn hundreds_of_requests_in_one_piece_are_answered_in_order_and_a_stream_among_them_is_the_last() {
    let camera = camera();
    let daemon = daemon(&camera, "", &[]);
    while_watched("pipelining", &daemon, || {
        let one = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
        let last = "GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        let answer = exchange(daemon.address, format!("{}{last}", one.repeat(700)).as_bytes());
        let got = statuses(&answer);
        assert_eq!((got.len(), got[..700].iter().all(|status| *status == 200), got[700]), (701, true, 404));
        let mut client = Client::connect(&daemon);
        client.send(format!("{}GET /stream HTTP/1.1\r\nHost: a\r\n\r\n{}", one.repeat(50), one.repeat(5000)));
        for _ in 0..50 {
            assert_eq!(client.answer().head.status(), 200);
        }
        // What stands behind it is thrown away: nothing but pictures follows, and its end is seen.
        assert!(client.head().value("Content-Type").unwrap().starts_with("multipart/"));
        let parts = client.exactly(200_000);
        assert!(statuses(&parts).is_empty());
        drop(client);
        alone(&daemon, 1);
    });
}
