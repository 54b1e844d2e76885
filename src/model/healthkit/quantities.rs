//! How the samples of each quantity add up, and in which unit.

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

/// Each quantity by its short name, in order, with the unit to compute in: HealthKit's canonical unit, but rates are per minute.
/// An index has no unit.
const QUANTITIES: [(&str, Aggregation, &str); 120] = [
    ("ActiveEnergyBurned", Cumulative, "kcal"),
    ("AppleExerciseTime", Cumulative, "min"),
    ("AppleMoveTime", Cumulative, "min"),
    ("AppleSleepingBreathingDisturbances", Discrete, "count"),
    ("AppleSleepingWristTemperature", Discrete, "degC"),
    ("AppleStandTime", Cumulative, "min"),
    ("AppleWalkingSteadiness", Discrete, "%"),
    ("AtrialFibrillationBurden", TemporallyWeighted, "%"),
    ("BasalBodyTemperature", Discrete, "degC"),
    ("BasalEnergyBurned", Cumulative, "kcal"),
    ("BloodAlcoholContent", Discrete, "%"),
    ("BloodGlucose", Discrete, "mg/dL"),
    ("BloodPressureDiastolic", Discrete, "mmHg"),
    ("BloodPressureSystolic", Discrete, "mmHg"),
    ("BodyFatPercentage", Discrete, "%"),
    ("BodyMass", Discrete, "kg"),
    ("BodyMassIndex", Discrete, "count"),
    ("BodyTemperature", Discrete, "degC"),
    ("CrossCountrySkiingSpeed", Discrete, "m/s"),
    ("CyclingCadence", Discrete, "count/min"),
    ("CyclingFunctionalThresholdPower", Discrete, "W"),
    ("CyclingPower", Discrete, "W"),
    ("CyclingSpeed", Discrete, "m/s"),
    ("DietaryBiotin", Cumulative, "g"),
    ("DietaryCaffeine", Cumulative, "g"),
    ("DietaryCalcium", Cumulative, "g"),
    ("DietaryCarbohydrates", Cumulative, "g"),
    ("DietaryChloride", Cumulative, "g"),
    ("DietaryCholesterol", Cumulative, "g"),
    ("DietaryChromium", Cumulative, "g"),
    ("DietaryCopper", Cumulative, "g"),
    ("DietaryEnergyConsumed", Cumulative, "kcal"),
    ("DietaryFatMonounsaturated", Cumulative, "g"),
    ("DietaryFatPolyunsaturated", Cumulative, "g"),
    ("DietaryFatSaturated", Cumulative, "g"),
    ("DietaryFatTotal", Cumulative, "g"),
    ("DietaryFiber", Cumulative, "g"),
    ("DietaryFolate", Cumulative, "g"),
    ("DietaryIodine", Cumulative, "g"),
    ("DietaryIron", Cumulative, "g"),
    ("DietaryMagnesium", Cumulative, "g"),
    ("DietaryManganese", Cumulative, "g"),
    ("DietaryMolybdenum", Cumulative, "g"),
    ("DietaryNiacin", Cumulative, "g"),
    ("DietaryPantothenicAcid", Cumulative, "g"),
    ("DietaryPhosphorus", Cumulative, "g"),
    ("DietaryPotassium", Cumulative, "g"),
    ("DietaryProtein", Cumulative, "g"),
    ("DietaryRiboflavin", Cumulative, "g"),
    ("DietarySelenium", Cumulative, "g"),
    ("DietarySodium", Cumulative, "g"),
    ("DietarySugar", Cumulative, "g"),
    ("DietaryThiamin", Cumulative, "g"),
    ("DietaryVitaminA", Cumulative, "g"),
    ("DietaryVitaminB12", Cumulative, "g"),
    ("DietaryVitaminB6", Cumulative, "g"),
    ("DietaryVitaminC", Cumulative, "g"),
    ("DietaryVitaminD", Cumulative, "g"),
    ("DietaryVitaminE", Cumulative, "g"),
    ("DietaryVitaminK", Cumulative, "g"),
    ("DietaryWater", Cumulative, "mL"),
    ("DietaryZinc", Cumulative, "g"),
    ("DistanceCrossCountrySkiing", Cumulative, "m"),
    ("DistanceCycling", Cumulative, "m"),
    ("DistanceDownhillSnowSports", Cumulative, "m"),
    ("DistancePaddleSports", Cumulative, "m"),
    ("DistanceRowing", Cumulative, "m"),
    ("DistanceSkatingSports", Cumulative, "m"),
    ("DistanceSwimming", Cumulative, "m"),
    ("DistanceWalkingRunning", Cumulative, "m"),
    ("DistanceWheelchair", Cumulative, "m"),
    ("ElectrodermalActivity", Discrete, "S"),
    ("EnvironmentalAudioExposure", EquivalentContinuousLevel, "dBASPL"),
    ("EnvironmentalSoundReduction", EquivalentContinuousLevel, "dBASPL"),
    ("EstimatedWorkoutEffortScore", Discrete, "appleEffortScore"),
    ("FlightsClimbed", Cumulative, "count"),
    ("ForcedExpiratoryVolume1", Discrete, "L"),
    ("ForcedVitalCapacity", Discrete, "L"),
    ("HeadphoneAudioExposure", EquivalentContinuousLevel, "dBASPL"),
    ("HeartRate", TemporallyWeighted, "count/min"),
    ("HeartRateRecoveryOneMinute", Discrete, "count/min"),
    ("HeartRateVariabilitySDNN", Discrete, "ms"),
    ("Height", Discrete, "m"),
    ("InhalerUsage", Cumulative, "count"),
    ("InsulinDelivery", Cumulative, "IU"),
    ("LeanBodyMass", Discrete, "kg"),
    ("NikeFuel", Cumulative, "count"),
    ("NumberOfAlcoholicBeverages", Cumulative, "count"),
    ("NumberOfTimesFallen", Cumulative, "count"),
    ("OxygenSaturation", Discrete, "%"),
    ("PaddleSportsSpeed", Discrete, "m/s"),
    ("PeakExpiratoryFlowRate", Discrete, "L/min"),
    ("PeripheralPerfusionIndex", Discrete, "%"),
    ("PhysicalEffort", Discrete, "kcal/(kg*hr)"),
    ("PushCount", Cumulative, "count"),
    ("RespiratoryRate", Discrete, "count/min"),
    ("RestingHeartRate", Discrete, "count/min"),
    ("RowingSpeed", Discrete, "m/s"),
    ("RunningGroundContactTime", Discrete, "ms"),
    ("RunningPower", Discrete, "W"),
    ("RunningSpeed", Discrete, "m/s"),
    ("RunningStrideLength", Discrete, "m"),
    ("RunningVerticalOscillation", Discrete, "cm"),
    ("SixMinuteWalkTestDistance", Discrete, "m"),
    ("StairAscentSpeed", Discrete, "m/s"),
    ("StairDescentSpeed", Discrete, "m/s"),
    ("StepCount", Cumulative, "count"),
    ("SwimmingStrokeCount", Cumulative, "count"),
    ("TimeInDaylight", Cumulative, "min"),
    ("UVExposure", Discrete, ""),
    ("UnderwaterDepth", Discrete, "m"),
    ("VO2Max", Discrete, "ml/(kg*min)"),
    ("WaistCircumference", Discrete, "m"),
    ("WalkingAsymmetryPercentage", Discrete, "%"),
    ("WalkingDoubleSupportPercentage", Discrete, "%"),
    ("WalkingHeartRateAverage", Discrete, "count/min"),
    ("WalkingSpeed", Discrete, "m/s"),
    ("WalkingStepLength", Discrete, "m"),
    ("WaterTemperature", Discrete, "degC"),
    ("WorkoutEffortScore", Discrete, "appleEffortScore"),
];

