//! Samples that are stored already: of the app and an export, or of two exports that print their texts differently.
//!
//! Two samples match by content: person, type, start, end and value. Among several rows, one of the same source is preferred,
//! then one with the same time of creation, then one with the same metadata. The owner may rename a source, so a sample without
//! a row of its source takes one that the other samples of its second leave.

use rusqlite::{Connection, params};

use super::claims::Import;
use super::crowd::{Check, Crowd, RowPlace, Turn};
use super::details::{Details, RowKey, keep};
use super::earlier::earlier_values;
use super::kinds::{Kinds, Known};
use super::search::{CrowdRow, Names, Record, SampleKey};
use super::second::{Candidate, Metadata, Second};
use crate::model::identity::is_derived;
use crate::model::record::Uuid;

/// How a search ended.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum Found {
    Row(Candidate),
    /// A row matches that the record may take in a later turn.
    Later,
    Nothing,
}

/// What was found for a new sample of the app.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum Derived {
    Row(Candidate),
    /// A row matches that the sample may take in a later turn.
    Later,
    Nothing,
    /// Its second has too many rows to compare them one by one.
    Crowd,
}

/// What is remembered between samples.
#[derive(Debug, Default)]
pub(in crate::store) struct Samples {
    kinds: Kinds,
    names: Names,
    /// The rows that records of an import are matched with.
    second: Second,
    /// The derived rows that samples of the app are matched with.
    derived: Second,
}

const DELETE: &str = "DELETE FROM samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4";

const TEXTS: &str =
    "SELECT coalesce(m.json, s.metadata, l.metadata), iif(l.id IS NULL, s.other, l.other) FROM samples s
    LEFT JOIN shared_metadata m ON m.id = s.metadata_id LEFT JOIN long_texts l ON l.id = CAST(s.other AS INTEGER)
    WHERE s.person_id = ?1 AND s.type_id = ?2 AND s.start_ms = ?3 AND s.uuid = ?4";

/// All rows of a second, with their texts.
const CROWD: &str =
    "SELECT s.start_ms, s.uuid, s.end_ms, s.value, s.unit_id, s.source_id, s.creation_ms, s.import_number,
      s.metadata_id, coalesce(s.metadata, l.metadata), iif(l.id IS NULL, s.other, l.other)
    FROM samples s LEFT JOIN long_texts l ON l.id = CAST(s.other AS INTEGER)
    WHERE s.person_id = ?1 AND s.type_id = ?2 AND s.start_ms >= ?3 AND s.start_ms < ?3 + 1000";

/// The same, as they were before the app corrected them.
const EARLIER_CROWD: &str = "SELECT s.start_ms, s.uuid, e.value ->> '$.end_ms', e.value ->> '$.value',
      (SELECT id FROM units WHERE name = e.value ->> '$.unit'), s.source_id, s.creation_ms, s.import_number,
      s.metadata_id, coalesce(s.metadata, l.metadata), iif(l.id IS NULL, s.other, l.other)
    FROM merged_samples m CROSS JOIN json_each(m.other, '$.\"earlier values\"') e CROSS JOIN samples s
    LEFT JOIN long_texts l ON l.id = CAST(s.other AS INTEGER)
    WHERE m.person_id = ?1 AND m.type_id = ?2 AND m.start_ms >= ?3 AND m.start_ms < ?3 + 1000
      AND instr(m.other, '\"earlier values\":[') > 0 AND json_valid(m.other)
      AND s.person_id = m.person_id AND s.type_id = m.type_id AND s.start_ms = m.start_ms AND s.uuid = m.uuid";

/// A sample whose second is a crowd, and the turn that it has.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Crowded<'a> {
    pub(in crate::store) person: i64,
    pub(in crate::store) sample: &'a SampleKey,
    pub(in crate::store) is_imported: bool,
    pub(in crate::store) details: Details<'a>,
    pub(in crate::store) place: [u8; 16],
    pub(in crate::store) turn: Turn,
}

impl Samples {
    /// Begins an import.
    pub(super) fn begin_import(&mut self) {
        self.kinds.begin_import();
        // No row is claimed yet.
        self.second.clear();
    }

    /// Begins samples of the app: what was read for an import is out of date afterwards.
    pub(in crate::store) fn begin_app(&mut self) {
        self.second.clear();
    }

    /// Begins samples of an import: what was read for the app is out of date afterwards.
    pub(in crate::store) fn begin_derived(&mut self) {
        self.derived.clear();
    }

    /// Forgets what another connection may have changed.
    pub(super) fn forget(&mut self) {
        self.kinds.forget();
        self.forget_second();
    }

    pub(super) fn forget_second(&mut self) {
        self.second.forget_crowds();
        self.derived.forget_crowds();
    }

