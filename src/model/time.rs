//! Dates of every exporter to milliseconds since 1970-01-01 UTC, and back. This file reads no clock.
//!
//! The calendar is proleptic Gregorian. The two forms that come in millions are read directly, all others by jiff.

use std::str::FromStr;

use jiff::fmt::temporal::Pieces;

/// A minute in milliseconds.
pub const MINUTE_MS: i64 = 60 * 1000;
/// An hour in milliseconds.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// A day of 24 hours in milliseconds.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// A date that was read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Date {
    /// Milliseconds since 1970-01-01 UTC, rounded down.
    pub ms: i64,
    /// Whether `ms` says all that the text says: its offset is UTC, its fraction has no more than three digits.
    pub is_exact: bool,
}

/// Reads an ISO 8601 date with a time and an offset or `Z`. The app writes `2026-02-26T08:30:00.123Z`.
#[must_use]
pub fn parse_iso(text: &str) -> Option<Date> {
    if let Some(ms) = parse_utc_ms(text.as_bytes()) {
        return Some(Date { ms, is_exact: true });
    }
    let timestamp = jiff::Timestamp::from_str(text).ok()?;
    let offset = Pieces::parse(text).ok()?.to_numeric_offset()?;
    if !is_offset_s(i64::from(offset.seconds())) {
        return None;
    }
    let ms = timestamp.as_nanosecond().div_euclid(1_000_000);
    let is_utc = text.ends_with(['Z', 'z']);
    // A leap second is written as 60, which jiff reads as 59.
    let leap_ms = if text.get(17..19) == Some("60") && text.as_bytes()[16] == b':' { 1000 } else { 0 };
    let is_exact = is_utc && leap_ms == 0 && timestamp.subsec_nanosecond() % 1_000_000 == 0;
    Some(Date { ms: i64::try_from(ms).ok()? + leap_ms, is_exact })
}

/// Reads Apple's form: `2024-09-15 10:07:43 -0500`.
#[must_use]
pub fn parse_apple(text: &str) -> Option<i64> {
    let text: &[u8; 25] = text.as_bytes().try_into().ok()?;
    let (sign, form) = match text[20] {
        b'+' => (1, b"0000-00-00 00:00:00 +0000"),
        b'-' => (-1, b"0000-00-00 00:00:00 -0000"),
        _ => return None,
    };
    let digits = digits(text, form)?;
    let minutes = two(&digits, 23);
    let offset_s = sign * i64::from((two(&digits, 21) * 60 + minutes) * 60);
    if minutes > 59 || !is_offset_s(offset_s) {
        return None;
    }
    // A leap second is written as 60.
    Some((seconds(&digits, 60)? - offset_s) * 1000)
}

/// Reads Apple's form, or ISO 8601.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    parse_apple(text).or_else(|| parse_iso(text).map(|date| date.ms))
}

/// Reads a day, `2024-09-15`, as its first moment in UTC.
#[must_use]
pub fn parse_day(text: &str) -> Option<i64> {
    let text: &[u8; 10] = text.as_bytes().try_into().ok()?;
    Some(day(&digits(text, b"0000-00-00")?)? * DAY_MS)
}

/// The form that the app writes: `2024-09-15T15:07:43.000Z`. Empty outside of the years -9999 to 9999.
#[must_use]
pub fn to_iso(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map(|time| format!("{time:.3}")).unwrap_or_default()
}

/// Writes the same form to bytes; nothing outside of the years 0 to 9999.
pub fn push_iso(ms: i64, out: &mut Vec<u8>) {
    let (day, of_day) = (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS));
    let Some((year, month, day)) = civil(day) else {
        return;
    };
    let mut text = *b"0000-00-00T00:00:00.000Z";
    let mut put = |at: usize, digits: usize, mut number: i64| {
        for place in (at..at + digits).rev() {
            text[place] = b'0' + u8::try_from(number % 10).unwrap_or(0);
            number /= 10;
        }
    };
    put(0, 4, year);
    put(5, 2, month);
    put(8, 2, day);
    put(11, 2, of_day / 3_600_000);
    put(14, 2, of_day / 60_000 % 60);
    put(17, 2, of_day / 1000 % 60);
    put(20, 3, of_day % 1000);
    out.extend_from_slice(&text);
}

