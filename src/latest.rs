//! The newest frame: one slot, swapped atomically. It knows no reader and keeps no queue.
//!
//! Publishing never waits for anyone and costs the same for one viewer and for a thousand: a swap, and one wake-up
//! for each event loop. Readers keep the number of the frame that they had last; what they missed is the difference.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;

use crate::clock::Monotonic;
use crate::frame::Frame;

/// Called after every change of the slot; must not block.
pub type Wake = Box<dyn Fn() + Send + Sync>;

#[derive(Default)]
pub struct Latest {
    slot: ArcSwapOption<Frame>,
    published: AtomicU64,
    /// Written at start-up only. The lock is never contended: one publisher at a time holds it.
    wakes: Mutex<Vec<Wake>>,
}

impl Latest {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Has `wake` called after every frame from now on.
    pub fn on_change(&self, wake: Wake) {
        self.lock().push(wake);
    }

    /// Puts a frame into the slot, and wakes those who wait for one.
    pub fn publish(&self, mut frame: Frame) {
        // Held over the swap, so that numbers in the slot only rise whoever publishes.
        let wakes = self.lock();
        frame.number = self.published.load(Ordering::Relaxed) + 1;
        frame.times.published = Monotonic::now();
        self.published.store(frame.number, Ordering::Relaxed);
        self.slot.store(Some(Arc::new(frame)));
        wakes.iter().for_each(|wake| wake());
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

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Wake>> {
        self.wakes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
