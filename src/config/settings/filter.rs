//! An outside program between the camera and the viewers. Whoever may change settings may not choose what programs are started, so
//! none of it is changed while the daemon runs.

use std::time::Duration;

use super::super::values::{FilterFormat, OnFailure};

#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// Program and arguments; empty: there is none.
    pub command: Vec<String>,
    /// How pictures are written to it.
    pub format: FilterFormat,
    /// Without an answer for so long it hangs.
    pub timeout: Duration,
    pub on_failure: OnFailure,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            command: Vec::new(),
            format: FilterFormat::default(),
            timeout: Duration::from_secs(10),
            on_failure: OnFailure::default(),
        }
    }
}
