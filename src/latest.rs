//! The newest frame: one slot, swapped atomically. It knows no reader and keeps no queue.
//!
//! Publishing never waits for anyone and costs the same for one viewer and for a thousand: a swap, and one wake-up
//! for each event loop. Readers keep the number of the frame that they had last; what they missed is the difference.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;

use crate::clock::Monotonic;
use crate::frame::Frame;
use crate::stats::RateMeter;

/// Called after every change of the slot; must not block. False: nobody is there any more, and it need not be called again.
pub type Wake = Box<dyn Fn() -> bool + Send + Sync>;

#[derive(Default)]
pub struct Latest {
    slot: ArcSwapOption<Frame>,
    published: AtomicU64,
    /// Number of the frame from which on the source has given nothing else; 0: it moves.
    still: AtomicU64,
    /// Not contended: there is one publisher at a time.
    publisher: Mutex<Publisher>,
}

#[derive(Default)]
struct Publisher {
    wakes: Vec<Wake>,
    rate: RateMeter,
}

impl Latest {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Has `wake` called after every frame from now on.
    pub fn on_change(&self, wake: Wake) {
        self.lock().wakes.push(wake);
    }

    /// Puts a frame into the slot, and wakes those who wait for one. Returns it as they get it.
    pub fn publish(&self, mut frame: Frame) -> Arc<Frame> {
        // Held over the swap, so that numbers in the slot only rise whoever publishes.
        let mut publisher = self.lock();
        frame.number = self.published.load(Ordering::Relaxed) + 1;
        frame.times.published = Monotonic::now();
        self.published.store(frame.number, Ordering::Relaxed);
        publisher.rate.tick(frame.times.published);
        let frame = Arc::new(frame);
        self.slot.store(Some(Arc::clone(&frame)));
        publisher.wakes.retain(|wake| wake());
        frame
    }

    /// The source has given the picture of this frame again, which is not published: viewers need not wait for the next
    /// one to know that this was the last change. Wakes them once.
    pub fn stands_still(&self, number: u64) {
        if self.still.compare_exchange(0, number, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.lock().wakes.retain(|wake| wake());
        }
    }

    /// The source has given another picture than before.
    pub fn moves(&self) {
        self.still.store(0, Ordering::Relaxed);
    }

    /// Number of the frame from which on all show the same, as the source has confirmed; `None`: it moves.
    pub fn still_since(&self) -> Option<u64> {
        Some(self.still.load(Ordering::Relaxed)).filter(|number| *number > 0)
    }

    /// Empties the slot: whoever comes next waits for a live picture and never sees an old one.
    pub fn clear(&self) {
        let _held = self.lock();
        self.slot.store(None);
    }

    /// The newest frame, if there is a live one.
    pub fn get(&self) -> Option<Arc<Frame>> {
        self.slot.load_full()
    }

    /// How many frames were ever published.
    pub fn published(&self) -> u64 {
        self.published.load(Ordering::Relaxed)
    }

    /// Frames a second that are published now.
    pub fn published_fps(&self) -> f64 {
        self.lock().rate.per_second(Monotonic::now())
    }

    fn lock(&self) -> MutexGuard<'_, Publisher> {
        self.publisher.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
