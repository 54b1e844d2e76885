//! Persons by their names.

use rusqlite::Connection;

use super::tables::{TABLES, has_rows};
use crate::model::error::{Error, Result};
use crate::store::database::Database;
use crate::store::failure::open_error;
use crate::store::lookup::{find_person, unknown_person};
use crate::store::tables::TableName;

/// Returns the id of a person.
pub(super) fn find(connection: &Connection, database: &Database, name: &str) -> Result<i64> {
    let found = find_person(connection, name).map_err(|error| open_error(database, &error))?;
    found.ok_or_else(|| Error::usage(unknown_person(name)))
}

/// Whether nothing refers to a person.
pub(super) fn is_unused(connection: &Connection, person: i64) -> rusqlite::Result<bool> {
    for table in TABLES.iter().map(|table| table.name).chain([TableName::Tokens, TableName::Uploads]) {
        if has_rows(connection, table, person)? {
            return Ok(false);
        }
    }
    Ok(true)
}
