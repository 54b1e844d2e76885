//! Figures of other apps. A figure with the content of a stored one is that one, whatever came beside it: neither the order of
//! points nor that of imports makes a difference. Figures of one time are distinguished by their content.
//!
//! The sum of an hour or a day that is not over comes again, and is larger. Where the interval is said, any other value
//! replaces the only figure of its time and interval. Where it is not, both must have come with the same period, as the other
//! times of their documents show. Then a larger one replaces the stored one, and a smaller one is of an older document. Figures
//! that came alone may be of an hour and of a day: both stay. The row remembers the states that it had, so that an older
//! document that comes again adds nothing.

use rusqlite::types::Value;
use rusqlite::{params, params_from_iter};

use super::batch::BatchWriter;
use super::figure_context::{Context, context_in};
use super::figures::{
    Columns, Content, Fresh, content_of, has_grown, is_long, is_same_figure, is_same_interval, number_of,
};
use super::lent;
use super::sql_value::{SqlValue, sql_values};
use crate::model::counts::Outcome;
use crate::model::interval::Interval;
use crate::model::limits::{FIGURE_FIELDS_BYTES_MAX, FIGURE_STATES_MAX, MATCH_ROWS_MAX};
use crate::model::record::Aggregate;

/// Figures with the same content, whatever their interval: the first, those of version 1, and the one with the number that the
/// content gives.
const EQUALS: &str = "SELECT number, interval FROM aggregates
    WHERE person_id = ?1 AND metric = ?2 AND start_ms = ?3 AND label = ?4 AND source = ?5 AND number BETWEEN 0 AND 1000
      AND end_ms IS ?6 AND unit IS ?7 AND value IS ?8 AND minimum IS ?9 AND average IS ?10 AND maximum IS ?11 AND other IS ?12
    UNION ALL SELECT number, interval FROM aggregates
    WHERE person_id = ?1 AND metric = ?2 AND start_ms = ?3 AND label = ?4 AND source = ?5 AND number = ?13
      AND end_ms IS ?6 AND unit IS ?7 AND value IS ?8 AND minimum IS ?9 AND average IS ?10 AND maximum IS ?11 AND other IS ?12";

/// The same for a figure with long other fields: its row always has the number that its content gives, so that they are not
/// compared.
const EQUAL_NUMBER: &str = "SELECT interval FROM aggregates
    WHERE person_id = ?1 AND metric = ?2 AND start_ms = ?3 AND label = ?4 AND source = ?5 AND number = ?6";

/// Of many figures of one time only some are read. A text that is no JSON stands for long other fields: as those of equal
/// figures are, they are equal to none.
const SAME_TIME: &str = "SELECT number, earlier, end_ms, unit, value, minimum, average, maximum, other
    FROM (SELECT number, interval, earlier, end_ms, unit, value, minimum, average, maximum,
        iif(octet_length(other) > ?9, '…', other) AS other FROM aggregates
      WHERE person_id = ?1 AND metric = ?2 AND start_ms = ?3 AND label = ?4 AND source = ?5 LIMIT ?8)
    WHERE interval = ?6 AND end_ms IS ?7";

const UPDATE: &str = "UPDATE aggregates
    SET number = iif(number > 1000, ?13, number),
      unit = ?7, value = ?8, minimum = ?9, average = ?10, maximum = ?11, other = ?12, earlier = ?16
    WHERE person_id = ?1 AND metric = ?2 AND start_ms = ?3 AND label = ?4 AND source = ?5 AND number = ?15
      AND interval = ?14 AND end_ms IS ?6";

const INSERT: &str = "INSERT INTO aggregates
      (person_id, metric, start_ms, label, source, end_ms, unit, value, minimum, average, maximum, other, number, interval, earlier)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) ON CONFLICT DO NOTHING";

/// A stored figure with the time of another one.
struct Stored {
    number: i64,
    values: Box<[Value; 7]>,
    /// What it came with, as [`Context`] has it. Then the numbers of the states that it had, eight bytes each.
    earlier: Vec<u8>,
}

/// What a figure is to the stored ones of its time.
enum Found {
    /// Another figure.
    Nothing,
    /// The state of one of them, or one that it had earlier.
    Earlier,
    /// A later state of one of them.
    Later(Stored),
}

/// What became of a figure.
enum Written<'b> {
    Known(Outcome),
    New(Box<Fresh<'b>>),
}

