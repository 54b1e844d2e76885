//! Samples of the app.

use rusqlite::params;

use super::batch::BatchWriter;
use super::changes::ChangeKey;
use super::insert::Inserts;
use super::long_texts::LongTexts;
use super::marks::{UNMARK, unmark};
use super::merge::{Candidate, Crowded, Derived, Details, Merge, SampleKey, Turn, note_earlier};
use super::sql_value::{SqlValue, sql_values};
use super::table::Column::{self, Key, Shared, Unshared, Value};
use super::table::Table;
use super::upsert::Upsert;
use super::waiting::Place;
use crate::model::counts::Outcome;
use crate::model::identity::digest;
use crate::model::limits::INSERT_ROWS;
use crate::model::record::{Sample, Uuid};
use crate::model::text::TextId;

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

/// A sample, with ids in place of the texts that rows refer to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    pub(super) key: SampleKey,
    pub(super) uuid: Uuid,
    pub(super) metadata: Option<TextId>,
    pub(super) other: Option<TextId>,
}

impl Fields {
    fn second(&self) -> (i64, i64) {
        (self.key.kind, self.key.start_ms.div_euclid(1000))
    }
}

/// A sample as the table has it: with ids of texts, and metadata as an id or a text. Of long texts, `other` still
/// lacks the id.
pub(super) struct Resolved<'a> {
    pub(super) values: Values<'a>,
    pub(super) long: Option<LongTexts<'a>>,
}

const HAS: &str = "SELECT 1 FROM samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4";

const DELETE: &str = "DELETE FROM samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4";

impl<'a> BatchWriter<'a> {
    pub(super) fn write_samples(&mut self) -> rusqlite::Result<()> {
        let samples = &self.batch.rows.samples;
        if samples.is_empty() {
            return Ok(());
        }
        self.ids.merge.samples.begin_app();
        let mut upsert = Upsert::new(self.connection, &SAMPLES, self.ids.expects_known)?;
        let mut inserts = Inserts::new(self.connection, &SAMPLES)?;
        let mut keys = [None; INSERT_ROWS];
        // New rows of the present second that may be derived ones, if the others of the second leave these.
        let mut later: Vec<Fields> = Vec::new();
        for row in samples {
            let fields = self.fields(row)?;
            if later.first().is_some_and(|first| first.second() != fields.second()) {
                self.join_later(&mut later)?;
            }
            let Resolved { mut values, long } = self.resolve(&fields)?;
            if long.is_none() && self.may_wait(&upsert, &fields)? && inserts.add(&values)? {
                keys[inserts.waiting() - 1] = Some(fields.key);
                if inserts.is_full() {
                    self.insert_samples(&mut inserts, &mut upsert, &keys)?;
                }
                continue;
            }
            self.insert_samples(&mut inserts, &mut upsert, &keys)?;
            let outcome = self.upsert_sample(&mut upsert, &mut values, long)?;
            self.note_change(&fields.key, outcome);
            if self.ids.merge.has_marks {
                let span = (fields.key.start_ms, fields.key.end_ms);
                unmark(self.connection, &mut self.ids.changes, &values, span)?;
            }
            let (connection, person) = (self.connection, self.upload.person);
            // Most types come from one exporter only.
            if outcome == Outcome::New && self.ids.merge.samples.note_app_type(connection, person, &fields.key)? {
                self.join_derived(&fields, Turn::Settled, &mut later)?;
            } else {
                self.note_sample(outcome);
            }
        }
        self.insert_samples(&mut inserts, &mut upsert, &keys)?;
        self.join_later(&mut later)?;
        self.ids.expects_known = upsert.expects_known();
        Ok(())
    }

    /// Whether a sample may be inserted with others: it is probably new, and nothing else is done with it then.
    fn may_wait(&mut self, upsert: &SampleUpsert<'a>, fields: &Fields) -> rusqlite::Result<bool> {
        let (connection, person, merge) = (self.connection, self.upload.person, &mut self.ids.merge);
        let is_plain = !upsert.expects_known() && !merge.has_marks;
        Ok(is_plain && !merge.samples.note_app_type(connection, person, &fields.key)?)
    }

