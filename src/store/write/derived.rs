//! Samples of imports. Their identity is a guess at the row that has them: a row is found by its content if the guess fails,
//! and keeps its identity for good.

use rusqlite::{Connection, params};

use super::batch::BatchWriter;
use super::long_texts::LongTexts;
use super::merge::{Candidate, Crowded, Details, Found, SampleKey, Turn};
use super::samples::{Fields, LONG_ID, OTHER, Resolved};
use super::sql_value::SqlValue;
use super::upsert::Bound;
use super::waiting::{Place, WaitingRecord};
use crate::model::counts::Outcome;
use crate::model::identity::{is_derived, next, other};
use crate::model::limits::IDENTITIES_TRIED_MAX;
use crate::model::record::{DerivedSample, Uuid};

/// The columns of a row in the order of their parameters, then its number.
const INSERT: &str =
    "INSERT INTO samples (person_id, type_id, start_ms, uuid, end_ms, value, unit_id, source_id, metadata_id,
      metadata, other, creation_ms, import_number)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT DO NOTHING";

/// The number of a row with this identity and content. Metadata that became shared later is the same metadata.
const EQUAL: &str =
    "SELECT import_number FROM samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4
    AND end_ms IS ?5 AND value IS ?6 AND unit_id IS ?7 AND source_id IS ?8 AND other IS ?11 AND creation_ms IS ?12
    AND ((metadata_id IS ?9 AND metadata IS ?10)
      OR coalesce((SELECT json FROM shared_metadata WHERE id = samples.metadata_id), metadata)
        IS coalesce((SELECT json FROM shared_metadata WHERE id = ?9), ?10))";

const REPLACE: &str = "UPDATE samples SET value = ?6, source_id = ?8, metadata_id = ?9, metadata = ?10, other = ?11,
      creation_ms = ?12, import_number = ?13
    WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4 AND end_ms IS ?5 AND unit_id IS ?7";

const SET_NUMBER: &str = "UPDATE samples SET import_number = ?5
    WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4";

/// Places of values that differ between the attempts to find or insert a row.
const UUID: usize = 3;
const VALUE: usize = 5;
const UNIT: usize = 6;
const NUMBER: usize = 12;

/// The columns of a row, and its number, which [`EQUAL`] does without.
type Values<'a> = [SqlValue<'a>; 13];

/// The statements that most records need.
struct Statements<'c, 'b> {
    insert: Bound<'c, 'b, 13>,
    equal: Bound<'c, 'b, 12>,
}

/// A record with what its row would have.
struct Record<'a> {
    key: SampleKey,
    uuid: Uuid,
    details: Details<'a>,
    long: Option<LongTexts<'a>>,
    values: Values<'a>,
}

impl<'c, 'b> Statements<'c, 'b> {
    fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self { insert: Bound::new(connection, INSERT)?, equal: Bound::new(connection, EQUAL)? })
    }

    /// Returns whether there was no row with this identity.
    fn insert(&mut self, values: &mut Values<'b>, number: i64) -> rusqlite::Result<bool> {
        values[NUMBER] = number.into();
        Ok(self.insert.execute(values)? == 1)
    }

    /// Returns the number of a row with this identity and content, if there is a row.
    fn equal(&mut self, [columns @ .., _]: &Values<'b>) -> rusqlite::Result<Option<Option<i64>>> {
        self.equal.number(columns)
    }
}

