//! Wrong tokens, counted by address, so that guessing is slow. Answers are not delayed: each would hold one of few
//! connections. An address that has to wait gets 429 at once.
//!
//! Once [`ATTEMPT_ADDRESSES_MAX`] addresses are remembered, all new ones share one record, so many addresses gain nothing.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::model::limits::{ATTEMPT_ADDRESSES_MAX, ATTEMPT_MEMORY, ATTEMPT_WAIT_MAX, ATTEMPTS_FREE};
use crate::serve::network::household;

/// The addresses that have sent wrong tokens, an IPv6 household as one.
#[derive(Debug, Default)]
pub(in crate::serve) struct Attempts {
    addresses: HashMap<IpAddr, History>,
    /// Shared by all addresses beyond the limit.
    others: Option<History>,
}

#[derive(Clone, Copy, Debug)]
struct History {
    /// Wrong tokens, including those sent during a wait.
    failures: u32,
    /// Wrong tokens sent outside a wait.
    counted: u32,
    last: Instant,
    waits_until: Instant,
}

/// The consequences of one more wrong token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::serve) struct Failure {
    /// Wrong tokens from this address so far.
    pub(in crate::serve) failures: u32,
    /// How long the address still has to wait, if the token came too soon.
    pub(in crate::serve) wait: Option<Duration>,
}

impl Attempts {
    /// How long an address has to wait before its next attempt counts; `None` if it may try.
    pub(in crate::serve) fn wait(&self, address: IpAddr, now: Instant) -> Option<Duration> {
        let others = self.others.as_ref().filter(|_| self.is_full());
        let record = self.addresses.get(&household(address)).or(others)?;
        record.waits_until.checked_duration_since(now).filter(|wait| !wait.is_zero())
    }

    /// Counts a wrong token.
    pub(in crate::serve) fn fail(&mut self, address: IpAddr, now: Instant) -> Failure {
        let wait = self.wait(address, now);
        let record = self.record(household(address), now);
        record.failures = record.failures.saturating_add(1);
        record.last = now;
        if wait.is_none() {
            record.counted = record.counted.saturating_add(1);
            record.waits_until = now + wait_after(record.counted);
        }
        Failure { failures: record.failures, wait }
    }

    /// Forgets the wrong tokens of an address that has sent a correct one.
    pub(in crate::serve) fn clear(&mut self, address: IpAddr) {
        self.addresses.remove(&household(address));
    }

    fn record(&mut self, address: IpAddr, now: Instant) -> &mut History {
        let is_fresh = |record: &History| now.saturating_duration_since(record.last) <= ATTEMPT_MEMORY;
        let new = History { failures: 0, counted: 0, last: now, waits_until: now };
        if self.is_full() && !self.addresses.contains_key(&address) {
            self.addresses.retain(|_, record| is_fresh(record));
            if self.is_full() {
                self.others = self.others.filter(is_fresh);
                return self.others.get_or_insert(new);
            }
        }
        let record = self.addresses.entry(address).or_insert(new);
        if !is_fresh(record) {
            *record = new;
        }
        record
    }

    fn is_full(&self) -> bool {
        self.addresses.len() >= ATTEMPT_ADDRESSES_MAX
    }
}

/// The wait after this many wrong tokens: zero at first, then a second, doubled with each.
fn wait_after(failures: u32) -> Duration {
    match failures.checked_sub(ATTEMPTS_FREE) {
        None | Some(0) => Duration::ZERO,
        Some(more) => Duration::from_secs(1 << (more - 1).min(16)).min(ATTEMPT_WAIT_MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_PLUS: fn(u64) -> Duration = Duration::from_secs;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_wait_doubles_and_is_bounded() {
        let (mut attempts, mut now) = (Attempts::default(), Instant::now());
        let client = address("203.0.113.7");
        let mut waits = Vec::new();
        for _ in 0..14 {
            assert_eq!(attempts.fail(client, now).wait, None, "it has waited");
            let wait = attempts.wait(client, now).unwrap_or_default();
            waits.push(wait.as_secs());
            now += wait;
        }
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 64, 64]);
    }

    #[test]
    fn an_attempt_that_comes_too_soon_neither_counts_nor_prolongs_the_wait() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        let client = address("203.0.113.7");
        for _ in 0..=ATTEMPTS_FREE {
            attempts.fail(client, now);
        }
        let failure = attempts.fail(client, now);
        assert_eq!((failure.failures, failure.wait), (ATTEMPTS_FREE + 2, Some(NOW_PLUS(1))));
        assert_eq!(attempts.wait(client, now + NOW_PLUS(1)), None);
        assert_eq!(attempts.wait(address("203.0.113.8"), now), None, "other addresses may try");
        attempts.clear(client);
        assert_eq!(attempts.wait(client, now), None);
        assert_eq!(attempts.fail(client, now).failures, 1);
    }

    #[test]
    fn an_address_is_forgotten_after_a_while() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        let client = address("203.0.113.7");
        for _ in 0..20 {
            attempts.fail(client, now);
        }
        let later = now + ATTEMPT_MEMORY;
        assert_eq!(attempts.fail(client, later).failures, 21);
        assert_eq!(attempts.fail(client, later + ATTEMPT_MEMORY + NOW_PLUS(1)).failures, 1);
    }

    #[test]
    fn a_household_is_one_address() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        assert_eq!(attempts.fail(address("2001:db8:0:1::1"), now).failures, 1);
        assert_eq!(attempts.fail(address("2001:db8:0:1:ffff::2"), now).failures, 2);
        assert_eq!(attempts.fail(address("2001:db8:0:2::1"), now).failures, 1);
    }

    #[test]
    fn many_addresses_share_one_record_in_the_same_memory() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        let network = |number: usize| address(&format!("2001:db8:0:{number:x}::1"));
        for number in 0..ATTEMPT_ADDRESSES_MAX {
            assert_eq!(attempts.fail(network(number), now).failures, 1);
        }
        assert_eq!(attempts.wait(network(ATTEMPT_ADDRESSES_MAX), now), None);
        let failures: Vec<Failure> =
            (0..1000).map(|more| attempts.fail(network(ATTEMPT_ADDRESSES_MAX + more), now)).collect();
        assert_eq!(attempts.addresses.len(), ATTEMPT_ADDRESSES_MAX);
        let tried = failures.iter().filter(|failure| failure.wait.is_none()).count();
        assert_eq!(tried, ATTEMPTS_FREE as usize + 1);
        assert!(attempts.wait(address("203.0.113.7"), now).is_some(), "also for an address without wrong tokens");
        assert_eq!(attempts.wait(network(0), now), None, "a known address has its own record");
        assert_eq!(attempts.fail(network(0), now).failures, 2);
        // A correct token does not clear the shared record.
        attempts.clear(network(ATTEMPT_ADDRESSES_MAX));
        assert!(attempts.wait(network(ATTEMPT_ADDRESSES_MAX), now).is_some());
        let later = now + ATTEMPT_MEMORY + NOW_PLUS(1);
        assert_eq!(attempts.fail(network(ATTEMPT_ADDRESSES_MAX), later).failures, 1);
        assert_eq!(attempts.addresses.len(), 1, "the others are forgotten");
    }
}
