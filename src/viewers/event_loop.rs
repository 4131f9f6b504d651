//! An event loop: a thread that owns its connections and needs no lock for them.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mio::{Events, Interest, Poll, Token, Waker};
use slab::Slab;

use super::acceptor::Acceptor;
use super::connection::Connection;
use super::context::Context;
use super::errands::Bell;
use super::peer::Peer;
use super::phase::Fate;
use super::places::Place;
use super::refusals::Limit;
use super::timers::Timers;
use super::transport::{Socket, Transport};
use crate::audience::{Audience, Seat};
use crate::clock::Monotonic;
use crate::heartbeat::Heartbeat;

const WAKE: Token = Token(usize::MAX);

/// Events taken from the kernel in one call.
const EVENTS: usize = 256;

/// How long others are served before viewers are looked at again: far less than the time between two pictures.
const AT_A_TIME: Duration = Duration::from_millis(4);

/// A connection that has just been accepted.
pub(super) struct Arrival {
    pub(super) socket: Socket,
    pub(super) peer: Peer,
    pub(super) secure: bool,
    pub(super) place: Place,
}

/// A loop as the others see it.
pub(super) struct Handle {
    waker: Waker,
    inbox: Mutex<Vec<Arrival>>,
    /// Connections that something has come for.
    called: Mutex<Vec<usize>>,
    /// Connections that it has or is about to get.
    load: AtomicUsize,
    /// Those of them that wait for frames.
    watchers: AtomicUsize,
    /// Those that wait for changes of state.
    listeners: AtomicUsize,
    stop: AtomicBool,
    pub(super) heartbeat: Heartbeat,
}

impl Handle {
    pub(super) fn load(&self) -> usize {
        self.load.load(Ordering::Relaxed)
    }

    /// Hands over a connection that another loop has accepted.
    pub(super) fn give(&self, arrival: Arrival) {
        self.load.fetch_add(1, Ordering::Relaxed);
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner).push(arrival);
        self.wake();
    }

    /// There is a new frame. A loop without viewers sleeps on.
    pub(super) fn frame_is_new(&self) {
        // Behind the slot, as the other one stands before it: see `Watching::new`.
        fence(Ordering::SeqCst);
        if self.watchers.load(Ordering::Relaxed) > 0 {
            self.wake();
        }
    }

    /// There is something to tell. A loop without listeners sleeps on.
    pub(super) fn state_is_new(&self) {
        fence(Ordering::SeqCst);
        if self.listeners.load(Ordering::Relaxed) > 0 {
            self.wake();
        }
    }

    /// Has a connection look at what has come for it. It may be gone by now: then another one looks in vain.
    pub(super) fn call(&self, key: usize) {
        self.called.lock().unwrap_or_else(PoisonError::into_inner).push(key);
        self.wake();
    }

    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
        self.wake();
    }

    /// Whoever watches or listens is attended to.
    pub(super) fn wake(&self) {
        if let Err(error) = self.waker.wake() {
            log::error!("cannot wake an event loop: {error}");
        }
    }
}

/// A connection's part in the audience, and in its loop's count of those to wake.
pub(super) struct Watching {
    handle: Arc<Handle>,
    _seat: Seat,
}

impl Watching {
    pub(super) fn new(audience: &Arc<Audience>, handle: &Arc<Handle>) -> Self {
        handle.watchers.fetch_add(1, Ordering::Relaxed);
        // Counted before the slot is looked at, so that no frame between the two is missed: either it is seen there, or who
        // publishes it sees this one. `fuzz/model/wake_up.rs` tries all orders.
        fence(Ordering::SeqCst);
        Self { handle: Arc::clone(handle), _seat: audience.sit() }
    }

    /// How many the loop has, this one among them.
    pub(super) fn count(&self) -> usize {
        self.handle.watchers.load(Ordering::Relaxed)
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.handle.watchers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connection's part in its loop's count of those that wait for changes of state.
pub(super) struct Listening(Arc<Handle>);

impl Listening {
    pub(super) fn new(handle: &Arc<Handle>) -> Self {
        handle.listeners.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        Self(Arc::clone(handle))
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.listeners.fetch_sub(1, Ordering::Relaxed);
    }
}

pub(super) struct EventLoop {
    poll: Poll,
    handle: Arc<Handle>,
    context: Arc<Context>,
    connections: Slab<Connection>,
    timers: Timers,
    /// Connections that have something to do, in the order in which it came.
    ready: VecDeque<usize>,
    /// One of the loops has it.
    acceptor: Option<Acceptor>,
}

impl EventLoop {
    pub(super) fn new(context: &Arc<Context>) -> io::Result<Self> {
        let poll = Poll::new()?;
        let handle = Arc::new(Handle {
            waker: Waker::new(poll.registry(), WAKE)?,
            inbox: Mutex::default(),
            called: Mutex::default(),
            load: AtomicUsize::new(0),
            watchers: AtomicUsize::new(0),
            listeners: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            heartbeat: Heartbeat::default(),
        });
        Ok(Self {
            poll,
            handle,
            context: Arc::clone(context),
            connections: Slab::new(),
            timers: Timers::default(),
            ready: VecDeque::new(),
            acceptor: None,
        })
    }

    pub(super) fn handle(&self) -> &Arc<Handle> {
        &self.handle
    }

    pub(super) fn accept_with(&mut self, mut acceptor: Acceptor) -> io::Result<()> {
        acceptor.register(self.poll.registry())?;
        self.acceptor = Some(acceptor);
        Ok(())
    }

    /// Runs until it is stopped; its connections are closed with it.
    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS);
        while !self.handle.stop.load(Ordering::SeqCst) {
            self.handle.heartbeat.rest();
            if let Err(error) = self.poll.poll(&mut events, self.wait()) {
                if error.kind() != ErrorKind::Interrupted {
                    // A daemon whose port is deaf must not look alive: end, and let systemd start it anew.
                    log::error!("waiting for events: {error}");
                    log::logger().flush();
                    std::process::abort();
                }
                continue;
            }
            self.handle.heartbeat.beat();
            let now = Monotonic::now();
            let mut woken = false;
            for event in &events {
                match event.token() {
                    WAKE => woken = true,
                    Token(key) if Acceptor::owns(event.token()) => self.accept(key),
                    Token(key) => self.socket_event(key, event.is_readable() || event.is_read_closed(), now),
                }
            }
            if woken {
                self.take_inbox(now);
                let called =
                    std::mem::take(&mut *self.handle.called.lock().unwrap_or_else(PoisonError::into_inner));
                called.into_iter().for_each(|key| self.attend(key, now));
                self.offer_news(now);
            }
            self.run_timers(now);
            self.serve();
        }
    }

