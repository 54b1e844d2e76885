//! The sockets that the server listens on: opened here, or inherited from a service manager (systemd's socket activation).
//!
//! A server that inherits its sockets needs no network, and systemd can take it away (`PrivateNetwork=`). The metrics socket
//! shows everyone's data to anyone who reaches it, so only its name (`FileDescriptorName=metrics`) makes a socket one.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener, TcpStream};
use std::os::fd::OwnedFd;

use listenfd::ListenFd;
use tokio::net::TcpListener;

use crate::model::error::{Error, ErrorKind, Result};
use crate::serve::config::Serve;

/// The name by which a service manager passes the metrics socket.
const METRICS: &str = "metrics";

/// Rights of a listener's connections.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::serve) enum ListenerKind {
    /// Uploads, health and metrics.
    Everything,
    /// Uploads and health; metrics have their own listener.
    Uploads,
    /// Metrics and health.
    Metrics,
}

/// Sockets that a service manager opened.
#[derive(Default)]
pub(in crate::serve) struct Inherited {
    uploads: Option<StdListener>,
    metrics: Option<StdListener>,
}

impl Inherited {
    /// Takes them from the environment; the second call finds none.
    pub(in crate::serve) fn take() -> Result<Self> {
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut names = names.split(':');
        let mut passed = ListenFd::from_env();
        let mut inherited = Self::default();
        for index in 0..passed.len() {
            let taken = passed.take_tcp_listener(index);
            let taken = taken.map_err(|error| io_error("cannot use an inherited socket", &error))?;
            let is_for_metrics = names.next() == Some(METRICS);
            let listener = if is_for_metrics { &mut inherited.metrics } else { &mut inherited.uploads };
            if listener.is_some() {
                return Err(Error::usage(if is_for_metrics {
                    "more than one inherited socket has the name `metrics`; keep FileDescriptorName=metrics in one socket unit, \
                     with one ListenStream="
                } else {
                    "more than one inherited socket is for uploads; keep one ListenStream=, and give a socket for metrics its own \
                     socket unit with FileDescriptorName=metrics"
                }));
            }
            *listener = taken.map(refuse_connection).transpose()?;
        }
        Ok(inherited)
    }

    /// Where uploads arrive, if that socket is inherited.
    pub(in crate::serve) fn address(&self) -> Result<Option<SocketAddr>> {
        let address = self.uploads.as_ref().map(StdListener::local_addr).transpose();
        address.map_err(|error| io_error("cannot listen", &error))
    }
}

/// Fails for a connection: with `Accept=yes`, systemd accepts them itself and starts a program for each.
fn refuse_connection(listener: StdListener) -> Result<StdListener> {
    let socket = TcpStream::from(OwnedFd::from(listener));
    if socket.peer_addr().is_ok() {
        return Err(Error::usage(
            "the inherited socket is a connection, not a listener; set Accept=no in the socket unit",
        ));
    }
    Ok(StdListener::from(OwnedFd::from(socket)))
}

/// Sockets that the server listens on.
pub(in crate::serve) struct Listeners {
    pub(in crate::serve) uploads: TcpListener,
    /// The metrics' own socket, if they have one.
    pub(in crate::serve) metrics: Option<TcpListener>,
}

impl Listeners {
    /// Rights of the connections of the uploads' socket.
    pub(in crate::serve) fn upload_kind(&self) -> ListenerKind {
        if self.metrics.is_some() { ListenerKind::Uploads } else { ListenerKind::Everything }
    }

    pub(in crate::serve) fn upload_address(&self) -> Result<SocketAddr> {
        local_address(&self.uploads)
    }

    pub(in crate::serve) fn metrics_address(&self) -> Result<Option<SocketAddr>> {
        self.metrics.as_ref().map(local_address).transpose()
    }
}

/// Opens the sockets that are not inherited.
pub(in crate::serve) async fn open(inherited: Inherited, config: &Serve) -> Result<Listeners> {
    let uploads = match inherited.uploads {
        Some(listener) => adopt(listener)?,
        None => bind(config.listen, "--listen").await?,
    };
    let metrics = match (inherited.metrics, config.metrics_listen) {
        (Some(listener), _) => Some(adopt(listener)?),
        (None, Some(address)) => Some(bind(address, "--metrics-listen").await?),
        (None, None) => None,
    };
    Ok(Listeners { uploads, metrics })
}

async fn bind(address: SocketAddr, flag: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| bind_error(address, flag, &error))
}

/// Fails if the server could not listen on an address.
///
/// # Errors
///
/// [`ErrorKind::Io`], with what to do.
pub fn check_listen(address: SocketAddr) -> Result<()> {
    StdListener::bind(address).map(|_| ()).map_err(|error| bind_error(address, "--listen", &error))
}

fn bind_error(address: SocketAddr, flag: &str, error: &io::Error) -> Error {
    io_error(&format!("cannot listen on {address}; {}", remedy(error.kind(), address, flag)), error)
}

/// Remedy if an address cannot be listened on.
fn remedy(kind: io::ErrorKind, address: SocketAddr, flag: &str) -> String {
    match kind {
        io::ErrorKind::PermissionDenied => format!(
            "ports below 1024 need root or CAP_NET_BIND_SERVICE: take one above, such as {flag} {}",
            SocketAddr::new(address.ip(), 8443)
        ),
        io::ErrorKind::AddrInUse => {
            format!("the port is in use: choose another one with {flag}, or stop the program that listens there")
        }
        _ => format!("name another address with {flag}"),
    }
}

fn adopt(listener: StdListener) -> Result<TcpListener> {
    let adopted = listener.set_nonblocking(true).and_then(|()| TcpListener::from_std(listener));
    adopted.map_err(|error| io_error("cannot use an inherited socket", &error))
}

fn local_address(listener: &TcpListener) -> Result<SocketAddr> {
    listener.local_addr().map_err(|error| io_error("cannot listen", &error))
}

fn io_error(what: &str, error: &io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("{what}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remedy_for_each_cause() {
        let check = |kind: io::ErrorKind, part: &str| {
            let remedy = remedy(kind, "[::]:443".parse().unwrap(), "--listen");
            assert!(remedy.contains(part) && remedy.contains("--listen"), "{remedy}");
        };
        check(io::ErrorKind::PermissionDenied, "ports below 1024 need root");
        check(io::ErrorKind::PermissionDenied, "--listen [::]:8443");
        check(io::ErrorKind::AddrInUse, "the port is in use");
        check(io::ErrorKind::AddrNotAvailable, "name another address");
    }
}
