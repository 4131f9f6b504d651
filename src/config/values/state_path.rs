use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::{Kind, Refused, Value};

/// Where what was changed at run time is kept; empty: nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatePath(PathBuf);

impl StatePath {
    /// What is relative in a file is meant from where that file lies.
    pub fn relative_to(self, base: &Path) -> Self {
        if self.0.as_os_str().is_empty() { self } else { Self(base.join(self.0)) }
    }
}

impl Value for StatePath {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "a path in a folder that mjpegd may write to, or empty for none".to_owned()
    }
}

impl FromStr for StatePath {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        if text.ends_with('/') || text.contains(char::is_control) {
            return Err(Self::refuse(format_args!("{text:?} is not the name of a file")));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for StatePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(formatter)
    }
}

impl From<StatePath> for Option<PathBuf> {
    fn from(path: StatePath) -> Self {
        Some(path.0).filter(|path| !path.as_os_str().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_and_an_empty_one_means_none() {
        let path = |text: &str| text.parse::<StatePath>().map(|path| path.relative_to(Path::new("/etc")));
        assert_eq!(path("state.toml").map(Option::from), Ok(Some(PathBuf::from("/etc/state.toml"))));
        assert_eq!(path("/var/a").map(Option::from), Ok(Some(PathBuf::from("/var/a"))));
        assert_eq!(path("").map(Option::<PathBuf>::from), Ok(None));
        assert!(path("/var/").is_err());
    }
}
