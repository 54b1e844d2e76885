//! Samples that are stored already: of the app and an export, or of two exports that print their texts differently.
//!
//! Two samples match by content: person, type, start, end and value. Among several rows, one of the same source is preferred,
//! then one with the same time of creation, then one with the same metadata. The owner may rename a source, so a sample without
//! a row of its source takes one that the other samples of its second leave.

use std::cmp::Reverse;

use rusqlite::{Connection, params};

use super::claims::Import;
use super::details::{Details, RowKey, keep};
use super::kinds::{Kinds, Known};
use super::labels::Labels;
use super::second::{self, Candidate, Metadata, Second};
use crate::model::limits::METADATA_SHARED_BYTES_MAX;
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
    fn second(&self, person: i64) -> second::Key {
        (person, self.kind, second_of(self.start_ms) * 1000)
    }
}

fn second_of(time_ms: i64) -> i64 {
    time_ms.div_euclid(1000)
}

/// Which rows a record of an import may take. The records of a second take turns.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::store) enum Turn {
    /// Those of its source that stay as they are.
    Settled,
    /// Those of its source.
    Named,
    /// Those that the other records of its second leave.
    Rest,
}

/// How a search ended.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum Found {
    Row(Candidate),
    /// A row matches that the record may take in a later turn.
    Later,
    Nothing,
}

/// How well a matching row fits: the greatest is taken.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Fit {
    has_name: bool,
    /// The row stays as it is: it is the app's, or has all that the record has.
    is_settled: bool,
    has_source: bool,
    has_creation: bool,
    has_metadata: bool,
    /// The first of equal ones.
    place: Reverse<usize>,
}

impl Fit {
    fn is_for(self, turn: Turn) -> bool {
        match turn {
            Turn::Settled => self.has_name && self.is_settled,
            Turn::Named => self.has_name,
            Turn::Rest => true,
        }
    }
}

/// What is remembered between samples.
#[derive(Debug)]
pub(in crate::store) struct Samples {
    kinds: Kinds,
    sources: Labels,
    units: Labels,
    shared_metadata: Labels,
    /// The rows that records of an import are matched with.
    second: Second,
    /// The derived rows that samples of the app are matched with.
    derived: Second,
}

impl Default for Samples {
    fn default() -> Self {
        Self {
            kinds: Kinds::default(),
            sources: Labels::sources(),
            units: Labels::units(),
            shared_metadata: Labels::shared_metadata(),
            second: Second::default(),
            derived: Second::default(),
        }
    }
}

const DELETE: &str = "DELETE FROM samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4";

const TEXTS: &str =
    "SELECT coalesce(m.json, s.metadata, l.metadata), iif(s.long_id IS NULL, s.other, l.other) FROM samples s
    LEFT JOIN shared_metadata m ON m.id = s.metadata_id LEFT JOIN long_texts l ON l.id = s.long_id
    WHERE s.person_id = ?1 AND s.type_id = ?2 AND s.start_ms = ?3 AND s.uuid = ?4";

impl Samples {
    /// Begins an import.
    pub(super) fn begin_import(&mut self) {
        self.kinds.begin_import();
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
        let (own_metadata, other): (Option<String>, Option<String>) =
            connection.prepare_cached(TEXTS)?.query_row(keys, |row| Ok((row.get(0)?, row.get(1)?)))?;
        connection.prepare_cached(DELETE)?.execute(keys)?;
        let details =
            Details { creation_ms: derived.creation_ms, metadata: own_metadata.as_deref(), other: other.as_deref() };
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
        self.second.read(connection, sample.second(person))?;
        let Self { second, sources, units, shared_metadata, .. } = self;
        let mut best: Option<Fit> = None;
        for (place, row) in second.rows.iter().enumerate() {
            let is_free = !row.is_taken && !import.has_claimed(row.number);
            if !is_free || !is_match(connection, units, sample, row)? {
                continue;
            }
            let has_metadata = match (row.metadata, details.metadata) {
                (Metadata::Absent, own) => own.is_none(),
                (Metadata::Shared(id), Some(own)) => {
                    shared_metadata.pair(connection, [Some(id), None])? == [Some(own), None]
                }
                (Metadata::Own(hash), Some(own)) => hash == second.hash(own),
                (Metadata::Long, Some(own)) => own.len() > METADATA_SHARED_BYTES_MAX,
                _ => false,
            };
            let (has_source, has_creation) = (row.source == sample.source, row.creation_ms == details.creation_ms);
            let has_rest = row.other == details.other.map(|own| second.hash_of_other(own))
                && (row.unit != sample.unit || row.value == sample.value);
            let fit = Fit {
                has_name: is_same_name(connection, sources, sample.source, row.source)?,
                is_settled: !row.is_derived() || has_source && has_creation && has_metadata && has_rest,
                has_source,
                has_creation,
                has_metadata,
                place: Reverse(place),
            };
            best = best.max(Some(fit));
        }
        Ok(match best {
            None => Found::Nothing,
            Some(fit) if fit.is_for(turn) => Found::Row(second.rows[fit.place.0]),
            Some(_) => Found::Later,
        })
    }

