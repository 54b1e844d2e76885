//! IP addresses in groups: networks as the command line names them, private ones, households and subscribers.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use ipnet::IpNet;

use crate::model::error::{Error, Result};

/// A network of addresses. An IPv4 network also contains its addresses in their IPv6 form.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Network(IpNet);

impl Network {
    /// Whether an address belongs to the network.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for Network {
    type Err = Error;

    /// Reads `10.0.0.0/8`, or one address.
    fn from_str(text: &str) -> Result<Self> {
        let one = || text.trim().parse::<IpAddr>().ok().map(IpNet::from);
        text.trim().parse().ok().or_else(one).map(Self).ok_or_else(|| {
            let message =
                format!("`{text}` is neither an address nor a network; write 192.0.2.7, 10.0.0.0/8 or fd00::/8");
            Error::usage(message)
        })
    }
}

/// Whether an address belongs to this machine or to a network that strangers do not listen on: a household's, a VPN's.
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

/// The address that a household's requests count for: of IPv6 its /64.
pub(super) fn household(address: IpAddr) -> IpAddr {
    network_of(address, 64)
}

/// The address that a subscriber's connections count for: of IPv6 the /56 that many providers give out, which is 256 networks.
pub(super) fn subscriber(address: IpAddr) -> IpAddr {
    network_of(address, 56)
}

fn network_of(address: IpAddr, prefix_bits: u32) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - prefix_bits))).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_their_addresses_and_no_others() {
        let check = |network: &str, address: &str, expected: bool| {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), expected, "{network:?} {address}");
        };
        check("192.0.2.7", "192.0.2.7", true);
        check("192.0.2.7", "192.0.2.6", false);
        check(" 10.0.0.0/8", "10.255.0.1", true);
        check("10.0.0.0/8", "11.0.0.0", false);
        check("10.1.2.3/8", "10.9.9.9", true);
        check("10.0.0.0/8", "::ffff:10.0.0.1", true);
        check("0.0.0.0/0", "203.0.113.9", true);
        check("0.0.0.0/0", "2001:db8::1", false);
        check("fd00::/8", "fd12::1", true);
        check("fd00::/8", "fe80::1", false);
        check("::/0", "2001:db8::1", true);
        check("::1", "::1", true);
        check("::1", "127.0.0.1", false);
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["", "caddy", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0/8", "1.2.3.4:80"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
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

    #[test]
    fn a_households_and_a_subscribers_networks_count_as_one_address() {
        let check = |group: fn(IpAddr) -> IpAddr, one: &str, other: &str, expected: bool| {
            let [one, other] = [one, other].map(|text| group(text.parse().unwrap()));
            assert_eq!(one == other, expected, "{one} {other}");
        };
        check(household, "2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true);
        check(household, "2001:db8:0:1::1", "2001:db8:0:2::1", false);
        check(subscriber, "2001:db8:1:ff00::1", "2001:db8:1:ffff:8000::", true);
        check(subscriber, "2001:db8:1:ff00::1", "2001:db8:1:fe00::1", false);
        for group in [household, subscriber] {
            check(group, "::ffff:192.0.2.1", "192.0.2.1", true);
            check(group, "192.0.2.1", "192.0.2.2", false);
        }
    }
}
