//! The rows that a database still has of a person. Tables are found by the name of their column, so none can be left out.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::model::error::Result;
use crate::store::database::Database;
use crate::store::failure::open_error;
use crate::store::lookup::find_person;

/// Rows of a person in a table.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TraceRows {
    /// The table.
    pub table: String,
    /// Their number.
    pub rows: u64,
}

/// Tables with rows of persons.
const TABLES: &str = "SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c ON c.name = 'person_id'
    WHERE m.type = 'table' ORDER BY m.name";

impl Database {
    /// Counts the rows of a person, by the name that the person has or by the number that the person had. A row that an erasure has
    /// emptied is not one of them.
    ///
    /// # Errors
    ///
    /// [`crate::model::error::ErrorKind::Store`] if the database cannot be read.
    pub fn traces(&self, name: &str, number: Option<i64>) -> Result<Vec<TraceRows>> {
        let connection = self.open_to_read()?;
        let read = || -> rusqlite::Result<Vec<TraceRows>> {
            let named = find_person(&connection, name)?;
            let mut traces = Vec::new();
            for person in named.into_iter().chain(number.filter(|number| Some(*number) != named)) {
                traces.extend(
                    rows_of(&connection, person)?.into_iter().map(|(table, _, rows)| TraceRows { table, rows }),
                );
            }
            // The first person of a new database has this name also.
            let is_named = named.is_some() && name != crate::model::record::ME;
            traces.push(TraceRows { table: "persons".to_owned(), rows: u64::from(is_named) });
            let sql = "SELECT count(*) FROM uploads WHERE origin = 'merge' AND sender = ?1";
            let senders = connection.query_row(sql, [name], |row| row.get::<_, i64>(0))?.unsigned_abs();
            traces.push(TraceRows { table: "uploads".to_owned(), rows: senders });
            traces.retain(|trace| trace.rows > 0);
            Ok(traces)
        };
        read().map_err(|error| open_error(self, &error))
    }
}

/// Returns all rows and those with content of a person, by table.
pub(super) fn rows_of(connection: &Connection, person: i64) -> rusqlite::Result<Vec<(String, u64, u64)>> {
    let mut select = connection.prepare(TABLES)?;
    let tables: Vec<String> = select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut rows = Vec::new();
    for table in tables {
        let full = with_content(&table);
        let sql = format!("SELECT count(*), count(*) FILTER (WHERE {full}) FROM {table} WHERE person_id = ?1");
        let count = |row: &rusqlite::Row<'_>, place| row.get::<_, i64>(place).map(i64::unsigned_abs);
        let (all, full) = connection.query_row(&sql, [person], |row| Ok((count(row, 0)?, count(row, 1)?)))?;
        rows.push((table, all, full));
    }
    Ok(rows)
}

/// Whether a row has content, in SQL. Numbers of the ledger have no gaps, so an erasure leaves rows without content there. What says
/// up to where figures are computed has none.
fn with_content(table: &str) -> &'static str {
    match table {
        "uploads" => "sender IS NOT NULL OR started_ms <> 0 OR body_bytes <> 0 OR new <> 0",
        "tokens" => "label IS NOT NULL OR revoked_ms IS NULL OR created_ms <> 0",
        "changes" => "type_id IS NOT NULL OR from_ms IS NOT NULL",
        "derived_state" | "zone_changes" => "FALSE",
        _ => "TRUE",
    }
}
