//! What the daemon runs on: complete, in range, with every default applied. See `config/mjpegd.toml` for what each means.

mod auth;
mod feeds;
mod filter;
mod http;
mod pictures;
mod push;
mod sink;
mod source;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::thread::available_parallelism;
use std::time::Duration;

use log::LevelFilter;
use serde::Serialize;

pub use self::auth::{Auth, Secret, Token, User};
pub use self::feeds::{Feeds, Pull, Redis, Rpicam, Rtsp};
pub use self::filter::Filter;
pub use self::http::{Http, Tls, UnixSocket};
pub use self::pictures::{Encoder, Image, Overlay};
pub use self::push::{Push, PushFile, PushHttp, PushRedis, Receiver};
pub use self::sink::Sink;
pub use self::source::{Slideshow, Source, V4l2};
use super::values::NetworkWait;

/// What is serialized, in the file's own form, can be changed while the daemon runs; the rest takes a restart.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Settings {
    pub source: Source,
    pub encoder: Encoder,
    pub image: Image,
    pub overlay: Overlay,
    #[serde(skip)]
    pub filter: Filter,
    #[serde(skip)]
    pub http: Http,
    #[serde(skip)]
    pub auth: Auth,
    #[serde(skip)]
    pub api: Api,
    #[serde(skip)]
    pub sink: Sink,
    #[serde(skip)]
    pub network: Network,
    #[serde(skip)]
    pub log: Log,
    #[serde(skip)]
    pub pushes: Vec<Push>,
}

/// The control page and what it calls.
#[derive(Clone, Debug, PartialEq)]
pub struct Api {
    /// Where changes are kept over restarts; `None`: nowhere.
    pub state_file: Option<PathBuf>,
    pub allow_stop: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    pub level: LevelFilter,
    /// Whether each answer is a line.
    pub access: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    /// What must be there before the port is opened.
    pub wait: NetworkWait,
    /// The longest wait; `None`: for as long as it takes.
    pub timeout: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            source: Source::default(),
            encoder: Encoder::default(),
            image: Image::default(),
            overlay: Overlay::default(),
            filter: Filter::default(),
            http: Http::default(),
            auth: Auth::default(),
            api: Api::default(),
            sink: Sink::default(),
            network: Network::default(),
            log: Log { level: LevelFilter::Info, access: false },
            pushes: Vec::new(),
        }
    }
}

impl Default for Api {
    fn default() -> Self {
        // systemd may have made several, which it separates by colons: systemd.exec(5), RUNTIME_DIRECTORY.
        let folders = std::env::var("STATE_DIRECTORY").unwrap_or_default();
        let folder = folders.split(':').next().filter(|folder| !folder.is_empty());
        Self { state_file: folder.map(|folder| Path::new(folder).join("state.toml")), allow_stop: false }
    }
}

/// More than four help no camera that we know of.
fn cores() -> usize {
    // Asked once: the answer is put together from a dozen files.
    static CORES: LazyLock<usize> =
        LazyLock::new(|| available_parallelism().map_or(1, NonZeroUsize::get).min(4));
    *CORES
}
