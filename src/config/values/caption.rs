use std::fmt;
use std::str::FromStr;

use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::{Kind, Refused, Value};

/// More is no caption but a page.
const MOST_LETTERS: usize = 500;
const MOST_LINES: usize = 10;

/// A line of plain text: a camera's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

/// A text with the time in strftime's notation and with placeholders; empty: none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caption(String);

impl Caption {
    /// What stands for the camera's name, the measured rate, and the device.
    pub const PLACEHOLDERS: [&str; 3] = ["{name}", "{fps}", "{camera}"];

    /// The text with the time in it. What has been read once can be written at any time.
    pub fn with_time(text: &str, time: &Zoned) -> Result<String, jiff::Error> {
        BrokenDownTime::from(time).to_string(text)
    }
}

impl Value for Name {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        format!("at most {MOST_LETTERS} letters in one line")
    }
}

impl FromStr for Name {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        if text.chars().count() > MOST_LETTERS || text.contains(char::is_control) {
            return Err(Self::refuse("that is not a name"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl Value for Caption {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        format!(
            "at most {MOST_LETTERS} letters in {MOST_LINES} lines, with strftime's % and with {}",
            Self::PLACEHOLDERS.join(", ")
        )
    }
}

impl FromStr for Caption {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        // As it is typed in a shell.
        let text = text.replace("\\n", "\n");
        if text.chars().count() > MOST_LETTERS || text.lines().count() > MOST_LINES {
            return Err(Self::refuse("the text is too long"));
        }
        let epoch = Zoned::new(Timestamp::UNIX_EPOCH, TimeZone::UTC);
        Self::with_time(&text, &epoch).map_err(|error| Self::refuse(format_args!("{text:?}: {error}")))?;
        for (at, _) in text.match_indices('{') {
            let rest = text.get(at..).unwrap_or_default();
            if !Self::PLACEHOLDERS.iter().any(|known| rest.starts_with(known)) {
                return Err(Self::refuse(format_args!("{rest:?} does not begin with a known placeholder")));
            }
        }
        Ok(Self(text))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Display for Caption {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl From<Caption> for String {
    fn from(caption: Caption) -> Self {
        caption.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captions_that_can_be_written_are_read() {
        for text in
            ["", "Garage", "%Y-%m-%d %H:%M:%S%.3f %Z", "{name} {fps}/s\n{camera}", "100 %%", "车库 %A"]
        {
            assert_eq!(text.parse::<Caption>().unwrap().to_string(), text);
        }
        assert_eq!("a\\nb".parse::<Caption>().unwrap().to_string(), "a\nb");
    }

    #[test]
    fn what_cannot_be_written_is_refused_with_the_reason() {
        let endless = "a".repeat(501);
        for (bad, why) in [
            ("100%", "100%"),
            ("%&", "%&"),
            ("{nmae}", "{nmae}"),
            ("{", "{"),
            (&endless, "too long"),
            (&"\n".repeat(11), "too long"),
        ] {
            let refusal = bad.parse::<Caption>().unwrap_err().to_string();
            assert!(refusal.contains(why), "{bad}: {refusal}");
        }
        assert!("two\nlines".parse::<Name>().is_err());
    }
}
