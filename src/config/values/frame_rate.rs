use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{Kind, Refused, Value, number_within};

/// Pictures a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameRate(f64);

impl FrameRate {
    /// One picture in 100 seconds: slow enough for any timelapse, and its interval is far from any overflow.
    const LEAST: f64 = 0.01;
    const MOST: f64 = 240.0;

    pub fn per_second(self) -> f64 {
        self.0
    }

    /// The time from one picture to the next.
    pub fn interval(self) -> Duration {
        Duration::from_secs_f64(1.0 / self.0.clamp(Self::LEAST, Self::MOST))
    }
}

impl Default for FrameRate {
    fn default() -> Self {
        Self(30.0)
    }
}

impl Value for FrameRate {
    const KIND: Kind = Kind::Number;

    fn allowed() -> String {
        format!("{} to {}", Self::LEAST, Self::MOST)
    }
}

impl FromStr for FrameRate {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        number_within::<Self>(text, Self::LEAST, Self::MOST).map(Self)
    }
}

impl fmt::Display for FrameRate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What `desired-fps` takes: a frame rate, or 0 for as fast as the camera can, as in ustreamer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DesiredFps(Option<FrameRate>);

impl Value for DesiredFps {
    const KIND: Kind = Kind::Number;

    fn allowed() -> String {
        format!("{}, or 0 for as fast as the camera can", FrameRate::allowed())
    }
}

impl FromStr for DesiredFps {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let fps = number_within::<Self>(text, 0.0, FrameRate::MOST)?;
        if fps == 0.0 {
            return Ok(Self(None));
        }
        number_within::<Self>(text, FrameRate::LEAST, FrameRate::MOST).map(|fps| Self(Some(FrameRate(fps))))
    }
}

impl fmt::Display for DesiredFps {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(0.0, FrameRate::per_second).fmt(formatter)
    }
}

impl From<DesiredFps> for Option<FrameRate> {
    fn from(desired: DesiredFps) -> Self {
        desired.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_of_a_picture_a_second_are_allowed() {
        let rate: FrameRate = "0.5".parse().unwrap();
        assert_eq!(rate.interval(), Duration::from_secs(2));
        assert_eq!("29.97".parse::<FrameRate>().unwrap().to_string(), "29.97");
    }

    #[test]
    fn rates_that_no_clock_can_keep_are_refused() {
        for bad in ["0", "-5", "240.1", "NaN", "inf", "1e-300", "fast", ""] {
            assert!(bad.parse::<FrameRate>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_desired_rate_of_zero_leaves_it_to_the_camera() {
        let parse = |text: &str| text.parse::<DesiredFps>().map(Option::<FrameRate>::from);
        assert_eq!(parse("0"), Ok(None));
        assert_eq!(parse("30"), Ok(Some(FrameRate(30.0))));
        assert!(parse("0.001").is_err());
        assert!(parse("-1").is_err());
    }
}
