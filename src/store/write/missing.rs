//! Samples that a complete export no longer has: they were deleted on the phone. They stay, marked, and count in no figure.
//!
//! A wrong mark would cost steps of a total, so a row is marked only if all of these hold:
//!
//! - The export was read to its end without an error or a reject, and has its date. No other import may be as late: none has a later
//!   date or the same one, and one without a date was imported before this export was made.
//! - An earlier export had the row too, and Apple's Health had received it before the present export was made.
//! - The present export has rows of its type and source that an earlier export also had, one before it, one behind it, and the one
//!   that came last. So exports of two phones, whose sources have one name, mark nothing.
//! - Of the rows of that type and source between these, few are missing, also beside those that are there: else the export is one of a
//!   part. A row in whose place the export has another value was replaced, and may be one of many.
//!
//! A row that comes again loses its mark.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::changes::{ChangeKey, Changes};
use super::ids::Ids;
use super::ledger::{UploadKey, signed};
use super::marks::UNMARK;
use super::merge::Import;
use crate::model::counts::Counts;
use crate::model::error::Result;
use crate::model::limits::{
    MISSING_PRESENT_MIN, MISSING_REPLACEMENTS_MAX, MISSING_ROWS_MIN, MISSING_SHARE_PERCENT_MAX, MISSING_SOURCES_MAX,
};
use crate::store::Store;

/// Numbered rows of a type. Rows without a number were in no export.
const ROWS: &str = "SELECT start_ms, import_number, source_id, creation_ms, end_ms, value, uuid FROM samples
    WHERE person_id = ?1 AND type_id = ?2 AND import_number IS NOT NULL ORDER BY start_ms";

const TYPES: &str = "SELECT DISTINCT type_id FROM sample_origins WHERE person_id = ?1";

/// Imports that may be of a later export, or of the same one.
const MAY_BE_LATER: &str = "SELECT 1 FROM uploads WHERE person_id = ?1 AND id <> ?2 AND origin = 'import'
    AND (export_ms > ?3 OR export_ms = ?3 AND state = 'done' OR export_ms IS NULL AND measurements > 0 AND started_ms >= ?3)";

/// Imports that are of a later export. Only payloads have the other columns.
const IS_LATER: &str =
    "SELECT 1 FROM uploads WHERE person_id = ?1 AND id <> ?2 AND origin = 'import' AND export_ms > ?3
    AND start_ms IS NULL AND end_ms IS NULL AND sync_source IS NULL";

/// Rows with the start and end of an earlier one, and another value.
const REPLACEMENTS: &str =
    "SELECT import_number, source_id FROM samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3
    AND end_ms IS ?4 AND value IS NOT ?5 AND import_number > ?6 LIMIT ?7";

const MARK: &str =
    "INSERT INTO missing_samples (person_id, type_id, start_ms, uuid, missing_since_ms) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT DO NOTHING";

const MARKED: &str = "SELECT m.type_id, m.start_ms, m.uuid, s.end_ms, s.import_number FROM missing_samples m
    CROSS JOIN samples s USING (person_id, type_id, start_ms, uuid) WHERE m.person_id = ?1";

/// An import at its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EndedImport {
    pub(crate) upload: UploadKey,
    /// Whether it is all that Apple's Health had, read to its end.
    pub(crate) is_whole: bool,
    pub(crate) export_ms: Option<i64>,
    pub(crate) now_ms: i64,
}

impl Store {
    /// Whether an upload is the present import of an export.
    pub(crate) fn is_import(&self, upload: i64) -> bool {
        self.ids.merge.import.is_of(upload)
    }

    /// Removes the marks of rows that an import has claimed, unless a later export lacks them. Returns the types of which rows may be
    /// missing: none if that cannot be sure.
    pub(crate) fn begin_missing(&mut self, import: EndedImport) -> Result<Vec<i64>> {
        let Self { connection, ids, .. } = self;
        begin(connection, ids, import).map_err(|error| self.failed(&error))
    }

    /// Marks the rows of a type that the export no longer has. Returns how many it has marked.
    pub(crate) fn mark_missing(&mut self, import: EndedImport, kind: i64) -> Result<Counts> {
        let Some(export_ms) = import.export_ms else { return Ok(Counts::default()) };
        let Self { connection, ids, .. } = self;
        mark(connection, ids, (import, export_ms), kind).map_err(|error| self.failed(&error))
    }

