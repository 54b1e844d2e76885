//! Activities of workouts.

#[derive(Debug)]
pub(crate) struct Activity {
    pub(crate) number: u64,
    /// As in Apple's export.
    pub(crate) name: &'static str,
    pub(crate) outdoors: bool,
    /// The type that distances are summed under, and their unit.
    pub(crate) distance: Option<(&'static str, &'static str)>,
    pub(crate) metres_per_minute: i64,
}

const WALKED: Option<(&str, &str)> = Some(("HKQuantityTypeIdentifierDistanceWalkingRunning", "km"));

const RUNNING: Activity = Activity {
    number: 37,
    name: "HKWorkoutActivityTypeRunning",
    outdoors: true,
    distance: WALKED,
    metres_per_minute: 175,
};
const WALKING: Activity = Activity {
    number: 52,
    name: "HKWorkoutActivityTypeWalking",
    outdoors: true,
    distance: WALKED,
    metres_per_minute: 85,
};
const CYCLING: Activity = Activity {
    number: 13,
    name: "HKWorkoutActivityTypeCycling",
    outdoors: true,
    distance: Some(("HKQuantityTypeIdentifierDistanceCycling", "m")),
    metres_per_minute: 360,
};
const SWIMMING: Activity = Activity {
    number: 46,
    name: "HKWorkoutActivityTypeSwimming",
    outdoors: false,
    distance: Some(("HKQuantityTypeIdentifierDistanceSwimming", "m")),
    metres_per_minute: 38,
};
const YOGA: Activity = indoors(57, "HKWorkoutActivityTypeYoga");
const STRENGTH: Activity = indoors(50, "HKWorkoutActivityTypeTraditionalStrengthTraining");

const fn indoors(number: u64, name: &'static str) -> Activity {
    Activity { number, name, outdoors: false, distance: None, metres_per_minute: 0 }
}

/// As often as they occur: two in three are outdoors.
pub(crate) static ACTIVITIES: [Activity; 12] =
    [RUNNING, RUNNING, RUNNING, WALKING, WALKING, WALKING, CYCLING, CYCLING, SWIMMING, YOGA, STRENGTH, STRENGTH];
