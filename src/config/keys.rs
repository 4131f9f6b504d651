//! Every key there is: its name in the settings file, its flag, its type with the range, and what `--help` says of it.
//!
//! One list for both, so that a key and its flag cannot drift apart. What is not given is `None`.

use std::fmt;
use std::num::NonZeroUsize;

use clap::Args;
use serde::Deserialize;

use super::settings;
use super::values::Value as _;
use super::values::{
    AllowOrigin, Anonymous, Caption, Control, Corner, Crop, DesiredFps, Device, Devices, FileMode, Folder,
    Font, Format, Hash, Host, IdleFps, LogLevel, Login, Name, NetworkWait, OfPages, OfPem, OfSocket,
    OptionalPath, Password, Quality, Refused, Resolution, Rgba, Right, Rotation, Scale, Seconds, SourceName,
    StatePath, Subsampling, Switch, TimeZoneName, TokenHash, Whole, controls, one_or_many, section, sections,
};
use crate::controls::Wish;
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
    pub http: Http,
    #[command(flatten)]
    #[serde(deserialize_with = "section")]
    pub auth: Auth,
    #[command(flatten)]
    #[serde(deserialize_with = "section")]
    pub api: Api,
    #[command(flatten)]
    #[serde(deserialize_with = "section")]
    pub network: Network,
    #[command(flatten)]
    #[serde(deserialize_with = "section")]
    pub log: Log,
}

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "Source")]
pub struct Source {
    /// Where pictures come from: v4l2, pattern or slideshow [default: v4l2]
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

    #[command(flatten)]
    #[serde(deserialize_with = "section")]
    pub v4l2: V4l2,
    #[command(flatten)]
    #[serde(deserialize_with = "section")]
    pub slideshow: Slideshow,
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

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "Encoder (for what is not JPEG already)")]
pub struct Encoder {
    /// JPEG quality, 1 to 100 [default: 80]
    #[arg(long, short, value_name = "N")]
    pub quality: Option<Quality>,

    /// How much colour is kept, 4:2:0 or 4:2:2 [default: 4:2:0]
    #[arg(long, value_name = "RATIO")]
    pub subsampling: Option<Subsampling>,

    /// Threads that encode, 1 to 16 [default: the processor's cores, at most 4]
    #[arg(long, short, value_name = "N")]
    pub workers: Option<Whole<1, 16>>,

    /// Slices of one picture that workers compress side by side, 0 to 16; 0: by workers and size [default: 0]
    #[arg(long = "encoder-slices", value_name = "N")]
    pub slices: Option<Whole<0, 16>>,
}

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "Image (in this order: crop, flips, rotation, scale, greyscale)")]
pub struct Image {
    /// Cut out of the camera's picture: WIDTHxHEIGHT+X+Y, both sides 16 to 8192, X and Y 0 to 8192, or empty for the whole picture, which is the default
    #[arg(long, value_name = "AREA")]
    pub crop: Option<Crop>,

    /// Mirror the picture, left for right, true or false [default: false]
    #[arg(long, value_name = "SWITCH", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub flip_horizontal: Option<Switch>,

    /// Mirror the picture, top for bottom, true or false [default: false]
    #[arg(long, value_name = "SWITCH", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub flip_vertical: Option<Switch>,

    /// Turn the picture clockwise, by degrees: 0, 90, 180 or 270 [default: 0]
    #[arg(long, value_name = "DEGREES")]
    pub rotate: Option<Rotation>,

    /// The size that viewers get: WIDTHxHEIGHT, each 16 to 8192, or empty for no scaling, which is the default
    #[arg(long, value_name = "SIZE")]
    pub scale: Option<Scale>,

    /// Leave out the colours, true or false [default: false]
    #[arg(long, value_name = "SWITCH", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub greyscale: Option<Switch>,
}

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "Overlay (a text over the picture)")]
pub struct Overlay {
    /// The text, at most 500 letters in 10 lines, with strftime's % and with {name}, {fps}, {camera}; empty for none, which is the default
    #[arg(long = "overlay-text", value_name = "TEXT")]
    pub text: Option<Caption>,

