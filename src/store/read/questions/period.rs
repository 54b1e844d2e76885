//! Weeks, months and years out of the figures of days.

use super::reader::Unanswered;
use super::value::{Sink, Value};
use crate::model::limits::CHART_POINTS_MAX;
use crate::model::time::{DAY_MS, parse_day};
use crate::model::units::Conversion;
use crate::statistics::{LevelPeriod, LocalDay, Period, week_of};

/// The size of a bucket, the smallest first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum BucketSize {
    /// An hour of local clocks.
    Hour,
    /// A local day.
    Day,
    /// A week from Monday on.
    Week,
    /// A month of the calendar.
    Month,
    /// A year of the calendar.
    Year,
}

impl BucketSize {
    /// All of them, the smallest first.
    pub const ALL: [Self; 5] = [Self::Hour, Self::Day, Self::Week, Self::Month, Self::Year];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// The name of a list of them.
    pub(super) fn list(self) -> &'static str {
        match self {
            Self::Hour => "hours",
            Self::Day => "days",
            Self::Week => "weeks",
            Self::Month => "months",
            Self::Year => "years",
        }
    }

    /// The smallest size that makes at most so many buckets of these days; `None` if even their years are more. Not every type
    /// has hours.
    pub(super) fn fitting(days: (LocalDay, LocalDay), hours: Option<i64>, points_max: u32) -> Option<Self> {
        let count = |size: &Self| match size {
            Self::Hour => hours.unwrap_or(i64::MAX),
            size => size.count(days),
        };
        Self::ALL.into_iter().find(|size| count(size) <= i64::from(points_max))
    }

    /// How many buckets these days are in; of hours, how many days.
    pub(super) fn count(self, (first, end): (LocalDay, LocalDay)) -> i64 {
        if end <= first {
            return 0;
        }
        self.place(LocalDay::new(end.days().saturating_sub(1))) - self.place(first) + 1
    }

    /// The number of the bucket that a day is in, without gaps.
    fn place(self, of: LocalDay) -> i64 {
        let text = of.to_string();
        let number = |part: &str| part.parse::<i64>().unwrap_or_default();
        let (year, month) = (number(&text[..text.len() - 6]), number(&text[text.len() - 5..text.len() - 3]));
        match self {
            Self::Hour | Self::Day => i64::from(of.days()),
            Self::Week => i64::from(week_of(of, 0).days()).div_euclid(7),
            Self::Month => year * 12 + month,
            Self::Year => year,
        }
    }

    /// The first day of the bucket that a day is in.
    pub(super) fn start(self, of: LocalDay) -> LocalDay {
        let text = of.to_string();
        let first = |part: &str, rest: &str| day(&format!("{part}{rest}")).unwrap_or(of);
        match self {
            Self::Hour | Self::Day => of,
            Self::Week => week_of(of, 0),
            Self::Month => first(&text[..text.len() - 2], "01"),
            Self::Year => first(&text[..text.len() - 5], "01-01"),
        }
    }

    /// The first day of the bucket behind one.
    pub(super) fn next(self, start: LocalDay) -> LocalDay {
        let longest = match self {
            Self::Hour | Self::Day => 1,
            Self::Week => 7,
            Self::Month => 31,
            Self::Year => 366,
        };
        self.start(LocalDay::new(start.days().saturating_add(longest)))
    }
}

/// What a chart of too many figures asks for.
pub(super) fn too_many_buckets() -> Unanswered {
    let accepts = format!("auto, or larger: this time has more than {CHART_POINTS_MAX} of them");
    Unanswered::Parameter("bucket", accepts)
}

/// Reads a local day.
pub(super) fn day(text: &str) -> Option<LocalDay> {
    Some(LocalDay::new(i32::try_from(parse_day(text)?.div_euclid(DAY_MS)).ok()?))
}

/// Which figure of a bucket is its value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Agg {
    /// The one that the type has: a sum, a mean, a level.
    Own,
    /// The sum.
    Sum,
    /// The mean; of buckets longer than a day, as `PeriodSum::mean` has it.
    Mean,
    /// The least value.
    Min,
    /// The greatest value.
    Max,
    /// The last value.
    Last,
}

