//! Which files there are of those that are made one at each time, so that the oldest can go.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clock::Monotonic;
use crate::config::PushFile;
use crate::config::values::PathPattern;

pub(super) struct Kept {
    root: PathBuf,
    /// The oldest first.
    files: VecDeque<One>,
    bytes: u64,
}

struct One {
    /// Below the root.
    path: Box<Path>,
    bytes: u64,
    /// How old it was at some time: from then on it ages by a clock that nobody sets.
    age: Duration,
    at: Monotonic,
}

impl Kept {
    /// Those that an earlier life has left, known by their names. What it was writing when it ended is removed.
    pub(super) fn look(root: &Path, pattern: &PathPattern) -> io::Result<Self> {
        let mut kept = Self { root: root.to_owned(), files: VecDeque::new(), bytes: 0 };
        let mut found = Vec::new();
        let parts = pattern.parts();
        let mut folders = vec![(root.to_owned(), &parts[..])];
        while let Some((folder, parts)) = folders.pop() {
            let Some((part, below)) = parts.split_first() else { continue };
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                let (path, data) = (entry.path(), entry.metadata()?);
                let name = entry.file_name();
                let Some(name) = name.to_str() else { continue };
                let unfinished = name.strip_prefix('.').and_then(|name| name.strip_suffix(".new"));
                if data.is_dir() && !below.is_empty() && PathPattern::makes(part, name) {
                    folders.push((path, below));
                } else if !data.is_file() || !below.is_empty() {
                } else if PathPattern::makes(part, name) {
                    found.push((data.modified()?, path, data.len()));
                } else if unfinished.is_some_and(|name| PathPattern::makes(part, name)) {
                    fs::remove_file(&path)?;
                }
            }
        }
        found.sort();
        for (written, path, bytes) in found {
            // From the future: the clock has been set back, and nobody knows how old it is.
            kept.push(&path, bytes, written.elapsed().unwrap_or_default());
        }
        Ok(kept)
    }

    /// Removes the oldest until there is room for one of so many bytes.
    pub(super) fn make_room(&mut self, path: &Path, bytes: u64, settings: &PushFile) -> io::Result<()> {
        if path.exists() {
            // Another one of the same second, or of an hour that a clock has twice: it will be replaced.
            let own = path.strip_prefix(&self.root).unwrap_or(path);
            self.files.retain(|one| &*one.path != own);
            self.bytes = self.files.iter().map(|one| one.bytes).sum();
        }
        while let Some(oldest) = self.files.front() {
            let age = oldest.age + oldest.at.age();
            let goes = self.files.len() as u64 >= u64::from(settings.keep)
                || settings.keep_bytes.is_some_and(|most| self.bytes + bytes > most)
                || settings.keep_age.is_some_and(|most| age > most);
            if !goes {
                break;
            }
            self.remove(&self.root.join(&oldest.path))?;
            self.bytes -= oldest.bytes;
            self.files.pop_front();
        }
        Ok(())
    }

    /// One has been written.
    pub(super) fn add(&mut self, path: &Path, bytes: u64) {
        self.push(path, bytes, Duration::ZERO);
    }

    fn push(&mut self, path: &Path, bytes: u64, age: Duration) {
        let path = path.strip_prefix(&self.root).unwrap_or(path).into();
        self.files.push_back(One { path, bytes, age, at: Monotonic::now() });
        self.bytes += bytes;
    }

    /// With the folders that are empty then.
    fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            // Whoever has removed it before.
            _ => {}
        }
        let folders = path.ancestors().skip(1).take_while(|folder| *folder != self.root);
        for folder in folders {
            // The first that is not empty is where it ends.
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    /// A folder with files of ten bytes, written so many seconds ago.
    fn folder(files: &[(&str, u64)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, seconds) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "ten bytes.").unwrap();
            let written = SystemTime::now() - Duration::from_secs(*seconds);
            fs::File::options().write(true).open(&path).unwrap().set_modified(written).unwrap();
        }
        folder
    }

    fn settings(folder: &Path) -> PushFile {
        let path = format!("{}/%Y-%m-%d/%H%M%S.jpg", folder.display()).parse().unwrap();
        PushFile { path, mode: 0o644, keep: PushFile::MOST, keep_age: None, keep_bytes: None }
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = folder
            .read_dir()
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    const FILES: [(&str, u64); 7] = [
        ("2026-01-01/100000.jpg", 900),
        ("2026-01-02/100000.jpg", 600),
        ("2026-01-02/110000.jpg", 300),
        ("2026-01-02/.120000.jpg.new", 1),
        ("2026-01-02/notes.txt", 1000),
        ("mine.jpg", 2000),
        ("old/100000.jpg", 3000),
    ];

    #[test]
    fn only_what_has_such_a_name_is_counted_and_removed() {
        let folder = folder(&FILES);
        let mut settings = settings(folder.path());
        let mut kept = Kept::look(folder.path(), &settings.path).unwrap();
        assert_eq!((kept.files.len(), kept.bytes), (3, 30));
        assert_eq!(names(&folder.path().join("2026-01-02")), ["100000.jpg", "110000.jpg", "notes.txt"]);
        settings.keep = 3;
        let new = folder.path().join("2026-01-03/100000.jpg");
        kept.make_room(&new, 10, &settings).unwrap();
        // The folder of the oldest went with it.
        assert_eq!(names(folder.path()), ["2026-01-02", "mine.jpg", "old"]);
        settings.keep_age = Some(Duration::from_secs(450));
        kept.make_room(&new, 10, &settings).unwrap();
        assert_eq!(names(&folder.path().join("2026-01-02")), ["110000.jpg", "notes.txt"]);
        settings.keep_bytes = Some(19);
        kept.make_room(&new, 10, &settings).unwrap();
        assert_eq!(names(&folder.path().join("2026-01-02")), ["notes.txt"]);
        assert_eq!((kept.files.len(), kept.bytes), (0, 0));
    }

    #[test]
    fn files_from_the_future_are_kept_for_as_long_as_new_ones() {
        let folder = folder(&FILES);
        let path = folder.path().join("2026-01-02/110000.jpg");
        // Three years: boards of 32 bits know no time after 2038.
        let written = SystemTime::now() + Duration::from_secs(100_000_000);
        fs::File::options().write(true).open(&path).unwrap().set_modified(written).unwrap();
        let settings = PushFile { keep_age: Some(Duration::from_secs(450)), ..settings(folder.path()) };
        let mut kept = Kept::look(folder.path(), &settings.path).unwrap();
        kept.make_room(&folder.path().join("2026-01-03/100000.jpg"), 10, &settings).unwrap();
        assert!(path.exists() && kept.files.len() == 1);
        kept.files[0].at = Monotonic::default();
        kept.files[0].age = Duration::from_secs(450);
        kept.make_room(&folder.path().join("2026-01-03/100000.jpg"), 10, &settings).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn one_of_the_same_second_is_counted_once() {
        let folder = folder(&FILES);
        let settings = settings(folder.path());
        let mut kept = Kept::look(folder.path(), &settings.path).unwrap();
        let path = folder.path().join("2026-01-02/110000.jpg");
        kept.make_room(&path, 50, &settings).unwrap();
        kept.add(&path, 50);
        assert_eq!((kept.files.len(), kept.bytes), (3, 70));
    }
}
