//! How long a client may stall while it sends its body: waiting spends patience, and bytes earn it back.
//!
//! One rule bounds both a pause and a trickle. Time in which the server does not read, because the writer is behind, does
//! not count.

use std::time::Duration;

/// The time that a client may still stall.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    left: Duration,
    full: Duration,
    bytes_per_second: u32,
}

impl Patience {
    /// Full patience. A client that sends this many bytes a second keeps it.
    pub(super) fn new(full: Duration, bytes_per_second: u32) -> Self {
        Self::beginning_with(full, full, bytes_per_second)
    }

    /// Some patience. A client that sends more than this many bytes a second adds to it.
    pub(super) fn beginning_with(left: Duration, full: Duration, bytes_per_second: u32) -> Self {
        Self { left, full, bytes_per_second }
    }

    /// How long the server may wait for the next frame.
    pub(super) fn left(&self) -> Duration {
        self.left
    }

    /// Counts the wait for a frame, and the frame's bytes.
    pub(super) fn count(&mut self, waited: Duration, bytes: usize) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let earned = Duration::from_secs(1).saturating_mul(bytes) / self.bytes_per_second.max(1);
        self.left = self.left.saturating_sub(waited).saturating_add(earned).min(self.full);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds left of ten, at 1,000 bytes a second, after frames given as milliseconds of waiting and bytes.
    fn left_after(frames: impl IntoIterator<Item = (u64, usize)>) -> f64 {
        let mut patience = Patience::new(Duration::from_secs(10), 1000);
        for (waited_ms, bytes) in frames {
            patience.count(Duration::from_millis(waited_ms), bytes);
        }
        patience.left().as_secs_f64()
    }

    #[test]
    fn waiting_spends_and_bytes_earn() {
        let check = |frames: &[(u64, usize)], expected: f64| {
            let left = left_after(frames.iter().copied());
            assert!((left - expected).abs() < 1e-9, "{frames:?}: {left}");
        };
        check(&[], 10.0);
        check(&[(4000, 1000)], 7.0);
        check(&[(4000, 64 << 10)], 10.0);
        check(&[(60_000, 0)], 0.0);
        check(&[(60_000, 500)], 0.5);
        check(&[(0, usize::MAX)], 10.0);
    }

    #[test]
    fn a_client_that_sent_well_may_pause_for_longer_than_a_new_one() {
        let seconds = Duration::from_secs;
        let new = Patience::beginning_with(seconds(10), seconds(30), 1000);
        assert_eq!(new.left(), seconds(10));
        let after = |bytes: usize, waited: u64| {
            let mut patience = new;
            patience.count(seconds(waited), bytes);
            patience.left()
        };
        assert_eq!((after(15_000, 0), after(15_000, 20), after(0, 20)), (seconds(25), seconds(15), seconds(0)));
        assert_eq!(after(1_000_000, 0), seconds(30), "not longer than that");
    }

    #[test]
    fn a_trickle_ends_and_a_slow_network_does_not() {
        let trickle = (0..).map(|count| left_after(std::iter::repeat_n((900, 1), count))).position(|left| left < 0.1);
        assert_eq!(trickle, Some(12), "a byte every 0.9 s");
        let slow = left_after(std::iter::repeat_n((3000, 3100), 10_000));
        assert!(slow > 9.0, "a little faster than it must be: {slow}");
        let bursts = left_after(std::iter::repeat_n([(9000, 10_000), (0, 0)], 1000).flatten());
        assert!(bursts > 9.0, "pauses between bursts: {bursts}");
    }
}
