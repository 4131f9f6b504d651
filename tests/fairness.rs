//! Nobody is served at the cost of the others. A file of its own, and so a run of its own: it takes all the processor.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use common::camera::Camera;
use common::client::Client;
use common::daemon::Daemon;
use common::stream::Stream;

#[test]
fn clients_that_ask_without_end_do_not_keep_the_pictures_from_a_viewer() {
    let camera = Camera::mjpeg().set("FAKECAM_FPS", "10");
    // One loop, so that all are on it.
    let daemon = Daemon::with_camera(&camera, &["--http-threads", "1"]);
    // A few that ask for what is cheap, and a crowd that asks for what is dear to answer.
    for (target, askers) in [("OPTIONS *", 4), ("GET /metrics", 48)] {
        let sequences = seen_beside(&daemon, target, askers);
        // Where each client is served to its end, which never comes, the viewer gets about one picture in ten.
        let span = sequences[29] - sequences[0];
        assert!(span < 100, "{askers} times {target}: 30 pictures of {span}: {sequences:?}");
    }
}

/// Which pictures a viewer gets while so many ask for this as fast as they can.
fn seen_beside(daemon: &Daemon, target: &str, askers: usize) -> Vec<u64> {
    let mut stream = Stream::open(daemon, "/stream");
    stream.next();
    let askers: Vec<_> = (0..askers).map(|_| Client::connect(daemon)).collect();
    let requests = format!("{target} HTTP/1.1\r\nHost: a\r\n\r\n").repeat(5000);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for asker in &askers {
            let (mut writer, mut reader) = (asker.socket(), asker.socket());
            let (requests, over) = (requests.as_bytes(), &over);
            scope.spawn(move || while !over.load(Ordering::Relaxed) && writer.write_all(requests).is_ok() {});
            scope.spawn(move || while reader.read(&mut [0; 262_144]).is_ok_and(|count| count > 0) {});
        }
        let sequences = (0..30).map(|_| stream.next().marker().unwrap().sequence).collect();
        over.store(true, Ordering::Relaxed);
        askers.iter().for_each(|asker| asker.socket().shutdown(Shutdown::Both).unwrap());
        sequences
    })
}
