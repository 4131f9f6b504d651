//! From our values to the form that the settings file has, for the API and for what is kept over restarts.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::{
    Corner, CropArea, Devices, FrameRate, Quality, Resolution, Rgba, Rotation, SourceName, Subsampling,
};
use crate::picture::PixelFormat;

macro_rules! as_text {
    ($($value:ty),+) => {$(
        impl Serialize for $value {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )+};
}

as_text!(Corner, CropArea, PixelFormat, Resolution, Rgba, SourceName, Subsampling);

impl Serialize for Quality {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.get())
    }
}

impl Serialize for Rotation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.degrees())
    }
}

impl Serialize for FrameRate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        number(self.per_second(), serializer)
    }
}

impl Serialize for Devices {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::List(paths) => serializer.collect_seq(paths.iter().map(|path| path.to_string_lossy())),
        }
    }
}

/// 30 and not 30.0, as a person writes it.
fn number<S: Serializer>(number: f64, serializer: S) -> Result<S::Ok, S::Error> {
    if number.fract() == 0.0 && number.abs() < 1e9 {
        serializer.serialize_i64(number as i64)
    } else {
        serializer.serialize_f64(number)
    }
}

pub fn seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    number(time.as_secs_f64(), serializer)
}

pub fn seconds_or_zero<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    seconds(&time.unwrap_or_default(), serializer)
}

pub fn or_zero<T: Serialize, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => value.serialize(serializer),
        None => serializer.serialize_i64(0),
    }
}

pub fn or_auto<S: Serializer>(format: &Option<PixelFormat>, serializer: S) -> Result<S::Ok, S::Error> {
    match format {
        Some(format) => format.serialize(serializer),
        None => serializer.serialize_str("auto"),
    }
}

pub fn or_empty<T: Serialize, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => value.serialize(serializer),
        None => serializer.serialize_str(""),
    }
}
