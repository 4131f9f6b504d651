//! Takes new connections and hands each to the loop that has fewest.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use log::warn;
use mio::event::Source;
use mio::net::{TcpListener, UnixListener};
use mio::{Interest, Registry, Token};

use super::context::Context;
use super::event_loop::{Arrival, Handle};
use super::listener::Listener;
use super::peer::Peer;
use super::transport::Socket;
use super::unix_socket::SocketFile;
use crate::clock::Monotonic;

/// Tokens from here up, below the waker's, are listeners; connections count from 0.
const FIRST_TOKEN: usize = usize::MAX - 4096;

/// After an error such as too many open files, accepting rests this long: nothing else tells when there is room again.
const REST: Duration = Duration::from_millis(250);

/// Connections taken in a row from one listener, so that a flood of them cannot keep the loop from its viewers.
const AT_A_TIME: usize = 64;

/// Connections beyond the limit that are still told why they are refused; more are closed without a word.
const REFUSALS: usize = 64;

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

    fn accept(&self) -> io::Result<Arrival> {
        match self {
            Self::Tcp { listener, secure } => {
                let (socket, peer) = listener.accept()?;
                Ok(Arrival { socket: Socket::Tcp(socket), peer: Peer::Tcp(peer), secure: *secure })
            }
            Self::Unix { listener, .. } => {
                let (socket, _) = listener.accept()?;
                Ok(Arrival { socket: Socket::Unix(socket), peer: Peer::Unix, secure: false })
            }
        }
    }
}

pub(super) struct Acceptor {
    listeners: Vec<Door>,
    loops: Vec<Arc<Handle>>,
    context: Arc<Context>,
    /// When to look again at all listeners, whatever the kernel announces.
    again: Option<Monotonic>,
    /// Whether the log says that nothing is accepted.
    told: bool,
}

impl Acceptor {
    pub(super) fn new(listeners: Vec<Listener>, loops: Vec<Arc<Handle>>, context: &Arc<Context>) -> Self {
        let listeners = listeners.into_iter().map(Door::new).collect();
        Self { listeners, loops, context: Arc::clone(context), again: None, told: false }
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
        let Some(listener) = self.listeners.get(token.0.wrapping_sub(FIRST_TOKEN)) else { return };
        for _ in 0..AT_A_TIME {
            match listener.accept() {
                Ok(arrival) => self.place(arrival),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => return,
                    // The peer has gone before we came.
                    ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted => {}
                    _ => {
                        if !std::mem::replace(&mut self.told, true) {
                            warn!("cannot accept connections for now: {error}");
                        }
                        self.again = Some(Monotonic::now() + REST);
                        return;
                    }
                },
            }
        }
        self.again = Some(Monotonic::now());
    }

    /// How long accepting still rests; `None`: it does not.
    pub(super) fn wait(&self) -> Option<Duration> {
        self.again.map(|again| again - Monotonic::now())
    }

    pub(super) fn accept_again(&mut self, now: Monotonic) {
        if self.again.take_if(|again| *again <= now).is_none() {
            return;
        }
        for index in 0..self.listeners.len() {
            self.accept(Token(FIRST_TOKEN + index));
        }
        if self.again.is_none() && std::mem::take(&mut self.told) {
            log::info!("accepting connections again");
        }
    }

    fn place(&self, arrival: Arrival) {
        let open: usize = self.loops.iter().map(|handle| handle.load()).sum();
        if open >= self.context.settings().http.max_connections + REFUSALS {
            return;
        }
        if let Socket::Tcp(socket) = &arrival.socket {
            if let Err(error) = socket.set_nodelay(self.context.settings().http.tcp_nodelay) {
                log::debug!("{}: {error}", arrival.peer);
            }
        }
        if let Some(handle) = self.loops.iter().min_by_key(|handle| handle.load()) {
            handle.give(arrival);
        }
    }
}
