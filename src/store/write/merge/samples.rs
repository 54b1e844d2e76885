//! Samples that both the app and an export bring.

use std::collections::HashSet;

use foldhash::fast::RandomState;
use rusqlite::{Connection, Row, params};

use super::details::{Details, RowKey, keep};
use super::kinds::{Kinds, Known};
use super::labels::Labels;
use crate::model::identity::is_derived;
use crate::model::limits::{ABSORBED_MAX, MATCH_ROWS_MAX};
use crate::model::record::Uuid;
use crate::model::units;

/// The fields that identify a sample for a match.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct SampleKey {
    pub(in crate::store) kind: i64,
    pub(in crate::store) start_ms: i64,
    pub(in crate::store) end_ms: Option<i64>,
    pub(in crate::store) value: Option<f64>,
    pub(in crate::store) unit: Option<i64>,
    pub(in crate::store) source: Option<i64>,
}

impl SampleKey {
    fn second_ms(&self) -> i64 {
        self.start_ms.div_euclid(1000) * 1000
    }
}

/// A matching row, with its details beyond these fields.
#[derive(Debug)]
struct Match {
    start_ms: i64,
    uuid: Uuid,
    creation_ms: Option<i64>,
    metadata: Option<String>,
    other: Option<String>,
}

/// The kind of rows that a search is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Wanted {
    App,
    Derived,
}

/// How a search ended.
enum Search {
    Found(Match),
    /// No row matches, but some are of the wanted kind.
    Differs,
    /// No row is of the wanted kind.
    Absent,
}

/// What is remembered between samples.
#[derive(Debug)]
pub(in crate::store) struct Samples {
    kinds: Kinds,
    sources: Labels,
    units: Labels,
    import: Import,
    /// The person, type and second without a derived sample after their first millisecond.
    no_derived: Option<(i64, i64, i64)>,
}

impl Default for Samples {
    fn default() -> Self {
        Self {
            kinds: Kinds::default(),
            sources: Labels::sources(),
            units: Labels::units(),
            import: Import::default(),
            no_derived: None,
        }
    }
}

/// The present import.
#[derive(Debug, Default)]
struct Import {
    upload: i64,
    /// The samples that derived ones matched last: each matches once.
    absorbed: HashSet<Uuid, RandomState>,
    absorbed_before: HashSet<Uuid, RandomState>,
}

impl Import {
    fn has_absorbed(&self, uuid: &Uuid) -> bool {
        self.absorbed.contains(uuid) || self.absorbed_before.contains(uuid)
    }

    fn note_absorbed(&mut self, uuid: Uuid) {
        if self.absorbed.len() >= ABSORBED_MAX {
            self.absorbed_before = std::mem::take(&mut self.absorbed);
        }
        self.absorbed.insert(uuid);
    }
}

const OF_SECOND: &str =
    "SELECT start_ms, uuid, end_ms, value, unit_id, source_id, creation_ms, metadata_id, metadata, other FROM samples
    WHERE person_id = ?1 AND type_id = ?2 AND start_ms >= ?3 AND start_ms < ?3 + 1000 LIMIT ?4";

/// Derived samples usually begin with a second, since exports print no fractions.
const DERIVED_AT_SECOND: &str =
    "SELECT start_ms, uuid, end_ms, value, unit_id, source_id, creation_ms, metadata_id, metadata, other FROM samples
    WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid >= x'6873' AND uuid < x'6874' LIMIT ?4";

const WITHIN_SECOND: &str =
    "SELECT start_ms, uuid, end_ms, value, unit_id, source_id, creation_ms, metadata_id, metadata, other FROM samples
    WHERE person_id = ?1 AND type_id = ?2 AND start_ms > ?3 AND start_ms < ?3 + 1000 LIMIT ?4";

