//! A wake-up for a thread that sends frames somewhere: when there is a new one, when it is time, and when the daemon ends.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::clock::Monotonic;
use crate::latest::Latest;

/// Rings when there is a new frame, and when the daemon ends.
#[derive(Debug, Default)]
pub struct Bell {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    rung: bool,
    called: bool,
    closed: bool,
}

impl Bell {
    pub fn new(latest: &Latest) -> Arc<Self> {
        let bell = Arc::<Self>::default();
        // Not kept alive by it: pushes come and go with the settings.
        let ringing = Arc::downgrade(&bell);
        latest.on_change(Box::new(move || {
            let Some(bell) = ringing.upgrade() else { return false };
            bell.lock().rung = true;
            bell.changed.notify_one();
            true
        }));
        bell
    }

    /// Until there is a new frame. False: the daemon ends.
    pub fn wait(&self) -> bool {
        let waiting = |state: &mut State| !state.rung && !state.closed;
        let mut state = self.changed.wait_while(self.lock(), waiting).unwrap_or_else(PoisonError::into_inner);
        state.rung = false;
        !state.closed
    }

    /// Until there is a new frame, or it is time. False: the daemon ends.
    pub fn wait_until(&self, due: Monotonic) -> bool {
        let waiting = |state: &mut State| !state.rung && !state.closed;
        let waited = self.changed.wait_timeout_while(self.lock(), due - Monotonic::now(), waiting);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.rung = false;
        !state.closed
    }

    /// Until it is time, if it will ever be, or somebody calls; whatever new frames there are. False: the daemon ends.
    pub fn sleep_until(&self, due: Option<Monotonic>) -> bool {
        let mut state = self.lock();
        while !state.closed && !std::mem::take(&mut state.called) {
            let Some(due) = due else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let rest = due - Monotonic::now();
            if rest.is_zero() {
                break;
            }
            state = self.changed.wait_timeout(state, rest).unwrap_or_else(PoisonError::into_inner).0;
        }
        !state.closed
    }

    /// Ends a sleep before its time, this one or the next.
    pub fn call(&self) {
        self.lock().called = true;
        self.changed.notify_all();
    }

    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_sleep_ends_with_its_time_with_a_call_and_with_the_daemon() {
        let bell = Bell::new(&Latest::new());
        assert!(bell.sleep_until(Some(Monotonic::now() + Duration::from_millis(5))));
        bell.call();
        assert!(bell.sleep_until(None), "a call that came before");
        let sleeper = std::thread::spawn({
            let bell = Arc::clone(&bell);
            move || bell.sleep_until(None)
        });
        bell.close();
        assert!(!sleeper.join().unwrap());
        assert!(!bell.wait() && bell.is_closed());
    }
}
