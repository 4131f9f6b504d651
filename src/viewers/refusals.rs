//! What is refused because there is too much of it: counted for `/state` and `/metrics`, and told in the log once in a while and
//! not for each, since whoever sends a flood would fill the log with it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use log::warn;

use super::answer::Answer;
use crate::clock::Monotonic;
use crate::stats::Counter;

/// The log tells the same again after this long at the earliest.
const TELL_AGAIN: Duration = Duration::from_secs(600);

/// What there is too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    Connections,
    ConnectionsPerAddress,
    Viewers,
    /// Too long, or not here in time.
    Heads,
    /// The same, or too many at once.
    Bodies,
    /// Errands and logins that wait.
    Work,
    OpenFiles,
}

impl Limit {
    pub const ALL: [Self; 7] = [
        Self::Connections,
        Self::ConnectionsPerAddress,
        Self::Viewers,
        Self::Heads,
        Self::Bodies,
        Self::Work,
        Self::OpenFiles,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::ConnectionsPerAddress => "connections_per_address",
            Self::Viewers => "viewers",
            Self::Heads => "heads",
            Self::Bodies => "bodies",
            Self::Work => "work",
            Self::OpenFiles => "open_files",
        }
    }

    /// What to answer to who comes on top of it.
    pub fn refusal(self) -> Answer {
        let (why, seconds) = match self {
            Self::Connections => ("too many connections; try again later", "5"),
            Self::ConnectionsPerAddress => {
                ("too many connections from your address; close some of them", "5")
            }
            Self::Viewers => ("too many viewers; try again later", "10"),
            Self::Heads | Self::Bodies => ("too much is sent at once; try again later", "2"),
            Self::Work => ("too much is asked for at once; try again later", "1"),
            Self::OpenFiles => ("no more files can be opened; try again later", "5"),
        };
        Answer::text(503, why).with("Retry-After", seconds)
    }
}

#[derive(Debug, Default)]
pub struct Refusals([Refused; Limit::ALL.len()]);

#[derive(Debug, Default)]
struct Refused {
    count: Counter,
    told: Mutex<Option<Monotonic>>,
}

impl Refusals {
    pub fn count(&self, limit: Limit) {
        self.of(limit).count.add(1);
    }

    /// Counts it, and tells it if that has not been done of late. Whether it was told now.
    pub fn tell(&self, limit: Limit, what: impl FnOnce() -> String) -> bool {
        self.count(limit);
        let refused = self.of(limit);
        let mut told = refused.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = told.is_none_or(|told| told.age() >= TELL_AGAIN);
        if is_due {
            *told = Some(Monotonic::now());
            warn!("{}; refused since the start: {}", what(), refused.count.get());
        }
        is_due
    }

    pub fn counted(&self, limit: Limit) -> u64 {
        self.of(limit).count.get()
    }

    fn of(&self, limit: Limit) -> &Refused {
        &self.0[limit as usize]
    }
}
