use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{Kind, Refused, Value, number_within};

/// A time in seconds, fractions allowed. The limits are in milliseconds, and allowed too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds<const LEAST: u32, const MOST: u32>(Duration);

impl<const LEAST: u32, const MOST: u32> Seconds<LEAST, MOST> {
    const LIMITS: (f64, f64) = (LEAST as f64 / 1e3, MOST as f64 / 1e3);

    /// For the keys in which 0 means that it never happens.
    pub fn or_never(self) -> Option<Duration> {
        (!self.0.is_zero()).then_some(self.0)
    }
}

impl<const LEAST: u32, const MOST: u32> Value for Seconds<LEAST, MOST> {
    const KIND: Kind = Kind::Number;

    fn allowed() -> String {
        let (least, most) = Self::LIMITS;
        format!("{least} to {most} seconds")
    }
}

impl<const LEAST: u32, const MOST: u32> FromStr for Seconds<LEAST, MOST> {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let (least, most) = Self::LIMITS;
        let seconds = number_within::<Self>(text, least, most)?;
        // Cannot fail within any limits that fit the type; the guard is against a panic, not against a person.
        Duration::try_from_secs_f64(seconds).map(Self).map_err(Self::refuse)
    }
}

impl<const LEAST: u32, const MOST: u32> fmt::Display for Seconds<LEAST, MOST> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_secs_f64().fmt(formatter)
    }
}

impl<const LEAST: u32, const MOST: u32> From<Seconds<LEAST, MOST>> for Duration {
    fn from(seconds: Seconds<LEAST, MOST>) -> Self {
        seconds.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Timeout = Seconds<100, 60_000>;

    #[test]
    fn fractions_of_a_second_are_kept() {
        let timeout: Timeout = "2.5".parse().unwrap();
        assert_eq!(Duration::from(timeout), Duration::from_millis(2500));
        assert_eq!(timeout.to_string(), "2.5");
    }

    #[test]
    fn the_limits_are_allowed_and_what_is_beyond_is_not() {
        assert_eq!(Timeout::allowed(), "0.1 to 60 seconds");
        for good in ["0.1", "60", "1e1"] {
            assert!(good.parse::<Timeout>().is_ok(), "{good}");
        }
        for bad in ["0.09", "60.001", "-1", "inf", "NaN", "1e300", "10s", ""] {
            assert!(bad.parse::<Timeout>().is_err(), "{bad}");
        }
    }

    #[test]
    fn zero_seconds_can_mean_never() {
        let parse = |text: &str| text.parse::<Seconds<0, 86_400_000>>().unwrap();
        assert_eq!(parse("0").or_never(), None);
        assert_eq!(parse("-0.0").or_never(), None);
        assert_eq!(parse("10").or_never(), Some(Duration::from_secs(10)));
    }
}
