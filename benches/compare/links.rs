//! Links that are not loopback: two network namespaces, by benches/links/link, which needs root.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::plan::Link;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/links/link");
/// What the script makes.
const SERVER: &str = "mjpegd-server";
const CLIENT: &str = "mjpegd-client";
pub const SERVER_ADDRESS: &str = "10.77.0.1";

pub struct Namespaces;

impl Namespaces {
    /// None for loopback, which needs none.
    pub fn of(link: Link) -> Result<Option<Self>> {
        let kind = match link {
            Link::Loopback => return Ok(None),
            Link::Shaped => "shaped",
            Link::Long => "long",
        };
        let output = Command::new(SCRIPT).args(["up", kind]).output().context(SCRIPT)?;
        if !output.status.success() {
            bail!("no such link here: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(Some(Self))
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
