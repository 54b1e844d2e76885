//! A night of a made-up life: stages by the watch, a longer guess of an app, time in bed by the phone.

use super::Plan;
use super::payload::{Device, Devices};
use super::place::Place;
use super::truth::{LifeNight, LifeTruth};
use crate::clock::{DAY_MS, MINUTE_MS};

const SLEEP: &str = "SleepAnalysis";

/// How long before the watch the app and the phone begin, and how long the phone goes on.
const APP_BEFORE: i64 = 15;
const PHONE_BEFORE: i64 = 20;
const PHONE_BEHIND: i64 = 10;

/// When the person goes to bed at the end of a day. After a journey it is late.
pub(super) fn bedtime_ms(plan: &Plan) -> i64 {
    let mut random = plan.random;
    let minutes = match random.below(10) {
        _ if plan.is_journey() => random.between(24 * 60 + 10, 24 * 60 + 60),
        0 if plan.to == Place::Berlin => random.between(24 * 60 + 70, 24 * 60 + 110),
        _ => random.between(21 * 60 + 45, 23 * 60 + 50),
    };
    plan.to.instant_ms(plan.local_ms + minutes * MINUTE_MS)
}

/// Sleeps from bedtime on. Returns when the person gets up.
pub(super) fn sleep(plan: &Plan, bedtime_ms: i64, devices: &mut Devices, truth: &mut LifeTruth) -> i64 {
    let mut random = plan.random;
    random.next();
    let (has_watch, has_app, has_phone) = (random.chance(8, 10), random.chance(7, 10), random.chance(6, 10));
    let place = plan.to;
    let mut night = LifeNight::default();
    let length = random.between(280, 460);
    let mut minute = 0;
    while minute < length {
        let is_edge = minute == 0 || minute + 50 >= length;
        // Core at both ends; else awake, core, deep or REM.
        let stage = if is_edge { 3 } else { random.between(2, 5) };
        let minutes = if is_edge && minute > 0 { length - minute } else { random.between(5, 40) };
        let minutes = minutes.min(length - minute);
        if has_watch {
            let times = [minute, minute + minutes].map(|minute| bedtime_ms + minute * MINUTE_MS);
            devices.category(SLEEP, Device::Watch, times, stage, place);
            match stage {
                2 => night.awake += minutes,
                3 => night.core += minutes,
                4 => night.deep += minutes,
                _ => night.rem += minutes,
            }
        }
        minute += minutes;
    }
    let wake_ms = bedtime_ms + length * MINUTE_MS;
    if has_app {
        devices.category(SLEEP, Device::App, [bedtime_ms - APP_BEFORE * MINUTE_MS, wake_ms], 1, place);
        // Where the watch has stages, the app only fills the time before them.
        night.unspecified = if has_watch { APP_BEFORE } else { APP_BEFORE + length };
    }
    if has_watch || has_app {
        night.asleep = Some(night.core + night.deep + night.rem + night.unspecified);
        night.in_bed = if has_app { APP_BEFORE + length } else { length };
    }
    if has_phone {
        let times = [bedtime_ms - PHONE_BEFORE * MINUTE_MS, wake_ms + PHONE_BEHIND * MINUTE_MS];
        devices.category(SLEEP, Device::Phone, times, 0, place);
        night.in_bed = PHONE_BEFORE + length + PHONE_BEHIND;
    }
    if has_watch || has_app || has_phone {
        truth.nights.insert(place.date(plan.to.instant_ms(plan.local_ms + DAY_MS + 12 * 60 * MINUTE_MS)), night);
    }
    wake_ms + PHONE_BEHIND * MINUTE_MS
}

/// Sleeps by day. The night of this date, which has ended, gets the nap.
pub(super) fn nap(plan: &Plan, from_ms: i64, minutes: i64, devices: &mut Devices, truth: &mut LifeTruth) {
    let date = plan.date(from_ms);
    let Some(night) = truth.nights.get_mut(&date).filter(|night| night.core > 0) else {
        return;
    };
    devices.category(SLEEP, Device::Watch, [from_ms, from_ms + minutes * MINUTE_MS], 3, plan.from);
    let reported = night.core + night.deep + night.rem + night.awake + night.unspecified;
    // Without the phone, time in bed is that of the periods.
    if night.in_bed == reported {
        night.in_bed += minutes;
    }
    night.core += minutes;
    night.asleep = night.asleep.map(|asleep| asleep + minutes);
    night.naps += 1;
}
