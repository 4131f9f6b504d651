//! Monotonic time as the kernel counts it, so that a driver's timestamps and ours compare.
//!
//! `std::time::Instant` reads the same clock but does not say its value; V4L2 buffers carry it, and ustreamer's
//! `X-UStreamer-*` headers show it. Wall time stands only where a person reads it: `unix_seconds`.

use std::ops::{Add, Sub};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

/// A moment on `CLOCK_MONOTONIC`, to the nanosecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Monotonic(Duration);

impl Monotonic {
    pub fn now() -> Self {
        let time = clock_gettime(ClockId::Monotonic);
        // The kernel's monotonic clock starts at boot and its nanoseconds are below 10^9.
        Self(Duration::new(time.tv_sec as u64, time.tv_nsec as u32))
    }

    /// The moment that a driver wrote as a duration since boot.
    pub const fn from_boot(since_boot: Duration) -> Self {
        Self(since_boot)
    }

    /// How long ago this was; zero for the future.
    pub fn age(self) -> Duration {
        Self::now() - self
    }

    pub fn as_secs_f64(self) -> f64 {
        self.0.as_secs_f64()
    }
}

impl Add<Duration> for Monotonic {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

/// Saturates at zero: a later moment is no time ago.
impl Sub for Monotonic {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// Wall-clock seconds since 1970, for `X-Timestamp`. Zero while the clock of a board without a battery is before that.
pub fn unix_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |elapsed| elapsed.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_in_the_future_has_no_age() {
        assert_eq!((Monotonic::now() + Duration::from_secs(60)).age(), Duration::ZERO);
    }

    #[test]
    fn it_counts_on_the_clock_that_the_kernel_stamps_buffers_with() {
        let uptime: f64 =
            std::fs::read_to_string("/proc/uptime").unwrap().split(' ').next().unwrap().parse().unwrap();
        // /proc/uptime also counts suspend, so it is never behind by more than its own rounding.
        assert!(Monotonic::now().as_secs_f64() <= uptime + 1.0);
    }
}
