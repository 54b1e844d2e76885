//! Milliseconds since 1970 as text, by hand: the formatter would be half of the cost of a sample.
//!
//! Proleptic Gregorian, years 0 to 9999, no leap seconds, as HealthKit and JavaScript count.

pub(crate) const SECOND_MS: i64 = 1000;
pub(crate) const MINUTE_MS: i64 = 60 * SECOND_MS;
pub(crate) const HOUR_MS: i64 = 60 * MINUTE_MS;
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;

/// 2016-02-26T00:00:00.000Z: a few days before a leap day, and ten years of data end before today.
pub const START_MS_DEFAULT: i64 = 1_456_444_800_000;

/// `2016-02-29T23:59:59.999Z`, as `Date.toISOString` writes it.
pub(crate) fn push_iso(out: &mut Vec<u8>, ms: i64) {
    let mut text = *b"0000-00-00T00:00:00.000Z";
    put_day(&mut text, ms);
    put_time(&mut text, ms);
    let millis = small(ms.rem_euclid(SECOND_MS));
    text[20] = digit(millis / 100);
    put_two(&mut text, 21, millis % 100);
    out.extend_from_slice(&text);
}

/// `2016-02-29T23:59:59Z`, as GPX files have it.
pub(crate) fn push_iso_seconds(out: &mut Vec<u8>, ms: i64) {
    push_iso(out, ms);
    out.truncate(out.len() - 5);
    out.push(b'Z');
}

/// `2016-02-29`, in UTC.
pub(crate) fn push_day(out: &mut Vec<u8>, ms: i64) {
    let mut text = *b"0000-00-00";
    put_day(&mut text, ms);
    out.extend_from_slice(&text);
}

/// `2024-09-15 10:07:43 -0500`, as Apple's export writes it: the phone's offset, cut to the second.
pub(crate) fn push_local(out: &mut Vec<u8>, ms: i64, offset_minutes: i64) {
    let mut text = *b"0000-00-00 00:00:00 +0000";
    let local = ms + offset_minutes * MINUTE_MS;
    put_day(&mut text, local);
    put_time(&mut text, local);
    if offset_minutes < 0 {
        text[20] = b'-';
    }
    let minutes = small(offset_minutes.abs());
    put_two(&mut text, 21, minutes / 60);
    put_two(&mut text, 23, minutes % 60);
    out.extend_from_slice(&text);
}

/// The start of a day given as `YYYY-MM-DD`; `None` if the day does not exist.
#[must_use]
pub fn day_ms(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, '-');
    let mut next = || parts.next()?.parse::<u32>().ok();
    let (year, month, day) = (next()?, next()?, next()?);
    let well_formed = text.len() == 10 && (1..=12).contains(&month) && day >= 1;
    if !well_formed {
        return None;
    }
    // Counting from March makes the leap day the last of its year.
    let (shifted_year, shifted_month) =
        if month > 2 { (i64::from(year), i64::from(month) - 3) } else { (i64::from(year) - 1, i64::from(month) + 9) };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let ms = (era * 146_097 + day_of_era - 719_468) * DAY_MS;
    // A 31st of April comes out as another day.
    let mut back = Vec::with_capacity(10);
    push_day(&mut back, ms);
    (back == text.as_bytes()).then_some(ms)
}

fn put_day(text: &mut [u8], ms: i64) {
    let days = ms.div_euclid(DAY_MS) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let (month, carry) = if shifted_month < 10 { (shifted_month + 3, 0) } else { (shifted_month - 9, 1) };
    let year = small(era * 400 + year_of_era + carry);
    put_two(text, 0, year / 100);
    put_two(text, 2, year % 100);
    put_two(text, 5, small(month));
    put_two(text, 8, small(day));
}

fn put_time(text: &mut [u8], ms: i64) {
    let second = small(ms.rem_euclid(DAY_MS) / SECOND_MS);
    put_two(text, 11, second / 3600);
    put_two(text, 14, second / 60 % 60);
    put_two(text, 17, second % 60);
}

fn put_two(text: &mut [u8], at: usize, number: u32) {
    text[at] = digit(number / 10);
    text[at + 1] = digit(number % 10);
}

fn digit(number: u32) -> u8 {
    b'0' + (number % 10) as u8
}

#[expect(clippy::cast_possible_truncation, reason = "a field of a date within the years that this module writes")]
fn small(number: i64) -> u32 {
    number as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(push: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        push(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn iso() {
        for (ms, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (START_MS_DEFAULT, "2016-02-26T00:00:00.000Z"),
            (1_456_790_399_999, "2016-02-29T23:59:59.999Z"),
            (1_456_790_400_000, "2016-03-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_677_628_799_007, "2023-02-28T23:59:59.007Z"),
            (1_677_628_800_000, "2023-03-01T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (1_735_689_599_090, "2024-12-31T23:59:59.090Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(text(|out| push_iso(out, ms)), expected);
        }
    }

    #[test]
    fn local_and_gpx() {
        let ms = 1_726_412_863_987;
        assert_eq!(text(|out| push_local(out, ms, -300)), "2024-09-15 10:07:43 -0500");
        assert_eq!(text(|out| push_local(out, ms, 330)), "2024-09-15 20:37:43 +0530");
        assert_eq!(text(|out| push_local(out, 0, -60)), "1969-12-31 23:00:00 -0100");
        assert_eq!(text(|out| push_iso_seconds(out, ms)), "2024-09-15T15:07:43Z");
    }

    #[test]
    fn days() {
        for (day, expected) in [
            ("1970-01-01", Some(0)),
            ("2016-02-26", Some(START_MS_DEFAULT)),
            ("2016-02-29", Some(1_456_704_000_000)),
            ("2015-02-29", None),
            ("2100-02-29", None),
            ("2024-04-31", None),
            ("2024-13-01", None),
            ("2024-1-1", None),
            ("yesterday", None),
        ] {
            assert_eq!(day_ms(day), expected, "{day}");
        }
    }
}
