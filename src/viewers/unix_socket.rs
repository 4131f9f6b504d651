//! The socket in the file system that programs on this machine connect to.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, fchmod};
use socket2::{Domain, SockAddr, Socket, Type};

use super::listener::BACKLOG;
use crate::config::UnixSocket as Settings;

/// The name of a socket of ours; it goes away with this.
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    /// Whoever has put another one there since shall keep it.
    inode: u64,
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if inode(&self.path).is_ok_and(|inode| inode == self.inode) {
            if let Err(error) = fs::remove_file(&self.path) {
                log::warn!("cannot remove {}: {error}", self.path.display());
            }
        }
    }
}

/// Listens at the path of the settings.
pub(super) fn bind(path: &Path, settings: &Settings) -> io::Result<(UnixListener, SocketFile)> {
    make_room(path, settings.remove)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    // The file takes its mode from the socket, less the umask: so it is at no time open to more than are meant.
    fchmod(&socket, Mode::from_raw_mode(settings.mode))?;
    socket.bind(&SockAddr::unix(path)?)?;
    let file = SocketFile { path: path.to_owned(), inode: inode(path)? };
    fs::set_permissions(path, fs::Permissions::from_mode(settings.mode))?;
    socket.listen(BACKLOG)?;
    Ok((std::os::fd::OwnedFd::from(socket).into(), file))
}

fn inode(path: &Path) -> io::Result<u64> {
    Ok(fs::symlink_metadata(path)?.ino())
}

/// Removes what a daemon that is gone has left behind, if that is wanted, and nothing else.
fn make_room(path: &Path, remove: bool) -> io::Result<()> {
    let there = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        there => there?,
    };
    if !there.file_type().is_socket() {
        return Err(io::Error::other("there is something that is no socket, and it is left alone"));
    }
    if !is_stale(path)? {
        return Err(io::Error::other(
            "another process listens there (`sudo ss -lxp` names it); it is left alone",
        ));
    }
    if !remove {
        return Err(io::Error::other(
            "a socket that nobody listens on is there already; --unix-rm removes it first",
        ));
    }
    fs::remove_file(path)
}

/// Whether nobody listens: only then a connection is refused. One that would have to wait is none.
fn is_stale(path: &Path) -> io::Result<bool> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    let connected = socket.connect(&SockAddr::unix(path)?);
    Ok(connected.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(remove: bool) -> Settings {
        Settings { path: None, remove, mode: 0o640 }
    }

    #[test]
    fn it_is_made_with_its_mode_and_goes_away_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let (_listener, file) = bind(&path, &settings(false)).unwrap();
        let metadata = fs::symlink_metadata(&path).unwrap();
        assert!(metadata.file_type().is_socket());
        assert_eq!(metadata.permissions().mode() & 0o777, 0o640);
        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn only_a_socket_that_nobody_listens_on_is_removed_and_only_if_that_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let refusal = |remove| bind(&path, &settings(remove)).unwrap_err().to_string();
        let other = UnixListener::bind(&path).unwrap();
        assert!(refusal(true).contains("another process listens"), "{}", refusal(true));
        drop(other);
        assert!(refusal(false).contains("--unix-rm"), "{}", refusal(false));
        drop(bind(&path, &settings(true)).unwrap());
        fs::write(&path, "precious").unwrap();
        assert!(refusal(true).contains("no socket"), "{}", refusal(true));
        assert_eq!(fs::read(&path).unwrap(), b"precious");
    }

    #[test]
    fn the_socket_of_somebody_else_who_came_later_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let (_listener, file) = bind(&path, &settings(false)).unwrap();
        fs::remove_file(&path).unwrap();
        // So that the inode is not used again at once.
        fs::write(folder.path().join("other"), "").unwrap();
        let _other = UnixListener::bind(&path).unwrap();
        drop(file);
        assert!(path.exists());
    }

    #[test]
    fn a_path_that_is_too_long_for_a_socket_is_an_error() {
        assert!(bind(Path::new(&"/tmp/long".repeat(20)), &settings(true)).is_err());
    }
}
