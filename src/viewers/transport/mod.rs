//! The way to a peer, as a connection sees it: a socket, with TLS on it or without.

mod socket;
mod tls;

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use mio::event::Source;
use mio::{Interest, Registry, Token};

pub(super) use self::socket::Socket;

use self::tls::Tls;
use crate::identity::Identity;

pub(super) struct Transport {
    socket: Socket,
    tls: Option<Box<Tls>>,
}

/// How far the handshake of TLS is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Handshake {
    Done,
    /// There may be more to read at once.
    Again,
    /// The peer has to say something.
    Wait,
    /// It speaks HTTP without TLS; from now on so do we.
    Plain,
}

impl Transport {
    pub(super) const fn plain(socket: Socket) -> Self {
        Self { socket, tls: None }
    }

    /// With TLS. `None`: there is no such thing here, and nothing must be said without it.
    pub(super) fn secure(socket: Socket, identity: Option<Arc<Identity>>) -> Option<Self> {
        let tls = Tls::new(identity?.config())?;
        Some(Self { socket, tls: Some(tls) })
    }

    pub(super) const fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    pub(super) fn shake_hands(&mut self) -> io::Result<Handshake> {
        let Some(tls) = self.tls.as_mut().filter(|tls| tls.is_shaking_hands()) else {
            return Ok(Handshake::Done);
        };
        // A handshake begins with the number of its kind of record, which is no letter; a method begins with one.
        if !tls.has_begun() && self.socket.peek()?.is_some_and(|first| first.is_ascii_alphabetic()) {
            self.tls = None;
            return Ok(Handshake::Plain);
        }
        match tls.advance(&mut self.socket) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(_) => Ok(Handshake::Again),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Handshake::Wait),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(Handshake::Again),
            Err(error) => Err(error),
        }
    }

    pub(super) fn waiting(&self) -> io::Result<usize> {
        self.socket.waiting()
    }

    pub(super) fn held_up(&self, longer_than: Duration) -> io::Result<usize> {
        self.socket.held_up(longer_than)
    }

    /// Says that nothing more will be sent.
    pub(super) fn end(&mut self) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            tls.end(&mut self.socket);
        }
        self.socket.shutdown(Shutdown::Write)
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.end(&mut self.socket);
        }
    }
}

impl Read for Transport {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            Some(tls) => tls.read(&mut self.socket, buffer),
            None => self.socket.read(buffer),
        }
    }
}

impl Write for Transport {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        match &mut self.tls {
            Some(tls) => tls.write(&mut self.socket, parts),
            None => self.socket.write_vectored(parts),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsFd for Transport {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Source for Transport {
    fn register(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.socket.register(registry, token, interests)
    }

    fn reregister(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.socket.reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.socket.deregister(registry)
    }
}
