//! The statistics that a workout came with, beside its samples: sum, average, least and greatest value of each type.
//!
//! The samples of the workout's source count. If it has none of the type, those of all sources do, by their ranks. Pauses are left out.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params};
use serde::Serialize;
use serde_json::Value;

use super::rings::WITHIN_SHARE;
use super::workout_samples::{Workout, WorkoutSamples};
use crate::model::healthkit::name_of;
use crate::model::limits::{
    DIFFERENCES_KEPT_MAX, STATISTICS_SAMPLE_MS_MAX, WORKOUT_REPORTS_MAX, WORKOUT_TEXT_COMPARED_BYTES_MAX,
};
use crate::model::time::{parse, to_iso_seconds};
use crate::model::units::conversion;
use crate::statistics::{GroupId, Method, Ranks, Timeline, Zones};
use crate::store::derive::dirty::{ALL, Span};
use crate::store::derive::groups::Groups;
use crate::store::derive::halt::Step;
use crate::store::derive::subject::{Kind, Person};
use crate::store::derive::survey::Lengths;
use crate::store::derive::units::Units;
use crate::store::lookup::find_type;
use crate::store::supplied::Supplied;

/// A figure of a type, and how the workouts that have it compare.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkoutReport {
    /// HealthKit's identifier of the type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name as people say it.
    pub name: String,
    /// sum, average, minimum or maximum.
    pub figure: &'static str,
    /// The unit of both.
    pub unit: String,
    /// Workouts that came with the figure.
    pub workouts: u64,
    /// Those within 1 %.
    pub within: u64,
    /// How many of the others there are, by reason.
    pub reasons: BTreeMap<&'static str, u64>,
    /// The first ones.
    pub differences: Vec<WorkoutDifference>,
}

/// A workout whose figure differs from that of its samples.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkoutDifference {
    /// Its start, UTC.
    pub start: String,
    /// What the workout came with.
    pub workout: f64,
    /// What its samples make.
    pub samples: Option<f64>,
    /// What is known about the difference.
    pub reason: &'static str,
}

/// A figure: its key in the statistics, and its name.
const FIGURES: [(&str, &str); 4] = [
    ("sumQuantity", "sum"),
    ("averageQuantity", "average"),
    ("minimumQuantity", "minimum"),
    ("maximumQuantity", "maximum"),
];

/// Numbers of HealthKit's events: a pause by hand and its end, and one without motion and its end.
const PAUSES: [(i64, i64); 2] = [(1, 2), (5, 6)];

const SELECT: &str =
    "SELECT start_ms, end_ms, statistics, iif(length(events) <= ?5, events, NULL), source_id FROM workouts
    WHERE person_id = ?1 AND end_ms > start_ms AND end_ms - start_ms <= ?2 AND start_ms BETWEEN ?3 AND ?4
      AND length(statistics) BETWEEN 3 AND ?5 ORDER BY start_ms";

/// Compares all workouts of a person.
pub(super) fn verify(connection: &Connection, person: i64) -> Step<Vec<WorkoutReport>> {
    let timeline = Timeline::new(Zones::default(), None, &[]);
    let person = Person { connection: Supplied::whole(connection), id: person, timeline: &timeline, workouts: &[] };
    let mut comparer = Comparer {
        person: &person,
        groups: Groups::load(connection, person.id)?,
        lengths: Lengths::load(connection, person.id)?,
        types: BTreeMap::new(),
        reports: BTreeMap::new(),
        kept_left: DIFFERENCES_KEPT_MAX,
    };
    let mut select = connection.prepare(SELECT)?;
    let bytes = i64::try_from(WORKOUT_TEXT_COMPARED_BYTES_MAX).unwrap_or(i64::MAX);
    let mut rows = select.query(params![person.id, STATISTICS_SAMPLE_MS_MAX, ALL.0, ALL.1, bytes])?;
    while let Some(row) = rows.next()? {
        comparer.compare_workout(row)?;
    }
    Ok(comparer.reports.into_values().collect())
}

/// What the samples of a type become.
struct Type {
    id: i64,
    ranks: Ranks,
    units: Units,
    longest_ms: i64,
}

/// Compares workouts one after the other.
struct Comparer<'a> {
    person: &'a Person<'a>,
    groups: Groups,
    lengths: Lengths,
    /// Types by their identifiers; `None` for those without samples.
    types: BTreeMap<String, Option<Type>>,
    /// By type and by the place of the figure.
    reports: BTreeMap<(String, usize), WorkoutReport>,
    /// Differences that may still be listed.
    kept_left: usize,
}

