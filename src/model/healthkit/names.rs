//! Names of types as people say them, beside HealthKit's identifiers: `steps` is `HKQuantityTypeIdentifierStepCount`.
//!
//! A type without an everyday name has its short name in snake case, such as `heart_rate`. Capitals, underscores, hyphens and
//! spaces make no difference. An identifier that this version does not know is its own name.

use super::categories::categories;
use super::identifiers::{CATEGORY_TYPE, QUANTITY_TYPE, is_sample_type, short};
use super::quantities::quantities;

/// Everyday names that are shown in place of HealthKit's, each with the short name of its type.
const SHOWN: [(&str, &str); 31] = [
    ("steps", "StepCount"),
    ("active_energy", "ActiveEnergyBurned"),
    ("basal_energy", "BasalEnergyBurned"),
    ("exercise_time", "AppleExerciseTime"),
    ("move_time", "AppleMoveTime"),
    ("stand_time", "AppleStandTime"),
    ("stand_hours", "AppleStandHour"),
    ("walking_running_distance", "DistanceWalkingRunning"),
    ("cycling_distance", "DistanceCycling"),
    ("swimming_distance", "DistanceSwimming"),
    ("heart_rate_variability", "HeartRateVariabilitySDNN"),
    ("walking_heart_rate", "WalkingHeartRateAverage"),
    ("heart_rate_recovery", "HeartRateRecoveryOneMinute"),
    ("spo2", "OxygenSaturation"),
    ("blood_sugar", "BloodGlucose"),
    ("insulin", "InsulinDelivery"),
    ("sleeping_wrist_temperature", "AppleSleepingWristTemperature"),
    ("audio_exposure", "EnvironmentalAudioExposure"),
    ("headphone_levels", "HeadphoneAudioExposure"),
    ("daylight", "TimeInDaylight"),
    ("dietary_energy", "DietaryEnergyConsumed"),
    ("water", "DietaryWater"),
    ("caffeine", "DietaryCaffeine"),
    ("carbohydrates", "DietaryCarbohydrates"),
    ("protein", "DietaryProtein"),
    ("fiber", "DietaryFiber"),
    ("sugar", "DietarySugar"),
    ("sodium", "DietarySodium"),
    ("alcohol", "NumberOfAlcoholicBeverages"),
    ("sleep", "SleepAnalysis"),
    ("mindfulness", "MindfulSession"),
];

/// Everyday names that are only understood.
const UNDERSTOOD: [(&str, &str); 23] = [
    ("active_calories", "ActiveEnergyBurned"),
    ("move", "ActiveEnergyBurned"),
    ("resting_energy", "BasalEnergyBurned"),
    ("exercise_minutes", "AppleExerciseTime"),
    ("exercise", "AppleExerciseTime"),
    ("stand_minutes", "AppleStandTime"),
    ("stand", "AppleStandHour"),
    ("distance", "DistanceWalkingRunning"),
    ("flights", "FlightsClimbed"),
    ("pulse", "HeartRate"),
    ("resting_pulse", "RestingHeartRate"),
    ("hrv", "HeartRateVariabilitySDNN"),
    ("blood_oxygen", "OxygenSaturation"),
    ("cardio_fitness", "VO2Max"),
    ("weight", "BodyMass"),
    ("body_fat", "BodyFatPercentage"),
    ("bmi", "BodyMassIndex"),
    ("glucose", "BloodGlucose"),
    ("wrist_temperature", "AppleSleepingWristTemperature"),
    ("noise", "EnvironmentalAudioExposure"),
    ("calories_eaten", "DietaryEnergyConsumed"),
    ("mindful_minutes", "MindfulSession"),
    ("period", "MenstrualFlow"),
];

/// Returns the identifier of a type by its name as typed: an everyday name, a short name such as `HeartRate` or `heart_rate`, or
/// an identifier. `None` for a name that this version does not know.
#[must_use]
pub fn identifier_of(typed: &str) -> Option<String> {
    if is_sample_type(typed) {
        return Some(typed.to_owned());
    }
    let everyday = SHOWN.iter().chain(&UNDERSTOOD).find(|(name, _)| is_same(name, typed)).map(|(_, kind)| *kind);
    let is_meant = |kind: &&str| everyday.map_or_else(|| is_same(kind, typed), |everyday| **kind == *everyday);
    let quantity = quantities().find(is_meant).map(|kind| [QUANTITY_TYPE, kind].concat());
    quantity.or_else(|| categories().find(is_meant).map(|kind| [CATEGORY_TYPE, kind].concat()))
}

