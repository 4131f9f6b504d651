use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

use super::{Kind, Refused, Value, whole_within};

/// A whole number; the limits are allowed too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole<const LEAST: u32, const MOST: u32>(u32);

impl<const LEAST: u32, const MOST: u32> Value for Whole<LEAST, MOST> {
    const KIND: Kind = Kind::Whole;

    fn allowed() -> String {
        format!("{LEAST} to {MOST}")
    }
}

impl<const LEAST: u32, const MOST: u32> FromStr for Whole<LEAST, MOST> {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        whole_within::<Self>(text, LEAST, MOST).map(Self)
    }
}

impl<const LEAST: u32, const MOST: u32> fmt::Display for Whole<LEAST, MOST> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl<const LEAST: u32, const MOST: u32> From<Whole<LEAST, MOST>> for u32 {
    fn from(whole: Whole<LEAST, MOST>) -> Self {
        whole.0
    }
}

impl<const LEAST: u32, const MOST: u32> From<Whole<LEAST, MOST>> for usize {
    fn from(whole: Whole<LEAST, MOST>) -> Self {
        whole.0 as Self
    }
}

/// Checked when it is compiled: a key whose range has zero in it cannot count threads.
impl<const LEAST: u32, const MOST: u32> From<Whole<LEAST, MOST>> for NonZeroUsize {
    fn from(whole: Whole<LEAST, MOST>) -> Self {
        const { assert!(LEAST > 0) };
        Self::MIN.saturating_add(usize::from(whole) - 1)
    }
}

/// Checked when it is compiled: only a port's range fits.
impl<const LEAST: u32, const MOST: u32> From<Whole<LEAST, MOST>> for u16 {
    fn from(whole: Whole<LEAST, MOST>) -> Self {
        const { assert!(MOST <= Self::MAX as u32) };
        whole.0 as Self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_are_allowed_and_what_is_beyond_is_not() {
        let parse = |text: &str| text.parse::<Whole<2, 32>>();
        assert_eq!(u32::from(parse("2").unwrap()), 2);
        assert_eq!(NonZeroUsize::from(parse("32").unwrap()).get(), 32);
        for bad in ["1", "33", "4294967298", "2.0", "two"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
