//! An answer on its way to a socket: head, body and tail, sent in as few calls as the socket takes.

use std::borrow::Cow;
use std::io::{self, ErrorKind, IoSlice, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

use tiny_http::{HTTPVersion, Header, Response, StatusCode};

use crate::frame::Frame;

/// What follows a head. Frames and compiled-in files are sent from where they are.
#[derive(Debug, Default)]
pub enum Body {
    #[default]
    Empty,
    Bytes(Vec<u8>),
    Static(&'static [u8]),
    Frame(Arc<Frame>),
}

impl Body {
    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Empty => &[],
            Self::Bytes(bytes) => bytes,
            Self::Static(bytes) => bytes,
            Self::Frame(frame) => &frame.jpeg,
        }
    }
}

/// A whole answer, before it is known how the request wants it.
#[derive(Debug)]
pub struct Answer {
    status: u16,
    headers: Vec<Header>,
    body: Body,
    length_unknown: bool,
}

impl Answer {
    pub fn new(status: u16, content_type: &str, body: Body) -> Self {
        let answer = Self { status, headers: Vec::with_capacity(8), body, length_unknown: false };
        answer.with("Content-Type", content_type)
    }

    /// An answer without a body, and so without a type.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Empty, length_unknown: false }
    }

    /// A status with its reason in words, for whoever reads it.
    pub fn text(status: u16, reason: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", Body::Bytes(format!("{reason}\n").into_bytes()))
    }

    /// The answer to HEAD where GET would give a length that is known only then.
    pub fn head_of(content_type: &str) -> Self {
        Self { length_unknown: true, ..Self::new(200, content_type, Body::Empty) }
    }

    /// Adds a header line. A value that cannot stand in one is left out: it came from the other side.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(header) = Header::from_bytes(name, value) {
            self.headers.push(header);
        }
        self
    }

    pub fn status(&self) -> u16 {
        self.status
    }

    /// Head and body as they go over the wire.
    pub fn print(self, version: &HTTPVersion, head_only: bool, close: bool) -> Outgoing {
        let mut head = Vec::with_capacity(512);
        let len = self.body.as_slice().len();
        let response = Response::new(StatusCode(self.status), self.headers, io::empty(), Some(len), None)
            .with_chunked_threshold(usize::MAX)
            .with_header(server());
        // Writing into memory does not fail.
        let printed = response.raw_print(&mut head, version.clone(), &[], true, None);
        debug_assert!(printed.is_ok());
        const NO_LENGTH: &[u8] = b"Content-Length: 0\r\n\r\n";
        if self.length_unknown && head.ends_with(NO_LENGTH) {
            head.truncate(head.len() - NO_LENGTH.len());
            head.extend_from_slice(b"\r\n");
        }
        if close {
            // tiny_http leaves this line to its own connections.
            head.truncate(head.len().saturating_sub(2));
            head.extend_from_slice(b"Connection: close\r\n\r\n");
        }
        let body = if head_only { Body::Empty } else { self.body };
        Outgoing { head, body, tail: Cow::Borrowed(&[]), sent: 0 }
    }
}

fn server() -> Header {
    const NAME: &str = concat!("mjpegd/", env!("CARGO_PKG_VERSION"));
    Header::from_bytes("Server", NAME).unwrap_or_else(|()| unreachable!("both are ASCII"))
}

/// Bytes that a socket has not taken yet.
#[derive(Debug, Default)]
pub struct Outgoing {
    pub head: Vec<u8>,
    pub body: Body,
    pub tail: Cow<'static, [u8]>,
    pub sent: usize,
}

impl Outgoing {
    pub fn len(&self) -> usize {
        self.head.len() + self.body.as_slice().len() + self.tail.len()
    }

    pub fn is_done(&self) -> bool {
        self.sent == self.len()
    }

    /// Sends until all is sent or the socket is full. Returns how many bytes it took.
    pub fn send(&mut self, socket: &mut impl Write) -> io::Result<usize> {
        let before = self.sent;
        while !self.is_done() {
            match self.send_once(socket)? {
                ControlFlow::Continue(count) => self.sent += count,
                ControlFlow::Break(()) => break,
            }
        }
        if self.is_done() {
            // The frame's memory is free for the next one; a viewer between frames holds none.
            self.body = Body::Empty;
            self.tail = Cow::Borrowed(&[]);
            self.head.clear();
            let total = self.sent - before;
            self.sent = 0;
            return Ok(total);
        }
        Ok(self.sent - before)
    }

    fn send_once(&self, socket: &mut impl Write) -> io::Result<ControlFlow<(), usize>> {
        let mut skip = self.sent;
        let parts = [self.head.as_slice(), self.body.as_slice(), &self.tail].map(|part| {
            let start = skip.min(part.len());
            skip -= start;
            IoSlice::new(&part[start..])
        });
        match socket.write_vectored(&parts) {
            Ok(0) => Err(ErrorKind::WriteZero.into()),
            Ok(count) => Ok(ControlFlow::Continue(count)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(ControlFlow::Break(())),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(ControlFlow::Continue(0)),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes a few bytes at each call.
    struct Trickle(Vec<u8>);

    impl Write for Trickle {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = bytes.len().min(7);
            self.0.extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn parts_arrive_whole_and_in_order_whatever_the_socket_takes() {
        let mut socket = Trickle(Vec::new());
        let mut outgoing = Outgoing {
            head: b"a head of some bytes, ".to_vec(),
            body: Body::Static(b"a body that is longer than that, "),
            tail: Cow::Borrowed(b"a tail"),
            sent: 0,
        };
        let len = outgoing.len();
        assert_eq!(outgoing.send(&mut socket).unwrap(), len);
        assert_eq!(socket.0, b"a head of some bytes, a body that is longer than that, a tail");
        assert!(outgoing.is_done());
    }

    #[test]
    fn the_head_says_what_http_wants() {
        let text = |outgoing: Outgoing| String::from_utf8(outgoing.head).unwrap();
        let head = text(Answer::text(404, "no such page").print(&HTTPVersion(1, 1), false, true));
        assert!(head.starts_with("HTTP/1.1 404 Not Found\r\n"), "{head}");
        assert!(head.contains("\r\nContent-Length: 13\r\n"), "{head}");
        assert!(head.ends_with("\r\nConnection: close\r\n\r\n"), "{head}");
        let head = text(Answer::empty(200).print(&HTTPVersion(1, 0), true, false));
        assert!(head.starts_with("HTTP/1.0 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    }

    #[test]
    fn a_header_line_cannot_be_smuggled_into_an_answer() {
        let answer = Answer::empty(200).with("X-Odd", "caf\u{e9}").with("X-Good", "yes");
        assert_eq!(answer.headers.len(), 1);
    }
}
