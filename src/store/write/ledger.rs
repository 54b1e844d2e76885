//! The ledger: one row in `uploads` for each ingest from its start, with counts that are true at every commit.

use std::sync::LazyLock;

use rusqlite::{Connection, OptionalExtension, named_params};

use crate::model::counts::Counts;
use crate::model::envelope::Envelope;
use crate::model::error::{Error, ErrorKind, Result};
use crate::store::Store;
use crate::store::clock::now_ms;
use crate::store::tables::TableName;

/// The person if no other is named: `me`.
pub(in crate::store) const PERSON_ME: i64 = 1;

/// An upload in the ledger, and the person whose records it brings.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct UploadKey {
    pub(crate) id: i64,
    pub(crate) person: i64,
}

/// The origin of an ingest.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The way it arrives.
    pub kind: OriginKind,
    /// The client's address, or the file's name.
    pub sender: String,
    /// The person whose records it brings; `me` by default.
    pub person: Option<String>,
    /// The number of the token that it was sent with.
    pub token: Option<i64>,
}

/// The way an ingest arrives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OriginKind {
    /// A POST request.
    Http,
    /// The command `import`.
    Import,
    /// The command `people merge`: the rows are those of the person whose name is the sender.
    Merge,
    /// The command `forget`: it brings nothing, and removes rows.
    Forget,
}

impl OriginKind {
    /// Returns the text in the ledger.
    pub(in crate::store) fn text(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Import => "import",
            Self::Merge => "merge",
            Self::Forget => "forget",
        }
    }
}

/// How an ingest ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UploadState {
    /// Read to its end.
    Done,
    /// The input was invalid, or ended early.
    Aborted,
    /// Its user stopped it.
    Interrupted,
    /// The input is of another shape. Unless records or rejects of it are stored, it leaves the ledger.
    Foreign {
        /// The last of `Store::last_other` before it.
        others_before: i64,
    },
}

/// What is known of an ingest at its end.
#[derive(Clone, Debug)]
pub struct UploadEnd {
    /// How it ended.
    pub state: UploadState,
    /// The present time; `None` if it was interrupted.
    pub finished_ms: Option<i64>,
    /// Bytes of the body that were read, after decompression.
    pub body_bytes: u64,
    /// The payload's envelope, as far as it was read.
    pub envelope: Envelope,
    /// Why it was aborted.
    pub error: Option<String>,
}

/// Returns the id of a person. Adds a new person.
pub(in crate::store) fn person_id(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.execute("INSERT INTO persons (name) VALUES (?1) ON CONFLICT DO NOTHING", [name])?;
    connection.query_row("SELECT id FROM persons WHERE name = ?1", [name], |row| row.get(0))
}

/// Tables that the counts of an upload leave out, in part or as a whole. Their rowids have no gaps, since what deletes rows closes
/// them. So the last rowid is the number of rows: the ledger notes the sum of these.
pub(in crate::store) const SIDE_TABLES: [TableName; 8] = [
    TableName::Persons,
    TableName::Tokens,
    TableName::MergedSamples,
    TableName::WorkoutAliases,
    TableName::WorkoutIdentities,
    TableName::BeatLists,
    TableName::Characteristics,
    TableName::OtherRecords,
];

/// The sum of the last rowids of [`SIDE_TABLES`], in SQL. Each costs one look-up.
pub(in crate::store) fn side_rows() -> String {
    let sum = SIDE_TABLES.map(|table| format!("(SELECT coalesce(max(rowid), 0) FROM {table})")).join(" + ");
    format!("({sum})")
}

/// Whether nothing would show that an upload has left: no number behind its own is used, and no commit counted its side rows.
static MAY_LEAVE: LazyLock<String> = LazyLock::new(|| {
    let side_rows = side_rows();
    format!(
        "SELECT NOT EXISTS (SELECT 1 FROM uploads WHERE id > ?2)
           AND NOT EXISTS (SELECT 1 FROM other_records WHERE rowid > ?1 AND upload_id <> ?2)
           AND (SELECT coalesce(max(side_rows), 0) FROM uploads WHERE id <> ?2)
             <= {side_rows} - (SELECT count(*) FROM other_records WHERE rowid > ?1)"
    )
});

/// Enters counts.
static RECORD_PROGRESS: LazyLock<String> = LazyLock::new(|| {
    let side_rows = side_rows();
    format!(
        "UPDATE uploads SET state = 'running', measurements = :measurements, medications = :medications,
        workouts = :workouts, other = :other, route_points = :route_points, new = :new, updated = :updated,
        unchanged = :unchanged, merged = :merged, rejected = :rejected, side_rows = {side_rows} WHERE id = :id"
    )
});

