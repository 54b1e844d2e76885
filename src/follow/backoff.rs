//! How long to wait before a step is tried again: twice as long each time, and never the same for two followers.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::model::limits::{FOLLOW_RETRY_AFTER_MAX, FOLLOW_RETRY_MAX, FOLLOW_RETRY_MIN};

/// Counts failures in a row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Counts a failure, and returns how long to wait after it, with a fifth more or less.
    pub(super) fn next(&mut self, asked: Option<Duration>) -> Duration {
        let doubled = FOLLOW_RETRY_MIN.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX));
        self.failures = self.failures.saturating_add(1);
        match asked {
            Some(asked) => asked.clamp(FOLLOW_RETRY_MIN, FOLLOW_RETRY_AFTER_MAX),
            None => jittered(doubled.min(FOLLOW_RETRY_MAX)),
        }
    }

    /// Failures so far.
    pub(super) fn failures(self) -> u32 {
        self.failures
    }
}

/// The clock's last digits are as good as a die here.
fn jittered(time: Duration) -> Duration {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    time.mul_f64(0.8 + f64::from(since.subsec_micros() % 1000) / 2500.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute() {
        let mut backoff = Backoff::default();
        let mut doubled = FOLLOW_RETRY_MIN;
        for failures in 0..100 {
            assert_eq!(backoff.failures(), failures);
            let wait = backoff.next(None);
            assert!(wait >= doubled.mul_f64(0.79) && wait <= doubled.mul_f64(1.21), "{failures}: {wait:?}");
            doubled = (2 * doubled).min(FOLLOW_RETRY_MAX);
        }
        let asked = |seconds| Backoff::default().next(Some(Duration::from_secs(seconds)));
        assert_eq!(
            [asked(0), asked(7), asked(1 << 40)],
            [FOLLOW_RETRY_MIN, Duration::from_secs(7), FOLLOW_RETRY_AFTER_MAX]
        );
    }
}