impl Comparer<'_> {
    fn compare_workout(&mut self, row: &Row<'_>) -> Step<()> {
        let json = |column| -> Option<Value> {
            let text = row.get_ref(column).ok()?.as_str_or_null().ok()??;
            serde_json::from_str(text).ok()
        };
        let Some(Value::Object(statistics)) = json(2) else {
            return Ok(());
        };
        let span = (row.get(0)?, row.get(1)?);
        let group = self.groups.of_source(&self.person.connection, row.get(4)?, span.0)?;
        let workout = Workout { span, active: active(span, json(3).as_ref()), group };
        for (kind, figures) in &statistics {
            if figures.is_object() {
                self.compare_type(&workout, kind, figures)?;
            }
        }
        Ok(())
    }

    fn compare_type(&mut self, workout: &Workout, name: &str, figures: &Value) -> Step<()> {
        let known = self.types.len() < WORKOUT_REPORTS_MAX || self.types.contains_key(name);
        if !known {
            return Ok(());
        }
        if !self.types.contains_key(name) {
            let read = self.read_type(name)?;
            self.types.insert(name.to_owned(), read);
        }
        let Self { person, groups, types, reports, kept_left, .. } = self;
        let Some(found) = types.get_mut(name) else {
            return Ok(());
        };
        let mut samples = None;
        if let Some(Type { id, units, longest_ms, .. }) = found {
            let kind = Kind { id: *id, name, longest_ms: *longest_ms };
            samples = Some(WorkoutSamples::read(&person.connection, person, &kind, units, groups, workout)?);
        }
        let unit = found.as_ref().map(|found| found.units.name().to_owned());
        for (place, (key, figure)) in FIGURES.into_iter().enumerate() {
            let Some((value, own_unit)) = quantity(figures, key) else { continue };
            let unit = unit.clone().unwrap_or_else(|| own_unit.to_owned());
            let Some(value) = in_unit(value, own_unit, &unit) else { continue };
            let report = reports.entry((name.to_owned(), place)).or_insert_with(|| WorkoutReport {
                kind: name.to_owned(),
                name: name_of(name),
                figure,
                unit,
                workouts: 0,
                within: 0,
                reasons: BTreeMap::new(),
                differences: Vec::new(),
            });
            let found = found.as_ref().zip(samples.as_ref()).map(|(found, samples)| Found {
                samples,
                workout,
                ranks: &found.ranks,
                method: Method::of(name),
                place,
            });
            note(report, (workout.span.0, place, value), found.as_ref(), kept_left);
        }
        Ok(())
    }

    fn read_type(&mut self, name: &str) -> Step<Option<Type>> {
        let Some(id) = find_type(&self.person.connection, name)? else {
            return Ok(None);
        };
        let longest_ms = self.lengths.longest_ms(id);
        let units = Units::of(self.person, &Kind { id, name, longest_ms })?;
        Ok(Some(Type { id, ranks: self.groups.ranks(name), units, longest_ms }))
    }
}

/// A number and its unit.
fn quantity<'a>(figures: &'a Value, key: &str) -> Option<(f64, &'a str)> {
    let quantity = figures.get(key)?;
    let value = quantity.get("quantity")?.as_f64().filter(|value| value.is_finite())?;
    Some((value, quantity.get("unit").and_then(Value::as_str).unwrap_or_default()))
}

fn in_unit(value: f64, from: &str, to: &str) -> Option<f64> {
    // An index has no unit.
    if to.is_empty() && matches!(from, "" | "count") {
        return Some(value);
    }
    conversion(from, to).map(|conversion| conversion.apply(value))
}

/// The time of a workout without its pauses. A pause ends by its own kind of resumption.
fn active(span: Span, events: Option<&Value>) -> Vec<Span> {
    let mut active = Vec::new();
    let mut from_ms = Some(span.0);
    let mut is_paused = [false; PAUSES.len()];
    for event in events.and_then(Value::as_array).into_iter().flatten() {
        let (Some(kind), Some(at_ms)) =
            (event.get("type").and_then(Value::as_i64), event.get("startDate").and_then(Value::as_str).and_then(parse))
        else {
            continue;
        };
        let at_ms = at_ms.clamp(span.0, span.1);
        for ((pause, resumption), is_paused) in PAUSES.into_iter().zip(&mut is_paused) {
            *is_paused = kind == pause || *is_paused && kind != resumption;
        }
        match (from_ms, is_paused.contains(&true)) {
            (Some(from), true) => {
                active.extend((from < at_ms).then_some((from, at_ms)));
                from_ms = None;
            }
            (None, false) => from_ms = Some(at_ms),
            _ => {}
        }
    }
    active.extend(from_ms.filter(|from| *from < span.1).map(|from| (from, span.1)));
    active
}

