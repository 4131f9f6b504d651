use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Value, by_name};

/// Where a push sends frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushTo {
    Http,
    Redis,
    File,
    Command,
}

impl PushTo {
    const ALL: [Self; 4] = [Self::Http, Self::Redis, Self::File, Self::Command];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Redis => "redis",
            Self::File => "file",
            Self::Command => "command",
        }
    }
}

impl Value for PushTo {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "http, redis, file or command".to_owned()
    }
}

impl FromStr for PushTo {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        by_name(&Self::ALL, text)
    }
}

impl fmt::Display for PushTo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
