//! What a server says of itself beside its database, for `healthsink setup`: where it listens, and what to type into the app.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::config::Serve;
use super::reach::Reach;
use crate::store::{Database, ServerFile};

/// A server that runs.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerFacts {
    /// The address that uploads arrive at.
    pub listen: SocketAddr,
    /// Whether it speaks HTTPS.
    pub is_https: bool,
    /// Base URLs for the app, the best one first.
    pub urls: Vec<String>,
    /// A further one, which works if the machine answers to its name.
    pub local: Option<String>,
    /// Whether the first URL has a gap: the server sees no network.
    pub has_gap: bool,
    /// The endpoint path.
    pub path: String,
    /// The header that carries the token; `Authorization: Bearer` if `None`.
    pub header: Option<String>,
}

impl ServerFacts {
    /// Those of the server that runs with a database, if one does.
    #[must_use]
    pub fn of(database: &Database) -> Option<Self> {
        serde_json::from_slice(&database.read_server()?).ok()
    }

    /// Those of this server.
    pub(super) fn new(config: &Serve, listen: SocketAddr, reach: &Reach) -> Self {
        let Reach { urls, local, has_gap, .. } = reach.clone();
        let (path, header) = (config.path.clone(), config.auth.header.clone());
        Self { listen, is_https: config.tls.is_some(), urls, local, has_gap, path, header }
    }

    /// Writes them down for as long as the server runs. Without them, `setup` says that it does not find the server.
    pub(super) fn write(&self, database: &Database) -> Option<ServerFile> {
        let written = database.write_server(&serde_json::to_vec(self).unwrap_or_default());
        written.inspect_err(|error| tracing::debug!(%error, "`healthsink setup` will not find this server")).ok()
    }
}
