//! The filter's thread: gives the program the newest picture, has its answers shown, and replaces it when it ends or hangs.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use log::{debug, info, warn};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::flight::{Flight, PROBE, Ticket};
use super::program::Program;
use super::{Filter, State};
use crate::child::{self, Child};
use crate::clock::Monotonic;
use crate::config::values::OnFailure;
use crate::frame::{Frame, FramePool};
use crate::jpeg;
use crate::picture::{Picture, PixelFormat};
use crate::retry::Retry;

/// What viewers see where there is no filter, and are to know it.
const MARK: &str = "NO FILTER";

/// Before the second start; it grows.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

/// One that has answered for so long is started again soon, should it end.
const LASTING: Duration = Duration::from_secs(10);

/// For one that does not end at once.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(100);

pub(super) struct Worker {
    filter: Arc<Filter>,
    pool: Arc<FramePool>,
    generation: u64,
    newest: Option<Newest>,
    numbered: u64,
    /// What viewers see: which picture, and whether the filter has made it.
    shown: (u64, bool),
    run: Option<Run>,
    retry: Retry,
    /// When the next one is started, if none runs.
    start_at: Monotonic,
    /// The one before, on its way out.
    ending: Option<JoinHandle<()>>,
}

/// The newest picture, kept until there is a newer one: what is slow to start, or looks ahead, is given it again.
struct Newest {
    id: u64,
    frame: Arc<Frame>,
    is_sent: bool,
    /// As the filter has made it.
    is_shown: bool,
}

/// One life of the program.
struct Run {
    program: Program,
    flight: Flight,
    /// Since when viewers see what it makes.
    running: Option<Monotonic>,
}

/// Why a life has ended.
enum End {
    /// It has closed a pipe: it knows why.
    Closed,
    Hung,
    Garbage,
}

impl Worker {
    pub(super) fn new(filter: &Arc<Filter>) -> Self {
        Self {
            filter: Arc::clone(filter),
            pool: FramePool::new(),
            generation: 0,
            newest: None,
            numbered: 0,
            shown: (0, false),
            run: None,
            retry: Retry::default(),
            start_at: Monotonic::default(),
            ending: None,
        }
    }

    /// Runs until the desk is closed. The program is started before there are pictures: many take a while, and the log says at
    /// boot whether it works.
    pub(super) fn run(mut self) {
        self.start();
        while self.fetch() {
            if self.run.is_none() && self.newest.is_some() && self.start_at <= Monotonic::now() {
                self.start();
            }
            self.show_unfiltered();
            if let Some(mut run) = self.run.take() {
                match self.turn(&mut run) {
                    Ok(()) => self.run = Some(run),
                    Err(end) => self.replace(run, end),
                }
            }
            self.show_unfiltered();
            self.wait();
        }
        drop(self.run.take().map(|run| run.program.into_end()));
        if let Some(ending) = self.ending.take() {
            // A thread that has panicked has said so.
            let _ = ending.join();
        }
    }

    /// False: the daemon ends.
    fn fetch(&mut self) -> bool {
        let news = self.filter.desk.fetch();
        if news.generation != self.generation {
            self.generation = news.generation;
            self.newest = None;
        }
        if let Some(frame) = news.frame {
            self.numbered += 1;
            let before = self.newest.replace(Newest {
                id: self.numbered,
                frame: Arc::new(frame),
                is_sent: false,
                is_shown: false,
            });
            if self.is_running() && before.is_some_and(|before| !before.is_sent) {
                self.filter.status.passed_over.add(1);
            }
        }
        !news.closed
    }

