//! Types: what they are called, and which of them a person has.

use rusqlite::params;

use super::range::{Range, is_stale};
use super::reader::{Question, Snapshot, Unanswered};
use super::value::{Progress, Sink, Value};
use crate::model::healthkit::{canonical_unit, identifier_of, is_sample_type, name_of};
use crate::statistics::Method;
use crate::store::lookup::find_type;

/// A type of samples.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kind {
    /// HealthKit's identifier.
    pub identifier: String,
    /// What it is called in the answer.
    pub shown: String,
}

impl Kind {
    /// The type that a text names: as people say it, or by HealthKit's identifier.
    #[must_use]
    pub fn named(text: &str) -> Self {
        Self::identified(&identifier_of(text).unwrap_or_else(|| text.to_owned()))
    }

    /// The type with an identifier.
    #[must_use]
    pub fn identified(identifier: &str) -> Self {
        Self { shown: name_of(identifier), identifier: identifier.to_owned() }
    }

    /// Its id, if any sample has ever had it. Fails for a name that neither HealthKit nor the database has.
    pub(super) fn id(&self, snapshot: &Snapshot<'_>) -> Result<Option<i64>, Unanswered> {
        let id = find_type(snapshot.connection, &self.identifier)?;
        if id.is_none() && !is_sample_type(&self.identifier) {
            return Err(Unanswered::Parameter("type", "names that /api/v1/types lists".to_owned()));
        }
        Ok(id)
    }
}

/// The unit of a type's figures; empty if it has none.
pub(super) fn canonical(identifier: &str) -> &'static str {
    match Method::of(identifier) {
        Method::StandHours => "h",
        Method::Sessions => "min",
        _ => canonical_unit(identifier).unwrap_or_default(),
    }
}

/// How the samples of a day become its figure.
pub(super) fn method_name(method: Method) -> &'static str {
    match method {
        Method::Sum | Method::StandHours | Method::Sessions => "sum",
        Method::Mean | Method::TimeWeighted => "mean",
        Method::Level => "level",
        Method::Values => "values",
        Method::Sleep => "nights",
        Method::Unknown => "none",
    }
}

/// The types that a person has samples of.
#[derive(Debug)]
pub struct Types {
    /// Whose.
    pub range: Range,
    /// The last type that was handed out.
    after: i64,
    has_begun: bool,
}

const COLUMNS: [&str; 8] = ["type", "identifier", "unit", "method", "first", "last", "days", "samples"];

/// First and last sample are at the ends of the type's range of keys; the number of samples is that of its days.
const SELECT: &str = "SELECT o.type_id, t.name,
      (SELECT start_ms FROM samples s WHERE s.person_id = ?1 AND s.type_id = o.type_id ORDER BY start_ms LIMIT 1),
      (SELECT start_ms FROM samples s WHERE s.person_id = ?1 AND s.type_id = o.type_id ORDER BY start_ms DESC LIMIT 1)
    FROM (SELECT DISTINCT type_id FROM sample_origins WHERE person_id = ?1 AND type_id > ?2) o
    JOIN types t ON t.id = o.type_id
    ORDER BY o.type_id";

impl Types {
    /// The question.
    #[must_use]
    pub fn new(range: Range) -> Self {
        Self { range, after: i64::MIN, has_begun: false }
    }
}

impl Question for Types {
    fn page(&mut self, snapshot: &Snapshot<'_>, sink: &mut dyn Sink) -> Result<Progress, Unanswered> {
        let person = super::range::person(snapshot, &self.range.person)?;
        if !self.has_begun {
            self.has_begun = true;
            sink.begin(&[("person", Value::Text(&self.range.person))]);
            sink.list("types", &COLUMNS);
        }
        let mut select = snapshot.connection.prepare_cached(SELECT)?;
        let mut rows = select.query(params![person, self.after])?;
        while let Some(row) = rows.next()? {
            self.after = row.get(0)?;
            let identifier = row.get_ref(1)?.as_str()?;
            // All samples of the type may have moved to another identity.
            let Some(first_ms) = row.get(2)? else {
                continue;
            };
            let unit = canonical(identifier);
            // No day of a type with samples may be computed yet.
            let (days, samples) = snapshot.total(person, self.after)?;
            let has_more_room = sink.row(&[
                Value::Text(&Kind::identified(identifier).shown),
                Value::Text(identifier),
                if unit.is_empty() { Value::Null } else { Value::Text(unit) },
                Value::Text(method_name(Method::of(identifier))),
                Value::Time(first_ms),
                Value::time(row.get(3)?),
                Value::integer((days > 0).then_some(days)),
                Value::integer(samples),
            ]);
            if !has_more_room {
                return Ok(Progress::More);
            }
        }
        sink.end(&[("stale", Value::Flag(is_stale(snapshot, person)?))]);
        Ok(Progress::End)
    }
}
