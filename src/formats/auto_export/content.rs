//! What identifies an element of a section without a table: its content, not its text. The next document may print the same
//! element with another clock, offset, unit or order of names, with a renamed source, or after its owner has archived a
//! medication.
//!
//! Dates are instants here, and empty values are absent. Numbers, and texts that are numbers, identify an element by six digits;
//! those with a unit in the dimension's base unit.

use std::fmt;

use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::bounded::{Passed, Rest};
use super::fields::number_of;
use super::integers::number_in;
use super::value::{any_seed, scalars};
use crate::model::identity::{Digest, digest, parse};
use crate::model::limits::{AUTO_EXPORT_UNIT_BYTES_MAX, AUTO_EXPORT_UNIT_NUMBERS_MAX, DATE_BYTES_MAX, GROUP_BYTES_MAX};
use crate::model::locale::parse_date;
use crate::model::measurement;
use crate::model::record::Uuid;

/// Length of the shortest text that may be a date with a time and an offset.
const SHORTEST_DATE: usize = 16;

/// Members of an element that its owner or the app may change.
const CHANGING: [&str; 3] = ["source", "isArchived", "nickname"];

/// Integers below this are doubles.
const DOUBLES_EXACT: u64 = 1 << 53;

/// Whether a text is a number as a measurement is printed, and not a code with digits.
fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, _) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    let is_code = whole.len() > 1 && whole.starts_with('0');
    !is_code
        && digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.ends_with(|last: char| last.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','))
}

/// Severities as Health Auto Export prints them.
const SEVERITIES: [&str; 6] = ["Unspecified", "Present", "Not Present", "Mild", "Moderate", "Severe"];

/// The usual spelling of a severity, by another one: `not present`, `HKCategoryValueSeverityMild`.
fn severity(text: &str) -> Option<&'static str> {
    let word = ["HKCategoryValueSeverity", "HKCategoryValuePresence"].iter().find_map(|start| text.strip_prefix(start));
    let letters = |word: &str| {
        let letters = word.chars().filter(|letter| !matches!(letter, ' ' | '_' | '-'));
        letters.map(|letter| letter.to_ascii_lowercase()).collect::<String>()
    };
    let word = letters(word.unwrap_or(text));
    SEVERITIES.into_iter().find(|known| letters(known) == word)
}

/// What an element is known by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Known {
    /// Made of what does not change.
    pub(super) identity: Uuid,
    /// Made of all that it has.
    pub(super) whole: Uuid,
    /// Whether it has an identifier: only one element has this identity.
    pub(super) is_named: bool,
}

/// Returns what identifies an element of a section. `text` is its JSON with its names in order.
pub(super) fn of_element(section: &str, text: &str) -> Known {
    let (passed, mut element) = (Passed::default(), Element { section, ..Element::default() });
    // The text was written from values a moment ago.
    if text.len() > GROUP_BYTES_MAX && text.contains('\\') {
        // The parser's copy of a long text without escapes would be as long again, and as much while it grows.
        element.passed = Some(&passed);
        let _ = serde_json::Deserializer::from_reader(passed.watch(text.as_bytes())).deserialize_map(&mut element);
    } else {
        let _ = serde_json::Deserializer::from_str(text).deserialize_map(&mut element);
    }
    let Element { id, whole, steady, strict, has_date, has_name, has_voltages, .. } = element;
    let (content, is_named) = match (id, section) {
        (Some(id), _) => (id, true),
        (None, "medications") if has_date && has_name => (strict.end().identity, false),
        (None, "ecg") if has_date && has_voltages => (strict.end().identity, false),
        _ => (steady.end().identity, false),
    };
    let identity = digest(&[section.as_bytes(), &[u8::from(is_named)], &content]);
    Known { identity, whole: whole.end().whole, is_named }
}

/// A value, as far as it distinguishes elements.
#[derive(Clone, Debug)]
enum Part {
    /// Null, or an empty text, list or object.
    Absent,
    Truth(bool),
    Number(f64),
    Date(i64),
    /// A text that is short enough to be a unit.
    Text(String),
    LongText(Uuid),
    /// A list or an object.
    Parts(Digests),
}

/// Digests of a value: of what does not change, and of all.
#[derive(Clone, Copy, Debug, Default)]
struct Digests {
    identity: Uuid,
    whole: Uuid,
}

