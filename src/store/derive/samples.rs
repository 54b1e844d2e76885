//! The stored samples of a person and a type, in the order of their starts.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};

use super::halt::Step;
use crate::model::limits::MISSING_LISTED_MAX;
use crate::model::record::Uuid;

/// A sample as it is stored, with ids of its texts. Its metadata is one of the two, if it has any.
#[derive(Debug)]
pub(super) struct StoredSample<'a> {
    pub(super) start_ms: i64,
    pub(super) uuid: Uuid,
    pub(super) end_ms: Option<i64>,
    pub(super) value: Option<f64>,
    pub(super) unit: Option<i64>,
    pub(super) source: Option<i64>,
    pub(super) metadata_id: Option<i64>,
    pub(super) metadata: Option<&'a str>,
    pub(super) creation_ms: Option<i64>,
}

/// What a reader wants of each sample. Each column that it does not want costs less.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted {
    pub(super) identity: bool,
    pub(super) metadata: bool,
}

/// Leaves out those that an export no longer has.
const IS_PRESENT: &str = " AND NOT EXISTS (SELECT 1 FROM missing_samples m WHERE m.person_id = s.person_id
    AND m.type_id = s.type_id AND m.start_ms = s.start_ms AND m.uuid = s.uuid)";

/// What a survey needs of a sample.
const SURVEY: &str = "SELECT start_ms, end_ms, source_id, metadata_id, metadata FROM samples s
    WHERE person_id = ?1 AND type_id = ?2 AND start_ms >= ?3 AND start_ms < ?4";

/// The first of those.
const MISSING: &str =
    "SELECT start_ms, uuid FROM missing_samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms >= ?3
    AND start_ms < ?4 ORDER BY start_ms, uuid LIMIT ?5";

/// Calls `each` for the samples of a person and a type that start from `from_ms` on and before `to_ms`.
pub(super) fn read(
    connection: &Connection,
    (person, kind): (i64, i64),
    (from_ms, to_ms): (i64, i64),
    wanted: Wanted,
    mut each: impl FnMut(&StoredSample<'_>) -> Step<()>,
) -> Step<()> {
    let missing = missing(connection, (person, kind), (from_ms, to_ms))?;
    let is_listed = missing.len() <= MISSING_LISTED_MAX;
    let identity = if wanted.identity || !missing.is_empty() { "uuid" } else { "NULL" };
    let metadata = if wanted.metadata { "metadata_id, metadata" } else { "NULL, NULL" };
    let mut select = connection.prepare_cached(&format!(
        "SELECT start_ms, {identity}, end_ms, value, unit_id, source_id, {metadata}, creation_ms FROM samples s
         WHERE person_id = ?1 AND type_id = ?2 AND start_ms >= ?3 AND start_ms < ?4{}",
        if is_listed { "" } else { IS_PRESENT }
    ))?;
    let mut missing = missing.into_iter().peekable();
    let mut rows = select.query(params![person, kind, from_ms, to_ms])?;
    while let Some(row) = rows.next()? {
        let start_ms = row.get(0)?;
        // Both come in the order of the key.
        if missing.peek().is_some_and(|next| is_listed && next.0 <= start_ms) {
            let key = (start_ms, uuid(row)?);
            while missing.next_if(|next| *next < key).is_some() {}
            if missing.next_if_eq(&key).is_some() {
                continue;
            }
        }
        let sample = StoredSample {
            start_ms,
            uuid: if wanted.identity { uuid(row)? } else { Uuid::default() },
            end_ms: row.get(2)?,
            value: row.get(3)?,
            unit: row.get(4)?,
            source: row.get(5)?,
            metadata_id: row.get(6)?,
            metadata: text(row, 7),
            creation_ms: row.get(8)?,
        };
        each(&sample)?;
    }
    Ok(())
}

/// The keys of samples that an export no longer has: one more than fit, if there are more.
fn missing(
    connection: &Connection,
    (person, kind): (i64, i64),
    (from_ms, to_ms): (i64, i64),
) -> rusqlite::Result<Vec<(i64, Uuid)>> {
    let most = i64::try_from(MISSING_LISTED_MAX).unwrap_or(i64::MAX).saturating_add(1);
    let mut select = connection.prepare_cached(MISSING)?;
    let keys = select.query_map(params![person, kind, from_ms, to_ms, most], |row| Ok((row.get(0)?, uuid(row)?)))?;
    keys.collect()
}

/// Calls `each` for the same samples, also missing ones, with what a survey needs: start, end, source, and the row for its metadata.
pub(super) fn survey(
    connection: &Connection,
    (person, kind): (i64, i64),
    (from_ms, to_ms): (i64, i64),
    mut each: impl FnMut(i64, Option<i64>, Option<i64>, &dyn Fn() -> rusqlite::Result<OwnMetadata>) -> Step<()>,
) -> Step<()> {
    let mut select = connection.prepare_cached(SURVEY)?;
    let mut rows = select.query(params![person, kind, from_ms, to_ms])?;
    while let Some(row) = rows.next()? {
        let metadata = || Ok((row.get(3)?, text(row, 4).map(str::to_owned)));
        each(row.get(0)?, row.get(1)?, row.get(2)?, &metadata)?;
    }
    Ok(())
}

/// The id of a shared metadata, or the sample's own text.
pub(super) type OwnMetadata = (Option<i64>, Option<String>);

/// The identity; zeros for one that someone has altered.
fn uuid(row: &Row<'_>) -> rusqlite::Result<Uuid> {
    Ok(row.get_ref(1)?.as_blob().ok().and_then(|blob| blob.try_into().ok()).unwrap_or_default())
}

fn text<'a>(row: &'a Row<'_>, column: usize) -> Option<&'a str> {
    match row.get_ref(column) {
        Ok(ValueRef::Text(text)) => std::str::from_utf8(text).ok(),
        _ => None,
    }
}
