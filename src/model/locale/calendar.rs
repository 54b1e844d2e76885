//! Years of the calendars that a phone may have besides the Gregorian one: the Buddhist and the Japanese.
//!
//! A year of the Buddhist calendar has one reading. One of the Japanese calendar counts from the beginning of an era that the
//! date does not name. Years of other calendars are unknown here.

use std::ops::Range;

/// Years of the Gregorian calendar in which somebody's health is recorded.
const YEARS: Range<i64> = 1800..2200;

/// The same in milliseconds since 1970-01-01 UTC.
const YEARS_MS: Range<i64> = -5_364_662_400_000..7_258_118_400_000;

/// What Apple writes for "always before" and "never": 0001-01-01 and 4001-01-01 in UTC, each with a day around it.
const DISTANT_MS: [Range<i64>; 2] = [-62_135_683_200_000..-62_135_510_400_000, 64_092_124_800_000..64_092_297_600_000];
const DISTANT_YEARS: [i64; 4] = [0, 1, 4000, 4001];

/// By how much a year of the Buddhist calendar is later.
const BUDDHIST: i64 = 543;

/// The year before the first of each Japanese era, and how many years it had. The last goes on.
const ERAS: [(i64, i64); 3] = [(2018, 64), (1988, 31), (1925, 64)];

/// Whether a phone may have had this time.
pub(super) fn is_of_phone(ms: i64) -> bool {
    YEARS_MS.contains(&ms) || DISTANT_MS.iter().any(|range| range.contains(&ms))
}

/// The year of the Gregorian calendar, if the year of a date can mean only one.
pub(super) fn gregorian(year: i64) -> Option<i64> {
    let is_one = |year: i64| YEARS.contains(&year) || DISTANT_YEARS.contains(&year);
    [year, year - BUDDHIST].into_iter().find(|year| is_one(*year))
}

/// Why the year of a date is not read, if it is the reason: the years that it may mean.
pub(super) fn unclear_year(year: i64) -> Option<String> {
    if gregorian(year).is_some_and(|gregorian| gregorian > 1) {
        return None;
    }
    let years: Vec<String> = ERAS
        .iter()
        .filter(|(_, years)| (1..=*years).contains(&year))
        .map(|(before, _)| (before + year).to_string())
        .collect();
    Some(if years.is_empty() {
        format!("the year {year}")
    } else {
        format!("the year {year}, which is {}", years.join(" or "))
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::time::parse;
    use super::*;

    #[test]
    fn bounds() {
        let check = |text: &str, expected| assert_eq!(is_of_phone(parse(text).unwrap()), expected, "{text}");
        check("1799-12-31 23:59:59 +0000", false);
        check("1800-01-01 00:00:00 +0000", true);
        check("2199-12-31 23:59:59 +0000", true);
        check("2200-01-01 00:00:00 +0000", false);
        check("0001-01-01 00:00:00 +0000", true);
        check("0000-12-31 12:00:00 -1200", true);
        check("0001-01-01 14:00:00 +1400", true);
        check("0001-08-01 00:00:00 +0000", false);
        check("4001-01-01 00:00:00 +0000", true);
        check("4000-12-31 12:00:00 -1200", true);
        check("4001-03-01 00:00:00 +0000", false);
    }

    #[test]
    fn years() {
        let check = |year, expected, unclear: Option<&str>| {
            assert_eq!((gregorian(year), unclear_year(year).as_deref()), (expected, unclear), "{year}");
        };
        check(2026, Some(2026), None);
        check(2569, Some(2026), None);
        check(4544, Some(4001), None);
        check(8, None, Some("the year 8, which is 2026 or 1996 or 1933"));
        check(40, None, Some("the year 40, which is 2058 or 1965"));
        check(1447, None, Some("the year 1447"));
        check(2300, None, Some("the year 2300"));
        check(9999, None, Some("the year 9999"));
        check(1, Some(1), Some("the year 1, which is 2019 or 1989 or 1926"));
    }
}
