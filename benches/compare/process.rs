//! What a process has used, from /proc.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Of all threads that live, to the nanosecond.
    pub cpu: Duration,
    pub rss_kib: u64,
    /// Without the test camera's, as the next.
    pub threads: u64,
    /// Page faults, minor and major.
    pub faults: u64,
    /// How often a thread gave the processor up by itself, which is how often it was woken.
    pub switches: u64,
}

/// How the test camera names its thread; what that spends is in its meter.
const CAMERA: &str = "fakecam";

impl Usage {
    pub fn of(pid: u32) -> Result<Self> {
        let root = PathBuf::from(format!("/proc/{pid}"));
        let read = |path: PathBuf| {
            fs::read_to_string(&path).with_context(|| format!("{}: the server is gone", path.display()))
        };
        let mut usage = Self { faults: faults(&read(root.join("stat"))?), ..Self::default() };
        // One that has ended, and that nobody has waited for, still has files here, but no memory.
        usage.rss_kib = field(&read(root.join("status"))?, "VmRSS:").context("the server has ended")?;
        for thread in fs::read_dir(root.join("task"))? {
            let thread = thread?.path();
            // A thread may end between the two.
            let (Ok(schedule), Ok(status)) = (read(thread.join("schedstat")), read(thread.join("status")))
            else {
                continue;
            };
            let nanoseconds = schedule.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(0);
            usage.cpu += Duration::from_nanos(nanoseconds);
            if status.lines().next().is_none_or(|line| !line.ends_with(CAMERA)) {
                usage.switches += field(&status, "voluntary_ctxt_switches:").unwrap_or(0);
                usage.threads += 1;
            }
        }
        ensure!(!usage.cpu.is_zero(), "this kernel does not tell processor times (schedstat)");
        Ok(usage)
    }
}

/// The number behind a name, as /proc/PID/status has them.
fn field(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name));
    value.and_then(|value| value.split_whitespace().next()?.parse().ok())
}

/// Fields 10 and 12 of proc(5)'s stat; the name in field 2 may hold blanks.
fn faults(stat: &str) -> u64 {
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let numbers: Vec<u64> = after_name.split_whitespace().map(|text| text.parse().unwrap_or(0)).collect();
    numbers.get(7).unwrap_or(&0) + numbers.get(9).unwrap_or(&0)
}