const IN_OTHER_UNIT: &str = "SELECT s.uuid, s.value, s.unit_id
    FROM (SELECT * FROM samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3
      AND uuid >= x'6873' AND uuid < x'6874' LIMIT ?10) s
    LEFT JOIN shared_metadata m ON m.id = s.metadata_id
    WHERE s.end_ms IS ?4 AND s.unit_id IS NOT ?5 AND s.source_id IS ?6
      AND s.creation_ms IS ?7 AND coalesce(m.json, s.metadata) IS ?8 AND s.other IS ?9";

const DELETE: &str = "DELETE FROM samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4";

impl Samples {
    /// Begins an import, unless it is the present one.
    pub(in crate::store) fn begin_import(&mut self, upload: i64) {
        if self.import.upload != upload {
            self.import = Import { upload, ..Import::default() };
            self.kinds.begin_import();
        }
    }

    /// Forgets what another connection may have changed.
    pub(super) fn forget(&mut self) {
        self.kinds.forget();
        self.no_derived = None;
    }

    /// Deletes the derived row that matches a new sample of the app, and keeps its details. Returns whether there was one.
    pub(in crate::store) fn replace_derived(
        &mut self,
        connection: &Connection,
        person: i64,
        uuid: &Uuid,
        sample: &SampleKey,
        metadata: Option<&str>,
    ) -> rusqlite::Result<bool> {
        if !self.kinds.note_app(connection, (person, sample.kind))? {
            return Ok(false);
        }
        let Some(derived) = self.find_derived(connection, person, sample)? else {
            return Ok(false);
        };
        let keys = params![person, sample.kind, derived.start_ms, &derived.uuid[..]];
        connection.prepare_cached(DELETE)?.execute(keys)?;
        let details = Details {
            creation_ms: derived.creation_ms,
            metadata: derived.metadata.as_deref(),
            other: derived.other.as_deref(),
        };
        let app = Details { creation_ms: None, metadata, other: None };
        let row = RowKey { person, kind: sample.kind, start_ms: sample.start_ms, uuid: *uuid };
        keep(connection, row, app, details)?;
        Ok(true)
    }

    /// Notes that the import brings a type in a unit. Returns what was there before.
    pub(in crate::store) fn note_derived(
        &mut self,
        connection: &Connection,
        person: i64,
        sample: &SampleKey,
    ) -> rusqlite::Result<Known> {
        self.no_derived = None;
        self.kinds.note_derived(connection, (person, sample.kind), sample.unit)
    }

    /// Keeps a derived sample with the app's row that matches it. Returns whether there is one that no other sample of this
    /// import was matched with.
    pub(in crate::store) fn absorb(
        &mut self,
        connection: &Connection,
        person: i64,
        sample: &SampleKey,
        details: Details<'_>,
    ) -> rusqlite::Result<bool> {
        let Search::Found(found) = self.search(connection, OF_SECOND, person, sample, Wanted::App)? else {
            return Ok(false);
        };
        let app = Details { creation_ms: found.creation_ms, metadata: found.metadata.as_deref(), other: None };
        let row = RowKey { person, kind: sample.kind, start_ms: found.start_ms, uuid: found.uuid };
        keep(connection, row, app, details)?;
        self.import.note_absorbed(found.uuid);
        Ok(true)
    }

