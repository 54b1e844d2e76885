//! Which time a page shows: a day, a week, a month, half a year or a year of the calendar, or all; and what is before and behind.

use crate::model::time::parse_day;
use crate::serve::api::local_day;
use crate::statistics::{LocalDay, week_of};

/// The length of a period.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Length {
    Day,
    Week,
    Month,
    Half,
    Year,
    All,
}

impl Length {
    pub(super) const ALL: [Self; 6] = [Self::Day, Self::Week, Self::Month, Self::Half, Self::Year, Self::All];

    /// Its name in addresses.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Half => "half",
            Self::Year => "year",
            Self::All => "all",
        }
    }

    /// What it is called.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Day => "Day",
            Self::Week => "Week",
            Self::Month => "Month",
            Self::Half => "6 months",
            Self::Year => "Year",
            Self::All => "All",
        }
    }
}

/// A period.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Period {
    pub(super) length: Length,
    /// The first day, and the one behind the last. Of `All` they say nothing.
    pub(super) from: LocalDay,
    pub(super) to: LocalDay,
}

/// The first day of a month, by its number since the year 0.
fn month_start(months: i32, fallback: LocalDay) -> LocalDay {
    let date = format!("{:04}-{:02}-01", months.div_euclid(12), months.rem_euclid(12) + 1);
    parse_day(&date).and_then(|_| local_day(&date)).unwrap_or(fallback)
}

impl Period {
    /// The period that a day is in.
    pub(super) fn around(length: Length, day: LocalDay) -> Self {
        let (year, month) = day.month();
        let months = i32::from(year) * 12 + i32::from(month) - 1;
        let (from, to) = match length {
            Length::Day | Length::All => (day, day.next()),
            Length::Week => {
                let monday = week_of(day, 0);
                (monday, LocalDay::new(monday.days().saturating_add(7)))
            }
            Length::Month => (month_start(months, day), month_start(months + 1, day.next())),
            Length::Half => (month_start(months - 5, day), month_start(months + 1, day.next())),
            Length::Year => (
                month_start(months - months.rem_euclid(12), day),
                month_start(months - months.rem_euclid(12) + 12, day.next()),
            ),
        };
        Self { length, from, to }
    }

    /// The one before.
    pub(super) fn before(self) -> Self {
        Self::around(self.length, LocalDay::new(self.from.days().saturating_sub(1)))
    }

    /// The one behind; half a year ends with the month that it ends with now.
    pub(super) fn behind(self) -> Self {
        let reach = if self.length == Length::Half { 5 } else { 0 };
        let (year, month) = self.to.month();
        let day = month_start(i32::from(year) * 12 + i32::from(month) - 1 + reach, self.to);
        Self::around(self.length, if reach == 0 { self.to } else { day })
    }

    /// Its bounds as parameters of the API; empty for all.
    pub(super) fn query(self) -> String {
        if self.length == Length::All { String::new() } else { format!("&from={}&to={}", self.from, self.to) }
    }

    /// The same for charts, which show a month without them.
    pub(super) fn chart_query(self) -> String {
        if self.length == Length::All { "&days=all".to_owned() } else { self.query() }
    }

    /// What it is called: `26 November 2026`, `November 2026`, `2026`.
    pub(super) fn title(self) -> String {
        let last = LocalDay::new(self.to.days().saturating_sub(1));
        let month = |day: LocalDay| {
            format!("{} {}", MONTHS[usize::try_from(day.month().1 - 1).unwrap_or(0).min(11)], day.month().0)
        };
        match self.length {
            Length::Day => long_date(self.from),
            Length::Week => format!("{} to {}", long_date(self.from), long_date(last)),
            Length::Month => month(self.from),
            Length::Half => format!("{} to {}", month(self.from), month(last)),
            Length::Year => self.from.month().0.to_string(),
            Length::All => "All data".to_owned(),
        }
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A date as people read it.
pub(super) fn long_date(day: LocalDay) -> String {
    let (year, month) = day.month();
    let text = day.to_string();
    let number = text.rsplit('-').next().unwrap_or_default().trim_start_matches('0').to_owned();
    format!("{number} {} {year}", MONTHS[usize::try_from(month - 1).unwrap_or(0).min(11)])
}

/// The same with the day of the week.
pub(super) fn full_date(day: LocalDay) -> String {
    format!("{}, {}", WEEKDAYS[usize::from(day.weekday()).min(6)], long_date(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_follow_each_other() {
        let check = |length: Length, day: &str, expected: [&str; 2], title: &str| {
            let period = Period::around(length, local_day(day).unwrap());
            assert_eq!([period.from.to_string(), period.to.to_string()], expected, "{day}");
            assert_eq!(period.title(), title);
            if length != Length::Half {
                assert_eq!((period.before().to, period.behind().from), (period.from, period.to), "{day}");
                assert_eq!(period.before().behind(), period, "{day}");
            }
        };
        check(Length::Day, "2026-03-01", ["2026-03-01", "2026-03-02"], "1 March 2026");
        check(Length::Week, "2026-03-01", ["2026-02-23", "2026-03-02"], "23 February 2026 to 1 March 2026");
        check(Length::Month, "2026-02-28", ["2026-02-01", "2026-03-01"], "February 2026");
        check(Length::Month, "2026-12-31", ["2026-12-01", "2027-01-01"], "December 2026");
        check(Length::Year, "2024-02-29", ["2024-01-01", "2025-01-01"], "2024");
        check(Length::Half, "2026-03-15", ["2025-10-01", "2026-04-01"], "October 2025 to March 2026");
        let half = Period::around(Length::Half, local_day("2026-03-15").unwrap());
        assert_eq!((half.before().to, half.behind().from), (half.from, half.to));
        assert_eq!(full_date(local_day("2026-11-26").unwrap()), "Thursday, 26 November 2026");
    }
}
