//! Samples that a complete export no longer has: they were deleted on the phone. They stay, marked, and count in no figure.
//!
//! A wrong mark would cost steps of a total, so a row is marked only if all of these hold:
//!
//! - The export was read to its end without an error or a reject, has its date, and no later one was imported before.
//! - An earlier export had the row too, and Apple's Health had received it before the present export was made.
//! - The present export has an earlier and a later row of its type and source: so neither is left out of the export.
//! - Of the rows of that type and source between these, few are missing: else the export is one of a part.
//!
//! A row that comes again loses its mark.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::changes::{ChangeKey, Changes};
use super::ids::Ids;
use super::ledger::UploadKey;
use super::marks::UNMARK;
use super::merge::Import;
use crate::model::error::Result;
use crate::model::limits::{MISSING_ROWS_MIN, MISSING_SHARE_PERCENT_MAX, MISSING_SOURCES_MAX};
use crate::store::Store;

/// Numbered rows of a type. Rows without a number were in no export.
const ROWS: &str = "SELECT start_ms, import_number, source_id, creation_ms, end_ms, uuid FROM samples
    WHERE person_id = ?1 AND type_id = ?2 AND import_number IS NOT NULL ORDER BY start_ms";

const TYPES: &str = "SELECT DISTINCT type_id FROM sample_origins WHERE person_id = ?1";

const HAS_LATER: &str = "SELECT 1 FROM uploads WHERE person_id = ?1 AND id <> ?2 AND origin = 'import' AND state = 'done' AND export_ms > ?3";

const IS_MARKED: &str =
    "SELECT 1 FROM missing_samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4";

const MARK: &str =
    "INSERT INTO missing_samples (person_id, type_id, start_ms, uuid, missing_since_ms) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT DO NOTHING";

const MARKED: &str = "SELECT m.type_id, m.start_ms, m.uuid, s.end_ms, s.import_number FROM missing_samples m
    JOIN samples s USING (person_id, type_id, start_ms, uuid) WHERE m.person_id = ?1";

/// A complete export that was read to its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WholeExport {
    pub(crate) upload: UploadKey,
    pub(crate) export_ms: i64,
    pub(crate) now_ms: i64,
}

impl Store {
    /// Removes the marks of rows that an export has claimed. Returns the types of which rows may be missing: none if that cannot
    /// be sure.
    pub(crate) fn begin_missing(&mut self, export: WholeExport) -> Result<Vec<i64>> {
        let Self { connection, ids, .. } = self;
        begin(connection, ids, export).map_err(|error| self.failed(&error))
    }

    /// Marks the rows of a type that the export no longer has.
    pub(crate) fn mark_missing(&mut self, export: WholeExport, kind: i64) -> Result<()> {
        let Self { connection, ids, .. } = self;
        mark(connection, ids, export, kind).map_err(|error| self.failed(&error))
    }
}

fn begin(connection: &Connection, ids: &mut Ids, export: WholeExport) -> rusqlite::Result<Vec<i64>> {
    let WholeExport { upload: UploadKey { id, person }, export_ms, .. } = export;
    let Ids { merge, changes, .. } = ids;
    if !merge.import.is_whole(id) || connection.prepare_cached(HAS_LATER)?.exists([person, id, export_ms])? {
        return Ok(Vec::new());
    }
    unmark_claimed(connection, &merge.import, changes, person)?;
    if merge.import.has_claimed_all() {
        return Ok(Vec::new());
    }
    connection.prepare_cached(TYPES)?.query_map([person], |row| row.get(0))?.collect()
}

