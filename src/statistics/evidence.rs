//! A person's zones from what samples report: `HKTimeZone` of sleep and workouts, corrected by the owner.

use std::ops::Range;

use crate::model::limits::ZONE_CHANGES_MAX;

use super::rules::ZONE_AGREEING_ROWS;
use super::zone::ZoneId;

/// Collects zones in time order, and follows a new one when it is sure: one row of Apple's, or two that agree.
#[derive(Clone, Debug, Default)]
pub struct ZoneEvidence {
    changes: Vec<(i64, ZoneId)>,
    /// A zone that is not followed yet: where it was first seen, and how often.
    doubtful: Option<(i64, ZoneId, u32)>,
}

impl ZoneEvidence {
    /// Takes the zone of a sample or a workout by its start, in milliseconds since 1970 UTC. Give them in the order of starts.
    pub fn push(&mut self, start_ms: i64, zone: ZoneId, is_apple: bool) {
        if self.changes.last().is_some_and(|(_, last)| *last == zone) {
            self.doubtful = None;
            return;
        }
        let (from_ms, count) = match self.doubtful {
            Some((from_ms, seen, count)) if seen == zone => (from_ms, count + 1),
            _ => (start_ms, 1),
        };
        let is_sure = is_apple || count >= ZONE_AGREEING_ROWS;
        self.doubtful = (!is_sure).then_some((from_ms, zone, count));
        // A clock shows one zone at a time: the one that was followed first.
        let is_behind = |at_ms: &i64| self.changes.last().is_none_or(|(last_ms, _)| last_ms < at_ms);
        let from_ms = [from_ms, start_ms].into_iter().find(is_behind).filter(|_| is_sure);
        if let Some(from_ms) = from_ms.filter(|_| self.changes.len() < ZONE_CHANGES_MAX) {
            self.changes.push((from_ms, zone));
        }
    }

    /// Returns the changes for [`super::Timeline::new`]. `manual` are spans in which the owner knows better, in time order. Before
    /// all evidence the first evident zone holds, without evidence `home`.
    #[must_use]
    pub fn changes(&self, manual: &[(Range<i64>, ZoneId)], home: Option<ZoneId>) -> Vec<(i64, ZoneId)> {
        let mut changes = self.changes.clone();
        // A span of the owner says nothing of the time before it.
        if let (Some((span, _)), Some(before)) = (manual.first(), changes.first().map(|(_, zone)| *zone).or(home))
            && changes.first().is_none_or(|(at_ms, _)| span.start <= *at_ms)
        {
            changes.insert(0, (i64::MIN, before));
        }
        for (span, zone) in manual.iter().filter(|(span, _)| !span.is_empty()) {
            let from = changes.partition_point(|(at_ms, _)| *at_ms < span.start);
            let to = changes.partition_point(|(at_ms, _)| *at_ms <= span.end);
            // What holds behind the span. Before all evidence it is the first one's zone.
            let behind = changes.get(to.max(1) - 1).copied().filter(|_| span.end < i64::MAX);
            let behind = behind.map(|(_, zone)| (span.end, zone));
            changes.splice(from..to, [(span.start, *zone)].into_iter().chain(behind));
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::super::zone::Zones;
    use super::*;

    #[test]
    fn changes() {
        let mut zones = Zones::default();
        let [berlin, tokyo, lima] =
            ["Europe/Berlin", "Asia/Tokyo", "America/Lima"].map(|name| zones.add(name).unwrap());
        let evident = |rows: &[(i64, ZoneId, bool)], manual: &[(Range<i64>, ZoneId)], home| {
            let mut evidence = ZoneEvidence::default();
            rows.iter().for_each(|(start, zone, is_apple)| evidence.push(*start, *zone, *is_apple));
            evidence.changes(manual, home)
        };
        let check = |rows: &[(i64, ZoneId, bool)], manual: &[(Range<i64>, ZoneId)], expected: &[(i64, ZoneId)]| {
            assert_eq!(evident(rows, manual, None), expected, "{rows:?} {manual:?}");
        };
        check(&[], &[], &[]);
        check(&[(1, berlin, true), (2, berlin, true), (3, tokyo, true)], &[], &[(1, berlin), (3, tokyo)]);
        // One row of an app is not enough, and two are from the first on.
        check(&[(1, berlin, true), (2, tokyo, false), (3, berlin, true)], &[], &[(1, berlin)]);
        let rows = [(1, berlin, true), (2, tokyo, false), (3, berlin, false), (4, tokyo, false)];
        check(&rows, &[], &[(1, berlin)]);
        check(&[(1, berlin, true), (2, tokyo, false), (3, tokyo, false)], &[], &[(1, berlin), (2, tokyo)]);
        check(&[(1, berlin, true), (2, tokyo, false), (3, lima, false), (4, tokyo, false)], &[], &[(1, berlin)]);
        check(&[(1, berlin, true), (2, tokyo, false), (3, tokyo, true)], &[], &[(1, berlin), (2, tokyo)]);
        // Two zones at one instant: what comes later decides.
        check(&[(1, berlin, true), (1, tokyo, true), (1, lima, true)], &[], &[(1, berlin)]);
        check(&[(1, berlin, true), (1, tokyo, true), (2, tokyo, true)], &[], &[(1, berlin), (2, tokyo)]);
        let rows = [(1, berlin, true), (1, tokyo, false), (1, tokyo, false), (2, tokyo, false), (3, tokyo, false)];
        check(&rows, &[], &[(1, berlin), (2, tokyo)]);
        check(&[(1, berlin, true), (1, tokyo, false), (3, tokyo, false)], &[], &[(1, berlin), (3, tokyo)]);
        let rows = [(10, berlin, true), (20, tokyo, true)];
        check(&rows, &[(12..15, lima)], &[(10, berlin), (12, lima), (15, berlin), (20, tokyo)]);
        check(&rows, &[(12..25, lima)], &[(10, berlin), (12, lima), (25, tokyo)]);
        check(&rows, &[(0..5, lima)], &[(i64::MIN, berlin), (0, lima), (5, berlin), (10, berlin), (20, tokyo)]);
        check(&rows, &[(10..15, lima)], &[(i64::MIN, berlin), (10, lima), (15, berlin), (20, tokyo)]);
        check(&rows, &[(12..i64::MAX, lima)], &[(10, berlin), (12, lima)]);
        check(&[], &[(12..15, lima)], &[(12, lima)]);
        // Before and behind a stay the person is at home.
        let stay = evident(&[], &[(12..15, lima)], Some(berlin));
        assert_eq!(stay, [(i64::MIN, berlin), (12, lima), (15, berlin)]);
    }
}
