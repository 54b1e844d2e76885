//! The figures of local days, and of weeks, months and years made from them. Each figure comes from `days`.

use rusqlite::{OptionalExtension, Row, params};

use super::period::{Agg, BucketSize, Figure, PERIOD_COLUMNS, PeriodSum, too_many_buckets};
use super::range::{Located, Range, is_stale};
use super::reader::{Question, Snapshot, Unanswered};
use super::source::{MetGroups, NamedSources, sources_of};
use super::texts::Texts;
use super::types::{Kind, canonical};
use super::value::{Progress, Sink, Value};
use crate::model::limits::QUESTION_POINTS_DEFAULT;
use crate::model::time::HOUR_MS;
use crate::model::units::{Conversion, conversion};
use crate::statistics::{LocalDay, Method};
use crate::store::derive::{Hour, StoredPart, hours, stored_parts};

/// The figures of types.
#[derive(Debug)]
pub struct Days {
    /// Whose, and when.
    pub range: Range,
    /// HealthKit's identifiers, and what they are called in the answer.
    pub kinds: Vec<Kind>,
    /// The size of a bucket; `None` picks one that makes at most `points_max`.
    pub bucket: Option<BucketSize>,
    /// Buckets at most, if the size is not given.
    pub points_max: Option<u32>,
    /// Buckets at most, if the size is given; more are refused.
    pub buckets_max: Option<usize>,
    /// Which figure is the value.
    pub agg: Agg,
    /// Only what sources with this name or key add.
    pub source: Option<String>,
    /// The unit of values; the canonical one if none.
    pub units: Option<String>,
    /// The series under way.
    series: Option<Series>,
    /// How many series are complete.
    done: usize,
}

/// A series under way.
#[derive(Debug)]
struct Series {
    located: Located,
    type_id: Option<i64>,
    bucket: BucketSize,
    method: Method,
    sources: Option<NamedSources>,
    unit: String,
    conversion: Option<Conversion>,
    is_sum: bool,
    is_stale: bool,
    days: (LocalDay, LocalDay),
    /// The first day that is not read yet.
    next: LocalDay,
    /// The first and the last bucket with figures, if they are days or longer.
    seen: Option<(LocalDay, LocalDay)>,
    /// Start of the first hour and end of the last one, in milliseconds since 1970 UTC.
    seen_ms: Option<(i64, i64)>,
    met: MetGroups,
    /// Names of source groups and of zones.
    groups: Texts,
    zones: Texts,
}

const COLUMNS: [&str; 11] = [
    "day",
    "value",
    "samples",
    "minimum",
    "maximum",
    "last",
    "time_weighted",
    "covered_min",
    "source",
    "zone",
    "partial",
];

const HOUR_COLUMNS: [&str; 8] = ["start", "day", "hour", "value", "samples", "minimum", "maximum", "partial"];

/// Days whose hours are computed in one go.
const HOURS_OF_DAYS: i32 = 7;

/// A day of several source groups has them in its details.
const SELECT: &str =
    "SELECT day, value, count, minimum, maximum, last, time_weighted, covered_ms, end_ms, group_id, zone_id,
      iif(group_id IS NULL, details, NULL)
    FROM days WHERE person_id = ?1 AND type_id = ?2 AND day >= ?3 AND day < ?4 ORDER BY day";

impl Days {
    /// The question for whole days of these types.
    #[must_use]
    pub fn new(range: Range, kinds: Vec<Kind>) -> Self {
        Self {
            range,
            kinds,
            bucket: Some(BucketSize::Day),
            points_max: None,
            buckets_max: None,
            agg: Agg::Own,
            source: None,
            units: None,
            series: None,
            done: 0,
        }
    }