impl Part {
    fn of_text(text: &str) -> Self {
        if text.is_empty() {
            return Self::Absent;
        }
        if let Some(number) = number_in(text).and_then(|number| number.parse().ok()) {
            return Self::Number(number);
        }
        let date = (SHORTEST_DATE..=DATE_BYTES_MAX).contains(&text.len()).then(|| parse_date(text)).flatten();
        match date {
            Some(ms) => Self::Date(ms),
            None if is_decimal(text) => number_of(text).map_or_else(|| Self::Text(text.to_owned()), Self::Number),
            None if text.len() <= AUTO_EXPORT_UNIT_BYTES_MAX => Self::Text(text.to_owned()),
            None => Self::LongText(digest(&[text.as_bytes()])),
        }
    }

    /// The same of a text that goes on in `rest`.
    fn of_long_text(text: &str, rest: Rest) -> Self {
        if is_decimal(text.trim_end_matches(['.', ','])) {
            let mut whole = text.to_owned();
            let _ = rest.read(|rest| whole.push_str(rest));
            return Self::of_text(&whole);
        }
        let mut bytes = text.len();
        let _ = rest.look_at(|rest| bytes += rest.len());
        let mut whole = Digest::of_text(bytes);
        whole.add(text.as_bytes());
        let _ = rest.read(|rest| whole.add(rest.as_bytes()));
        Self::LongText(whole.end())
    }

    fn of_scalar(value: &Value) -> Self {
        match value {
            Value::Bool(truth) => Self::Truth(*truth),
            // Not every integer is a double.
            Value::Number(number)
                if number.is_f64() || number.as_i64().is_some_and(|number| number.unsigned_abs() < DOUBLES_EXACT) =>
            {
                number.as_f64().map_or(Self::Absent, Self::Number)
            }
            Value::Number(number) => Self::Text(number.to_string()),
            _ => Self::Absent,
        }
    }

    fn digest(&self, before: &Uuid, name: &str, nested: impl Fn(&Digests) -> Uuid) -> Uuid {
        let with = |kind: u8, bytes: &[u8]| digest(&[before, name.as_bytes(), &[kind], bytes]);
        match self {
            Self::Absent => with(0, &[]),
            Self::Truth(truth) => with(1, &[u8::from(*truth)]),
            Self::Number(number) => {
                let (digits, place) = measurement::rounded(*number);
                with(2, &[&digits.to_le_bytes()[..], &place.to_le_bytes()].concat())
            }
            Self::Date(ms) => with(3, &ms.to_le_bytes()),
            Self::Text(text) => with(4, text.as_bytes()),
            Self::LongText(hash) => with(5, hash),
            Self::Parts(digests) => with(6, &nested(digests)),
        }
    }
}

/// The members of an object, or the items of a list, one behind the other.
#[derive(Debug, Default)]
struct Parts {
    so_far: Digests,
    /// Numbers wait for the unit, which may follow them.
    numbers: Vec<(String, f64)>,
    unit: Option<String>,
}

impl Parts {
    /// Adds a member.
    fn add(&mut self, name: &str, part: &Part) {
        match part {
            Part::Absent => {}
            Part::Number(number) if self.numbers.len() < AUTO_EXPORT_UNIT_NUMBERS_MAX => {
                self.join_whole(name, part);
                self.numbers.push((name.to_owned(), *number));
            }
            Part::Text(text) if matches!(name, "units" | "unit") => {
                self.join_whole(name, part);
                self.unit = Some(text.clone());
            }
            part => {
                self.join(name, part);
                self.join_whole(name, part);
            }
        }
    }

    fn join(&mut self, name: &str, part: &Part) {
        self.so_far.identity = part.digest(&self.so_far.identity, name, |digests| digests.identity);
    }

    fn join_whole(&mut self, name: &str, part: &Part) {
        self.so_far.whole = part.digest(&self.so_far.whole, name, |digests| digests.whole);
    }

