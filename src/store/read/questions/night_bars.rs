//! Nights as bars: bedtime and waking in minutes from the midnight of the morning's date on, and the stages between them.
//!
//! Bedtime before that midnight is negative. So a mean of several nights goes round midnight rightly.

use rusqlite::{Row, params};

use super::period::{BucketSize, day, too_many_buckets};
use super::range::{Located, Range, is_stale};
use super::reader::{Question, Snapshot, Unanswered};
use super::value::{Progress, Sink, Value};
use crate::model::limits::{CHART_POINTS_MAX, CHART_STAGES_READ_MAX};
use crate::model::time::{DAY_MS, MINUTE_MS, parse_iso};
use crate::statistics::LocalDay;

/// Nights as bars. The answer is one page.
#[derive(Debug)]
pub(super) struct NightBars {
    pub(super) range: Range,
    /// The nights of a bar; `None` picks the fewest that make at most `points_max` bars.
    pub(super) bucket: Option<BucketSize>,
    pub(super) points_max: u32,
}

const COLUMNS: [&str; 12] = [
    "day",
    "end",
    "bed_min",
    "wake_min",
    "asleep_min",
    "deep_min",
    "core_min",
    "rem_min",
    "unspecified_min",
    "awake_min",
    "nights",
    "partial",
];

const PART_COLUMNS: [&str; 4] = ["day", "from_min", "to_min", "stage"];

const SELECT: &str = "SELECT n.night, n.bedtime, n.wake_time, n.asleep_ms, n.deep_ms, n.core_ms, n.rem_ms, n.unspecified_ms, n.awake_ms,
      n.end_ms, n.bedtime_ms, n.wake_ms
    FROM nights n WHERE n.person_id = ?1 AND n.night >= ?2 AND n.night < ?3 AND n.bedtime_ms < n.wake_ms ORDER BY n.night";

const KNOWN: &str = "SELECT min(night), max(night) FROM nights WHERE person_id = ?1 AND night >= ?2 AND night < ?3";

/// Time in bed is the bar itself.
const PARTS: &str = "SELECT s.from_ms, s.to_ms, s.stage FROM night_segments s
    WHERE s.person_id = ?1 AND s.night = ?2 AND s.stage > 0 AND s.to_ms > ?3 AND s.from_ms < ?4 ORDER BY s.from_ms, s.stage LIMIT ?5";

/// Minutes asleep and in each stage, behind bedtime and waking.
const MINUTES: usize = 8;

/// A night.
struct Night {
    date: LocalDay,
    /// Bedtime, waking, asleep, deep, core, REM, unspecified, awake.
    minutes: [f64; MINUTES],
    end_ms: i64,
    period_ms: (i64, i64),
}

/// Several nights.
struct Bar {
    start: LocalDay,
    sums: [f64; MINUTES],
    nights: u32,
    is_partial: bool,
}

