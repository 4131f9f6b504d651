//! The encoder threads: raw pictures in, frames out in their order, and what is late is dropped.
//!
//! One picture can wait, and a newer one takes its place: there is no queue. A slice of a picture would be a [`Job`] of
//! its own, whose workers meet in [`Shared::deliver`].

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::encode::Encoder;
use super::lines::Unfit;
use super::planes::Planes;
use crate::clock::Monotonic;
use crate::config::Encoder as Settings;
use crate::config::values::Subsampling;
use crate::frame::{Frame, FramePool, Times};
use crate::picture::Picture;
use crate::stats::Stats;

/// Called with each finished frame, by one thread at a time, in the order of capture. It must neither wait for long nor
/// call the pool.
pub type Deliver = Arc<dyn Fn(Frame) + Send + Sync>;

pub struct EncoderPool {
    shared: Arc<Shared>,
    subsampling: Subsampling,
    workers: Vec<JoinHandle<()>>,
}

struct Shared {
    desk: Mutex<Desk>,
    /// Wakes a worker.
    work: Condvar,
    /// Held while a frame is delivered. Never taken together with `desk`.
    exit: Mutex<Exit>,
    frames: Arc<FramePool>,
    stats: Arc<Stats>,
    deliver: Deliver,
}

/// What has not begun.
#[derive(Default)]
struct Desk {
    waiting: Option<Job>,
    /// Memory for pictures to come: never more than the workers, the waiting place and the caller hold at once.
    spare: Vec<Planes>,
    /// How many pictures were submitted, which numbers them from 1.
    submitted: u64,
    closed: bool,
}

/// What has ended.
#[derive(Default)]
struct Exit {
    delivered: u64,
    /// Up to here nobody wants to see what was submitted.
    discarded: u64,
}

struct Job {
    number: u64,
    planes: Planes,
    times: Times,
}

impl EncoderPool {
    pub fn new(
        settings: &Settings,
        frames: Arc<FramePool>,
        stats: Arc<Stats>,
        deliver: Deliver,
    ) -> io::Result<Self> {
        let mut pool = Self {
            shared: Arc::new(Shared {
                desk: Mutex::default(),
                work: Condvar::new(),
                exit: Mutex::default(),
                frames,
                stats,
                deliver,
            }),
            subsampling: settings.subsampling,
            workers: Vec::new(),
        };
        for number in 0..settings.workers.get() {
            let encoder =
                Encoder::new(settings.quality.get(), settings.subsampling).map_err(io::Error::other)?;
            let shared = Arc::clone(&pool.shared);
            let worker = thread::Builder::new()
                .name(format!("encoder-{number}"))
                .spawn(move || shared.work(encoder))?;
            pool.workers.push(worker);
        }
        Ok(pool)
    }

    /// Copies the picture and leaves it to the next free worker. On an error the caller counts it.
    pub fn submit(&self, picture: Picture<'_>) -> Result<(), Unfit> {
        let mut planes = self.shared.desk().spare.pop().unwrap_or_default();
        let filled = planes.fill(&picture, self.subsampling);
        let mut desk = self.shared.desk();
        if filled.is_err() {
            desk.spare.push(planes);
            return filled;
        }
        desk.submitted += 1;
        let job = Job {
            number: desk.submitted,
            planes,
            times: Times { captured: picture.captured, grabbed: picture.grabbed, ..Times::default() },
        };
        if let Some(late) = desk.waiting.replace(job) {
            desk.spare.push(late.planes);
            self.shared.stats.dropped_late.add(1);
        }
        drop(desk);
        self.shared.work.notify_one();
        Ok(())
    }

    /// Forgets all that was submitted: once this has returned, none of it is delivered any more.
    pub fn discard(&self) {
        let mut desk = self.shared.desk();
        desk.waiting = None;
        // Whoever discards is going to pause, perhaps for days; a picture's memory is soon had again.
        desk.spare.clear();
        let discarded = desk.submitted;
        drop(desk);
        // Waits for a delivery that is under way.
        self.shared.exit().discarded = discarded;
    }
}

impl Drop for EncoderPool {
    fn drop(&mut self) {
        self.shared.desk().closed = true;
        self.shared.work.notify_all();
        for worker in self.workers.drain(..) {
            if worker.join().is_err() {
                log::error!("an encoder thread has panicked");
            }
        }
    }
}

impl Shared {
    /// A worker's life.
    fn work(&self, mut encoder: Encoder) {
        let mut failing = false;
        while let Some(job) = self.next() {
            let Job { number, planes, mut times } = job;
            times.encode_begin = Monotonic::now();
            let encoded = encoder.encode(&planes, &self.frames);
            times.encode_end = Monotonic::now();
            let (width, height) = (planes.width(), planes.height());
            self.desk().spare.push(planes);
            match encoded {
                Ok(jpeg) => {
                    failing = false;
                    self.deliver(number, Frame { jpeg, width, height, online: true, times, number: 0 });
                }
                Err(error) => {
                    self.stats.dropped_invalid.add(1);
                    if !failing {
                        log::warn!("a picture of {width}x{height} could not be compressed: {error}");
                    }
                    failing = true;
                }
            }
        }
    }

    /// Waits for a job; `None` at the end.
    fn next(&self) -> Option<Job> {
        let mut desk = self.desk();
        loop {
            if desk.closed {
                return None;
            }
            if let Some(job) = desk.waiting.take() {
                return Some(job);
            }
            desk = self.work.wait(desk).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn deliver(&self, number: u64, frame: Frame) {
        let mut exit = self.exit();
        if number <= exit.discarded {
            return;
        }
        if number < exit.delivered {
            self.stats.dropped_late.add(1);
            return;
        }
        exit.delivered = number;
        (self.deliver)(frame);
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn exit(&self) -> MutexGuard<'_, Exit> {
        self.exit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
