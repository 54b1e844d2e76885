//! HTTPS: the certificate and its key, taken anew when their files change. A new pair that cannot be used leaves the old one.
//!
//! Nothing watches the files: a new connection looks whether they changed, once a second at most, and tries those that could
//! not be used again, once a minute. No session is kept, so there is nothing to resume and no early data to be replayed.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
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

use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{TLS_CHECK_INTERVAL, TLS_FILE_BYTES_MAX, TLS_HANDSHAKE_WAIT, TLS_RETRY_INTERVAL};
use crate::serve::config::TlsFiles;
use crate::serve::http::unread::Timed;
use crate::store::private;

/// What HTTP/2 is called where client and server agree on a protocol.
const H2: &[u8] = b"h2";

/// First byte of a handshake.
const HANDSHAKE: u8 = 0x16;

/// The server's side of TLS.
pub(in crate::serve) struct Tls {
    files: TlsFiles,
    current: Mutex<Current>,
}

struct Current {
    config: Arc<ServerConfig>,
    /// The files as they were when they were last read.
    seen: [Option<Stamp>; 2],
    looked: Instant,
    /// When they were last read, and why they could not be used, if they could not.
    failed: Option<(Instant, String)>,
}

/// What tells a file from what it was before: also rights that it was given since, which its time of modification does not tell.
type Stamp = (SystemTime, u64, [i64; 3]);

/// A pair that can be used.
struct Pair {
    config: Arc<ServerConfig>,
    /// Why clients will not accept it today.
    is_outdated: bool,
}

impl Tls {
    /// Reads the certificate and the key.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`] if they cannot be read or do not belong together.
    pub(in crate::serve) fn load(files: &TlsFiles) -> Result<Self> {
        let seen = stamps(files);
        let Pair { config, is_outdated } = load(files)?;
        if is_outdated {
            // It may also be that this machine's clock is wrong, so this is no reason not to start.
            tracing::warn!("{}; clients will refuse it", outdated(files));
        }
        private::warn_if_exposed(&files.key);
        let current = Current { config, seen, looked: Instant::now(), failed: None };
        Ok(Self { files: files.clone(), current: Mutex::new(current) })
    }

    /// Brings a connection to where HTTP begins; none if it never gets there.
    pub(in crate::serve) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<Timed>> {
        timeout(TLS_HANDSHAKE_WAIT, self.shake_hands(stream))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    async fn shake_hands(&self, mut stream: TcpStream) -> io::Result<TlsStream<Timed>> {
        let mut first = [0];
        if stream.peek(&mut first).await? == 1 && first[0] != HANDSHAKE && first[0].is_ascii_alphabetic() {
            stream.write_all(PLAIN_HTTP.as_bytes()).await?;
            crate::serve::http::connection::linger(stream).await;
            return Err(io::Error::other("plain HTTP where HTTPS is spoken"));
        }
        TlsAcceptor::from(self.config()).accept(Timed::new(stream)).await
    }

    /// The pair of now. Looks at the files once in a while, and reads them if they have changed.
    fn config(&self) -> Arc<ServerConfig> {
        // The old pair stands until the new one is whole, so a panic leaves nothing half done.
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.looked.elapsed() >= TLS_CHECK_INTERVAL {
            current.looked = Instant::now();
            self.look(&mut current);
        }
        Arc::clone(&current.config)
    }

    fn look(&self, current: &mut Current) {
        // Taken before they are read: what changes while they are read is seen as a change the next time.
        let seen = stamps(&self.files);
        let has_changed = seen != current.seen;
        let may_retry = current.failed.as_ref().is_some_and(|(tried, _)| tried.elapsed() >= TLS_RETRY_INTERVAL);
        if !has_changed && !may_retry {
            return;
        }
        current.seen = seen;
        let fault = match load(&self.files) {
            Ok(Pair { is_outdated: true, .. }) => outdated(&self.files),
            Ok(Pair { config, .. }) => {
                current.config = config;
                current.failed = None;
                tracing::info!("took the certificate of {} anew", self.files.cert.display());
                return private::warn_if_exposed(&self.files.key);
            }
            Err(error) => error.to_string(),
        };
        // Once for each cause, not for each time that it is tried again.
        if has_changed || current.failed.as_ref().is_none_or(|(_, before)| *before != fault) {
            tracing::warn!("{fault}; the certificate that was read before stays in use");
        }
        current.failed = Some((Instant::now(), fault));
    }
}

/// Whether client and server have agreed on HTTP/2.
pub(in crate::serve) fn is_h2(stream: &TlsStream<Timed>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(H2)
}

const PLAIN_HTTP: &str = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 54\r\n\r\n\
    HTTPS is spoken here: the base URL begins with https:\n";

fn stamps(files: &TlsFiles) -> [Option<Stamp>; 2] {
    [stamp(&files.cert), stamp(&files.key)]
}

fn stamp(path: &Path) -> Option<Stamp> {
    let file = std::fs::metadata(path).ok()?;
    #[cfg(unix)]
    let more = {
        use std::os::unix::fs::MetadataExt;
        [file.ino().cast_signed(), file.ctime(), file.ctime_nsec()]
    };
    #[cfg(not(unix))]
    let more = [0; 3];
    Some((file.modified().ok()?, file.len(), more))
}

fn load(files: &TlsFiles) -> Result<Pair> {
    let usage = |message: String| Error::new(ErrorKind::Usage, message);
    let TlsFiles { cert, key } = files;
    let chain = CertificateDer::pem_slice_iter(&read("--tls-cert", cert)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| usage(format!("--tls-cert {} is not PEM: {error}", cert.display())))?;
    let Some(own) = chain.first().cloned() else {
        return Err(usage(format!("--tls-cert {} holds no certificate; give the file of the chain", cert.display())));
    };
    let private_key = PrivateKeyDer::from_pem_slice(&read("--tls-key", key)?)
        .map_err(|error| usage(format!("--tls-key {} holds no private key in PEM: {error}", key.display())))?;
    let provider = Arc::new(ring::default_provider());
    let is_outdated = is_outdated(&own, &provider);
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&version::TLS13])
        .map(|builder| builder.with_no_client_auth())
        .and_then(|builder| builder.with_single_cert(chain, private_key));
    let mut config = config.map_err(|error| match error {
        TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => usage(format!(
            "the key {} is not that of the certificate {}; give the two that were issued together",
            key.display(),
            cert.display()
        )),
        error => {
            usage(format!("the certificate {} and the key {} cannot be used: {error}", cert.display(), key.display()))
        }
    })?;
    config.alpn_protocols = vec![H2.to_vec(), b"http/1.1".to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Pair { config: Arc::new(config), is_outdated })
}

