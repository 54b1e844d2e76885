//! The owner and the version of a database file.

use rusqlite::Connection;

use super::database::Database;
use super::failure::open_error;
use super::header::APPLICATION_ID;
use crate::model::error::{Error, ErrorKind, Result};

/// The version that this program writes.
pub(super) const VERSION: u32 = 8;

/// Returns the database's version, 0 if it is empty. Fails if it is another program's or a later version's.
pub(super) fn check(connection: &Connection, database: &Database) -> Result<u32> {
    known_version(connection, database, VERSION)
}

/// The same for a program that knows the versions up to `known`.
pub(super) fn known_version(connection: &Connection, database: &Database, known: u32) -> Result<u32> {
    let version = any_version(connection, database)?;
    if version > known {
        let message = format!(
            "{} was written by a later version of healthsink (schema {version}, this program knows {known}); use that version",
            database.path().display(),
        );
        return Err(Error::new(ErrorKind::Store, message));
    }
    Ok(version)
}

/// The same for every version.
pub(super) fn any_version(connection: &Connection, database: &Database) -> Result<u32> {
    let fail = |error| open_error(database, &error);
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fail)?;
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(fail)?;
    if application != i64::from(APPLICATION_ID) {
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(fail)?;
        if tables > 0 || version > 0 {
            let message = format!(
                "{} is the database of another program; name another file with --db",
                database.path().display()
            );
            return Err(Error::new(ErrorKind::Store, message));
        }
    }
    Ok(version)
}