    fn begin(&self, snapshot: &Snapshot<'_>, kind: &Kind) -> Result<Series, Unanswered> {
        let located = self.range.locate(snapshot)?;
        let method = Method::of(&kind.identifier);
        if method == Method::Sleep {
            return Err(Unanswered::Parameter("type", "any type but sleep, which /api/v1/nights has".to_owned()));
        }
        let is_sum = matches!(method, Method::Sum | Method::Sessions | Method::Values | Method::StandHours);
        let type_id = kind.id(snapshot)?;
        let days = known_days(snapshot, &located, type_id)?;
        if self.source.is_some() && method.is_category() {
            let accepts = "left out for categories, whose figures are not divided among sources";
            return Err(Unanswered::Parameter("source", accepts.to_owned()));
        }
        let has_hours = !method.is_category() && self.source.is_none();
        let bucket = match self.bucket {
            Some(bucket) => bucket,
            None => self.fitting(&located, days, has_hours)?,
        };
        if bucket == BucketSize::Hour && !has_hours {
            let accepts = "day, week, month or year here: only quantities of all sources have hours";
            return Err(Unanswered::Parameter("bucket", accepts.to_owned()));
        }
        self.agg.check(is_sum, bucket)?;
        let buckets = bucket.count(days).saturating_mul(if bucket == BucketSize::Hour { 24 } else { 1 });
        if self.bucket.is_some()
            && self.buckets_max.is_some_and(|max| usize::try_from(buckets).is_ok_and(|all| all > max))
        {
            return Err(too_many_buckets());
        }
        let is_stale = is_stale(snapshot, located.person)?;
        let find = |source: &str| NamedSources::find(snapshot, located.person, source, is_stale);
        let sources = self.source.as_deref().map(find).transpose()?;
        let own = unit_of(snapshot, located.person, type_id)?.unwrap_or_else(|| canonical(&kind.identifier).to_owned());
        let conversion = match &self.units {
            Some(wanted) => Some(
                conversion(&own, wanted)
                    .ok_or_else(|| Unanswered::Parameter("units", format!("a unit that {own} can be converted to")))?,
            ),
            None => None,
        };
        Ok(Series {
            type_id,
            bucket,
            method,
            sources,
            unit: self.units.clone().unwrap_or(own),
            conversion,
            is_sum,
            is_stale,
            next: days.0,
            days,
            seen: None,
            seen_ms: None,
            met: MetGroups::default(),
            groups: Texts::new("SELECT replace(name, char(160), ' ') FROM source_groups WHERE id = ?1"),
            zones: Texts::new("SELECT name FROM zones WHERE id = ?1"),
            located,
        })
    }

    /// The smallest bucket that makes few enough points.
    fn fitting(
        &self,
        located: &Located,
        days: (LocalDay, LocalDay),
        has_hours: bool,
    ) -> Result<BucketSize, Unanswered> {
        let points_max = self.points_max.unwrap_or(QUESTION_POINTS_DEFAULT);
        let [first_ms, end_ms] = [days.0, days.1].map(|day| located.timeline.day_start_ms(day));
        let (from_ms, to_ms) = (first_ms.max(located.from_ms), end_ms.min(located.to_ms));
        // An hour that begins before an instant is one more.
        let hours = (to_ms - from_ms).max(0).saturating_add(HOUR_MS - 1) / HOUR_MS + i64::from(from_ms > first_ms);
        BucketSize::fitting(days, has_hours.then_some(hours), points_max).ok_or_else(|| {
            let years = BucketSize::Year.count(days);
            Unanswered::Parameter("max_points", format!("{years} or more here, one for each year with data"))
        })
    }
}

impl Days {
    /// The bucket of several series: the largest that one of them needs, since a table has the same columns in each. Fails if
    /// one of them has no answer: behind the first page it would be too late.
    fn common_bucket(&self, snapshot: &Snapshot<'_>) -> Result<Option<BucketSize>, Unanswered> {
        let mut largest = self.bucket;
        for kind in &self.kinds {
            largest = largest.max(Some(self.begin(snapshot, kind)?.bucket));
        }
        Ok(largest)
    }
}

impl Question for Days {
    fn page(&mut self, snapshot: &Snapshot<'_>, sink: &mut dyn Sink) -> Result<Progress, Unanswered> {
        if self.kinds.len() > 1 && self.done == 0 && self.series.is_none() {
            self.bucket = self.common_bucket(snapshot)?;
        }
        while let Some(kind) = self.kinds.get(self.done) {
            let mut series = match self.series.take() {
                Some(series) => series,
                None => {
                    let series = self.begin(snapshot, kind)?;
                    series.head(kind, snapshot, sink);
                    series
                }
            };
            let progress = match series.bucket {
                BucketSize::Hour => series.hours(snapshot, kind, self.agg, sink)?,
                _ => series.rows(snapshot, self.agg, sink)?,
            };
            if progress == Progress::More {
                self.series = Some(series);
                return Ok(Progress::More);
            }
            series.tail(snapshot, sink)?;
            self.done += 1;
        }
        Ok(Progress::End)
    }
}

impl Series {
    fn head(&self, kind: &Kind, snapshot: &Snapshot<'_>, sink: &mut dyn Sink) {
        let unit = if self.unit.is_empty() { Value::Null } else { Value::Text(&self.unit) };
        let zone = Value::text(self.located.zone(snapshot.now_ms));
        sink.begin(&[("type", Value::Text(&kind.shown)), ("unit", unit), ("zone", zone)]);
        let columns: &[&'static str] = match self.bucket {
            BucketSize::Hour => &HOUR_COLUMNS,
            BucketSize::Day => &COLUMNS,
            _ => &PERIOD_COLUMNS,
        };
        sink.list(self.bucket.list(), columns);
    }

