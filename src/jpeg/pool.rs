//! The encoder threads: raw pictures in, frames out in their order, and what is late is dropped.
//!
//! One picture can wait, and a newer one takes its place: there is no queue. A large picture is cut into slices, which
//! the workers take one by one, the first while the rest is still being copied; who is done with one goes on with the
//! next picture, so that nobody waits for anybody.

use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread::{self, JoinHandle};

use super::change::Change;
use super::lines::{Lines, Unfit};
use super::markers::Markers;
use super::sheet::{Order, Sheet};
use super::worker::{Deliver, Job, Shared};
use crate::config::Encoder as Settings;
use crate::config::values::Subsampling;
use crate::frame::{FramePool, Times};
use crate::picture::Picture;
use crate::stats::Stats;

/// Fewer pixels are compressed sooner by one worker than another one is woken for half of them.
const LEAST_PIXELS: usize = 150_000;

/// Slices for each worker: several, so that one who starts late, or is slower, leaves more of them to the others.
const MOST_TURNS: usize = 4;

pub struct EncoderPool {
    shared: Arc<Shared>,
    quality: u8,
    subsampling: Subsampling,
    /// `None`: as the size of the picture and the number of workers suggest.
    slices: Option<NonZeroUsize>,
    workers: Vec<JoinHandle<()>>,
}

/// A picture in our own memory, all of which but the last slice the workers may have begun.
pub struct Taken {
    shared: Arc<Shared>,
    job: Option<Arc<Job>>,
}

impl Taken {
    /// Leaves all of it to the next free workers: from now on it may be delivered.
    pub fn submit(self) {
        drop(self);
    }
}

impl Drop for Taken {
    /// Also where the caller has failed in between: the workers come to an end with what they have begun.
    fn drop(&mut self) {
        if let Some(job) = self.job.take() {
            self.shared.hand_out(job);
        }
    }
}

impl EncoderPool {
    pub fn new(
        settings: &Settings,
        frames: Arc<FramePool>,
        stats: Arc<Stats>,
        deliver: Deliver,
    ) -> io::Result<Self> {
        let mut pool = Self::idle(settings, frames, stats, deliver);
        for _ in 0..settings.workers.get() {
            pool.hire()?;
        }
        Ok(pool)
    }

    /// Without workers, until they are hired.
    fn idle(settings: &Settings, frames: Arc<FramePool>, stats: Arc<Stats>, deliver: Deliver) -> Self {
        let Settings { quality, subsampling, slices, .. } = *settings;
        Self {
            shared: Arc::new(Shared {
                desk: Mutex::default(),
                work: Condvar::new(),
                exit: Mutex::default(),
                frames,
                stats,
                deliver,
            }),
            quality: quality.get(),
            subsampling,
            slices,
            workers: Vec::new(),
        }
    }

    /// For pictures taken from now on. The number of workers stays.
    pub fn set(&mut self, settings: &Settings) {
        let Settings { quality, subsampling, slices, .. } = *settings;
        (self.quality, self.subsampling, self.slices) = (quality.get(), subsampling, slices);
    }

    fn hire(&mut self) -> io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let worker = thread::Builder::new()
            .name(format!("encoder-{}", self.workers.len()))
            .spawn(move || shared.work())?;
        self.workers.push(worker);
        Ok(())
    }

    /// Copies the picture, whose own memory can go back to the camera. On an error the caller counts it.
    pub fn take(&self, picture: Picture<'_>, change: Change) -> Result<Taken, Unfit> {
        let lines = Lines::of(&picture)?;
        let (number, mut sheet) = self.sheet();
        let slices = self.slices_of(&picture);
        sheet.begin(&lines, self.order(change), slices);
        let job = Self::job(number, sheet, &picture);
        for slice in 0..job.sheet.slices() {
            if slice > 0 {
                self.shared.hand_out(Arc::clone(&job));
            }
            job.sheet.fill_slice(slice, &lines);
        }
        Ok(Taken { shared: Arc::clone(&self.shared), job: Some(job) })
    }

    /// As [`EncoderPool::take`], for a JPEG that has been looked through.
    pub fn take_jpeg(&self, picture: Picture<'_>, markers: &Markers, change: Change) -> Taken {
        let (number, mut sheet) = self.sheet();
        let size = (markers.width as usize, markers.height as usize);
        sheet.begin_jpeg(&markers.repaired(picture.bytes), size, self.order(change));
        Taken { shared: Arc::clone(&self.shared), job: Some(Self::job(number, sheet, &picture)) }
    }

    fn order(&self, change: Change) -> Order {
        Order { quality: self.quality, subsampling: self.subsampling, change }
    }

    /// The next number, and memory for its picture.
    fn sheet(&self) -> (u64, Sheet) {
        let mut desk = self.shared.desk();
        desk.numbered += 1;
        (desk.numbered, desk.spare.pop().unwrap_or_default())
    }

    fn job(number: u64, sheet: Sheet, picture: &Picture<'_>) -> Arc<Job> {
        let times = Times { captured: picture.captured, grabbed: picture.grabbed, ..Times::default() };
        let filled = AtomicUsize::default();
        Arc::new(Job { number, sheet, times, filled, begin: OnceLock::new() })
    }

    fn slices_of(&self, picture: &Picture<'_>) -> usize {
        let workers = self.workers.len();
        let paying = picture.width as usize * picture.height as usize / LEAST_PIXELS;
        // As many for each worker, where there are enough of them.
        let fair = || match paying / workers.max(1) {
            0 => paying.max(1),
            _ if workers == 1 => 1,
            turns => turns.min(MOST_TURNS) * workers,
        };
        self.slices.map_or_else(fair, NonZeroUsize::get)
    }

    /// Forgets all that was submitted: once this has returned, none of it is delivered any more.
    pub fn discard(&self) {
        let mut desk = self.shared.desk();
        // What is begun is compressed to its end, but not delivered.
        desk.waiting = None;
        // Whoever discards is going to pause, perhaps for days; a picture's memory is soon had again.
        desk.spare.clear();
        let discarded = desk.numbered;
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

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
