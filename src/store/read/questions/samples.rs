//! Stored samples of a type, as they were sent, in pages by their keys.

use rusqlite::{Row, params};

use super::cursor::{KeyPart, RowKey};
use super::range::{Located, Range, is_stale};
use super::reader::{Question, Snapshot, Unanswered};
use super::source::NamedSources;
use super::types::Kind;
use super::value::{Progress, Sink, Value};
use crate::model::limits::QUESTION_TOTAL_MAX;
use crate::model::units::{Conversion, conversion};

/// The samples of a type.
#[derive(Debug)]
pub struct Samples {
    /// Whose, and when.
    pub range: Range,
    /// The type.
    pub kind: Kind,
    /// Only those of sources with this name or bundle.
    pub source: Option<String>,
    /// The unit of values; as sent if none.
    pub units: Option<String>,
    /// Rows at most.
    pub limit: Option<u64>,
    /// Those behind this one.
    pub after: Option<RowKey>,
    /// What was handed out.
    rows: u64,
    has_begun: bool,
    /// The conversion of the last unit.
    conversion: Option<(i64, Option<Conversion>)>,
}

const COLUMNS: [&str; 11] =
    ["type", "start", "end", "value", "unit", "name", "source", "product_type", "uuid", "metadata", "other"];

/// A row of the view `sample_details`, by its key.
const SELECT: &str =
    "SELECT s.start_ms, s.uuid, s.end_ms, s.value, u.name, c.name, replace(o.name, char(160), ' '), o.product_type,
      coalesce(m.json, s.metadata, l.metadata), iif(l.id IS NULL, s.other, l.other), s.unit_id
    FROM samples s
    LEFT JOIN units u ON u.id = s.unit_id
    LEFT JOIN sources o ON o.id = s.source_id
    LEFT JOIN shared_metadata m ON m.id = s.metadata_id
    LEFT JOIN long_texts l ON l.id = CAST(s.other AS INTEGER)
    LEFT JOIN category_values c ON c.type = ?7 AND c.value = s.value
    WHERE s.person_id = ?1 AND s.type_id = ?2 AND (s.start_ms, s.uuid) > (?3, ?4) AND s.start_ms < ?5
      AND (?6 IS NULL OR o.bundle_identifier = ?6 OR replace(o.name, char(160), ' ') = ?6)
    ORDER BY s.start_ms, s.uuid";

const TOTAL: &str = "SELECT count(*) FROM (SELECT 1 FROM samples s LEFT JOIN sources o ON o.id = s.source_id
    WHERE s.person_id = ?1 AND s.type_id = ?2 AND s.start_ms >= ?3 AND s.start_ms < ?4
      AND (?5 IS NULL OR o.bundle_identifier = ?5 OR replace(o.name, char(160), ' ') = ?5) LIMIT ?6)";

