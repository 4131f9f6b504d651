//! A viewer that reads the stream as the strictest of the players does.

use std::thread;
use std::time::{Duration, Instant};

use super::client::{Client, Head};
use super::daemon::Daemon;
use super::picture::Marker;

pub const BOUNDARY: &[u8] = b"--boundarydonotcross\r\n";

/// An open stream, behind its first boundary.
pub struct Stream {
    pub client: Client,
    pub head: Head,
}

impl Stream {
    pub fn open(daemon: &Daemon, target: &str) -> Self {
        Self::over(Client::connect(daemon), target)
    }

    pub fn over(mut client: Client, target: &str) -> Self {
        client.ask("GET", target, "");
        let head = client.head();
        assert_eq!(head.status(), 200, "{}", head.0);
        let boundary = client.exactly(BOUNDARY.len());
        assert_eq!(boundary, BOUNDARY, "the body begins with the boundary and nothing else");
        Self { client, head }
    }

    /// The next part; after its JPEG a boundary and nothing else.
    pub fn next(&mut self) -> Part {
        let head = Head(String::from_utf8(self.client.until(b"\r\n\r\n")).expect("a head is text"));
        assert_eq!(head.first_line(), "Content-Type: image/jpeg");
        let length = head.number("Content-Length") as usize;
        let jpeg = self.client.exactly(length);
        let trailer = self.client.exactly(2 + BOUNDARY.len());
        assert_eq!(trailer, [b"\r\n", BOUNDARY].concat(), "the boundary trails the JPEG");
        Part { head, jpeg }
    }

    /// The next part for which `wanted` holds, within the given number of them.
    pub fn find(&mut self, parts: usize, mut wanted: impl FnMut(&Part) -> bool) -> Option<Part> {
        (0..parts).map(|_| self.next()).find(|part| wanted(part))
    }
}

pub struct Part {
    pub head: Head,
    pub jpeg: Vec<u8>,
}

impl Part {
    pub fn marker(&self) -> Option<Marker> {
        Marker::of(&self.jpeg)
    }
}

/// Reads the stream at this many bytes a second, and says how old each frame is when its last byte has come.
pub fn read_slowly(client: &mut Client, bytes_a_second: usize, time: Duration) -> Vec<Duration> {
    client.ask("GET", "/stream", "");
    client.until(b"--boundarydonotcross\r\n");
    let piece = bytes_a_second / 20;
    let (begin, mut unread, mut ages) = (Instant::now(), Vec::new(), Vec::new());
    while begin.elapsed() < time {
        unread.extend(client.exactly(piece));
        // An end of image stands nowhere within these frames but at their end: entropy-coded 0xff is stuffed.
        while let Some(end) = unread.windows(4).position(|four| four == b"\xff\xd9\r\n") {
            let frame: Vec<u8> = unread.drain(..end + 4).collect();
            if let Some(marker) = Marker::of(&frame) {
                ages.push(marker.taken.age());
            }
        }
        thread::sleep(Duration::from_millis(50));
    }
    ages
}
