//! The database, open for writing. The writer decides when to commit.

use std::time::Duration;

use rusqlite::Connection;

use super::database::Database;
use super::failure::{open_to_write_error, write_error};
use super::files::OpenFiles;
use super::open::set_page_cache;
use super::running::{FURTHER, Running};
use super::write::{Ids, Waiting};
use super::write_queue::WriteQueue;
use crate::model::allocator::return_freed_memory;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::BUSY_WAIT;

/// The database, open for writing. All writes are idempotent: a record that is already stored costs a look-up.
#[derive(Debug)]
pub struct Store {
    pub(in crate::store) connection: Connection,
    pub(in crate::store) ids: Ids,
    pub(in crate::store) waiting: Waiting,
    pub(in crate::store) database: Database,
    /// To notice when they are replaced.
    pub(in crate::store) files: OpenFiles,
    queue: WriteQueue,
    pub(in crate::store) running: Running,
    /// Whether another program held an exclusive lock for longer than the last transaction waited.
    is_locked: bool,
}

impl Store {
    /// Opens or creates a database for uploads, and brings its schema up to date. Uploads of programs that were killed are marked
    /// as interrupted.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::Store`] if the file cannot be opened, is not a database, has a second name, or was written by a later
    ///   version,
    /// - [`ErrorKind::Full`] if the disk has no space for it,
    /// - [`ErrorKind::Busy`] if another program has locked it.
    pub fn open(database: &Database) -> Result<Self> {
        Self::open_for(database, |_| {})
    }

    /// The same for uploads that belong together: until the end, changes of persons wait for all of them.
    ///
    /// # Errors
    ///
    /// As [`Store::open`].
    pub fn open_for_several(database: &Database) -> Result<Self> {
        Self::open_for(database, Running::announce_further)
    }

    fn open_for(database: &Database, announce: impl FnOnce(&mut Running)) -> Result<Self> {
        let mut store = Self::open_beside(database)?;
        let fail = |error| open_to_write_error(database, &error);
        store.queue.begin(&store.connection, BUSY_WAIT).map_err(fail)?;
        store.running = Running::of(database);
        announce(&mut store.running);
        store.interrupt_gone().and_then(|_| store.connection.execute_batch("COMMIT")).map_err(fail)?;
        Ok(store)
    }

    /// The same for changes that begin and end in one transaction.
    pub(in crate::store) fn open_beside(database: &Database) -> Result<Self> {
        let fail = |error| open_to_write_error(database, &error);
        let (connection, file) = database.open_to_write()?;
        let queue = WriteQueue::of(database);
        let ids = Ids::load(&connection).map_err(fail)?;
        let files = OpenFiles::opened(database.path(), file);
        let waiting = Waiting::of(database);
        Ok(Self {
            connection,
            ids,
            waiting,
            database: database.clone(),
            files,
            queue,
            running: Running::default(),
            is_locked: false,
        })
    }

    /// Marks uploads whose program was killed, in the open transaction. Returns whether a program begins further uploads that belong
    /// to its earlier ones.
    pub(in crate::store) fn interrupt_gone(&self) -> rusqlite::Result<bool> {
        let Some(running) = self.running.everywhere(&self.database) else { return Ok(false) };
        let numbers = running.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
        let sql = format!("UPDATE uploads SET state = 'interrupted' WHERE state = 'running' AND id NOT IN ({numbers})");
        self.connection.execute(&sql, []).map(|_| running.contains(&FURTHER))
    }

    /// Begins a transaction that may write.
    pub(crate) fn begin(&mut self) -> Result<()> {
        // One upload has waited without success. If each upload behind it also did, the last one would wait for minutes.
        let wait = if self.is_locked { Duration::ZERO } else { BUSY_WAIT };
        let begun = self.queue.begin(&self.connection, wait).and_then(|()| self.ids.begin(&self.connection));
        let begun = begun.map_err(|error| self.failed(&error));
        self.is_locked = begun.as_ref().is_err_and(|error| error.kind() == ErrorKind::Busy);
        begun
    }

    /// Whether another program waits to write.
    pub(crate) fn is_awaited(&self) -> bool {
        self.queue.is_awaited()
    }

    /// Returns the WAL's length in bytes. Fails if the database, its WAL or the WAL's index was deleted or replaced or has a
    /// second name: what is written then may be lost to its owner.
    pub(crate) fn check_files(&self) -> Result<u64> {
        self.files.check()
    }

    /// Makes the page cache this small, and returns what it has besides to the system.
    pub(crate) fn limit_cache(&self, bytes: usize) {
        let connection = &self.connection;
        // If it fails, the next statement also fails, but for a cache of another size nothing does.
        let limited = connection.cache_flush().and_then(|()| set_page_cache(connection, bytes));
        let _ = limited.and_then(|()| connection.release_memory());
        return_freed_memory();
    }

    /// Turns SQLite's error into ours, with the file system's reason if there is one.
    pub(in crate::store) fn failed(&self, error: &rusqlite::Error) -> Error {
        write_error(&self.database, error)
    }

    /// Commits with a note of what was changed; with `synchronous=FULL` the rows are then on the disk.
    pub(crate) fn commit(&mut self) -> Result<()> {
        let written = self.ids.changes.write(&self.connection);
        let committed = written.and_then(|()| self.connection.execute_batch("COMMIT"));
        committed.map_err(|error| self.failed(&error))?;
        self.running.note_commit();
        Ok(())
    }

    /// Undoes the transaction, and forgets ids that may be gone with it.
    pub(crate) fn rollback(&mut self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "could not roll back");
        }
        let workouts = std::mem::take(&mut self.ids.merge.workouts);
        // Uploads with rows in the transaction end; the rows that others have claimed are committed.
        let claimed = std::mem::take(&mut self.ids.claimed);
        self.ids = Ids::load(&self.connection).unwrap_or_else(|error| {
            tracing::error!(%error, "could not reload the dictionaries");
            Ids::default()
        });
        self.ids.merge.workouts = workouts.after_rollback();
        self.ids.claimed = claimed;
        self.running.note_rollback();
    }

    /// The steps by which SQLite would run a statement on an empty database.
    #[cfg(test)]
    pub(crate) fn plan(sql: &str) -> Vec<String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        let store = Self::open(&Database::new(file.path())).unwrap();
        let mut explain = store.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        explain.raw_query().mapped(|row| row.get(3)).map(|step| step.unwrap()).collect()
    }
}
