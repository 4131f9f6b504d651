use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Value, by_name};

/// How pictures are written to a filter: with their lengths before them, or one after the other with nothing between them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FilterFormat {
    #[default]
    Multipart,
    Jpeg,
}

impl Value for FilterFormat {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "multipart or jpeg".to_owned()
    }
}

impl FromStr for FilterFormat {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        by_name(&[Self::Multipart, Self::Jpeg], text)
    }
}

impl fmt::Display for FilterFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Multipart => "multipart",
            Self::Jpeg => "jpeg",
        })
    }
}
