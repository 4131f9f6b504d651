use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Value};

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolution {
    pub width: u32,
    pub height: u32,
}

impl Default for Resolution {
    fn default() -> Self {
        Self { width: 1280, height: 720 }
    }
}

impl Value for Resolution {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "WIDTHxHEIGHT, each 16 to 8192".to_owned()
    }
}

impl FromStr for Resolution {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let pair = text.split_once(['x', 'X']);
        let sides = pair.and_then(|(width, height)| Some((side(width)?, side(height)?)));
        let (width, height) =
            sides.ok_or_else(|| Self::refuse(format_args!("{text:?} is not a width and a height")))?;
        if [width, height].iter().all(|side| (16..=8192).contains(side)) {
            Ok(Self { width, height })
        } else {
            Err(Self::refuse(format_args!("{text} is out of range")))
        }
    }
}

/// Digits only: `u32::from_str` would take a plus sign too.
fn side(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

impl fmt::Display for Resolution {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}x{}", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolution_is_printed_as_it_is_read() {
        for text in ["16x16", "1280x720", "8192x8192"] {
            assert_eq!(text.parse::<Resolution>().unwrap().to_string(), text);
        }
        assert_eq!("640X480".parse::<Resolution>().unwrap().to_string(), "640x480");
    }

    #[test]
    fn what_is_not_a_resolution_is_refused() {
        for bad in [
            "",
            "x",
            "640",
            "640x",
            "x480",
            "640*480",
            "640x480x3",
            "+640x480",
            " 640x480",
            "15x480",
            "640x8193",
            "-640x480",
            "99999999999x480",
        ] {
            assert!(bad.parse::<Resolution>().is_err(), "{bad}");
        }
    }
}
