//! The schema and its versions: forward only, one step for each version, all in one transaction.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::failure::open_error;
use super::version::{APPLICATION_ID, VERSION, known_version};
use crate::model::error::Result;

/// The SQL that brings a database from each version to the next; `user_version` counts the steps taken.
const MIGRATIONS: [&[&str]; VERSION as usize] =
    [&[include_str!("tables.sql"), include_str!("names.sql"), include_str!("views.sql")]];

/// Takes the missing steps. Calls `before_first_step` with the new version if the database is already in use: no program
/// writes meanwhile, since the steps' transaction is open.
pub(super) fn migrate(
    connection: &mut Connection,
    path: &Path,
    before_first_step: impl FnOnce(u32) -> Result<()>,
) -> Result<()> {
    take_steps(connection, path, &MIGRATIONS, before_first_step)
}

fn take_steps(
    connection: &mut Connection,
    path: &Path,
    steps: &[&[&str]],
    before_first_step: impl FnOnce(u32) -> Result<()>,
) -> Result<()> {
    let fail = |error| open_error(path, &error);
    let wanted = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    if known_version(connection, path, wanted)? == wanted {
        return Ok(());
    }
    // Another process may be doing the same, so the version is read again once only this one may write.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
    let present = known_version(&transaction, path, wanted)?;
    if present > 0 && present < wanted {
        before_first_step(wanted)?;
    }
    for sql in steps.iter().skip(present as usize).copied().flatten() {
        transaction.execute_batch(sql).map_err(fail)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(fail)?;
    transaction.pragma_update(None, "user_version", wanted).map_err(fail)?;
    transaction.commit().map_err(fail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::healthkit;
    use crate::store::database::Database;
    use crate::store::version;

    fn unexpected(version: u32) -> Result<()> {
        panic!("a new database is backed up before version {version}");
    }

    #[test]
    fn a_new_database_gets_every_table_and_view_works() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, Path::new("test"), unexpected).unwrap();
        migrate(&mut connection, Path::new("test"), unexpected).unwrap();
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
        migrate(&mut connection, Path::new("test"), unexpected).unwrap();
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
        let error = migrate(&mut connection, Path::new("notes.db"), unexpected).unwrap_err();
        assert!(error.to_string().contains("another program"), "{error}");

        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, Path::new("test"), unexpected).unwrap();
        connection.pragma_update(None, "user_version", VERSION + 1).unwrap();
        let error = migrate(&mut connection, Path::new("health.db"), unexpected).unwrap_err();
        assert!(error.to_string().contains("later version"), "{error}");
    }

    /// A step of a later version, and one that fails.
    const LATER: [&[&str]; 2] = [MIGRATIONS[0], &["ALTER TABLE workouts ADD COLUMN mood TEXT"]];
    const FAILING: [&[&str]; 2] = [MIGRATIONS[0], &["CREATE TABLE moods (text)", "CREATE TABLE samples (text)"]];

    #[test]
    fn a_database_in_use_is_backed_up_before_it_is_migrated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("health.db");
        let backup = folder.path().join("health.db.before-v2.db");
        let open = |path: &Path| {
            let connection = Connection::open(path).unwrap();
            connection.pragma_update(None, "journal_mode", "WAL").unwrap();
            connection
        };
        let version_of = |connection: &Connection| -> u32 {
            connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
        };
        let mut connection = open(&path);
        migrate(&mut connection, &path, unexpected).unwrap();
        assert!(!backup.exists(), "a new database needs no backup");
        connection.execute_batch("INSERT INTO persons (name) VALUES ('anna')").unwrap();

        // A failed step is undone, and can be tried again.
        let error = take_steps(&mut connection, &path, &FAILING, |version| {
            Database::new(&path).back_up_before_migration(version)
        })
        .unwrap_err();
        assert!(error.to_string().contains("samples"), "{error}");
        assert_eq!(version_of(&connection), 1);
        assert!(connection.prepare("SELECT * FROM moods").is_err());

        take_steps(&mut connection, &path, &LATER, |version| Database::new(&path).back_up_before_migration(version))
            .unwrap();
        assert_eq!(version_of(&connection), 2);
        connection.prepare("SELECT mood FROM workouts").unwrap();
        let before = open(&backup);
        assert_eq!(version::check(&before, &backup).unwrap(), 1);
        let names: i64 =
            before.query_row("SELECT count(*) FROM persons WHERE name = 'anna'", [], |row| row.get(0)).unwrap();
        assert_eq!(names, 1);
        assert!(before.prepare("SELECT mood FROM workouts").is_err());
    }

    #[test]
    fn without_a_backup_nothing_is_migrated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("health.db");
        let mut connection = Connection::open(&path).unwrap();
        migrate(&mut connection, &path, unexpected).unwrap();
        // Something that cannot be replaced has the backup's name.
        std::fs::create_dir(folder.path().join("health.db.before-v2.db")).unwrap();
        let error = take_steps(&mut connection, &path, &LATER, |version| {
            Database::new(&path).back_up_before_migration(version)
        })
        .unwrap_err();
        assert!(error.to_string().contains("cannot be backed up before"), "{error}");
        assert_eq!(version::check(&connection, &path).unwrap(), 1);
    }
}
