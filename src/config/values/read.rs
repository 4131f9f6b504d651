//! From a TOML value to ours: numbers must be numbers and text must be text, and what is refused says what is allowed.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};

use super::{
    Address, AllowOrigin, Anonymous, Caption, Corner, Crop, DesiredFps, Device, FileMode, FilterFormat,
    Folder, Font, Format, FrameRate, Hash, Host, IdleFps, Kind, LogLevel, Login, Name, NetworkWait, OfPages,
    OfPem, OfPush, OfSecret, OfSocket, OnFailure, OptionalPath, Password, PathPattern, PushName, PushTo,
    Quality, RedisName, RedisUrl, Resolution, Rgba, Right, Rotation, RtspTransport, RtspUrl, Scale, Seconds,
    SinkName, Size, SourceName, StatePath, Subsampling, Switch, TimeZoneName, TokenHash, Url, Value, Whole,
    Words,
};

struct One<T>(PhantomData<T>);

impl<T: Value> Visitor<'_> for One<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}; allowed: {}", T::KIND, T::allowed())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<T, E> {
        match T::KIND {
            Kind::Switch => value.to_string().parse().map_err(E::custom),
            _ => Err(E::invalid_type(Unexpected::Bool(value), &self)),
        }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        match T::KIND {
            Kind::Whole | Kind::Number => value.to_string().parse().map_err(E::custom),
            _ => Err(E::invalid_type(Unexpected::Signed(value), &self)),
        }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        match T::KIND {
            Kind::Whole | Kind::Number => value.to_string().parse().map_err(E::custom),
            _ => Err(E::invalid_type(Unexpected::Unsigned(value), &self)),
        }
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<T, E> {
        match T::KIND {
            Kind::Number => value.to_string().parse().map_err(E::custom),
            _ => Err(E::invalid_type(Unexpected::Float(value), &self)),
        }
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<T, E> {
        match T::KIND {
            Kind::Text => value.parse().map_err(E::custom),
            _ => Err(E::invalid_type(Unexpected::Str(value), &self)),
        }
    }
}

macro_rules! deserialize {
    ($($value:ty $(, $limit:ident)*;)+) => {$(
        impl<'de, $(const $limit: u32),*> Deserialize<'de> for $value {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(One(PhantomData))
            }
        }
    )+};
}

deserialize! {
    Address<OfPush>;
    AllowOrigin;
    Anonymous;
    Caption;
    Corner;
    Crop;
    DesiredFps;
    Device;
    FileMode;
    Folder;
    Font;
    Format;
    FilterFormat;
    FrameRate;
    Hash;
    Host;
    IdleFps;
    Login;
    LogLevel;
    Name;
    NetworkWait;
    OnFailure;
    OptionalPath<OfPages>;
    OptionalPath<OfPem>;
    OptionalPath<OfSecret>;
    OptionalPath<OfSocket>;
    Password;
    PathPattern;
    PushName;
    PushTo;
    Quality;
    RedisName;
    RedisUrl;
    Resolution;
    Rgba;
    Right;
    Rotation;
    RtspTransport;
    RtspUrl;
    Scale;
    Seconds<LEAST, MOST>, LEAST, MOST;
    Size;
    SinkName;
    SourceName;
    StatePath;
    Subsampling;
    Switch;
    TimeZoneName;
    TokenHash;
    Url;
    Whole<LEAST, MOST>, LEAST, MOST;
    Words;
}

struct Many<T>(PhantomData<T>);

impl<'de, T: Value + Deserialize<'de>> Visitor<'de> for Many<T> {
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, allowed) = (T::KIND, T::allowed());
        write!(formatter, "{kind} or a list; allowed: {allowed}")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Vec<T>, E> {
        One(PhantomData).visit_str(value).map(|value| vec![value])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        if values.is_empty() {
            return Err(A::Error::custom(T::refuse("the list is empty")));
        }
        Ok(values)
    }
}

/// A value, or a list of at least one.
pub(in crate::config) fn one_or_many<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Value + Deserialize<'de>,
{
    deserializer.deserialize_any(Many(PhantomData)).map(Some)
}

struct Section<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Section<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a section; allowed: keys and their values")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

/// A section by names only: what serde derives would take a list too, its items in the order of the fields.
pub(in crate::config) fn section<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_any(Section(PhantomData))
}

struct Sections<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Sections<T> {
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of sections; allowed: one for each, under its name in double brackets")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut sections = Vec::new();
        while let Some(section) = list.next_element()? {
            sections.push(section);
        }
        Ok(sections)
    }
}

/// Any number of sections of one name.
pub(in crate::config) fn sections<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_any(Sections(PhantomData))
}
