//! Into files: one that always is the newest picture, or one for each, named by the time, as many as are to be kept.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Zoned;
use jiff::fmt::strtime::BrokenDownTime;

use super::{Receiver, Sent};
use crate::config::PushFile;
use crate::frame::Frame;

/// Folders in folders that a name by the time may make.
const DEEPEST: usize = 8;

pub(super) struct Files {
    settings: PushFile,
    /// Those that are there, the oldest first; `None`: not looked at yet.
    kept: Option<VecDeque<Kept>>,
}

struct Kept {
    path: PathBuf,
    bytes: u64,
    written: SystemTime,
}

impl Files {
    pub(super) fn new(settings: &PushFile) -> Self {
        Self { settings: settings.clone(), kept: None }
    }

    fn is_one(&self) -> bool {
        !self.settings.path.contains('%')
    }

    /// The part of the path that is the same at all times: outside of it nothing is looked at or removed.
    fn root(&self) -> PathBuf {
        let fixed = Path::new(&self.settings.path).iter().take_while(|part| !part.to_string_lossy().contains('%'));
        fixed.collect()
    }

    fn write(&mut self, frame: &Frame) -> io::Result<()> {
        let now = Zoned::now();
        let path = match self.is_one() {
            true => PathBuf::from(&self.settings.path),
            false => now.strftime(&self.settings.path).to_string().into(),
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        replace(&path, &frame.jpeg)?;
        if !self.is_one() && self.settings.is_bounded() {
            self.keep(path, frame.jpeg.len() as u64)?;
        }
        Ok(())
    }

    /// Counts a new one in, and removes the oldest until the rest may stay.
    fn keep(&mut self, path: PathBuf, bytes: u64) -> io::Result<()> {
        let mut kept = match self.kept.take() {
            Some(kept) => kept,
            None => self.look(&path)?,
        };
        // One of the same second has been replaced.
        kept.retain(|one| one.path != path);
        kept.push_back(Kept { path, bytes, written: SystemTime::now() });
        let PushFile { keep, keep_age, keep_bytes, .. } = self.settings;
        let root = self.root();
        let mut total: u64 = kept.iter().map(|one| one.bytes).sum();
        while let Some(oldest) = kept.front().filter(|_| kept.len() > 1) {
            let age = oldest.written.elapsed().unwrap_or_default();
            let goes = keep.is_some_and(|most| kept.len() as u64 > most)
                || keep_bytes.is_some_and(|most| total > most)
                || keep_age.is_some_and(|most| age > most);
            if !goes {
                break;
            }
            total -= oldest.bytes;
            remove(&oldest.path, &root);
            kept.pop_front();
        }
        self.kept = Some(kept);
        Ok(())
    }

    /// Those that an earlier life has left, known by their names.
    fn look(&self, new: &Path) -> io::Result<VecDeque<Kept>> {
        let mut found = Vec::new();
        let mut folders = vec![(self.root(), 0)];
        while let Some((folder, depth)) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                let (path, data) = (entry.path(), entry.metadata()?);
                if data.is_dir() && depth < DEEPEST {
                    folders.push((path, depth + 1));
                } else if data.is_file() && path != new && self.is_ours(&path) {
                    found.push(Kept { path, bytes: data.len(), written: data.modified()? });
                }
            }
        }
        found.sort_by_key(|one| one.written);
        Ok(found.into())
    }

    fn is_ours(&self, path: &Path) -> bool {
        path.to_str().is_some_and(|path| BrokenDownTime::parse(&self.settings.path, path).is_ok())
    }
}

impl Receiver for Files {
    fn name(&self) -> String {
        self.settings.path.clone()
    }

    fn send(&mut self, frame: &Frame) -> Result<Sent, String> {
        self.write(frame).map(|()| Sent::More).map_err(|error| error.to_string())
    }
}

/// Whoever opens it finds a whole picture, this one or the one before.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".new");
    let new = path.with_file_name(name);
    let written = fs::File::create(&new).and_then(|mut file| file.write_all(bytes));
    written.and_then(|()| fs::rename(&new, path)).inspect_err(|_| {
        let _ = fs::remove_file(&new);
    })
}

/// With the folders that are empty then.
fn remove(path: &Path, root: &Path) {
    if let Err(error) = fs::remove_file(path) {
        log::debug!("{}: {error}", path.display());
    }
    for folder in path.ancestors().skip(1).take_while(|folder| *folder != root && folder.starts_with(root)) {
        if fs::remove_dir(folder).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn files(folder: &Path, pattern: &str) -> Files {
        let path = folder.join(pattern).to_str().unwrap().to_owned();
        Files::new(&PushFile { path, keep: None, keep_age: None, keep_bytes: None })
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn only_what_has_such_a_name_is_counted_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["2026-01-01/100000.jpg", "2026-01-02/100000.jpg", "2026-01-02/notes.txt", "mine.jpg"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, name).unwrap();
            let old = SystemTime::now() - Duration::from_secs(if name.contains("01-01") { 900 } else { 600 });
            fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
        }
        let mut files = files(folder.path(), "%Y-%m-%d/%H%M%S.jpg");
        files.settings.keep = Some(2);
        let new = folder.path().join("2026-01-03/100000.jpg");
        fs::create_dir_all(new.parent().unwrap()).unwrap();
        fs::write(&new, "new").unwrap();
        files.keep(new.clone(), 3).unwrap();
        // The folder of the oldest went with it.
        assert_eq!(names(folder.path()), ["2026-01-02", "2026-01-03", "mine.jpg"]);
        assert_eq!(names(&folder.path().join("2026-01-02")), ["100000.jpg", "notes.txt"]);
        files.settings.keep = None;
        files.settings.keep_age = Some(Duration::from_secs(60));
        files.keep(new, 3).unwrap();
        assert_eq!(names(&folder.path().join("2026-01-02")), ["notes.txt"]);
    }

    #[test]
    fn a_picture_that_cannot_be_written_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("now.jpg")).unwrap();
        assert!(replace(&folder.path().join("now.jpg"), b"picture").is_err());
        assert_eq!(names(folder.path()), ["now.jpg"]);
    }
}
