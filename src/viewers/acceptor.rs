//! Takes new connections and hands each to the loop that has fewest.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

use mio::event::Source;
use mio::net::{TcpListener, UnixListener};
use mio::{Interest, Registry, Token};
use rustix::io::Errno;
use tiny_http::HTTPVersion;

use super::context::Context;
use super::event_loop::{Arrival, Handle};
use super::listener::Listener;
use super::peer::Peer;
use super::places::Place;
use super::refusals::Limit;
use super::transport::Socket;
use super::unix_socket::SocketFile;
use crate::clock::Monotonic;

/// Tokens from here up, below the waker's, are listeners; connections count from 0.
const FIRST_TOKEN: usize = usize::MAX - 4096;

/// After an error such as too many open files, accepting rests this long: nothing else tells when there is room again.
const REST: Duration = Duration::from_millis(250);

/// Connections taken in a row from one listener, so that a flood of them cannot keep the loop from its viewers.
const AT_A_TIME: usize = 64;

/// A listener in the loop's own form.
enum Door {
    Tcp { listener: TcpListener, secure: bool },
    Unix { listener: UnixListener, _file: Option<SocketFile> },
}

impl Door {
    fn new(listener: Listener) -> Self {
        match listener {
            Listener::Tcp(listener) => Self::Tcp { listener: TcpListener::from_std(listener), secure: false },
            Listener::Tls(listener) => Self::Tcp { listener: TcpListener::from_std(listener), secure: true },
            Listener::Unix(listener, file) => {
                Self::Unix { listener: UnixListener::from_std(listener), _file: file }
            }
        }
    }

    fn source(&mut self) -> &mut dyn Source {
        match self {
            Self::Tcp { listener, .. } => listener,
            Self::Unix { listener, .. } => listener,
        }
    }

    fn accept(&self) -> io::Result<Guest> {
        match self {
            Self::Tcp { listener, secure } => {
                let (socket, peer) = listener.accept()?;
                Ok(Guest { socket: Socket::Tcp(socket), peer: Peer::Tcp(peer), secure: *secure })
            }
            Self::Unix { listener, .. } => {
                let (socket, _) = listener.accept()?;
                Ok(Guest { socket: Socket::Unix(socket), peer: Peer::Unix, secure: false })
            }
        }
    }
}

/// Who stands at a door.
struct Guest {
    socket: Socket,
    peer: Peer,
    secure: bool,
}

pub(super) struct Acceptor {
    listeners: Vec<Door>,
    loops: Vec<Arc<Handle>>,
    context: Arc<Context>,
    /// When to look again at all listeners, whatever the kernel announces.
    again: Option<Monotonic>,
    /// Whether the log says that nothing is accepted.
    told: bool,
    /// A descriptor kept for when there are no more: with it whoever waits is turned away, and does not wait for ever.
    spare: Option<File>,
}

impl Acceptor {
    pub(super) fn new(listeners: Vec<Listener>, loops: Vec<Arc<Handle>>, context: &Arc<Context>) -> Self {
        let listeners = listeners.into_iter().map(Door::new).collect();
        Self { listeners, loops, context: Arc::clone(context), again: None, told: false, spare: spare() }
    }

    pub(super) fn owns(token: Token) -> bool {
        (FIRST_TOKEN..usize::MAX).contains(&token.0)
    }

    pub(super) fn register(&mut self, registry: &Registry) -> io::Result<()> {
        for (index, listener) in self.listeners.iter_mut().enumerate() {
            registry.register(listener.source(), Token(FIRST_TOKEN + index), Interest::READABLE)?;
        }
        Ok(())
    }

    /// Takes those that wait at this listener. What is left is looked for again: it is announced only once.
    pub(super) fn accept(&mut self, token: Token) {
        let index = token.0.wrapping_sub(FIRST_TOKEN);
        for _ in 0..AT_A_TIME {
            let Some(listener) = self.listeners.get(index) else { return };
            match listener.accept() {
                Ok(guest) => self.place(guest),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => return,
                    // The peer has gone before we came.
                    ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted => {}
                    _ => {
                        self.told |= self.context.refusals.tell(Limit::OpenFiles, || {
                            format!("cannot accept connections for now: {error}{}", hint(&error))
                        });
                        if !is_out_of_files(&error) || !self.turn_away(index) {
                            self.again = Some(Monotonic::now() + REST);
                            return;
                        }
                    }
                },
            }
        }
        self.again = Some(Monotonic::now());
    }

    /// Takes one who waits for as long as it takes to say that there is no room. False: that cannot be done either.
    fn turn_away(&mut self, index: usize) -> bool {
        let Some(kept) = self.spare.take() else { return false };
        drop(kept);
        let guest = self.listeners.get(index).map(Door::accept);
        let is_turned = match guest {
            Some(Ok(guest)) => {
                refuse(guest);
                true
            }
            _ => false,
        };
        self.spare = spare();
        is_turned
    }

    /// How long accepting still rests; `None`: it does not.
    pub(super) fn wait(&self) -> Option<Duration> {
        self.again.map(|again| again - Monotonic::now())
    }

    pub(super) fn accept_again(&mut self, now: Monotonic) {
        if self.again.take_if(|again| *again <= now).is_none() {
            return;
        }
        self.spare = self.spare.take().or_else(spare);
        for index in 0..self.listeners.len() {
            self.accept(Token(FIRST_TOKEN + index));
        }
    }

    fn place(&mut self, Guest { socket, peer, secure }: Guest) {
        if std::mem::take(&mut self.told) {
            log::info!("accepting connections again");
        }
        let place = self.context.places.take(peer, &self.context.settings().http);
        if let Err(limit) | Ok(Place { refused: Some(limit), .. }) = &place {
            self.tell(*limit, peer);
        }
        let Ok(place) = place else { return };
        if let Socket::Tcp(socket) = &socket {
            if let Err(error) = socket.set_nodelay(self.context.settings().http.tcp_nodelay) {
                log::debug!("{peer}: {error}");
            }
        }
        if let Some(handle) = self.loops.iter().min_by_key(|handle| handle.load()) {
            handle.give(Arrival { socket, peer, secure, place });
        }
    }

    fn tell(&self, limit: Limit, peer: Peer) {
        let settings = self.context.settings();
        let http = &settings.http;
        self.context.refusals.tell(limit, || match peer.network() {
            Some(network) if limit == Limit::ConnectionsPerAddress => format!(
                "connections are refused: {} are open from {network}, as many as [http] max-connections-per-address allows",
                http.max_connections_per_address
            ),
            _ => format!(
                "connections are refused: {} are open, as many as [http] max-connections allows",
                http.max_connections
            ),
        });
    }
}

fn spare() -> Option<File> {
    File::open("/dev/null").ok()
}

/// Of this process, or of the whole machine.
fn is_out_of_files(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
}

fn hint(error: &io::Error) -> &'static str {
    match is_out_of_files(error) {
        true => " (raise LimitNOFILE= in the unit, or lower [http] max-connections)",
        false => "",
    }
}

/// What it has asked is read first: closing a socket with bytes unread would reset it, and the answer might be lost.
fn refuse(Guest { mut socket, secure, .. }: Guest) {
    let _ = socket.read(&mut [0; 4096]);
    if !secure {
        let _ = Limit::OpenFiles.refusal().print(&HTTPVersion(1, 1), false, true).send(&mut socket);
    }
    let _ = socket.shutdown(Shutdown::Write);
}
