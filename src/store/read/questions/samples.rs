//! Stored samples of a type, as they were sent, in pages by their keys.

use rusqlite::{Connection, Row, params};

use super::convertible::{HandedOut, check_units, not_convertible};
use super::cursor::{KeyPart, RowKey};
use super::range::{Located, Range};
use super::reader::{Question, Snapshot, Unanswered};
use super::source::SourceFilter;
use super::texts::Texts;
use super::types::Kind;
use super::value::{Progress, Sink, Value};
use crate::model::limits::QUESTION_TOTAL_MAX;
use crate::model::record::Uuid;
use crate::model::units::{Conversion, conversion};

/// The samples of a type.
#[derive(Debug)]
pub struct Samples {
    /// Whose, and when.
    pub range: Range,
    /// The type.
    pub kind: Kind,
    /// Only those of sources with this name, bundle or key.
    pub source: Option<String>,
    /// The unit of values; as sent if none.
    pub units: Option<String>,
    /// Rows at most.
    pub limit: Option<u64>,
    /// Those behind this one.
    pub after: Option<RowKey>,
    /// Whether values have names.
    is_category: bool,
    /// These sources, once they were looked up.
    sources: Option<SourceFilter>,
    texts: SharedTexts,
    /// What was handed out.
    rows: u64,
    is_checked: bool,
    has_begun: bool,
    /// The conversion of the last unit.
    conversion: Option<(i64, Option<Conversion>)>,
}

/// What samples name by an id.
#[derive(Debug)]
struct SharedTexts {
    units: Texts,
    /// Names of the values of a category.
    values: Texts,
    sources: Texts,
    products: Texts,
    metadata: Texts,
}

impl SharedTexts {
    fn new() -> Self {
        Self {
            units: Texts::new("SELECT name FROM units WHERE id = ?1"),
            values: Texts::new("SELECT name FROM category_values WHERE type = ?1 AND value = ?2"),
            sources: Texts::new("SELECT replace(name, char(160), ' ') FROM sources WHERE id = ?1"),
            products: Texts::new("SELECT product_type FROM sources WHERE id = ?1"),
            metadata: Texts::new("SELECT json FROM shared_metadata WHERE id = ?1"),
        }
    }
}

const COLUMNS: [&str; 11] =
    ["type", "start", "end", "value", "unit", "name", "source", "product_type", "uuid", "metadata", "other"];

/// A row of the view `sample_details`, by its key. What it names by an id is in [`SharedTexts`].
const SELECT: &str = "SELECT s.start_ms, s.uuid, s.end_ms, s.value, s.unit_id, s.source_id, s.metadata_id,
      coalesce(s.metadata, l.metadata), iif(l.id IS NULL, s.other, l.other)
    FROM samples s
    LEFT JOIN long_texts l ON l.id = CAST(s.other AS INTEGER)
    WHERE s.person_id = ?1 AND s.type_id = ?2 AND (s.start_ms, s.uuid) > (?3, ?4) AND s.start_ms < ?5
    ORDER BY s.start_ms, s.uuid";

const TOTAL: &str = "SELECT count(*) FROM (SELECT 1 FROM samples s
    WHERE s.person_id = ?1 AND s.type_id = ?2 AND s.start_ms >= ?3 AND s.start_ms < ?4 LIMIT ?5)";

/// The sources of the same samples, to be counted by them.
const SOURCES: &str = "SELECT s.source_id FROM samples s
    WHERE s.person_id = ?1 AND s.type_id = ?2 AND s.start_ms >= ?3 AND s.start_ms < ?4";

impl Samples {
    /// The question for all samples of a type, as sent.
    #[must_use]
    pub fn new(range: Range, kind: Kind) -> Self {
        Self {
            range,
            is_category: kind.identifier.starts_with("HKCategory"),
            kind,
            source: None,
            units: None,
            limit: None,
            after: None,
            sources: None,
            texts: SharedTexts::new(),
            rows: 0,
            is_checked: false,
            has_begun: false,
            conversion: None,
        }
    }

    fn begin(
        &mut self,
        snapshot: &Snapshot<'_>,
        located: &Located,
        type_id: Option<i64>,
        sink: &mut dyn Sink,
    ) -> Result<(), Unanswered> {
        self.has_begun = true;
        // Counting all of a large type would take longer than the page.
        let max = i64::try_from(QUESTION_TOTAL_MAX).unwrap_or(i64::MAX);
        let total = match self.limit {
            Some(_) if self.after.is_none() => Some(self.total(snapshot.connection, located, type_id, max + 1)?),
            _ => None,
        };
        let zone = Value::text(self.range.zone.as_deref());
        let mut head = vec![("type", Value::Text(&self.kind.shown)), ("zone", zone)];
        if let Some(total) = total {
            head.push(("total", if total > max { Value::Null } else { Value::Integer(total) }));
        }
        sink.begin(&head);
        sink.list("samples", &COLUMNS);
        Ok(())
    }

