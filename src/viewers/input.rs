//! What a peer has sent and nobody has looked at yet.

use std::io::{self, ErrorKind, Read};

#[derive(Debug)]
pub(super) struct Input {
    bytes: Vec<u8>,
    /// Whether the socket may have more: it says so only once.
    readable: bool,
    ended: bool,
}

impl Default for Input {
    fn default() -> Self {
        Self { bytes: Vec::new(), readable: true, ended: false }
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
        self.bytes.drain(..len.min(self.bytes.len())).collect()
    }

    /// The first `len` bytes are done with.
    pub(super) fn drop(&mut self, len: usize) {
        self.bytes.drain(..len.min(self.bytes.len()));
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
