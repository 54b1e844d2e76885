//! Whether one JSON object has every name of another, found by scanning their texts. Most merged samples add nothing, and
//! SQLite's JSON functions would cost more than the rest of a merge.

/// Whether `object` has all names of `other`. Both must be in canonical form, which sorts names: for other forms the answer
/// may be a wrong `false`.
pub(super) fn has_all_names(object: &str, other: &str) -> bool {
    let mut own = names(object);
    names(other).all(|name| own.by_ref().find(|own| *own >= name) == Some(name))
}

/// The names of an object's members as written, without their quotes.
fn names(object: &str) -> impl Iterator<Item = &str> {
    let (mut at, mut depth) = (0, 0_u32);
    std::iter::from_fn(move || {
        let bytes = object.as_bytes();
        while let Some(byte) = bytes.get(at) {
            at += 1;
            match byte {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                b'"' => {
                    let start = at;
                    at = end_of_string(bytes, at);
                    if depth == 1 && bytes.get(at) == Some(&b':') {
                        return object.get(start..at - 1);
                    }
                }
                _ => {}
            }
        }
        None
    })
}

/// The position after a string's last quote; `at` is after its first.
pub(super) fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'\\' => at += 1,
            b'"' => return at,
            _ => {}
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_names() {
        let check = |other: &str, object: &str, expected| {
            assert_eq!(has_all_names(object, other), expected, "{object} {other}")
        };
        check("{}", "", true);
        check(r#"{"a":1}"#, "", false);
        check(r#"{"b":"x"}"#, r#"{"a":{"b":2},"b":[{"a":1}],"c":"}"}"#, true);
        check(r#"{"b":1,"d":1}"#, r#"{"a":{"d":2},"b":"\"d\":","c":["d"]}"#, false);
        check(r#"{"a\"b":1}"#, r#"{"a\"b":{}}"#, true);
        check(r#"{"a":"#, r#"{"a":"b\"#, true);
    }
}
