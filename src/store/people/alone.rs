//! Begins a change of many rows: a transaction while no upload is under way. An upload that goes on later remembers rows.

use std::time::Instant;

use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::BUSY_WAIT;
use crate::store::connection::Store;
use crate::store::database::Database;
use crate::store::failure::open_error;
use crate::store::write_queue::pause;

const RUNNING: &str = "SELECT count(*) FROM uploads WHERE state = 'running'";

impl Database {
    /// Opens the database for writing, and begins a transaction in which no upload is under way.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`] if uploads follow each other for too long.
    pub(super) fn begin_alone(&self) -> Result<Store> {
        let mut store = if self.has_only_killed_uploads()? { Store::open(self)? } else { Store::open_beside(self)? };
        let began = Instant::now();
        loop {
            store.begin()?;
            let running = store.connection.query_row(RUNNING, [], |row| row.get::<_, i64>(0));
            if running.map_err(|error| store.failed(&error))? == 0 {
                return Ok(store);
            }
            store.rollback();
            if began.elapsed() >= BUSY_WAIT {
                let message = "an upload or an import is under way; try again when it has ended. If it was killed, restart the server first";
                return Err(Error::new(ErrorKind::Busy, message));
            }
            pause();
        }
    }

    /// Whether uploads that seem to run belong to a program that was killed: no program has the database open.
    fn has_only_killed_uploads(&self) -> Result<bool> {
        let connection = self.open_to_read()?;
        let running = connection.query_row(RUNNING, [], |row| row.get::<_, i64>(0));
        drop(connection);
        Ok(running.map_err(|error| open_error(self, &error))? > 0 && self.open_exclusively()?.is_ok())
    }
}
