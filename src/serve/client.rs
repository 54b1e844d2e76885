//! Who a request comes from: the peer of its connection, or the client that a trusted reverse proxy names.
//!
//! What `X-Forwarded-For` says is believed from right to left, as far as trusted proxies wrote it: the rest is the client's own
//! words.

use std::net::{IpAddr, SocketAddr};

use hyper::HeaderMap;
use hyper::header::{FORWARDED, HeaderName, ORIGIN, VIA};

use crate::config::Network;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Where a request comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Client {
    /// Its address.
    pub(super) address: IpAddr,
    /// Whether a proxy speaks for it, trusted or not.
    pub(super) is_forwarded: bool,
    /// Whether it was begun on this machine, as far as that can be told: by no proxy, and by no web page in a browser.
    pub(super) is_this_machine: bool,
    /// Whether a proxy speaks for it that is not trusted, so that many clients may share its address.
    pub(super) is_behind_unknown_proxy: bool,
}

impl Client {
    pub(super) fn of(peer: SocketAddr, headers: &HeaderMap, trusted: &[Network]) -> Self {
        let peer = peer.ip().to_canonical();
        let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
        let is_forwarded = [FORWARDED, VIA, X_FORWARDED_FOR, X_REAL_IP].iter().any(|name| headers.contains_key(name));
        let mut address = peer;
        if is_trusted(peer) {
            for hop in hops(headers) {
                match hop {
                    Some(hop) => address = hop,
                    None => break,
                }
                if !is_trusted(address) {
                    break;
                }
            }
        }
        Self {
            address,
            is_forwarded,
            is_this_machine: peer.is_loopback() && !is_forwarded && !headers.contains_key(ORIGIN),
            is_behind_unknown_proxy: is_forwarded && is_private(peer) && !is_trusted(peer),
        }
    }
}

/// The addresses that proxies wrote, the last one first; none where there is no address.
fn hops(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let values = headers.get_all(X_FORWARDED_FOR).into_iter().rev();
    values.flat_map(|value| value.to_str().unwrap_or("?").rsplit(',').map(|hop| address(hop.trim())))
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let without_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    text.parse().ok().or_else(without_port).map(|address: IpAddr| address.to_canonical())
}

/// Whether an address is of this machine or of a network that strangers do not listen on: a household's, a VPN's.
pub(super) fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            // 100.64.0.0/10 is a provider's inner network, and what VPNs such as Tailscale give out.
            let is_shared = address.octets()[0] == 100 && address.octets()[1] & 0xc0 == 64;
            address.is_loopback() || address.is_private() || address.is_link_local() || is_shared
        }
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, sent: &[(&'static str, &str)], trusted: &[&str]) -> Client {
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            headers.append(*name, value.parse().unwrap());
        }
        let trusted: Vec<Network> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        Client::of(peer.parse().unwrap(), &headers, &trusted)
    }

    #[test]
    fn a_client_is_named_by_trusted_proxies_alone() {
        let check = |peer: &str, forwarded: &[&str], trusted: &[&str], expected: &str| {
            let sent: Vec<_> = forwarded.iter().map(|value| ("x-forwarded-for", *value)).collect();
            assert_eq!(
                client(peer, &sent, trusted).address,
                expected.parse::<IpAddr>().unwrap(),
                "{peer} {forwarded:?}"
            );
        };
        check("203.0.113.7:1", &[], &[], "203.0.113.7");
        check("203.0.113.7:1", &["198.51.100.1"], &[], "203.0.113.7");
        check("203.0.113.7:1", &["198.51.100.1"], &["127.0.0.1"], "203.0.113.7");
        check("127.0.0.1:1", &["198.51.100.1"], &["127.0.0.1"], "198.51.100.1");
        check("[::ffff:127.0.0.1]:1", &["198.51.100.1"], &["127.0.0.1"], "198.51.100.1");
        check("127.0.0.1:1", &["1.1.1.1, 198.51.100.1"], &["127.0.0.1"], "198.51.100.1");
        check("127.0.0.1:1", &["1.1.1.1, 198.51.100.1, 10.0.0.2"], &["127.0.0.1", "10.0.0.0/8"], "198.51.100.1");
        check("127.0.0.1:1", &["1.1.1.1", "198.51.100.1"], &["127.0.0.1"], "198.51.100.1");
        check("127.0.0.1:1", &["198.51.100.1:4711"], &["127.0.0.1"], "198.51.100.1");
        check("127.0.0.1:1", &["[2001:db8::1]:4711"], &["127.0.0.1"], "2001:db8::1");
        check("127.0.0.1:1", &["1.1.1.1, unknown"], &["127.0.0.1"], "127.0.0.1");
        check("127.0.0.1:1", &["1.1.1.1, \u{fc}"], &["127.0.0.1"], "127.0.0.1");
        check("127.0.0.1:1", &[""], &["127.0.0.1"], "127.0.0.1");
    }

    #[test]
    fn this_machine_is_told_from_proxies_and_browsers() {
        let check = |peer: &str, sent: &[(&'static str, &str)], expected: (bool, bool)| {
            let client = client(peer, sent, &[]);
            assert_eq!((client.is_this_machine, client.is_behind_unknown_proxy), expected, "{peer} {sent:?}");
        };
        check("127.0.0.1:1", &[], (true, false));
        check("[::1]:1", &[], (true, false));
        check("192.168.1.2:1", &[], (false, false));
        check("127.0.0.1:1", &[("x-forwarded-for", "192.0.2.1")], (false, true));
        check("172.18.0.2:1", &[("x-forwarded-for", "192.0.2.1")], (false, true));
        check("127.0.0.1:1", &[("via", "1.1 proxy")], (false, true));
        check("127.0.0.1:1", &[("origin", "https://example.com")], (false, false));
        check("203.0.113.7:1", &[("x-forwarded-for", "127.0.0.1")], (false, false));
    }

    #[test]
    fn private_networks() {
        let check = |text: &str, expected: bool| assert_eq!(is_private(text.parse().unwrap()), expected, "{text}");
        for private in
            ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.1.1", "100.64.0.1", "100.127.0.1"]
        {
            check(private, true);
        }
        for private in ["::1", "fd12::1", "fe80::1", "::ffff:192.168.0.1"] {
            check(private, true);
        }
        for public in ["203.0.113.7", "100.128.0.1", "172.32.0.1", "2001:db8::1", "::ffff:8.8.8.8", "8.8.8.8"] {
            check(public, false);
        }
    }
}
