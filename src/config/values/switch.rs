use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Value};

/// On or off. A `bool` by itself could not say what is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switch(bool);

impl Value for Switch {
    const KIND: Kind = Kind::Switch;

    fn allowed() -> String {
        "true or false".to_owned()
    }
}

impl FromStr for Switch {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        text.parse().map(Self).map_err(|_| Self::refuse(format_args!("{text:?} is not a boolean")))
    }
}

impl fmt::Display for Switch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl From<Switch> for bool {
    fn from(switch: Switch) -> Self {
        switch.0
    }
}