    /// Notes that a record has matched a row which had no number before.
    pub(in crate::store) fn note_taken(&mut self, uuid: &Uuid) {
        if let Some(row) = self.second.rows.iter_mut().find(|row| row.uuid == *uuid) {
            row.is_taken = true;
        }
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
            Metadata::Shared(id) if is_wanted => self.shared_metadata.pair(connection, [Some(id), None])?[0],
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
        let Self { derived, sources, units, .. } = self;
        derived.read_derived(connection, sample.second(person))?;
        let mut first = 0;
        let mut best: Option<(bool, Reverse<usize>)> = None;
        loop {
            for (place, row) in derived.rows.iter().enumerate().skip(first) {
                let is_candidate = second_of_end(row.end_ms) == second_of_end(sample.end_ms)
                    && is_same_value(connection, units, (sample.value, sample.unit), (row.value, row.unit), false)?;
                if is_candidate {
                    let has_name = is_same_name(connection, sources, sample.source, row.source)?;
                    let place = Reverse(place);
                    best = best.max(Some((has_name, place)));
                }
            }
            first = derived.rows.len();
            if best.is_some_and(|(has_name, _)| has_name) || !derived.read_rest(connection)? {
                break;
            }
        }
        Ok(best.map(|(_, place)| derived.rows.remove(place.0)))
    }
}

fn second_of_end(end_ms: Option<i64>) -> Option<i64> {
    end_ms.map(second_of)
}

/// Whether a row is the same measurement as an import's record. Exports print whole seconds, the app sends more.
fn is_match(
    connection: &Connection,
    units: &mut Labels,
    sample: &SampleKey,
    row: &Candidate,
) -> rusqlite::Result<bool> {
    let is_derived = row.is_derived();
    let is_same_time = if is_derived {
        (row.start_ms, row.end_ms) == (sample.start_ms, sample.end_ms)
    } else {
        second_of_end(row.end_ms) == second_of_end(sample.end_ms)
    };
    Ok(is_same_time
        && is_same_value(connection, units, (row.value, row.unit), (sample.value, sample.unit), is_derived)?)
}

fn is_same_value(
    connection: &Connection,
    units: &mut Labels,
    one: (Option<f64>, Option<i64>),
    printed: (Option<f64>, Option<i64>),
    are_both_printed: bool,
) -> rusqlite::Result<bool> {
    let is_same = if are_both_printed { units::is_same_printed } else { units::is_same };
    if one.1 == printed.1 {
        return Ok(is_same((one.0, None), (printed.0, None)));
    }
    let [unit, printed_unit] = units.pair(connection, [one.1, printed.1])?;
    Ok(is_same((one.0, unit), (printed.0, printed_unit)))
}

fn is_same_name(
    connection: &Connection,
    sources: &mut Labels,
    one: Option<i64>,
    other: Option<i64>,
) -> rusqlite::Result<bool> {
    if one == other {
        return Ok(true);
    }
    if one.is_none() || other.is_none() {
        return Ok(false);
    }
    let [one, other] = sources.pair(connection, [one, other])?;
    Ok(one.unwrap_or_default() == other.unwrap_or_default())
}
