//! Opening a database that no other program has open.

use rusqlite::{Connection, OpenFlags};

use super::database::Database;
use crate::model::limits::EXCLUSIVE_WAIT;

impl Database {
    /// Opens the database and keeps other programs out for as long as the connection lives. Fails if one has it open.
    pub(super) fn open_exclusively(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(self.path(), flags)?;
        connection.busy_timeout(EXCLUSIVE_WAIT)?;
        // Each program that has a database open holds a lock on it, which excludes this one.
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.execute_batch("BEGIN EXCLUSIVE; COMMIT")?;
        Ok(connection)
    }
}
