use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::super::values::{Devices, FrameRate, Resolution, SourceName, write};
use super::{Feeds, cores};
use crate::controls::Wish;
use crate::picture::PixelFormat;

/// Where pictures come from.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Source {
    pub name: SourceName,
    pub resolution: Resolution,
    /// `None`: as fast as the camera can.
    #[serde(serialize_with = "write::or_zero")]
    pub desired_fps: Option<FrameRate>,
    /// With nobody watching for this long the source is stopped; `None`: never.
    #[serde(serialize_with = "write::seconds_or_zero")]
    pub idle_timeout: Option<Duration>,
    /// Instead of being stopped it is kept running, and its pictures are thrown away at this rate; `None`: stopped.
    #[serde(serialize_with = "write::or_zero")]
    pub idle_fps: Option<FrameRate>,
    /// So many pictures in a row are not sent when they are equal to the one before; 0: all are sent.
    pub drop_same_frames: u32,
    /// Pause between attempts to open a device that failed.
    #[serde(serialize_with = "write::seconds")]
    pub device_error_delay: Duration,
    /// Without a picture for this long those that others bring count as stalled.
    #[serde(serialize_with = "write::seconds")]
    pub timeout: Duration,
    pub v4l2: V4l2,
    pub slideshow: Slideshow,
    #[serde(skip)]
    pub feeds: Feeds,
}

impl Source {
    /// Whether a source that was opened by the one does for the other: they differ at most in how long it is kept.
    pub fn is_same_device(&self, other: &Self) -> bool {
        let Self { idle_timeout, idle_fps, drop_same_frames, device_error_delay, .. } = *other;
        let like_other =
            Self { idle_timeout, idle_fps, drop_same_frames, device_error_delay, ..self.clone() };
        like_other == *other
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct V4l2 {
    pub device: Devices,
    /// `None`: the first of [`PixelFormat::ALL`] that the camera has.
    #[serde(serialize_with = "write::or_auto")]
    pub format: Option<PixelFormat>,
    pub buffers: u32,
    /// The size is that of the signal at a digital input, and follows it.
    pub dv_timings: bool,
    /// Without a picture for this long the camera counts as stalled.
    #[serde(serialize_with = "write::seconds")]
    pub device_timeout: Duration,
    /// What its controls are set to whenever it is opened. They are changed one by one, and not with the settings.
    #[serde(skip)]
    pub controls: Vec<Wish>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Slideshow {
    /// `Some` whenever the source is the slideshow. Who may change settings may not choose what files are shown.
    #[serde(skip)]
    pub folder: Option<PathBuf>,
    #[serde(serialize_with = "write::seconds")]
    pub interval: Duration,
}

impl Default for Source {
    fn default() -> Self {
        Self {
            name: SourceName::default(),
            resolution: Resolution::default(),
            desired_fps: Some(FrameRate::default()),
            idle_timeout: Some(Duration::from_secs(10)),
            idle_fps: None,
            drop_same_frames: 0,
            device_error_delay: Duration::from_secs(1),
            timeout: Duration::from_secs(10),
            v4l2: V4l2::default(),
            slideshow: Slideshow::default(),
            feeds: Feeds::default(),
        }
    }
}

impl Default for V4l2 {
    fn default() -> Self {
        Self {
            device: Devices::default(),
            format: None,
            // One for each encoder to come, and one for the camera to fill.
            buffers: cores() as u32 + 1,
            dv_timings: false,
            // ustreamer's 1 s is too short for cameras that start slowly: pikvm/ustreamer issues 7, 52, 274.
            device_timeout: Duration::from_secs(2),
            controls: Vec::new(),
        }
    }
}

impl Default for Slideshow {
    fn default() -> Self {
        Self { folder: None, interval: Duration::from_secs(1) }
    }
}
