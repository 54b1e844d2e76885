//! Samples that are stored already: of the app and an export, or of two exports that print their texts differently.
//!
//! Two samples match by content: person, type, start, end and value. Among several rows, one of the same source is preferred,
//! then one with the same time of creation, then one with the same metadata. The owner may rename a source, so a sample without
//! a row of its source takes one that the other samples of its second leave.

use rusqlite::{Connection, params};

use super::claims::Import;
use super::details::{Details, RowKey, keep};
use super::kinds::{Kinds, Known};
use super::search::{Names, Record, SampleKey, Turn};
use super::second::{Candidate, Metadata, Rows, Second};
use crate::model::record::Uuid;

/// How a search ended.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum Found {
    Row(Candidate),
    /// A row matches that the record may take in a later turn.
    Later,
    Nothing,
}

/// What is remembered between samples.
#[derive(Debug)]
pub(in crate::store) struct Samples {
    kinds: Kinds,
    names: Names,
    /// The rows that records of an import are matched with.
    second: Second,
    /// The derived rows that samples of the app are matched with.
    derived: Second,
}

impl Default for Samples {
    fn default() -> Self {
        Self {
            kinds: Kinds::default(),
            names: Names::default(),
            second: Second::new(Rows::All),
            derived: Second::new(Rows::Derived),
        }
    }
}

const DELETE: &str = "DELETE FROM samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4";

const TEXTS: &str =
    "SELECT coalesce(m.json, s.metadata, l.metadata), iif(l.id IS NULL, s.other, l.other) FROM samples s
    LEFT JOIN shared_metadata m ON m.id = s.metadata_id LEFT JOIN long_texts l ON l.id = CAST(s.other AS INTEGER)
    WHERE s.person_id = ?1 AND s.type_id = ?2 AND s.start_ms = ?3 AND s.uuid = ?4";

impl Samples {
    /// Begins an import.
    pub(super) fn begin_import(&mut self) {
        self.kinds.begin_import();
        // No row is claimed yet.
        self.second.clear();
    }

    /// Begins samples of the app: what was read for an import is out of date afterwards.
    pub(in crate::store) fn begin_app(&mut self, samples: usize) {
        self.second.clear();
        self.derived.add_credit(samples);
    }

    /// Begins samples of an import: what was read for the app is out of date afterwards.
    pub(in crate::store) fn begin_derived(&mut self, samples: usize, are_texts_long: bool) {
        self.derived.clear();
        self.second.add_credit(samples);
        if are_texts_long {
            self.second.clear();
        }
    }

    /// Forgets what another connection may have changed.
    pub(super) fn forget(&mut self) {
        self.kinds.forget();
        self.second.clear();
        self.derived.clear();
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
        keep(connection, row, app, details, derived.number)?;
        Ok(true)
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

    /// Finds the row of an import's record among those that no other record of the import has claimed.
    pub(in crate::store) fn find(
        &mut self,
        connection: &Connection,
        import: &Import,
        person: i64,
        sample: &SampleKey,
        details: Details<'_>,
        turn: Turn,
    ) -> rusqlite::Result<Found> {
        let Self { second, names, .. } = self;
        let is_claimed = |row: &Candidate| import.has_claimed(row.number);
        second.read(connection, sample.second(person), is_claimed)?;
        let record = Record::imported(sample, details, second);
        let mut has_restarted = false;
        loop {
            let best = names.best(connection, second, &record, is_claimed)?;
            if let Some((fit, place)) = best
                && fit.is_for(turn)
            {
                return Ok(Found::Row(second.groups[place].row));
            }
            if !second.read_on(connection, best.is_none(), &mut has_restarted, is_claimed)? {
                return Ok(if best.is_some() { Found::Later } else { Found::Nothing });
            }
        }
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

    fn find_derived(
        &mut self,
        connection: &Connection,
        person: i64,
        sample: &SampleKey,
    ) -> rusqlite::Result<Option<Candidate>> {
        let Self { derived, names, .. } = self;
        derived.read(connection, sample.second(person), |_| false)?;
        let record = Record::of_app(sample);
        let mut has_restarted = false;
        loop {
            let best = names.best(connection, derived, &record, |_| false)?;
            let is_named = best.is_some_and(|(fit, _)| fit.has_name());
            if is_named
                || !derived.read_on(connection, best.is_none(), &mut has_restarted, |_| false)?
                    && !derived.read_rest(connection)?
            {
                return Ok(best.map(|(_, place)| derived.take(place)));
            }
        }
    }
}
