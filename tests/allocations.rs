//! In the steady state a frame allocates a handful of small things, however many watch, and no memory of its size.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]
// An allocator cannot be counted by one that is safe.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mjpegd::capture::Shared;
use mjpegd::config::{Live, Settings};
use mjpegd::frame::{Frame, FramePool, Times};
use mjpegd::viewers::listener::Listener;
use mjpegd::viewers::{Hooks, Server};

/// The system's, with a count of what is asked of it.
struct Counting;

static COUNT: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: both calls are the system allocator's own; `realloc` comes to them by its default.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const FRAME_BYTES: usize = 50_000;
const FRAMES: u64 = 100;

/// Allocations and their bytes for each frame, when so many watch.
fn cost_of_a_frame(viewers: u64) -> (usize, usize) {
    let shared = Shared::new(Live::new(Settings::default()).0);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let hooks = Hooks { stop: Box::new(|| {}), cameras: Vec::new, log: Vec::new };
    let listeners = vec![Listener::Tcp(listener)];
    let server = Server::start(&Settings::default(), listeners, &shared, hooks).unwrap();
    let readers: Vec<_> = (0..viewers).map(|_| thread::spawn(move || watch(address))).collect();
    until(|| shared.audience.seats() as u64 == viewers);

    let pool = FramePool::new();
    let picture = vec![7; FRAME_BYTES];
    let publish_to_all = || {
        // One that is slow to come is sent again to those that have it.
        let wanted = shared.stats.delivered.get() + viewers;
        let jpeg = pool.join(&[&picture]);
        let times = Times::default();
        shared.latest.publish(Frame { jpeg, width: 640, height: 480, online: true, times, number: 0 });
        until(|| shared.stats.delivered.get() >= wanted);
    };
    // The first ones find buffers that have yet to grow.
    (0..10).for_each(|_| publish_to_all());
    let before = (COUNT.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed));
    (0..FRAMES).for_each(|_| publish_to_all());
    let after = (COUNT.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed));

    server.stop();
    readers.into_iter().for_each(|reader| reader.join().unwrap());
    ((after.0 - before.0) / FRAMES as usize, (after.1 - before.1) / FRAMES as usize)
}

/// Reads the stream to its end, into memory that it has.
fn watch(address: SocketAddr) {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.write_all(b"GET /stream HTTP/1.0\r\n\r\n").unwrap();
    let mut bytes = [0; 16 * 1024];
    while socket.read(&mut bytes).is_ok_and(|count| count > 0) {}
}

fn until(condition: impl Fn() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < Duration::from_secs(60), "it never came to that");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_frame_allocates_a_few_small_things_however_many_watch() {
    for viewers in [1, 50] {
        let (count, bytes) = cost_of_a_frame(viewers);
        assert!(count <= 10, "{count} allocations a frame with {viewers} viewers");
        assert!(bytes <= 2000, "{bytes} bytes are allocated for a frame with {viewers} viewers");
    }
}
