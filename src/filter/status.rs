//! What the filter is doing, for `/state`, `/metrics` and the log.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::stats::{Counter, Gauge, Histogram};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// It has yet to answer.
    #[default]
    Starting,
    Running,
    /// The text says why. It will be started again.
    Failed(String),
}

impl State {
    /// All there are, as the API shows them.
    pub const WORDS: [&'static str; 3] = ["starting", "running", "failed"];

    /// One word, as the API shows it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Failed(_) => "failed",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starting => write!(formatter, "it has yet to answer"),
            Self::Running => write!(formatter, "it answers"),
            Self::Failed(why) => write!(formatter, "{why}"),
        }
    }
}

type Changed = Box<dyn Fn() + Send + Sync>;

#[derive(Default)]
pub struct Status {
    state: Mutex<State>,
    on_change: Mutex<Vec<Changed>>,
    /// Times that it was started after the first.
    pub restarts: Counter,
    /// Pictures that viewers have of it.
    pub answered: Counter,
    /// Pictures that it had no time for.
    pub passed_over: Counter,
    /// Answers that no browser could draw, or that were not asked for.
    pub dropped: Counter,
    /// From a picture's first byte to its answer.
    pub latency: Histogram,
    /// The newest of these, in seconds.
    pub last_latency: Gauge,
}

impl Status {
    pub fn get(&self) -> State {
        self.lock().clone()
    }

    /// Has `changed` called after every change from now on; it must not block.
    pub fn on_change(&self, changed: Changed) {
        self.on_change.lock().unwrap_or_else(PoisonError::into_inner).push(changed);
    }

    pub(super) fn set(&self, state: State) {
        *self.lock() = state;
        self.on_change.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(|changed| changed());
    }

    pub(super) fn record(&self, latency: Duration) {
        self.answered.add(1);
        self.latency.record(latency);
        self.last_latency.set(latency.as_secs_f64());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
