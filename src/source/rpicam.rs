//! A camera on the Raspberry Pi's ribbon cable, by rpicam-apps, which older systems call libcamera-apps: the camera's own
//! processor makes the JPEGs, and flips what is to be flipped.

use super::Lost;
use super::command::Command;
use super::fed::{Feed, Feeder};
use crate::child;
use crate::config::values::FrameRate;
use crate::config::{Encoder, Source};
use crate::flips::Flips;

pub(super) struct Rpicam {
    /// Without the flips.
    command: Command,
    flips: Flips,
}

impl Rpicam {
    pub(super) fn new(source: &Source, encoder: &Encoder) -> Self {
        let program = ["rpicam-vid", "libcamera-vid"].into_iter().find(|name| child::is_there(name));
        let fps = source.desired_fps.map(FrameRate::per_second);
        let mut words: Vec<String> =
            ["--nopreview", "--timeout", "0", "--codec", "mjpeg", "--flush", "--output", "-"]
                .map(str::to_owned)
                .to_vec();
        words.insert(0, program.unwrap_or("rpicam-vid").to_owned());
        let numbers = [
            ("--camera", Some(f64::from(source.feeds.rpicam.camera))),
            ("--width", Some(f64::from(source.resolution.width))),
            ("--height", Some(f64::from(source.resolution.height))),
            ("--framerate", fps),
            ("--quality", Some(f64::from(encoder.quality.get()))),
        ];
        for (option, number) in numbers {
            words.extend(number.into_iter().flat_map(|number| [option.to_owned(), number.to_string()]));
        }
        words.extend(source.feeds.rpicam.options.iter().cloned());
        let missing = "`sudo apt install rpicam-apps-lite` on Raspberry Pi OS";
        Self { command: Command { words, fps, missing }, flips: Flips::NONE }
    }
}

impl Feeder for Rpicam {
    fn name(&self) -> String {
        self.command.name()
    }

    fn start(&mut self) -> Result<Feed, Lost> {
        let mut command = self.command.clone();
        let flips = [(self.flips.horizontal, "--hflip"), (self.flips.vertical, "--vflip")];
        command.words.extend(flips.iter().filter(|(wanted, _)| *wanted).map(|(_, word)| (*word).to_owned()));
        Ok(Feed { flipped: self.flips, ..command.start()? })
    }

    fn ask_for(&mut self, flips: Flips) -> bool {
        std::mem::replace(&mut self.flips, flips) != flips
    }
}
