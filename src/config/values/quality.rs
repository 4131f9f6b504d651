use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Value, whole_within};

/// JPEG quality, 1 (worst) to 100 (best).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quality(u8);

impl Quality {
    pub fn get(self) -> u8 {
        self.0
    }
}

/// 80 is what ustreamer and mjpg-streamer take too.
impl Default for Quality {
    fn default() -> Self {
        Self(80)
    }
}

impl Value for Quality {
    const KIND: Kind = Kind::Whole;

    fn allowed() -> String {
        "1 to 100".to_owned()
    }
}

impl FromStr for Quality {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        whole_within::<Self>(text, 1, 100).map(|quality| Self(quality as u8))
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_goes_from_1_to_100() {
        for good in ["1", "80", "100"] {
            assert_eq!(good.parse::<Quality>().unwrap().to_string(), good);
        }
        for bad in ["0", "101", "256", "-1", "8.5", "", "high"] {
            assert!(bad.parse::<Quality>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_refusal_says_what_is_wrong_and_what_is_allowed() {
        let refusal = |text: &str| text.parse::<Quality>().unwrap_err().to_string();
        assert_eq!(refusal("0"), "0 is out of range; allowed: 1 to 100");
        assert_eq!(
            refusal("99999999999999999999"),
            "99999999999999999999 is out of range; allowed: 1 to 100"
        );
        assert_eq!(refusal("high"), "\"high\" is not a whole number; allowed: 1 to 100");
    }
}
