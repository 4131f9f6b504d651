use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::{Kind, Refused, Value};

/// A file that letters come from; empty: those that are built in. Whether it can be read is asked when all settings are
/// known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Font(PathBuf);

impl Font {
    /// What is relative in a file is meant from where that file lies, as with folders.
    pub fn relative_to(self, base: &Path) -> Self {
        if self.0.as_os_str().is_empty() { self } else { Self(base.join(self.0)) }
    }

    /// That letters can be read from it.
    pub fn check(font: Option<&Path>) -> Result<(), Refused> {
        match font.map(crate::jpeg::font::Font::read) {
            None | Some(Ok(_)) => Ok(()),
            Some(Err(error)) => Err(Self::refuse(format_args!("{error:#}"))),
        }
    }
}

impl Value for Font {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "a TrueType or OpenType file, or empty for the built-in letters".to_owned()
    }
}

impl FromStr for Font {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        if text.contains(char::is_control) {
            return Err(Self::refuse("that is not the name of a file"));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Font {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(formatter)
    }
}

impl From<Font> for Option<PathBuf> {
    fn from(font: Font) -> Self {
        Some(font.0).filter(|path| !path.as_os_str().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_font_in_a_file_is_meant_from_where_the_file_lies() {
        let from_etc = |text: &str| text.parse::<Font>().unwrap().relative_to(Path::new("/etc")).to_string();
        assert_eq!(from_etc("a.ttf"), "/etc/a.ttf");
        assert_eq!(from_etc("/usr/a.ttf"), "/usr/a.ttf");
        assert_eq!(from_etc(""), "");
    }

    #[test]
    fn what_is_no_font_is_refused_with_the_file_and_the_reason() {
        assert!(Font::check(None).is_ok());
        let refusal = |path: &str| Font::check(Some(Path::new(path))).unwrap_err().to_string();
        assert!(
            refusal("/nowhere.ttf").contains("/nowhere.ttf: No such file"),
            "{}",
            refusal("/nowhere.ttf")
        );
        assert!(refusal("/dev/null").contains("/dev/null: it is not a font"), "{}", refusal("/dev/null"));
    }
}
