//! Compares mjpegd with its peers and with the practical limit, in one run: `make bench`.
//!
//! What is measured stands in `plan`, what mjpegd must show in `targets`. A run writes benches/RESULTS.md and its plots;
//! `cargo bench --bench compare -- only fan-out slow` measures some scenarios and says what it finds.

mod camera;
mod frames;
mod links;
mod load;
mod machine;
mod measure;
mod meter;
mod outcome;
mod peers;
mod plan;
mod plots;
mod process;
mod report;
mod rows;
mod targets;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};

use crate::load::Load;
use crate::peers::Peer;
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
    /// Measure these scenarios and print what is found; without a name, list them
    Only { names: Vec<String> },
    /// Write the report anew from what was measured last
    Report,
    /// Be the viewers of a server that runs already
    Load(Load),
}

fn main() -> Result<()> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compare");
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let kept = folder.join("rows.json");
    match Arguments::parse().command.unwrap_or(Order::All) {
        Order::All => {
            let rows = measure(&plan::scenarios(), &folder)?;
            rows.save(&kept)?;
            write_report(&rows)
        }
        Order::Only { names } => only(&names, &folder),
        Order::Report => write_report(&Rows::load(&kept)?),
        Order::Load(load) => {
            println!("{}", serde_json::to_string(&load.run()?)?);
            Ok(())
        }
    }
}

fn write_report(rows: &Rows) -> Result<()> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/benches"));
    report::write(rows, &plan::scenarios(), &folder)?;
    println!("written: {}", folder.join("RESULTS.md").display());
    Ok(())
}

fn only(names: &[String], folder: &Path) -> Result<()> {
    let mut scenarios = plan::scenarios();
    if names.is_empty() {
        scenarios.iter().for_each(|scenario| println!("{:24} {}", scenario.name, scenario.title));
        return Ok(());
    }
    scenarios.retain(|scenario| names.contains(&scenario.name));
    let rows = measure(&scenarios, folder)?;
    print!("{}", report::tables(&rows, &scenarios)?);
    Ok(())
}

/// In turn: every server once, then every server again.
fn measure(scenarios: &[Scenario], folder: &Path) -> Result<Rows> {
    let started = Instant::now();
    camera::build()?;
    let mut rows =
        Rows { machine: machine::describe(), binary_bytes: machine::binary_bytes()?, ..Rows::default() };
    let mut absent = Vec::new();
    for peer in Peer::ALL {
        if let Some(reason) = peer.missing() {
            rows.left_out.push(format!("{}: {reason}", peer.name()));
            absent.push(peer);
        } else if peer.has_camera() {
            rows.machine.push(format!("{} {}", peer.name(), peer.version()));
        }
    }
    for scenario in scenarios {
        let rounds = scenario.contestants.iter().map(|contestant| contestant.rounds).max().unwrap_or(0);
        for round in 0..rounds {
            for contestant in scenario.contestants.iter().filter(|contestant| round < contestant.rounds) {
                if absent.contains(&contestant.peer) {
                    continue;
                }
                let name = format!("{}{}", contestant.peer.name(), contestant.variant);
                eprintln!(
                    "{:6.1} s  {}, round {}: {name}",
                    started.elapsed().as_secs_f64(),
                    scenario.name,
                    round + 1
                );
                match measure::measure(folder, scenario, contestant) {
                    Ok(outcome) => rows.put(&scenario.name, &name, outcome),
                    Err(error) => {
                        eprintln!("  left out: {error:#}");
                        rows.left_out.push(format!("{name} in \"{}\": {error:#}", scenario.title));
                    }
                }
            }
        }
    }
    rows.minutes = started.elapsed().as_secs_f64() / 60.0;
    Ok(rows)
}
