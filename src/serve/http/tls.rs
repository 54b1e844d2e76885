//! HTTPS: the certificate and its key, reloaded when their files change. A new pair that cannot be used leaves the old one.
//!
//! Nothing watches the files. A new connection checks them, at most once a second, and retries unusable ones once a minute.
//! Sessions are not kept, so nothing can be resumed and no early data can be replayed.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::client::verify_server_cert_signed_by_trust_anchor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use tokio_rustls::rustls::server::{NoServerSessionStorage, ParsedCertificate};
use tokio_rustls::rustls::{
    CertificateError, Error as TlsError, InconsistentKeys, RootCertStore, ServerConfig, version,
};
use tokio_rustls::server::TlsStream;

use super::certificate::Certificate;
use super::socket::Socket;
use crate::model::error::{Error, Result};
use crate::model::limits::{TLS_CHECK_INTERVAL, TLS_FILE_BYTES_MAX, TLS_RETRY_INTERVAL};
use crate::model::lock::lock;
use crate::serve::config::TlsFiles;
use crate::store::{Notice, private};

/// The name of HTTP/2 where client and server agree on a protocol.
const H2: &[u8] = b"h2";

/// The server's side of TLS.
pub(in crate::serve) struct Tls {
    files: TlsFiles,
    /// The certificate of the start: its successors have the same names.
    certificate: Certificate,
    current: Mutex<Current>,
}

struct Current {
    config: Arc<ServerConfig>,
    /// The files' stamps when they were last read.
    seen: [Option<Stamp>; 2],
    checked: Instant,
    /// When the last read failed, and why.
    failed: Option<(Instant, String)>,
}

/// Distinguishes a file from its earlier contents, and from its earlier rights, which leave the modification time as it is.
type Stamp = (SystemTime, u64, [i64; 3]);

/// A certificate and key that belong together.
struct Pair {
    certificate: Certificate,
    config: Arc<ServerConfig>,
    /// Whether clients refuse it for its dates.
    is_outdated: bool,
}

impl Tls {
    /// Reads the certificate and the key.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`](crate::model::error::ErrorKind::Usage) if they cannot be read or do not belong together.
    pub(in crate::serve) fn load(files: &TlsFiles) -> Result<Self> {
        let seen = stamps(files);
        let Pair { certificate, config, is_outdated } = load(files, SystemTime::now())?;
        if is_outdated {
            // This machine's clock may also be wrong, so the server starts.
            tracing::warn!("{}; clients will refuse it", outdated(files));
        }
        private::exposure(&files.key).into_iter().for_each(Notice::log);
        let current = Current { config, seen, checked: Instant::now(), failed: None };
        Ok(Self { files: files.clone(), certificate, current: Mutex::new(current) })
    }

    /// The certificate.
    pub(in crate::serve) fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Completes the handshake of a connection.
    pub(super) async fn accept(&self, socket: Socket) -> io::Result<TlsStream<Socket>> {
        TlsAcceptor::from(self.config()).accept(socket).await
    }

    /// The current pair, after a check of the files if one is due.
    fn config(&self) -> Arc<ServerConfig> {
        // The old pair stays until the new one is complete, so a panic leaves nothing half done.
        let mut current = lock(&self.current);
        if current.checked.elapsed() >= TLS_CHECK_INTERVAL {
            current.checked = Instant::now();
            self.reload_if_changed(&mut current, SystemTime::now());
        }
        Arc::clone(&current.config)
    }

    fn reload_if_changed(&self, current: &mut Current, now: SystemTime) {
        // The stamps come before the contents: a change during the read is found by the next check.
        let seen = stamps(&self.files);
        let has_changed = seen != current.seen;
        let may_retry = current.failed.as_ref().is_some_and(|(tried, _)| tried.elapsed() >= TLS_RETRY_INTERVAL);
        if !has_changed && !may_retry {
            return;
        }
        current.seen = seen;
        let fault = match load(&self.files, now) {
            Ok(Pair { is_outdated: true, .. }) => outdated(&self.files),
            Ok(Pair { config, .. }) => {
                current.config = config;
                current.failed = None;
                tracing::info!("reloaded the certificate {}", self.files.cert.display());
                return private::exposure(&self.files.key).into_iter().for_each(Notice::log);
            }
            Err(error) => error.to_string(),
        };
        // One line for each cause, not for each retry.
        if has_changed || current.failed.as_ref().is_none_or(|(_, before)| *before != fault) {
            tracing::warn!("{fault}; the previous certificate stays in use");
        }
        current.failed = Some((Instant::now(), fault));
    }
}

/// Whether client and server have agreed on HTTP/2.
pub(super) fn is_h2(stream: &TlsStream<Socket>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(H2)
}

fn stamps(files: &TlsFiles) -> [Option<Stamp>; 2] {
    [stamp(&files.cert), stamp(&files.key)]
}

fn stamp(path: &Path) -> Option<Stamp> {
    let file = std::fs::metadata(path).ok()?;
    Some((file.modified().ok()?, file.len(), [file.ino().cast_signed(), file.ctime(), file.ctime_nsec()]))
}

