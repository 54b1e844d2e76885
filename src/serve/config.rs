//! The configuration of the server: where to listen, who may upload, how much. `cli` makes it from flags and environment.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::app::AppSettings;
use super::cors::WebOrigin;
use super::network::Network;
use super::public_url::PublicUrl;
use super::tiles::Tiles;
use crate::model::limits::{BODY_BYTES_MAX_DEFAULT, INGESTS_MAX, WAL_BYTES_MAX_DEFAULT};
use crate::store::{Address, Database, Kept};

/// The configuration of `serve`.
#[derive(Clone, Debug)]
pub struct Serve {
    /// The database's path.
    pub db: PathBuf,
    /// The database in PostgreSQL that is used instead.
    pub store: Option<Address>,
    /// Whether the database is deleted at the end.
    pub is_temporary: bool,
    /// Whether the database's group may read it.
    pub is_group_readable: bool,
    /// The home zone of persons without one.
    pub home: Option<String>,
    /// The address that uploads arrive at.
    pub listen: SocketAddr,
    /// The path of the uploads' URL.
    pub path: String,
    /// The base URL for the app, if this machine cannot know it.
    pub public_url: Option<PublicUrl>,
    /// How clients authenticate.
    pub auth: Auth,
    /// The certificate for HTTPS; plain HTTP if `None`.
    pub tls: Option<TlsFiles>,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Longest body, as sent and after decompression.
    pub body_bytes_max: u64,
    /// Uploads that may run at once, 1 to [`INGESTS_MAX`].
    pub ingests: usize,
    /// Length of the WAL at which no new rows are accepted.
    pub wal_bytes_max: u64,
    /// Where the page gets maps from; it asks nobody else if `None`.
    pub tiles: Option<Tiles>,
    /// Origins of other web pages that may read the API.
    pub cors: Vec<WebOrigin>,
    /// The address that shows metrics to anyone. If `None`, [`Serve::listen`] shows them to those with a token.
    pub metrics_listen: Option<SocketAddr>,
}

impl Serve {
    /// The configuration without any flags but the database.
    #[must_use]
    pub fn new(db: PathBuf) -> Self {
        Self {
            db,
            store: None,
            is_temporary: false,
            is_group_readable: false,
            home: None,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, PORT_DEFAULT)),
            path: UPLOAD_PATH_DEFAULT.to_owned(),
            public_url: None,
            auth: Auth::default(),
            tls: None,
            trusted_proxies: Vec::new(),
            body_bytes_max: BODY_BYTES_MAX_DEFAULT,
            ingests: INGESTS_MAX,
            wal_bytes_max: WAL_BYTES_MAX_DEFAULT,
            tiles: None,
            cors: Vec::new(),
            metrics_listen: None,
        }
    }

    /// The file; none if rows are kept in PostgreSQL.
    pub(super) fn file(&self) -> Option<Database> {
        self.kept().file().cloned()
    }

    /// Where rows are kept.
    pub(super) fn kept(&self) -> Kept {
        match &self.store {
            Some(address) => address.clone().into(),
            None => Database::new(&self.db).group_readable(self.is_group_readable).into(),
        }
    }

    /// The same for people.
    pub(super) fn kept_in(&self) -> String {
        self.kept().to_string()
    }

    /// Values to type into the app.
    #[must_use]
    pub fn app(&self) -> AppSettings {
        AppSettings { public_url: self.public_url.clone(), path: self.path.clone(), header: self.auth.header.clone() }
    }
}

/// How clients authenticate, beside the tokens in the database.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Auth {
    /// The header that carries the token; `Authorization: Bearer` if `None`.
    pub header: Option<String>,
    /// File whose first line is one more token.
    pub token_file: Option<PathBuf>,
    /// The person for uploads with that token, or without any; `me` if `None`.
    pub person: Option<String>,
    /// Whether other machines may upload as long as no token exists.
    pub is_optional: bool,
}

/// Where the certificate is, in PEM.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlsFiles {
    /// The certificate and its chain.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Port for uploads unless `--listen` names another.
pub const PORT_DEFAULT: u16 = 3000;

/// Path for uploads unless `--path` names another.
pub const UPLOAD_PATH_DEFAULT: &str = "/api/health-data";

/// Path of the health check.
pub const HEALTH_PATH: &str = "/healthz";

/// Path of the metrics.
pub const METRICS_PATH: &str = "/metrics";

/// Path of the page that shows what to type into the app.
pub const PAGE_PATH: &str = "/";

/// Path at which a browser signs in and out.
pub const SESSION_PATH: &str = "/session";

/// Path at which a page without script signs out.
pub const SESSION_END_PATH: &str = "/session/end";
