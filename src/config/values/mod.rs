//! Values with a range or a unit of their own: parse, print, and the words that say what is allowed.
//!
//! The same words stand in a refusal, in `--help` and in `config/mjpegd.toml`; tests hold the three together.

mod anonymous;
mod caption;
mod control;
mod corner;
mod crop;
mod device;
mod file_mode;
mod filter_format;
mod folder;
mod font;
mod format;
mod frame_rate;
mod host;
mod idle_fps;
mod log_level;
mod login;
mod network_wait;
mod on_failure;
mod optional_path;
mod origin;
mod path_pattern;
mod push_name;
mod push_to;
mod quality;
mod read;
mod redis_name;
mod resolution;
mod rgba;
mod right;
mod rotation;
mod rtsp_transport;
mod scale;
mod seconds;
mod sink_name;
mod size;
mod source_name;
mod state_path;
mod subsampling;
mod switch;
mod time_zone;
mod url;
mod whole;
mod words;
pub(super) mod write;

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

pub use anonymous::Anonymous;
pub use caption::{Caption, Name};
pub use control::Control;
pub(super) use control::controls;
pub use corner::Corner;
pub use crop::{Crop, CropArea};
pub use device::{Device, Devices};
pub use file_mode::FileMode;
pub use filter_format::FilterFormat;
pub use folder::Folder;
pub use font::Font;
pub use format::Format;
pub use frame_rate::{DesiredFps, FrameRate};
pub use host::Host;
pub use idle_fps::IdleFps;
pub use log_level::LogLevel;
pub use login::{Hash, Login, Password, TokenHash};
pub use network_wait::NetworkWait;
pub use on_failure::OnFailure;
pub use optional_path::{OfPages, OfPem, OfSecret, OfSocket, OptionalPath};
pub use origin::AllowOrigin;
pub use path_pattern::PathPattern;
pub use push_name::PushName;
pub use push_to::PushTo;
pub use quality::Quality;
pub(super) use read::{one_or_many, section, sections};
pub use redis_name::RedisName;
pub use resolution::Resolution;
pub use rgba::Rgba;
pub use right::Right;
pub use rotation::Rotation;
pub use rtsp_transport::RtspTransport;
pub use scale::Scale;
pub use seconds::Seconds;
pub use sink_name::SinkName;
pub use size::Size;
pub use source_name::SourceName;
pub use state_path::StatePath;
pub use subsampling::Subsampling;
pub use switch::Switch;
pub use time_zone::TimeZoneName;
pub use url::{Address, OfHttp, OfPush, OfRedis, OfRtsp, RedisUrl, RtspUrl, Scheme, Url};
pub use whole::Whole;
pub use words::Words;

/// Something that a person writes into the settings file or behind a flag.
pub trait Value: FromStr<Err = Refused> {
    /// What it has to be in TOML.
    const KIND: Kind;

    /// What is allowed, in words that fit behind "allowed: ".
    fn allowed() -> String;

    fn refuse(what: impl fmt::Display) -> Refused {
        Refused { what: what.to_string(), allowed: Self::allowed() }
    }
}

/// The TOML types that values are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Whole,
    Number,
    Text,
    Switch,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Whole => "a whole number",
            Self::Number => "a number",
            Self::Text => "a string",
            Self::Switch => "a boolean",
        })
    }
}

/// Why a value was refused, and what would have been taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{what}; allowed: {allowed}")]
pub struct Refused {
    what: String,
    allowed: String,
}

/// Reads a number in plain decimal notation and holds it against a range that includes its limits.
fn number_within<T: Value>(text: &str, least: f64, most: f64) -> Result<f64, Refused> {
    let number: f64 = text.parse().map_err(|_| T::refuse(format_args!("{text:?} is not {}", T::KIND)))?;
    // Written so that NaN is out of range too.
    if (least..=most).contains(&number) {
        Ok(number)
    } else {
        Err(T::refuse(format_args!("{text} is out of range")))
    }
}

/// One of the values that there are, by the name that it prints.
fn by_name<T: Value + Copy + fmt::Display>(all: &[T], text: &str) -> Result<T, Refused> {
    let found = all.iter().copied().find(|one| one.to_string() == text);
    found.ok_or_else(|| T::refuse(format_args!("{text:?} is not known")))
}

fn whole_within<T: Value>(text: &str, least: u32, most: u32) -> Result<u32, Refused> {
    // Wide enough that what is merely too large is called so.
    let number: i128 = text.parse().map_err(|_| T::refuse(format_args!("{text:?} is not {}", T::KIND)))?;
    u32::try_from(number)
        .ok()
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| T::refuse(format_args!("{text} is out of range")))
}
