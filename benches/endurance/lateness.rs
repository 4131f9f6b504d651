//! How late the machine lets anybody run: limits on times are judged by it, since a machine that is busy with something else
//! delays the daemon and its viewers alike.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Result;
use mjpegd::clock::Monotonic;

const STEP: Duration = Duration::from_millis(10);
/// A wake-up that is less late is no news on a machine that others use.
const NOTABLE: Duration = Duration::from_millis(5);
/// Who was held up that long may have been held up as long elsewhere: once on the way in, once on the way out.
const SHARES: u32 = 2;

/// A thread that only sleeps, and notes how much longer than it wanted to.
pub struct Lateness {
    late: Arc<Mutex<Vec<(Monotonic, Duration)>>>,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Lateness {
    pub fn measure() -> Result<Self> {
        let (late, ends) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<AtomicBool>::default());
        let thread = thread::Builder::new().name("lateness".to_owned()).spawn({
            let (late, ends) = (Arc::clone(&late), Arc::clone(&ends));
            move || {
                while !ends.load(Ordering::Relaxed) {
                    let before = Monotonic::now();
                    thread::sleep(STEP);
                    let over = before.age().saturating_sub(STEP);
                    if over > NOTABLE {
                        late.lock().unwrap_or_else(PoisonError::into_inner).push((Monotonic::now(), over));
                    }
                }
            }
        })?;
        Ok(Self { late, ends, thread: Some(thread) })
    }

    /// What is forgiven to whatever had to happen since this moment.
    pub fn forgives(&self, since: Monotonic) -> Duration {
        let late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        late.iter().rev().take_while(|(at, _)| *at > since).map(|(_, over)| *over).sum::<Duration>() * SHARES
    }

    /// How often a wake-up was late in all, and the worst.
    pub fn summary(&self) -> (usize, Duration) {
        let late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        (late.len(), late.iter().map(|(_, over)| *over).max().unwrap_or_default())
    }
}

impl Drop for Lateness {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
