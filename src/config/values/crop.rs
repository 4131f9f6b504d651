use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Value};

/// What is kept of the camera's picture: an area of it, or all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crop(Option<CropArea>);

/// In pixels of the camera's picture, from its upper left corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CropArea {
    pub width: u32,
    pub height: u32,
    pub x: u32,
    pub y: u32,
}

impl Value for Crop {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "WIDTHxHEIGHT+X+Y, both sides 16 to 8192, X and Y 0 to 8192, or empty for the whole picture"
            .to_owned()
    }
}

impl FromStr for Crop {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        let area = read(text)
            .ok_or_else(|| Self::refuse(format_args!("{text:?} is not a width, a height and a place")))?;
        let sides = [area.width, area.height].iter().all(|side| (16..=8192).contains(side));
        if sides && area.x <= 8192 && area.y <= 8192 {
            Ok(Self(Some(area)))
        } else {
            Err(Self::refuse(format_args!("{text} is out of range")))
        }
    }
}

fn read(text: &str) -> Option<CropArea> {
    let mut parts = text.split('+');
    let (width, height) = parts.next()?.split_once(['x', 'X'])?;
    let (x, y) = (parts.next()?, parts.next()?);
    let area = CropArea { width: digits(width)?, height: digits(height)?, x: digits(x)?, y: digits(y)? };
    parts.next().is_none().then_some(area)
}

/// `u32::from_str` would take a plus sign too.
fn digits(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

impl fmt::Display for CropArea {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}x{}+{}+{}", self.width, self.height, self.x, self.y)
    }
}

impl fmt::Display for Crop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |area| area.fmt(formatter))
    }
}

impl From<Crop> for Option<CropArea> {
    fn from(crop: Crop) -> Self {
        crop.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crop_is_printed_as_it_is_read() {
        for text in ["", "640x480+0+0", "16x8192+8192+17"] {
            assert_eq!(text.parse::<Crop>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_not_a_crop_is_refused() {
        for bad in [
            "640x480",
            "640x480+1",
            "640x480+1+2+3",
            "640x480+1-2",
            "640x480++1+2",
            "15x480+0+0",
            "640x480+0+8193",
            "x480+0+0",
            " 640x480+0+0",
            "640x480+99999999999+0",
        ] {
            assert!(bad.parse::<Crop>().is_err(), "{bad}");
        }
    }
}
