//! Into files: one that always is the newest picture, or one for each, named by the time, as many as are to be kept.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Zoned;
use rustix::fs::{Access, access};

use self::kept::Kept;
use super::{Receiver, Sent};
use crate::bell::Bell;
use crate::config::PushFile;
use crate::frame::Frame;

mod kept;

pub(super) struct Files {
    settings: PushFile,
    root: PathBuf,
    /// Those that are there, where there are many; `None`: not looked at yet.
    kept: Option<Kept>,
}

impl Files {
    pub(super) fn new(settings: &PushFile) -> Self {
        Self { root: settings.path.root(), settings: settings.clone(), kept: None }
    }

    fn write(&mut self, jpeg: &[u8]) -> io::Result<()> {
        let path = self.settings.path.at(&Zoned::now()).map_err(io::Error::other)?;
        if self.settings.path.is_one() {
            return replace(&path, jpeg, self.settings.mode);
        }
        let mut kept = match self.kept.take() {
            Some(kept) => kept,
            None => Kept::look(&self.root, &self.settings.path)?,
        };
        // First, so that there never are too many, whatever fails.
        kept.make_room(&path, jpeg.len() as u64, &self.settings)?;
        self.make_folders(&path)?;
        replace(&path, jpeg, self.settings.mode)?;
        kept.add(&path, jpeg.len() as u64);
        self.kept = Some(kept);
        Ok(())
    }

    /// Those between the root and the file. The root itself has to be there: it may be a disk that is not mounted yet, and what
    /// was written in its place would fill another one.
    fn make_folders(&self, path: &Path) -> io::Result<()> {
        let below = path.strip_prefix(&self.root).ok().and_then(Path::parent).unwrap_or(Path::new(""));
        let mut folder = self.root.clone();
        // Who may read the files may open their folders.
        let mode = self.settings.mode | (self.settings.mode & 0o444) >> 2 | 0o700;
        for name in below {
            folder.push(name);
            match DirBuilder::new().mode(mode).create(&folder) {
                // The service's umask allows nobody anything.
                Ok(()) => fs::set_permissions(&folder, Permissions::from_mode(mode))?,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// What to do about an error.
    fn in_words(&self, error: &io::Error) -> String {
        let root = self.root.display();
        let what = match error.kind() {
            ErrorKind::NotFound => format!("the folder {root} has to be there, and be mjpegd's"),
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => format!(
                "mjpegd may not write in {root}: give the folder to its user; under systemd that is /var/lib/mjpegd, or what \
                 `systemctl edit mjpegd` adds by [Service] ReadWritePaths={root}"
            ),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                "there is no room left: keep less, or make room".to_owned()
            }
            _ => return error.to_string(),
        };
        format!("{error}: {what}")
    }
}

impl Receiver for Files {
    fn name(&self) -> String {
        self.settings.path.to_string()
    }

    fn check(&mut self) -> Result<(), String> {
        let found = fs::read_dir(&self.root).map(drop);
        let found = found.and_then(|()| Ok(access(&self.root, Access::WRITE_OK | Access::EXEC_OK)?));
        found.map_err(|error| self.in_words(&error))
    }

    fn send(&mut self, frame: &Frame, _: &Bell) -> Result<Sent, String> {
        self.write(&frame.jpeg).map(|()| Sent::More).map_err(|error| self.in_words(&error))
    }
}

/// What a file is called while it is written.
fn unfinished(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".new");
    path.with_file_name(name)
}

/// Whoever opens it finds a whole picture, this one or the one before.
fn replace(path: &Path, jpeg: &[u8], mode: u32) -> io::Result<()> {
    let new = unfinished(path);
    let write = || {
        let mut file = File::create(&new)?;
        file.set_permissions(Permissions::from_mode(mode))?;
        file.write_all(jpeg)?;
        fs::rename(&new, path)
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&new);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_that_cannot_be_written_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("now.jpg")).unwrap();
        assert!(replace(&folder.path().join("now.jpg"), b"picture", 0o644).is_err());
        let names: Vec<_> =
            folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["now.jpg"]);
    }
}
