//! One measuring of one way: started, watched for a while, ended.

use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::frames::Film;
use crate::interrupt;
use crate::machine::Processors;
use crate::process::Usage;
use crate::stamp::{self, Arrival};
use crate::statistics::Quantiles;
use crate::ways::{Running, Way};

/// From the first picture on, until all have settled.
const WARM: Duration = Duration::from_millis(500);
const MEASURED: Duration = Duration::from_millis(1500);

/// What one measuring has found.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Different pictures that came, a second.
    pub fps: f64,
    /// From the camera to the receiver that has all of it.
    pub delay_ms: Quantiles,
    /// Of all processes but the camera, for each picture that came.
    pub cpu_us: f64,
    /// The receiver's part of it.
    pub receiver_cpu_us: f64,
    /// Share of the processors' time that the host of this machine gave to others.
    pub stolen: f64,
}

pub fn measure(way: Way, film: &Film, fps: u64) -> Result<Outcome> {
    let mut running = way.start(film, fps)?;
    let record = running.record();
    running.until("a picture", || std::fs::metadata(&record).is_ok_and(|file| file.len() > 0))?;
    interrupt::sleep(WARM)?;
    let before = Look::at(&running)?;
    interrupt::sleep(MEASURED)?;
    let after = Look::at(&running)?;
    let mut arrivals = firsts(stamp::arrivals(&record));
    arrivals.retain(|arrival| (before.when..after.when).contains(&arrival.received));
    let pictures = arrivals.len() as f64;
    let delays = arrivals.iter().map(Arrival::delay_ms);
    let a_picture = |cpu: fn(&Look) -> Duration| (cpu(&after) - cpu(&before)).as_secs_f64() * 1e6 / pictures;
    Ok(Outcome {
        fps: pictures * 1e9 / (after.when - before.when) as f64,
        delay_ms: Quantiles::of(delays).context("no picture came while it was measured")?,
        cpu_us: a_picture(|look| look.cpu),
        receiver_cpu_us: a_picture(|look| look.receiver_cpu),
        stolen: before.processors.stolen_until(&after.processors),
    })
}

/// Each picture when it came first: a viewer is sent one that nothing follows once more.
pub fn firsts(mut arrivals: Vec<Arrival>) -> Vec<Arrival> {
    arrivals.sort_by_key(|arrival| (arrival.number, arrival.received));
    arrivals.dedup_by_key(|arrival| arrival.number);
    arrivals
}

/// What has been spent by now.
struct Look {
    when: u64,
    processors: Processors,
    cpu: Duration,
    receiver_cpu: Duration,
}

impl Look {
    fn at(running: &Running) -> Result<Self> {
        let mut look = Self {
            when: stamp::now_ns(),
            processors: Processors::now()?,
            cpu: Duration::ZERO,
            receiver_cpu: Duration::ZERO,
        };
        for (role, child) in &running.children {
            let cpu = Usage::of(child.pid()).context(*role)?.cpu;
            look.cpu += cpu;
            if *role == "receiver" {
                look.receiver_cpu += cpu;
            }
        }
        Ok(look)
    }
}
