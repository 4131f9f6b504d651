//! What it is measured on.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result};

const DAEMON: &str = env!("CARGO_BIN_EXE_mjpegd");

pub fn describe() -> Vec<String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, model)| model);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let os = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let os = os.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or("").trim_matches('"');
    let commit = Command::new("git").args(["describe", "--always", "--dirty"]).output();
    let commit =
        commit.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    vec![format!("{cores} cores of {model}, Linux {}, {os}", kernel.trim()), format!("sources {commit}")]
}

/// How much time the processors have had, in the kernel's ticks.
pub struct Processors {
    all: u64,
    /// What the host of this virtual machine gave to others while something here wanted to run.
    stolen: u64,
    /// What nobody wanted.
    idle: u64,
}

impl Processors {
    pub fn now() -> Result<Self> {
        let stat = fs::read_to_string("/proc/stat").context("/proc/stat")?;
        // proc(5): user, nice, system, idle, iowait, irq, softirq, steal; what follows is counted in these already.
        let words = stat.lines().next().unwrap_or_default().split_whitespace().skip(1).take(8);
        let ticks: Vec<u64> = words.map(str::parse).collect::<Result<_, _>>().context("/proc/stat")?;
        let tick = |index: usize| ticks.get(index).copied().unwrap_or(0);
        Ok(Self { all: ticks.iter().sum(), stolen: tick(7), idle: tick(3) + tick(4) })
    }

    /// The share that was stolen in between.
    pub fn stolen_until(&self, after: &Self) -> f64 {
        self.share(after.stolen.saturating_sub(self.stolen), after)
    }

    /// The share in which something ran here.
    pub fn busy_until(&self, after: &Self) -> f64 {
        1.0 - self.share(after.idle.saturating_sub(self.idle), after) - self.stolen_until(after)
    }

    fn share(&self, ticks: u64, after: &Self) -> f64 {
        ticks as f64 / after.all.saturating_sub(self.all).max(1) as f64
    }
}

pub fn binary_bytes() -> Result<u64> {
    Ok(fs::metadata(DAEMON).context(DAEMON)?.len())
}