    /// What {name} stands for, at most 500 letters in one line; empty by default
    #[arg(id = "overlay-name", long = "overlay-name", value_name = "NAME")]
    pub name: Option<Name>,

    /// Whose time it is: a name such as Europe/Berlin, or empty for the system's, which is the default
    #[arg(long = "overlay-time-zone", value_name = "ZONE")]
    pub time_zone: Option<TimeZoneName>,

    /// Where it stands: top-left, top-right, bottom-left or bottom-right [default: top-left]
    #[arg(long = "overlay-corner", value_name = "CORNER")]
    pub corner: Option<Corner>,

    /// Height of a line in percent of the picture's height, 1 to 50 [default: 4]
    #[arg(long = "overlay-size-percent", value_name = "N")]
    pub size_percent: Option<Whole<1, 50>>,

    /// Colour of the letters: #RRGGBB or, with opacity, #RRGGBBAA [default: #FFFFFF]
    #[arg(long = "overlay-colour", value_name = "COLOUR")]
    pub colour: Option<Rgba>,

    /// Colour behind them: #RRGGBB or, with opacity, #RRGGBBAA [default: #00000080]
    #[arg(long = "overlay-background", value_name = "COLOUR")]
    pub background: Option<Rgba>,

    /// What the letters are taken from: a TrueType or OpenType file, or empty for the built-in letters, which is the default
    #[arg(long = "overlay-font", value_name = "FILE")]
    pub font: Option<Font>,
}

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "HTTP")]
pub struct Http {
    /// Listen on these addresses or names of this machine; may be given more than once [default: 0.0.0.0 ::]
    #[arg(long, short = 's', value_name = "ADDRESS")]
    #[serde(deserialize_with = "one_or_many")]
    pub host: Option<Vec<Host>>,

    /// Port, 0 to 65535; 0: any that is free [default: 8080]
    #[arg(long, short, value_name = "N")]
    pub port: Option<Whole<0, 65_535>>,

    /// Listen on this Unix socket too: a path in a folder that mjpegd may write to, or empty for none, which is the default
    #[arg(long, short = 'U', value_name = "PATH")]
    pub unix: Option<OptionalPath<OfSocket>>,

    /// Remove a Unix socket there that nobody listens on, true or false [default: false]
    #[arg(long, short = 'D', value_name = "SWITCH", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub unix_rm: Option<Switch>,

    /// Who may open the Unix socket, three octal digits such as 660 [default: 660]
    #[arg(long, short = 'M', value_name = "MODE")]
    pub unix_mode: Option<FileMode>,

    /// Listen for https:// on this port too, 0 to 65535; 0: not at all [default: 0]
    #[arg(long, value_name = "N")]
    pub tls_port: Option<Whole<0, 65_535>>,

    /// Certificate for it, with its chain: a PEM file, or empty for none and so one of our own, which is the default
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<OptionalPath<OfPem>>,

    /// Key of the certificate: a PEM file, or empty for none
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<OptionalPath<OfPem>>,

    /// Files in place of the page: a folder with an index.html, or empty for none, which is the default
    #[arg(long = "static", value_name = "FOLDER")]
    #[serde(rename = "static")]
    pub static_folder: Option<OptionalPath<OfPages>>,

    /// Take changes also by this name, such as a proxy's: addresses or names of this machine; may be given more than once
    #[arg(long, value_name = "NAME")]
    #[serde(deserialize_with = "one_or_many")]
    pub server_name: Option<Vec<Host>>,

    /// Other sites whose pages may read our answers: * or an origin such as http://octopi.local, or empty for none, which is the default
    #[arg(long, value_name = "ORIGIN")]
    pub allow_origin: Option<AllowOrigin>,

    /// Send small answers at once, true or false [default: true]
    #[arg(long, value_name = "SWITCH", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub tcp_nodelay: Option<Switch>,

    /// Threads that serve all viewers, 1 to 16 [default: 2]
    #[arg(long = "http-threads", value_name = "N")]
    pub threads: Option<Whole<1, 16>>,

    #[arg(skip)]
    pub max_connections: Option<Whole<1, 65_536>>,