    /// How many samples there are, up to so many.
    fn total(
        &mut self,
        connection: &Connection,
        located: &Located,
        type_id: Option<i64>,
        most: i64,
    ) -> Result<i64, Unanswered> {
        let Located { person, from_ms, to_ms, .. } = located;
        let Some(sources) = &mut self.sources else {
            let mut select = connection.prepare_cached(TOTAL)?;
            return Ok(select.query_row(params![person, type_id, from_ms, to_ms, most], |row| row.get(0))?);
        };
        let mut select = connection.prepare_cached(SOURCES)?;
        let mut rows = select.query(params![person, type_id, from_ms, to_ms])?;
        let mut total = 0;
        while let Some(row) = rows.next()? {
            total += i64::from(sources.has(connection, row.get(0)?)?);
            if total >= most {
                break;
            }
        }
        Ok(total)
    }

    /// The value in the wanted unit; nothing if that is not possible.
    fn value(&mut self, connection: &Connection, row: &Row<'_>) -> Result<Option<f64>, Unanswered> {
        let value: Option<f64> = row.get(3)?;
        let (Some(wanted), Some(value)) = (&self.units, value) else {
            return Ok(value);
        };
        let unit: i64 = row.get::<_, Option<i64>>(4)?.unwrap_or_default();
        if self.conversion.is_none_or(|(known, _)| known != unit) {
            let name = self.texts.units.get(connection, unit, [unit])?.unwrap_or_default();
            self.conversion = Some((unit, conversion(name, wanted)));
        }
        match self.conversion {
            Some((_, Some(conversion))) => Ok(Some(conversion.apply(value))),
            _ => Err(not_convertible()),
        }
    }

    /// Hands a row out. Returns whether another one fits into the page.
    fn hand_out(&mut self, connection: &Connection, row: &Row<'_>, sink: &mut dyn Sink) -> Result<bool, Unanswered> {
        let value = self.value(connection, row)?;
        let (stored, unit_id, source_id): (Option<f64>, _, _) = (row.get(3)?, row.get(4)?, row.get(5)?);
        let text = |column| -> Result<Option<&str>, Unanswered> { Ok(row.get_ref(column)?.as_str_or_null()?) };
        let SharedTexts { units, values, sources, products, metadata } = &mut self.texts;
        let unit = match &self.units {
            Some(wanted) => Some(wanted.as_str()),
            None => units.of(connection, unit_id)?,
        };
        let name = match stored.filter(|_| self.is_category).map(whole) {
            Some(Some(value)) => values.get(connection, value, params![self.kind.identifier, value])?,
            _ => None,
        };
        let own_metadata = text(7)?;
        let metadata = match row.get(6)? {
            Some(id) => metadata.of(connection, Some(id))?.or(own_metadata),
            None => own_metadata,
        };
        Ok(sink.row(&[
            Value::Text(&self.kind.shown),
            Value::Time(row.get(0)?),
            Value::time(row.get(2)?),
            Value::real(value),
            Value::text(unit),
            Value::text(name),
            Value::text(sources.of(connection, source_id)?),
            Value::text(products.of(connection, source_id)?),
            Value::Identity(row.get(1)?),
            Value::json(metadata),
            Value::json(text(8)?),
        ]))
    }
}

/// The key behind which the next page begins.
fn behind<'a>(after: &'a Option<RowKey>, located: &Located) -> (i64, &'a [u8]) {
    match after.as_ref().map(RowKey::parts) {
        Some([KeyPart::Integer(start_ms), KeyPart::Bytes(uuid)]) if *start_ms >= located.from_ms => (*start_ms, uuid),
        // No identity is before an empty one, which no row has.
        _ => (located.from_ms, &[]),
    }
}

/// The whole number that a value is.
#[expect(clippy::cast_possible_truncation, reason = "whole, and small")]
fn whole(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() < 1e9).then_some(value as i64)
}

impl Question for Samples {
    fn check(&mut self, snapshot: &Snapshot<'_>) -> Result<(), Unanswered> {
        if self.is_checked {
            return Ok(());
        }
        let located = self.range.locate(snapshot)?;
        let type_id = self.kind.id(snapshot)?;
        if self.after.as_ref().is_some_and(|after| !after.is_of("ib")) {
            return Err(Unanswered::Parameter("cursor", "the `next_cursor` of the answer before".to_owned()));
        }
        if let Some(source) = &self.source {
            self.sources = Some(SourceFilter::new(snapshot, located.person, source)?);
        }
        if let Some(wanted) = &self.units {
            let behind = behind(&self.after, &located);
            let handed_out = HandedOut { located: &located, type_id, behind, limit: self.limit };
            check_units(snapshot, &handed_out, wanted, &mut self.sources)?;
        }
        self.is_checked = true;
        Ok(())
    }

