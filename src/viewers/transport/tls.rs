//! TLS over a socket that never waits. What was taken from the caller counts as sent when the socket has all of it: at most
//! one piece is encrypted ahead, so that a slow peer's pictures do not pile up in here.

use std::io::{self, ErrorKind, IoSlice, Read as _, Write as _};
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection};

use super::Socket;

/// Bytes that are encrypted ahead: a few records, sent by one call.
const PIECE: usize = 64 * 1024;

/// Reads in a row that may bring nothing to read. A record of full length takes some five.
const EMPTY_READS: usize = 64;

pub(super) struct Tls {
    connection: ServerConnection,
    /// Bytes of the caller that are encrypted, and not all in the socket yet.
    pending: usize,
    /// Whether the peer has said anything.
    begun: bool,
}

impl Tls {
    /// `None`: it refuses its own settings, which no known ones make it do.
    pub(super) fn new(config: Arc<ServerConfig>) -> Option<Box<Self>> {
        let connection = ServerConnection::new(config).inspect_err(|error| log::error!("TLS: {error}"));
        let mut connection = connection.ok()?;
        connection.set_buffer_limit(Some(PIECE));
        Some(Box::new(Self { connection, pending: 0, begun: false }))
    }

    pub(super) fn is_shaking_hands(&self) -> bool {
        self.connection.is_handshaking()
    }

    pub(super) const fn has_begun(&self) -> bool {
        self.begun
    }

    /// Takes what the peer has said, and answers. `WouldBlock`: it has said nothing more yet.
    pub(super) fn advance(&mut self, socket: &mut Socket) -> io::Result<usize> {
        // There may be room now for what there was none for.
        self.flush_some(socket)?;
        let count = self.connection.read_tls(socket)?;
        self.begun = true;
        let state = self.connection.process_new_packets();
        // An alert too has to go out, if there is room for it.
        self.flush_some(socket)?;
        state.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        Ok(count)
    }

    pub(super) fn read(&mut self, socket: &mut Socket, buffer: &mut [u8]) -> io::Result<usize> {
        for _ in 0..EMPTY_READS {
            match self.connection.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // HTTP says by itself where a message ends.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                read => return read,
            }
            self.advance(socket)?;
        }
        Err(io::Error::new(ErrorKind::InvalidData, "TLS records with nothing in them"))
    }

    /// Takes the same bytes again until the socket has all that were encrypted of them.
    pub(super) fn write(&mut self, socket: &mut Socket, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.pending == 0 {
            self.flush(socket)?;
            self.pending = self.connection.writer().write_vectored(parts)?;
        }
        self.flush(socket)?;
        Ok(std::mem::take(&mut self.pending))
    }

    /// `WouldBlock`: the socket has no room for the rest.
    fn flush(&mut self, socket: &mut Socket) -> io::Result<()> {
        while self.connection.wants_write() {
            match self.connection.write_tls(socket) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn flush_some(&mut self, socket: &mut Socket) -> io::Result<()> {
        match self.flush(socket) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            flushed => flushed,
        }
    }

    /// Tells the peer that the end is meant and not an attacker's. Where there is no room, it has to do without.
    pub(super) fn end(&mut self, socket: &mut Socket) {
        if !self.connection.is_handshaking() {
            self.connection.send_close_notify();
            let _ = self.flush(socket);
        }
    }
}
