use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Value};

/// With what stands around it while it is made, it has to fit into the 255 bytes of a file's name.
const MOST_BYTES: usize = 200;

/// The name of an object in `/dev/shm`; empty: none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkName(String);

impl Value for SinkName {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        format!(
            "a file's name of at most {MOST_BYTES} bytes that does not begin with a dot, or empty for none"
        )
    }
}

impl FromStr for SinkName {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        // POSIX has these names begin with a slash, and means no folder by it.
        let name = text.strip_prefix('/').unwrap_or(text);
        let is_wrong = |letter: char| letter == '/' || letter.is_control();
        if name.len() > MOST_BYTES || name.starts_with('.') || name.contains(is_wrong) {
            return Err(Self::refuse(format_args!("{text:?} is no name")));
        }
        Ok(Self(name.to_owned()))
    }
}

impl fmt::Display for SinkName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl From<SinkName> for String {
    fn from(name: SinkName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_name_in_one_folder_and_no_way_out_of_it() {
        let name = |text: &str| text.parse::<SinkName>().map(String::from);
        assert_eq!(name("camera").as_deref(), Ok("camera"));
        assert_eq!(name("/demo::ustreamer::sink").as_deref(), Ok("demo::ustreamer::sink"));
        assert_eq!(name("").as_deref(), Ok(""));
        for bad in ["..", "/.hidden", "a/b", "//a", "a\n", "a\0", &"a".repeat(201)] {
            assert!(name(bad).is_err(), "{bad:?}");
        }
    }
}
