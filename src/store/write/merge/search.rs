//! Looks among the rows of a second for the one that fits a record best.

use rusqlite::Connection;

use super::crowd::{Check, SETTLED, Traits};
use super::details::Details;
use super::labels::Labels;
use super::second::{self, Candidate, Metadata, Second};
use crate::model::limits::{LONG_TEXT_BYTES, MATCH_ROWS_MAX, METADATA_SHARED_BYTES_MAX};
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

/// How well a matching row fits: the greatest is taken.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Fit {
    has_name: bool,
    /// The row stays as it is: it is the app's, or has all that the record has.
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
            Turn::Settled => self.has_name && self.is_settled,
            Turn::Named => self.has_name,
            Turn::Rest => true,
        }
    }
}

/// A sample that arrives, as it is compared with rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    sample: &'a SampleKey,
    /// What an import has of it; the app's is compared by name only.
    imported: Option<Imported<'a>>,
}

#[derive(Clone, Copy, Debug)]
struct Imported<'a> {
    creation_ms: Option<i64>,
    metadata: Option<&'a str>,
    metadata_hash: Option<u64>,
    is_metadata_long: bool,
    other_hash: Option<u64>,
}

impl<'a> Record<'a> {
    pub(super) fn of_app(sample: &'a SampleKey) -> Self {
        Self { sample, imported: None }
    }

    pub(super) fn imported(sample: &'a SampleKey, details: Details<'a>, second: &Second) -> Self {
        let Details { creation_ms, metadata, other } = details;
        let bytes = |text: Option<&str>| text.map_or(0, str::len);
        let imported = Imported {
            creation_ms,
            metadata,
            metadata_hash: metadata.map(|own| second.hash(own)),
            is_metadata_long: bytes(metadata) > METADATA_SHARED_BYTES_MAX
                && bytes(metadata) + bytes(other) > LONG_TEXT_BYTES,
            other_hash: other.map(|own| second.hash_of_other(own)),
        };
        Self { sample, imported: Some(imported) }
    }
}

/// Stands for all long texts.
const LONG: u64 = 0;

/// The names of sources and units, and shared metadata.
#[derive(Debug)]
pub(super) struct Names {
    sources: Labels,
    units: Labels,
    shared_metadata: Labels,
}

impl Default for Names {
    fn default() -> Self {
        Self { sources: Labels::sources(), units: Labels::units(), shared_metadata: Labels::shared_metadata() }
    }
}

impl Names {
    /// The text of shared metadata.
    pub(super) fn metadata(&mut self, connection: &Connection, id: i64) -> rusqlite::Result<Option<&str>> {
        Ok(self.shared_metadata.pair(connection, [Some(id), None])?[0])
    }

    /// The place of the group with the row that fits a record best.
    pub(super) fn best(
        &mut self,
        connection: &Connection,
        second: &mut Second,
        record: &Record<'_>,
        is_claimed: impl Fn(&Candidate) -> bool,
    ) -> rusqlite::Result<Option<(Fit, usize)>> {
        if second.groups.len() > MATCH_ROWS_MAX as usize {
            return self.best_of_crowd(connection, second, record, is_claimed);
        }
        let mut best: Option<(Fit, usize)> = None;
        for place in 0..second.groups.len() {
            if let Some(row) = second.free(place, &is_claimed)
                && let Some(fit) = self.fit(connection, record, row)?
                && best.is_none_or(|(best, _)| fit > best)
            {
                best = Some((fit, place));
            }
        }
        Ok(best)
    }

    fn best_of_crowd(
        &mut self,
        connection: &Connection,
        second: &mut Second,
        record: &Record<'_>,
        is_claimed: impl Fn(&Candidate) -> bool,
    ) -> rusqlite::Result<Option<(Fit, usize)>> {
        let mut crowd = std::mem::take(&mut second.crowd);
        for place in crowd.len()..second.groups.len() {
            let row = second.groups[place].row;
            crowd.push(&self.traits_of_row(connection, second, &row)?, row.is_derived());
        }
        let traits = self.traits_of(connection, second, record)?;
        let found = crowd.search(&traits, |place, level| {
            let Some(row) = second.free(place, &is_claimed) else {
                return Ok(Check::IsOver);
            };
            Ok(match self.fit(connection, record, row)? {
                Some(fit) if level != SETTLED || fit.is_settled => Check::Fits((fit, place)),
                _ => Check::Differs,
            })
        });
        second.crowd = crowd;
        found
    }

