//! A log line that may be due again and again: at most one in [`LOG_INTERVAL`], which counts those that were left out before it.

use std::time::Instant;

use super::limits::LOG_INTERVAL;

/// When a line was logged last.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LineLimit {
    last: Option<Instant>,
    left_out: u64,
}

impl LineLimit {
    /// Counts a line. Returns how many were left out before it if it is to be logged.
    pub(crate) fn count(&mut self, now: Instant) -> Option<u64> {
        if self.is_recent(now) {
            self.left_out = self.left_out.saturating_add(1);
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.left_out))
    }

    /// Whether a further line would be left out.
    pub(crate) fn is_recent(&self, now: Instant) -> bool {
        self.last.is_some_and(|last| now.saturating_duration_since(last) < LOG_INTERVAL)
    }
}
