//! Signs of life of a thread, for the watchdog and the guard: a thread that neither beats nor rests hangs.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::Thread;
use std::time::Duration;

use crate::clock::Monotonic;

#[derive(Debug, Default)]
pub struct Heartbeat {
    /// Milliseconds since boot; zero: it rests.
    last: AtomicU64,
    /// Whether somebody has found it silent, and the thread does not know yet.
    missed: AtomicBool,
    /// Who sleeps while it rests.
    guard: OnceLock<Thread>,
}

impl Heartbeat {
    /// Still working, now.
    pub fn beat(&self) {
        let since_boot = Monotonic::now() - Monotonic::default();
        let millis = u64::try_from(since_boot.as_millis()).unwrap_or(u64::MAX).max(1);
        if self.last.swap(millis, Ordering::Relaxed) == 0 {
            self.guard.get().inspect(|guard| guard.unpark());
        }
    }

    /// About to wait for something that may rightly never come.
    pub fn rest(&self) {
        self.last.store(0, Ordering::Relaxed);
    }

    /// Has this thread unparked whenever the other begins to beat after a rest.
    pub fn wake_at_begin(&self, guard: Thread) {
        let _ = self.guard.set(guard);
    }

    /// The last beat; `None` while it rests.
    pub fn last(&self) -> Option<Monotonic> {
        match self.last.load(Ordering::Relaxed) {
            0 => None,
            millis => Some(Monotonic::from_boot(Duration::from_millis(millis))),
        }
    }

    /// It was silent for so long that others were told.
    pub fn miss(&self) {
        self.missed.store(true, Ordering::Relaxed);
    }

    /// Whether it was missed, and `take_missed` has not been asked since.
    pub fn has_missed(&self) -> bool {
        self.missed.load(Ordering::Relaxed)
    }

    pub fn take_missed(&self) -> bool {
        self.has_missed() && self.missed.swap(false, Ordering::Relaxed)
    }

    /// Whether it rests, or has beaten within the time.
    pub fn is_alive(&self, within: Duration) -> bool {
        self.last().is_none_or(|last| last.age() <= within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_rests_is_alive_and_who_is_silent_is_not() {
        let heartbeat = Heartbeat::default();
        assert!(heartbeat.is_alive(Duration::ZERO));
        heartbeat.beat();
        assert!(heartbeat.is_alive(Duration::from_secs(60)));
        std::thread::sleep(Duration::from_millis(20));
        assert!(!heartbeat.is_alive(Duration::from_millis(5)));
        heartbeat.rest();
        assert!(heartbeat.is_alive(Duration::ZERO));
    }
}