impl<'a> BatchWriter<'a> {
    pub(super) fn write_derived_samples(&mut self) -> rusqlite::Result<()> {
        let samples = &self.batch.rows.derived_samples;
        if samples.is_empty() {
            return Ok(());
        }
        self.ids.merge.begin_import(self.connection, self.upload.id)?;
        self.ids.merge.samples.begin_derived();
        let mut statements = Statements::new(self.connection)?;
        // Records of the present second without a row that is exactly theirs.
        let mut waiting: Vec<&DerivedSample> = Vec::new();
        for derived in samples {
            if waiting.first().is_some_and(|first| second_of(first) != second_of(derived)) {
                self.write_waiting(&mut statements, &mut waiting)?;
            }
            match self.write_derived(&mut statements, derived)? {
                Some(outcome) => self.note_sample(outcome),
                None => waiting.push(derived),
            }
        }
        self.write_waiting(&mut statements, &mut waiting)?;
        self.ids.merge.import.end_batch(self.connection)
    }

    /// Writes the records of a second that wait: those that change nothing first, those with a renamed source last. Those of a
    /// crowd wait on.
    fn write_waiting(
        &mut self,
        statements: &mut Statements<'a, 'a>,
        waiting: &mut Vec<&DerivedSample>,
    ) -> rusqlite::Result<()> {
        let Some(first) = waiting.first() else {
            return Ok(());
        };
        let key = self.fields(&first.sample)?.key;
        if self.ids.merge.samples.read_second(self.connection, self.upload.person, &key)? {
            for derived in waiting.drain(..) {
                let fields = self.fields(&derived.sample)?;
                self.wait(&fields, derived.creation_ms)?;
            }
            return Ok(());
        }
        for turn in Turn::ALL {
            let mut left = 0;
            for place in 0..waiting.len() {
                match self.write_found(statements, waiting[place], turn)? {
                    Some(outcome) => self.note_sample(outcome),
                    None => {
                        waiting[left] = waiting[place];
                        left += 1;
                    }
                }
            }
            waiting.truncate(left);
        }
        Ok(())
    }

    /// Writes a record that is new to its type, or has an equal row. Returns `None` if it may have another row.
    fn write_derived(
        &mut self,
        statements: &mut Statements<'a, 'a>,
        derived: &DerivedSample,
    ) -> rusqlite::Result<Option<Outcome>> {
        let mut record = self.record(derived)?;
        let known = self.ids.merge.samples.note_derived(self.connection, self.upload.person, &record.key)?;
        // Most imports bring new records only.
        if !known.needs_search() && record.long.is_none() && self.insert_derived(statements, &mut record)? {
            return Ok(Some(Outcome::New));
        }
        if self.claim_equal(statements, &mut record)? {
            return Ok(Some(Outcome::Unchanged));
        }
        if known.needs_search() {
            return Ok(None);
        }
        self.insert_free(statements, &mut record).map(Some)
    }

    /// Writes a record with the row that it may take in this turn. Returns `None` if there is one for a later turn.
    fn write_found(
        &mut self,
        statements: &mut Statements<'a, 'a>,
        derived: &DerivedSample,
        turn: Turn,
    ) -> rusqlite::Result<Option<Outcome>> {
        let mut record = self.record(derived)?;
        let merge = &mut self.ids.merge;
        match merge.samples.find(self.connection, &merge.import, &record.key, record.details, turn)? {
            Found::Row(row) => self.take(statements, &mut record, &row).map(Some),
            Found::Later => Ok(None),
            Found::Nothing => self.insert_free(statements, &mut record).map(Some),
        }
    }

    /// Writes records that have waited. Those that are written wait no more; others may have a row in a later turn.
    pub(super) fn settle_samples(
        &mut self,
        records: &[WaitingRecord],
        place: Place,
        turn: Turn,
    ) -> rusqlite::Result<()> {
        let mut statements = Statements::new(self.connection)?;
        for waiting in records {
            let &WaitingRecord { id, uuid, metadata, other, creation_ms, .. } = waiting;
            let fields = Fields { key: waiting.key(), uuid, metadata, other };
            let outcome = if is_derived(&uuid) {
                let mut record = self.record_of(&fields, creation_ms)?;
                self.settle_derived(&mut statements, &mut record, place, turn)?
            } else {
                self.settle_sample(&fields, place, turn)?
            };
            match outcome {
                Some(outcome) => {
                    self.note_sample(outcome);
                    self.waiting.remove(id, turn)?;
                }
                None if self.ids.merge.crowd.is_empty() => {
                    self.waiting.end_turn();
                    break;
                }
                None => {}
            }
        }
        Ok(())
    }

