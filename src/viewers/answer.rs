//! An answer on its way to a socket: head, body and tail, sent in as few calls as the socket takes.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, ErrorKind, IoSlice, Write};
use std::ops::{ControlFlow, Range};
use std::os::fd::AsFd;
use std::sync::Arc;

use tiny_http::{HTTPVersion, Header, Response, StatusCode};

use super::pieces::Pieces;
use crate::frame::{ForMany, Frame};

/// What follows a head. Frames and compiled-in files are sent from where they are.
#[derive(Debug, Default)]
pub enum Body {
    #[default]
    Empty,
    Bytes(Vec<u8>),
    Static(&'static [u8]),
    Frame(Arc<Frame>),
    File(Pieces),
    /// These bytes of what the frame's many viewers are sent.
    Shared {
        copy: Arc<ForMany>,
        span: Range<usize>,
    },
}

impl Body {
    pub const fn file(file: File, len: usize) -> Self {
        Self::File(Pieces::new(file, len))
    }

    fn len(&self) -> usize {
        match self {
            Self::Shared { span, .. } => span.len(),
            Self::File(pieces) => pieces.len(),
            other => other.as_slice().len(),
        }
    }

    /// What is in our memory.
    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Empty | Self::Shared { .. } | Self::File(_) => &[],
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
        let len = self.body.len();
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
        Outgoing { head, body, ..Outgoing::default() }
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
    /// Of this and what went before it in the same answer.
    pub total: u64,
}

impl Outgoing {
    pub fn len(&self) -> usize {
        self.head.len() + self.body.len() + self.tail.len()
    }

    pub fn is_done(&self) -> bool {
        self.sent == self.len()
    }

    /// Whether a part of a stream is on its way, with its picture or without.
    pub fn has_part(&self) -> bool {
        matches!(self.body, Body::Shared { .. }) || !self.tail.is_empty()
    }

    /// Whether it keeps a frame's memory while there is too little of that.
    pub fn holds_too_much(&self) -> bool {
        match &self.body {
            Body::Frame(frame) => frame.jpeg.held.is_too_much(),
            Body::Shared { copy, .. } => copy.held.is_too_much(),
            _ => false,
        }
    }

    /// Whether a frame is among what goes out.
    pub const fn has_frame(&self) -> bool {
        matches!(self.body, Body::Frame(_) | Body::Shared { .. })
    }

    /// Sends until all is sent or the socket is full. Returns how many bytes it took.
    pub fn send(&mut self, socket: &mut (impl Write + AsFd)) -> io::Result<usize> {
        let before = self.sent;
        while !self.is_done() {
            match self.send_once(socket)? {
                ControlFlow::Continue(count) => {
                    self.sent += count;
                    self.total += count as u64;
                }
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

    fn send_once(&mut self, socket: &mut (impl Write + AsFd)) -> io::Result<ControlFlow<(), usize>> {
        match self.write_to(socket) {
            Ok(0) => Err(ErrorKind::WriteZero.into()),
            Ok(count) => Ok(ControlFlow::Continue(count)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(ControlFlow::Break(())),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(ControlFlow::Continue(0)),
            Err(error) => Err(error),
        }
    }

    fn write_to(&mut self, socket: &mut (impl Write + AsFd)) -> io::Result<usize> {
        // It has head and tail in itself.
        if let Body::Shared { copy, span } = &self.body {
            return copy.copy.send(socket, span.start + self.sent..span.end);
        }
        if let (Body::File(pieces), Some(at)) = (&mut self.body, self.sent.checked_sub(self.head.len())) {
            return socket.write(pieces.from(at)?);
        }
        let mut skip = self.sent;
        let parts = [self.head.as_slice(), self.body.as_slice(), &self.tail].map(|part| {
            let start = skip.min(part.len());
            skip -= start;
            IoSlice::new(&part[start..])
        });
        socket.write_vectored(&parts)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::frame::FramePool;
    use crate::kernel_copy::KernelCopy;

    /// Sends all of it through a socket that takes it in pieces.
    fn through_a_socket(mut outgoing: Outgoing) -> Vec<u8> {
        let (mut server, mut client) = UnixStream::pair().unwrap();
        server.set_nonblocking(true).unwrap();
        let len = outgoing.len();
        let mut taken = Vec::new();
        let mut sent = outgoing.send(&mut server).unwrap();
        assert!(sent < len, "the socket took all at once");
        while !outgoing.is_done() {
            let mut chunk = [0; 7777];
            let count = client.read(&mut chunk).unwrap();
            taken.extend_from_slice(&chunk[..count]);
            sent += outgoing.send(&mut server).unwrap();
        }
        assert_eq!(sent, len);
        drop(server);
        client.read_to_end(&mut taken).unwrap();
        taken
    }

    fn long_body() -> Vec<u8> {
        (0..1 << 20).map(|index| (index % 251) as u8).collect()
    }

    #[test]
    fn parts_arrive_whole_and_in_order_whatever_the_socket_takes() {
        let taken = through_a_socket(Outgoing {
            head: b"a head".to_vec(),
            body: Body::Bytes(long_body()),
            tail: Cow::Borrowed(b"a tail"),
            ..Outgoing::default()
        });
        assert_eq!(taken, [b"a head".as_slice(), &long_body(), b"a tail"].concat());
    }

    #[test]
    fn what_many_share_arrives_whole_and_in_order_too() {
        let copy = KernelCopy::new(&[b"not this", &long_body(), b"a tail", b"nor that"]).unwrap();
        let span = copy.span(1..3);
        let copy = Arc::new(FramePool::new().join(&[]).with_copy(copy));
        let taken = through_a_socket(Outgoing { body: Body::Shared { copy, span }, ..Outgoing::default() });
        assert_eq!(taken, [long_body().as_slice(), b"a tail"].concat());
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
