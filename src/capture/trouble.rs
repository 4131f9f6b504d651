//! A source that gives no pictures, or none that can be shown: when it is noticed, and how viewers are told.

use std::time::Duration;

use log::{debug, warn};

use super::Capture;
use super::run::Run;
use crate::config::values::{Resolution, SourceName};
use crate::source::Lost;
use crate::status::State;

/// Cameras that are slow to start are given this long for their first picture before they are opened again.
const SLOWEST_START: Duration = Duration::from_secs(10);

/// A camera's picture that is the same for so long is worth a word.
const LONG_STILL: Duration = Duration::from_secs(60);

/// Viewers see why there is no picture somewhat before the source is opened anew: with the default within two seconds. One that
/// starts slowly has longer, so that its first picture may come in the placard's place.
pub(super) fn notice_after(stalled_after: Duration, has_started: bool) -> Duration {
    if has_started { stalled_after * 3 / 4 } else { stalled_after * 7 / 8 }
}

impl Capture {
    /// One line for each time that the camera is opened. What has an HDMI input may well show a screen that stands still.
    pub(super) fn check_stillness(&self, run: &mut Run) {
        let source = &self.settings.source;
        let is_camera = source.name == SourceName::V4l2 && !source.v4l2.dv_timings;
        let seconds = self.shared.stats.same_seconds.get();
        if is_camera && seconds >= LONG_STILL.as_secs_f64() && !std::mem::replace(&mut run.still_told, true) {
            warn!(
                "{}: the very same picture for {seconds:.0} s; a screen may stand still, but a camera has noise: if it should \
                 move, unplug it and plug it in again",
                run.device
            );
        }
    }

    /// A source without a good picture for too long is lost; viewers see somewhat earlier what they wait for, and a slow start
    /// is waited for a little longer.
    pub(super) fn check_stall(&mut self, run: &mut Run) -> Result<(), Lost> {
        let Some(limit) = self.source.stall_after() else { return Ok(()) };
        let notice = notice_after(limit, run.online).max(run.two_intervals);
        let limit = limit.max(run.two_intervals);
        let silent = run.last_good.elapsed();
        if silent < notice {
            return Ok(());
        }
        let limit_is_over = silent >= limit;
        let limit = if limit_is_over { limit } else { notice };
        let device = &run.device;
        let what = match &run.trouble {
            Some(trouble) => format!("{device}: no picture that can be shown: {trouble}"),
            None if run.online => format!("{device}: no picture for {} s", limit.as_secs_f64()),
            None => format!("{device}: still no first picture after {} s", limit.as_secs_f64()),
        };
        let lost = Lost::NoSignal(what);
        if limit_is_over && (run.online || silent >= limit.max(SLOWEST_START)) {
            return Err(lost);
        }
        if !std::mem::replace(&mut run.is_told, true) {
            let next =
                if run.online { "waiting a little longer before trying again" } else { "waiting for it" };
            self.show_trouble(&lost, next);
        }
        Ok(())
    }

    /// One line in the log for each change of state, and a picture that says the same to the viewers.
    pub(super) fn show_trouble(&mut self, lost: &Lost, next: &str) {
        let state = State::from(lost);
        let before = self.shared.status.set(state.clone());
        if before == state {
            return;
        }
        if before.word() == state.word() {
            debug!("{state}");
        } else {
            warn!("{state}; {next}");
        }
        let (title, reason) = match lost {
            Lost::NoCamera(reason) => ("NO CAMERA", reason),
            Lost::NoSignal(reason) | Lost::Changed(reason) => ("NO SIGNAL", reason),
        };
        self.show_placard(title, reason);
    }

    pub(super) fn show_placard(&self, title: &str, reason: &str) {
        let Resolution { width, height } = self.settings.source.resolution;
        match self.intake.placard(title, reason, (width, height)) {
            Ok(frame) => drop(self.shared.latest.publish(frame)),
            Err(error) => warn!("cannot draw the \"{title}\" picture: {error}"),
        }
    }
}
