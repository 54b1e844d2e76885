//! Begins a change of many rows: a transaction while no upload is under way. An upload that goes on later remembers rows.

use std::time::Instant;

use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::BUSY_WAIT;
use crate::store::connection::Store;
use crate::store::database::Database;
use crate::store::write_queue::pause;

impl Database {
    /// Opens the database for writing, and begins a transaction in which no upload is under way. Uploads of programs that were
    /// killed are marked.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`] if uploads follow each other for too long.
    pub(super) fn begin_alone(&self) -> Result<Store> {
        let mut store = Store::open_beside(self)?;
        let began = Instant::now();
        loop {
            store.begin()?;
            let running = store.interrupt_gone().and_then(|()| {
                let sql = "SELECT count(*) FROM uploads WHERE state = 'running'";
                store.connection.query_row(sql, [], |row| row.get::<_, i64>(0))
            });
            if running.map_err(|error| store.failed(&error))? == 0 {
                return Ok(store);
            }
            store.rollback();
            if began.elapsed() >= BUSY_WAIT {
                let message = "an upload or an import is under way; try again when it has ended";
                return Err(Error::new(ErrorKind::Busy, message));
            }
            pause();
        }
    }
}
