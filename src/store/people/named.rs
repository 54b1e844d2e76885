//! Persons by their names.

use rusqlite::Connection;

use super::tables::{TABLES, has_rows};
use crate::model::error::{Error, Result};
use crate::store::database::Database;
use crate::store::failure::open_error;
use crate::store::lookup::find_person;

/// Returns the id of a person.
pub(super) fn find(connection: &Connection, database: &Database, name: &str) -> Result<i64> {
    find_person(connection, name).map_err(|error| open_error(database, &error))?.ok_or_else(|| {
        Error::usage(format!("there is no person {}; `healthsink people list` lists all", name.escape_debug()))
    })
}

/// Whether nothing refers to a person.
pub(super) fn is_unused(connection: &Connection, person: i64) -> rusqlite::Result<bool> {
    for table in TABLES.iter().map(|table| table.name).chain(["samples", "tokens", "uploads"]) {
        if has_rows(connection, table, person)? {
            return Ok(false);
        }
    }
    Ok(true)
}
