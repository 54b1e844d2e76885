//! Which points of a document may have equal ones far away: then no window is enough to count them, and the store does.
//!
//! Exporters print points in the order of their times, so equal ones stand beside each other. The first pass finds where that is not
//! so: a list in another order, a metric that comes twice, and workouts that overlap.

use crate::model::limits::{AUTO_EXPORT_NEAR_POINTS_MAX, AUTO_EXPORT_OVERLAPS_MAX};
use crate::model::time::MINUTE_MS;

/// How long figures of a workout may follow its end: those of the recovery.
const AFTER_MS: i64 = 15 * MINUTE_MS;

/// The order of a list of points.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Order {
    last: Option<i64>,
    rises: bool,
    falls: bool,
    points: usize,
    /// Points so far of the last time.
    of_time: usize,
    is_crowded: bool,
}

impl Order {
    /// Adds the next point.
    pub(super) fn add(&mut self, ms: i64) {
        let last = self.last.replace(ms).unwrap_or(ms);
        self.rises |= ms > last;
        self.falls |= ms < last;
        self.of_time = if ms == last { self.of_time + 1 } else { 1 };
        self.is_crowded |= self.of_time > AUTO_EXPORT_NEAR_POINTS_MAX;
        self.points += 1;
    }

    /// Whether equal points may stand far apart.
    pub(super) fn is_scattered(&self) -> bool {
        self.points > AUTO_EXPORT_NEAR_POINTS_MAX && (self.is_crowded || self.rises && self.falls)
    }
}

/// Times at which several workouts may have figures, or one whose list is in another order.
#[derive(Clone, Debug, Default)]
pub(super) struct Overlaps {
    ranges: Vec<(i64, i64)>,
    /// From the first to the last time of the workouts so far.
    all: Option<(i64, i64)>,
}

impl Overlaps {
    /// Begins a document: workouts overlap only others of their document.
    pub(super) fn begin_document(&mut self) {
        self.all = None;
    }

    /// Adds a workout. Figures may be of the minute in which it begins. Without an end they may be of any later time.
    pub(super) fn add(&mut self, start_ms: i64, end_ms: Option<i64>, is_scattered: bool) {
        let (from, to) = (start_ms - MINUTE_MS, end_ms.map_or(i64::MAX, |end_ms| end_ms.saturating_add(AFTER_MS)));
        let before = self.all;
        self.all = Some(before.map_or((from, to), |(first, last)| (first.min(from), last.max(to))));
        let with_earlier = before.map(|(first, last)| (from.max(first), to.min(last)));
        let shared = if is_scattered { Some((from, to)) } else { with_earlier };
        if let Some(shared) = shared.filter(|(from, to)| from <= to) {
            self.add_range(shared);
        }
    }

    fn add_range(&mut self, (from, to): (i64, i64)) {
        // Workouts follow each other, so mostly the last range is continued.
        let is_full = self.ranges.len() >= AUTO_EXPORT_OVERLAPS_MAX;
        match self.ranges.last_mut() {
            Some(last) if is_full || from <= last.1 && last.0 <= to => *last = (last.0.min(from), last.1.max(to)),
            _ => self.ranges.push((from, to)),
        }
    }

    /// Whether equal points of this time may stand far apart.
    pub(super) fn has(&self, ms: i64) -> bool {
        self.ranges.iter().any(|(from, to)| (from..=to).contains(&&ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_points_of_a_list_in_order_stand_together() {
        let check = |times: &[i64], expected: bool| {
            let mut order = Order::default();
            times.iter().for_each(|ms| order.add(*ms));
            assert_eq!(order.is_scattered(), expected, "{} points", times.len());
        };
        let many = i64::try_from(AUTO_EXPORT_NEAR_POINTS_MAX).unwrap() + 1;
        let rising: Vec<i64> = (0..many).flat_map(|ms| [ms, ms]).collect();
        check(&rising, false);
        let falling: Vec<i64> = rising.iter().rev().copied().collect();
        check(&falling, false);
        check(&[rising, vec![0]].concat(), true);
        // Few points fit into the window in any order, and so do those of one time.
        check(&[1, 5, 1], false);
        check(&vec![7; AUTO_EXPORT_NEAR_POINTS_MAX], false);
        check(&vec![7; AUTO_EXPORT_NEAR_POINTS_MAX + 1], true);
    }

    #[test]
    fn overlaps_are_where_workouts_share_time() {
        let hour = |number: i64| number * 60 * MINUTE_MS;
        let check = |workouts: &[(i64, i64)], shared: &[i64], others: &[i64]| {
            for is_reversed in [false, true] {
                let mut workouts = workouts.to_vec();
                if is_reversed {
                    workouts.reverse();
                }
                let mut overlaps = Overlaps::default();
                workouts.iter().for_each(|(from, to)| overlaps.add(hour(*from), Some(hour(*to)), false));
                let has = |number: &i64| overlaps.has(hour(*number));
                assert!(shared.iter().all(has) && !others.iter().any(has), "{workouts:?} {overlaps:?}");
            }
        };
        check(&[(1, 2), (5, 6), (9, 10)], &[], &[1, 2, 5, 6, 9, 10]);
        check(&[(1, 3), (2, 4), (8, 9)], &[2, 3], &[1, 4, 8, 9]);
        // The end of one is the beginning of the next.
        check(&[(1, 2), (2, 3)], &[2], &[1, 3]);
        check(&[(1, 9), (2, 3), (5, 6)], &[2, 3, 5, 6], &[1, 8]);
        let mut overlaps = Overlaps::default();
        overlaps.add(hour(1), None, false);
        overlaps.add(hour(7), Some(hour(8)), false);
        overlaps.add(hour(-5), Some(hour(-4)), true);
        assert!([7, 8, -5, -4].iter().all(|number| overlaps.has(hour(*number))) && !overlaps.has(hour(1)));
        let all: Vec<(i64, i64)> = (0..2000).map(|number| (number * 9, number * 9 + 1)).collect();
        let mut overlaps = Overlaps::default();
        all.iter().chain(&all).for_each(|(from, to)| overlaps.add(hour(*from), Some(hour(*to)), false));
        assert!(all.iter().all(|(from, _)| overlaps.has(hour(*from))));
        assert!(overlaps.ranges.len() <= AUTO_EXPORT_OVERLAPS_MAX);
    }
}
