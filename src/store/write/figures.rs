//! The columns of a figure, and the number that its content gives.

use rusqlite::types::Value;

use crate::model::identity::digest;
use crate::model::record::Interval;

/// Numbers up to this are of version 1, which numbered figures by their place.
const PLACES_LAST: i64 = 1000;

/// The columns of a figure, in the order of the parameters, without its number and its interval: person, metric, start, label and
/// source, then its content.
pub(super) type Columns = [Value; 12];

/// End, unit, value, minimum, average, maximum and other fields of a figure.
pub(super) type Content = [Value; 7];

/// A figure that has a new row.
#[derive(Debug)]
pub(super) struct Fresh {
    pub(super) columns: Box<Columns>,
    pub(super) number: i64,
    pub(super) interval: Interval,
    /// How long the period may last that begins at its time.
    pub(super) period_ms: i64,
    /// Counts the equal ones of its document, from 1.
    pub(super) nth_of_content: u32,
}

pub(super) fn content_of(columns: &Columns) -> &Content {
    let (_, content) = columns.split_last_chunk().unwrap_or_else(|| unreachable!("seven of twelve columns"));
    content
}

pub(super) fn real(value: &Value) -> Option<f64> {
    if let Value::Real(number) = value { Some(*number) } else { None }
}

pub(super) fn text(value: &Value) -> Option<&str> {
    if let Value::Text(text) = value { Some(text) } else { None }
}

/// Whether a stored figure may be of this interval: one that was not said contradicts none.
pub(super) fn is_same_interval(stored: &str, interval: Interval) -> bool {
    stored == interval.text() || interval == Interval::None || matches!(stored, "" | "unknown")
}

/// The number that distinguishes a figure by its content.
pub(super) fn number_of(content: &Content, nth: u32) -> i64 {
    let mut bytes = Vec::new();
    for value in content {
        match value {
            Value::Integer(number) => bytes.extend(number.to_le_bytes()),
            Value::Real(number) => bytes.extend(number.to_bits().to_le_bytes()),
            Value::Text(text) => bytes.extend(text.as_bytes()),
            Value::Null | Value::Blob(_) => {}
        }
        // No text contains it.
        bytes.push(0xff);
    }
    let [one, two, three, four, five, six, seven, eight, ..] = digest(&[&bytes, &nth.to_le_bytes()]);
    let number = i64::from_le_bytes([one, two, three, four, five, six, seven, eight]) & i64::MAX;
    number.max(PLACES_LAST + 1)
}