    /// Writes the samples that wait.
    fn insert_samples(
        &mut self,
        inserts: &mut Inserts<'a, 'a, 11>,
        upsert: &mut SampleUpsert<'a>,
        keys: &[Option<SampleKey>; INSERT_ROWS],
    ) -> rusqlite::Result<()> {
        let connection = self.connection;
        let (count, outcomes) = inserts.write(upsert, |row| note_earlier(connection, row))?;
        for (key, outcome) in keys.iter().flatten().zip(&outcomes[..count]) {
            self.note_change(key, *outcome);
            self.note_sample(*outcome);
        }
        Ok(())
    }

    pub(super) fn note_sample(&mut self, outcome: Outcome) {
        self.counts.note(outcome);
        self.counts.measurements += 1;
    }

    /// Notes which time a sample changes.
    pub(super) fn note_change(&mut self, sample: &SampleKey, outcome: Outcome) {
        let key = (self.upload.person, sample.kind);
        match outcome {
            Outcome::New => self.ids.changes.note_new_sample(key, sample.start_ms, sample.end_ms),
            Outcome::Updated => {
                self.ids.changes.note_replaced(ChangeKey::of_samples(key), sample.start_ms, sample.end_ms);
            }
            Outcome::Unchanged | Outcome::Merged => {}
        }
    }

    fn join_later(&mut self, later: &mut Vec<Fields>) -> rusqlite::Result<()> {
        for turn in [Turn::Named, Turn::Rest] {
            for fields in std::mem::take(later) {
                self.join_derived(&fields, turn, later)?;
            }
        }
        Ok(())
    }

    fn upsert_sample(
        &mut self,
        upsert: &mut SampleUpsert<'a>,
        values: &mut Values<'a>,
        long: Option<LongTexts<'a>>,
    ) -> rusqlite::Result<Outcome> {
        if let Some(long) = long {
            values[OTHER] = long.id(self.connection, LONG_ID, &values[..4])?.into();
        }
        let connection = self.connection;
        upsert.write_after(values, || note_earlier(connection, values))
    }

    /// Joins a new row of the app with the derived one that it is, if it has one in this turn. Of a crowd, it is removed and waits.
    fn join_derived(&mut self, fields: &Fields, turn: Turn, later: &mut Vec<Fields>) -> rusqlite::Result<()> {
        let (connection, person, metadata) = (self.connection, self.upload.person, self.text(fields.metadata));
        let merge = &mut self.ids.merge.samples;
        match merge.find_derived(connection, person, &fields.key, metadata, turn)? {
            Derived::Nothing => self.note_sample(Outcome::New),
            Derived::Row(row) => {
                self.replace_derived(fields, &row)?;
                self.note_sample(Outcome::Merged);
            }
            Derived::Later => later.push(*fields),
            Derived::Crowd => {
                let SampleKey { kind, start_ms, .. } = fields.key;
                connection.prepare_cached(DELETE)?.execute(params![person, kind, start_ms, &fields.uuid[..]])?;
                self.wait(fields, None)?;
            }
        }
        Ok(())
    }

    /// Writes a sample of the app that has waited. Returns `None` if a later turn may find a row that fits better.
    pub(super) fn settle_sample(
        &mut self,
        fields: &Fields,
        place: Place,
        turn: Turn,
    ) -> rusqlite::Result<Option<Outcome>> {
        let (connection, person, metadata) = (self.connection, self.upload.person, self.text(fields.metadata));
        let SampleKey { kind, start_ms, .. } = fields.key;
        // It may have come twice.
        let keys = params![person, kind, start_ms, &fields.uuid[..]];
        let is_known = connection.prepare_cached(HAS)?.exists(keys)?;
        let found = if is_known {
            None
        } else {
            let details = Details { creation_ms: None, metadata, other: None };
            let sample = Crowded { person, sample: &fields.key, is_imported: false, details, place, turn };
            self.find_in_crowd(&sample)?
        };
        if !is_known && found.is_none() && turn != Turn::Rest {
            return Ok(None);
        }
        let mut upsert = Upsert::new(connection, &SAMPLES, is_known)?;
        let Resolved { mut values, long } = self.resolve(fields)?;
        let outcome = self.upsert_sample(&mut upsert, &mut values, long)?;
        self.note_change(&fields.key, outcome);
        let Some(row) = found else {
            return Ok(Some(outcome));
        };
        self.replace_derived(fields, &row)?;
        Ok(Some(Outcome::Merged))
    }

