//! A rate that is not to be exceeded, kept on average and without jitter.

use std::time::Duration;

use crate::clock::Monotonic;

#[derive(Clone, Copy, Debug)]
pub struct Pace {
    interval: Duration,
    due: Monotonic,
}

impl Pace {
    pub fn new(interval: Duration) -> Self {
        Self { interval, due: Monotonic::default() }
    }

    /// Whether it is time for the next one; then the one after it is due an interval later.
    pub fn admits(&mut self, now: Monotonic) -> bool {
        // Pictures never come to the microsecond: a quarter early is on time, and the schedule stays where it was.
        if now + self.interval / 4 < self.due {
            return false;
        }
        // Who was idle starts a new schedule, and does not catch up.
        let scheduled = self.due + self.interval;
        self.due = if scheduled < now { now + self.interval } else { scheduled };
        true
    }

    /// The schedule moves to where a picture would not have had to wait for so long: in small steps, so that the rate is hardly
    /// exceeded meanwhile.
    pub fn hasten(&mut self, waited: Duration) {
        let step = waited.min(self.interval / 16);
        self.due = Monotonic::default() + (self.due - (Monotonic::default() + step));
    }

    /// When `admits` will say yes.
    pub fn next(&self) -> Monotonic {
        Monotonic::default() + (self.due - (Monotonic::default() + self.interval / 4))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(interval_ms: u64, arrivals_us: impl Iterator<Item = u64>) -> usize {
        let mut pace = Pace::new(Duration::from_millis(interval_ms));
        let start = Monotonic::from_boot(Duration::from_secs(1000));
        arrivals_us.filter(|us| pace.admits(start + Duration::from_micros(*us))).count()
    }

    #[test]
    fn a_third_of_thirty_is_ten() {
        let thirty_a_second = (0..300).map(|n| n * 33_333 + (n * 7919) % 4000);
        assert!((99..=101).contains(&admitted(100, thirty_a_second)));
    }

    #[test]
    fn what_comes_slower_all_passes() {
        assert_eq!(admitted(100, (0..50).map(|n| n * 200_000)), 50);
    }

    #[test]
    fn a_schedule_moves_to_a_source_of_its_rate() {
        let interval = Duration::from_millis(32);
        let mut pace = Pace::new(interval);
        let start = Monotonic::from_boot(Duration::from_secs(1000));
        pace.admits(start);
        let mut waited = Vec::new();
        for n in 0..20 {
            // It comes when the schedule has half an interval left.
            let came = start + interval / 2 + interval * n;
            let shown = came.max(pace.next());
            assert!(pace.admits(shown));
            pace.hasten(shown - came);
            waited.push(shown - came);
        }
        assert_eq!(waited[0], interval / 4);
        assert_eq!(waited[19], Duration::ZERO);
        assert!(waited.is_sorted_by(|a, b| a >= b && *a - *b <= interval / 16), "{waited:?}");
    }

    #[test]
    fn a_rest_is_not_caught_up() {
        let after_a_minute = (0..70).map(|n| 60_000_000 + n * 1000);
        assert_eq!(admitted(100, std::iter::once(0).chain(after_a_minute)), 2);
    }
}
