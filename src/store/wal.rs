//! Checkpoints: the WAL's pages on their way into the database. Readers can prevent them, and prevent the WAL from starting
//! over. The writer waits for readers only at the WAL's limit, for a moment, and at the program's end.

use std::time::Duration;

use rusqlite::Row;

use super::connection::Store;
use super::failure::open_error;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{BUSY_WAIT, CHECKPOINT_PAGES, CHECKPOINT_WAIT};

/// The aim of a checkpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Checkpoint {
    /// Move what can be moved: the next commit starts the WAL over, in the same file.
    Move,
    /// Also cut the file.
    Cut,
    /// The same, and wait a moment for readers.
    CutPatiently,
}

/// Whether SQLite moves a long WAL within the commit that made it long.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum AutoCheckpoint {
    On,
    /// An answer waits for the commit.
    Off,
}

impl Store {
    /// Sets whether SQLite moves a long WAL within a commit.
    pub(crate) fn set_auto_checkpoint(&mut self, wanted: AutoCheckpoint) -> rusqlite::Result<()> {
        let pages = match wanted {
            AutoCheckpoint::On => CHECKPOINT_PAGES,
            AutoCheckpoint::Off => 0,
        };
        self.connection.pragma_update(None, "wal_autocheckpoint", pages)
    }

    /// Moves the WAL into the database. Returns whether that was possible as wanted.
    pub(crate) fn checkpoint(&mut self, wanted: Checkpoint) -> rusqlite::Result<bool> {
        let sql = match wanted {
            Checkpoint::Move => "PRAGMA wal_checkpoint(PASSIVE)",
            Checkpoint::Cut | Checkpoint::CutPatiently => "PRAGMA wal_checkpoint(TRUNCATE)",
        };
        let wait = if wanted == Checkpoint::CutPatiently { CHECKPOINT_WAIT } else { Duration::ZERO };
        self.connection.busy_timeout(wait)?;
        let outcome = self.connection.query_row(sql, [], is_whole);
        self.connection.busy_timeout(BUSY_WAIT)?;
        outcome
    }

    /// Moves a WAL that has lost its name into the database, if nothing else is wrong.
    pub(crate) fn save_wal(&mut self) {
        if self.files.has_lost_only_the_wal() {
            match self.checkpoint(Checkpoint::Move) {
                Ok(true) => tracing::warn!("the content of the deleted WAL is in the database now"),
                outcome => tracing::error!(?outcome, "the content of the deleted WAL could not be saved"),
            }
        }
    }

    /// Moves the WAL into the database at the end, as far as readers allow. What they prevent stays in the WAL, where the next
    /// start finds it.
    ///
    /// # Errors
    ///
    /// If what was committed may not be in the files: one of them was moved, deleted or overwritten, or the WAL could not be
    /// moved.
    pub(crate) fn checkpoint_at_end(&mut self) -> Result<()> {
        let moved = self.checkpoint(Checkpoint::CutPatiently);
        self.check_files().map_err(|error| not_all_there(&error))?;
        match moved {
            Ok(true) => self.check_content().map_err(|error| not_all_there(&error)),
            Ok(false) => {
                tracing::info!("a program still reads the database; the next start moves the rest of the WAL");
                Ok(())
            }
            Err(error) => {
                let (failed, shown) = (self.failed(&error), self.database.path().display());
                let message = format!(
                    "stopped, but the WAL could not be moved into the database: {failed}; keep {shown}-wal beside it"
                );
                // Without space, what was committed stays in the WAL.
                let kind = if failed.kind() == ErrorKind::Full { ErrorKind::Full } else { ErrorKind::Store };
                Err(Error::new(kind, message))
            }
        }
    }

    /// Fails if the database's file, to which the whole WAL was moved, is not a database or is too short: another program has
    /// overwritten or cut it.
    ///
    /// SQLite opens the file once more, since this connection has its first page in memory. Never read it directly: see
    /// [`super::header`].
    fn check_content(&self) -> Result<()> {
        let database = &self.database;
        let fail = |error| open_error(database, &error);
        database.open_beside_writer(BUSY_WAIT)?;
        let number = |name| self.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(fail);
        let (wanted, found) = (number("page_count")? * number("page_size")?, database.sizes().database);
        if found < wanted.unsigned_abs() {
            let message = format!("{} was cut to {found} of {wanted} bytes", database.path().display());
            return Err(Error::new(ErrorKind::Store, message));
        }
        Ok(())
    }
}

/// Whether no reader was in the way, and all of the WAL's pages were moved.
fn is_whole(row: &Row<'_>) -> rusqlite::Result<bool> {
    let (busy, pages, moved): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(busy == 0 && pages == moved)
}

fn not_all_there(error: &Error) -> Error {
    let message = format!(
        "stopped, but not all that was acknowledged may be stored: {error}; run `healthsink check` on the database, and send or \
         import again what is missing"
    );
    Error::new(ErrorKind::Store, message)
}
