//! The columns of a figure, the number that its content gives, and what it has in common with a stored one.

use std::collections::BTreeSet;

use rusqlite::{Connection, Row, params};

use super::sql_value::{SqlValue, sql_values};
use crate::model::identity::digest_of_parts;
use crate::model::interval::Interval;
use crate::model::limits::FIGURE_FIELDS_BYTES_MAX;
use crate::model::measurement;

/// Numbers up to this are of version 1, which numbered figures by their place.
const PLACES_LAST: i64 = 1000;

/// Whether no number of one object is smaller in another one, and one is larger.
const HAS_GROWN: &str =
    "SELECT coalesce(min(coalesce(new.value >= old.value, 0)), 0) AND coalesce(max(new.value > old.value), 0)
    FROM json_each(?1) old LEFT JOIN json_each(?2) new ON new.key = old.key AND new.type IN ('integer', 'real')
    WHERE old.type IN ('integer', 'real')";

/// The columns of a figure, in the order of the parameters, without its number and its interval: person, metric, start, label and
/// source, then its content.
pub(super) type Columns<'b> = [SqlValue<'b>; 12];

/// End, unit, value, minimum, average, maximum and other fields of a figure.
pub(super) type Content<'b> = [SqlValue<'b>; 7];

/// A figure that has a new row.
#[derive(Debug)]
pub(super) struct Fresh<'b> {
    pub(super) columns: Columns<'b>,
    pub(super) number: i64,
    pub(super) interval: Interval,
    /// How long the period may last that begins at its time.
    pub(super) period_ms: i64,
    /// Counts the equal ones of its document, from 1.
    pub(super) nth_of_content: u32,
}

impl Fresh<'_> {
    pub(super) fn start_ms(&self) -> i64 {
        integer(&self.columns[2]).unwrap_or_default()
    }

    pub(super) fn end_ms(&self) -> Option<i64> {
        integer(&self.columns[5])
    }
}

/// Source, number and interval of figures of one time.
pub(super) type Rows<'f> = BTreeSet<(&'f str, i64, &'f str)>;

/// What is read of a stored figure: its other fields only if they are not long, and whether they are equal to those of the new
/// one. Those are `?8`, their bytes `?9`, and `?10` is how many may be read. If they are more, `?8` is the number of the content.
macro_rules! figure_columns {
    () => {
        "source, number, interval, unit, value, minimum, average, maximum, end_ms, earlier,
        iif(octet_length(other) > ?10, NULL, other) AS other,
        CASE WHEN octet_length(other) IS NOT ?9 THEN 0 WHEN ?9 > ?10 THEN number = ?8 ELSE other IS ?8 END AS has_other"
    };
}
pub(super) use figure_columns;

/// A stored figure beside a new one.
#[derive(Debug)]
pub(super) struct Figure {
    pub(super) source: String,
    pub(super) number: i64,
    pub(super) interval: String,
    pub(super) unit: Option<String>,
    pub(super) numbers: [Option<f64>; 4],
    /// Whether its end is that of the new one.
    pub(super) has_end: bool,
    pub(super) earlier: Option<Vec<u8>>,
    /// Its other fields, and whether they are those of the new one. Long ones are not read.
    other: Option<String>,
    has_other: bool,
}

impl Figure {
    /// Reads one: its columns, and whether its end is that of the new one.
    pub(super) fn of(row: &Row<'_>, new: &Fresh<'_>) -> rusqlite::Result<Self> {
        let numbers = [row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?];
        let (source, number, interval, unit) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        let end_ms: Option<i64> = row.get(8)?;
        let (has_end, earlier, other, has_other) = (end_ms == new.end_ms(), row.get(9)?, row.get(10)?, row.get(11)?);
        Ok(Self { source, number, interval, unit, numbers, has_end, earlier, other, has_other })
    }

    /// Whether its other fields are those of the new one, but for the digits of numbers. Long ones have equal digits.
    fn has_fields_of(&self, new: &Fresh<'_>) -> bool {
        let [.., other] = content_of(&new.columns);
        let is_short = self.other.is_some() && !is_long(content_of(&new.columns));
        self.has_other
            || is_short && is_same_json(self.other.as_deref().unwrap_or_default(), text(other).unwrap_or_default())
    }

