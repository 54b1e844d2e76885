//! Apple's dates, `2024-09-15 10:07:43 -0500`, to milliseconds UTC.

use crate::decode::date::{days_from_epoch, days_of, parse as parse_iso};

/// Reads a date with time and offset; ISO 8601 is read, too.
pub(in crate::import) fn parse(text: &str) -> Option<i64> {
    direct(text.as_bytes()).or_else(|| parse_iso(text).map(|date| date.ms))
}

fn direct(text: &[u8]) -> Option<i64> {
    let text: &[u8; 25] = text.try_into().ok()?;
    if [text[4], text[7], text[10], text[13], text[16], text[19]] != *b"-- :: " {
        return None;
    }
    let number = |from: usize, digits: usize| -> Option<i64> {
        text[from..from + digits].iter().try_fold(0, |sum, digit| {
            let digit = digit.wrapping_sub(b'0');
            (digit < 10).then(|| sum * 10 + i64::from(digit))
        })
    };
    let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
    let offset = number(21, 2)? * 60 + number(23, 2)?;
    let offset = match text[20] {
        b'+' => offset,
        b'-' => -offset,
        _ => return None,
    };
    if !(1..=12).contains(&month) || day < 1 || day > days_of(year, month) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    Some((((days_from_epoch(year, month, day) * 24 + hour) * 60 + minute - offset) * 60 + second) * 1000)
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
