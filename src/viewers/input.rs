//! What a peer has sent and nobody has looked at yet.

use std::io::{self, ErrorKind, Read};

use memchr::memmem;

#[derive(Debug)]
pub(super) struct Input {
    bytes: Vec<u8>,
    /// Whether the socket may have more: it says so only once.
    readable: bool,
    ended: bool,
    /// How much was there when a head was last looked for, and when it was last read.
    searched: usize,
    parsed: usize,
}

/// What a long body has needed is given back when that is done with.
const KEPT: usize = 16 * 1024;

impl Default for Input {
    fn default() -> Self {
        Self { bytes: Vec::new(), readable: true, ended: false, searched: 0, parsed: 0 }
    }
}

impl Input {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The first `len` bytes, which are then gone from here.
    pub(super) fn take(&mut self, len: usize) -> Vec<u8> {
        let rest = self.bytes.split_off(len.min(self.bytes.len()));
        (self.searched, self.parsed) = (0, 0);
        std::mem::replace(&mut self.bytes, rest)
    }

    /// The first `len` bytes are done with.
    pub(super) fn drop(&mut self, len: usize) {
        self.bytes.drain(..len.min(self.bytes.len()));
        self.bytes.shrink_to(KEPT);
        (self.searched, self.parsed) = (0, 0);
    }

    /// Drops the empty lines that some clients send between requests (RFC 9112, section 2.2).
    pub(super) fn skip_empty_lines(&mut self) {
        let mut lines = self.bytes.as_slice();
        while let Some(rest) = lines.strip_prefix(b"\r\n").or_else(|| lines.strip_prefix(b"\n")) {
            lines = rest;
        }
        let empty = self.bytes.len() - lines.len();
        if empty > 0 {
            self.drop(empty);
        }
    }

    /// Whether the end of a head has come, or so much that it is time to see whether this is one at all. A head that comes
    /// byte by byte would else be read from its start with each of them.
    pub(super) fn may_have_a_head(&mut self) -> bool {
        let new = &self.bytes[self.searched.saturating_sub(2)..];
        let has_end = memmem::find(new, b"\n\r\n").is_some() || memmem::find(new, b"\n\n").is_some();
        self.searched = self.bytes.len();
        let is_due = has_end || self.bytes.len() >= 2 * self.parsed;
        if is_due {
            self.parsed = self.bytes.len();
        }
        is_due
    }

    /// Whether the peer has said that it sends no more.
    pub(super) fn is_ended(&self) -> bool {
        self.ended
    }

    pub(super) fn set_readable(&mut self) {
        self.readable = true;
    }

    pub(super) fn is_readable(&self) -> bool {
        self.readable
    }

    /// Reads what has come, as far as the limit allows.
    pub(super) fn read(&mut self, socket: &mut impl Read, limit: usize) -> io::Result<()> {
        let mut chunk = [0; 16 * 1024];
        while self.readable && !self.ended && self.bytes.len() < limit {
            let room = chunk.len().min(limit - self.bytes.len());
            match socket.read(&mut chunk[..room]) {
                Ok(0) => self.ended = true,
                Ok(count) => self.bytes.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.readable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Throws away what has come. A flood is left to TCP: a few reads at a time, and no more.
    pub(super) fn discard(&mut self, socket: &mut impl Read) -> io::Result<()> {
        self.bytes = Vec::new();
        if self.readable {
            self.read(socket, 16 * 1024)?;
            self.bytes = Vec::new();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_that_comes_byte_by_byte_is_found_at_its_end_and_seldom_looked_for() {
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(8000));
        for head in [head.clone(), head.replace("\r\n", "\n")] {
            let mut input = Input::default();
            let looks = head.bytes().filter(|byte| {
                input.bytes.push(*byte);
                input.may_have_a_head()
            });
            let looks = looks.count();
            assert!(looks <= 16, "{looks} looks");
            assert_eq!(input.parsed, head.len(), "the last of them when it is whole");
        }
    }

    #[test]
    fn empty_lines_are_dropped_and_what_is_none_stays() {
        for (sent, left) in [("\r\n\n\r\nGET", "GET"), ("\rGET", "\rGET"), ("\r\n\r", "\r"), ("\n", "")] {
            let mut input = Input { bytes: sent.into(), ..Input::default() };
            input.skip_empty_lines();
            assert_eq!(input.bytes(), left.as_bytes());
        }
    }
}
