//! One connection: heads read, answers written, a stream kept going. It never blocks and holds nobody up.

use std::io::{self, ErrorKind, Read as _};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mio::net::TcpStream;

use super::answer::{Answer, Outgoing};
use super::context::Context;
use super::event_loop::Watching;
use super::request::{self, Request};
use super::routes::{self, Route};
use super::snapshot::Wanted;
use super::stream;
use super::viewer::{Next, Viewer};
use crate::clock::Monotonic;

/// Steps that one turn may take, so that a peer that asks without end cannot keep the loop from the others.
const STEPS_A_TURN: u32 = 16;

/// How long a refused peer may go on sending, so that it gets to read why.
const LINGER: Duration = Duration::from_secs(2);

pub(super) struct Connection {
    pub(super) socket: TcpStream,
    peer: SocketAddr,
    context: Arc<Context>,
    /// Viewers and waiting snapshots of the loop that this connection belongs to.
    watchers: Arc<AtomicUsize>,
    input: Vec<u8>,
    readable: bool,
    ended: bool,
    outgoing: Outgoing,
    phase: Phase,
    /// When to look again, whatever happens.
    pub(super) deadline: Option<Monotonic>,
    /// The time that stands in the loop's timers for this connection.
    pub(super) timer: Option<Monotonic>,
}

enum Phase {
    /// Between answers: a head is awaited, or has come in part.
    Head,
    Answering {
        close: bool,
    },
    /// Waiting for the picture that the request wants.
    Snapshot {
        wanted: Wanted,
        request: Box<Request>,
        _watching: Watching,
    },
    Stream(Box<Viewer>),
    /// Answered and half closed; what still comes in is thrown away.
    Lingering,
}

/// What becomes of a connection after its turn.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Open,
    /// There is more to do, after the others have had their turn.
    Unfinished,
    Closed(&'static str),
}

/// Whether a phase has more to do at once.
enum Step {
    Again,
    Wait,
    Close(&'static str),
}

impl Connection {
    pub(super) fn new(
        socket: TcpStream,
        peer: SocketAddr,
        context: &Arc<Context>,
        watchers: &Arc<AtomicUsize>,
    ) -> Self {
        context.connections.fetch_add(1, Ordering::Relaxed);
        Self {
            socket,
            peer,
            context: Arc::clone(context),
            watchers: Arc::clone(watchers),
            input: Vec::new(),
            readable: true,
            ended: false,
            outgoing: Outgoing::default(),
            phase: Phase::Head,
            deadline: Some(Monotonic::now() + context.settings.http.request_timeout),
            timer: None,
        }
    }

    /// Answers without having been asked: there are too many connections.
    pub(super) fn refuse(&mut self, answer: Answer) {
        self.start_answer(answer, None);
    }

    pub(super) fn peer(&self) -> SocketAddr {
        self.peer
    }

    pub(super) fn is_watching(&self) -> bool {
        matches!(self.phase, Phase::Stream(_) | Phase::Snapshot { .. })
    }

    pub(super) fn set_readable(&mut self) {
        self.readable = true;
    }

    /// Does all that can be done now. Called after whatever has happened: bytes, room in the socket, a new frame, a
    /// deadline.
    pub(super) fn turn(&mut self, now: Monotonic) -> Fate {
        for _ in 0..STEPS_A_TURN {
            let step = match self.phase {
                Phase::Head => self.read_head(now),
                Phase::Answering { close } => self.send_answer(close, now),
                Phase::Snapshot { .. } => self.send_snapshot(now),
                Phase::Stream(_) => self.send_stream(now),
                Phase::Lingering => self.linger(now),
            };
            match step {
                Ok(Step::Again) => {}
                Ok(Step::Wait) => return Fate::Open,
                Ok(Step::Close(reason)) => return Fate::Closed(reason),
                Err(error) => {
                    log::trace!("{}: {error}", self.peer);
                    return Fate::Closed("connection lost");
                }
            }
        }
        Fate::Unfinished
    }

    fn is_late(&self, now: Monotonic) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }

    fn read_head(&mut self, now: Monotonic) -> io::Result<Step> {
        let limit = self.context.settings.http.max_head_bytes;
        let idle = self.input.is_empty();
        self.read(limit)?;
        if idle && !self.input.is_empty() {
            // The time for a head begins with its first byte, not with the answer before it.
            self.deadline = Some(now + self.context.settings.http.request_timeout);
        }
        match request::parse(&self.input) {
            Ok(Some((request, len))) => {
                self.input.drain(..len);
                self.dispatch(request);
                Ok(Step::Again)
            }
            Err(bad) => Ok(self.refuse_head(Answer::text(bad.status, bad.reason))),
            Ok(None) if self.input.len() >= limit => {
                Ok(self.refuse_head(Answer::text(431, "the head of the request is too long")))
            }
            Ok(None) if self.ended => Ok(Step::Close("closed by the peer")),
            Ok(None) if self.is_late(now) && self.input.is_empty() => Ok(Step::Close("nothing asked for")),
            Ok(None) if self.is_late(now) => {
                Ok(self.refuse_head(Answer::text(408, "the head of the request did not come in time")))
            }
            Ok(None) => Ok(Step::Wait),
        }
    }