    fn is_running(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.flight.is_in_step())
    }

    fn start(&mut self) {
        if self.ending.as_ref().is_some_and(|ending| !ending.is_finished()) {
            self.start_at = Monotonic::now() + LOOK_AGAIN_AFTER;
            return;
        }
        if self.start_at > Monotonic::default() {
            self.filter.status.restarts.add(1);
        }
        if let Some(newest) = &mut self.newest {
            (newest.is_sent, newest.is_shown) = (false, false);
        }
        let settings = &self.filter.settings;
        match Program::start(&settings.command, settings.format) {
            Ok(program) => self.run = Some(Run { program, flight: Flight::default(), running: None }),
            Err(error) => {
                let program = settings.command.first().map_or("", String::as_str);
                let why = format!("{program:?} cannot be started ({error}): {}", child::MISSING);
                let pause = self.pause();
                tell(&self.filter, why, pause);
            }
        }
    }

    /// All that can be done without waiting.
    fn turn(&mut self, run: &mut Run) -> Result<(), End> {
        let now = Monotonic::now();
        Self::write(run, now)?;
        let Run { program, flight, .. } = run;
        let more = program.read(&mut |bytes| self.take(flight, bytes));
        let dropped = program.take_dropped();
        self.filter.status.dropped.add(dropped);
        (0..dropped).for_each(|_| flight.spoilt(now));
        if !more.unwrap_or(false) {
            return Err(End::Closed);
        }
        if flight.deadline(self.filter.settings.timeout).is_some_and(|deadline| deadline <= now) {
            return Err(End::Hung);
        }
        if run.program.has_said_too_much() {
            return Err(End::Garbage);
        }
        self.send(run, now);
        Self::write(run, now)?;
        if run.flight.is_in_step() && run.running.is_none() {
            run.running = Some(now);
            self.filter.status.set(State::Running);
            info!("filter: {} answers", run.program.name());
        }
        Ok(())
    }

    fn write(run: &mut Run, now: Monotonic) -> Result<(), End> {
        if let Some(ticket) = run.program.write().map_err(|_| End::Closed)? {
            run.flight.sent(ticket, now);
        }
        Ok(())
    }

    fn send(&mut self, run: &mut Run, now: Monotonic) {
        let Run { program, flight, .. } = run;
        let Some(newest) = self.newest.as_mut() else { return };
        if program.is_taking() || wanted(newest, flight).is_none_or(|at| now < at) {
            return;
        }
        if flight.may_send(now, || program.has_taken_all()) {
            newest.is_sent = true;
            flight.begin(now);
            let ticket =
                Ticket { id: newest.id, generation: self.generation, times: newest.frame.times, sent: now };
            program.give(Arc::clone(&newest.frame), ticket);
        }
    }

    /// A picture has come out of the program.
    fn take(&mut self, flight: &mut Flight, bytes: &[u8]) {
        let now = Monotonic::now();
        let status = &self.filter.status;
        let Ok(mut frame) = jpeg::repair(jpeg_of(bytes, now), &self.pool) else {
            status.dropped.add(1);
            flight.spoilt(now);
            return;
        };
        let Some(ticket) = flight.answered(now) else {
            status.dropped.add(1);
            return;
        };
        if !flight.is_in_step() || (ticket.id, true) <= self.shown {
            return;
        }
        frame.times = ticket.times;
        if self.show((ticket.id, true), frame, ticket.generation).is_some() {
            self.filter.status.record(now - ticket.sent);
        }
        if let Some(newest) = self.newest.as_mut().filter(|newest| newest.id == ticket.id) {
            newest.is_shown = true;
        }
    }

    /// Where the filter does not run: the newest picture, unless viewers see it.
    fn show_unfiltered(&mut self) {
        if self.is_running() || self.newest.as_ref().is_none_or(|newest| (newest.id, false) == self.shown) {
            return;
        }
        let Some(mut newest) = self.newest.take() else { return };
        let what = (newest.id, false);
        let marked = match self.filter.settings.on_failure {
            OnFailure::Pass => None,
            OnFailure::Mark => jpeg::mark(&newest.frame, MARK, &self.pool)
                .inspect_err(|error| debug!("a picture cannot be marked: {error:#}"))
                .ok(),
        };
        match marked {
            Some(marked) => {
                self.show(what, Frame { online: true, ..marked }, self.generation);
                self.newest = Some(newest);
            }
            None => {
                let frame = Arc::try_unwrap(newest.frame).unwrap_or_else(|shared| self.copy(&shared));
                if let Some(frame) = self.show(what, frame, self.generation) {
                    newest.frame = frame;
                    self.newest = Some(newest);
                }
            }
        }
    }

    fn show(&mut self, what: (u64, bool), frame: Frame, generation: u64) -> Option<Arc<Frame>> {
        if what.0 == self.shown.0 {
            // The same picture, and it looks otherwise.
            self.filter.latest.moves();
        }
        let published = self.filter.publish(frame, generation);
        if published.is_some() {
            self.shown = what;
        }
        published
    }

    fn copy(&self, frame: &Frame) -> Frame {
        Frame { jpeg: self.pool.join(&[&frame.jpeg]), ..*frame }
    }

    /// Ends it beside us, since that may take a while, and viewers are to see the next picture.
    fn replace(&mut self, run: Run, end: End) {
        if run.running.is_some_and(|since| since.age() >= LASTING) {
            self.retry.succeeded();
        }
        let pause = self.pause();
        let filter = Arc::clone(&self.filter);
        let (child, stdout) = run.program.into_end();
        let spawned = thread::Builder::new().name("filter-end".into()).spawn(move || {
            tell(&filter, why(&child, &end, filter.settings.timeout), pause);
            drop((child, stdout));
        });
        match spawned {
            Ok(ending) => self.ending = Some(ending),
            // Then it was ended here, with the closure.
            Err(error) => tell(&self.filter, format!("no thread for its end: {error}"), pause),
        }
    }

    /// For how long there is none.
    fn pause(&mut self) -> Duration {
        let pause = self.retry.pause(SHORTEST_PAUSE, true);
        self.start_at = Monotonic::now() + pause;
        pause
    }

    /// Until there is something to do.
    fn wait(&self) {
        let bell = self.filter.desk.bell();
        let bell = std::iter::once(PollFd::from_borrowed_fd(bell, PollFlags::IN));
        let mut fds: Vec<_> = bell.chain(self.run.iter().flat_map(|run| run.program.poll_fds())).collect();
        let wait = self.next().map(|next| next - Monotonic::now());
        let wait =
            wait.map(|wait| Timespec { tv_sec: wait.as_secs() as i64, tv_nsec: wait.subsec_nanos().into() });
        // However it ends, there is something to look at.
        let _ = poll(&mut fds, wait.as_ref());
    }

    /// When there is something to do though nothing happens. Who rests needs no timer.
    fn next(&self) -> Option<Monotonic> {
        let Some(run) = &self.run else { return self.newest.as_ref().map(|_| self.start_at) };
        let wanted = self.newest.as_ref().and_then(|newest| wanted(newest, &run.flight));
        let send = wanted.zip(run.flight.next_send()).map(|(wanted, allowed)| wanted.max(allowed));
        let send = send.filter(|_| !run.program.is_taking());
        send.into_iter().chain(run.flight.deadline(self.filter.settings.timeout)).min()
    }
}

