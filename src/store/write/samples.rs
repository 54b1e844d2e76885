//! Samples: the app's, and those of imports.

use rusqlite::params;

use super::batch::BatchWriter;
use super::merge::{Details, SampleKey};
use super::table::Column::{self, Key, Shared, Unshared, Value};
use super::table::Table;
use super::upsert::{Upsert, sql_values};
use crate::model::counts::Outcome;
use crate::model::identity::next;
use crate::model::record::Sample;

const COLUMNS: [Column; 12] = [
    Key("person_id"),
    Key("type_id"),
    Key("start_ms"),
    Key("uuid"),
    Value("end_ms"),
    Value("value"),
    Value("unit_id"),
    Value("source_id"),
    Shared("metadata_id"),
    Unshared("metadata"),
    Value("other"),
    // When HealthKit got the sample: only imports have it.
    Value("creation_ms"),
];

pub(super) static SAMPLES: Table = Table::new("samples", COLUMNS.split_at(COLUMNS.len() - 1).0);

pub(super) static DERIVED_SAMPLES: Table = Table::new("samples", &COLUMNS);

const SAMPLE_EXISTS: &str =
    "SELECT 1 FROM samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4";

/// A sample's texts as the table has them: ids, and metadata as an id or a text.
struct Resolved<'a> {
    key: SampleKey,
    shared: Option<i64>,
    unshared: Option<&'a str>,
}

impl<'a> BatchWriter<'a> {
    pub(super) fn write_samples(&mut self) -> rusqlite::Result<()> {
        let samples = &self.batch.rows.samples;
        if samples.is_empty() {
            return Ok(());
        }
        let person = self.upload.person;
        let mut upsert = Upsert::new(self.connection, &SAMPLES, self.ids.expects_known)?;
        for row in samples {
            let Resolved { key, shared, unshared } = self.resolve(row)?;
            let outcome = upsert.write(sql_values![
                person,
                key.kind,
                row.start_ms,
                row.uuid,
                row.end_ms,
                row.value,
                key.unit,
                key.source,
                shared,
                unshared,
                self.text(row.other)
            ])?;
            let outcome = match outcome {
                Outcome::New => {
                    let metadata = self.text(row.metadata);
                    let merge = &mut self.ids.merge.samples;
                    let is_merged = merge.replace_derived(self.connection, person, &row.uuid, &key, metadata)?;
                    if is_merged { Outcome::Merged } else { Outcome::New }
                }
                known => known,
            };
            self.counts.note(outcome);
        }
        self.counts.measurements += samples.len() as u64;
        self.ids.expects_known = upsert.expects_known();
        Ok(())
    }

    pub(super) fn write_derived_samples(&mut self) -> rusqlite::Result<()> {
        let samples = &self.batch.rows.derived_samples;
        if samples.is_empty() {
            return Ok(());
        }
        self.ids.merge.samples.begin_import(self.upload.id);
        let mut upsert = Upsert::new(self.connection, &DERIVED_SAMPLES, self.ids.expects_known)?;
        for derived in samples {
            let outcome = self.write_derived(&mut upsert, &derived.sample, derived.creation_ms)?;
            self.counts.note(outcome);
        }
        self.counts.measurements += samples.len() as u64;
        self.ids.expects_known = upsert.expects_known();
        Ok(())
    }

    fn write_derived(
        &mut self,
        upsert: &mut Upsert<'a, 'a, 12>,
        row: &Sample,
        creation_ms: Option<i64>,
    ) -> rusqlite::Result<Outcome> {
        let (connection, person) = (self.connection, self.upload.person);
        let Resolved { key, shared, unshared } = self.resolve(row)?;
        let other = self.text(row.other);
        let details = Details { creation_ms, metadata: self.text(row.metadata), other };
        let merge = &mut self.ids.merge.samples;
        let known = merge.note_derived(connection, person, &key)?;
        let mut uuid = row.uuid;
        loop {
            let may_be_known = known.has_app || known.has_other_unit;
            let exists = may_be_known
                && connection.prepare_cached(SAMPLE_EXISTS)?.exists(params![
                    person,
                    key.kind,
                    row.start_ms,
                    &uuid[..]
                ])?;
            if known.has_app && !exists && merge.absorb(connection, person, &key, details)? {
                return Ok(Outcome::Merged);
            }
            if known.has_other_unit && !exists && merge.absorb_other_unit(connection, person, &key, details)? {
                return Ok(Outcome::Unchanged);
            }
            let outcome = upsert.write(sql_values![
                person,
                key.kind,
                row.start_ms,
                uuid,
                row.end_ms,
                row.value,
                key.unit,
                key.source,
                shared,
                unshared,
                other,
                creation_ms
            ])?;
            // Of a fresh type, a row with this identity is an equal record of the same import.
            if outcome == Outcome::New || !known.is_fresh {
                return Ok(outcome);
            }
            uuid = next(&uuid);
        }
    }

    fn resolve(&mut self, row: &Sample) -> rusqlite::Result<Resolved<'a>> {
        let (connection, texts) = (self.connection, &self.batch.texts);
        let ids = &mut *self.ids;
        let kind = ids.types.id(connection, texts, row.kind)?;
        let unit = ids.units.optional(connection, texts, row.unit)?;
        let source = ids.sources.optional(connection, texts, row.source)?;
        let shared = match row.metadata {
            Some(text) => ids.metadata_id(connection, texts, text)?,
            None => None,
        };
        let unshared = if shared.is_some() { None } else { self.text(row.metadata) };
        let &Sample { start_ms, end_ms, value, .. } = row;
        let key = SampleKey { kind, start_ms, end_ms, value, unit, source };
        Ok(Resolved { key, shared, unshared })
    }
}
