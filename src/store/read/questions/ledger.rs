//! Uploads of a person in short: the last one that has ended, and whether one is under way.

use std::time::Duration;

use rusqlite::{OptionalExtension, params};

use super::range::person;
use super::reader::{Snapshot, Unanswered};
use crate::model::limits::{FIGURES_AWAITED, LEDGER_RECENT_ROWS};

/// The last upload or import of a person that has ended.
#[derive(Debug)]
pub(super) struct LastUpload {
    pub(super) ended_ms: Option<i64>,
    pub(super) state: String,
    pub(super) origin: String,
    pub(super) sync_source: Option<String>,
    pub(super) records: i64,
}

/// Among older rows, only the index of those that are done finds a person's.
const LAST: &str =
    "SELECT finished_ms, state, origin, sync_source, measurements + medications + workouts + other FROM (
      SELECT * FROM (SELECT * FROM uploads WHERE id > (SELECT max(id) FROM uploads) - ?2 AND person_id = ?1
        AND state <> 'running' AND origin IN ('http', 'import') ORDER BY id DESC LIMIT 1)
      UNION ALL
      SELECT * FROM (SELECT * FROM uploads WHERE person_id = ?1 AND origin = 'http' AND state = 'done'
        ORDER BY finished_ms DESC LIMIT 1)
      UNION ALL
      SELECT * FROM (SELECT * FROM uploads WHERE person_id = ?1 AND origin = 'import' AND state = 'done'
        ORDER BY finished_ms DESC LIMIT 1))
    ORDER BY finished_ms DESC LIMIT 1";

impl LastUpload {
    pub(super) fn of(snapshot: &Snapshot<'_>, person: i64) -> Result<Option<Self>, Unanswered> {
        let mut select = snapshot.connection.prepare_cached(LAST)?;
        let last = select.query_row(params![person, LEDGER_RECENT_ROWS], |row| {
            Ok(Self {
                ended_ms: row.get(0)?,
                state: row.get(1)?,
                origin: row.get(2)?,
                sync_source: row.get(3)?,
                records: row.get(4)?,
            })
        });
        Ok(last.optional()?)
    }
}

/// Whether an upload or an import of a person is under way.
pub(super) fn is_uploading(snapshot: &Snapshot<'_>, person: i64) -> Result<bool, Unanswered> {
    let sql = "SELECT 1 FROM uploads WHERE id > (SELECT max(id) FROM uploads) - ?2 AND person_id = ?1
        AND state = 'running' LIMIT 1";
    Ok(snapshot.connection.prepare_cached(sql)?.exists(params![person, LEDGER_RECENT_ROWS])?)
}

impl Snapshot<'_> {
    /// Returns a text that differs when a person's uploads begin or end.
    ///
    /// # Errors
    ///
    /// If the person is unknown, or the database cannot be read.
    pub fn uploads(&self, name: &str) -> Result<String, Unanswered> {
        let person = person(self, name)?;
        Ok(format!("{:?} {}", LastUpload::of(self, person)?, is_uploading(self, person)?))
    }

    /// Whether an upload of a person has just ended, so that its figures are soon there.
    ///
    /// # Errors
    ///
    /// If the person is unknown, or the database cannot be read.
    pub fn has_just_uploaded(&self, name: &str) -> Result<bool, Unanswered> {
        let ended_ms = LastUpload::of(self, person(self, name)?)?.and_then(|upload| upload.ended_ms);
        let is_recent = |ended_ms| Duration::from_millis(self.now_ms.abs_diff(ended_ms)) < FIGURES_AWAITED;
        Ok(ended_ms.is_some_and(is_recent))
    }
}
