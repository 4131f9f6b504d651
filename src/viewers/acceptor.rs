//! Takes new connections and hands each to the loop that has fewest.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use log::warn;
use mio::net::TcpListener;
use mio::{Interest, Registry, Token};

use super::context::Context;
use super::event_loop::Handle;
use crate::clock::Monotonic;

/// Tokens from here up, below the waker's, are listeners; connections count from 0.
const FIRST_TOKEN: usize = usize::MAX - 4096;

/// After an error such as too many open files, accepting rests this long: nothing else tells when there is room again.
const REST: Duration = Duration::from_millis(250);

/// Connections beyond the limit that are still told why they are refused; more are closed without a word.
const REFUSALS: usize = 64;

pub(super) struct Acceptor {
    listeners: Vec<TcpListener>,
    loops: Vec<Arc<Handle>>,
    context: Arc<Context>,
    again: Option<Monotonic>,
}

impl Acceptor {
    pub(super) fn new(
        listeners: Vec<std::net::TcpListener>,
        loops: Vec<Arc<Handle>>,
        context: &Arc<Context>,
    ) -> Self {
        let listeners = listeners.into_iter().map(TcpListener::from_std).collect();
        Self { listeners, loops, context: Arc::clone(context), again: None }
    }

    pub(super) fn owns(token: Token) -> bool {
        (FIRST_TOKEN..usize::MAX).contains(&token.0)
    }

    pub(super) fn register(&mut self, registry: &Registry) -> io::Result<()> {
        for (index, listener) in self.listeners.iter_mut().enumerate() {
            registry.register(listener, Token(FIRST_TOKEN + index), Interest::READABLE)?;
        }
        Ok(())
    }

    /// Takes all that wait at this listener.
    pub(super) fn accept(&mut self, token: Token) {
        let Some(listener) = self.listeners.get(token.0.wrapping_sub(FIRST_TOKEN)) else { return };
        loop {
            match listener.accept() {
                Ok((socket, peer)) => {
                    if self.again.take().is_some() {
                        log::info!("accepting connections again");
                    }
                    self.place(socket, peer);
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => return,
                    // The peer has gone before we came.
                    ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted => {}
                    _ => {
                        if self.again.is_none() {
                            warn!("cannot accept connections for now: {error}");
                        }
                        self.again = Some(Monotonic::now() + REST);
                        return;
                    }
                },
            }
        }
    }

    /// How long accepting still rests; `None`: it does not.
    pub(super) fn wait(&self) -> Option<Duration> {
        self.again.map(|again| again - Monotonic::now())
    }

    pub(super) fn accept_again(&mut self, now: Monotonic) {
        if self.again.is_some_and(|again| again <= now) {
            for index in 0..self.listeners.len() {
                self.accept(Token(FIRST_TOKEN + index));
            }
        }
    }

    fn place(&self, socket: mio::net::TcpStream, peer: std::net::SocketAddr) {
        let open: usize = self.loops.iter().map(|handle| handle.load()).sum();
        if open >= self.context.http.max_connections + REFUSALS {
            return;
        }
        if let Err(error) = socket.set_nodelay(self.context.http.tcp_nodelay) {
            log::debug!("{peer}: {error}");
        }
        if let Some(handle) = self.loops.iter().min_by_key(|handle| handle.load()) {
            handle.give(socket, peer);
        }
    }
}
