//! Reads a certificate and its key from PEM files (RFC 7468), and says what is wrong with them.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::{Error, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, RootCertStore};

/// The longest chains are a few kilobytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// Which of the two files is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Cert,
    Key,
}

/// What is wrong with one of them.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct Bad {
    pub which: Which,
    why: String,
}

/// The certificate with the chain behind it, and its key.
pub fn load(cert: &Path, key: &Path) -> Result<CertifiedKey, Bad> {
    let cert_text = read(Which::Cert, cert)?;
    let key_text = read(Which::Key, key)?;
    parse(&cert_text, &key_text).map_err(|Bad { which, why }| {
        let path = if which == Which::Cert { cert } else { key };
        Bad { which, why: format!("{}: {why}", path.display()) }
    })
}

/// Certificates of others, as a file has them: those that are trusted.
pub fn certificates(path: &Path) -> Result<Vec<u8>, Bad> {
    let text = read(Which::Cert, path)?;
    let bad = |why: String| Bad { which: Which::Cert, why: format!("{}: {why}", path.display()) };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| bad(in_words(&error, "CERTIFICATE")))?;
        roots.add(certificate).map_err(|error| bad(format!("it is no certificate: {error}")))?;
    }
    match roots.is_empty() {
        true => Err(bad(in_words(&Error::NoItemsFound, "CERTIFICATE"))),
        false => Ok(text),
    }
}

pub(super) fn parse(cert: &[u8], key: &[u8]) -> Result<CertifiedKey, Bad> {
    let bad_cert = |why: String| Bad { which: Which::Cert, why };
    let bad_key = |why: String| Bad { which: Which::Key, why };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(cert).collect();
    let chain = chain.map_err(|error| bad_cert(in_words(&error, "CERTIFICATE")))?;
    if chain.is_empty() {
        return Err(bad_cert(in_words(&Error::NoItemsFound, "CERTIFICATE")));
    }
    let private = PrivateKeyDer::from_pem_slice(key);
    let private = private.map_err(|error| bad_key(in_words(&error, "PRIVATE KEY")))?;
    let private = default_provider().key_provider.load_private_key(private);
    let private =
        private.map_err(|_| bad_key("it is no key that can be used; RSA, ECDSA or Ed25519 can".into()))?;
    let certified = CertifiedKey::new(chain, private);
    match certified.keys_match() {
        Ok(()) => Ok(certified),
        Err(rustls::Error::InconsistentKeys(_)) => {
            Err(bad_key("it is not the key of the certificate".into()))
        }
        Err(error) => Err(bad_cert(format!("it is no certificate: {error}"))),
    }
}

fn read(which: Which, path: &Path) -> Result<Vec<u8>, Bad> {
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut text));
    let why = match read {
        Ok(_) if text.len() as u64 <= MAX_BYTES => return Ok(text),
        Ok(_) => "it is too large for a PEM file".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(Bad { which, why: format!("{}: {why}", path.display()) })
}

fn in_words(error: &Error, section: &str) -> String {
    match error {
        Error::NoItemsFound => format!("there is no PEM section \"-----BEGIN {section}-----\" in it"),
        error => format!("it is no PEM file: {error}"),
    }
}

/// What clients will not like about its dates. Without a clock that is set, that may be wrong.
pub(super) fn trouble_with_dates(cert: &CertificateDer<'_>) -> Option<&'static str> {
    // The verifier looks at the dates before it looks at who has signed it.
    let mut roots = RootCertStore::empty();
    roots.add(cert.clone().into_owned()).ok()?;
    let provider = Arc::new(default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().ok()?;
    let name = ServerName::try_from("localhost").ok()?;
    match verifier.verify_server_cert(cert, &[], &name, &[], UnixTime::now()) {
        Err(rustls::Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        )) => Some("has expired"),
        Err(rustls::Error::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        )) => Some("is not valid yet"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::self_signed;

    #[test]
    fn what_is_wrong_is_told_with_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let one = file("one.pem", &self_signed::make().unwrap());
        let other = file("other.pem", &self_signed::make().unwrap());
        let cut = file("cut.pem", b"-----BEGIN CERTIFICATE-----\nMIIB");
        let odd = file("odd.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        let empty = file("empty.pem", b"");
        let large = file("large.pem", &vec![b'#'; 2 << 20]);
        assert!(load(&one, &one).is_ok());
        assert!(certificates(&one).is_ok());
        for bad in [&cut, &odd, &empty, &large] {
            let bad_one = certificates(bad).unwrap_err().to_string();
            assert!(bad_one.starts_with(bad.to_str().unwrap()), "{bad_one}");
        }
        for (cert, key, which, why) in [
            (&one, &other, Which::Key, "not the key of"),
            (&empty, &one, Which::Cert, "BEGIN CERTIFICATE"),
            (&one, &empty, Which::Key, "BEGIN PRIVATE KEY"),
            (&cut, &one, Which::Cert, "no PEM file"),
            (&odd, &one, Which::Cert, "no certificate"),
            (&large, &one, Which::Cert, "too large"),
            (&one, &folder.path().join("none"), Which::Key, "No such file"),
        ] {
            let bad = load(cert, key).unwrap_err();
            assert_eq!(bad.which, which, "{bad}");
            assert!(bad.why.contains(why), "{bad}");
        }
    }

    #[test]
    fn dates_are_looked_at() {
        let cert = |from: i32, to: i32| {
            let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            params.not_before = rcgen::date_time_ymd(from, 1, 1);
            params.not_after = rcgen::date_time_ymd(to, 1, 1);
            let key = rcgen::KeyPair::generate().unwrap();
            params.self_signed(&key).unwrap().der().clone()
        };
        assert_eq!(trouble_with_dates(&cert(2001, 2002)), Some("has expired"));
        assert_eq!(trouble_with_dates(&cert(3001, 3002)), Some("is not valid yet"));
        assert_eq!(trouble_with_dates(&cert(2001, 3002)), None);
    }
}
