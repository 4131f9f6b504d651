//! What a person asks of the camera while it runs: to pause, to go on, to be opened anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::audience::Audience;

/// Given by any thread, carried out by the capture thread.
pub struct Orders {
    audience: Arc<Audience>,
    paused: AtomicBool,
    restarts: AtomicU64,
}

impl Orders {
    pub fn new(audience: &Arc<Audience>) -> Arc<Self> {
        Arc::new(Self {
            audience: Arc::clone(audience),
            paused: AtomicBool::new(false),
            restarts: AtomicU64::new(0),
        })
    }

    /// Viewers keep the last picture, marked as such, and the camera is stopped.
    pub fn pause(&self) {
        self.set_paused(true);
    }

    pub fn go_on(&self) {
        self.set_paused(false);
    }

    pub fn is_paused(&self) -> bool {
        self.paused.load(Ordering::SeqCst)
    }

    /// The camera is closed and opened again, whatever state it is in.
    pub fn restart(&self) {
        self.restarts.fetch_add(1, Ordering::SeqCst);
        self.audience.nudge();
    }

    /// How often that was asked for.
    pub fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::SeqCst)
    }

    fn set_paused(&self, paused: bool) {
        if self.paused.swap(paused, Ordering::SeqCst) != paused {
            log::info!("{} on request", if paused { "paused" } else { "going on" });
            self.audience.nudge();
        }
    }
}
