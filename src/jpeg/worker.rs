//! What the encoder threads do, and the two places where they meet the rest: the desk and the exit.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use super::encode::Encoder;
use super::sheet::Sheet;
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

/// What is still to be taken.
#[derive(Default)]
pub(super) struct Desk {
    pub(super) waiting: Option<Arc<Job>>,
    /// The picture of which some slices are taken and some are not, and the next one of them.
    pub(super) begun: Option<(Arc<Job>, usize)>,
    /// Memory for pictures to come: never more than the workers, the two places above and the caller hold at once.
    pub(super) spare: Vec<Sheet>,
    /// How many pictures have come, which numbers them from 1.
    pub(super) numbered: u64,
    pub(super) closed: bool,
}

/// What has ended.
#[derive(Default)]
pub(super) struct Exit {
    pub(super) delivered: u64,
    /// Up to here nobody wants to see what was submitted.
    pub(super) discarded: u64,
}

/// A picture, shared by whoever fills it and the workers that have a slice of it. The worker who lets go of it last
/// finishes it.
pub(super) struct Job {
    pub(super) number: u64,
    pub(super) sheet: Sheet,
    pub(super) times: Times,
    /// Slices that are filled, from the first. It changes only while the desk is held.
    pub(super) filled: AtomicUsize,
    /// When the first of them was taken.
    pub(super) begin: OnceLock<Monotonic>,
}

impl Desk {
    /// A slice of the oldest picture that has one left, and its number.
    fn take(&mut self) -> Option<(Arc<Job>, usize)> {
        let (job, slice) = self.begun.take().or_else(|| Some((self.waiting.take()?, 0)))?;
        if slice == job.filled.load(Relaxed) {
            self.begun = Some((job, slice));
            return None;
        }
        job.begin.get_or_init(Monotonic::now);
        if slice + 1 < job.sheet.slices() {
            self.begun = Some((Arc::clone(&job), slice + 1));
        }
        Some((job, slice))
    }
}

impl Shared {
    /// One more slice of it is filled.
    pub(super) fn hand_out(&self, job: Arc<Job>) {
        let mut desk = self.desk();
        if job.filled.fetch_add(1, Relaxed) == 0 {
            if let Some(late) = desk.waiting.replace(Arc::clone(&job)) {
                desk.spare.extend(Arc::into_inner(late).map(|late| late.sheet));
                self.stats.dropped_late.add(1);
            }
        }
        // Before anybody can take this slice, lest the worker who ends with the last one is not the last to let go.
        drop(job);
        drop(desk);
        self.work.notify_one();
    }

    /// A worker's life.
    pub(super) fn work(&self) {
        let mut encoder = Encoder::default();
        let mut failing = false;
        while let Some((job, slice)) = self.next() {
            job.sheet.compress(slice, &mut encoder);
            if let Some(job) = Arc::into_inner(job) {
                failing = self.finish(job, failing);
            }
        }
    }

    /// Waits for a slice; `None` at the end.
    fn next(&self) -> Option<(Arc<Job>, usize)> {
        let mut desk = self.desk();
        loop {
            if desk.closed {
                return None;
            }
            if let Some(taken) = desk.take() {
                return Some(taken);
            }
            desk = self.work.wait(desk).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Makes a frame of a picture that is compressed. True: it could not be; said only if the last one could.
    pub(super) fn finish(&self, job: Job, failing: bool) -> bool {
        let Job { number, mut sheet, mut times, begin, .. } = job;
        // Nor is its memory kept, as all that was discarded with it was not.
        let is_discarded = number <= self.exit().discarded;
        if is_discarded {
            return failing;
        }
        times.encode_begin = begin.into_inner().unwrap_or_default();
        let joined = sheet.join(&self.frames);
        times.encode_end = Monotonic::now();
        let (width, height) = (sheet.width(), sheet.height());
        self.desk().spare.push(sheet);
        match joined {
            Ok(jpeg) => {
                self.deliver(number, Frame { jpeg, width, height, online: true, times, number: 0 });
                false
            }
            Err(error) => {
                self.stats.dropped_invalid.add(1);
                if !failing {
                    log::warn!("a picture of {width}x{height} could not be compressed: {error:#}");
                }
                true
            }
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
