//! Ids of persons and types by their names.

use rusqlite::{Connection, OptionalExtension};

/// Returns the id of a person; `None` if there is no such person.
pub(in crate::store) fn find_person(connection: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    let mut select = connection.prepare_cached("SELECT id FROM persons WHERE name = ?1")?;
    select.query_row([name], |row| row.get(0)).optional()
}

/// Returns the id of a type by its identifier; `None` if no sample has ever had it.
pub(in crate::store) fn find_type(connection: &Connection, identifier: &str) -> rusqlite::Result<Option<i64>> {
    let mut select = connection.prepare_cached("SELECT id FROM types WHERE name = ?1")?;
    select.query_row([identifier], |row| row.get(0)).optional()
}
