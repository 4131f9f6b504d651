//! Whom we believe over TLS where we are the client: the authorities of this system, and those that its owner has added
//! (`update-ca-certificates`, or `SSL_CERT_FILE`).

use std::sync::{Arc, LazyLock};

use rustls::crypto::ring::default_provider;
use rustls::{CertificateError, Error as TlsError};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// Read once, at their first use: who is asked anew after a failure must not read the disk again each time.
static ROOTS: LazyLock<Arc<Vec<Certificate<'static>>>> = LazyLock::new(|| {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        log::debug!("certificates of this system: {error}");
    }
    if found.certs.is_empty() {
        log::warn!(
            "this system has no certificates: `sudo apt install ca-certificates`, or no https:// will be believed"
        );
    }
    Arc::new(found.certs.iter().map(|der| Certificate::from_der(der).to_owned()).collect())
});

/// What to look at first where a certificate is refused for its dates: a board without a battery wakes up in another year.
pub fn about_the_clock(error: &ureq::Error) -> Option<&'static str> {
    use CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    let ureq::Error::Io(error) = error else { return None };
    let TlsError::InvalidCertificate(why) = error.get_ref()?.downcast_ref()? else { return None };
    match why {
        NotValidYet | NotValidYetContext { .. } => Some(
            "its certificate is not valid yet by the clock of this machine, which looks wrong: see timedatectl",
        ),
        Expired | ExpiredContext { .. } => {
            Some("its certificate has expired, or the clock of this machine is wrong: see timedatectl")
        }
        _ => None,
    }
}

pub fn tls() -> TlsConfig {
    TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::clone(&ROOTS)))
        .unversioned_rustls_crypto_provider(Arc::new(default_provider()))
        .build()
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_wrong_clock_is_told_from_a_wrong_certificate() {
        let words = |why| {
            let error = io::Error::new(io::ErrorKind::InvalidData, TlsError::InvalidCertificate(why));
            about_the_clock(&ureq::Error::Io(error))
        };
        assert!(words(CertificateError::NotValidYet).unwrap().contains("clock of this machine"));
        assert!(words(CertificateError::Expired).unwrap().contains("has expired, or"));
        assert_eq!(words(CertificateError::UnknownIssuer), None);
        assert_eq!(about_the_clock(&ureq::Error::HostNotFound), None);
    }
}
