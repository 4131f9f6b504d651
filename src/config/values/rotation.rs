use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Value};

/// How far the picture is turned, clockwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rotation {
    #[default]
    Zero,
    Quarter,
    Half,
    ThreeQuarters,
}

impl Rotation {
    const ALL: [Self; 4] = [Self::Zero, Self::Quarter, Self::Half, Self::ThreeQuarters];

    pub const fn degrees(self) -> u32 {
        match self {
            Self::Zero => 0,
            Self::Quarter => 90,
            Self::Half => 180,
            Self::ThreeQuarters => 270,
        }
    }
}

impl Value for Rotation {
    const KIND: Kind = Kind::Whole;

    fn allowed() -> String {
        "0, 90, 180 or 270".to_owned()
    }
}

impl FromStr for Rotation {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        Self::ALL
            .into_iter()
            .find(|rotation| rotation.to_string() == text)
            .ok_or_else(|| Self::refuse(format_args!("{text} is none of them")))
    }
}

impl fmt::Display for Rotation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.degrees().fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_of_a_turn_are_read_and_nothing_else() {
        for rotation in Rotation::ALL {
            assert_eq!(rotation.to_string().parse(), Ok(rotation));
            assert!(Rotation::allowed().contains(&rotation.to_string()));
        }
        for bad in ["", "45", "-90", "360", "90.0", "090"] {
            assert!(bad.parse::<Rotation>().is_err(), "{bad}");
        }
    }
}
