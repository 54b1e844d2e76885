//! An empty workbench: the tables of every database, and triggers that note the keys of changed rows.
//!
//! SQLite has an extension for the latter. It needs a hook in each write, also in databases that never use it.

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::tables::{TABLES, Table};
use crate::model::limits::{STATEMENTS_CACHED_MAX, WORKBENCH_CACHE_BYTES, WORKBENCH_PAGE_BYTES};
use crate::store::open::set_page_cache;
use crate::store::schema;
use crate::store::write::prepare_inserts;

/// Whether changes are noted: not while rows are loaded.
const RECORDER: &str =
    "CREATE TABLE recorder (is_on INTEGER NOT NULL) STRICT; INSERT INTO recorder (is_on) VALUES (TRUE);";

/// Makes an empty workbench. Its only transaction never ends: its pages are written to a file without a name when they do not fit into
/// memory.
pub(super) fn open() -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags("", flags)?;
    // Most tables are empty, and each of them and of its indexes takes a page.
    connection.pragma_update(None, "page_size", WORKBENCH_PAGE_BYTES)?;
    connection.pragma_update(None, "journal_mode", "OFF")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    // Rows are loaded without those that they refer to, if the work does not read these.
    connection.pragma_update(None, "foreign_keys", false)?;
    set_page_cache(&connection, WORKBENCH_CACHE_BYTES)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED_MAX);
    prepare_inserts(&connection)?;
    connection.execute_batch("BEGIN EXCLUSIVE")?;
    schema::fill_without_views(&connection)?;
    // The other database owns persons, so the schema's own rows are deleted.
    connection.execute_batch("DELETE FROM persons")?;
    connection.execute_batch(RECORDER)?;
    for table in TABLES.iter().filter(|table| table.is_recorded()) {
        connection.execute_batch(&recording(table))?;
    }
    Ok(connection)
}

/// A table for the keys of changed rows, and the triggers that fill it.
fn recording(table: &Table) -> String {
    let (name, keys) = (table.name, table.key_names());
    let list = |row: &str| {
        let values = table.key_columns().map(|key| format!("{row}.{key}"));
        values.collect::<Vec<_>>().join(", ")
    };
    let note = |row: &str| format!("INSERT INTO touched_{name} VALUES ({}) ON CONFLICT DO NOTHING;", list(row));
    let (new, old) = (note("new"), note("old"));
    let is_on = "WHEN (SELECT is_on FROM recorder)";
    let moved = table.key_columns().map(|key| format!("new.{key} IS NOT old.{key}")).collect::<Vec<_>>().join(" OR ");
    format!(
        "CREATE TABLE touched_{name} ({keys}, PRIMARY KEY ({keys})) WITHOUT ROWID;
         CREATE TRIGGER note_insert_{name} AFTER INSERT ON {name} {is_on} BEGIN {new} END;
         CREATE TRIGGER note_update_{name} AFTER UPDATE ON {name} {is_on} BEGIN {new} END;
         CREATE TRIGGER note_move_{name} AFTER UPDATE ON {name} {is_on} AND ({moved}) BEGIN {old} END;
         CREATE TRIGGER note_delete_{name} AFTER DELETE ON {name} {is_on} BEGIN {old} END;"
    )
}

/// Notes no changes until [`resume_recording`]: rows are loaded.
pub(super) fn pause_recording(connection: &Connection) -> rusqlite::Result<()> {
    switch(connection, false)
}

/// Notes changes from now on.
pub(super) fn resume_recording(connection: &Connection) -> rusqlite::Result<()> {
    switch(connection, true)
}

fn switch(connection: &Connection, is_on: bool) -> rusqlite::Result<()> {
    connection.prepare_cached("UPDATE recorder SET is_on = ?1")?.execute([is_on]).map(|_| ())
}

/// Deletes many rows without triggers. SQLite then frees whole tables. With triggers it first makes a list of all keys, and then
/// deletes the rows one by one. Each change of the setting compiles all statements again.
pub(super) fn without_triggers(
    connection: &Connection,
    delete: impl FnOnce() -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    let deleted = delete();
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, true)?;
    deleted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triggers_run_again_after_rows_were_deleted_without_them() {
        let connection = open().unwrap();
        let noted =
            || connection.query_row("SELECT count(*) FROM touched_source_orders", [], |row| row.get::<_, i64>(0));
        let insert = "INSERT INTO source_orders (person_id, type, key, place) VALUES (1, 't', 'k', 1)";
        connection.execute_batch(insert).unwrap();
        assert_eq!(noted().unwrap(), 1);
        connection.execute_batch("DELETE FROM touched_source_orders").unwrap();
        let mut delete = connection.prepare_cached("DELETE FROM source_orders").unwrap();
        without_triggers(&connection, || delete.execute([]).map(|deleted| assert_eq!(deleted, 1))).unwrap();
        assert_eq!(noted().unwrap(), 0);
        connection.execute_batch(insert).unwrap();
        assert_eq!(noted().unwrap(), 1);
    }
}