    fn end(mut self) -> Digests {
        let unit = self.unit.take();
        let mut is_known = false;
        for (name, number) in std::mem::take(&mut self.numbers) {
            let base = unit.as_deref().and_then(|unit| measurement::printed_in_base(number, unit));
            is_known |= base.is_some();
            self.join(&name, &base.map_or(Part::Number(number), Part::Text));
        }
        if let (Some(unit), false) = (unit, is_known) {
            self.join("unit", &Part::Text(unit));
        }
        self.so_far
    }
}

/// The outermost object.
#[derive(Debug, Default)]
struct Element<'s> {
    section: &'s str,
    /// Where the rest of long texts is.
    passed: Option<&'s Passed>,
    id: Option<Uuid>,
    /// All members.
    whole: Parts,
    /// Without those that may change.
    steady: Parts,
    /// Also without texts, which follow the phone's language.
    strict: Parts,
    has_date: bool,
    has_name: bool,
    has_voltages: bool,
}

impl Element<'_> {
    fn add(&mut self, name: &str, part: &Part) {
        let severity = match part {
            Part::Text(text) if name == "severity" => severity(text).map(|known| Part::Text(known.to_owned())),
            _ => None,
        };
        let part = severity.as_ref().unwrap_or(part);
        self.whole.add(name, part);
        match (name, part) {
            ("id", Part::Text(text)) => self.id = parse(text),
            ("displayText", Part::Text(_) | Part::LongText(_)) => self.has_name = true,
            ("voltageMeasurements", Part::Parts(_)) => self.has_voltages = true,
            (_, Part::Date(_)) => self.has_date = true,
            _ => {}
        }
        if CHANGING.contains(&name) {
            return;
        }
        self.steady.add(name, part);
        let is_steady = match part {
            Part::Truth(_) => false,
            // A number or a date in a form that is not known is a value, not a word of a language.
            Part::Text(text) if text.starts_with(char::is_numeric) => true,
            Part::Text(_) | Part::LongText(_) => name == "displayText" || name.to_ascii_lowercase().contains("unit"),
            _ => true,
        };
        if is_steady {
            self.strict.add(name, part);
        }
    }
}

impl<'de> Visitor<'de> for &mut Element<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let are_codes = name == "codings" && self.section == "medications";
            let part = map.next_value_seed(Reader { are_codes, passed: self.passed })?;
            self.add(&name, &part);
        }
        Ok(())
    }
}

/// Reads a value.
#[derive(Clone, Copy)]
struct Reader<'p> {
    /// A medication's codes have no order, and the dictionaries that they are from have new versions.
    are_codes: bool,
    /// Where the rest of a long text is.
    passed: Option<&'p Passed>,
}

