//! Who we are over TLS: a certificate and its key, those that are given or ones of our own.

mod pem;
mod self_signed;

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use arc_swap::ArcSwap;
use log::{info, warn};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::sign::{CertifiedKey, SingleCertAndKey};

pub use self::pem::{Bad, Which, certificates, load};

use crate::clock::Monotonic;

/// How often at most the files are looked at, when somebody connects: whoever renews them need not tell us.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// What new TLS connections are made with.
pub struct Identity {
    config: ArcSwap<ServerConfig>,
    /// `None`: they are our own, and nobody renews them.
    files: Option<Files>,
}

struct Files {
    cert: PathBuf,
    key: PathBuf,
    seen: Mutex<Seen>,
}

struct Seen {
    at: Monotonic,
    stamps: [Option<Stamp>; 2],
}

/// Changes with a file: when it was written, which it is, its length.
type Stamp = (i64, i64, u64, u64);

impl Identity {
    /// With the given files, or else with what is kept in this folder.
    pub fn new(given: Option<(&Path, &Path)>, folder: Option<&Path>) -> Result<Self> {
        let Some((cert, key)) = given else {
            let own = self_signed::keep_or_make(folder)?;
            return Ok(Self { config: ArcSwap::new(config(own)?), files: None });
        };
        // Before they are read, so that a change meanwhile is seen.
        let seen = Mutex::new(Seen { at: Monotonic::now(), stamps: [stamp(cert), stamp(key)] });
        let config = config(load(cert, key)?)?;
        let files = Files { cert: cert.to_owned(), key: key.to_owned(), seen };
        Ok(Self { config: ArcSwap::new(config), files: Some(files) })
    }

    /// Has the files looked at by the next who connects, however soon that is.
    pub fn look_again(&self) {
        if let Some(files) = &self.files {
            files.seen.lock().unwrap_or_else(PoisonError::into_inner).at = Monotonic::default();
        }
    }

    /// For a new connection.
    pub fn config(&self) -> Arc<ServerConfig> {
        if let Some(changed) = self.files.as_ref().and_then(Files::changed) {
            match changed {
                Ok(config) => self.config.store(config),
                // One of the two may have been written, and the other one not yet.
                Err(error) => warn!("TLS goes on with the certificate from before: {error:#}"),
            }
        }
        self.config.load_full()
    }
}

impl Files {
    /// What they have become since the last look; `None`: nothing else.
    fn changed(&self) -> Option<Result<Arc<ServerConfig>>> {
        // One thread that looks is enough.
        let mut seen = self.seen.try_lock().ok()?;
        if seen.at.age() < LOOK_AGAIN_AFTER {
            return None;
        }
        let stamps = [stamp(&self.cert), stamp(&self.key)];
        seen.at = Monotonic::now();
        if stamps == seen.stamps {
            return None;
        }
        seen.stamps = stamps;
        Some(load(&self.cert, &self.key).map_err(Into::into).and_then(config))
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let file = std::fs::metadata(path).ok()?;
    Some((file.mtime(), file.mtime_nsec(), file.ino(), file.len()))
}

fn config(certified: CertifiedKey) -> Result<Arc<ServerConfig>> {
    let cert = certified.end_entity_cert().context("no certificate")?.clone().into_owned();
    if let Some(trouble) = pem::trouble_with_dates(&cert) {
        warn!("the TLS certificate {trouble}: clients will refuse it");
    }
    info!("TLS certificate with the SHA-256 fingerprint {}", fingerprint(&cert));
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// What clients will refuse about a certificate that could be read.
pub fn trouble(cert: &Path, key: &Path) -> Option<String> {
    let certified = load(cert, key).ok()?;
    certified.end_entity_cert().ok().and_then(pem::trouble_with_dates).map(str::to_owned)
}

/// As browsers and openssl write it.
fn fingerprint(cert: &CertificateDer<'_>) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, cert);
    digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_change_are_taken_up_and_bad_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("both.pem");
        std::fs::write(&path, self_signed::make().unwrap()).unwrap();
        let identity = Identity::new(Some((&path, &path)), None).unwrap();
        let first = identity.config();
        std::fs::write(&path, "broken").unwrap();
        identity.look_again();
        assert!(Arc::ptr_eq(&first, &identity.config()));
        std::fs::write(&path, self_signed::make().unwrap()).unwrap();
        identity.look_again();
        assert!(!Arc::ptr_eq(&first, &identity.config()));
    }
}
