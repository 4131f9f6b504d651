//! One look at the server, its camera and the machine; two of them tell what was spent in between.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::machine::Processors;
use crate::meter::Meter;
use crate::outcome::Outcome;
use crate::process::Usage;

pub struct Look {
    pub when: Instant,
    usage: Usage,
    camera_cpu: Duration,
    camera_pictures: u64,
    processors: Processors,
}

impl Look {
    pub fn at(pid: Option<u32>, meter: Option<&Meter>) -> Result<Self> {
        Ok(Self {
            usage: pid.map(Usage::of).transpose()?.unwrap_or_default(),
            camera_cpu: meter.map(Meter::cpu).transpose()?.unwrap_or_default(),
            camera_pictures: meter.map(Meter::pictures).transpose()?.unwrap_or_default(),
            processors: Processors::now()?,
            when: Instant::now(),
        })
    }

    /// What the looks themselves tell; viewers tell the rest.
    pub fn until(&self, after: &Self) -> Outcome {
        let (before, later) = (&self.usage, &after.usage);
        Outcome {
            seconds: (after.when - self.when).as_secs_f64(),
            stolen: self.processors.stolen_until(&after.processors),
            camera_pictures: after.camera_pictures.saturating_sub(self.camera_pictures),
            cpu_s: later.cpu.saturating_sub(before.cpu).as_secs_f64(),
            camera_cpu_s: after.camera_cpu.saturating_sub(self.camera_cpu).as_secs_f64(),
            rss_kib: later.rss_kib,
            threads: later.threads,
            faults: later.faults.saturating_sub(before.faults),
            switches: later.switches.saturating_sub(before.switches),
            ..Outcome::default()
        }
    }
}
