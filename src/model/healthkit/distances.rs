//! Which of a workout's distances belongs to its activity.

/// Where the distance of an activity is, as the short name of a quantity.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ActivityDistance {
    /// In this quantity only.
    Of(&'static str),
    /// In this quantity. Where it is missing, the workout's only distance counts: the quantity is newer than the activity.
    OfOrOnly(&'static str),
    /// In all of its parts together.
    Parts,
    /// Nowhere: it is at one place, and the way that a watch counts during it is not its own.
    Nowhere,
}

/// Where the distance of an activity is, by its number.
#[must_use]
pub fn activity_distance(activity: Option<i64>) -> ActivityDistance {
    use ActivityDistance::{Nowhere, Of, OfOrOnly, Parts};
    match activity {
        // Hiking, running, walking.
        Some(24 | 37 | 52) => Of("DistanceWalkingRunning"),
        // Cycling with legs and with hands.
        Some(13 | 74) => Of("DistanceCycling"),
        Some(46) => Of("DistanceSwimming"),
        Some(70 | 71) => Of("DistanceWheelchair"),
        // Snow sports, downhill skiing, snowboarding.
        Some(40 | 61 | 67) => Of("DistanceDownhillSnowSports"),
        Some(60) => OfOrOnly("DistanceCrossCountrySkiing"),
        Some(31) => OfOrOnly("DistancePaddleSports"),
        Some(35) => OfOrOnly("DistanceRowing"),
        Some(39) => OfOrOnly("DistanceSkatingSports"),
        Some(82) => Parts,
        // Strength and core training, yoga, pilates, stretching, tai chi, games at a screen or on a lane.
        Some(2 | 7 | 8 | 11 | 20 | 22 | 29 | 33 | 50 | 57 | 58 | 59 | 62 | 63 | 64 | 66 | 72 | 76) => Nowhere,
        _ => OfOrOnly("DistanceWalkingRunning"),
    }
}

/// Whether a workout's total distance is that of its activity: that of a multisport workout is its first part's. The distance of
/// an unknown activity may be.
#[must_use]
pub fn has_distance(activity: Option<i64>) -> bool {
    !matches!(activity_distance(activity), ActivityDistance::Parts | ActivityDistance::Nowhere)
}

#[cfg(test)]
mod tests {
    use super::super::{QUANTITY_TYPE, activity, aggregation};
    use super::*;

    #[test]
    fn distances() {
        let check = |name: &str, expected| {
            assert_eq!(activity_distance(activity(&["HKWorkoutActivityType", name].concat())), expected, "{name}");
        };
        check("Hiking", ActivityDistance::Of("DistanceWalkingRunning"));
        check("HandCycling", ActivityDistance::Of("DistanceCycling"));
        check("WheelchairRunPace", ActivityDistance::Of("DistanceWheelchair"));
        check("Snowboarding", ActivityDistance::Of("DistanceDownhillSnowSports"));
        check("Rowing", ActivityDistance::OfOrOnly("DistanceRowing"));
        check("SwimBikeRun", ActivityDistance::Parts);
        for name in ["Yoga", "TraditionalStrengthTraining", "Pilates", "CoreTraining", "JumpRope", "TaiChi"] {
            check(name, ActivityDistance::Nowhere);
        }
        for (activity, expected) in
            [(Some(57), false), (Some(82), false), (Some(16), true), (Some(21), true), (None, true)]
        {
            assert_eq!(has_distance(activity), expected, "{activity:?}");
        }
        check("OfTomorrow", ActivityDistance::OfOrOnly("DistanceWalkingRunning"));
        for activity in 0..100 {
            if let ActivityDistance::Of(name) | ActivityDistance::OfOrOnly(name) = activity_distance(Some(activity)) {
                assert!(aggregation(&[QUANTITY_TYPE, name].concat()).is_some(), "{name}");
            }
        }
    }
}
