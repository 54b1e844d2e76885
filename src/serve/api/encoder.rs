//! Answers as bytes: JSON, lines of JSON, or CSV. It holds one page.

use std::io::Write;

use serde::de::IgnoredAny;

use super::form::Form;
use super::writer::Writer;
use crate::model::identity::hyphenated;
use crate::model::limits::ANSWER_PAGE_BYTES;
use crate::model::time::{MINUTE_MS, push_iso};
use crate::statistics::{INSTANTS_MS, ZoneId, Zones};
use crate::store::questions::{Field, Part, Sink, Value};

/// Columns that each line repeats from the head of its series.
const REPEATED: [&str; 2] = ["type", "unit"];

/// Room behind a page for the row that fills it. A longer one makes the page grow.
const ROW_BYTES: usize = 4096;

/// Writes an answer.
#[derive(Debug)]
pub(super) struct Encoder {
    form: Form,
    /// Whether there are several series.
    is_series: bool,
    /// The zone that instants are shown in; UTC if none.
    zone: Option<(Zones, ZoneId)>,
    page: Vec<u8>,
    columns: Vec<&'static str>,
    /// The head's part of each line.
    repeated: Vec<u8>,
    /// Names of the columns in `repeated`.
    repeated_names: Vec<&'static str>,
    series: u64,
    lists: u64,
    /// Whether the series has a field or a list already.
    has_content: bool,
    rows_of_list: u64,
    rows: u64,
    /// The parts that are open, each with the number of its series.
    parts: Vec<(Part, u64)>,
}

impl Encoder {
    pub(super) fn new(form: Form, is_series: bool, zone: Option<&str>) -> Self {
        let zone = zone.and_then(|name| {
            let mut zones = Zones::default();
            zones.add(name).map(|id| (zones, id))
        });
        Self {
            form,
            is_series,
            zone,
            page: Vec::new(),
            columns: Vec::new(),
            repeated: Vec::new(),
            repeated_names: Vec::new(),
            series: 0,
            lists: 0,
            has_content: false,
            rows_of_list: 0,
            rows: 0,
            parts: Vec::new(),
        }
    }

    fn fields(&mut self, fields: &[Field<'_>], mut is_first: bool) {
        for (name, value) in fields {
            if !is_first {
                self.page.push(b',');
            }
            is_first = false;
            self.name(name);
            self.json(*value);
        }
    }

    fn name(&mut self, name: &str) {
        self.page.push(b'"');
        self.page.extend_from_slice(name.as_bytes());
        self.page.extend_from_slice(b"\":");
    }

    fn json(&mut self, value: Value<'_>) {
        match value {
            Value::Null => self.page.extend_from_slice(b"null"),
            Value::Flag(flag) => self.page.extend_from_slice(if flag { b"true" } else { b"false" }),
            Value::Text(text) => self.quoted(text),
            // Another program may have written anything into the database.
            Value::Json(json) if serde_json::from_str::<IgnoredAny>(json).is_ok() => {
                self.page.extend_from_slice(json.as_bytes());
            }
            Value::Json(json) => self.quoted(json),
            Value::Texts(texts) => {
                self.page.push(b'[');
                for (at, text) in texts.iter().enumerate() {
                    if at > 0 {
                        self.page.push(b',');
                    }
                    self.quoted(text);
                }
                self.page.push(b']');
            }
            Value::Time(at_ms) if !INSTANTS_MS.contains(&at_ms) => self.page.extend_from_slice(b"null"),
            Value::Time(_) | Value::Identity(_) => {
                self.page.push(b'"');
                self.bare(value);
                self.page.push(b'"');
            }
            Value::Real(number) if !number.is_finite() => self.page.extend_from_slice(b"null"),
            Value::Integer(_) | Value::Real(_) => self.bare(value),
        }
    }

    /// A text as JSON.
    fn quoted(&mut self, text: &str) {
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut self.page, text);
    }

    /// A value without any quotes: a number, an instant, an identity.
    fn bare(&mut self, value: Value<'_>) {
        match value {
            Value::Integer(number) => drop(serde_json::to_writer(&mut self.page, &number)),
            #[expect(clippy::cast_possible_truncation, reason = "a whole number that is in the range of an i64")]
            Value::Real(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                drop(serde_json::to_writer(&mut self.page, &(number as i64)));
            }
            Value::Real(number) => drop(serde_json::to_writer(&mut self.page, &number)),
            Value::Time(at_ms) => self.time(at_ms),
            Value::Identity(uuid) => self.page.extend_from_slice(&hyphenated(&uuid)),
            Value::Null | Value::Flag(_) | Value::Text(_) | Value::Json(_) | Value::Texts(_) => {}
        }
    }

