//! Where a request comes from: the peer of its connection, or the client that a trusted reverse proxy names.
//!
//! `X-Forwarded-For` is believed from right to left, as far as trusted proxies wrote it. The client itself may have written
//! the rest.

use std::net::{IpAddr, SocketAddr};

use hyper::header::{HOST, HeaderName, ORIGIN};
use hyper::http::uri::Authority;
use hyper::{HeaderMap, Request, Version};

use crate::serve::network::{Network, is_private};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Headers by which proxies identify themselves or name their client.
const PROXY_HEADERS: [&str; 6] =
    ["via", "cdn-loop", "client-ip", "true-client-ip", "x-client-ip", "x-cluster-client-ip"];
/// Beginnings of further ones: `X-Forwarded-Host`, `Forwarded-For`, `CF-Connecting-IP`, `Fastly-Client-IP` and so on.
const PROXY_HEADER_FAMILIES: [&str; 8] =
    ["forwarded", "x-forwarded", "x-original-", "x-real-", "x-envoy-", "x-azure-", "cf-", "fastly-"];
/// A browser's header about the page that makes a request; `none` if the user makes it.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A request's client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::serve) struct Client {
    pub(in crate::serve) address: IpAddr,
    /// Whether the request came through a proxy, trusted or not.
    pub(in crate::serve) is_forwarded: bool,
    /// Whether a program on this machine sent the request, and neither a web page nor a proxy that identifies itself. A
    /// proxy that adds no header looks like a program of this machine.
    pub(in crate::serve) is_this_machine: bool,
    /// Whether the request came through a proxy that is not trusted, so that many clients may share its address.
    pub(in crate::serve) is_behind_unknown_proxy: bool,
}

impl Client {
    pub(in crate::serve) fn of<B>(peer: SocketAddr, request: &Request<B>, trusted: &[Network]) -> Self {
        let (peer, headers) = (peer.ip().to_canonical(), request.headers());
        let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
        let is_forwarded = headers.keys().any(|name| is_of_proxy(name.as_str()));
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
            is_this_machine: peer.is_loopback()
                && !is_trusted(peer)
                && !is_forwarded
                // nginx speaks HTTP/1.0 by default, and hardly any other client does.
                && request.version() != Version::HTTP_10
                && !is_of_web_page(headers)
                && has_name(request)
                && is_named(request, |host| is_localhost(host) || ip(host).is_some_and(|ip| ip.is_loopback())),
            is_behind_unknown_proxy: is_forwarded && is_private(peer) && !is_trusted(peer),
        }
    }
}

/// Whether a web page may have made a request to the metrics' own address. A page's name can resolve to this machine (DNS
/// rebinding). Its browser then sees one site only, but still asks for the page's name.
pub(in crate::serve) fn may_be_web_page<B>(peer: SocketAddr, request: &Request<B>) -> bool {
    let is_here = peer.ip().to_canonical().is_loopback();
    is_of_web_page(request.headers()) || is_here && !is_named(request, |host| is_localhost(host) || ip(host).is_some())
}

/// Whether a header shows that a proxy passed the request on. Names are in lower case here.
fn is_of_proxy(name: &str) -> bool {
    PROXY_HEADERS.contains(&name) || PROXY_HEADER_FAMILIES.iter().any(|family| name.starts_with(family))
}

fn is_of_web_page(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN) || headers.get_all(SEC_FETCH_SITE).iter().any(|site| site != "none")
}

/// Whether a request names this server at all. HTTP/2 allows a request without `:authority`.
fn has_name<B>(request: &Request<B>) -> bool {
    request.uri().authority().is_some() || request.headers().contains_key(HOST)
}

/// Whether every name that a request uses for this server is acceptable: `Host`, and `:authority` or the host of a whole URI.
fn is_named<B>(request: &Request<B>, is_accepted: impl Fn(&str) -> bool) -> bool {
    let is_accepted = |authority: &Authority| bare_host(authority).is_some_and(&is_accepted);
    let is_sent_accepted = |host: &[u8]| Authority::try_from(host).is_ok_and(|authority| is_accepted(&authority));
    request.uri().authority().is_none_or(is_accepted)
        && request.headers().get_all(HOST).iter().all(|host| is_sent_accepted(host.as_bytes()))
}

/// The host of `host` or `host:port`. `None` for anything more, such as the user of `evil.example@localhost`.
fn bare_host(authority: &Authority) -> Option<&str> {
    let rest = authority.as_str().strip_prefix(authority.host())?;
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    (rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port)).then(|| authority.host())
}

fn is_localhost(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
}

/// The address of a host that is not a name.
fn ip(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.parse().ok().map(|address: IpAddr| address.to_canonical())
}

/// The addresses that proxies wrote, the last one first; `None` for an entry that is not an address.
fn hops(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let values = headers.get_all(X_FORWARDED_FOR).into_iter().rev();
    values.flat_map(|value| value.to_str().unwrap_or("?").rsplit(',').map(|hop| address(hop.trim())))
}

