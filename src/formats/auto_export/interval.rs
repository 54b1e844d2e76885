//! What the times of figures show of their periods. The export does not say them: by POST, a header does.
//!
//! A figure's own time shows which periods may begin at it. The other times of its document show only whether it may be a later
//! state of a stored figure; they make no difference to what it is. There is one exception. Where the clocks change at midnight, a
//! day begins at one o'clock: the sender has to say that figures are of days, and the other times must agree.

use crate::model::interval::Interval;
use crate::model::time::{DAY_MS, HOUR_MS, MINUTE_MS};

const WEEK_DAYS: i64 = 7;

/// What a time of the day can begin, the finest first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Clock {
    Second,
    Minute,
    Hour,
    Midnight,
}

impl Clock {
    /// The clock of a date as printed, and the instant that it is. Of days, as the sender says, one without a midnight begins at
    /// one o'clock, if it may.
    pub(super) fn of_figure(printed: &str, ms: i64, said: Interval, may_begin_at_one: bool) -> Self {
        let local = local(printed, ms);
        let is_of_days = matches!(said, Interval::Day | Interval::Week | Interval::Month | Interval::Year);
        if may_begin_at_one && is_of_days && is_one(local) { Self::Midnight } else { Self::of_local(local) }
    }

    fn of_local(local: i64) -> Self {
        match local {
            local if local % DAY_MS == 0 => Self::Midnight,
            local if local % HOUR_MS == 0 => Self::Hour,
            local if local % MINUTE_MS == 0 => Self::Minute,
            _ => Self::Second,
        }
    }

    /// The longest period, up to a day, that may begin at it.
    pub(super) fn period_ms(self) -> i64 {
        match self {
            Self::Second => 0,
            Self::Minute => MINUTE_MS,
            Self::Hour => HOUR_MS,
            Self::Midnight => DAY_MS,
        }
    }

    /// The interval of a figure at this clock, of that which its sender says.
    pub(super) fn interval(self, said: Interval) -> Interval {
        let begins = match said {
            Interval::None => return said,
            Interval::Minute => Self::Minute,
            Interval::Hour => Self::Hour,
            Interval::Day | Interval::Week | Interval::Month | Interval::Year => Self::Midnight,
        };
        if self >= begins { said } else { Interval::None }
    }
}

/// What a document shows of a metric's figures.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shown {
    /// The period that their times show.
    pub(super) period: Interval,
    /// Whether a day may begin at one o'clock.
    pub(super) may_begin_at_one: bool,
    /// Whether they are readings: a larger one is another one.
    pub(super) are_readings: bool,
    /// Whether equal ones may stand far apart.
    pub(super) are_scattered: bool,
}

/// The times of a metric's points in one document.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    /// The finest clock, and the last time.
    finest: Option<Clock>,
    /// The finest clock of those that are not one o'clock.
    finest_but_one: Option<Clock>,
    last: Option<i64>,
    /// Whether two of them differ.
    has_several: bool,
    /// Whether two days are less than a week apart.
    has_days: bool,
}

impl Times {
    /// Adds a point by its date as printed, and the instant that it is.
    pub(super) fn add(&mut self, printed: &str, ms: i64) {
        let local = local(printed, ms);
        let clock = Clock::of_local(local);
        let finer = |finest: Option<Clock>| finest.map_or(clock, |finest| finest.min(clock));
        self.finest = Some(finer(self.finest));
        if !is_one(local) {
            self.finest_but_one = Some(finer(self.finest_but_one));
        }
        if let Some(last) = self.last.replace(local)
            && last != local
        {
            self.has_several = true;
            let [day, last] = [local, last].map(|time| time.div_euclid(DAY_MS));
            self.has_days |= (day - last).abs() < WEEK_DAYS;
        }
    }

    /// The period that they show: one time shows none, and midnights that are weeks apart are not of days. Whole minutes show
    /// none, because people enter readings at them.
    pub(super) fn shown(&self) -> Interval {
        match self.finest {
            Some(Clock::Midnight) if self.has_days => Interval::Day,
            Some(Clock::Hour) if self.has_several => Interval::Hour,
            _ => Interval::None,
        }
    }

    /// Whether one o'clock may be the beginning of a day: all others are midnights, or there is no other.
    pub(super) fn may_begin_at_one(&self) -> bool {
        self.finest_but_one.map_or(!self.has_several, |finest| finest == Clock::Midnight)
    }
}

/// Whether a clock shows one o'clock at night.
fn is_one(local: i64) -> bool {
    local.rem_euclid(DAY_MS) == HOUR_MS
}

