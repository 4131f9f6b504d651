//! A settings file that changes while the daemon runs, and SIGHUP, by which it is read again.

use std::fs;
use std::path::PathBuf;

use rustix::process::Signal;

use super::daemon::{Daemon, Launch};
use super::{PATIENCE, within};

/// A daemon whose settings are those of a file that can be changed.
pub struct Settings {
    pub file: PathBuf,
    folder: tempfile::TempDir,
}

impl Settings {
    pub fn new(text: &str) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let settings = Self { file: folder.path().join("camera.toml"), folder };
        settings.write(text);
        settings
    }

    pub fn write(&self, text: &str) {
        fs::write(&self.file, text).unwrap();
    }

    pub fn launch<'a>(&self) -> Launch<'a> {
        Launch::default().args(&["--config", self.file.to_str().unwrap()])
    }

    pub fn start(&self) -> Daemon {
        self.launch().start()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

pub const SMALL: &str = "[source]\nname = \"pattern\"\nresolution = \"320x240\"\n";
pub const LARGE: &str = "[source]\nname = \"pattern\"\nresolution = \"640x480\"\n";
pub const AGAIN: &str = "was read again";

/// Sends SIGHUP and waits until the daemon has said what has come of it.
pub fn reload(daemon: &Daemon) -> String {
    let before = daemon.log.count(AGAIN);
    daemon.signal(Signal::HUP);
    assert!(within(PATIENCE, || daemon.log.count(AGAIN) > before), "{}", daemon.log.text());
    daemon.log.text().lines().rfind(|line| line.contains(AGAIN)).unwrap().to_owned()
}