impl Agg {
    /// All that have a name.
    pub const ALL: [Self; 5] = [Self::Sum, Self::Mean, Self::Min, Self::Max, Self::Last];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "",
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Min => "min",
            Self::Max => "max",
            Self::Last => "last",
        }
    }

    /// Fails for a figure that buckets of a type do not have.
    pub(super) fn check(self, is_sum: bool, bucket: BucketSize) -> Result<(), Unanswered> {
        let accepted = match self {
            Self::Sum if !is_sum => "mean, min, max or last, since this type does not add up",
            Self::Last if bucket == BucketSize::Hour => "sum, mean, min or max: hours have no last value",
            Self::Mean if is_sum && matches!(bucket, BucketSize::Hour | BucketSize::Day) => {
                "sum, min, max or last; the mean of days needs bucket=week, month or year"
            }
            _ => return Ok(()),
        };
        Err(Unanswered::Parameter("agg", accepted.to_owned()))
    }

    pub(super) fn of_day(self, figure: &Figure) -> Option<f64> {
        match self {
            Self::Own | Self::Sum | Self::Mean => figure.value,
            Self::Min => figure.minimum,
            Self::Max => figure.maximum,
            Self::Last => figure.last,
        }
    }
}

/// The figures of a day.
#[derive(Clone, Copy, Debug)]
pub(super) struct Figure {
    pub(super) value: Option<f64>,
    pub(super) samples: i64,
    pub(super) minimum: Option<f64>,
    pub(super) maximum: Option<f64>,
    pub(super) last: Option<f64>,
    pub(super) time_weighted: Option<f64>,
    pub(super) covered_ms: Option<i64>,
}

impl Figure {
    pub(super) fn converted(self, conversion: Option<Conversion>) -> Self {
        let convert = |value: Option<f64>| match conversion {
            Some(conversion) => value.map(|value| conversion.apply(value)),
            None => value,
        };
        let [value, minimum, maximum, last, time_weighted] =
            [self.value, self.minimum, self.maximum, self.last, self.time_weighted].map(convert);
        Self { value, minimum, maximum, last, time_weighted, ..self }
    }

    #[expect(clippy::cast_precision_loss, reason = "the milliseconds of a day")]
    pub(super) fn covered_min(&self) -> Option<f64> {
        self.covered_ms.map(|covered_ms| covered_ms as f64 / 60_000.0)
    }
}

pub(super) const PERIOD_COLUMNS: [&str; 10] =
    ["day", "value", "samples", "minimum", "maximum", "last", "days", "mean", "whole_days", "partial"];

/// Days whose figures are added up.
#[derive(Debug)]
struct Days {
    figures: Period,
    /// Of types whose figures are levels in decibels.
    level: Option<LevelPeriod>,
}

impl Days {
    fn new(is_level: bool) -> Self {
        Self { figures: Period::default(), level: is_level.then(LevelPeriod::default) }
    }

    fn add(&mut self, figure: &Figure) {
        self.figures.add(figure.value);
        if let Some((level, value)) = self.level.as_mut().zip(figure.value) {
            level.add(value, figure.covered_ms.unwrap_or_default(), figure.samples);
        }
    }

    /// Returns the mean of the days that have data.
    fn mean(&self) -> Option<f64> {
        match &self.level {
            Some(level) => level.level(),
            None => self.figures.daily_average(),
        }
    }
}

/// A bucket that is added up.
#[derive(Debug)]
pub(super) struct PeriodSum {
    pub(super) start: LocalDay,
    days: Days,
    /// Those that are over: the part of a day would make their mean small.
    whole: Days,
    samples: i64,
    minimum: Option<f64>,
    maximum: Option<f64>,
    last: Option<f64>,
}

impl PeriodSum {
    pub(super) fn new(start: LocalDay, is_level: bool) -> Self {
        let [days, whole] = [is_level; 2].map(Days::new);
        Self { start, days, whole, samples: 0, minimum: None, maximum: None, last: None }
    }

    pub(super) fn add(&mut self, figure: &Figure, is_partial: bool) {
        let extreme = |one: Option<f64>, other: Option<f64>, better: fn(f64, f64) -> f64| match (one, other) {
            (Some(one), Some(other)) => Some(better(one, other)),
            (one, other) => one.or(other),
        };
        self.days.add(figure);
        if !is_partial {
            self.whole.add(figure);
        }
        self.samples = self.samples.saturating_add(figure.samples);
        self.minimum = extreme(self.minimum, figure.minimum, f64::min);
        self.maximum = extreme(self.maximum, figure.maximum, f64::max);
        self.last = figure.last.or(self.last);
    }

    /// Returns the mean of the days that are over; of all days while none is.
    fn mean(&self) -> Option<f64> {
        self.whole.mean().or_else(|| self.days.mean())
    }

