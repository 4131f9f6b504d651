//! What the encoder threads do, and the two places where they meet the rest: the desk and the exit.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::encode::Encoder;
use super::planes::Planes;
use crate::clock::Monotonic;
use crate::frame::{Frame, FramePool, Times};
use crate::stats::Stats;

/// Called with each finished frame, by one thread at a time, in the order of capture. It must neither wait for long nor
/// call the pool.
pub type Deliver = Arc<dyn Fn(Frame) + Send + Sync>;

pub(super) struct Shared {
    pub(super) desk: Mutex<Desk>,
    /// Wakes a worker.
    pub(super) work: Condvar,
    /// Held while a frame is delivered. Never taken together with `desk`.
    pub(super) exit: Mutex<Exit>,
    pub(super) frames: Arc<FramePool>,
    pub(super) stats: Arc<Stats>,
    pub(super) deliver: Deliver,
}

/// What has not begun.
#[derive(Default)]
pub(super) struct Desk {
    pub(super) waiting: Option<Job>,
    /// Memory for pictures to come: never more than the workers, the waiting place and the caller hold at once.
    pub(super) spare: Vec<Planes>,
    /// How many pictures were submitted, which numbers them from 1.
    pub(super) submitted: u64,
    pub(super) closed: bool,
}

/// What has ended.
#[derive(Default)]
pub(super) struct Exit {
    pub(super) delivered: u64,
    /// Up to here nobody wants to see what was submitted.
    pub(super) discarded: u64,
}

pub(super) struct Job {
    pub(super) number: u64,
    pub(super) planes: Planes,
    pub(super) times: Times,
}

impl Shared {
    /// A worker's life.
    pub(super) fn work(&self, mut encoder: Encoder) {
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

    pub(super) fn deliver(&self, number: u64, frame: Frame) {
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

    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn exit(&self) -> MutexGuard<'_, Exit> {
        self.exit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
