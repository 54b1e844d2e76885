//! Persons and types by their names, and types by their ids.

use rusqlite::{Connection, OptionalExtension};

/// Returns the id of a person; `None` if there is no such person.
pub(in crate::store) fn find_person(connection: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    let mut select = connection.prepare_cached("SELECT id FROM persons WHERE name = ?1")?;
    select.query_row([name], |row| row.get(0)).optional()
}

/// Returns the message that there is no such person.
pub(in crate::store) fn unknown_person(name: &str) -> String {
    format!("there is no person {}; `healthsink people list` lists all", name.escape_debug())
}

/// The id of a type by its identifier.
pub(in crate::store) const TYPE_ID: &str = "SELECT id FROM types WHERE name = ?1";

/// Returns the id of a type by its identifier; `None` if no sample has ever had it.
pub(in crate::store) fn find_type(connection: &Connection, identifier: &str) -> rusqlite::Result<Option<i64>> {
    connection.prepare_cached(TYPE_ID)?.query_row([identifier], |row| row.get(0)).optional()
}

/// Returns the identifier of a type by its id; `None` if there is no such type.
pub(in crate::store) fn name_of_type(connection: &Connection, id: i64) -> rusqlite::Result<Option<String>> {
    let mut select = connection.prepare_cached("SELECT name FROM types WHERE id = ?1")?;
    select.query_row([id], |row| row.get(0)).optional()
}

/// Returns the ids of the types that a person has or had samples of.
pub(in crate::store) fn types_of_person(connection: &Connection, person: i64) -> rusqlite::Result<Vec<i64>> {
    let sql = "SELECT DISTINCT type_id FROM sample_origins WHERE person_id = ?1";
    connection.prepare_cached(sql)?.query_map([person], |row| row.get(0))?.collect()
}
