//! What the server logs at its start: where it listens, how clients authenticate, and what to type into the app.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use super::config::Serve;
use super::http::listeners::Listeners;
use super::network::is_private;
use crate::model::error::Result;

/// Logs where the server listens, what it writes and how clients authenticate.
pub(super) fn announce(config: &Serve, has_token: bool, listeners: &Listeners) -> Result<()> {
    let address = listeners.upload_address()?;
    let auth = match (has_token, &config.auth.header) {
        (false, _) if config.auth.is_optional => "from anyone, without authentication".to_owned(),
        (false, _) => "from this machine, without authentication".to_owned(),
        (true, None) => "with a bearer token".to_owned(),
        (true, Some(name)) => format!("with a token in the header {name}"),
    };
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let Serve { path, db, .. } = config;
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!("healthsink {version} listens on {scheme}://{address}{path}, writes {}, {auth}", db.display());
    let ips = if address.ip().is_unspecified() { own_addresses(address.ip()) } else { vec![address.ip()] };
    let host = match ips.first() {
        _ if config.tls.is_some() => "THE-CERTIFICATE'S-NAME".to_owned(),
        None => "THIS-MACHINE'S-ADDRESS".to_owned(),
        Some(IpAddr::V6(ip)) => format!("[{ip}]"),
        Some(IpAddr::V4(ip)) => ip.to_string(),
    };
    tracing::info!("in the app: base URL {scheme}://{host}:{}, endpoint path {path}", address.port());
    if address.ip().to_canonical().is_loopback() {
        let token = if has_token { "" } else { "first create a token (`healthsink token new`), then " };
        tracing::info!(
            "only this machine reaches that address; for others, {token}see --listen, or put a reverse proxy with HTTPS in front"
        );
    }
    if let Some(address) = listeners.metrics_address()? {
        announce_metrics(address);
    }
    if config.tls.is_none() && ips.iter().any(|ip| !is_private(*ip)) {
        tracing::warn!("{PLAIN_HTTP_WARNING}");
    }
    Ok(())
}

fn announce_metrics(address: SocketAddr) {
    tracing::info!("metrics are served on http://{address}/metrics");
    if !address.ip().to_canonical().is_loopback() {
        tracing::warn!(
            "anyone who reaches {address} sees which kinds of data each person has; let only Prometheus reach it"
        );
    }
}

/// What is wrong with plain HTTP beyond private networks, and the remedy.
pub(super) const PLAIN_HTTP_WARNING: &str = "plain HTTP beyond private networks shows the token and all data to everyone on the way; give \
    --tls-cert and --tls-key, or put a reverse proxy with HTTPS in front";

/// The addresses by which other machines most likely reach this one: those of its routes out. A socket that listens on all of
/// IPv6 also listens on all of IPv4. No packet is sent for the answer.
fn own_addresses(listened: IpAddr) -> Vec<IpAddr> {
    // Addresses of the ranges for documentation; any that are not this machine's would do.
    let over_v4 = source_address(Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::new(192, 0, 2, 1).into());
    let to_v6 = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into();
    let over_v6 = listened.is_ipv6().then(|| source_address(Ipv6Addr::UNSPECIFIED.into(), to_v6)).flatten();
    over_v4.into_iter().chain(over_v6).collect()
}

/// The address that the system would send from.
fn source_address(any: IpAddr, to: IpAddr) -> Option<IpAddr> {
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((to, 9)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}
