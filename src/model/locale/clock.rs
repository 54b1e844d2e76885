//! Dates of phones that show twelve hours, or digits of another script, also where a program asked for 24 hours.

use super::calendar::{self, gregorian, is_of_phone};
use super::characters::plain;
use crate::model::limits::DATE_BYTES_MAX;
use crate::model::time::{Date, parse, parse_day, parse_iso};

/// Marks of the hours before noon, in small letters without points and blanks.
const BEFORE_NOON: [&str; 64] = [
    "am",
    "a",
    "上午",
    "午前",
    "오전",
    "凌晨",
    "清晨",
    "早上",
    "ص",
    "صباحا",
    "صباحًا",
    "πμ",
    "προμεσημβρίας",
    "पूर्वाह्न",
    "पूर्व",
    "मपू",
    "सकाळ",
    "পূর্বাহ্ণ",
    "পূর্বাহ্ন",
    "ਪੂਦੁ",
    "முற்பகல்",
    "முப",
    "ಪೂರ್ವಾಹ್ನ",
    "පෙව",
    "ก่อนเที่ยง",
    "ກ່ອນທ່ຽງ",
    "ព្រឹក",
    "နံနက်",
    "قظ",
    "قبلازظهر",
    "قبلدوپہر",
    "לפנה״צ",
    "לפנה\"צ",
    "fm",
    "ap",
    "fh",
    "de",
    "öö",
    "sa",
    "pg",
    "to",
    "дп",
    "проб",
    "преподне",
    "претпладне",
    "претпл",
    "eparadites",
    "ጥዋት",
    "prijepodne",
    "prepodne",
    "dop",
    "dopoldne",
    "dopoledne",
    "priešpiet",
    "priekšp",
    "priekšpusdienā",
    "vm",
    "vorm",
    "yb",
    "rn",
    "pd",
    "damanhã",
    "կա",
    "үө",
];

/// Marks of the hours from noon on, in the same form.
const FROM_NOON: [&str; 62] = [
    "pm",
    "p",
    "下午",
    "午後",
    "오후",
    "م",
    "مساء",
    "مساءً",
    "μμ",
    "μεταμεσημβρίας",
    "अपराह्न",
    "अपर",
    "मउ",
    "संध्याकाळ",
    "অপরাহ্ণ",
    "অপরাহ্ন",
    "ਬਾਦੁ",
    "பிற்பகல்",
    "பிப",
    "ಅಪರಾಹ್ನ",
    "පව",
    "หลังเที่ยง",
    "ຫຼັງທ່ຽງ",
    "ល្ងាច",
    "ညနေ",
    "بظ",
    "بعدازظهر",
    "بعددوپہر",
    "אחה״צ",
    "אחה\"צ",
    "em",
    "ip",
    "eh",
    "du",
    "ös",
    "ch",
    "ptg",
    "tk",
    "пп",
    "слоб",
    "поподне",
    "попладне",
    "попл",
    "epasdites",
    "ከሰዓት",
    "poslijepodne",
    "popodne",
    "odp",
    "odpoledne",
    "pop",
    "popoldne",
    "popiet",
    "pēcp",
    "pēcpusdienā",
    "nm",
    "nachm",
    "yh",
    "in",
    "md",
    "datarde",
    "կհ",
    "үх",
];

/// Reads what [`parse`] reads, and Apple's form on a clock of twelve hours, with the digits of any script or in the Buddhist
/// calendar: `2024-09-15 02:30:00 PM -0500`, `2024-09-15 下午2:30:00 -0500`, `2567-09-15 14:30:00 +0700`. Returns `None` if the
/// half of the day is in an unknown language, and for years that no phone has had.
#[must_use]
pub fn parse_date(text: &str) -> Option<i64> {
    parse(text).filter(|ms| is_of_phone(*ms)).or_else(|| parse_local(text))
}

/// The time that a text means which [`parse`] has read as `ms`: the text may be of another calendar.
#[must_use]
pub fn of_phone(ms: i64, text: &str) -> Option<i64> {
    if is_of_phone(ms) { Some(ms) } else { parse_local(text) }
}

/// Reads what [`parse_iso`] reads, also with a year of the Buddhist calendar. Returns `None` for years that no phone has had.
#[must_use]
pub fn parse_iso_of_phone(text: &str) -> Option<Date> {
    match parse_iso(text) {
        Some(date) if is_of_phone(date.ms) => Some(date),
        _ => parse_other_iso(text),
    }
}