    /// Hands the bucket out, and returns whether another one fits.
    pub(super) fn push(&self, (agg, is_sum): (Agg, bool), is_partial: bool, sink: &mut dyn Sink) -> bool {
        let (mean, days) = (self.mean(), &self.days.figures);
        let sum = mean.is_some().then(|| days.sum());
        let value = match agg {
            Agg::Own if is_sum => sum,
            Agg::Own | Agg::Mean => mean,
            Agg::Sum => sum,
            Agg::Min => self.minimum,
            Agg::Max => self.maximum,
            Agg::Last => self.last,
        };
        sink.row(&[
            Value::Text(&self.start.to_string()),
            Value::real(value),
            Value::Integer(self.samples),
            Value::real(self.minimum),
            Value::real(self.maximum),
            Value::real(self.last),
            Value::Integer(i64::from(days.days_with_data())),
            Value::real(mean),
            Value::Integer(i64::from(self.whole.figures.days_with_data())),
            Value::Flag(is_partial),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_begin_and_end() {
        let check = |size: BucketSize, of: &str, expected: [&str; 2]| {
            let start = size.start(day(of).unwrap());
            assert_eq!([start.to_string(), size.next(start).to_string()], expected, "{size:?} {of}");
        };
        check(BucketSize::Day, "2026-02-28", ["2026-02-28", "2026-03-01"]);
        check(BucketSize::Week, "2026-03-01", ["2026-02-23", "2026-03-02"]);
        check(BucketSize::Month, "2026-02-28", ["2026-02-01", "2026-03-01"]);
        check(BucketSize::Month, "2026-12-31", ["2026-12-01", "2027-01-01"]);
        check(BucketSize::Year, "2024-12-31", ["2024-01-01", "2025-01-01"]);
    }

    #[test]
    fn the_mean_is_of_the_days_that_are_over() {
        let check = |days: &[(f64, bool)], is_level: bool, expected: (f64, u32)| {
            let mut period = PeriodSum::new(day("2026-03-01").unwrap(), is_level);
            for &(value, is_partial) in days {
                let (value, covered_ms) = (Some(value), Some(DAY_MS));
                let figure = Figure {
                    value,
                    samples: 1,
                    minimum: value,
                    maximum: value,
                    last: value,
                    time_weighted: None,
                    covered_ms,
                };
                period.add(&figure, is_partial);
            }
            let mean = period.mean().unwrap();
            assert!((mean - expected.0).abs() < 1e-9, "{days:?} {mean}");
            assert_eq!(period.whole.figures.days_with_data(), expected.1, "{days:?}");
        };
        check(&[(8000.0, false), (6000.0, false), (400.0, true)], false, (7000.0, 2));
        check(&[(400.0, true)], false, (400.0, 0));
        check(&[(60.0, false), (90.0, true)], true, (60.0, 1));
        check(&[(90.0, true)], true, (90.0, 0));
        assert_eq!(PeriodSum::new(day("2026-03-01").unwrap(), false).mean(), None);
    }

    #[test]
    fn the_smallest_bucket_that_fits() {
        let check = |(from, to): (&str, &str), hours: Option<i64>, points_max: u32, expected: Option<BucketSize>| {
            let days = (day(from).unwrap(), day(to).unwrap());
            assert_eq!(BucketSize::fitting(days, hours, points_max), expected, "{from} {to} {points_max}");
        };
        let year = ("2026-01-01", "2027-01-01");
        check(year, None, 365, Some(BucketSize::Day));
        check(year, None, 364, Some(BucketSize::Week));
        check(year, None, 53, Some(BucketSize::Week));
        check(year, None, 52, Some(BucketSize::Month));
        check(year, None, 12, Some(BucketSize::Month));
        check(year, None, 11, Some(BucketSize::Year));
        check(year, None, 1, Some(BucketSize::Year));
        check(("2025-12-31", "2026-01-02"), None, 1, Some(BucketSize::Week));
        check(("2025-12-28", "2026-01-02"), None, 1, None);
        check(("2026-01-05", "2026-01-08"), None, 1, Some(BucketSize::Week));
        check(("2026-01-05", "2026-01-08"), Some(72), 72, Some(BucketSize::Hour));
        check(("2026-01-05", "2026-01-08"), Some(72), 71, Some(BucketSize::Day));
        check(("2026-01-05", "2026-01-05"), Some(0), 1, Some(BucketSize::Hour));
        check(("0001-01-01", "9999-12-31"), None, 9998, None);
    }
}
