//! What period a metric's figures are of. The export does not say it: the times of a metric's points in one file show it.
//!
//! The finest time decides. Where all begin at midnight, the days between them distinguish days, weeks, months and years.

use crate::model::record::Interval;

const MINUTE_MS: i64 = 60 * 1000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The times of a metric's points, as far as they show the interval.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// The finest clock of all points; `None` before the first.
    finest: Option<Clock>,
    last_day: Option<i64>,
    has_gap: bool,
    /// Whether all points are whole weeks apart, begin a month, begin a year.
    weeks: bool,
    months: bool,
    years: bool,
}

/// What a time of the day can begin, the finest first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Clock {
    Second,
    Minute,
    Hour,
    Midnight,
}

impl Default for Times {
    fn default() -> Self {
        Self { finest: None, last_day: None, has_gap: false, weeks: true, months: true, years: true }
    }
}

impl Times {
    /// Adds a point by its date as printed, and the instant that it is.
    pub(super) fn add(&mut self, printed: &str, ms: i64) {
        let local = ms + offset_ms(printed).unwrap_or_default();
        let clock = match local {
            local if local % DAY_MS == 0 => Clock::Midnight,
            local if local % HOUR_MS == 0 => Clock::Hour,
            local if local % MINUTE_MS == 0 => Clock::Minute,
            _ => Clock::Second,
        };
        self.finest = Some(self.finest.map_or(clock, |finest| finest.min(clock)));
        let day = local.div_euclid(DAY_MS);
        if let Some(last) = self.last_day.replace(day)
            && last != day
        {
            self.has_gap = true;
            self.weeks &= (day - last) % 7 == 0;
        }
        self.months &= begins(printed, 8, "01");
        self.years &= begins(printed, 5, "01-01");
    }

    /// Returns the interval of the figures.
    pub(super) fn interval(&self) -> Interval {
        match self.finest {
            None | Some(Clock::Second) => Interval::None,
            Some(Clock::Minute) => Interval::Minute,
            Some(Clock::Hour) => Interval::Hour,
            Some(Clock::Midnight) if !self.has_gap => Interval::Day,
            Some(Clock::Midnight) if self.years => Interval::Year,
            Some(Clock::Midnight) if self.months => Interval::Month,
            Some(Clock::Midnight) if self.weeks => Interval::Week,
            Some(Clock::Midnight) => Interval::Day,
        }
    }
}

/// Whether a date has a text at a place.
fn begins(printed: &str, at: usize, text: &str) -> bool {
    printed.get(at..).is_some_and(|rest| rest.starts_with(text))
}

/// The offset that a date ends in: `+0100`, `-05:00`. Nothing for UTC.
fn offset_ms(printed: &str) -> Option<i64> {
    // Behind the day, whose parts may also be joined by this sign.
    let printed = printed.get(10..)?;
    let at = printed.rfind(['+', '-'])?;
    let digits: String = printed[at + 1..].chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes) = (digits.get(..2)?.parse::<i64>().ok()?, digits.get(2..4)?.parse::<i64>().ok()?);
    let offset = hours * HOUR_MS + minutes * MINUTE_MS;
    Some(if printed[at..].starts_with('-') { -offset } else { offset })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::parse;

    #[test]
    fn the_finest_time_decides() {
        let check = |dates: &[&str], expected: Interval| {
            let mut times = Times::default();
            dates.iter().for_each(|date| times.add(date, parse(date).unwrap()));
            assert_eq!(times.interval(), expected, "{dates:?}");
        };
        check(&[], Interval::None);
        check(&["2024-03-01 00:00:00 +0100"], Interval::Day);
        check(&["2024-03-01 00:00:00 +0100", "2024-03-01 01:00:00 +0100"], Interval::Hour);
        check(&["2024-03-01 00:00:00 -0530", "2024-03-01 05:00:00 -0530"], Interval::Hour);
        check(&["2024-03-01 00:00:00 +0100", "2024-03-01 00:05:00 +0100"], Interval::Minute);
        check(&["2024-03-01 00:00:00 +0100", "2024-03-01 00:00:01 +0100"], Interval::None);
        // Over the beginning of summer time.
        check(&["2024-03-30 00:00:00 +0100", "2024-04-01 00:00:00 +0200"], Interval::Day);
        check(&["2024-03-25 00:00:00 +0100", "2024-04-01 00:00:00 +0200"], Interval::Week);
        check(&["2024-03-01 00:00:00 +0100", "2024-06-01 00:00:00 +0200"], Interval::Month);
        check(&["2023-01-01 00:00:00 +0100", "2024-01-01 00:00:00 +0100"], Interval::Year);
        check(&["2024-03-01T00:00:00Z", "2024-03-02T00:00:00Z"], Interval::Day);
    }
}
