//! A day of a type whose samples add up, or are levels.

use super::sum::ExactSum;
use super::total::Extremes;

/// All partitions of a day, added up.
#[derive(Clone, Debug, Default)]
pub(super) struct Day {
    pub(super) sum: ExactSum,
    /// Of the partition that is written.
    pub(super) partition: ExactSum,
    pub(super) naive: ExactSum,
    pub(super) has_naive: bool,
    pub(super) weight_ms: i64,
    pub(super) extremes: Extremes,
}

impl Day {
    pub(super) fn clear(&mut self) {
        self.sum.clear();
        self.naive.clear();
        self.has_naive = false;
        self.weight_ms = 0;
        self.extremes = Extremes::default();
    }
}
