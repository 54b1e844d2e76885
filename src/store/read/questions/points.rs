//! The samples of a type as a line: at most so many points, each with the mean, the extremes and the number of its samples.
//!
//! A line is for drawing what was measured. Figures that add up, such as steps, come from days.

use rusqlite::params;

use super::convertible::{HandedOut, check_units, not_convertible};
use super::mean::Mean;
use super::range::{Located, Range};
use super::reader::{Question, Snapshot, Unanswered};
use super::source::SourceFilter;
use super::types::Kind;
use super::value::{Progress, Sink, Value};
use crate::model::units::{Conversion, conversion};

/// The samples of a type as a line.
#[derive(Debug)]
pub struct Points {
    /// Whose, and when.
    pub range: Range,
    /// The type.
    pub kind: Kind,
    /// Only those of sources with this name, bundle or key.
    pub source: Option<String>,
    /// The unit of values; that of the last sample if none.
    pub units: Option<String>,
    /// Points at most.
    pub points_max: u32,
    /// These sources, and the unit, once they were looked up.
    known: Option<(Option<SourceFilter>, String)>,
}

/// When the samples begin and end.
const SPAN: &str = "SELECT
      (SELECT start_ms FROM samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms >= ?3 AND start_ms < ?4
       ORDER BY start_ms LIMIT 1),
      (SELECT start_ms FROM samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms >= ?3 AND start_ms < ?4
       ORDER BY start_ms DESC LIMIT 1)";

const SELECT: &str = "SELECT s.start_ms, s.value, s.unit_id, s.source_id FROM samples s
    WHERE s.person_id = ?1 AND s.type_id = ?2 AND s.start_ms >= ?3 AND s.start_ms < ?4 AND s.value IS NOT NULL
    ORDER BY s.start_ms";

/// Converts values of several units, of which the last one is remembered.
struct Converter<'a> {
    snapshot: &'a Snapshot<'a>,
    wanted: &'a str,
    last: Option<(Option<i64>, Conversion)>,
}

impl Converter<'_> {
    fn apply(&mut self, value: f64, unit: Option<i64>) -> Result<f64, Unanswered> {
        let conversion = match self.last {
            Some((known, conversion)) if known == unit => conversion,
            _ => {
                let name = unit_name(self.snapshot, unit)?;
                let conversion = conversion(&name, self.wanted).ok_or_else(not_convertible)?;
                self.last = Some((unit, conversion));
                conversion
            }
        };
        Ok(conversion.apply(value))
    }
}

fn unit_name(snapshot: &Snapshot<'_>, unit: Option<i64>) -> Result<String, Unanswered> {
    let mut select =
        snapshot.connection.prepare_cached("SELECT coalesce((SELECT name FROM units WHERE id = ?1), '')")?;
    Ok(select.query_row([unit], |row| row.get(0))?)
}

impl Points {
    /// The question for a line of all samples of a type.
    #[must_use]
    pub fn new(range: Range, kind: Kind, points_max: u32) -> Self {
        Self { range, kind, source: None, units: None, points_max, known: None }
    }

    /// Looks up the sources and the unit.
    fn look_up(
        &self,
        snapshot: &Snapshot<'_>,
        located: &Located,
    ) -> Result<(Option<SourceFilter>, String), Unanswered> {
        let type_id = self.kind.id(snapshot)?;
        let sources = match &self.source {
            Some(source) => Some(SourceFilter::new(snapshot, located.person, source)?),
            None => None,
        };
        let sql = "SELECT unit_id FROM samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 LIMIT 1";
        let mut select = snapshot.connection.prepare_cached(sql)?;
        let own: Option<i64> = match span(snapshot, located, type_id)?.1 {
            Some(last_ms) => select.query_row(params![located.person, type_id, last_ms], |row| row.get(0))?,
            None => None,
        };
        let unit = self.units.clone().map_or_else(|| unit_name(snapshot, own), Ok)?;
        Ok((sources, unit))
    }
}

/// The first and the last instant of samples.
fn span(
    snapshot: &Snapshot<'_>,
    located: &Located,
    type_id: Option<i64>,
) -> Result<(Option<i64>, Option<i64>), Unanswered> {
    let bounds = params![located.person, type_id, located.from_ms, located.to_ms];
    Ok(snapshot.connection.prepare_cached(SPAN)?.query_row(bounds, |row| Ok((row.get(0)?, row.get(1)?)))?)
}

impl Question for Points {
    /// The line is one page, so this is only for one that is not the first of an answer.
    fn check(&mut self, snapshot: &Snapshot<'_>) -> Result<(), Unanswered> {
        let located = self.range.locate(snapshot)?;
        let (mut sources, unit) = self.look_up(snapshot, &located)?;
        let type_id = self.kind.id(snapshot)?;
        let handed_out = HandedOut { located: &located, type_id, behind: (located.from_ms, &[]), limit: None };
        check_units(snapshot, &handed_out, &unit, &mut sources)?;
        self.known = Some((sources, unit));
        Ok(())
    }

    fn page(&mut self, snapshot: &Snapshot<'_>, sink: &mut dyn Sink) -> Result<Progress, Unanswered> {
        let located = self.range.locate(snapshot)?;
        let type_id = self.kind.id(snapshot)?;
        let (mut sources, unit) = match self.known.take() {
            Some(known) => known,
            None => self.look_up(snapshot, &located)?,
        };
        let (first_ms, last_ms) = span(snapshot, &located, type_id)?;
        let (first_ms, last_ms) = (first_ms.unwrap_or_default(), last_ms.unwrap_or_default());
        let width_ms = (last_ms - first_ms) / i64::from(self.points_max.max(1)) + 1;
        let zone = Value::text(self.range.zone.as_deref());
        let shown = if unit.is_empty() { Value::Null } else { Value::Text(&unit) };
        sink.begin(&[("type", Value::Text(&self.kind.shown)), ("unit", shown), ("zone", zone)]);
        sink.list("points", &Mean::COLUMNS);
        let mut converter = Converter { snapshot, wanted: &unit, last: None };
        let mut select = snapshot.connection.prepare_cached(SELECT)?;
        let mut rows = select.query(params![located.person, type_id, located.from_ms, located.to_ms])?;
        let mut point: Option<Mean> = None;
        while let Some(row) = rows.next()? {
            if let Some(sources) = &mut sources
                && !sources.has(snapshot.connection, row.get(3)?)?
            {
                continue;
            }
            let at_ms: i64 = row.get(0)?;
            let value = converter.apply(row.get(1)?, row.get(2)?)?;
            let number = (at_ms - first_ms) / width_ms;
            if let Some(ended) = point.take_if(|point| point.number != number) {
                ended.push(sink);
            }
            point.get_or_insert_with(|| Mean::new(number, at_ms)).add(value);
        }
        if let Some(point) = point {
            point.push(sink);
        }
        sink.end(&[("truncated", Value::Flag(false))]);
        Ok(Progress::End)
    }
}
