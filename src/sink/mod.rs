//! The newest frame in shared memory, for other programs on this machine: one writer, any number of readers, none of which it
//! waits for. `docs/shared-memory.md` is what they go by.

mod header;
pub mod layout;
mod name;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context as _, Result};

pub use self::reader::{Reader, Told};
pub use self::writer::{LeftOut, Writer};
use crate::audience::{Audience, Seat};
use crate::bell::Bell;
use crate::clock::Monotonic;
use crate::config::Sink as Settings;
use crate::frame::Frame;
use crate::latest::Latest;
use crate::stats::Stats;

/// Between two looks whether somebody reads. They are what it costs when nobody does.
const LOOK: Duration = Duration::from_millis(250);

/// Between two lines of the log about frames that are left out.
const TELL: Duration = Duration::from_secs(60);

/// Where an object of this name is.
pub fn path(name: &str) -> PathBuf {
    Path::new("/dev/shm").join(name)
}

/// A thread that writes the frames. Dropped, it ends, and the object is gone.
#[derive(Debug)]
pub struct Sink {
    bell: Arc<Bell>,
    thread: Option<JoinHandle<()>>,
}

impl Sink {
    /// `None`: the settings want none.
    pub fn start(
        settings: &Settings,
        latest: &Arc<Latest>,
        audience: &Arc<Audience>,
        stats: &Arc<Stats>,
    ) -> Result<Option<Self>> {
        if settings.name.is_empty() {
            return Ok(None);
        }
        let path = path(&settings.name);
        let writer = Writer::new(&path, settings.mode, settings.max_bytes)
            .with_context(|| format!("the sink {}", path.display()))?;
        log::info!("frames are in {}, too", path.display());
        let bell = Bell::new(latest);
        let mut turning = Turning {
            writer,
            bell: Arc::clone(&bell),
            latest: Arc::clone(latest),
            audience: Arc::clone(audience),
            stats: Arc::clone(stats),
            seat: None,
            last: 0,
            told: None,
        };
        let thread = thread::Builder::new().name("sink".into()).spawn(move || turning.run());
        Ok(Some(Self { bell, thread: Some(thread.context("no thread for the sink")?) }))
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.bell.close();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            log::error!("the sink's thread has panicked");
        }
    }
}

/// What the thread turns over.
struct Turning {
    writer: Writer,
    bell: Arc<Bell>,
    latest: Arc<Latest>,
    audience: Arc<Audience>,
    stats: Arc<Stats>,
    /// While somebody reads, as a viewer has one.
    seat: Option<Seat>,
    /// Number of the frame that was looked at last.
    last: u64,
    /// When it was last said that frames are left out.
    told: Option<Monotonic>,
}

impl Turning {
    fn run(&mut self) {
        let mut look = Monotonic::now();
        while self.bell.wait_until(look) {
            if Monotonic::now() >= look {
                look = Monotonic::now() + LOOK;
                self.writer.beat();
                let is_read = self.writer.is_read();
                if is_read != self.seat.is_some() {
                    self.seat = is_read.then(|| self.audience.sit());
                }
            }
            match self.latest.get() {
                None => self.writer.clear(),
                Some(frame) if frame.number != self.last => self.write(&frame),
                Some(_) => {}
            }
        }
    }

    fn write(&mut self, frame: &Frame) {
        self.last = frame.number;
        let trouble = match self.writer.write(frame) {
            Ok(()) => None,
            Err(LeftOut::TooLarge) => Some(format!("of {} bytes: sink-max-bytes is less", frame.jpeg.len())),
            Err(LeftOut::Failed(error)) => Some(format!("that could not be written: {error}")),
        };
        let counter = if trouble.is_some() { &self.stats.sink_dropped } else { &self.stats.sink_written };
        counter.add(1);
        if let Some(trouble) = trouble.filter(|_| self.told.is_none_or(|told| told.age() > TELL)) {
            log::warn!("the sink leaves out frames, such as one {trouble}");
            self.told = Some(Monotonic::now());
        }
    }
}
