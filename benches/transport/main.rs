//! Compares ways for pictures from one process to another: the tutorials' and mjpegd's. `make bench-transport`.
//!
//! A run writes benches/TRANSPORT.md; `cargo bench --bench transport -- only memory` prints what it finds, and
//! `cargo bench --bench transport -- fleet` measures fifty cameras through one Redis (docs/fleet.md).

mod camera;
mod fleet;
mod measure;
mod receive;
mod report;
mod rounds;
mod stamp;
mod ways;

// What it shares with the comparison of servers, which needs more of it.
#[path = "../common/child.rs"]
#[allow(dead_code)]
mod child;
#[path = "../common/frames.rs"]
#[allow(dead_code)]
mod frames;
#[path = "../common/interrupt.rs"]
mod interrupt;
#[path = "../common/machine.rs"]
#[allow(dead_code)]
mod machine;
#[path = "../common/process.rs"]
#[allow(dead_code)]
mod process;
#[path = "../common/statistics.rs"]
mod statistics;

use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, ensure};
use clap::{Parser, Subcommand};
use rustix::fs::{FlockOperation, flock};

use crate::rounds::{Rounds, SIZES};
use crate::ways::Way;

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
    /// Measure the ways whose names have one of these words in them, and print what is found
    Only { words: Vec<String> },
    /// Measure many cameras through one Redis server
    Fleet(fleet::Fleet),
    /// Be a camera
    Camera(camera::Camera),
    /// Be a receiver
    Receive(receive::Receive),
    /// Be many cameras that publish by way of Redis
    FleetCameras(fleet::Cameras),
    /// Be a viewer of each of several servers
    FleetViewers(fleet::Viewers),
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("transport");
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    match arguments.command {
        // As `cargo test --all-targets` does.
        None if !arguments.bench => println!("Measures when it is told to: cargo bench --bench transport"),
        None | Some(Order::All) => {
            let _lock = alone(&folder)?;
            report::write(&Rounds::run(&folder, &SIZES, &Way::ALL)?)?;
        }
        Some(Order::Only { words }) => {
            let _lock = alone(&folder)?;
            let mut ways = Way::ALL.to_vec();
            ways.retain(|way| words.iter().any(|word| way.name().contains(word.as_str())));
            print!("{}", report::text(&Rounds::run(&folder, &SIZES, &ways)?)?);
        }
        Some(Order::Fleet(fleet)) => {
            let _lock = alone(&folder)?;
            print!("{}", fleet.run(&folder)?);
        }
        // In one line, for whoever has started them.
        Some(Order::Camera(camera)) => camera.run().map_err(one_line)?,
        Some(Order::Receive(receive)) => receive.run().map_err(one_line)?,
        Some(Order::FleetCameras(cameras)) => cameras.run().map_err(one_line)?,
        Some(Order::FleetViewers(viewers)) => viewers.run().map_err(one_line)?,
    }
    Ok(())
}

fn one_line(error: anyhow::Error) -> anyhow::Error {
    anyhow!("{error:#}")
}

/// Two at once would measure each other. From here on, an interrupt ends it in order.
fn alone(folder: &Path) -> Result<File> {
    let lock = File::create(folder.join("lock"))?;
    let locked = flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok();
    ensure!(locked, "another comparison runs already, or this folder cannot be locked: {}", folder.display());
    interrupt::listen()?;
    Ok(lock)
}
