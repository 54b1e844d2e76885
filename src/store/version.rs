//! Whose database a file is, and of which version.

use std::path::Path;

use rusqlite::Connection;

use super::failure::open_error;
use crate::model::error::{Error, ErrorKind, Result};

/// Marks the file as ours for `file` and other tools: "hsnk".
pub(super) const APPLICATION_ID: u32 = 0x6873_6e6b;

/// The version that this program writes.
pub(super) const VERSION: u32 = 2;

/// Returns the database's version, 0 if it is empty. Fails if it is another program's or a later version's.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<u32> {
    known_version(connection, path, VERSION)
}

/// The same for a program that knows the versions up to `known`.
pub(super) fn known_version(connection: &Connection, path: &Path, known: u32) -> Result<u32> {
    let version = any_version(connection, path)?;
    if version > known {
        let message = format!(
            "{} was written by a later version of healthsink (schema {version}, this program knows {known}); use that version",
            path.display(),
        );
        return Err(Error::new(ErrorKind::Store, message));
    }
    Ok(version)
}

/// The same for every version.
pub(super) fn any_version(connection: &Connection, path: &Path) -> Result<u32> {
    let fail = |error| open_error(path, &error);
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fail)?;
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(fail)?;
    if application != i64::from(APPLICATION_ID) {
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(fail)?;
        if tables > 0 || version > 0 {
            let message = format!("{} is the database of another program; name another file with --db", path.display());
            return Err(Error::new(ErrorKind::Store, message));
        }
    }
    Ok(version)
}
