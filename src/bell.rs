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
    closed: bool,
}

impl Bell {
    pub fn new(latest: &Latest) -> Arc<Self> {
        let bell = Arc::<Self>::default();
        let ringing = Arc::clone(&bell);
        latest.on_change(Box::new(move || {
            ringing.lock().rung = true;
            ringing.changed.notify_one();
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

    /// Whatever new frames there are. False: the daemon ends.
    pub fn sleep_until(&self, due: Monotonic) -> bool {
        let mut state = self.lock();
        while !state.closed && due > Monotonic::now() {
            let waited = self.changed.wait_timeout(state, due - Monotonic::now());
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        !state.closed
    }

    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
