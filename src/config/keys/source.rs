//! `[source]`: where pictures come from.

use clap::Args;
use serde::Deserialize;

use super::super::settings;
use super::super::values::{
    Control, DesiredFps, Device, Devices, Folder, Format, IdleFps, Resolution, Seconds, SourceName, Switch,
    Whole, controls, one_or_many, section,
};
use super::feeds::{Command, Pull, Redis, Rpicam, Rtsp};
use super::{Wrong, set};
use crate::controls::Wish;

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "Source")]
pub struct Source {
    /// Where pictures come from: v4l2, pattern, slideshow, command, rpicam, rtsp, pull, redis or inbox [default: v4l2]
    #[arg(long = "source", value_name = "NAME")]
    pub name: Option<SourceName>,

    /// Size in pixels, WIDTHxHEIGHT, each 16 to 8192; of a camera the nearest that it has [default: 1280x720]
    #[arg(long, short, value_name = "SIZE")]
    pub resolution: Option<Resolution>,

    /// Pictures a second, 0.01 to 240, or 0 for as fast as the camera can [default: 30]
    #[arg(long, short = 'f', value_name = "N")]
    pub desired_fps: Option<DesiredFps>,

    /// Stop the source when nobody has watched for so long, 0 to 86400 seconds; 0: never [default: 10]
    #[arg(long, value_name = "SECONDS")]
    pub idle_timeout: Option<Seconds<0, 86_400_000>>,

    /// Then keep the source running and throw its pictures away so often a second: 0.1 to 30, or 0 to stop it [default: 0]
    #[arg(long, value_name = "N")]
    pub idle_fps: Option<IdleFps>,

    /// Do not send a picture equal to the one before, at most so many in a row, 0 to 1000; 0: send all [default: 0]
    #[arg(long, short = 'e', value_name = "N")]
    pub drop_same_frames: Option<Whole<0, 1000>>,

    /// Wait between attempts to open a device that failed, 0.1 to 3600 seconds [default: 1]
    #[arg(long, value_name = "SECONDS")]
    pub device_error_delay: Option<Seconds<100, 3_600_000>>,

    /// Pictures that others bring are late after so long and asked for anew, 0.5 to 3600 seconds [default: 10]
    #[arg(id = "source-timeout", long = "source-timeout", value_name = "SECONDS")]
    pub timeout: Option<Seconds<500, 3_600_000>>,

    #[command(flatten)]
    #[serde(deserialize_with = "section")]
    pub v4l2: V4l2,
    #[command(flatten)]
    #[serde(deserialize_with = "section")]
    pub slideshow: Slideshow,
    #[command(flatten)]
    #[serde(deserialize_with = "section")]
    pub command: Command,
    #[command(flatten)]
    #[serde(deserialize_with = "section")]
    pub rpicam: Rpicam,
    #[command(flatten)]
    #[serde(deserialize_with = "section")]
    pub rtsp: Rtsp,
    #[command(flatten)]
    #[serde(deserialize_with = "section")]
    pub pull: Pull,
    #[command(flatten)]
    #[serde(deserialize_with = "section")]
    pub redis: Redis,
}

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "Camera (--source v4l2)")]
pub struct V4l2 {
    /// Camera: auto, or paths such as /dev/video0 tried in order; may be given more than once [default: auto]
    #[arg(long, short, value_name = "PATH")]
    #[serde(deserialize_with = "one_or_many")]
    pub device: Option<Vec<Device>>,

    /// Pixel format: auto, MJPEG, JPEG, YUYV, UYVY, YVYU, NV12, NV21, YU12, YV12, RGB24, BGR24, RGB565, GREY [default: auto]
    #[arg(long, short = 'm', value_name = "FORMAT")]
    pub format: Option<Format>,

    /// Buffers that the camera may fill ahead, 2 to 32 [default: the processor's cores, at most 4, and one]
    #[arg(long, short, value_name = "N")]
    pub buffers: Option<Whole<2, 32>>,

    /// Take the size from the signal at an HDMI input and follow it, true or false [default: false]
    #[arg(long, short = 't', value_name = "SWITCH", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub dv_timings: Option<Switch>,

    /// A camera without a picture for so long counts as stalled, 0.5 to 3600 seconds [default: 2]
    #[arg(long, value_name = "SECONDS")]
    pub device_timeout: Option<Seconds<500, 3_600_000>>,

    /// Set a control of the camera whenever it is opened: NAME=VALUE as `mjpegd controls` lists them; may be given more than once
    #[arg(long = "control", value_name = "NAME=VALUE")]
    #[serde(deserialize_with = "controls")]
    pub controls: Option<Vec<Control>>,
}

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "Slideshow (--source slideshow)")]
pub struct Slideshow {
    /// What to show, in the order of the names: a folder of JPEG or PNG files
    #[arg(long = "slideshow-folder", value_name = "FOLDER")]
    pub folder: Option<Folder>,

    /// How long each is shown, 0.04 to 86400 seconds [default: 1]
    #[arg(long = "slideshow-interval", value_name = "SECONDS")]
    pub interval: Option<Seconds<40, 86_400_000>>,
}

impl Source {
    pub(super) fn apply(self, to: &mut settings::Source) -> Result<(), Wrong> {
        set(&mut to.name, self.name);
        set(&mut to.resolution, self.resolution);
        set(&mut to.desired_fps, self.desired_fps);
        set(&mut to.idle_timeout, self.idle_timeout.map(Seconds::or_never));
        set(&mut to.idle_fps, self.idle_fps);
        set(&mut to.drop_same_frames, self.drop_same_frames);
        set(&mut to.device_error_delay, self.device_error_delay);
        if let Some(devices) = self.v4l2.device {
            to.v4l2.device = Devices::try_from(devices).map_err(Wrong::device)?;
        }
        set(&mut to.v4l2.format, self.v4l2.format);
        set(&mut to.v4l2.buffers, self.v4l2.buffers);
        set(&mut to.v4l2.dv_timings, self.v4l2.dv_timings);
        set(&mut to.v4l2.device_timeout, self.v4l2.device_timeout);
        for wish in self.v4l2.controls.into_iter().flatten().map(Wish::from) {
            to.v4l2.controls.retain(|before| before.name != wish.name);
            to.v4l2.controls.push(wish);
        }
        set(&mut to.slideshow.folder, self.slideshow.folder.map(|folder| Some(folder.into())));
        set(&mut to.slideshow.interval, self.slideshow.interval);
        set(&mut to.timeout, self.timeout);
        self.command.apply(&mut to.feeds);
        self.rpicam.apply(&mut to.feeds.rpicam);
        self.rtsp.apply(&mut to.feeds.rtsp);
        self.pull.apply(&mut to.feeds.pull);
        self.redis.apply(&mut to.feeds.redis);
        Ok(())
    }
}