    /// Notes that the app sends a type. Returns whether a sample of it may have a derived row.
    pub(in crate::store) fn note_app_type(
        &mut self,
        connection: &Connection,
        person: i64,
        sample: &SampleKey,
    ) -> rusqlite::Result<bool> {
        self.kinds.note_app(connection, (person, sample.kind))
    }

    /// Finds the derived row that matches a new sample of the app in its turn. Its type has derived rows.
    pub(in crate::store) fn find_derived(
        &mut self,
        connection: &Connection,
        person: i64,
        sample: &SampleKey,
        metadata: Option<&str>,
        turn: Turn,
    ) -> rusqlite::Result<Derived> {
        let Self { derived, names, .. } = self;
        derived.read_derived(connection, sample.second(person))?;
        let record = Record::of_app(sample, metadata);
        loop {
            if derived.is_crowded() {
                return Ok(Derived::Crowd);
            }
            let best = names.best(connection, derived, &record, |_| false)?;
            if best.is_some_and(|(fit, _)| fit.has_name()) || !derived.read_rest(connection)? {
                return Ok(match best {
                    Some((fit, place)) if fit.is_for(turn) => Derived::Row(derived.rows.remove(place)),
                    Some(_) => Derived::Later,
                    None => Derived::Nothing,
                });
            }
        }
    }

    /// Deletes the derived row that is a new sample of the app, and keeps its details.
    pub(in crate::store) fn replace_derived(
        &mut self,
        connection: &Connection,
        person: i64,
        uuid: &Uuid,
        sample: &SampleKey,
        metadata: Option<&str>,
        derived: &Candidate,
    ) -> rusqlite::Result<()> {
        let keys = params![person, sample.kind, derived.start_ms, &derived.uuid[..]];
        // Most rows have shared metadata or nothing besides their columns.
        let has_texts = matches!(derived.metadata, Metadata::Own(_) | Metadata::Long) || derived.other.is_some();
        let (own_metadata, other): (Option<String>, Option<String>) = if has_texts {
            connection.prepare_cached(TEXTS)?.query_row(keys, |row| Ok((row.get(0)?, row.get(1)?)))?
        } else {
            (None, None)
        };
        connection.prepare_cached(DELETE)?.execute(keys)?;
        let shared = match derived.metadata {
            Metadata::Shared(id) if !has_texts => self.names.metadata(connection, id)?,
            _ => None,
        };
        let details = Details {
            creation_ms: derived.creation_ms,
            metadata: own_metadata.as_deref().or(shared),
            other: other.as_deref(),
        };
        let app = Details { creation_ms: None, metadata, other: None };
        let row = RowKey { person, kind: sample.kind, start_ms: sample.start_ms, uuid: *uuid };
        // The row remains the one that the import has claimed.
        keep(connection, row, app, details, derived.number)
    }

    /// Notes that the import brings a type in a unit. Returns what was there before.
    pub(in crate::store) fn note_derived(
        &mut self,
        connection: &Connection,
        person: i64,
        sample: &SampleKey,
    ) -> rusqlite::Result<Known> {
        self.kinds.note_derived(connection, (person, sample.kind), sample.unit)
    }

    /// Reads the second of an import's record. Returns whether it has too many rows to compare them one by one.
    pub(in crate::store) fn read_second(
        &mut self,
        connection: &Connection,
        person: i64,
        sample: &SampleKey,
    ) -> rusqlite::Result<bool> {
        self.second.read(connection, sample.second(person))
    }

    /// Finds the row of an import's record among those that no other record of the import has claimed. Its second was read.
    pub(in crate::store) fn find(
        &mut self,
        connection: &Connection,
        import: &Import,
        sample: &SampleKey,
        details: Details<'_>,
        turn: Turn,
    ) -> rusqlite::Result<Found> {
        let Self { second, names, .. } = self;
        let record = Record::imported(sample, details);
        let is_claimed = |row: &Candidate| import.has_claimed(row.number);
        let mut best = names.best(connection, second, &record, is_claimed)?;
        if best.is_none() && second.read_earlier(connection)? {
            best = names.best(connection, second, &record, is_claimed)?;
        }
        Ok(match best {
            Some((fit, place)) if fit.is_for(turn) => Found::Row(second.rows[place]),
            Some(_) => Found::Later,
            None => Found::Nothing,
        })
    }

