//! The schema and its versions: forward only, one step for each version, all in one transaction.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::open_error;
use crate::error::{Error, ErrorKind, Result};

/// Marks the file as ours for `file` and other tools: "hsnk".
const APPLICATION_ID: i64 = 0x6873_6e6b;

/// What brings a database from each version to the next; `user_version` counts the steps taken.
const MIGRATIONS: [&[&str]; VERSION as usize] =
    [&[include_str!("schema/tables.sql"), include_str!("schema/names.sql"), include_str!("schema/views.sql")]];

/// Takes the steps that are missing.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<()> {
    let fail = |error| open_error(path, &error);
    if check(connection, path)? == VERSION {
        return Ok(());
    }
    // Another process may be doing the same: the version is asked for again once we alone may write.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
    for step in &MIGRATIONS[check(&transaction, path)? as usize..] {
        for sql in *step {
            transaction.execute_batch(sql).map_err(fail)?;
        }
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(fail)?;
    transaction.pragma_update(None, "user_version", VERSION).map_err(fail)?;
    transaction.commit().map_err(fail)
}

/// The version that this program writes.
const VERSION: u32 = 1;

/// The database's version, if it is one of ours and not of a later program.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<u32> {
    let fail = |error| open_error(path, &error);
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fail)?;
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(fail)?;
    if application != APPLICATION_ID {
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(fail)?;
        if tables > 0 || version > 0 {
            let message = format!("{} is the database of another program; name another file with --db", path.display());
            return Err(Error::new(ErrorKind::Store, message));
        }
    }
    if version > VERSION {
        let message = format!(
            "{} was written by a later version of healthsink (schema {version}, this program knows {}); use that version",
            path.display(),
            VERSION
        );
        return Err(Error::new(ErrorKind::Store, message));
    }
    Ok(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_database_gets_every_table_and_view_works() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, Path::new("test")).unwrap();
        migrate(&mut connection, Path::new("test")).unwrap();
        let mut views = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'view'").unwrap();
        let views: Vec<String> = views.query_map([], |row| row.get(0)).unwrap().map(|name| name.unwrap()).collect();
        assert!(views.len() > 30);
        for view in views {
            let rows: i64 =
                connection.query_row(&format!("SELECT count(*) FROM {view}"), [], |row| row.get(0)).unwrap();
            assert_eq!(rows, 0, "{view}");
        }
    }

    #[test]
    fn foreign_and_later_databases_are_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE notes (text)").unwrap();
        let error = migrate(&mut connection, Path::new("notes.db")).unwrap_err();
        assert!(error.to_string().contains("another program"), "{error}");

        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, Path::new("test")).unwrap();
        connection.pragma_update(None, "user_version", VERSION + 1).unwrap();
        let error = migrate(&mut connection, Path::new("health.db")).unwrap_err();
        assert!(error.to_string().contains("later version"), "{error}");
    }
}
