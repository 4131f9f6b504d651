//! A certificate of our own making: it keeps listeners on the network out, and says who we are to those who have
//! seen it before.

use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context as _, Result};
use log::{info, warn};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use rustls::sign::CertifiedKey;

use super::pem::{load, parse};
use crate::config::replace_file;

/// Certificate and key in one, so that they cannot be of different makings after a power cut.
const FILE: &str = "tls.pem";

/// The one that is kept in the folder, or a new one.
pub(super) fn keep_or_make(folder: Option<&Path>) -> Result<CertifiedKey> {
    let Some(folder) = folder else {
        info!("there is no folder to keep a TLS certificate in: a new one is made at each start");
        let text = make()?;
        return Ok(parse(&text, &text)?);
    };
    let path = folder.join(FILE);
    match load(&path, &path) {
        Ok(kept) => return Ok(kept),
        Err(_) if path.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound) => {}
        Err(bad) => warn!("the TLS certificate that was kept is of no use, making a new one: {bad}"),
    }
    let text = make()?;
    match replace_file(&path, &text, 0o600) {
        Ok(()) => info!("made a TLS certificate of our own: {}", path.display()),
        Err(error) => warn!("{}: the TLS certificate cannot be kept: {error}", path.display()),
    }
    Ok(parse(&text, &text)?)
}

/// Its dates hold for ever: a board without a clock begins in 1970, and whoever has trusted it once shall not be asked again.
pub(super) fn make() -> Result<Vec<u8>> {
    let host = rustix::system::uname().nodename().to_string_lossy().to_ascii_lowercase();
    let mut params = CertificateParams::new(names(&host)).context("a name of this machine")?;
    params.distinguished_name.push(DnType::CommonName, format!("mjpegd on {host}"));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().context("cannot make a TLS key")?;
    let cert = params.self_signed(&key).context("cannot make a TLS certificate")?;
    Ok((cert.pem() + &key.serialize_pem()).into_bytes())
}

/// By which people call this machine; its addresses are those of the day it is made.
fn names(host: &str) -> Vec<String> {
    let fits = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
    };
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let addresses = interfaces.iter().map(if_addrs::Interface::ip).filter(|address| match address {
        IpAddr::V4(_) => true,
        IpAddr::V6(address) => !address.is_unicast_link_local(),
    });
    let words = [host.to_owned(), format!("{host}.local"), "localhost".to_owned()];
    let mut names: Vec<String> = words.into_iter().filter(|name| fits(name)).collect();
    names.extend(addresses.map(|address| address.to_string()));
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn it_is_kept_for_nobody_else_to_read_and_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let certificate =
            || keep_or_make(Some(folder.path())).unwrap().end_entity_cert().unwrap().clone().into_owned();
        let first = certificate();
        let path = folder.path().join(FILE);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(certificate(), first);
        std::fs::write(&path, "cut").unwrap();
        let second = certificate();
        assert_ne!(second, first);
        assert_eq!(certificate(), second);
    }

    #[test]
    fn a_folder_that_cannot_be_written_to_is_no_reason_to_be_without_one() {
        assert!(keep_or_make(Some(Path::new("/nowhere"))).is_ok());
        assert!(keep_or_make(None).is_ok());
    }

    #[test]
    fn an_odd_host_name_is_left_out() {
        assert!(names("a b").iter().all(|name| !name.contains(' ')));
        assert!(names("pi").contains(&"pi.local".to_owned()));
    }
}
