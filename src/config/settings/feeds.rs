//! Settings of the sources that others bring the pictures of. Whoever may change settings may choose among these, and may not
//! choose what program is started or whom we connect to: they are given in the file, or by flags.

use std::time::Duration;

use super::super::values::{RedisUrl, RtspTransport, RtspUrl, SourceName, Url};

/// What each of them needs, where it is the source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Feeds {
    /// Program and arguments.
    pub command: Vec<String>,
    pub rpicam: Rpicam,
    pub rtsp: Rtsp,
    pub pull: Pull,
    pub redis: Redis,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rpicam {
    pub camera: u32,
    pub options: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rtsp {
    pub url: Option<RtspUrl>,
    pub transport: RtspTransport,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pull {
    pub url: Option<Url>,
    /// Between two snapshots; `None`: it is a stream.
    pub interval: Option<Duration>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Redis {
    pub url: Option<RedisUrl>,
    /// Empty: none.
    pub channel: String,
    pub stream: String,
}

impl Feeds {
    /// What is missing for this source.
    pub(in crate::config) fn lack(&self, name: SourceName) -> Option<&'static str> {
        let (is_missing, what) = match name {
            SourceName::Command => (self.command.is_empty(), "a program: --command"),
            SourceName::Rtsp => (self.rtsp.url.is_none(), "an address: --rtsp-url"),
            SourceName::Pull => (self.pull.url.is_none(), "an address: --pull-url"),
            SourceName::Redis if self.redis.url.is_none() => (true, "a server: --redis-url"),
            SourceName::Redis => {
                let one = self.redis.channel.is_empty() != self.redis.stream.is_empty();
                (!one, "either a channel, --redis-channel, or a stream, --redis-stream")
            }
            SourceName::V4l2
            | SourceName::Pattern
            | SourceName::Slideshow
            | SourceName::Rpicam
            | SourceName::Inbox => (false, ""),
        };
        is_missing.then_some(what)
    }
}
