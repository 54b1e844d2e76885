//! `healthsink healthcheck`: asks a server on this machine whether it is well, so that a container needs no other program.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use super::keep::Healthcheck;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{HEALTHCHECK_BYTES_MAX, HEALTHCHECK_WAIT};
use crate::serve::config::HEALTH_PATH;

/// Asks over plain HTTP, and says nothing if all is well.
///
/// # Errors
///
/// [`ErrorKind::Io`] if nobody answers, or if the server says that it is not well.
pub fn healthcheck(config: &Healthcheck) -> Result<()> {
    let address = config.address;
    let status = ask(config).map_err(|error| {
        Error::new(
            ErrorKind::Io,
            format!("nothing answers at {address} ({error}); is `healthsink serve` running there?"),
        )
    })?;
    if status.starts_with(b"HTTP/1.1 200 ") {
        return Ok(());
    }
    let line = status.split(|byte| *byte == b'\r').next().unwrap_or_default().escape_ascii();
    let message = format!(
        "the server at {address} is not well, or speaks no plain HTTP there: {line}; its log says why, or see --metrics-listen"
    );
    Err(Error::new(ErrorKind::Io, message))
}

/// The beginning of the answer.
fn ask(config: &Healthcheck) -> io::Result<Vec<u8>> {
    let address = config.address;
    let deadline = Instant::now() + HEALTHCHECK_WAIT;
    let mut stream = TcpStream::connect_timeout(&address, HEALTHCHECK_WAIT)?;
    stream.set_write_timeout(Some(HEALTHCHECK_WAIT))?;
    write!(stream, "GET {HEALTH_PATH} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = vec![0; HEALTHCHECK_BYTES_MAX];
    let mut length = 0;
    // The status line says it all.
    while length < answer.len() && !answer[..length].contains(&b'\n') {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut answer[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    answer.truncate(length);
    Ok(answer)
}