/// From when on it is to have the picture, if it is allowed to. `None`: it has had it.
fn wanted(newest: &Newest, flight: &Flight) -> Option<Monotonic> {
    if !newest.is_sent {
        return Some(Monotonic::default());
    }
    // Once more, and what lies before it comes out. Not at once: the next one does the same.
    (!newest.is_shown && flight.may_need_more()).then(|| flight.moved() + PROBE)
}

fn jpeg_of(bytes: &[u8], now: Monotonic) -> Picture<'_> {
    let format = PixelFormat::Mjpeg;
    Picture { bytes, format, width: 0, height: 0, stride: 0, captured: now, grabbed: now }
}

fn why(child: &Child, end: &End, timeout: Duration) -> String {
    match end {
        End::Closed => child.reason(),
        End::Garbage => format!("{} writes what is no JPEG", child.name()),
        End::Hung => format!("{} has not answered for {} s", child.name(), timeout.as_secs_f64()),
    }
}

/// One line in the log for each cause.
fn tell(filter: &Filter, why: String, pause: Duration) {
    let failed = State::Failed(why.clone());
    let is_new = filter.status.get() != failed;
    filter.status.set(failed);
    let meanwhile = match filter.settings.on_failure {
        OnFailure::Pass => "unfiltered pictures are shown",
        OnFailure::Mark => "pictures are marked",
    };
    let line = format!("filter: {why}; {meanwhile}, trying again in {} s", pause.as_secs_f64());
    if is_new { warn!("{line}") } else { debug!("{line}") }
}
