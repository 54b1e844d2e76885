//! Figures of other apps. An interval is part of what a figure is. Figures of one time are distinguished by their content, so
//! neither the order of points nor the order of imports makes a difference.
//!
//! A figure that came before is unchanged. Otherwise the first point of its time in a document replaces the only figure with the
//! same time, interval and end: the sum of an hour that was not over. Beside several it is another one.

use rusqlite::types::Value;
use rusqlite::{CachedStatement, params};

use super::batch::BatchWriter;
use crate::model::counts::Outcome;
use crate::model::identity::digest;
use crate::model::limits::MATCH_ROWS_MAX;
use crate::model::record::{Aggregate, Interval};

/// Numbers up to this are of version 1, which numbered figures by their place.
const PLACES_LAST: i64 = 1000;

/// Figures with the same content, whatever their interval: the first, those of version 1, and the one with the number that the
/// content gives.
const EQUALS: &str = "SELECT number, interval FROM aggregates
    WHERE person_id = ?1 AND metric = ?2 AND start_ms = ?3 AND label = ?4 AND source = ?5 AND number BETWEEN 0 AND 1000
      AND end_ms IS ?6 AND unit IS ?7 AND value IS ?8 AND minimum IS ?9 AND average IS ?10 AND maximum IS ?11 AND other IS ?12
    UNION ALL SELECT number, interval FROM aggregates
    WHERE person_id = ?1 AND metric = ?2 AND start_ms = ?3 AND label = ?4 AND source = ?5 AND number = ?13
      AND end_ms IS ?6 AND unit IS ?7 AND value IS ?8 AND minimum IS ?9 AND average IS ?10 AND maximum IS ?11 AND other IS ?12";

/// Of many figures of one time only some are read: beside several none is replaced.
const SAME_TIME: &str = "SELECT number FROM (SELECT number, interval, end_ms FROM aggregates
      WHERE person_id = ?1 AND metric = ?2 AND start_ms = ?3 AND label = ?4 AND source = ?5 LIMIT ?8)
    WHERE interval = ?6 AND end_ms IS ?7 LIMIT 2";

const UPDATE: &str = "UPDATE aggregates
    SET number = iif(number > 1000, ?13, number),
      unit = ?7, value = ?8, minimum = ?9, average = ?10, maximum = ?11, other = ?12
    WHERE person_id = ?1 AND metric = ?2 AND start_ms = ?3 AND label = ?4 AND source = ?5 AND number = ?15
      AND interval = ?14 AND end_ms IS ?6";

const INSERT: &str = "INSERT INTO aggregates
      (person_id, metric, start_ms, label, source, end_ms, unit, value, minimum, average, maximum, other, number, interval)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT DO NOTHING";

/// The columns of a figure, in the order of the parameters, without its number and its interval.
type Columns = [Value; 12];

impl BatchWriter<'_> {
    pub(super) fn write_aggregates(&mut self) -> rusqlite::Result<()> {
        let rows = &self.batch.rows.aggregates;
        self.counts.other += rows.len() as u64;
        for row in rows {
            let outcome = self.write_aggregate(row)?;
            self.counts.note(outcome);
        }
        Ok(())
    }

    fn write_aggregate(&self, row: &Aggregate) -> rusqlite::Result<Outcome> {
        let columns = self.columns(row);
        let (number, interval) = (number_of(&columns, row.nth_of_content), row.interval.text());
        let mut equals = self.connection.prepare_cached(EQUALS)?;
        bind(&mut equals, &columns)?;
        equals.raw_bind_parameter(13, number)?;
        let mut found = equals.raw_query();
        while let Some(known) = found.next()? {
            // Of several equal ones the first is counted for the first only.
            let is_counted = row.nth_of_content == 1 || known.get::<_, i64>(0)? != 0;
            if is_counted && is_same_interval(known.get_ref(1)?.as_str()?, row.interval) {
                return Ok(Outcome::Unchanged);
            }
        }
        drop(found);
        if row.nth_of_time == 1
            && let Some(replaced) = self.only_one(&columns, interval)?
        {
            let mut update = self.connection.prepare_cached(UPDATE)?;
            bind(&mut update, &columns)?;
            update.raw_bind_parameter(13, number)?;
            update.raw_bind_parameter(14, interval)?;
            update.raw_bind_parameter(15, replaced)?;
            update.raw_execute()?;
            return Ok(Outcome::Updated);
        }
        let mut insert = self.connection.prepare_cached(INSERT)?;
        for number in [0, number] {
            bind(&mut insert, &columns)?;
            insert.raw_bind_parameter(13, number)?;
            insert.raw_bind_parameter(14, interval)?;
            if insert.raw_execute()? == 1 {
                return Ok(Outcome::New);
            }
        }
        Ok(Outcome::Unchanged)
    }

    /// The number of the only figure with this time, interval and end.
    fn only_one(&self, columns: &Columns, interval: &str) -> rusqlite::Result<Option<i64>> {
        let [person, metric, start, label, source, end, ..] = columns;
        let mut select = self.connection.prepare_cached(SAME_TIME)?;
        let mut found = select.query(params![person, metric, start, label, source, interval, end, MATCH_ROWS_MAX])?;
        let first = found.next()?.map(|row| row.get(0)).transpose()?;
        Ok(if found.next()?.is_none() { first } else { None })
    }

    fn columns(&self, row: &Aggregate) -> Columns {
        let text = |text| Value::Text(self.batch.texts.get(text).to_owned());
        let optional = |id| Option::map_or(id, Value::Null, text);
        let real = |number: Option<f64>| number.map_or(Value::Null, Value::Real);
        [
            Value::Integer(self.upload.person),
            text(row.metric),
            Value::Integer(row.start_ms),
            text(row.label),
            text(row.source),
            row.end_ms.map_or(Value::Null, Value::Integer),
            optional(row.unit),
            real(row.value),
            real(row.minimum),
            real(row.average),
            real(row.maximum),
            optional(row.other),
        ]
    }
}