/// How the samples of a type add up; `None` for types that this version does not know.
#[must_use]
pub fn aggregation(kind: &str) -> Option<Aggregation> {
    quantity(kind).map(|(_, aggregation, _)| *aggregation)
}

/// Returns the unit in which figures of a type are computed, such as `count/min`: samples may come in several units. Empty for an
/// index, `None` for types that this version does not know.
#[must_use]
pub fn canonical_unit(kind: &str) -> Option<&'static str> {
    quantity(kind).map(|(_, _, unit)| *unit)
}

/// Returns the short names of all quantities, in order.
pub(super) fn quantities() -> impl Iterator<Item = &'static str> {
    QUANTITIES.iter().map(|(name, _, _)| *name)
}

fn quantity(kind: &str) -> Option<&'static (&'static str, Aggregation, &'static str)> {
    let name = kind.strip_prefix(QUANTITY_TYPE)?;
    let place = QUANTITIES.binary_search_by_key(&name, |(known, _, _)| *known).ok()?;
    Some(&QUANTITIES[place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities() {
        assert!(QUANTITIES.is_sorted_by_key(|(name, _, _)| *name));
        let check = |kind: &str, expected| assert_eq!(aggregation(kind), expected, "{kind}");
        check("HKQuantityTypeIdentifierStepCount", Some(Cumulative));
        check("HKQuantityTypeIdentifierBodyMass", Some(Discrete));
        check("HKQuantityTypeIdentifierHeartRate", Some(TemporallyWeighted));
        check("HKQuantityTypeIdentifierHeadphoneAudioExposure", Some(EquivalentContinuousLevel));
        check("HKQuantityTypeIdentifierOfTomorrow", None);
        check("StepCount", None);
    }

    #[test]
    fn canonical_units() {
        let check = |kind: &str, expected| assert_eq!(canonical_unit(kind), expected, "{kind}");
        check("HKQuantityTypeIdentifierDistanceCycling", Some("m"));
        check("HKQuantityTypeIdentifierHeartRate", Some("count/min"));
        check("HKQuantityTypeIdentifierUVExposure", Some(""));
        check("HKQuantityTypeIdentifierOfTomorrow", None);
    }
}
