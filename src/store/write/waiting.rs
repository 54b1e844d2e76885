//! Records that wait for the end of their document, because many rows begin in their second. Records of one second then stand
//! beside each other, whatever their order in the file, and that second is read once.
//!
//! They are in a database without a name beside the health data, so any number takes little memory, and nothing of it stays. A
//! record that waits is neither stored nor counted.

use std::fs;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, ffi, params};

use super::lent;
use super::merge::{SampleKey, Turn};
use super::sql_value::SqlValue;
use crate::model::batch::Batch;
use crate::model::limits::{BATCH_ROWS_MAX, WAITING_CACHE_BYTES};
use crate::model::record::Uuid;
use crate::model::text::TextId;
use crate::store::database::Database;
use crate::store::files::suffixed;
use crate::store::open::set_page_cache;
use crate::store::private;

/// Stands for the type and the second of samples, or the type and the start of correlations.
pub(super) type Place = [u8; 16];

/// The columns of a record behind its upload and its place.
pub(super) const COLUMNS: usize = 12;

/// `lists` is for the stored rows of the second that is matched: see `merge::crowd`. `counts` is for figures: see `recount`.
const TABLES: &str = "
    CREATE TABLE waiting (
      id INTEGER PRIMARY KEY, upload INTEGER NOT NULL, place BLOB NOT NULL, type_id INTEGER, type TEXT, start_ms INTEGER,
      uuid BLOB, end_ms INTEGER, value REAL, unit_id INTEGER, source_id INTEGER, metadata TEXT, other TEXT,
      creation_ms INTEGER, members TEXT, size REAL NOT NULL) STRICT;
    CREATE INDEX waiting_place ON waiting (upload, place, size, id);
    CREATE TABLE lists (
      list INTEGER, size REAL, content INTEGER, start_ms INTEGER, uuid BLOB,
      PRIMARY KEY (list, size, content, start_ms, uuid)) STRICT, WITHOUT ROWID;
    CREATE TABLE counts (
      upload INTEGER, thing BLOB, count INTEGER NOT NULL, PRIMARY KEY (upload, thing)) STRICT, WITHOUT ROWID;";

const COUNT: &str = "INSERT INTO counts (upload, thing, count) VALUES (?1, ?2, 1)
    ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count";

const INSERT: &str =
    "INSERT INTO waiting (upload, place, size, type_id, type, start_ms, uuid, end_ms, value, unit_id, source_id, metadata, other,
      creation_ms, members)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";

const NEXT_PLACE: &str = "SELECT place FROM waiting WHERE upload = ?1 AND place > ?2 ORDER BY place LIMIT 1";

const OF_PLACE: &str =
    "SELECT id, uuid, start_ms, end_ms, value, type_id, unit_id, source_id, creation_ms, type, metadata, other, members,
      size
    FROM waiting WHERE upload = ?1 AND place = ?2 AND (size, id) > (?3, ?4) ORDER BY size, id";

/// Size and id before those of all records.
const BEFORE_ALL: (f64, i64) = (f64::NEG_INFINITY, i64::MIN);

/// The records of all uploads that wait.
#[derive(Debug)]
pub(in crate::store) struct Waiting {
    /// Where the database of what waits is; `None` if SQLite chooses that.
    beside: Option<Database>,
    scratch: Option<Connection>,
    /// Uploads with records that wait.
    uploads: Vec<i64>,
    at: Option<At>,
}

/// Where the records of an upload are matched.
#[derive(Clone, Copy, Debug)]
struct At {
    upload: i64,
    place: Place,
    /// `None` after the last turn.
    turn: Option<Turn>,
    /// Size and id of the last record that had this turn.
    last: (f64, i64),
}

/// Some records of one place that have a turn.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) place: Place,
    pub(super) turn: Turn,
    pub(super) records: Vec<WaitingRecord>,
}

/// A sample or a correlation that waits. Its texts are in a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct WaitingRecord {
    pub(super) id: i64,
    /// Records of one place have their turns in the order of their sizes.
    pub(super) size: f64,
    pub(super) uuid: Uuid,
    pub(super) start_ms: i64,
    pub(super) end_ms: Option<i64>,
    pub(super) value: Option<f64>,
    pub(super) type_id: Option<i64>,
    pub(super) unit: Option<i64>,
    pub(super) source: Option<i64>,
    pub(super) creation_ms: Option<i64>,
    /// The name of a correlation's type.
    pub(super) kind: Option<TextId>,
    pub(super) metadata: Option<TextId>,
    pub(super) other: Option<TextId>,
    pub(super) members: Option<TextId>,
}

