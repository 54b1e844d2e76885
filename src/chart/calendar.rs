//! The horizontal axis: a span of time, and the hours, days, weeks, months or years that are marked on it.

use super::text::{LABEL_PX, width};
use crate::model::time::{DAY_MS, HOUR_MS, MINUTE_MS, parse_day};
use crate::statistics::LocalDay;

/// The time of a figure.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Bucket {
    /// A part of an hour, as long as its neighbours are apart.
    Moment,
    /// An hour of local clocks.
    Hour,
    /// A local day, or a night.
    Day,
    /// A week from Monday on.
    Week,
    /// A month of the calendar.
    Month,
    /// A year of the calendar.
    Year,
}

impl Bucket {
    /// Those of the calendar, the smallest first.
    pub const ALL: [Self; 5] = [Self::Hour, Self::Day, Self::Week, Self::Month, Self::Year];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Moment => "moment",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// The local end of the bucket that begins at a local time.
    #[must_use]
    pub fn end_ms(self, start_ms: i64) -> i64 {
        let (year, month) = month_of(start_ms.div_euclid(DAY_MS));
        let end_ms = match self {
            Self::Moment => Some(start_ms + MINUTE_MS),
            Self::Hour => Some(start_ms + HOUR_MS),
            Self::Day => Some(start_ms + DAY_MS),
            Self::Week => Some(start_ms + 7 * DAY_MS),
            Self::Month => month_start_ms(year * 12 + month),
            Self::Year => month_start_ms((year + 1) * 12),
        };
        end_ms.unwrap_or(start_ms + DAY_MS)
    }
}

/// How places on the axis become local times.
#[derive(Clone, Debug)]
pub enum Clock {
    /// They are local times, as if they were UTC: each day is as wide as any other.
    Local,
    /// They are instants; from each of these on, clocks are so much ahead of UTC, in milliseconds.
    Shifts(Vec<(i64, i64)>),
}

impl Clock {
    fn shift_ms(&self, at_ms: i64) -> i64 {
        match self {
            Self::Local => 0,
            Self::Shifts(shifts) => {
                let behind = shifts.partition_point(|(from_ms, _)| *from_ms <= at_ms);
                shifts.get(behind.saturating_sub(1)).map_or(0, |(_, shift_ms)| *shift_ms)
            }
        }
    }

    /// The local time at a place.
    pub(super) fn local_ms(&self, at_ms: i64) -> i64 {
        at_ms.saturating_add(self.shift_ms(at_ms))
    }

    /// The place of a local time.
    fn place_ms(&self, local_ms: i64) -> i64 {
        let guess = local_ms - self.shift_ms(local_ms);
        local_ms - self.shift_ms(local_ms - self.shift_ms(guess))
    }
}

/// The range of an axis: from the first place to the one behind the last.
#[derive(Clone, Debug)]
pub(super) struct Span<'a> {
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
    pub(super) clock: &'a Clock,
}

impl Span<'_> {
    #[expect(clippy::cast_precision_loss, reason = "a place on a picture")]
    pub(super) fn place(&self, at_ms: i64, (left, right): (f64, f64)) -> f64 {
        let at_ms = at_ms.clamp(self.from_ms, self.to_ms);
        let part = (at_ms - self.from_ms) as f64 / (self.to_ms - self.from_ms).max(1) as f64;
        left + part * (right - left)
    }
}

/// A label of the axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mark {
    pub(super) x: f64,
    pub(super) label: String,
    /// Where something larger begins: a day, a year.
    pub(super) is_major: bool,
    /// Whether it stands below a bucket, not where one begins.
    pub(super) is_centred: bool,
}

/// The distance of marks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    Minutes(i64),
    Hours(i64),
    Days,
    Weeks(i64),
    Months(i64),
    Years(i64),
}

