//! What the daemon runs on: complete, in range, with every default applied. See `config/mjpegd.toml` for what each means.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use super::values::{Devices, FrameRate, Quality, Resolution, SourceName, Subsampling};
use crate::picture::PixelFormat;

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub source: Source,
    pub encoder: Encoder,
    pub http: Http,
    pub log: log::LevelFilter,
}

/// Where pictures come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    pub name: SourceName,
    pub resolution: Resolution,
    /// `None`: as fast as the camera can.
    pub desired_fps: Option<FrameRate>,
    /// With nobody watching for this long the source is stopped; `None`: never.
    pub idle_timeout: Option<Duration>,
    /// Pause between attempts to open a device that failed.
    pub device_error_delay: Duration,
    pub v4l2: V4l2,
    pub slideshow: Slideshow,
}

#[derive(Clone, Debug, PartialEq)]
pub struct V4l2 {
    pub device: Devices,
    /// `None`: the first of [`PixelFormat::ALL`] that the camera has.
    pub format: Option<PixelFormat>,
    pub buffers: u32,
    /// Without a picture for this long the camera counts as stalled.
    pub device_timeout: Duration,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Slideshow {
    /// `Some` whenever the source is the slideshow.
    pub folder: Option<PathBuf>,
    pub interval: Duration,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Encoder {
    pub quality: Quality,
    pub subsampling: Subsampling,
    pub workers: NonZeroUsize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Http {
    /// Addresses or names to listen on.
    pub host: Vec<String>,
    /// 0: any free port, which is logged.
    pub port: u16,
    /// The value of `Access-Control-Allow-Origin`; `None`: no CORS headers.
    pub allow_origin: Option<String>,
    pub tcp_nodelay: bool,
    /// Event loops that serve the viewers.
    pub threads: NonZeroUsize,
    pub max_connections: usize,
    /// A viewer that takes nothing for this long is closed.
    pub server_timeout: Duration,
    /// The whole head of a request must arrive within this time.
    pub request_timeout: Duration,
    pub max_head_bytes: usize,
    /// How long `/snapshot` waits for a picture.
    pub snapshot_timeout: Duration,
    /// Without a camera `/snapshot` answers 200 and the placard, as ustreamer does, instead of 503.
    pub snapshot_placeholder: bool,
}
