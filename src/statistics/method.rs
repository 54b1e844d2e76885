//! How the samples of a type become figures, and in which unit.

use crate::model::healthkit::{Aggregation, CATEGORY_TYPE, aggregation, canonical_unit, short};
use crate::model::units::{Conversion, conversion};

use super::rules::{HOLD_MS, SAME_START_MS};

/// How the samples of a type become the figures of a day.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Method {
    /// They add up; in each slice of time the best source counts.
    Sum,
    /// Their mean, each sample counts alike.
    Mean,
    /// Their mean, and another one that weighs each sample by the time that it holds.
    TimeWeighted,
    /// The level of their mean sound energy, in decibels.
    Level,
    /// The number of local hours with a stand.
    StandHours,
    /// Covered minutes and the number of sessions.
    Sessions,
    /// The number of samples, and the covered time of each value.
    Values,
    /// Nights: [`super::Nights`] counts them, days have only the covered time of each value.
    Sleep,
    /// Only count, minimum, maximum and last: nothing is known about the type.
    Unknown,
}

/// What partitions the samples of a type: each partition is merged by itself, and the sums are added.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Partition {
    /// All samples are compared with each other.
    #[default]
    Whole,
    /// Basal insulin: `HKInsulinDeliveryReason` is 1.
    Basal,
    /// A bolus of insulin: `HKInsulinDeliveryReason` is 2.
    Bolus,
}

impl Partition {
    /// The number of partitions.
    pub const COUNT: usize = 3;

    /// Returns the partition of a sample of insulin by its `HKInsulinDeliveryReason`.
    #[must_use]
    pub fn of_insulin(reason: Option<i64>) -> Self {
        match reason {
            Some(1) => Self::Basal,
            Some(2) => Self::Bolus,
            _ => Self::Whole,
        }
    }
}

impl Method {
    /// Returns the method of a type by its identifier, such as `HKQuantityTypeIdentifierStepCount`.
    #[must_use]
    pub fn of(kind: &str) -> Self {
        match (aggregation(kind), short(kind)) {
            (Some(Aggregation::Cumulative), _) => Self::Sum,
            // Apple has weighted it by time since iOS 26.4; the plain mean is beside it.
            (Some(Aggregation::TemporallyWeighted), _) | (Some(Aggregation::Discrete), "RestingHeartRate") => {
                Self::TimeWeighted
            }
            (Some(Aggregation::Discrete), _) => Self::Mean,
            (Some(Aggregation::EquivalentContinuousLevel), _) => Self::Level,
            (None, _) if !kind.starts_with(CATEGORY_TYPE) => Self::Unknown,
            (None, "AppleStandHour") => Self::StandHours,
            (None, "MindfulSession" | "ToothbrushingEvent" | "HandwashingEvent") => Self::Sessions,
            (None, "SleepAnalysis") => Self::Sleep,
            (None, _) => Self::Values,
        }
    }

    /// Whether its samples are numbers of a category.
    #[must_use]
    pub fn is_category(self) -> bool {
        matches!(self, Self::StandHours | Self::Sessions | Self::Values | Self::Sleep)
    }

    /// Returns from which start on all samples must be read to have the figures of what begins at `from_ms`, both in milliseconds
    /// since 1970 UTC. `longest_ms` is the duration of the type's longest sample.
    #[must_use]
    pub fn read_from_ms(self, from_ms: i64, longest_ms: i64) -> i64 {
        let reach_ms = match self {
            Self::TimeWeighted => longest_ms.max(HOLD_MS),
            // The samples that hide the beginning of those under way decide in which day they count first.
            Self::Sum | Self::Level => longest_ms.saturating_mul(2),
            _ => longest_ms,
        };
        from_ms.saturating_sub(reach_ms).saturating_sub(SAME_START_MS)
    }

    /// Returns until when figures change if a sample is added, changed or removed: their first day is that of its start. See
    /// [`Self::read_from_ms`].
    #[must_use]
    pub fn changes_until_ms(self, start_ms: i64, end_ms: i64, longest_ms: i64) -> i64 {
        match self {
            // It may have hidden another one, which then holds.
            Self::TimeWeighted => start_ms.saturating_add(longest_ms.max(HOLD_MS) + SAME_START_MS),
            Self::Mean | Self::Unknown | Self::StandHours => start_ms,
            // A sample that it hides is counted in the first day in which it counts for something.
            Self::Sum | Self::Level if end_ms > start_ms => end_ms.saturating_add(longest_ms),
            Self::Sum | Self::Level | Self::Sessions | Self::Values | Self::Sleep => end_ms.max(start_ms),
        }
    }
}

/// The unit of a type's figures, and how units of samples become it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unit {
    name: Option<String>,
}

impl Unit {
    /// Returns the canonical unit of a type. An unknown type gets the unit of its first sample.
    #[must_use]
    pub fn of(kind: &str) -> Self {
        Self { name: canonical_unit(kind).map(str::to_owned) }
    }

    /// Returns the unit's name, such as `count/min`; empty for a unit that is not known, and for an index.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    /// Returns the conversion from a sample's unit; `None` if such a sample cannot be compared with the others. Ask once for each
    /// unit, not for each sample.
    pub fn conversion_from(&mut self, unit: &str) -> Option<Conversion> {
        match self.name.as_deref() {
            // An index has no unit, whatever exporters write.
            Some("") if matches!(unit, "" | "count") => Some(Conversion::NONE),
            Some(name) => conversion(unit, name),
            None => {
                self.name = Some(unit.to_owned());
                Some(Conversion::NONE)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods() {
        let check = |kind: &str, expected| assert_eq!(Method::of(kind), expected, "{kind}");
        check("HKQuantityTypeIdentifierStepCount", Method::Sum);
        check("HKQuantityTypeIdentifierHeartRate", Method::TimeWeighted);
        check("HKQuantityTypeIdentifierRestingHeartRate", Method::TimeWeighted);
        check("HKQuantityTypeIdentifierBodyMass", Method::Mean);
        check("HKQuantityTypeIdentifierHeadphoneAudioExposure", Method::Level);
        check("HKQuantityTypeIdentifierOfTomorrow", Method::Unknown);
        check("HKCategoryTypeIdentifierAppleStandHour", Method::StandHours);
        check("HKQuantityTypeIdentifierAppleStandTime", Method::Sum);
        check("HKCategoryTypeIdentifierMindfulSession", Method::Sessions);
        check("HKCategoryTypeIdentifierSleepAnalysis", Method::Sleep);
        check("HKCategoryTypeIdentifierHighHeartRateEvent", Method::Values);
        check("HKCategoryTypeIdentifierOfTomorrow", Method::Values);
    }

    #[test]
    fn units() {
        let check = |kind: &str, from: &str, expected: Option<f64>| {
            let converted = Unit::of(kind).conversion_from(from).map(|conversion| conversion.apply(2.0));
            assert_eq!(converted, expected, "{kind} {from}");
        };
        check("HKQuantityTypeIdentifierDistanceCycling", "km", Some(2000.0));
        check("HKQuantityTypeIdentifierDistanceCycling", "kcal", None);
        check("HKQuantityTypeIdentifierUVExposure", "count", Some(2.0));
        check("HKQuantityTypeIdentifierOfTomorrow", "lux", Some(2.0));
        let mut unit = Unit::of("HKQuantityTypeIdentifierOfTomorrow");
        unit.conversion_from("km");
        assert_eq!(unit.conversion_from("m").map(|conversion| conversion.apply(2.0)), Some(0.002));
        assert_eq!(unit.conversion_from("lux"), None);
        assert_eq!(unit.name(), "km");
    }
}
