//! A night: stages by the watch, time in bed by the phone, and what is measured in sleep.

use super::life::{Day, Detail};
use super::payload::Device;
use crate::model::time::MINUTE_MS;

/// HealthKit's numbers of stages.
const IN_BED: i64 = 0;
const UNSPECIFIED: i64 = 1;
const AWAKE: i64 = 2;
const CORE: i64 = 3;
const DEEP: i64 = 4;
const REM: i64 = 5;

/// Days of which stages are known: older watches did not know them.
const STAGE_DAYS: i32 = 1500;

/// Sleeps until the morning of a day.
pub(super) fn sleep(day: &mut Day<'_>) {
    let weekend = if day.weekday() >= 5 { 40 } else { 0 };
    let bed = -70 + weekend + day.minutes(35.0);
    let wake = 395 + weekend + day.minutes(25.0);
    let [bed_ms, wake_ms] = [bed, wake].map(|minutes| day.at(minutes));
    let zone = day.zone();
    day.payload.category(
        "SleepAnalysis",
        Device::Phone,
        [bed_ms - 12 * MINUTE_MS, wake_ms + 5 * MINUTE_MS],
        (IN_BED, zone),
    );
    if day.person.has_stages && day.age() < STAGE_DAYS {
        stages(day, [bed_ms, wake_ms]);
    } else {
        day.payload.category("SleepAnalysis", Device::Watch, [bed_ms, wake_ms], (UNSPECIFIED, zone));
    }
    measure(day, [bed_ms, wake_ms]);
    if day.weekday() == 6 && day.random.chance(30) {
        let from_ms = day.at(14 * 60);
        day.payload.category("SleepAnalysis", Device::Watch, [from_ms, from_ms + 35 * MINUTE_MS], (CORE, zone));
    }
}

/// Cycles of about 90 minutes: deep sleep is longest in the first ones, dreams in the last ones.
fn stages(day: &mut Day<'_>, [bed_ms, wake_ms]: [i64; 2]) {
    let (zone, mut at_ms) = (day.zone(), bed_ms);
    for cycle in 0.. {
        let parts = [
            (CORE, 18 + 3 * cycle),
            (DEEP, (34 - 9 * cycle).max(4)),
            (CORE, 22),
            (REM, (8 + 6 * cycle).min(35)),
            (AWAKE, if day.random.chance(55) { 3 } else { 0 }),
        ];
        for (stage, minutes) in parts {
            let minutes = if minutes > 0 { (minutes + day.random.between(-3, 5)).max(1) } else { 0 };
            let end_ms = (at_ms + minutes * MINUTE_MS).min(wake_ms);
            if end_ms > at_ms {
                day.payload.category("SleepAnalysis", Device::Watch, [at_ms, end_ms], (stage, zone));
            }
            at_ms = end_ms;
        }
        if at_ms >= wake_ms {
            return;
        }
    }
}

fn measure(day: &mut Day<'_>, [bed_ms, wake_ms]: [i64; 2]) {
    let parts = if day.detail() == Detail::Old { 2..3 } else { 1..4 };
    for part in parts {
        let at_ms = bed_ms + (wake_ms - bed_ms) / 4 * part;
        let breathing = day.vary(14.5, 0.8);
        day.payload.quantity("RespiratoryRate", Device::Watch, [at_ms; 2], (breathing, "count/min"));
        let oxygen = day.vary(0.965, 0.01).min(1.0);
        day.payload.quantity("OxygenSaturation", Device::Watch, [at_ms; 2], (oxygen, "%"));
        let beats = day.vary(day.person.resting_heart_rate + 12.0 * day.person.variability(day.age()), 9.0).max(12.0);
        day.payload.quantity("HeartRateVariabilitySDNN", Device::Watch, [at_ms; 2], (beats, "ms"));
    }
    if day.detail() != Detail::Old {
        let warmth = day.vary(35.9, 0.25);
        day.payload.quantity("AppleSleepingWristTemperature", Device::Watch, [bed_ms, wake_ms], (warmth, "degC"));
        let step_ms = if day.detail() == Detail::New { 10 } else { 45 } * MINUTE_MS;
        for at_ms in (0..(wake_ms - bed_ms) / step_ms).map(|step| bed_ms + step * step_ms) {
            let rate = day.vary(day.person.resting_heart_rate - 3.0, 3.0).round();
            day.payload.quantity("HeartRate", Device::Watch, [at_ms; 2], (rate, "count/min"));
        }
    }
}