    fn refuse_head(&mut self, answer: Answer) -> Step {
        log::debug!("{}: refused with status {}", self.peer, answer.status());
        self.start_answer(answer, None);
        Step::Again
    }

    fn dispatch(&mut self, request: Request) {
        log::debug!("{}: {} {}", self.peer, request.method, request.path);
        match routes::route(&request, &self.context) {
            Route::Answer(answer) => self.start_answer(answer, Some(&request)),
            Route::Snapshot(wanted) => {
                self.deadline = Some(Monotonic::now() + self.context.settings.http.snapshot_timeout);
                let watching = self.watch();
                self.phase = Phase::Snapshot { wanted, request: Box::new(request), _watching: watching };
            }
            Route::Stream(options) => {
                let viewer = Viewer::new(&options, &self.context, self.watch());
                self.outgoing.head =
                    stream::head(&request, &options, viewer.id(), &self.context.settings.http);
                log::debug!("{} watches ({} viewers)", self.peer, self.context.viewers().len());
                self.phase = Phase::Stream(Box::new(viewer));
            }
        }
    }

    fn watch(&self) -> Watching {
        Watching::new(&self.context.audience, &self.watchers)
    }

    /// Without a request there is nothing to go by but the latest version, and the connection ends.
    fn start_answer(&mut self, answer: Answer, request: Option<&Request>) {
        // A body that nobody reads would be taken for the next head.
        let close = request.is_none_or(|request| !request.keep_alive || request.body_len != Some(0));
        let version = request.map_or(tiny_http::HTTPVersion(1, 1), |request| request.version.clone());
        let head_only = request.is_some_and(|request| request.method == "HEAD");
        self.outgoing = answer.print(&version, head_only, close);
        self.deadline = Some(Monotonic::now() + self.context.settings.http.server_timeout);
        self.phase = Phase::Answering { close };
    }

    fn send_answer(&mut self, close: bool, now: Monotonic) -> io::Result<Step> {
        let count = self.outgoing.send(&mut self.socket)?;
        self.context.stats.sent_bytes.add(count as u64);
        if !self.outgoing.is_done() {
            if count > 0 {
                self.deadline = Some(now + self.context.settings.http.server_timeout);
            }
            return Ok(if self.is_late(now) { Step::Close("took no answer") } else { Step::Wait });
        }
        if close {
            // Closing with bytes unread would reset the connection, and the peer might lose the answer.
            self.socket.shutdown(Shutdown::Write)?;
            self.deadline = Some(now + LINGER);
            self.phase = Phase::Lingering;
        } else {
            self.deadline = Some(now + self.context.settings.http.request_timeout);
            self.phase = Phase::Head;
        }
        Ok(Step::Again)
    }

    fn send_snapshot(&mut self, now: Monotonic) -> io::Result<Step> {
        let late = self.is_late(now);
        let Phase::Snapshot { wanted, request, .. } = &self.phase else { return Ok(Step::Again) };
        let frame = self.context.latest.get();
        let answer = match &frame {
            Some(frame) => wanted.answer(frame, request, &self.context),
            None => None,
        };
        let answer = match answer {
            Some(answer) => answer,
            None if late => wanted.late(frame.as_ref(), request, &self.context),
            None => return Ok(Step::Wait),
        };
        let request = request.clone();
        self.start_answer(answer, Some(&request));
        Ok(Step::Again)
    }

    fn send_stream(&mut self, now: Monotonic) -> io::Result<Step> {
        self.discard_input()?;
        if self.ended {
            return Ok(Step::Close("left"));
        }
        let Phase::Stream(viewer) = &mut self.phase else { return Ok(Step::Again) };
        self.deadline = match viewer.turn(&mut self.socket, &mut self.outgoing, now)? {
            Next::At(time) => Some(time),
            Next::Frame => None,
            Next::TooSlow => return Ok(Step::Close("took nothing for too long")),
        };
        Ok(Step::Wait)
    }

    fn linger(&mut self, now: Monotonic) -> io::Result<Step> {
        self.discard_input()?;
        Ok(match self.ended || self.is_late(now) {
            true => Step::Close("answered"),
            // What is left unread now would never be announced again.
            false if self.readable => Step::Again,
            false => Step::Wait,
        })
    }

    /// Reads what has come, as far as the limit allows.
    fn read(&mut self, limit: usize) -> io::Result<()> {
        let mut chunk = [0; 4096];
        while self.readable && !self.ended && self.input.len() < limit {
            let room = chunk.len().min(limit - self.input.len());
            match self.socket.read(&mut chunk[..room]) {
                Ok(0) => self.ended = true,
                Ok(count) => self.input.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.readable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Throws away what has come. A flood is left to TCP: a few reads at a time, and no more.
    fn discard_input(&mut self) -> io::Result<()> {
        self.input = Vec::new();
        if self.readable {
            self.read(16 * 1024)?;
            self.input = Vec::new();
        }
        Ok(())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.context.connections.fetch_sub(1, Ordering::Relaxed);
    }
}
