//! A workout of Health Auto Export: its route and its series are taken out point by point, what has no column is kept as JSON.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::value::{Budget, TOO_LONG};
use super::{Reader, number, point, short, take_quantity, take_time, time};
use crate::formats::output::Output;
use crate::model::healthkit::activity_of_title;
use crate::model::identity::{derive, digest};
use crate::model::limits::AUTO_EXPORT_WORKOUTS_MAX;
use crate::model::record::{RoutePoint, Uuid, Workout};
use crate::model::units::{Dimension, KILOJOULES_PER_KILOCALORIE, factor};

/// What a workout is identified by.
#[derive(Clone, Debug, Default)]
pub(super) struct Title {
    name: Option<String>,
    start_ms: Option<i64>,
    end_ms: Option<i64>,
}

impl Title {
    fn uuid(&self) -> Option<Uuid> {
        let times = [self.start_ms?, self.end_ms.unwrap_or(i64::MIN)].map(i64::to_le_bytes).concat();
        let name = self.name.as_deref().unwrap_or_default();
        Some(derive(&digest(&[b"Health Auto Export", name.as_bytes(), &times])))
    }
}

/// One workout: in the first pass its title, in the second its rows.
pub(super) struct Seed<'s, 'a, 'b>(pub(super) &'s mut Reader<'a, 'b>);

impl<'de> DeserializeSeed<'de> for Seed<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a workout")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let reader = self.0;
        if reader.output.is_none() {
            return title(reader, &mut map);
        }
        let title = reader.contents.workouts.get(reader.number).cloned().unwrap_or_default();
        let uuid = title.uuid().map(|content| reader.equals.number(content));
        let mut budget = Budget::default();
        let mut workout = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let field = Field { reader, key: &key, uuid, budget: &mut budget };
            let value = map.next_value_seed(field)?;
            reader.element.set(reader.passed.get());
            if value != Value::Array(Vec::new()) && !budget.is_spent() {
                workout.insert(key, value);
            }
        }
        let what = format!("workout {}", reader.number);
        let raw = Value::Object(workout.clone()).to_string();
        let outcome = match (uuid, &mut reader.output) {
            _ if budget.is_spent() => Err(TOO_LONG.to_owned()),
            (Some(uuid), Some(output)) => {
                push(uuid, &title, workout, output);
                Ok(())
            }
            _ if reader.number >= AUTO_EXPORT_WORKOUTS_MAX => {
                Err(format!("a file may have {AUTO_EXPORT_WORKOUTS_MAX} workouts: export fewer years at once"))
            }
            _ => Err("`start` is no date that can be read".to_owned()),
        };
        if reader.done(outcome, &what, &raw) { Ok(()) } else { Err(serde::de::Error::custom("stopped")) }
    }
}

/// The first pass: what the workout is identified by.
fn title<'de, A: MapAccess<'de>>(reader: &mut Reader<'_, '_>, map: &mut A) -> Result<(), A::Error> {
    let mut title = Title::default();
    while let Some(key) = map.next_key::<String>()? {
        match key.as_str() {
            "name" | "start" | "end" => {
                let text = map.next_value_seed(&mut Budget::default())?;
                match key.as_str() {
                    "name" => title.name = short(text.as_str().map(str::to_owned)),
                    "start" => title.start_ms = time(Some(&text)),
                    _ => title.end_ms = time(Some(&text)),
                }
            }
            _ => {
                let (uuid, budget) = (None, &mut Budget::default());
                map.next_value_seed(Field { reader, key: "", uuid, budget })?;
            }
        }
        reader.element.set(reader.passed.get());
    }
    if reader.contents.workouts.len() < AUTO_EXPORT_WORKOUTS_MAX {
        reader.contents.workouts.push(title);
    }
    Ok(())
}

/// A value of a workout. The points of a list become rows; the rest is returned.
struct Field<'s, 'a, 'b> {
    reader: &'s mut Reader<'a, 'b>,
    key: &'s str,
    uuid: Option<Uuid>,
    budget: &'s mut Budget,
}

