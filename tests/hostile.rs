//! Clients that are broken or mean harm: each of them is refused or closed, none of them costs a viewer its pictures, and nothing of
//! them stays.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

#[path = "hostile/bytes.rs"]
mod bytes;
#[path = "hostile/crowd.rs"]
mod crowd;
#[path = "hostile/files.rs"]
mod files;
#[path = "hostile/leaving.rs"]
mod leaving;
#[path = "hostile/limits.rs"]
mod limits;
#[path = "hostile/slow.rs"]
mod slow;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::camera::Camera;
use common::daemon::{Daemon, Launch};
use common::stream::Stream;
use common::{PATIENCE, within};
use serde_json::Value;

/// Memory of the daemon's own: that of a debug build's program lies in its file.
const MOST_MEMORY: usize = 32 << 20;

/// A camera slow enough for a debug build on a busy machine: only who is kept waiting for a tenth of a second misses a picture.
fn camera() -> Camera {
    Camera::mjpeg().set("FAKECAM_FPS", "10")
}

fn daemon(camera: &Camera, config: &str, args: &[&str]) -> Daemon {
    Launch::default().camera(camera).config(config).args(args).start()
}

/// Does what it is told while a viewer watches, who must miss no picture for it.
fn while_watched<T>(name: &str, daemon: &Daemon, attack: impl FnOnce() -> T) -> T {
    let lost = |state: &Value| state["frames"]["lost_by_driver"].as_u64().unwrap();
    let mut stream = Stream::open(daemon, "/stream");
    let mut last = stream.next().marker().unwrap().sequence;
    let before = lost(&state(daemon));
    let over = AtomicBool::new(false);
    let begun = Instant::now();
    let (outcome, (first, last, seen, memory)) = thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let (first, mut seen, mut memory) = (last, 0, 0);
            // A few more when all is over, so that each attack has some pictures to do harm to.
            while !over.load(Ordering::Relaxed) || seen < 20 {
                last = stream.next().marker().unwrap().sequence;
                seen += 1;
                memory = memory.max(own_memory(daemon));
            }
            (first, last, seen, memory)
        });
        // Else a failed attack would leave the watcher watching.
        let attack = std::panic::catch_unwind(std::panic::AssertUnwindSafe(attack));
        over.store(true, Ordering::Relaxed);
        let seen = watcher.join().unwrap();
        (attack.unwrap_or_else(|panic| std::panic::resume_unwind(panic)), seen)
    });
    let published = last - first - (lost(&state(daemon)) - before).min(last - first);
    let missed = published.saturating_sub(seen);
    eprintln!(
        "{name}: {:.1} s, {seen} of {published} pictures, at most {:.1} MB",
        begun.elapsed().as_secs_f64(),
        memory as f64 / 1e6
    );
    // One of thirty, and a few for whatever else the machine does.
    assert!(missed <= published / 30 + 3, "{name}: the viewer missed {missed} of {published}");
    assert!(memory < MOST_MEMORY, "{name}: {memory} bytes");
    outcome
}

/// The bytes of `/proc/PID/status` that belong to the process alone.
fn own_memory(daemon: &Daemon) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    kilobytes.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

/// As soon as a connection is to be had for it.
fn state(daemon: &Daemon) -> Value {
    let mut state = None;
    let is_told = within(PATIENCE, || {
        let answer =
            exchange(daemon.address, b"GET /api/v1/state HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let body = answer.windows(4).position(|four| four == b"\r\n\r\n").map(|at| &answer[at + 4..]);
        state = body
            .filter(|_| answer.starts_with(b"HTTP/1.1 200"))
            .and_then(|body| serde_json::from_slice(body).ok());
        state.is_some()
    });
    assert!(is_told, "no state within {PATIENCE:?}\n{}", daemon.log.text());
    state.unwrap()
}

fn refused(daemon: &Daemon, limit: &str) -> u64 {
    state(daemon)["refused"][limit].as_u64().unwrap()
}

/// Waits until only the connection that asks is left, and whoever watches.
fn alone(daemon: &Daemon, others: u64) {
    let connections = || state(daemon)["connections"].as_u64().unwrap();
    assert!(within(PATIENCE, || connections() <= 1 + others), "{} connections are left", connections());
}

/// What is said to these bytes until the connection ends.
fn exchange(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let Ok(mut socket) = TcpStream::connect(address) else { return Vec::new() };
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    // What is too long is refused before it is read to its end.
    let _ = socket.write_all(bytes);
    everything(&mut socket)
}

fn everything(socket: &mut TcpStream) -> Vec<u8> {
    let (mut answer, mut piece) = (Vec::new(), [0; 65536]);
    loop {
        match socket.read(&mut piece) {
            Ok(0) => return answer,
            Ok(count) => answer.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("neither an answer nor the end"),
            Err(_) => return answer,
        }
    }
}

/// The statuses in an answer, one after the other.
fn statuses(answer: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(answer);
    text.split("HTTP/1.").skip(1).filter_map(|part| part.get(2..5)?.parse().ok()).collect()
}

fn sleep_a_little() {
    thread::sleep(Duration::from_millis(20));
}