    /// A viewer that takes nothing for so long is closed, 1 to 3600 seconds [default: 10]
    #[arg(long, value_name = "SECONDS")]
    pub server_timeout: Option<Seconds<1000, 3_600_000>>,

    #[arg(skip)]
    pub request_timeout: Option<Seconds<1000, 3_600_000>>,

    #[arg(skip)]
    pub max_head_bytes: Option<Whole<1024, 65_536>>,

    #[arg(skip)]
    pub snapshot_timeout: Option<Seconds<100, 60_000>>,

    /// Without a camera answer a snapshot with a picture that says so, and not with 503, true or false [default: false]
    #[arg(long, value_name = "SWITCH", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub snapshot_placeholder: Option<Switch>,
}

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "Who may do what")]
pub struct Auth {
    /// Without a password: home, none, view or control [default: home, or none where there are users or tokens]
    #[arg(long, value_name = "RIGHT")]
    pub anonymous: Option<Anonymous>,

    /// One who may do everything, with --passwd: a name of 1 to 64 letters without a colon
    #[arg(long, value_name = "NAME")]
    pub user: Option<Login>,

    /// That user's password: a password of 1 to 256 letters; other users of this machine can see it here, and not in the file
    #[arg(long, value_name = "PASSWORD")]
    pub passwd: Option<Password>,

    #[arg(skip)]
    #[serde(deserialize_with = "sections")]
    pub users: Vec<User>,

    #[arg(skip)]
    #[serde(deserialize_with = "sections")]
    pub tokens: Vec<Token>,
}

/// One of `[[auth.users]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct User {
    pub name: Login,
    pub password_hash: Hash,
    pub right: Right,
}

/// One of `[[auth.tokens]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Token {
    pub name: Login,
    pub hash: TokenHash,
    pub right: Right,
}

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "Page and API")]
pub struct Api {
    /// Keep what is changed on the page here: a path in a folder that mjpegd may write to, or empty for none [default: systemd's $STATE_DIRECTORY/state.toml]
    #[arg(long, value_name = "FILE")]
    pub state_file: Option<StatePath>,

    /// Let those who may change settings end mjpegd, true or false [default: false]
    #[arg(long, value_name = "SWITCH", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub allow_stop: Option<Switch>,
}

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "Network")]
pub struct Network {
    /// What to wait for before listening: none, address, online or route [default: none]
    #[arg(long = "network-wait", value_name = "WHAT")]
    pub wait: Option<NetworkWait>,

    /// Wait at most so long, 0 to 86400 seconds; 0: for as long as it takes [default: 0]
    #[arg(long = "network-timeout", value_name = "SECONDS")]
    pub timeout: Option<Seconds<0, 86_400_000>>,
}

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "Log")]
pub struct Log {
    /// How much is logged: error, warn, info, debug, trace, or ustreamer's 0 to 3 [default: info]
    #[arg(long = "log-level", value_name = "LEVEL")]
    pub level: Option<LogLevel>,
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
        self.http.apply(&mut to.http);
        self.auth.apply(&mut to.auth)?;
        set(&mut to.api.state_file, self.api.state_file);
        set(&mut to.api.allow_stop, self.api.allow_stop);
        set(&mut to.network.wait, self.network.wait);
        set(&mut to.network.timeout, self.network.timeout.map(Seconds::or_never));
        set(&mut to.log, self.log.level);
        Ok(())
    }
}

impl Source {
    fn apply(self, to: &mut settings::Source) -> Result<(), Wrong> {
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
        set(&mut to.v4l2.device_timeout, self.v4l2.device_timeout);
        for wish in self.v4l2.controls.into_iter().flatten().map(Wish::from) {
            to.v4l2.controls.retain(|before| before.name != wish.name);
            to.v4l2.controls.push(wish);
        }
        set(&mut to.slideshow.folder, self.slideshow.folder.map(|folder| Some(folder.into())));
        set(&mut to.slideshow.interval, self.slideshow.interval);
        Ok(())
    }
}

