use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Value, by_name};

/// Where in the picture something stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Corner {
    #[default]
    TopLeft,
    TopRight,
    BottomLeft,
    BottomRight,
}

impl Corner {
    pub const ALL: [Self; 4] = [Self::TopLeft, Self::TopRight, Self::BottomLeft, Self::BottomRight];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TopLeft => "top-left",
            Self::TopRight => "top-right",
            Self::BottomLeft => "bottom-left",
            Self::BottomRight => "bottom-right",
        }
    }

    pub const fn is_right(self) -> bool {
        matches!(self, Self::TopRight | Self::BottomRight)
    }

    pub const fn is_bottom(self) -> bool {
        matches!(self, Self::BottomLeft | Self::BottomRight)
    }
}

impl Value for Corner {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "top-left, top-right, bottom-left or bottom-right".to_owned()
    }
}

impl FromStr for Corner {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        by_name(&Self::ALL, text)
    }
}

impl fmt::Display for Corner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_corner_is_found_by_its_name_and_named_in_a_refusal() {
        for corner in Corner::ALL {
            assert_eq!(corner.to_string().parse(), Ok(corner));
            assert!(Corner::allowed().contains(corner.as_str()));
        }
        assert!("top".parse::<Corner>().is_err());
    }
}
