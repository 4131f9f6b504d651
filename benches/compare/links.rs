//! Links that are not loopback: two network namespaces, by benches/links/link, which needs root.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::child::last_line;
use crate::plan::Link;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/links/link");
/// What the script makes.
const SERVER: &str = "mjpegd-server";
const CLIENT: &str = "mjpegd-client";
pub const SERVER_ADDRESS: &str = "10.77.0.1";

pub struct Namespaces;

/// Why there can be none.
pub fn missing() -> Option<String> {
    (!rustix::process::geteuid().is_root())
        .then(|| "network namespaces need root: sudo make bench".to_owned())
}

impl Namespaces {
    /// None for loopback, which needs none.
    pub fn of(link: Link) -> Result<Option<Self>> {
        let kind = match link {
            Link::Loopback => return Ok(None),
            Link::Shaped => "shaped",
            Link::Long => "long",
        };
        // From here on, what has been made is removed, however far it came.
        let namespaces = Self;
        let output = Command::new(SCRIPT).args(["up", kind]).output().context(SCRIPT)?;
        ensure!(output.status.success(), "{}", last_line(&output.stderr));
        Ok(Some(namespaces))
    }

    /// The words before a server's program.
    pub fn server(&self) -> Vec<String> {
        within(SERVER)
    }

    /// The words before the load's program.
    pub fn viewer(&self) -> Vec<String> {
        within(CLIENT)
    }
}

fn within(namespace: &str) -> Vec<String> {
    ["ip", "netns", "exec", namespace].map(str::to_owned).to_vec()
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        let _ = Command::new(SCRIPT).arg("down").output();
    }
}