/// The time that a clock at the place showed, as if it were UTC.
fn local(printed: &str, ms: i64) -> i64 {
    ms.saturating_add(offset_ms(printed).unwrap_or_default())
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
    fn clocks() {
        let clock_of = |date: &str| Clock::of_figure(date, parse(date).unwrap(), Interval::None, false);
        let check = |date: &str, clock| assert_eq!(clock_of(date), clock, "{date}");
        check("2024-03-01 00:00:00 +0100", Clock::Midnight);
        check("2024-03-01 00:00:00 -0530", Clock::Midnight);
        check("2024-03-01T00:00:00Z", Clock::Midnight);
        check("2024-03-01 01:00:00 +0530", Clock::Hour);
        check("2024-03-01 01:05:00 +0545", Clock::Minute);
        check("2024-03-01 00:00:01 +0100", Clock::Second);
        check("2024-03-01T00:00:00.500Z", Clock::Second);
    }

    #[test]
    fn what_is_said_holds_where_the_clock_agrees() {
        let check = |clock: Clock, said, expected| assert_eq!(clock.interval(said), expected, "{clock:?} {said:?}");
        check(Clock::Midnight, Interval::None, Interval::None);
        check(Clock::Midnight, Interval::Minute, Interval::Minute);
        check(Clock::Midnight, Interval::Hour, Interval::Hour);
        check(Clock::Midnight, Interval::Week, Interval::Week);
        check(Clock::Hour, Interval::Hour, Interval::Hour);
        check(Clock::Hour, Interval::Day, Interval::None);
        check(Clock::Minute, Interval::Hour, Interval::None);
        check(Clock::Second, Interval::Minute, Interval::None);
    }

    #[test]
    fn a_day_without_midnight_begins_at_one() {
        let check = |dates: &[&str], expected: bool| {
            let mut times = Times::default();
            dates.iter().for_each(|date| times.add(date, parse(date).unwrap()));
            assert_eq!(times.may_begin_at_one(), expected, "{dates:?}");
        };
        let [one, midnight] = ["2026-04-24 01:00:00 +0300", "2026-04-25 00:00:00 +0300"];
        check(&[one], true);
        check(&[one, one], true);
        check(&[one, midnight], true);
        check(&[midnight, one, "2026-04-23 00:00:00 +0200"], true);
        check(&[one, "2026-04-24 02:00:00 +0300"], false);
        check(&[one, midnight, "2026-04-24 00:01:00 +0300"], false);
        check(&[one, "2026-04-25 01:00:00 +0300"], false);
        let of = |said, may| Clock::of_figure(one, parse(one).unwrap(), said, may);
        assert_eq!([of(Interval::Day, true), of(Interval::Week, true)], [Clock::Midnight; 2]);
        let hours = [of(Interval::Day, false), of(Interval::Hour, true), of(Interval::None, true)];
        assert_eq!(hours, [Clock::Hour; 3]);
    }

    #[test]
    fn several_times_show_a_period() {
        let check = |dates: &[&str], expected: Interval| {
            for reversed in [false, true] {
                let mut times = Times::default();
                let mut dates = dates.to_vec();
                if reversed {
                    dates.reverse();
                }
                dates.iter().for_each(|date| times.add(date, parse(date).unwrap()));
                assert_eq!(times.shown(), expected, "{dates:?}");
            }
        };
        check(&["2024-03-01 00:00:00 +0100"], Interval::None);
        check(&["2024-03-01 00:00:00 +0100", "2024-03-01 00:00:00 +0100"], Interval::None);
        check(&["2024-03-01 10:00:00 +0100"], Interval::None);
        check(&["2024-03-01 00:00:00 +0100", "2024-03-01 01:00:00 +0100"], Interval::Hour);
        check(&["2024-03-01 00:00:00 +0100", "2024-03-01 01:01:00 +0100"], Interval::None);
        check(&["2024-03-01 00:00:00 +0100", "2024-03-02 00:00:30 +0100"], Interval::None);
        // Over the beginning of summer time.
        check(&["2024-03-30 00:00:00 +0100", "2024-04-01 00:00:00 +0200"], Interval::Day);
        check(&["2024-03-25 00:00:00 +0100", "2024-04-01 00:00:00 +0200"], Interval::None);
        check(&["2024-03-01 00:00:00 +0100", "2024-06-01 00:00:00 +0200"], Interval::None);
        let days = ["2024-03-01 00:00:00 +0100", "2024-03-10 00:00:00 +0100", "2024-03-11 00:00:00 +0100"];
        check(&days, Interval::Day);
    }
}
