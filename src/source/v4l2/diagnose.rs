//! What a driver's error means in words, and what to do about it.

use std::io;
use std::path::Path;

use rustix::io::Errno;

use crate::process::Holder;
use crate::source::Lost;

/// What we were about when the driver refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Open,
    Query,
    Timings,
    SetFormat,
    Buffers,
    Start,
    Stream,
}

impl Step {
    const fn words(self) -> &'static str {
        match self {
            Self::Open => "opening it",
            Self::Query => "asking what it is",
            Self::Timings => "setting it to the signal at its input",
            Self::SetFormat => "setting its format",
            Self::Buffers => "getting its buffers",
            Self::Start => "starting it",
            Self::Stream => "taking a picture",
        }
    }
}

/// The error as the whole daemon sees it: gone, or there and not working; with the remedy where one is known.
pub(super) fn explain(path: &Path, step: Step, error: &io::Error) -> Lost {
    let device = path.display();
    let errno = Errno::from_io_error(error);
    let gone = matches!(
        errno,
        Some(Errno::NOENT | Errno::NODEV | Errno::NXIO | Errno::ACCESS | Errno::PERM | Errno::NOTTY)
    );
    let words = match errno {
        Some(Errno::NOENT | Errno::NXIO) => {
            format!("{device}: no such camera; `mjpegd devices` lists those that are there")
        }
        Some(Errno::NODEV) if step == Step::Open => {
            format!("{device}: the node is there, its camera is not; is it plugged in?")
        }
        Some(Errno::NODEV) => format!("{device}: unplugged"),
        Some(Errno::ACCESS | Errno::PERM) => format!(
            "{device}: no permission; cameras belong to the group video: `sudo usermod -aG video {}`, \
             then log in again",
            user_name()
        ),
        Some(Errno::BUSY) => format!(
            "{device}: in use by {}; stop it, or choose another camera",
            holder(path).unwrap_or_else(|| "another program (`sudo fuser -v` on the device names it)".into())
        ),
        Some(Errno::NOSPC) => format!(
            "{device}: the USB bus has no bandwidth left for it (ENOSPC; the disk has nothing to do with it): \
             choose MJPEG, a smaller size or rate, or plug it into another port or directly into the board"
        ),
        Some(Errno::NOMEM) => format!(
            "{device}: no memory is left for {} (ENOMEM); fewer --buffers, or a smaller size",
            step.words()
        ),
        Some(Errno::IO | Errno::PROTO | Errno::TIMEDOUT | Errno::PIPE) => format!(
            "{device}: the USB transfer failed while {}: {error}; try another cable, port or power supply",
            step.words()
        ),
        Some(Errno::NOTTY) => format!("{device}: not a video device"),
        _ => format!("{device}: {} failed: {error}", step.words()),
    };
    if gone { Lost::NoCamera(words) } else { Lost::NoSignal(words) }
}

/// Who the command for the group is about: the name of the user that we run as, else its number.
fn user_name() -> String {
    let uid = rustix::process::geteuid().as_raw();
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    passwd
        .lines()
        .filter_map(|line| line.split_once(":x:"))
        .find(|(_, rest)| rest.split(':').next() == Some(&uid.to_string()))
        .map_or_else(|| format!("USER (uid {uid})"), |(name, _)| name.to_owned())
}

/// The program that has the device open: "ustreamer (pid 123)". Other users' programs show only to root.
fn holder(path: &Path) -> Option<String> {
    Holder::of(&path.canonicalize().ok()?).map(|holder| holder.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(errno: Errno, step: Step) -> String {
        explain(Path::new("/dev/video9"), step, &errno.into()).to_string()
    }

    #[test]
    fn no_space_is_about_usb_and_not_about_the_disk() {
        let text = said(Errno::NOSPC, Step::Start);
        assert!(text.contains("USB") && text.contains("nothing to do"), "{text}");
    }

    #[test]
    fn missing_permission_comes_with_the_command_that_mends_it() {
        let text = said(Errno::ACCESS, Step::Open);
        assert!(text.contains("sudo usermod -aG video "), "{text}");
    }

    #[test]
    fn gone_and_not_working_are_told_apart() {
        let explain = |errno: Errno| explain(Path::new("/dev/video9"), Step::Stream, &errno.into());
        assert!(matches!(explain(Errno::NODEV), Lost::NoCamera(_)));
        assert!(matches!(explain(Errno::PROTO), Lost::NoSignal(_)));
    }

    #[test]
    fn the_program_that_holds_a_device_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut child =
            std::process::Command::new("sleep").arg("60").stdin(file.reopen().unwrap()).spawn().unwrap();
        let text = explain(file.path(), Step::Start, &Errno::BUSY.into()).to_string();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(text.contains(&format!("in use by sleep (pid {})", child.id())), "{text}");
    }
}