/// Reads such a date if its year is not of the Gregorian calendar. The text says more than the time.
#[cold]
fn parse_other_iso(text: &str) -> Option<Date> {
    let (year, rest) = text.split_at_checked(4)?;
    let year = year.parse().ok()?;
    let gregorian = gregorian(year).filter(|gregorian| *gregorian != year)?;
    let date = parse_iso(&format!("{gregorian:04}{rest}")).filter(|date| is_of_phone(date.ms))?;
    Some(Date { is_exact: false, ..date })
}

/// The day that a text such as `2567-09-15` means, in the Gregorian calendar. `None` for what is not a day, and if the year has
/// several readings.
#[must_use]
pub fn day_of_phone(text: &str) -> Option<String> {
    let text = plain(text);
    let text = text.trim();
    match text.split_at_checked(4).and_then(|(year, rest)| Some((year.parse::<i64>().ok()?, rest))) {
        Some((year, rest)) if text.len() == 10 && rest.starts_with('-') => {
            // Days have no year of the distant past or future.
            let year = gregorian(year).filter(|_| unclear_year(text).is_none())?;
            Some(format!("{year:04}{rest}")).filter(|day| parse_day(day).is_some())
        }
        _ => None,
    }
}

/// Which years a date may mean, if that is why it is not read.
#[must_use]
pub fn unclear_year(text: &str) -> Option<String> {
    let text = plain(text);
    let (year, _) = text.trim().split_once('-')?;
    calendar::unclear_year(year.parse().ok().filter(|_| year.len() == 4)?)
}

#[cold]
fn parse_local(text: &str) -> Option<i64> {
    if text.len() > DATE_BYTES_MAX {
        return None;
    }
    let text = plain(text);
    let (year, rest) = text.trim().split_at_checked(4)?;
    let text = format!("{:04}{rest}", gregorian(year.parse().ok()?)?);
    parse(&text).or_else(|| parse_loose(&text)).filter(|ms| is_of_phone(*ms))
}

/// Reads a date and a time with other separators, with another form of the offset, or with a mark of the day's half.
fn parse_loose(text: &str) -> Option<i64> {
    let (day, rest) = text.split_at_checked(10)?;
    let day = day.replace(['/', '.'], "-");
    parse_day(&day)?;
    let start = rest.find(|next: char| next.is_ascii_digit())?;
    let (before, rest) = rest.split_at(start);
    let end = rest.find(|next: char| !next.is_ascii_digit() && next != ':' && next != '.').unwrap_or(rest.len());
    let (clock, rest) = rest.split_at(end);
    let (after, offset) = split_offset(rest)?;
    // Behind `p.m` no point is part of the time.
    let clock = clock.trim_end_matches('.');
    let clock = if clock.contains(':') { clock.to_owned() } else { clock.replace('.', ":") };
    let (hour, minutes) = clock.split_once(':')?;
    let mark = [before.strip_prefix('T').unwrap_or(before), after].concat();
    let hour = hour.parse::<u32>().ok()?;
    let half = if is_no_mark(&mark) { None } else { Some(half_of_day(&mark, hour)?) };
    let hour = match (hour, half) {
        // With one digit, it may be of twelve hours without their mark.
        (hour @ 0..=23, None) if clock.find(':') == Some(2) => hour,
        (hour @ 0..=12, Some(half)) => hour % 12 + half,
        // Both clocks at once, if they agree.
        (hour @ 13..=23, Some(12)) => hour,
        _ => return None,
    };
    let minutes = if minutes.contains(':') { minutes.to_owned() } else { [minutes, ":00"].concat() };
    parse_iso(&format!("{day}T{hour:02}:{minutes}{offset}")).map(|date| date.ms)
}

/// What is before an offset, and the offset in the form of ISO 8601: of `+02`, `+02:00`, `GMT+2`, `UTC`, `Z`.
fn split_offset(text: &str) -> Option<(&str, String)> {
    let text = text.trim_end();
    let (before, offset) = text.rfind(['+', '-', 'Z']).map_or((text, ""), |at| text.split_at(at));
    let zone = ["UTC", "GMT"].iter().find_map(|name| before.trim_end().strip_suffix(name));
    let before = zone.unwrap_or(before);
    let hours = offset.get(1..).unwrap_or_default();
    let offset = match offset.get(..1) {
        None => zone.map(|_| "Z".to_owned())?,
        Some(sign @ ("+" | "-")) if matches!(hours.len(), 1 | 2) => format!("{sign}{hours:0>2}:00"),
        Some(_) => offset.to_owned(),
    };
    Some((before, offset))
}

/// Whether what is beside a time only separates it.
fn is_no_mark(beside: &str) -> bool {
    beside.chars().all(|next| next.is_whitespace() || next == ',')
}

