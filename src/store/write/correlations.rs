//! Correlations. The next export may print their sources and units differently, so they are matched by their members' content.
//! If many begin at one time, they wait until the end of their document.

use rusqlite::{Row, params, params_from_iter};

use super::batch::BatchWriter;
use super::members::{content_of, parse, sizes_near};
use super::merge::{Check, Crowd, Merge, Traits, Turn, Window};
use super::sql_value::{SqlValue, sql_values};
use super::waiting::{Place, WaitingRecord};
use crate::model::counts::Outcome;
use crate::model::identity::{digest, next, other};
use crate::model::limits::{IDENTITIES_TRIED_MAX, MATCH_ROWS_MAX};
use crate::model::record::{Correlation, Uuid};
use crate::model::text::TextId;

const INSERT: &str =
    "INSERT INTO correlations (person_id, type, start_ms, uuid, end_ms, members, creation_ms, source_id, metadata,
      other, import_number)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING";

const EQUAL: &str =
    "SELECT import_number FROM correlations WHERE person_id = ?1 AND type = ?2 AND start_ms = ?3 AND uuid = ?4
    AND end_ms IS ?5 AND members IS ?6 AND creation_ms IS ?7 AND source_id IS ?8 AND metadata IS ?9 AND other IS ?10";

/// The members stay as they are, perhaps in other units.
const REPLACE: &str =
    "UPDATE correlations SET creation_ms = ?7, source_id = ?8, metadata = ?9, other = ?10, import_number = ?11
    WHERE person_id = ?1 AND type = ?2 AND start_ms = ?3 AND uuid = ?4 AND end_ms IS ?5 AND members IS ?6";

const SET_NUMBER: &str = "UPDATE correlations SET import_number = ?5
    WHERE person_id = ?1 AND type = ?2 AND start_ms = ?3 AND uuid = ?4";

/// Those that begin at a time, at most so many.
const OF_START: &str = "SELECT uuid, end_ms, members, import_number, source_id, creation_ms, metadata, other
    FROM correlations WHERE person_id = ?1 AND type = ?2 AND start_ms = ?3 LIMIT ?4";

const ONE: &str = "SELECT uuid, end_ms, members, import_number, source_id, creation_ms, metadata, other
    FROM correlations WHERE person_id = ?1 AND type = ?2 AND start_ms = ?3 AND uuid = ?4";

/// Places of values in a row.
const UUID: usize = 3;
const MEMBERS_PLACE: usize = 5;

type Values<'a> = [SqlValue<'a>; 10];

/// A stored correlation.
struct Stored {
    uuid: Uuid,
    end_ms: Option<i64>,
    members: String,
    number: Option<i64>,
    source: Option<i64>,
    creation_ms: Option<i64>,
    metadata: Option<String>,
    other: Option<String>,
}

/// A correlation that arrives, with the id of its source.
#[derive(Clone, Copy)]
struct Arrival {
    uuid: Uuid,
    kind: TextId,
    start_ms: i64,
    end_ms: Option<i64>,
    creation_ms: Option<i64>,
    source: Option<i64>,
    metadata: Option<TextId>,
    members: TextId,
    other: Option<TextId>,
}

/// Rows with the type and the start of a correlation.
enum Found {
    Row(Stored),
    Nothing,
    /// Too many to compare them one by one.
    Crowd,
}

impl Stored {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            uuid: row.get(0)?,
            end_ms: row.get(1)?,
            members: row.get(2)?,
            number: row.get(3)?,
            source: row.get(4)?,
            creation_ms: row.get(5)?,
            metadata: row.get(6)?,
            other: row.get(7)?,
        })
    }
}

impl<'a> BatchWriter<'a> {
    pub(super) fn write_correlations(&mut self) -> rusqlite::Result<()> {
        let rows = &self.batch.rows.correlations;
        if rows.is_empty() {
            return Ok(());
        }
        self.ids.merge.begin_import(self.connection, self.upload.id)?;
        for row in rows {
            let &Correlation { uuid, kind, start_ms, end_ms, creation_ms, metadata, members, other, .. } = row;
            let source = self.source_id(row.source)?;
            let arrival = Arrival { uuid, kind, start_ms, end_ms, creation_ms, source, metadata, members, other };
            if let Some(outcome) = self.write_correlation(&arrival)? {
                self.note_correlation(outcome);
            }
        }
        self.ids.merge.import.end_batch(self.connection)
    }

    fn note_correlation(&mut self, outcome: Outcome) {
        self.counts.note(outcome);
        self.counts.other += 1;
    }

