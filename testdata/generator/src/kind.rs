//! The table of sample types: units, how often, how long, how much, from where.

use crate::clock::{HOUR_MS, MINUTE_MS, SECOND_MS};
use crate::pace::{Pace, each, every};
use crate::rules::{self as meta, Rule};
use crate::sleep;
use crate::source::Origin::{self, Cuff, Diary, Meter, Phone, Scale, Watch, WatchOrPhone};

/// A HealthKit type.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) identifier: &'static str,
    pub(crate) values: Values,
    pub(crate) pace: Pace,
    /// Shortest and longest sample, ms.
    pub(crate) lasts_ms: (i64, i64),
    pub(crate) origin: Origin,
    pub(crate) rules: &'static [Rule],
    /// Measured together with the type before it in the table.
    pub(crate) with_previous: bool,
}

#[derive(Debug)]
pub(crate) enum Values {
    Quantity {
        unit: &'static str,
        low: f64,
        high: f64,
        places: u32,
        /// This many of 8 samples are whole numbers.
        whole_of_8: u64,
    },
    /// Each value with its name in Apple's export.
    Category(&'static [(i64, &'static str)]),
}

type Amount = (f64, f64, u32);

const fn kind(
    identifier: &'static str,
    values: Values,
    pace: Pace,
    lasts_s: (i64, i64),
    origin: Origin,
    rules: &'static [Rule],
) -> Kind {
    Kind {
        identifier,
        values,
        pace,
        lasts_ms: (lasts_s.0 * SECOND_MS, lasts_s.1 * SECOND_MS),
        origin,
        rules,
        with_previous: false,
    }
}

const fn of(unit: &'static str, amount: Amount) -> Values {
    let (low, high, places) = amount;
    Values::Quantity { unit, low, high, places, whole_of_8: 0 }
}

/// Whole numbers except for one sample in eight.
const fn mostly(unit: &'static str, amount: Amount) -> Values {
    let (low, high, places) = amount;
    Values::Quantity { unit, low, high, places, whole_of_8: 7 }
}

const NOT_APPLICABLE: Values = Values::Category(&[(0, "HKCategoryValueNotApplicable")]);
const STOOD: Values =
    Values::Category(&[(0, "HKCategoryValueAppleStandHourStood"), (1, "HKCategoryValueAppleStandHourIdle")]);
const SEVERITY: Values = Values::Category(&[
    (0, "HKCategoryValueSeverityUnspecified"),
    (1, "HKCategoryValueSeverityNotPresent"),
    (2, "HKCategoryValueSeverityMild"),
    (3, "HKCategoryValueSeverityModerate"),
    (4, "HKCategoryValueSeveritySevere"),
]);
const DAY: i64 = 86_400;

