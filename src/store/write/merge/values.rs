//! Values of metadata: the app sends a number where an export prints its text. Two texts of JSON have the same values if they
//! print the same.

use std::hash::{BuildHasher, Hasher};

use super::json_names::end_of_string;

/// A part of a text of JSON.
#[derive(Clone, Copy, Debug)]
enum Part<'a> {
    /// Brackets, commas and names.
    Form(&'a str),
    Text(&'a str),
    Number(f64),
}

impl PartialEq for Part<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Form(one), Self::Form(other)) | (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Number(one), Self::Number(other)) => one.to_bits() == other.to_bits(),
            _ => false,
        }
    }
}

/// Whether two metadata texts in canonical form have the same values.
pub(super) fn has_same_values(one: &str, other: &str) -> bool {
    one == other || parts(one).eq(parts(other))
}

/// The hash of the values of a metadata text in canonical form.
pub(super) fn hash_of_values(hasher: &impl BuildHasher, text: &str) -> u64 {
    let mut hash = hasher.build_hasher();
    for part in parts(text) {
        match part {
            Part::Form(text) | Part::Text(text) => hash.write(text.as_bytes()),
            Part::Number(number) => hash.write_u64(number.to_bits()),
        }
        hash.write_u8(0);
    }
    hash.finish()
}

fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let (part, bytes) = part(rest);
        at += bytes;
        Some(part)
    })
}

/// The first part of a text, and its length.
fn part(text: &str) -> (Part<'_>, usize) {
    let bytes = text.as_bytes();
    match bytes[0] {
        b'"' => {
            let end = end_of_string(bytes, 1);
            if bytes.get(end) == Some(&b':') {
                return (Part::Form(&text[..=end]), end + 1);
            }
            (scalar(text.get(1..end - 1).unwrap_or_default()), end)
        }
        b'-' | b'0'..=b'9' | b'a'..=b'z' => {
            let end = bytes.iter().position(|byte| b",]}".contains(byte)).unwrap_or(bytes.len());
            // An export prints a truth as a number.
            let plain = match &text[..end] {
                "true" => "1",
                "false" => "0",
                plain => plain,
            };
            (scalar(plain), end)
        }
        _ => {
            let end = text.char_indices().nth(1).map_or(text.len(), |(at, _)| at);
            (Part::Form(&text[..end]), end)
        }
    }
}

/// Characters of a number that is read as one: with more, two texts may round to one number.
const NUMBER_DIGITS: usize = 16;

fn scalar(text: &str) -> Part<'_> {
    let bytes = text.strip_prefix('-').unwrap_or(text).as_bytes();
    // `007` is a name.
    let is_plain = match bytes {
        [b'0', rest @ ..] => matches!(rest, [] | [b'.', ..]),
        [first, ..] => first.is_ascii_digit(),
        [] => false,
    };
    let may_be_number = is_plain && bytes.len() <= NUMBER_DIGITS;
    let number = may_be_number.then(|| text.parse::<f64>().ok()).flatten();
    // There is one zero.
    number.map_or(Part::Text(text), |number| Part::Number(number + 0.0))
}

#[cfg(test)]
mod tests {
    use foldhash::fast::RandomState;

    use super::*;

    #[test]
    fn values_that_print_the_same() {
        let hasher = RandomState::default();
        let check = |one: &str, other: &str, expected: bool| {
            assert_eq!(has_same_values(one, other), expected, "{one} {other}");
            let hashes = [one, other].map(|text| hash_of_values(&hasher, text));
            assert_eq!(hashes[0] == hashes[1], expected, "{one} {other}");
        };
        check(r#"{"a":1,"b":"x"}"#, r#"{"a":"1","b":"x"}"#, true);
        check(r#"{"a":1,"b":2}"#, r#"{"a":"2","b":"1"}"#, false);
        check(r#"{"a":0.50}"#, r#"{"a":"0.5"}"#, true);
        check(r#"{"a":1.0}"#, r#"{"a":1}"#, true);
        check(r#"{"a":-0.0}"#, r#"{"a":"0"}"#, true);
        check(r#"{"a":true,"b":false}"#, r#"{"a":"1","b":0}"#, true);
        check(r#"{"a":null}"#, r#"{"a":"null"}"#, true);
        check(r#"{"1":"a"}"#, r#"{"1.0":"a"}"#, false);
        check(r#"{"a":"007"}"#, r#"{"a":"7"}"#, false);
        check(r#"{"a":"12345678901234567890"}"#, r#"{"a":"12345678901234567891"}"#, false);
        check(r#"{"a":"1 m"}"#, r#"{"a":1}"#, false);
        check(r#"{"a":"a\"1"}"#, r#"{"a":"a\"2"}"#, false);
        check(r#"{"a":[1,2]}"#, r#"{"a":["1","2"]}"#, true);
        check(r#"{"a":[1,2]}"#, r#"{"a":12}"#, false);
        check(r#"{"é":"ü"}"#, r#"{"é":"ü"}"#, true);
        check(r#"{"a":"é"}"#, r#"{"a":"ü"}"#, false);
        check("", "{}", false);
        for broken in ["\"", "{\"a", "{\"a\":", "{\"a\":\"b\\", "é"] {
            check(broken, broken, true);
            check(broken, "{}", false);
        }
    }
}
