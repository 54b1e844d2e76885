//! Whether values in two units are the same measurement.
//!
//! Apple's export prints six significant digits, and every exporter writes the unit that the phone prefers on that day.

use super::units::{Dimension, KELVIN, NAMES, Unit, conversion, dimension, in_base, unit};

/// Relative distance of a number from itself with six significant digits, at most.
const ROUNDING: f64 = 5.1e-6;

/// A value and its unit, if it has one.
pub type Measurement<'a> = (Option<f64>, Option<&'a str>);

/// Whether two exporters have printed one value, each with at least six significant digits. Between two units the last of these
/// may be one off: exporters convert by factors with few digits.
#[must_use]
pub fn is_same(one: Measurement<'_>, other: Measurement<'_>) -> bool {
    match (one, other) {
        ((Some(value), unit), (Some(number), other_unit)) if unit == other_unit => {
            value == number
                || is_near(value, number)
                    && (six_digits(value) == six_digits(number)
                        || is_half_way(value, number)
                        || is_half_way(number, value))
        }
        _ => is_same_within(one, other, 2.0 * ROUNDING),
    }
}

/// Whether two exports have printed one value, each with some decimals: a rounded energy in kilojoules and in kilocalories.
#[must_use]
pub fn is_same_rounded(one: Measurement<'_>, other: Measurement<'_>) -> bool {
    if is_same(one, other) {
        return true;
    }
    let (Some(value), Some(number), Some(from), Some(to)) = (one.0, other.0, one.1, other.1) else {
        return false;
    };
    match (unit(from), unit(to)) {
        // Another name of the same unit needs no rounding.
        (Some(own), Some(unit)) if own.dimension == unit.dimension && !own.is_same_size(unit) => {
            let [value, number] = [(value, own), (number, unit)].map(|(number, unit)| Unit::range(unit, number));
            value.0 < number.1 && number.0 < value.1
        }
        _ => false,
    }
}

/// How far two values are from each other, in the second one's unit.
#[must_use]
pub fn distance(one: Measurement<'_>, other: Measurement<'_>) -> f64 {
    let (Some(value), Some(number)) = (one.0, other.0) else {
        return 0.0;
    };
    let value = match (one.1.and_then(unit), other.1.and_then(unit)) {
        (Some(from), Some(to)) => (value * from.factor + from.offset - to.offset) / to.factor,
        _ => value,
    };
    (value - number).abs()
}

/// Whether two numbers without a unit are one as [`printed`].
#[must_use]
pub fn is_same_number(one: f64, other: f64) -> bool {
    one == other || is_near(one, other) && printed(one) == printed(other)
}

