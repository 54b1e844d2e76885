//! How the samples of each quantity add up.

use Aggregation::{Cumulative, Discrete, EquivalentContinuousLevel, TemporallyWeighted};

use super::identifiers::QUANTITY_TYPE;

/// How the samples of a quantity make one figure for a day.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Aggregation {
    /// They add up: steps, energy, distances.
    Cumulative,
    /// Their mean counts each sample alike.
    Discrete,
    /// Their mean weighs each sample by its duration: heart rates.
    TemporallyWeighted,
    /// Their mean is that of sound energy: levels in decibels.
    EquivalentContinuousLevel,
}

/// Each quantity by its short name, in order.
const QUANTITIES: [(&str, Aggregation); 120] = [
    ("ActiveEnergyBurned", Cumulative),
    ("AppleExerciseTime", Cumulative),
    ("AppleMoveTime", Cumulative),
    ("AppleSleepingBreathingDisturbances", Discrete),
    ("AppleSleepingWristTemperature", Discrete),
    ("AppleStandTime", Cumulative),
    ("AppleWalkingSteadiness", Discrete),
    ("AtrialFibrillationBurden", TemporallyWeighted),
    ("BasalBodyTemperature", Discrete),
    ("BasalEnergyBurned", Cumulative),
    ("BloodAlcoholContent", Discrete),
    ("BloodGlucose", Discrete),
    ("BloodPressureDiastolic", Discrete),
    ("BloodPressureSystolic", Discrete),
    ("BodyFatPercentage", Discrete),
    ("BodyMass", Discrete),
    ("BodyMassIndex", Discrete),
    ("BodyTemperature", Discrete),
    ("CrossCountrySkiingSpeed", Discrete),
    ("CyclingCadence", Discrete),
    ("CyclingFunctionalThresholdPower", Discrete),
    ("CyclingPower", Discrete),
    ("CyclingSpeed", Discrete),
    ("DietaryBiotin", Cumulative),
    ("DietaryCaffeine", Cumulative),
    ("DietaryCalcium", Cumulative),
    ("DietaryCarbohydrates", Cumulative),
    ("DietaryChloride", Cumulative),
    ("DietaryCholesterol", Cumulative),
    ("DietaryChromium", Cumulative),
    ("DietaryCopper", Cumulative),
    ("DietaryEnergyConsumed", Cumulative),
    ("DietaryFatMonounsaturated", Cumulative),
    ("DietaryFatPolyunsaturated", Cumulative),
    ("DietaryFatSaturated", Cumulative),
    ("DietaryFatTotal", Cumulative),
    ("DietaryFiber", Cumulative),
    ("DietaryFolate", Cumulative),
    ("DietaryIodine", Cumulative),
    ("DietaryIron", Cumulative),
    ("DietaryMagnesium", Cumulative),
    ("DietaryManganese", Cumulative),
    ("DietaryMolybdenum", Cumulative),
    ("DietaryNiacin", Cumulative),
    ("DietaryPantothenicAcid", Cumulative),
    ("DietaryPhosphorus", Cumulative),
    ("DietaryPotassium", Cumulative),
    ("DietaryProtein", Cumulative),
    ("DietaryRiboflavin", Cumulative),
    ("DietarySelenium", Cumulative),
    ("DietarySodium", Cumulative),
    ("DietarySugar", Cumulative),
    ("DietaryThiamin", Cumulative),
    ("DietaryVitaminA", Cumulative),
    ("DietaryVitaminB12", Cumulative),
    ("DietaryVitaminB6", Cumulative),
    ("DietaryVitaminC", Cumulative),
    ("DietaryVitaminD", Cumulative),
    ("DietaryVitaminE", Cumulative),
    ("DietaryVitaminK", Cumulative),
    ("DietaryWater", Cumulative),
    ("DietaryZinc", Cumulative),
    ("DistanceCrossCountrySkiing", Cumulative),
    ("DistanceCycling", Cumulative),
    ("DistanceDownhillSnowSports", Cumulative),
    ("DistancePaddleSports", Cumulative),
    ("DistanceRowing", Cumulative),
    ("DistanceSkatingSports", Cumulative),
    ("DistanceSwimming", Cumulative),
    ("DistanceWalkingRunning", Cumulative),
    ("DistanceWheelchair", Cumulative),
    ("ElectrodermalActivity", Discrete),
    ("EnvironmentalAudioExposure", EquivalentContinuousLevel),
    ("EnvironmentalSoundReduction", EquivalentContinuousLevel),
    ("EstimatedWorkoutEffortScore", Discrete),
    ("FlightsClimbed", Cumulative),
    ("ForcedExpiratoryVolume1", Discrete),
    ("ForcedVitalCapacity", Discrete),
    ("HeadphoneAudioExposure", EquivalentContinuousLevel),
    ("HeartRate", TemporallyWeighted),
    ("HeartRateRecoveryOneMinute", Discrete),
    ("HeartRateVariabilitySDNN", Discrete),
    ("Height", Discrete),
    ("InhalerUsage", Cumulative),
    ("InsulinDelivery", Cumulative),
    ("LeanBodyMass", Discrete),
    ("NikeFuel", Cumulative),
    ("NumberOfAlcoholicBeverages", Cumulative),
    ("NumberOfTimesFallen", Cumulative),
    ("OxygenSaturation", Discrete),
    ("PaddleSportsSpeed", Discrete),
    ("PeakExpiratoryFlowRate", Discrete),
    ("PeripheralPerfusionIndex", Discrete),
    ("PhysicalEffort", Discrete),
    ("PushCount", Cumulative),
    ("RespiratoryRate", Discrete),
    ("RestingHeartRate", Discrete),
    ("RowingSpeed", Discrete),
    ("RunningGroundContactTime", Discrete),
    ("RunningPower", Discrete),
    ("RunningSpeed", Discrete),
    ("RunningStrideLength", Discrete),
    ("RunningVerticalOscillation", Discrete),
    ("SixMinuteWalkTestDistance", Discrete),
    ("StairAscentSpeed", Discrete),
    ("StairDescentSpeed", Discrete),
    ("StepCount", Cumulative),
    ("SwimmingStrokeCount", Cumulative),
    ("TimeInDaylight", Cumulative),
    ("UVExposure", Discrete),
    ("UnderwaterDepth", Discrete),
    ("VO2Max", Discrete),
    ("WaistCircumference", Discrete),
    ("WalkingAsymmetryPercentage", Discrete),
    ("WalkingDoubleSupportPercentage", Discrete),
    ("WalkingHeartRateAverage", Discrete),
    ("WalkingSpeed", Discrete),
    ("WalkingStepLength", Discrete),
    ("WaterTemperature", Discrete),
    ("WorkoutEffortScore", Discrete),
];

/// How the samples of a type add up; `None` for types that this version does not know.
#[must_use]
pub fn aggregation(kind: &str) -> Option<Aggregation> {
    let name = kind.strip_prefix(QUANTITY_TYPE)?;
    let place = QUANTITIES.binary_search_by_key(&name, |(known, _)| *known).ok()?;
    Some(QUANTITIES[place].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities() {
        assert!(QUANTITIES.is_sorted_by_key(|(name, _)| *name));
        let check = |kind: &str, expected| assert_eq!(aggregation(kind), expected, "{kind}");
        check("HKQuantityTypeIdentifierStepCount", Some(Cumulative));
        check("HKQuantityTypeIdentifierBodyMass", Some(Discrete));
        check("HKQuantityTypeIdentifierHeartRate", Some(TemporallyWeighted));
        check("HKQuantityTypeIdentifierHeadphoneAudioExposure", Some(EquivalentContinuousLevel));
        check("HKQuantityTypeIdentifierOfTomorrow", None);
        check("StepCount", None);
    }
}
