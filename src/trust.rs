//! Whom we believe over TLS where we are the client: the authorities of this system, which it keeps up to date for as long as
//! it runs, and those that its owner has added (`update-ca-certificates`, or `SSL_CERT_FILE`).

use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

pub fn tls() -> TlsConfig {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        log::debug!("certificates of this system: {error}");
    }
    if found.certs.is_empty() {
        log::warn!(
            "this system has no certificates: `sudo apt install ca-certificates`, or no https:// will be believed"
        );
    }
    let roots = found.certs.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .unversioned_rustls_crypto_provider(Arc::new(default_provider()))
        .build()
}