/// Year, month and day of days since 1970-01-01, by Howard Hinnant's `civil_from_days`; `None` outside of the years 0 to 9999.
fn civil(days: i64) -> Option<(i64, i64, i64)> {
    if !(-719_528..2_932_897).contains(&days) {
        return None;
    }
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    Some((year_of_era + era * 400 + i64::from(month <= 2), month, day))
}

/// The same in whole seconds, for people: `2024-09-15T15:07:43Z`.
#[must_use]
pub fn to_iso_seconds(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map(|time| format!("{time:.0}")).unwrap_or_default()
}

/// Reads exactly `YYYY-MM-DDTHH:mm:ss.sssZ`.
fn parse_utc_ms(text: &[u8]) -> Option<i64> {
    let text: &[u8; 24] = text.try_into().ok()?;
    let digits = digits(text, b"0000-00-00T00:00:00.000Z")?;
    Some(seconds(&digits, 59)? * 1000 + i64::from(10 * two(&digits, 20) + u32::from(digits[22])))
}

/// Whether clocks of some place differ from UTC by so many seconds.
fn is_offset_s(seconds: i64) -> bool {
    (-12 * 60 * 60..=14 * 60 * 60).contains(&seconds)
}

/// The digits of a text of this form, in which `0` stands for each digit, at their places. All bytes are looked at together: byte
/// by byte, a date takes half as long again.
#[inline]
fn digits<const N: usize>(text: &[u8; N], form: &[u8; N]) -> Option<[u8; N]> {
    let mut digits = [0; N];
    let mut is_other = 0;
    for place in 0..N {
        let digit = text[place] ^ form[place];
        digits[place] = digit;
        is_other |= u8::from(digit > if form[place] == b'0' { 9 } else { 0 });
    }
    (is_other == 0).then_some(digits)
}

/// The number of two digits.
#[inline]
fn two(digits: &[u8], at: usize) -> u32 {
    u32::from(digits[at] * 10 + digits[at + 1])
}

/// Seconds since 1970-01-01 of a date and a time, as if they were UTC.
#[inline]
fn seconds<const N: usize>(digits: &[u8; N], second_max: u32) -> Option<i64> {
    let (day, hour, minute, second) = (day(digits)?, two(digits, 11), two(digits, 14), two(digits, 17));
    let is_time = hour <= 23 && minute <= 59 && second <= second_max;
    is_time.then_some(day * (24 * 60 * 60) + i64::from((hour * 60 + minute) * 60 + second))
}

/// Days since 1970-01-01 of a date.
#[inline]
fn day<const N: usize>(digits: &[u8; N]) -> Option<i64> {
    let (year, month, day) = (two(digits, 0) * 100 + two(digits, 2), two(digits, 5), two(digits, 8));
    let is_day = (1..=12).contains(&month) && day >= 1 && (day <= 28 || day <= days_of(year, month));
    is_day.then(|| days_from_epoch(year, month, day))
}

