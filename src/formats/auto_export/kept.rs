//! A value as JSON in the form in which equal content is equal text, written while it is read: a recording of 15,000 voltages
//! never is in memory as values.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::bounded::{Passed, Rest};
use super::value::scalars;
use crate::formats::flaw::Flaw;
use crate::formats::json::{write_f64, write_integer, write_string, write_text};
use crate::model::limits::{AUTO_EXPORT_NAME_BYTES_MAX, AUTO_EXPORT_OTHER_BYTES_MAX, REJECT_RAW_BYTES_MAX};
use serde_json::Value;

/// The text of a value.
#[derive(Debug)]
pub(super) struct Kept {
    /// Bytes that it may have.
    bytes_max: usize,
    /// Where the rest of long texts is.
    passed: Passed,
    /// All of it, or if it is too long its beginning.
    pub(super) text: String,
    pub(super) is_object: bool,
    pub(super) is_too_long: bool,
    /// What is wrong with the rest of a text.
    flaw: Option<Flaw>,
    /// Members of an object in order, while they are moved.
    sorted: String,
    /// Members of the objects that are not over.
    members: usize,
}

/// A member of an object: its name, and where it stands in the text.
type Member = (String, usize, usize);

/// The members of an object that is not over.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// Where the first one begins in the text.
    start: usize,
    list: Vec<Member>,
    /// Whether the text has others besides.
    has_others: bool,
}

impl Members {
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self::of(&Passed::default(), AUTO_EXPORT_OTHER_BYTES_MAX)
    }
}

impl Kept {
    /// The text of so many bytes of a value that is read from there.
    pub(super) fn of(passed: &Passed, bytes_max: usize) -> Self {
        let (text, sorted) = (String::new(), String::new());
        let passed = passed.clone();
        Self { bytes_max, passed, text, is_object: false, is_too_long: false, flaw: None, sorted, members: 0 }
    }

    /// Takes what is wrong with the value.
    pub(super) fn take_flaw(&mut self) -> Option<Flaw> {
        self.flaw.take().or_else(|| self.passed.take_flaw())
    }

    /// Returns whether more may be written. Ends the text early if not.
    fn claim_room(&mut self) -> bool {
        let bytes = self.text.len() + self.members * size_of::<Member>();
        if !self.is_too_long && bytes > self.bytes_max {
            self.end_early();
        }
        !self.is_too_long
    }

    /// Bytes that are left.
    pub(super) fn room(&self) -> usize {
        self.bytes_max.saturating_sub(self.text.len())
    }

    /// Keeps only the beginning of what is too long.
    pub(super) fn end_early(&mut self) {
        self.is_too_long = true;
        self.text.truncate(self.text.floor_char_boundary(REJECT_RAW_BYTES_MAX));
    }

    /// Notes what is wrong with a part of it.
    pub(super) fn note(&mut self, flaw: Option<Flaw>) {
        self.flaw = self.flaw.take().or(flaw);
    }

    /// Ends a text that was written without asking for room.
    pub(super) fn bound(&mut self) {
        self.claim_room();
    }