/// Hours that a mark adds to an hour.
fn half_of_day(mark: &str, hour: u32) -> Option<u32> {
    let mark: String = mark.chars().filter(|next| !next.is_whitespace() && *next != '.' && *next != ',').collect();
    let mark = mark.to_lowercase();
    match (&*mark, hour) {
        // Noon, and the evening.
        ("中午", 11) => return Some(0),
        ("中午", 1 | 12..=13) | ("晚上", 6..=11 | 18..=23) => return Some(12),
        _ => {}
    }
    if FROM_NOON.contains(&&*mark) { Some(12) } else { BEFORE_NOON.contains(&&*mark).then_some(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_of_twelve_hours() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(parse_date(text), expected.map(|text| parse_iso(text).unwrap().ms), "{text:?}");
        };
        check("2024-09-15 10:07:43 -0500", Some("2024-09-15T15:07:43Z"));
        check("2024-09-15 10:07:43 AM -0500", Some("2024-09-15T15:07:43Z"));
        check("2024-09-15 3:07:43\u{202f}pm +0000", Some("2024-09-15T15:07:43Z"));
        check("2024-09-15 3:07:43\u{a0}p.\u{a0}m. +0000", Some("2024-09-15T15:07:43Z"));
        check("2024-09-15 3:07:43PM+00:00", Some("2024-09-15T15:07:43Z"));
        check("2024-09-15 3:07 PM Z", Some("2024-09-15T15:07:00Z"));
        check("2024-09-15T3:07:43 PMZ", Some("2024-09-15T15:07:43Z"));
        check("2024-09-15T03:07:43 p.\u{a0}m. +0100", Some("2024-09-15T14:07:43Z"));
        check("2024-09-15T下午3:07:43Z", Some("2024-09-15T15:07:43Z"));
        check("2024-09-15T3:07:43Z", None);
        check("2024-09-15 3:07:43.5 PM +0000", Some("2024-09-15T15:07:43.5Z"));
        check("2024-09-15 12:07:43 AM +0000", Some("2024-09-15T00:07:43Z"));
        check("2024-09-15 12:07:43 PM +0000", Some("2024-09-15T12:07:43Z"));
        check("2024-09-15 午後0:07:43 +0900", Some("2024-09-15T03:07:43Z"));
        check("2024-09-15 15:07:43 PM +0000", Some("2024-09-15T15:07:43Z"));
        check("2024-09-15 下午3:07:43 +0000", Some("2024-09-15T15:07:43Z"));
        check("2024-09-15 오전 3:07:43 +0000", Some("2024-09-15T03:07:43Z"));
        check("2024-09-15 中午12:07:43 +0000", Some("2024-09-15T12:07:43Z"));
        check("2024-09-15 中午11:07:43 +0000", Some("2024-09-15T11:07:43Z"));
        check("2024-09-15 晚上9:07:43 +0000", Some("2024-09-15T21:07:43Z"));
        check("2024-09-15 晚上12:07:43 +0000", None);
        check("2024-09-15 3:07:43 popoldne +0000", Some("2024-09-15T15:07:43Z"));
        check("2024-09-15 3:07:43 μ.μ. +0000", Some("2024-09-15T15:07:43Z"));
        check("2024-09-15 3:07:43 अपराह्न +0000", Some("2024-09-15T15:07:43Z"));
        check("\u{200f}٢٠٢٤-٠٩-١٥ ٣:٠٧:٤٣\u{a0}م +٠٠٠٠", Some("2024-09-15T15:07:43Z"));
        check("٢٠٢٤-٠٩-١٥ ١٥:٠٧:٤٣ +0300", Some("2024-09-15T12:07:43Z"));
        check("2024-09-15 3:07:43 PM \u{2212}0500", Some("2024-09-15T20:07:43Z"));
        check("2567-09-15 22:07:43 +0700", Some("2024-09-15T15:07:43Z"));
        check("2567-02-29 22:07:43 +0700", Some("2024-02-29T15:07:43Z"));
        check("๒๕๖๗-๐๙-๑๕ 3:07:43 หลังเที่ยง +0000", Some("2024-09-15T15:07:43Z"));
        check("4543-12-31 19:00:00 -0500", Some("4001-01-01T00:00:00Z"));
        check("0006-09-15 15:07:43 +0900", None);
        check("1447-09-15 15:07:43 +0300", None);
        check("2300-09-15 15:07:43 +0000", None);
        check("2024-09-15 15:07:43 AM +0000", None);
        check("2024-09-15 24:07:43 PM +0000", None);
        check("2024-09-15 3:07:43 XM +0000", None);
        check("2024-09-15 3:07:43 AM PM +0000", None);
        check("2024-09-15 AM 3:07:43 PM +0000", None);
        check("2024-09-15 3:07:43 +0000", None);
        check("2024-09-15 3:07:43 PM", None);
        check("2024-09-15 3:61:43 PM +0000", None);
        check("2024-09-31 3:07:43 PM +0000", None);
        check("PM", None);
        check("", None);
        check(&"下".repeat(DATE_BYTES_MAX), None);
    }

    #[test]
    fn other_separators_and_offsets() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(parse_date(text), expected.map(|text| parse_iso(text).unwrap().ms), "{text:?}");
        };
        let same = Some("2024-09-15T13:07:43Z");
        check("2024-09-15 15:07:43 +02:00", same);
        check("2024-09-15 15:07:43+02", same);
        check("2024-09-15 15:07:43 GMT+2", same);
        check("2024-09-15 15:07:43 (+0200)", None);
        check("2024-09-15  15:07:43\t+0200", same);
        check("2024-09-15\u{3000}15:07:43\u{2009}+0200", same);
        check("2024-09-15, 15:07:43 +0200", same);
        check("2024/09/15 15:07:43 +0200", same);
        check("2024.09.15 15.07.43 +0200", same);
        check("2024-09-15 3.07.43 ip. +0200", same);
        check("2024/09/15 下午3:07:43 +02:00", same);
        check("2024-09-15 13:07:43 UTC", same);
        check("2024-09-15 13:07:43 GMT", same);
        check("2024-09-15 13:07:43 Z", same);
        check("2024-09-15 15:07:43.500 +0200", Some("2024-09-15T13:07:43.500Z"));
        check("2024-09-15 15:07 +0200", Some("2024-09-15T13:07:00Z"));
        check("2024-09-15 15:07:43", None);
        check("2024-09-15 +0200", None);
        check("15.09.2024 15:07:43 +0200", None);
        check("09/15/2024 15:07:43 +0200", None);
        check("2024-09-15 15:07:43 CET", None);
    }

    #[test]
    fn dates_of_the_app() {
        let check = |text: &str, expected: Option<(&str, bool)>| {
            let found = parse_iso_of_phone(text).map(|date| (date.ms, date.is_exact));
            let expected = expected.map(|(text, is_exact)| (parse_iso(text).unwrap().ms, is_exact));
            assert_eq!(found, expected, "{text}");
        };
        check("2024-09-15T15:07:43.250Z", Some(("2024-09-15T15:07:43.250Z", true)));
        check("2567-09-15T15:07:43.250Z", Some(("2024-09-15T15:07:43.250Z", false)));
        check("2567-02-29T15:07:43Z", Some(("2024-02-29T15:07:43Z", false)));
        check("2567-09-15T15:07:43+07:00", Some(("2024-09-15T08:07:43Z", false)));
        check("0001-01-01T00:00:00.000Z", Some(("0001-01-01T00:00:00.000Z", true)));
        check("4001-01-01T00:00:00.000Z", Some(("4001-01-01T00:00:00.000Z", true)));
        check("0006-09-15T15:07:43.250Z", None);
        check("1445-09-15T15:07:43.250Z", None);
        check("2300-09-15T15:07:43.250Z", None);
        check("2567-02-30T15:07:43Z", None);
        check("2024-02-30T15:07:43Z", None);
        check("2567", None);
        check("", None);
    }

    #[test]
    fn days() {
        let check = |text: &str, expected: Option<&str>| assert_eq!(day_of_phone(text).as_deref(), expected, "{text}");
        check("2026-09-15", Some("2026-09-15"));
        check("2569-09-15", Some("2026-09-15"));
        check("2567-02-29", Some("2024-02-29"));
        check("٢٠٢٤-٠٩-١٥", Some("2024-09-15"));
        check("2026-13-45", None);
        check("2026-02-29", None);
        check("0008-09-15", None);
        check("0001-01-01", None);
        check("2026-09-15 10:00:00 +0000", None);
        check("today", None);
        check("", None);
    }

    #[test]
    fn each_mark_is_on_one_side_of_noon() {
        let day = "2026-08-06";
        for (marks, hour) in [(&BEFORE_NOON[..], 1), (&FROM_NOON[..], 13)] {
            for mark in marks {
                let expected = parse_iso(&format!("{day}T{hour:02}:06:40Z"));
                for text in
                    [format!("{day} 1:06:40 {mark} +0000"), format!("{day} {}1:06:40 +0000", mark.to_uppercase())]
                {
                    assert_eq!(parse_date(&text), expected.map(|date| date.ms), "{text}");
                }
            }
        }
    }
}
