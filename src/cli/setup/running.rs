//! Whether anything listens at the address that setup would use: the server of the database, or another program.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::cli::healthcheck::reachable;
use crate::model::error::{Error, Result};
use crate::model::limits::{HEALTHCHECK_WAIT, LOCAL_ANSWER_BYTES_MAX};
use crate::serve::config::HEALTH_PATH;
use crate::serve::facts::ServerFacts;
use crate::store::Database;

/// Returns what the server at an address says of itself, or `None` if nothing listens there. No server of the database was known.
///
/// # Errors
///
/// Another program listens there, or the server of another database.
pub(super) fn find(database: &Database, listen: SocketAddr) -> Result<Option<ServerFacts>> {
    let address = reachable(listen);
    let Ok(answer) = ask(address, HEALTH_PATH) else {
        return Ok(None);
    };
    // A service manager has started it for this question.
    if let Some(facts) = ServerFacts::of(database) {
        return Ok(Some(facts));
    }
    let has = |text: &str| answer.contains(text);
    // Healthy, unhealthy, or behind TLS.
    let is_ours = has("\"uploadsUnderWay\"") || has("application/problem+json") || has("this port speaks HTTPS");
    let message = if is_ours {
        format!(
            "the server at {address} has another database than {}: name its database with --db, or choose another port with --listen",
            database.path().display()
        )
    } else {
        format!("another program listens at {address}; choose another port with --listen, or stop that program")
    };
    Err(Error::usage(message))
}

/// Returns the beginning of the answer. Fails if nothing listens there.
fn ask(address: SocketAddr, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, HEALTHCHECK_WAIT)?;
    stream.set_read_timeout(Some(HEALTHCHECK_WAIT))?;
    stream.set_write_timeout(Some(HEALTHCHECK_WAIT))?;
    // A program that closes the connection at once also listens there.
    let _ = write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut answer = Vec::new();
    #[expect(clippy::disallowed_methods, reason = "bounded by take")]
    // What arrived in time is enough.
    let _ = stream.take(LOCAL_ANSWER_BYTES_MAX as u64).read_to_end(&mut answer);
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
