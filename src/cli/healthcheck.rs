//! `healthsink healthcheck`: asks a server on this machine whether it is healthy, so that a container needs no other program.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Instant;

use clap::Args;
use serde::Serialize;

use super::arguments::{Outcome, parse_listen};
use super::print::{Form, FormArgument, Printable, print};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{HEALTHCHECK_BYTES_MAX, HEALTHCHECK_WAIT};
use crate::serve::config::HEALTH_PATH;

#[derive(Debug, Args)]
pub(super) struct HealthcheckArguments {
    /// Address that the server listens on, as `serve` was given it
    #[arg(long, env = "HEALTHSINK_LISTEN", default_value = "127.0.0.1:3000", value_name = "ADDRESS", value_parser = parse_listen)]
    listen: SocketAddr,
    /// Address of the server's metrics; asked instead of --listen if it is given
    #[arg(long, env = "HEALTHSINK_METRICS_LISTEN", value_name = "ADDRESS", value_parser = parse_listen)]
    metrics_listen: Option<SocketAddr>,
    #[command(flatten)]
    form: FormArgument,
}

/// How a server is.
#[derive(Serialize)]
struct Health {
    address: SocketAddr,
    healthy: bool,
    /// Why it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl Printable for Health {
    /// A container's check needs the exit code only.
    fn write_text(&self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

impl HealthcheckArguments {
    /// Asks over plain HTTP, and prints nothing if the server is healthy. As JSON it also prints why a server is not.
    pub(super) fn run(&self) -> Result<Outcome> {
        let address = reachable(self.metrics_listen.unwrap_or(self.listen));
        let checked = check(address);
        if self.form.form() == Form::Text {
            return checked.map(|()| Outcome::Done);
        }
        let detail = checked.err().map(|error| error.to_string());
        let healthy = detail.is_none();
        print(&Health { address, healthy, detail }, Form::Json)?;
        Ok(Outcome::done_if(healthy))
    }
}

/// Fails unless a healthy server answers.
fn check(address: SocketAddr) -> Result<()> {
    let answer = ask(address).map_err(|error| {
        let message = format!("nothing answers at {address} ({error}); is `healthsink serve` running there?");
        Error::new(ErrorKind::Io, message)
    })?;
    if answer.starts_with(b"HTTP/1.1 200 ") {
        return Ok(());
    }
    let line = answer.split(|byte| *byte == b'\r').next().unwrap_or_default().escape_ascii();
    let message = format!(
        "the server at {address} is not healthy, or does not speak plain HTTP there: {line}; \
         read its log, or give --metrics-listen"
    );
    Err(Error::new(ErrorKind::Io, message))
}

/// The address at which this machine reaches a listener: `0.0.0.0` and `::` include loopback.
pub(super) fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
    }
    address
}

/// Returns the beginning of the answer, at least its status line.
fn ask(address: SocketAddr) -> io::Result<Vec<u8>> {
    let deadline = Instant::now() + HEALTHCHECK_WAIT;
    let mut stream = TcpStream::connect_timeout(&address, HEALTHCHECK_WAIT)?;
    stream.set_write_timeout(Some(HEALTHCHECK_WAIT))?;
    write!(stream, "GET {HEALTH_PATH} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = vec![0; HEALTHCHECK_BYTES_MAX];
    let mut length = 0;
    // The status line is enough.
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
