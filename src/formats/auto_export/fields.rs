//! Fields of points and workouts, taken out of their objects: what stays has no column.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::integers::{number_in, text_of};
use crate::formats::flaw::Flaw;
use crate::formats::surrogates::plain;
use crate::model::limits::{AUTO_EXPORT_NAME_BYTES_MAX, AUTO_EXPORT_TEXT_BYTES};
use crate::model::locale::{NumberStyle, Unreadable, parse_date};

/// Keys of a point's start, the likeliest first.
pub(super) const STARTS: [&str; 6] = ["date", "startDate", "start", "timestamp", "sleepStart", "inBedStart"];

/// Those of a night, which goes on under the same start.
pub(super) const NIGHTS: [&str; 2] = ["sleepStart", "inBedStart"];

/// Keys of a point's end.
pub(super) const ENDS: [&str; 2] = ["endDate", "end"];

/// The name, unless it is too long to be remembered.
pub(super) fn bounded_name(name: Option<String>) -> Option<String> {
    name.filter(|name| name.len() <= AUTO_EXPORT_NAME_BYTES_MAX && text_of(name).is_some())
}

/// A text without the marks of half pairs.
pub(super) fn without_halves(text: String) -> String {
    match plain(&text) {
        Cow::Owned(plain) => plain,
        Cow::Borrowed(_) => text,
    }
}

/// The finite number that a text is, in any language.
pub(super) fn number_of(text: &str) -> Option<f64> {
    finite(text).or_else(|| NumberStyle::default().read(text).ok())
}

fn finite(text: &str) -> Option<f64> {
    number_in(text).unwrap_or(text).trim().parse::<f64>().ok().filter(|number| number.is_finite())
}

/// The finite number that a text is in the style of the document.
fn read_number(text: &str, style: NumberStyle) -> Result<f64, Unreadable> {
    let is_clear = style.decimal_point() == Some(true) || !may_be_grouped(text);
    finite(text).filter(|_| is_clear).map_or_else(|| style.read(text), Ok)
}

/// The degrees that a value is. A place is never thousands of degrees away.
pub(super) fn degrees(value: &Value, style: NumberStyle) -> Option<f64> {
    match value.as_str().map(|text| read_number(text, style)) {
        Some(Err(Unreadable::TwoReadings(degrees, _))) => Some(degrees),
        _ => number(value, style),
    }
}

/// Fields of a point that are its numbers.
pub(super) const NUMBERS: [&str; 7] = ["qty", "Min", "min", "Avg", "avg", "Max", "max"];

/// Fields of a point that have a column.
pub(super) const POINT: [&str; 18] = [
    "date",
    "startDate",
    "start",
    "timestamp",
    "sleepStart",
    "inBedStart",
    "endDate",
    "end",
    "value",
    "source",
    "units",
    "qty",
    "Min",
    "min",
    "Avg",
    "avg",
    "Max",
    "max",
];

/// Fields of a location that have a column.
pub(super) const LOCATION: [&str; 11] = [
    "timestamp",
    "date",
    "latitude",
    "lat",
    "longitude",
    "lon",
    "altitude",
    "speed",
    "course",
    "horizontalAccuracy",
    "verticalAccuracy",
];

/// Fields of a workout that have a column.
pub(super) const WORKOUT: [&str; 6] = ["start", "end", "duration", "distance", "activeEnergyBurned", "activeEnergy"];

/// Fields of workouts and locations that are numbers or hold them.
pub(super) const FIGURES: [&str; 13] = [
    "duration",
    "distance",
    "activeEnergyBurned",
    "activeEnergy",
    "latitude",
    "lat",
    "longitude",
    "lon",
    "altitude",
    "speed",
    "course",
    "horizontalAccuracy",
    "verticalAccuracy",
];

/// Reads the numbers of a point that are texts, in the style of the document. Fails if one has two readings.
pub(super) fn read_numbers(point: &mut Map<String, Value>, style: NumberStyle) -> Result<(), Flaw> {
    for name in NUMBERS {
        let Some(text) = point.get(name).and_then(Value::as_str) else {
            continue;
        };
        match read_number(text, style) {
            Ok(number) => _ = point.insert(name.to_owned(), number.into()),
            Err(why @ Unreadable::TwoReadings(..)) => return Err(Flaw::unreadable(name, why)),
            Err(Unreadable::NotANumber) => {}
        }
    }
    Ok(())
}

/// Whether the point of a number may separate thousands.
fn may_be_grouped(text: &str) -> bool {
    text.trim()
        .rsplit_once('.')
        .is_some_and(|(whole, digits)| digits.len() == 3 && !whole.trim_start_matches('-').starts_with('0'))
}

/// The finite number that a value is, holds as text, or holds as `qty`.
fn number(value: &Value, style: NumberStyle) -> Option<f64> {
    let number = match value {
        Value::String(text) => read_number(text, style).ok(),
        Value::Object(quantity) => {
            quantity.get("qty").filter(|qty| !qty.is_object()).and_then(|qty| number(qty, style))
        }
        other => other.as_f64(),
    };
    number.filter(|number: &f64| number.is_finite())
}

/// The date that a value is.
pub(super) fn time(value: Option<&Value>) -> Option<i64> {
    parse_date(value?.as_str()?)
}

