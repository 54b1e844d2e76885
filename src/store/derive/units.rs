//! The unit of a type's figures.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rusqlite::{Connection, OptionalExtension};

use super::samples::StoredSample;
use super::subject::{Kind, Person};
use crate::model::units::Conversion;
use crate::statistics::{Method, Unit};
use crate::store::supplied::{Most, Need};

/// The unit of a type's figures, and how stored values become it.
#[derive(Clone, Debug)]
pub(super) struct Units {
    unit: Unit,
    /// What days show for types without a canonical unit.
    shown: &'static str,
    conversions: HashMap<i64, Option<Conversion>, RandomState>,
    /// The unit of the last value.
    last: Option<(i64, Option<Conversion>)>,
}

impl Units {
    pub(super) fn of(person: &Person<'_>, kind: &Kind<'_>) -> rusqlite::Result<Self> {
        let mut unit = Unit::of(kind.name);
        let shown = match Method::of(kind.name) {
            Method::StandHours => "h",
            Method::Sessions => "min",
            _ => "",
        };
        if unit.name().is_empty() && Method::of(kind.name) == Method::Unknown {
            // The unit of the first sample of all, whichever days are computed.
            let sql = "SELECT u.name FROM samples s JOIN units u ON u.id = s.unit_id WHERE s.person_id = ?1 AND s.type_id = ?2
                ORDER BY s.start_ms LIMIT 1";
            let first = Some(Most::First(1));
            person
                .connection
                .need(|| Need { most: first, ..Need::samples((person.id, kind.id), (i64::MIN, i64::MAX)) })?;
            let mut select = person.connection.prepare_cached(sql)?;
            let first: Option<String> = select.query_row([person.id, kind.id], |row| row.get(0)).optional()?;
            first.and_then(|first| unit.conversion_from(&first));
        }
        Ok(Self { unit, shown, conversions: HashMap::default(), last: None })
    }

    pub(super) fn name(&self) -> &str {
        if self.shown.is_empty() { self.unit.name() } else { self.shown }
    }

    /// Returns the value in the unit of the figures; `None` for a sample that cannot be compared with the others.
    #[inline]
    pub(super) fn value(
        &mut self,
        connection: &Connection,
        stored: &StoredSample<'_>,
    ) -> rusqlite::Result<Option<Option<f64>>> {
        let (Some(value), Some(id)) = (stored.value, stored.unit) else {
            return Ok(Some(stored.value));
        };
        let conversion = match self.last {
            Some((last, conversion)) if last == id => conversion,
            _ => self.look_up(connection, id)?,
        };
        Ok(conversion.map(|conversion| Some(conversion.apply(value))))
    }

    fn look_up(&mut self, connection: &Connection, id: i64) -> rusqlite::Result<Option<Conversion>> {
        let conversion = match self.conversions.get(&id) {
            Some(conversion) => *conversion,
            None => {
                let mut select = connection.prepare_cached("SELECT name FROM units WHERE id = ?1")?;
                let name: Option<String> = select.query_row([id], |row| row.get(0)).optional()?;
                let conversion = self.unit.conversion_from(&name.unwrap_or_default());
                self.conversions.insert(id, conversion);
                conversion
            }
        };
        self.last = Some((id, conversion));
        Ok(conversion)
    }
}