    fn settle_derived(
        &mut self,
        statements: &mut Statements<'a, 'a>,
        record: &mut Record<'a>,
        place: Place,
        turn: Turn,
    ) -> rusqlite::Result<Option<Outcome>> {
        let (person, details) = (self.upload.person, record.details);
        let sample = Crowded { person, sample: &record.key, is_imported: true, details, place, turn };
        match self.find_in_crowd(&sample)? {
            Some(row) => self.take(statements, record, &row).map(Some),
            None if turn == Turn::Rest => self.insert_free(statements, record).map(Some),
            None => Ok(None),
        }
    }

    /// Inserts a record under its identity, or under another one that is free.
    fn insert_free(
        &mut self,
        statements: &mut Statements<'a, 'a>,
        record: &mut Record<'a>,
    ) -> rusqlite::Result<Outcome> {
        if let Some(long) = record.long {
            record.values[OTHER] = long.insert(self.connection)?.into();
        }
        for _ in 0..IDENTITIES_TRIED_MAX {
            if self.insert_derived(statements, record)? {
                return Ok(Outcome::New);
            }
            record.set_uuid(next(&record.uuid));
        }
        let number = self.ids.merge.import.next_number();
        record.set_uuid(other(&record.uuid, self.upload.id, number.unsigned_abs()));
        while !self.insert_derived(statements, record)? {
            record.set_uuid(next(&record.uuid));
        }
        Ok(Outcome::New)
    }

