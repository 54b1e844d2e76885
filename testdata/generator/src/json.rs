//! A writer of JSON text.
//!
//! Compact text is what `JSON.stringify(x)` gives, pretty text what `JSON.stringify(x, null, 2)` gives. It keeps
//! the commas right and nothing else: the caller gives each key one value.

use crate::clock;
use crate::identity::Uuid;
use crate::number::{self, Decimal};
use crate::text::Text;

#[derive(Debug)]
pub(crate) struct Json {
    pub(crate) text: Text,
    pretty: bool,
    depth: usize,
    /// Whether the innermost object or array is still empty.
    fresh: bool,
}

impl Json {
    pub(crate) fn new(pretty: bool) -> Self {
        Self::at_depth(pretty, 0)
    }

    /// For a value that [`Json::raw`] will write at that depth of another text.
    pub(crate) fn at_depth(pretty: bool, depth: usize) -> Self {
        Self { text: Text::default(), pretty, depth, fresh: true }
    }

    pub(crate) fn into_text(self) -> Vec<u8> {
        self.text.bytes
    }

    /// Begins an object or an array; it is the next value.
    pub(crate) fn open(&mut self, bracket: u8) {
        self.text.bytes.push(bracket);
        self.depth += 1;
        self.fresh = true;
    }

    pub(crate) fn close(&mut self, bracket: u8) {
        self.depth -= 1;
        if !self.fresh {
            self.line();
        }
        self.text.bytes.push(bracket);
        self.fresh = false;
    }

    /// Separates the next element of an array.
    pub(crate) fn element(&mut self) {
        if !self.fresh {
            self.text.bytes.push(b',');
        }
        self.line();
        self.fresh = false;
    }

    /// A key that needs no escapes.
    pub(crate) fn key(&mut self, key: &str) {
        self.element();
        self.text.bytes.push(b'"');
        self.text.push(key.as_bytes());
        self.text.push(if self.pretty { b"\": " } else { b"\":" });
    }

    pub(crate) fn string(&mut self, value: &str) {
        self.text.bytes.push(b'"');
        for byte in value.bytes() {
            if matches!(byte, b'"' | b'\\') {
                self.text.bytes.push(b'\\');
            }
            self.text.bytes.push(byte);
        }
        self.text.bytes.push(b'"');
    }

    pub(crate) fn date(&mut self, ms: i64) {
        self.text.bytes.push(b'"');
        clock::push_iso(&mut self.text.bytes, ms);
        self.text.bytes.push(b'"');
    }

    pub(crate) fn day(&mut self, ms: i64) {
        self.text.bytes.push(b'"');
        clock::push_day(&mut self.text.bytes, ms);
        self.text.bytes.push(b'"');
    }

    pub(crate) fn uuid(&mut self, uuid: Uuid) {
        self.text.bytes.push(b'"');
        self.text.push(&uuid.text());
        self.text.bytes.push(b'"');
    }

    pub(crate) fn uuid_key(&mut self, uuid: Uuid) {
        self.element();
        self.uuid(uuid);
        self.text.push(if self.pretty { b": " } else { b":" });
    }

    pub(crate) fn decimal(&mut self, value: Decimal) {
        value.push(&mut self.text.bytes);
    }

    pub(crate) fn integer(&mut self, value: u64) {
        number::push_integer(value, &mut self.text.bytes);
    }

    pub(crate) fn boolean(&mut self, value: bool) {
        self.raw(if value { b"true" } else { b"false" });
    }

    pub(crate) fn null(&mut self) {
        self.raw(b"null");
    }

    /// A value that is JSON already.
    pub(crate) fn raw(&mut self, value: &[u8]) {
        self.text.push(value);
    }

    fn line(&mut self) {
        if self.pretty {
            self.text.bytes.push(b'\n');
            self.text.bytes.extend(std::iter::repeat_n(b' ', 2 * self.depth));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(pretty: bool) -> String {
        let mut json = Json::new(pretty);
        json.open(b'{');
        json.key("a");
        json.open(b'[');
        json.element();
        json.integer(1);
        json.element();
        json.string("q\"\\é");
        json.close(b']');
        json.key("b");
        json.open(b'{');
        json.close(b'}');
        json.close(b'}');
        String::from_utf8(json.into_text()).unwrap()
    }

    #[test]
    fn as_javascript_writes() {
        assert_eq!(sample(false), r#"{"a":[1,"q\"\\é"],"b":{}}"#);
        assert_eq!(sample(true), "{\n  \"a\": [\n    1,\n    \"q\\\"\\\\é\"\n  ],\n  \"b\": {}\n}");
    }
}