impl Field<'_, '_, '_> {
    /// A point of a list; what is none is returned. False if the reading is to end.
    fn item(&mut self, index: u64, mut item: Value, is_whole: bool) -> (Option<Value>, bool) {
        self.reader.element.set(self.reader.passed.get());
        let Some(output) = self.reader.output.as_deref_mut() else {
            return (None, true);
        };
        let Some(uuid) = self.uuid else {
            return (Some(item), true);
        };
        let is_route = self.key == "route";
        let is_point = item.as_object().is_some_and(|item| time(item.get("date")).is_some());
        if is_whole && !is_route && !is_point {
            return (Some(item), true);
        }
        let outcome = match &mut item {
            _ if !is_whole => Err(TOO_LONG.to_owned()),
            Value::Object(location) if is_route => route_point(location, uuid, output),
            Value::Object(value) => {
                let metric = ["workout ", self.key].concat();
                point::push(&metric, None, value, &mut self.reader.equals, output)
            }
            _ => Err("not an object".to_owned()),
        };
        let raw = if outcome.is_err() { item.to_string() } else { String::new() };
        let what = format!("workout {} {} element {index}", self.reader.number, self.key);
        (None, self.reader.done(outcome, &what, &raw))
    }
}

impl<'de> DeserializeSeed<'de> for Field<'_, '_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Field<'_, '_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a workout")
    }

    /// Points go their way; what else is in the list stays.
    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Value, A::Error> {
        let mut rest = Vec::new();
        let mut index = 0;
        loop {
            let mut budget = Budget::default();
            let Some(item) = list.next_element_seed(&mut budget)? else {
                return Ok(Value::Array(rest));
            };
            match self.item(index, item, !budget.is_spent()) {
                (_, false) => return Err(serde::de::Error::custom("stopped")),
                (Some(item), true) => {
                    self.budget.join(&budget);
                    if !self.budget.is_spent() {
                        rest.push(item);
                    }
                }
                (None, true) => {}
            }
            index += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        self.budget.visit_map(map)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        self.budget.visit_str(text)
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(truth.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }
}

fn push(uuid: Uuid, title: &Title, mut workout: Map<String, Value>, output: &mut Output<'_>) {
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
    let energy_kcal = energy.map(|(energy, unit)| match unit {
        Some(unit) if unit.eq_ignore_ascii_case("kJ") => energy / KILOJOULES_PER_KILOCALORIE,
        unit => energy * unit.and_then(|unit| factor(&unit, Dimension::Energy)).unwrap_or(1.0),
    });
    let texts = &mut output.batch.texts;
    let (distance, distance_unit) = distance.map_or((None, None), |(distance, unit)| (Some(distance), unit));
    let row = Workout {
        uuid,
        activity_type: activity_of_title(title.name.as_deref().unwrap_or_default()),
        start_ms,
        end_ms,
        duration_s: duration,
        energy_kcal,
        distance,
        distance_unit: distance_unit.map(|unit| texts.intern(&unit)),
        statistics: None,
        events: None,
        activities: None,
        metadata: None,
        source: Some(texts.intern(r#"{"sourceRevision":{"source":{"name":"Health Auto Export"}}}"#)),
        other: (!workout.is_empty()).then(|| texts.intern(&Value::Object(workout).to_string())),
    };
    output.batch.rows.workouts.push(row);
    output.tally.row("workouts", Some(start_ms));
}

/// Adds a location, which is left as it is if there can be no row of it.
fn route_point(location: &mut Map<String, Value>, workout: Uuid, output: &mut Output<'_>) -> Result<(), String> {
    let degrees = |names: [&'static str; 2], max: f64| {
        let found = names.into_iter().find_map(|name| Some((name, number(location.get(name)?)?)));
        found.filter(|(_, degrees)| degrees.abs() <= max).ok_or_else(|| format!("no `{}`", names[0]))
    };
    let (latitude, longitude) = (degrees(["latitude", "lat"], 90.0)?, degrees(["longitude", "lon"], 180.0)?);
    let time_ms = take_time(location, &["timestamp", "date"]).ok_or("no time that can be read")?;
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
    output.tally.row("workoutRoutes", Some(time_ms));
    Ok(())
}
