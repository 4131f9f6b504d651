//! What goes out. Whom we connect to, what is started and what is written is given in the file and nowhere else.

use std::time::Duration;

use super::super::values::{Password, PathPattern, PushTo, RedisUrl, Url};

/// One of `[[push]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Push {
    pub name: String,
    /// At most one frame in such a time, zero: each; `None`: only when somebody asks.
    pub interval: Option<Duration>,
    /// A receiver that takes nothing for so long is given up.
    pub timeout: Duration,
    pub receiver: Receiver,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Receiver {
    Http(PushHttp),
    Redis(PushRedis),
    File(PushFile),
    /// Program and arguments.
    Command(Vec<String>),
}

impl Receiver {
    pub const fn kind(&self) -> PushTo {
        match self {
            Self::Http(_) => PushTo::Http,
            Self::Redis(_) => PushTo::Redis,
            Self::File(_) => PushTo::File,
            Self::Command(_) => PushTo::Command,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct PushHttp {
    pub url: Url,
    /// In place of a name and password.
    pub token: Option<Password>,
    /// A form with the picture in base64 in this field, in place of the picture itself.
    pub form_field: Option<String>,
    /// Certificates in PEM that are trusted in place of the usual ones.
    pub ca: Option<Vec<u8>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PushRedis {
    pub url: RedisUrl,
    /// Of these names those that are empty are not used.
    pub key: String,
    pub channel: String,
    pub stream: String,
    pub stop_key: String,
    /// Of the key; `None`: it stays.
    pub expire: Option<Duration>,
    /// Of the stream, about.
    pub max_len: u32,
    pub base64: bool,
    /// As with HTTP.
    pub ca: Option<Vec<u8>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PushFile {
    pub path: PathPattern,
    pub mode: u32,
    /// Where there is one for each time, so many are kept at most.
    pub keep: u32,
    pub keep_age: Option<Duration>,
    pub keep_bytes: Option<u64>,
}

impl PushFile {
    /// So that their names fit into the memory that the unit allows.
    pub const MOST: u32 = 1_000_000;
}