/// Whether clients will refuse a certificate for its dates. Who has issued it is not asked: the dates are looked at first.
fn is_outdated(own: &CertificateDer<'_>, provider: &CryptoProvider) -> bool {
    let Ok(parsed) = ParsedCertificate::try_from(own) else {
        return false;
    };
    let algorithms = provider.signature_verification_algorithms.all;
    let verified =
        verify_server_cert_signed_by_trust_anchor(&parsed, &RootCertStore::empty(), &[], UnixTime::now(), algorithms);
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
    let usage = |message: String| Error::new(ErrorKind::Usage, message);
    let mut bytes = Vec::new();
    // To open a pipe, or to read from one, may take for ever, and all connections would wait for it.
    if std::fs::metadata(path).is_ok_and(|file| !file.is_file()) {
        return Err(usage(format!("{flag} {} is no regular file; name one", path.display())));
    }
    #[expect(clippy::disallowed_methods, reason = "bounded by take")]
    File::open(path)
        .and_then(|file| file.take(TLS_FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| usage(format!("cannot read {flag} {}: {error}", path.display())))?;
    if bytes.len() > TLS_FILE_BYTES_MAX {
        return Err(usage(format!("{flag} {} is longer than {TLS_FILE_BYTES_MAX} bytes", path.display())));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_answer_to_plain_http_is_as_long_as_it_says() {
        let (head, body) = PLAIN_HTTP.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())), "{}", body.len());
    }

    /// Writes a certificate that is good from a moment on, and its key.
    fn write(folder: &Path, from: SystemTime) -> TlsFiles {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(["health.example".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(1970, 1, 1) + from.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let files = TlsFiles { cert: folder.join("chain.pem"), key: folder.join("key.pem") };
        std::fs::write(&files.cert, params.self_signed(&key).unwrap().pem()).unwrap();
        std::fs::write(&files.key, key.serialize_pem()).unwrap();
        files
    }

    #[test]
    fn a_certificate_is_taken_once_its_time_has_come() {
        let (folder, minute) = (tempfile::tempdir().unwrap(), Duration::from_secs(60));
        let tls = Tls::load(&write(folder.path(), SystemTime::now() - minute)).unwrap();
        let mut current = tls.current.lock().unwrap();
        let old = Arc::clone(&current.config);
        let from = SystemTime::now() + Duration::from_secs(3);
        write(folder.path(), from);
        tls.look(&mut current);
        let tried = current.failed.as_ref().map(|(tried, _)| *tried);
        tls.look(&mut current);
        assert!(
            tried.is_some() && tried == current.failed.as_ref().map(|(tried, _)| *tried),
            "not tried at once again"
        );
        while current.failed.is_some() {
            assert!(Arc::ptr_eq(&current.config, &old));
            assert!(SystemTime::now() < from + minute, "it is good since a minute");
            std::thread::park_timeout(Duration::from_millis(20));
            // As if it were a minute later.
            if let Some((tried, _)) = &mut current.failed {
                *tried = tried.checked_sub(TLS_RETRY_INTERVAL).unwrap();
            }
            tls.look(&mut current);
        }
        assert!(!Arc::ptr_eq(&current.config, &old));
    }

    /// As programs do that renew certificates: they copy a file, and give it its owner and rights afterwards.
    #[cfg(unix)]
    #[test]
    fn new_rights_make_a_file_another() {
        use std::os::unix::fs::PermissionsExt;
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
