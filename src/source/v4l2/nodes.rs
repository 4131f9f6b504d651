//! Which node is the camera at the moment: what the capture thread knows and others ask for.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::cameras;
use crate::config::values::Devices;
use crate::controls::{Access, Board, Error};
use crate::source::Lost;

#[derive(Debug)]
pub(super) struct Nodes {
    devices: Devices,
    /// Streamed from now, or the last time.
    last: Mutex<Option<PathBuf>>,
}

impl Nodes {
    pub(super) const fn new(devices: Devices) -> Self {
        Self { devices, last: Mutex::new(None) }
    }

    /// The paths to try, in order.
    pub(super) fn paths(&self) -> Result<Vec<PathBuf>, Lost> {
        match &self.devices {
            Devices::Auto => cameras::all(),
            Devices::List(paths) => Ok(paths.clone()),
        }
    }

    pub(super) fn opened(&self, path: &Path) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(path.to_owned());
    }
}

/// By a handle of its own: V4L2 allows several, and one that streams is no hindrance.
impl Access for Nodes {
    fn open(&self) -> Result<Box<dyn Board>, Error> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // A camera that has been plugged in again may be another node by now.
        let paths = match last.filter(|path| path.exists()) {
            Some(path) => vec![path],
            None => self.paths().map_err(|lost| Error::Gone(lost.to_string()))?,
        };
        let mut failures = Vec::new();
        for path in paths {
            match cameras::open(&path) {
                Ok((node, capability)) => match cameras::why_no_camera(&node, &capability) {
                    None => return Ok(Box::new(node)),
                    Some(what) => failures.push(format!("{}: {what}, not a camera", path.display())),
                },
                Err(lost) => failures.push(lost.to_string()),
            }
        }
        Err(Error::Gone(failures.join("; ")))
    }
}
