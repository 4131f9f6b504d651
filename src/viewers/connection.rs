//! One connection: heads read, answers written, a stream kept going. It never blocks and holds nobody up.

mod bodies;
mod outflow;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::access_log::AccessLog;
use super::answer::{Answer, Outgoing};
use super::auth::Pass;
use super::context::Context;
use super::errands::{Bell, Errands, Outcome, Work};
use super::event_loop::{Listening, Watching};
use super::events::{self, Listener};
use super::input::Input;
use super::peer::Peer;
use super::phase::{Fate, Phase, Step};
use super::places::Place;
use super::refusals::Limit;
use super::request::{self, Request};
use super::routes::{self, Route};
use super::stream;
use super::transport::{Handshake, Transport};
use super::viewer::Viewer;
use crate::clock::Monotonic;
use crate::config::values::Right;

/// Steps that one turn may take, so that a peer that asks without end cannot keep the loop from the others.
const STEPS_A_TURN: u32 = 4;

/// How long a refused peer may go on sending, so that it gets to read why.
const LINGER: Duration = Duration::from_secs(2);

/// The longest that somebody waits for an errand: a driver may take seconds for a control, and some never end.
const LONGEST_ERRAND: Duration = Duration::from_secs(20);

pub(super) struct Connection {
    pub(super) transport: Transport,
    peer: Peer,
    context: Arc<Context>,
    bell: Bell,
    input: Input,
    outgoing: Outgoing,
    phase: Phase,
    /// What is still to be told of the request that is being answered.
    access: AccessLog,
    /// Of whoever asked last.
    pass: Option<Pass>,
    /// When to look again, whatever happens.
    pub(super) deadline: Option<Monotonic>,
    /// The time that stands in the loop's timers for this connection.
    pub(super) timer: Option<Monotonic>,
    /// When the answer that goes out was begun.
    answered_at: Monotonic,
    /// Whether its turn will come by itself.
    pub(super) is_ready: bool,
    _place: Place,
}

impl Connection {
    /// Who has no place inside is answered without having asked.
    pub(super) fn new(
        transport: Transport,
        peer: Peer,
        place: Place,
        context: &Arc<Context>,
        bell: Bell,
    ) -> Self {
        let refused = place.refused;
        let phase = if transport.is_secure() { Phase::Handshake { refusal: None } } else { Phase::Head };
        let mut connection = Self {
            transport,
            peer,
            context: Arc::clone(context),
            bell,
            input: Input::default(),
            outgoing: Outgoing::default(),
            phase,
            access: AccessLog::default(),
            pass: None,
            deadline: Some(Monotonic::now() + context.settings().http.request_timeout),
            timer: None,
            answered_at: Monotonic::default(),
            is_ready: false,
            _place: place,
        };
        match (refused, &mut connection.phase) {
            (None, _) => {}
            (Some(limit), Phase::Handshake { refusal }) => *refusal = Some(limit.refusal()),
            (Some(limit), _) => connection.start_answer(limit.refusal(), None),
        }
        connection
    }

    pub(super) fn peer(&self) -> Peer {
        self.peer
    }

    /// Whether a new frame or a new state is something for it.
    pub(super) fn wants_news(&self) -> bool {
        matches!(self.phase, Phase::Stream(_) | Phase::Snapshot { .. } | Phase::Events { .. })
            // It may have to let go of an older one.
            || self.outgoing.has_frame()
    }

    /// Whether it is to have its pictures before others have their answers.
    pub(super) const fn is_viewer(&self) -> bool {
        matches!(self.phase, Phase::Stream(_))
    }

    pub(super) fn set_readable(&mut self) {
        self.input.set_readable();
    }

