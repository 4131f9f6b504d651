use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Value};

/// An address or name to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host(String);

impl Value for Host {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "addresses or names of this machine".to_owned()
    }
}

impl FromStr for Host {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        // People write IPv6 addresses as in URLs.
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        let odd = |c: char| c.is_whitespace() || c.is_control() || "/[]".contains(c);
        if bare.is_empty() || bare.contains(odd) {
            return Err(Self::refuse(format_args!("{text:?} is no address and no name")));
        }
        Ok(Self(bare.to_owned()))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<Host> for String {
    fn from(host: Host) -> Self {
        host.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_brackets_of_a_url_are_taken_off() {
        for (text, host) in [("[::1]", "::1"), ("0.0.0.0", "0.0.0.0"), ("pi", "pi")] {
            assert_eq!(text.parse::<Host>().unwrap().to_string(), host);
        }
    }

    #[test]
    fn what_no_name_can_be_is_refused() {
        for bad in ["", "[]", "a b", "http://pi", "pi\n"] {
            assert!(bad.parse::<Host>().is_err(), "{bad:?}");
        }
    }
}
