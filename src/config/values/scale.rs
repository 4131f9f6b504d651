use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Resolution, Value};

/// The size that viewers get, or the one that comes of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale(Option<Resolution>);

impl Value for Scale {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        format!("{}, or empty for no scaling", Resolution::allowed())
    }
}

impl FromStr for Scale {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        match text {
            "" => Ok(Self(None)),
            _ => text
                .parse()
                .map(|size| Self(Some(size)))
                .map_err(|refused: Refused| Self::refuse(refused.what)),
        }
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |size| size.fmt(formatter))
    }
}

impl From<Scale> for Option<Resolution> {
    fn from(scale: Scale) -> Self {
        scale.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_a_size_or_nothing() {
        for text in ["", "640x480"] {
            assert_eq!(text.parse::<Scale>().unwrap().to_string(), text);
        }
        let refusal = "640".parse::<Scale>().unwrap_err().to_string();
        assert!(refusal.contains("empty for no scaling"), "{refusal}");
    }
}