    /// Writes null, a truth or a number.
    pub(super) fn push_scalar(&mut self, value: &Value) {
        let text = &mut self.text;
        match value {
            Value::Bool(truth) => text.push_str(if *truth { "true" } else { "false" }),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), ..) => write_integer(number, text),
                (_, Some(number), _) => write_integer(number, text),
                (_, _, number) => write_f64(number.unwrap_or(f64::NAN), text),
            },
            _ => text.push_str("null"),
        }
    }

    /// Whether the text that was read goes on beside the stream.
    pub(super) fn has_rest(&self) -> bool {
        self.passed.has_rest()
    }

    /// Returns a text without a rest, of which its room has less by then. Nothing if it is too long.
    pub(super) fn take_text(&mut self, text: &str) -> Option<String> {
        let is_short = text.len() <= AUTO_EXPORT_NAME_BYTES_MAX;
        if self.text.len() + text.len() > self.bytes_max && !is_short {
            self.end_early();
            return None;
        }
        self.bytes_max = self.bytes_max.saturating_sub(text.len());
        Some(text.to_owned())
    }

    fn push_string(&mut self, text: &str) {
        let rest = self.passed.take_rest();
        let bytes = text.len() + rest.as_ref().map_or(0, Rest::len);
        if self.text.len() + bytes > self.bytes_max {
            // The beginning shows what it was.
            write_string(&text[..text.floor_char_boundary(REJECT_RAW_BYTES_MAX)], &mut self.text);
            return self.end_early();
        }
        self.reserve(bytes);
        write_string(text, &mut self.text);
        if let Some(rest) = rest {
            // The quote of the beginning is behind the rest.
            self.text.pop();
            let read = rest.read(|rest| write_text(rest, &mut self.text));
            self.note(read.err());
            self.text.push('"');
        }
    }

    /// A long text gets memory for the longest at once: by doubling, twice as much would be touched.
    fn reserve(&mut self, more: usize) {
        // With room for a number, which is written without asking.
        let needed = self.text.len() + more + usize::from(u8::MAX);
        if needed > self.text.capacity() && needed > REJECT_RAW_BYTES_MAX {
            self.text.reserve_exact((AUTO_EXPORT_OTHER_BYTES_MAX + needed / 2).saturating_sub(self.text.len()));
        }
    }

    /// Begins an object.
    pub(super) fn begin_object(&mut self) -> Members {
        self.text.push('{');
        Members { start: self.text.len(), ..Members::default() }
    }

    /// Begins a member of an object. Returns where.
    fn begin_member(&mut self, members: &Members) -> usize {
        if self.text.len() > members.start {
            self.text.push(',');
        }
        self.text.len()
    }

    /// Ends the member that begins there.
    fn end_member(&mut self, members: &mut Members, name: String, from: usize) {
        if self.claim_room() {
            members.list.push((name, from, self.text.len()));
            self.members += 1;
        }
    }

    /// Adds a member. `write` writes its value, which may be as long as what is left.
    pub(super) fn add_member(&mut self, members: &mut Members, name: String, write: impl FnOnce(&mut String)) {
        let from = self.begin_member(members);
        self.reserve(name.len());
        write_string(&name, &mut self.text);
        self.text.push(':');
        write(&mut self.text);
        self.end_member(members, name, from);
    }

    /// Reads the value of a member.
    pub(super) fn read_member<'de, A: MapAccess<'de>>(
        &mut self,
        members: &mut Members,
        name: String,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let from = self.begin_member(members);
        self.reserve(name.len());
        write_string(&name, &mut self.text);
        self.text.push(':');
        map.next_value_seed(Keep(&mut *self))?;
        self.end_member(members, name, from);
        Ok(())
    }

    /// Leaves one of several members with one name. Null is absence, so it may stand beside a value; of two other values none
    /// may be lost.
    pub(super) fn join_equals(&mut self, members: &mut Members) {
        let Members { list, has_others, .. } = members;
        if list.is_sorted_by(|(one, ..), (other, ..)| one < other) {
            return;
        }
        let mut order: Vec<usize> = (0..list.len()).collect();
        order.sort_by_key(|place| &list[*place].0);
        let mut surplus = Vec::new();
        let mut known: Option<usize> = None;
        for place in order {
            let (name, from, to) = &list[place];
            let Some((before, start, end)) = known.map(|known| &list[known]).filter(|(before, ..)| before == name)
            else {
                known = Some(place);
                continue;
            };
            let (value, earlier) = (&self.text[*from..*to], &self.text[*start..*end]);
            let is_null = |member: &str| member.len() == json_bytes(name) + ":null".len() && member.ends_with(":null");
            if value == earlier || is_null(value) {
                surplus.push(place);
            } else if is_null(earlier) {
                surplus.extend(known.replace(place));
            } else {
                let flaw = Flaw::GivenTwice(before.clone().into());
                self.flaw.get_or_insert(flaw);
            }
        }
        surplus.sort_unstable();
        *has_others |= !surplus.is_empty();
        for place in surplus.into_iter().rev() {
            list.remove(place);
            self.members -= 1;
        }
    }

    /// Ends an object.
    pub(super) fn end_object(&mut self, members: Members) {
        self.members -= members.list.len();
        self.sort(members);
        self.text.push('}');
        self.claim_room();
    }

    /// Puts the members of the object at the end of the text in order. Equal names stay in theirs.
    fn sort(&mut self, members: Members) {
        let Members { start, mut list, has_others } = members;
        if self.is_too_long || !has_others && list.is_sorted_by(|(one, ..), (other, ..)| one <= other) {
            return;
        }
        list.sort_by(|(one, ..), (other, ..)| one.cmp(other));
        let Self { text, sorted, .. } = self;
        sorted.clear();
        sorted.reserve(text.len() - start);
        for (_, from, to) in &list {
            if !sorted.is_empty() {
                sorted.push(',');
            }
            sorted.push_str(&text[*from..*to]);
        }
        text.truncate(start);
        text.push_str(sorted);
        sorted.clear();
        sorted.shrink_to(REJECT_RAW_BYTES_MAX);
    }
}

