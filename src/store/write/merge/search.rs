//! Looks among the rows of a second for the one that fits a record best.

use rusqlite::Connection;

use super::crowd::{Crowd, Traits, Turn, Window};
use super::details::Details;
use super::labels::Labels;
use super::second::{self, Candidate, Metadata, Second};
use super::values::has_same_values;
use super::words::{may_be_of_word, word_in};
use crate::model::limits::METADATA_SHARED_BYTES_MAX;
use crate::model::measurement;
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
    pub(super) fn second(&self, person: i64) -> second::Key {
        (person, self.kind, second_of(self.start_ms) * 1000)
    }
}

fn second_of(time_ms: i64) -> i64 {
    time_ms.div_euclid(1000)
}

/// How well a matching row fits: the greatest is taken.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Fit {
    /// The row has the value now: the app has not corrected it.
    is_present: bool,
    has_name: bool,
    /// The row stays as it is: it is the app's, or has all that the record has. Beside a sample of the app: it has its metadata.
    is_settled: bool,
    has_source: bool,
    has_creation: bool,
    has_metadata: bool,
}

impl Fit {
    pub(super) fn has_name(self) -> bool {
        self.has_name
    }

    /// Whether a record may take the row in this turn.
    pub(super) fn is_for(self, turn: Turn) -> bool {
        match turn {
            Turn::Settled => self.is_present && self.has_name && self.is_settled,
            Turn::Named => self.is_present && self.has_name,
            Turn::Rest => true,
        }
    }
}

/// A sample that arrives, as it is compared with rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    sample: &'a SampleKey,
    is_imported: bool,
    creation_ms: Option<i64>,
    metadata: Option<&'a str>,
    other: Option<&'a str>,
}

impl<'a> Record<'a> {
    pub(super) fn of_app(sample: &'a SampleKey, metadata: Option<&'a str>) -> Self {
        Self { sample, is_imported: false, creation_ms: None, metadata, other: None }
    }

    pub(super) fn imported(sample: &'a SampleKey, details: Details<'a>) -> Self {
        let Details { creation_ms, metadata, other } = details;
        Self { sample, is_imported: true, creation_ms, metadata, other }
    }
}

/// A row of a crowd, with its texts.
#[derive(Clone, Copy, Debug)]
pub(super) struct CrowdRow<'a> {
    pub(super) sample: SampleKey,
    pub(super) creation_ms: Option<i64>,
    pub(super) metadata: Option<&'a str>,
    pub(super) other: Option<&'a str>,
}

/// The names of sources and units, and shared metadata.
#[derive(Debug)]
pub(super) struct Names {
    types: Labels,
    sources: Labels,
    units: Labels,
    shared_metadata: Labels,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            types: Labels::types(),
            sources: Labels::sources(),
            units: Labels::units(),
            shared_metadata: Labels::shared_metadata(),
        }
    }
}

impl Names {
    /// The text of shared metadata.
    pub(super) fn metadata(&mut self, connection: &Connection, id: i64) -> rusqlite::Result<Option<&str>> {
        Ok(self.shared_metadata.pair(connection, [Some(id), None])?[0])
    }

    /// The place of the row of a second that fits a record best.
    pub(super) fn best(
        &mut self,
        connection: &Connection,
        second: &Second,
        record: &Record<'_>,
        is_claimed: impl Fn(&Candidate) -> bool,
    ) -> rusqlite::Result<Option<(Fit, usize)>> {
        let mut best: Option<(Fit, usize)> = None;
        for (place, row) in second.rows.iter().enumerate() {
            if !is_claimed(row)
                && let Some(fit) = self.fit(connection, second, record, row)?
                && best.is_none_or(|(best, _)| fit > best)
            {
                best = Some((fit, place));
            }
        }
        Ok(best)
    }

    /// How well a row fits, if it is the same measurement.
    fn fit(
        &mut self,
        connection: &Connection,
        second: &Second,
        record: &Record<'_>,
        row: &Candidate,
    ) -> rusqlite::Result<Option<Fit>> {
        let sample = record.sample;
        if !self.is_match(connection, record, row)? {
            return Ok(None);
        }
        let has_name = self.is_same_name(connection, sample.source, row.source)?;
        let has_metadata = match (row.metadata, record.metadata) {
            (Metadata::Absent, own) => own.is_none(),
            (Metadata::Shared(id), Some(own)) => {
                self.metadata(connection, id)?.is_some_and(|metadata| has_same_values(metadata, own))
            }
            (Metadata::Own(hash), Some(own)) => hash == second.hash_of_metadata(own),
            (Metadata::Long, Some(own)) => own.len() > METADATA_SHARED_BYTES_MAX,
            _ => false,
        };
        let is_present = !row.is_earlier;
        if !record.is_imported {
            let (is_settled, has_source, has_creation) = (false, false, false);
            return Ok(Some(Fit { is_present, has_name, is_settled, has_source, has_creation, has_metadata }));
        }
        let (has_source, has_creation) = (row.source == sample.source, row.creation_ms == record.creation_ms);
        let is_settled = !row.is_derived()
            || has_source
                && has_creation
                && has_metadata
                && (row.unit != sample.unit || row.value == sample.value)
                && row.other == record.other.map(|own| second.hash_of_other(own));
        Ok(Some(Fit { is_present, has_name, is_settled, has_source, has_creation, has_metadata }))
    }

