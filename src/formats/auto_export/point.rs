//! A point of a metric or of a workout's series, to a row of `aggregates`. What has no column is kept as JSON.

use serde_json::{Map, Value};

use super::fields::{take_quantity, take_text, take_time};
use crate::formats::equals::{Equal, Equals};
use crate::formats::flaw::Flaw;
use crate::formats::output::Output;
use crate::model::identity::{derive, digest};
use crate::model::limits::EQUALS_NUMBERED_MAX;
use crate::model::record::Aggregate;

/// Keys of a point's start, the likeliest first.
const STARTS: [&str; 6] = ["date", "startDate", "start", "timestamp", "sleepStart", "inBedStart"];

/// Adds a point. One with a flaw stays as it is.
pub(super) fn push(
    metric: &str,
    unit: Option<&str>,
    point: &mut Map<String, Value>,
    equals: &mut Equals,
    output: &mut Output<'_>,
) -> Result<(), Flaw> {
    let start_ms = take_time(point, &STARTS).ok_or(Flaw::NotADate("date"))?;
    let end_ms = take_time(point, &["endDate"]);
    let label = take_text(point, "value");
    let source = take_text(point, "source");
    let content = [metric.as_bytes(), &start_ms.to_le_bytes(), label.as_bytes(), source.as_bytes()];
    let content = derive(&digest(&content));
    let label = label_of(label, equals.count(content));
    let own_unit = point.get("units").and_then(Value::as_str).map(str::to_owned);
    let unit = unit.map(str::to_owned).or_else(|| own_unit.clone());
    if own_unit.is_some() && own_unit == unit {
        point.remove("units");
    }
    let mut take = |name, other| {
        let name = if point.contains_key(name) { name } else { other };
        take_quantity(point, name).map(|(number, _)| number)
    };
    let (value, minimum, average, maximum) =
        (take("qty", "qty"), take("Min", "min"), take("Avg", "avg"), take("Max", "max"));
    let texts = &mut output.batch.texts;
    let row = Aggregate {
        metric: texts.intern(metric),
        start_ms,
        end_ms,
        label: texts.intern(&label),
        source: texts.intern(&source),
        unit: unit.map(|unit| texts.intern(&unit)),
        value,
        minimum,
        average,
        maximum,
        other: (!point.is_empty()).then(|| texts.intern(&Value::Object(std::mem::take(point)).to_string())),
    };
    output.batch.rows.aggregates.push(row);
    Ok(())
}

/// The label of one of several points with the same time, label and source: further ones have a number behind it.
fn label_of(label: String, equal: Equal) -> String {
    match equal.number {
        1 => label,
        number if number < EQUALS_NUMBERED_MAX => format!("{label}#{number}"),
        _ => format!("{label}#{:032x}", u128::from_be_bytes(equal.identity)),
    }
}
