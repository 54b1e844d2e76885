//! A workout: its route and its series become rows point by point, what has no column is kept as JSON.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::contents::Title;
use super::fields::{number, take_quantity, take_time, time};
use super::point;
use super::rows::Rows;
use super::value::{Budget, Items, TOO_LONG, ValueVisitor};
use crate::formats::flaw::Flaw;
use crate::formats::output::Output;
use crate::model::limits::AUTO_EXPORT_WORKOUTS_MAX;
use crate::model::record::{RoutePoint, Uuid, Workout};
use crate::model::units::{Dimension, KILOJOULES_PER_KILOCALORIE, factor};

/// The source of every workout, as the app would send it.
const SOURCE: &str = r#"{"sourceRevision":{"source":{"name":"Health Auto Export"}}}"#;

/// Reads one workout.
pub(super) struct WorkoutSeed<'s, 'a, 'b> {
    pub(super) rows: &'s mut Rows<'a, 'b>,
    pub(super) title: Title,
    pub(super) index: u64,
}

impl<'de> DeserializeSeed<'de> for WorkoutSeed<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for WorkoutSeed<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a workout")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { rows, title, index } = self;
        let uuid = title.content.map(|content| rows.equals.count(content).identity);
        let mut budget = Budget::default();
        let mut workout = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let field = Field { rows, workout: index, key: &key, uuid, budget: &mut budget };
            let value = map.next_value_seed(field)?;
            rows.passed.begin_element();
            if value != Value::Array(Vec::new()) && !budget.is_spent() {
                workout.insert(key, value);
            }
        }
        let mut workout = Value::Object(workout);
        let outcome = match (&mut workout, uuid) {
            _ if budget.is_spent() => Err(TOO_LONG),
            (Value::Object(workout), Some(uuid)) => {
                push(uuid, title, std::mem::take(workout), rows.output);
                Ok(())
            }
            _ if index >= AUTO_EXPORT_WORKOUTS_MAX as u64 => Err(Flaw::TooMany("workouts", AUTO_EXPORT_WORKOUTS_MAX)),
            _ => Err(Flaw::NotADate("start")),
        };
        rows.end(outcome, || format!("workout {index}"), || workout.to_string())
    }
}

/// A value of a workout. The points of a list become rows; the rest stays in the workout.
struct Field<'s, 'a, 'b> {
    rows: &'s mut Rows<'a, 'b>,
    /// Index of the workout.
    workout: u64,
    key: &'s str,
    uuid: Option<Uuid>,
    budget: &'s mut Budget,
}

impl<'de> DeserializeSeed<'de> for Field<'_, '_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        let Self { rows, workout, key, uuid, budget } = self;
        json.deserialize_any(ValueVisitor { budget, items: Points { rows, workout, key, uuid } })
    }
}

/// The items of a list of a workout.
struct Points<'s, 'a, 'b> {
    rows: &'s mut Rows<'a, 'b>,
    workout: u64,
    key: &'s str,
    uuid: Option<Uuid>,
}

impl Items for Points<'_, '_, '_> {
    fn read<'de, A: SeqAccess<'de>>(mut self, mut list: A, budget: &mut Budget) -> Result<Vec<Value>, A::Error> {
        let mut rest = Vec::new();
        for index in 0.. {
            let mut own = Budget::default();
            let Some(item) = list.next_element_seed(&mut own)? else {
                break;
            };
            if let Some(item) = self.take::<A::Error>(index, item, &own)? {
                budget.join(&own);
                if !budget.is_spent() {
                    rest.push(item);
                }
            }
        }
        Ok(rest)
    }
}

