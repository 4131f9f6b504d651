//! One life of a source: what is known of it since it was opened, and what came of its last picture.

use std::time::{Duration, Instant};

use crate::clock::Monotonic;
use crate::config;
use crate::intake::Taken;
use crate::pace::Pace;
use crate::picture::Picture;
use crate::source::Opened;
use crate::stats::RateMeter;
use crate::stillness::Stillness;

/// What is known of the source since it was opened.
pub(super) struct Run {
    pub(super) device: String,
    pub(super) last_good: Instant,
    pub(super) online: bool,
    /// Since the last picture that was shown.
    pub(super) stood_by: bool,
    /// Whether viewers and state have been told otherwise than by a picture.
    pub(super) is_told: bool,
    /// Whether there was a stop of the whole process, and no picture since.
    pub(super) stood_still: bool,
    pub(super) stillness: Stillness,
    pub(super) still_told: bool,
    /// Why the last picture could not be shown.
    pub(super) trouble: Option<String>,
    pub(super) rate: RateMeter,
    /// A camera for slow pictures is not stalled between two of them.
    pub(super) two_intervals: Duration,
    /// Where the source gives more pictures than asked for.
    pub(super) pace: Option<Pace>,
}

impl Run {
    pub(super) fn new(opened: &Opened, settings: &config::Source, is_paced: bool) -> Self {
        // A camera's clock is never quite ours: only a rate that is clearly higher is thinned out.
        let faster = |wish: f64| !is_paced && opened.fps.is_none_or(|fps| fps > wish * 1.1);
        let pace =
            settings.desired_fps.filter(|fps| faster(fps.per_second())).map(|fps| Pace::new(fps.interval()));
        Self {
            device: opened.device.clone(),
            last_good: Instant::now(),
            online: false,
            stood_by: false,
            is_told: false,
            stood_still: false,
            stillness: Stillness::default(),
            still_told: false,
            trouble: None,
            rate: RateMeter::default(),
            two_intervals: opened.interval().map_or(Duration::ZERO, |interval| interval.saturating_mul(2)),
            pace,
        }
    }

    pub(super) fn admits(&mut self, picture: &Picture<'_>) -> bool {
        self.pace.as_mut().is_none_or(|pace| pace.admits(picture.grabbed))
    }

    pub(super) fn tick(&mut self) -> f64 {
        let now = Monotonic::now();
        self.rate.tick(now);
        self.rate.per_second(now)
    }
}

/// What came of the picture that the source gave, if it gave one.
pub(super) enum Fate {
    Nothing,
    Good(Taken),
    /// The text says why it cannot be shown.
    Bad(String),
    /// One more than was asked for.
    Surplus,
}
