//! Whether someone watches. Viewers take a seat; the capture thread waits for the first and sees the last one leave.
//! Whoever has something else for that thread to look at nudges it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::clock::Monotonic;

#[derive(Default)]
pub struct Audience {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    seats: usize,
    /// When the last one came.
    arrived: Monotonic,
    emptied: Instant,
    nudged: bool,
    closed: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            seats: 0,
            arrived: Monotonic::default(),
            emptied: Instant::now(),
            nudged: false,
            closed: false,
        }
    }
}

impl State {
    fn is_called(&self) -> bool {
        self.nudged || self.closed
    }
}

/// One that watches, until it is dropped.
pub struct Seat(Arc<Audience>);

impl Audience {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    pub fn sit(self: &Arc<Self>) -> Seat {
        let mut state = self.lock();
        state.seats += 1;
        state.arrived = Monotonic::now();
        drop(state);
        self.changed.notify_all();
        Seat(Arc::clone(self))
    }

    /// How many watch now.
    pub fn seats(&self) -> usize {
        self.lock().seats
    }

    /// When somebody came last, whether still here or not.
    pub fn last_arrival(&self) -> Monotonic {
        self.lock().arrived
    }

    /// For how long nobody has watched; `None` while somebody does.
    pub fn empty_for(&self) -> Option<Duration> {
        let state = self.lock();
        (state.seats == 0).then(|| state.emptied.elapsed())
    }

    /// Waits until somebody watches, or there is something else to look at. False: the daemon ends.
    pub fn wait(&self) -> bool {
        let mut state = self
            .changed
            .wait_while(self.lock(), |state| state.seats == 0 && !state.is_called())
            .unwrap_or_else(PoisonError::into_inner);
        state.nudged = false;
        !state.closed
    }

    /// As `wait`, but for at most as long as given.
    pub fn wait_at_most(&self, duration: Duration) {
        let wanting = |state: &mut State| state.seats == 0 && !state.is_called();
        let (mut state, _) = self
            .changed
            .wait_timeout_while(self.lock(), duration, wanting)
            .unwrap_or_else(PoisonError::into_inner);
        state.nudged = false;
    }

    /// Waits for as long as given, or until there is something else to look at, whoever watches. False: the daemon ends.
    pub fn pause(&self, duration: Duration) -> bool {
        let (mut state, _) = self
            .changed
            .wait_timeout_while(self.lock(), duration, |state| !state.is_called())
            .unwrap_or_else(PoisonError::into_inner);
        state.nudged = false;
        !state.closed
    }

    /// Waits until there is something else to look at, whoever watches. False: the daemon ends.
    pub fn wait_for_nudge(&self) -> bool {
        let mut state = self
            .changed
            .wait_while(self.lock(), |state| !state.is_called())
            .unwrap_or_else(PoisonError::into_inner);
        state.nudged = false;
        !state.closed
    }

    /// Ends a wait, this one or the next: there is something else to look at.
    pub fn nudge(&self) {
        self.lock().nudged = true;
        self.changed.notify_all();
    }

    /// The daemon ends: nobody waits here any longer.
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

impl Drop for Seat {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.seats -= 1;
        state.emptied = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_free_again_when_dropped() {
        let audience = Audience::new();
        assert!(audience.empty_for().is_some());
        let seat = audience.sit();
        assert_eq!((audience.seats(), audience.empty_for()), (1, None));
        drop(seat);
        assert_eq!(audience.seats(), 0);
    }

    #[test]
    fn waiting_ends_with_the_first_viewer_and_with_the_daemon() {
        let audience = Audience::new();
        let waiter = std::thread::spawn({
            let audience = Arc::clone(&audience);
            move || audience.wait()
        });
        let _seat = audience.sit();
        assert!(waiter.join().unwrap());
        audience.nudge();
        assert!(audience.wait_for_nudge());
        audience.close();
        assert!(!audience.wait());
        assert!(!audience.pause(Duration::from_secs(3600)));
    }
}
