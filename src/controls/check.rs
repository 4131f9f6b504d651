//! Whether a control takes a value: said before the driver is asked, in words that name what would be taken.

use super::{Control, Error, Kind, Value};

/// So many items of a menu are named in a refusal.
const MOST_NAMED: usize = 24;

impl Control {
    /// The value as the driver is to get it. "default" is the default; a number is rounded to the next step, as drivers do
    /// themselves; an item of a menu is taken by its number or else by its name, a switch also by on and off.
    pub fn check(&self, value: &Value) -> Result<Value, Error> {
        if self.read_only {
            return Err(Error::ReadOnly { key: self.key.clone() });
        }
        match self.kind {
            Kind::Button => self.press(value),
            Kind::String => self.text(value),
            // Not checked in its turn: what the driver calls its default is the driver's to judge.
            _ if is_default(value) && self.item_named("default").is_none() => {
                self.default.clone().ok_or_else(|| self.invalid(value))
            }
            Kind::Boolean => self.switch(value),
            Kind::Menu | Kind::IntegerMenu => self.item(value),
            Kind::Integer | Kind::Integer64 => self.within(value).map(|number| self.rounded(number)),
            Kind::Bitmask => self.within(value).and_then(|bits| match bits & !self.max {
                0 => Ok(Value::Number(bits)),
                _ => Err(self.out_of_range(value)),
            }),
        }
    }

    /// What is allowed, in words that fit behind "allowed: ".
    pub fn allowed(&self) -> String {
        let Self { min, max, step, .. } = self;
        let steps = if *step > 1 { format!(" in steps of {step}") } else { String::new() };
        match self.kind {
            Kind::Button => "no value".into(),
            Kind::Boolean => "true or false, on or off, 1 or 0".into(),
            Kind::String => format!("{min} to {max} bytes of text{steps}"),
            Kind::Bitmask => format!("0 and the bits of {max:#x}"),
            Kind::Integer | Kind::Integer64 => format!("{min} to {max}{steps}"),
            Kind::Menu | Kind::IntegerMenu => {
                let named =
                    self.menu.iter().take(MOST_NAMED).map(|item| format!("{} ({})", item.value, item.name));
                let more = if self.menu.len() > MOST_NAMED { ", ..." } else { "" };
                format!("{}{more}", named.collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// The item's name for a menu, the value itself for all else.
    pub fn in_words(&self, value: &Value) -> String {
        let item = value.number().filter(|_| self.kind.is_menu());
        let item = item.and_then(|number| self.menu.iter().find(|item| item.value == number));
        match (item, self.kind, value) {
            (Some(item), ..) => format!("{value} ({})", item.name),
            (None, Kind::Bitmask, Value::Number(bits)) => format!("{bits:#010x}"),
            (None, Kind::String, Value::Text(text)) => format!("{text:?}"),
            _ => value.to_string(),
        }
    }

    fn press(&self, value: &Value) -> Result<Value, Error> {
        match value {
            Value::Text(text) if text.is_empty() => Ok(Value::Switch(true)),
            _ if value.number() == Some(1) || *value == Value::from("true") => Ok(Value::Switch(true)),
            _ => Err(self.invalid(value)),
        }
    }

    fn switch(&self, value: &Value) -> Result<Value, Error> {
        let said = match value {
            Value::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "on" | "yes" => Some(1),
                "false" | "off" | "no" => Some(0),
                _ => value.number(),
            },
            Value::Switch(_) | Value::Number(_) => value.number(),
        };
        match said {
            Some(0) => Ok(Value::Switch(false)),
            Some(1) => Ok(Value::Switch(true)),
            _ => Err(self.invalid(value)),
        }
    }

    /// By number first: v4l2-ctl knows only numbers, and items of an integer menu are called by numbers themselves.
    fn item(&self, value: &Value) -> Result<Value, Error> {
        let by_number = value.number().filter(|number| self.menu.iter().any(|item| item.value == *number));
        let by_name = || match value {
            Value::Text(text) => self.item_named(text),
            Value::Switch(_) | Value::Number(_) => None,
        };
        by_number.or_else(by_name).map(Value::Number).ok_or_else(|| self.invalid(value))
    }

    fn item_named(&self, name: &str) -> Option<i64> {
        let exactly = self.menu.iter().find(|item| item.name == name);
        let alike = || self.menu.iter().find(|item| super::key_of(&item.name) == super::key_of(name));
        exactly.or_else(alike).map(|item| item.value)
    }

    fn within(&self, value: &Value) -> Result<i64, Error> {
        let number = value.number().ok_or_else(|| self.invalid(value))?;
        match (self.min..=self.max).contains(&number) {
            true => Ok(number),
            false => Err(self.out_of_range(value)),
        }
    }

    fn rounded(&self, number: i64) -> Value {
        let (step, min) = (i128::from(self.step.max(1)), i128::from(self.min));
        let steps = (i128::from(number) - min + step / 2) / step;
        // The last step may lie beyond the end.
        let nearest = min + steps * step;
        let nearest = if nearest > i128::from(self.max) { nearest - step } else { nearest };
        Value::Number(i64::try_from(nearest).unwrap_or(number))
    }

    fn text(&self, value: &Value) -> Result<Value, Error> {
        let text = value.to_string();
        let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
        let over = length.abs_diff(self.min) % self.step.max(1);
        if text.contains('\0') {
            return Err(self.invalid(value));
        }
        match (self.min..=self.max).contains(&length) && over == 0 {
            true => Ok(Value::Text(text)),
            false => Err(self.out_of_range(value)),
        }
    }

    fn invalid(&self, value: &Value) -> Error {
        Error::Invalid { key: self.key.clone(), value: value.to_string(), allowed: self.allowed() }
    }

    fn out_of_range(&self, value: &Value) -> Error {
        let value = match self.kind {
            Kind::String => format!("a text of {} bytes", value.to_string().len()),
            _ => value.to_string(),
        };
        Error::OutOfRange { key: self.key.clone(), value, allowed: self.allowed() }
    }
}

fn is_default(value: &Value) -> bool {
    matches!(value, Value::Text(text) if text.eq_ignore_ascii_case("default"))
}