    /// Whether it may be the same figure, but for its source: equal numbers to six digits, or as they are rounded in another
    /// unit.
    pub(super) fn is_alike(&self, new: &Fresh<'_>) -> bool {
        let [_, unit, numbers @ .., _] = content_of(&new.columns);
        let mut pairs = self.numbers.into_iter().zip(numbers.each_ref().map(real));
        let has_content = if self.unit.as_deref() == text(unit) {
            let has_numbers = pairs.all(|(one, other)| match (one, other) {
                (Some(one), Some(other)) => measurement::is_same_number(one, other),
                (one, other) => one == other,
            });
            has_numbers && self.has_fields_of(new)
        } else {
            self.is_converted(new)
        };
        self.has_end && is_same_interval(&self.interval, new.interval) && has_content
    }

    /// Whether all numbers are those of the new one in another unit. Numbers without a column are in the unit also.
    fn is_converted(&self, new: &Fresh<'_>) -> bool {
        let [_, unit, numbers @ .., other] = content_of(&new.columns);
        let (unit, numbers, own) = (text(unit), numbers.each_ref().map(real), self.unit.as_deref());
        let mut has_number = numbers.iter().any(Option::is_some);
        let has_fields = match (self.other.as_deref(), text(other)) {
            (Some(one), Some(other)) => {
                !is_long(content_of(&new.columns))
                    && is_json_with(one, other, |one, other| {
                        has_number = true;
                        measurement::is_same_rounded((Some(one), own), (Some(other), unit))
                    })
            }
            // There are none, or they are long and may have numbers.
            (None, other) => {
                self.has_other && !other.is_some_and(|other| other.contains(|digit: char| digit.is_ascii_digit()))
            }
            (Some(_), None) => false,
        };
        let mut pairs = self.numbers.into_iter().zip(numbers);
        has_fields && has_number && pairs.all(|(one, other)| measurement::is_same_rounded((one, own), (other, unit)))
    }

    /// Whether it has the same unit and numbers.
    pub(super) fn is_equal(&self, new: &Fresh<'_>) -> bool {
        let [_, unit, numbers @ .., _] = content_of(&new.columns);
        self.unit.as_deref() == text(unit) && self.numbers == numbers.each_ref().map(real) && self.has_other
    }

    pub(super) fn is_of(&self, source: &SqlValue<'_>) -> bool {
        text(source) == Some(&self.source)
    }

    /// Whether only its digits differ.
    pub(super) fn has_unit_and_place_of(&self, new: &Fresh<'_>) -> bool {
        self.is_of(&new.columns[4])
            && self.unit.as_deref() == text(&new.columns[6])
            && self.interval == new.interval.text()
    }

    /// How far its numbers are from those of the new one, in the latter's unit.
    pub(super) fn distance(&self, new: &Fresh<'_>) -> f64 {
        let [_, unit, numbers @ .., _] = content_of(&new.columns);
        let pairs = self.numbers.into_iter().zip(numbers.each_ref().map(real));
        pairs.map(|(one, other)| measurement::distance((one, self.unit.as_deref()), (other, text(unit)))).sum()
    }
}

pub(super) fn row<'b>(new: &Fresh<'b>) -> (&'b str, i64, &'static str) {
    (text(&new.columns[4]).unwrap_or_default(), new.number, new.interval.text())
}

pub(super) fn content_of<'c, 'b>(columns: &'c Columns<'b>) -> &'c Content<'b> {
    let (_, content) = columns.split_last_chunk().unwrap_or_else(|| unreachable!("seven of twelve columns"));
    content
}

/// Other fields of a new figure, their bytes, and how many of a stored one are read: parameters of `figure_columns`.
pub(super) fn figure_fields<'c>(new: &Fresh<'c>) -> (SqlValue<'c>, Option<u32>, u32) {
    let [.., other] = content_of(&new.columns);
    let fields = if is_long(content_of(&new.columns)) { SqlValue::Integer(new.number) } else { *other };
    let bytes = text(other).map(|other| u32::try_from(other.len()).unwrap_or(u32::MAX));
    (fields, bytes, FIGURE_FIELDS_BYTES_MAX)
}

/// Whether its other fields are too long to be compared with those of several others.
pub(super) fn is_long(content: &Content<'_>) -> bool {
    let [.., other] = content;
    text(other).is_some_and(|other| other.len() > FIGURE_FIELDS_BYTES_MAX as usize)
}

