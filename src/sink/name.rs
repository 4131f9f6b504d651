//! The name of an object: who has it, and how another object gets it, whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process;

use rustix::fs::{CWD, FlockOperation, OFlags, RenameFlags, fcntl_lock, renameat_with};

use super::layout::MAGIC;

/// Others may start at the same moment; who loses so often against them lets them be.
const ATTEMPTS: usize = 10;

/// Makes a file and has it be `filled` before anybody can open it by its name. It is locked for as long as it is open, so that
/// the next one knows whether its writer lives.
pub(super) fn publish<T>(path: &Path, fill: impl FnOnce(&File) -> io::Result<T>) -> io::Result<(File, T)> {
    let (file, other) = OtherName::new(path)?;
    lock(&file)?;
    let filled = fill(&file)?;
    for _ in 0..ATTEMPTS {
        match renameat_with(CWD, &other.0, CWD, path, RenameFlags::NOREPLACE) {
            Ok(()) => return Ok((file, filled)),
            Err(rustix::io::Errno::EXIST) => remove_stale(path)?,
            Err(error) => return Err(error.into()),
        }
    }
    Err(io::Error::other("others take the name again and again"))
}

/// Whether this file has the name.
pub(super) fn is_at(path: &Path, file: &File) -> bool {
    let (Ok(there), Ok(ours)) = (fs::symlink_metadata(path), file.metadata()) else { return false };
    (there.dev(), there.ino()) == (ours.dev(), ours.ino())
}

/// Takes the name from a file that a writer has left behind.
fn remove_stale(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32);
    let stale = match options.open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io::Error::new(error.kind(), format!("it is there already: {error}"))),
        Ok(stale) => stale,
    };
    let mut begin = [0; MAGIC.len()];
    if !stale.metadata()?.is_file() || stale.read_exact_at(&mut begin, 0).is_err() || begin != MAGIC {
        return Err(io::Error::other("there is something that is not of mjpegd, and it is left alone"));
    }
    lock(&stale)?;
    // Whoever has this lock may remove it; by now the name may be another file's, whose writer lives.
    if is_at(path, &stale) { fs::remove_file(path) } else { Ok(()) }
}

/// Until this process closes a descriptor of the file, any of them. Readers' locks are of another kind: they do not meet.
fn lock(file: &File) -> io::Result<()> {
    fcntl_lock(file, FlockOperation::NonBlockingLockExclusive).map_err(|error| match error {
        rustix::io::Errno::AGAIN | rustix::io::Errno::ACCESS => {
            io::Error::other("another process writes it; give each mjpegd a sink of its own")
        }
        error => error.into(),
    })
}

/// A name that nobody looks for.
struct OtherName(PathBuf);

impl OtherName {
    /// A file with this name.
    fn new(path: &Path) -> io::Result<(File, Self)> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let path = path.with_file_name(format!(".{name}.{}", process::id()));
        // Of a process with our number that was killed at the wrong moment.
        let _ = fs::remove_file(&path);
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        Ok((file, Self(path)))
    }
}

impl Drop for OtherName {
    fn drop(&mut self) {
        // Where the file has got its own name, there is nothing here.
        let _ = fs::remove_file(&self.0);
    }
}