/// Steps, the smallest first.
const STEPS: [Step; 28] = [
    Step::Minutes(1),
    Step::Minutes(2),
    Step::Minutes(5),
    Step::Minutes(10),
    Step::Minutes(30),
    Step::Hours(1),
    Step::Hours(2),
    Step::Hours(3),
    Step::Hours(6),
    Step::Hours(12),
    Step::Days,
    Step::Weeks(1),
    Step::Weeks(2),
    Step::Months(1),
    Step::Months(2),
    Step::Months(3),
    Step::Months(6),
    Step::Years(1),
    Step::Years(2),
    Step::Years(5),
    Step::Years(10),
    Step::Years(20),
    Step::Years(50),
    Step::Years(100),
    Step::Years(200),
    Step::Years(500),
    Step::Years(1000),
    Step::Years(5000),
];

/// Space between two labels.
const GAP_PX: f64 = 8.0;

/// Of a shorter span, days are named by their weekday.
const WEEK_MS: i64 = 8 * DAY_MS;

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The marks of an axis: the closest ones whose labels have room.
pub(super) fn marks(span: &Span<'_>, bucket: Bucket, (left, right): (f64, f64)) -> Vec<Mark> {
    let mut best = Vec::new();
    for step in STEPS.into_iter().filter(|step| step.is_of(bucket)) {
        // No label is narrower than this: then there is no need to make them.
        if (span.to_ms - span.from_ms) / step.least_ms() > pixels((right - left) / 18.0) {
            continue;
        }
        let marks = step.marks(span, bucket, (left, right));
        let have_room = marks.windows(2).all(|pair| {
            let [one, next] = [&pair[0], &pair[1]].map(|mark| width(&mark.label, LABEL_PX) / 2.0);
            pair[1].x - pair[0].x >= one + next + GAP_PX
        });
        // A short span may have no start of anything larger in it: then one label is better than none.
        if have_room && !marks.is_empty() {
            return marks;
        }
        best = if best.is_empty() { marks } else { best };
    }
    best.truncate(1);
    best
}

#[expect(clippy::cast_possible_truncation, reason = "the width of a picture")]
fn pixels(width: f64) -> i64 {
    width as i64
}

impl Step {
    /// Whether figures of a bucket can be marked so.
    fn is_of(self, bucket: Bucket) -> bool {
        match self {
            Self::Minutes(_) => bucket == Bucket::Moment,
            Self::Hours(_) => bucket <= Bucket::Hour,
            Self::Days => bucket <= Bucket::Day,
            Self::Weeks(_) => bucket <= Bucket::Week,
            Self::Months(_) => bucket <= Bucket::Month,
            Self::Years(_) => true,
        }
    }

    fn least_ms(self) -> i64 {
        match self {
            Self::Minutes(minutes) => minutes * MINUTE_MS,
            Self::Hours(hours) => hours * HOUR_MS,
            Self::Days => DAY_MS,
            Self::Weeks(weeks) => weeks * 7 * DAY_MS,
            Self::Months(months) => months * 28 * DAY_MS,
            Self::Years(years) => years * 365 * DAY_MS,
        }
    }

    /// Whether each mark is below the one bucket that begins there.
    fn is_centred(self, bucket: Bucket) -> bool {
        matches!(
            (self, bucket),
            (Self::Days, Bucket::Day)
                | (Self::Weeks(_), Bucket::Week)
                | (Self::Months(_), Bucket::Month)
                | (Self::Years(_), Bucket::Year)
        )
    }

    /// Local starts of the step from the one before a local time on, each with the start of the bucket behind it.
    fn starts(self, from_ms: i64) -> impl Iterator<Item = i64> {
        let day = from_ms.div_euclid(DAY_MS);
        let (year, month) = month_of(day);
        (0..).map_while(move |number: i64| match self {
            Self::Minutes(minutes) => {
                let step_ms = minutes * MINUTE_MS;
                Some(from_ms.div_euclid(step_ms) * step_ms + number * step_ms)
            }
            Self::Hours(hours) => {
                Some(from_ms.div_euclid(hours * HOUR_MS) * hours * HOUR_MS + number * hours * HOUR_MS)
            }
            Self::Days => Some((day + number) * DAY_MS),
            // 1970-01-05 was a Monday.
            Self::Weeks(weeks) => Some(((day - 4).div_euclid(7 * weeks) * 7 * weeks + 4 + number * 7 * weeks) * DAY_MS),
            Self::Months(months) => {
                let count = (year * 12 + month - 1).div_euclid(months) * months + number * months;
                month_start_ms(count)
            }
            Self::Years(years) => month_start_ms((year.div_euclid(years) + number) * years * 12),
        })
    }

