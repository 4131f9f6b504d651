//! `[source.command]` and its kin: pictures that others bring.

use clap::Args;
use serde::Deserialize;

use super::super::settings;
use super::super::values::{RedisName, RedisUrl, RtspTransport, RtspUrl, Seconds, Url, Whole, Words};
use super::set;

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "Program (--source command)")]
pub struct Command {
    /// The program whose output is JPEGs end to end, or a multipart stream: words as in a shell, or empty for none
    #[arg(long, value_name = "WORDS")]
    pub command: Option<Words>,
}

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "CSI camera of a Raspberry Pi (--source rpicam)")]
pub struct Rpicam {
    /// Which of the cameras that `rpicam-hello --list-cameras` lists, 0 to 9 [default: 0]
    #[arg(id = "rpicam-camera", long = "rpicam-camera", value_name = "N")]
    pub camera: Option<Whole<0, 9>>,

    /// More options of rpicam-vid: words as in a shell, or empty for none
    #[arg(id = "rpicam-options", long = "rpicam-options", value_name = "WORDS", allow_hyphen_values = true)]
    pub options: Option<Words>,
}

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "RTSP camera (--source rtsp)")]
pub struct Rtsp {
    /// Its address: rtsp://HOST/PATH, with NAME:PASSWORD@ before HOST where one is needed
    #[arg(id = "rtsp-url", long = "rtsp-url", value_name = "URL")]
    pub url: Option<RtspUrl>,

    /// How its pictures come, tcp or udp [default: tcp]
    #[arg(id = "rtsp-transport", long = "rtsp-transport", value_name = "WAY")]
    pub transport: Option<RtspTransport>,
}

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "Another server (--source pull)")]
pub struct Pull {
    /// Its stream or snapshot: http://HOST/PATH or https://HOST/PATH, with NAME:PASSWORD@ before HOST where one is needed
    #[arg(id = "pull-url", long = "pull-url", value_name = "URL")]
    pub url: Option<Url>,

    /// Ask for a snapshot so often, 0 to 3600 seconds; 0: it is a stream [default: 0]
    #[arg(id = "pull-interval", long = "pull-interval", value_name = "SECONDS")]
    pub interval: Option<Seconds<0, 3_600_000>>,
}

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "Redis (--source redis)")]
pub struct Redis {
    /// The server: redis://HOST:PORT/DATABASE, rediss:// with TLS, or unix:///SOCKET, with NAME:PASSWORD@ or :PASSWORD@ before HOST
    #[arg(id = "redis-url", long = "redis-url", value_name = "URL")]
    pub url: Option<RedisUrl>,

    /// The channel that pictures, or the names of their keys, are published on: a name of at most 200 bytes, or empty for none
    #[arg(id = "redis-channel", long = "redis-channel", value_name = "NAME")]
    pub channel: Option<RedisName>,

    /// In place of a channel the stream that they are added to: a name of at most 200 bytes, or empty for none
    #[arg(id = "redis-stream", long = "redis-stream", value_name = "NAME")]
    pub stream: Option<RedisName>,
}

impl Command {
    pub(super) fn apply(self, to: &mut settings::Feeds) {
        set(&mut to.command, self.command);
    }
}

impl Rpicam {
    pub(super) fn apply(self, to: &mut settings::Rpicam) {
        set(&mut to.camera, self.camera);
        set(&mut to.options, self.options);
    }
}

impl Rtsp {
    pub(super) fn apply(self, to: &mut settings::Rtsp) {
        set(&mut to.url, self.url.map(Some));
        set(&mut to.transport, self.transport);
    }
}

impl Pull {
    pub(super) fn apply(self, to: &mut settings::Pull) {
        set(&mut to.url, self.url.map(Some));
        set(&mut to.interval, self.interval.map(Seconds::or_never));
    }
}

impl Redis {
    pub(super) fn apply(self, to: &mut settings::Redis) {
        set(&mut to.url, self.url.map(Some));
        set(&mut to.channel, self.channel);
        set(&mut to.stream, self.stream);
    }
}
