//! A point of a metric or of a workout's series, to a row of `aggregates`. What has no column is kept as JSON.

use serde_json::{Map, Value};

use super::{take_quantity, take_time};
use crate::formats::apple::equals::Equals;
use crate::formats::output::Output;
use crate::model::identity::{derive, digest, next};
use crate::model::record::Aggregate;

/// Equal points that are told apart by a number.
const EQUALS_MAX: u32 = 1000;

/// Adds a point, which is left as it is if there can be no row of it.
///
/// # Errors
///
/// Why there is no row of it.
pub(super) fn push(
    metric: &str,
    unit: Option<&str>,
    point: &mut Map<String, Value>,
    equals: &mut Equals,
    output: &mut Output<'_>,
) -> Result<(), String> {
    let starts = ["date", "startDate", "start", "timestamp", "sleepStart", "inBedStart"];
    let start_ms = take_time(point, &starts).ok_or("no date that can be read")?;
    let end_ms = take_time(point, &["endDate"]);
    let label = take_text(point, "value");
    let source = take_text(point, "source");
    // Several of the same time are told apart by a number.
    let content = derive(&digest(&[metric.as_bytes(), &start_ms.to_le_bytes(), label.as_bytes(), source.as_bytes()]));
    let (identity, mut known, mut count) = (equals.number(content), content, 1);
    while identity != known && count < EQUALS_MAX {
        known = next(&known);
        count += 1;
    }
    let label = match count {
        1 => label,
        // Too many to be counted from the first: its identity tells it apart as well.
        EQUALS_MAX => format!("{label}#{:032x}", u128::from_be_bytes(identity)),
        _ => format!("{label}#{count}"),
    };
    let own_unit = point.get("units").and_then(Value::as_str).map(str::to_owned);
    let unit = unit.map(str::to_owned).or_else(|| own_unit.clone());
    if own_unit.is_some() && own_unit == unit {
        point.remove("units");
    }
    let values = [["qty", "qty"], ["Min", "min"], ["Avg", "avg"], ["Max", "max"]].map(|names| {
        let name = names.into_iter().find(|name| point.contains_key(*name))?;
        take_quantity(point, name).map(|(number, _)| number)
    });
    let texts = &mut output.batch.texts;
    let row = Aggregate {
        metric: texts.intern(metric),
        start_ms,
        end_ms,
        label: texts.intern(&label),
        source: texts.intern(&source),
        unit: unit.map(|unit| texts.intern(&unit)),
        values,
        other: (!point.is_empty()).then(|| texts.intern(&Value::Object(std::mem::take(point)).to_string())),
    };
    output.batch.rows.aggregates.push(row);
    output.tally.row(metric, Some(start_ms));
    Ok(())
}

fn take_text(point: &mut Map<String, Value>, name: &str) -> String {
    match point.get_mut(name) {
        Some(Value::String(text)) => {
            let text = std::mem::take(text);
            point.remove(name);
            text
        }
        _ => String::new(),
    }
}