/// Bytes of a name in JSON.
fn json_bytes(name: &str) -> usize {
    let mut json = String::new();
    write_string(name, &mut json);
    json.len()
}

/// Writes the next value.
pub(super) struct Keep<'k>(pub(super) &'k mut Kept);

impl<'de> DeserializeSeed<'de> for Keep<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        if self.0.claim_room() {
            json.deserialize_any(self)
        } else {
            json.deserialize_ignored_any(IgnoredAny).map(|_| ())
        }
    }
}

impl<'de> Visitor<'de> for Keep<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    scalars!((), |self, value| {
        self.0.push_scalar(&value);
        Ok(())
    });

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.0.push_string(text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let kept = self.0;
        kept.text.push('[');
        let start = kept.text.len();
        loop {
            let before = kept.text.len();
            kept.reserve(1);
            if before > start {
                kept.text.push(',');
            }
            if list.next_element_seed(Keep(&mut *kept))?.is_none() {
                kept.text.truncate(before);
                break;
            }
        }
        kept.text.push(']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let kept = self.0;
        let is_outermost = kept.text.is_empty();
        let mut members = kept.begin_object();
        while let Some(name) = map.next_key::<String>()? {
            let from = kept.begin_member(&members);
            kept.push_string(&name);
            kept.text.push(':');
            map.next_value_seed(Keep(&mut *kept))?;
            kept.end_member(&mut members, name, from);
        }
        kept.end_object(members);
        kept.is_object |= is_outermost;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::canonical;

    fn kept(json: &str) -> Kept {
        let mut kept = Kept::default();
        let mut reader = serde_json::Deserializer::from_str(json);
        Keep(&mut kept).deserialize(&mut reader).unwrap();
        reader.end().unwrap();
        kept
    }

    #[test]
    fn it_is_the_form_of_all_records() {
        let check = |json: &str| {
            let kept = kept(json);
            assert_eq!(kept.text, canonical::of_text(json));
            assert_eq!((kept.is_object, kept.is_too_long), (json.starts_with('{'), false), "{json}");
        };
        for json in ["{}", "[]", "null", "true", "-1.50", "18446744073709551615", "\"a\\n\\u00e9\"", "[[],{},[1,2]]"] {
            check(json);
        }
        check(r#"{"b":{"d":1,"c":[{"z":1,"y":2e3},[]]},"a":null}"#);
        check(r#"{"b":1,"a":2,"b":{"c":3},"a":4}"#);
        check(r#"{"v":23.084741592407227,"w":1788745353.9960487,"x":0.1,"y":1e-7,"z":-5}"#);
    }

    #[test]
    fn it_is_bounded() {
        let recording = |count: usize| {
            let voltages = vec![r#"{"voltage":-12.5,"date":1788745353.9960487,"units":"mcV"}"#; count].join(",");
            kept(&format!(r#"{{"voltages":[{voltages}],"start":1}}"#))
        };
        let whole = recording(30_000);
        assert!(!whole.is_too_long && whole.text.len() > 3 << 19);
        let long = recording(90_000);
        assert!(long.is_too_long && long.text.len() < 2 * REJECT_RAW_BYTES_MAX);
        assert!(kept(&format!("[\"{}\"]", "x".repeat(AUTO_EXPORT_OTHER_BYTES_MAX + 1))).is_too_long);
    }
}
