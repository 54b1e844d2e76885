//! ISO 8601 dates to milliseconds UTC: the one form that the app writes is read directly, any other by jiff.

use std::str::FromStr;

/// A date that was read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Date {
    /// Milliseconds since 1970-01-01 UTC, rounded down.
    pub(crate) ms: i64,
    /// Whether the text says no more than `ms` does: no offset, no finer fraction.
    pub(crate) is_exact: bool,
}

/// Reads a date with a time and an offset or `Z`.
pub(crate) fn parse(text: &str) -> Option<Date> {
    if let Some(ms) = parse_utc_ms(text.as_bytes()) {
        return Some(Date { ms, is_exact: true });
    }
    let timestamp = jiff::Timestamp::from_str(text).ok()?;
    let ms = timestamp.as_nanosecond().div_euclid(1_000_000);
    let is_utc = text.ends_with(['Z', 'z']);
    Some(Date { ms: i64::try_from(ms).ok()?, is_exact: is_utc && timestamp.subsec_nanosecond() % 1_000_000 == 0 })
}

/// Reads exactly `YYYY-MM-DDTHH:mm:ss.sssZ`.
fn parse_utc_ms(text: &[u8]) -> Option<i64> {
    let text: &[u8; 24] = text.try_into().ok()?;
    let separators = [text[4], text[7], text[10], text[13], text[16], text[19], text[23]];
    if separators != *b"--T::.Z" {
        return None;
    }
    Some(seconds(text, 59)? * 1000 + number(text, 20, 3)?)
}

/// Seconds since 1970-01-01 of a date and time that a text begins with, 19 bytes with any separators, as if it were UTC.
pub(crate) fn seconds(text: &[u8], second_max: i64) -> Option<i64> {
    let (year, month, day) = (number(text, 0, 4)?, number(text, 5, 2)?, number(text, 8, 2)?);
    let (hour, minute, second) = (number(text, 11, 2)?, number(text, 14, 2)?, number(text, 17, 2)?);
    if !(1..=12).contains(&month) || day < 1 || day > days_of(year, month) {
        return None;
    }
    if hour > 23 || minute > 59 || second > second_max {
        return None;
    }
    Some(((days_from_epoch(year, month, day) * 24 + hour) * 60 + minute) * 60 + second)
}

/// A number of so many digits at a place of a text.
pub(crate) fn number(text: &[u8], from: usize, digits: usize) -> Option<i64> {
    text.get(from..from + digits)?.iter().try_fold(0, |sum, digit| {
        let digit = digit.wrapping_sub(b'0');
        (digit < 10).then(|| sum * 10 + i64::from(digit))
    })
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01, by Howard Hinnant's `days_from_civil`; years 0 to 9999.
fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dates() {
        let check = |text: &str, expected: Option<(i64, bool)>| {
            assert_eq!(parse(text).map(|date| (date.ms, date.is_exact)), expected, "{text}");
        };
        check("1970-01-01T00:00:00.000Z", Some((0, true)));
        check("2026-02-26T08:30:00.123Z", Some((1_772_094_600_123, true)));
        check("2024-02-29T23:59:59.999Z", Some((1_709_251_199_999, true)));
        check("1969-12-31T23:59:59.999Z", Some((-1, true)));
        check("2026-02-26T08:30:00Z", Some((1_772_094_600_000, true)));
        check("2026-02-26T09:30:00+01:00", Some((1_772_094_600_000, false)));
        check("2026-02-26T08:30:00.1234Z", Some((1_772_094_600_123, false)));
        check("1969-12-31T23:59:59.9995Z", Some((-1, false)));
        check("2023-02-29T00:00:00.000Z", None);
        check("2026-02-26T08:30:00", None);
        check("2026-13-01T00:00:00.000Z", None);
        check("2026-02-26T24:00:00.000Z", None);
        check("yesterday", None);
        check("", None);
    }

    proptest! {
        #[test]
        fn the_direct_way_agrees_with_jiff(ms in -62_135_596_800_000_i64..253_402_207_200_000) {
            let timestamp = jiff::Timestamp::from_millisecond(ms).unwrap();
            let text = format!("{timestamp:.3}");
            prop_assert_eq!(text.len(), 24);
            prop_assert_eq!(parse_utc_ms(text.as_bytes()), Some(ms));
        }

        #[test]
        fn what_the_direct_way_reads_jiff_reads_alike(text in "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\\.[0-9]{3}Z") {
            if let Some(ms) = parse_utc_ms(text.as_bytes()) {
                prop_assert_eq!(jiff::Timestamp::from_str(&text).unwrap().as_millisecond(), ms);
            }
        }
    }
}
