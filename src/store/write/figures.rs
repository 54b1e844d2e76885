//! The columns of a figure, and the number that its content gives.

use super::upsert::SqlValue;
use crate::model::identity::digest;
use crate::model::record::Interval;
use crate::model::units;

/// Numbers up to this are of version 1, which numbered figures by their place.
const PLACES_LAST: i64 = 1000;

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

pub(super) fn content_of<'c, 'b>(columns: &'c Columns<'b>) -> &'c Content<'b> {
    let (_, content) = columns.split_last_chunk().unwrap_or_else(|| unreachable!("seven of twelve columns"));
    content
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
        (Some(one), Some(other)) => units::is_same_number(one, other),
        (one, other) => one == other,
    };
    (end, unit) == (other_end, other_unit)
        && numbers.iter().zip(other_numbers).all(is_same_number)
        && is_same_json(text(rest).unwrap_or_default(), text(other_rest).unwrap_or_default())
}

/// Whether two JSON texts in canonical form differ at most in the digits of their numbers.
pub(super) fn is_same_json(one: &str, other: &str) -> bool {
    let (mut one, mut other, mut in_text) = (one, other, false);
    while one != other {
        let ([first, ..], [second, ..]) = (one.as_bytes(), other.as_bytes()) else {
            return false;
        };
        let starts_number = |byte: &u8| !in_text && matches!(byte, b'-' | b'0'..=b'9');
        let is_escape = in_text && *first == b'\\';
        let (lengths, is_same) = if starts_number(first) && starts_number(second) {
            let ends = [one, other].map(|text| text.find([',', ']', '}']).unwrap_or(text.len()));
            let numbers = [one[..ends[0]].parse(), other[..ends[1]].parse()];
            (ends, matches!(numbers, [Ok(one), Ok(other)] if units::is_same_number(one, other)))
        } else {
            let length = one.char_indices().nth(if is_escape { 2 } else { 1 }).map_or(one.len(), |(at, _)| at);
            ([length; 2], other.get(..length) == one.get(..length))
        };
        if !is_same {
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

/// The number that distinguishes a figure by its content.
pub(super) fn number_of(content: &Content<'_>, nth: u32) -> i64 {
    let mut bytes = Vec::new();
    for value in content {
        match value {
            SqlValue::Integer(number) => bytes.extend(number.to_le_bytes()),
            SqlValue::Real(number) => bytes.extend(number.to_bits().to_le_bytes()),
            SqlValue::Text(text) => bytes.extend(text.as_bytes()),
            SqlValue::Null | SqlValue::Uuid(_) => {}
        }
        // No text contains it.
        bytes.push(0xff);
    }
    let [one, two, three, four, five, six, seven, eight, ..] = digest(&[&bytes, &nth.to_le_bytes()]);
    let number = i64::from_le_bytes([one, two, three, four, five, six, seven, eight]) & i64::MAX;
    number.max(PLACES_LAST + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

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