/// Why the first of these fields that is a text is not a date.
pub(super) fn not_a_date(object: &Map<String, Value>, names: &[&str], field: &'static str) -> Flaw {
    let text = names.iter().find_map(|name| object.get(*name)?.as_str());
    text.map_or(Flaw::NotADate(field), |text| Flaw::not_a_date(field, text))
}

/// Takes a number, and its unit if it names one. A quantity that says more than that also stays.
pub(super) fn take_quantity(
    object: &mut Map<String, Value>,
    name: &str,
    style: NumberStyle,
) -> Option<(f64, Option<String>)> {
    let value = object.get(name)?;
    let number = number(value, style)?;
    let unit = value.get("units").and_then(Value::as_str).and_then(text_of).map(|unit| without_halves(unit.to_owned()));
    let says_more = value.as_object().is_some_and(|quantity| quantity.len() != 1 + usize::from(unit.is_some()));
    if !says_more {
        object.remove(name);
    }
    Some((number, unit))
}

/// Takes a number in the unit that `convert` returns it in. A quantity that is converted also stays as it is.
pub(super) fn take_converted(
    object: &mut Map<String, Value>,
    name: &str,
    style: NumberStyle,
    convert: impl Fn(f64, &str) -> Option<f64>,
) -> Option<f64> {
    let sent = object.get(name).cloned();
    let (number, unit) = take_quantity(object, name, style)?;
    let converted = unit.map_or(Some(number), |unit| convert(number, &unit));
    if converted.map(f64::to_bits) != Some(number.to_bits()) {
        object.extend(sent.map(|sent| (name.to_owned(), sent)));
    }
    converted
}

/// The first of these dates.
pub(super) fn first_time(object: &Map<String, Value>, names: &[&str]) -> Option<i64> {
    names.iter().find_map(|name| time(object.get(*name)))
}

/// Takes the first of these dates.
pub(super) fn take_time(object: &mut Map<String, Value>, names: &[&str]) -> Option<i64> {
    take_date_until(object, names, None).map(|(ms, ..)| ms)
}

/// Takes the first of these dates that is not after an end: the instant, its name, the date as printed.
pub(super) fn take_date_until(
    object: &mut Map<String, Value>,
    names: &[&str],
    end_ms: Option<i64>,
) -> Option<(i64, String, Value)> {
    let in_time = |ms: &i64| end_ms.is_none_or(|end_ms| *ms <= end_ms);
    let (name, ms) = names.iter().find_map(|name| Some((name, time(object.get(*name)).filter(in_time)?)))?;
    let (name, printed) = object.remove_entry(*name)?;
    Some((ms, name, printed))
}

/// Takes a text, empty if the field is missing. A long one would be a part of a key, so it stays.
pub(super) fn take_text(object: &mut Map<String, Value>, name: &str) -> String {
    match object.get_mut(name) {
        Some(Value::String(text)) if text.len() <= AUTO_EXPORT_TEXT_BYTES && text_of(text).is_some() => {
            let text = std::mem::take(text);
            object.remove(name);
            without_halves(text)
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::units::kilocalories;
    use serde_json::json;

    #[test]
    fn what_is_converted_also_stays() {
        let check = |value: Value, expected: Option<f64>, rest: Value| {
            let Value::Object(mut object) = json!({ "a": value }) else { unreachable!("it is an object") };
            assert_eq!(take_converted(&mut object, "a", NumberStyle::default(), kilocalories), expected);
            assert_eq!(Value::Object(object), rest);
        };
        check(json!({"qty": 5, "units": "kcal"}), Some(5.0), json!({}));
        check(json!(5), Some(5.0), json!({}));
        let kilojoules = json!({"qty": 4184, "units": "kJ"});
        check(kilojoules.clone(), Some(1000.0), json!({"a": kilojoules}));
        let other = json!({"qty": 5, "units": "m"});
        check(other.clone(), None, json!({"a": other}));
    }

    #[test]
    fn quantities() {
        let check = |value: Value, expected: Option<(f64, Option<&str>)>, rest: Value| {
            let Value::Object(mut object) = json!({ "a": value }) else { unreachable!("it is an object") };
            let taken = take_quantity(&mut object, "a", NumberStyle::default());
            assert_eq!(taken.as_ref().map(|(number, unit)| (*number, unit.as_deref())), expected);
            assert_eq!(Value::Object(object), rest);
        };
        check(json!(1.5), Some((1.5, None)), json!({}));
        check(json!(" 2 "), Some((2.0, None)), json!({}));
        check(json!({"qty": 3, "units": "km"}), Some((3.0, Some("km"))), json!({}));
        check(json!({"qty": 3, "x": 1}), Some((3.0, None)), json!({"a": {"qty": 3, "x": 1}}));
        check(json!({"qty": {"qty": 3}}), None, json!({"a": {"qty": {"qty": 3}}}));
        check(json!("5,5"), Some((5.5, None)), json!({}));
        check(json!({"qty": "٥٫٥", "units": "km"}), Some((5.5, Some("km"))), json!({}));
        check(json!("1,234"), None, json!({"a": "1,234"}));
        check(json!("NaN"), None, json!({"a": "NaN"}));
        check(json!(null), None, json!({"a": null}));
    }
}
