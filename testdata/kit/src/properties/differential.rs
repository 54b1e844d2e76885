//! A body gives the same rows, rejects and envelope with the lifter and without it. They agree with serde_json: whether the
//! body is JSON at all, how many records it has, and the content of every sample.

use std::fmt;

use healthsink::formats::payload::Options;
use healthsink::model::error::ErrorKind;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::transcript::{RejectRow, SampleRow, Transcript};

/// The skeleton cuts longer names and strings, which the reference does not.
const COMPARED_BYTES_MAX: usize = 60_000;

/// Asserts the property.
pub fn check(body: &[u8]) {
    let lifted = Transcript::of(body, Options::default());
    let plain = Transcript::of(body, Options { lift: false, ..Options::default() });
    lifted.assert_same_meaning(&plain);
    if body.len() > COMPARED_BYTES_MAX {
        return;
    }
    let body = without_half_pairs(body);
    let documents: Result<Vec<Json>, _> = serde_json::Deserializer::from_slice(&body).into_iter().collect();
    match (&lifted.outcome, &documents) {
        (Ok(_), Ok(documents)) => compare(&lifted, &flattened(documents)),
        (Ok(_), Err(error)) => {
            let message = error.to_string();
            let is_limit = message.contains("out of range") || message.contains("recursion limit");
            assert!(is_limit, "accepted, but serde_json says: {message}");
        }
        (Err(error), Ok(documents)) if error.kind == ErrorKind::Syntax && !documents.is_empty() => {
            assert!(error.message.contains("nested deeper"), "serde_json accepts it, but: {error:?}");
        }
        (Err(_), _) => {}
    }
}

/// Returns the body with U+FFFD for each half of a surrogate pair, which serde_json refuses.
fn without_half_pairs(body: &[u8]) -> Vec<u8> {
    let mut text = body.to_vec();
    let unit = |text: &[u8], at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        let digits = digits.iter().all(u8::is_ascii_hexdigit).then(|| std::str::from_utf8(digits).ok())??;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut at = 0;
    while at < text.len() {
        at += match (unit(&text, at), unit(&text, at + 6)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 12,
            (Some(0xd800..0xe000), _) => {
                text[at + 2..at + 6].copy_from_slice(b"fffd");
                6
            }
            (Some(_), _) => 6,
            // The byte behind a backslash has no other meaning.
            (None, _) if text[at] == b'\\' => 2,
            (None, _) => 1,
        };
    }
    text
}

/// JSON as serde_json reads it, with every member of every object.
#[derive(Clone, Debug)]
enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl PartialEq for Json {
    /// Whether values are equal; of equal names in an object the last one counts.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (Self::Number(left), Self::Number(right)) => left == right,
            (Self::Text(left), Self::Text(right)) => left == right,
            (Self::Array(left), Self::Array(right)) => left == right,
            (Self::Object(_), Self::Object(_)) => {
                let covers =
                    |one: &Self, two: &Self| one.members().iter().all(|(name, _)| one.member(name) == two.member(name));
                covers(self, other) && covers(other, self)
            }
            _ => false,
        }
    }
}

