//! Whether a server runs already at the address that setup would use, and whether it uses the same database.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::cli::healthcheck::reachable;
use crate::model::error::{Error, Result};
use crate::model::limits::{HEALTHCHECK_WAIT, LOCAL_ANSWER_BYTES_MAX};
use crate::serve::config::{HEALTH_PATH, METRICS_PATH, Serve};

/// A server that answers.
#[derive(Debug)]
pub(super) struct Running {
    address: SocketAddr,
    /// Whether it speaks HTTPS, which setup does not.
    is_https: bool,
}

/// Returns the server at an address, or `None` if nothing listens there.
///
/// # Errors
///
/// Another program listens there.
pub(super) fn find(listen: SocketAddr) -> Result<Option<Running>> {
    let address = reachable(listen);
    let Ok(answer) = ask(address, HEALTH_PATH, "") else {
        return Ok(None);
    };
    let has = |text: &str| answer.contains(text);
    let is_https = has("this port speaks HTTPS");
    // Healthy, unhealthy, or behind TLS.
    if is_https || has("\"uploadsUnderWay\"") || has("application/problem+json") {
        return Ok(Some(Running { address, is_https }));
    }
    let message =
        format!("another program listens at {address}; choose another port with --listen, or stop that program");
    Err(Error::usage(message))
}

impl Running {
    /// Fails if the server does not know a token of the database: it uses another one.
    pub(super) fn check_token(&self, config: &Serve, token: &str) -> Result<()> {
        if self.is_https {
            return Ok(());
        }
        let header = match &config.auth.header {
            Some(name) => format!("{name}: {token}\r\n"),
            None => format!("Authorization: Bearer {token}\r\n"),
        };
        match ask(self.address, METRICS_PATH, &header) {
            Ok(answer) if answer.starts_with("HTTP/1.1 401 ") => Err(Error::usage(format!(
                "the server at {} does not know a token of {}: name its database with --db, and its header with --auth-header",
                self.address,
                config.db.display()
            ))),
            _ => Ok(()),
        }
    }
}

/// Returns the beginning of the answer. Fails if nothing listens there.
fn ask(address: SocketAddr, path: &str, header: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, HEALTHCHECK_WAIT)?;
    stream.set_read_timeout(Some(HEALTHCHECK_WAIT))?;
    stream.set_write_timeout(Some(HEALTHCHECK_WAIT))?;
    // A program that closes the connection at once also listens there.
    let _ = write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n{header}Connection: close\r\n\r\n");
    let mut answer = Vec::new();
    #[expect(clippy::disallowed_methods, reason = "bounded by take")]
    // What arrived in time is enough.
    let _ = stream.take(LOCAL_ANSWER_BYTES_MAX as u64).read_to_end(&mut answer);
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
