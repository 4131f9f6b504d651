//! Viewers that come and go, and faults at random, for as long as one likes: `make soak MINUTES=45 SEED=123`.
//!
//! What is done stands in `plan`, and the same seed does it again; what must hold after each step in `run`. A breach ends it
//! with exit status 1, the seed, the step and the daemon's last words.

mod crowd;
mod eye;
mod figures;
mod lateness;
// The two programs of this folder share it, and each uses its part.
#[allow(dead_code)]
mod parts;
mod plan;
mod run;
#[allow(dead_code)]
mod subject;
mod trouble;
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
mod statistics;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Error, Result, anyhow};
use clap::Parser;

use crate::run::{Order, Soak};

#[derive(Parser)]
struct Arguments {
    /// How long
    #[arg(long, default_value_t = 5.0)]
    minutes: f64,
    /// Does again what a run with this seed did; without it, any
    #[arg(long)]
    seed: Option<u64>,
    /// What the camera gives: MJPG or YUYV
    #[arg(long, default_value = "MJPG", value_parser = ["MJPG", "YUYV"])]
    format: String,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if !arguments.bench {
        // As `cargo test --all-targets` does.
        println!("Soaks when it is told to: make soak");
        return Ok(ExitCode::SUCCESS);
    }
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..1_000_000_000));
    println!("seed {seed}, {} minutes, a camera that gives {}", arguments.minutes, arguments.format);
    machine::describe().iter().for_each(|line| println!("{line}"));
    let time = Duration::from_secs_f64(arguments.minutes * 60.0);
    let mut soak = Soak::start(Order { seed, time, format: arguments.format, patience: 1 })?;
    // What the helpers of the tests find wrong they tell by a panic.
    let outcome = catch_unwind(AssertUnwindSafe(|| soak.run()));
    let outcome = outcome.unwrap_or_else(|_| Err(anyhow!("a helper panicked, see above")));
    println!("\n{}", soak.figures.summary());
    Ok(match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(seed, &error, &soak);
            ExitCode::FAILURE
        }
    })
}

fn tell(seed: u64, error: &Error, soak: &Soak) {
    eprintln!("BREACH, seed {seed}: {error:#}\nThe daemon's last words:\n{}", soak.last_words(50));
}
