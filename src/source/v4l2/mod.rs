//! V4L2 cameras: found, opened, agreed with on a format, and streamed from by mmap buffers.

mod buffers;
mod cameras;
mod diagnose;
mod format;
mod stream;
mod sys;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use self::cameras::{Candidate, FormatOffer, list};
pub use self::format::fourcc_name;

use self::format::Agreed;
use self::stream::Stream;
use super::{Grab, Lost, Opened, Source};
use crate::config;
use crate::config::values::{Devices, FrameRate, Resolution};
use crate::picture::Picture;

/// A list of cameras, or all that there are; the first that works is taken.
#[derive(Debug)]
pub struct V4l2 {
    settings: config::V4l2,
    resolution: Resolution,
    desired_fps: Option<FrameRate>,
    stream: Option<Stream>,
}

impl V4l2 {
    pub fn new(settings: &config::Source) -> Self {
        Self {
            settings: settings.v4l2.clone(),
            resolution: settings.resolution,
            desired_fps: settings.desired_fps,
            stream: None,
        }
    }

    fn open_one(&mut self, path: &Path) -> Result<Opened, Lost> {
        let (node, capability) = cameras::open(path)?;
        if let Some(what) = cameras::why_no_camera(&node, &capability) {
            return Err(Lost::NoCamera(format!(
                "{}: {what}, not a camera; `mjpegd devices` lists the cameras",
                path.display()
            )));
        }
        let agreed = format::negotiate(&node, path, self.resolution, self.settings.format, self.desired_fps)?;
        self.stream = Some(Stream::start(node, path, agreed, self.settings.buffers)?);
        let Agreed { format, width, height, fps, .. } = agreed;
        Ok(Opened {
            device: format!("{} ({})", path.display(), capability.card),
            format: format.to_string(),
            width,
            height,
            fps,
        })
    }

    /// The paths to try, in order.
    fn paths(&self) -> Result<Vec<PathBuf>, Lost> {
        match &self.settings.device {
            Devices::Auto => cameras::all(),
            Devices::List(paths) => Ok(paths.clone()),
        }
    }
}

impl Source for V4l2 {
    fn open(&mut self) -> Result<Opened, Lost> {
        let mut failures = Vec::new();
        for path in self.paths()? {
            match self.open_one(&path) {
                Ok(opened) => return Ok(opened),
                Err(lost) => failures.push(lost),
            }
        }
        // The first of a list is the one that the user wants most: it decides how the trouble is called.
        let words = failures.iter().map(Lost::to_string).collect::<Vec<_>>().join("; ");
        Err(match failures.first() {
            Some(Lost::NoSignal(_)) => Lost::NoSignal(words),
            _ => Lost::NoCamera(words),
        })
    }

    fn next(&mut self, wait: Duration, take: &mut dyn FnMut(Picture<'_>)) -> Result<Grab, Lost> {
        match &mut self.stream {
            Some(stream) => stream.next(wait, take),
            None => Err(Lost::NoCamera(format!("{}: not open", self.name()))),
        }
    }

    fn close(&mut self) {
        self.stream = None;
    }

    fn name(&self) -> String {
        match &self.settings.device {
            Devices::Auto => "any camera".into(),
            Devices::List(paths) => {
                paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
            }
        }
    }

    fn stall_after(&self) -> Option<Duration> {
        Some(self.settings.device_timeout)
    }
}
