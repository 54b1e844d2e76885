//! Samples of the app.

use rusqlite::params;

use super::batch::BatchWriter;
use super::long_texts::{LongTexts, MOVED};
use super::merge::SampleKey;
use super::table::Column::{self, Cleared, Key, Shared, Unshared, Value};
use super::table::Table;
use super::upsert::{Upsert, sql_values};
use crate::model::counts::Outcome;
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
    Cleared("long_id"),
];

/// With the id of long texts.
const LONG_COLUMNS: [Column; 12] = {
    let mut columns = COLUMNS;
    columns[11] = Value("long_id");
    columns
};

pub(super) static SAMPLES: Table = Table::new("samples", &COLUMNS);

/// Samples with long texts.
pub(super) static LONG_SAMPLES: Table = Table::new("samples", &LONG_COLUMNS);

pub(super) const LONG_ID: &str =
    "SELECT long_id FROM samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4";

/// A sample's texts as the table has them: ids, and metadata as an id or a text.
pub(super) struct Resolved<'a> {
    pub(super) key: SampleKey,
    pub(super) shared: Option<i64>,
    pub(super) unshared: Option<&'a str>,
}

impl<'a> BatchWriter<'a> {
    pub(super) fn write_samples(&mut self) -> rusqlite::Result<()> {
        let samples = &self.batch.rows.samples;
        if samples.is_empty() {
            return Ok(());
        }
        let person = self.upload.person;
        self.ids.merge.samples.begin_app();
        let mut upsert = Upsert::new(self.connection, &SAMPLES, self.ids.expects_known)?;
        for row in samples {
            let Resolved { key, shared, unshared } = self.resolve(row)?;
            let other = self.text(row.other);
            let outcome = if let Some(long) = LongTexts::of(unshared, other) {
                self.write_long_sample(row, &key, shared, long.left_of(unshared), &long)?
            } else {
                upsert.write(sql_values![
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
                    other
                ])?
            };
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

    fn write_long_sample(
        &mut self,
        row: &Sample,
        key: &SampleKey,
        shared: Option<i64>,
        unshared: Option<&'a str>,
        long: &LongTexts<'a>,
    ) -> rusqlite::Result<Outcome> {
        let (connection, person) = (self.connection, self.upload.person);
        let id = long.id(connection, LONG_ID, params![person, key.kind, row.start_ms, &row.uuid[..]])?;
        let mut upsert = Upsert::new(connection, &LONG_SAMPLES, self.ids.expects_known)?;
        upsert.write(sql_values![
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
            MOVED,
            id
        ])
    }

    pub(super) fn resolve(&mut self, row: &Sample) -> rusqlite::Result<Resolved<'a>> {
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
