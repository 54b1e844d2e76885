//! The sockets that are served: those of a service manager that opened them (systemd's socket activation), or our own.
//!
//! A server that is handed its sockets needs no network of its own: systemd can take that away (`PrivateNetwork=`). Whoever reaches
//! that for metrics is told everyone's, so a socket is for them by its name alone (`FileDescriptorName=metrics`).

use std::net::{SocketAddr, TcpListener as StdListener};

use listenfd::ListenFd;
use tokio::net::TcpListener;

use crate::model::error::{Error, ErrorKind, Result};
use crate::serve::config::Serve;
use crate::serve::io_error;

/// What the socket for metrics is called by whoever hands it over.
const METRICS: &str = "metrics";

/// Sockets that were handed over.
#[derive(Default)]
pub(in crate::serve) struct Inherited {
    uploads: Option<StdListener>,
    metrics: Option<StdListener>,
}

impl Inherited {
    /// Takes them; they are there once.
    pub(in crate::serve) fn take() -> Result<Self> {
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut names = names.split(':');
        let mut handed = ListenFd::from_env();
        let mut inherited = Self::default();
        for index in 0..handed.len() {
            let taken = handed.take_tcp_listener(index);
            let taken = taken.map_err(|error| io_error("cannot use a socket that was handed over", &error))?;
            let is_for_metrics = names.next() == Some(METRICS);
            let place = if is_for_metrics { &mut inherited.metrics } else { &mut inherited.uploads };
            if place.is_some() {
                let message = "of the sockets that were handed over, one is for uploads; one for metrics needs a socket unit \
                    of its own with FileDescriptorName=metrics";
                return Err(Error::new(ErrorKind::Usage, message));
            }
            *place = taken;
        }
        Ok(inherited)
    }

    /// Where uploads come, if the socket for them was handed over.
    pub(in crate::serve) fn address(&self) -> Result<Option<SocketAddr>> {
        let address = self.uploads.as_ref().map(StdListener::local_addr).transpose();
        address.map_err(|error| io_error("cannot listen", &error))
    }
}

/// Sockets that listen.
pub(in crate::serve) struct Listeners {
    /// For uploads.
    pub(in crate::serve) uploads: TcpListener,
    /// For metrics, if they have an address of their own.
    pub(in crate::serve) metrics: Option<TcpListener>,
}

/// Opens those that were not handed over.
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
    TcpListener::bind(address)
        .await
        .map_err(|error| io_error(&format!("cannot listen on {address}; name another address with {flag}"), &error))
}

fn adopt(listener: StdListener) -> Result<TcpListener> {
    let adopted = listener.set_nonblocking(true).and_then(|()| TcpListener::from_std(listener));
    adopted.map_err(|error| io_error("cannot use a socket that was handed over", &error))
}
