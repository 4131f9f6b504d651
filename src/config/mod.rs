//! From the settings file and the command line to `Settings`.
//!
//! `Keys` are what a person may say, and nothing need be said. `Settings` are what the daemon runs on, and nothing
//! is missing. In between the flags are laid over the file, and the file over the defaults.

mod changes;
mod differences;
mod error;
mod file;
mod image;
mod keys;
mod live;
mod problems;
mod saved;
mod settings;
pub mod ustreamer;

pub mod values;

use std::path::Path;

pub use changes::Changes;
pub use error::ConfigError;
pub use image::ImageFlags;
pub use keys::Keys;
pub use live::{Live, NotSaved, Reloaded};
pub use saved::{Saved, StateFile, replace_file};
pub use settings::{
    Api, Auth, Encoder, Feeds, Filter, Http, Image, Log, Network, Overlay, Pull, Push, PushFile, PushHttp,
    PushRedis, Receiver, Redis, Rpicam, Rtsp, Secret, Settings, Sink, Slideshow, Source, Tls, UnixSocket,
    V4l2,
};

use file::File;
use keys::Wrong;
use values::{Folder, Font, SourceName};

use crate::identity::{self, Which};

/// Read when no other file is named, if it is there.
pub const DEFAULT_FILE: &str = "/etc/mjpegd.toml";

/// `None`: it is not there.
pub fn default_file() -> Option<&'static Path> {
    Some(Path::new(DEFAULT_FILE)).filter(|file| !matches!(file.try_exists(), Ok(false)))
}

/// Whether the file can be read a second time. A pipe would be waited for, or look as if it were empty now.
pub fn check_again(file: &Path) -> Result<(), ConfigError> {
    match std::fs::metadata(file) {
        Ok(found) if found.is_file() => Ok(()),
        Ok(_) => Err(ConfigError::one(format!("{}: is not a file that can be read again", file.display()))),
        Err(error) => Err(ConfigError::one(format!("{}: cannot be read: {error}", file.display()))),
    }
}

/// The settings to run on, or everything that is wrong with them.
pub fn load(file: Option<&Path>, flags: Keys) -> Result<Settings, ConfigError> {
    let file = file.or(default_file()).map(File::read).transpose()?;
    let mut settings = Settings::default();
    if let Some(file) = &file {
        let applied = file.keys.clone().apply(&mut settings);
        applied.map_err(|wrong| file.locate(&wrong))?;
        let pushes = keys::push::settings(file.keys.push.clone());
        settings.pushes = pushes.map_err(|wrong| file.locate_push(&wrong))?;
    }
    let flags_given = flags.clone();
    flags.apply(&mut settings).map_err(|wrong| by_flag(&wrong))?;
    check(&settings).and_then(|()| check_files(&settings.http)).map_err(|wrong| match &file {
        Some(file) if !flags_given.give(wrong.key) => file.locate(&wrong),
        _ => by_flag(&wrong),
    })?;
    Ok(settings)
}

/// What can be said only when all is known.
fn check(settings: &Settings) -> Result<(), Wrong> {
    Font::check(settings.overlay.font.as_deref()).map_err(Wrong::font)?;
    match settings.source.name {
        SourceName::Slideshow => {
            Folder::check(settings.source.slideshow.folder.as_deref()).map_err(Wrong::folder)
        }
        name => match settings.source.feeds.lack(name) {
            Some(what) => Err(Wrong::source(format_args!("{name} needs {what}"))),
            None => Ok(()),
        },
    }
}

/// What is read once, at the start; so what it becomes later is no reason to refuse other changes.
fn check_files(http: &Http) -> Result<(), Wrong> {
    if let Some(folder) = &http.static_folder {
        let there = folder.read_dir().map(drop);
        there.map_err(|error| Wrong::pages(format_args!("{}: {error}", folder.display())))?;
    }
    let Tls { port, cert, key } = &http.tls;
    match (cert, key) {
        _ if *port == 0 => Ok(()),
        (None, None) => Ok(()),
        (Some(cert), Some(key)) => {
            identity::load(cert, key).map(drop).map_err(|bad| Wrong::tls(bad.which, bad))
        }
        (Some(_), None) => Err(Wrong::tls(Which::Key, "the certificate needs its key beside it")),
        (None, Some(_)) => Err(Wrong::tls(Which::Cert, "the key needs its certificate beside it")),
    }
}

fn by_flag(wrong: &Wrong) -> ConfigError {
    ConfigError::one(format!("{}: {}", wrong.flag, wrong.why))
}