impl Samples {
    /// The question for all samples of a type, as sent.
    #[must_use]
    pub fn new(range: Range, kind: Kind) -> Self {
        Self {
            range,
            kind,
            source: None,
            units: None,
            limit: None,
            after: None,
            rows: 0,
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
        if let Some(source) = &self.source {
            NamedSources::find(snapshot, located.person, source, is_stale(snapshot, located.person)?)?;
        }
        let zone = Value::text(self.range.zone.as_deref());
        let mut head = vec![("type", Value::Text(&self.kind.shown)), ("zone", zone)];
        if self.limit.is_some() && self.after.is_none() {
            // Counting all of a large type would take longer than the page.
            let max = i64::try_from(QUESTION_TOTAL_MAX).unwrap_or(i64::MAX);
            let mut select = snapshot.connection.prepare_cached(TOTAL)?;
            let values = params![located.person, type_id, located.from_ms, located.to_ms, self.source, max + 1];
            let total: i64 = select.query_row(values, |row| row.get(0))?;
            head.push(("total", if total > max { Value::Null } else { Value::Integer(total) }));
        }
        sink.begin(&head);
        sink.list("samples", &COLUMNS);
        Ok(())
    }

    /// The value in the wanted unit; nothing if that is not possible.
    fn value(&mut self, row: &Row<'_>) -> Result<Option<f64>, Unanswered> {
        let value: Option<f64> = row.get(3)?;
        let (Some(wanted), Some(value)) = (&self.units, value) else {
            return Ok(value);
        };
        let unit: i64 = row.get::<_, Option<i64>>(10)?.unwrap_or_default();
        if self.conversion.is_none_or(|(known, _)| known != unit) {
            let name = row.get_ref(4)?.as_str_or_null()?.unwrap_or_default();
            self.conversion = Some((unit, conversion(name, wanted)));
        }
        match self.conversion {
            Some((_, Some(conversion))) => Ok(Some(conversion.apply(value))),
            _ => Err(Unanswered::Parameter("units", "a unit that the samples' own can be converted to".to_owned())),
        }
    }

    fn row<'a>(&mut self, row: &'a Row<'_>) -> Result<[Value<'a>; 10], Unanswered> {
        let text = |column| -> Result<Option<&'a str>, Unanswered> { Ok(row.get_ref(column)?.as_str_or_null()?) };
        let value = Value::real(self.value(row)?);
        let unit = if self.units.is_some() { Value::Null } else { Value::text(text(4)?) };
        Ok([
            Value::Time(row.get(0)?),
            Value::time(row.get(2)?),
            value,
            unit,
            Value::text(text(5)?),
            Value::text(text(6)?),
            Value::text(text(7)?),
            Value::Identity(row.get(1)?),
            Value::json(text(8)?),
            Value::json(text(9)?),
        ])
    }
}

impl Question for Samples {
    fn page(&mut self, snapshot: &Snapshot<'_>, sink: &mut dyn Sink) -> Result<Progress, Unanswered> {
        let located = self.range.locate(snapshot)?;
        let type_id = self.kind.id(snapshot)?;
        if !self.has_begun {
            self.begin(snapshot, &located, type_id, sink)?;
        }
        // No identity is before an empty one, which no row has.
        let start = [KeyPart::Integer(located.from_ms), KeyPart::Bytes(Vec::new())];
        let behind = match self.after.as_ref().map(RowKey::parts) {
            Some(behind @ [KeyPart::Integer(start_ms), KeyPart::Bytes(_)]) if *start_ms >= located.from_ms => behind,
            Some([KeyPart::Integer(_), KeyPart::Bytes(_)]) | None => &start,
            Some(_) => {
                return Err(Unanswered::Parameter("cursor", "the `next_cursor` of the answer before".to_owned()));
            }
        };
        let mut select = snapshot.connection.prepare_cached(SELECT)?;
        let mut rows = select.query(params![
            located.person,
            type_id,
            behind[0],
            behind[1],
            located.to_ms,
            self.source,
            self.kind.identifier
        ])?;
        let shown = self.kind.shown.clone();
        let units = self.units.clone();
        while let Some(row) = rows.next()? {
            if self.limit.is_some_and(|limit| self.rows >= limit)
                && let Some(next) = self.after.as_ref().and_then(RowKey::to_text)
            {
                sink.end(&[("truncated", Value::Flag(true)), ("next_cursor", Value::Text(&next))]);
                return Ok(Progress::End);
            }
            let [start, end, value, unit, name, source, product, uuid, metadata, other] = self.row(row)?;
            let unit = units.as_deref().map_or(unit, Value::Text);
            let kind = Value::Text(&shown);
            let has_more_room =
                sink.row(&[kind, start, end, value, unit, name, source, product, uuid, metadata, other]);
            self.rows += 1;
            self.after = Some(RowKey::of(row, 2)?);
            if !has_more_room {
                return Ok(Progress::More);
            }
        }
        sink.end(&[("truncated", Value::Flag(false)), ("next_cursor", Value::Null)]);
        Ok(Progress::End)
    }
}