#[rustfmt::skip]
pub(crate) static KINDS: [Kind; 36] = [
    kind("HKQuantityTypeIdentifierHeartRate", mostly("count/min", (46.0, 168.0, 4)), every(150, 5), (0, 0), Watch, &meta::MOTION),
    kind("HKQuantityTypeIdentifierStepCount", of("count", (1.0, 420.0, 0)), every(180, 60), (3, 59), WatchOrPhone, &meta::NOTHING),
    kind("HKQuantityTypeIdentifierActiveEnergyBurned", of("kcal", (0.05, 9.5, 10)), every(100, 20), (5, 20), Watch, &meta::NOTHING),
    kind("HKQuantityTypeIdentifierBasalEnergyBurned", of("kcal", (0.9, 21.0, 11)), every(150, 60), (60, 60), Watch, &meta::NOTHING),
    kind("HKQuantityTypeIdentifierDistanceWalkingRunning", of("km", (0.0008, 0.31, 12)), every(180, 60), (3, 59), WatchOrPhone, &meta::NOTHING),
    kind("HKQuantityTypeIdentifierPhysicalEffort", of("kcal/(kg*hr)", (0.9, 11.5, 1)), every(300, 60), (5, 60), Watch, &meta::EFFORT),
    kind("HKQuantityTypeIdentifierDistanceCycling", of("km", (0.001, 0.09, 13)), every(900, 10), (2, 9), Watch, &meta::NOTHING),
    kind("HKQuantityTypeIdentifierAppleExerciseTime", of("min", (1.0, 1.0, 0)), each(MINUTE_MS, 30), (60, 60), Watch, &meta::NOTHING),
    kind("HKQuantityTypeIdentifierAppleStandTime", of("min", (1.0, 5.0, 0)), each(5 * MINUTE_MS, 4), (300, 300), Watch, &meta::NOTHING),
    kind("HKQuantityTypeIdentifierFlightsClimbed", of("count", (1.0, 6.0, 0)), every(5400, 300), (2, 290), Phone, &meta::NOTHING),
    kind("HKQuantityTypeIdentifierOxygenSaturation", of("%", (0.91, 1.0, 2)), every(3600, 600), (15, 15), Watch, &meta::PRESSURE),
    kind("HKQuantityTypeIdentifierRespiratoryRate", of("count/min", (11.0, 21.0, 1)), every(2400, 60), (0, 0), Watch, &meta::NOTHING),
    kind("HKQuantityTypeIdentifierHeartRateVariabilitySDNN", of("ms", (14.0, 160.0, 12)), every(7200, 900), (60, 65), Watch, &meta::NOTHING),
    kind("HKQuantityTypeIdentifierRestingHeartRate", of("count/min", (46.0, 64.0, 0)), every(DAY, DAY / 2), (DAY / 3, DAY / 2), Watch, &meta::NOTHING),
    kind("HKQuantityTypeIdentifierWalkingHeartRateAverage", of("count/min", (72.0, 118.0, 1)), every(DAY, DAY / 2), (DAY / 3, DAY / 2), Watch, &meta::NOTHING),
    kind("HKQuantityTypeIdentifierWalkingSpeed", of("km/hr", (2.1, 6.4, 3)), every(3600, 120), (4, 110), Phone, &meta::PLACEMENT),
    kind("HKQuantityTypeIdentifierWalkingStepLength", of("cm", (48.0, 84.0, 0)), every(3600, 120), (4, 110), Phone, &meta::PLACEMENT),
    kind("HKQuantityTypeIdentifierWalkingAsymmetryPercentage", of("%", (0.0, 0.42, 2)), every(7200, 120), (4, 110), Phone, &meta::PLACEMENT),
    kind("HKQuantityTypeIdentifierWalkingDoubleSupportPercentage", of("%", (0.24, 0.36, 3)), every(3600, 120), (4, 110), Phone, &meta::PLACEMENT),
    kind("HKQuantityTypeIdentifierSixMinuteWalkTestDistance", of("m", (430.0, 560.0, 0)), every(7 * DAY, DAY), (0, 0), Watch, &meta::STEADINESS),
    kind("HKQuantityTypeIdentifierVO2Max", of("ml/(kg*min)", (31.0, 49.0, 2)), every(3 * DAY, DAY), (0, 0), Watch, &meta::FITNESS),
    kind("HKQuantityTypeIdentifierEnvironmentalAudioExposure", of("dBASPL", (32.0, 96.0, 10)), every(1800, 300), (60, 300), Watch, &meta::NOTHING),
    kind("HKQuantityTypeIdentifierHeadphoneAudioExposure", of("dBASPL", (40.0, 92.0, 11)), every(3600, 300), (30, 290), Phone, &meta::HEADPHONES),
    kind("HKQuantityTypeIdentifierTimeInDaylight", of("min", (0.5, 5.0, 1)), every(3600, 300), (300, 300), Watch, &meta::NOTHING),
    kind("HKQuantityTypeIdentifierAppleSleepingWristTemperature", of("degC", (33.6, 36.4, 11)), every(DAY, DAY / 2), (DAY / 4, DAY / 3), Watch, &meta::TIME_ZONE_ONLY),
    kind("HKQuantityTypeIdentifierBodyMass", of("kg", (71.0, 78.5, 2)), every(DAY, 7200), (0, 0), Scale, &meta::TYPED_IN),
    kind("HKQuantityTypeIdentifierBodyFatPercentage", of("%", (0.171, 0.224, 3)), every(DAY, 7200), (0, 0), Scale, &meta::NOTHING),
    kind("HKQuantityTypeIdentifierBloodGlucose", of("mg/dL", (64.0, 212.0, 0)), every(900, 240), (0, 0), Meter, &meta::GLUCOSE),
    kind("HKQuantityTypeIdentifierBloodPressureSystolic", of("mmHg", (104.0, 142.0, 0)), every(DAY / 2, 7200), (0, 0), Cuff, &meta::TYPED_IN),
    Kind { with_previous: true, ..
    kind("HKQuantityTypeIdentifierBloodPressureDiastolic", of("mmHg", (61.0, 94.0, 0)), every(DAY / 2, 7200), (0, 0), Cuff, &meta::TYPED_IN) },
    kind("HKQuantityTypeIdentifierDietaryWater", of("mL", (80.0, 500.0, 0)), every(10_800, 1200), (0, 0), Diary, &meta::FOOD),
    kind("HKCategoryTypeIdentifierSleepAnalysis", Values::Category(&sleep::STAGES), Pace::Nightly, (0, 0), Watch, &meta::TIME_ZONE_ONLY),
    kind("HKCategoryTypeIdentifierAppleStandHour", STOOD, each(HOUR_MS, 1), (3600, 3600), Watch, &meta::NOTHING),
    kind("HKCategoryTypeIdentifierMindfulSession", NOT_APPLICABLE, every(DAY / 2, 1200), (60, 1200), WatchOrPhone, &meta::NOTHING),
    kind("HKCategoryTypeIdentifierHighHeartRateEvent", NOT_APPLICABLE, every(4 * DAY, DAY), (600, 600), Watch, &meta::THRESHOLD),
    kind("HKCategoryTypeIdentifierHeadache", SEVERITY, every(2 * DAY, DAY), (600, 10_800), Phone, &meta::TYPED_IN),
];