impl Waiting {
    pub(in crate::store) fn of(database: &Database) -> Self {
        Self { beside: Some(database.clone()), scratch: None, uploads: Vec::new(), at: None }
    }

    /// Records that wait beside no database.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn beside_nothing() -> Self {
        Self { beside: None, scratch: None, uploads: Vec::new(), at: None }
    }

    /// Whether records of an upload wait.
    pub(in crate::store) fn has(&self, upload: i64) -> bool {
        self.uploads.contains(&upload)
    }

    /// Makes a record wait.
    pub(super) fn add(
        &mut self,
        upload: i64,
        place: Place,
        size: f64,
        record: [SqlValue<'_>; COLUMNS],
    ) -> rusqlite::Result<()> {
        self.open_for(upload)?;
        let row = [SqlValue::Integer(upload), SqlValue::Uuid(place), SqlValue::Real(size)].into_iter().chain(record);
        lent::execute(self.scratch()?, INSERT, row).map(|_| ())
    }

    /// Makes the database of what waits, for the lists that an upload needs until the end of its document.
    pub(super) fn open_for(&mut self, upload: i64) -> rusqlite::Result<()> {
        if self.scratch.is_none() {
            self.begin()?;
        }
        if !self.has(upload) {
            self.uploads.push(upload);
        }
        Ok(())
    }

    /// Makes the database of what waits.
    pub(super) fn begin(&mut self) -> rusqlite::Result<()> {
        let opened = self.beside.as_ref().map_or_else(|| Connection::open(""), create)?;
        self.scratch = Some(fill(opened)?);
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn scratch_mut(&mut self) -> &mut Connection {
        self.scratch.as_mut().unwrap()
    }

    /// The database of what waits.
    pub(super) fn scratch(&self) -> rusqlite::Result<&Connection> {
        // After an error SQLite may have undone all.
        let scratch = self.scratch.as_ref().filter(|scratch| !scratch.is_autocommit());
        scratch.ok_or_else(|| failure("what waited beside the database is lost"))
    }

    /// Counts a thing of an upload's document. Returns 1 for the first.
    pub(super) fn count(&self, upload: i64, thing: &Place) -> rusqlite::Result<u32> {
        let mut count = self.scratch()?.prepare_cached(COUNT)?;
        count.query_row(params![upload, &thing[..]], |row| row.get(0))
    }

    /// Removes a record that is stored now, unless it would have no other turn.
    pub(super) fn remove(&self, id: i64, turn: Turn) -> rusqlite::Result<()> {
        if turn == Turn::Rest {
            return Ok(());
        }
        self.scratch()?.prepare_cached("DELETE FROM waiting WHERE id = ?1")?.execute([id]).map(|_| ())
    }

    /// The next records of an upload, as many as fit into an empty batch. A record has three turns, unless it is removed. Returns
    /// nothing if all have had them.
    pub(super) fn next(&mut self, upload: i64, batch: &mut Batch) -> rusqlite::Result<Option<Group>> {
        loop {
            let at = match self.at {
                Some(at) if at.upload == upload && at.turn.is_some() => at,
                last => {
                    let last = last.filter(|last| last.upload == upload).map_or(Place::default(), |last| last.place);
                    let Some(place) = self.next_place(upload, &last)? else {
                        return Ok(None);
                    };
                    At { upload, place, turn: Some(Turn::Settled), last: BEFORE_ALL }
                }
            };
            let records = self.read(&at, batch)?;
            let last = records.last().map(|record| (record.size, record.id));
            self.at =
                Some(last.map_or(At { turn: at.turn.and_then(Turn::next), last: BEFORE_ALL, ..at }, |last| At {
                    last,
                    ..at
                }));
            if let Some(turn) = at.turn.filter(|_| !records.is_empty()) {
                return Ok(Some(Group { place: at.place, turn, records }));
            }
        }
    }

    /// Ends the turn that the last records have: no other ones have a row in it.
    pub(super) fn end_turn(&mut self) {
        self.at = self.at.map(|at| At { last: (f64::INFINITY, i64::MAX), ..at });
    }

    fn next_place(&self, upload: i64, last: &Place) -> rusqlite::Result<Option<Place>> {
        let mut select = self.scratch()?.prepare_cached(NEXT_PLACE)?;
        select.query_row(params![upload, &last[..]], |row| row.get(0)).optional()
    }

    fn read(&self, at: &At, batch: &mut Batch) -> rusqlite::Result<Vec<WaitingRecord>> {
        let mut records = Vec::new();
        let mut select = self.scratch()?.prepare_cached(OF_PLACE)?;
        let mut rows = select.query(params![at.upload, &at.place[..], at.last.0, at.last.1])?;
        while records.len() < BATCH_ROWS_MAX
            && !batch.is_full()
            && let Some(row) = rows.next()?
        {
            records.push(record(row, batch)?);
        }
        Ok(records)
    }

    /// Writes what waits to the disk. If it fails, the next statement also fails.
    pub(super) fn free_memory(&self) {
        if let Some(scratch) = &self.scratch {
            let _ = scratch.cache_flush().and_then(|()| scratch.release_memory());
        }
    }

    /// Forgets an upload.
    pub(in crate::store) fn end(&mut self, upload: i64) {
        self.uploads.retain(|other| *other != upload);
        self.at = self.at.filter(|at| at.upload != upload);
        if self.uploads.is_empty() {
            self.scratch = None;
        } else if let Ok(scratch) = self.scratch() {
            // If it fails, the next statement of another upload also fails.
            let _ = scratch.execute("DELETE FROM waiting WHERE upload = ?1", [upload]);
            let _ = scratch.execute("DELETE FROM counts WHERE upload = ?1", [upload]);
        }
    }
}

impl WaitingRecord {
    /// The fields of a sample that identify it.
    pub(super) fn key(&self) -> SampleKey {
        let &Self { start_ms, end_ms, value, type_id, unit, source, .. } = self;
        SampleKey { kind: type_id.unwrap_or_default(), start_ms, end_ms, value, unit, source }
    }
}

fn record(row: &Row<'_>, batch: &mut Batch) -> rusqlite::Result<WaitingRecord> {
    let mut text = |place: usize| -> rusqlite::Result<Option<TextId>> {
        Ok(row.get_ref(place)?.as_str_or_null()?.map(|text| batch.texts.intern(text)))
    };
    let [kind, metadata, other, members] = [text(9)?, text(10)?, text(11)?, text(12)?];
    Ok(WaitingRecord {
        id: row.get(0)?,
        size: row.get(13)?,
        uuid: row.get(1)?,
        start_ms: row.get(2)?,
        end_ms: row.get(3)?,
        value: row.get(4)?,
        type_id: row.get(5)?,
        unit: row.get(6)?,
        source: row.get(7)?,
        creation_ms: row.get(8)?,
        kind,
        metadata,
        other,
        members,
    })
}

/// Makes an empty database beside another one. Its file loses its name at once.
fn create(database: &Database) -> rusqlite::Result<Connection> {
    static FILES: AtomicU64 = AtomicU64::new(0);
    let number = FILES.fetch_add(1, Ordering::Relaxed);
    let path = suffixed(database.path(), format!("-waiting-{}-{number}", std::process::id()));
    let unwritable = |error: io::Error| failure(&format!("cannot keep records beside the database: {error}"));
    private::create_new(&path).map_err(unwritable)?;
    let opened =
        Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX);
    let removed = fs::remove_file(&path);
    let scratch = opened?;
    removed.map_err(unwritable)?;
    Ok(scratch)
}

/// Makes the tables. The only transaction never ends: pages are written when they do not fit into memory.
fn fill(scratch: Connection) -> rusqlite::Result<Connection> {
    scratch.pragma_update(None, "journal_mode", "OFF")?;
    scratch.pragma_update(None, "synchronous", "OFF")?;
    scratch.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    set_page_cache(&scratch, WAITING_CACHE_BYTES)?;
    scratch.execute_batch("BEGIN EXCLUSIVE")?;
    scratch.execute_batch(TABLES)?;
    Ok(scratch)
}

fn failure(message: &str) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR), Some(message.to_owned()))
}
