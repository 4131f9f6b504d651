//! Signs of life of a thread, for the watchdog: a thread that neither beats nor rests hangs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Monotonic;

/// Zero: it rests.
#[derive(Debug, Default)]
pub struct Heartbeat(AtomicU64);

impl Heartbeat {
    /// Still working, now.
    pub fn beat(&self) {
        let since_boot = Monotonic::now() - Monotonic::default();
        self.0.store(u64::try_from(since_boot.as_millis()).unwrap_or(u64::MAX).max(1), Ordering::Relaxed);
    }

    /// About to wait for something that may rightly never come.
    pub fn rest(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// Whether it rests, or has beaten within the time.
    pub fn is_alive(&self, within: Duration) -> bool {
        match self.0.load(Ordering::Relaxed) {
            0 => true,
            millis => Monotonic::from_boot(Duration::from_millis(millis)).age() <= within,
        }
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
