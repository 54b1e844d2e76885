//! The write-ahead log on its way into the database. Readers keep it from being moved, or from being begun anew; nobody
//! waits for them but at the log's limit, for a moment, and at the program's end.

use rusqlite::{Connection, Row};

use super::Store;
use crate::model::limits::{BUSY_WAIT, CHECKPOINT_WAIT};

/// How much is wanted of a checkpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Checkpoint {
    /// Move what can be moved: the next commit begins the log anew, in the same file.
    Move,
    /// Give the log's space back, too.
    Cut,
    /// The same, and wait a moment for readers.
    CutPatiently,
}

impl Store {
    /// Moves the write-ahead log into the database, and waits for nobody unless that is wanted. Whether that was possible as wanted.
    pub(crate) fn checkpoint(&mut self, wanted: Checkpoint) -> rusqlite::Result<bool> {
        let sql = match wanted {
            Checkpoint::Move => "PRAGMA wal_checkpoint(PASSIVE)",
            Checkpoint::Cut | Checkpoint::CutPatiently => "PRAGMA wal_checkpoint(TRUNCATE)",
        };
        let wait = if wanted == Checkpoint::CutPatiently { CHECKPOINT_WAIT } else { std::time::Duration::ZERO };
        self.connection.busy_timeout(wait)?;
        let outcome = self.connection.query_row(sql, [], is_whole);
        self.connection.busy_timeout(BUSY_WAIT)?;
        outcome
    }

    /// Moves the write-ahead log into the database at the end, as far as readers allow.
    pub(crate) fn checkpoint_at_end(&mut self) {
        let last = |connection: &Connection| {
            // Someone who reads for long must not keep the program from ending.
            connection.busy_timeout(CHECKPOINT_WAIT)?;
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        };
        if let Err(error) = last(&self.connection) {
            tracing::warn!(%error, "could not move the write-ahead log into the database; the next start does it");
        }
    }
}

/// Whether nobody was in the way, and all of the log's pages were moved.
fn is_whole(row: &Row<'_>) -> rusqlite::Result<bool> {
    let (busy, pages, moved): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(busy == 0 && pages == moved)
}
