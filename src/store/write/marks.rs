//! Marks of samples that an export no longer has: whether there are any, and their end when a sample comes again.

use rusqlite::{Connection, params};

use super::changes::{ChangeKey, Changes};
use super::sql_value::SqlValue;

pub(super) const UNMARK: &str =
    "DELETE FROM missing_samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4";

/// Whether any sample is marked.
pub(super) fn has_marks(connection: &Connection) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM missing_samples LIMIT 1")?.exists([])
}

/// Removes the mark of a row that has come again. `row` begins with its key.
pub(super) fn unmark(
    connection: &Connection,
    changes: &mut Changes,
    row: &[SqlValue<'_>; 11],
    (start_ms, end_ms): (i64, Option<i64>),
) -> rusqlite::Result<()> {
    let [person, kind, start, uuid, ..] = row;
    if connection.prepare_cached(UNMARK)?.execute(params![person, kind, start, uuid])? > 0
        && let (SqlValue::Integer(person), SqlValue::Integer(kind)) = (person, kind)
    {
        changes.note_replaced(ChangeKey::of_samples((*person, *kind)), start_ms, end_ms);
    }
    Ok(())
}
