//! The one writer of JSON: strings, numbers, objects and arrays, straight into a text.
//!
//! An object or array knows whether it has members from the length of the text, so callers thread no flag.

use std::ops::Range;

/// Writes a string with its quotes.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    write_text(text, out);
    out.push('"');
}

/// Writes what is between the quotes of a string.
pub(crate) fn write_text(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        out.push_str(&rest[..at]);
        let byte = rest.as_bytes()[at];
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ => {
                out.push_str("\\u00");
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

/// Writes a double as the shortest text that reads back as the same one. Infinities and NaN, which JSON does not have,
/// become `null`.
pub(crate) fn write_f64(number: f64, out: &mut String) {
    if number.is_finite() {
        out.push_str(zmij::Buffer::new().format_finite(number));
    } else {
        out.push_str("null");
    }
}

/// Writes an integer.
pub(crate) fn write_integer(number: impl itoa::Integer, out: &mut String) {
    out.push_str(itoa::Buffer::new().format(number));
}

/// Returns the first number of a JSON text that is beyond the range of doubles, behind the last name before it.
pub(crate) fn number_too_large(json: &[u8]) -> Option<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut numbers = numbers(json).map(|(name, number)| (name, text(&json[number])));
    let (name, number) = numbers.find(|(_, number)| number.parse().is_ok_and(f64::is_infinite))?;
    Some((text(name), number))
}

/// Where the numbers of a JSON text are, each with the last name before it.
pub(crate) fn numbers(json: &[u8]) -> impl Iterator<Item = (&[u8], Range<usize>)> {
    let (mut last, mut name, mut at) = (&json[..0], &json[..0], 0);
    std::iter::from_fn(move || {
        while let Some(byte) = json.get(at) {
            let start = at;
            at += 1;
            match byte {
                b'"' => {
                    while json.get(at).is_some_and(|byte| *byte != b'"') {
                        at += if json[at] == b'\\' { 2 } else { 1 };
                    }
                    last = json.get(start + 1..at).unwrap_or_default();
                    at += 1;
                }
                b':' => name = last,
                b'-' | b'0'..=b'9' => {
                    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
                    at += json[at..].iter().take_while(|byte| is_part(byte)).count();
                    return Some((name, start..at));
                }
                _ => {}
            }
        }
        None
    })
}

/// An object under way. [`JsonObject::end`] closes it.
#[derive(Debug)]
#[must_use = "`end` closes the object"]
pub(crate) struct JsonObject<'a> {
    out: &'a mut String,
    /// Length of the text behind the opening bracket: a longer text has a member.
    start: usize,
}

impl<'a> JsonObject<'a> {
    pub(crate) fn begin(out: &'a mut String) -> Self {
        out.push('{');
        let start = out.len();
        Self { out, start }
    }

    /// Writes a member's name and returns the text, to which the caller writes the value.
    pub(crate) fn member(&mut self, name: &str) -> &mut String {
        if self.out.len() > self.start {
            self.out.push(',');
        }
        write_string(name, self.out);
        self.out.push(':');
        self.out
    }

    pub(crate) fn string(&mut self, name: &str, value: &str) {
        write_string(value, self.member(name));
    }

    pub(crate) fn f64(&mut self, name: &str, value: f64) {
        write_f64(value, self.member(name));
    }

    /// Begins an object as a member.
    pub(crate) fn object(&mut self, name: &str) -> JsonObject<'_> {
        JsonObject::begin(self.member(name))
    }

    /// Begins an array as a member.
    pub(crate) fn array(&mut self, name: &str) -> JsonArray<'_> {
        JsonArray::begin(self.member(name))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.out.len() == self.start
    }

    pub(crate) fn end(self) {
        self.out.push('}');
    }
}

/// An array under way. [`JsonArray::end`] closes it.
#[derive(Debug)]
#[must_use = "`end` closes the array"]
pub(crate) struct JsonArray<'a> {
    out: &'a mut String,
    /// Length of the text behind the opening bracket: a longer text has an element.
    start: usize,
}

impl<'a> JsonArray<'a> {
    pub(crate) fn begin(out: &'a mut String) -> Self {
        out.push('[');
        let start = out.len();
        Self { out, start }
    }

    /// Returns the text, to which the caller writes the next element.
    pub(crate) fn element(&mut self) -> &mut String {
        if self.out.len() > self.start {
            self.out.push(',');
        }
        self.out
    }

    /// Begins an object as an element.
    pub(crate) fn object(&mut self) -> JsonObject<'_> {
        JsonObject::begin(self.element())
    }

    pub(crate) fn end(self) {
        self.out.push(']');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings() {
        let check = |text: &str, expected: &str| {
            let mut out = String::new();
            write_string(text, &mut out);
            assert_eq!(out, expected);
            assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        };
        check("", r#""""#);
        check("a/ü😀", r#""a/ü😀""#);
        check("\"\\\n\r\t", r#""\"\\\n\r\t""#);
        check("\0\u{1f}\u{7f}", "\"\\u0000\\u001f\u{7f}\"");
    }

    #[test]
    fn numbers() {
        let check = |number: f64, expected: &str| {
            let mut out = String::new();
            write_f64(number, &mut out);
            assert_eq!(out, expected);
        };
        check(72.0, "72.0");
        check(-0.0, "-0.0");
        check(1e-7, "1e-7");
        check(f64::NAN, "null");
        check(f64::INFINITY, "null");
        let mut out = String::new();
        write_integer(u64::MAX, &mut out);
        assert_eq!(out, "18446744073709551615");
    }

    #[test]
    fn the_number_that_is_too_large_is_found() {
        let check = |json: &str, expected: Option<(&str, &str)>| {
            let found = number_too_large(json.as_bytes());
            assert_eq!(found.as_ref().map(|(name, number)| (name.as_str(), number.as_str())), expected, "{json}");
        };
        check(r#"{"a":1e308,"b":[-1e308,0.5,-0],"c":"1e400","d":true}"#, None);
        check(r#"{"a":1,"b\":1e400":[2,-1E+400],"c":1e500}"#, Some((r#"b\":1e400"#, "-1E+400")));
        check("1e999", Some(("", "1e999")));
        check(r#"{"a":"\"#, None);
        let digits = "9".repeat(400);
        check(&format!(r#"{{"n":{digits}}}"#), Some(("n", &digits)));
    }

    #[test]
    fn members_and_elements_are_separated() {
        let mut out = String::from("before");
        let mut object = JsonObject::begin(&mut out);
        assert!(object.is_empty());
        object.string("a", "1");
        object.f64("b", 2.5);
        object.object("c").end();
        let mut array = object.array("d");
        array.object().end();
        write_integer(3, array.element());
        array.end();
        assert!(!object.is_empty());
        object.end();
        assert_eq!(out, r#"before{"a":"1","b":2.5,"c":{},"d":[{},3]}"#);
    }
}
