//! What the daemon runs on: complete, in range, with every default applied. See `config/mjpegd.toml` for what each means.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::thread::available_parallelism;
use std::time::Duration;

use log::LevelFilter;
use serde::Serialize;

use super::feeds::Feeds;
use super::values::write;
use super::values::{
    Anonymous, Corner, CropArea, Devices, FrameRate, Hash, NetworkWait, Password, Quality, Resolution, Rgba,
    Right, Rotation, SourceName, Subsampling, TokenHash,
};
use crate::controls::Wish;
use crate::flips::Flips;
use crate::picture::PixelFormat;

/// What is serialized, in the file's own form, can be changed while the daemon runs; the rest takes a restart.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Settings {
    pub source: Source,
    pub encoder: Encoder,
    pub image: Image,
    pub overlay: Overlay,
    #[serde(skip)]
    pub http: Http,
    #[serde(skip)]
    pub auth: Auth,
    #[serde(skip)]
    pub api: Api,
    #[serde(skip)]
    pub network: Network,
    #[serde(skip)]
    pub log: Log,
}

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

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Encoder {
    pub quality: Quality,
    pub subsampling: Subsampling,
    #[serde(skip)]
    pub workers: NonZeroUsize,
    /// Slices of one picture; `None`: as the workers and the size of the picture suggest.
    #[serde(serialize_with = "write::or_zero")]
    pub slices: Option<NonZeroUsize>,
}

/// What is done to each picture, in this order. The default changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Image {
    #[serde(serialize_with = "write::or_empty")]
    pub crop: Option<CropArea>,
    pub flip_horizontal: bool,
    pub flip_vertical: bool,
    /// Clockwise.
    pub rotate: Rotation,
    #[serde(serialize_with = "write::or_empty")]
    pub scale: Option<Resolution>,
    pub greyscale: bool,
}

impl Image {
    /// What a camera that can flip its pictures is asked for: flips that come to the same as these and the rotation. A quarter
    /// of a turn is ours alone, since flips would spare nothing of it.
    pub fn flips(&self) -> Flips {
        let flips = Flips { horizontal: self.flip_horizontal, vertical: self.flip_vertical };
        match self.rotate {
            Rotation::Zero => flips,
            Rotation::Half => flips ^ Flips::HORIZONTAL ^ Flips::VERTICAL,
            Rotation::Quarter | Rotation::ThreeQuarters => Flips::NONE,
        }
    }
}

/// A text over the picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Overlay {
    /// Empty: none.
    pub text: String,
    /// What `{name}` stands for in it.
    pub name: String,
    /// `None`: the one that this machine is in.
    #[serde(serialize_with = "write::or_empty")]
    pub time_zone: Option<String>,
    pub corner: Corner,
    /// Height of a line, of the picture's.
    pub size_percent: u32,
    pub colour: Rgba,
    pub background: Rgba,
    /// `None`: the built-in letters. Who may change settings may not choose what files are read.
    #[serde(skip)]
    pub font: Option<PathBuf>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Http {
    /// Addresses or names to listen on.
    pub host: Vec<String>,
    /// 0: any free port, which is logged.
    pub port: u16,
    pub unix: UnixSocket,
    pub tls: Tls,
    /// Files of it take the place of the page; `None`: the page.
    pub static_folder: Option<PathBuf>,
    /// Names that this machine is called by, beside those that it knows itself.
    pub server_name: Vec<String>,
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
    /// Of a picture that is handed in.
    pub max_frame_bytes: usize,
    /// How long `/snapshot` waits for a picture.
    pub snapshot_timeout: Duration,
    /// Without a camera `/snapshot` answers 200 and the placard, as ustreamer does, instead of 503.
    pub snapshot_placeholder: bool,
}

/// Who may do what.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Auth {
    pub anonymous: Anonymous,
    /// Whether a person has said so, or it is what goes with the accounts.
    pub anonymous_is_given: bool,
    pub users: Vec<User>,
    pub tokens: Vec<Token>,
}

impl Auth {
    pub fn has_accounts(&self) -> bool {
        !self.users.is_empty() || !self.tokens.is_empty()
    }
}

/// Logs in by name and password.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    pub name: String,
    pub secret: Secret,
    pub right: Right,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Secret {
    Hash(Hash),
    /// ustreamer's `--passwd`.
    Plain(Password),
}

/// Logs in by a token, as programs do.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    pub name: String,
    pub hash: TokenHash,
    pub right: Right,
}

/// The second port, for `https://`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tls {
    /// 0: there is none.
    pub port: u16,
    /// Both or none; without them there is a certificate of our own.
    pub cert: Option<PathBuf>,
    pub key: Option<PathBuf>,
}

/// A socket in the file system, beside the port.
#[derive(Clone, Debug, PartialEq)]
pub struct UnixSocket {
    /// `None`: there is none.
    pub path: Option<PathBuf>,
    /// Whether one that nobody listens on is removed first.
    pub remove: bool,
    pub mode: u32,
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
            http: Http::default(),
            auth: Auth::default(),
            api: Api::default(),
            network: Network::default(),
            log: Log { level: LevelFilter::Info, access: false },
        }
    }
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

impl Default for Encoder {
    fn default() -> Self {
        Self {
            quality: Quality::default(),
            subsampling: Subsampling::default(),
            workers: NonZeroUsize::MIN.saturating_add(cores() - 1),
            slices: None,
        }
    }
}

impl Default for Overlay {
    fn default() -> Self {
        Self {
            text: String::new(),
            name: String::new(),
            time_zone: None,
            corner: Corner::default(),
            size_percent: 4,
            colour: Rgba { red: 255, green: 255, blue: 255, alpha: 255 },
            background: Rgba { red: 0, green: 0, blue: 0, alpha: 128 },
            font: None,
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            host: vec!["0.0.0.0".to_owned(), "::".to_owned()],
            port: 8080,
            unix: UnixSocket { path: None, remove: false, mode: 0o660 },
            tls: Tls::default(),
            static_folder: None,
            server_name: Vec::new(),
            allow_origin: None,
            tcp_nodelay: true,
            threads: NonZeroUsize::MIN.saturating_add(1),
            max_connections: 2048,
            server_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(10),
            max_head_bytes: 8192,
            max_frame_bytes: 8 << 20,
            // OctoPrint gives up after 5 s, and would not see our answer's reason.
            snapshot_timeout: Duration::from_secs(4),
            snapshot_placeholder: false,
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
