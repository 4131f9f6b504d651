//! `[filter]`: a program between the camera and the viewers.

use clap::Args;
use serde::Deserialize;

use super::super::settings;
use super::super::values::{FilterFormat, OnFailure, Seconds, Words};
use super::set;

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "Filter (a program between the camera and the viewers)")]
pub struct Filter {
    /// The program that gets each picture and answers with another one: words as in a shell, or empty for none
    #[arg(id = "filter-command", long = "filter", value_name = "WORDS")]
    pub command: Option<Words>,

    /// How pictures are written to it, multipart or jpeg [default: multipart]
    #[arg(id = "filter-format", long = "filter-format", value_name = "FORMAT")]
    pub format: Option<FilterFormat>,

    /// Without an answer for so long it is replaced, 0.5 to 3600 seconds [default: 10]
    #[arg(id = "filter-timeout", long = "filter-timeout", value_name = "SECONDS")]
    pub timeout: Option<Seconds<500, 3_600_000>>,

    /// What viewers see meanwhile, the picture as it is or marked: pass or mark [default: pass]
    #[arg(id = "filter-on-failure", long = "filter-on-failure", value_name = "WHAT")]
    pub on_failure: Option<OnFailure>,
}

impl Filter {
    pub(super) fn apply(self, to: &mut settings::Filter) {
        set(&mut to.command, self.command);
        set(&mut to.format, self.format);
        set(&mut to.timeout, self.timeout);
        set(&mut to.on_failure, self.on_failure);
    }
}
