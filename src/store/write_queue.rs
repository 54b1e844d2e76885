//! The queue of programs that wait to write to one database: the first one waits for SQLite's write lock, the others for it.
//!
//! SQLite gives its lock to the program that happens to ask while it is free. An import frees it for microseconds only, so
//! others would miss it for many seconds. Here the import comes after the program that waits. The queue is a lock (flock) on
//! the WAL's file, on which SQLite holds no lock. A file system without such locks has no queue.

use std::fs::File;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::database::Database;
use super::failure::command_error;
use crate::model::error::{Error, Result};
use crate::model::limits::{BUSY_WAIT, LOCK_POLL};

/// The queue of a database that this process has open.
#[derive(Debug)]
pub(super) struct WriteQueue {
    wal: Option<File>,
}

/// The first place, which is free again when this is dropped.
struct First<'q>(Option<&'q File>);

impl Database {
    /// Writes in a short transaction, in turn with a busy server and with imports.
    pub(super) fn write_beside_server<T>(&self, write: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        self.write_beside_server_or(|error| command_error(self, &error), write)
    }

    /// The same, where what is written may be refused. `explain` makes the error of it.
    pub(super) fn write_beside_server_or<T, E: From<rusqlite::Error>>(
        &self,
        explain: impl FnOnce(E) -> Error,
        write: impl FnOnce(&Connection) -> std::result::Result<T, E>,
    ) -> Result<T> {
        let (connection, _) = self.open_to_write()?;
        let in_turn = || {
            WriteQueue::of(self).begin(&connection, BUSY_WAIT)?;
            // Without a commit, closing the connection undoes everything.
            let written = write(&connection)?;
            connection.execute_batch("COMMIT")?;
            Ok(written)
        };
        in_turn().map_err(explain)
    }
}

impl WriteQueue {
    pub(super) fn of(database: &Database) -> Self {
        Self { wal: File::open(database.wal_path()).ok() }
    }

    /// Begins a transaction that may write. Waits at most so long for programs that came before. Afterwards the connection's
    /// statements wait for [`BUSY_WAIT`].
    pub(super) fn begin(&self, connection: &Connection, wait: Duration) -> rusqlite::Result<()> {
        let began = Instant::now();
        connection.busy_timeout(Duration::ZERO)?;
        let mut first = None;
        let begun = loop {
            first = first.or_else(|| self.first());
            let is_over = began.elapsed() >= wait;
            if first.is_some() || is_over {
                let begun = connection.execute_batch("BEGIN IMMEDIATE");
                if is_over || !is_locked(&begun) {
                    break begun;
                }
            }
            pause();
        };
        connection.busy_timeout(BUSY_WAIT)?;
        begun
    }

    /// Whether another program waits to write.
    pub(super) fn is_awaited(&self) -> bool {
        self.first().is_none()
    }

    fn first(&self) -> Option<First<'_>> {
        let locked = self.wal.as_ref().map(|wal| (wal, flock(wal, FlockOperation::NonBlockingLockExclusive)));
        match locked {
            Some((wal, Ok(()))) => Some(First(Some(wal))),
            Some((_, Err(Errno::WOULDBLOCK))) => None,
            Some((_, Err(_))) | None => Some(First(None)),
        }
    }
}

impl Drop for First<'_> {
    fn drop(&mut self) {
        if let Some(wal) = self.0 {
            // It is also freed when the file is closed.
            let _ = flock(wal, FlockOperation::Unlock);
        }
    }
}

fn is_locked(begun: &rusqlite::Result<()>) -> bool {
    let code = begun.as_ref().err().and_then(rusqlite::Error::sqlite_error_code);
    matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Nothing wakes a process when another one frees a lock.
#[expect(
    clippy::disallowed_methods,
    reason = "a lock of another process can only be polled; the caller bounds the time"
)]
pub(super) fn pause() {
    thread::sleep(LOCK_POLL);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use std::sync::Mutex;

    /// Each queue stands for a process: locks of one file that was opened twice exclude each other.
    #[test]
    fn a_program_that_waits_comes_before_one_that_wrote() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(folder.path().join("health.db"));
        drop(Store::open(&database).unwrap());
        let open = || {
            let (connection, _) = database.open_to_write().unwrap();
            let queue = WriteQueue::of(&database);
            (connection, queue)
        };
        let ((import, imports), (server, servers)) = (open(), open());
        imports.begin(&import, BUSY_WAIT).unwrap();
        assert!(!imports.is_awaited());
        let error = servers.begin(&server, Duration::ZERO).unwrap_err();
        assert_eq!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy));
        assert!(!imports.is_awaited(), "it does not wait any more");
        let order = Mutex::new(Vec::new());
        thread::scope(|scope| {
            scope.spawn(|| {
                let (server, queue) = (server, servers);
                queue.begin(&server, BUSY_WAIT).unwrap();
                order.lock().unwrap().push("server");
                server.execute_batch("COMMIT").unwrap();
            });
            while !imports.is_awaited() {
                thread::yield_now();
            }
            import.execute_batch("COMMIT").unwrap();
            imports.begin(&import, BUSY_WAIT).unwrap();
            order.lock().unwrap().push("import");
        });
        assert_eq!(order.into_inner().unwrap(), ["server", "import"]);
    }
}