    fn rows(&mut self, snapshot: &Snapshot<'_>, agg: Agg, sink: &mut dyn Sink) -> Result<Progress, Unanswered> {
        let Some(type_id) = self.type_id else {
            return Ok(Progress::End);
        };
        let mut select = snapshot.connection.prepare_cached(SELECT)?;
        let (from, to) = (self.next.to_string(), self.days.1.to_string());
        let mut rows = select.query(params![self.located.person, type_id, from, to])?;
        let (mut period, is_level): (Option<PeriodSum>, bool) = (None, self.method == Method::Level);
        while let Some(row) = rows.next()? {
            let day = day_of(row)?;
            let (group, details) = (row.get(9)?, row.get_ref(11)?.as_str_or_null()?);
            let parts = details.map(stored_parts).unwrap_or_default();
            self.met.note(group, &parts);
            let Some(figure) = self.figure(row, (group, &parts))? else {
                continue;
            };
            let is_partial = snapshot.now_ms < row.get(8)?;
            if self.bucket == BucketSize::Day {
                self.note(day);
                let source = match &self.sources {
                    Some(sources) => Value::Text(&sources.name),
                    None => Value::text(self.groups.of(snapshot.connection, group)?),
                };
                let row = [
                    Value::Text(row.get_ref(0)?.as_str()?),
                    Value::real(agg.of_day(&figure)),
                    Value::Integer(figure.samples),
                    Value::real(figure.minimum),
                    Value::real(figure.maximum),
                    Value::real(figure.last),
                    Value::real(figure.time_weighted),
                    Value::real(figure.covered_min()),
                    source,
                    Value::text(self.zones.of(snapshot.connection, row.get(10)?)?),
                    Value::Flag(is_partial),
                ];
                if !sink.row(&row) {
                    self.next = day.next();
                    return Ok(Progress::More);
                }
                continue;
            }
            let bucket = self.bucket.start(day);
            if let Some(ended) = period.take_if(|period| period.start != bucket)
                && !self.push(&ended, agg, snapshot, sink)
            {
                self.next = bucket.max(self.days.0);
                return Ok(Progress::More);
            }
            period.get_or_insert_with(|| PeriodSum::new(bucket, is_level)).add(&figure, is_partial);
        }
        if let Some(period) = period {
            self.push(&period, agg, snapshot, sink);
        }
        self.next = self.days.1;
        Ok(Progress::End)
    }

    /// Computes hours, some days at a time.
    fn hours(
        &mut self,
        snapshot: &Snapshot<'_>,
        kind: &Kind,
        agg: Agg,
        sink: &mut dyn Sink,
    ) -> Result<Progress, Unanswered> {
        while self.next < self.days.1 {
            let behind = LocalDay::new(self.next.days().saturating_add(HOURS_OF_DAYS)).min(self.days.1);
            let &Located { person, ref timeline, from_ms, to_ms } = &self.located;
            let (mut has_more_room, mut seen_ms) = (true, self.seen_ms);
            let convert = |value: f64| self.conversion.map_or(value, |conversion| conversion.apply(value));
            let mut each = |hour: &Hour| {
                // The first and the last day may be parts of the range.
                if hour.end_ms <= from_ms || hour.start_ms >= to_ms {
                    return;
                }
                let [value, minimum, maximum] =
                    [hour.value, hour.minimum, hour.maximum].map(|value| value.map(convert));
                let (last, time_weighted, covered_ms) = (None, None, None);
                let figure = Figure { value, samples: 0, minimum, maximum, last, time_weighted, covered_ms };
                seen_ms = Some((seen_ms.map_or(hour.start_ms, |seen| seen.0), hour.end_ms));
                has_more_room = sink.row(&[
                    Value::Time(hour.start_ms),
                    Value::Text(&hour.day.to_string()),
                    Value::Integer(hour.hour),
                    Value::real(agg.of_day(&figure)),
                    Value::integer(i64::try_from(hour.count).ok()),
                    Value::real(minimum),
                    Value::real(maximum),
                    Value::Flag(snapshot.now_ms < hour.end_ms),
                ]);
            };
            let days = (self.next, behind);
            hours(snapshot.connection, (person, timeline), &kind.identifier, days, &mut each)
                .map_err(rusqlite::Error::from)?;
            self.seen_ms = seen_ms;
            self.next = behind;
            if !has_more_room {
                return Ok(Progress::More);
            }
        }
        Ok(Progress::End)
    }

