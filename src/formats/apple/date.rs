//! Apple's dates, `2024-09-15 10:07:43 -0500`, to milliseconds UTC.

use crate::formats::payload::date::{number, parse as parse_iso, seconds};

/// Reads a date with time and offset; ISO 8601 is read, too.
pub(in crate::formats) fn parse(text: &str) -> Option<i64> {
    apple(text).or_else(|| parse_iso(text).map(|date| date.ms))
}

/// Reads a date in Apple's own form only.
pub(super) fn apple(text: &str) -> Option<i64> {
    let text: &[u8; 25] = text.as_bytes().try_into().ok()?;
    if [text[4], text[7], text[10], text[13], text[16], text[19]] != *b"-- :: " {
        return None;
    }
    let offset = number(text, 21, 2)? * 60 + number(text, 23, 2)?;
    let offset = match text[20] {
        b'+' => offset,
        b'-' => -offset,
        _ => return None,
    };
    // A leap second is written as 60.
    Some((seconds(text, 60)? - offset * 60) * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let check = |text: &str, expected| assert_eq!(parse(text), expected, "{text}");
        check("1970-01-01 01:00:00 +0100", Some(0));
        check("2024-09-15 10:07:43 -0500", Some(1_726_412_863_000));
        check("2024-09-15 20:37:43 +0530", Some(1_726_412_863_000));
        check("2024-09-15T15:07:43Z", Some(1_726_412_863_000));
        check("2023-02-29 10:07:43 -0500", None);
        check("2024-09-15 10:07:43", None);
        check("2024-09-15 10:07:43 0500x", None);
        check("", None);
    }
}
