//! What the server needs to know: where to listen, who may send, how much. `cli` makes it of flags and environment.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::network::Network;
#[cfg(doc)]
use crate::model::limits::INGESTS_MAX;

/// What `serve` needs to know.
#[derive(Clone, Debug)]
pub struct Serve {
    /// The database.
    pub db: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Path of the uploads.
    pub path: String,
    /// How clients authenticate.
    pub auth: Auth,
    /// The certificate of HTTPS; plain HTTP if none.
    pub tls: Option<TlsFiles>,
    /// Peers whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<Network>,
    /// Longest body, after decompression.
    pub body_bytes_max: u64,
    /// Uploads taken in at once, 1 to [`INGESTS_MAX`].
    pub ingests: usize,
    /// Length of the write-ahead log beyond which no new rows are taken.
    pub wal_bytes_max: u64,
    /// Where the metrics are told to anyone; with a token on [`Serve::listen`] if nowhere.
    pub metrics_listen: Option<SocketAddr>,
}

/// How clients authenticate, beside the tokens in the database.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Auth {
    /// Header of its own that carries the token; `Authorization: Bearer` if none.
    pub header: Option<String>,
    /// File whose first line is one more token.
    pub token_file: Option<PathBuf>,
    /// Whose records come with that token, or without any; `me` if none.
    pub person: Option<String>,
    /// Whether other machines may upload for as long as there is no token.
    pub is_optional: bool,
}

/// Where the certificate is, in PEM.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlsFiles {
    /// The certificate and the chain behind it.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Where a monitor asks.
pub const HEALTH_PATH: &str = "/healthz";

/// Where Prometheus asks.
pub const METRICS_PATH: &str = "/metrics";