    fn marks(self, span: &Span<'_>, bucket: Bucket, (left, right): (f64, f64)) -> Vec<Mark> {
        let is_centred = self.is_centred(bucket);
        let mut marks: Vec<Mark> = Vec::new();
        for local_ms in self.starts(span.clock.local_ms(span.from_ms)) {
            let at_ms = span.clock.place_ms(local_ms);
            if at_ms >= span.to_ms {
                break;
            }
            if at_ms < span.from_ms {
                continue;
            }
            let (label, is_major) = self.label(local_ms, span.to_ms - span.from_ms <= WEEK_MS);
            let end_ms = if is_centred { bucket.end_ms(local_ms) } else { at_ms };
            let middle = (span.place(at_ms, (left, right)) + span.place(end_ms, (left, right))) / 2.0;
            // No label leaves the picture.
            let half = width(&label, LABEL_PX) / 2.0;
            let is_inside = middle - half >= 0.0 && middle + half <= right + super::picture::EDGE_PX;
            // An hour that clocks leave out has the place of the next one.
            if is_inside && marks.last().is_none_or(|last| last.x < middle) {
                marks.push(Mark { x: middle, label, is_major, is_centred });
            }
        }
        marks
    }

    fn label(self, local_ms: i64, is_week: bool) -> (String, bool) {
        let day = local_ms.div_euclid(DAY_MS);
        let (year, month) = month_of(day);
        let month_name = usize::try_from(month - 1).ok().and_then(|at| MONTHS.get(at)).copied().unwrap_or_default();
        let weekday = usize::try_from((day + 3).rem_euclid(7)).ok().and_then(|at| WEEKDAYS.get(at)).copied();
        let date = format!("{} {month_name}", day - month_start_ms(year * 12 + month - 1).unwrap_or(0) / DAY_MS + 1);
        match self {
            Self::Minutes(_) | Self::Hours(_) => match local_ms.rem_euclid(DAY_MS) / MINUTE_MS {
                0 => (date, true),
                minutes => (format!("{:02}:{:02}", minutes / 60, minutes % 60), false),
            },
            Self::Days if is_week => (weekday.unwrap_or_default().to_owned(), false),
            Self::Days | Self::Weeks(_) => (date, false),
            Self::Months(_) if month == 1 => (year.to_string(), true),
            Self::Months(_) => (month_name.to_owned(), false),
            Self::Years(_) => (year.to_string(), false),
        }
    }
}

/// Year and month of a number of days since 1970-01-01.
fn month_of(day: i64) -> (i64, i64) {
    let (year, month) = LocalDay::new(i32::try_from(day).unwrap_or(0)).month();
    (i64::from(year), i64::from(month))
}

/// The start of a month by its number since the year 0; `None` beyond the calendar.
fn month_start_ms(months: i64) -> Option<i64> {
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    parse_day(&format!("{year:04}-{month:02}-01"))
}

/// A date as people read it, such as `1 Nov 2026`.
pub(super) fn date(local_ms: i64) -> String {
    let day = local_ms.div_euclid(DAY_MS);
    let (year, month) = month_of(day);
    let (label, _) = Step::Weeks(1).label(day * DAY_MS, false);
    debug_assert!((1..=12).contains(&month), "{month}");
    format!("{label} {year}")
}

/// A local time of day, such as `23:10`, of minutes from midnight on.
#[expect(clippy::cast_possible_truncation, reason = "minutes of a day")]
pub(super) fn time_of_day(minutes: f64) -> String {
    let minutes = (minutes.clamp(-1e6, 1e6).round() as i64).rem_euclid(24 * 60);
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// The middle between two places.
pub(super) fn middle((one, other): (f64, f64)) -> f64 {
    one / 2.0 + other / 2.0
}
