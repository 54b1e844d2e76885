//! Opening a database that no other program has open.

use rusqlite::{Connection, OpenFlags};

use super::database::Database;
use crate::model::error::Result;
use crate::model::limits::EXCLUSIVE_WAIT;

impl Database {
    /// Opens the database and keeps other programs out for as long as the connection lives. SQLite fails if one has it open.
    pub(super) fn open_exclusively(&self) -> Result<rusqlite::Result<Connection>> {
        let opened = self.open_file(OpenFlags::SQLITE_OPEN_READ_WRITE, EXCLUSIVE_WAIT)?;
        Ok(opened.and_then(|connection| {
            // Each program that has a database open holds a lock on it, which excludes this one.
            connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
            connection.execute_batch("BEGIN EXCLUSIVE; COMMIT")?;
            Ok(connection)
        }))
    }
}
