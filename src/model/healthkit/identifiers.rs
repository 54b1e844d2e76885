//! Prefixes of HealthKit's identifiers.

/// Prefix of the identifiers of quantities.
pub const QUANTITY_TYPE: &str = "HKQuantityTypeIdentifier";

/// Prefix of the identifiers of categories.
pub const CATEGORY_TYPE: &str = "HKCategoryTypeIdentifier";

/// Prefix of the identifiers of correlations.
pub const CORRELATION_TYPE: &str = "HKCorrelationTypeIdentifier";

/// The name without its prefix, for people: `HKQuantityTypeIdentifierHeartRate` becomes `HeartRate`.
#[must_use]
pub fn short(kind: &str) -> &str {
    kind.strip_prefix(QUANTITY_TYPE).or_else(|| kind.strip_prefix(CATEGORY_TYPE)).unwrap_or(kind)
}

/// The words of a name: `traditionalStrengthTraining` becomes `traditional strength training`.
pub(crate) fn words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

/// Whether it identifies a quantity or a category.
#[must_use]
pub fn is_sample_type(kind: &str) -> bool {
    kind.starts_with(QUANTITY_TYPE) || kind.starts_with(CATEGORY_TYPE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names() {
        let check = |kind: &str, expected: &str| assert_eq!(short(kind), expected);
        check("HKQuantityTypeIdentifierHeartRate", "HeartRate");
        check("HKCategoryTypeIdentifierSleepAnalysis", "SleepAnalysis");
        check("HKCorrelationTypeIdentifierFood", "HKCorrelationTypeIdentifierFood");
        check("workouts", "workouts");
    }

    #[test]
    fn names_as_words() {
        let check = |name: &str, expected: &str| assert_eq!(words(name), expected);
        check("running", "running");
        check("highIntensityIntervalTraining", "high intensity interval training");
        check("Yoga", "yoga");
        check("", "");
    }
}
