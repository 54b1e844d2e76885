//! Where the household is, and when: local times of its places as instants.

use crate::model::time::{DAY_MS, MINUTE_MS};
use crate::statistics::{LocalDay, ZoneId, Zones};

/// The home, and where the yearly journey leads.
const PLACES: [&str; 2] = ["Europe/Berlin", "America/New_York"];

/// Days of a year, counted from 1970, on which the journey begins and ends.
const JOURNEY: (i32, i32) = (200, 211);

/// Clocks of the places.
#[derive(Debug)]
pub(super) struct Clock {
    zones: Zones,
    places: [ZoneId; 2],
}

impl Clock {
    pub(super) fn new() -> Self {
        let mut zones = Zones::default();
        let places = PLACES.map(|name| zones.add(name).unwrap_or(Zones::UTC));
        Self { zones, places }
    }

    fn place(day: LocalDay) -> usize {
        usize::from((JOURNEY.0..JOURNEY.1).contains(&day.days().rem_euclid(365)))
    }

    /// The zone on a day.
    pub(super) fn zone(day: LocalDay) -> &'static str {
        PLACES[Self::place(day)]
    }

    /// Whether a day begins on the flight home, on which nobody sleeps: it would begin before the evening abroad is over.
    pub(super) fn begins_in_flight(day: LocalDay) -> bool {
        day.days().rem_euclid(365) == JOURNEY.1
    }

    /// The day now, at home.
    pub(super) fn today(&self, now_ms: i64) -> LocalDay {
        let days = self.zones.local_ms(self.places[0], now_ms).div_euclid(DAY_MS);
        LocalDay::new(i32::try_from(days).unwrap_or(0))
    }

    /// The instant at which clocks show some minutes of a day; they may be fewer than 0, or more than a day has.
    pub(super) fn at(&self, day: LocalDay, minutes: i64) -> i64 {
        let (zone, local_ms) = (self.places[Self::place(day)], i64::from(day.days()) * DAY_MS + minutes * MINUTE_MS);
        let guess_ms = local_ms - (self.zones.local_ms(zone, local_ms) - local_ms);
        local_ms - (self.zones.local_ms(zone, guess_ms) - guess_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_times_are_instants() {
        let clock = Clock::new();
        // 26 November 2026, a day at home, 08:30.
        let day = LocalDay::new(20_783);
        assert_eq!((Clock::zone(day), clock.at(day, 510)), ("Europe/Berlin", 20_783 * DAY_MS + 450 * MINUTE_MS));
        assert_eq!(clock.today(20_783 * DAY_MS - 30 * MINUTE_MS), day, "half past midnight");
        let away = LocalDay::new(365 * 56 + 205);
        assert_eq!(Clock::zone(away), "America/New_York");
    }
}
