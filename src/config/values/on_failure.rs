use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Value, by_name};

/// What viewers see while there is no filter: the picture as it is, or with a mark on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    #[default]
    Pass,
    Mark,
}

impl Value for OnFailure {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "pass or mark".to_owned()
    }
}

impl FromStr for OnFailure {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        by_name(&[Self::Pass, Self::Mark], text)
    }
}

impl fmt::Display for OnFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Pass => "pass",
            Self::Mark => "mark",
        })
    }
}
