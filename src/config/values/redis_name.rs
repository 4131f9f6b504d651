use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Value};

const MOST_BYTES: usize = 200;

/// The name of a channel, a key or a stream; empty: none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisName(String);

impl Value for RedisName {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        format!("a name of at most {MOST_BYTES} bytes, or empty for none")
    }
}

impl FromStr for RedisName {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        if text.len() > MOST_BYTES || text.contains(char::is_control) {
            return Err(Self::refuse(format_args!("{text:?} is no name")));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for RedisName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<RedisName> for String {
    fn from(name: RedisName) -> Self {
        name.0
    }
}