fn load(files: &TlsFiles, now: SystemTime) -> Result<Pair> {
    let TlsFiles { cert, key } = files;
    let chain = CertificateDer::pem_slice_iter(&read("--tls-cert", cert)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Error::usage(format!("--tls-cert {} is not PEM: {error}", cert.display())))?;
    let Some(own) = chain.first().cloned() else {
        return Err(Error::usage(format!(
            "--tls-cert {} holds no certificate; give the file of the chain",
            cert.display()
        )));
    };
    let private_key = PrivateKeyDer::from_pem_slice(&read("--tls-key", key)?)
        .map_err(|error| Error::usage(format!("--tls-key {} holds no private key in PEM: {error}", key.display())))?;
    let provider = Arc::new(ring::default_provider());
    let is_outdated = is_outdated(&own, &provider, now);
    let certificate = Certificate::new(own);
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&version::TLS13])
        .map(|builder| builder.with_no_client_auth())
        .and_then(|builder| builder.with_single_cert(chain, private_key));
    let (cert, key) = (cert.display(), key.display());
    let mut config = config.map_err(|error| match error {
        TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => Error::usage(format!(
            "the key {key} does not belong to the certificate {cert}; give two that were issued together"
        )),
        error => Error::usage(format!("the certificate {cert} and the key {key} cannot be used: {error}")),
    })?;
    config.alpn_protocols = vec![H2.to_vec(), b"http/1.1".to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Pair { certificate, config: Arc::new(config), is_outdated })
}

/// Whether clients refuse a certificate for its dates. webpki checks the dates before the issuer, so an empty root store
/// will do.
fn is_outdated(own: &CertificateDer<'_>, provider: &CryptoProvider, now: SystemTime) -> bool {
    let Ok(parsed) = ParsedCertificate::try_from(own) else {
        return false;
    };
    let now = UnixTime::since_unix_epoch(now.duration_since(UNIX_EPOCH).unwrap_or_default());
    let algorithms = provider.signature_verification_algorithms.all;
    let verified = verify_server_cert_signed_by_trust_anchor(&parsed, &RootCertStore::empty(), &[], now, algorithms);
    matches!(
        verified,
        Err(TlsError::InvalidCertificate(
            CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. }
        ))
    )
}

fn outdated(files: &TlsFiles) -> String {
    format!("the certificate {} has expired or is not valid yet; renew it, or set the clock", files.cert.display())
}

fn read(flag: &str, path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // A pipe may block for ever, and all connections would wait for it.
    if std::fs::metadata(path).is_ok_and(|file| !file.is_file()) {
        return Err(Error::usage(format!("{flag} {} is not a regular file; name one", path.display())));
    }
    #[expect(clippy::disallowed_methods, reason = "bounded by take")]
    File::open(path)
        .and_then(|file| file.take(TLS_FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| Error::usage(format!("cannot read {flag} {}: {error}", path.display())))?;
    if bytes.len() > TLS_FILE_BYTES_MAX {
        return Err(Error::usage(format!("{flag} {} is longer than {TLS_FILE_BYTES_MAX} bytes", path.display())));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    /// Writes a certificate that is valid from this time on, and its key.
    fn write(folder: &Path, from: SystemTime) -> TlsFiles {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(["health.example".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(1970, 1, 1) + from.duration_since(UNIX_EPOCH).unwrap();
        let files = TlsFiles { cert: folder.join("chain.pem"), key: folder.join("key.pem") };
        std::fs::write(&files.cert, params.self_signed(&key).unwrap().pem()).unwrap();
        std::fs::write(&files.key, key.serialize_pem()).unwrap();
        files
    }

    #[test]
    fn a_certificate_dated_in_the_future_is_used_from_its_date_on() {
        let (folder, hour) = (tempfile::tempdir().unwrap(), Duration::from_secs(3600));
        let now = SystemTime::now();
        let tls = Tls::load(&write(folder.path(), now - hour)).unwrap();
        let mut current = tls.current.lock().unwrap();
        let old = Arc::clone(&current.config);
        write(folder.path(), now + hour);
        tls.reload_if_changed(&mut current, now);
        let tried = current.failed.as_ref().map(|(tried, _)| *tried);
        tls.reload_if_changed(&mut current, now + 2 * hour);
        assert!(tried.is_some() && tried == current.failed.as_ref().map(|(tried, _)| *tried), "retried too soon");
        let retry_is_due = |current: &mut Current| {
            let (tried, _) = current.failed.as_mut().expect("not usable yet");
            *tried = tried.checked_sub(TLS_RETRY_INTERVAL).unwrap();
        };
        retry_is_due(&mut current);
        tls.reload_if_changed(&mut current, now + hour / 2);
        assert!(Arc::ptr_eq(&current.config, &old), "not valid yet");
        retry_is_due(&mut current);
        tls.reload_if_changed(&mut current, now + 2 * hour);
        assert!(current.failed.is_none() && !Arc::ptr_eq(&current.config, &old));
    }

    /// Programs that renew certificates copy a file, and give it its owner and rights afterwards.
    #[test]
    fn new_rights_change_the_stamp() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let set = |mode| std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        let before = stamp(file.path());
        assert_eq!(stamp(file.path()), before);
        // The file system's clock may be coarse.
        let began = Instant::now();
        while stamp(file.path()) == before {
            assert!(began.elapsed() < Duration::from_secs(60));
            set(0o640);
        }
    }
}
