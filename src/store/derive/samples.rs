//! The stored samples of a person and a type, in the order of their starts.

use std::ops::ControlFlow;

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Row, params, params_from_iter};

use super::dirty::ALL;
use super::halt::Step;
use crate::model::limits::{MISSING_LISTED_MAX, SURVEY_FIRST_ROWS, SURVEYED_SOURCES};
use crate::model::record::Uuid;
use crate::store::supplied::{Need, Supplied};

/// A sample as it is stored, with ids of its texts.
#[derive(Debug)]
pub(super) struct StoredSample<'a> {
    pub(super) start_ms: i64,
    pub(super) end_ms: Option<i64>,
    pub(super) value: Option<f64>,
    pub(super) unit: Option<i64>,
    pub(super) source: Option<i64>,
    pub(super) creation_ms: Option<i64>,
    /// Its place among those with its start.
    nth: u32,
    columns: Columns,
    row: &'a Row<'a>,
}

impl StoredSample<'_> {
    /// Returns how its identity is found.
    pub(super) fn identity(&self) -> Identity {
        self.columns.uuid.map_or(Identity::Nth(self.nth), |column| Identity::Known(uuid(self.row, column)))
    }

    /// Returns the id of its shared metadata, or its own text, if the reader wants them.
    pub(super) fn metadata(&self) -> rusqlite::Result<(Option<i64>, Option<&str>)> {
        match self.columns.metadata {
            Some(column) => Ok((self.row.get(column)?, text(self.row, column + 1))),
            None => Ok((None, None)),
        }
    }
}

/// How the identity of a sample is found: few are looked for, and to read all costs as much as two other columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Identity {
    Known(Uuid),
    /// By its place among those of its type and start.
    Nth(u32),
}

impl Identity {
    /// Returns the identity of a sample of a person and a type by its start, in the state in which it was read.
    pub(super) fn uuid(self, connection: &Connection, of: (i64, i64), start_ms: i64) -> rusqlite::Result<Uuid> {
        match self {
            Self::Known(uuid) => Ok(uuid),
            Self::Nth(nth) => {
                let mut select = connection.prepare_cached(NTH)?;
                select.query_row(params![of.0, of.1, start_ms, nth], |row| Ok(uuid(row, 0)))
            }
        }
    }
}

const NTH: &str = "SELECT uuid FROM samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3
    ORDER BY uuid LIMIT 1 OFFSET ?4";

/// The places of columns that only some readings have. Each one that they do not have costs less.
#[derive(Clone, Copy, Debug)]
struct Columns {
    creation: Option<usize>,
    uuid: Option<usize>,
    /// That of the id; the one behind it has the own text.
    metadata: Option<usize>,
}

impl Columns {
    /// Returns them with their SQL.
    fn of(has_creation: bool, has_uuid: bool, has_metadata: bool) -> (Self, String) {
        let (mut next, mut sql) = (FIXED, String::new());
        let mut place = |is_wanted: bool, names: &str, columns: usize| {
            is_wanted.then(|| {
                sql.push_str(names);
                next += columns;
                next - columns
            })
        };
        let creation = place(has_creation, ", creation_ms", 1);
        let uuid = place(has_uuid, ", uuid", 1);
        let metadata = place(has_metadata, ", metadata_id, metadata", 2);
        (Self { creation, uuid, metadata }, sql)
    }
}

/// The columns that all readings have.
const FIXED: usize = 5;

/// Whether an export was ever imported: nothing else has the times of creation.
fn has_creations(connection: Supplied<'_>) -> rusqlite::Result<bool> {
    if !connection.is_whole() {
        return Ok(true);
    }
    connection.prepare_cached("SELECT last > 0 FROM import_numbers")?.query_row([], |row| row.get(0))
}

/// Leaves out those that an export no longer has.
const IS_PRESENT: &str = " AND NOT EXISTS (SELECT 1 FROM missing_samples m WHERE m.person_id = s.person_id
    AND m.type_id = s.type_id AND m.start_ms = s.start_ms AND m.uuid = s.uuid)";

/// What a survey needs of a sample: none of those with one of four known sources.
const SURVEY_ALL: &str = "SELECT start_ms, end_ms, source_id, metadata_id, metadata FROM samples s
    WHERE person_id = ?1 AND type_id = ?2 AND start_ms >= ?3
      AND source_id IS NOT ?4 AND source_id IS NOT ?5 AND source_id IS NOT ?6 AND source_id IS NOT ?7";

/// The same for a part of the time: none of those that are also not longer than a known one.
const SURVEY: &str = "SELECT start_ms, end_ms, source_id, metadata_id, metadata FROM samples s
    WHERE person_id = ?1 AND type_id = ?2 AND start_ms >= ?3 AND start_ms < ?8
      AND (source_id IS NOT ?4 AND source_id IS NOT ?5 AND source_id IS NOT ?6 AND source_id IS NOT ?7
        OR end_ms - start_ms > ?9)";

