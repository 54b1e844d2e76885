//! Metrics of other exporters that are readings, and no sums: a larger reading is another one, not a later state.

use super::{Aggregation, aggregation, identifier_of};

/// Names of readings that are not HealthKit's.
const OTHER_NAMES: [&str; 8] = [
    "blood_oxygen_saturation",
    "blood_pressure",
    "breathing_disturbances",
    "cardio_recovery",
    "six_minute_walking_test_distance",
    "stair_speed_down",
    "stair_speed_up",
    "weight_body_mass",
];

/// Whether a metric is of readings. One that this version does not know may be a sum.
pub(crate) fn is_of_readings(metric: &str) -> bool {
    let is_sum = |kind: String| aggregation(&kind).is_none_or(|aggregation| aggregation == Aggregation::Cumulative);
    OTHER_NAMES.contains(&metric) || !identifier_of(metric).is_none_or(is_sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_are_no_sums() {
        let check = |metric: &str, expected| assert_eq!(is_of_readings(metric), expected, "{metric}");
        for metric in ["blood_glucose", "blood_pressure", "heart_rate", "resting_heart_rate", "vo2_max"] {
            check(metric, true);
        }
        for metric in ["weight_body_mass", "body_fat_percentage", "body_temperature", "height", "walking_speed"] {
            check(metric, true);
        }
        for metric in ["step_count", "active_energy", "walking_running_distance", "dietary_water", "time_in_daylight"] {
            check(metric, false);
        }
        for metric in ["apple_exercise_time", "apple_stand_hour", "sleep_analysis", "mindful_minutes", "m", ""] {
            check(metric, false);
        }
    }
}