    fn page(&mut self, snapshot: &Snapshot<'_>, sink: &mut dyn Sink) -> Result<Progress, Unanswered> {
        self.check(snapshot)?;
        let located = self.range.locate(snapshot)?;
        let type_id = self.kind.id(snapshot)?;
        if !self.has_begun {
            self.begin(snapshot, &located, type_id, sink)?;
        }
        let behind = behind(&self.after, &located);
        let mut select = snapshot.connection.prepare_cached(SELECT)?;
        let mut rows = select.query(params![located.person, type_id, behind.0, behind.1, located.to_ms])?;
        let mut last = None;
        while let Some(row) = rows.next()? {
            if let Some(sources) = &mut self.sources
                && !sources.has(snapshot.connection, row.get(5)?)?
            {
                continue;
            }
            if self.limit.is_some_and(|limit| self.rows >= limit) {
                self.after = last.map(|(start_ms, uuid)| RowKey::of_sample(start_ms, uuid)).or(self.after.take());
                if let Some(next) = self.after.as_ref().and_then(RowKey::to_text) {
                    sink.end(&[("truncated", Value::Flag(true)), ("next_cursor", Value::Text(&next))]);
                    return Ok(Progress::End);
                }
            }
            let has_more_room = self.hand_out(snapshot.connection, row, sink)?;
            self.rows += 1;
            let key: (i64, Uuid) = (row.get(0)?, row.get(1)?);
            if !has_more_room {
                self.after = Some(RowKey::of_sample(key.0, key.1));
                return Ok(Progress::More);
            }
            last = Some(key);
        }
        sink.end(&[("truncated", Value::Flag(false)), ("next_cursor", Value::Null)]);
        Ok(Progress::End)
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::super::convertible::SAMPLES;
    use super::super::reader::QuestionReader;
    use super::super::value::Field;
    use super::*;
    use crate::model::limits::QUESTION_TIME_MAX;
    use crate::store::{Database, Store};

    /// Keeps the identities of rows, and where the next page begins.
    #[derive(Default)]
    struct Kept {
        rows: Vec<(i64, Uuid)>,
        next: Option<String>,
    }

    impl Sink for Kept {
        fn begin(&mut self, _: &[Field<'_>]) {}
        fn list(&mut self, _: &'static str, _: &[&'static str]) {}
        fn row(&mut self, row: &[Value<'_>]) -> bool {
            if let (Value::Time(start_ms), Value::Identity(uuid)) = (row[1], row[8]) {
                self.rows.push((start_ms, uuid));
            }
            true
        }
        fn end(&mut self, tail: &[Field<'_>]) {
            let next = tail.iter().find(|(name, _)| *name == "next_cursor");
            self.next =
                next.and_then(|(_, value)| if let Value::Text(text) = value { Some((*text).to_owned()) } else { None });
        }
    }

    /// A page costs what its rows cost, however many are before and behind it. SQLite's steps are counted, not time.
    #[test]
    fn no_page_of_many_samples_grows_dearer() {
        const ROWS: usize = 200_000;
        const LIMIT: usize = 10_000;
        let file = tempfile::NamedTempFile::new().unwrap();
        let database = Database::new(file.path());
        let store = Store::open(&database).unwrap();
        let kind = Kind::named("heart_rate");
        store.connection.execute("INSERT INTO types (id, name) VALUES (1, ?1)", [&kind.identifier]).unwrap();
        let sql = "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
            INSERT INTO samples (person_id, type_id, start_ms, uuid, value, unit_id)
            SELECT 1, 1, i / 3 * 1000, unhex(printf('%032x', i * 7919 % ?1)), i, 1 FROM n";
        store.connection.execute(sql, [i64::try_from(ROWS).unwrap()]).unwrap();
        // Each page also looks whether its own samples can be converted.
        store.connection.execute("INSERT INTO units (id, name) VALUES (1, 'count/min')", []).unwrap();
        let reader = QuestionReader::new(database);
        let (mut kept, mut costs) = (Kept::default(), Vec::new());
        loop {
            let range = Range { person: "me".to_owned(), from: None, to: None, zone: None };
            let mut question = Samples::new(range, kind.clone());
            question.limit = Some(LIMIT as u64);
            question.units = Some("count/s".to_owned());
            question.after = kept.next.take().map(|next| RowKey::parse(&next).unwrap());
            let page = reader.read((0, QUESTION_TIME_MAX), |snapshot| {
                let page = question.page(snapshot, &mut kept)?;
                let [select, check] = [SELECT, SAMPLES].map(|sql| snapshot.connection.prepare_cached(sql).unwrap());
                let steps = [&select, &check].map(|select| select.reset_status(StatementStatus::VmStep));
                assert!(steps.iter().all(|steps| *steps > 0), "{steps:?}");
                costs.push(steps.iter().sum::<i32>());
                Ok(page)
            });
            assert!(matches!(page, Ok(Progress::End)), "{page:?}");
            if kept.next.is_none() {
                break;
            }
        }
        let mut select =
            store.connection.prepare("SELECT start_ms, uuid FROM samples ORDER BY start_ms, uuid").unwrap();
        let stored = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let stored: Vec<(i64, Uuid)> = stored.collect::<rusqlite::Result<_>>().unwrap();
        assert!(kept.rows == stored && stored.len() == ROWS, "{} of {ROWS} rows", kept.rows.len());
        assert_eq!(costs.len(), ROWS / LIMIT);
        let (least, most) = (costs.iter().min().unwrap(), costs.iter().max().unwrap());
        assert!(*least > 0 && most - least <= least / 20, "{costs:?}");
    }
}