    fn wait(&self) -> Option<Duration> {
        if !self.ready.is_empty() {
            return Some(Duration::ZERO);
        }
        let accept_again = self.acceptor.as_ref().and_then(Acceptor::wait);
        self.timers.wait().into_iter().chain(accept_again).min()
    }

    fn accept(&mut self, key: usize) {
        if let Some(acceptor) = &mut self.acceptor {
            acceptor.accept(Token(key));
        }
    }

    fn socket_event(&mut self, key: usize, readable: bool, now: Monotonic) {
        // The connection may have been closed by an earlier event of the same batch.
        if let Some(connection) = self.connections.get_mut(key) {
            if readable {
                connection.set_readable();
            }
            self.attend(key, now);
        }
    }

    /// Something has happened to it. Who watches comes first; the others in turn, so that whatever a crowd of them asks for
    /// cannot keep the pictures from viewers.
    fn attend(&mut self, key: usize, now: Monotonic) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if connection.is_viewer() {
            self.turn(key, now);
        } else if !std::mem::replace(&mut connection.is_ready, true) {
            self.ready.push_back(key);
        }
    }

    /// Serves those that are ready, or as many of them as there is time for.
    fn serve(&mut self) {
        let begun = Monotonic::now();
        let mut now = begun;
        for _ in 0..self.ready.len() {
            let Some(key) = self.ready.pop_front() else { return };
            if let Some(connection) = self.connections.get_mut(key) {
                connection.is_ready = false;
                self.turn(key, now);
            }
            now = Monotonic::now();
            if now - begun >= AT_A_TIME {
                return;
            }
        }
    }

    fn take_inbox(&mut self, now: Monotonic) {
        let arrived = std::mem::take(&mut *self.handle.inbox.lock().unwrap_or_else(PoisonError::into_inner));
        for Arrival { socket, peer, secure, place } in arrived {
            let transport = match secure {
                true => Transport::secure(socket, self.context.identity()),
                false => Some(Transport::plain(socket)),
            };
            let Some(mut transport) = transport else {
                self.handle.load.fetch_sub(1, Ordering::Relaxed);
                continue;
            };
            let entry = self.connections.vacant_entry();
            let interest = Interest::READABLE | Interest::WRITABLE;
            if let Err(error) = self.poll.registry().register(&mut transport, Token(entry.key()), interest) {
                self.context.refusals.tell(Limit::OpenFiles, || format!("cannot watch a socket: {error}"));
                self.handle.load.fetch_sub(1, Ordering::Relaxed);
                continue;
            }
            let bell = Bell { handle: Arc::clone(&self.handle), key: entry.key() };
            let key = entry.key();
            entry.insert(Connection::new(transport, peer, place, &self.context, bell));
            self.attend(key, now);
        }
    }

    /// A new frame, or a new state.
    fn offer_news(&mut self, now: Monotonic) {
        for key in 0..self.connections.capacity() {
            if self.connections.get(key).is_some_and(Connection::wants_news) {
                self.attend(key, now);
            }
        }
    }

    fn run_timers(&mut self, now: Monotonic) {
        while let Some((key, when)) = self.timers.expired(now) {
            // An entry of a connection that is gone, or that was moved to an earlier time, means nothing.
            let Some(connection) = self.connections.get_mut(key) else { continue };
            if connection.timer == Some(when) {
                connection.timer = None;
                self.attend(key, now);
            }
        }
        if let Some(acceptor) = &mut self.acceptor {
            acceptor.accept_again(now);
        }
    }

    fn turn(&mut self, key: usize, now: Monotonic) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let fate = connection.turn(now);
        if fate == Fate::Unfinished && !std::mem::replace(&mut connection.is_ready, true) {
            self.ready.push_back(key);
        }
        if let Fate::Closed(reason) = fate {
            let mut connection = self.connections.remove(key);
            log::debug!("{}: {reason}", connection.peer());
            // Closing the socket does it too, unless a child has inherited it.
            let _ = self.poll.registry().deregister(&mut connection.transport);
            self.handle.load.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        let Some(deadline) = connection.deadline else { return };
        if connection.timer.is_none_or(|timer| deadline < timer) {
            connection.timer = Some(deadline);
            self.timers.set(key, deadline);
        }
    }
}
