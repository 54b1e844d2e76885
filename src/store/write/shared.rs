//! What programs that share one database must agree on without asking each other: the ids of texts, and which metadata is stored once.
//! Both are functions of the text.

use crate::model::identity::digest;
use crate::model::limits::METADATA_SHARED_BYTES_MAX;

/// A run of so many hexadecimal digits and hyphens is an identity or a time, if it has enough decimal digits.
const UNIQUE_RUN: usize = 8;

/// Decimal digits that distinguish such a run from a word.
const UNIQUE_RUN_DIGITS: usize = 4;

/// The id of a text: 63 bits of its digest.
pub(in crate::store) fn content_id(text: &str) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = digest(&[text.as_bytes()]);
    i64::from_le_bytes([a, b, c, d, e, f, g, h]) & i64::MAX
}

/// Whether metadata is stored once for all samples that have it. Metadata with an identity in it belongs to one sample.
pub(in crate::store) fn is_shared(text: &str) -> bool {
    if text.len() > METADATA_SHARED_BYTES_MAX {
        return false;
    }
    let (mut run, mut digits) = (0, 0);
    for byte in text.bytes() {
        if !byte.is_ascii_hexdigit() && byte != b'-' {
            (run, digits) = (0, 0);
            continue;
        }
        run += 1;
        digits += usize::from(byte.is_ascii_digit());
        if run >= UNIQUE_RUN && digits >= UNIQUE_RUN_DIGITS {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stay_the_same_and_are_not_negative() {
        assert_eq!(content_id("count/min"), content_id("count/min"));
        assert_ne!(content_id("count/min"), content_id("count"));
        assert!((0..1000).all(|number| content_id(&number.to_string()) >= 0));
        assert_eq!(content_id(""), 3_551_464_835_523_403_889, "stored ids must be found again");
    }

    #[test]
    fn metadata_that_names_one_sample_is_not_shared() {
        let check = |text: &str, expected: bool| assert_eq!(is_shared(text), expected, "{text}");
        check(r#"{"HKMetadataKeyHeartRateMotionContext":1}"#, true);
        check(r#"{"HKVO2MaxTestType":2,"HKMetadataKeyAverageMETs":"3.7125 kcal/hr·kg"}"#, true);
        check(r#"{"HKWasUserEntered":true}"#, true);
        check(r#"{"HKMetadataKeySyncIdentifier":"8D5E0A4C-3f2b-4a51-9c5e-0f8d3b1a2c3d"}"#, false);
        check(r#"{"HKExternalUUID":"2024-09-15"}"#, false);
        check(r#"{"id":"1726400000"}"#, false);
        check(r#"{"facade":"defaced1"}"#, true);
        check(&"x".repeat(METADATA_SHARED_BYTES_MAX), true);
        check(&"x".repeat(METADATA_SHARED_BYTES_MAX + 1), false);
    }
}
