//! Samples as points: the hot path. Values are in the type's canonical unit if theirs converts to it.

use super::equals::Equals;
use super::take::Take;
use crate::follow::target::FieldValue;
use crate::model::healthkit::canonical_unit;
use crate::model::units::{Conversion, conversion};
use crate::store::questions::Value;

/// How samples of a type become points.
#[derive(Debug)]
pub(super) struct SampleShape {
    is_category: bool,
    canonical: Option<&'static str>,
    /// The last unit that was sent, and how its values become others.
    unit: Option<(String, Option<Conversion>)>,
    equals: Equals,
}

impl SampleShape {
    pub(super) fn new(is_category: bool, identifier: &str) -> Self {
        Self { is_category, canonical: canonical_unit(identifier), unit: None, equals: Equals::default() }
    }

    /// Returns whether another row fits.
    pub(super) fn point(&mut self, person: &str, row: &[Value<'_>], take: &mut Take<'_>) -> bool {
        let &[_, Value::Time(start_ms), end, value, unit, name, source, _, identity, ..] = row else {
            return true;
        };
        let value = match value {
            Value::Real(value) => Some(value),
            _ => None,
        };
        let (value, unit) = match unit {
            Value::Text(unit) if !self.is_category => self.converted(value, unit),
            _ => (value, ""),
        };
        let text = |value| if let Value::Text(text) = value { text } else { "" };
        let last = if self.is_category { ("state", text(name)) } else { ("unit", unit) };
        let tags = [("person", person), ("source", text(source)), last];
        let count = self.equals.count(start_ms, &tags);
        let mut fields = [("", FieldValue::Integer(0)); 3];
        let mut used = 0;
        let mut push = |name, value| {
            fields[used] = (name, value);
            used += 1;
        };
        // Also that of an instant: a point that replaces another one would keep the other's.
        let length_ms = if let Value::Time(end_ms) = end { end_ms.saturating_sub(start_ms).max(0) } else { 0 };
        push("duration_s", FieldValue::Float(seconds(length_ms)));
        if let Value::Identity(identity) = identity {
            push("uuid", FieldValue::Identity(identity));
        }
        if let Some(value) = value.filter(|value| value.is_finite()) {
            push("value", FieldValue::Float(value));
        }
        take(&tags, &fields[..used], (start_ms, count))
    }

    /// The value in the unit that it is sent in, and that unit.
    fn converted<'a>(&mut self, value: Option<f64>, unit: &'a str) -> (Option<f64>, &'a str) {
        let Some(canonical) = self.canonical.filter(|canonical| !canonical.is_empty() && *canonical != unit) else {
            return (value, unit);
        };
        if self.unit.as_ref().is_none_or(|(known, _)| known != unit) {
            self.unit = Some((unit.to_owned(), conversion(unit, canonical)));
        }
        match self.unit {
            Some((_, Some(conversion))) => (value.map(|value| conversion.apply(value)), canonical),
            _ => (value, unit),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "the milliseconds of a sample")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(shape: &mut SampleShape, row: &[Value<'_>]) -> String {
        let mut text = String::new();
        shape.point("anna", row, &mut |tags, fields, at| {
            text = format!("{tags:?} {fields:?} {at:?}");
            true
        });
        text.replace("FieldValue::", "")
    }

    #[test]
    fn samples_have_the_canonical_unit_and_their_length() {
        let mut shape = SampleShape::new(false, "HKQuantityTypeIdentifierDistanceCycling");
        let mut check = |end, value, unit: &str, expected: &str| {
            let row = [
                Value::Text("cycling_distance"),
                Value::Time(1000),
                end,
                value,
                Value::Text(unit),
                Value::Null,
                Value::Text("Watch"),
                Value::Null,
                Value::Identity([0; 16]),
                Value::Null,
                Value::Null,
            ];
            let shown = shown(&mut shape, &row);
            assert!(shown.contains(expected), "{shown}");
        };
        check(Value::Time(3500), Value::Real(2.0), "km", r#"("unit", "m")] [("duration_s", Float(2.5)), ("uuid""#);
        check(Value::Time(3500), Value::Real(2.0), "km", r#"("value", Float(2000.0))] (1000, 1)"#);
        check(Value::Time(1000), Value::Real(5.0), "m", r#"("unit", "m")] [("duration_s", Float(0.0)), ("uuid""#);
        check(Value::Null, Value::Real(5.0), "parsec", r#"("unit", "parsec")] [("duration_s", Float(0.0)), ("uuid""#);
        check(
            Value::Null,
            Value::Real(f64::INFINITY),
            "m",
            "[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]))] (1000, 3)",
        );
    }

    #[test]
    fn categories_have_a_state() {
        let mut shape = SampleShape::new(true, "HKCategoryTypeIdentifierSleepAnalysis");
        let row = [
            Value::Text("sleep"),
            Value::Time(0),
            Value::Time(60_000),
            Value::Real(4.0),
            Value::Null,
            Value::Text("asleepDeep"),
            Value::Null,
            Value::Null,
            Value::Identity([1; 16]),
            Value::Null,
            Value::Null,
        ];
        let shown = shown(&mut shape, &row);
        assert!(shown.starts_with(r#"[("person", "anna"), ("source", ""), ("state", "asleepDeep")]"#), "{shown}");
        assert!(shown.ends_with(r#"("value", Float(4.0))] (0, 0)"#), "{shown}");
    }
}
