//! What the server reads before it opens or creates anything: tokens, certificate, and whether they fit the flags.

use std::net::SocketAddr;

use super::access::auth::Credentials;
use super::config::Serve;
use super::http::tls::Tls;
use crate::model::error::{Error, Result};
use crate::store::Database;

/// Contents of the files that the configuration names.
pub(super) struct Prepared {
    pub(super) credentials: Credentials,
    pub(super) tls: Option<Tls>,
}

impl Prepared {
    pub(super) fn load(config: &Serve) -> Result<Self> {
        let credentials = Credentials::load(&config.auth)?;
        Ok(Self { credentials, tls: config.tls.as_ref().map(Tls::load).transpose()? })
    }

    /// Returns whether uploads to this address need a token. Fails if strangers could upload, or if flags and tokens
    /// contradict each other.
    pub(super) fn check(&self, config: &Serve, address: SocketAddr) -> Result<bool> {
        let has_token = self.credentials.has_file() || Database::new(&config.db).has_tokens()?;
        if has_token && config.auth.is_optional {
            let db = config.db.display();
            return Err(Error::usage(format!("{db} has tokens, so uploads need one of them; leave out --no-auth")));
        }
        if has_token || config.auth.is_optional {
            return Ok(has_token);
        }
        if !config.trusted_proxies.is_empty() {
            return Err(Error::usage(
                "--trusted-proxy lets others upload through a proxy, and there is no token; create one with `healthsink token new`, \
                give one with --token-file, or pass --no-auth",
            ));
        }
        if !address.ip().to_canonical().is_loopback() {
            return Err(Error::usage(format!(
                "other machines can reach {address}, and there is no token; create one with `healthsink token new`, \
                give one with --token-file, or pass --no-auth"
            )));
        }
        Ok(false)
    }
}