pub(super) fn integer(value: &SqlValue<'_>) -> Option<i64> {
    if let SqlValue::Integer(number) = value { Some(*number) } else { None }
}

pub(super) fn real(value: &SqlValue<'_>) -> Option<f64> {
    if let SqlValue::Real(number) = value { Some(*number) } else { None }
}

pub(super) fn text<'b>(value: &SqlValue<'b>) -> Option<&'b str> {
    if let SqlValue::Text(text) = value { Some(text) } else { None }
}

/// Whether two figures are one, printed with other digits.
pub(super) fn is_same_figure(one: &Content<'_>, other: &Content<'_>) -> bool {
    let [end, unit, numbers @ .., rest] = one;
    let [other_end, other_unit, other_numbers @ .., other_rest] = other;
    let is_same_number = |(one, other): (&SqlValue<'_>, &SqlValue<'_>)| match (real(one), real(other)) {
        (Some(one), Some(other)) => measurement::is_same_number(one, other),
        (one, other) => one == other,
    };
    (end, unit) == (other_end, other_unit)
        && numbers.iter().zip(other_numbers).all(is_same_number)
        && is_same_json(text(rest).unwrap_or_default(), text(other_rest).unwrap_or_default())
}

/// Whether two JSON texts in canonical form differ at most in the digits of their numbers.
pub(super) fn is_same_json(one: &str, other: &str) -> bool {
    one == other || is_json_with(one, other, measurement::is_same_number)
}

/// Whether two JSON texts in canonical form differ at most in numbers that `is_same` takes for one.
fn is_json_with(one: &str, other: &str, mut is_same: impl FnMut(f64, f64) -> bool) -> bool {
    let (mut one, mut other, mut in_text) = (one, other, false);
    while !one.is_empty() || !other.is_empty() {
        let ([first, ..], [second, ..]) = (one.as_bytes(), other.as_bytes()) else {
            return false;
        };
        let starts_number = |byte: &u8| !in_text && matches!(byte, b'-' | b'0'..=b'9');
        let is_escape = in_text && *first == b'\\';
        let (lengths, has_same) = if starts_number(first) && starts_number(second) {
            let ends = [one, other].map(|text| text.find([',', ']', '}']).unwrap_or(text.len()));
            let numbers = [one[..ends[0]].parse(), other[..ends[1]].parse()];
            (ends, matches!(numbers, [Ok(one), Ok(other)] if is_same(one, other)))
        } else {
            let length = one.char_indices().nth(if is_escape { 2 } else { 1 }).map_or(one.len(), |(at, _)| at);
            ([length; 2], other.get(..length) == one.get(..length))
        };
        if !has_same {
            return false;
        }
        in_text ^= *first == b'"';
        (one, other) = (&one[lengths[0]..], &other[lengths[1]..]);
    }
    true
}

/// Whether a stored figure may be of this interval: one that was not said contradicts none.
pub(super) fn is_same_interval(stored: &str, interval: Interval) -> bool {
    stored == interval.text() || interval == Interval::None || matches!(stored, "" | "unknown")
}

/// Whether a figure is a stored one that has grown.
pub(super) fn has_grown(
    connection: &Connection,
    content: &Content<'_>,
    stored: &Content<'_>,
) -> rusqlite::Result<bool> {
    let [_, unit, value, minimum, _, maximum, other] = content;
    let [_, stored_unit, earlier, stored_minimum, _, stored_maximum, stored_other] = stored;
    let is_alike = unit == stored_unit && other == stored_other;
    let ranges = [minimum, maximum, stored_minimum, stored_maximum].map(real);
    // Of a stored figure, a text that is no JSON stands for long fields.
    let is_read = |fields| text(fields).is_none_or(|fields| fields.starts_with('{'));
    if is_long(content) || is_long(stored) || !is_read(other) || !is_read(stored_other) {
        return Ok(false);
    }
    Ok(match (real(value), real(earlier), ranges) {
        (Some(value), Some(earlier), [None, None, None, None]) => is_alike && value > earlier,
        (None, None, [Some(minimum), Some(maximum), Some(stored_minimum), Some(stored_maximum)]) => {
            is_alike && minimum <= stored_minimum && maximum >= stored_maximum
        }
        (None, None, [None, None, None, None]) if unit == stored_unit => {
            connection.prepare_cached(HAS_GROWN)?.query_row(params![stored_other, other], |row| row.get(0))?
        }
        _ => false,
    })
}

