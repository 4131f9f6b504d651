//! What a process has used, from /proc.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rustix::param::clock_ticks_per_second;

#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Of all threads that live, to the nanosecond; where others have ended, of those too, to the kernel's tick.
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
        let stat = read(root.join("stat"))?;
        let (minor, major) = (number_in(&stat, 10), number_in(&stat, 12));
        let mut usage = Self { faults: minor + major, ..Self::default() };
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
        let ticks = number_in(&stat, 14) + number_in(&stat, 15);
        let with_ended = Duration::from_secs(ticks) / u32::try_from(clock_ticks_per_second())?;
        usage.cpu = usage.cpu.max(with_ended);
        ensure!(!usage.cpu.is_zero(), "this kernel does not tell processor times (schedstat)");
        Ok(usage)
    }
}

/// The number behind a name, as /proc/PID/status has them.
fn field(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name));
    value.and_then(|value| value.split_whitespace().next()?.parse().ok())
}

/// A field of proc(5)'s stat by its number there; the name in field 2 may hold blanks.
fn number_in(stat: &str, field: usize) -> u64 {
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    after_name.split_whitespace().nth(field - 3).and_then(|text| text.parse().ok()).unwrap_or(0)
}
