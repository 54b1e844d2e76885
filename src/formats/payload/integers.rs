//! Integers beyond 64 bits, which the decoder refuses. While an element is decoded, an object with a name that no object has
//! stands for each, so that JSON that is kept has all of its digits again.

use crate::formats::json::numbers;
use crate::formats::tape::INTEGER;

/// Writes objects in the place of integers beyond 64 bits. Returns `None` if there are none.
pub(super) fn mark_integers(json: &[u8]) -> Option<Vec<u8>> {
    let (mut marked, mut from) = (Vec::new(), 0);
    for (_, place) in numbers(json) {
        if let Ok(number) = std::str::from_utf8(&json[place.clone()])
            && is_beyond(number)
        {
            marked.extend_from_slice(&json[from..place.start]);
            marked.extend_from_slice(format!("{{\"{INTEGER}\":\"{number}\"}}").as_bytes());
            from = place.end;
        }
    }
    if from == 0 {
        return None;
    }
    marked.extend_from_slice(&json[from..]);
    Some(marked)
}

/// Whether a number is an integer beyond 64 bits, and within the range of doubles.
fn is_beyond(number: &str) -> bool {
    let is_integer = !number.contains(['.', 'e', 'E', '+']);
    is_integer
        && number.parse::<i64>().is_err()
        && number.parse::<u64>().is_err()
        && number.parse().is_ok_and(f64::is_finite)
}

/// Writes the integers themselves in the place of their objects.
pub(super) fn restore_integers(json: &mut String) {
    let (begin, end) = (format!("{{\"{INTEGER}\":\""), "\"}");
    let (mut restored, mut rest) = (String::new(), json.as_str());
    while let Some((before, behind)) = rest.split_once(&begin) {
        let Some((number, after)) = behind.split_once(end) else { break };
        restored.push_str(before);
        restored.push_str(number);
        rest = after;
    }
    if restored.is_empty() {
        return;
    }
    restored.push_str(rest);
    *json = restored;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_beyond_64_bits_have_all_their_digits() {
        let check = |json: &str, has_some: bool| {
            let marked = mark_integers(json.as_bytes());
            assert_eq!(marked.is_some(), has_some, "{json}");
            if let Some(marked) = marked {
                let mut text = String::from_utf8(marked).unwrap();
                assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
                restore_integers(&mut text);
                assert_eq!(text, json);
            }
        };
        check(r#"{"a":18446744073709551616,"b":[-9223372036854775809,1,"18446744073709551616"]}"#, true);
        check(r#"[12345678901234567890123,12345678901234567890124]"#, true);
        check(r#"{"a":18446744073709551615,"b":-9223372036854775808,"c":18446744073709551616.5,"d":1e30}"#, false);
        check(&format!("[{}]", "9".repeat(400)), false);
        check(r#"{"\"18446744073709551616":"\\"}"#, false);
    }
}