/// Returns what [`printed`] keeps of a number, without making a text: its digits and their place.
#[must_use]
pub fn rounded(number: f64) -> (i64, i32) {
    let size = number.abs();
    if size == 0.0 {
        return (0, 0);
    }
    if !(1e-300..1e15).contains(&size) {
        return (i64::from_le_bytes(number.to_le_bytes()), i32::MIN);
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most 18 digits, and a few hundred places")]
    let (whole, place) = (|number: f64| number.round() as i64, |number: f64| number.floor() as i32);
    if size >= 1e6 {
        return (whole(number * 1000.0), i32::MAX);
    }
    let exponent = place(size.log10());
    let digits = whole(number * 10_f64.powi(5 - exponent));
    // A number just below a power of ten.
    if digits.abs() == 1_000_000 { (digits / 10, exponent + 1) } else { (digits, exponent) }
}

/// Returns a number as a text with six significant digits. A number from a million on may be a time: it has all of its digits
/// before the point, and three behind it.
#[must_use]
pub fn printed(number: f64) -> String {
    // No zero has a sign.
    let number = number + 0.0;
    if number.abs() < 1e6 { six_digits(number) } else { format!("{number:.3}") }
}

fn is_same_within(one: Measurement<'_>, printed: Measurement<'_>, rounding: f64) -> bool {
    let (Some(value), Some(number)) = (one.0, printed.0) else {
        return one.0.is_none() && printed.0.is_none();
    };
    let value = match (one.1, printed.1) {
        (Some(from), Some(to)) if from != to => match (unit(from), unit(to)) {
            (Some(from), Some(to)) if from.dimension == to.dimension => {
                (value * from.factor + from.offset - to.offset) / to.factor
            }
            _ => return false,
        },
        (None, None) | (Some(_), Some(_)) => value,
        // A category has no unit; every exporter sends a quantity's.
        _ => return false,
    };
    (value - number).abs() <= rounding * value.abs().max(number.abs())
}

/// Whether two numbers differ by less than a unit of the sixth digit: most do not, and the text is not needed.
fn is_near(one: f64, other: f64) -> bool {
    (one - other).abs() <= 2.0 * ROUNDING * one.abs().max(other.abs())
}

/// Relative distance of two printed forms of a number, at most.
pub const EQUAL_WITHIN: f64 = 2.2 * ROUNDING;

/// Returns how large a value is, whatever its unit.
#[must_use]
pub fn size(value: f64, name: Option<&str>) -> f64 {
    // What is near zero in one unit of temperature is far from it in another.
    let is_temperature = name.and_then(dimension) == Some(Dimension::Temperature);
    (in_base(value, name) + if is_temperature { KELVIN } else { 0.0 }).abs()
}

/// Returns ranges of values in a unit: all that are the same measurement as a value in another one are in them, and hardly any
/// others.
#[must_use]
pub fn ranges((value, name): (f64, Option<&str>), other: Option<&str>) -> Vec<(f64, f64)> {
    if value == 0.0 && name == other {
        return vec![(0.0, 0.0)];
    }
    if name == other {
        let digits: f64 = six_digits(value).parse().unwrap_or(value);
        let step = 10_f64.powf(digits.abs().log10().floor() - 5.0);
        let half = 0.5 * step * (1.0 + 1e-5);
        // Other numbers of six digits between which and the next one the value is.
        let next = 10_f64.powf(value.abs().log10().ceil()).copysign(value);
        let others = [digits - step, digits + step, next];
        let others = others.into_iter().filter(|other| is_same((Some(value), name), (Some(*other), name)));
        let others = others.map(|other| (other - 1e-9 * step, other + 1e-9 * step));
        return std::iter::once((digits - half, digits + half)).chain(others).collect();
    }
    match (name.and_then(unit), other.and_then(unit)) {
        (Some(from), Some(to)) if from.dimension == to.dimension => {
            let value = (value * from.factor + from.offset - to.offset) / to.factor;
            let distance = value.abs() * EQUAL_WITHIN;
            vec![(value - distance, value + distance)]
        }
        _ => Vec::new(),
    }
}

/// Whether a number has six digits, and a value is half-way between it and the next such number: exporters round both up and
/// down.
fn is_half_way(value: f64, number: f64) -> bool {
    let half = 0.5 * 10_f64.powf(number.abs().log10().floor() - 5.0);
    (value - number).abs() <= half * (1.0 + 1e-6) && six_digits(number).parse() == Ok(number)
}

fn six_digits(value: f64) -> String {
    format!("{value:.5e}")
}

/// Returns a value in the base unit of its dimension as a text: six digits and the dimension. Nothing for an unknown unit.
#[must_use]
pub fn printed_in_base(value: f64, name: &str) -> Option<String> {
    let Unit { dimension, factor, offset } = unit(name)?;
    Some(format!("{} {dimension:?}", six_digits(value * factor + offset)))
}

/// Returns ranges of values by their units, in which all that [`is_same_rounded`] takes for a value is: the likely ones first.
#[must_use]
pub fn printed_ranges((value, name): (f64, Option<&str>)) -> Vec<(Option<&str>, (f64, f64))> {
    let mut found = vec![(name, (value, value))];
    found.extend(ranges((value, name), name).into_iter().map(|range| (name, range)));
    let Some(own) = name.and_then(unit) else {
        return found;
    };
    let others = NAMES.into_iter().filter(|other| name != Some(*other) && dimension(other) == Some(own.dimension));
    let mut wide = Vec::new();
    for other in others {
        found.extend(ranges((value, name), Some(other)).into_iter().map(|range| (Some(other), range)));
        if let Some(conversion) = conversion(name.unwrap_or_default(), other) {
            let (value, half) = (conversion.apply(value), 0.5 + 0.5 * conversion.factor);
            wide.push((Some(other), (value - half, value + half)));
        }
    }
    found.extend(wide);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::units::Dimension::{Energy, Time};
    use crate::model::units::factor;

    /// Measurements of the app and of an export: whether they are the same, and whether a search by size finds one for the other.
    fn check(app: (f64, &str), derived: (f64, &str), expected: bool) {
        assert_eq!(
            is_same((Some(app.0), Some(app.1)), (Some(derived.0), Some(derived.1))),
            expected,
            "{app:?} {derived:?}"
        );
        for ((value, name), (number, other)) in [(app, derived), (derived, app)] {
            let ranges = ranges((value, Some(name)), Some(other));
            let is_found = ranges.iter().any(|(least, greatest)| (least..=greatest).contains(&&number));
            assert!(is_found || !expected, "{value} {name}, {number} {other}: {ranges:?}");
            let size = size(value, Some(name));
            let is_near = (size - super::size(number, Some(other))).abs() <= size * EQUAL_WITHIN;
            assert!(is_near || !expected, "{value} {name}, {number} {other}");
        }
    }

    #[test]
    fn measurements() {
        check((0.0, "degC"), (32.0, "degF"), true);
        check((0.0, "m"), (0.0, "ft"), true);
        check((-1.5, "degC"), (29.3, "degF"), true);
        check((-2.0, "m"), (-0.002, "km"), true);
        check((72.0, "count/min"), (72.0, "count/min"), true);
        check((72.0, "count/min"), (73.0, "count/min"), false);
        check((1.2, "count/s"), (72.0, "count/min"), true);
        check((5.1, "kcal/hr·kg"), (21.3384, "kJ/hr·kg"), true);
        check((10.0, "km/h"), (6.21371, "mi/h"), true);
        // Rounded up and down; then neighbours.
        check((0.123_456_5, "km"), (0.123_457, "km"), true);
        check((0.123_456_5, "km"), (0.123_456, "km"), true);
        check((0.123_456_7, "km"), (0.123_456, "km"), false);
        check((70.0004, "km"), (70.0001, "km"), false);
        check((0.123_456_78, "km"), (0.123_457, "km"), true);
        check((0.123_456_78, "km"), (0.123_458, "km"), false);
        check((5.0, "km"), (3.10686, "mi"), true);
        check((450.5, "kcal"), (450.5, "Cal"), true);
        check((450.5, "kcal"), (1884.89, "kJ"), true);
        check((70.0, "kg"), (154.324, "lb"), true);
        check((80.5, "kg"), (12.6766, "st"), true);
        check((80.5, "kg"), (12.6767, "st"), true);
        check((80.5, "kg"), (12.6768, "st"), false);
        check((36.6, "degC"), (97.88, "degF"), true);
        check((36.6, "degC"), (97.89, "degF"), false);
        check((100.0, "mg/dL"), (5.55075, "mmol<180.1558800000541>/L"), true);
        check((100.0, "mg/dL"), (5.55075, "mmol<180.1558840764313>/L"), true);
        check((97.2842, "mg/dL"), (5.4, "mmol<180.1558840764313>/L"), true);
        check((97.2842, "mg/dL"), (5.401, "mmol<180.1558840764313>/L"), false);
        check((5.4, "mmol<180.1558800000541>/L"), (5.4, "mmol<180.1558840764313>/L"), true);
        check((5.4, "mmol/L"), (5.4, "mmol<180.1558840764313>/L"), true);
        check((0.25, "L"), (8.45351, "fl_oz_us"), true);
        check((38.12, "ml/(kg*min)"), (38.12, "mL/min·kg"), true);
        check((1.0, "m"), (1.0, "s"), false);
        check((1.0, "x"), (1.0, "y"), false);
        assert!(ranges((1.0, Some("x")), Some("y")).is_empty() && ranges((1.0, Some("m")), Some("s")).is_empty());
        assert!(ranges((1.0, None), Some("m")).is_empty());
        assert!(is_same((Some(3.0), None), (Some(3.0), None)));
        assert!(!is_same((Some(3.0), None), (Some(3.0), Some("count"))));
        assert!(!is_same((Some(3.0), None), (None, None)) && is_same((None, None), (None, None)));
        assert_eq!(
            [factor("hr", Time), factor("kJ", Energy), factor("kJ", Time)],
            [Some(3600.0), Some(1.0 / 4.184), None]
        );
        assert_eq!(printed_in_base(97.88, "°F"), printed_in_base(36.6, "degC"));
        assert_ne!(printed_in_base(1.0, "km"), printed_in_base(1000.0, "s"));
        assert_eq!(printed_in_base(1.0, "x"), None);
        // 1.000004 km printed as 1 km, and as 0.621373 mi.
        assert!(is_same((Some(1.0), Some("km")), (Some(0.621_374), Some("mi"))));
        assert!(!is_same((Some(1.0), Some("km")), (Some(0.621_380), Some("mi"))));
    }

    #[test]
    fn conversions() {
        let check = |from: &str, to: &str, value: f64, expected: Option<f64>| {
            let converted = conversion(from, to).map(|conversion| conversion.apply(value));
            let is_near = match (converted, expected) {
                (Some(converted), Some(expected)) => (converted - expected).abs() <= 1e-12 * expected.abs().max(1.0),
                (converted, expected) => converted == expected,
            };
            assert!(is_near, "{value} {from} in {to}: {converted:?}");
        };
        check("km", "m", 3.0, Some(3000.0));
        check("mi", "m", 2.0, Some(3218.688));
        check("degF", "degC", 97.88, Some(36.6));
        check("degC", "degF", 36.6, Some(97.88));
        check("Cal", "kcal", 0.1, Some(0.1));
        check("mmol<180.1558800000541>/L", "mg/dL", 5.5, Some(99.085_734));
        check("mmol<180.15588>/L", "mg/dL", 5.5, Some(99.085_734));
        check("umol<180.15588>/L", "mg/dL", 5500.0, Some(99.085_734));
        check("mol<180.15588>/L", "mg/dL", 0.0055, Some(99.085_734));
        // Another substance.
        check("mmol<386.65>/L", "mg/dL", 5.5, None);
        check("mmol<x>/L", "mg/dL", 5.5, None);
        check("dBASPL", "dBASPL", 80.25, Some(80.25));
        check("dBASPL", "dB", 80.25, None);
        check("km", "kcal", 1.0, None);
    }

    #[test]
    fn units_of_rates_and_electricity() {
        let check = |one: (f64, &str), other: (f64, &str), expected: bool| {
            let [one, other] = [one, other].map(|(value, unit)| (Some(value), Some(unit)));
            assert_eq!([is_same(one, other), is_same(other, one)], [expected; 2], "{one:?} {other:?}");
        };
        check((250.5, "W"), (0.2505, "kW"), true);
        check((250.5, "W"), (0.2506, "kW"), false);
        check((5.25, "mcS"), (0.000_005_25, "S"), true);
        check((500.0, "L/min"), (8333.33, "mL/s"), true);
        check((80.0, "count/min"), (80.0, "rpm"), true);
        check((1013.25, "hPa"), (760.0, "mmHg"), true);
        check((1013.25, "hPa"), (29.9213, "inHg"), true);
        check((1013.25, "hPa"), (1.0, "atm"), true);
        check((12.0, "cmHg"), (120.0, "mmHg"), true);
        check((2.0, "cup_imp"), (1.0, "pt_imp"), true);
        check((250.0, "mL"), (0.879_877, "cup_imp"), true);
    }

    #[test]
    fn rounded_values() {
        let check = |one: (f64, &str), other: (f64, &str), expected: bool| {
            let [one, other] = [one, other].map(|(value, unit)| (Some(value), Some(unit)));
            assert_eq!([is_same_rounded(one, other), is_same_rounded(other, one)], [expected; 2], "{one:?} {other:?}");
            let ranges = printed_ranges((one.0.unwrap(), one.1));
            let is_in = |(name, (least, greatest)): &(_, (f64, f64))| {
                *name == other.1 && (*least..=*greatest).contains(&other.0.unwrap())
            };
            assert!(!expected || ranges.iter().any(is_in), "{one:?} {other:?}");
        };
        check((230.52, "kcal"), (964.5, "kJ"), true);
        check((0.05, "kcal"), (0.21, "kJ"), true);
        check((100.0, "kcal"), (418.0, "kJ"), true);
        check((100.0, "kcal"), (430.0, "kJ"), false);
        check((100.25, "kcal"), (418.4, "kJ"), false);
        check((5.0, "km"), (3.11, "mi"), true);
        check((36.6, "degC"), (97.9, "degF"), true);
        check((36.6, "degC"), (98.1, "degF"), false);
        check((0.05, "kcal"), (0.06, "kcal"), false);
        check((60.0, "bpm"), (61.0, "count/min"), false);
        check((60.0, "bpm"), (60.0, "count/min"), true);
        check((1.0, "m"), (1.0, "s"), false);
        check((1.0, "x"), (1.0, "y"), false);
    }

    #[test]
    fn printed_numbers() {
        let check = |one: f64, other: f64, expected| {
            assert_eq!([is_same_number(one, other), is_same_number(other, one)], [expected; 2], "{one} {other}");
            assert_eq!(rounded(one) == rounded(other), expected, "{one} {other}");
        };
        check(12.345_678, 12.345_7, true);
        check(12.345_678, 12.345_6, false);
        check(0.0, -0.0, true);
        check(1000.0, 999.999_999, true);
        check(-1e-7, -9.999_999_99e-8, true);
        check(1e-300, 2e-300, false);
        check(5e-324, 0.0, false);
        check(1.0, -1.0, false);
        check(1e18, 2e18, false);
        check(3_650_123.0, 3_650_125.0, false);
        check(1_788_745_353.996_048_7, 1_788_745_353.996, true);
        check(1_788_745_353.996, 1_788_745_353.998, false);
    }

    #[test]
    fn printed_values() {
        let check = |one: f64, other: f64, expected| {
            assert_eq!(is_same((Some(one), None), (Some(other), None)), expected, "{one} {other}");
        };
        check(72.0, 72.0, true);
        check(0.123_456_78, 0.123_457, true);
        check(0.123_456_78, 0.123_456, false);
        check(123_456.0, 123_457.0, false);
        check(1_234_567.0, 1.234_57e6, true);
        check(0.0, 0.0, true);
        check(0.0, 1e-9, false);
        check(1.0, -1.0, false);
        assert!(is_same((None, None), (None, None)) && !is_same((None, None), (Some(0.0), None)));
    }
}
