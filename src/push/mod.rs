//! Frames that go out: to other servers, to Redis, into files, to programs. Each push has a thread and sends the newest frame when
//! the last one has gone, so that a slow or dead receiver holds up neither the viewers nor the other pushes.

mod command;
mod files;
mod http;
mod pinned;
mod redis;

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::audience::{Audience, Seat};
use crate::bell::Bell;
use crate::capture::Shared;
use crate::clock::Monotonic;
use crate::config::{self, Push};
use crate::frame::Frame;
use crate::latest::Latest;
use crate::outlet::Outlet;

/// Who sends nothing for so long leaves the audience, so that the camera may rest in between.
const SELDOM: Duration = Duration::from_secs(5);

/// After a failure it is tried again, with pauses that double from the first to the second of these.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// After trouble all is well when frames have gone out for so long: a program that ends with each frame takes every other one.
const PROOF: Duration = Duration::from_secs(1);

/// Somewhere that frames go. What is said in words has no secrets in it.
trait Receiver: Send {
    /// "http://hub:8080/frame".
    fn name(&self) -> String;

    /// Whether it would do, as far as that can be said without sending anything.
    fn check(&mut self) -> Result<(), String>;

    /// Sends one, within a bounded time, and in none when the bell is closed.
    fn send(&mut self, frame: &Frame, bell: &Bell) -> Result<Sent, String>;
}

/// What is to come after a frame that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    More,
    /// The receiver wants no more.
    NoMore,
}

/// All that run.
pub struct Pushes {
    shared: Shared,
    running: Vec<Running>,
}

struct Running {
    outlet: Arc<Outlet>,
    thread: JoinHandle<()>,
}

impl Pushes {
    pub fn start(shared: &Shared) -> io::Result<Self> {
        let outlets = shared.outlets.get();
        let running = outlets.iter().map(|outlet| Running::start(outlet, shared));
        Ok(Self { shared: shared.clone(), running: running.collect::<io::Result<_>>()? })
    }

    /// Ends those that are not among these, and starts those that are new; the others know nothing of it. One that holds this up
    /// has a moment, as in `stop`.
    pub fn change(&mut self, wanted: &[Push], patience: Duration) -> io::Result<()> {
        let is_wanted = |running: &Running| wanted.contains(&running.outlet.settings);
        let (stay, leave) = std::mem::take(&mut self.running).into_iter().partition(is_wanted);
        self.running = stay;
        // First, so that never two write into one folder, or to one server.
        stop(leave, patience);
        let outlets: Vec<_> = wanted.iter().map(|push| self.outlet(push)).collect();
        for outlet in &outlets {
            if !self.running.iter().any(|running| Arc::ptr_eq(&running.outlet, outlet)) {
                self.running.push(Running::start(outlet, &self.shared)?);
            }
        }
        self.shared.outlets.set(outlets);
        Ok(())
    }

    fn outlet(&self, push: &Push) -> Arc<Outlet> {
        let running = self.running.iter().find(|running| running.outlet.settings == *push);
        running.map_or_else(|| Outlet::new(push, &self.shared.latest), |running| Arc::clone(&running.outlet))
    }

    /// Ends them. A receiver that holds one up has a moment, and is left then.
    pub fn stop(self, patience: Duration) {
        stop(self.running, patience);
    }
}

fn stop(running: Vec<Running>, patience: Duration) {
    running.iter().for_each(|one| one.outlet.bell.close());
    let begin = Monotonic::now();
    for Running { outlet, thread } in running {
        while !thread.is_finished() && begin.age() < patience {
            thread::sleep(Duration::from_millis(10));
        }
        if !thread.is_finished() {
            log::debug!("push {}: left in the middle of a frame", outlet.settings.name);
        }
    }
}

impl Running {
    fn start(outlet: &Arc<Outlet>, shared: &Shared) -> io::Result<Self> {
        let run = Run {
            outlet: Arc::clone(outlet),
            latest: Arc::clone(&shared.latest),
            audience: Arc::clone(&shared.audience),
            seat: None,
            seen: 0,
            due: Some(Monotonic::now()).filter(|_| outlet.settings.interval.is_some()),
            failures: 0,
            works_since: None,
        };
        let receiver = receiver(&outlet.settings);
        let thread = thread::Builder::new().name("push".into()).spawn(move || run.run(receiver))?;
        Ok(Self { outlet: Arc::clone(outlet), thread })
    }
}

/// Where it would send to, and what would keep it from that.
pub fn check(push: &Push) -> (String, Result<(), String>) {
    let mut receiver = receiver(push);
    (receiver.name(), receiver.check())
}

