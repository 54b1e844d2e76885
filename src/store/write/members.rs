//! The members of a correlation, which are its content. The next export may print them in other units.

use std::cmp::Ordering;
use std::fmt::Write;

use rusqlite::Connection;
use rusqlite::types::Value;

use crate::model::identity::digest;
use crate::model::measurement;
use crate::model::units;

const MEMBERS: &str = "SELECT value ->> '$.type', value ->> '$.startDate', value ->> '$.endDate', value ->> '$.unit',
    value ->> '$.value' FROM json_each(?1)";

/// A member of a correlation.
#[derive(Debug)]
pub(super) struct Member {
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
                    measurement::is_same((Some(one), self.unit.as_deref()), (Some(two), other.unit.as_deref()))
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

/// Reads members. Their order does not depend on their unit.
pub(super) fn parse(connection: &Connection, members: &str) -> rusqlite::Result<Vec<Member>> {
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

/// A digest of members without their values, and a number that is made of the values in base units. Equal members have the same
/// digest, and almost the same number.
pub(super) fn content_of(connection: &Connection, members: &str) -> rusqlite::Result<([u8; 16], f64)> {
    let (mut content, mut size) = (String::new(), 0.0);
    for (place, Member { kind, times, unit, value }) in (0..7_u8).cycle().zip(parse(connection, members)?) {
        let unit = unit.as_deref();
        let _ = match (number(&value), unit.and_then(units::dimension)) {
            (Some(_), Some(dimension)) => writeln!(content, "{kind:?} {times:?} {dimension:?}"),
            (Some(_), None) => writeln!(content, "{kind:?} {times:?} {unit:?}"),
            (None, _) => writeln!(content, "{kind:?} {times:?} {value:?} {unit:?}"),
        };
        // Members that exchange their values have another number.
        size += number(&value).map_or(0.0, |value| measurement::size(value, unit) * (1.0 + f64::from(place) / 7.0));
    }
    Ok((digest(&[content.as_bytes()]), size))
}

/// The numbers of members that may be equal.
pub(super) fn sizes_near(size: f64) -> (f64, f64) {
    (size * (1.0 - measurement::EQUAL_WITHIN), size * (1.0 + measurement::EQUAL_WITHIN))
}