    fn time(&mut self, at_ms: i64) {
        let Some((zones, zone)) = &self.zone else {
            return push_iso(at_ms, &mut self.page);
        };
        // Before there were time zones, clocks differed by seconds, which no offset can show: the instant stays the same.
        let minutes = (zones.local_ms(*zone, at_ms) - at_ms) / MINUTE_MS;
        push_iso(at_ms + minutes * MINUTE_MS, &mut self.page);
        if minutes != 0 && self.page.pop() == Some(b'Z') {
            let sign = if minutes < 0 { '-' } else { '+' };
            let _ = write!(self.page, "{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
        }
    }

    /// A cell of CSV. A text that a spreadsheet would compute gets an apostrophe in front.
    fn cell(&mut self, value: Value<'_>) {
        match value {
            Value::Null => {}
            Value::Flag(flag) => self.page.extend_from_slice(if flag { b"true" } else { b"false" }),
            Value::Text(text) | Value::Json(text) => self.text_cell(text),
            Value::Texts(texts) => self.text_cell(&texts.join("; ")),
            Value::Real(number) if !number.is_finite() => {}
            Value::Integer(_) | Value::Real(_) | Value::Time(_) | Value::Identity(_) => self.bare(value),
        }
    }

    fn text_cell(&mut self, text: &str) {
        let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
        let needs_quotes = is_formula || text.contains(['"', ',', '\n', '\r']);
        if !needs_quotes {
            self.page.extend_from_slice(text.as_bytes());
            return;
        }
        self.page.push(b'"');
        if is_formula {
            self.page.push(b'\'');
        }
        for (at, part) in text.split('"').enumerate() {
            if at > 0 {
                self.page.extend_from_slice(b"\"\"");
            }
            self.page.extend_from_slice(part.as_bytes());
        }
        self.page.push(b'"');
    }

    /// Keeps the fields that each line repeats.
    fn keep_repeated(&mut self, head: &[Field<'_>]) {
        let page = std::mem::take(&mut self.page);
        self.repeated_names.clear();
        for (name, value) in head.iter().filter(|(name, _)| REPEATED.contains(name)) {
            self.repeated_names.push(name);
            if self.form == Form::Csv {
                self.cell(*value);
                self.page.push(b',');
            } else {
                self.name(name);
                self.json(*value);
                self.page.push(b',');
            }
        }
        self.repeated = std::mem::replace(&mut self.page, page);
    }
}

impl Writer for Encoder {
    fn rows(&self) -> u64 {
        self.rows
    }

    fn finish(&mut self) {
        if self.form == Form::Json {
            if self.is_series {
                self.page.extend_from_slice(if self.series == 0 { b"{\"series\":[]}" } else { b"]}" });
            }
            self.page.push(b'\n');
        }
    }

    fn take_page(&mut self) -> Vec<u8> {
        // A page that was full is followed by another one: it need not grow again.
        let is_full = self.page.len() >= ANSWER_PAGE_BYTES;
        let capacity = if is_full { ANSWER_PAGE_BYTES + ROW_BYTES } else { 0 };
        std::mem::replace(&mut self.page, Vec::with_capacity(capacity))
    }
}

impl Sink for Encoder {
    fn begin(&mut self, head: &[Field<'_>]) {
        if self.form == Form::Json {
            let start: &[u8] = match (self.parts.last(), self.is_series, self.series) {
                (Some((Part::Many, 1..)), _, _) | (None, true, 1..) => b",{",
                (None, true, 0) => b"{\"series\":[{",
                _ => b"{",
            };
            self.page.extend_from_slice(start);
            self.fields(head, true);
            self.has_content = !head.is_empty();
        } else {
            self.keep_repeated(head);
        }
        match self.parts.last_mut() {
            Some((_, series)) => *series += 1,
            None => self.series += 1,
        }
        self.lists = 0;
    }

    fn list(&mut self, name: &'static str, columns: &[&'static str]) {
        if self.form == Form::Json {
            let start: &[u8] = match (self.lists, self.has_content) {
                (0, false) => b"",
                (0, true) => b",",
                (_, _) => b"],",
            };
            self.page.extend_from_slice(start);
            self.has_content = true;
            self.name(name);
            self.page.push(b'[');
        } else if self.lists == 0 {
            let is_own = columns.iter().any(|column| self.repeated_names.contains(column));
            if is_own {
                self.repeated.clear();
                self.repeated_names.clear();
            }
            if self.form == Form::Csv && self.series == 1 {
                let names: Vec<&str> = self.repeated_names.iter().chain(columns).copied().collect();
                self.page.extend_from_slice(names.join(",").as_bytes());
                self.page.push(b'\n');
            }
        }
        columns.clone_into(&mut self.columns);
        self.rows_of_list = 0;
        self.lists += 1;
    }

    fn row(&mut self, row: &[Value<'_>]) -> bool {
        match self.form {
            // A table has one list.
            Form::Lines | Form::Csv if self.lists > 1 => return true,
            Form::Json | Form::GeoJson | Form::Gpx | Form::Svg => {
                self.page.extend_from_slice(if self.rows_of_list > 0 { b",{" } else { b"{" });
            }
            Form::Lines => {
                self.page.push(b'{');
                self.page.extend_from_slice(&self.repeated);
            }
            Form::Csv => self.page.extend_from_slice(&self.repeated),
        }
        for (at, value) in row.iter().enumerate() {
            if at > 0 {
                self.page.push(b',');
            }
            if self.form == Form::Csv {
                self.cell(*value);
            } else {
                self.name(self.columns.get(at).copied().unwrap_or_default());
                self.json(*value);
            }
        }
        match self.form {
            Form::Json | Form::GeoJson | Form::Gpx | Form::Svg => self.page.push(b'}'),
            Form::Lines => self.page.extend_from_slice(b"}\n"),
            Form::Csv => self.page.push(b'\n'),
        }
        self.rows_of_list += 1;
        self.rows += 1;
        self.page.len() < ANSWER_PAGE_BYTES
    }

    fn end(&mut self, tail: &[Field<'_>]) {
        if self.form == Form::Json {
            if self.lists > 0 {
                self.page.push(b']');
            }
            self.fields(tail, !self.has_content);
            self.page.push(b'}');
        }
    }

    fn open(&mut self, name: &'static str, part: Part) {
        if self.lists > 0 {
            self.page.push(b']');
        }
        if self.has_content {
            self.page.push(b',');
        }
        self.name(name);
        if part == Part::Many {
            self.page.push(b'[');
        }
        self.parts.push((part, 0));
    }

    fn close(&mut self) {
        if let Some((Part::Many, _)) = self.parts.pop() {
            self.page.push(b']');
        }
        // The series around it goes on behind this part.
        (self.has_content, self.lists) = (true, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [&str; 3] = ["day", "value", "source"];

    fn answer(form: Form, is_series: bool) -> String {
        let mut encoder = Encoder::new(form, is_series, None);
        for kind in if is_series { &["a", "b"][..] } else { &["a"] } {
            encoder.begin(&[("type", Value::Text(kind)), ("unit", Value::Null), ("zone", Value::Text("UTC"))]);
            encoder.list("days", &COLUMNS);
            assert!(encoder.row(&[Value::Text("2026-01-01"), Value::Real(2.0), Value::Text("x \"y\"")]));
            encoder.row(&[Value::Text("2026-01-02"), Value::Real(2.5), Value::Null]);
            encoder.end(&[("stale", Value::Flag(false))]);
        }
        encoder.finish();
        String::from_utf8(encoder.take_page()).unwrap()
    }

    #[test]
    fn one_series_and_several_in_each_form() {
        let days = r#""days":[{"day":"2026-01-01","value":2,"source":"x \"y\""},{"day":"2026-01-02","value":2.5,"source":null}],"stale":false}"#;
        let series = |kind: &str| format!("{{\"type\":\"{kind}\",\"unit\":null,\"zone\":\"UTC\",{days}");
        assert_eq!(answer(Form::Json, false), series("a") + "\n");
        assert_eq!(answer(Form::Json, true), format!("{{\"series\":[{},{}]}}\n", series("a"), series("b")));
        let csv = |kind: &str| format!("{kind},,2026-01-01,2,\"x \"\"y\"\"\"\n{kind},,2026-01-02,2.5,\n");
        assert_eq!(answer(Form::Csv, true), format!("type,unit,day,value,source\n{}{}", csv("a"), csv("b")));
        let line = r#"{"type":"a","unit":null,"day":"2026-01-02","value":2.5,"source":null}"#;
        assert_eq!(answer(Form::Lines, false).lines().nth(1), Some(line));
    }

    #[test]
    fn a_series_may_have_no_head_and_several_lists() {
        let mut encoder = Encoder::new(Form::Json, false, None);
        encoder.begin(&[]);
        encoder.list("a", &["x"]);
        encoder.list("b", &["y"]);
        encoder.row(&[Value::Integer(1)]);
        encoder.end(&[]);
        encoder.finish();
        assert_eq!(encoder.take_page(), b"{\"a\":[],\"b\":[{\"y\":1}]}\n");
    }

    #[test]
    fn a_series_has_parts() {
        let mut encoder = Encoder::new(Form::Json, false, None);
        encoder.begin(&[]);
        encoder.open("one", Part::One);
        encoder.begin(&[("a", Value::Integer(1))]);
        encoder.list("rows", &["x"]);
        encoder.row(&[Value::Integer(2)]);
        encoder.open("inner", Part::Many);
        encoder.close();
        encoder.end(&[]);
        encoder.close();
        encoder.list("rows", &["x"]);
        encoder.open("many", Part::Many);
        for _ in 0..2 {
            encoder.begin(&[]);
            encoder.open("part", Part::One);
            encoder.begin(&[]);
            encoder.end(&[]);
            encoder.close();
            encoder.end(&[("b", Value::Null)]);
        }
        encoder.close();
        encoder.end(&[("c", Value::Null)]);
        encoder.finish();
        let expected = r#"{"one":{"a":1,"rows":[{"x":2}],"inner":[]},"rows":[],"many":[{"part":{},"b":null},{"part":{},"b":null}],"c":null}"#;
        assert_eq!(String::from_utf8(encoder.take_page()).unwrap(), expected.to_owned() + "\n");
    }

    #[test]
    fn an_answer_without_series_is_whole() {
        let mut encoder = Encoder::new(Form::Json, true, None);
        encoder.finish();
        assert_eq!(encoder.take_page(), b"{\"series\":[]}\n");
    }

    #[test]
    fn times_in_zones() {
        let check = |zone: &str, at_ms: i64, expected: &str| {
            let mut encoder = Encoder::new(Form::Csv, false, Some(zone));
            encoder.time(at_ms);
            assert_eq!(String::from_utf8(encoder.take_page()).unwrap(), expected, "{zone} {at_ms}");
        };
        check("UTC", 0, "1970-01-01T00:00:00.000Z");
        check("Europe/Berlin", 0, "1970-01-01T01:00:00.000+01:00");
        check("America/New_York", 0, "1969-12-31T19:00:00.000-05:00");
        // Its clocks were 44 minutes and 30 seconds behind.
        check("Africa/Monrovia", 0, "1969-12-31T23:16:00.000-00:44");
        check("Europe/Dublin", -5_000_000_000_000, "1811-07-23T14:41:40.000-00:25");
    }

    #[test]
    fn cells_of_hostile_texts() {
        let check = |text: &str, expected: &str| {
            let mut encoder = Encoder::new(Form::Csv, false, None);
            encoder.text_cell(text);
            assert_eq!(String::from_utf8(encoder.take_page()).unwrap(), expected, "{text}");
        };
        check("Anna's Watch", "Anna's Watch");
        check("", "");
        check("=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\"");
        check("+1", "\"'+1\"");
        check("\n=1", "\"'\n=1\"");
        check("＝1", "\"'＝1\"");
        check("-1+1", "\"'-1+1\"");
        check("@SUM(A1)", "\"'@SUM(A1)\"");
        check("\t=1", "\"'\t=1\"");
        check("a,b", "\"a,b\"");
        check("a\r\nb", "\"a\r\nb\"");
        check("\"", "\"\"\"\"");
    }

    #[test]
    fn values_of_json() {
        let check = |value: Value<'_>, expected: &str| {
            let mut encoder = Encoder::new(Form::Json, false, Some("Europe/Berlin"));
            encoder.json(value);
            assert_eq!(String::from_utf8(encoder.take_page()).unwrap(), expected);
        };
        check(Value::Json("{\"a\":1}"), "{\"a\":1}");
        check(Value::Json("{\"a\":"), "\"{\\\"a\\\":\"");
        check(Value::Real(f64::INFINITY), "null");
        check(Value::Real(1e300), "1e+300");
        check(Value::Real(-0.5), "-0.5");
        check(Value::Text("\u{2028}\u{7}"), "\"\u{2028}\\u0007\"");
        check(Value::Time(0), "\"1970-01-01T01:00:00.000+01:00\"");
        check(Value::Identity([0xAB; 16]), "\"ABABABAB-ABAB-ABAB-ABAB-ABABABABABAB\"");
        check(Value::Texts(&["a".to_owned(), "b".to_owned()]), "[\"a\",\"b\"]");
    }
}
