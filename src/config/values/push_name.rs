use std::str::FromStr;

use super::{Kind, Refused, Value};

const MOST_LETTERS: usize = 40;

/// What a push is called in addresses, in the log and in metrics: no letter of it needs an escape anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushName(String);

impl Value for PushName {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        format!("1 to {MOST_LETTERS} of the letters a-z, A-Z, 0-9, - and _")
    }
}

impl FromStr for PushName {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let fits = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_');
        match !text.is_empty() && text.len() <= MOST_LETTERS && text.bytes().all(fits) {
            true => Ok(Self(text.to_owned())),
            false => Err(Self::refuse(format_args!("{text:?} is no name"))),
        }
    }
}

impl From<PushName> for String {
    fn from(name: PushName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_needs_no_escape_anywhere() {
        assert!("garage-2_north".parse::<PushName>().is_ok());
        let long = "x".repeat(MOST_LETTERS + 1);
        for bad in ["", "a b", "a/b", "a\"b", "\u{e9}", &long] {
            assert!(bad.parse::<PushName>().is_err(), "{bad}");
        }
    }
}