impl Stored {
    fn content(&self) -> Content<'_> {
        self.values.each_ref().map(|value| match value {
            Value::Integer(number) => SqlValue::Integer(*number),
            Value::Real(number) => SqlValue::Real(*number),
            Value::Text(text) => SqlValue::Text(text),
            Value::Null | Value::Blob(_) => SqlValue::Null,
        })
    }

    fn has_been(&self, number: i64) -> bool {
        let states = &self.earlier[context_in(&self.earlier).len()..];
        states.chunks(size_of::<i64>()).any(|earlier| earlier == number.to_le_bytes())
    }

    /// The states that it had, once `new` replaces it. One with long fields is not known any more.
    fn with_own(mut self, new: &Aggregate) -> Vec<u8> {
        self.earlier.extend(number_of(&self.content(), 1).to_le_bytes());
        let begin = context_in(&self.earlier).len();
        let surplus = self.earlier.len().saturating_sub(begin + FIGURE_STATES_MAX * size_of::<i64>());
        self.earlier.drain(begin..begin + surplus);
        if begin == 0 && new.workout.is_some() {
            self.earlier.splice(..0, Context::of(new.workout, new.shown).bytes().iter().copied());
        }
        self.earlier
    }
}

impl<'a> BatchWriter<'a> {
    pub(super) fn write_aggregates(&mut self) -> rusqlite::Result<()> {
        let rows = &self.batch.rows.aggregates;
        self.counts.other += rows.len() as u64;
        let time = |row: &Aggregate| (row.metric.index(), row.start_ms, row.label.index());
        // Figures with new rows may be stored ones of a renamed source, once all of their time are known.
        let mut fresh: Vec<Fresh<'a>> = Vec::new();
        for figures in rows.chunk_by(|one, other| time(one) == time(other)) {
            let recounted = self.recount(figures)?;
            let figures = recounted.as_deref().unwrap_or(figures);
            for row in figures {
                let columns = self.columns(row);
                self.note_source(&columns);
                match self.write_aggregate(row, figures, columns)? {
                    Written::Known(outcome) => self.counts.note(outcome),
                    Written::New(figure) => fresh.push(*figure),
                }
            }
            self.note_fresh(&fresh)?;
            fresh.clear();
        }
        Ok(())
    }

    /// Figures of one time with their counts in the whole document. Nothing if those that they have are true.
    fn recount(&mut self, figures: &[Aggregate]) -> rusqlite::Result<Option<Vec<Aggregate>>> {
        if !figures.iter().any(|figure| figure.is_scattered) {
            return Ok(None);
        }
        let mut counted = figures.to_vec();
        for figure in &mut counted {
            let columns = self.columns(figure);
            (figure.nth_of_time, figure.nth_of_content) = self.count_in_document(&columns, figure.workout)?;
        }
        Ok(Some(counted))
    }