fn days_of(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01, by Howard Hinnant's `days_from_civil`; years 0 to 9999.
#[inline]
fn days_from_epoch(year: u32, month: u32, day: u32) -> i64 {
    // Years begin in March, and are 400 more than they are, so that none is negative.
    let (year, month) = if month > 2 { (year + 400, month - 3) } else { (year + 399, month + 9) };
    let century = year / 100;
    let days = year * 365 + year / 4 - century + century / 4 + (153 * month + 2) / 5 + day;
    i64::from(days) - 1 - 146_097 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn iso_dates() {
        let check = |text: &str, expected: Option<(i64, bool)>| {
            assert_eq!(parse_iso(text).map(|date| (date.ms, date.is_exact)), expected, "{text}");
        };
        check("1970-01-01T00:00:00.000Z", Some((0, true)));
        check("2026-02-26T08:30:00.123Z", Some((1_772_094_600_123, true)));
        check("2024-02-29T23:59:59.999Z", Some((1_709_251_199_999, true)));
        check("1969-12-31T23:59:59.999Z", Some((-1, true)));
        check("2026-02-26T08:30:00Z", Some((1_772_094_600_000, true)));
        check("2026-02-26T09:30:00+01:00", Some((1_772_094_600_000, false)));
        check("2026-02-26T22:30:00.000+14:00", Some((1_772_094_600_000, false)));
        check("2026-02-26T08:30:00+14:01", None);
        check("2026-02-26T08:30:00-12:01", None);
        check("2026-02-26T08:30:00+25:59", None);
        check("2026-02-26T08:30:00-2400", None);
        check("2026-02-26T08:30:00+9999", None);
        check("2026-02-26T08:30:00.1234Z", Some((1_772_094_600_123, false)));
        check("1969-12-31T23:59:59.9995Z", Some((-1, false)));
        check("1969-12-31T23:59:60.000Z", Some((0, false)));
        check("1969-12-31T23:59:60Z", Some((0, false)));
        check("1970-01-01T00:59:60+01:00", Some((0, false)));
        check("2023-02-29T00:00:00.000Z", None);
        check("2026-02-26T08:30:00", None);
        check("2026-13-01T00:00:00.000Z", None);
        check("2026-02-26T24:00:00.000Z", None);
        check("yesterday", None);
        check("", None);
    }

    #[test]
    fn apples_dates() {
        let check = |text: &str, expected| assert_eq!(parse(text), expected, "{text}");
        check("1970-01-01 01:00:00 +0100", Some(0));
        check("2024-09-15 10:07:43 -0500", Some(1_726_412_863_000));
        check("2024-09-15 20:37:43 +0530", Some(1_726_412_863_000));
        check("1969-12-31 23:59:60 +0000", Some(0));
        check("2024-09-15T15:07:43Z", Some(1_726_412_863_000));
        check("2023-02-29 10:07:43 -0500", None);
        check("2024-09-15 10:07:43", None);
        check("2024-09-16 05:07:43 +1400", Some(1_726_412_863_000));
        check("2024-09-15 03:07:43 -1200", Some(1_726_412_863_000));
        for offset in ["+1401", "-1201", "+0560", "+2559", "-2400", "+9999"] {
            check(&format!("2024-09-15 10:07:43 {offset}"), None);
        }
        check("2024-09-15 10:07:43 0500x", None);
        check("", None);
    }

    #[test]
    fn days() {
        let check = |text: &str, expected| assert_eq!(parse_day(text), expected, "{text}");
        check("1970-01-02", Some(86_400_000));
        check("2024-02-30", None);
        check("2024/02/20", None);
        check("2024-02-2", None);
    }

    #[test]
    fn printed_dates() {
        assert_eq!(to_iso(1_726_412_863_005), "2024-09-15T15:07:43.005Z");
        assert_eq!(to_iso_seconds(1_726_412_863_005), "2024-09-15T15:07:43Z");
        assert_eq!(to_iso(i64::MAX), "");
    }

    proptest! {
        #[test]
        fn the_direct_way_agrees_with_jiff(ms in -62_135_596_800_000_i64..253_402_207_200_000) {
            let text = to_iso(ms);
            prop_assert_eq!(text.len(), 24);
            let mut pushed = Vec::new();
            push_iso(ms, &mut pushed);
            prop_assert_eq!(&pushed, text.as_bytes());
            prop_assert_eq!(parse_utc_ms(text.as_bytes()), Some(ms));
        }

        #[test]
        fn jiff_reads_the_same_as_the_direct_way(text in "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\\.[0-9]{3}Z") {
            if let Some(ms) = parse_utc_ms(text.as_bytes()) {
                prop_assert_eq!(jiff::Timestamp::from_str(&text).unwrap().as_millisecond(), ms);
            }
        }
    }
}
