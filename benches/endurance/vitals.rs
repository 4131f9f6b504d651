//! What the daemon takes of its machine: memory, descriptors, threads, processor.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::process::Usage;

#[derive(Clone, Copy, Debug, Default)]
pub struct Vitals {
    pub rss_kib: u64,
    /// Without files and shared memory, in which the camera's buffers lie.
    pub anon_kib: u64,
    pub fds: u64,
    /// Without the test camera's.
    pub threads: u64,
    /// With the test camera's share.
    pub cpu: Duration,
}

impl Vitals {
    pub fn of(pid: u32) -> Result<Self> {
        let usage = Usage::of(pid)?;
        let status = fs::read_to_string(format!("/proc/{pid}/status")).context("the daemon is gone")?;
        let anon = status.lines().find_map(|line| line.strip_prefix("RssAnon:")?.split_whitespace().next());
        Ok(Self {
            rss_kib: usage.rss_kib,
            anon_kib: anon.and_then(|text| text.parse().ok()).context("no RssAnon")?,
            fds: fs::read_dir(format!("/proc/{pid}/fd"))?.count() as u64,
            threads: usage.threads,
            cpu: usage.cpu,
        })
    }
}

/// For how long all of its threads together, and ours, have waited for a processor that somebody else had (`schedstat`, as the
/// kernel's documentation of scheduler statistics has it).
pub fn held_up(pid: u32) -> Duration {
    let delay = |task: fs::DirEntry| -> Option<u64> {
        fs::read_to_string(task.path().join("schedstat")).ok()?.split_whitespace().nth(1)?.parse().ok()
    };
    let tasks = [pid, std::process::id()].map(|pid| fs::read_dir(format!("/proc/{pid}/task")));
    let delays = tasks.into_iter().flatten().flatten().flatten().filter_map(delay);
    Duration::from_nanos(delays.sum())
}