/// The number that distinguishes a figure by its content.
pub(super) fn number_of(content: &Content<'_>, nth: u32) -> i64 {
    let numbers = content.each_ref().map(|value| match value {
        SqlValue::Integer(number) => number.to_le_bytes(),
        SqlValue::Real(number) => number.to_bits().to_le_bytes(),
        _ => [0; 8],
    });
    let parts = content.iter().zip(&numbers).flat_map(|(value, number)| {
        let part = match value {
            SqlValue::Integer(_) | SqlValue::Real(_) => number.as_slice(),
            SqlValue::Text(text) => text.as_bytes(),
            SqlValue::Null | SqlValue::Uuid(_) | SqlValue::Blob(_) => &[],
        };
        // No text contains the last byte.
        [part, &[0xff]]
    });
    let [one, two, three, four, five, six, seven, eight, ..] = digest_of_parts(parts, &nth.to_le_bytes());
    let number = i64::from_le_bytes([one, two, three, four, five, six, seven, eight]) & i64::MAX;
    number.max(PLACES_LAST + 1)
}

/// What a stored figure is at a time, beside its key.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct State<'a> {
    pub(in crate::store) end_ms: Option<i64>,
    pub(in crate::store) unit: Option<&'a str>,
    /// Value, minimum, average and maximum.
    pub(in crate::store) numbers: [Option<f64>; 4],
    pub(in crate::store) other: Option<&'a str>,
}

impl<'a> State<'a> {
    fn content(&self) -> Content<'a> {
        let Self { end_ms, unit, numbers: [value, minimum, average, maximum], other } = *self;
        sql_values![end_ms, unit, value, minimum, average, maximum, other]
    }

    /// The number by which a row remembers that it had this state.
    pub(in crate::store) fn number(&self) -> i64 {
        number_of(&self.content(), 1)
    }

    /// Whether it is another one that has grown.
    pub(in crate::store) fn has_grown_from(
        &self,
        connection: &Connection,
        earlier: &State<'_>,
    ) -> rusqlite::Result<bool> {
        has_grown(connection, &self.content(), &earlier.content())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_json_are_converted() {
        let check = |one: &str, other: &str, expected: bool| {
            let is_same = |one: f64, other: f64| (one * 60.0 - other).abs() < 0.5;
            assert_eq!(is_json_with(one, other, is_same), expected, "{one} {other}");
        };
        check(r#"{"a":7.25,"b":[1,0]}"#, r#"{"a":435,"b":[60,0]}"#, true);
        check(r#"{"a":7.25,"b":"10"}"#, r#"{"a":435,"b":"10"}"#, true);
        check(r#"{"a":7.25,"b":"10"}"#, r#"{"a":435,"b":"600"}"#, false);
        // Equal numbers in two units are two.
        check(r#"{"a":60}"#, r#"{"a":60}"#, false);
        check(r#"{"a":7.25,"b":1}"#, r#"{"a":435,"b":1}"#, false);
        check(r#"{"a":1}"#, r#"{"a":60,"b":1}"#, false);
        check(r#"{"a":1}"#, r#"{"a":"60"}"#, false);
    }

    #[test]
    fn json_with_other_digits_is_the_same() {
        let check = |one: &str, other: &str, expected: bool| {
            assert_eq!([is_same_json(one, other), is_same_json(other, one)], [expected; 2], "{one} {other}");
        };
        check("", "", true);
        check("", "{}", false);
        check(r#"{"a":7.123456789,"b":[1,2]}"#, r#"{"a":7.12346,"b":[1.0,2]}"#, true);
        check(r#"{"a":7.123456789}"#, r#"{"a":7.1235}"#, false);
        check(r#"{"a":"7.123456789"}"#, r#"{"a":"7.12346"}"#, false);
        check(r#"{"a\"":1.0000001,"é":"\\"}"#, r#"{"a\"":1,"é":"\\"}"#, true);
        check(r#"{"a":1,"b":2}"#, r#"{"a":1}"#, false);
        check(r#"{"a":1}"#, r#"{"a":"1"}"#, false);
        check(r#"{"é":1}"#, r#"{"è":1}"#, false);
        check(r#"{"a":-1}"#, r#"{"a":1}"#, false);
    }
}