    /// How well a row fits, if it is the same measurement.
    fn fit(&mut self, connection: &Connection, record: &Record<'_>, row: &Candidate) -> rusqlite::Result<Option<Fit>> {
        let sample = record.sample;
        if !self.is_match(connection, record, row)? {
            return Ok(None);
        }
        let has_name = self.is_same_name(connection, sample.source, row.source)?;
        let Some(imported) = &record.imported else {
            return Ok(Some(Fit {
                has_name,
                is_settled: false,
                has_source: false,
                has_creation: false,
                has_metadata: false,
            }));
        };
        let has_metadata = match (row.metadata, imported.metadata) {
            (Metadata::Absent, own) => own.is_none(),
            (Metadata::Shared(id), Some(own)) => self.metadata(connection, id)? == Some(own),
            (Metadata::Own(hash), Some(_)) => Some(hash) == imported.metadata_hash,
            (Metadata::Long, Some(own)) => own.len() > METADATA_SHARED_BYTES_MAX,
            _ => false,
        };
        let (has_source, has_creation) = (row.source == sample.source, row.creation_ms == imported.creation_ms);
        let has_rest = row.other == imported.other_hash && (row.unit != sample.unit || row.value == sample.value);
        let is_settled = !row.is_derived() || has_source && has_creation && has_metadata && has_rest;
        Ok(Some(Fit { has_name, is_settled, has_source, has_creation, has_metadata }))
    }

    /// Whether a row is the same measurement as a record. Exports print whole seconds, the app sends more.
    fn is_match(&mut self, connection: &Connection, record: &Record<'_>, row: &Candidate) -> rusqlite::Result<bool> {
        let sample = record.sample;
        let (own, other) = ((sample.value, sample.unit), (row.value, row.unit));
        if record.imported.is_some() && row.is_derived() {
            return Ok((row.start_ms, row.end_ms) == (sample.start_ms, sample.end_ms)
                && self.is_same_value(connection, own, other, true)?);
        }
        // The value of the app comes first, then the one that an export prints.
        let (app, printed) = if record.imported.is_some() { (other, own) } else { (own, other) };
        Ok(second_of_end(row.end_ms) == second_of_end(sample.end_ms)
            && self.is_same_value(connection, app, printed, false)?)
    }

    fn is_same_value(
        &mut self,
        connection: &Connection,
        one: (Option<f64>, Option<i64>),
        printed: (Option<f64>, Option<i64>),
        are_both_printed: bool,
    ) -> rusqlite::Result<bool> {
        let is_same = if are_both_printed { units::is_same_printed } else { units::is_same };
        if one.1 == printed.1 {
            return Ok(is_same((one.0, None), (printed.0, None)));
        }
        let [unit, printed_unit] = self.units.pair(connection, [one.1, printed.1])?;
        Ok(is_same((one.0, unit), (printed.0, printed_unit)))
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

    fn traits_of_row(&mut self, connection: &Connection, second: &Second, row: &Candidate) -> rusqlite::Result<Traits> {
        let range = units::range((row.value, self.units.pair(connection, [row.unit, None])?[0]));
        let metadata = match row.metadata {
            Metadata::Absent => None,
            Metadata::Shared(id) => Some(second.hash(self.metadata(connection, id)?.unwrap_or_default())),
            Metadata::Own(hash) => Some(hash),
            Metadata::Long => Some(LONG),
        };
        Ok(Traits {
            content: second.hash_of_content(second_of_end(row.end_ms), range),
            name: self.name(connection, second, row.source)?,
            source: row.source,
            creation_ms: row.creation_ms,
            metadata,
            other: row.other,
        })
    }

    /// The traits of a record, whose value may be in one of two ranges.
    fn traits_of(
        &mut self,
        connection: &Connection,
        second: &Second,
        record: &Record<'_>,
    ) -> rusqlite::Result<[Traits; 2]> {
        let sample = record.sample;
        let unit = self.units.pair(connection, [sample.unit, None])?[0];
        let ranges = units::ranges((sample.value, unit));
        let name = self.name(connection, second, sample.source)?;
        let imported = record.imported.as_ref();
        Ok(ranges.map(|range| Traits {
            content: second.hash_of_content(second_of_end(sample.end_ms), range),
            name,
            source: sample.source,
            creation_ms: imported.and_then(|imported| imported.creation_ms),
            metadata: imported
                .and_then(|imported| if imported.is_metadata_long { Some(LONG) } else { imported.metadata_hash }),
            other: imported.and_then(|imported| imported.other_hash),
        }))
    }

    fn name(&mut self, connection: &Connection, second: &Second, source: Option<i64>) -> rusqlite::Result<Option<u64>> {
        let Some(source) = source else {
            return Ok(None);
        };
        let [name, _] = self.sources.pair(connection, [Some(source), None])?;
        Ok(Some(second.hash(name.unwrap_or_default())))
    }
}

fn second_of_end(end_ms: Option<i64>) -> Option<i64> {
    end_ms.map(second_of)
}
