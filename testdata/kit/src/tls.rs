//! Certificates made for one test, and a client that trusts only their issuer.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use healthsink::serve::config::TlsFiles;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::http::Client;

/// The name in every certificate.
pub const NAME: &str = "health.example";

/// The protocols that a client offers.
pub const HTTP1: &[u8] = b"http/1.1";
pub const HTTP2: &[u8] = b"h2";

/// An issuer of certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its chain, and its key, in PEM.
pub struct Pair {
    pub chain: String,
    pub key: String,
}

impl Authority {
    #[expect(clippy::new_without_default, reason = "it generates a key")]
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn issue(&self) -> Pair {
        self.issue_for(KeyPair::generate().unwrap(), 4000)
    }

    /// Issues a certificate for a key, valid from 1990 to the beginning of a year.
    pub fn issue_for(&self, key: KeyPair, until: i32) -> Pair {
        self.issue_to(NAME, key, until)
    }

    /// The same for another name.
    pub fn issue_to(&self, name: &str, key: KeyPair, until: i32) -> Pair {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(1990, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Pair { chain: certificate.pem() + &self.0.pem(), key: key.serialize_pem() }
    }

    /// Its own certificate.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// The configuration of a client that trusts this issuer.
    pub fn client(&self, protocol: &[u8]) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        Arc::new(config)
    }

    /// Opens a connection of HTTP/1.1 and completes the handshake.
    pub fn connect(&self, address: SocketAddr) -> io::Result<Client> {
        Ok(Client::over(Tls::connect(address, self.client(HTTP1))?))
    }
}

impl Pair {
    /// Writes both files as a program that renews certificates does: each in one step, by renaming a new file.
    pub fn write(&self, folder: &Path) -> TlsFiles {
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            let new = folder.join(format!("{name}.new"));
            fs::write(&new, text).unwrap();
            fs::set_permissions(&new, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
            fs::rename(&new, &path).unwrap();
            path
        };
        TlsFiles { cert: write("chain.pem", &self.chain), key: write("key.pem", &self.key) }
    }
}

/// The client's side of TLS over a bare socket.
pub struct Tls(StreamOwned<ClientConnection, TcpStream>);

impl Tls {
    pub fn connect(address: SocketAddr, config: Arc<ClientConfig>) -> io::Result<Self> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(crate::wait::PATIENCE))?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(NAME).unwrap();
        let mut connection = ClientConnection::new(config, name).map_err(io::Error::other)?;
        connection.complete_io(&mut stream)?;
        Ok(Self(StreamOwned::new(connection, stream)))
    }

    /// The protocol that was agreed on.
    pub fn protocol(&self) -> Option<&[u8]> {
        self.0.conn.alpn_protocol()
    }

    /// The server's own certificate.
    pub fn certificate(&self) -> &[u8] {
        &self.0.conn.peer_certificates().unwrap()[0]
    }
}

impl Read for Tls {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl Write for Tls {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl crate::http::Transport for Tls {
    fn stop_sending(&mut self) -> io::Result<()> {
        self.0.conn.send_close_notify();
        self.0.flush()?;
        self.0.sock.shutdown(Shutdown::Write)
    }
}
