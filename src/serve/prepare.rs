//! Files that the server reads before it opens or creates anything: tokens, certificate, and whether they fit the flags.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use super::access::credentials::Credentials;
use super::config::Serve;
use super::http::tls::Tls;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{CONNECTIONS_MAX, TLS_CONNECTIONS_MAX};
use crate::store::{Address, Database, Lookup, TokenReader};

/// Contents of the files that the configuration names.
pub(super) struct Prepared {
    pub(super) credentials: Credentials,
    pub(super) tls: Option<Tls>,
    /// Connections at once, as far as memory allows; `serve` also looks at the limit of open files.
    pub(super) connections: usize,
    /// Looks up tokens and sessions.
    pub(super) tokens: Lookup,
}

/// Fails if the clock is so wrong that an answer can have no date.
pub(super) fn check_clock(now: SystemTime) -> Result<()> {
    let years = now.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs() / SECONDS_PER_YEAR);
    match years {
        Some(years) if years < DATED_YEARS => Ok(()),
        _ => Err(Error::new(ErrorKind::Io, "this machine's clock is before 1970 or after 9000; set it")),
    }
}

const SECONDS_PER_YEAR: u64 = 366 * 24 * 60 * 60;

/// The years from 1970 on that HTTP's dates are used for. They end with 9999.
const DATED_YEARS: u64 = 7030;

impl Prepared {
    pub(super) fn load(config: &Serve) -> Result<Self> {
        let credentials = Credentials::load(&config.auth)?;
        let tls = config.tls.as_ref().map(Tls::load).transpose()?;
        let connections = if tls.is_some() { TLS_CONNECTIONS_MAX } else { CONNECTIONS_MAX };
        let tokens = match (&config.store, config.file()) {
            (Some(address), _) => Lookup::of_postgres(address)?,
            (None, file) => TokenReader::new(file.unwrap_or_else(|| Database::new(&config.db))).into(),
        };
        Ok(Self { credentials, tls, connections, tokens })
    }

    /// Returns whether uploads to this address need a token. Fails if strangers could upload, or if flags and tokens
    /// contradict each other.
    pub(super) fn check(&self, config: &Serve, address: SocketAddr) -> Result<bool> {
        let has_token = self.credentials.has_file()
            || config.store.as_ref().map_or_else(|| Database::new(&config.db).has_tokens(), Address::has_tokens)?;
        if has_token && config.auth.is_optional {
            let db = config.kept_in();
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Dates outside of these years end in a panic of hyper's.
    #[test]
    fn a_clock_that_has_no_date_of_http_is_an_error() {
        let year = Duration::from_secs(SECONDS_PER_YEAR);
        assert!(check_clock(SystemTime::now()).is_ok());
        assert!(check_clock(UNIX_EPOCH).is_ok());
        assert!(check_clock(UNIX_EPOCH - Duration::from_nanos(1)).is_err());
        assert!(check_clock(UNIX_EPOCH - year * 60).is_err());
        assert!(check_clock(UNIX_EPOCH + year * 8028).is_err());
    }
}