impl Points<'_, '_, '_> {
    /// Makes a row of a point. Returns what is not a point.
    fn take<E: serde::de::Error>(&mut self, index: u64, mut item: Value, budget: &Budget) -> Result<Option<Value>, E> {
        self.rows.passed.begin_element();
        let Some(uuid) = self.uuid else {
            return Ok(Some(item));
        };
        let is_route = self.key == "route";
        let is_point = item.as_object().is_some_and(|item| time(item.get("date")).is_some());
        if !budget.is_spent() && !is_route && !is_point {
            return Ok(Some(item));
        }
        let rows = &mut *self.rows;
        let outcome = match &mut item {
            _ if budget.is_spent() => Err(TOO_LONG),
            Value::Object(location) if is_route => push_location(location, uuid, rows.output),
            Value::Object(value) => {
                let metric = ["workout ", self.key].concat();
                point::push(&metric, None, value, &mut rows.equals, rows.output)
            }
            _ => Err(Flaw::Not("an object")),
        };
        let (workout, key) = (self.workout, self.key);
        rows.end(outcome, || format!("workout {workout} {key} element {index}"), || item.to_string())?;
        Ok(None)
    }
}

fn push(uuid: Uuid, title: Title, mut workout: Map<String, Value>, output: &mut Output<'_>) {
    let start_ms = take_time(&mut workout, &["start"]).unwrap_or_default();
    let end_ms = take_time(&mut workout, &["end"]);
    let duration = take_quantity(&mut workout, "duration").map(|(duration, unit)| {
        // Seconds if no unit is named.
        duration * unit.and_then(|unit| factor(&unit, Dimension::Time)).unwrap_or(1.0)
    });
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a workout are exact")]
    let duration = duration.or_else(|| end_ms.map(|end| (end - start_ms) as f64 / 1000.0));
    let distance = take_quantity(&mut workout, "distance");
    let energy = ["activeEnergyBurned", "activeEnergy"].iter().find_map(|name| take_quantity(&mut workout, name));
    let texts = &mut output.batch.texts;
    let (distance, distance_unit) = distance.map_or((None, None), |(distance, unit)| (Some(distance), unit));
    let row = Workout {
        uuid,
        activity_type: title.activity,
        start_ms,
        end_ms,
        duration_s: duration,
        energy_kcal: energy.map(|(energy, unit)| kilocalories(energy, unit.as_deref())),
        distance,
        distance_unit: distance_unit.map(|unit| texts.intern(&unit)),
        statistics: None,
        events: None,
        activities: None,
        metadata: None,
        source: Some(texts.intern(SOURCE)),
        other: (!workout.is_empty()).then(|| texts.intern(&Value::Object(workout).to_string())),
    };
    output.batch.rows.workouts.push(row);
}

/// Energy in kilocalories, which it is if no unit is named.
fn kilocalories(energy: f64, unit: Option<&str>) -> f64 {
    match unit {
        Some(unit) if unit.eq_ignore_ascii_case("kJ") => energy / KILOJOULES_PER_KILOCALORIE,
        unit => energy * unit.and_then(|unit| factor(unit, Dimension::Energy)).unwrap_or(1.0),
    }
}

/// Adds a location. One with a flaw stays as it is.
fn push_location(location: &mut Map<String, Value>, workout: Uuid, output: &mut Output<'_>) -> Result<(), Flaw> {
    let degrees = |names: [&'static str; 2], max: f64| {
        let found = names.into_iter().find_map(|name| Some((name, number(location.get(name)?)?)));
        match found.ok_or(Flaw::Missing(names[0]))? {
            (_, degrees) if degrees.abs() > max => Err(Flaw::OutOfRange(names[0])),
            found => Ok(found),
        }
    };
    let (latitude, longitude) = (degrees(["latitude", "lat"], 90.0)?, degrees(["longitude", "lon"], 180.0)?);
    let time_ms = take_time(location, &["timestamp", "date"]).ok_or(Flaw::NotADate("timestamp"))?;
    location.remove(latitude.0);
    location.remove(longitude.0);
    let mut take = |name| take_quantity(location, name).map(|(number, _)| number);
    let mut point = RoutePoint {
        workout,
        route: 0,
        time_ms,
        latitude: latitude.1,
        longitude: longitude.1,
        altitude_m: take("altitude"),
        speed_m_s: take("speed"),
        course_deg: take("course"),
        horizontal_accuracy_m: take("horizontalAccuracy"),
        vertical_accuracy_m: take("verticalAccuracy"),
        other: None,
    };
    if !location.is_empty() {
        point.other = Some(output.batch.texts.intern(&Value::Object(std::mem::take(location)).to_string()));
    }
    output.batch.rows.route_points.push(point);
    Ok(())
}
