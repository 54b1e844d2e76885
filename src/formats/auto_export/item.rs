//! A point, a location or a workout while it is read: members with a column as values, all others as JSON in the common form.
//! So it may be as long as any other element.

use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::bounded::Passed;
use super::kept::{Keep, Kept, Members};
use super::value::{Budget, any_seed, insert, scalars};
use crate::formats::flaw::Flaw;
use crate::model::limits::{AUTO_EXPORT_OTHER_BYTES_MAX, AUTO_EXPORT_TEXT_BYTES};

/// What was read.
#[derive(Debug)]
pub(super) struct Item {
    /// Members with a column that is not filled yet.
    pub(super) known: Map<String, Value>,
    /// Whether it is an object.
    pub(super) is_object: bool,
    /// The other members, in an object that is not over. Of another value, all of it.
    kept: Kept,
    members: Members,
}

impl Item {
    /// An item that is read from there, of so many bytes.
    pub(super) fn of(passed: &Passed, bytes_max: usize) -> Self {
        let (known, members) = (Map::new(), Members::default());
        Self { known, is_object: false, kept: Kept::of(passed, bytes_max), members }
    }

    /// Bytes that are left for it.
    pub(super) fn room(&self) -> usize {
        self.kept.room()
    }

    /// About how many bytes it has.
    pub(super) fn len(&self) -> usize {
        AUTO_EXPORT_OTHER_BYTES_MAX.saturating_sub(self.room())
    }

    /// Why it cannot be stored, if so.
    pub(super) fn take_flaw(&mut self) -> Option<Flaw> {
        let too_long = Flaw::TooLong(AUTO_EXPORT_OTHER_BYTES_MAX as u64);
        self.kept.take_flaw().or_else(|| self.kept.is_too_long.then_some(too_long))
    }

    /// Notes what is wrong with what was read so far.
    pub(super) fn note_flaw(&mut self) {
        let flaw = self.kept.take_flaw();
        self.kept.note(flaw);
    }

    /// Begins an object.
    pub(super) fn begin(&mut self) {
        self.is_object = true;
        self.members = self.kept.begin_object();
    }

    /// Adds a member that was read apart: its text, or nothing if it was too long.
    pub(super) fn add(&mut self, name: String, text: Option<&str>) {
        match text {
            Some(text) if text.len() + name.len() <= self.room() => {
                self.kept.add_member(&mut self.members, name, |json| json.push_str(text));
            }
            _ => self.kept.end_early(),
        }
    }

    /// Bytes of its text so far.
    pub(super) fn text_bytes(&self) -> usize {
        self.kept.text.len()
    }

    /// Takes what is wrong with a part of it. Returns whether that is too long.
    pub(super) fn join(&mut self, part: &mut Self) -> bool {
        self.kept.note(part.kept.take_flaw());
        part.kept.is_too_long
    }

    /// Reads a text as the value of a member: it is at the end of the text, unless the member has a column.
    pub(super) fn read_text<E: Error>(&mut self, text: &str, is_known: bool) -> Result<Option<Value>, E> {
        if is_known {
            return Known(&mut self.kept).visit_str(text);
        }
        Keep(&mut self.kept).visit_str(text).map(|()| None)
    }

    /// Reads an object as the value of a member to the end of the text.
    pub(super) fn read_object<'de, A: MapAccess<'de>>(&mut self, map: A) -> Result<(), A::Error> {
        Keep(&mut self.kept).visit_map(map)
    }

    /// Reads a member. Its value has a column if it is `known`.
    pub(super) fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: String,
        known: &[&str],
        map: &mut A,
    ) -> Result<(), A::Error> {
        if !known.contains(&&*name) {
            return self.kept.read_member(&mut self.members, name, map);
        }
        let before = self.kept.text.len();
        let value = map.next_value_seed(Known(&mut self.kept))?;
        self.add_read(name, value, before, true);
        Ok(())
    }

    /// Adds a member that was read: its value, or nothing if that is at the end of the text, which had so many bytes before.
    pub(super) fn add_read(&mut self, name: String, value: Option<Value>, before: usize, is_known: bool) {
        let text = match &value {
            Some(value) if !is_known => value.to_string(),
            Some(_) => String::new(),
            None if self.kept.is_too_long => return,
            None => self.kept.text.split_off(before),
        };
        if !is_known || text.len() > AUTO_EXPORT_TEXT_BYTES {
            return self.add(name, Some(&text));
        }
        // What has a column is also read of what is too long: it shows what was.
        let mut budget = Budget::default();
        let value = value.or_else(|| budget.deserialize(&mut serde_json::Deserializer::from_str(&text)).ok());
        let flaw = value.and_then(|value| insert(&mut self.known, name, value));
        self.kept.note(budget.flaw().or(flaw));
    }

    /// Ends an object.
    pub(super) fn end(&mut self) {
        self.kept.join_equals(&mut self.members);
    }

    /// Takes what has no column as JSON, if there is something.
    pub(super) fn take_other(&mut self, passed: &Passed) -> Option<String> {
        if self.known.is_empty() && self.members.is_empty() {
            return None;
        }
        self.close();
        let mut text = std::mem::take(&mut self.kept.text);
        passed.restore(&mut text);
        Some(text)
    }

    /// All of it that has no column, as JSON.
    pub(super) fn into_text(mut self) -> String {
        if self.is_object && !self.kept.text.is_empty() {
            self.close();
        }
        self.kept.text
    }

    fn close(&mut self) {
        for (name, value) in std::mem::take(&mut self.known) {
            self.kept.add_member(&mut self.members, name, |json| json.push_str(&value.to_string()));
        }
        self.kept.end_object(std::mem::take(&mut self.members));
    }
}

/// Reads an item.
pub(super) struct ItemSeed<'i, 'k> {
    pub(super) item: &'i mut Item,
    /// Members with a column.
    pub(super) known: &'k [&'k str],
}

any_seed!(ItemSeed<'_, '_>, ());

impl<'de> Visitor<'de> for ItemSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an element")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { item, known } = self;
        item.begin();
        while let Some(name) = map.next_key::<String>()? {
            item.read(name, known, &mut map)?;
        }
        item.end();
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        Keep(&mut self.item.kept).visit_seq(list)
    }

    scalars!((), |self, value| {
        self.item.kept.push_scalar(&value);
        Ok(())
    });

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        Keep(&mut self.item.kept).visit_str(text)
    }
}

/// The value of a member with a column. A list, an object or a long text is written to the text.
pub(super) struct Known<'k>(pub(super) &'k mut Kept);

any_seed!(Known<'_>, Option<Value>);

impl<'de> Visitor<'de> for Known<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    scalars!(Option<Value>, |self, value| Ok(Some(value)));

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<Value>, E> {
        if self.0.has_rest() {
            // As a value, it would be in memory more than once.
            return Keep(self.0).visit_str(text).map(|()| None);
        }
        Ok(self.0.take_text(text).map(Value::String))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Option<Value>, A::Error> {
        Keep(self.0).visit_seq(list).map(|()| None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<Value>, A::Error> {
        Keep(self.0).visit_map(map).map(|()| None)
    }
}
