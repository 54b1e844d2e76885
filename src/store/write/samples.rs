//! Samples of the app.

use super::batch::BatchWriter;
use super::long_texts::{LongTexts, MOVED};
use super::merge::SampleKey;
use super::table::Column::{self, Cleared, Key, Shared, Unshared, Value};
use super::table::Table;
use super::upsert::{SqlValue, Upsert, sql_values, with};
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

/// The columns of a row that every exporter has, in the order of their parameters.
pub(super) type Values<'a> = [SqlValue<'a>; 11];

/// A sample as the table has it: with ids of texts, and metadata as an id or a text. Long texts are apart.
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
            let Resolved { key, values, long } = self.resolve(row)?;
            let outcome = match long {
                Some(long) => self.write_long_sample(&values, &long)?,
                None => upsert.write(values)?,
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

    fn write_long_sample(&mut self, values: &Values<'a>, long: &LongTexts<'a>) -> rusqlite::Result<Outcome> {
        let [person, kind, start, uuid, ..] = *values;
        let id = long.id(self.connection, LONG_ID, [person, kind, start, uuid])?;
        let mut upsert = Upsert::<'_, '_, 12>::new(self.connection, &LONG_SAMPLES, self.ids.expects_known)?;
        upsert.write(with(values, [id.into()]))
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
        let other = if long.is_some() { Some(MOVED) } else { other };
        let person = self.upload.person;
        let values = sql_values![person, kind, start_ms, uuid, end_ms, value, unit, source, shared, unshared, other];
        Ok(Resolved { key, values, long })
    }
}
