//! Samples of the app.

use super::batch::BatchWriter;
use super::long_texts::LongTexts;
use super::merge::SampleKey;
use super::table::Column::{self, Key, Shared, Unshared, Value};
use super::table::Table;
use super::upsert::{SqlValue, Upsert, sql_values};
use crate::model::counts::Outcome;
use crate::model::record::Sample;

const COLUMNS: [Column; 11] = [
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
];

pub(super) static SAMPLES: Table = Table::new("samples", &COLUMNS);

pub(super) const LONG_ID: &str =
    "SELECT CAST(other AS INTEGER) FROM samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4";

/// The columns of a row that every exporter has, in the order of their parameters.
pub(super) type Values<'a> = [SqlValue<'a>; 11];

/// The place of `other` among them.
pub(super) const OTHER: usize = 10;

/// A sample as the table has it: with ids of texts, and metadata as an id or a text. Of long texts, `other` still
/// lacks the id.
pub(super) struct Resolved<'a> {
    pub(super) key: SampleKey,
    pub(super) values: Values<'a>,
    pub(super) long: Option<LongTexts<'a>>,
}

impl<'a> BatchWriter<'a> {
    pub(super) fn write_samples(&mut self) -> rusqlite::Result<()> {
        let samples = &self.batch.rows.samples;
        if samples.is_empty() {
            return Ok(());
        }
        let person = self.upload.person;
        self.ids.merge.samples.begin_app(samples.len());
        let mut upsert = Upsert::new(self.connection, &SAMPLES, self.ids.expects_known)?;
        for row in samples {
            let Resolved { key, mut values, long } = self.resolve(row)?;
            if let Some(long) = long {
                values[OTHER] = long.id(self.connection, LONG_ID, &values[..4])?.into();
            }
            let outcome = match upsert.write(&values)? {
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
        let other = self.text(row.other);
        let long = LongTexts::of(unshared, other);
        let &Sample { start_ms, end_ms, value, uuid, .. } = row;
        let key = SampleKey { kind, start_ms, end_ms, value, unit, source };
        let unshared = long.map_or(unshared, |long| long.left_of(unshared));
        let person = self.upload.person;
        let values = sql_values![person, kind, start_ms, uuid, end_ms, value, unit, source, shared, unshared, other];
        Ok(Resolved { key, values, long })
    }
}
