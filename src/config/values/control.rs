use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Unexpected, Visitor};

use super::{Kind, Refused, Value};
use crate::controls::{self, Wish};

/// A camera's control and what it is to be. Which there are, and what they take, only the camera knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control(Wish);

impl Value for Control {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "NAME=VALUE as `mjpegd controls` lists them".to_owned()
    }
}

impl FromStr for Control {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let odd = || Self::refuse(format_args!("{text:?} is not a name and a value"));
        let (name, value) = text.split_once('=').ok_or_else(odd)?;
        match name.trim() {
            "" => Err(odd()),
            name => Ok(Self(Wish::new(name, value))),
        }
    }
}

impl From<Wish> for Control {
    fn from(wish: Wish) -> Self {
        Self(wish)
    }
}

impl From<Control> for Wish {
    fn from(control: Control) -> Self {
        control.0
    }
}

/// What a control may be in TOML.
struct Setting(controls::Value);

impl<'de> Deserialize<'de> for Setting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfAnyKind)
    }
}

struct OfAnyKind;

impl Visitor<'_> for OfAnyKind {
    type Value = Setting;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a control's value; allowed: a whole number, true or false, or a string")
    }

    fn visit_bool<E: Error>(self, on: bool) -> Result<Setting, E> {
        Ok(Setting(controls::Value::Switch(on)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Setting, E> {
        Ok(Setting(controls::Value::Number(number)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Setting, E> {
        let number =
            i64::try_from(number).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))?;
        self.visit_i64(number)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Setting, E> {
        Ok(Setting(text.into()))
    }
}

struct Table;

impl<'de> Visitor<'de> for Table {
    type Value = Vec<Control>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a section; allowed: names of controls and their values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<Control>, A::Error> {
        let mut controls = Vec::new();
        while let Some((name, Setting(value))) = map.next_entry::<String, Setting>()? {
            controls.push(Control(Wish::new(name, value)));
        }
        Ok(controls)
    }
}

/// A section of controls, whose keys are theirs.
pub(in crate::config) fn controls<'de, D>(deserializer: D) -> Result<Option<Vec<Control>>, D::Error>
where
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(Table).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_may_have_anything_in_it() {
        for (text, name, value) in [
            ("brightness=-5", "brightness", "-5"),
            ("Exposure, Auto=Manual Mode", "Exposure, Auto", "Manual Mode"),
            ("text=a=b", "text", "a=b"),
            ("button=", "button", ""),
        ] {
            assert_eq!(text.parse::<Control>().unwrap().0, Wish::new(name, value));
        }
    }

    #[test]
    fn what_names_no_control_is_refused() {
        for bad in ["", "=", "=5", " =5", "brightness"] {
            assert!(bad.parse::<Control>().is_err(), "{bad:?}");
        }
    }
}
