//! Correlations. The next export may print their sources and units differently, so they are matched by their members' content.

use std::cmp::Ordering;

use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use super::batch::BatchWriter;
use super::upsert::{SqlValue, sql_values};
use crate::model::counts::Outcome;
use crate::model::identity::{next, other};
use crate::model::limits::{IDENTITIES_TRIED_MAX, MATCH_ROWS_MAX};
use crate::model::record::{Correlation, Uuid};
use crate::model::units;

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

const OF_START: &str = "SELECT uuid, members, import_number, source_id, creation_ms, metadata FROM correlations
    WHERE person_id = ?1 AND type = ?2 AND start_ms = ?3 AND uuid > ?5 AND end_ms IS ?4 ORDER BY uuid";

const MEMBERS: &str = "SELECT value ->> '$.type', value ->> '$.startDate', value ->> '$.endDate', value ->> '$.unit',
    value ->> '$.value' FROM json_each(?1)";

/// Places of values in a row.
const UUID: usize = 3;
const MEMBERS_PLACE: usize = 5;

type Values<'a> = [SqlValue<'a>; 10];

/// A stored correlation with the same members.
struct Match {
    uuid: Uuid,
    number: Option<i64>,
    members: String,
}

impl<'a> BatchWriter<'a> {
    pub(super) fn write_correlations(&mut self) -> rusqlite::Result<()> {
        let rows = &self.batch.rows.correlations;
        if rows.is_empty() {
            return Ok(());
        }
        self.ids.merge.begin_import(self.connection, self.upload.id)?;
        for row in rows {
            let outcome = self.write_correlation(row)?;
            self.counts.note(outcome);
        }
        self.counts.other += rows.len() as u64;
        self.ids.merge.import.end_batch(self.connection)
    }

    fn write_correlation(&mut self, row: &Correlation) -> rusqlite::Result<Outcome> {
        let (mut uuid, source) = (row.uuid, self.source_id(row.source)?);
        let mut values = sql_values![
            self.upload.person,
            self.batch.texts.get(row.kind),
            row.start_ms,
            uuid,
            row.end_ms,
            self.batch.texts.get(row.members),
            row.creation_ms,
            source,
            self.text(row.metadata),
            self.text(row.other)
        ];
        // A row with this identity and content, or that of a further equal record.
        for _ in 0..IDENTITIES_TRIED_MAX {
            let Some(number) = self.equal_correlation(&values)? else {
                break;
            };
            if self.claim_correlation(&values, number)? {
                return Ok(Outcome::Unchanged);
            }
            uuid = next(&uuid);
            values[UUID] = uuid.into();
        }
        if let Some(found) = self.find_correlation(row, source)? {
            return self.take_correlation(values, &found);
        }
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
    fn find_correlation(&mut self, row: &Correlation, source: Option<i64>) -> rusqlite::Result<Option<Match>> {
        let (kind, members) = (self.batch.texts.get(row.kind), self.batch.texts.get(row.members));
        let (person, own_metadata) = (self.upload.person, self.text(row.metadata));
        let claimed = &mut self.ids.merge.correlations;
        let behind = claimed.begin(person, kind, row.start_ms, row.end_ms);
        let mut free = 0;
        let mut own: Option<Vec<Member>> = None;
        let mut best: Option<([bool; 3], Match)> = None;
        let mut select = self.connection.prepare_cached(OF_START)?;
        let mut rows = select.query(params![person, kind, row.start_ms, row.end_ms, &behind[..]])?;
        while let Some(found) = rows.next()? {
            let number: Option<i64> = found.get(2)?;
            if self.ids.merge.import.has_claimed(number) {
                if free == 0 {
                    claimed.last = found.get(0)?;
                } else if claimed.credit == 0 {
                    break;
                } else {
                    claimed.credit -= 1;
                }
                continue;
            }
            free += 1;
            if free > MATCH_ROWS_MAX {
                break;
            }
            let (creation, metadata): (Option<i64>, Option<String>) = (found.get(4)?, found.get(5)?);
            let fit = [
                found.get::<_, Option<i64>>(3)? == source,
                creation == row.creation_ms,
                metadata.as_deref() == own_metadata,
            ];
            if best.as_ref().is_some_and(|(best, _)| *best >= fit) {
                continue;
            }
            let found_members: String = found.get(1)?;
            if found_members != members {
                if own.is_none() {
                    own = Some(parse(self.connection, members)?);
                }
                if own != Some(parse(self.connection, &found_members)?) {
                    continue;
                }
            }
            best = Some((fit, Match { uuid: found.get(0)?, number, members: found_members }));
            if fit == [true; 3] {
                break;
            }
        }
        Ok(best.map(|(_, found)| found))
    }

    fn take_correlation(&mut self, values: Values<'a>, found: &Match) -> rusqlite::Result<Outcome> {
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

/// A member of a correlation.
struct Member {
    kind: Option<String>,
    times: [Option<String>; 2],
    unit: Option<String>,
    value: Value,
}

impl PartialEq for Member {
    fn eq(&self, other: &Self) -> bool {
        (&self.kind, &self.times) == (&other.kind, &other.times)
            && match (number(&self.value), number(&other.value)) {
                (Some(one), Some(two)) => {
                    units::is_same_printed((Some(one), self.unit.as_deref()), (Some(two), other.unit.as_deref()))
                }
                _ => self.unit == other.unit && self.value == other.value,
            }
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Real(number) => Some(*number),
        #[expect(
            clippy::cast_precision_loss,
            reason = "integers of a text of JSON that an import has made from numbers"
        )]
        Value::Integer(number) => Some(*number as f64),
        _ => None,
    }
}

/// The members in an order that does not depend on their unit.
fn parse(connection: &Connection, members: &str) -> rusqlite::Result<Vec<Member>> {
    let mut select = connection.prepare_cached(MEMBERS)?;
    let members = select.query_map([members], |row| {
        let (kind, times) = (row.get(0)?, [row.get(1)?, row.get(2)?]);
        Ok(Member { kind, times, unit: row.get(3)?, value: row.get(4)? })
    })?;
    let mut members: Vec<Member> = members.collect::<rusqlite::Result<_>>()?;
    members.sort_by(|one, other| {
        (&one.kind, &one.times).cmp(&(&other.kind, &other.times)).then_with(|| {
            match (number(&one.value), number(&other.value)) {
                (Some(one), Some(other)) => one.total_cmp(&other),
                _ => Ordering::Equal,
            }
        })
    });
    Ok(members)
}
