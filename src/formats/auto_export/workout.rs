//! A workout: its route and its series become rows point by point, what has no column is kept as JSON.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::contents::{Identity, Title};
use super::fields::{degrees, not_a_date, take_converted, take_quantity, take_time, time};
use super::point;
use super::rows::Rows;
use super::value::{self, Budget, Items, ValueVisitor, any_seed, scalars};
use crate::formats::flaw::Flaw;
use crate::model::healthkit::has_distance;
use crate::model::identity::{derive, derive_from_healthkit, digest, next};
use crate::model::interval::Interval;
use crate::model::limits::{AUTO_EXPORT_EQUALS_MAX, AUTO_EXPORT_WORKOUTS_MAX};
use crate::model::record::{RouteEvent, RoutePoint, Uuid, Workout};
use crate::model::units::{Dimension, factor, kilocalories};

/// The source of every workout, as the app would send it.
const SOURCE: &str = r#"{"sourceRevision":{"source":{"name":"Health Auto Export"}}}"#;

/// Reads one workout.
pub(super) struct WorkoutSeed<'s, 'a, 'b> {
    pub(super) rows: &'s mut Rows<'a, 'b>,
    pub(super) title: Title,
    /// Its place in the document.
    pub(super) place: usize,
}

any_seed!(WorkoutSeed<'_, '_, '_>, ());

impl<'de> Visitor<'de> for WorkoutSeed<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a workout")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { rows, title, place } = self;
        let uuid = title.identity.map(|identity| match identity {
            // An identifier is of one workout, however often the file has it.
            Identity::HealthKit(healthkit) => derive_from_healthkit(&healthkit),
            Identity::Content(content) => nth_identity(content, rows.repeats.count(content)),
        });
        let mut budget = Budget::of(&rows.passed);
        let mut workout = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let field = Field { rows, workout: place, key: &key, uuid, budget: &mut budget };
            let value = map.next_value_seed(field)?;
            budget.note_flaw();
            rows.passed.begin_element();
            if value != Value::Array(Vec::new()) && !budget.is_spent() {
                budget.insert(&mut workout, key, value);
            }
        }
        let mut workout = Value::Object(workout);
        let outcome = match (budget.flaw(), &mut workout, uuid) {
            (Some(flaw), ..) => Err(flaw),
            (_, Value::Object(workout), Some(uuid)) => {
                push(uuid, title, std::mem::take(workout), rows);
                Ok(())
            }
            _ if place >= AUTO_EXPORT_WORKOUTS_MAX => Err(Flaw::TooMany("workouts", AUTO_EXPORT_WORKOUTS_MAX)),
            (_, workout, _) if time(workout.get("start")).is_some() => Err(Flaw::EndsEarly),
            (_, workout, _) => Err(workout
                .as_object()
                .map_or(Flaw::NotADate("start"), |workout| not_a_date(workout, &["start"], "start"))),
        };
        rows.end(outcome, || format!("workout {place}"), || workout.to_string())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        let value = ValueVisitor { budget: &mut Budget::default(), items: value::Keep }.visit_seq(list)?;
        self.misfit(&value)
    }

    scalars!((), |self, value| self.misfit(&value));

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.misfit(&Value::from(text))
    }
}

impl WorkoutSeed<'_, '_, '_> {
    fn misfit<E: Error>(self, value: &Value) -> Result<(), E> {
        let Self { rows, place, .. } = self;
        rows.end(Err(Flaw::Not("an object")), || format!("workout {place}"), || value.to_string())
    }
}

/// The identity of one of several workouts with the same content: the first has the content's, each further one the next.
fn nth_identity(content: Uuid, nth: u32) -> Uuid {
    if nth > AUTO_EXPORT_EQUALS_MAX {
        return derive(&digest(&[&content, &nth.to_le_bytes()]));
    }
    (1..nth).fold(content, |identity, _| next(&identity))
}

/// A value of a workout. The points of a list become rows; the rest stays in the workout.
struct Field<'s, 'a, 'b> {
    rows: &'s mut Rows<'a, 'b>,
    /// Place of the workout.
    workout: usize,
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
    workout: usize,
    key: &'s str,
    uuid: Option<Uuid>,
}

