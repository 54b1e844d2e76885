//! The persons of a database, and what each has.

use rusqlite::Connection;
use serde::Serialize;

use super::tables::TABLES;
use crate::model::error::Result;
use crate::store::clock::{ISO_SECONDS, now_ms};
use crate::store::database::Database;
use crate::store::failure::open_error;
use crate::store::tokens::valid;

/// A person.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonRow {
    /// The name.
    pub name: String,
    /// Samples.
    pub samples: i64,
    /// Start of the first sample, UTC.
    pub first: Option<String>,
    /// Start of the last sample, UTC.
    pub last: Option<String>,
    /// Rows of other records.
    pub other_rows: u64,
    /// Tokens that are valid.
    pub tokens: i64,
    /// Uploads and imports that ended well.
    pub uploads: i64,
    /// When the last of them ended, UTC.
    pub last_upload: Option<String>,
}

impl PersonRow {
    /// Whether nothing is left of the person but the name.
    #[must_use]
    pub fn is_unused(&self) -> bool {
        self.samples == 0 && self.other_rows == 0 && self.tokens == 0 && self.uploads == 0
    }
}

const PERSONS: &str = "SELECT p.id, p.name, s.rows, strftime({iso}, s.first / 1000, 'unixepoch'),
      strftime({iso}, s.last / 1000, 'unixepoch'),
      (SELECT count(*) FROM tokens t WHERE t.person_id = p.id AND {valid}), u.uploads,
      strftime({iso}, u.last_ms / 1000, 'unixepoch')
    FROM persons p
    LEFT JOIN (SELECT person_id, count(*) AS rows, min(start_ms) AS first, max(start_ms) AS last FROM samples GROUP BY person_id) s
      ON s.person_id = p.id
    LEFT JOIN (SELECT person_id, count(*) AS uploads, max(finished_ms) AS last_ms FROM uploads
      WHERE state = 'done' AND origin IN ('http', 'import') GROUP BY person_id) u ON u.person_id = p.id
    ORDER BY p.id";

impl Database {
    /// Returns all persons.
    ///
    /// # Errors
    ///
    /// [`crate::model::error::ErrorKind::Store`] if the database is missing or cannot be read.
    pub fn persons(&self) -> Result<Vec<PersonRow>> {
        let connection = self.open_to_read()?;
        read(&connection).map_err(|error| open_error(self, &error))
    }
}

fn read(connection: &Connection) -> rusqlite::Result<Vec<PersonRow>> {
    connection.execute_batch("BEGIN")?;
    let valid = valid(connection, now_ms());
    let mut select = connection.prepare(&PERSONS.replace("{valid}", &valid).replace("{iso}", ISO_SECONDS))?;
    let mut rows = select.query([])?;
    let mut persons = Vec::new();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let mut other_rows = 0;
        for table in TABLES.iter().skip(1).filter(|table| table.ledger != super::tables::LedgerKind::Nothing) {
            other_rows += table.count(connection, id, "TRUE")?;
        }
        persons.push(PersonRow {
            name: row.get(1)?,
            samples: row.get::<_, Option<i64>>(2)?.unwrap_or_default(),
            first: row.get(3)?,
            last: row.get(4)?,
            other_rows,
            tokens: row.get(5)?,
            uploads: row.get::<_, Option<i64>>(6)?.unwrap_or_default(),
            last_upload: row.get(7)?,
        });
    }
    Ok(persons)
}
