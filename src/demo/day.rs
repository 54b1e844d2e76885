//! A day: steps by watch and phone at once, energy, heart, stairs, weight, doses.

use super::life::{Day, Detail};
use super::payload::Device;
use crate::model::time::{HOUR_MS, MINUTE_MS};

/// Doses are known of so many days.
const DOSE_DAYS: i32 = 400;

/// Water was entered between so many days ago: the type has stopped.
const WATER_DAYS: (i32, i32) = (300, 900);

/// HealthKit's numbers of what became of a dose.
const TAKEN: u8 = 4;
const SKIPPED: u8 = 5;
const NOT_LOGGED: u8 = 6;

pub(super) const MEDICATIONS: [(&str, &str, i64); 2] =
    [("Vitamin D3 1000 IU", "capsule", 8), ("Ramipril 5 mg", "tablet", 20)];

/// Lives from morning to evening. A workout measures the heart itself.
pub(super) fn live(day: &mut Day<'_>, workout_ms: Option<[i64; 2]>) {
    move_about(day);
    measure(day, workout_ms);
    stand(day);
    if day.age() < DOSE_DAYS && day.person.has_medication {
        take_medication(day);
    }
    if (WATER_DAYS.0..WATER_DAYS.1).contains(&day.age()) {
        let (at_ms, water) = (day.at(12 * 60), day.vary(600.0, 150.0).round());
        day.payload.quantity("DietaryWater", Device::Phone, [at_ms; 2], (water, "mL"));
    }
}

/// How lively hours are, from seven on.
const LIVELY: [f64; 15] = [0.6, 1.4, 0.7, 0.5, 0.6, 1.3, 0.9, 0.5, 0.5, 0.7, 1.5, 1.6, 1.0, 0.7, 0.4];

fn move_about(day: &mut Day<'_>) {
    let hours = match day.detail() {
        Detail::Old => 5,
        Detail::Newer => 2,
        Detail::New => 1,
    };
    let weekday = if day.weekday() >= 5 { 1.15 } else { 1.0 };
    let whole = (day.person.steps * weekday * (1.0 + 0.35 * day.random.around())).max(900.0);
    for (place, lively) in LIVELY.chunks(hours).enumerate() {
        #[expect(clippy::cast_possible_wrap, reason = "hours of a day")]
        let first = 7 + (place * hours) as i64;
        let share = lively.iter().sum::<f64>() / LIVELY.iter().sum::<f64>();
        let steps = (whole * share * (1.0 + 0.2 * day.random.around())).max(0.0).round();
        let minute = day.random.between(2, 9);
        let from_ms = day.at(first * 60 + minute);
        #[expect(clippy::cast_possible_wrap, reason = "hours of a day")]
        let times = [from_ms, from_ms + hours as i64 * HOUR_MS - 12 * MINUTE_MS];
        day.payload.quantity("StepCount", Device::Watch, times, (steps, "count"));
        if day.random.chance(65) {
            let by_phone = (steps * (0.85 + 0.08 * day.random.around())).round();
            day.payload.quantity("StepCount", Device::Phone, times, (by_phone, "count"));
        }
        day.payload.quantity("DistanceWalkingRunning", Device::Watch, times, (steps * 0.000_74, "km"));
        day.payload.quantity("ActiveEnergyBurned", Device::Watch, times, (steps * 0.042 + 3.0, "kcal"));
    }
    let (from_ms, basal) = (day.at(0), day.vary(1480.0, 30.0));
    day.payload.quantity("BasalEnergyBurned", Device::Watch, [from_ms, day.at(23 * 60)], (basal, "kcal"));
    for hour in [9, 18] {
        let (at_ms, floors) = (day.at(hour * 60 + 20), day.random.between(1, 6));
        #[expect(clippy::cast_precision_loss, reason = "stairs of a day")]
        day.payload.quantity("FlightsClimbed", Device::Phone, [at_ms, at_ms + 3 * MINUTE_MS], (floors as f64, "count"));
    }
}

fn measure(day: &mut Day<'_>, workout_ms: Option<[i64; 2]>) {
    let is_in_workout = |at_ms| workout_ms.is_some_and(|[from_ms, to_ms]| (from_ms..=to_ms).contains(&at_ms));
    let minutes = match day.detail() {
        Detail::Old => 180,
        Detail::Newer => 45,
        Detail::New => 8,
    };
    for minute in (7 * 60..22 * 60).step_by(minutes) {
        let rate = day.vary(day.person.resting_heart_rate + 20.0, 11.0).max(45.0).round();
        let late = day.random.between(0, 5);
        let at_ms = day.at(minute + late);
        if !is_in_workout(at_ms) {
            day.payload.quantity("HeartRate", Device::Watch, [at_ms; 2], (rate, "count/min"));
        }
    }
    let resting = day.vary(day.person.resting_heart_rate, 1.5).round();
    let noon_ms = day.at(12 * 60);
    day.payload.quantity("RestingHeartRate", Device::Watch, [noon_ms; 2], (resting, "count/min"));
    let (at_ms, daylight) = (day.at(15 * 60), day.vary(55.0, 25.0).max(5.0).round());
    day.payload.quantity("TimeInDaylight", Device::Watch, [at_ms, at_ms + 2 * HOUR_MS], (daylight, "min"));
    match day.weekday() {
        0 => {
            let weight = day.vary(day.person.weight_kg + 0.9 * day.person.variability(day.age()), 0.4);
            let at_ms = day.at(7 * 60);
            day.payload.quantity("BodyMass", Device::Scale, [at_ms; 2], (weight, "kg"));
        }
        6 if day.person.is_sporty => {
            let fitness = day.vary(43.0 + 2.0 * day.person.variability(day.age()), 0.4);
            day.payload.quantity("VO2Max", Device::Watch, [noon_ms; 2], (fitness, "mL/min·kg"));
        }
        4 => {
            let (at_ms, zone) = (day.at(21 * 60), day.zone());
            day.payload.category("MindfulSession", Device::Phone, [at_ms, at_ms + 10 * MINUTE_MS], (0, zone));
        }
        _ => {}
    }
}

fn stand(day: &mut Day<'_>) {
    let zone = day.zone();
    for hour in (8..21).step_by(if day.detail() == Detail::Old { 3 } else { 1 }) {
        let (from_ms, is_idle) = (day.at(hour * 60), day.random.chance(20));
        day.payload.category("AppleStandHour", Device::Watch, [from_ms, from_ms + HOUR_MS], (i64::from(is_idle), zone));
    }
}

fn take_medication(day: &mut Day<'_>) {
    for (name, _, hour) in MEDICATIONS {
        let due_ms = day.at(hour * 60);
        let (status, late) = match day.random.between(1, 100) {
            1..=90 => (TAKEN, day.random.between(0, 40)),
            91..=95 => (SKIPPED, 30),
            _ => (NOT_LOGGED, 0),
        };
        day.payload.dose(name, [due_ms, due_ms + late * MINUTE_MS], status);
    }
}
