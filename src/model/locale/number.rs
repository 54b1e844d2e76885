//! Numbers with the digits, signs and separators of any language, and which of two readings a file means.
//!
//! `1,234` is about one, or more than a thousand. Other numbers of the same file show which: `0,5`, `12,34` or `1.000,5` have
//! only one reading. Where none does, or where they contradict each other, the number is refused: no value is wrong by a factor
//! of a thousand.

use std::ops::Range;

use super::characters::plain;
use crate::model::limits::NUMBER_BYTES_MAX;

/// Separator of thousands in Arabic, which no language uses for decimals, and that of its decimals.
const ARABIC_GROUP: char = '\u{66c}';
const ARABIC_DECIMAL: char = '\u{66b}';

/// Separators that the numbers of a file have shown.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct NumberStyle {
    /// Whether a number had a decimal point, or commas between thousands.
    has_point: bool,
    /// Whether a number had a decimal comma, or points between thousands.
    has_comma: bool,
    /// Whether a number had one comma and two readings.
    has_unclear_comma: bool,
}

/// Why a text is not read as a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unreadable {
    /// It is not a finite number.
    NotANumber,
    /// It has two readings, and the style does not show which is meant: with decimals, and with thousands.
    TwoReadings(f64, f64),
}

/// A number with its separators.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reading {
    One {
        number: f64,
        shows: Option<char>,
    },
    /// One separator with three digits behind it.
    Two {
        decimal: f64,
        grouped: f64,
        separator: char,
    },
}

impl NumberStyle {
    /// The style of a file whose numbers have decimal points.
    #[must_use]
    pub fn with_points() -> Self {
        Self { has_point: true, ..Self::default() }
    }

    /// Learns from a number of the file, and returns whether it has two readings. Such a number, and what is not a number, do not
    /// show which is meant.
    pub fn learn(&mut self, text: &str) -> bool {
        match reading(text) {
            Some(Reading::One { shows: Some(separator), .. }) => {
                self.has_point |= separator == '.';
                self.has_comma |= separator == ',';
                false
            }
            Some(Reading::Two { separator, .. }) => {
                self.has_unclear_comma |= separator == ',';
                true
            }
            _ => false,
        }
    }

    /// Whether a number had a decimal point, or commas between thousands.
    #[must_use]
    pub fn has_point(&self) -> bool {
        self.has_point
    }

    /// Whether decimals begin with a point, if the numbers show one of both and do not contradict each other.
    #[must_use]
    pub fn decimal_point(&self) -> Option<bool> {
        (self.has_point != self.has_comma).then_some(self.has_point)
    }

    /// The style of a file without further numbers: Apple writes decimal points, unless some number has a comma.
    #[must_use]
    pub fn of_whole_file(self) -> Self {
        let has_comma = self.has_comma || self.has_unclear_comma;
        if has_comma { self } else { Self::with_points() }
    }

    /// Learns from a number that has two readings of which one is within its known range.
    pub fn learn_within(&mut self, text: &str, range: Range<f64>) {
        match reading(text) {
            Some(Reading::Two { decimal, grouped, separator })
                if range.contains(&decimal) != range.contains(&grouped) =>
            {
                let has_point = (separator == '.') == range.contains(&decimal);
                self.has_point |= has_point;
                self.has_comma |= !has_point;
            }
            _ => {
                self.learn(text);
            }
        }
    }

    /// Reads a number with the digits, signs and separators of any language.
    ///
    /// # Errors
    ///
    /// [`Unreadable`].
    pub fn read(&self, text: &str) -> Result<f64, Unreadable> {
        match reading(text).ok_or(Unreadable::NotANumber)? {
            Reading::One { number, .. } => Ok(number),
            Reading::Two { decimal, grouped, separator } => match self.decimal_point() {
                Some(is_point) => Ok(if is_point == (separator == '.') { decimal } else { grouped }),
                None => Err(Unreadable::TwoReadings(decimal, grouped)),
            },
        }
    }
}

