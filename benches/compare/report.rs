//! benches/RESULTS.md: whether the targets hold, the plots, and a table for each scenario.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;

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
        writeln!(text, "## {}\n", scenario.title)?;
        match scenario.kind {
            Kind::Watch { .. } if scenario.name == "slices" => publish_table(&mut text, table)?,
            Kind::Watch { .. } if scenario.name == "still" => still_table(&mut text, table)?,
            Kind::Watch { slow, .. } => watch_table(&mut text, table, slow > 0)?,
            Kind::Idle => idle_table(&mut text, table)?,
            Kind::Start => start_table(&mut text, table)?,
        }
    }
    Ok(text)
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

fn watch_table<'a>(text: &mut String, rows: impl Iterator<Item = &'a Row>, slow: bool) -> Result<()> {
    let (head, line) = if slow { (" slow ones' age p50, max |", "---|") } else { ("", "") };
    writeln!(
        text,
        "| server | CPU per frame | age p50, p99 |{head} frames/s | lost | bytes | RSS | threads |"
    )?;
    writeln!(text, "|---|---|---|{line}---|---|---|---|---|")?;
    for row in rows {
        let of = |value: Option<f64>| value.map_or("-".to_owned(), number);
        write!(text, "| {} | {} µs |", row.contestant, of(row.cpu_us_per_frame()))?;
        let p99 = row.median(|outcome| outcome.age_ms.map(|age| age.p99));
        write!(text, " {}, {} ms |", of(row.age_p50_ms()), of(p99))?;
        if slow {
            let p50 = row.median(|outcome| outcome.slow_age_ms.map(|age| age.p50));
            let max = row.median(|outcome| outcome.slow_age_ms.map(|age| age.max));
            write!(text, " {}, {} ms |", of(p50), of(max))?;
        }
        let slowest = row.median(|outcome| Some(outcome.distinct.min as f64 / outcome.seconds));
        let middle = row.median(|outcome| Some(outcome.distinct.median as f64 / outcome.seconds));
        write!(text, " {} / {} |", of(slowest), of(middle))?;
        write!(text, " {} |", of(row.median(|outcome| Some(outcome.missed.median as f64))))?;
        write!(text, " {:.0} |", row.median(|outcome| Some(outcome.picture_bytes)).unwrap_or_default())?;
        let rss = row.median(|outcome| Some(outcome.rss_kib as f64 / 1024.0));
        let threads = row.median(|outcome| Some(outcome.threads as f64));
        writeln!(text, " {} MB | {} |", of(rss), of(threads))?;
    }
    writeln!(text)?;
    Ok(())
}

fn publish_table<'a>(text: &mut String, rows: impl Iterator<Item = &'a Row>) -> Result<()> {
    writeln!(text, "| server | p50 | p99 | CPU per frame |\n|---|---|---|---|")?;
    for row in rows {
        let p50 = row.median(|outcome| outcome.publish_ms.map(|publish| publish.p50)).unwrap_or_default();
        let p99 = row.median(|outcome| outcome.publish_ms.map(|publish| publish.p99)).unwrap_or_default();
        let cpu = row.cpu_us_per_frame().unwrap_or_default();
        writeln!(
            text,
            "| {} | {} ms | {} ms | {} µs |",
            row.contestant,
            number(p50),
            number(p99),
            number(cpu)
        )?;
    }
    writeln!(text)?;
    Ok(())
}

fn still_table<'a>(text: &mut String, rows: impl Iterator<Item = &'a Row>) -> Result<()> {
    writeln!(text, "| server | CPU, of a core | pictures sent a second |\n|---|---|---|")?;
    for row in rows {
        let cpu = row.median(|outcome| Some(outcome.cpu_percent())).unwrap_or_default();
        let sent = row.median(|outcome| Some(outcome.delivered as f64 / outcome.seconds)).unwrap_or_default();
        writeln!(text, "| {} | {} % | {} |", row.contestant, number(cpu), number(sent))?;
    }
    writeln!(text)?;
    Ok(())
}

fn idle_table<'a>(text: &mut String, rows: impl Iterator<Item = &'a Row>) -> Result<()> {
    writeln!(text, "| server | CPU, of a core | wakes a second | RSS | threads |\n|---|---|---|---|---|")?;
    for row in rows {
        let cpu = row.median(|outcome| Some(outcome.cpu_percent())).unwrap_or_default();
        let wakes = row.median(|outcome| Some(outcome.switches as f64 / outcome.seconds)).unwrap_or_default();
        let rss = row.median(|outcome| Some(outcome.rss_kib as f64 / 1024.0)).unwrap_or_default();
        let threads = row.median(|outcome| Some(outcome.threads as f64)).unwrap_or_default();
        writeln!(
            text,
            "| {} | {} % | {} | {} MB | {threads} |",
            row.contestant,
            number(cpu),
            number(wakes),
            number(rss)
        )?;
    }
    writeln!(text)?;
    Ok(())
}

fn start_table<'a>(text: &mut String, rows: impl Iterator<Item = &'a Row>) -> Result<()> {
    writeln!(text, "| server | first picture after |\n|---|---|")?;
    for row in rows {
        let start = row.median(|outcome| outcome.start_ms).unwrap_or_default();
        writeln!(text, "| {} | {} ms |", row.contestant, number(start))?;
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
