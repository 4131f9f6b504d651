use std::fmt;

use serde::{Deserialize, Serialize};

/// What a control is set to, in the form in which a file, a flag or a request has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    Switch(bool),
    Number(i64),
    Text(String),
}

impl Value {
    /// The number that it is or says; a switch is 1 or 0.
    pub fn number(&self) -> Option<i64> {
        match self {
            Self::Switch(on) => Some((*on).into()),
            Self::Number(number) => Some(*number),
            Self::Text(text) => parse(text.trim()),
        }
    }
}

/// Decimal, or hexadecimal as bitmasks are written.
pub(super) fn parse(text: &str) -> Option<i64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok()?.try_into().ok(),
        None => text.parse().ok(),
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Switch(on) => on.fmt(formatter),
            Self::Number(number) => number.fmt(formatter),
            Self::Text(text) => formatter.write_str(text),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}