    /// Writes a correlation. Returns `None` if it waits.
    fn write_correlation(&mut self, arrival: &Arrival) -> rusqlite::Result<Option<Outcome>> {
        let mut values = self.values(arrival);
        let mut uuid = arrival.uuid;
        // A row with this identity and content, or that of a further equal record.
        for _ in 0..IDENTITIES_TRIED_MAX {
            let Some(number) = self.equal_correlation(&values)? else {
                break;
            };
            if self.claim_correlation(&values, number)? {
                return Ok(Some(Outcome::Unchanged));
            }
            uuid = next(&uuid);
            values[UUID] = uuid.into();
        }
        let start = arrival.start_ms.to_le_bytes();
        let place = digest(&[b"correlations", self.batch.texts.get(arrival.kind).as_bytes(), &start]);
        let is_crowd = self.ids.merge.crowd.is_known(&place);
        match if is_crowd { Found::Crowd } else { self.find_correlation(arrival)? } {
            Found::Row(found) => self.take_correlation(values, &found).map(Some),
            Found::Nothing => self.insert_new(values, uuid).map(Some),
            Found::Crowd => {
                self.ids.merge.crowd.note(place);
                self.make_wait(arrival, place).map(|()| None)
            }
        }
    }

    fn values(&self, arrival: &Arrival) -> Values<'a> {
        let &Arrival { uuid, kind, start_ms, end_ms, creation_ms, source, metadata, members, other } = arrival;
        sql_values![
            self.upload.person,
            self.batch.texts.get(kind),
            start_ms,
            uuid,
            end_ms,
            self.batch.texts.get(members),
            creation_ms,
            source,
            self.text(metadata),
            self.text(other)
        ]
    }

    fn insert_new(&mut self, mut values: Values<'a>, mut uuid: Uuid) -> rusqlite::Result<Outcome> {
        let mut tried = 0;
        while !self.insert_correlation(&values)? {
            tried += 1;
            uuid = if tried < IDENTITIES_TRIED_MAX {
                next(&uuid)
            } else {
                other(&uuid, self.upload.id, self.ids.merge.import.next_number().unsigned_abs())
            };
            values[UUID] = uuid.into();
        }
        Ok(Outcome::New)
    }

    fn make_wait(&mut self, arrival: &Arrival, place: Place) -> rusqlite::Result<()> {
        let &Arrival { uuid, kind, start_ms, end_ms, creation_ms, source, metadata, members, other } = arrival;
        let texts = &self.batch.texts;
        let (no_number, no_value) = (None::<i64>, None::<f64>);
        let record = sql_values![
            no_number,
            texts.get(kind),
            start_ms,
            uuid,
            end_ms,
            no_value,
            no_number,
            source,
            self.text(metadata),
            self.text(other),
            creation_ms,
            texts.get(members)
        ];
        let (_, size) = content_of(self.connection, texts.get(members))?;
        self.waiting.add(self.upload.id, place, size, record)
    }

    /// Writes correlations that have waited. Those that are written wait no more; others may have a row in a later turn.
    pub(super) fn settle_correlations(
        &mut self,
        records: &[WaitingRecord],
        place: Place,
        turn: Turn,
    ) -> rusqlite::Result<()> {
        for waiting in records {
            let &WaitingRecord { uuid, start_ms, end_ms, creation_ms, source, metadata, other, .. } = waiting;
            let (Some(kind), Some(members)) = (waiting.kind, waiting.members) else {
                continue;
            };
            let arrival = Arrival { uuid, kind, start_ms, end_ms, creation_ms, source, metadata, members, other };
            let values = self.values(&arrival);
            let outcome = match self.find_in_lists(&arrival, place, turn)? {
                Some(found) => self.take_correlation(values, &found)?,
                None if turn == Turn::Rest => self.insert_new(values, uuid)?,
                None if self.ids.merge.crowd.is_empty() => {
                    self.waiting.end_turn();
                    break;
                }
                None => continue,
            };
            self.note_correlation(outcome);
            self.waiting.remove(waiting.id, turn)?;
        }
        Ok(())
    }

    /// Finds the free row of a crowd that fits a correlation best, in its turn.
    fn find_in_lists(&mut self, arrival: &Arrival, place: Place, turn: Turn) -> rusqlite::Result<Option<Stored>> {
        let (connection, person, scratch) = (self.connection, self.upload.person, self.waiting.scratch()?);
        let (kind, start_ms) = (self.batch.texts.get(arrival.kind), arrival.start_ms);
        let Merge { crowd, import, .. } = &mut self.ids.merge;
        if crowd.begin(scratch, &place, turn)? {
            let mut select = connection.prepare_cached(OF_START)?;
            let mut rows = select.query(params![person, kind, start_ms, i64::MAX])?;
            while let Some(row) = rows.next()? {
                let row = Stored::of(row)?;
                if !import.has_claimed(row.number) {
                    let (content, size) = content_of(connection, &row.members)?;
                    let traits = Traits {
                        content: crowd.hash((row.end_ms, content)),
                        size: Some(size),
                        exact: crowd.hash(&row.members),
                        ..traits(row.source, row.creation_ms, [row.metadata.as_deref(), row.other.as_deref()], crowd)
                    };
                    crowd.add(scratch, turn, &traits, true, (start_ms, row.uuid))?;
                }
            }
        }
        if crowd.is_empty() {
            return Ok(None);
        }
        let texts = [arrival.metadata, arrival.other].map(|text| text.map(|text| self.batch.texts.get(text)));
        let members = self.batch.texts.get(arrival.members);
        let (content, size) = content_of(connection, members)?;
        let traits = Traits {
            content: crowd.hash((arrival.end_ms, content)),
            size: Some(size),
            exact: crowd.hash(members),
            ..traits(arrival.source, arrival.creation_ms, texts, crowd)
        };
        let windows = [(size, size), sizes_near(size)].map(|sizes| Window { unit: None, sizes });
        let own = parse(connection, members)?;
        crowd.search(scratch, turn, &traits, &windows, |(start_ms, uuid)| {
            let mut select = connection.prepare_cached(ONE)?;
            let mut rows = select.query(params![person, kind, start_ms, &uuid[..]])?;
            let found = rows.next()?.map(Stored::of).transpose()?;
            Ok(match found.filter(|row| !import.has_claimed(row.number)) {
                None => Check::IsOver,
                Some(row) if row.members == members || parse(connection, &row.members)? == own => Check::Fits(row),
                Some(_) => Check::Differs,
            })
        })
    }

    /// The number of the row with this identity and content, if there is such a row.
    fn equal_correlation(&self, values: &Values<'_>) -> rusqlite::Result<Option<Option<i64>>> {
        let mut select = self.connection.prepare_cached(EQUAL)?;
        let mut rows = select.query(params_from_iter(values))?;
        rows.next()?.map(|row| row.get(0)).transpose()
    }

    /// Returns whether no record of this import had claimed the row.
    fn claim_correlation(&mut self, values: &Values<'_>, number: Option<i64>) -> rusqlite::Result<bool> {
        let import = &mut self.ids.merge.import;
        if let Some(number) = number {
            return Ok(import.claim(number));
        }
        let [person, kind, start, uuid, ..] = values;
        let mut update = self.connection.prepare_cached(SET_NUMBER)?;
        update.execute(params![person, kind, start, uuid, import.next_number()])?;
        import.claim_next();
        Ok(true)
    }

    fn insert_correlation(&mut self, values: &Values<'_>) -> rusqlite::Result<bool> {
        let import = &mut self.ids.merge.import;
        let row = values.iter().copied().chain([import.next_number().into()]);
        let is_new = self.connection.prepare_cached(INSERT)?.execute(params_from_iter(row))? == 1;
        if is_new {
            import.claim_next();
        }
        Ok(is_new)
    }

    /// Finds an unclaimed row with the same times and members: one of the same source if possible, then one created at the same
    /// time, then one with the same metadata.
    fn find_correlation(&self, arrival: &Arrival) -> rusqlite::Result<Found> {
        let (kind, members) = (self.batch.texts.get(arrival.kind), self.batch.texts.get(arrival.members));
        let own_metadata = self.text(arrival.metadata);
        let (mut count, mut own, mut best): (u32, _, Option<([bool; 3], Stored)>) = (0, None, None);
        let mut select = self.connection.prepare_cached(OF_START)?;
        let mut rows = select.query(params![self.upload.person, kind, arrival.start_ms, MATCH_ROWS_MAX + 1])?;
        while let Some(row) = rows.next()? {
            count += 1;
            if count > MATCH_ROWS_MAX {
                return Ok(Found::Crowd);
            }
            let row = Stored::of(row)?;
            if row.end_ms != arrival.end_ms || self.ids.merge.import.has_claimed(row.number) {
                continue;
            }
            let fit = [
                row.source == arrival.source,
                row.creation_ms == arrival.creation_ms,
                row.metadata.as_deref() == own_metadata,
            ];
            if best.as_ref().is_some_and(|(best, _)| *best >= fit) {
                continue;
            }
            if row.members != members {
                if own.is_none() {
                    own = Some(parse(self.connection, members)?);
                }
                if own != Some(parse(self.connection, &row.members)?) {
                    continue;
                }
            }
            best = Some((fit, row));
        }
        Ok(best.map_or(Found::Nothing, |(_, row)| Found::Row(row)))
    }

    fn take_correlation(&mut self, values: Values<'a>, found: &Stored) -> rusqlite::Result<Outcome> {
        let mut values: Values<'_> = values;
        values[UUID] = found.uuid.into();
        values[MEMBERS_PLACE] = found.members.as_str().into();
        if self.equal_correlation(&values)?.is_some() {
            self.claim_correlation(&values, found.number)?;
            return Ok(Outcome::Unchanged);
        }
        let number = found.number.unwrap_or(self.ids.merge.import.next_number());
        let row = values.iter().copied().chain([number.into()]);
        self.connection.prepare_cached(REPLACE)?.execute(params_from_iter(row))?;
        match found.number {
            Some(number) => {
                self.ids.merge.import.claim(number);
            }
            None => self.ids.merge.import.claim_next(),
        }
        Ok(Outcome::Updated)
    }
}

/// What a search in a crowd compares, without the content. The source stands for its name.
fn traits(source: Option<i64>, creation_ms: Option<i64>, texts: [Option<&str>; 2], crowd: &Crowd) -> Traits {
    let [metadata, other] = texts.map(|text| text.map(|text| crowd.hash(text)));
    let name = source.map(|source| crowd.hash(source));
    Traits { content: 0, unit: None, size: None, exact: 0, name, source, creation_ms, metadata, other }
}