fn bind(statement: &mut CachedStatement<'_>, columns: &Columns) -> rusqlite::Result<()> {
    columns.iter().enumerate().try_for_each(|(index, column)| statement.raw_bind_parameter(index + 1, column))
}

/// Whether a stored figure may be of this interval. A longer one is only seen from several figures, so equal ones are one.
fn is_same_interval(stored: &str, interval: Interval) -> bool {
    const LONG: [&str; 4] = ["day", "week", "month", "year"];
    let own = interval.text();
    stored == own || stored == "unknown" || LONG.contains(&stored) && LONG.contains(&own)
}

/// The number that distinguishes a figure by its content.
fn number_of(columns: &Columns, nth: u32) -> i64 {
    let mut content = Vec::new();
    for column in &columns[5..] {
        match column {
            Value::Integer(number) => content.extend(number.to_le_bytes()),
            Value::Real(number) => content.extend(number.to_bits().to_le_bytes()),
            Value::Text(text) => content.extend(text.as_bytes()),
            Value::Null | Value::Blob(_) => {}
        }
        // No text contains it.
        content.push(0xff);
    }
    let [one, two, three, four, five, six, seven, eight, ..] = digest(&[&content, &nth.to_le_bytes()]);
    let number = i64::from_le_bytes([one, two, three, four, five, six, seven, eight]) & i64::MAX;
    number.max(PLACES_LAST + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::batch::Batch;
    use crate::store::write::ledger::UploadKey;
    use crate::store::{Database, Store};

    /// Writes figures with these values, all of one time. Returns how many are new, updated and unchanged.
    fn write(store: &mut Store, interval: Interval, values: &[f64]) -> [u64; 3] {
        let mut batch = Batch::default();
        let text = batch.texts.intern("m");
        for (nth, value) in (1..).zip(values) {
            let nth_of_content = values[..nth as usize].iter().filter(|other| *other == value).count();
            batch.rows.aggregates.push(Aggregate {
                metric: text,
                start_ms: 7,
                end_ms: None,
                interval,
                label: text,
                source: text,
                nth_of_time: nth,
                nth_of_content: u32::try_from(nth_of_content).unwrap(),
                unit: None,
                value: Some(*value),
                minimum: None,
                average: None,
                maximum: None,
                other: None,
            });
        }
        let counts = store.write(UploadKey { id: 1, person: 1 }, 0, &mut 0, &batch).unwrap();
        [counts.new, counts.updated, counts.unchanged]
    }

    #[test]
    fn figures_of_version_1_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&Database::new(folder.path().join("health.db"))).unwrap();
        assert_eq!(write(&mut store, Interval::Hour, &[1.0, 2.0, 2.0]), [3, 0, 0]);
        let sql = "UPDATE aggregates SET interval = 'unknown', number = iif(number = 0, 0, rowid_of.n)
            FROM (SELECT number AS old, row_number() OVER (ORDER BY number) AS n FROM aggregates) AS rowid_of
            WHERE rowid_of.old = aggregates.number";
        store.connection.execute_batch(sql).unwrap();
        assert_eq!(write(&mut store, Interval::Hour, &[1.0, 2.0, 2.0]), [0, 0, 3]);
        assert_eq!(write(&mut store, Interval::Day, &[2.0]), [0, 0, 1]);
        // What has changed since is another figure: which period the old one was of is unknown.
        assert_eq!(write(&mut store, Interval::Day, &[3.0]), [1, 0, 0]);
        assert_eq!(write(&mut store, Interval::Day, &[4.0]), [0, 1, 0]);
        assert_eq!(write(&mut store, Interval::Week, &[4.0]), [0, 0, 1]);
        assert_eq!(write(&mut store, Interval::Hour, &[4.0]), [1, 0, 0]);
    }
}
