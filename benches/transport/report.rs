//! benches/TRANSPORT.md: whether the targets hold, and a table for each size and rate.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;

use crate::measure::Outcome;
use crate::rounds::{CAMERA, DISTURBED, FASTEST, Rounds, Row, SIZES};
use crate::statistics::{median, number};
use crate::ways::Way;

const HOW: &str = include_str!("how.md");

/// How many times the tutorials' rate is aimed at.
const AIM: f64 = 20.0;
/// Of a camera's pictures so many come where all do: one may be on its way when the measuring begins or ends.
const ALL: f64 = 0.97;

pub fn write(rounds: &Rounds) -> Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/TRANSPORT.md");
    std::fs::write(&file, text(rounds)?)?;
    println!("written: {}", file.display());
    Ok(())
}

pub fn text(rounds: &Rounds) -> Result<String> {
    let mut text = String::from(
        "# Pictures from one process to another\n\nWritten by `make bench-transport`: the ways of the Flask and OpenCV tutorials, and mjpegd's.\n\n",
    );
    head(&mut text, rounds)?;
    targets(&mut text, rounds)?;
    for size in SIZES {
        for rate in [FASTEST, CAMERA] {
            table(&mut text, rounds, size, rate)?;
        }
    }
    Ok(text + HOW)
}

fn head(text: &mut String, rounds: &Rounds) -> Result<()> {
    for line in &rounds.machine {
        writeln!(text, "- {line}")?;
    }
    writeln!(text, "- measured in {} minutes", number(rounds.minutes))?;
    let stolen = || rounds.rows.iter().flat_map(|row| &row.rounds).map(|outcome| outcome.stolen * 100.0);
    writeln!(
        text,
        "- processor time that the host gave to others: {} % of the median measuring, {} % of the worst; {} were repeated",
        number(median(stolen()).unwrap_or(0.0)),
        number(stolen().fold(0.0, f64::max)),
        rounds.repeated,
    )?;
    for line in &rounds.left_out {
        writeln!(text, "- left out: {line}")?;
    }
    writeln!(text)?;
    Ok(())
}

/// For each of mjpegd's ways, how it compares with the tutorials' way of its kind.
fn targets(text: &mut String, rounds: &Rounds) -> Result<()> {
    writeln!(text, "## What mjpegd must show\n")?;
    writeln!(
        text,
        "{AIM} times the rate that the tutorials' way of the same kind has in the same run; where it is not reached,"
    )?;
    writeln!(text, "the camera's rate, at a fraction of the processor's time.\n")?;
    writeln!(text, "| | of | times its rate | at {CAMERA}/s | of its CPU | |\n|---|---|---|---|---|---|")?;
    for size in SIZES {
        for way in Way::ALL.into_iter().filter(|way| !way.is_tutorial()) {
            let times = times_the_rate(rounds, way, size);
            let spared = times_the_cpu(rounds, way, size);
            let rate = rounds.find(way, size, CAMERA).and_then(|row| row.median(|outcome| outcome.fps));
            let (Some(times), Some(spared), Some(rate)) = (times, spared, rate) else { continue };
            let verdict = match (times >= AIM, rate >= ALL * CAMERA as f64) {
                (true, _) => "holds".to_owned(),
                (false, true) => format!(
                    "{AIM} times not reached; the camera's rate, with {} times the CPU to spare",
                    number(spared)
                ),
                (false, false) => "**missed**".to_owned(),
            };
            writeln!(
                text,
                "| {} | {}x{} | {} | {} frames/s | 1/{} | {verdict} |",
                way.name(),
                size.0,
                size.1,
                number(times),
                number(rate),
                number(spared),
            )?;
        }
    }
    writeln!(text)?;
    Ok(())
}

fn times_the_rate(rounds: &Rounds, way: Way, size: (u32, u32)) -> Option<f64> {
    ratio(rounds, way, size, FASTEST, |outcome, rival| outcome.fps / rival.fps)
}

/// How many times as much CPU the tutorials' way takes for a frame at a camera's rate.
fn times_the_cpu(rounds: &Rounds, way: Way, size: (u32, u32)) -> Option<f64> {
    ratio(rounds, way, size, CAMERA, |outcome, rival| rival.cpu_us / outcome.cpu_us)
}

/// Round by round with the rival that was faster in it, and of that the median.
fn ratio(
    rounds: &Rounds,
    way: Way,
    size: (u32, u32),
    rate: u64,
    of: impl Fn(&Outcome, &Outcome) -> f64,
) -> Option<f64> {
    let rivals: Vec<&Row> =
        way.rivals().iter().filter_map(|rival| rounds.find(*rival, size, FASTEST)).collect();
    // Which is the better one shows at full speed; what it is compared in may be another rate.
    let better = rivals.into_iter().max_by(|a, b| {
        let fps = |row: &Row| row.median(|outcome| outcome.fps).unwrap_or(0.0);
        fps(a).total_cmp(&fps(b))
    })?;
    let better = rounds.find(better.way, size, rate)?;
    let row = rounds.find(way, size, rate)?;
    median(row.rounds.iter().zip(&better.rounds).map(|(outcome, rival)| of(outcome, rival)))
}

fn table(text: &mut String, rounds: &Rounds, size: (u32, u32), rate: u64) -> Result<()> {
    let rows: Vec<&Row> = rounds.rows.iter().filter(|row| (row.size, row.rate) == (size, rate)).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let (speed, compared) = match rate {
        FASTEST => ("as fast as it goes".to_owned(), "times the tutorials'"),
        rate => (format!("a camera of {rate}/s"), "of the tutorials' CPU"),
    };
    writeln!(text, "## {}x{}, {speed}\n", size.0, size.1)?;
    writeln!(text, "| | frames/s | {compared} | delay p50, p99 | CPU per frame | of it the receiver |")?;
    writeln!(text, "|---|---|---|---|---|---|")?;
    for row in rows {
        let of = |of: fn(&Outcome) -> f64| row.median(of).map_or("-".to_owned(), number);
        let beside = match (row.way.is_tutorial(), rate) {
            (true, _) => None,
            (false, FASTEST) => times_the_rate(rounds, row.way, size).map(number),
            (false, _) => times_the_cpu(rounds, row.way, size).map(|times| format!("1/{}", number(times))),
        };
        writeln!(
            text,
            "| {}{} | {} | {} | {}, {} ms | {} µs | {} µs |",
            row.way.name(),
            excuse(row),
            of(|outcome| outcome.fps),
            beside.unwrap_or_default(),
            of(|outcome| outcome.delay_ms.p50),
            of(|outcome| outcome.delay_ms.p99),
            of(|outcome| outcome.cpu_us),
            of(|outcome| outcome.receiver_cpu_us),
        )?;
    }
    writeln!(text)?;
    Ok(())
}

/// Behind the name of one that the machine's host did not let run, in the median of its rounds, even when repeated.
fn excuse(row: &Row) -> String {
    let stolen = row.median(|outcome| outcome.stolen).unwrap_or(0.0);
    if stolen > DISTURBED { format!(" (the host took {:.0} %)", stolen * 100.0) } else { String::new() }
}
