use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Value, by_name};

/// What people may do who give no password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anonymous {
    /// Whoever can reach us may watch; who comes from this machine or a private network may change things too.
    #[default]
    Home,
    Nothing,
    View,
    Control,
}

impl Anonymous {
    const ALL: [Self; 4] = [Self::Home, Self::Nothing, Self::View, Self::Control];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Nothing => "none",
            Self::View => "view",
            Self::Control => "control",
        }
    }
}

impl Value for Anonymous {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "home, none, view or control".to_owned()
    }
}

impl FromStr for Anonymous {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        by_name(&Self::ALL, text)
    }
}

impl fmt::Display for Anonymous {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_read_as_it_is_written() {
        for one in Anonymous::ALL {
            assert_eq!(one.to_string().parse(), Ok(one));
        }
        assert!("all".parse::<Anonymous>().is_err());
    }
}
