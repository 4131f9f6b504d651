//! benches/RESULTS.md: whether the targets hold, the plots, and a table for each scenario.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;

use crate::comparison::DISTURBED;
use crate::outcome::Outcome;
use crate::plan::{Kind, Scenario};
use crate::plots;
use crate::rows::{Row, Rows};
use crate::statistics::{Quantiles, median, number};
use crate::targets::{Limit, targets};

const HOW: &str = include_str!("how.md");

pub fn write(rows: &Rows, scenarios: &[Scenario], folder: &Path) -> Result<()> {
    let mut text = String::from("# How mjpegd compares\n\nWritten by `make bench`.\n\n");
    text.push_str(&head(rows)?);
    write_targets(&mut text, rows)?;
    for (file, caption) in plots::draw(rows, &folder.join("plots"))? {
        writeln!(text, "![{caption}](plots/{file})\n")?;
    }
    text.push_str(&tables(rows, scenarios)?);
    text.push_str(HOW);
    Ok(std::fs::write(folder.join("RESULTS.md"), text)?)
}

/// On what it was measured, and what was in the way.
pub fn head(rows: &Rows) -> Result<String> {
    let mut text = String::new();
    for line in &rows.machine {
        writeln!(text, "- {line}")?;
    }
    writeln!(text, "- measured in {} minutes", number(rows.minutes))?;
    // A start is too short for the kernel's clock to see what is stolen of it.
    let kept = || rows.rows.iter().flat_map(|row| &row.rounds).filter(|outcome| outcome.seconds > 0.0);
    let stolen = || kept().map(|outcome| outcome.stolen * 100.0);
    writeln!(
        text,
        "- processor time that the host gave to others: {} % of the median measuring, {} % of the worst; {} were repeated",
        number(median(stolen()).unwrap_or(0.0)),
        number(stolen().fold(0.0, f64::max)),
        rows.repeated,
    )?;
    for line in &rows.left_out {
        writeln!(text, "- left out: {line}")?;
    }
    Ok(text + "\n")
}

/// A table for each scenario that has figures.
pub fn tables(rows: &Rows, scenarios: &[Scenario]) -> Result<String> {
    let mut text = String::new();
    for scenario in scenarios {
        let mut table = rows.of(&scenario.name).peekable();
        if table.peek().is_none() {
            continue;
        }
        let mut columns = columns(scenario);
        if rows.of(&scenario.name).any(|row| row.rounds.iter().any(|outcome| outcome.lost_viewers > 0)) {
            columns.push(("viewers lost", |row| of(row, |outcome| Some(outcome.lost_viewers as f64))));
        }
        let heads: Vec<_> = columns.iter().map(|(head, _)| *head).collect();
        writeln!(text, "## {}\n\n| server | {} |", scenario.title, heads.join(" | "))?;
        writeln!(text, "|---{}|", "|---".repeat(columns.len()))?;
        for row in table {
            let cells: Vec<_> = columns.iter().map(|(_, cell)| cell(row)).collect();
            writeln!(text, "| {}{} | {} |", row.contestant, excuse(row), cells.join(" | "))?;
        }
        writeln!(text)?;
    }
    Ok(text)
}