/// The position of a type in the table, which is also the number of its streams.
pub(crate) type KindNumber = u8;

pub(crate) const HEART_RATE: KindNumber = 0;
pub(crate) const STEPS: KindNumber = 1;
pub(crate) const HEART_RATE_VARIABILITY: KindNumber = 12;
pub(crate) const SYSTOLIC: KindNumber = 28;
pub(crate) const DIASTOLIC: KindNumber = 29;
pub(crate) const SLEEP: KindNumber = 31;
pub(crate) const HIGH_HEART_RATE_EVENT: KindNumber = 34;

/// Every type's number, in the order of the table.
pub(crate) fn numbers() -> impl Iterator<Item = KindNumber> {
    (0..).take(KINDS.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Stream;

    #[test]
    fn numbers_point_at_their_types() {
        for (number, identifier) in [
            (HEART_RATE, "HKQuantityTypeIdentifierHeartRate"),
            (STEPS, "HKQuantityTypeIdentifierStepCount"),
            (HEART_RATE_VARIABILITY, "HKQuantityTypeIdentifierHeartRateVariabilitySDNN"),
            (SYSTOLIC, "HKQuantityTypeIdentifierBloodPressureSystolic"),
            (DIASTOLIC, "HKQuantityTypeIdentifierBloodPressureDiastolic"),
            (HIGH_HEART_RATE_EVENT, "HKCategoryTypeIdentifierHighHeartRateEvent"),
            (SLEEP, "HKCategoryTypeIdentifierSleepAnalysis"),
        ] {
            assert_eq!(KINDS[usize::from(number)].identifier, identifier);
        }
    }

    #[test]
    fn starts_ascend_and_a_sample_ends_before_the_next_begins() {
        for number in numbers() {
            let kind = &KINDS[usize::from(number)];
            let starts: Vec<i64> =
                (0..500).map(|index| kind.pace.start_ms(3, Stream::SampleTime(number), index, 1_000_003)).collect();
            for pair in starts.windows(2) {
                assert!(pair[0] < pair[1], "{}", kind.identifier);
                assert!(pair[0] + kind.lasts_ms.1 <= pair[1], "{}: {pair:?}", kind.identifier);
            }
        }
    }
}