    /// Whether a row is the same measurement as a record. Exports print whole seconds, the app sends more.
    pub(super) fn is_match(
        &mut self,
        connection: &Connection,
        record: &Record<'_>,
        row: &Candidate,
    ) -> rusqlite::Result<bool> {
        let sample = record.sample;
        let has_times = if record.is_imported && row.is_derived() {
            (row.start_ms, row.end_ms) == (sample.start_ms, sample.end_ms)
        } else {
            second_of_end(row.end_ms) == second_of_end(sample.end_ms)
        };
        if !has_times {
            return Ok(false);
        }
        if self.is_same_value(connection, (sample.value, sample.unit), (row.value, row.unit))? {
            let is_of_exports = record.is_imported && row.is_derived();
            // The word of a long text is not read.
            return Ok(sample.value.is_some()
                || !is_of_exports
                || row.other == Some(0)
                || word_in(record.other) == row.word);
        }
        self.is_number_of_word(connection, record, row)
    }

    /// Whether one is the app's number of a category, and the other the word of an export for it.
    fn is_number_of_word(
        &mut self,
        connection: &Connection,
        record: &Record<'_>,
        row: &Candidate,
    ) -> rusqlite::Result<bool> {
        let &SampleKey { kind, value, unit, .. } = record.sample;
        let (number, word) = match (record.is_imported, row.is_derived()) {
            (true, false) if value.is_none() => (row.value, word_in(record.other)),
            (false, true) if row.value.is_none() => (value, row.word),
            _ => return Ok(false),
        };
        let Some(number) = number.filter(|_| word.is_some() && (unit, row.unit) == (None, None)) else {
            return Ok(false);
        };
        let kind = self.types.pair(connection, [Some(kind), None])?[0];
        Ok(kind.is_some_and(|kind| may_be_of_word(kind, number)))
    }

    fn is_same_value(
        &mut self,
        connection: &Connection,
        one: (Option<f64>, Option<i64>),
        other: (Option<f64>, Option<i64>),
    ) -> rusqlite::Result<bool> {
        if one.1 == other.1 {
            return Ok(measurement::is_same((one.0, None), (other.0, None)));
        }
        let [unit, other_unit] = self.units.pair(connection, [one.1, other.1])?;
        Ok(measurement::is_same((one.0, unit), (other.0, other_unit)))
    }

    fn is_same_name(
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

    /// What a search in a crowd compares of a row.
    pub(super) fn traits_of_row(
        &mut self,
        connection: &Connection,
        second: &Second,
        crowd: &mut Crowd,
        row: &CrowdRow<'_>,
    ) -> rusqlite::Result<Traits> {
        if let Some(unit) = row.sample.unit
            && self.units.pair(connection, [Some(unit), None])?[0].is_some_and(units::is_known)
        {
            crowd.note_unit(unit);
        }
        self.traits(connection, second, crowd, row)
    }

    /// The same of a record, and where rows with its value may be.
    pub(super) fn traits_of(
        &mut self,
        connection: &Connection,
        second: &Second,
        crowd: &Crowd,
        record: &Record<'_>,
    ) -> rusqlite::Result<(Traits, Vec<Window>)> {
        let &Record { sample, creation_ms, metadata, other, .. } = record;
        let row = CrowdRow { sample: *sample, creation_ms, metadata, other };
        let traits = self.traits(connection, second, crowd, &row)?;
        let own = sample.value.unwrap_or_default();
        let mut windows = vec![Window { unit: sample.unit, sizes: (own, own) }];
        if let Some(value) = sample.value {
            let others = crowd.units().iter().copied().map(Some).filter(|unit| *unit != sample.unit);
            for unit in std::iter::once(sample.unit).chain(others) {
                let [own, other] = self.units.pair(connection, [sample.unit, unit])?;
                let ranges = measurement::ranges((value, own), other);
                windows.extend(ranges.into_iter().map(|sizes| Window { unit, sizes }));
            }
        }
        Ok((traits, windows))
    }

    /// A number by which the records of a crowd are sorted: about their value, in the base unit.
    pub(super) fn size_of(&mut self, connection: &Connection, sample: &SampleKey) -> rusqlite::Result<f64> {
        let unit = self.units.pair(connection, [sample.unit, None])?[0];
        Ok(sample.value.map_or(0.0, |value| units::in_base(value, unit)))
    }

    fn traits(
        &mut self,
        connection: &Connection,
        second: &Second,
        crowd: &Crowd,
        row: &CrowdRow<'_>,
    ) -> rusqlite::Result<Traits> {
        let SampleKey { start_ms, end_ms, value, unit, source, .. } = row.sample;
        let name = match source {
            Some(_) => self.sources.pair(connection, [source, None])?[0].map(|name| second.hash(name)),
            None => None,
        };
        Ok(Traits {
            content: crowd.hash(second_of_end(end_ms)),
            unit,
            size: value,
            exact: crowd.hash((start_ms, end_ms, value.map(f64::to_bits), unit)),
            // A source without a name is not a missing source.
            name: name.or(source.map(|_| 0)),
            source,
            creation_ms: row.creation_ms,
            metadata: row.metadata.map(|text| second.hash_of_metadata(text)),
            other: row.other.map(|text| second.hash(text)),
        })
    }
}

fn second_of_end(end_ms: Option<i64>) -> Option<i64> {
    end_ms.map(second_of)
}