impl Json {
    fn members(&self) -> &[(String, Self)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    /// The last member with that name.
    fn member(&self, wanted: &str) -> Option<&Self> {
        self.members().iter().rev().find(|(name, _)| name == wanted).map(|(_, value)| value)
    }

    fn has_repeated_names(&self) -> bool {
        let members = self.members();
        members.iter().enumerate().any(|(at, (name, _))| members[..at].iter().any(|(before, _)| before == name))
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    fn parse(text: &str) -> Self {
        // Halves of surrogate pairs are stored as they were sent.
        serde_json::from_slice(&without_half_pairs(text.as_bytes())).expect("what is stored as JSON is JSON")
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Json, E> {
        Ok(Json::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(number as f64))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Json, E> {
        if number.is_finite() { Ok(Json::Number(number)) } else { Err(E::custom("number out of range")) }
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Json, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = sequence.next_element()? {
            elements.push(element);
        }
        Ok(Json::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        if members.len() > 1 << 20 {
            return Err(A::Error::custom("recursion limit"));
        }
        Ok(Json::Object(members))
    }
}

/// The documents of a body: those of a list are documents also.
fn flattened(documents: &[Json]) -> Vec<&Json> {
    let each = documents.iter().flat_map(|document| match document {
        Json::Array(inner) => inner.iter().collect(),
        other => vec![other],
    });
    each.collect()
}

fn compare(transcript: &Transcript, documents: &[&Json]) {
    let others: usize = transcript.others.values().map(Vec::len).sum();
    let found = transcript.samples.len() + others + transcript.rejects.len();
    let (least, perhaps) = documents
        .iter()
        .map(|body| records(body))
        .fold((0, 0), |(least, perhaps), records| (least + records.0, perhaps + records.1));
    assert!(
        (least..=least + perhaps).contains(&found),
        "{found} rows and rejects, where {least} + {perhaps} are in the body"
    );
    let [body] = documents else {
        return;
    };
    if body.has_repeated_names() {
        return;
    }
    let Some(data) = body.member("data") else {
        return assert!(transcript.samples.is_empty());
    };
    if !data.has_repeated_names() {
        compare_samples(transcript, data);
    }
}

/// How many rows and rejects a body must give, and how many more it may give: dates of the envelope that cannot be read.
fn records(body: &Json) -> (usize, usize) {
    let (mut least, mut perhaps) = (0, 0);
    for (name, value) in body.members() {
        match (name.as_str(), value) {
            ("exportDate" | "startDate" | "endDate", Json::Text(_)) => perhaps += 1,
            ("exportDate" | "startDate" | "endDate" | "syncSource", Json::Null) | ("syncSource", Json::Text(_)) => {}
            ("exportDate" | "startDate" | "endDate" | "syncSource", _) => least += 1,
            ("characteristics", value) => {
                least += value.members().iter().filter(|(_, value)| !value.is_null()).count();
            }
            ("data", value) => least += value.members().iter().map(|(_, value)| elements(value, 0)).sum::<usize>(),
            ("workoutRoutes", value) => {
                least += value.members().iter().map(|(_, routes)| locations(routes)).sum::<usize>()
            }
            (_, Json::Object(members)) => least += members.iter().map(|(_, value)| elements(value, 1)).sum::<usize>(),
            (_, value) => least += elements(value, 1),
        }
    }
    (least, perhaps)
}

fn elements(value: &Json, of_null: usize) -> usize {
    match value {
        Json::Array(elements) => elements.len(),
        Json::Null => of_null,
        _ => 1,
    }
}

fn locations(routes: &Json) -> usize {
    let Json::Array(routes) = routes else {
        return elements(routes, 0);
    };
    let of_member = |(name, value): &(String, Json)| match value {
        Json::Array(locations) if name == "locations" => locations.len(),
        value => usize::from(!value.is_null()),
    };
    let of_route = |route: &Json| match route {
        Json::Object(members) => members.iter().map(of_member).sum(),
        _ => 1,
    };
    routes.iter().map(of_route).sum()
}

fn compare_samples(transcript: &Transcript, data: &Json) {
    let mut rows = transcript.samples.iter();
    let is_sample =
        |name: &str| name.starts_with("HKQuantityTypeIdentifier") || name.starts_with("HKCategoryTypeIdentifier");
    for (name, value) in data.members().iter().filter(|(name, _)| is_sample(name)) {
        let Json::Array(elements) = value else {
            continue;
        };
        for (index, element) in (0_u64..).zip(elements) {
            let reject = transcript.rejects.iter().find(|row| row.section == *name && row.index == Some(index));
            match reject {
                Some(reject) => assert!(is_refusable(element, reject), "{element:?} is rejected: {reject:?}"),
                None => compare_sample(rows.next().expect("a row for each element"), name, element),
            }
        }
    }
    assert_eq!(rows.next(), None);
}

/// Whether anything is wrong with an element, as far as that is known without reading dates.
fn is_refusable(element: &Json, reject: &RejectRow) -> bool {
    let is_whole = element.member("uuid").and_then(Json::text).is_some_and(is_uuid)
        && element.member("startDate").and_then(Json::text).and_then(instant).is_some()
        && element.member("endDate").is_none_or(|end| end.text().and_then(instant).is_some())
        && element.member("value").is_none_or(|value| value.is_null() || quantity(value).is_some());
    // Nesting of more than 64 levels is valid JSON also.
    !is_whole || element.has_repeated_names() || reject.reason.starts_with("nested deeper")
}

/// The number and the unit of a value that has both, or only the first.
fn quantity(value: &Json) -> Option<(f64, Option<&str>)> {
    match (value, value.member("quantity")) {
        (Json::Number(number), _) => Some((*number, None)),
        (Json::Object(_), Some(Json::Number(number))) => Some((*number, value.member("unit").and_then(Json::text))),
        _ => None,
    }
}

/// Whether a text is a uuid that imports do not make.
fn is_uuid(text: &str) -> bool {
    let is_derived = text.starts_with("6873") && text.get(14..15) == Some("8");
    !is_derived
        && text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Milliseconds since 1970 of `2024-01-31T23:59:59.999Z`, if it is written in exactly this form.
fn instant(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let is_form = bytes.len() == 24
        && bytes.iter().zip(b"0000-00-00T00:00:00.000Z").all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            _ => byte == form,
        });
    if !is_form {
        return None;
    }
    let number = |from: usize, to: usize| text[from..to].parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second, ms) = (number(11, 13)?, number(14, 16)?, number(17, 19)?, number(20, 23)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [31, if is_leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *lengths.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    if year == 0 || !(1..=length).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let leap_days = |year: i64| year / 4 - year / 100 + year / 400;
    let month = usize::try_from(month).ok()?;
    let days =
        365 * (year - 1970) + leap_days(year - 1) - leap_days(1969) + lengths[..month - 1].iter().sum::<i64>() + day
            - 1;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + ms)
}

fn compare_sample(row: &SampleRow, name: &str, element: &Json) {
    assert_eq!(row.kind, name);
    assert!(matches!(element, Json::Object(_)), "a row of {element:?}");
    let text = |name: &str| element.member(name).and_then(Json::text);
    let digits: String = text("uuid").expect("a uuid").chars().filter(char::is_ascii_hexdigit).collect();
    let uuid: String = row.uuid.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(digits.to_ascii_lowercase().ends_with(&uuid), "{digits} {uuid}");
    if let Some(start) = text("startDate").and_then(instant) {
        assert_eq!(row.start_ms, start);
    }
    if let Some(end) = text("endDate").and_then(instant) {
        assert_eq!(row.end_ms, Some(end));
    }
    let value = element.member("value").filter(|value| !value.is_null());
    let value = value.map(|value| quantity(value).unwrap_or_else(|| panic!("a row whose value is {value:?}")));
    assert_eq!(row.value, value.map(|(number, _)| number));
    let other = row.other.as_deref().map_or(Json::Null, Json::parse);
    // A unit or source that is too long to be shared stays in `other`. A value's own unit is the value's.
    let unit = row.unit.as_deref().or_else(|| other.member("unit").and_then(Json::text));
    let own = value.and_then(|(_, unit)| unit);
    assert!(unit == text("unit") || unit == own, "{unit:?}");
    let metadata = element.member("metadata").filter(|value| !value.is_null() && **value != Json::Object(Vec::new()));
    assert_eq!(row.metadata.as_deref().map(Json::parse).as_ref(), metadata);
    let source = row.source.as_deref().map_or(Json::Null, Json::parse);
    for part in ["sourceRevision", "device"] {
        let found = source.member(part).or_else(|| other.member(part));
        assert_eq!(found, element.member(part).filter(|value| !value.is_null()), "{part}");
    }
    for (name, value) in other.members() {
        assert!(element.members().iter().any(|member| member.0 == *name && member.1 == *value), "{name} {value:?}");
    }
    const KNOWN: [&str; 8] = ["uuid", "startDate", "endDate", "value", "unit", "metadata", "sourceRevision", "device"];
    for (name, _) in element.members().iter().filter(|(name, _)| !KNOWN.contains(&name.as_str())) {
        assert_eq!(other.member(name), element.member(name), "{name} is lost");
    }
}
