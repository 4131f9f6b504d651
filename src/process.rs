//! What this process takes of the machine, and who else has something open, as `/proc` tells it (proc(5)).

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use rustix::param::{clock_ticks_per_second, page_size};

use crate::clock::{Monotonic, unix_seconds};

#[derive(Clone, Copy, Debug)]
pub struct Figures {
    pub cpu: Duration,
    pub resident_bytes: u64,
    pub open_fds: usize,
    pub threads: u64,
    pub started_unix_seconds: f64,
}

impl Figures {
    pub fn read() -> io::Result<Self> {
        let stat = fs::read_to_string("/proc/self/stat")?;
        // The name in parentheses may have anything in it; the fields behind it are counted from 3.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let field =
            |number: usize| fields.get(number - 3).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
        let seconds = |ticks: u64| ticks as f64 / clock_ticks_per_second() as f64;
        let since_boot = (Monotonic::now() - Monotonic::default()).as_secs_f64();
        Ok(Self {
            cpu: Duration::from_secs_f64(seconds(field(14) + field(15))),
            resident_bytes: field(24) * page_size() as u64,
            // The folder that is being read is one of them.
            open_fds: fs::read_dir("/proc/self/fd")?.count().saturating_sub(1),
            threads: field(20),
            started_unix_seconds: unix_seconds() - (since_boot - seconds(field(22))),
        })
    }
}

/// Another process, which has something open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub name: String,
    pub pid: u32,
}

impl Holder {
    /// The first other process with a descriptor that leads to this. Other users' processes show only to root.
    pub fn of(target: &Path) -> Option<Self> {
        for process in fs::read_dir("/proc").ok()?.flatten() {
            let pid = process.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
            let Some(pid) = pid.filter(|pid| *pid != std::process::id()) else { continue };
            let Ok(mut files) = fs::read_dir(process.path().join("fd")) else { continue };
            if files.any(|file| {
                file.is_ok_and(|file| fs::read_link(file.path()).is_ok_and(|there| there == target))
            }) {
                let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
                return Some(Self { name: name.trim().to_owned(), pid });
            }
        }
        None
    }
}

/// "ustreamer (pid 123)".
impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} (pid {})", self.name, self.pid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_are_those_of_a_process_that_lives() {
        let figures = Figures::read().unwrap();
        assert!(
            figures.resident_bytes > 100_000 && figures.threads > 0 && figures.open_fds > 2,
            "{figures:?}"
        );
        let age = unix_seconds() - figures.started_unix_seconds;
        assert!((-1.0..86_400.0).contains(&age), "{figures:?}");
    }
}
