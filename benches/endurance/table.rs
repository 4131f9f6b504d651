//! docs/faults.md, written from what was played.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::machine;
use crate::row::{Group, Played, Row};
use crate::statistics::median;

const HOW: &str = include_str!("how.md");
const ELSEWHERE: &str = include_str!("elsewhere.md");

/// A row with what came of it; an error is what did not hold.
pub type Outcome = (Row, Result<Played>);

pub fn write(outcomes: &[Outcome], minutes: f64, late: (usize, Duration), path: &Path) -> Result<()> {
    let mut text = String::from("# What can go wrong, and what viewers see of it\n\n");
    let missed = outcomes.iter().filter(|(_, played)| played.is_err()).count();
    let rounds: usize =
        outcomes.iter().filter_map(|(_, played)| Some(played.as_ref().ok()?.rounds.len())).sum();
    let hold = match missed {
        0 => "Every limit holds.".to_owned(),
        some => format!("**{some} rows miss a limit.**"),
    };
    writeln!(
        text,
        "Written by `make faults` (mjpegd {}, {}), in {minutes:.0} minutes: {} rows, {rounds} rounds. {hold}\n",
        env!("CARGO_PKG_VERSION"),
        machine::describe().join(", "),
        outcomes.len(),
    )?;
    let (late, worst) = late;
    writeln!(text, "{HOW}")?;
    writeln!(
        text,
        "Meanwhile a thread that wakes a hundred times a second was late by more than 5 ms {late} times, by {} ms at worst.",
        worst.as_millis()
    )?;
    for (group, title, about) in GROUPS {
        let mut rows = outcomes.iter().filter(|(row, _)| row.group == *group).peekable();
        if rows.peek().is_none() {
            continue;
        }
        writeln!(text, "\n## {title}\n\n{about}\n")?;
        writeln!(text, "| what was done | times | viewers saw | placard after | live again after | lost |")?;
        writeln!(text, "|---|---|---|---|---|---|")?;
        rows.try_for_each(|(row, played)| write_row(&mut text, row, played))?;
    }
    write!(text, "\n{ELSEWHERE}")?;
    std::fs::write(path, text).with_context(|| path.display().to_string())
}

const GROUPS: &[(Group, &str, &str)] = &[
    (
        Group::Camera,
        "The camera",
        "A fault that the driver tells is seen at once; where it only falls silent, or sends what is no picture, `device-timeout` \
         (2 s) has to pass first. A lost camera is tried again each second (`device-error-delay`), which is what the time until the \
         live picture consists of; controls and settings are applied again at each opening. Broken pictures are dropped and counted.",
    ),
    (
        Group::Viewers,
        "Other clients",
        "While they are there a good viewer has to get at least 29 of 30 pictures, and the process less than 32 MiB. \"Live again\" is \
         the first picture of somebody who comes when they have gone.",
    ),
    (
        Group::Process,
        "The process",
        "The harness starts it anew, in the place of systemd, and without its pause. \"Live again\" counts from the signal.",
    ),
    (
        Group::Around,
        "Programs and servers around it",
        "\"Live again\" is the first filtered picture, or the first one that a receiver has again; attempts begin after a second.",
    ),
];

fn write_row(text: &mut String, row: &Row, played: &Result<Played>) -> Result<()> {
    let played = match played {
        Ok(played) => played,
        Err(error) => {
            // The rest is the daemon's log, which the program has printed.
            let error = format!("{error:#}").lines().next().unwrap_or_default().replace(SEPARATOR, "/");
            let last = error.rsplit(": ").next().unwrap_or_default();
            writeln!(text, "| {} | | **missed: {last}** | | | |", row.what)?;
            return Ok(());
        }
    };
    let mut saw: Vec<_> = played.rounds.iter().map(|round| round.saw.replace(SEPARATOR, "/")).collect();
    saw.dedup();
    saw.sort();
    saw.dedup();
    let missed = match played.missed {
        0 => String::new(),
        missed => format!("{missed} of {} pictures, skipped on the busy machine", played.pictures),
    };
    let lost = [row.lost, &missed].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
    writeln!(
        text,
        "| {} | {} | {} | {} | {} | {} |",
        row.what,
        played.rounds.len(),
        saw.join("; or "),
        median_and_worst(&played.placards()),
        median_and_worst(&played.lives()),
        if lost.is_empty() { "nothing lost" } else { &lost }
    )?;
    Ok(())
}

/// Of columns.
const SEPARATOR: char = '|';

fn median_and_worst(times: &[Duration]) -> String {
    let millis = || times.iter().map(|time| time.as_secs_f64() * 1e3);
    match median(millis()) {
        Some(middle) => format!("{middle:.0} ms, worst {:.0} ms", millis().fold(0.0, f64::max)),
        None => String::new(),
    }
}
