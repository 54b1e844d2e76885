//! Whom a follower trusts over HTTPS: the authorities of this system, and those in `--ca-file`. Only TLS 1.3, as the server speaks it.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, version};

use crate::follow::files::certificates;
use crate::model::error::{Error, Result};

/// Returns what makes connections secure.
pub(super) fn connector(ca_file: Option<&Path>) -> Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = ca_file {
        let shown = path.display();
        let pem = certificates("--ca-file", path)?;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate =
                certificate.map_err(|error| Error::usage(format!("--ca-file {shown} is not PEM: {error}")))?;
            roots.add(certificate).map_err(|error| {
                Error::usage(format!("--ca-file {shown} has a certificate that cannot be used: {error}"))
            })?;
        }
        if roots.is_empty() {
            return Err(Error::usage(format!("--ca-file {shown} holds no certificate")));
        }
    }
    // Single files of the system that cannot be used are no reason to trust nobody.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(Error::usage(
            "this system has no certificate authorities to trust; name a file of them with --ca-file",
        ));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&version::TLS13])
        .map_err(|error| Error::usage(format!("HTTPS cannot be used: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
