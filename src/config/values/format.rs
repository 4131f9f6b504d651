use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Value};
use crate::picture::PixelFormat;

/// What `format` takes: a pixel format, or `auto` for the best that the camera has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format(Option<PixelFormat>);

impl Value for Format {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        let names: Vec<&str> = PixelFormat::ALL.map(PixelFormat::name).to_vec();
        format!("auto, {}", names.join(", "))
    }
}

impl FromStr for Format {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let name = text.to_ascii_uppercase();
        let name = match name.as_str() {
            "AUTO" => return Ok(Self(None)),
            // As ustreamer and videodev2.h spell them.
            "YUV420" => "YU12",
            "YVU420" => "YV12",
            name => name,
        };
        let by_name = PixelFormat::ALL.into_iter().find(|format| format.name() == name);
        let by_fourcc = || PixelFormat::from_fourcc(name.as_bytes().try_into().ok()?);
        match by_name.or_else(by_fourcc) {
            Some(format) => Ok(Self(Some(format))),
            None => Err(Self::refuse(format_args!("{text:?} is not known"))),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.map_or("auto", PixelFormat::name))
    }
}

impl From<Format> for Option<PixelFormat> {
    fn from(format: Format) -> Self {
        format.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_found_by_its_name_and_by_its_fourcc_in_any_case() {
        for format in PixelFormat::ALL {
            let fourcc = String::from_utf8(format.fourcc().to_vec()).unwrap();
            for text in [format.name(), &fourcc, &format.name().to_lowercase()] {
                assert_eq!(text.parse(), Ok(Format(Some(format))), "{text}");
            }
        }
    }

    #[test]
    fn other_spellings_of_planar_formats_are_known() {
        assert_eq!("yuv420".parse(), Ok(Format(Some(PixelFormat::Yu12))));
        assert_eq!("YVU420".parse(), Ok(Format(Some(PixelFormat::Yv12))));
        assert_eq!("Auto".parse(), Ok(Format(None)));
        assert!("H264".parse::<Format>().is_err());
    }
}