fn reading(text: &str) -> Option<Reading> {
    if text.len() > NUMBER_BYTES_MAX {
        return None;
    }
    let text = plain(text);
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix(['-', '+']) {
        Some(digits) if text.starts_with('-') => ("-", digits.trim_start()),
        Some(digits) => ("", digits.trim_start()),
        None => ("", text),
    };
    if !digits.contains(|next: char| next.is_ascii_digit()) {
        return None;
    }
    let number = |whole: &str, decimals: &str| {
        let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
        format!("{sign}{whole}.{decimals}0").parse::<f64>().ok()
    };
    let one = |whole, decimals, shows| Some(Reading::One { number: number(whole, decimals)?, shows });
    if digits.contains(['e', 'E', '×']) {
        let (number, shows) = with_exponent(digits)?;
        return Some(Reading::One { number: if sign.is_empty() { number } else { -number }, shows });
    }
    let is_separator = |next: char| matches!(next, '.' | ',' | ' ' | '\'' | ARABIC_GROUP | ARABIC_DECIMAL);
    if !digits.chars().all(|next| next.is_ascii_digit() || is_separator(next)) {
        return None;
    }
    let Some(last) = digits.rfind(is_separator) else {
        return one(digits, "", None);
    };
    let separator = digits[last..].chars().next()?;
    let (whole, decimals) = (&digits[..last], &digits[last + separator.len_utf8()..]);
    let group = whole.chars().find(|next| is_separator(*next));
    match group {
        // One separator.
        None if !can_group(separator) || (can_be_decimal(separator) && !is_grouped(digits, separator)) => {
            one(whole, decimals, can_be_decimal(separator).then_some(separator))
        }
        None if !is_grouped(digits, separator) => None,
        None if !can_be_decimal(separator) => one(digits, "", None),
        None => {
            let (decimal, grouped) = (number(whole, decimals)?, number(digits, "")?);
            Some(Reading::Two { decimal, grouped, separator })
        }
        // The same one more than once: thousands.
        Some(group) if group == separator => is_grouped(digits, group).then(|| one(digits, "", other(group))).flatten(),
        Some(group) if is_grouped(whole, group) && (can_be_decimal(separator) || separator == ARABIC_DECIMAL) => {
            one(whole, decimals, can_be_decimal(separator).then_some(separator))
        }
        Some(_) => None,
    }
}

/// Reads a number with an exponent, which has no thousands: `1.5e-5`, `1,5E-5`, `1,5×10^-5`. Also returns what begins its decimals,
/// unless that is a point, as all programs write.
fn with_exponent(digits: &str) -> Option<(f64, Option<char>)> {
    let digits = digits.replacen("×10^", "e", 1);
    let (mantissa, exponent) = digits.split_once(['e', 'E'])?;
    let shows = mantissa.contains(',').then_some(',');
    let number = [&mantissa.replacen([',', ARABIC_DECIMAL], ".", 1), exponent].join("e").parse::<f64>().ok();
    number.filter(|number| number.is_finite() && !digits.starts_with(['-', '+'])).map(|number| (number, shows))
}

/// Whether a separator separates thousands in some language.
fn can_group(separator: char) -> bool {
    separator != ARABIC_DECIMAL
}

/// Whether a separator begins decimals in some languages, and separates thousands in others.
fn can_be_decimal(separator: char) -> bool {
    matches!(separator, '.' | ',')
}

/// The decimal separator that goes with a separator of thousands.
fn other(group: char) -> Option<char> {
    match group {
        '.' => Some(','),
        ',' => Some('.'),
        _ => None,
    }
}

