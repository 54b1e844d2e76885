//! HealthKit's numbers behind the names that Apple's export writes, made from HealthKit's public enums.

/// Number of a category's value; the names are in order. Two names of one number are an old and a new spelling.
const CATEGORY_VALUES: [(&str, u8); 62] = [
    ("AppetiteChangesDecreased", 2),
    ("AppetiteChangesIncreased", 3),
    ("AppetiteChangesNoChange", 1),
    ("AppetiteChangesUnspecified", 0),
    ("AppleStandHourIdle", 1),
    ("AppleStandHourStood", 0),
    ("AppleWalkingSteadinessEventInitialLow", 1),
    ("AppleWalkingSteadinessEventInitialVeryLow", 2),
    ("AppleWalkingSteadinessEventRepeatLow", 3),
    ("AppleWalkingSteadinessEventRepeatVeryLow", 4),
    ("AudioExposureEventLoudEnvironment", 1),
    ("CervicalMucusQualityCreamy", 3),
    ("CervicalMucusQualityDry", 1),
    ("CervicalMucusQualityEggWhite", 5),
    ("CervicalMucusQualitySticky", 2),
    ("CervicalMucusQualityWatery", 4),
    ("ContraceptiveImplant", 2),
    ("ContraceptiveInjection", 3),
    ("ContraceptiveIntrauterineDevice", 4),
    ("ContraceptiveIntravaginalRing", 5),
    ("ContraceptiveOral", 6),
    ("ContraceptivePatch", 7),
    ("ContraceptiveUnspecified", 1),
    ("EnvironmentalAudioExposureEventMomentaryLimit", 1),
    ("HeadphoneAudioExposureEventSevenDayLimit", 1),
    ("LowCardioFitnessEventLowFitness", 1),
    ("MenstrualFlowHeavy", 4),
    ("MenstrualFlowLight", 2),
    ("MenstrualFlowMedium", 3),
    ("MenstrualFlowNone", 5),
    ("MenstrualFlowUnspecified", 1),
    ("NotApplicable", 0),
    ("OvulationTestResultEstrogenSurge", 4),
    ("OvulationTestResultIndeterminate", 3),
    ("OvulationTestResultLuteinizingHormoneSurge", 2),
    ("OvulationTestResultNegative", 1),
    ("OvulationTestResultPositive", 2),
    ("PregnancyTestResultIndeterminate", 3),
    ("PregnancyTestResultNegative", 1),
    ("PregnancyTestResultPositive", 2),
    ("PresenceNotPresent", 1),
    ("PresencePresent", 0),
    ("ProgesteroneTestResultIndeterminate", 3),
    ("ProgesteroneTestResultNegative", 1),
    ("ProgesteroneTestResultPositive", 2),
    ("SeverityMild", 2),
    ("SeverityModerate", 3),
    ("SeverityNotPresent", 1),
    ("SeveritySevere", 4),
    ("SeverityUnspecified", 0),
    ("SleepAnalysisAsleep", 1),
    ("SleepAnalysisAsleepCore", 3),
    ("SleepAnalysisAsleepDeep", 4),
    ("SleepAnalysisAsleepREM", 5),
    ("SleepAnalysisAsleepUnspecified", 1),
    ("SleepAnalysisAwake", 2),
    ("SleepAnalysisInBed", 0),
    ("VaginalBleedingHeavy", 4),
    ("VaginalBleedingLight", 2),
    ("VaginalBleedingMedium", 3),
    ("VaginalBleedingNone", 5),
    ("VaginalBleedingUnspecified", 1),
];

/// Categories without values of their own: Apple's export says nothing of them, the app sends 0 for "not applicable".
const EVENTS: [&str; 17] = [
    "AudioExposureEvent",
    "HandwashingEvent",
    "HighHeartRateEvent",
    "HypertensionEvent",
    "InfrequentMenstrualCycles",
    "IntermenstrualBleeding",
    "IrregularHeartRhythmEvent",
    "IrregularMenstrualCycles",
    "Lactation",
    "LowHeartRateEvent",
    "MindfulSession",
    "PersistentIntermenstrualBleeding",
    "Pregnancy",
    "ProlongedMenstrualPeriods",
    "SexualActivity",
    "SleepApneaEvent",
    "ToothbrushingEvent",
];