/// The first samples of all.
const FIRST: &str = "SELECT start_ms, end_ms, source_id, metadata_id, metadata FROM samples s
    WHERE person_id = ?1 AND type_id = ?2 AND start_ms >= ?3 AND start_ms < ?4 ORDER BY start_ms LIMIT ?5";

/// What it needs of those that an export no longer has.
const SURVEY_MISSING: &str = "SELECT s.source_id, min(s.start_ms), max(s.start_ms), max(s.end_ms - s.start_ms)
    FROM missing_samples m CROSS JOIN samples s USING (person_id, type_id, start_ms, uuid)
    WHERE m.person_id = ?1 AND m.type_id = ?2 AND m.start_ms >= ?3 AND m.start_ms < ?4 GROUP BY s.source_id";

/// The first of those.
const MISSING: &str =
    "SELECT start_ms, uuid FROM missing_samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms >= ?3
    AND start_ms < ?4 ORDER BY start_ms, uuid LIMIT ?5";

/// Calls `each` for the samples of a person and a type that start from `from_ms` on and before `to_ms`, with their metadata if that
/// is wanted.
pub(super) fn read(
    connection: Supplied<'_>,
    (person, kind): (i64, i64),
    (from_ms, to_ms): (i64, i64),
    has_metadata: bool,
    mut each: impl FnMut(&StoredSample<'_>) -> Step<()>,
) -> Step<()> {
    bring(connection, (person, kind), (from_ms, to_ms))?;
    let missing = missing(&connection, (person, kind), (from_ms, to_ms))?;
    let is_listed = missing.len() <= MISSING_LISTED_MAX;
    let (columns, more) = Columns::of(has_creations(connection)?, !missing.is_empty(), has_metadata);
    let mut select = connection.prepare_cached(&format!(
        "SELECT start_ms, end_ms, value, unit_id, source_id{more} FROM samples s
         WHERE person_id = ?1 AND type_id = ?2 AND start_ms >= ?3{}",
        if is_listed { "" } else { IS_PRESENT }
    ))?;
    let mut missing = missing.into_iter().peekable();
    let mut rows = select.query(params![person, kind, from_ms])?;
    let (mut last_ms, mut nth) = (i64::MIN, 0);
    while let Some(row) = rows.next()? {
        let Some(start_ms) = integer(row, 0) else {
            continue;
        };
        nth = if start_ms == last_ms { nth + 1 } else { 0 };
        last_ms = start_ms;
        // SQLite would compare it more slowly.
        if start_ms >= to_ms {
            break;
        }
        // Both come in the order of the key.
        if let Some(column) = columns.uuid
            && missing.peek().is_some_and(|next| is_listed && next.0 <= start_ms)
        {
            let key = (start_ms, uuid(row, column));
            while missing.next_if(|next| *next < key).is_some() {}
            if missing.next_if_eq(&key).is_some() {
                continue;
            }
        }
        each(&StoredSample {
            start_ms,
            end_ms: integer(row, 1),
            value: real(row, 2),
            unit: integer(row, 3),
            source: integer(row, 4),
            creation_ms: columns.creation.and_then(|column| integer(row, column)),
            nth,
            columns,
            row,
        })?;
    }
    Ok(())
}

/// Brings the samples that begin in a time, with what says that some are missing.
fn bring(connection: Supplied<'_>, of: (i64, i64), (from_ms, to_ms): (i64, i64)) -> rusqlite::Result<()> {
    let span = (from_ms, to_ms.saturating_sub(1));
    connection.need(|| Need { table: "missing_samples", ..Need::samples(of, span) })?;
    connection.need(|| Need::samples(of, span))
}

/// The keys of samples that an export no longer has: one more than fit, if there are more.
fn missing(
    connection: &Connection,
    (person, kind): (i64, i64),
    (from_ms, to_ms): (i64, i64),
) -> rusqlite::Result<Vec<(i64, Uuid)>> {
    let most = i64::try_from(MISSING_LISTED_MAX).unwrap_or(i64::MAX).saturating_add(1);
    let mut select = connection.prepare_cached(MISSING)?;
    let keys = select.query_map(params![person, kind, from_ms, to_ms, most], |row| Ok((row.get(0)?, uuid(row, 1))))?;
    keys.collect()
}

/// A sample that a survey has not known enough of.
#[derive(Debug)]
pub(super) struct SurveyedSample<'a> {
    pub(super) start_ms: i64,
    pub(super) end_ms: Option<i64>,
    pub(super) source: Option<i64>,
    row: &'a Row<'a>,
}