impl Store {
    /// Enters an ingest into the ledger. Fails with [`ErrorKind::Revoked`] before it writes if the token was revoked while the ingest
    /// waited: data may just have been forgotten.
    pub(crate) fn start_upload(&mut self, origin: &Origin, started_ms: i64) -> Result<UploadKey> {
        let sql = "INSERT INTO uploads (person_id, state, origin, sender, token_id, started_ms)
            VALUES (?1, 'running', ?2, ?3, ?4, ?5)";
        let insert = |connection: &Connection| {
            let person = match (origin.token, &origin.person) {
                // Its person may have got another name since it was looked up.
                (Some(token), _) => {
                    let mut select = connection
                        .prepare_cached("SELECT person_id FROM tokens WHERE id = ?1 AND revoked_ms IS NULL")?;
                    match select.query_row([token], |row| row.get(0)).optional()? {
                        Some(person) => person,
                        None => return Ok(None),
                    }
                }
                (None, Some(name)) => person_id(connection, name)?,
                (None, None) => PERSON_ME,
            };
            let row = (person, origin.kind.text(), &origin.sender, origin.token, started_ms);
            let id = connection.prepare_cached(sql)?.insert(row)?;
            if let Some(token) = origin.token {
                self.note_use(token, started_ms)?;
            }
            Ok(Some(UploadKey { id, person }))
        };
        let key = insert(&self.connection).map_err(|error| self.failed(&error))?;
        let key = key.ok_or_else(|| Error::new(ErrorKind::Revoked, "the token was revoked before the upload began"))?;
        self.running.begin(key.id);
        Ok(key)
    }

    /// Sets the counts of an ingest under way.
    pub(crate) fn record_progress(&mut self, upload: i64, counts: &Counts) -> Result<()> {
        let sql = &*RECORD_PROGRESS;
        let update = |connection: &Connection| {
            connection.prepare_cached(sql)?.execute(named_params! {
                ":id": upload,
                ":measurements": signed(counts.measurements),
                ":medications": signed(counts.medications),
                ":workouts": signed(counts.workouts),
                ":other": signed(counts.other),
                ":route_points": signed(counts.route_points),
                ":new": signed(counts.new),
                ":updated": signed(counts.updated),
                ":unchanged": signed(counts.unchanged),
                ":merged": signed(counts.merged),
                ":rejected": signed(counts.rejected),
            })
        };
        update(&self.connection).map(|_| ()).map_err(|error| self.failed(&error))
    }

    /// The number of the record that was stored last in the table of other records: later ones have greater numbers.
    pub(crate) fn last_other(&mut self) -> Result<i64> {
        let sql = "SELECT coalesce(max(rowid), 0) FROM other_records";
        let select = |connection: &Connection| connection.prepare_cached(sql)?.query_row([], |row| row.get(0));
        select(&self.connection).map_err(|error| self.failed(&error))
    }

    /// Removes an upload that has brought nothing but values beside its records. Returns `false` if it has to stay: another one
    /// began meanwhile, and numbers without a gap show that none is lost.
    fn delete_upload(&mut self, upload: i64, others_before: i64) -> Result<bool> {
        let delete = |connection: &Connection| {
            let keys = [others_before, upload];
            if !connection.prepare_cached(&MAY_LEAVE)?.query_row(keys, |row| row.get(0))? {
                return Ok(false);
            }
            let sql = "DELETE FROM other_records WHERE rowid > ?1 AND upload_id = ?2";
            connection.prepare_cached(sql)?.execute(keys)?;
            connection.prepare_cached("DELETE FROM uploads WHERE id = ?1")?.execute([upload])?;
            Ok(true)
        };
        delete(&self.connection).map_err(|error| self.failed(&error))
    }

    /// Enters the end of an ingest.
    pub(crate) fn finish_upload(&mut self, upload: i64, end: &UploadEnd) -> Result<()> {
        let sql = "UPDATE uploads SET state = :state, finished_ms = :finished_ms, body_bytes = :body_bytes,
            export_ms = :export_ms, start_ms = :start_ms, end_ms = :end_ms, sync_source = :sync_source, error = :error
            WHERE id = :id";
        self.running.end(upload);
        // Before an upload of another shape leaves: its bytes count also.
        let ended_ms = end.finished_ms.unwrap_or_else(now_ms);
        self.count_use(upload, end, ended_ms).map_err(|error| self.failed(&error))?;
        let state = match end.state {
            UploadState::Done => "done",
            UploadState::Aborted => "aborted",
            UploadState::Interrupted => "interrupted",
            UploadState::Foreign { others_before } if self.delete_upload(upload, others_before)? => return Ok(()),
            UploadState::Foreign { .. } => "aborted",
        };
        let update = |connection: &Connection| {
            connection.prepare_cached(sql)?.execute(named_params! {
                ":id": upload,
                ":state": state,
                ":finished_ms": end.finished_ms,
                ":body_bytes": signed(end.body_bytes),
                ":export_ms": end.envelope.export_ms,
                ":start_ms": end.envelope.start_ms,
                ":end_ms": end.envelope.end_ms,
                ":sync_source": end.envelope.sync_source,
                ":error": end.error,
            })
        };
        self.ids.merge.workouts.end_import(upload);
        self.ids.claimed.end(upload);
        self.waiting.end(upload);
        update(&self.connection).map(|_| ()).map_err(|error| self.failed(&error))
    }
}

/// SQLite's integers are signed; no count comes near the limit.
pub(in crate::store) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