    /// Does all that can be done now. Called after whatever has happened: bytes, room in the socket, a new frame, a
    /// deadline.
    pub(super) fn turn(&mut self, now: Monotonic) -> Fate {
        if !self.may_go_on() {
            return Fate::Closed("logged in by what is no login any more");
        }
        for _ in 0..STEPS_A_TURN {
            let step = match self.phase {
                Phase::Handshake { .. } => self.shake_hands(now),
                Phase::Head => self.read_head(now),
                Phase::Body { .. } => self.read_body(now),
                Phase::Inflow { .. } => self.take_pictures(now),
                Phase::Errand { .. } => self.fetch_reply(now),
                Phase::Events { .. } => self.send_events(now),
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

    /// Whether what lasts may last: not over the end of the login that it was begun with.
    fn may_go_on(&mut self) -> bool {
        let needed = match self.phase {
            Phase::Stream(_) | Phase::Events { .. } => Right::View,
            Phase::Inflow { .. } => Right::Push,
            _ => return true,
        };
        self.pass.as_mut().is_none_or(|pass| pass.still_allows(needed, &self.context.guard))
    }

    fn is_late(&self, now: Monotonic) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }

    fn shake_hands(&mut self, now: Monotonic) -> io::Result<Step> {
        match self.transport.shake_hands()? {
            Handshake::Again => return Ok(Step::Again),
            Handshake::Wait if self.is_late(now) => return Ok(Step::Close("no handshake in time")),
            Handshake::Wait => return Ok(Step::Wait),
            Handshake::Plain => {
                let reason = "this port speaks TLS: use https:// in place of http://";
                return Ok(self.refuse_head(Answer::text(400, reason)));
            }
            Handshake::Done => {}
        }
        match std::mem::replace(&mut self.phase, Phase::Head) {
            Phase::Handshake { refusal: Some(refusal) } => self.start_answer(refusal, None),
            _ => self.deadline = Some(now + self.context.settings().http.request_timeout),
        }
        Ok(Step::Again)
    }

    fn read_head(&mut self, now: Monotonic) -> io::Result<Step> {
        let limit = self.context.settings().http.max_head_bytes;
        let idle = self.input.is_empty();
        self.input.read(&mut self.transport, limit)?;
        self.input.skip_empty_lines();
        if idle && !self.input.is_empty() {
            // The time for a head begins with its first byte, not with the answer before it.
            self.deadline = Some(now + self.context.settings().http.request_timeout);
        }
        let head = match self.input.may_have_a_head() {
            true => request::parse(self.input.bytes()),
            false => Ok(None),
        };
        match head {
            Ok(Some((request, len))) => {
                self.input.take(len);
                self.dispatch(request);
                Ok(Step::Again)
            }
            Err(bad) => Ok(self.refuse_head(Answer::text(bad.status, bad.reason))),
            Ok(None) if self.input.bytes().len() >= limit => {
                self.context.refusals.count(Limit::Heads);
                Ok(self.refuse_head(Answer::text(431, "the head of the request is too long")))
            }
            Ok(None) if self.input.is_ended() => Ok(Step::Close("closed by the peer")),
            Ok(None) if self.is_late(now) && self.input.is_empty() => Ok(Step::Close("nothing asked for")),
            Ok(None) if self.is_late(now) => {
                self.context.refusals.count(Limit::Heads);
                Ok(self.refuse_head(Answer::text(408, "the head of the request did not come in time")))
            }
            Ok(None) => Ok(Step::Wait),
        }
    }

    fn fetch_reply(&mut self, now: Monotonic) -> io::Result<Step> {
        let Phase::Errand { request, reply } = &self.phase else { return Ok(Step::Again) };
        let outcome = match reply.take() {
            Some(outcome) => outcome,
            None if self.is_late(now) => {
                Outcome::Answer(Answer::text(504, "it takes too long, and may still be done"))
            }
            None => return Ok(Step::Wait),
        };
        let request = request.clone();
        match outcome {
            Outcome::Answer(answer) => self.start_answer(answer, Some(&request)),
            Outcome::Again => self.dispatch(*request),
        }
        Ok(Step::Again)
    }

    fn refuse_head(&mut self, answer: Answer) -> Step {
        log::debug!("{}: refused with status {}", self.peer, answer.status());
        self.start_answer(answer, None);
        Step::Again
    }

    fn dispatch(&mut self, mut request: Request) {
        self.access.begin(self.peer, Some(&request));
        request.https |= self.transport.is_secure();
        log::debug!("{}: {} {}", self.peer, request.method, request.path);
        let (route, pass) = routes::route(&request, self.peer, &self.context);
        self.pass = pass;
        self.follow(route, request);
    }

    fn follow(&mut self, route: Route, request: Request) {
        let now = Monotonic::now();
        match route {
            Route::Answer(answer) => self.start_answer(answer, Some(&request)),
            Route::Snapshot(wanted) => {
                self.deadline = Some(now + self.context.settings().http.snapshot_timeout);
                let watching = self.watch();
                self.phase = Phase::Snapshot { wanted, request: Box::new(request), _watching: watching };
            }
            Route::Stream(options) => {
                let Some(viewer) = Viewer::new(&options, &self.context, self.watch()) else {
                    return self.refuse_viewer(&request);
                };
                self.start_endless(stream::head(&request, &options, viewer.id(), &self.context));
                log::debug!("{} watches ({} viewers)", self.peer, self.context.viewers().len());
                self.phase = Phase::Stream(Box::new(viewer));
            }
            Route::Events(options) => {
                self.start_endless(events::head(&request, &self.context.settings().http));
                let listening = Listening::new(&self.bell.handle);
                self.deadline = Some(now + self.context.settings().http.server_timeout);
                self.phase = Phase::Events { listener: Listener::new(options), _listening: listening };
            }
            Route::Upload(upload) => self.await_body(request, upload),
            Route::Inflow(inflow) => {
                // Of what comes in it keeps one picture at most.
                let Some(share) = self.context.body_share(self.context.settings().http.max_frame_bytes)
                else {
                    return self.refuse(Limit::Bodies, &request);
                };
                self.ask_for_the_body(&request);
                self.deadline = Some(now + self.context.settings().http.server_timeout);
                let (request, inflow) = (Box::new(request), Box::new(inflow));
                self.phase = Phase::Inflow { request, inflow, _share: share };
            }
            Route::Errand(work) => self.run_errand(request, |context| &context.errands, work),
            // Not behind a camera that takes its time.
            Route::Login(work) => self.run_errand(request, |context| &context.logins, work),
        }
    }

    fn run_errand(&mut self, request: Request, who: fn(&Context) -> &Errands, work: Work) {
        match who(&self.context).send(work, self.bell.clone()) {
            Some(reply) => {
                self.deadline = Some(Monotonic::now() + LONGEST_ERRAND);
                self.phase = Phase::Errand { request: Box::new(request), reply };
            }
            None => self.refuse(Limit::Work, &request),
        }
    }

    /// There is too much of it.
    fn refuse(&mut self, limit: Limit, request: &Request) {
        self.context.refusals.count(limit);
        self.start_answer(limit.refusal(), Some(request));
    }

    fn refuse_viewer(&mut self, request: &Request) {
        let most = self.context.settings().http.max_viewers;
        self.context.refusals.tell(Limit::Viewers, || {
            format!("viewers are refused: {most} are watching, as many as [http] max-viewers allows")
        });
        self.start_answer(Limit::Viewers.refusal(), Some(request));
    }

    fn watch(&self) -> Watching {
        Watching::new(&self.context.audience, &self.bell.handle)
    }

    fn start_endless(&mut self, head: Vec<u8>) {
        self.outgoing = Outgoing { head, ..Outgoing::default() };
        self.access.set_status(200);
    }

    /// Without a request there is nothing to go by but the latest version, and the connection ends.
    fn start_answer(&mut self, answer: Answer, request: Option<&Request>) {
        // A body that nobody reads would be taken for the next head.
        let close = request.is_none_or(|request| !request.keep_alive || request.body_len != Some(0));
        let version = request.map_or(tiny_http::HTTPVersion(1, 1), |request| request.version.clone());
        let head_only = request.is_some_and(|request| request.method == "HEAD");
        self.access.begin(self.peer, request);
        self.access.set_status(answer.status());
        let answer = match request {
            Some(request) => routes::with_cors(answer, request, &self.context.settings().http),
            None => answer,
        };
        self.outgoing = answer.print(&version, head_only, close);
        self.answered_at = Monotonic::now();
        self.deadline = Some(self.answered_at + self.context.settings().http.server_timeout);
        self.phase = Phase::Answering { close };
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.access.end(self.outgoing.total);
    }
}
