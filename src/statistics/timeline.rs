//! The zones that a person has lived in, and the days in them: 23 to 25 hours long, more or less on a journey.

use crate::model::limits::{SHIFT_STEPS_MAX, ZONE_CHANGES_MAX};
use crate::model::time::{DAY_MS, HOUR_MS};

use super::zone::{LocalDay, ZoneId, Zones};

/// Instants that have a local date, in milliseconds since 1970 UTC: the years 0 to 9999.
pub const INSTANTS_MS: std::ops::Range<i64> = -62_167_219_200_000..253_402_207_200_000;

/// What figures are collected for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scale {
    /// Local days.
    Day,
    /// Hours of local clocks. A day may have the same hour twice.
    Hour,
}

/// A part of the time for which figures are collected: a day, or an hour of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bucket {
    /// The local date.
    pub day: LocalDay,
    /// First instant, in milliseconds since 1970 UTC.
    pub start_ms: i64,
    /// The instant behind it.
    pub end_ms: i64,
    /// The zone in which it begins.
    pub zone: ZoneId,
}

/// The zone that a person is in, from an instant on.
#[derive(Clone, Copy, Debug)]
struct Span {
    from_ms: i64,
    zone: ZoneId,
    /// The latest date that any clock before this span has shown.
    shown_before: Option<LocalDay>,
}

/// The zones of a person in time order, and days as lived: a day begins when its date is first shown, and ends with the next one.
#[derive(Clone, Debug)]
pub struct Timeline {
    zones: Zones,
    spans: Vec<Span>,
    is_known: bool,
}

impl Default for Timeline {
    fn default() -> Self {
        Self::new(Zones::default(), None, &[])
    }
}

impl Timeline {
    /// Makes a timeline of changes in time order, each the instant in milliseconds since 1970 UTC and the zone from then on. The
    /// first one's zone is also that of the time before it, and `home` is the zone of a person without changes. A change that is
    /// earlier than the one before it, or beyond [`ZONE_CHANGES_MAX`], is left out.
    #[must_use]
    pub fn new(zones: Zones, home: Option<ZoneId>, changes: &[(i64, ZoneId)]) -> Self {
        let first = changes.first().map(|(_, zone)| *zone).or(home);
        let start = Span { from_ms: i64::MIN, zone: first.unwrap_or(Zones::UTC), shown_before: None };
        let mut timeline = Self { zones, spans: vec![start], is_known: first.is_some() };
        let mut latest_ms = i64::MIN;
        for (from_ms, zone) in changes.iter().take(ZONE_CHANGES_MAX) {
            if *from_ms <= latest_ms || !INSTANTS_MS.contains(from_ms) {
                continue;
            }
            latest_ms = *from_ms;
            let last = timeline.spans[timeline.spans.len() - 1];
            if last.zone == *zone {
                continue;
            }
            let shown = timeline.shown(last, from_ms - 1);
            timeline.spans.push(Span { from_ms: *from_ms, zone: *zone, shown_before: Some(shown) });
        }
        timeline
    }

