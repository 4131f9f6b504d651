//! Frames that go out: to other servers, to Redis, into files, to programs. Each push has a thread and sends the newest frame, when
//! the last one has gone; a slow or dead receiver holds up neither the viewers nor the other pushes.

mod bell;
mod command;
mod files;
mod http;
mod redis;

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use self::bell::Bell;
use crate::capture::Shared;
use crate::clock::Monotonic;
use crate::config::{Push, Receiver as Settings};
use crate::frame::Frame;

/// From so long an interval on the camera need not run in between.
const SELDOM: Duration = Duration::from_secs(5);

/// After a failure it is tried again, with pauses that double from the first to the second of these.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// Somewhere that frames go.
trait Receiver: Send {
    /// Without secrets.
    fn name(&self) -> String;

    /// Sends one, within a bounded time.
    fn send(&mut self, frame: &Frame) -> Result<Sent, String>;
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
    bells: Vec<Arc<Bell>>,
    threads: Vec<JoinHandle<()>>,
}

impl Pushes {
    pub fn start(settings: &[Push], shared: &Shared) -> std::io::Result<Self> {
        let mut pushes = Self { bells: Vec::new(), threads: Vec::new() };
        for push in settings {
            let bell = Bell::new(&shared.latest);
            let run = Run { interval: push.interval, shared: shared.clone(), bell: Arc::clone(&bell), seen: 0 };
            let receiver = receiver(&push.to);
            let thread = thread::Builder::new().name("push".into()).spawn(move || run.run(receiver))?;
            pushes.bells.push(bell);
            pushes.threads.push(thread);
        }
        Ok(pushes)
    }

    /// Ends them; what is on its way has a moment to arrive.
    pub fn stop(self, patience: Duration) {
        self.bells.iter().for_each(|bell| bell.close());
        let begin = Monotonic::now();
        for thread in self.threads {
            while !thread.is_finished() && begin.age() < patience {
                thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

fn receiver(settings: &Settings) -> Box<dyn Receiver> {
    match settings {
        Settings::Http(http) => Box::new(http::Http::new(http)),
        Settings::Redis(redis) => Box::new(redis::Redis::new(redis)),
        Settings::File(file) => Box::new(files::Files::new(file)),
        Settings::Command(words) => Box::new(command::Command::new(words)),
    }
}

/// The thread of one.
struct Run {
    interval: Duration,
    shared: Shared,
    bell: Arc<Bell>,
    /// Number of the frame that was sent last.
    seen: u64,
}

impl Run {
    fn run(mut self, mut receiver: Box<dyn Receiver>) {
        let name = receiver.name();
        let (mut due, mut failures, mut trouble) = (Monotonic::now(), 0_u32, String::new());
        let mut seat = None;
        while self.bell.sleep_until(due) {
            let seat_now = seat.take().unwrap_or_else(|| self.shared.audience.sit());
            let Some(frame) = self.next_frame() else { return };
            // Counted from here: who takes long is not sent two in a row.
            due = Monotonic::now() + self.interval;
            self.seen = frame.number;
            match receiver.send(&frame) {
                Ok(sent) => {
                    if failures > 0 {
                        log::info!("push to {name}: works again");
                    }
                    (failures, trouble) = (0, String::new());
                    self.shared.stats.pushed.add(1);
                    if sent == Sent::NoMore {
                        log::info!("push to {name}: ended by the receiver");
                        return;
                    }
                }
                Err(why) => {
                    self.shared.stats.push_failures.add(1);
                    if trouble != why {
                        log::warn!("push to {name}: {why}");
                        trouble = why;
                    }
                    let pause = PAUSES.0 * (1 << failures.min(8));
                    due = due.max(Monotonic::now() + pause.min(PAUSES.1));
                    failures += 1;
                }
            }
            if due - Monotonic::now() < SELDOM {
                seat = Some(seat_now);
            }
        }
    }

    /// A live one that was not sent yet. `None`: the daemon ends.
    fn next_frame(&self) -> Option<Arc<Frame>> {
        let asked = Monotonic::now();
        let seldom = self.interval >= SELDOM;
        // Whoever asks seldom wants to see how it is now.
        let wanted = |frame: &Arc<Frame>| {
            frame.online && frame.number > self.seen && (!seldom || frame.times.captured > asked)
        };
        loop {
            if let Some(frame) = self.shared.latest.get().filter(wanted) {
                return Some(frame);
            }
            if !self.bell.wait() {
                return None;
            }
        }
    }
}
