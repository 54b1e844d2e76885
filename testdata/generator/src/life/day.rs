//! A day of a made-up life: walks with watch, phone and app, a run, meals, and what is measured beside.

use super::payload::{Device, Devices};
use super::truth::LifeTruth;
use super::{Plan, night};
use crate::clock::{HOUR_MS, MINUTE_MS};
use crate::random::Random;

const STEPS: &str = "StepCount";
const ENERGY: &str = "ActiveEnergyBurned";

/// HealthKit's numbers of activities.
const RUNNING: i64 = 37;
const WALKING: i64 = 52;

/// Lives from getting up to going to bed.
pub(super) fn live(plan: &Plan, [up_ms, bed_ms]: [i64; 2], devices: &mut Devices, truth: &mut LifeTruth) {
    let mut random = plan.random;
    random.next();
    random.next();
    let until_ms = if plan.is_journey() { plan.arrival_ms() - HOUR_MS } else { bed_ms - 30 * MINUTE_MS };
    let mut at_ms = up_ms + HOUR_MS;
    while at_ms < until_ms {
        let minutes = random.between(5, 60).min((until_ms - at_ms) / MINUTE_MS);
        move_about(plan, at_ms, minutes, &mut random, devices, truth);
        at_ms += (minutes + random.between(10, 90)) * MINUTE_MS;
    }
    measure(plan, [up_ms, until_ms], &mut random, devices, truth);
    if plan.is_journey() {
        return walk(plan, plan.arrival_ms(), devices, truth);
    }
    if random.chance(3, 10) {
        run(plan, up_ms + 5 * MINUTE_MS, &mut random, devices, truth);
    }
    if random.chance(2, 10) {
        night::nap(plan, plan.at(13 * 60), random.between(25, 60), devices, truth);
    }
    stand(plan, &mut random, devices, truth);
    if random.chance(3, 10) {
        // Two apps for the same exercise of ten minutes: each minute counts once.
        let from_ms = plan.at(12 * 60 + 5);
        let minute = |minute: i64| from_ms + minute * MINUTE_MS;
        devices.category("MindfulSession", Device::App, [minute(0), minute(7)], 0, plan.from);
        devices.category("MindfulSession", Device::Other, [minute(3), minute(10)], 0, plan.from);
        truth.add("MindfulSession", plan.date(from_ms), 10);
    }
}

/// Moves for some minutes. Each device that is carried counts in its own way; the best one that is there is right.
fn move_about(
    plan: &Plan,
    at_ms: i64,
    minutes: i64,
    random: &mut Random,
    devices: &mut Devices,
    truth: &mut LifeTruth,
) {
    let per_minute = 5 * random.between(4, 24);
    let mut span = |chance: u64| {
        let (one, other) = (random.between(0, minutes), random.between(0, minutes));
        match random.below(10) {
            draw if draw >= chance => 0..0,
            0..4 => 0..minutes,
            _ => one.min(other)..one.max(other),
        }
    };
    let carried = [
        (Device::Watch, span(8), per_minute, 10),
        (Device::Phone, span(7), per_minute / 5 * 4, 25),
        (Device::App, span(3), per_minute + 7, 60),
    ];
    for minute in 0..minutes {
        if let Some((device, _, counts, _)) = carried.iter().find(|(_, span, ..)| span.contains(&minute)) {
            let date = plan.date(at_ms + minute * MINUTE_MS);
            truth.add(STEPS, date.clone(), *counts);
            if *device == Device::Watch {
                truth.add(ENERGY, date, 4);
            }
        }
    }
    for (device, span, counts, longest) in carried {
        let mut minute = span.start;
        while minute < span.end {
            let length = random.between(1, longest).min(span.end - minute);
            let times = [minute, minute + length].map(|minute| at_ms + minute * MINUTE_MS);
            devices.quantity(STEPS, "count", device, times, counts * length);
            if device == Device::Watch {
                devices.quantity(ENERGY, "kcal", device, times, 4 * length);
            }
            minute += length;
        }
    }
}

/// Heart rates by the watch, weights by hand, water.
fn measure(
    plan: &Plan,
    [from_ms, until_ms]: [i64; 2],
    random: &mut Random,
    devices: &mut Devices,
    truth: &mut LifeTruth,
) {
    let mut at_ms = from_ms;
    while at_ms < until_ms {
        let rate = random.between(48, 150);
        devices.quantity("HeartRate", "count/min", Device::Watch, [at_ms; 2], rate);
        truth.add_to_mean("HeartRate", plan.date(at_ms), rate);
        if random.chance(1, 6) {
            let glass = 50 * random.between(2, 8);
            devices.quantity("DietaryWater", "mL", Device::App, [at_ms + 1000; 2], glass);
            truth.add("DietaryWater", plan.date(at_ms), glass);
        }
        at_ms += random.between(4, 25) * MINUTE_MS + 1000 * random.between(2, 50);
    }
    for minute in 0..random.between(0, 2) {
        let at_ms = from_ms + minute * MINUTE_MS;
        let weight = random.between(70, 75);
        devices.quantity("BodyMass", "kg", Device::App, [at_ms; 2], weight);
        truth.add_to_mean("BodyMass", plan.date(at_ms), weight);
    }
}

/// A walk as a workout: it names the zone.
pub(super) fn walk(plan: &Plan, at_ms: i64, devices: &mut Devices, truth: &mut LifeTruth) {
    devices.workout([at_ms, at_ms + 20 * MINUTE_MS], WALKING, None, plan.to);
    *truth.workouts.entry(plan.date(at_ms)).or_default() += 1.0;
}

/// A run whose energy HealthKit has condensed later, and which an app has also counted.
fn run(plan: &Plan, from_ms: i64, random: &mut Random, devices: &mut Devices, truth: &mut LifeTruth) {
    let minutes = random.between(20, 50);
    let mut sum = 0;
    for minute in 0..minutes {
        let energy = random.between(8, 14);
        let times = [minute, minute + 1].map(|minute| from_ms + minute * MINUTE_MS);
        devices.quantity(ENERGY, "kcal", Device::Watch, times, energy);
        truth.add(ENERGY, plan.date(times[0]), energy);
        sum += energy;
    }
    let times = [from_ms, from_ms + minutes * MINUTE_MS];
    devices.quantity(ENERGY, "kcal", Device::Watch, times, sum);
    devices.quantity(ENERGY, "kcal", Device::App, times, 2 * sum);
    devices.workout(times, RUNNING, Some(sum), plan.from);
    *truth.workouts.entry(plan.date(from_ms)).or_default() += 1.0;
}

/// Hours with and without a stand.
fn stand(plan: &Plan, random: &mut Random, devices: &mut Devices, truth: &mut LifeTruth) {
    for hour in 9..20 {
        let from_ms = plan.at(hour * 60);
        let is_idle = random.chance(1, 3);
        devices.category("AppleStandHour", Device::Watch, [from_ms, from_ms + HOUR_MS], i64::from(is_idle), plan.from);
        truth.add("AppleStandHour", plan.date(from_ms), i64::from(!is_idle));
    }
}
