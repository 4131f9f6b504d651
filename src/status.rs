//! What the camera is doing, in one word and in a sentence: for `/state`, the log and `systemctl status`.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::source::{Lost, Opened};

/// The states that a camera can be in.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Nobody watches, so it is stopped.
    Idle,
    /// On request: viewers keep the last picture.
    Paused,
    /// Opened for a viewer, before its first picture.
    Starting,
    Online(Opened),
    /// Nobody watches; it runs on, and its pictures go nowhere (`idle-fps`).
    Standby(Opened),
    /// Not there. The text says why and what to do.
    NoCamera(String),
    /// There, but without pictures. The text says why and what to do.
    NoSignal(String),
}

impl State {
    /// All there are, as the API shows them.
    pub const WORDS: [&'static str; 7] =
        ["idle", "paused", "starting", "online", "standby", "no-camera", "no-signal"];

    /// One word, as the API shows it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Paused => "paused",
            Self::Starting => "starting",
            Self::Online(_) => "online",
            Self::Standby(_) => "standby",
            Self::NoCamera(_) => "no-camera",
            Self::NoSignal(_) => "no-signal",
        }
    }

    /// What is wrong, if something is.
    pub fn trouble(&self) -> Option<&str> {
        match self {
            Self::NoCamera(reason) | Self::NoSignal(reason) => Some(reason),
            Self::Idle | Self::Paused | Self::Starting | Self::Online(_) | Self::Standby(_) => None,
        }
    }

    /// What runs, if something does.
    pub const fn running(&self) -> Option<&Opened> {
        match self {
            Self::Online(opened) | Self::Standby(opened) => Some(opened),
            Self::Idle | Self::Paused | Self::Starting | Self::NoCamera(_) | Self::NoSignal(_) => None,
        }
    }
}

impl From<&Lost> for State {
    fn from(lost: &Lost) -> Self {
        match lost {
            Lost::NoCamera(reason) => Self::NoCamera(reason.clone()),
            Lost::NoSignal(reason) | Lost::Changed(reason) => Self::NoSignal(reason.clone()),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Idle => write!(formatter, "nobody watches, camera stopped"),
            Self::Paused => write!(formatter, "paused on request, camera stopped"),
            Self::Starting => write!(formatter, "camera starting"),
            Self::Online(opened) => write!(formatter, "{opened}"),
            Self::Standby(opened) => write!(formatter, "nobody watches, camera kept running: {opened}"),
            Self::NoCamera(reason) => write!(formatter, "no camera: {reason}"),
            Self::NoSignal(reason) => write!(formatter, "no signal: {reason}"),
        }
    }
}

/// Written by the capture thread, read by everybody.
pub struct Status {
    state: Mutex<State>,
    on_change: Mutex<Vec<Box<dyn Fn() + Send + Sync>>>,
}

impl Default for Status {
    fn default() -> Self {
        // The camera is opened before anyone watches, so that the log says at boot whether it works.
        Self { state: Mutex::new(State::Starting), on_change: Mutex::default() }
    }
}

impl Status {
    /// Has `changed` called after every change from now on; it must not block.
    pub fn on_change(&self, changed: Box<dyn Fn() + Send + Sync>) {
        self.on_change.lock().unwrap_or_else(PoisonError::into_inner).push(changed);
    }

    pub fn get(&self) -> State {
        self.lock().clone()
    }

    /// Returns the state before.
    pub fn set(&self, state: State) -> State {
        let before = std::mem::replace(&mut *self.lock(), state.clone());
        if before != state {
            let on_change = self.on_change.lock().unwrap_or_else(PoisonError::into_inner);
            on_change.iter().for_each(|changed| changed());
        }
        before
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
