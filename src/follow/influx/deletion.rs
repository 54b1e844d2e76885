//! Deletions of a range, in the words of each version.

use crate::follow::names::{measurement_text, tag_text};
use crate::follow::target::{ChangedRange, INSTANTS_S};
use crate::model::time::to_iso_seconds;

/// A range in nanoseconds, to the end of its last millisecond: rows of one start are nanoseconds apart.
fn span_ns(range: &ChangedRange<'_>) -> Option<(i64, i64)> {
    let (first, last) = (INSTANTS_S.0 * 1000, INSTANTS_S.1 * 1000);
    let (from_ms, to_ms) = range.span_ms?;
    let [from_ms, to_ms] = [from_ms, to_ms].map(|at_ms| at_ms.clamp(first, last));
    Some((from_ms * 1_000_000, to_ms * 1_000_000 + 999_999))
}

/// The body of version 2's deletion.
pub(super) fn delete_v2(range: &ChangedRange<'_>) -> String {
    let (start, stop) = match span_ns(range) {
        Some((from_ns, to_ns)) => (iso_ns(from_ns), iso_ns(to_ns)),
        None => (to_iso_seconds(INSTANTS_S.0 * 1000), to_iso_seconds(INSTANTS_S.1 * 1000)),
    };
    let person = quoted(&tag_text(range.person), '"');
    let predicate = match range.measurement {
        Some(measurement) => {
            format!("_measurement={} AND person={person}", quoted(&measurement_text(measurement), '"'))
        }
        None => format!("person={person}"),
    };
    serde_json::json!({"start": start, "stop": stop, "predicate": predicate}).to_string()
}

/// The statement of version 1.
pub(super) fn delete_v1(range: &ChangedRange<'_>) -> String {
    let person = quoted(&tag_text(range.person), '\'');
    let Some(measurement) = range.measurement else {
        return format!("DROP SERIES WHERE \"person\" = {person}");
    };
    let measurement = quoted(&measurement_text(measurement), '"');
    match span_ns(range) {
        Some((from_ns, to_ns)) => {
            format!("DELETE FROM {measurement} WHERE \"person\" = {person} AND time >= {from_ns} AND time <= {to_ns}")
        }
        None => format!("DROP SERIES FROM {measurement} WHERE \"person\" = {person}"),
    }
}

/// A time with nanoseconds.
fn iso_ns(at_ns: i64) -> String {
    let seconds = at_ns.div_euclid(1_000_000_000);
    let text = to_iso_seconds(seconds * 1000);
    format!("{}.{:09}Z", text.trim_end_matches('Z'), at_ns.rem_euclid(1_000_000_000))
}

/// A text in quotes. A line in it would end nothing, but no name has one.
fn quoted(text: &str, quote: char) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    for letter in text.chars() {
        match letter {
            '\\' => quoted.push_str("\\\\"),
            letter if letter == quote => quoted.extend(['\\', letter]),
            '\n' | '\r' => quoted.push(' '),
            letter => quoted.push(letter),
        }
    }
    quoted.push(quote);
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deletes_name_measurement_person_and_whole_milliseconds() {
        let range = |measurement, span_ms| ChangedRange {
            person: "an\"n'a",
            measurement,
            span_ms,
            is_removed: true,
            summary: None,
        };
        let some = range(Some("steps"), Some((1000, 2001)));
        assert_eq!(
            delete_v2(&some),
            r#"{"predicate":"_measurement=\"steps\" AND person=\"an\\\"n'a\"","start":"1970-01-01T00:00:01.000000000Z","stop":"1970-01-01T00:00:02.001999999Z"}"#
        );
        assert_eq!(
            delete_v1(&some),
            r#"DELETE FROM "steps" WHERE "person" = 'an"n\'a' AND time >= 1000000000 AND time <= 2001999999"#
        );
        let all = range(None, None);
        assert_eq!(
            delete_v2(&all),
            r#"{"predicate":"person=\"an\\\"n'a\"","start":"1677-09-21T00:12:44Z","stop":"2262-04-11T23:47:16Z"}"#
        );
        assert_eq!(delete_v1(&all), r#"DROP SERIES WHERE "person" = 'an"n\'a'"#);
        assert_eq!(delete_v1(&range(Some("a"), None)), r#"DROP SERIES FROM "a" WHERE "person" = 'an"n\'a'"#);
        let odd = ChangedRange { person: "anna\\", ..range(Some("_a\\"), None) };
        assert_eq!(delete_v1(&odd), "DROP SERIES FROM \"x_a⧵\" WHERE \"person\" = 'anna⧵'");
        let beyond = range(Some("a"), Some((i64::MIN, i64::MAX)));
        assert!(delete_v2(&beyond).contains("1677-09-21T00:12:44.000000000Z"), "{}", delete_v2(&beyond));
    }
}
