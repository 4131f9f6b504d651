//! `[sink]`: frames in shared memory.

use clap::Args;
use serde::Deserialize;

use super::super::settings;
use super::super::values::{FileMode, SinkName, Whole};
use super::set;

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "Shared memory")]
pub struct Sink {
    /// Write frames into this object in /dev/shm too: a file's name of at most 200 bytes that does not begin with a dot, or empty for none, which is the default
    #[arg(id = "sink", long = "sink", value_name = "NAME")]
    pub name: Option<SinkName>,

    /// Who may read it, three octal digits such as 660; only mjpegd may ever write [default: 640]
    #[arg(id = "sink-mode", long = "sink-mode", value_name = "MODE")]
    pub mode: Option<FileMode>,

    /// Frames of more bytes are left out there, 65536 to 33554432 [default: 8388608]
    #[arg(id = "sink-max-bytes", long = "sink-max-bytes", value_name = "N")]
    pub max_bytes: Option<Whole<65_536, 33_554_432>>,
}

impl Sink {
    pub(super) fn apply(self, to: &mut settings::Sink) {
        set(&mut to.name, self.name);
        set(&mut to.mode, self.mode);
        set(&mut to.max_bytes, self.max_bytes);
    }
}
