use std::fmt;
use std::str::FromStr;

use super::{FrameRate, Kind, Refused, Value, number_within};

/// What `idle-fps` takes: how often a second a camera is looked after that nobody watches, or 0 to stop it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IdleFps(Option<FrameRate>);

impl IdleFps {
    /// Seldom enough to cost nothing, and often enough that a lost camera is noticed before a person notices.
    const LEAST: f64 = 0.1;
    /// More is what watching costs.
    const MOST: f64 = 30.0;
}

impl Value for IdleFps {
    const KIND: Kind = Kind::Number;

    fn allowed() -> String {
        format!("{} to {}, or 0 to stop it", Self::LEAST, Self::MOST)
    }
}

impl FromStr for IdleFps {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        if number_within::<Self>(text, 0.0, Self::MOST)? == 0.0 {
            return Ok(Self(None));
        }
        number_within::<Self>(text, Self::LEAST, Self::MOST)?;
        text.parse().map(|fps| Self(Some(fps)))
    }
}

impl fmt::Display for IdleFps {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(0.0, FrameRate::per_second).fmt(formatter)
    }
}

impl From<IdleFps> for Option<FrameRate> {
    fn from(idle: IdleFps) -> Self {
        idle.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_stops_it_and_the_limits_are_allowed() {
        let parse = |text: &str| text.parse::<IdleFps>().map(Option::<FrameRate>::from);
        assert_eq!(parse("0"), Ok(None));
        for good in ["0.1", "30"] {
            assert!(parse(good).is_ok_and(|fps| fps.is_some()), "{good}");
        }
        for bad in ["0.09", "30.1", "-1", "NaN", "often", ""] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
