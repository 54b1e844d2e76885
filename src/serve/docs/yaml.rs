//! Reads the YAML of `docs/openapi.yaml`: indented maps and lists, texts in one line, short lists and maps in brackets.
//!
//! The file is part of the program, so what is not of this form is found by a test, not by a user. Anchors, tags, texts of several
//! lines and comments behind a value are not read.

use serde_json::{Map, Value};

/// A line without its indentation.
#[derive(Clone, Copy, Debug)]
struct Line<'a> {
    indent: usize,
    text: &'a str,
}

/// Reads a document; `None` if it is not of this form.
pub(super) fn parse(text: &str) -> Option<Value> {
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let mut lines: Vec<Line<'_>> = lines
        .map(|line| Line { indent: line.len() - line.trim_start().len(), text: line.trim_start().trim_end() })
        .collect();
    lines.reverse();
    let value = block(&mut lines, 0)?;
    lines.is_empty().then_some(value)
}

/// A map or a list that begins with the next line. The next line is the last one of `lines`.
fn block(lines: &mut Vec<Line<'_>>, indent: usize) -> Option<Value> {
    let first = *lines.last()?;
    if first.indent < indent {
        return None;
    }
    if is_item(first.text) { list(lines, first.indent) } else { map(lines, first.indent) }
}

fn is_item(text: &str) -> bool {
    text == "-" || text.starts_with("- ")
}

fn list(lines: &mut Vec<Line<'_>>, indent: usize) -> Option<Value> {
    let mut items = Vec::new();
    while let Some(line) = lines.last().copied().filter(|line| line.indent == indent && is_item(line.text)) {
        lines.pop();
        let rest = line.text[1..].trim_start();
        let inner = indent + line.text.len() - rest.len();
        items.push(if rest.is_empty() {
            block(lines, indent + 1)?
        } else if key(rest).is_some() {
            // The first key of a map stands behind the hyphen.
            lines.push(Line { indent: inner, text: rest });
            map(lines, inner)?
        } else {
            flow(rest)?
        });
    }
    Some(Value::Array(items))
}

fn map(lines: &mut Vec<Line<'_>>, indent: usize) -> Option<Value> {
    let mut entries = Map::new();
    while let Some(line) = lines.last().copied().filter(|line| line.indent == indent && !is_item(line.text)) {
        lines.pop();
        let (name, rest) = key(line.text)?;
        let value = if rest.is_empty() {
            match lines.last() {
                Some(next) if next.indent > indent || next.indent == indent && is_item(next.text) => {
                    block(lines, indent)?
                }
                _ => Value::Null,
            }
        } else {
            flow(rest)?
        };
        // A key that comes twice is a mistake.
        if entries.insert(name, value).is_some() {
            return None;
        }
    }
    Some(Value::Object(entries))
}

/// The key that a line begins with, and what stands behind it.
fn key(text: &str) -> Option<(String, &str)> {
    if text.starts_with(['\'', '"']) {
        let mut rest = text;
        let Value::String(name) = scalar(&mut rest, "")? else {
            return None;
        };
        let rest = rest.strip_prefix(':')?;
        return (rest.is_empty() || rest.starts_with(' ')).then(|| (name, rest.trim_start()));
    }
    if text.starts_with(['[', '{']) {
        return None;
    }
    match text.split_once(": ") {
        Some((name, rest)) => Some((name.to_owned(), rest.trim_start())),
        None => text.strip_suffix(':').map(|name| (name.to_owned(), "")),
    }
}

/// A whole value in one line.
fn flow(text: &str) -> Option<Value> {
    let mut rest = text;
    let value = value(&mut rest, "")?;
    rest.is_empty().then_some(value)
}

/// A value, which ends before one of the characters of `ends`, or with the text.
fn value(rest: &mut &str, ends: &str) -> Option<Value> {
    *rest = rest.trim_start();
    let is_list = rest.starts_with('[');
    if !is_list && !rest.starts_with('{') {
        return scalar(rest, ends);
    }
    *rest = rest[1..].trim_start();
    let close = if is_list { ']' } else { '}' };
    let (mut items, mut entries) = (Vec::new(), Map::new());
    while !rest.starts_with(close) {
        if is_list {
            items.push(value(rest, ",]")?);
        } else {
            let Value::String(name) = scalar(rest, ":")? else {
                return None;
            };
            *rest = rest.strip_prefix(':')?;
            entries.insert(name, value(rest, ",}")?);
        }
        *rest = rest.trim_start();
        match rest.strip_prefix(',') {
            Some(behind) => *rest = behind.trim_start(),
            None if rest.starts_with(close) => {}
            None => return None,
        }
    }
    *rest = &rest[1..];
    Some(if is_list { Value::Array(items) } else { Value::Object(entries) })
}

/// A text, a number or a word such as `true`.
fn scalar(rest: &mut &str, ends: &str) -> Option<Value> {
    if let Some(quoted) = rest.strip_prefix('\'') {
        let mut text = String::new();
        let mut parts = quoted;
        loop {
            let (part, behind) = parts.split_once('\'')?;
            text.push_str(part);
            match behind.strip_prefix('\'') {
                Some(behind) => {
                    text.push('\'');
                    parts = behind;
                }
                None => {
                    *rest = behind;
                    return Some(Value::String(text));
                }
            }
        }
    }
    if rest.starts_with('"') {
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let value = values.next()?.ok()?;
        *rest = &rest[values.byte_offset()..];
        return Some(value);
    }
    let end = rest.find(|letter| ends.contains(letter)).unwrap_or(rest.len());
    let (text, behind) = rest.split_at(end);
    *rest = behind;
    Some(match text.trim() {
        "" => return None,
        "null" | "~" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        text => match serde_json::from_str(text) {
            Ok(Value::Number(number)) => Value::Number(number),
            _ => Value::String(text.to_owned()),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn documents() {
        let check = |text: &str, expected: Value| assert_eq!(parse(text), Some(expected), "{text}");
        check("a: 1\nb: x y\n", json!({"a": 1, "b": "x y"}));
        check("# note\na:\n  b: true\n  'c': null\n", json!({"a": {"b": true, "c": null}}));
        check("a:\n- 1\n- b: 2\n  c: 3\n- [x, 'y, z']\n", json!({"a": [1, {"b": 2, "c": 3}, ["x", "y, z"]]}));
        check("a:\n  - b:\n    - c\n", json!({"a": [{"b": ["c"]}]}));
        check("a: {b: [1, 2], 'c d': {e: null}}\n", json!({"a": {"b": [1, 2], "c d": {"e": null}}}));
        check("/x/{y}:\n  z: it's: fine\n", json!({"/x/{y}": {"z": "it's: fine"}}));
        check("a: 'it''s'\nb: \"x\\n\"\nc: {}\nd: []\n", json!({"a": "it's", "b": "x\n", "c": {}, "d": []}));
        check("a:\nb: -1.5\n", json!({"a": null, "b": -1.5}));
    }

    #[test]
    fn other_forms_are_not_read() {
        for text in ["a: 1\n  b: 2\n", "a: 1\na: 2\n", "a: [1\n", "a: 'x\n", "just a text\n", "a: {b}\n", ""] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
