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
