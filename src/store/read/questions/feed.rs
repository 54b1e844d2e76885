//! What has changed for a person since a moment, for those that follow: names of types, whether figures are ready, uploads.

use rusqlite::{OptionalExtension, params};

use super::range::{is_stale, person};
use super::reader::{Snapshot, Unanswered};
use crate::model::healthkit::name_of;
use crate::model::limits::{EVENT_TYPES_BYTES_MAX, EVENT_TYPES_MAX, LEDGER_RECENT_ROWS};
use crate::store::tables::{ChangeKind, RowKind};

/// What a follower has seen.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Seen {
    /// The last change; 0 if none.
    pub change: i64,
    /// The last upload; 0 if none.
    pub upload: i64,
    /// Uploads that were under way.
    pub running: Vec<i64>,
}

/// What has changed since.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Feed {
    /// The last change; 0 if none.
    pub change: i64,
    /// Whether derived figures do not know it yet.
    pub is_stale: bool,
    /// The types, and the tables of rows without a type, that have changed. `None` if that may be any.
    pub types: Option<Vec<String>>,
    /// Uploads and imports under way, and those that have ended since.
    pub uploads: Vec<FeedUpload>,
    /// The last upload; 0 if none.
    pub last_upload: i64,
}

/// An upload or an import.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FeedUpload {
    /// Its number in the ledger.
    pub id: i64,
    /// How it is.
    pub state: FeedState,
    /// Records so far.
    pub records: i64,
    /// Bytes of its body; known at its end.
    pub bytes: Option<i64>,
}

/// How an upload is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FeedState {
    /// Under way.
    Running,
    /// Everything is stored.
    Done,
    /// It ended early.
    Failed,
}

impl Snapshot<'_> {
    /// Returns what has changed for a person.
    ///
    /// # Errors
    ///
    /// If the person is unknown, or the database cannot be read.
    pub fn feed(&self, name: &str, seen: &Seen) -> Result<Feed, Unanswered> {
        let person = person(self, name)?;
        let sql = "SELECT number FROM changes WHERE person_id = ?1 ORDER BY number DESC LIMIT 1";
        let change: Option<i64> =
            self.connection.prepare_cached(sql)?.query_row([person], |row| row.get(0)).optional()?;
        let change = change.unwrap_or(0);
        // After an older copy is restored, numbers begin again.
        let types = if change < seen.change { None } else { self.changed_types(person, seen.change)? };
        let last_upload: Option<i64> =
            self.connection.prepare_cached("SELECT max(id) FROM uploads")?.query_row([], |row| row.get(0))?;
        let uploads = self.followed_uploads(person, seen)?;
        Ok(Feed { change, is_stale: is_stale(self, person)?, types, uploads, last_upload: last_upload.unwrap_or(0) })
    }

    fn changed_types(&self, person: i64, since: i64) -> Result<Option<Vec<String>>, Unanswered> {
        let sql = "SELECT DISTINCT c.kind, t.name FROM changes c LEFT JOIN types t ON t.id = c.type_id
            WHERE c.number > ?2 AND c.person_id = ?1 LIMIT ?3";
        let mut select = self.connection.prepare_cached(sql)?;
        let mut rows = select.query(params![person, since, EVENT_TYPES_MAX as i64 + 1])?;
        let (mut types, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let (kind, name) = (ChangeKind::of(row.get_ref(0)?.as_str()?), row.get_ref(1)?.as_str_or_null()?);
            bytes += name.unwrap_or(kind.text()).len();
            let is_much = types.len() == EVENT_TYPES_MAX || bytes > EVENT_TYPES_BYTES_MAX;
            let is_any = match kind {
                ChangeKind::Rules | ChangeKind::Everything => true,
                ChangeKind::Rows(rows) => rows == RowKind::Samples && name.is_none(),
            };
            if is_any || is_much {
                return Ok(None);
            }
            types.push(name.map_or_else(|| kind.text().to_owned(), name_of));
        }
        Ok(Some(types))
    }

    fn followed_uploads(&self, person: i64, seen: &Seen) -> Result<Vec<FeedUpload>, Unanswered> {
        let since = seen.running.iter().copied().min().unwrap_or(i64::MAX).min(seen.upload.saturating_add(1));
        let sql = "SELECT id, state, measurements + medications + workouts + other, body_bytes FROM uploads
            WHERE id > (SELECT max(id) FROM uploads) - ?2 AND person_id = ?1 AND origin IN ('http', 'import')
            AND (state = 'running' OR id >= ?3) ORDER BY id";
        let mut select = self.connection.prepare_cached(sql)?;
        let mut rows = select.query(params![person, LEDGER_RECENT_ROWS, since])?;
        let mut uploads = Vec::new();
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            let state = match row.get_ref(1)?.as_str()? {
                "running" => FeedState::Running,
                "done" => FeedState::Done,
                _ => FeedState::Failed,
            };
            if state == FeedState::Running || id > seen.upload || seen.running.contains(&id) {
                let bytes = (state != FeedState::Running).then(|| row.get(3)).transpose()?;
                uploads.push(FeedUpload { id, state, records: row.get(2)?, bytes });
            }
        }
        Ok(uploads)
    }
}
