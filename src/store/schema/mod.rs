//! The schema and its versions: forward only, one step for each version, all in one transaction.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::backup::copy::copy;
use super::backup::destination::Replace;
use super::{open_error, suffixed};
use crate::model::error::{Error, ErrorKind, Result};

/// Marks the file as ours for `file` and other tools: "hsnk".
pub(super) const APPLICATION_ID: u32 = 0x6873_6e6b;

/// What brings a database from each version to the next; `user_version` counts the steps taken.
const MIGRATIONS: [&[&str]; VERSION as usize] =
    [&[include_str!("tables.sql"), include_str!("names.sql"), include_str!("views.sql")]];

/// Takes the steps that are missing. Before the first one on a database that is in use, a verified copy is made beside it.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<()> {
    take_steps(connection, path, &MIGRATIONS)
}

fn take_steps(connection: &mut Connection, path: &Path, steps: &[&[&str]]) -> Result<()> {
    let fail = |error| open_error(path, &error);
    let wanted = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    if known_version(connection, path, wanted)? == wanted {
        return Ok(());
    }
    // Another process may be doing the same: the version is asked for again once we alone may write.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
    let present = known_version(&transaction, path, wanted)?;
    if present > 0 && present < wanted {
        keep_before(path, wanted)?;
    }
    for sql in steps.iter().skip(present as usize).copied().flatten() {
        transaction.execute_batch(sql).map_err(fail)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(fail)?;
    transaction.pragma_update(None, "user_version", wanted).map_err(fail)?;
    transaction.commit().map_err(fail)
}

/// Makes the copy that an older program can go on with. Nobody writes meanwhile: the steps' transaction is open.
fn keep_before(path: &Path, wanted: u32) -> Result<()> {
    let target = suffixed(path, format!(".before-v{wanted}.db"));
    copy(path, &target, Replace::Backup, &mut |_, _| {}).map_err(|error| {
        let message = format!("{} must be migrated, and cannot be backed up before: {error}", path.display());
        Error::new(ErrorKind::Store, message)
    })?;
    tracing::info!("migrating {} to schema {wanted}; as it was it is kept as {}", path.display(), target.display());
    Ok(())
}

/// The version that this program writes.
const VERSION: u32 = 1;

/// The database's version, if it is one of ours and not of a later program.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<u32> {
    known_version(connection, path, VERSION)
}

fn known_version(connection: &Connection, path: &Path, known: u32) -> Result<u32> {
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

/// The database's version, if it is one of ours, or empty.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::healthkit;

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
    fn names_are_those_of_healthkit() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, Path::new("test")).unwrap();
        let mut values = connection.prepare("SELECT type, value, name FROM category_values ORDER BY 1, 2").unwrap();
        let values = values.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        let values: Vec<(String, u8, String)> = values.map(|value| value.unwrap()).collect();
        assert_eq!(values, healthkit::category_value_names().collect::<Vec<_>>());
        let mut activities = connection.prepare("SELECT value, name FROM workout_activity_types ORDER BY 1").unwrap();
        let activities = activities.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let activities: Vec<(u16, String)> = activities.map(|activity| activity.unwrap()).collect();
        assert_eq!(activities, healthkit::activity_names().collect::<Vec<_>>());
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

    /// A step of a version to come, and one that fails.
    const LATER: [&[&str]; 2] = [MIGRATIONS[0], &["ALTER TABLE workouts ADD COLUMN mood TEXT"]];
    const FAILING: [&[&str]; 2] = [MIGRATIONS[0], &["CREATE TABLE moods (text)", "CREATE TABLE samples (text)"]];

    #[test]
    fn a_database_in_use_is_copied_before_it_is_migrated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("health.db");
        let backup = folder.path().join("health.db.before-v2.db");
        let open = |path: &Path| {
            let connection = Connection::open(path).unwrap();
            connection.pragma_update(None, "journal_mode", "WAL").unwrap();
            connection
        };
        let version = |connection: &Connection| -> u32 {
            connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
        };
        let mut connection = open(&path);
        migrate(&mut connection, &path).unwrap();
        assert!(!backup.exists(), "a new database has nothing to lose");
        connection.execute_batch("INSERT INTO persons (name) VALUES ('anna')").unwrap();

        // What fails is undone, and can be tried again.
        let error = take_steps(&mut connection, &path, &FAILING).unwrap_err();
        assert!(error.to_string().contains("samples"), "{error}");
        assert_eq!(version(&connection), 1);
        assert!(connection.prepare("SELECT * FROM moods").is_err());

        take_steps(&mut connection, &path, &LATER).unwrap();
        assert_eq!(version(&connection), 2);
        connection.prepare("SELECT mood FROM workouts").unwrap();
        let before = open(&backup);
        assert_eq!(check(&before, &backup).unwrap(), 1);
        let names: i64 =
            before.query_row("SELECT count(*) FROM persons WHERE name = 'anna'", [], |row| row.get(0)).unwrap();
        assert_eq!(names, 1);
        assert!(before.prepare("SELECT mood FROM workouts").is_err());
    }

    #[test]
    fn without_a_copy_nothing_is_migrated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("health.db");
        let mut connection = Connection::open(&path).unwrap();
        migrate(&mut connection, &path).unwrap();
        // In the place of the copy, something that cannot be replaced.
        std::fs::create_dir(folder.path().join("health.db.before-v2.db")).unwrap();
        let error = take_steps(&mut connection, &path, &LATER).unwrap_err();
        assert!(error.to_string().contains("cannot be backed up before"), "{error}");
        assert_eq!(check(&connection, &path).unwrap(), 1);
    }
}