impl NightBars {
    fn bucket(&self, snapshot: &Snapshot<'_>, located: &Located) -> Result<BucketSize, Unanswered> {
        if self.bucket == Some(BucketSize::Hour) {
            return Err(Unanswered::Parameter("bucket", "auto, day, week, month or year for sleep".to_owned()));
        }
        let (first, end) = located.days();
        let mut select = snapshot.connection.prepare_cached(KNOWN)?;
        let known: (Option<String>, Option<String>) = select
            .query_row(params![located.person, first.to_string(), end.to_string()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        let (Some(first), Some(last)) = (known.0.and_then(|text| day(&text)), known.1.and_then(|text| day(&text)))
        else {
            return Ok(self.bucket.unwrap_or(BucketSize::Day));
        };
        let days = (first, last.next());
        match self.bucket {
            Some(bucket) if bucket.count(days) > i64::try_from(CHART_POINTS_MAX).unwrap_or(i64::MAX) => {
                Err(too_many_buckets())
            }
            Some(bucket) => Ok(bucket),
            None => BucketSize::fitting(days, None, self.points_max).ok_or_else(|| {
                Unanswered::Parameter("from", "later: there are more years than the chart has room for".to_owned())
            }),
        }
    }
}

impl Question for NightBars {
    fn page(&mut self, snapshot: &Snapshot<'_>, sink: &mut dyn Sink) -> Result<Progress, Unanswered> {
        let located = self.range.locate(snapshot)?;
        let bucket = self.bucket(snapshot, &located)?;
        sink.begin(&[("unit", Value::Text("min")), ("zone", Value::text(located.zone(snapshot.now_ms)))]);
        sink.list("bars", &COLUMNS);
        let (first, end) = located.days();
        let mut select = snapshot.connection.prepare_cached(SELECT)?;
        let mut rows = select.query(params![located.person, first.to_string(), end.to_string()])?;
        let (mut under_way, mut earliest): (Option<Bar>, Option<LocalDay>) = (None, None);
        let is_over = |start: LocalDay| {
            bucket == BucketSize::Day || located.timeline.day_start_ms(bucket.next(start)) <= snapshot.now_ms
        };
        let mut nights = Vec::new();
        while let Some(row) = rows.next()? {
            let Some(night) = night(row)? else {
                continue;
            };
            let start = bucket.start(night.date);
            earliest = earliest.or(Some(start));
            if let Some(ended) = under_way.take_if(|bar| bar.start != start) {
                ended.push(bucket, sink);
            }
            under_way.get_or_insert_with(|| Bar::new(start, !is_over(start))).add(&night, snapshot.now_ms);
            if bucket == BucketSize::Day {
                nights.push(night);
            }
        }
        let mut is_last_whole = true;
        if let Some(bar) = under_way {
            is_last_whole = !bar.is_partial && bucket.next(bar.start) <= end;
            bar.push(bucket, sink);
        }
        sink.list("parts", &PART_COLUMNS);
        let each_max = CHART_STAGES_READ_MAX / nights.len().max(1);
        for night in &nights {
            night.parts(snapshot, located.person, each_max, sink)?;
        }
        let stale = is_stale(snapshot, located.person)?;
        sink.end(&[
            ("bucket", Value::Text(bucket.name())),
            ("first_whole", Value::Flag(earliest.is_none_or(|start| first <= start))),
            ("last_whole", Value::Flag(is_last_whole)),
            ("stale", Value::Flag(stale)),
        ]);
        Ok(Progress::End)
    }
}

/// A night whose times can be read.
fn night(row: &Row<'_>) -> Result<Option<Night>, Unanswered> {
    let Some(date) = day(row.get_ref(0)?.as_str()?) else {
        return Ok(None);
    };
    let midnight_ms = i64::from(date.days()) * DAY_MS;
    let local = |column| -> Result<Option<f64>, Unanswered> {
        let text = row.get_ref(column)?.as_str_or_null()?;
        Ok(text.and_then(|text| parse_iso(&format!("{text}Z"))).map(|date| minutes(date.ms - midnight_ms)))
    };
    let (Some(bed), Some(wake)) = (local(1)?, local(2)?) else {
        return Ok(None);
    };
    let mut all = [bed, wake, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    for (at, minutes_of) in all.iter_mut().enumerate().skip(2) {
        *minutes_of = minutes(row.get::<_, Option<i64>>(at + 1)?.unwrap_or_default());
    }
    Ok(Some(Night { date, minutes: all, end_ms: row.get(9)?, period_ms: (row.get(10)?, row.get(11)?) }))
}

#[expect(clippy::cast_precision_loss, reason = "the milliseconds of a night")]
fn minutes(ms: i64) -> f64 {
    ms as f64 / MINUTE_MS as f64
}

impl Night {
    /// Hands out the stages. Where clocks change at night, its parts are stretched between bedtime and waking on the clock.
    fn parts(
        &self,
        snapshot: &Snapshot<'_>,
        person: i64,
        each_max: usize,
        sink: &mut dyn Sink,
    ) -> Result<(), Unanswered> {
        let (bed_ms, wake_ms) = self.period_ms;
        let [bed_min, wake_min, ..] = self.minutes;
        let place = |at_ms: i64| {
            let part = minutes(at_ms.clamp(bed_ms, wake_ms) - bed_ms) / minutes(wake_ms - bed_ms);
            bed_min + part * (wake_min - bed_min)
        };
        let date = self.date.to_string();
        let mut select = snapshot.connection.prepare_cached(PARTS)?;
        let each_max = i64::try_from(each_max).unwrap_or(i64::MAX);
        let mut rows = select.query(params![person, date, bed_ms, wake_ms, each_max])?;
        while let Some(row) = rows.next()? {
            let (from, to) = (place(row.get(0)?), place(row.get(1)?));
            sink.row(&[Value::Text(&date), Value::Real(from), Value::Real(to), Value::Integer(row.get(2)?)]);
        }
        Ok(())
    }
}

impl Bar {
    fn new(start: LocalDay, is_partial: bool) -> Self {
        Self { start, sums: [0.0; MINUTES], nights: 0, is_partial }
    }

    fn add(&mut self, night: &Night, now_ms: i64) {
        for (sum, minutes) in self.sums.iter_mut().zip(night.minutes) {
            *sum += minutes;
        }
        self.nights += 1;
        self.is_partial |= now_ms < night.end_ms;
    }

    /// Hands out the means.
    fn push(&self, bucket: BucketSize, sink: &mut dyn Sink) {
        let end = bucket.next(self.start);
        let mut row = [Value::Null; COLUMNS.len()];
        let (start, end) = (self.start.to_string(), end.to_string());
        row[0] = Value::Text(&start);
        row[1] = Value::Text(&end);
        for (value, sum) in row[2..].iter_mut().zip(self.sums) {
            *value = Value::Real(sum / f64::from(self.nights.max(1)));
        }
        row[COLUMNS.len() - 2] = Value::Integer(i64::from(self.nights));
        row[COLUMNS.len() - 1] = Value::Flag(self.is_partial);
        sink.row(&row);
    }
}
