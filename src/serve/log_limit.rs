//! Log lines that clients can cause as often as they like: at most one a minute for each address and kind, which counts those
//! that were left out before it.
//!
//! Once [`LOG_ADDRESSES_MAX`] pairs are remembered, all further addresses of a kind share one line.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Mutex;
use std::time::Instant;

use super::network::household;
use crate::model::limits::LOG_ADDRESSES_MAX;
use crate::model::line_limit::LineLimit;
use crate::model::lock::lock;

/// The address of lines that no client's address belongs to, and of those that many addresses share.
const SHARED: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// The lines that were logged lately, an IPv6 household's as one.
#[derive(Debug, Default)]
pub(in crate::serve) struct LogLimit(Mutex<HashMap<(IpAddr, &'static str), LineLimit>>);

impl LogLimit {
    /// Counts a line of a kind about an address. Returns how many were left out before it if it is to be logged.
    pub(in crate::serve) fn count(&self, address: IpAddr, kind: &'static str) -> Option<u64> {
        self.count_at(address, kind, Instant::now())
    }

    /// The same for a line about no client's address.
    pub(in crate::serve) fn count_shared(&self, kind: &'static str) -> Option<u64> {
        self.count(SHARED, kind)
    }

    fn count_at(&self, address: IpAddr, kind: &'static str, now: Instant) -> Option<u64> {
        // The counts are still valid after a panic.
        let mut lines = lock(&self.0);
        let mut key = (household(address), kind);
        if lines.len() >= LOG_ADDRESSES_MAX && !lines.contains_key(&key) {
            lines.retain(|_, line| line.is_recent(now));
            if lines.len() >= LOG_ADDRESSES_MAX {
                key.0 = SHARED;
            }
        }
        lines.entry(key).or_default().count(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::limits::LOG_INTERVAL;

    fn address(number: usize) -> IpAddr {
        format!("2001:db8:0:{number:x}::1").parse().unwrap()
    }

    #[test]
    fn a_line_a_minute_counts_those_left_out() {
        let (lines, now) = (LogLimit::default(), Instant::now());
        let at = |quarter: u32| lines.count_at(address(1), "a", now + LOG_INTERVAL * quarter / 4);
        let logged: Vec<Option<u64>> = [0, 0, 1, 3, 4, 5, 9].map(at).to_vec();
        assert_eq!(logged, [Some(0), None, None, None, Some(3), None, Some(1)]);
        assert_eq!(lines.count_at(address(1), "b", now), Some(0), "another kind");
        assert_eq!(lines.count_at(address(2), "a", now), Some(0), "another address");
        assert_eq!(lines.count_at("2001:db8:0:2:ffff::2".parse().unwrap(), "a", now), None, "the same household");
    }

    #[test]
    fn many_addresses_share_a_line_of_each_kind_in_the_same_memory() {
        let (lines, now) = (LogLimit::default(), Instant::now());
        let logged = |kind: &'static str, now: Instant| {
            (0..10 * LOG_ADDRESSES_MAX).filter_map(|number| lines.count_at(address(number), kind, now)).count()
        };
        assert_eq!(logged("a", now), LOG_ADDRESSES_MAX + 1);
        assert_eq!(logged("b", now), 1);
        assert_eq!(logged("a", now), 0);
        let remembered = || lock(&lines.0).len();
        assert_eq!(remembered(), LOG_ADDRESSES_MAX + 2);
        let later = now + LOG_INTERVAL;
        assert_eq!(lines.count_at(address(10 * LOG_ADDRESSES_MAX), "a", later), Some(0));
        assert_eq!(remembered(), 1, "the others are forgotten");
    }
}
