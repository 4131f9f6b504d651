use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::{Kind, Refused, Value};

/// What a path is for, in the words that say what is allowed.
pub trait Purpose {
    const ALLOWED: &'static str;
}

#[derive(Clone, Debug)]
pub struct OfSocket;

impl Purpose for OfSocket {
    const ALLOWED: &'static str = "a path in a folder that mjpegd may write to, or empty for none";
}

#[derive(Clone, Debug)]
pub struct OfPem;

impl Purpose for OfPem {
    const ALLOWED: &'static str = "a PEM file, or empty for none";
}

#[derive(Clone, Debug)]
pub struct OfSecret;

impl Purpose for OfSecret {
    const ALLOWED: &'static str = "a file with nothing but the secret in it, or empty for none";
}

#[derive(Clone, Debug)]
pub struct OfPages;

impl Purpose for OfPages {
    const ALLOWED: &'static str = "a folder with an index.html, or empty for none";
}

/// A path, or empty for none. What is there is looked at when it is used.
#[derive(Clone, Debug)]
pub struct OptionalPath<P>(PathBuf, PhantomData<P>);

impl<P> OptionalPath<P> {
    /// What is relative in a file is meant from where that file lies.
    pub fn relative_to(self, base: &Path) -> Self {
        if self.0.as_os_str().is_empty() { self } else { Self(base.join(self.0), PhantomData) }
    }
}

impl<P: Purpose> Value for OptionalPath<P> {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        P::ALLOWED.to_owned()
    }
}

impl<P: Purpose> FromStr for OptionalPath<P> {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        if text.contains(char::is_control) {
            return Err(Self::refuse(format_args!("{text:?} is no path")));
        }
        Ok(Self(text.into(), PhantomData))
    }
}

impl<P> fmt::Display for OptionalPath<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(formatter)
    }
}

impl<P> From<OptionalPath<P>> for Option<PathBuf> {
    fn from(path: OptionalPath<P>) -> Self {
        Some(path.0).filter(|path| !path.as_os_str().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_in_a_file_is_meant_from_where_the_file_lies_and_an_empty_one_means_none() {
        let path = |text: &str| {
            let path = text.parse::<OptionalPath<OfPem>>().unwrap();
            Option::<PathBuf>::from(path.relative_to(Path::new("/etc")))
        };
        assert_eq!(path("cert.pem"), Some(PathBuf::from("/etc/cert.pem")));
        assert_eq!(path("/srv/cert.pem"), Some(PathBuf::from("/srv/cert.pem")));
        assert_eq!(path(""), None);
        for bad in ["a\0b", "a\n"] {
            assert!(bad.parse::<OptionalPath<OfPem>>().is_err());
        }
    }
}
