use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Value};

/// What somebody may do; each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Nothing.
    None,
    /// Watch, and read how the camera is.
    View,
    /// Hand in pictures, where the inbox is the source.
    Push,
    /// Change settings and controls, pause, restart.
    Control,
}

impl Value for Right {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "view, push or control".to_owned()
    }
}

impl FromStr for Right {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        match text {
            "view" => Ok(Self::View),
            "push" => Ok(Self::Push),
            "control" => Ok(Self::Control),
            _ => Err(Self::refuse(format_args!("{text:?} is not known"))),
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::None => "none",
            Self::View => "view",
            Self::Push => "push",
            Self::Control => "control",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_control_may_view() {
        assert!(Right::Control > Right::Push && Right::Push > Right::View && Right::View > Right::None);
        assert_eq!("control".parse(), Ok(Right::Control));
        assert!("none".parse::<Right>().is_err());
    }
}
