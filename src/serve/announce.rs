//! Log lines at the server's start: where it listens, how clients authenticate, and what to type into the app.

use std::net::SocketAddr;

use super::config::Serve;
use super::facts::ServerFacts;
use super::http::certificate::Certificate;
use super::http::listeners::Listeners;
use super::network::is_private;
use super::reach::{Reach, speaks_mdns};
use crate::model::error::Result;

/// Logs where the server listens, what it writes and how clients authenticate. Returns what it says of itself.
pub(super) fn announce(
    config: &Serve,
    has_token: bool,
    listeners: &Listeners,
    certificate: Option<&Certificate>,
) -> Result<ServerFacts> {
    let address = listeners.upload_address()?;
    let auth = match (has_token, &config.auth.header) {
        (false, _) if config.auth.is_optional => "from anyone, without authentication".to_owned(),
        (false, _) => "from this machine, without authentication".to_owned(),
        (true, None) => "with a bearer token".to_owned(),
        (true, Some(name)) => format!("with a token in the header {name}"),
    };
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let path = &config.path;
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!("healthsink {version} listens on {scheme}://{address}{path}, writes {}, {auth}", config.kept_in());
    let reach = Reach::of(config.public_url.as_ref(), address, certificate);
    announce_reach(config, has_token, &reach);
    check_certificate(config, certificate);
    if let Some(address) = listeners.metrics_address()? {
        announce_metrics(address);
    }
    let is_in_the_clear = config.tls.is_none() && config.public_url.as_ref().is_none_or(|url| !url.is_https());
    if is_in_the_clear && reach.addresses.iter().any(|ip| !is_private(*ip)) {
        tracing::warn!("{PLAIN_HTTP_WARNING}");
    }
    Ok(ServerFacts::new(config, address, &reach))
}

/// Logs what to type into the app, or why no phone reaches the server.
fn announce_reach(config: &Serve, has_token: bool, reach: &Reach) {
    let Some(url) = reach.urls.first() else {
        let token = if has_token { "" } else { "first create a token (`healthsink token new`), then " };
        let proxy = if config.trusted_proxies.is_empty() {
            "or put a reverse proxy with HTTPS in front"
        } else {
            "or name the proxy's address with --public-url, to see here what to type into the app"
        };
        tracing::info!(
            "a phone cannot reach this address, only this machine does; for phones, {token}listen on all addresses \
            (--listen :{}), {proxy}. `healthsink setup` asks and shows it all",
            config.listen.port()
        );
        return;
    };
    let others = reach.urls[1..].iter().map(|url| format!(" or {url}"));
    let local = reach.local.iter().map(|local| {
        let hint = if speaks_mdns() { "" } else { " (if this machine runs Avahi)" };
        format!(" or {local}{hint}")
    });
    let others: String = others.chain(local).collect();
    let app = config.app();
    let words = match (has_token, config.auth.is_optional) {
        (false, true) => format!("endpoint path {}, no authentication", app.path),
        _ => app.words(),
    };
    tracing::info!("in the app: base URL {url}{others}, {words}");
    if !has_token && !config.auth.is_optional {
        tracing::info!(
            "no token exists yet, so only this machine may upload: `healthsink token new` or `healthsink setup` creates one"
        );
    }
    if reach.has_gap {
        tracing::info!(
            "give --public-url to see that base URL whole here, on the server's page and in `healthsink setup`"
        );
    }
}

/// Warns if phones refuse the certificate for its names.
fn check_certificate(config: &Serve, certificate: Option<&Certificate>) {
    let (Some(certificate), Some(url)) = (certificate, &config.public_url) else {
        return;
    };
    if !url.is_https() {
        tracing::warn!(
            "the server speaks HTTPS, and --public-url begins with http:, which fails here; begin it with https:"
        );
    }
    if url.is_https() && !certificate.covers(url.host()) {
        tracing::warn!(
            "the certificate is not valid for {} of --public-url, so phones refuse it unless a proxy in front has another one",
            url.host()
        );
    }
}

fn announce_metrics(address: SocketAddr) {
    tracing::info!("metrics are served on http://{address}/metrics");
    if !address.ip().to_canonical().is_loopback() {
        tracing::warn!(
            "anyone who reaches {address} sees which kinds of data each person has; let only Prometheus reach it"
        );
    }
}

/// The danger of plain HTTP beyond private networks, and the remedy.
pub(super) const PLAIN_HTTP_WARNING: &str = "plain HTTP beyond private networks shows the token and all data to everyone on the way; give \
    --tls-cert and --tls-key, or put a reverse proxy with HTTPS in front";
