//! Integers that JSON has and its parser does not: those beyond 64 bits, and `-0`. While a document is read, a text with a mark
//! stands for each, so that JSON that is kept has it again as it was sent.

/// What such a text begins with: a character of Unicode that no text should have.
const MARK: char = '\u{fdd8}';

/// Whether the parser would change a number.
pub(super) fn is_changed(number: &[u8]) -> bool {
    let digits = number.strip_prefix(b"-").unwrap_or(number);
    let is_integer = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    // Of fewer digits, all are within 64 bits.
    is_integer && (number == b"-0" || digits.len() > 18 && is_beyond(number))
}

fn is_beyond(number: &[u8]) -> bool {
    let text = std::str::from_utf8(number).unwrap_or_default();
    text.parse::<i64>().is_err() && text.parse::<u64>().is_err()
}

/// JSON of the text for a number.
pub(super) fn marked(number: &[u8]) -> Vec<u8> {
    let mut mark = [0; 4];
    [b"\"", MARK.encode_utf8(&mut mark).as_bytes(), number, b"\""].concat()
}

/// The number that a text stands for.
pub(super) fn number_in(text: &str) -> Option<&str> {
    text.strip_prefix(MARK)
}

/// The text, unless it stands for a number.
pub(super) fn text_of(text: &str) -> Option<&str> {
    (!text.starts_with(MARK)).then_some(text)
}

/// Writes the numbers in the place of their texts in JSON.
pub(super) fn restore(json: &mut String) {
    let begin = format!("\"{MARK}");
    let (mut restored, mut rest) = (String::new(), json.as_str());
    while let Some((before, behind)) = rest.split_once(&begin) {
        let Some((number, after)) = behind.split_once('"') else { break };
        restored.push_str(before);
        if is_changed(number.as_bytes()) {
            restored.push_str(number);
        } else {
            restored.extend([&*begin, number, "\""]);
        }
        rest = after;
    }
    if rest.len() < json.len() {
        restored.push_str(rest);
        *json = restored;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_the_parser_would_change() {
        let check = |number: &str, expected: bool| assert_eq!(is_changed(number.as_bytes()), expected, "{number}");
        for number in ["-0", "18446744073709551616", "-9223372036854775809", "123456789012345678901234567890"] {
            check(number, true);
            let mut json = format!("[{},1]", String::from_utf8(marked(number.as_bytes())).unwrap());
            assert!(serde_json::from_str::<serde_json::Value>(&json).unwrap()[0].is_string());
            restore(&mut json);
            assert_eq!(json, format!("[{number},1]"));
        }
        for number in ["0", "-1", "18446744073709551615", "-9223372036854775808", "-0.0", "1e30", "-", ""] {
            check(number, false);
        }
        let mut json = format!("[\"{MARK}5\",\"{MARK}");
        restore(&mut json);
        assert_eq!(json, format!("[\"{MARK}5\",\"{MARK}"));
    }
}