    /// Finds the row of a sample whose second is a crowd, in its turn.
    pub(in crate::store) fn find_in_crowd(
        &mut self,
        connection: &Connection,
        scratch: &Connection,
        crowd: &mut Crowd,
        import: &Import,
        sample: &Crowded<'_>,
    ) -> rusqlite::Result<Option<Candidate>> {
        let Crowded { person, sample: key, is_imported, details, place, turn } = *sample;
        let second = key.second(person);
        if crowd.begin(scratch, &place, turn)? {
            self.list(connection, scratch, crowd, import, sample)?;
        }
        let record = if is_imported { Record::imported(key, details) } else { Record::of_app(key, details.metadata) };
        let Self { second: reader, names, .. } = self;
        let (traits, windows) = names.traits_of(connection, reader, crowd, &record)?;
        crowd.search(scratch, turn, &traits, &windows, |row| {
            let Some(row) = reader.one(connection, second, row)? else {
                return Ok(Check::IsOver);
            };
            if is_imported && import.has_claimed(row.number) {
                return Ok(Check::IsOver);
            }
            let mut is_match = names.is_match(connection, &record, &row)?;
            if !is_match && is_imported && turn == Turn::Rest && !row.is_derived() {
                for earlier in earlier_values(connection, (person, key.kind, row.start_ms), 1)? {
                    is_match |=
                        earlier.uuid == row.uuid && names.is_match(connection, &record, &row.before(&earlier))?;
                }
            }
            Ok(if is_match { Check::Fits(row) } else { Check::Differs })
        })
    }

    /// A number by which the records of a crowd are sorted.
    pub(in crate::store) fn size_of(&mut self, connection: &Connection, sample: &SampleKey) -> rusqlite::Result<f64> {
        self.names.size_of(connection, sample)
    }

    /// Lists the free rows of a crowd.
    fn list(
        &mut self,
        connection: &Connection,
        scratch: &Connection,
        crowd: &mut Crowd,
        import: &Import,
        sample: &Crowded<'_>,
    ) -> rusqlite::Result<()> {
        self.list_rows(connection, scratch, crowd, import, (sample, CROWD))?;
        // As the app's rows were before it corrected them.
        if sample.is_imported && sample.turn == Turn::Rest {
            self.list_rows(connection, scratch, crowd, import, (sample, EARLIER_CROWD))?;
        }
        Ok(())
    }

    fn list_rows(
        &mut self,
        connection: &Connection,
        scratch: &Connection,
        crowd: &mut Crowd,
        import: &Import,
        (sample, sql): (&Crowded<'_>, &str),
    ) -> rusqlite::Result<()> {
        let (person, kind, second_ms) = sample.sample.second(sample.person);
        let mut select = connection.prepare_cached(sql)?;
        let mut rows = select.query(params![person, kind, second_ms])?;
        while let Some(row) = rows.next()? {
            let (start_ms, uuid): RowPlace = (row.get(0)?, row.get(1)?);
            let is_derived = is_derived(&uuid);
            let is_free = if sample.is_imported { !import.has_claimed(row.get(7)?) } else { is_derived };
            if !is_free {
                continue;
            }
            let (end_ms, value, unit, source) = (row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?);
            let key = SampleKey { kind, start_ms, end_ms, value, unit, source };
            let shared = match row.get(8)? {
                Some(id) => self.names.metadata(connection, id)?.map(str::to_owned),
                None => None,
            };
            let metadata = shared.as_deref().or(row.get_ref(9)?.as_str_or_null()?);
            let other = row.get_ref(10)?.as_str_or_null()?;
            let row = CrowdRow { sample: key, creation_ms: row.get(6)?, metadata, other };
            let traits = self.names.traits_of_row(connection, &self.second, crowd, &row)?;
            crowd.add(scratch, sample.turn, &traits, is_derived, (start_ms, uuid))?;
        }
        Ok(())
    }

    /// Notes that a record has matched a row which had no number before.
    pub(in crate::store) fn note_taken(&mut self, uuid: &Uuid) {
        self.second.note_taken(uuid);
    }

    /// Keeps an import's record with the app's row that matches it, under this number.
    pub(in crate::store) fn keep(
        &mut self,
        connection: &Connection,
        (person, kind): (i64, i64),
        row: &Candidate,
        details: Details<'_>,
        number: i64,
    ) -> rusqlite::Result<()> {
        let &Candidate { start_ms, uuid, creation_ms, .. } = row;
        let key = RowKey { person, kind, start_ms, uuid };
        let is_wanted = details.metadata.is_some();
        let own_text: Option<String>;
        let metadata = match row.metadata {
            Metadata::Shared(id) if is_wanted => self.names.metadata(connection, id)?,
            Metadata::Own(_) | Metadata::Long if is_wanted => {
                let mut select = connection.prepare_cached(TEXTS)?;
                own_text = select.query_row(params![person, kind, start_ms, &uuid[..]], |row| row.get(0))?;
                own_text.as_deref()
            }
            _ => None,
        };
        let app = Details { creation_ms, metadata, other: None };
        keep(connection, key, app, details, (row.number != Some(number)).then_some(number))
    }
}