    /// Writes a figure. `figures` are those of its time in the document.
    fn write_aggregate(
        &self,
        row: &Aggregate,
        figures: &[Aggregate],
        columns: Columns<'a>,
    ) -> rusqlite::Result<Written<'a>> {
        let (number, interval) = (number_of(content_of(&columns), row.nth_of_content), row.interval.text());
        if self.has_equal(row, &columns, number)? {
            return Ok(Written::Known(Outcome::Unchanged));
        }
        match self.find_state(row, figures, &columns)? {
            Found::Nothing => {}
            Found::Earlier => return Ok(Written::Known(Outcome::Unchanged)),
            Found::Later(stored) => {
                let (old, earlier) = (stored.number, stored.with_own(row));
                let values = columns.into_iter().chain(sql_values![number, interval, old, &earlier[..]]);
                lent::execute(self.connection, UPDATE, values)?;
                return Ok(Written::Known(Outcome::Updated));
            }
        }
        // A further one of equals is found by its number only, and so is one with long fields.
        let is_first = row.nth_of_content == 1 && !is_long(content_of(&columns));
        let first = if is_first { 0 } else { number };
        for number in [first, number] {
            let context = Context::of(row.workout, row.shown);
            let values = columns.into_iter().chain(sql_values![number, interval, context.remembered()]);
            if lent::execute(self.connection, INSERT, values)? == 1 {
                let Aggregate { interval, period_ms, nth_of_content, .. } = *row;
                let fresh = Fresh { columns, number, interval, period_ms, nth_of_content };
                return Ok(Written::New(Box::new(fresh)));
            }
        }
        Ok(Written::Known(Outcome::Unchanged))
    }

    /// Whether a figure is stored.
    fn has_equal(&self, row: &Aggregate, columns: &Columns<'_>, number: i64) -> rusqlite::Result<bool> {
        if is_long(content_of(columns)) {
            let [person, metric, start, label, source, ..] = columns;
            let mut select = self.connection.prepare_cached(EQUAL_NUMBER)?;
            let mut found = select.query(params![person, metric, start, label, source, number])?;
            while let Some(known) = found.next()? {
                if is_same_interval(known.get_ref(0)?.as_str()?, row.interval) {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        let mut equals = self.connection.prepare_cached(EQUALS)?;
        let mut found = equals.query(params_from_iter(columns.iter().chain(&sql_values![number])))?;
        while let Some(known) = found.next()? {
            // Of several equal ones the first is counted for the first only.
            let is_counted = row.nth_of_content == 1 || known.get::<_, i64>(0)? != 0;
            if is_counted && is_same_interval(known.get_ref(1)?.as_str()?, row.interval) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Finds the stored figure that a figure is another state of.
    fn find_state(&self, row: &Aggregate, figures: &[Aggregate], columns: &Columns<'_>) -> rusqlite::Result<Found> {
        let is_said = row.interval != Interval::None;
        if row.nth_of_time > 1 || !is_said && row.period_ms == 0 {
            return Ok(Found::Nothing);
        }
        let (mut stored, context) = (self.of_time(row, columns)?, Context::of(row.workout, row.shown));
        let is_own = |stored: &Stored| context.is_in(&stored.earlier);
        if row.nth_of_content > 1 {
            // The equal one is of another workout.
            stored.retain(is_own);
        }
        if stored.iter().any(|stored| is_same_figure(content_of(columns), &stored.content())) {
            return Ok(Found::Earlier);
        }
        if !is_said {
            // Of figures that came with another period, or alone, nobody knows which period they are of. Two workouts may share
            // a minute. Earlier versions noted no workout.
            let is_old = |stored: &Stored| row.workout.is_some() && context_in(&stored.earlier).is_empty();
            stored.retain(|stored| is_own(stored) || is_old(stored));
            let number = number_of(content_of(columns), 1);
            if stored.iter().any(|stored| stored.has_been(number)) {
                return Ok(Found::Earlier);
            }
            if !row.grows {
                return Ok(Found::Nothing);
            }
            if stored.iter().any(is_own) {
                stored.retain(is_own);
            }
        }
        let Some(only) = stored.pop().filter(|_| stored.is_empty()) else {
            return Ok(Found::Nothing);
        };
        if !is_said && !is_own(&only) && self.is_of_another(row, figures, &only) {
            return Ok(Found::Nothing);
        }
        if is_said || has_grown(self.connection, content_of(columns), &only.content())? {
            return Ok(Found::Later(only));
        }
        // An older document has less of a period that was not over. Two figures of one document are two.
        let has_further = || figures.iter().any(|other| other.source == row.source && other.nth_of_time > 1);
        let is_earlier = row.shown != Interval::None
            && has_grown(self.connection, &only.content(), content_of(columns))?
            && !has_further();
        Ok(if is_earlier { Found::Earlier } else { Found::Nothing })
    }

    /// Whether a stored figure is that of another workout of the document.
    fn is_of_another(&self, row: &Aggregate, figures: &[Aggregate], stored: &Stored) -> bool {
        let mut others = figures.iter().filter(|other| other.workout != row.workout && other.source == row.source);
        others.any(|other| is_same_figure(content_of(&self.columns(other)), &stored.content()))
    }

    /// The stored figures with the time, the interval and the end of a figure.
    fn of_time(&self, row: &Aggregate, columns: &Columns<'_>) -> rusqlite::Result<Vec<Stored>> {
        let [person, metric, start, label, source, end, ..] = columns;
        let interval = row.interval.text();
        let mut select = self.connection.prepare_cached(SAME_TIME)?;
        let stored = select.query_map(
            params![person, metric, start, label, source, interval, end, MATCH_ROWS_MAX, FIGURE_FIELDS_BYTES_MAX],
            |row| {
                let column = |index| row.get(index);
                let values = [column(2)?, column(3)?, column(4)?, column(5)?, column(6)?, column(7)?, column(8)?];
                let values = Box::new(values);
                let earlier: Option<Vec<u8>> = row.get(1)?;
                Ok(Stored { number: row.get(0)?, values, earlier: earlier.unwrap_or_default() })
            },
        );
        stored?.collect()
    }

    fn columns(&self, row: &Aggregate) -> Columns<'a> {
        let texts = &self.batch.texts;
        sql_values![
            self.upload.person,
            texts.get(row.metric),
            row.start_ms,
            texts.get(row.label),
            texts.get(row.source),
            row.end_ms,
            self.text(row.unit),
            row.value,
            row.minimum,
            row.average,
            row.maximum,
            self.text(row.other)
        ]
    }
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
                shown: Interval::Hour,
                workout: None,
                grows: true,
                period_ms: 1000,
                label: text,
                source: text,
                nth_of_time: nth,
                nth_of_content: u32::try_from(nth_of_content).unwrap(),
                is_scattered: false,
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
        assert_eq!(write(&mut store, Interval::None, &[1.0, 2.0, 2.0]), [0, 0, 3]);
        assert_eq!(write(&mut store, Interval::Day, &[2.0]), [0, 0, 1]);
        // What has changed since is another figure: which period the old one was of is unknown.
        assert_eq!(write(&mut store, Interval::Day, &[3.0]), [1, 0, 0]);
        assert_eq!(write(&mut store, Interval::Day, &[2.5]), [0, 1, 0]);
        assert_eq!(write(&mut store, Interval::Week, &[2.5]), [1, 0, 0]);
        assert_eq!(write(&mut store, Interval::None, &[2.5]), [0, 0, 1]);
        assert_eq!(write(&mut store, Interval::Hour, &[4.0]), [1, 0, 0]);
    }
}
