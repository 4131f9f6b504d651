use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Value};

/// A colour, and how much it covers: 255 is opaque.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgba {
    pub red: u8,
    pub green: u8,
    pub blue: u8,
    pub alpha: u8,
}

impl Value for Rgba {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "#RRGGBB or, with opacity, #RRGGBBAA".to_owned()
    }
}

impl FromStr for Rgba {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let bad = || Self::refuse(format_args!("{text:?} is not a colour"));
        let digits =
            text.strip_prefix('#').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let digits = digits.ok_or_else(bad)?;
        let number = u32::from_str_radix(digits, 16).map_err(|_| bad())?;
        let [red, green, blue, alpha] = match digits.len() {
            6 => (number << 8 | 0xFF).to_be_bytes(),
            8 => number.to_be_bytes(),
            _ => return Err(bad()),
        };
        Ok(Self { red, green, blue, alpha })
    }
}

impl fmt::Display for Rgba {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { red, green, blue, alpha } = self;
        write!(formatter, "#{red:02X}{green:02X}{blue:02X}")?;
        if *alpha == 255 { Ok(()) } else { write!(formatter, "{alpha:02X}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_printed_as_it_is_read() {
        for text in ["#FFFFFF", "#01020380", "#00000000"] {
            assert_eq!(text.parse::<Rgba>().unwrap().to_string(), text);
        }
        let red = Rgba { red: 255, green: 0, blue: 0, alpha: 255 };
        assert_eq!("#ff0000".parse(), Ok(red));
    }

    #[test]
    fn what_is_not_a_colour_is_refused() {
        for bad in ["", "#", "red", "#FFF", "#FFFFFFF", "FFFFFF", "#GGGGGG", "#+FFFFF", "#FFFFFFFFF", "#ÄÄÄ"]
        {
            assert!(bad.parse::<Rgba>().is_err(), "{bad}");
        }
    }
}