any_seed!(Reader<'_>, Part);

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Part;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    scalars!(Part, |self, value| Ok(Part::of_scalar(&value)));

    fn visit_str<E: Error>(self, text: &str) -> Result<Part, E> {
        Ok(match self.passed.and_then(Passed::take_rest) {
            None => Part::of_text(text),
            Some(rest) => Part::of_long_text(text, rest),
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Part, A::Error> {
        let (mut items, mut sum, mut is_empty) = (Parts::default(), 0_u128, true);
        while let Some(item) = list.next_element_seed(self)? {
            is_empty = false;
            items.join("", &item);
            items.join_whole("", &item);
            if self.are_codes {
                let own = item.digest(&Uuid::default(), "", |digests| digests.identity);
                sum = sum.wrapping_add(u128::from_le_bytes(own));
            }
        }
        let Digests { identity, whole } = items.end();
        let identity = if self.are_codes { sum.to_le_bytes() } else { identity };
        Ok(if is_empty { Part::Absent } else { Part::Parts(Digests { identity, whole }) })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Part, A::Error> {
        let (mut members, mut is_empty) = (Parts::default(), true);
        while let Some(name) = map.next_key::<String>()? {
            is_empty = false;
            let part = map.next_value_seed(self)?;
            if self.are_codes && !matches!(&*name, "code" | "system") {
                members.join_whole(&name, &part);
            } else {
                members.add(&name, &part);
            }
        }
        Ok(if is_empty { Part::Absent } else { Part::Parts(members.end()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether two elements are the same, and whether nothing of them differs.
    fn compare(section: &str, one: &str, other: &str) -> [bool; 2] {
        let [one, other] = [one, other].map(|json| {
            let json: Value = serde_json::from_str(json).unwrap();
            of_element(section, &json.to_string())
        });
        [one.identity == other.identity, one.whole == other.whole]
    }

    #[test]
    fn dates_are_instants_and_empty_values_absent() {
        let check = |one: &str, other: &str, expected: [bool; 2]| {
            assert_eq!(compare("x", one, other), expected, "{one} {other}");
        };
        let one = r#"{"a":"2026-05-01 10:00:00 +0200","b":[1,"x"]}"#;
        check(one, r#"{"b":[1,"x"],"a":"2026-05-01 8:00:00 AM +0000","c":null,"d":[],"e":{},"f":""}"#, [true, true]);
        check(one, r#"{"a":"2026-05-01T08:00:00Z","b":[1,"x"]}"#, [true, true]);
        check(one, r#"{"a":"2026-05-01 10:00:01 +0200","b":[1,"x"]}"#, [false, false]);
        check(one, r#"{"a":"2026-05-01 10:00:00 +0200","b":["x",1]}"#, [false, false]);
        check(one, r#"{"a":"2026-05-01 10:00:00 +0200","b":[1,"x"],"source":"S"}"#, [true, false]);
        check(r#"{"a":9007199254740993}"#, r#"{"a":9007199254740992}"#, [false, false]);
        check(r#"{"a":1}"#, r#"{"a":1.0}"#, [true, true]);
        check(r#"{"a":1}"#, r#"{"a":"1"}"#, [true, true]);
        check(r#"{"a":"01"}"#, r#"{"a":"1"}"#, [false, false]);
    }

    #[test]
    fn spellings_of_a_severity_make_no_difference() {
        let check = |one: &str, other: &str, expected: bool| {
            let symptom = |severity: &str| {
                format!(r#"{{"name":"Headache","severity":"{severity}","start":"2026-05-01 10:00:00 +0200"}}"#)
            };
            assert_eq!(compare("symptoms", &symptom(one), &symptom(other)), [expected; 2], "{one} {other}");
        };
        for (one, others) in [
            ("Mild", ["mild", "MILD", "HKCategoryValueSeverityMild"]),
            ("Not Present", ["not present", "notPresent", "NOT_PRESENT"]),
        ] {
            others.iter().for_each(|other| check(one, other, true));
        }
        check("Mild", "Moderate", false);
        check("Present", "Not Present", false);
        check("leicht", "Leicht", false);
    }

    #[test]
    fn a_long_text_with_escapes_is_what_it_is_without_them() {
        let unit = "a\\n\"é😀";
        for bytes in [1000, 2 * GROUP_BYTES_MAX, 5 * GROUP_BYTES_MAX] {
            let text = unit.repeat(bytes / unit.len());
            let json = serde_json::json!({ "b": [text], "c": text, "d": "1".repeat(bytes) }).to_string();
            let mut element = Element::default();
            serde_json::Deserializer::from_str(&json).deserialize_map(&mut element).unwrap();
            let (steady, whole) = (element.steady.end().identity, element.whole.end().whole);
            let identity = digest(&[b"x", &[0], &steady]);
            assert_eq!(of_element("x", &json), Known { identity, whole, is_named: false }, "{bytes}");
        }
    }

    /// The next document may print the same measurement with other digits.
    #[test]
    fn precision_makes_no_difference() {
        let check = |section: &str, one: &str, other: &str, expected: bool| {
            assert_eq!(compare(section, one, other), [expected; 2], "{one} {other}");
        };
        check("x", r#"{"v":1,"units":"mcV"}"#, r#"{"v":1.0000001,"units":"mcV"}"#, true);
        check("x", r#"{"v":1,"units":"mcV"}"#, r#"{"v":1.0001,"units":"mcV"}"#, false);
        check("x", r#"{"v":[12.345678,"0.5"]}"#, r#"{"v":[12.3457,"0.50"]}"#, true);
        check("x", r#"{"v":-0.0}"#, r#"{"v":0}"#, true);
        check("x", r#"{"v":"1,5"}"#, r#"{"v":1.5}"#, true);
        // Times, and codes with digits.
        check("x", r#"{"t":1788745353.9960487}"#, r#"{"t":1788745353.996}"#, true);
        check("x", r#"{"t":1788745353.9960487}"#, r#"{"t":1788745354.996}"#, false);
        check("x", r#"{"code":"1234567"}"#, r#"{"code":"1234568"}"#, false);
        let dose = r#"{"displayText":"B","start":"2026-05-01T08:00:00Z","dosage":0.3333333333333333,"unit":"tablet"}"#;
        check("medications", dose, &dose.replace("0.3333333333333333", "0.333333"), true);
        check("medications", dose, &dose.replace("0.3333333333333333", "\"0.333333\""), true);
        check("medications", dose, &dose.replace("0.3333333333333333", "0.3334"), false);
        let ecg = r#"{"start":"2026-05-01T08:00:00Z","averageHeartRate":61.123456789,"samplingFrequency":512.4102783203125,
            "voltageMeasurements":[{"date":1788745353.9960487,"voltage":-22.084741592407227,"units":"mcV"}]}"#;
        let rounded = ecg
            .replace("61.123456789", "61.1235")
            .replace("512.4102783203125", "512.41")
            .replace("-22.084741592407227", "-22.0847");
        check("ecg", ecg, &rounded, true);
        check("ecg", ecg, &rounded.replace("-22.0847", "-22.09"), false);
    }

    #[test]
    fn units_are_converted() {
        let check = |one: &str, other: &str, expected: [bool; 2]| {
            assert_eq!(compare("x", one, other), expected, "{one} {other}");
            let [one, other] = [one, other].map(|json| format!(r#"{{"list":[{json}]}}"#));
            assert_eq!(compare("x", &one, &other), expected, "{one} {other}");
        };
        check(r#"{"qty":5,"units":"km"}"#, r#"{"qty":3.1068559611866697,"units":"mi"}"#, [true, false]);
        check(r#"{"qty":5,"units":"km"}"#, r#"{"qty":5,"units":"mi"}"#, [false, false]);
        check(r#"{"hr":60,"units":"bpm"}"#, r#"{"hr":60,"units":"count/min"}"#, [true, false]);
        check(r#"{"t":36.6,"unit":"°C"}"#, r#"{"t":97.88,"unit":"degF"}"#, [true, false]);
        check(r#"{"v":1,"units":"mcV"}"#, r#"{"v":1,"units":"mV"}"#, [false, false]);
    }

    #[test]
    fn sections() {
        let check = |section: &str, one: &str, other: &str, expected: [bool; 2]| {
            assert_eq!(compare(section, one, other), expected, "{section} {one} {other}");
        };
        let dose = r#"{"displayText":"B","start":"2026-05-01T08:00:00Z","status":"Taken","dosage":1,"codings":[{"code":"1","version":"2"},{"code":"3"}]}"#;
        let check_dose = |from: &str, to: &str, expected| check("medications", dose, &dose.replace(from, to), expected);
        check_dose("Taken", "Skipped", [true, false]);
        check_dose(
            r#"{"code":"1","version":"2"},{"code":"3"}"#,
            r#"{"code":"3"},{"version":"4","code":"1"}"#,
            [true, false],
        );
        check_dose(r#""code":"3""#, r#""code":"4""#, [false, false]);
        check_dose(r#""B""#, r#""C""#, [false, false]);
        check_dose(r#""dosage":1"#, r#""dosage":2"#, [false, false]);
        check_dose("08:00", "08:01", [false, false]);
        for (one, other) in [("1 pill", "2 pills"), ("2026-05-01", "2026-05-02")] {
            let with = |text: &str| dose.replace("Taken", text);
            check("medications", &with(one), &with(other), [false, false]);
        }
        // Without its name or its time, all texts identify a dose.
        check(
            "medications",
            r#"{"displayText":"B","status":"Taken"}"#,
            r#"{"displayText":"B","status":"Skipped"}"#,
            [false, false],
        );
        check(
            "medications",
            r#"{"displayText":"B","status":"Taken"}"#,
            r#"{"displayText":"B","status":"Taken","isArchived":true}"#,
            [true, false],
        );
        let mood = r#"{"id":"7595F72C-0000-4000-8000-0000000000AB","valence":1}"#;
        check("stateOfMind", mood, r#"{"id":"7595f72c-0000-4000-8000-0000000000ab","valence":2}"#, [true, false]);
        check("stateOfMind", mood, r#"{"id":"AB","valence":1}"#, [false, false]);
    }
}