impl Items for Points<'_, '_, '_> {
    fn read<'de, A: SeqAccess<'de>>(mut self, mut list: A, budget: &mut Budget) -> Result<Vec<Value>, A::Error> {
        let mut rest = Vec::new();
        // What is wrong with the list's name is not its first item's.
        budget.note_flaw();
        let route = self.uuid.filter(|_| self.key == "route");
        route.inspect(|workout| self.rows.output.batch.mark_route(*workout, 0, RouteEvent::Begins(None)));
        for index in 0.. {
            let mut own = Budget::of(&self.rows.passed);
            let Some(item) = list.next_element_seed(&mut own)? else {
                break;
            };
            own.note_flaw();
            if let Some(item) = self.take::<A::Error>(index, item, &own)? {
                budget.join(&own);
                if !budget.is_spent() {
                    rest.push(item);
                }
            }
        }
        route.inspect(|workout| self.rows.output.batch.mark_route(*workout, 0, RouteEvent::Ends));
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
        let outcome = match (budget.flaw(), &mut item) {
            (Some(flaw), _) => Err(flaw),
            (_, Value::Object(location)) if is_route => push_location(location, uuid, rows),
            (_, Value::Object(value)) => {
                let metric = ["workout ", self.key].concat();
                let (unit, said, may_be_days, style) = (None, Interval::None, false, rows.style);
                let series = point::Series { metric: &metric, unit, said, may_be_days, style, passed: &rows.passed };
                point::push(series, value, &mut rows.repeats, rows.output)
            }
            _ => Err(Flaw::Not("an object")),
        };
        let (workout, key) = (self.workout, self.key);
        rows.end(outcome, || format!("workout {workout} {key} element {index}"), || item.to_string())?;
        Ok(None)
    }
}

fn push(uuid: Uuid, title: Title, mut workout: Map<String, Value>, rows: &mut Rows<'_, '_>) {
    let start_ms = take_time(&mut workout, &["start"]).unwrap_or_default();
    let end_ms = take_time(&mut workout, &["end"]);
    // Seconds and kilocalories if no unit is named.
    let seconds = |duration: f64, unit: &str| Some(duration * factor(unit, Dimension::Time)?);
    let style = rows.style;
    let duration = take_converted(&mut workout, "duration", style, seconds);
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a workout are exact")]
    let duration = duration.or_else(|| end_ms.map(|end| (end - start_ms) as f64 / 1000.0));
    let distance =
        if has_distance(title.activity.map(i64::from)) { take_quantity(&mut workout, "distance", style) } else { None };
    let energies = ["activeEnergyBurned", "activeEnergy"];
    let energy = energies.iter().find_map(|name| take_converted(&mut workout, name, style, kilocalories));
    let texts = &mut rows.output.batch.texts;
    let (distance, distance_unit) = distance.map_or((None, None), |(distance, unit)| (Some(distance), unit));
    let row = Workout {
        uuid,
        healthkit: match title.identity {
            Some(Identity::HealthKit(healthkit)) => Some(healthkit),
            _ => None,
        },
        activity_type: title.activity.map(i64::from),
        start_ms,
        end_ms,
        duration_s: duration,
        energy_kcal: energy,
        distance,
        distance_unit: distance_unit.map(|unit| texts.intern(&unit)),
        statistics: None,
        events: None,
        activities: None,
        metadata: None,
        source: Some(texts.intern(SOURCE)),
        other: (!workout.is_empty()).then(|| texts.intern(&rows.passed.text_of(workout))),
        creation_ms: None,
    };
    rows.output.batch.rows.workouts.push(row);
}

/// Adds a location. One with a flaw stays as it is.
fn push_location(location: &mut Map<String, Value>, workout: Uuid, rows: &mut Rows<'_, '_>) -> Result<(), Flaw> {
    let style = rows.style;
    let within = |names: [&'static str; 2], max: f64| {
        let found = names.into_iter().find_map(|name| Some((name, degrees(location.get(name)?, style)?)));
        match found.ok_or(Flaw::Missing(names[0]))? {
            (_, degrees) if degrees.abs() > max => Err(Flaw::OutOfRange(names[0])),
            found => Ok(found),
        }
    };
    let (latitude, longitude) = (within(["latitude", "lat"], 90.0)?, within(["longitude", "lon"], 180.0)?);
    let time_ms = {
        let names = ["timestamp", "date"];
        take_time(location, &names).ok_or_else(|| not_a_date(location, &names, names[0]))?
    };
    location.remove(latitude.0);
    location.remove(longitude.0);
    let mut take = |name| take_quantity(location, name, style).map(|(number, _)| number);
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
        let other = rows.passed.text_of(std::mem::take(location));
        point.other = Some(rows.output.batch.texts.intern(&other));
    }
    rows.output.batch.rows.route_points.push(point);
    Ok(())
}