    /// Hands a period out.
    fn push(&mut self, period: &PeriodSum, agg: Agg, snapshot: &Snapshot<'_>, sink: &mut dyn Sink) -> bool {
        self.note(period.start);
        let is_partial = snapshot.now_ms < self.located.timeline.day_start_ms(self.bucket.next(period.start));
        period.push((agg, self.is_sum), is_partial, sink)
    }

    fn note(&mut self, bucket: LocalDay) {
        self.seen = Some((self.seen.map_or(bucket, |seen| seen.0), bucket));
    }

    /// The figures of a day with one source group or several, or what the wanted sources add to them, if anything.
    fn figure(&self, row: &Row<'_>, (group, parts): (Option<i64>, &[StoredPart])) -> rusqlite::Result<Option<Figure>> {
        let whole = Figure {
            value: row.get(1)?,
            samples: row.get(2)?,
            minimum: row.get(3)?,
            maximum: row.get(4)?,
            last: row.get(5)?,
            time_weighted: row.get(6)?,
            covered_ms: row.get(7)?,
        };
        let figure = match &self.sources {
            None => Some(whole),
            Some(sources) => sources.share(self.method, whole, group, parts),
        };
        Ok(figure.map(|figure| figure.converted(self.conversion)))
    }

    /// Whether the first and the last bucket are whole. Days are never parts of a range, but hours may be.
    fn wholes(&self, now_ms: i64) -> (bool, bool) {
        let Located { timeline, from_ms, to_ms, .. } = &self.located;
        let (first, end) = self.located.days();
        let starts_ms = |days: (LocalDay, LocalDay)| (timeline.day_start_ms(days.0), timeline.day_start_ms(days.1));
        let ((from_ms, to_ms), seen_ms) = match self.bucket {
            BucketSize::Hour => ((*from_ms, *to_ms), self.seen_ms),
            bucket => (starts_ms((first, end)), self.seen.map(|(first, last)| starts_ms((first, bucket.next(last))))),
        };
        seen_ms.map_or((true, true), |(start_ms, end_ms)| (from_ms <= start_ms, end_ms <= to_ms && end_ms <= now_ms))
    }

    fn tail(&self, snapshot: &Snapshot<'_>, sink: &mut dyn Sink) -> Result<(), Unanswered> {
        let sources = match self.bucket {
            BucketSize::Hour => sources_of(snapshot, self.located.person, self.type_id, self.days)?,
            _ => self.met.names(snapshot)?,
        };
        let (is_first_whole, is_last_whole) = self.wholes(snapshot.now_ms);
        sink.end(&[
            ("bucket", Value::Text(self.bucket.name())),
            ("sources", Value::Texts(&sources)),
            ("first_whole", Value::Flag(is_first_whole)),
            ("last_whole", Value::Flag(is_last_whole)),
            ("truncated", Value::Flag(false)),
            ("stale", Value::Flag(self.is_stale)),
        ]);
        Ok(())
    }
}

fn day_of(row: &Row<'_>) -> rusqlite::Result<LocalDay> {
    Ok(super::period::day(row.get_ref(0)?.as_str()?).unwrap_or(LocalDay::new(0)))
}

/// The days of the range that may have figures: from the first to the last that has.
fn known_days(
    snapshot: &Snapshot<'_>,
    located: &Located,
    type_id: Option<i64>,
) -> Result<(LocalDay, LocalDay), Unanswered> {
    let (first, end) = located.days();
    let sql = "SELECT min(day), max(day) FROM days WHERE person_id = ?1 AND type_id = ?2 AND day >= ?3 AND day < ?4";
    let mut select = snapshot.connection.prepare_cached(sql)?;
    let known = select.query_row(params![located.person, type_id, first.to_string(), end.to_string()], |row| {
        Ok((row.get::<_, Option<String>>(0)?, row.get::<_, Option<String>>(1)?))
    })?;
    let day = |text: Option<String>| text.and_then(|text| super::period::day(&text));
    let (known_first, known_last) = (day(known.0).unwrap_or(first), day(known.1).map_or(first, LocalDay::next));
    Ok((first.max(known_first), end.min(known_last)))
}

/// The unit of a type's figures, if it has any.
pub(super) fn unit_of(
    snapshot: &Snapshot<'_>,
    person: i64,
    type_id: Option<i64>,
) -> Result<Option<String>, Unanswered> {
    let sql = "SELECT u.name FROM days d JOIN units u ON u.id = d.unit_id WHERE d.person_id = ?1 AND d.type_id = ?2
        ORDER BY d.day DESC LIMIT 1";
    let mut select = snapshot.connection.prepare_cached(sql)?;
    Ok(select.query_row(params![person, type_id], |row| row.get(0)).optional()?)
}
