//! Details that only an export has of a sample: they are kept beside the app's row.

use rusqlite::{Connection, params};

use super::json_names::has_all_names;
use crate::model::record::Uuid;

/// What an exporter has of a sample beyond the fields that identify it.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Details<'a> {
    pub(in crate::store) creation_ms: Option<i64>,
    pub(in crate::store) metadata: Option<&'a str>,
    pub(in crate::store) other: Option<&'a str>,
}

/// The primary key of a row of `samples`.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowKey {
    pub(super) person: i64,
    pub(super) kind: i64,
    pub(super) start_ms: i64,
    pub(super) uuid: Uuid,
}

const KEEP_NUMBER: &str =
    "UPDATE samples SET creation_ms = coalesce(?5, creation_ms), import_number = coalesce(?6, import_number)
    WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4";

/// Keeps metadata whose names the app's metadata lacks, and fields without a column. Earlier values of the row stay beside them.
const KEEP_REST: &str = "INSERT INTO merged_samples (person_id, type_id, start_ms, uuid, metadata, other)
    SELECT ?1, ?2, ?3, ?4, rest, ?6 FROM (
      SELECT nullif(json_group_object(e.key, iif(e.type = 'array', json(e.value), e.value)), '{}') AS rest FROM json_each(?5) e
      WHERE e.key NOT IN (
        SELECT a.key FROM samples s LEFT JOIN shared_metadata m ON m.id = s.metadata_id
          LEFT JOIN long_texts l ON l.id = CAST(s.other AS INTEGER),
          json_each(coalesce(m.json, s.metadata, l.metadata)) a
        WHERE s.person_id = ?1 AND s.type_id = ?2 AND s.start_ms = ?3 AND s.uuid = ?4))
    WHERE rest IS NOT NULL OR ?6 IS NOT NULL
    ON CONFLICT DO UPDATE SET metadata = excluded.metadata, other = iif(instr(other, '\"earlier values\":[') > 0 AND json_valid(other),
        json_set(coalesce(excluded.other, '{}'), '$.\"earlier values\"', other -> '$.\"earlier values\"'), excluded.other)
      WHERE (metadata, iif(instr(other, '\"earlier values\":[') > 0 AND json_valid(other), json_remove(other, '$.\"earlier values\"'), coalesce(other, '{}')))
        IS NOT (excluded.metadata, coalesce(excluded.other, '{}'))";

/// Keeps beside a row of the app the details that only an export has, and gives it a number if there is one.
pub(super) fn keep(
    connection: &Connection,
    row: RowKey,
    app: Details<'_>,
    export: Details<'_>,
    number: Option<i64>,
) -> rusqlite::Result<()> {
    let RowKey { person, kind, start_ms, uuid } = row;
    let Details { creation_ms, metadata, other } = export;
    if number.is_some() || creation_ms.is_some() && creation_ms != app.creation_ms {
        let mut update = connection.prepare_cached(KEEP_NUMBER)?;
        update.execute(params![person, kind, start_ms, &uuid[..], creation_ms, number])?;
    }
    let says_more = metadata.is_some_and(|metadata| !has_all_names(app.metadata.unwrap_or_default(), metadata));
    if says_more || other.is_some() {
        let mut insert = connection.prepare_cached(KEEP_REST)?;
        insert.execute(params![person, kind, start_ms, &uuid[..], metadata, other])?;
    }
    Ok(())
}
