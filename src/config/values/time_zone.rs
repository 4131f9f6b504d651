use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Value};

/// The name of a time zone that this machine knows; empty: the one that it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZoneName(String);

impl Value for TimeZoneName {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "a name such as Europe/Berlin, or empty for the system's".to_owned()
    }
}

impl FromStr for TimeZoneName {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        // The database is files on this machine, and the package tzdata may be missing.
        if !text.is_empty() {
            jiff::tz::TimeZone::get(text).map_err(|_| {
                Self::refuse(format_args!("{text:?} is not in this machine's time zone database"))
            })?;
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for TimeZoneName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl From<TimeZoneName> for Option<String> {
    fn from(name: TimeZoneName) -> Self {
        Some(name.0).filter(|name| !name.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_that_nobody_knows_is_refused() {
        assert!("".parse::<TimeZoneName>().is_ok());
        for bad in ["Mars/Olympus", "../../etc/passwd", "Europe/"] {
            assert!(bad.parse::<TimeZoneName>().is_err(), "{bad}");
        }
    }
}
