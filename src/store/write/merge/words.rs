//! Words that exports have as values of categories, where this version does not know their numbers. The app sends the numbers.
//!
//! A word and a number are one fact only if this version knows the number of no word either: both are of a later system.

use super::json_names::end_of_string;
use crate::model::healthkit::{CATEGORY_TYPE, is_category_value};
use crate::model::identity::digest;

/// How an export's other fields begin to say the value.
const VALUE: &str = "\"value\":\"";

/// The hash of the word that a record's other fields have as its value.
pub(super) fn word_in(other: Option<&str>) -> Option<u64> {
    let other = other?;
    let start = other.find(VALUE)? + VALUE.len();
    let word = other.get(start..end_of_string(other.as_bytes(), start))?;
    let [one, two, three, four, five, six, seven, eight, ..] = digest(&[word.as_bytes()]);
    Some(u64::from_le_bytes([one, two, three, four, five, six, seven, eight]))
}

/// Whether a number of a category may be that of an unknown word.
pub(super) fn may_be_of_word(kind: &str, number: f64) -> bool {
    kind.starts_with(CATEGORY_TYPE) && !is_category_value(kind, number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared() {
        let word = |other: &str| word_in(Some(other));
        assert_eq!(word(r#"{"value":"A"}"#), word(r#"{"a":1,"value":"A","x":"y"}"#));
        assert_ne!(word(r#"{"value":"A"}"#), word(r#"{"value":"B"}"#));
        assert_eq!([word("{}"), word(r#"{"value":1}"#), word_in(None)], [None; 3]);
        assert_eq!(word("{\"value\":\""), word("{\"value\":\""));
    }

    #[test]
    fn only_unknown_numbers_are_of_unknown_words() {
        let check =
            |kind: &str, number, expected| assert_eq!(may_be_of_word(kind, number), expected, "{kind} {number}");
        check("HKCategoryTypeIdentifierHeadache", 4.0, false);
        check("HKCategoryTypeIdentifierHeadache", 9.0, true);
        check("HKCategoryTypeIdentifierHeadache", 1.5, true);
        check("HKCategoryTypeIdentifierOfTomorrow", 0.0, true);
        check("HKQuantityTypeIdentifierStepCount", 9.0, false);
    }
}