impl SurveyedSample<'_> {
    /// Returns the id of its shared metadata, or its own text.
    pub(super) fn metadata(&self) -> rusqlite::Result<(Option<i64>, Option<&str>)> {
        Ok((self.row.get(3)?, text(self.row, 4)))
    }
}

/// What a survey knows.
#[derive(Clone, Debug)]
pub(super) struct Surveyed {
    /// The duration of the longest sample; `None` if that is not asked for.
    pub(super) longest_ms: Option<i64>,
    /// The last of the sources of which all is known, the latest first. An empty text is the source of no sample.
    pub(super) sources: [Value; SURVEYED_SOURCES],
}

/// Calls `each` for the same samples, also missing ones, except for those of which all is known. It may end the survey.
pub(super) fn survey(
    connection: Supplied<'_>,
    (person, kind): (i64, i64),
    (from_ms, to_ms): (i64, i64),
    known: &Surveyed,
    mut each: impl FnMut(&SurveyedSample<'_>) -> Step<ControlFlow<()>>,
) -> Step<()> {
    bring(connection, (person, kind), (from_ms, to_ms))?;
    let mut select = connection.prepare_cached(if known.longest_ms.is_some() { SURVEY } else { SURVEY_ALL })?;
    let mut given: Vec<Value> = [person, kind, from_ms].map(Value::from).into();
    given.extend(known.sources.iter().cloned());
    given.extend(known.longest_ms.into_iter().flat_map(|longest_ms| [to_ms, longest_ms].map(Value::from)));
    let mut rows = select.query(params_from_iter(given))?;
    while let Some(row) = rows.next()? {
        let sample = SurveyedSample { start_ms: row.get(0)?, end_ms: row.get(1)?, source: row.get(2)?, row };
        if sample.start_ms >= to_ms || each(&sample)?.is_break() {
            break;
        }
    }
    Ok(())
}

/// Calls `each` for the first samples of a type, also missing ones.
pub(super) fn first(
    connection: &Connection,
    (person, kind): (i64, i64),
    mut each: impl FnMut(&SurveyedSample<'_>) -> Step<()>,
) -> Step<()> {
    let mut select = connection.prepare_cached(FIRST)?;
    let mut rows = select.query(params![person, kind, ALL.0, ALL.1, SURVEY_FIRST_ROWS])?;
    while let Some(row) = rows.next()? {
        each(&SurveyedSample { start_ms: row.get(0)?, end_ms: row.get(1)?, source: row.get(2)?, row })?;
    }
    Ok(())
}

/// The missing samples of a source.
#[derive(Clone, Copy, Debug)]
pub(super) struct MissingOfSource {
    pub(super) source: Option<i64>,
    /// The starts of the first one and the last one.
    pub(super) first_ms: i64,
    pub(super) last_ms: i64,
    /// The duration of the longest one.
    pub(super) longest_ms: Option<i64>,
}

/// Calls `each` for the sources of missing samples.
pub(super) fn survey_missing(
    connection: &Connection,
    (person, kind): (i64, i64),
    (from_ms, to_ms): (i64, i64),
    mut each: impl FnMut(MissingOfSource) -> Step<()>,
) -> Step<()> {
    let mut select = connection.prepare_cached(SURVEY_MISSING)?;
    let mut rows = select.query(params![person, kind, from_ms, to_ms])?;
    while let Some(row) = rows.next()? {
        let (first_ms, last_ms) = (row.get(1)?, row.get(2)?);
        each(MissingOfSource { source: row.get(0)?, first_ms, last_ms, longest_ms: integer(row, 3) })?;
    }
    Ok(())
}

/// The identity; zeros for one that someone has altered.
fn uuid(row: &Row<'_>, column: usize) -> Uuid {
    let blob = row.get_ref(column).ok().and_then(|value| value.as_blob().ok());
    blob.and_then(|blob| blob.try_into().ok()).unwrap_or_default()
}

fn text<'a>(row: &'a Row<'_>, column: usize) -> Option<&'a str> {
    match row.get_ref(column) {
        Ok(ValueRef::Text(text)) => std::str::from_utf8(text).ok(),
        _ => None,
    }
}

/// A whole number. The table has no other values in these columns, nor in those of real numbers.
#[inline]
fn integer(row: &Row<'_>, column: usize) -> Option<i64> {
    match row.get_ref(column) {
        Ok(ValueRef::Integer(number)) => Some(number),
        _ => None,
    }
}

#[inline]
fn real(row: &Row<'_>, column: usize) -> Option<f64> {
    match row.get_ref(column) {
        Ok(ValueRef::Real(number)) => Some(number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    /// A person has few missing samples, and millions of others.
    #[test]
    fn missing_samples_are_looked_up_not_searched_for() {
        let plan = Store::plan(SURVEY_MISSING);
        assert!(plan[0].starts_with("SEARCH m USING PRIMARY KEY (person_id=?"), "{plan:#?}");
    }
}