    /// Removes the marks of a person's rows that the present import has claimed.
    pub(in crate::store) fn unmark_claimed(&mut self, person: i64) -> Result<()> {
        let Self { connection, ids: Ids { merge, changes, .. }, .. } = self;
        unmark_claimed(connection, &merge.import, changes, person).map_err(|error| self.failed(&error))
    }
}

pub(in crate::store) fn begin(
    connection: &Connection,
    ids: &mut Ids,
    import: EndedImport,
) -> rusqlite::Result<Vec<i64>> {
    let UploadKey { id, person } = import.upload;
    let Ids { merge, changes, .. } = ids;
    if !merge.import.is_of(id) {
        return Ok(Vec::new());
    }
    let exists = |sql: &str, export_ms: i64| connection.prepare_cached(sql)?.exists([person, id, export_ms]);
    let is_known_older = import.export_ms.map_or(Ok(false), |export_ms| exists(IS_LATER, export_ms))?;
    if merge.has_marks && !is_known_older {
        unmark_claimed(connection, &merge.import, changes, person)?;
    }
    let is_whole = import.is_whole && merge.import.is_whole(id) && !merge.import.has_claimed_all();
    let Some(export_ms) = import.export_ms.filter(|_| is_whole) else {
        return Ok(Vec::new());
    };
    if exists(MAY_BE_LATER, export_ms)? {
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

/// What the export has of a source, by its name. Rows that no earlier export had say nothing: they may be another phone's.
#[derive(Clone, Copy, Debug, Default)]
struct Covered {
    /// Starts of the first and of the last row that the export has.
    span: Option<(i64, i64)>,
    present: u64,
    /// Rows between two that the export has, and those behind the last one so far.
    missing: u64,
    open: u64,
    /// Rows in whose place the export has another value.
    replaced: u64,
    /// The number of the row that came last, and whether the export has it.
    newest: (i64, bool),
}

impl Covered {
    /// Whether the export is a later one of the same phone.
    fn is_related(&self) -> bool {
        self.present > 0 && self.newest.1
    }

    /// Whether what is missing was deleted.
    fn is_sure(&self) -> bool {
        let share = self.present.saturating_mul(MISSING_SHARE_PERCENT_MAX) / 100;
        let is_beside_others = self.missing.saturating_mul(MISSING_PRESENT_MIN) <= self.present;
        self.is_related() && self.missing > 0 && self.missing <= share.max(MISSING_ROWS_MIN) && is_beside_others
    }

    fn note_present(&mut self, start_ms: i64) {
        self.present += 1;
        self.missing += std::mem::take(&mut self.open);
        self.span = Some((self.span.map_or(start_ms, |span| span.0), start_ms));
    }

    /// Whether a row begins behind the first one that the export has, and before the last one.
    fn is_between(&self, start_ms: i64) -> bool {
        self.span.is_some_and(|(from_ms, to_ms)| (from_ms..=to_ms).contains(&start_ms))
    }

    fn is_behind_first(&self, start_ms: i64) -> bool {
        self.span.is_some_and(|span| start_ms >= span.0)
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
    fn place(&mut self, connection: &Connection, id: Option<i64>) -> rusqlite::Result<usize> {
        if let Some(place) = self.by_id.get(&id) {
            return Ok(*place);
        }
        let mut select = connection.prepare_cached("SELECT name FROM sources WHERE id = ?1")?;
        let read = |row: &Row<'_>| Ok(row.get_ref(0)?.as_str().unwrap_or_default().to_owned());
        let name = select.query_row([id], read).optional()?.unwrap_or_default();
        let next = self.covered.len();
        let place = *self.by_name.entry(name).or_insert(next);
        if place == next {
            self.covered.push(Covered::default());
        }
        self.by_id.insert(id, place);
        Ok(place)
    }
}

/// A row that an export had.
struct Numbered {
    start_ms: i64,
    number: i64,
    source: Option<i64>,
    is_present: bool,
    /// Whether an earlier export had it.
    is_earlier: bool,
    /// Whether it is missing: it was there when the export was made, and the export lacks it.
    is_missing: bool,
}

fn numbered(row: &Row<'_>, import: &Import, export_ms: i64) -> rusqlite::Result<Numbered> {
    let number: i64 = row.get(1)?;
    let creation_ms: Option<i64> = row.get(3)?;
    let is_present = import.has_claimed(Some(number));
    // Another program may import beside this one.
    let is_earlier = import.is_earlier(number);
    let is_missing = !is_present && is_earlier && creation_ms.is_some_and(|creation_ms| creation_ms < export_ms);
    Ok(Numbered { start_ms: row.get(0)?, number, source: row.get(2)?, is_present, is_earlier, is_missing })
}

/// Whether the export has another value in the place of a row that it lacks.
fn is_replaced(
    connection: &Connection,
    import: &Import,
    sources: &mut Sources,
    (person, kind): (i64, i64),
    row: &Row<'_>,
) -> rusqlite::Result<bool> {
    let (start_ms, number, source): (i64, i64, Option<i64>) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let (end_ms, value): (Option<i64>, Option<f64>) = (row.get(4)?, row.get(5)?);
    let place = sources.place(connection, source)?;
    let most = signed(MISSING_REPLACEMENTS_MAX as u64);
    let mut select = connection.prepare_cached(REPLACEMENTS)?;
    let mut rows = select.query(params![person, kind, start_ms, end_ms, value, number, most])?;
    while let Some(other) = rows.next()? {
        if import.has_claimed(other.get(0)?) && sources.place(connection, other.get(1)?)? == place {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(in crate::store) fn mark(
    connection: &Connection,
    ids: &mut Ids,
    (ended, export_ms): (EndedImport, i64),
    kind: i64,
) -> rusqlite::Result<Counts> {
    let EndedImport { upload: UploadKey { person, .. }, now_ms, .. } = ended;
    let Ids { merge, changes, .. } = ids;
    let (mut sources, mut counts) = (Sources::default(), Counts::default());
    if !survey(connection, &merge.import, (person, kind), export_ms, &mut sources)? {
        return Ok(counts);
    }
    let mut select = connection.prepare_cached(ROWS)?;
    let mut rows = select.query([person, kind])?;
    while let Some(row) = rows.next()? {
        let Numbered { start_ms, source, is_missing, .. } = numbered(row, &merge.import, export_ms)?;
        let place = sources.place(connection, source)?;
        let covered = sources.covered[place];
        if !is_missing || !covered.is_related() || !covered.is_behind_first(start_ms) {
            continue;
        }
        let is_gone = covered.is_between(start_ms) && covered.is_sure()
            || is_replaced(connection, &merge.import, &mut sources, (person, kind), row)?;
        if is_gone {
            let uuid: Vec<u8> = row.get(6)?;
            if connection.prepare_cached(MARK)?.execute(params![person, kind, start_ms, uuid, now_ms])? > 0 {
                merge.has_marks = true;
                counts.missing += 1;
                changes.note_replaced(ChangeKey::of_samples((person, kind)), start_ms, row.get(4)?);
            }
        }
    }
    Ok(counts)
}

/// Counts what the export has of each source, and what it lacks, also if that is marked. Returns whether anything is surely missing.
fn survey(
    connection: &Connection,
    import: &Import,
    (person, kind): (i64, i64),
    export_ms: i64,
    sources: &mut Sources,
) -> rusqlite::Result<bool> {
    let mut select = connection.prepare_cached(ROWS)?;
    let mut rows = select.query([person, kind])?;
    while let Some(row) = rows.next()? {
        let Numbered { start_ms, number, source, is_present, is_earlier, is_missing } =
            numbered(row, import, export_ms)?;
        if sources.by_id.len() > MISSING_SOURCES_MAX {
            return Ok(false);
        }
        let place = sources.place(connection, source)?;
        let is_behind_first = sources.covered[place].span.is_some();
        let is_replaced =
            is_missing && is_behind_first && is_replaced(connection, import, sources, (person, kind), row)?;
        let covered = &mut sources.covered[place];
        if is_earlier && number > covered.newest.0 {
            covered.newest = (number, is_present);
        }
        if is_present && is_earlier {
            covered.note_present(start_ms);
        } else if is_replaced {
            covered.replaced += 1;
        } else if is_missing && is_behind_first {
            covered.open += 1;
        }
    }
    Ok(sources.covered.iter().any(|covered| covered.is_sure() || covered.is_related() && covered.replaced > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A person has few missing samples, and millions of others.
    #[test]
    fn missing_samples_are_looked_up_not_searched_for() {
        let plan = Store::plan(MARKED);
        assert!(plan[0].starts_with("SEARCH m USING PRIMARY KEY (person_id=?"), "{plan:#?}");
    }
}
