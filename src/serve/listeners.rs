//! The sockets that are served: those of a service manager that opened them (systemd's socket activation), or our own.
//!
//! A server that is handed its sockets needs no network of its own: systemd can take that away (`PrivateNetwork=`).

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};

use listenfd::ListenFd;
use tokio::net::TcpListener;

use super::io_error;
use crate::config::{Auth, Serve};
use crate::error::{Error, ErrorKind, Result};

/// Sockets that listen.
pub(super) struct Listeners {
    /// For uploads.
    pub(super) uploads: TcpListener,
    /// For metrics, if they have an address of their own.
    pub(super) metrics: Option<TcpListener>,
}

/// Takes what was handed over: the first socket is for uploads, a second one for metrics. What was not is opened.
pub(super) async fn open(config: &Serve) -> Result<Listeners> {
    let mut handed = ListenFd::from_env();
    let mut take = |index| {
        let taken = handed.take_tcp_listener(index).and_then(|listener| listener.map(adopt).transpose());
        taken.map_err(|error| io_error("cannot use a socket that was handed over", &error))
    };
    let uploads = match take(0)? {
        Some(listener) => {
            check(&listener, config)?;
            listener
        }
        None => bind(config.listen, "--listen").await?,
    };
    let metrics = match (take(1)?, config.metrics_listen) {
        (Some(listener), _) => Some(listener),
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

fn adopt(listener: StdListener) -> io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

/// What holds of `--listen` holds of a socket that was handed over: strangers need a token.
fn check(listener: &TcpListener, config: &Serve) -> Result<()> {
    let address = listener.local_addr().map_err(|error| io_error("cannot listen", &error))?;
    if config.auth == Auth::None && !address.ip().to_canonical().is_loopback() {
        let message =
            format!("{address} can be reached from other machines, and there is no token: give one with --token-file");
        return Err(Error::new(ErrorKind::Usage, message));
    }
    Ok(())
}
