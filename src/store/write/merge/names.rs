//! Whether one JSON object has every name of another, told from their texts: most merged samples say nothing new, and
//! SQLite's JSON functions would cost more than all the rest of a merge.

/// Whether `other` has all names of `object`. Both are in canonical form, names in order; if they are not, it may say no.
pub(in crate::store) fn are_all_in(object: &str, other: &str) -> bool {
    let mut others = names(other);
    names(object).all(|name| others.by_ref().find(|other| *other >= name) == Some(name))
}

/// The names of an object's members, as they are written, without their quotes.
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

/// Behind the quote that ends a string; `at` is behind the one that begins it.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
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
        let check =
            |object: &str, other: &str, expected| assert_eq!(are_all_in(object, other), expected, "{object} {other}");
        check("{}", "", true);
        check(r#"{"a":1}"#, "", false);
        check(r#"{"b":"x"}"#, r#"{"a":{"b":2},"b":[{"a":1}],"c":"}"}"#, true);
        check(r#"{"b":1,"d":1}"#, r#"{"a":{"d":2},"b":"\"d\":","c":["d"]}"#, false);
        check(r#"{"a\"b":1}"#, r#"{"a\"b":{}}"#, true);
        check(r#"{"a":"#, r#"{"a":"b\"#, true);
    }
}