/// Returns the name of a type as people say it. [`identifier_of`] is its way back.
#[must_use]
pub fn name_of(identifier: &str) -> String {
    let kind = short(identifier);
    let is_known = quantities().chain(categories()).any(|known| known == kind);
    if !is_known {
        return identifier.to_owned();
    }
    let everyday = SHOWN.iter().find(|(_, of)| *of == kind);
    everyday.map_or_else(|| snake(kind), |(name, _)| (*name).to_owned())
}

/// Whether a type is the one that was typed. Types that this version does not know also have a short name.
#[must_use]
pub fn is_named(identifier: &str, typed: &str) -> bool {
    identifier.eq_ignore_ascii_case(typed)
        || is_same(short(identifier), typed)
        || identifier_of(typed).is_some_and(|found| found == identifier)
}

/// Whether two names differ at most in capitals, underscores, hyphens and spaces. A name has more than these.
fn is_same(one: &str, other: &str) -> bool {
    let mut letters = folded(one).peekable();
    letters.peek().is_some() && letters.eq(folded(other))
}

fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|letter| !matches!(letter, '_' | '-' | ' ')).map(|letter| letter.to_ascii_lowercase())
}

/// `VO2Max` becomes `vo2_max`, `UVExposure` becomes `uv_exposure`.
fn snake(kind: &str) -> String {
    let letters: Vec<char> = kind.chars().collect();
    let mut name = String::with_capacity(kind.len() + 8);
    for (place, letter) in letters.iter().enumerate() {
        let before = place.checked_sub(1).map(|before| letters[before]);
        let begins_word = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                !before.is_ascii_uppercase() || letters.get(place + 1).is_some_and(char::is_ascii_lowercase)
            });
        if begins_word {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn identifiers() -> impl Iterator<Item = String> {
        let quantities = quantities().map(|kind| [QUANTITY_TYPE, kind].concat());
        quantities.chain(categories().map(|kind| [CATEGORY_TYPE, kind].concat()))
    }

    #[test]
    fn names_as_people_say_them() {
        let check = |typed: &str, expected: &str| {
            assert_eq!(identifier_of(typed).as_deref().map(short), Some(expected), "{typed}");
        };
        for typed in ["steps", "Steps", "StepCount", "step_count", "step-count", "step count"] {
            check(typed, "StepCount");
        }
        check("HKQuantityTypeIdentifierStepCount", "StepCount");
        check("HKQuantityTypeIdentifierOfTomorrow", "OfTomorrow");
        check("heart_rate", "HeartRate");
        check("sleep", "SleepAnalysis");
        check("vo2max", "VO2Max");
        for unknown in ["", "_", "OfTomorrow", "workouts"] {
            assert_eq!(identifier_of(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn shown_names() {
        let check = |identifier: &str, expected: &str| assert_eq!(name_of(identifier), expected);
        check("HKQuantityTypeIdentifierStepCount", "steps");
        check("HKQuantityTypeIdentifierHeartRate", "heart_rate");
        check("HKQuantityTypeIdentifierHeartRateVariabilitySDNN", "heart_rate_variability");
        check("HKQuantityTypeIdentifierBodyMass", "body_mass");
        check("HKQuantityTypeIdentifierVO2Max", "vo2_max");
        check("HKQuantityTypeIdentifierUVExposure", "uv_exposure");
        check("HKQuantityTypeIdentifierDietaryVitaminB12", "dietary_vitamin_b12");
        check("HKCategoryTypeIdentifierSleepAnalysis", "sleep");
        check("HKQuantityTypeIdentifierOfTomorrow", "HKQuantityTypeIdentifierOfTomorrow");
        check("HKDataTypeIdentifierHeartbeatSeries", "HKDataTypeIdentifierHeartbeatSeries");
    }

    #[test]
    fn every_name_leads_back_to_one_type() {
        let mut names = BTreeSet::new();
        for identifier in identifiers() {
            let name = name_of(&identifier);
            assert_eq!(identifier_of(&name).as_deref(), Some(identifier.as_str()), "{name}");
            assert!(is_named(&identifier, &name) && is_named(&identifier, short(&identifier)), "{name}");
            assert!(names.insert(name));
        }
        let mut everyday = BTreeSet::new();
        for (name, kind) in SHOWN.into_iter().chain(UNDERSTOOD) {
            assert_eq!(identifier_of(name).as_deref().map(short), Some(kind), "{name}");
            // An everyday name hides no type that HealthKit has.
            assert!(identifiers().all(|known| !is_same(short(&known), name)), "{name}");
            assert!(everyday.insert(folded(name).collect::<String>()), "{name}");
        }
    }

    #[test]
    fn unknown_types_have_a_short_name() {
        let tomorrow = "HKQuantityTypeIdentifierOfTomorrow";
        for typed in ["OfTomorrow", "of_tomorrow", tomorrow] {
            assert!(is_named(tomorrow, typed), "{typed}");
        }
        assert!(!is_named(tomorrow, "tomorrow"));
    }
}
