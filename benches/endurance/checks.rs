//! What is looked at after each step, when all is well again.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use mjpegd::clock::Monotonic;

use super::{LIVE_WITHIN, Soak};
use crate::figures::Look;
use crate::parts::counted;
use crate::plan::DECK;
use crate::vitals;

const MAX_RSS_KIB: u64 = 32 * 1024;
/// Of pictures when all is well.
const MAX_LAG: Duration = Duration::from_millis(500);
const MAX_SLOW_LAG: Duration = Duration::from_millis(2500);
/// How long it is looked at when all is well again.
const CALM: Duration = Duration::from_millis(1500);
/// A change of state is a line or two; what a step does makes a few of them.
const MAX_LOG_LINES: usize = 16;
/// What the daemon may hold open beside connections: frames in the kernel's memory that slow viewers are at, the
/// camera while its controls are set.
const SPARE_FDS: u64 = 12;
const SPARE_THREADS: u64 = 2;
/// Until everything has been done once, memory is what has not been used before; then each quarter has to have it all.
const STEPS_FOR_GROWTH: usize = 5 * DECK;
const MAX_GROWTH_KIB: f64 = 2048.0;
const MAX_GROWTH_FDS: f64 = 3.0;

impl Soak {
    /// All is well again: now no picture is missing, and none is old.
    pub(super) fn calm(&mut self) -> Result<()> {
        let begun = Monotonic::now();
        self.wait("a picture for every viewer", self.times(LIVE_WITHIN), begun, |soak| {
            soak.good
                .iter()
                .chain(&soak.extras)
                .all(|eye| eye.sight().parts.iter().any(|seen| seen.at > begun && seen.live != Some(false)))
        })?;
        let begun = Monotonic::now();
        let lost = self.subject.frames("lost_by_driver");
        let held_up = vitals::held_up(self.subject.pid());
        self.linger(CALM)?;
        let lost = self.subject.frames("lost_by_driver") - lost;
        // Threads that end take their time with them.
        let held_up = vitals::held_up(self.subject.pid()).saturating_sub(held_up);
        let forgiven = self.lateness.forgives(begun) + held_up;
        for eye in self.good.iter().chain(&self.extras) {
            let sight = eye.sight();
            let parts = || sight.parts.iter().filter(|seen| seen.at > begun);
            let lags: Vec<_> = parts().filter_map(|seen| Some(seen.at - seen.captured?)).collect();
            // What was compressed anew says its age only to those who ask for headers.
            let tells = eye.habit.headers || !lags.is_empty() || parts().next().is_none();
            let worst = lags.iter().max().copied().unwrap_or(if tells { CALM } else { Duration::ZERO });
            let (limit, name) = (if eye.habit.slow.is_some() { MAX_SLOW_LAG } else { MAX_LAG }, &eye.name);
            let limit = self.times(limit);
            ensure!(worst <= limit + forgiven, "{name} saw a picture {worst:?} old, more than {limit:?}");
            if eye.habit.slow.is_some() {
                self.figures.slow_lags.extend(lags);
                continue;
            }
            self.figures.lags.extend(lags);
            let (expected, got) = counted(parts());
            let missed = expected.saturating_sub(got).saturating_sub(lost);
            self.figures.expected += expected;
            self.figures.missed += missed;
            let excused = forgiven.as_millis() as u64 / 33 + 1;
            ensure!(
                self.order.patience > 1 || missed <= expected / 30 + excused,
                "{name} missed {missed} of {expected} pictures, of which {excused} are forgiven"
            );
        }
        Ok(())
    }

    /// What may grow.
    pub(super) fn look(&mut self, lines: usize) -> Result<()> {
        self.crowd.take_leave_of_visitors()?;
        let begun = Monotonic::now();
        let mut vitals = self.subject.vitals()?;
        let mut open = 0;
        self.wait("the descriptors of those who have left closed", self.times(LIVE_WITHIN), begun, |soak| {
            let viewers = soak.good.len() + soak.extras.len();
            open = (viewers + soak.crowd.len() + soak.crowd.visiting()) as u64;
            vitals = soak.subject.vitals().unwrap_or_default();
            vitals.fds > 0 && vitals.fds <= soak.base.fds + open + SPARE_FDS
        })
        .with_context(|| {
            format!("{} descriptors, {open} connections, {} at first", vitals.fds, self.base.fds)
        })?;
        let judged = self.order.patience == 1;
        ensure!(
            vitals.rss_kib <= MAX_RSS_KIB || !judged,
            "RSS is {} KiB, more than {MAX_RSS_KIB}",
            vitals.rss_kib
        );
        let threads = self.base.threads + SPARE_THREADS;
        ensure!(vitals.threads <= threads, "{} threads, {} at first", vitals.threads, self.base.threads);
        let lines = self.subject.log_lines() - lines;
        ensure!(lines <= MAX_LOG_LINES, "{lines} lines in the log for one step, more than {MAX_LOG_LINES}");
        ensure!(self.subject.daemon.log.count("panicked") == 0, "something panicked");
        let starts = self.camera.count("streamon") as u64;
        for eye in self.good.iter().chain(&self.extras) {
            let mut sight = eye.sight();
            ensure!(
                sight.starts <= starts,
                "{} saw numbers begin anew more often than the camera was started",
                eye.name
            );
            self.figures.pictures += std::mem::take(&mut sight.count);
        }
        self.figures.looks.push(Look { vitals, connections: open, lines: lines as u64 });
        self.figures.guests = self.crowd.count;
        let now = Monotonic::now();
        self.good.iter().chain(&self.extras).for_each(|eye| eye.forget(now));
        Ok(())
    }

    pub(super) fn judge_growth(&self) -> Result<()> {
        if self.figures.steps() < STEPS_FOR_GROWTH || self.order.patience > 1 {
            return Ok(());
        }
        let growth = |of: fn(&Look) -> f64| self.figures.growth(of);
        let memory = growth(|look| look.vitals.anon_kib as f64);
        ensure!(
            memory <= MAX_GROWTH_KIB,
            "anonymous memory grew by {memory} KiB from the first quarter to the last"
        );
        let fds = growth(|look| look.vitals.fds as f64 - look.connections as f64);
        ensure!(fds <= MAX_GROWTH_FDS, "descriptors grew by {fds} from the first quarter to the last");
        let threads = growth(|look| look.vitals.threads as f64);
        ensure!(threads <= 0.0, "threads grew by {threads} from the first quarter to the last");
        Ok(())
    }
}
