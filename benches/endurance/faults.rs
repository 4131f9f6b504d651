//! What can go wrong, done many times and measured from a viewer's side: `make faults` writes docs/faults.md.
//!
//! Rows stand in `rows/`: a row is a name and a function that does one round on a `stage`. `cargo bench --bench faults -- only
//! unplugged` plays those with the word in their name, and writes nothing.

// The two programs of this folder share it, and each uses its part.
#[allow(dead_code)]
mod eye;
mod lateness;
mod parts;
mod row;
mod rows;
mod stage;
#[allow(dead_code)]
mod subject;
mod table;
mod trouble;
#[allow(dead_code)]
mod vitals;

// What it shares with the tests, and with the other benchmarks.
#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../common/machine.rs"]
#[allow(dead_code)]
mod machine;
#[path = "../common/process.rs"]
#[allow(dead_code)]
mod process;
#[path = "../common/statistics.rs"]
#[allow(dead_code)]
mod statistics;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Result, anyhow, ensure};
use clap::{Parser, Subcommand};

use crate::lateness::Lateness;
use crate::row::{Played, Row};
use crate::table::Outcome;

/// Rows that mostly wait, side by side.
const SIDE_BY_SIDE: usize = 4;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Order>,
    /// How often each fault is done, where its row does not say otherwise
    #[arg(long, default_value_t = 10, global = true)]
    times: usize,
    /// Given by cargo
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum Order {
    /// Play the rows that have this in their name, and write nothing
    Only { part: String },
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if !arguments.bench {
        // As `cargo test --all-targets` does.
        println!("Measures when it is told to: make faults");
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = rows::all();
    if let Some(Order::Only { part }) = &arguments.command {
        rows.retain(|row| row.what.contains(part));
        ensure!(!rows.is_empty(), "no row has {part:?} in its name");
    }
    let begun = Instant::now();
    let lateness = Arc::new(Lateness::measure()?);
    let outcomes = play(rows, arguments.times, &lateness);
    let held = outcomes.iter().all(|(_, played)| played.is_ok());
    if arguments.command.is_none() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/faults.md");
        table::write(&outcomes, begun.elapsed().as_secs_f64() / 60.0, lateness.summary(), &path)?;
        println!("written: docs/faults.md");
    }
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// First those that mostly wait, side by side; then those that load the machine, one by one.
fn play(rows: Vec<Row>, times: usize, lateness: &Arc<Lateness>) -> Vec<Outcome> {
    let outcomes: Vec<Mutex<Option<Result<Played>>>> = rows.iter().map(|_| Mutex::default()).collect();
    for (alone, threads) in [(false, SIDE_BY_SIDE), (true, 1)] {
        let next = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if row.is_alone() == alone {
                            let index =
                                rows.iter().position(|other| std::ptr::eq(other, row)).unwrap_or_default();
                            let played = play_one(row, times, lateness);
                            *outcomes[index].lock().unwrap_or_else(PoisonError::into_inner) = Some(played);
                        }
                    }
                });
            }
        });
    }
    let outcomes =
        outcomes.into_iter().map(|played| played.into_inner().unwrap_or_else(PoisonError::into_inner));
    rows.into_iter()
        .zip(outcomes.map(|played| played.unwrap_or_else(|| Err(anyhow!("not played")))))
        .collect()
}

fn play_one(row: &Row, times: usize, lateness: &Arc<Lateness>) -> Result<Played> {
    // What the helpers of the tests find wrong they tell by a panic.
    let played = catch_unwind(AssertUnwindSafe(|| row.play(times, lateness)));
    let played = played.unwrap_or_else(|_| Err(anyhow!("a helper panicked, see above")));
    match &played {
        Ok(played) => println!(
            "{}: {:?}; placard {:?}; live {:?}; {} of {} missed",
            row.what,
            played.rounds.first().map(|round| &round.saw),
            played.placards().iter().max(),
            played.lives().iter().max(),
            played.missed,
            played.pictures
        ),
        Err(error) => println!("{}: MISSED: {error:#}", row.what),
    }
    played
}