/// Whether a separator stands before each three digits; further left also before two, as in India.
fn is_grouped(digits: &str, separator: char) -> bool {
    let groups: Vec<&str> = digits.split(separator).collect();
    let (Some(first), Some(last)) = (groups.first(), groups.last()) else {
        return false;
    };
    let is_whole = groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_digit()));
    let inner = groups.get(1..groups.len().saturating_sub(1)).unwrap_or_default();
    let is_first = (1..=3).contains(&first.len()) && !first.starts_with('0');
    let are_inner = inner.iter().all(|group| group.len() == 3) || inner.iter().all(|group| group.len() == 2);
    is_whole && is_first && are_inner && last.len() == 3 && groups.len() > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(numbers: &[&str]) -> NumberStyle {
        let mut style = NumberStyle::default();
        numbers.iter().for_each(|number| _ = style.learn(number));
        style
    }

    #[test]
    fn numbers_with_one_reading() {
        let check = |text: &str, expected: f64| {
            for style in [style(&[]), style(&["0,5"]), style(&["0.5"]), style(&["0,5", "0.5"])] {
                assert_eq!(style.read(text), Ok(expected), "{text:?}");
            }
        };
        check("12", 12.0);
        check("+12", 12.0);
        check("-180,5", -180.5);
        check("-180.5", -180.5);
        check("\u{2212}66,5", -66.5);
        check("\u{2212}\u{200a}66,5", -66.5);
        check("\u{61c}-\u{661}\u{668}\u{660}\u{66b}\u{665}\u{669}\u{666}", -180.596);
        check("\u{200e}-\u{6f1}\u{66c}\u{6f0}\u{6f3}\u{6f2}\u{66b}\u{6f4}", -1032.4);
        check("\u{661}\u{66c}\u{660}\u{660}\u{660}", 1000.0);
        check("\u{967}\u{968}.\u{96b}", 12.5);
        check("1.032,456", 1032.456);
        check("1,032.456", 1032.456);
        check("1 032,4", 1032.4);
        check("1\u{a0}032", 1032.0);
        check("1\u{202f}032\u{202f}456,125", 1_032_456.125);
        check("1'032.456", 1032.456);
        check("1\u{2019}032", 1032.0);
        check("12,34,567.8", 1_234_567.8);
        check("1.234.567", 1_234_567.0);
        check("1032,456", 1032.456);
        check("0,596", 0.596);
        check("-0.596", -0.596);
        check(",5", 0.5);
        check("5.", 5.0);
        check("1e-3", 0.001);
        check("1,5E-3", 0.0015);
        check("\u{2212}1,234E3", -1234.0);
        check("1,5×10^\u{2212}3", 0.0015);
        check("\u{661}\u{66b}\u{665}e\u{662}", 150.0);
        check("\u{2212}1.5E3", -1500.0);
        check("-0", 0.0);
    }

    #[test]
    fn numbers_with_two_readings() {
        let check = |numbers: &[&str], text: &str, expected: Result<f64, Unreadable>| {
            assert_eq!(style(numbers).read(text), expected, "{text} among {numbers:?}");
        };
        let two = |decimal, grouped| Err(Unreadable::TwoReadings(decimal, grouped));
        check(&[], "1,234", two(1.234, 1234.0));
        check(&["12", "1 000", "x", "-57,992"], "-57.992", two(-57.992, -57992.0));
        check(&["0,5"], "1,234", Ok(1.234));
        check(&["0,5"], "1.234", Ok(1234.0));
        check(&["12.34"], "1,234", Ok(1234.0));
        check(&["12.34"], "1.234", Ok(1.234));
        check(&["1.234.567"], "1.234", Ok(1234.0));
        check(&["1,234.5"], "1,234", Ok(1234.0));
        check(&["1.234,5"], "\u{661}\u{662},\u{663}\u{664}\u{665}", Ok(12.345));
        check(&["1 234,5"], "1,234", Ok(1.234));
        check(&["0.5", "0,5"], "1,234", two(1.234, 1234.0));
        let whole = |numbers: &[&str], text: &str| style(numbers).of_whole_file().read(text);
        assert_eq!(whole(&["1.234", "61"], "1.234"), Ok(1.234));
        assert_eq!(whole(&["1.234", "1,234"], "1.234"), two(1.234, 1234.0));
        assert_eq!(whole(&["1.234", "0,5"], "1.234"), Ok(1234.0));
        assert_eq!(whole(&["1.234", "0,5", "0.5"], "1.234"), two(1.234, 1234.0));
        assert_eq!(NumberStyle::with_points().read("1.234"), Ok(1.234));
        assert_eq!(NumberStyle::with_points().read("1,234"), Ok(1234.0));
    }

    #[test]
    fn a_known_range_shows_the_separators() {
        let check = |text: &str, expected: Result<f64, Unreadable>| {
            let mut style = NumberStyle::default();
            style.learn_within(text, 10.0..10_000.0);
            assert_eq!(style.read("1,234"), expected, "{text}");
        };
        check("511,422", Ok(1.234));
        check("511.422", Ok(1234.0));
        check("1,024", Ok(1234.0));
        check("1.024", Ok(1.234));
        check("511,4", Ok(1.234));
        check("512", Err(Unreadable::TwoReadings(1.234, 1234.0)));
        check("10,024,000", Ok(1234.0));
    }

    #[test]
    fn what_is_not_a_number() {
        let check = |text: &str| assert_eq!(style(&[]).read(text), Err(Unreadable::NotANumber), "{text:?}");
        check("");
        check("-");
        check(".");
        check("nan");
        check("inf");
        check("1e999");
        check("1,5,5e3");
        check("1×10");
        check("--1");
        check("- -1");
        check("1-2");
        check("0x12");
        check("12 bpm");
        check("1.2.3");
        check("1,2,3.4");
        check("1'2");
        check("1 2");
        check("1,234.567.890");
        check("1.5,000.2");
        check("1\u{66b}5\u{66b}5");
        check("½");
        check(&"1".repeat(NUMBER_BYTES_MAX + 1));
    }

    proptest::proptest! {
        #[test]
        fn a_written_number_is_read_back(number in -9_999_999_i32..=9_999_999, decimals in 0_u32..=99, group in "[., '\u{202f}\u{a0}]") {
            let decimal = if group == "," { '.' } else { ',' };
            let (sign, whole) = (if number < 0 { "\u{2212}" } else { "" }, number.unsigned_abs().to_string());
            let mut grouped = String::new();
            for (place, digit) in whole.chars().enumerate() {
                if place > 0 && (whole.len() - place) % 3 == 0 {
                    grouped.push_str(&group);
                }
                grouped.push(digit);
            }
            let expected = format!("{}{whole}.{decimals:02}", if number < 0 { "-" } else { "" }).parse::<f64>().unwrap();
            proptest::prop_assert_eq!(NumberStyle::default().read(&format!("{sign}{grouped}{decimal}{decimals:02}")), Ok(expected));
        }
    }
}
