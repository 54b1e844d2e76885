//! Sleep by the date of the morning, and the parts of one night.

use rusqlite::{OptionalExtension, Row, params};

use super::range::{Range, is_stale};
use super::reader::{Question, Snapshot, Unanswered};
use super::value::{Progress, Sink, Value};
use crate::statistics::LocalDay;

const COLUMNS: [&str; 17] = [
    "night",
    "asleep_min",
    "in_bed_min",
    "core_min",
    "deep_min",
    "rem_min",
    "unspecified_min",
    "awake_min",
    "asleep_main_min",
    "bedtime",
    "wake_time",
    "awakenings",
    "naps",
    "in_bed_estimated",
    "approximate",
    "zone",
    "partial",
];

const SELECT: &str = "SELECT n.night, n.asleep_ms, n.in_bed_ms, n.core_ms, n.deep_ms, n.rem_ms, n.unspecified_ms, n.awake_ms,
      n.asleep_main_ms, n.bedtime, n.wake_time, n.awakenings, n.naps, n.is_in_bed_estimated, n.is_approximate, z.name, n.end_ms
    FROM nights n LEFT JOIN zones z ON z.id = n.zone_id
    WHERE n.person_id = ?1 AND n.night >= ?2 AND n.night < ?3 ORDER BY n.night";

/// The nights of a range.
#[derive(Debug)]
pub struct Nights {
    /// Whose, and when.
    pub range: Range,
    next: Option<LocalDay>,
}

impl Nights {
    /// The question.
    #[must_use]
    pub fn new(range: Range) -> Self {
        Self { range, next: None }
    }
}

impl Question for Nights {
    fn page(&mut self, snapshot: &Snapshot<'_>, sink: &mut dyn Sink) -> Result<Progress, Unanswered> {
        let located = self.range.locate(snapshot)?;
        let (first, end) = located.days();
        if self.next.is_none() {
            sink.begin(&[("unit", Value::Text("min")), ("zone", Value::text(located.zone(snapshot.now_ms)))]);
            sink.list("nights", &COLUMNS);
        }
        let from = self.next.unwrap_or(first);
        let mut select = snapshot.connection.prepare_cached(SELECT)?;
        let mut rows = select.query(params![located.person, from.to_string(), end.to_string()])?;
        while let Some(row) = rows.next()? {
            if !sink.row(&values(row, snapshot.now_ms)?) {
                let night = super::period::day(row.get_ref(0)?.as_str()?);
                self.next = Some(night.map_or(end, LocalDay::next));
                return Ok(Progress::More);
            }
        }
        sink.end(&[("stale", Value::Flag(is_stale(snapshot, located.person)?))]);
        Ok(Progress::End)
    }
}

fn values<'a>(row: &'a Row<'_>, now_ms: i64) -> Result<[Value<'a>; 17], Unanswered> {
    let minutes = |column| -> Result<Value<'a>, Unanswered> {
        let ms: Option<f64> = row.get(column)?;
        Ok(Value::real(ms.map(|ms| ms / 60_000.0)))
    };
    let text = |column| -> Result<Value<'a>, Unanswered> { Ok(Value::text(row.get_ref(column)?.as_str_or_null()?)) };
    Ok([
        text(0)?,
        minutes(1)?,
        minutes(2)?,
        minutes(3)?,
        minutes(4)?,
        minutes(5)?,
        minutes(6)?,
        minutes(7)?,
        minutes(8)?,
        text(9)?,
        text(10)?,
        Value::Integer(row.get(11)?),
        Value::Integer(row.get(12)?),
        Value::Flag(row.get(13)?),
        Value::Flag(row.get(14)?),
        text(15)?,
        Value::Flag(now_ms < row.get(16)?),
    ])
}

/// One night with its parts.
#[derive(Debug)]
pub struct OneNight {
    /// Whose.
    pub person: String,
    /// The date of its morning.
    pub night: LocalDay,
}

const SEGMENTS: &str =
    "SELECT s.from_ms, s.to_ms, s.stage, c.name, replace(g.name, char(160), ' ') FROM night_segments s
    LEFT JOIN category_values c ON c.type = 'HKCategoryTypeIdentifierSleepAnalysis' AND c.value = s.stage
    LEFT JOIN source_groups g ON g.id = s.group_id
    WHERE s.person_id = ?1 AND s.night = ?2 ORDER BY s.from_ms, s.stage";

const SEGMENT_COLUMNS: [&str; 5] = ["start", "end", "stage", "value", "source"];

impl Question for OneNight {
    fn page(&mut self, snapshot: &Snapshot<'_>, sink: &mut dyn Sink) -> Result<Progress, Unanswered> {
        let person = super::range::person(snapshot, &self.person)?;
        let night = self.night.to_string();
        let next = self.night.next().to_string();
        let mut select = snapshot.connection.prepare_cached(SELECT)?;
        let found = select.query_row(params![person, night, next], |row| {
            let head = values(row, snapshot.now_ms);
            Ok(head.map(|values| sink.begin(&std::array::from_fn::<_, 17, _>(|at| (COLUMNS[at], values[at])))))
        });
        found.optional()?.ok_or(Unanswered::NotFound("no sleep is known of this night"))??;
        sink.list("segments", &SEGMENT_COLUMNS);
        // A night has at most NIGHT_SEGMENTS_STORED_MAX of them.
        let mut select = snapshot.connection.prepare_cached(SEGMENTS)?;
        let mut rows = select.query(params![person, night])?;
        while let Some(row) = rows.next()? {
            sink.row(&[
                Value::Time(row.get(0)?),
                Value::Time(row.get(1)?),
                Value::text(row.get_ref(3)?.as_str_or_null()?),
                Value::Integer(row.get(2)?),
                Value::text(row.get_ref(4)?.as_str_or_null()?),
            ]);
        }
        sink.end(&[("stale", Value::Flag(is_stale(snapshot, person)?))]);
        Ok(Progress::End)
    }
}