/// Reads an address with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let without_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    text.parse().ok().or_else(without_port).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(uri: &str, sent: &[(&'static str, &str)]) -> Request<()> {
        let mut request = Request::builder().uri(uri);
        for (name, value) in sent {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap()
    }

    fn client(peer: &str, sent: &[(&'static str, &str)], trusted: &[&str]) -> Client {
        let trusted: Vec<Network> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        Client::of(peer.parse().unwrap(), &request("/", sent), &trusted)
    }

    #[test]
    fn only_trusted_proxies_name_a_client() {
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
    fn this_machine_differs_from_proxies_and_browsers() {
        let check = |peer: &str, sent: &[(&'static str, &str)], expected: (bool, bool)| {
            let client = client(peer, sent, &[]);
            assert_eq!((client.is_this_machine, client.is_behind_unknown_proxy), expected, "{peer} {sent:?}");
        };
        let host = ("host", "localhost");
        check("127.0.0.1:1", &[], (false, false));
        check("127.0.0.1:1", &[host], (true, false));
        check("[::1]:1", &[host], (true, false));
        check("192.168.1.2:1", &[], (false, false));
        check("127.0.0.1:1", &[("x-forwarded-for", "192.0.2.1")], (false, true));
        check("172.18.0.2:1", &[("x-forwarded-for", "192.0.2.1")], (false, true));
        check("127.0.0.1:1", &[("via", "1.1 proxy")], (false, true));
        check("127.0.0.1:1", &[("origin", "https://example.com")], (false, false));
        check("127.0.0.1:1", &[("sec-fetch-site", "same-origin")], (false, false));
        check("127.0.0.1:1", &[host, ("sec-fetch-site", "none")], (true, false));
        check("203.0.113.7:1", &[("x-forwarded-for", "127.0.0.1")], (false, false));
        assert!(!client("127.0.0.1:1", &[host], &["127.0.0.0/8"]).is_this_machine, "a trusted proxy speaks for others");
        let mut old = request("/", &[("host", "127.0.0.1:3000")]);
        *old.version_mut() = Version::HTTP_10;
        assert!(!Client::of("127.0.0.1:1".parse().unwrap(), &old, &[]).is_this_machine);
    }

    #[test]
    fn every_header_of_a_proxy_shows_one() {
        let check = |name: &'static str, expected: bool| {
            let client = client("127.0.0.1:1", &[("host", "localhost"), (name, "192.0.2.1")], &[]);
            assert_eq!((client.is_forwarded, !client.is_this_machine), (expected, expected), "{name}");
        };
        for name in
            ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Server"]
        {
            check(name, true);
        }
        for name in ["Forwarded", "Forwarded-For", "Via", "CDN-Loop", "True-Client-IP", "Client-IP", "X-Client-IP"] {
            check(name, true);
        }
        for name in ["X-Real-IP", "X-Cluster-Client-IP", "CF-Connecting-IP", "CF-Ray", "Fastly-Client-IP"] {
            check(name, true);
        }
        for name in ["X-Original-For", "X-Original-Forwarded-For", "X-Original-Host", "X-Envoy-External-Address"] {
            check(name, true);
        }
        for name in ["Accept", "User-Agent", "X-API-Key", "Content-Type", "X-Request-Id"] {
            check(name, false);
        }
    }

    #[test]
    fn this_machine_has_its_own_names() {
        let check = |uri: &str, hosts: &[&str], (of_uploads, of_metrics): (bool, bool)| {
            let hosts: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
            let (request, peer) = (request(uri, &hosts), "127.0.0.1:1".parse().unwrap());
            assert_eq!(Client::of(peer, &request, &[]).is_this_machine, of_uploads, "{uri} {hosts:?}");
            assert_eq!(!may_be_web_page(peer, &request), of_metrics, "metrics: {uri} {hosts:?}");
        };
        for host in ["localhost", "LocalHost:3000", "127.0.0.1", "127.0.0.2:3000", "[::1]", "[::1]:3000"] {
            check("/", &[host], (true, true));
            check(&format!("https://{host}/"), &[], (true, true));
        }
        check("/", &[], (false, true));
        check("/", &["192.0.2.1:9464"], (false, true));
        for host in ["evil.example", "localhost.evil.example:3000", "evil.example:80", "", "\"", "[::1", "127.0.0.1."] {
            check("/", &[host], (false, false));
            check("/", &["localhost", host], (false, false));
        }
        for host in ["evil.example@localhost", "localhost@localhost", "@localhost", "a:b@127.0.0.1:3000", "localhost:x"]
        {
            check("/", &[host], (false, false));
        }
        check("http://evil.example@localhost/", &[], (false, false));
        check("http://evil.example@localhost/", &["localhost"], (false, false));
        check("http://evil.example/", &["localhost"], (false, false));
        check("http://localhost/", &["evil.example"], (false, false));
        let elsewhere = "192.0.2.1:1".parse().unwrap();
        assert!(
            !may_be_web_page(elsewhere, &request("/", &[("host", "healthsink:9464")])),
            "Prometheus asks for a name like this"
        );
        assert!(may_be_web_page(elsewhere, &request("/", &[("origin", "null")])));
        assert!(may_be_web_page(elsewhere, &request("/", &[("sec-fetch-site", "cross-site")])));
    }
}
