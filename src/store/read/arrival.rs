//! The last upload with a token: for `healthsink setup`, which waits for the first one.

use rusqlite::{OptionalExtension, Row};
use serde::Serialize;

use crate::model::error::Result;
use crate::model::limits::BUSY_WAIT;
use crate::store::database::Database;
use crate::store::failure::open_error;

/// An upload with a token.
#[derive(Clone, Debug, Serialize)]
pub struct ArrivedUpload {
    /// Its number.
    pub id: i64,
    /// `running`, `done`, `aborted` or `interrupted`.
    pub state: String,
    /// Whose records it has.
    pub person: String,
    /// The client's address.
    pub sender: Option<String>,
    /// Records stored.
    pub records: i64,
    /// New rows among them and their locations.
    pub new: i64,
    /// Elements rejected.
    pub rejected: i64,
    /// Why it was aborted.
    pub error: Option<String>,
}

impl Database {
    /// Returns the last upload with a token, beside this process's writer if it has one.
    ///
    /// # Errors
    ///
    /// [`crate::model::error::ErrorKind::Store`] if the database cannot be read.
    pub fn last_upload(&self, token: i64) -> Result<Option<ArrivedUpload>> {
        let connection = self.open_beside_writer(BUSY_WAIT)?;
        let sql = "SELECT u.id, u.state, p.name, u.sender, u.measurements + u.medications + u.workouts + u.other, u.new, u.rejected,
              u.error
            FROM uploads u JOIN persons p ON p.id = u.person_id WHERE u.token_id = ?1 ORDER BY u.id DESC LIMIT 1";
        let read = |row: &Row<'_>| {
            Ok(ArrivedUpload {
                id: row.get(0)?,
                state: row.get(1)?,
                person: row.get(2)?,
                sender: row.get(3)?,
                records: row.get(4)?,
                new: row.get(5)?,
                rejected: row.get(6)?,
                error: row.get(7)?,
            })
        };
        connection.query_row(sql, [token], read).optional().map_err(|error| open_error(self, &error))
    }
}