    /// Whether anything is known about the person's zone. Otherwise days are those of UTC.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.is_known
    }

    /// Returns the zones that its identities belong to.
    #[must_use]
    pub fn zones(&self) -> &Zones {
        &self.zones
    }

    /// Returns the zone at an instant.
    #[must_use]
    pub fn zone_at(&self, at_ms: i64) -> ZoneId {
        self.span(at_ms).zone
    }

    /// Returns the date of an instant. It never goes back, also if a traveller's clock does.
    #[must_use]
    pub fn day_of(&self, at_ms: i64) -> LocalDay {
        self.shown(self.span(at_ms), at_ms)
    }

    /// Returns the first instant of a day. A day that nobody has lived through starts with the next one.
    #[must_use]
    pub fn day_start_ms(&self, day: LocalDay) -> i64 {
        let behind = self.spans.partition_point(|span| span.shown_before.is_none_or(|shown| shown < day));
        let span = self.spans[behind.max(1) - 1];
        let local = self.zones.first_instant(span.zone, day.local_ms());
        local.unwrap_or_else(|| day.local_ms()).max(span.from_ms)
    }

    /// Returns the days that a change of a sample from `start_ms` to `end_ms` may change.
    #[must_use]
    pub fn days_touched(&self, start_ms: i64, end_ms: i64) -> std::ops::RangeInclusive<LocalDay> {
        self.day_of(start_ms)..=self.day_of(end_ms.max(start_ms))
    }

    /// Returns the day or hour that an instant is in.
    #[must_use]
    pub fn bucket_at(&self, at_ms: i64, scale: Scale) -> Bucket {
        let day = self.day_of(at_ms);
        let start_ms = self.day_start_ms(day).min(at_ms);
        let end_ms = self.day_start_ms(day.next());
        // At the end of the calendar.
        let end_ms = if end_ms > at_ms { end_ms } else { at_ms.saturating_add(1).max(start_ms.saturating_add(DAY_MS)) };
        let zone = self.zone_at(start_ms);
        let day = Bucket { day, start_ms, end_ms, zone };
        if scale == Scale::Day { day } else { self.hour_in(&day, at_ms) }
    }

    /// Returns the hour of a day that an instant is in.
    pub(super) fn hour_in(&self, day: &Bucket, at_ms: i64) -> Bucket {
        let zone = self.zone_at(at_ms);
        let hour = self.hour_start_ms(zone, at_ms);
        Bucket { day: day.day, start_ms: hour.max(day.start_ms), end_ms: (hour + HOUR_MS).min(day.end_ms), zone }
    }

    /// Returns how much the dates and times of a period are ahead of UTC, in milliseconds, each with the instant from which on.
    /// In a period of many years, changes that are made good soon are left out.
    #[must_use]
    pub fn shifts(&self, from_ms: i64, to_ms: i64) -> Vec<(i64, i64)> {
        let (from_ms, to_ms) = (from_ms.max(INSTANTS_MS.start), to_ms.min(INSTANTS_MS.end));
        let mut shifts = vec![(from_ms, self.shift_ms(from_ms))];
        let step_ms = ((to_ms - from_ms) / SHIFT_STEPS_MAX).max(DAY_MS);
        let inside = self.spans.iter().map(|span| span.from_ms).filter(|at_ms| (from_ms..to_ms).contains(at_ms));
        let mut places: Vec<i64> = (1..=SHIFT_STEPS_MAX).map(|step| from_ms + step * step_ms).collect();
        places.retain(|at_ms| *at_ms < to_ms);
        places.extend(inside.flat_map(|at_ms| [at_ms - 1, at_ms]).chain([to_ms - 1]));
        places.retain(|at_ms| *at_ms > from_ms);
        places.sort_unstable();
        let mut before_ms = from_ms;
        for place_ms in places {
            let shift_ms = self.shift_ms(place_ms);
            if shifts.last().is_some_and(|(_, last_ms)| *last_ms != shift_ms) {
                let at_ms = self.change_ms(before_ms, place_ms);
                shifts.push((at_ms, shift_ms));
            }
            before_ms = place_ms;
        }
        shifts
    }

    /// The instant at which the shift of `to_ms` begins, if there is one change behind `from_ms`.
    fn change_ms(&self, mut from_ms: i64, mut to_ms: i64) -> i64 {
        let shift_ms = self.shift_ms(to_ms);
        while to_ms - from_ms > 1 {
            let middle_ms = from_ms + (to_ms - from_ms) / 2;
            if self.shift_ms(middle_ms) == shift_ms {
                to_ms = middle_ms;
            } else {
                from_ms = middle_ms;
            }
        }
        to_ms
    }

    /// How much the date and the time of day at an instant are ahead of UTC.
    fn shift_ms(&self, at_ms: i64) -> i64 {
        let time_ms = self.zones.local_ms(self.zone_at(at_ms), at_ms).rem_euclid(DAY_MS);
        self.day_of(at_ms).local_ms() + time_ms - at_ms
    }

    /// Returns the instant at which the hour of local clocks began.
    pub(super) fn hour_start_ms(&self, zone: ZoneId, at_ms: i64) -> i64 {
        // Only the minutes of the offset matter. So hours that come twice are two.
        let minutes = self.zones.offset_ms(zone, at_ms).rem_euclid(HOUR_MS);
        (at_ms + minutes).div_euclid(HOUR_MS) * HOUR_MS - minutes
    }

    fn span(&self, at_ms: i64) -> Span {
        self.spans[self.spans.partition_point(|span| span.from_ms <= at_ms).max(1) - 1]
    }

    /// The latest date that a clock has shown up to an instant in a span.
    fn shown(&self, span: Span, at_ms: i64) -> LocalDay {
        let mut day = LocalDay::of_local_ms(self.zones.local_ms(span.zone, at_ms));
        let offset_ms = |at_ms| self.zones.offset_ms(span.zone, at_ms);
        // Clocks that have gone back may show the former date again.
        if offset_ms(at_ms.saturating_sub(DAY_MS)) > offset_ms(at_ms) {
            let next_ms = self.zones.first_instant(span.zone, day.next().local_ms());
            day = if next_ms.is_some_and(|next_ms| next_ms <= at_ms) { day.next() } else { day };
        }
        span.shown_before.map_or(day, |shown| shown.max(day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::{parse, parse_day};

    fn day(text: &str) -> LocalDay {
        LocalDay::of_local_ms(parse_day(text).unwrap())
    }

    fn timeline(home: &str, changes: &[(&str, &str)]) -> Timeline {
        let mut zones = Zones::default();
        let home = zones.add(home);
        let first = home.map(|zone| (INSTANTS_MS.start, zone));
        let changes = changes.iter().map(|(at, zone)| (parse(at).unwrap(), zones.add(zone).unwrap()));
        let changes: Vec<_> = first.into_iter().chain(changes).collect();
        Timeline::new(zones, None, &changes)
    }

    fn hours(timeline: &Timeline, text: &str) -> f64 {
        let (from, to) = (timeline.day_start_ms(day(text)), timeline.day_start_ms(day(text).next()));
        (to - from) as f64 / HOUR_MS as f64
    }

    #[test]
    fn lengths_of_days() {
        let check = |timeline: &Timeline, day: &str, expected: f64| assert_eq!(hours(timeline, day), expected, "{day}");
        let new_york = timeline("America/New_York", &[]);
        check(&new_york, "2025-03-09", 23.0);
        check(&new_york, "2025-11-02", 25.0);
        check(&new_york, "2025-11-03", 24.0);
        let lord_howe = timeline("Australia/Lord_Howe", &[]);
        check(&lord_howe, "2025-10-05", 23.5);
        check(&lord_howe, "2025-04-06", 24.5);
        check(&timeline("Pacific/Apia", &[]), "2011-12-30", 0.0);
        let west = timeline("Asia/Tokyo", &[("2025-05-10T17:00:00+09:00", "America/Los_Angeles")]);
        check(&west, "2025-05-09", 24.0);
        check(&west, "2025-05-10", 40.0);
        check(&west, "2025-05-11", 24.0);
        // The clock goes back to the previous date, the day does not.
        let back = timeline("Asia/Tokyo", &[("2025-05-10T01:00:00+09:00", "America/Los_Angeles")]);
        check(&back, "2025-05-09", 24.0);
        check(&back, "2025-05-10", 40.0);
        assert_eq!(back.day_of(parse("2025-05-09T20:00:00-07:00").unwrap()), day("2025-05-10"));
        let east = timeline("America/Los_Angeles", &[("2025-05-10T20:00:00-07:00", "Asia/Tokyo")]);
        check(&east, "2025-05-10", 20.0);
        check(&east, "2025-05-11", 12.0);
        check(&east, "2025-05-12", 24.0);
        // Over the date line, an hour before midnight.
        let skipped = timeline("Pacific/Honolulu", &[("2025-05-10T23:00:00-10:00", "Pacific/Kiritimati")]);
        check(&skipped, "2025-05-10", 23.0);
        check(&skipped, "2025-05-11", 1.0);
        let empty = timeline("Pacific/Honolulu", &[("2025-05-11T00:00:00-10:00", "Pacific/Kiritimati")]);
        check(&empty, "2025-05-11", 0.0);
        check(&empty, "2025-05-12", 24.0);
    }

    #[test]
    fn buckets_follow_each_other() {
        let changes = [("2025-03-20T13:30:00Z", "Asia/Kathmandu"), ("2025-04-01T02:00:00Z", "America/St_Johns")];
        let timeline = timeline("Australia/Lord_Howe", &changes);
        for scale in [Scale::Day, Scale::Hour] {
            let mut at = parse("2025-03-01T00:00:00Z").unwrap();
            let mut last: Option<Bucket> = None;
            while at < parse("2025-11-20T00:00:00Z").unwrap() {
                let bucket = timeline.bucket_at(at, scale);
                assert!(bucket.start_ms <= at && at < bucket.end_ms, "{bucket:?}");
                if let Some(last) = last {
                    assert!(last.day <= bucket.day && (scale == Scale::Hour || last.day.next() == bucket.day));
                }
                for inside in [bucket.start_ms.max(at), bucket.end_ms - 1] {
                    assert_eq!(timeline.day_of(inside), bucket.day);
                }
                (at, last) = (bucket.end_ms, Some(bucket));
            }
        }
    }

    /// In these zones clocks went back over midnight: from 00:01 to 23:01, and from 02:00 to 23:00. The new date stays.
    #[test]
    fn a_date_that_was_shown_stays() {
        let check = |zone: &str, day_before: &str, at: [&str; 2]| {
            let timeline = timeline(zone, &[]);
            let [first, again] = at.map(|text| parse(text).unwrap());
            let next = day(day_before).next();
            assert_eq!(timeline.day_start_ms(next), first, "{zone}");
            for at_ms in [first, again - 1, again, again + HOUR_MS / 2, again + 2 * HOUR_MS] {
                let bucket = timeline.bucket_at(at_ms, Scale::Day);
                assert_eq!((bucket.day, bucket.start_ms), (next, first), "{zone} {at_ms}");
                assert_eq!(timeline.day_of(at_ms), next, "{zone} {at_ms}");
                assert!(bucket.end_ms - bucket.start_ms > 24 * HOUR_MS, "{zone} {bucket:?}");
                let hour = timeline.bucket_at(at_ms, Scale::Hour);
                assert!(hour.day == next && hour.start_ms <= at_ms && at_ms < hour.end_ms, "{zone} {hour:?}");
            }
            assert_eq!(timeline.day_of(first - 1), day(day_before), "{zone}");
        };
        check("America/St_Johns", "2010-11-06", ["2010-11-07T00:00:00-02:30", "2010-11-07T00:01:00-02:30"]);
        check("Antarctica/Casey", "2010-03-04", ["2010-03-05T00:00:00+11:00", "2010-03-05T02:00:00+11:00"]);
    }

    #[test]
    fn hours_begin_where_local_clocks_do() {
        let check = |zone: &str, at: &str, expected: [&str; 2]| {
            let bucket = timeline(zone, &[]).bucket_at(parse(at).unwrap(), Scale::Hour);
            assert_eq!([bucket.start_ms, bucket.end_ms], expected.map(|text| parse(text).unwrap()), "{zone} {at}");
        };
        check("UTC", "2025-05-10T10:20:00Z", ["2025-05-10T10:00:00Z", "2025-05-10T11:00:00Z"]);
        // 15:45 and 16:45 there.
        check("Asia/Kathmandu", "2025-05-10T10:20:00Z", ["2025-05-10T10:15:00Z", "2025-05-10T11:15:00Z"]);
        check("America/St_Johns", "2025-05-10T10:20:00Z", ["2025-05-10T09:30:00Z", "2025-05-10T10:30:00Z"]);
    }

    #[test]
    fn what_clocks_are_ahead_of_utc() {
        let check = |timeline: &Timeline, [from, to]: [&str; 2], expected: &[(&str, i64)]| {
            let shifts = timeline.shifts(parse(from).unwrap(), parse(to).unwrap());
            let expected: Vec<(i64, i64)> =
                expected.iter().map(|(at, hours)| (parse(at).unwrap(), hours * HOUR_MS)).collect();
            assert_eq!(shifts, expected, "{from} {to}");
        };
        let berlin = timeline("Europe/Berlin", &[("2026-11-26T14:00:00Z", "America/New_York")]);
        let day = ["2026-11-25T23:00:00Z", "2026-11-27T05:00:00Z"];
        check(&berlin, day, &[(day[0], 1), ("2026-11-26T14:00:00Z", -5)]);
        let year = ["2026-01-01T00:00:00Z", "2026-12-01T00:00:00Z"];
        let changes = [("2026-03-29T01:00:00Z", 2), ("2026-10-25T01:00:00Z", 1), ("2026-11-26T14:00:00Z", -5)];
        check(&berlin, year, &[&[(year[0], 1)], &changes[..]].concat());
        // The clock goes back to the previous date, the day does not: until midnight, times are those of the later date.
        let back = timeline("Asia/Tokyo", &[("2025-05-09T16:00:00Z", "America/Los_Angeles")]);
        let expected = [("2025-05-09T10:00:00Z", 9), ("2025-05-09T16:00:00Z", 17), ("2025-05-10T07:00:00Z", -7)];
        check(&back, ["2025-05-09T10:00:00Z", "2025-05-12T00:00:00Z"], &expected);
        assert_eq!(
            berlin.shifts(i64::MIN, i64::MAX).first(),
            Some(&(INSTANTS_MS.start, berlin.shift_ms(INSTANTS_MS.start)))
        );
        assert_eq!(berlin.shifts(5, 5), [(5, HOUR_MS)]);
    }

    #[test]
    fn hostile_instants() {
        let timeline = timeline("Europe/Berlin", &[("2025-05-10T20:00:00Z", "Asia/Tokyo")]);
        for at in [i64::MIN, INSTANTS_MS.start, -1, 0, INSTANTS_MS.end - 1, INSTANTS_MS.end, i64::MAX] {
            for scale in [Scale::Day, Scale::Hour] {
                if INSTANTS_MS.contains(&at) {
                    let bucket = timeline.bucket_at(at, scale);
                    assert!(bucket.start_ms <= at && at < bucket.end_ms, "{at} {bucket:?}");
                }
            }
            let _ = timeline.day_of(at);
        }
        let unknown = Timeline::default();
        assert!(!unknown.is_known() && timeline.is_known());
        assert_eq!(unknown.bucket_at(0, Scale::Day).end_ms, DAY_MS);
        // Changes that go back are left out.
        let mut zones = Zones::default();
        let tokyo = zones.add("Asia/Tokyo").unwrap();
        let back = Timeline::new(zones, None, &[(50, tokyo), (40, Zones::UTC), (i64::MAX, Zones::UTC)]);
        assert_eq!((back.zone_at(45), back.zone_at(60), back.spans.len()), (tokyo, tokyo, 1));
    }
}
