//! Every key there is: its name in the settings file, its flag, its type with the range, and what `--help` says of it.
//!
//! One list for both, so that a key and its flag cannot drift apart. What is not given is `None`.

mod auth;

mod feeds;

mod filter;

mod http;

mod pictures;

pub mod push;

mod service;

mod sink;

mod source;

use std::fmt;

use clap::Args;
use serde::Deserialize;

use self::auth::Auth;
use self::filter::Filter;
use self::http::Http;
use self::pictures::{Encoder, Image, Overlay};
use self::push::Push;
use self::service::{Api, Log, Network};
use self::sink::Sink;
use self::source::Source;
use super::settings;
use super::values::Value as _;
use super::values::{Login, OfPages, OfPem, OptionalPath, Refused, Seconds, SourceName, section, sections};
use crate::identity::Which;

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Keys {
    #[command(flatten)]
    #[serde(deserialize_with = "section")]
    pub source: Source,
    #[command(flatten)]
    #[serde(deserialize_with = "section")]
    pub encoder: Encoder,
    #[command(flatten)]
    #[serde(deserialize_with = "section")]
    pub image: Image,
    #[command(flatten)]
    #[serde(deserialize_with = "section")]
    pub overlay: Overlay,
    #[command(flatten)]
    #[serde(deserialize_with = "section")]
    pub filter: Filter,
    #[command(flatten)]
    #[serde(deserialize_with = "section")]
    pub http: Http,
    #[command(flatten)]
    #[serde(deserialize_with = "section")]
    pub auth: Auth,
    #[command(flatten)]
    #[serde(deserialize_with = "section")]
    pub api: Api,
    #[command(flatten)]
    #[serde(deserialize_with = "section")]
    pub sink: Sink,
    #[command(flatten)]
    #[serde(deserialize_with = "section")]
    pub network: Network,
    #[command(flatten)]
    #[serde(deserialize_with = "section")]
    pub log: Log,
    #[arg(skip)]
    #[serde(deserialize_with = "sections")]
    pub push: Vec<Push>,
}

/// What is given replaces what was there.
fn set<T>(setting: &mut T, given: Option<impl Into<T>>) {
    if let Some(given) = given {
        *setting = given.into();
    }
}
impl Keys {
    /// Whether there is a value for this key, of those that are held against others or against what is on the disk.
    pub(super) fn give(&self, key: &str) -> bool {
        match key {
            Wrong::FOLDER => self.source.slideshow.folder.is_some(),
            Wrong::FONT => self.overlay.font.is_some(),
            "source.name" => self.source.name.is_some(),
            "http.static" => self.http.static_folder.is_some(),
            "http.tls-cert" => self.http.tls_cert.is_some(),
            "http.tls-key" => self.http.tls_key.is_some(),
            _ => false,
        }
    }

    /// Lays these over the settings.
    pub fn apply(self, to: &mut settings::Settings) -> Result<(), Wrong> {
        self.source.apply(&mut to.source)?;
        self.encoder.apply(&mut to.encoder);
        self.image.apply(&mut to.image);
        self.overlay.apply(&mut to.overlay);
        self.filter.apply(&mut to.filter);
        self.http.apply(&mut to.http);
        self.auth.apply(&mut to.auth)?;
        self.sink.apply(&mut to.sink);
        set(&mut to.api.state_file, self.api.state_file);
        set(&mut to.api.allow_stop, self.api.allow_stop);
        set(&mut to.network.wait, self.network.wait);
        set(&mut to.network.timeout, self.network.timeout.map(Seconds::or_never));
        set(&mut to.log.level, self.log.level);
        set(&mut to.log.access, self.log.access);
        Ok(())
    }
}

/// A value that is wrong beside another one; by itself it was in range.
#[derive(Debug)]
pub struct Wrong {
    pub key: &'static str,
    pub flag: &'static str,
    pub why: Refused,
}

impl Wrong {
    pub(super) const FOLDER: &str = "source.slideshow.folder";
    pub(super) const FONT: &str = "overlay.font";

    fn device(why: Refused) -> Self {
        Self { key: "source.v4l2.device", flag: "--device", why }
    }

    fn login(key: &'static str, flag: &'static str, what: &str) -> Self {
        Self { key, flag, why: Login::refuse(what) }
    }

    pub(super) fn pages(why: impl fmt::Display) -> Self {
        Self { key: "http.static", flag: "--static", why: OptionalPath::<OfPages>::refuse(why) }
    }

    pub(super) fn tls(which: Which, why: impl fmt::Display) -> Self {
        let (key, flag) = match which {
            Which::Cert => ("http.tls-cert", "--tls-cert"),
            Which::Key => ("http.tls-key", "--tls-key"),
        };
        Self { key, flag, why: OptionalPath::<OfPem>::refuse(why) }
    }

    /// The source lacks what it cannot be without.
    pub(super) fn source(why: impl fmt::Display) -> Self {
        Self { key: "source.name", flag: "--source", why: SourceName::refuse(why) }
    }

    pub(super) fn folder(why: Refused) -> Self {
        Self { key: Self::FOLDER, flag: "--slideshow-folder", why }
    }

    pub(super) fn font(why: Refused) -> Self {
        Self { key: Self::FONT, flag: "--overlay-font", why }
    }
}
