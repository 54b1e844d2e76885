//! Means that weigh each value by the time that it holds.
//!
//! Of the samples under way, the one that started last holds. So an earlier one that also ends earlier never holds again and is
//! dropped: the rest is a stack in which the top ends first.

use std::collections::VecDeque;

use crate::model::limits::STATISTICS_ACTIVE_MAX;

use super::rules::HOLD_MS;
use super::sum::ExactSum;

/// A value that holds until its end, unless a later one does.
#[derive(Clone, Copy, Debug)]
struct Held {
    end_ms: i64,
    value: f64,
}

/// The time-weighted mean of a day.
#[derive(Clone, Debug)]
pub(super) struct Hold {
    stack: VecDeque<Held>,
    now_ms: i64,
    sum: ExactSum,
    weight_ms: i64,
    /// A sample that was dropped would have held until then.
    approximate_until_ms: i64,
    day_start_ms: i64,
}

impl Default for Hold {
    fn default() -> Self {
        Self {
            stack: VecDeque::new(),
            now_ms: i64::MIN,
            sum: ExactSum::default(),
            weight_ms: 0,
            approximate_until_ms: i64::MIN,
            day_start_ms: i64::MIN,
        }
    }
}

impl Hold {
    /// A sample starts: in the order of starts. Without a duration it holds for [`HOLD_MS`].
    pub(super) fn push(&mut self, start_ms: i64, end_ms: i64, value: f64) {
        self.advance(start_ms);
        let end_ms = if end_ms > start_ms { end_ms } else { start_ms + HOLD_MS };
        while self.stack.back().is_some_and(|held| held.end_ms <= end_ms) {
            self.stack.pop_back();
        }
        if self.stack.len() >= STATISTICS_ACTIVE_MAX {
            let dropped = self.stack.pop_front();
            self.approximate_until_ms = dropped.map_or(i64::MIN, |held| held.end_ms).max(self.approximate_until_ms);
        }
        self.stack.push_back(Held { end_ms, value });
    }

    /// Adds up the time until an instant.
    pub(super) fn advance(&mut self, to_ms: i64) {
        while let Some(held) = self.stack.back().copied() {
            let until_ms = held.end_ms.min(to_ms);
            if until_ms > self.now_ms {
                self.sum.add_product(held.value, until_ms - self.now_ms);
                self.weight_ms += until_ms - self.now_ms;
                self.now_ms = until_ms;
            }
            if held.end_ms > to_ms {
                return;
            }
            self.stack.pop_back();
        }
        self.now_ms = self.now_ms.max(to_ms);
    }

    /// Whether no sample is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.stack.is_empty()
    }

    /// Returns the mean, its time in milliseconds and whether it is approximate, and begins the next day.
    pub(super) fn take(&mut self) -> (Option<f64>, i64, bool) {
        let mean = (self.weight_ms > 0).then(|| self.sum.value() / self.weight_ms as f64);
        self.sum.clear();
        let is_approximate = self.approximate_until_ms > self.day_start_ms;
        self.day_start_ms = self.now_ms;
        (mean, std::mem::take(&mut self.weight_ms), is_approximate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::MINUTE_MS;

    #[test]
    fn means() {
        let check = |samples: &[(i64, i64, f64)], expected: (Option<f64>, i64)| {
            let mut hold = Hold::default();
            samples.iter().for_each(|(start, end, value)| hold.push(start * MINUTE_MS, end * MINUTE_MS, *value));
            hold.advance(24 * 60 * MINUTE_MS);
            let (mean, weight_ms, _) = hold.take();
            assert_eq!((mean, weight_ms / MINUTE_MS), expected, "{samples:?}");
            assert!(hold.is_idle());
        };
        check(&[], (None, 0));
        check(&[(5, 5, 60.0)], (Some(60.0), 10));
        // The next one comes earlier.
        check(&[(0, 0, 60.0), (5, 5, 90.0)], (Some(80.0), 15));
        // A gap counts nothing.
        check(&[(0, 0, 60.0), (100, 100, 90.0)], (Some(75.0), 20));
        // One inside another.
        check(&[(0, 100, 60.0), (50, 50, 70.0)], (Some(61.0), 100));
        check(&[(0, 100, 60.0), (50, 150, 70.0)], (Some((60.0 * 50.0 + 70.0 * 100.0) / 150.0), 150));
        check(&[(-10, -5, 1.0), (0, 0, 2.0)], (Some((5.0 + 20.0) / 15.0), 15));
    }
}
