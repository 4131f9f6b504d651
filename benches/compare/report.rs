//! benches/RESULTS.md: whether the targets hold, the plots, and a table for each scenario.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;

use crate::outcome::{Outcome, Quantiles};
use crate::plan::{Kind, Scenario};
use crate::plots;
use crate::rows::{Row, Rows};
use crate::targets::{Limit, targets};

const HOW: &str = "\
## How it is measured

One machine, loopback but for the two scenarios that say otherwise, every server with the same preloaded test camera
(`tests/camera`) and the same load (`benches/compare/load`), in turn, round after round; medians over the rounds. Servers that
compress each picture anew are measured less often.

- **CPU per frame**: CPU time of all the server's threads, divided by the pictures that its viewers received whole. The test camera
  runs in a thread inside the server's process; it counts its own CPU time, and that is taken off. The bare loop and the
  thread per viewer have no camera, but read the same files.
- **Age**: from the moment at which the camera took the picture until a viewer has its last byte. A picture carries its moment
  in a COM segment; where a server compresses anew, its number is read from its pixels, of one viewer.
- **Frames/s**: different pictures a second that viewers got: the slowest one / the median one of those that can tell. **Lost**:
  pictures that the median viewer missed, in the whole measuring.
- **RSS** and **threads** at the end of the measuring; the camera's buffers, which the process maps, are in the RSS.
- The bare loop is a few lines of C that only send: one thread, one `sendmsg` per viewer and picture; no HTTP to speak of, no
  checks, no limits. It is what the kernel costs. The thread per viewer does what mjpg-streamer does, which Debian does not ship.
";

pub fn write(rows: &Rows, scenarios: &[Scenario], folder: &Path) -> Result<()> {
    let mut text = String::from("# How mjpegd compares\n\nWritten by `make bench`.\n\n");
    for line in &rows.machine {
        writeln!(text, "- {line}")?;
    }
    writeln!(text, "- measured in {:.0} minutes", rows.minutes)?;
    for line in &rows.left_out {
        writeln!(text, "- left out: {line}")?;
    }
    write_targets(&mut text, rows)?;
    for (file, caption) in plots::draw(rows, &folder.join("plots"))? {
        writeln!(text, "![{caption}](plots/{file})\n")?;
    }
    text.push_str(&tables(rows, scenarios)?);
    text.push_str(HOW);
    Ok(std::fs::write(folder.join("RESULTS.md"), text)?)
}

/// A table for each scenario that has figures.
pub fn tables(rows: &Rows, scenarios: &[Scenario]) -> Result<String> {
    let mut text = String::new();
    for scenario in scenarios {
        let mut table = rows.of(&scenario.name).peekable();
        if table.peek().is_none() {
            continue;
        }
        let columns = columns(scenario);
        let heads: Vec<_> = columns.iter().map(|(head, _)| *head).collect();
        writeln!(text, "## {}\n\n| server | {} |", scenario.title, heads.join(" | "))?;
        writeln!(text, "|---{}|", "|---".repeat(columns.len()))?;
        for row in table {
            let cells: Vec<_> = columns.iter().map(|(_, cell)| cell(row)).collect();
            writeln!(text, "| {} | {} |", row.contestant, cells.join(" | "))?;
        }
        writeln!(text)?;
    }
    Ok(text)
}

/// A head, and what stands under it.
type Column = (&'static str, fn(&Row) -> String);

fn columns(scenario: &Scenario) -> Vec<Column> {
    let memory: [Column; 2] = [
        ("RSS", |row| format!("{} MB", of(row, |outcome| Some(outcome.rss_kib as f64 / 1024.0)))),
        ("threads", |row| {
            row.median(|outcome| Some(outcome.threads as f64))
                .map_or(String::new(), |count| format!("{count:.0}"))
        }),
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
            [share, ("wakes a second", |row| of(row, |outcome| outcome.a_second(outcome.switches)))]
                .into_iter()
                .chain(memory)
                .collect()
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
            }
            columns.push(("frames/s", |row| {
                let slowest = of(row, |outcome| outcome.a_second(outcome.distinct.min));
                format!("{slowest} / {}", of(row, |outcome| outcome.a_second(outcome.distinct.median)))
            }));
            columns.push(("lost", |row| of(row, |outcome| Some(outcome.missed.median as f64))));
            columns.push(("bytes", |row| of(row, |outcome| Some(outcome.picture_bytes))));
            columns.extend(memory);
            columns
        }
    }
}

/// The median over the rounds.
fn of(row: &Row, of: impl Fn(&Outcome) -> Option<f64>) -> String {
    row.median(of).map_or("-".to_owned(), number)
}

fn pair(row: &Row, quantiles: impl Fn(&Outcome) -> Option<Quantiles>) -> String {
    let p50 = of(row, |outcome| quantiles(outcome).map(|quantiles| quantiles.p50));
    format!("{p50}, {} ms", of(row, |outcome| quantiles(outcome).map(|quantiles| quantiles.p99)))
}

fn write_targets(text: &mut String, rows: &Rows) -> Result<()> {
    writeln!(text, "\n## What mjpegd must show\n\n| what | must be | is | |\n|---|---|---|---|")?;
    for target in targets(rows) {
        let (limit, word, unit) = match target.limit {
            Limit::AtMost(limit, unit) => (limit, "at most", unit),
            Limit::AtLeast(limit, unit) => (limit, "at least", unit),
        };
        let value = target.value.map_or("not measured".to_owned(), number);
        let holds = match target.holds() {
            Some(true) => "holds",
            Some(false) => "**missed**",
            None => "",
        };
        writeln!(text, "| {} | {word} {limit} {unit} | {value} | {holds} |", target.what)?;
    }
    writeln!(text)?;
    Ok(())
}

/// As many digits as say something.
pub fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size < 0.995 => format!("{value:.2}"),
        size if size < 9.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
