use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Value, by_name};

/// How pictures of an RTSP camera come: TCP loses none, UDP waits for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RtspTransport {
    #[default]
    Tcp,
    Udp,
}

impl Value for RtspTransport {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "tcp or udp".to_owned()
    }
}

impl FromStr for RtspTransport {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        by_name(&[Self::Tcp, Self::Udp], text)
    }
}

impl fmt::Display for RtspTransport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}
