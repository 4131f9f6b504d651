//! Compares mjpegd with its peers and with the practical limit, in one run: `make bench`.
//!
//! What is measured stands in `plan`, what mjpegd must show in `targets`. A run writes benches/RESULTS.md and its plots;
//! `cargo bench --bench compare -- only fan-out slow` measures some scenarios and says what it finds.

mod camera;
mod comparison;
mod links;
mod load;
mod look;
mod measure;
mod meter;
mod outcome;
mod peers;
mod plan;
mod plots;
mod report;
mod rows;
mod targets;

// What it shares with the comparison of transports.
#[path = "../common/child.rs"]
mod child;
#[path = "../common/frames.rs"]
mod frames;
#[path = "../common/interrupt.rs"]
mod interrupt;
#[path = "../common/machine.rs"]
#[allow(dead_code)]
mod machine;
#[path = "../common/process.rs"]
mod process;
#[path = "../common/statistics.rs"]
mod statistics;

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, ensure};
use clap::{Parser, Subcommand};
use rustix::fs::{FlockOperation, flock};

use crate::comparison::{Comparison, REPEATS_TIME};
use crate::load::Load;
use crate::plan::Scenario;
use crate::rows::Rows;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Order>,
    /// Given by cargo
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum Order {
    /// Measure all and write the report, which is the default
    All,
    /// Measure these scenarios and print what is found; without a name, list them and how long they take
    Only { names: Vec<String> },
    /// Write the report anew from what was measured last
    Report,
    /// Be the viewers of a server that runs already
    Load(Load),
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compare");
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let kept = folder.join("rows.json");
    match arguments.command {
        // As `cargo test --all-targets` does.
        None if !arguments.bench => println!("Measures when it is told to: cargo bench --bench compare"),
        None | Some(Order::All) => {
            let _lock = alone(&folder)?;
            let rows = Comparison::new(&folder)?.run(&plan::scenarios(), |rows| rows.save(&kept))?;
            write_report(&rows)?;
        }
        Some(Order::Only { names }) if names.is_empty() => list(),
        Some(Order::Only { names }) => {
            let _lock = alone(&folder)?;
            let mut scenarios = plan::scenarios();
            scenarios.retain(|scenario| names.contains(&scenario.name));
            let rows = Comparison::new(&folder)?.run(&scenarios, |_| Ok(()))?;
            print!("{}{}", report::head(&rows)?, report::tables(&rows, &scenarios)?);
        }
        Some(Order::Report) => write_report(&Rows::load(&kept)?)?,
        Some(Order::Load(load)) => {
            // In one line, for whoever has started it.
            let found = load.run().map_err(|error| anyhow!("{error:#}"))?;
            println!("{}", serde_json::to_string(&found)?);
        }
    }
    Ok(())
}

/// Two at once would measure each other, and share namespaces and files. From here on, an interrupt ends it in order.
fn alone(folder: &Path) -> Result<File> {
    let lock = File::create(folder.join("lock"))?;
    ensure!(
        flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok(),
        "another comparison runs already, or this folder cannot be locked: {}",
        folder.display()
    );
    interrupt::listen()?;
    Ok(lock)
}

fn list() {
    let scenarios = plan::scenarios();
    for scenario in &scenarios {
        println!("{:22} {:4.0} s  {}", scenario.name, scenario.seconds(), scenario.title);
    }
    let all: f64 = scenarios.iter().map(Scenario::seconds).sum();
    println!("{:22} {all:4.0} s  and {} s at most for repeats", "all", REPEATS_TIME.as_secs());
}

fn write_report(rows: &Rows) -> Result<()> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/benches"));
    report::write(rows, &plan::scenarios(), &folder)?;
    println!("written: {}", folder.join("RESULTS.md").display());
    Ok(())
}
