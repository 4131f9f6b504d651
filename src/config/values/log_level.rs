use std::fmt;
use std::str::FromStr;

use log::LevelFilter;

use super::{Kind, Refused, Value};

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogLevel(LevelFilter);

impl LogLevel {
    pub const VERBOSE: Self = Self(LevelFilter::Debug);
    pub const DEBUG: Self = Self(LevelFilter::Trace);
}

impl Value for LogLevel {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "error, warn, info, debug, trace, or ustreamer's 0 to 3".to_owned()
    }
}

impl FromStr for LogLevel {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        Ok(Self(match text {
            "error" => LevelFilter::Error,
            "warn" => LevelFilter::Warn,
            // ustreamer's "info", and then its "performance", "verbose" and "debug".
            "info" | "0" => LevelFilter::Info,
            "debug" | "1" | "2" => LevelFilter::Debug,
            "trace" | "3" => LevelFilter::Trace,
            _ => return Err(Self::refuse(format_args!("{text:?} is not known"))),
        }))
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.as_str().to_ascii_lowercase())
    }
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        level.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_have_names_and_ustreamers_numbers() {
        let level = |text: &str| text.parse::<LogLevel>().map(|level| level.to_string());
        assert_eq!(level("warn").as_deref(), Ok("warn"));
        assert_eq!(level("0").as_deref(), Ok("info"));
        assert_eq!(level("2").as_deref(), Ok("debug"));
        assert_eq!(level("3").as_deref(), Ok("trace"));
        assert!(level("4").is_err());
        assert!(level("off").is_err());
    }
}