fn receiver(push: &Push) -> Box<dyn Receiver> {
    match &push.receiver {
        config::Receiver::Http(http) => Box::new(http::Http::new(http, push.timeout)),
        config::Receiver::Redis(redis) => Box::new(redis::Redis::new(redis, push.timeout)),
        config::Receiver::File(file) => Box::new(files::Files::new(file)),
        config::Receiver::Command(words) => Box::new(command::Command::new(words, push.timeout)),
    }
}

/// The thread of one.
struct Run {
    outlet: Arc<Outlet>,
    latest: Arc<Latest>,
    audience: Arc<Audience>,
    /// While it waits for frames, or will soon.
    seat: Option<Seat>,
    /// Number of the frame that was tried last.
    seen: u64,
    /// When the next frame is; `None`: when somebody calls.
    due: Option<Monotonic>,
    /// In a row.
    failures: u32,
    /// Since when frames have gone out.
    works_since: Option<Monotonic>,
}

impl Run {
    fn run(mut self, mut receiver: Box<dyn Receiver>) {
        let outlet = Arc::clone(&self.outlet);
        let name = format!("push {}", outlet.settings.name);
        // Of several pushes one that is in and out must not keep the others out of the log.
        let target = format!("{}::{}", module_path!(), outlet.settings.name);
        log::info!(target: &target, "{name}: to {}", receiver.name());
        while outlet.bell.sleep_until(self.due) {
            let Some(frame) = self.next_frame() else { return };
            let begun = Monotonic::now();
            match receiver.send(&frame, &outlet.bell) {
                Ok(sent) => {
                    if self.succeed(begun) {
                        log::info!(target: &target, "{name}: works again");
                    }
                    if sent == Sent::NoMore {
                        log::info!(target: &target, "{name}: ended by the receiver, until mjpegd is started again");
                        outlet.end();
                        return;
                    }
                }
                Err(_) if outlet.bell.is_closed() => return,
                Err(why) => {
                    (self.failures, self.works_since) = (self.failures.saturating_add(1), None);
                    if outlet.fail(&why) {
                        log::warn!(target: &target, "{name}: {why}");
                    }
                }
            }
            self.plan(begun);
        }
    }

    /// Whether it has begun to work again.
    fn succeed(&mut self, begun: Monotonic) -> bool {
        let is_seldom = self.outlet.settings.interval.is_none_or(|interval| interval >= SELDOM);
        let is_lasting = is_seldom || self.works_since.get_or_insert(begun).age() >= PROOF;
        if is_lasting {
            self.failures = 0;
        }
        self.outlet.succeed(is_lasting)
    }

    /// A live one that was not tried yet. `None`: the daemon ends.
    fn next_frame(&mut self) -> Option<Arc<Frame>> {
        let came = Monotonic::now();
        // Who has just come wants to see how it is now.
        let is_new = self.seat.is_none();
        self.seat.get_or_insert_with(|| self.audience.sit());
        loop {
            let frame = self.latest.get().filter(|frame| {
                frame.online && frame.number > self.seen && (!is_new || frame.times.captured > came)
            });
            if let Some(frame) = frame {
                if !is_new {
                    self.count_skipped(frame.number);
                }
                self.seen = frame.number;
                return Some(frame);
            }
            if !self.outlet.bell.wait() {
                return None;
            }
        }
    }

    /// What it was too slow for: frames, or turns where there is an interval.
    fn count_skipped(&self, number: u64) {
        let frames = number.saturating_sub(self.seen + 1);
        let turns = match (self.outlet.settings.interval, self.due) {
            (Some(Duration::ZERO), _) => u64::MAX,
            (Some(interval), Some(due)) => {
                u64::try_from(due.age().as_nanos() / interval.as_nanos()).unwrap_or(u64::MAX)
            }
            _ => 0,
        };
        self.outlet.skipped.add(frames.min(turns));
    }

    /// When the next one is, counted from when this one was begun.
    fn plan(&mut self, begun: Monotonic) {
        let now = Monotonic::now();
        self.due = self.outlet.settings.interval.map(|interval| {
            // One that was called for does not move the others.
            let planned = self.due.map_or(begun, |due| if due > begun { due } else { due + interval });
            // Who is late keeps to its schedule, and does not catch up.
            let next = if planned + interval < now { begun + interval } else { planned };
            match self.works_since {
                None if self.failures > 0 => next.max(now + pause(self.failures)),
                _ => next,
            }
        });
        if self.due.is_none_or(|due| due - now >= SELDOM) {
            self.seat = None;
        }
    }
}

/// After so many failures in a row.
fn pause(failures: u32) -> Duration {
    (PAUSES.0 * (1 << (failures - 1).min(8))).min(PAUSES.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_half_a_minute() {
        let pauses: Vec<_> = (1..9).map(|failures| pause(failures).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(pause(u32::MAX), PAUSES.1);
    }
}