    /// Deletes the derived row that a new sample of the app is, with its mark.
    fn replace_derived(&mut self, fields: &Fields, row: &Candidate) -> rusqlite::Result<()> {
        let (connection, person, kind) = (self.connection, self.upload.person, fields.key.kind);
        let metadata = self.text(fields.metadata);
        let Merge { samples, has_marks, .. } = &mut self.ids.merge;
        samples.replace_derived(connection, person, &fields.uuid, &fields.key, metadata, row)?;
        if *has_marks {
            connection.prepare_cached(UNMARK)?.execute(params![person, kind, row.start_ms, &row.uuid[..]])?;
        }
        self.ids.changes.note_replaced(ChangeKey::of_samples((person, kind)), row.start_ms, row.end_ms);
        Ok(())
    }

    pub(super) fn find_in_crowd(&mut self, sample: &Crowded<'_>) -> rusqlite::Result<Option<Candidate>> {
        let Merge { samples, crowd, import, .. } = &mut self.ids.merge;
        samples.find_in_crowd(self.connection, self.waiting.scratch()?, crowd, import, sample)
    }

    /// Makes a sample wait until the end of its document.
    pub(super) fn wait(&mut self, fields: &Fields, creation_ms: Option<i64>) -> rusqlite::Result<()> {
        let &Fields { key, uuid, metadata, other } = fields;
        let SampleKey { kind, start_ms, end_ms, value, unit, source } = key;
        let second = start_ms.div_euclid(1000);
        let place = digest(&[b"samples", &kind.to_le_bytes(), &second.to_le_bytes()]);
        let size = self.ids.merge.samples.size_of(self.connection, &key)?;
        let no_text = None::<&str>;
        let (metadata, other) = (self.text(metadata), self.text(other));
        let record = sql_values![
            kind,
            no_text,
            start_ms,
            uuid,
            end_ms,
            value,
            unit,
            source,
            metadata,
            other,
            creation_ms,
            no_text
        ];
        self.waiting.add(self.upload.id, place, size, record)
    }

    pub(super) fn fields(&mut self, row: &Sample) -> rusqlite::Result<Fields> {
        let (connection, texts) = (self.connection, &self.batch.texts);
        let ids = &mut *self.ids;
        let kind = ids.types.id(connection, texts, row.kind)?;
        let unit = ids.units.optional(connection, texts, row.unit)?;
        let source = ids.sources.optional(connection, texts, row.source)?;
        let &Sample { start_ms, end_ms, value, uuid, metadata, other, .. } = row;
        Ok(Fields { key: SampleKey { kind, start_ms, end_ms, value, unit, source }, uuid, metadata, other })
    }

    pub(super) fn resolve(&mut self, fields: &Fields) -> rusqlite::Result<Resolved<'a>> {
        let &Fields { key, uuid, metadata, other } = fields;
        let shared = match metadata {
            Some(text) => self.ids.metadata_id(self.connection, &self.batch.texts, text)?,
            None => None,
        };
        let unshared = if shared.is_some() { None } else { self.text(metadata) };
        let other = self.text(other);
        let long = LongTexts::of(unshared, other);
        let unshared = long.map_or(unshared, |long| long.left_of(unshared));
        let SampleKey { kind, start_ms, end_ms, value, unit, source } = key;
        let person = self.upload.person;
        let values = sql_values![person, kind, start_ms, uuid, end_ms, value, unit, source, shared, unshared, other];
        Ok(Resolved { values, long })
    }
}

type SampleUpsert<'a> = Upsert<'a, 'a, 11>;
