//! Workouts: runs with their routes round a lake, rides, and strength.

use std::f64::consts::TAU;
use std::fmt::Write;

use super::life::Day;
use super::payload::{Device, iso, rounded};
use crate::model::time::MINUTE_MS;

/// HealthKit's numbers of activities.
const CYCLING: u8 = 13;
const RUNNING: u8 = 37;
const STRENGTH: u8 = 50;

/// The middle of the way, in degrees, and how long a degree of latitude is, in kilometres.
const MIDDLE: (f64, f64) = (52.4404, 13.6478);
const DEGREE_KM: f64 = 111.2;

/// Days for which routes are made: they would be most of the file.
const ROUTE_DAYS: i32 = 400;

/// Between two locations and between two heart rates, in milliseconds.
const LOCATION_MS: i64 = 20_000;

/// A workout that is over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    activity: u8,
    minutes: i64,
    /// Its start and its end.
    pub(super) times: [i64; 2],
}

/// The workout of a day, if there is one.
pub(super) fn plan(day: &mut Day<'_>) -> Option<Plan> {
    let plan = match day.weekday() {
        1 | 3 => Some((RUNNING, 18 * 60, 38)),
        6 => Some((RUNNING, 10 * 60, 62)),
        5 => Some((STRENGTH, 11 * 60, 45)),
        2 => Some((CYCLING, 17 * 60, 55)),
        _ => None,
    };
    let (activity, begin, minutes) = plan.filter(|_| day.person.is_sporty && day.random.chance(75))?;
    let minutes = minutes + day.minutes(8.0);
    let late = day.minutes(20.0);
    let from_ms = day.at(begin + late);
    let times = [from_ms, from_ms + minutes * MINUTE_MS];
    day.payload.has_ended(times[1]).then_some(Plan { activity, minutes, times })
}

/// Works out.
pub(super) fn work_out(day: &mut Day<'_>, Plan { activity, minutes, times }: Plan) {
    #[expect(clippy::cast_precision_loss, reason = "minutes of a workout")]
    let hours = minutes as f64 / 60.0;
    let speed_km_h = match activity {
        RUNNING => day.vary(10.4, 0.5),
        CYCLING => day.vary(22.0, 1.5),
        _ => 0.0,
    };
    let (distance_km, energy) = (speed_km_h * hours, day.vary(560.0, 40.0) * hours);
    let mut fields = format!(
        r#""workoutActivityType":{activity},"durationSeconds":{},"totalEnergyBurned":{},"metadata":{{"HKTimeZone":"{}"}}"#,
        minutes * 60,
        rounded(energy),
        day.zone()
    );
    if distance_km > 0.0 {
        let _ = write!(fields, r#","totalDistance":{},"totalDistanceUnit":"km""#, rounded(distance_km));
    }
    let Some(workout) = day.payload.workout(times, &fields) else {
        return;
    };
    heart(day, times, if activity == STRENGTH { 118.0 } else { 152.0 });
    let energy_unit = (energy, "kcal");
    day.payload.quantity("ActiveEnergyBurned", Device::Watch, times, energy_unit);
    #[expect(clippy::cast_precision_loss, reason = "minutes of a workout")]
    day.payload.quantity("AppleExerciseTime", Device::Watch, times, (minutes as f64, "min"));
    if distance_km > 0.0 && day.age() < ROUTE_DAYS {
        let locations = locations(day, times, distance_km);
        day.payload.route(&workout, &locations);
    }
}

/// Heart rates that rise, and fall at the end.
fn heart(day: &mut Day<'_>, [from_ms, to_ms]: [i64; 2], highest: f64) {
    let step_ms = if day.age() < ROUTE_DAYS { LOCATION_MS } else { 15 * LOCATION_MS };
    let steps = (to_ms - from_ms) / step_ms;
    for step in 0..steps {
        #[expect(clippy::cast_precision_loss, reason = "steps of a workout")]
        let part = step as f64 / steps as f64;
        let effort = (part * 8.0).min(1.0) * (0.9 + 0.1 * (part * 9.0).sin());
        let rate = day.vary(80.0 + (highest - 80.0) * effort, 3.0).round();
        day.payload.quantity("HeartRate", Device::Watch, [from_ms + step * step_ms; 2], (rate, "count/min"));
    }
}

/// Locations on the way once round the lake, which bends and climbs a little.
fn locations(day: &mut Day<'_>, [from_ms, to_ms]: [i64; 2], distance_km: f64) -> String {
    let radius = distance_km / TAU / DEGREE_KM;
    let steps = (to_ms - from_ms) / LOCATION_MS;
    #[expect(clippy::cast_precision_loss, reason = "a workout has few minutes")]
    let speed = 1000.0 * distance_km / ((to_ms - from_ms) as f64 / 1000.0);
    let mut text = String::new();
    for step in 0..=steps {
        #[expect(clippy::cast_precision_loss, reason = "steps of a workout")]
        let angle = TAU * step as f64 / steps as f64;
        let far = radius * (1.0 + 0.15 * (3.0 * angle).sin() + 0.05 * (7.0 * angle).cos());
        let latitude = MIDDLE.0 + far * angle.cos();
        let longitude = MIDDLE.1 + far * angle.sin() / MIDDLE.0.to_radians().cos();
        let altitude = 34.0 + 9.0 * (2.0 * angle).sin();
        let comma = if step > 0 { "," } else { "" };
        let _ = write!(
            text,
            r#"{comma}{{"latitude":{latitude:.6},"longitude":{longitude:.6},"altitude":{altitude:.1},"speed":{:.2},"course":{:.0},"date":"{}","horizontalAccuracy":4,"verticalAccuracy":3}}"#,
            day.vary(speed, 0.2).max(0.5),
            (angle.to_degrees() + 90.0) % 360.0,
            iso(from_ms + step * LOCATION_MS)
        );
    }
    text
}
