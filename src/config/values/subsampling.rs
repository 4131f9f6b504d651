use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Value};

/// How much colour an encoded JPEG keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Subsampling {
    /// 4:2:0: half the colour in both directions.
    #[default]
    Yuv420,
    /// 4:2:2: half the colour in a line.
    Yuv422,
}

impl Value for Subsampling {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "4:2:0 or 4:2:2".to_owned()
    }
}

impl FromStr for Subsampling {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        match text {
            "4:2:0" | "420" => Ok(Self::Yuv420),
            "4:2:2" | "422" => Ok(Self::Yuv422),
            _ => Err(Self::refuse(format_args!("{text:?} is not known"))),
        }
    }
}

impl fmt::Display for Subsampling {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Yuv420 => "4:2:0",
            Self::Yuv422 => "4:2:2",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colons_may_be_left_out() {
        assert_eq!("420".parse(), Ok(Subsampling::Yuv420));
        assert_eq!("422".parse::<Subsampling>().unwrap().to_string(), "4:2:2");
        assert!("4:4:4".parse::<Subsampling>().is_err());
    }
}
