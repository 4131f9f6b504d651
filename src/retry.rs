//! When something that was lost is tried again: a source, or a filter.

use std::time::Duration;

/// Attempts that become rarer do so down to this.
const LONGEST: Duration = Duration::from_secs(30);

/// Lives in a row that came to nothing.
#[derive(Debug, Default)]
pub struct Retry {
    failures: u32,
}

impl Retry {
    /// It does what it is for.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// Whether it has done what it is for since it was lost last.
    pub const fn is_first(&self) -> bool {
        self.failures == 0
    }

    /// It has been lost: for how long to leave it alone.
    pub fn pause(&mut self, shortest: Duration, grows: bool) -> Duration {
        let doublings = if grows { self.failures.min(16) } else { 0 };
        self.failures = self.failures.saturating_add(1);
        shortest.saturating_mul(1 << doublings).min(LONGEST.max(shortest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_until_a_picture_is_shown_where_that_is_wanted() {
        let seconds = Duration::from_secs;
        let mut retry = Retry::default();
        let pauses: Vec<_> = (0..7).map(|_| retry.pause(seconds(1), true).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
        retry.succeeded();
        assert_eq!(retry.pause(seconds(1), true), seconds(1));
        assert_eq!(retry.pause(seconds(1), false), seconds(1));
        assert_eq!(retry.pause(seconds(100), true), seconds(100));
    }
}
