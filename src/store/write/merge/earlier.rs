//! Values that the app has corrected. An export that is older than the correction has the value of before, and its record is
//! still the app's row.
//!
//! `other` of `merged_samples` has them under a name that no attribute of XML has. A row remembers the last ones.

use rusqlite::{Connection, params};

use crate::model::limits::SAMPLE_STATES_MAX;
use crate::model::record::Uuid;
use crate::store::write::ledger::signed;
use crate::store::write::sql_value::SqlValue;

macro_rules! path {
    () => {
        "'$.\"earlier values\"'"
    };
}

/// Notes end, value and unit of a row that is about to get others.
const NOTE: &str = concat!(
    "INSERT INTO merged_samples (person_id, type_id, start_ms, uuid, other)
    SELECT s.person_id, s.type_id, s.start_ms, s.uuid, json_object('earlier values',
      json_array(json_object('end_ms', s.end_ms, 'value', s.value, 'unit', u.name)))
    FROM samples s LEFT JOIN units u ON u.id = s.unit_id
    WHERE s.person_id = ?1 AND s.type_id = ?2 AND s.start_ms = ?3 AND s.uuid = ?4
      AND (s.end_ms, s.value, s.unit_id) IS NOT (?5, ?6, ?7)
    ON CONFLICT DO UPDATE SET other = json_set(coalesce(other, '{}'), ",
    path!(),
    ", json_insert(iif(json_array_length(other, ",
    path!(),
    ") >= ?8, json_remove(other -> ",
    path!(),
    ", '$[0]'), coalesce(other -> ",
    path!(),
    ", json('[]'))), '$[#]', excluded.other -> '$.\"earlier values\"[0]'))
    WHERE NOT EXISTS (SELECT 1 FROM json_each(other, ",
    path!(),
    ") e WHERE e.value = excluded.other -> '$.\"earlier values\"[0]')"
);

/// The earlier values of the rows of a second. `CROSS JOIN` keeps the order of the tables.
const OF_SECOND: &str = concat!(
    "SELECT m.start_ms, m.uuid, e.value ->> '$.end_ms', e.value ->> '$.value',
      (SELECT id FROM units WHERE name = e.value ->> '$.unit')
    FROM merged_samples m CROSS JOIN json_each(m.other, ",
    path!(),
    ") e
    WHERE m.person_id = ?1 AND m.type_id = ?2 AND m.start_ms >= ?3 AND m.start_ms < ?3 + ?4
      AND instr(m.other, '\"earlier values\":[') > 0 AND json_valid(m.other)"
);

/// A value that a row had.
#[derive(Clone, Copy, Debug)]
pub(super) struct Earlier {
    pub(super) start_ms: i64,
    pub(super) uuid: Uuid,
    pub(super) end_ms: Option<i64>,
    pub(super) value: Option<f64>,
    pub(super) unit: Option<i64>,
}

/// Notes the value of a row of the app before it is replaced by the values of a row.
pub(in crate::store) fn note_earlier(connection: &Connection, row: &[SqlValue<'_>; 11]) -> rusqlite::Result<()> {
    let [person, kind, start, uuid, end, value, unit, ..] = row;
    let most = signed(SAMPLE_STATES_MAX as u64);
    let mut insert = connection.prepare_cached(NOTE)?;
    insert.execute(params![person, kind, start, uuid, end, value, unit, most]).map(|_| ())
}

/// The earlier values of rows of a type that begin within milliseconds of a time.
pub(super) fn earlier_values(
    connection: &Connection,
    (person, kind, start_ms): (i64, i64, i64),
    span_ms: i64,
) -> rusqlite::Result<Vec<Earlier>> {
    let mut select = connection.prepare_cached(OF_SECOND)?;
    let rows = select.query_map(params![person, kind, start_ms, span_ms], |row| {
        let (start_ms, uuid, end_ms) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Earlier { start_ms, uuid, end_ms, value: row.get(3)?, unit: row.get(4)? })
    })?;
    rows.collect()
}
