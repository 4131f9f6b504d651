use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::{Kind, Refused, Value};

/// The folder of a slideshow. Whether it is there is asked when it is known that it is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder(PathBuf);

impl Folder {
    /// What is relative in a file is meant from where that file lies: a service's working directory is `/`.
    pub fn relative_to(self, base: &Path) -> Self {
        Self(base.join(self.0))
    }

    /// That it is there and can be read.
    pub fn check(folder: Option<&Path>) -> Result<(), Refused> {
        let Some(folder) = folder else {
            return Err(Self::refuse("the slideshow needs one: --slideshow-folder FOLDER"));
        };
        match folder.read_dir() {
            Ok(_) => Ok(()),
            Err(error) => Err(Self::refuse(format_args!("{folder:?}: {error}"))),
        }
    }
}

impl Value for Folder {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "a folder of JPEG or PNG files".to_owned()
    }
}

impl FromStr for Folder {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        if text.is_empty() {
            return Err(Self::refuse("the name is empty"));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(formatter)
    }
}

impl From<Folder> for PathBuf {
    fn from(folder: Folder) -> Self {
        folder.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_a_file_is_meant_from_where_the_file_lies() {
        let from_etc = |text: &str| {
            let folder: Folder = text.parse().unwrap();
            folder.relative_to(Path::new("/etc")).to_string()
        };
        assert_eq!(from_etc("slides"), "/etc/slides");
        assert_eq!(from_etc("/srv/slides"), "/srv/slides");
    }

    #[test]
    fn what_is_not_a_folder_is_refused_with_the_reason() {
        assert!(Folder::check(Some(Path::new("/"))).is_ok());
        let refusal = |path| Folder::check(path).unwrap_err().to_string();
        assert!(refusal(Some(Path::new("/dev/null"))).contains("Not a directory"));
        assert!(refusal(Some(Path::new("/nowhere"))).contains("No such file"));
        assert!(refusal(None).contains("--slideshow-folder"));
        assert!("".parse::<Folder>().is_err());
    }
}
