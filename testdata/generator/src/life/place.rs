//! Where a made-up person is, and what the clocks there show: rules written here, so that no program under test is asked.

use crate::clock::{DAY_MS, HOUR_MS, day_ms, push_day};

/// A place with a time zone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    Berlin,
    NewYork,
    Tokyo,
}

impl Place {
    pub(super) fn zone(self) -> &'static str {
        match self {
            Self::Berlin => "Europe/Berlin",
            Self::NewYork => "America/New_York",
            Self::Tokyo => "Asia/Tokyo",
        }
    }

    /// What the clocks are ahead of UTC.
    fn offset_ms(self, at_ms: i64) -> i64 {
        let year = year_of(at_ms);
        match self {
            Self::Tokyo => 9 * HOUR_MS,
            // From the last Sunday of March to that of October, at one o'clock UTC.
            Self::Berlin => {
                let summer = sunday_before(year, 3, 31) + HOUR_MS..sunday_before(year, 10, 31) + HOUR_MS;
                if summer.contains(&at_ms) { 2 * HOUR_MS } else { HOUR_MS }
            }
            // From the second Sunday of March to the first one of November, at two o'clock there.
            Self::NewYork => {
                let summer = sunday_before(year, 3, 14) + 7 * HOUR_MS..sunday_before(year, 11, 7) + 6 * HOUR_MS;
                if summer.contains(&at_ms) { -4 * HOUR_MS } else { -5 * HOUR_MS }
            }
        }
    }

    /// The instant at which the clocks show a time, given as if it were UTC. The times of a plan are not those of a change.
    pub(super) fn instant_ms(self, local_ms: i64) -> i64 {
        let guess_ms = local_ms - self.offset_ms(local_ms);
        local_ms - self.offset_ms(guess_ms)
    }

    /// The date that the clocks show.
    pub(super) fn date(self, at_ms: i64) -> String {
        let mut text = Vec::new();
        push_day(&mut text, at_ms + self.offset_ms(at_ms));
        String::from_utf8(text).unwrap_or_default()
    }
}

fn year_of(at_ms: i64) -> i64 {
    let mut text = Vec::new();
    push_day(&mut text, at_ms);
    text.iter().take(4).fold(0, |year, digit| 10 * year + i64::from(digit - b'0'))
}

/// The last Sunday up to a day.
fn sunday_before(year: i64, month: u8, day: u8) -> i64 {
    let at_ms = day_ms(&format!("{year:04}-{month:02}-{day:02}")).unwrap_or_default();
    // 1970 began with a Thursday.
    at_ms - (at_ms / DAY_MS + 4).rem_euclid(7) * DAY_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks() {
        let check = |place: Place, day: &str, hour: i64, offset: i64| {
            let at_ms = day_ms(day).unwrap() + hour * HOUR_MS;
            assert_eq!(place.offset_ms(at_ms) / HOUR_MS, offset, "{place:?} {day} {hour}");
        };
        check(Place::Berlin, "2026-03-29", 0, 1);
        check(Place::Berlin, "2026-03-29", 1, 2);
        check(Place::Berlin, "2026-10-25", 0, 2);
        check(Place::Berlin, "2026-10-25", 1, 1);
        check(Place::NewYork, "2026-03-08", 6, -5);
        check(Place::NewYork, "2026-03-08", 7, -4);
        check(Place::NewYork, "2026-11-01", 5, -4);
        check(Place::NewYork, "2026-11-01", 6, -5);
        check(Place::Tokyo, "2026-07-01", 0, 9);
        assert_eq!(Place::Tokyo.date(day_ms("2026-07-01").unwrap() + 15 * HOUR_MS), "2026-07-02");
    }
}
