//! What a soak has counted and measured, and the summary of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::plan::{DECK, Trouble};
use crate::statistics::{Quantiles, median, number};
use crate::vitals::Vitals;

/// After one step.
pub struct Look {
    pub vitals: Vitals,
    pub connections: u64,
    /// In the log, for this step.
    pub lines: u64,
}

#[derive(Default)]
pub struct Figures {
    pub looks: Vec<Look>,
    pub viewers: u64,
    pub guests: u64,
    /// Looked at by good viewers and slow ones.
    pub pictures: u64,
    pub lags: Vec<Duration>,
    pub slow_lags: Vec<Duration>,
    /// While all was well: pictures that the camera took, and those that a viewer did not get.
    pub expected: u64,
    pub missed: u64,
    pub elapsed: Duration,
    /// How often the machine let a thread wake late, and how late at worst.
    pub late: (usize, Duration),
    kinds: BTreeMap<&'static str, u64>,
    placards: Vec<Duration>,
    lives: Vec<Duration>,
    /// What took longer than its limit, and was forgiven for the machine's lateness.
    forgiven: u64,
}

impl Figures {
    pub fn steps(&self) -> usize {
        self.looks.len()
    }

    pub fn count(&mut self, trouble: &Trouble) {
        *self.kinds.entry(trouble.name()).or_default() += 1;
    }

    pub fn placard(&mut self, after: Vec<Duration>, limit: Duration) {
        self.forgiven += after.iter().filter(|time| **time > limit).count() as u64;
        self.placards.extend(after);
    }

    pub fn live(&mut self, after: Vec<Duration>, limit: Duration) {
        self.forgiven += after.iter().filter(|time| **time > limit).count() as u64;
        self.lives.extend(after);
    }

    /// A line for each step, to see by what a breach came about.
    pub fn tell_last(&self, trouble: &Trouble) {
        let Some(Look { vitals, connections, lines }) = self.looks.last() else { return };
        println!(
            "step {}: {}; RSS {} kB, {} of it anonymous, {} descriptors, {connections} connections, {} threads, {lines} lines",
            self.steps(),
            trouble.name(),
            vitals.rss_kib,
            vitals.anon_kib,
            vitals.fds,
            vitals.threads
        );
    }

    /// By how much the median of the last quarter of the steps is above that of the first.
    pub fn growth(&self, of: impl Fn(&Look) -> f64) -> f64 {
        let (first, last) = self.quarters(of);
        last - first
    }

    fn quarters(&self, of: impl Fn(&Look) -> f64) -> (f64, f64) {
        // Without the steps in which each kind of trouble came for the first time, where there are more.
        let warm = self.looks.get(DECK..).filter(|looks| !looks.is_empty()).unwrap_or(&self.looks);
        let quarter = warm.len().div_ceil(4);
        let of_some = |looks: &[Look]| median(looks.iter().map(&of)).unwrap_or(0.0);
        (of_some(&warm[..quarter]), of_some(&warm[warm.len() - quarter..]))
    }

    /// In Markdown.
    pub fn summary(&self) -> String {
        let mut text = String::new();
        // Writing into memory does not fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        let minutes = self.elapsed.as_secs_f64() / 60.0;
        writeln!(text, "| soak | |\n|---|---|")?;
        writeln!(text, "| time, steps | {minutes:.1} min, {} |", self.steps())?;
        writeln!(
            text,
            "| viewers that looked closely, other connections | {}, {} |",
            self.viewers, self.guests
        )?;
        writeln!(text, "| pictures looked at, all whole and in order | {} |", self.pictures)?;
        writeln!(
            text,
            "| pictures missed by good viewers while all was well | {} of {} |",
            self.missed, self.expected
        )?;
        for (what, times) in [
            ("lag of good viewers while all was well", &self.lags),
            ("lag of viewers that read 400 kB/s", &self.slow_lags),
            ("placard after a fault began", &self.placards),
            ("live picture after a fault ended", &self.lives),
        ] {
            writeln!(text, "| {what}: p50, p99, worst | {} |", spread(times))?;
        }
        let (late, worst) = self.late;
        writeln!(
            text,
            "| wake-ups late by more than 5 ms, the worst; times forgiven for it | {late}, {} ms; {} |",
            worst.as_millis(),
            self.forgiven
        )?;
        let cpu = self.looks.last().map_or(0.0, |look| look.vitals.cpu.as_secs_f64());
        let percent = 100.0 * cpu / self.elapsed.as_secs_f64().max(1.0);
        writeln!(text, "| CPU, of a core, with the test camera in the process | {percent:.1} % |")?;
        writeln!(
            text,
            "\n| of the daemon, after each step | min | median | max | first quarter | last quarter |"
        )?;
        writeln!(text, "|---|---|---|---|---|---|")?;
        type Reading = (&'static str, fn(&Look) -> f64);
        let readings: [Reading; 6] = [
            ("RSS, MB", |look| look.vitals.rss_kib as f64 * 1.024e-3),
            ("anonymous memory, MB", |look| look.vitals.anon_kib as f64 * 1.024e-3),
            ("descriptors", |look| look.vitals.fds as f64),
            ("descriptors without connections", |look| look.vitals.fds as f64 - look.connections as f64),
            ("threads", |look| look.vitals.threads as f64),
            ("lines in the log, for a step", |look| look.lines as f64),
        ];
        for (what, of) in readings {
            let values = || self.looks.iter().map(of);
            let min = values().fold(f64::INFINITY, f64::min);
            let max = values().fold(f64::NEG_INFINITY, f64::max);
            let (first, last) = self.quarters(of);
            let cells = [min, median(values()).unwrap_or(0.0), max, first, last].map(number);
            writeln!(text, "| {what} | {} |", cells.join(" | "))?;
        }
        writeln!(text, "\n| what happened | times |\n|---|---|")?;
        for (name, count) in &self.kinds {
            writeln!(text, "| {name} | {count} |")?;
        }
        Ok(())
    }
}

/// In milliseconds.
fn spread(times: &[Duration]) -> String {
    let millis = || times.iter().map(|time| time.as_secs_f64() * 1e3);
    let worst = millis().fold(0.0, f64::max);
    match Quantiles::of(millis()) {
        Some(Quantiles { p50, p99 }) => format!("{}, {}, {} ms", number(p50), number(p99), number(worst)),
        None => "none".to_owned(),
    }
}