    /// Returns whether an earlier import brought this derived sample in another unit, because the phone's preferred unit has
    /// changed. That row then matches no further sample of this import.
    pub(in crate::store) fn absorb_other_unit(
        &mut self,
        connection: &Connection,
        person: i64,
        sample: &SampleKey,
        details: Details<'_>,
    ) -> rusqlite::Result<bool> {
        let mut select = connection.prepare_cached(IN_OTHER_UNIT)?;
        let SampleKey { kind, start_ms, end_ms, unit, source, .. } = *sample;
        let Details { creation_ms, metadata, other } = details;
        let mut rows = select.query(params![
            person,
            kind,
            start_ms,
            end_ms,
            unit,
            source,
            creation_ms,
            metadata,
            other,
            MATCH_ROWS_MAX
        ])?;
        while let Some(row) = rows.next()? {
            let uuid: Uuid = row.get(0)?;
            if is_derived(&uuid)
                && !self.import.has_absorbed(&uuid)
                && self.is_same_value(connection, (row.get(1)?, row.get(2)?), (sample.value, unit), true)?
            {
                self.import.note_absorbed(uuid);
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn find_derived(
        &mut self,
        connection: &Connection,
        person: i64,
        sample: &SampleKey,
    ) -> rusqlite::Result<Option<Match>> {
        if let Search::Found(found) = self.search(connection, DERIVED_AT_SECOND, person, sample, Wanted::Derived)? {
            return Ok(Some(found));
        }
        let second = (person, sample.kind, sample.second_ms());
        if self.no_derived == Some(second) {
            return Ok(None);
        }
        match self.search(connection, WITHIN_SECOND, person, sample, Wanted::Derived)? {
            Search::Found(found) => return Ok(Some(found)),
            Search::Absent => self.no_derived = Some(second),
            Search::Differs => {}
        }
        Ok(None)
    }

    /// Searches at most [`MATCH_ROWS_MAX`] rows for one that is the same sample.
    fn search(
        &mut self,
        connection: &Connection,
        sql: &str,
        person: i64,
        sample: &SampleKey,
        wanted: Wanted,
    ) -> rusqlite::Result<Search> {
        let end_second = sample.end_ms.map(|end| end.div_euclid(1000));
        let mut select = connection.prepare_cached(sql)?;
        let mut rows = select.query(params![person, sample.kind, sample.second_ms(), MATCH_ROWS_MAX])?;
        let mut search = Search::Absent;
        while let Some(row) = rows.next()? {
            let uuid: Uuid = row.get(1)?;
            if is_derived(&uuid) != (wanted == Wanted::Derived) {
                continue;
            }
            search = Search::Differs;
            let end: Option<i64> = row.get(2)?;
            // Only rows of the app can match twice: a derived row is deleted when it matches.
            let is_taken = wanted == Wanted::App && self.import.has_absorbed(&uuid);
            if end.map(|end| end.div_euclid(1000)) != end_second || is_taken {
                continue;
            }
            let (found, own) = ((row.get(3)?, row.get(4)?), (sample.value, sample.unit));
            let (app, derived) = if wanted == Wanted::Derived { (own, found) } else { (found, own) };
            if self.is_same_value(connection, app, derived, false)?
                && self.is_same_source(connection, sample.source, row.get(5)?)?
            {
                return Ok(Search::Found(matched(connection, row, uuid)?));
            }
        }
        Ok(search)
    }

    fn is_same_value(
        &mut self,
        connection: &Connection,
        one: (Option<f64>, Option<i64>),
        derived: (Option<f64>, Option<i64>),
        are_both_rounded: bool,
    ) -> rusqlite::Result<bool> {
        if one.1 == derived.1 {
            return Ok(units::is_same((one.0, None), (derived.0, None), are_both_rounded));
        }
        let [unit, derived_unit] = self.units.pair(connection, [one.1, derived.1])?;
        Ok(units::is_same((one.0, unit), (derived.0, derived_unit), are_both_rounded))
    }

    fn is_same_source(
        &mut self,
        connection: &Connection,
        one: Option<i64>,
        other: Option<i64>,
    ) -> rusqlite::Result<bool> {
        if one == other {
            return Ok(true);
        }
        if one.is_none() || other.is_none() {
            return Ok(false);
        }
        let [one, other] = self.sources.pair(connection, [one, other])?;
        Ok(one.unwrap_or_default() == other.unwrap_or_default())
    }
}

fn matched(connection: &Connection, row: &Row<'_>, uuid: Uuid) -> rusqlite::Result<Match> {
    let metadata = match row.get::<_, Option<i64>>(7)? {
        Some(shared) => connection
            .prepare_cached("SELECT json FROM shared_metadata WHERE id = ?1")?
            .query_row([shared], |row| row.get(0))?,
        None => row.get(8)?,
    };
    Ok(Match { start_ms: row.get(0)?, uuid, creation_ms: row.get(6)?, metadata, other: row.get(9)? })
}