/// Number of a workout's activity; the names are in order.
const ACTIVITIES: [(&str, u16); 84] = [
    ("AmericanFootball", 1),
    ("Archery", 2),
    ("AustralianFootball", 3),
    ("Badminton", 4),
    ("Barre", 58),
    ("Baseball", 5),
    ("Basketball", 6),
    ("Bowling", 7),
    ("Boxing", 8),
    ("CardioDance", 77),
    ("Climbing", 9),
    ("Cooldown", 80),
    ("CoreTraining", 59),
    ("Cricket", 10),
    ("CrossCountrySkiing", 60),
    ("CrossTraining", 11),
    ("Curling", 12),
    ("Cycling", 13),
    ("Dance", 14),
    ("DanceInspiredTraining", 15),
    ("DiscSports", 75),
    ("DownhillSkiing", 61),
    ("Elliptical", 16),
    ("EquestrianSports", 17),
    ("Fencing", 18),
    ("Fishing", 19),
    ("FitnessGaming", 76),
    ("Flexibility", 62),
    ("FunctionalStrengthTraining", 20),
    ("Golf", 21),
    ("Gymnastics", 22),
    ("HandCycling", 74),
    ("Handball", 23),
    ("HighIntensityIntervalTraining", 63),
    ("Hiking", 24),
    ("Hockey", 25),
    ("Hunting", 26),
    ("JumpRope", 64),
    ("Kickboxing", 65),
    ("Lacrosse", 27),
    ("MartialArts", 28),
    ("MindAndBody", 29),
    ("MixedCardio", 73),
    ("MixedMetabolicCardioTraining", 30),
    ("Other", 3000),
    ("PaddleSports", 31),
    ("Pickleball", 79),
    ("Pilates", 66),
    ("Play", 32),
    ("PreparationAndRecovery", 33),
    ("Racquetball", 34),
    ("Rowing", 35),
    ("Rugby", 36),
    ("Running", 37),
    ("Sailing", 38),
    ("SkatingSports", 39),
    ("SnowSports", 40),
    ("Snowboarding", 67),
    ("Soccer", 41),
    ("SocialDance", 78),
    ("Softball", 42),
    ("Squash", 43),
    ("StairClimbing", 44),
    ("Stairs", 68),
    ("StepTraining", 69),
    ("SurfingSports", 45),
    ("SwimBikeRun", 82),
    ("Swimming", 46),
    ("TableTennis", 47),
    ("TaiChi", 72),
    ("Tennis", 48),
    ("TrackAndField", 49),
    ("TraditionalStrengthTraining", 50),
    ("Transition", 83),
    ("UnderwaterDiving", 84),
    ("Volleyball", 51),
    ("Walking", 52),
    ("WaterFitness", 53),
    ("WaterPolo", 54),
    ("WaterSports", 55),
    ("WheelchairRunPace", 71),
    ("WheelchairWalkPace", 70),
    ("Wrestling", 56),
    ("Yoga", 57),
];

/// Number of `HKCategoryValueSleepAnalysisAsleepCore` and the like.
pub(super) fn category_value(name: &str) -> Option<f64> {
    let name = name.strip_prefix("HKCategoryValue")?;
    let place = CATEGORY_VALUES.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    Some(f64::from(CATEGORY_VALUES[place].1))
}

/// Whether a type, by its identifier, is a category without values of its own.
pub(super) fn is_event(kind: &str) -> bool {
    kind.strip_prefix("HKCategoryTypeIdentifier").is_some_and(|name| EVENTS.binary_search(&name).is_ok())
}

/// Number of `HKWorkoutActivityTypeWalking` and the like.
pub(super) fn activity(name: &str) -> Option<i64> {
    let name = name.strip_prefix("HKWorkoutActivityType")?;
    let place = ACTIVITIES.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    Some(i64::from(ACTIVITIES[place].1))
}

/// Number of an activity by the name that people see: `Outdoor Walk`, `Walking`.
pub(in crate::formats) fn activity_of_title(title: &str) -> Option<i64> {
    const PLACES: [&str; 4] = ["Outdoor ", "Indoor ", "Pool ", "Open Water "];
    const SHORT: [(&str, &str); 5] =
        [("Walk", "Walking"), ("Run", "Running"), ("Cycle", "Cycling"), ("Swim", "Swimming"), ("Row", "Rowing")];
    let title = PLACES.iter().find_map(|place| title.strip_prefix(place)).unwrap_or(title);
    let title = SHORT.iter().find(|(short, _)| *short == title).map_or(title, |(_, long)| *long);
    let is_same = |known: &str| {
        let mut words = title.bytes().filter(|byte| byte.is_ascii_alphanumeric()).map(|byte| byte.to_ascii_lowercase());
        known.bytes().all(|byte| words.next() == Some(byte.to_ascii_lowercase())) && words.next().is_none()
    };
    ACTIVITIES.iter().find(|(known, _)| is_same(known)).map(|(_, number)| i64::from(*number))
}

/// Number of `HKWorkoutEventTypePause` and the like.
pub(super) fn event(name: &str) -> Option<i64> {
    const EVENTS: [&str; 8] =
        ["Pause", "Resume", "Lap", "Marker", "MotionPaused", "MotionResumed", "Segment", "PauseOrResumeRequest"];
    let name = name.strip_prefix("HKWorkoutEventType")?;
    EVENTS.iter().position(|known| *known == name).and_then(|place| i64::try_from(place + 1).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(CATEGORY_VALUES.is_sorted() && ACTIVITIES.is_sorted() && EVENTS.is_sorted());
        assert!(
            is_event("HKCategoryTypeIdentifierMindfulSession") && !is_event("HKCategoryTypeIdentifierSleepAnalysis")
        );
        assert_eq!(category_value("HKCategoryValueSleepAnalysisAsleepREM"), Some(5.0));
        assert_eq!(category_value("HKCategoryValueNotApplicable"), Some(0.0));
        assert_eq!(category_value("HKCategoryValueOfTomorrow"), None);
        assert_eq!(activity("HKWorkoutActivityTypeWalking"), Some(52));
        assert_eq!(activity_of_title("High Intensity Interval Training"), Some(63));
        assert_eq!([activity_of_title("Outdoor Walk"), activity_of_title("Mowing")], [Some(52), None]);
        assert_eq!(event("HKWorkoutEventTypeSegment"), Some(7));
    }
}
