//! What was changed while the daemon ran and is to hold over restarts: a file of our own beside the user's.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::Table;

const HEAD: &str = "# Written by mjpegd: what was changed on its page or by its API, and kept. It goes over the settings file.\n\n";

/// No change is as large as this; it is not our file.
const MAX_BYTES: u64 = 1024 * 1024;

/// What is kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Saved {
    /// As in the settings file.
    pub settings: Table,
    /// Values of the camera's controls by their names.
    pub controls: Table,
}

/// The file that it is kept in.
#[derive(Clone, Debug, PartialEq)]
pub struct StateFile(PathBuf);

impl StateFile {
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What was kept; nothing when there is no such file.
    pub fn load(&self) -> io::Result<Saved> {
        let text = match fs::metadata(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Saved::default()),
            Err(error) => return Err(error),
            Ok(file) if file.len() > MAX_BYTES => return Err(io::Error::other("it is too large to be ours")),
            Ok(_) => fs::read_to_string(&self.0)?,
        };
        toml::from_str(&text).map_err(|error| io::Error::other(error.message().to_owned()))
    }

    pub fn store(&self, saved: &Saved) -> io::Result<()> {
        let text = toml::to_string(saved).map_err(io::Error::other)?;
        replace_file(&self.0, (HEAD.to_owned() + &text).as_bytes(), 0o666)
    }
}

/// Writes it so that after a power cut there is either the old file or the new one, and whole. The umask takes from the mode.
pub fn replace_file(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut new = path.to_owned().into_os_string();
    new.push(".new");
    let written = write_through(Path::new(&new), bytes, mode)
        .and_then(|()| fs::rename(&new, path))
        // The name too has to reach the disk.
        .and_then(|()| File::open(folder)?.sync_all());
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}

fn write_through(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    // One that is left from a power cut may be readable to others.
    let _ = fs::remove_file(path);
    let mut file = File::options().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Saved {
        toml::from_str("[settings.encoder]\nquality = 50\n[controls]\nbrightness = -3\n").unwrap()
    }

    #[test]
    fn what_is_kept_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = StateFile::new(folder.path().join("state.toml"));
        assert_eq!(file.load().unwrap(), Saved::default());
        file.store(&some()).unwrap();
        assert_eq!(file.load().unwrap(), some());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_is_not_there_and_a_file_that_is_not_ours_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        assert!(StateFile::new(folder.path().join("none/state.toml")).store(&some()).is_err());
        let file = StateFile::new(folder.path().join("state.toml"));
        for text in ["settings = 5", "[settings", "\u{0}"] {
            fs::write(file.path(), text).unwrap();
            assert!(file.load().is_err(), "{text:?}");
        }
    }
}
