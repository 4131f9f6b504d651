//! Where pictures come from. A source knows nothing of JPEG repair, viewers or timing beyond its own device.

pub mod v4l2;

pub mod pattern;

mod test_card;

pub mod slideshow;

pub mod slide;

mod fed;

mod command;

mod rpicam;

mod rtsp;

mod raw;

mod pull;

mod redis;

mod inbox;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

pub use self::fed::LONGEST_PICTURE;

use self::command::Command;
use self::fed::Fed;
use self::inbox::Inbox;
use self::pull::Pull;
use self::redis::Redis;
use self::rpicam::Rpicam;
use self::rtsp::Rtsp;
use crate::config::Settings;
use crate::config::values::SourceName;
use crate::controls::Panel;
use crate::flips::Flips;
use crate::mailbox::Mailbox;
use crate::picture::Picture;

/// The source that the settings name, with its controls on the panel.
pub fn new(settings: &Settings, panel: &Arc<Panel>, inbox: &Arc<Mailbox>) -> Box<dyn Source> {
    let source = &settings.source;
    // A camera attaches its own.
    panel.attach(None, Vec::new());
    let mut made: Box<dyn Source> = match source.name {
        SourceName::V4l2 => Box::new(v4l2::V4l2::new(source, panel)),
        SourceName::Pattern => Box::new(pattern::Pattern::new(source.resolution, source.desired_fps)),
        SourceName::Slideshow => {
            // The settings have been checked for it; without one the source says that there is no such folder.
            let folder = source.slideshow.folder.clone().unwrap_or_default();
            Box::new(slideshow::Slideshow::new(folder, source.slideshow.interval))
        }
        SourceName::Inbox => Box::new(Inbox::new(inbox, source)),
        name => fed(name, settings),
    };
    made.ask_for(settings.image.flips());
    made
}

/// One whose pictures others bring. The settings have been checked for what it needs.
fn fed(name: SourceName, settings: &Settings) -> Box<dyn Source> {
    let source = &settings.source;
    let feeds = &source.feeds;
    match name {
        SourceName::Rpicam => Box::new(Fed::new(Rpicam::new(source, &settings.encoder), source)),
        SourceName::Rtsp => Box::new(Fed::new(Rtsp::new(&feeds.rtsp), source)),
        SourceName::Pull => Box::new(Fed::new(Pull::new(&feeds.pull, source.timeout), source)),
        SourceName::Redis => Box::new(Fed::new(Redis::new(&feeds.redis), source)),
        _ => Box::new(Fed::new(Command::new(&feeds.command), source)),
    }
}

/// A place that pictures come from: opened when somebody watches, closed when nobody does.
pub trait Source: Send {
    /// Makes it ready to give pictures, and says what it is in words for the log and the page.
    fn open(&mut self) -> Result<Opened, Lost>;

    /// Waits for the next picture for at most `wait`, and lets `take` copy it; the memory is the camera's again when
    /// `take` has returned.
    fn next(&mut self, wait: Duration, take: &mut dyn FnMut(Picture<'_>)) -> Result<Grab, Lost>;

    /// Stops and releases the device. Called before each `open`, and at the end; does nothing twice.
    fn close(&mut self);

    /// How pictures are to be flipped, if the device can do so itself; [`Opened::flipped`] says what it does of that. True: it
    /// has to be opened anew for it.
    fn ask_for(&mut self, _flips: Flips) -> bool {
        false
    }

    /// What it is called when it is not open: "/dev/video0", "pattern".
    fn name(&self) -> String;

    /// Whether it keeps to the rate that is wanted, so that nothing need be thrown away behind it.
    fn is_paced(&self) -> bool {
        false
    }

    /// Whether attempts to open it are to become rarer: they cost something, or trouble somebody else.
    fn pauses_grow(&self) -> bool {
        false
    }

    /// For how long `next` may give nothing before the source counts as stalled; `None`: it cannot stall.
    fn stall_after(&self) -> Option<Duration>;
}

/// What an opened source delivers.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// "/dev/video0 (HD Pro Webcam C920)".
    pub device: String,
    /// "MJPEG".
    pub format: String,
    /// Width and height, where the source knows them before its first picture.
    pub size: Option<(u32, u32)>,
    /// Pictures a second, where the source knows.
    pub fps: Option<f64>,
    /// What the device does itself of the flips that it was asked for.
    pub flipped: Flips,
}

impl Opened {
    /// Between two pictures, where the source knows.
    pub fn interval(&self) -> Option<Duration> {
        self.fps.and_then(|fps| Duration::try_from_secs_f64(1.0 / fps).ok())
    }
}

/// "/dev/video0 (HD Pro Webcam C920): MJPEG 1280x720 at 30/s", and where it flips them ", flipped vertically by the camera".
impl fmt::Display for Opened {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { device, format, size, fps, flipped } = self;
        write!(formatter, "{device}: {format}")?;
        if let Some((width, height)) = size {
            write!(formatter, " {width}x{height}")?;
        }
        // Two digits are enough for 29.97, and 30 needs none.
        fps.map_or(Ok(()), |fps| write!(formatter, " at {}/s", (fps * 100.0).round() / 100.0))?;
        match *flipped {
            Flips::NONE => Ok(()),
            flipped => write!(formatter, ", {flipped} by the camera"),
        }
    }
}

/// What one call of [`Source::next`] brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grab {
    /// A picture was taken. `lost` more were made by the device since the last one, and never reached us.
    Picture { lost: u64 },
    /// The device said itself that the picture is broken.
    Broken { lost: u64 },
    /// Nothing within the time.
    Nothing,
}

/// The device is gone, or will not work: close, and open again later. The text says what is wrong and what to do.
#[derive(Clone, Debug, Error)]
pub enum Lost {
    /// There is no such device, or it went away.
    #[error("{0}")]
    NoCamera(String),
    /// The device is there but gives no pictures.
    #[error("{0}")]
    NoSignal(String),
    /// What it gives is no longer what was agreed on: it is to be opened anew, at once.
    #[error("{0}")]
    Changed(String),
}
