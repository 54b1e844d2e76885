//! A JSON value while its memory lasts: a few bytes of JSON can ask for a hundred times as many.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Value};

use super::bounded::Passed;
use crate::formats::flaw::Flaw;
use crate::model::limits::AUTO_EXPORT_VALUE_BYTES_MAX;

/// Memory that an object takes for its first members.
const OBJECT_BYTES: usize = 640;

/// Memory of a value in a list, which grows by doubling.
const VALUE_BYTES: usize = 2 * size_of::<Value>();

/// Memory that is left for a value. What goes beyond it is read and left out.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: usize,
    /// What else is wrong with it.
    flaw: Option<Flaw>,
    /// Where the rest of long texts is, unless only their beginning counts.
    passed: Option<Passed>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: AUTO_EXPORT_VALUE_BYTES_MAX, flaw: None, passed: None }
    }
}

impl Budget {
    /// The memory for a value that is read from there.
    pub(super) fn of(passed: &Passed) -> Self {
        Self { passed: Some(passed.clone()), ..Self::default() }
    }

    /// Whether something was left out.
    pub(super) fn is_spent(&self) -> bool {
        self.bytes == 0
    }

    /// Why the element cannot be stored, if so.
    pub(super) fn flaw(&self) -> Option<Flaw> {
        if self.is_spent() {
            return Some(Flaw::TooMany("bytes of values", AUTO_EXPORT_VALUE_BYTES_MAX));
        }
        self.flaw.clone().or_else(|| self.passed.as_ref()?.take_flaw())
    }

    /// Returns a text with its rest.
    fn text(&mut self, text: &str) -> Value {
        self.take(text.len());
        let Some(rest) = self.passed.as_ref().and_then(Passed::take_rest) else {
            return if self.is_spent() { Value::Null } else { text.into() };
        };
        self.take(rest.len());
        if self.is_spent() {
            return Value::Null;
        }
        let mut text = text.to_owned();
        let read = rest.read(|rest| text.push_str(rest));
        self.flaw = self.flaw.take().or(read.err());
        text.into()
    }

    fn take(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

/// Adds a member to an object. Null is absence, so it may stand beside a value. Returns what is wrong with it.
pub(super) fn insert(members: &mut Map<String, Value>, name: String, value: Value) -> Option<Flaw> {
    match members.entry(name) {
        Entry::Vacant(place) => {
            place.insert(value);
        }
        Entry::Occupied(mut place) if place.get().is_null() => {
            place.insert(value);
        }
        Entry::Occupied(place) if !value.is_null() && *place.get() != value => {
            return Some(Flaw::GivenTwice(place.key().clone().into()));
        }
        Entry::Occupied(_) => {}
    }
    None
}

impl<'de> DeserializeSeed<'de> for &mut Budget {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        self.take(VALUE_BYTES);
        if self.is_spent() {
            return <IgnoredAny as Deserialize>::deserialize(json).map(|_| Value::Null);
        }
        json.deserialize_any(ValueVisitor(self))
    }
}

/// Returns the kind of a value, with its article.
pub(super) fn in_words(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Reads a value.
pub(super) struct ValueVisitor<'b>(pub(super) &'b mut Budget);

/// Makes a seed of a visitor that takes any value.
macro_rules! any_seed {
    ($seed:ty, $returned:ty) => {
        impl<'de> ::serde::de::DeserializeSeed<'de> for $seed {
            type Value = $returned;

            fn deserialize<D: ::serde::de::Deserializer<'de>>(self, json: D) -> Result<$returned, D::Error> {
                json.deserialize_any(self)
            }
        }
    };
}
pub(super) use any_seed;

/// Makes a visitor's methods for null, truths and numbers of one that takes them as a [`Value`].
macro_rules! scalars {
    ($returned:ty, |$visitor:ident, $value:ident| $body:expr) => {
        fn visit_unit<E: ::serde::de::Error>($visitor) -> Result<$returned, E> {
            let $value = ::serde_json::Value::Null;
            $body
        }

        fn visit_bool<E: ::serde::de::Error>($visitor, truth: bool) -> Result<$returned, E> {
            let $value = ::serde_json::Value::from(truth);
            $body
        }

        fn visit_i64<E: ::serde::de::Error>($visitor, number: i64) -> Result<$returned, E> {
            let $value = ::serde_json::Value::from(number);
            $body
        }

        fn visit_u64<E: ::serde::de::Error>($visitor, number: u64) -> Result<$returned, E> {
            let $value = ::serde_json::Value::from(number);
            $body
        }

        fn visit_f64<E: ::serde::de::Error>($visitor, number: f64) -> Result<$returned, E> {
            let $value = ::serde_json::Value::from(number);
            $body
        }
    };
}
pub(super) use scalars;

impl<'de> Visitor<'de> for ValueVisitor<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    scalars!(Value, |self, value| Ok(value));

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(self.0.text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(&mut *self.0)? {
            if !self.0.is_spent() {
                values.push(value);
            }
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let Self(budget) = self;
        budget.take(OBJECT_BYTES);
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            budget.take(VALUE_BYTES + name.len());
            let value = map.next_value_seed(&mut *budget)?;
            if !budget.is_spent() {
                let flaw = insert(&mut members, name, value);
                budget.flaw = budget.flaw.take().or(flaw);
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_that_fits_is_read_and_the_rest_skipped() {
        let check = |json: &str, is_whole: bool| {
            let mut budget = Budget::default();
            let mut json_reader = serde_json::Deserializer::from_str(json);
            let value = budget.deserialize(&mut json_reader).unwrap();
            json_reader.end().unwrap();
            assert_eq!(budget.is_spent(), !is_whole);
            assert_eq!(value == serde_json::from_str::<Value>(json).unwrap(), is_whole);
        };
        check(r#"{"a":[1,-2,3.5,null,true,"x",{}]}"#, true);
        check(&format!("[{}1]", r#"{"":1},"#.repeat(AUTO_EXPORT_VALUE_BYTES_MAX / OBJECT_BYTES)), false);
        check(&format!("\"{}\"", "x".repeat(AUTO_EXPORT_VALUE_BYTES_MAX)), false);
    }

    #[test]
    fn a_name_with_two_values_is_a_flaw() {
        let check = |json: &str, expected: Option<&'static str>| {
            let mut budget = Budget::default();
            budget.deserialize(&mut serde_json::Deserializer::from_str(json)).unwrap();
            assert_eq!(budget.flaw(), expected.map(|name| Flaw::GivenTwice(name.into())), "{json}");
        };
        check(r#"{"a":1,"b":{"a":2},"a":1,"c":null,"c":3,"b":null}"#, None);
        check(r#"{"a":1,"b":2,"a":1.5}"#, Some("a"));
        check(r#"{"a":[{"b":"x","b":"y"}]}"#, Some("b"));
    }
}