fn unmark_claimed(
    connection: &Connection,
    import: &Import,
    changes: &mut Changes,
    person: i64,
) -> rusqlite::Result<()> {
    let mut select = connection.prepare_cached(MARKED)?;
    let mut rows = select.query([person])?;
    while let Some(row) = rows.next()? {
        let (kind, start_ms, uuid): (i64, i64, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if import.has_claimed(row.get(4)?) {
            connection.prepare_cached(UNMARK)?.execute(params![person, kind, start_ms, uuid])?;
            changes.note_replaced(ChangeKey::of_samples((person, kind)), start_ms, row.get(3)?);
        }
    }
    Ok(())
}

/// What the export has of a source, by its name.
#[derive(Clone, Copy, Debug, Default)]
struct Covered {
    /// Starts of the first and of the last row that the export has.
    span: Option<(i64, i64)>,
    present: u64,
    /// Rows between two that the export has, and those behind the last one so far.
    missing: u64,
    open: u64,
}

impl Covered {
    /// Whether what is missing was deleted.
    fn is_sure(&self) -> bool {
        let share = self.present.saturating_mul(MISSING_SHARE_PERCENT_MAX) / 100;
        self.missing > 0 && self.missing <= share.max(MISSING_ROWS_MIN)
    }
}

/// Sources by their ids: versions of one have its name.
#[derive(Debug, Default)]
struct Sources {
    by_id: HashMap<Option<i64>, usize, RandomState>,
    by_name: HashMap<String, usize, RandomState>,
    covered: Vec<Covered>,
}

impl Sources {
    fn of(&mut self, connection: &Connection, id: Option<i64>) -> rusqlite::Result<&mut Covered> {
        let place = match self.by_id.get(&id) {
            Some(place) => *place,
            None => {
                let mut select = connection.prepare_cached("SELECT name FROM sources WHERE id = ?1")?;
                let read = |row: &Row<'_>| Ok(row.get_ref(0)?.as_str().unwrap_or_default().to_owned());
                let name = select.query_row([id], read).optional()?.unwrap_or_default();
                let next = self.covered.len();
                let place = *self.by_name.entry(name).or_insert(next);
                if place == next {
                    self.covered.push(Covered::default());
                }
                self.by_id.insert(id, place);
                place
            }
        };
        Ok(&mut self.covered[place])
    }
}

/// A row that an earlier export had.
struct Numbered {
    start_ms: i64,
    is_present: bool,
    source: Option<i64>,
    /// Whether it may be missing: it was there when the export was made.
    is_old: bool,
}

fn numbered(row: &Row<'_>, import: &Import, export_ms: i64) -> rusqlite::Result<Numbered> {
    let number: i64 = row.get(1)?;
    let creation_ms: Option<i64> = row.get(3)?;
    Ok(Numbered {
        start_ms: row.get(0)?,
        // Another program may import beside this one.
        is_present: import.has_claimed(Some(number)),
        source: row.get(2)?,
        is_old: import.is_earlier(number) && creation_ms.is_some_and(|creation_ms| creation_ms < export_ms),
    })
}

fn mark(connection: &Connection, ids: &mut Ids, export: WholeExport, kind: i64) -> rusqlite::Result<()> {
    let WholeExport { upload: UploadKey { person, .. }, export_ms, now_ms } = export;
    let Ids { merge, changes, .. } = ids;
    let mut sources = Sources::default();
    if !survey(connection, &merge.import, export, kind, &mut sources)? {
        return Ok(());
    }
    let mut select = connection.prepare_cached(ROWS)?;
    let mut rows = select.query([person, kind])?;
    while let Some(row) = rows.next()? {
        let Numbered { start_ms, is_present, source, is_old } = numbered(row, &merge.import, export_ms)?;
        let covered = sources.of(connection, source)?;
        let is_within = covered.span.is_some_and(|(from_ms, to_ms)| (from_ms..=to_ms).contains(&start_ms));
        if is_old && !is_present && is_within && covered.is_sure() {
            let uuid: Vec<u8> = row.get(5)?;
            if connection.prepare_cached(MARK)?.execute(params![person, kind, start_ms, uuid, now_ms])? > 0 {
                merge.has_marks = true;
                changes.note_replaced(ChangeKey::of_samples((person, kind)), start_ms, row.get(4)?);
            }
        }
    }
    Ok(())
}

/// Counts what the export has of each source, and what it lacks. Returns whether anything is surely missing.
fn survey(
    connection: &Connection,
    import: &Import,
    export: WholeExport,
    kind: i64,
    sources: &mut Sources,
) -> rusqlite::Result<bool> {
    let person = export.upload.person;
    let is_marked = |start_ms: i64, row: &Row<'_>| -> rusqlite::Result<bool> {
        let uuid: Vec<u8> = row.get(5)?;
        connection.prepare_cached(IS_MARKED)?.exists(params![person, kind, start_ms, uuid])
    };
    let mut select = connection.prepare_cached(ROWS)?;
    let mut rows = select.query([person, kind])?;
    while let Some(row) = rows.next()? {
        let Numbered { start_ms, is_present, source, is_old } = numbered(row, import, export.export_ms)?;
        if sources.by_id.len() > MISSING_SOURCES_MAX {
            return Ok(false);
        }
        let covered = sources.of(connection, source)?;
        if is_present {
            covered.present += 1;
            covered.missing += std::mem::take(&mut covered.open);
            covered.span = Some((covered.span.map_or(start_ms, |span| span.0), start_ms));
        } else if is_old && covered.span.is_some() && !is_marked(start_ms, row)? {
            covered.open += 1;
        }
    }
    Ok(sources.covered.iter().any(Covered::is_sure))
}
