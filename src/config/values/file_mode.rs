use std::fmt;
use std::str::FromStr;

use super::{Kind, Refused, Value};

/// Who may use a file, as chmod takes it. Text, since TOML would read 660 as a decimal number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileMode(u32);

impl Value for FileMode {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "three octal digits such as 660".to_owned()
    }
}

impl FromStr for FileMode {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        // A zero in front is how C and Python write it.
        let digits = if text.len() == 4 { text.strip_prefix('0').unwrap_or(text) } else { text };
        let octal = digits.len() == 3 && digits.bytes().all(|digit| (b'0'..b'8').contains(&digit));
        match u32::from_str_radix(digits, 8) {
            Ok(mode) if octal => Ok(Self(mode)),
            _ => Err(Self::refuse(format_args!("{text:?} is no mode of a file"))),
        }
    }
}

impl fmt::Display for FileMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:03o}", self.0)
    }
}

impl From<FileMode> for u32 {
    fn from(mode: FileMode) -> Self {
        mode.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_chmod_reads_it() {
        for (text, mode) in [("660", 0o660), ("0666", 0o666), ("007", 0o7)] {
            assert_eq!(text.parse::<FileMode>().map(u32::from), Ok(mode), "{text}");
        }
        for bad in ["", "66", "678", "+66", "1777", "rw-rw----", "00660"] {
            assert!(bad.parse::<FileMode>().is_err(), "{bad}");
        }
    }
}
