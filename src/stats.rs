//! Counters. Every frame that is not shown is counted under the reason why.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Monotonic;

/// Counts up, from any thread.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A measured value that goes up and down.
#[derive(Debug, Default)]
pub struct Gauge(AtomicU64);

impl Gauge {
    pub fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }

    pub fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }
}

/// How often a time was how long: counts by upper limit, as Prometheus has them.
#[derive(Debug, Default)]
pub struct Histogram {
    counts: [Counter; Self::LIMITS_MICROS.len() + 1],
    sum_micros: Counter,
}

impl Histogram {
    /// From a passed-through picture's copy to a picture that is seen to be late.
    const LIMITS_MICROS: [u64; 10] =
        [500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000, 1_000_000];

    pub fn record(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let bucket = Self::LIMITS_MICROS.iter().position(|limit| micros <= *limit);
        if let Some(counter) = self.counts.get(bucket.unwrap_or(Self::LIMITS_MICROS.len())) {
            counter.add(1);
        }
        self.sum_micros.add(micros);
    }

    /// Each bucket's upper limit, and how many times fell into it and no lower one; the last has no limit.
    pub fn buckets(&self) -> impl Iterator<Item = (Option<Duration>, u64)> {
        let limits = Self::LIMITS_MICROS.map(|limit| Some(Duration::from_micros(limit)));
        limits.into_iter().chain([None]).zip(self.counts.iter().map(Counter::get))
    }

    pub fn sum(&self) -> Duration {
        Duration::from_micros(self.sum_micros.get())
    }
}

/// Counts events into a rate a second, over the last whole second or so.
#[derive(Clone, Copy, Debug, Default)]
pub struct RateMeter {
    begun: Monotonic,
    count: u32,
    per_second: f64,
}

impl RateMeter {
    pub fn tick(&mut self, now: Monotonic) {
        self.count += 1;
        let elapsed = now - self.begun;
        if elapsed >= Duration::from_secs(1) {
            // After a pause the count says nothing about the time before it.
            let paused = elapsed > Duration::from_secs(3) && self.count == 1;
            self.per_second = if paused { 0.0 } else { f64::from(self.count) / elapsed.as_secs_f64() };
            self.begun = now;
            self.count = 0;
        }
    }

    /// Zero when nothing has come for a while.
    pub fn per_second(&self, now: Monotonic) -> f64 {
        if now - self.begun > Duration::from_secs(3) { 0.0 } else { self.per_second }
    }
}

/// What the daemon has done since its start.
#[derive(Debug, Default)]
pub struct Stats {
    /// Pictures that the source gave us.
    pub captured: Counter,
    /// Pictures that the driver numbered but we never saw: gaps in its sequence.
    pub lost: Counter,
    /// Buffers that the driver itself marked as broken (`V4L2_BUF_FLAG_ERROR`).
    pub dropped_error: Counter,
    /// JPEGs that ended too early, empty ones among them.
    pub dropped_truncated: Counter,
    /// JPEGs that no decoder could read, and raw pictures of the wrong size.
    pub dropped_invalid: Counter,
    /// Raw pictures that no encoder had time for.
    pub dropped_late: Counter,
    /// Pictures equal to the one that was shown already (`drop-same-frames`).
    pub dropped_same: Counter,
    /// Pictures a second that the source gives now.
    pub captured_fps: Gauge,
    /// For how long the source has given the very same picture.
    pub same_seconds: Gauge,
    /// From the begin of compressing a picture to its end.
    pub encode: Histogram,
    /// From the camera to the slot.
    pub publish_age: Histogram,
    /// Times that a camera was opened.
    pub opened: Counter,
    /// Frames sent whole, over all viewers.
    pub delivered: Counter,
    /// Frames that a viewer was too slow for, over all viewers.
    pub skipped: Counter,
    /// Frames that other programs could have out of shared memory.
    pub sink_written: Counter,
    /// Frames that had no room there.
    pub sink_dropped: Counter,
    /// Bytes of answers and streams sent to viewers.
    pub sent_bytes: Counter,
}

impl Stats {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_counted_once_and_under_its_limit() {
        let histogram = Histogram::default();
        for micros in [1, 500, 501, 999_999, 5_000_000] {
            histogram.record(Duration::from_micros(micros));
        }
        let counts: Vec<_> = histogram.buckets().map(|(_, count)| count).collect();
        assert_eq!(counts, [2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
        assert_eq!(histogram.buckets().last().unwrap().0, None);
        assert_eq!(histogram.sum(), Duration::from_micros(6_001_001));
    }

    #[test]
    fn a_rate_is_measured_and_forgotten() {
        let mut meter = RateMeter::default();
        let at = |millis| Monotonic::from_boot(Duration::from_secs(50)) + Duration::from_millis(millis);
        (0..=60).for_each(|n| meter.tick(at(n * 40)));
        assert!((24.0..=26.5).contains(&meter.per_second(at(2400))), "{meter:?}");
        assert_eq!(meter.per_second(at(9000)), 0.0);
    }
}
