//! Many cameras through one Redis server into one hub, where each has an mjpegd: what it costs, and where it ends.

mod cameras;
mod hub;
mod viewers;

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use clap::Args;

pub use self::cameras::Cameras;
use self::hub::{Hub, Stage};
pub use self::viewers::Viewers;
use crate::frames;
use crate::machine;
use crate::statistics::number;

const SIZE: (u32, u32) = (1280, 720);
/// Pictures a second of each camera, and of the whole fleet in the name of the stage that it ends at.
const RATES: [u64; 7] = [1, 5, 10, 15, 20, 30, 60];
/// How many are watched where not all are.
const FEW: usize = 5;
/// The rate at which few watch, and nobody.
const USUAL: u64 = 5;

#[derive(Args)]
pub struct Fleet {
    #[arg(long, default_value_t = 50)]
    cameras: usize,
}

impl Fleet {
    /// Raises the rate until it ends. A table, for docs/fleet.md.
    pub fn run(&self, folder: &Path) -> Result<String> {
        let film = frames::make(&folder.join("film"), SIZE)?;
        let mut text = String::new();
        for line in machine::describe() {
            writeln!(text, "- {line}")?;
        }
        let hub = Hub::start(self.cameras, folder)?;
        writeln!(
            text,
            "- memory of an mjpegd before it was ever watched: {} MB\n",
            number(hub.memory_mb()?.each)
        )?;
        text.push_str(Stage::HEAD);
        for watched in [0, FEW.min(self.cameras)] {
            text.push_str(&hub.stage(&film, USUAL, watched)?.line());
        }
        for rate in RATES {
            let stage = hub.stage(&film, rate, self.cameras)?;
            text.push_str(&stage.line());
            if stage.is_over() {
                break;
            }
        }
        Ok(text)
    }
}