impl Encoder {
    fn apply(self, to: &mut settings::Encoder) {
        set(&mut to.quality, self.quality);
        set(&mut to.subsampling, self.subsampling);
        set(&mut to.workers, self.workers);
        set(&mut to.slices, self.slices.map(|slices| NonZeroUsize::new(slices.into())));
    }
}

impl Image {
    fn apply(self, to: &mut settings::Image) {
        set(&mut to.crop, self.crop);
        set(&mut to.flip_horizontal, self.flip_horizontal);
        set(&mut to.flip_vertical, self.flip_vertical);
        set(&mut to.rotate, self.rotate);
        set(&mut to.scale, self.scale);
        set(&mut to.greyscale, self.greyscale);
    }
}

impl Overlay {
    fn apply(self, to: &mut settings::Overlay) {
        set(&mut to.text, self.text);
        set(&mut to.name, self.name);
        set(&mut to.time_zone, self.time_zone);
        set(&mut to.corner, self.corner);
        set(&mut to.size_percent, self.size_percent);
        set(&mut to.colour, self.colour);
        set(&mut to.background, self.background);
        set(&mut to.font, self.font);
    }
}

impl Http {
    fn apply(self, to: &mut settings::Http) {
        let host = self.host.map(|hosts| hosts.into_iter().map(String::from).collect::<Vec<_>>());
        set(&mut to.host, host);
        set(&mut to.port, self.port);
        set(&mut to.unix.path, self.unix);
        set(&mut to.unix.remove, self.unix_rm);
        set(&mut to.unix.mode, self.unix_mode);
        set(&mut to.tls.port, self.tls_port);
        set(&mut to.tls.cert, self.tls_cert);
        set(&mut to.tls.key, self.tls_key);
        set(&mut to.static_folder, self.static_folder);
        let names = self.server_name.map(|names| names.into_iter().map(String::from).collect::<Vec<_>>());
        set(&mut to.server_name, names);
        set(&mut to.allow_origin, self.allow_origin);
        set(&mut to.tcp_nodelay, self.tcp_nodelay);
        set(&mut to.threads, self.threads);
        set(&mut to.max_connections, self.max_connections);
        set(&mut to.server_timeout, self.server_timeout);
        set(&mut to.request_timeout, self.request_timeout);
        set(&mut to.max_head_bytes, self.max_head_bytes);
        set(&mut to.snapshot_timeout, self.snapshot_timeout);
        set(&mut to.snapshot_placeholder, self.snapshot_placeholder);
    }
}

impl Auth {
    fn apply(self, to: &mut settings::Auth) -> Result<(), Wrong> {
        let Self { anonymous, user, passwd, users, tokens } = self;
        let users = users.into_iter().map(|User { name, password_hash, right }| settings::User {
            name: name.into(),
            secret: settings::Secret::Hash(password_hash),
            right,
        });
        to.users.extend(users);
        match (user, passwd) {
            (None, None) => {}
            (Some(name), Some(password)) => to.users.push(settings::User {
                name: name.into(),
                secret: settings::Secret::Plain(password),
                right: Right::Control,
            }),
            (Some(_), None) => return Err(Wrong::login("auth.user", "--user", "there is no passwd with it")),
            (None, Some(_)) => {
                return Err(Wrong::login("auth.passwd", "--passwd", "there is no user with it"));
            }
        }
        let tokens = tokens.into_iter().map(|Token { name, hash, right }| settings::Token {
            name: name.into(),
            hash,
            right,
        });
        to.tokens.extend(tokens);
        match anonymous {
            Some(anonymous) => (to.anonymous, to.anonymous_is_given) = (anonymous, true),
            // A password that nobody needs would be for nothing.
            None if to.has_accounts() && !to.anonymous_is_given => to.anonymous = Anonymous::Nothing,
            None => {}
        }
        let mut names: Vec<_> = to.users.iter().map(|user| &user.name).collect();
        names.sort();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Wrong::login("auth.users", "--user", "a name stands there twice"));
        }
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

    pub(super) fn folder(why: Refused) -> Self {
        Self { key: Self::FOLDER, flag: "--slideshow-folder", why }
    }

    pub(super) fn font(why: Refused) -> Self {
        Self { key: Self::FONT, flag: "--overlay-font", why }
    }
}
