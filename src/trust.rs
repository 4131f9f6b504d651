//! Whom we believe over TLS where we are the client: the authorities of this system, and those that its owner has added
//! (`update-ca-certificates`, or `SSL_CERT_FILE`).

use std::sync::{Arc, LazyLock};

use rustls::crypto::ring::default_provider;
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

pub fn tls() -> TlsConfig {
    TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::clone(&ROOTS)))
        .unversioned_rustls_crypto_provider(Arc::new(default_provider()))
        .build()
}
