//! A row of the table: what is done, how often, and what came of it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::common::camera::Camera;
use crate::lateness::Lateness;
use crate::parts::Seen;
use crate::stage::{Round, Stage};
use crate::subject;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Camera,
    Viewers,
    Process,
    Around,
}

pub type Act = Box<dyn Fn(&mut Stage) -> Result<Round> + Send + Sync>;

/// One thing that can go wrong.
pub struct Row {
    pub group: Group,
    pub what: &'static str,
    /// Settings of the daemon, beside the defaults.
    pub toml: String,
    pub camera: fn() -> Camera,
    /// How often, where not as often as the others.
    pub times: Option<usize>,
    /// What is lost of necessity, and why; empty: nothing.
    pub lost: &'static str,
    pub act: Act,
}

impl Row {
    pub fn new(
        group: Group,
        what: &'static str,
        act: impl Fn(&mut Stage) -> Result<Round> + Send + Sync + 'static,
    ) -> Self {
        let camera = || subject::camera("MJPG");
        Self { group, what, toml: String::new(), camera, times: None, lost: "", act: Box::new(act) }
    }

    pub fn with(mut self, toml: impl Into<String>) -> Self {
        self.toml = toml.into();
        self
    }

    pub fn on(mut self, camera: fn() -> Camera) -> Self {
        self.camera = camera;
        self
    }

    pub fn times(mut self, times: usize) -> Self {
        self.times = Some(times);
        self
    }

    pub fn loses(mut self, what_and_why: &'static str) -> Self {
        self.lost = what_and_why;
        self
    }

    /// Whether it needs the machine to itself: it loads it.
    pub fn is_alone(&self) -> bool {
        self.group == Group::Viewers
    }

    /// Plays it so often, on one daemon and mostly on one connection.
    pub fn play(&self, times: usize, lateness: &Arc<Lateness>) -> Result<Played> {
        let mut stage = Stage::set_up((self.camera)(), &self.toml, lateness)?;
        let before = stage.subject.vitals()?;
        let mut played = Played::default();
        for round in 1..=self.times.unwrap_or(times) {
            let outcome = (self.act)(&mut stage);
            let told = || format!("round {round}; the daemon's last words:\n{}", stage.subject.last_words(8));
            played.rounds.push(outcome.with_context(told)?);
            played.count(&stage);
        }
        ensure!(stage.subject.daemon.log.count("panicked") == 0, "something panicked");
        // A connection that has just been left may not be closed yet.
        stage.wait(
            "all descriptors closed",
            mjpegd::clock::Monotonic::now(),
            crate::stage::SOON,
            |stage| stage.subject.vitals().is_ok_and(|now| now.fds <= before.fds + FDS_IN_USE),
        )?;
        Ok(played)
    }
}

/// A control being read, a frame in the kernel's memory: what comes and goes at any time.
const FDS_IN_USE: u64 = 6;

/// What all rounds came to.
#[derive(Debug, Default)]
pub struct Played {
    pub rounds: Vec<Round>,
    /// Pictures that the viewer got, and that it missed by the daemon's word since it could not be given them in time.
    pub pictures: u64,
    pub missed: u64,
}

impl Played {
    fn count(&mut self, stage: &Stage) {
        let sight = &mut *stage.eye.sight();
        self.pictures += std::mem::take(&mut sight.count);
        let skipped = |seen: Option<&Seen>| seen.and_then(|seen| seen.skipped).unwrap_or(0);
        self.missed += skipped(sight.parts.last()).saturating_sub(skipped(sight.parts.first()));
        sight.parts.clear();
    }

    pub fn placards(&self) -> Vec<Duration> {
        self.rounds.iter().filter_map(|round| round.placard).collect()
    }

    pub fn lives(&self) -> Vec<Duration> {
        self.rounds.iter().filter_map(|round| round.live).collect()
    }
}