/// The samples of a type in a workout.
struct Found<'a> {
    samples: &'a WorkoutSamples,
    workout: &'a Workout,
    ranks: &'a Ranks,
    method: Method,
    place: usize,
}

impl Found<'_> {
    fn figure(&self, spans: &[Span], only: Option<GroupId>) -> Option<f64> {
        match self.place {
            0 => self.samples.sum(spans, only, self.ranks),
            1 => match self.method {
                Method::TimeWeighted => self.samples.weighted(spans, only).or_else(|| self.samples.mean(spans, only)),
                Method::Level => self.samples.level(spans, only, self.ranks),
                _ => self.samples.mean(spans, only),
            },
            2 => self.samples.extreme(spans, only, f64::min),
            _ => self.samples.extreme(spans, only, f64::max),
        }
    }
}

fn is_within(one: f64, other: f64) -> bool {
    (one - other).abs() <= (other * WITHIN_SHARE).abs().max(f64::EPSILON)
}

fn note(
    report: &mut WorkoutReport,
    (start_ms, place, value): (i64, usize, f64),
    found: Option<&Found<'_>>,
    kept_left: &mut usize,
) {
    report.workouts += 1;
    let own = found.and_then(|found| found.samples.has(found.workout.group).then_some(found.workout.group));
    let figure = found.and_then(|found| found.figure(&found.workout.active, own));
    // Nothing was counted, and nothing is there.
    let is_nothing = value == 0.0 && place == 0 && found.is_none_or(|found| found.samples.is_empty());
    if is_nothing || figure.is_some_and(|figure| is_within(figure, value)) {
        report.within += 1;
        return;
    }
    let reason = found.map_or("no samples", |found| reason(found, value, figure, own));
    *report.reasons.entry(reason).or_default() += 1;
    if *kept_left > 0 {
        *kept_left -= 1;
        let start = to_iso_seconds(start_ms);
        report.differences.push(WorkoutDifference { start, workout: value, samples: figure, reason });
    }
}

fn reason(found: &Found<'_>, value: f64, figure: Option<f64>, own: Option<GroupId>) -> &'static str {
    let Found { samples, workout, method, place, .. } = found;
    let is_weighed = *place == 1 && matches!(method, Method::TimeWeighted | Method::Level);
    let equals = |figure: Option<f64>| figure.is_some_and(|figure| is_within(figure, value));
    match figure {
        _ if samples.is_cut => "more samples than are compared",
        None if samples.has_other_unit => "the unit of its samples cannot be compared",
        None if samples.is_empty() => "no samples",
        _ if equals(found.figure(&[workout.span], own)) => "equal together with its pauses",
        _ if own.is_some() && equals(found.figure(&workout.active, None)) => "equal together with other sources",
        _ if is_weighed && equals(samples.mean(&workout.active, own)) => "equal if each sample counts alike",
        None => "no samples",
        Some(_) if own.is_none() && samples.has_several_groups() => "several sources, and none is the workout's",
        Some(figure) if figure < value => "fewer samples than the workout had",
        Some(_) => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pauses() {
        let event =
            |kind: i64, second: i64| json!({"type": kind, "startDate": format!("1970-01-01T00:00:{second:02}.000Z")});
        let check = |events: &[(i64, i64)], expected: &[Span]| {
            let events: Value = events.iter().map(|(kind, second)| event(*kind, *second)).collect();
            assert_eq!(active((10_000, 50_000), Some(&events)), expected, "{events}");
        };
        check(&[], &[(10_000, 50_000)]);
        check(&[(1, 20), (3, 22), (1, 25), (2, 30)], &[(10_000, 20_000), (30_000, 50_000)]);
        check(&[(5, 20)], &[(10_000, 20_000)]);
        check(&[(2, 20), (1, 0), (2, 59)], &[]);
        check(&[(1, 10), (2, 12)], &[(12_000, 50_000)]);
        check(&[(1, 15), (5, 16), (6, 18), (2, 25)], &[(10_000, 15_000), (25_000, 50_000)]);
        check(&[(1, 15), (5, 16), (2, 25), (6, 30)], &[(10_000, 15_000), (30_000, 50_000)]);
        check(&[(1, 15), (6, 20)], &[(10_000, 15_000)]);
        assert_eq!(active((0, 1), Some(&json!({"type": 1}))), [(0, 1)]);
    }
}
