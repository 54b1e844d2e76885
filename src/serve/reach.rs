//! By which URLs a phone may reach the server, as far as the machine itself knows.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::Path;

use super::http::certificate::Certificate;
use super::public_url::PublicUrl;

/// Text printed for an unknown address.
const UNKNOWN_HOST: &str = "THIS-MACHINE'S-ADDRESS";

/// The same where the certificate names no host.
const UNKNOWN_NAME: &str = "THE-CERTIFICATE'S-NAME";

/// The URLs by which a phone may reach the server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reach {
    /// Base URLs, the best one first. Without any, only this machine reaches the server.
    pub urls: Vec<String>,
    /// A further one, which works if the machine answers to its name in the home network.
    pub local: Option<String>,
    /// Whether the first URL has a gap that its reader must fill.
    pub has_gap: bool,
    /// Addresses of this machine that the server is reached by, as far as known.
    pub addresses: Vec<IpAddr>,
}

impl Reach {
    /// Those of a server that listens at an address and has no certificate.
    #[must_use]
    pub fn of_plain(public: Option<&PublicUrl>, address: SocketAddr) -> Self {
        Self::of(public, address, None)
    }

    /// Those of a server that listens at an address, with this certificate.
    pub(super) fn of(public: Option<&PublicUrl>, address: SocketAddr, certificate: Option<&Certificate>) -> Self {
        let is_everywhere = address.ip().is_unspecified();
        let addresses = if is_everywhere { own_addresses(address.ip()) } else { vec![address.ip().to_canonical()] };
        let mut reach = Self { urls: Vec::new(), local: None, has_gap: false, addresses };
        if let Some(public) = public {
            reach.urls.push(public.to_string());
            return reach;
        }
        if address.ip().to_canonical().is_loopback() {
            return reach;
        }
        let url = |host: &str| url(certificate.is_some(), host, address.port());
        // In a container, the addresses are those of its inner network.
        let known = if is_everywhere && is_in_container() { &[][..] } else { &reach.addresses };
        let hosts = known.iter().map(|ip| host_of(*ip));
        reach.urls = match certificate {
            Some(certificate) => {
                let names = certificate.names().into_iter();
                names.chain(hosts.filter(|host| certificate.covers(host))).map(|host| url(&host)).collect()
            }
            None => hosts.map(|host| url(&host)).collect(),
        };
        if reach.urls.is_empty() {
            reach.urls.push(url(if certificate.is_some() { UNKNOWN_NAME } else { UNKNOWN_HOST }));
            reach.has_gap = true;
        }
        if certificate.is_none() && is_everywhere && !is_in_container() {
            reach.local = local_name().map(|name| url(&name));
        }
        reach
    }
}

/// A base URL, without the port that its scheme implies.
fn url(is_https: bool, host: &str, port: u16) -> String {
    match (is_https, port) {
        (true, 443) => format!("https://{host}"),
        (false, 80) => format!("http://{host}"),
        (true, _) => format!("https://{host}:{port}"),
        (false, _) => format!("http://{host}:{port}"),
    }
}

fn host_of(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// The name that this machine has in the home network if it speaks mDNS, as Apple's and Avahi's machines do.
fn local_name() -> Option<String> {
    let name = rustix::system::uname().nodename().to_str().ok()?.to_ascii_lowercase();
    let first = name.split('.').next()?;
    let is_usable = !first.is_empty()
        && first != "localhost"
        && first.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_usable.then(|| format!("{first}.local"))
}

/// Whether this machine is known to answer to its `.local` name.
pub(crate) fn speaks_mdns() -> bool {
    cfg!(target_vendor = "apple") || Path::new("/run/avahi-daemon").exists()
}

/// Whether Docker or Podman runs the program.
fn is_in_container() -> bool {
    ["/.dockerenv", "/run/.containerenv"].iter().any(|file| Path::new(file).exists())
}

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
    Some(socket.local_addr().ok()?.ip()).filter(|ip| !ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(names: &[&str]) -> Certificate {
        let key = rcgen::KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Certificate::new(rcgen::CertificateParams::new(names).unwrap().self_signed(&key).unwrap().der().clone())
    }

    #[test]
    fn urls_of_a_server() {
        let check = |public: Option<&str>, address: &str, certificate: Option<&Certificate>, expected: &[&str]| {
            let public: Option<PublicUrl> = public.map(|url| url.parse().unwrap());
            let reach = Reach::of(public.as_ref(), address.parse().unwrap(), certificate);
            assert_eq!(reach.urls, expected, "{address}");
        };
        check(None, "127.0.0.1:3000", None, &[]);
        check(None, "[::1]:3000", None, &[]);
        check(Some("https://health.example/"), "127.0.0.1:3000", None, &["https://health.example"]);
        check(None, "192.168.1.20:3000", None, &["http://192.168.1.20:3000"]);
        check(None, "192.168.1.20:80", None, &["http://192.168.1.20"]);
        check(None, "[fd00::1]:3000", None, &["http://[fd00::1]:3000"]);
        let of_names = certificate(&["health.example", "*.example.net", "192.168.1.20"]);
        check(None, "192.168.1.20:443", Some(&of_names), &["https://health.example", "https://192.168.1.20"]);
        check(None, "192.168.1.21:8443", Some(&of_names), &["https://health.example:8443"]);
        let of_stars = certificate(&["*.example.net"]);
        check(None, "192.168.1.20:8443", Some(&of_stars), &["https://THE-CERTIFICATE'S-NAME:8443"]);
    }
}
