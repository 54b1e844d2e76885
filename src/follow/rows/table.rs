//! Rows of other tables as points: each column is a tag, a field, or the time. Local days begin at the instant that the person lived.

use std::sync::Arc;

use super::equals::Equals;
use super::take::Take;
use crate::follow::target::FieldValue;
use crate::model::limits::{FOLLOW_FIELDS_MAX, FOLLOW_TAGS_MAX};
use crate::model::time::{DAY_MS, HOUR_MS, parse_day, parse_iso};
use crate::statistics::{LocalDay, Timeline};
use crate::store::questions::{Field, Value};

/// What a column is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Column {
    /// Left out.
    Skip,
    /// The time: an instant.
    Start,
    /// The time: a local date, which is a field also.
    Day(&'static str),
    /// A tag.
    Tag(&'static str),
    /// A number.
    Number(&'static str),
    /// An instant, as a whole number of milliseconds.
    Instant(&'static str),
    /// A local time: as a field, and how many hours it is from the local midnight of the row's day.
    Clock(&'static str, &'static str),
    /// An identity.
    Identity(&'static str),
}

use Column::{Clock, Day, Identity, Instant, Number, Skip, Start, Tag};

/// The columns of `Days`.
pub(super) const DAYS: &[Column] = &[
    Day("day"),
    Number("value"),
    Number("samples"),
    Number("minimum"),
    Number("maximum"),
    Number("last"),
    Number("time_weighted"),
    Number("covered_min"),
    Skip,
    Skip,
    Skip,
];

/// The columns of `Nights`.
pub(super) const NIGHTS: &[Column] = &[
    Day("night"),
    Number("asleep_min"),
    Number("in_bed_min"),
    Number("core_min"),
    Number("deep_min"),
    Number("rem_min"),
    Number("unspecified_min"),
    Number("awake_min"),
    Number("asleep_main_min"),
    Clock("bedtime", "bedtime_h"),
    Clock("wake_time", "wake_h"),
    Number("awakenings"),
    Number("naps"),
];

/// The columns of the listing of workouts.
pub(super) const WORKOUTS: &[Column] = &[
    Identity("uuid"),
    Tag("activity"),
    Start,
    Skip,
    Number("duration_s"),
    Number("energy_kcal"),
    Number("distance_km"),
    Tag("source"),
];

/// Those of workouts by local days.
pub(super) const WORKOUT_DAYS: &[Column] = &[
    Day("day"),
    Tag("activity"),
    Number("workouts"),
    Number("duration_s"),
    Number("energy_kcal"),
    Number("distance_km"),
];

/// Those of doses.
pub(super) const DOSES: &[Column] = &[
    Tag("medication"),
    Skip,
    Tag("status"),
    Number("quantity"),
    Tag("unit"),
    Start,
    Skip,
    Instant("scheduled_ms"),
    Skip,
    Identity("uuid"),
];

/// Those of doses by local days.
pub(super) const DOSE_DAYS: &[Column] =
    &[Day("day"), Tag("medication"), Number("due"), Number("taken"), Number("skipped"), Number("as_needed")];

/// Those of rings.
pub(super) const RINGS: &[Column] = &[
    Day("day"),
    Number("active_energy"),
    Number("active_energy_goal"),
    Tag("unit"),
    Number("move_min"),
    Number("move_goal_min"),
    Number("exercise_min"),
    Number("exercise_goal_min"),
    Number("stand_hours"),
    Number("stand_goal_hours"),
];

/// How rows of a table become points.
#[derive(Debug)]
pub(super) struct TableShape {
    columns: &'static [Column],
    /// Where local days begin.
    timeline: Option<Arc<Timeline>>,
    /// The unit of all rows.
    unit: String,
    equals: Equals,
}

impl TableShape {
    pub(super) fn new(columns: &'static [Column]) -> Self {
        Self { columns, timeline: None, unit: String::new(), equals: Equals::default() }
    }

    /// Learns the zones of the person.
    pub(super) fn learn(&mut self, timeline: Arc<Timeline>) {
        self.timeline = Some(timeline);
    }

    /// Learns what holds for all rows. The unit of nights is in the names of their figures.
    pub(super) fn begin(&mut self, head: &[Field<'_>]) {
        let is_of_type = head.iter().any(|(name, _)| *name == "type");
        for (name, value) in head {
            if let ("unit", Value::Text(unit)) = (*name, value)
                && is_of_type
            {
                (*unit).clone_into(&mut self.unit);
            }
        }
    }

    /// Returns whether another row fits.
    pub(super) fn point(&mut self, person: &str, row: &[Value<'_>], take: &mut Take<'_>) -> bool {
        let mut tags = List::<&str, FOLLOW_TAGS_MAX>::new("");
        let mut fields = List::<FieldValue<'_>, FOLLOW_FIELDS_MAX>::new(FieldValue::Integer(0));
        tags.push("person", person);
        if !self.unit.is_empty() {
            tags.push("unit", &self.unit);
        }
        let (mut at_ms, mut day, mut is_day) = (None, 0, false);
        for (column, value) in self.columns.iter().zip(row) {
            match (*column, *value) {
                (Start, Value::Time(start_ms)) => at_ms = Some(start_ms),
                (Day(name), Value::Text(text)) => {
                    let days = parse_day(text).and_then(|ms| i32::try_from(ms.div_euclid(DAY_MS)).ok());
                    let start =
                        |days| self.timeline.as_ref().map(|timeline| timeline.day_start_ms(LocalDay::new(days)));
                    (at_ms, day, is_day) = (days.and_then(start), days.unwrap_or(0), true);
                    fields.push(name, FieldValue::Text(text));
                }
                (Tag(name), Value::Text(text)) => tags.push(name, text),
                (Number(name), value) => {
                    if let Some(number) = number(value) {
                        fields.push(name, FieldValue::Float(number));
                    }
                }
                (Instant(name), Value::Time(at_ms)) => fields.push(name, FieldValue::Integer(at_ms)),
                (Clock(name, hours), Value::Text(text)) => {
                    fields.push(name, FieldValue::Text(text));
                    if let Some(from_midnight) = hours_from(day, text) {
                        fields.push(hours, FieldValue::Float(from_midnight));
                    }
                }
                (Identity(name), Value::Identity(identity)) => fields.push(name, FieldValue::Identity(identity)),
                _ => {}
            }
        }
        let Some(at_ms) = at_ms else { return true };
        let tags = tags.sorted();
        let count = if is_day { 0 } else { self.equals.count(at_ms, tags) };
        take(tags, fields.sorted(), (at_ms, count))
    }
}

/// Names with values, of a bounded number.
struct List<T, const N: usize> {
    items: [(&'static str, T); N],
    used: usize,
}

impl<T: Copy, const N: usize> List<T, N> {
    fn new(nothing: T) -> Self {
        Self { items: [("", nothing); N], used: 0 }
    }

    fn push(&mut self, name: &'static str, value: T) {
        if let Some(item) = self.items.get_mut(self.used) {
            *item = (name, value);
            self.used += 1;
        }
    }

    fn sorted(&mut self) -> &[(&'static str, T)] {
        let used = &mut self.items[..self.used];
        used.sort_unstable_by_key(|(name, _)| *name);
        used
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts")]
fn number(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(number as f64),
        Value::Real(number) if number.is_finite() => Some(number),
        Value::Flag(flag) => Some(f64::from(u8::from(flag))),
        _ => None,
    }
}

/// How many hours a local time is from the midnight at which a day begins: -0.5 is half past eleven in the evening before.
#[expect(clippy::cast_precision_loss, reason = "the milliseconds of some days")]
fn hours_from(day: i32, local: &str) -> Option<f64> {
    let local_ms = parse_iso(&format!("{}Z", local.trim_end_matches('Z')))?.ms;
    Some((local_ms - i64::from(day) * DAY_MS) as f64 / HOUR_MS as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::Zones;

    fn shown(shape: &mut TableShape, row: &[Value<'_>]) -> String {
        let mut text = String::new();
        shape.point("anna", row, &mut |tags, fields, at| {
            text = format!("{tags:?} {fields:?} {at:?}");
            true
        });
        text
    }

    #[test]
    fn days_begin_at_local_midnight_and_nights_have_hours() {
        let mut zones = Zones::default();
        let berlin = zones.add("Europe/Berlin");
        let timeline = Arc::new(Timeline::new(zones, berlin, &[]));
        let mut days = TableShape::new(DAYS);
        days.learn(Arc::clone(&timeline));
        days.begin(&[("type", Value::Text("steps")), ("unit", Value::Text("count"))]);
        let row = [Value::Text("1970-01-02"), Value::Real(7.0), Value::Integer(3), Value::Null];
        assert_eq!(
            shown(&mut days, &row),
            r#"[("person", "anna"), ("unit", "count")] [("day", Text("1970-01-02")), ("samples", Float(3.0)), ("value", Float(7.0))] (82800000, 0)"#
        );
        let mut nights = TableShape::new(NIGHTS);
        nights.learn(timeline);
        nights.begin(&[("unit", Value::Text("min"))]);
        let mut row = [Value::Null; 13];
        row[0] = Value::Text("1970-01-02");
        (row[9], row[10]) = (Value::Text("1970-01-01T23:30:00"), Value::Text("1970-01-02T07:15:00"));
        let shown = shown(&mut nights, &row);
        assert!(
            shown.contains(r#"("bedtime_h", Float(-0.5))"#) && shown.contains(r#"("wake_h", Float(7.25))"#),
            "{shown}"
        );
        assert!(shown.starts_with(r#"[("person", "anna")] "#), "{shown}");
    }

    #[test]
    fn doses_of_one_moment_stay_apart() {
        let mut doses = TableShape::new(DOSES);
        let mut row = [Value::Null; 10];
        (row[0], row[2], row[5]) = (Value::Text("Aspirin"), Value::Text("taken"), Value::Time(5));
        row[7] = Value::Time(6);
        let expected = |count| {
            format!(
                r#"[("medication", "Aspirin"), ("person", "anna"), ("status", "taken")] [("scheduled_ms", Integer(6))] (5, {count})"#
            )
        };
        assert_eq!(shown(&mut doses, &row), expected(0));
        assert_eq!(shown(&mut doses, &row), expected(1));
        row[5] = Value::Null;
        assert_eq!(shown(&mut doses, &row), "", "without a time");
    }
}