    fn record(&mut self, derived: &DerivedSample) -> rusqlite::Result<Record<'a>> {
        let fields = self.fields(&derived.sample)?;
        self.record_of(&fields, derived.creation_ms)
    }

    fn record_of(&mut self, fields: &Fields, creation_ms: Option<i64>) -> rusqlite::Result<Record<'a>> {
        let Resolved { values, long } = self.resolve(fields)?;
        let values = with(&values, [creation_ms.into(), SqlValue::Null]);
        let details = Details { creation_ms, metadata: self.text(fields.metadata), other: self.text(fields.other) };
        Ok(Record { key: fields.key, uuid: fields.uuid, details, long, values })
    }

    /// Inserts the record's row. Returns `false` if a row has its identity.
    fn insert_derived(
        &mut self,
        statements: &mut Statements<'a, 'a>,
        record: &mut Record<'a>,
    ) -> rusqlite::Result<bool> {
        let import = &mut self.ids.merge.import;
        let is_new = statements.insert(&mut record.values, import.next_number())?;
        if is_new {
            import.claim_next();
            self.note_change(&record.key, Outcome::New);
        }
        Ok(is_new)
    }

    /// Claims the row with the record's identity and content. If another record has claimed it, some further identities are tried,
    /// as equal records have them. Returns whether there is a row.
    fn claim_equal(&mut self, statements: &mut Statements<'a, 'a>, record: &mut Record<'a>) -> rusqlite::Result<bool> {
        for _ in 0..IDENTITIES_TRIED_MAX {
            if let Some(long) = record.long {
                match long.stored(self.connection, LONG_ID, &record.row_key())? {
                    Some(id) => record.values[OTHER] = id.into(),
                    None => return Ok(false),
                }
            }
            match statements.equal(&record.values)? {
                None => return Ok(false),
                Some(number) => {
                    if self.claim(record, number)? {
                        return Ok(true);
                    }
                }
            }
            record.set_uuid(next(&record.uuid));
        }
        Ok(false)
    }

    /// Claims the row with the record's identity, and numbers it if it has no number. Returns whether it was unclaimed.
    fn claim(&mut self, record: &Record<'a>, number: Option<i64>) -> rusqlite::Result<bool> {
        let merge = &mut self.ids.merge;
        let Some(number) = number else {
            let (key, number) = (record.row_key(), merge.import.next_number());
            let [person, kind, start, uuid] = key;
            self.connection.prepare_cached(SET_NUMBER)?.execute(params![person, kind, start, uuid, number])?;
            merge.import.claim_next();
            merge.samples.note_taken(&record.uuid);
            return Ok(true);
        };
        Ok(merge.import.claim(number))
    }

    /// Takes a row that was found by its content.
    fn take(
        &mut self,
        statements: &mut Statements<'a, 'a>,
        record: &mut Record<'a>,
        row: &Candidate,
    ) -> rusqlite::Result<Outcome> {
        record.set_uuid(row.uuid);
        if row.is_derived() {
            return self.take_derived(statements, record, row);
        }
        let (connection, person) = (self.connection, self.upload.person);
        let merge = &mut self.ids.merge;
        let number = row.number.unwrap_or(merge.import.next_number());
        merge.samples.keep(connection, (person, record.key.kind), row, record.details, number)?;
        if record.details.creation_ms.is_some_and(|creation_ms| row.creation_ms != Some(creation_ms)) {
            self.ids.changes.note_new_sample((person, record.key.kind), row.start_ms, row.end_ms);
        }
        self.note_claimed(record, row);
        Ok(Outcome::Merged)
    }

    /// Brings the texts of an earlier import's row up to date. Its value stays if it is in another unit.
    fn take_derived(
        &mut self,
        statements: &mut Statements<'a, 'a>,
        record: &mut Record<'a>,
        row: &Candidate,
    ) -> rusqlite::Result<Outcome> {
        if row.unit != record.key.unit {
            (record.values[VALUE], record.values[UNIT]) = (row.value.into(), row.unit.into());
        }
        if let Some(long) = record.long {
            record.values[OTHER] = long.id(self.connection, LONG_ID, &record.row_key())?.into();
        }
        if let Some(number) = statements.equal(&record.values)? {
            self.claim(record, number)?;
            return Ok(Outcome::Unchanged);
        }
        let number = row.number.unwrap_or(self.ids.merge.import.next_number());
        record.values[NUMBER] = number.into();
        self.connection.prepare_cached(REPLACE)?.execute(rusqlite::params_from_iter(&record.values))?;
        self.note_change(&record.key, Outcome::Updated);
        self.note_claimed(record, row);
        Ok(Outcome::Updated)
    }

    /// Notes that a row has the next number, if it had none, and that it is claimed.
    fn note_claimed(&mut self, record: &Record<'a>, row: &Candidate) {
        let merge = &mut self.ids.merge;
        match row.number {
            Some(number) => {
                merge.import.claim(number);
            }
            None => {
                merge.import.claim_next();
                merge.samples.note_taken(&record.uuid);
            }
        }
    }
}

impl<'a> Record<'a> {
    fn set_uuid(&mut self, uuid: Uuid) {
        self.uuid = uuid;
        self.values[UUID] = uuid.into();
    }

    fn row_key(&self) -> [SqlValue<'a>; 4] {
        [self.values[0], self.values[1], self.values[2], self.values[UUID]]
    }
}

/// A row with further values behind it.
fn with<'b, const N: usize, const M: usize, const ALL: usize>(
    row: &[SqlValue<'b>; N],
    more: [SqlValue<'b>; M],
) -> [SqlValue<'b>; ALL] {
    const { assert!(N + M == ALL, "a value for each column") };
    let mut all = [SqlValue::Null; ALL];
    all[..N].copy_from_slice(row);
    all[N..].copy_from_slice(&more);
    all
}

fn second_of(derived: &DerivedSample) -> (usize, i64) {
    (derived.sample.kind.index(), derived.sample.start_ms.div_euclid(1000))
}
