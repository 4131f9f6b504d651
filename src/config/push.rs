//! Settings of what goes out.

use std::time::Duration;

use super::values::{RedisUrl, Secret as Token, Url};

/// One of `[[push]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Push {
    /// At most one frame in such a time; zero: each.
    pub interval: Duration,
    pub to: Receiver,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Receiver {
    Http(PushHttp),
    Redis(PushRedis),
    File(PushFile),
    /// Program and arguments.
    Command(Vec<String>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct PushHttp {
    pub url: Url,
    /// In place of the address's name and password.
    pub token: Option<Token>,
    /// A form with the picture in base64 in this field, in place of the picture itself.
    pub form_field: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PushRedis {
    pub url: RedisUrl,
    /// What is empty is not used.
    pub key: String,
    pub channel: String,
    pub stream: String,
    /// Of the key; `None`: it stays.
    pub expire: Option<Duration>,
    /// Of the stream, about.
    pub max_len: u32,
    pub base64: bool,
    pub stop_key: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PushFile {
    /// With strftime's % for one file each; without, it is always the newest.
    pub path: String,
    pub keep: Option<u64>,
    pub keep_age: Option<Duration>,
    pub keep_bytes: Option<u64>,
}

impl PushFile {
    pub const fn is_bounded(&self) -> bool {
        self.keep.is_some() || self.keep_age.is_some() || self.keep_bytes.is_some()
    }
}
