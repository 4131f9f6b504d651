//! What one measuring has found.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::statistics::Quantiles;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Outcome {
    pub seconds: f64,
    /// Share of the processors' time that the host of this machine gave to others.
    pub stolen: f64,
    /// How many pictures the camera took.
    pub camera_pictures: u64,
    /// Pictures that all viewers got, together.
    pub delivered: u64,
    /// Different pictures that each fast viewer got, of those viewers that can tell.
    pub distinct: Spread,
    /// From the camera to the viewer's last byte.
    pub age_ms: Option<Quantiles>,
    pub slow_age_ms: Option<Quantiles>,
    /// The film began anew while pictures were on their way: they are at least so old.
    pub ages_are_bounds: bool,
    /// What a slow viewer has read, in bytes a second.
    pub slow_rate: f64,
    /// From the camera's buffer to the slot; mjpegd alone says it.
    pub publish_ms: Option<Quantiles>,
    /// What the first viewer got first.
    pub first: Option<First>,
    /// From the start of the process to the first byte of the first picture.
    pub start_ms: Option<f64>,
    pub picture_bytes: f64,
    pub cpu_s: f64,
    /// The part of it that the test camera used, inside the server's process.
    pub camera_cpu_s: f64,
    pub rss_kib: u64,
    pub threads: u64,
    pub faults: u64,
    pub switches: u64,
    /// Viewers whose connection the server has closed.
    pub lost_viewers: u64,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub struct Spread {
    pub min: u64,
    pub median: u64,
    pub max: u64,
}

/// The first picture whose age is known.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct First {
    /// From connecting.
    pub after_ms: f64,
    pub age_ms: f64,
}

impl Outcome {
    /// How much was in the way of a fair measuring, from 0 to 1: time that was stolen, or a camera that did not keep its
    /// rate. Where nobody watched, it may rest.
    pub fn disturbance(&self, fps: u32) -> f64 {
        let due = self.seconds * f64::from(fps);
        let late = if self.delivered > 0 { 1.0 - self.camera_pictures as f64 / due } else { 0.0 };
        self.stolen.max(late)
    }

    /// What somebody has lost who got so many different pictures; one on its way when the measuring begins or ends
    /// makes a difference of one.
    pub fn lost(&self, distinct: u64) -> f64 {
        self.camera_pictures.saturating_sub(distinct) as f64
    }

    pub fn rss_mb(&self) -> f64 {
        (self.rss_kib * 1024) as f64 / 1e6
    }

    /// The server's own, without the camera in it.
    pub fn cpu(&self) -> Duration {
        Duration::from_secs_f64((self.cpu_s - self.camera_cpu_s).max(0.0))
    }

    pub fn cpu_us_per_frame(&self) -> f64 {
        self.cpu().as_secs_f64() * 1e6 / self.delivered.max(1) as f64
    }

    /// Of a count over the measuring.
    pub fn a_second(&self, count: u64) -> Option<f64> {
        Some(count as f64 / self.seconds)
    }

    pub fn cpu_percent(&self) -> f64 {
        self.cpu().as_secs_f64() * 100.0 / self.seconds
    }
}

impl Spread {
    pub fn of(values: impl Iterator<Item = u64>) -> Self {
        let mut values: Vec<u64> = values.collect();
        values.sort_unstable();
        let (Some(min), Some(max)) = (values.first(), values.last()) else { return Self::default() };
        Self { min: *min, median: values[values.len() / 2], max: *max }
    }
}
