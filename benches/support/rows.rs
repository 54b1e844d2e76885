//! The limit: decoded rows, inserted by a bare loop over prepared statements.
//!
//! Same schema, pragmas, rows in the order of their tables, and rows per transaction. It does not ask
//! whether a row exists, and has no dictionaries and no ledger: the rest of a program's time is its own.

use std::path::Path;

use healthsink::model::limits::{CHECKPOINT_PAGES, PAGE_CACHE_BYTES, TRANSACTION_ROWS_MAX, WAL_KEEP_BYTES};
use healthsink::store::{Database, Store};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

/// Tables whose rows are counted.
const TABLES: [&str; 5] = ["samples", "workouts", "route_points", "medication_doses", "medications"];
/// Tables that are filled before the clock starts.
const DICTIONARIES: [&str; 4] = ["types", "units", "sources", "shared_metadata"];

/// All rows of a table.
#[derive(Debug)]
struct Table {
    insert: String,
    columns: usize,
    /// All rows, one after the other.
    values: Vec<Value>,
}

/// The rows of a database.
#[derive(Debug)]
pub(crate) struct Rows {
    dictionaries: Vec<Table>,
    tables: Vec<Table>,
}

impl Rows {
    /// Reads a database that an ingest has filled.
    pub(crate) fn read(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        let read = |names: &[&str]| -> rusqlite::Result<Vec<Table>> {
            names.iter().map(|name| read_table(&connection, name)).collect()
        };
        Ok(Self { dictionaries: read(&DICTIONARIES)?, tables: read(&TABLES)? })
    }

    /// Number of rows that are inserted and measured.
    pub(crate) fn len(&self) -> usize {
        self.tables.iter().map(|table| table.values.len() / table.columns).sum()
    }
}

fn read_table(connection: &Connection, name: &str) -> rusqlite::Result<Table> {
    // `SELECT *` returns generated columns also, which cannot be inserted.
    let columns: Vec<String> = connection
        .prepare("SELECT name FROM pragma_table_info(?1)")?
        .query_map([name], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut select = connection.prepare(&format!("SELECT {} FROM {name}", columns.join(", ")))?;
    let mut values = Vec::new();
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        for column in 0..columns.len() {
            values.push(row.get(column)?);
        }
    }
    let places = vec!["?"; columns.len()].join(", ");
    let insert = format!("INSERT INTO {name} ({}) VALUES ({places})", columns.join(", "));
    Ok(Table { insert, columns: columns.len(), values })
}

/// A new database with the schema and the dictionaries, open as the program's writer has it.
pub(crate) fn prepare(path: &Path, rows: &Rows) -> rusqlite::Result<Connection> {
    drop(Store::open(&Database::new(path)).expect("a new database"));
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -i64::try_from(PAGE_CACHE_BYTES / 1024).expect("a few thousand"))?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", i64::try_from(WAL_KEEP_BYTES).expect("a few million"))?;
    connection.pragma_update(None, "foreign_keys", false)?;
    insert(&connection, &rows.dictionaries)?;
    Ok(connection)
}

/// Inserts and commits all rows; returns their number.
pub(crate) fn insert_all(connection: &Connection, rows: &Rows) -> rusqlite::Result<usize> {
    insert(connection, &rows.tables)
}

fn insert(connection: &Connection, tables: &[Table]) -> rusqlite::Result<usize> {
    let mut done = 0;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    for table in tables {
        let mut statement = connection.prepare(&table.insert)?;
        for row in table.values.chunks_exact(table.columns) {
            done += statement.execute(params_from_iter(row))?;
            if done % TRANSACTION_ROWS_MAX == 0 {
                connection.execute_batch("COMMIT; BEGIN IMMEDIATE")?;
            }
        }
    }
    connection.execute_batch("COMMIT")?;
    Ok(done)
}
