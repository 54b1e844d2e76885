//! Line protocol: `measurement,tag=value field=value nanoseconds`. The hot path: no allocation.

use std::io::Write;

use crate::follow::names::{measurement_text, tag_text};
use crate::follow::target::{FieldValue, Point};
use crate::model::identity::hyphenated;
use crate::model::record::Uuid;

/// Appends a point, unless it has no field. Returns whether it did.
pub(super) fn push(point: &Point<'_>, is_numbers_only: bool, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    push_escaped(&measurement_text(point.measurement), b", ", out);
    for (name, value) in point.tags {
        push_tag(name, value, out);
    }
    let mut separator = b' ';
    for (name, value) in point.fields {
        if is_numbers_only && matches!(value, FieldValue::Text(_) | FieldValue::Identity(_)) {
            continue;
        }
        out.push(separator);
        separator = b',';
        out.extend_from_slice(name.as_bytes());
        out.push(b'=');
        push_value(*value, out);
    }
    if separator == b' ' {
        out.truncate(start);
        return false;
    }
    // Writing to memory cannot fail.
    let _ = writeln!(out, " {}", point.at_ns);
    true
}

/// A tag must not be empty.
fn push_tag(name: &str, value: &str, out: &mut Vec<u8>) {
    let value = tag_text(value);
    if value.is_empty() {
        return;
    }
    out.push(b',');
    out.extend_from_slice(name.as_bytes());
    out.push(b'=');
    push_escaped(&value, b",= ", out);
}

fn push_escaped(text: &str, escaped: &[u8], out: &mut Vec<u8>) {
    for &byte in text.as_bytes() {
        if escaped.contains(&byte) {
            out.push(b'\\');
        }
        out.push(byte);
    }
}

fn push_value(value: FieldValue<'_>, out: &mut Vec<u8>) {
    match value {
        FieldValue::Float(number) => {
            let _ = write!(out, "{number}");
        }
        FieldValue::Integer(number) => {
            let _ = write!(out, "{number}i");
        }
        FieldValue::Text(text) => {
            out.push(b'"');
            for &byte in text.as_bytes() {
                match byte {
                    b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
                    0..b' ' => out.push(b' '),
                    byte => out.push(byte),
                }
            }
            out.push(b'"');
        }
        FieldValue::Identity(identity) => push_identity(&identity, out),
    }
}

/// An identity as HealthKit writes it.
fn push_identity(identity: &Uuid, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(&hyphenated(identity));
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(measurement: &str, tags: &[(&'static str, &str)], fields: &[(&'static str, FieldValue<'_>)]) -> String {
        let mut out = b"before\n".to_vec();
        let is_pushed = push(&Point { measurement, tags, fields, at_ns: -5 }, false, &mut out);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(is_pushed, text != "before\n");
        text["before\n".len()..].to_owned()
    }

    #[test]
    fn names_and_texts_are_escaped() {
        let value = [("value", FieldValue::Float(1.0))];
        let check = |measurement, tag: &str, expected: &str| {
            assert_eq!(line(measurement, &[("source", tag)], &value), expected);
        };
        check("steps", "Anna's, Watch=1", "steps,source=Anna's\\,\\ Watch\\=1 value=1 -5\n");
        check("a b,c", "ü\n\"x\"", "a\\ b\\,c,source=ü\\ \"x\" value=1 -5\n");
        check("#a", "back\\\\", "x#a,source=back\\⧵ value=1 -5\n");
        check("_a", " \n", "x_a value=1 -5\n");
        check("a\\", "\\", "a⧵,source=⧵ value=1 -5\n");
        check("", "a\\b", "x,source=a\\b value=1 -5\n");
        let fields = [("a", FieldValue::Text("q\"\\\n")), ("b", FieldValue::Integer(-7))];
        assert_eq!(line("m", &[], &fields), "m a=\"q\\\"\\\\ \",b=-7i -5\n");
        assert_eq!(line("m", &[("t", "v")], &[]), "", "without a field");
    }

    #[test]
    fn numbers_read_back_and_texts_can_be_left_out() {
        for number in [0.0, -0.0, 0.1, 1e300, -5e-324, 72.0, f64::MAX] {
            let text = line("m", &[], &[("v", FieldValue::Float(number))]);
            let read: f64 = text["m v=".len()..].split(' ').next().unwrap().parse().unwrap();
            assert_eq!(read.to_bits(), number.to_bits(), "{text}");
        }
        let identity = FieldValue::Identity([0xAB, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        let fields = [("uuid", identity), ("value", FieldValue::Float(2.5))];
        assert_eq!(line("m", &[], &fields), "m uuid=\"AB010203-0405-0607-0809-0A0B0C0D0E0F\",value=2.5 -5\n");
        let mut out = Vec::new();
        assert!(push(&Point { measurement: "m", tags: &[], fields: &fields, at_ns: 1 }, true, &mut out));
        assert_eq!(out, b"m value=2.5 1\n");
        assert!(!push(&Point { measurement: "m", tags: &[], fields: &fields[..1], at_ns: 1 }, true, &mut out));
    }
}
