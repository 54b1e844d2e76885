//! A workout of Health Auto Export: its route and its series are taken out, what has no column is kept as JSON.

use serde_json::{Map, Value};

use super::{number, push, time};
use crate::identity::{derive, digest};
use crate::import::apple::equals::Equals;
use crate::import::apple::names::activity_of_title;
use crate::import::output::Output;
use crate::record::{RoutePoint, Workout};

/// Keys that have a column.
const KNOWN: [&str; 5] = ["start", "end", "duration", "distance", "activeEnergy"];

pub(super) fn read(workout: &Map<String, Value>, equals: &mut Equals, output: &mut Output<'_>) -> Result<(), String> {
    let name = workout.get("name").and_then(Value::as_str).unwrap_or_default();
    let start_ms = time(workout.get("start")).ok_or("`start` is no date that can be read")?;
    let end_ms = time(workout.get("end"));
    let times = [start_ms, end_ms.unwrap_or(i64::MIN)].map(i64::to_le_bytes).concat();
    let uuid = equals.number(derive(&digest(&[b"Health Auto Export", name.as_bytes(), &times])));
    let mut other = Map::new();
    let mut series = Vec::new();
    for (key, value) in workout {
        let is_list = value.as_array().is_some_and(|list| list.iter().all(|item| item.get("date").is_some()));
        match value {
            Value::Array(points) if key == "route" => {
                for point in points {
                    route_point(point, uuid, output);
                    output.make_room().map_err(|error| error.to_string())?;
                }
            }
            Value::Array(points) if is_list => series.push((key, points)),
            _ if KNOWN.contains(&key.as_str()) => {}
            _ => {
                other.insert(key.clone(), value.clone());
            }
        }
    }
    for (key, points) in series {
        let metric = ["workout ", key].concat();
        for point in points.iter().filter_map(Value::as_object) {
            if push(&metric, None, point, equals, output).is_err() {
                output.tally.skip("point of a workout's series without a date that can be read", 1);
            }
            output.make_room().map_err(|error| error.to_string())?;
        }
    }
    let quantity = |name: &str| workout.get(name).and_then(number);
    let units = |name: &str| workout.get(name).and_then(|value| value.get("units")).and_then(Value::as_str);
    let energy = ["activeEnergyBurned", "activeEnergy"].into_iter().find(|name| quantity(name).is_some());
    let kilojoules = energy.and_then(units).is_some_and(|unit| unit.eq_ignore_ascii_case("kJ"));
    let duration = quantity("duration").or_else(|| {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a workout are exact")]
        end_ms.map(|end| (end - start_ms) as f64 / 1000.0)
    });
    let texts = &mut output.batch.texts;
    let row = Workout {
        uuid,
        activity_type: activity_of_title(name),
        start_ms,
        end_ms,
        duration_s: duration,
        energy_kcal: energy.and_then(quantity).map(|energy| if kilojoules { energy / 4.184 } else { energy }),
        distance: quantity("distance"),
        distance_unit: units("distance").map(|unit| texts.intern(unit)),
        statistics: None,
        events: None,
        activities: None,
        metadata: None,
        source: Some(texts.intern(r#"{"sourceRevision":{"source":{"name":"Health Auto Export"}}}"#)),
        other: (!other.is_empty()).then(|| texts.intern(&Value::Object(other).to_string())),
    };
    output.batch.workouts.push(row);
    output.tally.row("workouts", Some(start_ms));
    Ok(())
}

fn route_point(point: &Value, workout: [u8; 16], output: &mut Output<'_>) {
    let get = |names: [&str; 2]| names.iter().find_map(|name| number(point.get(*name)?));
    let time = time(point.get("timestamp").or_else(|| point.get("date")));
    let degrees = (get(["latitude", "lat"]), get(["longitude", "lon"]));
    let (Some(time_ms), (Some(latitude), Some(longitude))) = (time, degrees) else {
        output.tally.skip("location of a route without a place or a time", 1);
        return;
    };
    output.batch.route_points.push(RoutePoint {
        workout,
        route: 0,
        time_ms,
        latitude,
        longitude,
        altitude_m: get(["altitude", "altitude"]),
        speed_m_s: get(["speed", "speed"]),
        course_deg: get(["course", "course"]),
        horizontal_accuracy_m: get(["horizontalAccuracy", "horizontalAccuracy"]),
        vertical_accuracy_m: get(["verticalAccuracy", "verticalAccuracy"]),
        other: None,
    });
    output.tally.row("workoutRoutes", Some(time_ms));
}