/// A head, and what stands under it.
type Column = (&'static str, fn(&Row) -> String);

fn columns(scenario: &Scenario) -> Vec<Column> {
    let memory: [Column; 2] = [
        ("RSS", |row| format!("{} MB", of(row, |outcome| Some(outcome.rss_mb())))),
        ("threads", |row| of(row, |outcome| Some(outcome.threads as f64))),
    ];
    let share: Column =
        ("CPU, of a core", |row| format!("{} %", of(row, |outcome| Some(outcome.cpu_percent()))));
    let cost: Column =
        ("CPU per frame", |row| format!("{} µs", of(row, |outcome| Some(outcome.cpu_us_per_frame()))));
    match (scenario.kind, scenario.name.as_str()) {
        (Kind::Start, _) => {
            vec![("first picture after", |row| format!("{} ms", of(row, |outcome| outcome.start_ms)))]
        }
        (Kind::Idle, _) => {
            let mut columns = vec![share];
            columns.push(("wakes a second", |row| of(row, |outcome| outcome.a_second(outcome.switches))));
            columns.extend(memory);
            columns.push(("then a first picture after, and its age", |row| {
                let after = of(row, |outcome| outcome.first.map(|first| first.after_ms));
                format!("{after}, {} ms", of(row, |outcome| outcome.first.map(|first| first.age_ms)))
            }));
            columns
        }
        (_, "slices") => vec![("p50, p99", |row| pair(row, |outcome| outcome.publish_ms)), cost],
        (_, "still") => {
            vec![
                share,
                ("pictures sent a second", |row| of(row, |outcome| outcome.a_second(outcome.delivered))),
            ]
        }
        (Kind::Watch { slow, .. }, _) => {
            let mut columns: Vec<Column> =
                vec![cost, ("age p50, p99", |row| pair(row, |outcome| outcome.age_ms))];
            if slow > 0 {
                columns.push(("slow ones' age p50, p99", |row| pair(row, |outcome| outcome.slow_age_ms)));
                columns.push(("slow ones read", |row| {
                    format!("{} kB/s", of(row, |outcome| Some(outcome.slow_rate / 1e3)))
                }));
            }
            columns.push(("frames/s", |row| {
                let slowest = of(row, |outcome| outcome.a_second(outcome.distinct.min));
                format!("{slowest} / {}", of(row, |outcome| outcome.a_second(outcome.distinct.median)))
            }));
            columns.push(("lost", |row| of(row, |outcome| Some(outcome.lost(outcome.distinct.median)))));
            columns.push(("bytes", |row| of(row, |outcome| Some(outcome.picture_bytes))));
            columns.extend(memory);
            columns.push(("faults a second", |row| of(row, |outcome| outcome.a_second(outcome.faults))));
            columns
        }
    }
}

/// Behind the name of one that the machine's host did not let run, in the median of its rounds, even when repeated.
fn excuse(row: &Row) -> String {
    let stolen = row.median(|outcome| Some(outcome.stolen)).unwrap_or(0.0);
    if stolen > DISTURBED { format!(" (the host took {:.0} %)", stolen * 100.0) } else { String::new() }
}

/// The median over the rounds.
fn of(row: &Row, of: impl Fn(&Outcome) -> Option<f64>) -> String {
    row.median(of).map_or("-".to_owned(), number)
}

fn pair(row: &Row, quantiles: impl Fn(&Outcome) -> Option<Quantiles>) -> String {
    let p50 = of(row, |outcome| quantiles(outcome).map(|quantiles| quantiles.p50));
    let p99 = of(row, |outcome| quantiles(outcome).map(|quantiles| quantiles.p99));
    let bound = if row.rounds.iter().any(|outcome| outcome.ages_are_bounds) { "over " } else { "" };
    format!("{bound}{p50}, {p99} ms")
}

fn write_targets(text: &mut String, rows: &Rows) -> Result<()> {
    writeln!(
        text,
        "## What mjpegd must show\n\n| what | must be | is | of rounds: min–max | |\n|---|---|---|---|---|"
    )?;
    for target in targets(rows) {
        let (limit, word, unit) = match target.limit {
            Limit::AtMost(limit, unit) => (limit, "at most", unit),
            Limit::AtLeast(limit, unit) => (limit, "at least", unit),
        };
        let value = target.value().map_or("not measured".to_owned(), number);
        let min = target.values.iter().copied().fold(f64::INFINITY, f64::min);
        let max = target.values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let range = match target.values.len() {
            0 | 1 => String::new(),
            rounds => format!("{rounds}: {}–{}", number(min), number(max)),
        };
        let holds = match target.holds() {
            Some(true) => "holds",
            Some(false) => "**missed**",
            None => "",
        };
        writeln!(text, "| {} | {word} {limit} {unit} | {value} | {range} | {holds} |", target.what)?;
    }
    writeln!(text)?;
    Ok(())
}
