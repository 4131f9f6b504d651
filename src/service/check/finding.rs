//! What was found about one thing, in a line.

use std::fmt;

/// "port 8080: in use by ustreamer (pid 123); ...".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    what: String,
    text: String,
    /// Whether mjpegd cannot do its work so.
    pub is_wrong: bool,
}

impl Finding {
    pub fn fine(what: impl Into<String>, text: impl Into<String>) -> Self {
        Self { what: what.into(), text: text.into(), is_wrong: false }
    }

    pub fn wrong(what: impl Into<String>, text: impl Into<String>) -> Self {
        Self { what: what.into(), text: text.into(), is_wrong: true }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.what, self.text)
    }
}
