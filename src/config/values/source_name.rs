use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Value, by_name};

/// Which of the sources gives the pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceName {
    #[default]
    V4l2,
    Pattern,
    Slideshow,
    Command,
    Rpicam,
    Rtsp,
    Pull,
    Redis,
    Inbox,
}

impl SourceName {
    const ALL: [Self; 9] = [
        Self::V4l2,
        Self::Pattern,
        Self::Slideshow,
        Self::Command,
        Self::Rpicam,
        Self::Rtsp,
        Self::Pull,
        Self::Redis,
        Self::Inbox,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V4l2 => "v4l2",
            Self::Pattern => "pattern",
            Self::Slideshow => "slideshow",
            Self::Command => "command",
            Self::Rpicam => "rpicam",
            Self::Rtsp => "rtsp",
            Self::Pull => "pull",
            Self::Redis => "redis",
            Self::Inbox => "inbox",
        }
    }

    /// Whether its pictures are to have the size and the rate that the settings say.
    pub const fn is_asked_for_a_size(self) -> bool {
        matches!(self, Self::V4l2 | Self::Pattern | Self::Rpicam)
    }
}

impl Value for SourceName {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "v4l2, pattern, slideshow, command, rpicam, rtsp, pull, redis or inbox".to_owned()
    }
}

impl FromStr for SourceName {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        by_name(&Self::ALL, text)
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_is_found_by_its_name_and_named_in_a_refusal() {
        for name in SourceName::ALL {
            assert_eq!(name.to_string().parse(), Ok(name));
            assert!(SourceName::allowed().contains(name.as_str()));
        }
        assert!("webcam".parse::<SourceName>().is_err());
    }
}
