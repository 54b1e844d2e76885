//! Identities of records that have none: made from their content, and the same at every import.
//!
//! A derived identity is a UUID of version 8 that begins with the bytes `hs`. HealthKit's own are of version 4. 106 of its bits
//! are a BLAKE3 digest. Equal records differ by their number: each identity has a next one.

use crate::model::record::Uuid;

const MARK: [u8; 2] = *b"hs";

/// Returns half of a BLAKE3 digest of texts. Each is hashed with its length, so two lists of texts never hash alike.
#[must_use]
pub fn digest(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    half(&hasher.finalize())
}

/// Returns a whole BLAKE3 digest, in hexadecimal digits.
#[must_use]
pub fn whole_digest(content: &[u8]) -> String {
    blake3::hash(content).to_hex().to_string()
}

/// Makes [`digest`] of one text that comes in parts.
#[derive(Debug)]
pub struct Digest(blake3::Hasher);

impl Digest {
    /// Begins the digest of a text of so many bytes.
    #[must_use]
    pub fn of_text(bytes: usize) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(bytes as u64).to_le_bytes());
        Self(hasher)
    }

    /// Adds a part.
    pub fn add(&mut self, part: &[u8]) {
        self.0.update(part);
    }

    /// Returns the digest.
    #[must_use]
    pub fn end(self) -> [u8; 16] {
        half(&self.0.finalize())
    }
}

/// Returns [`digest`] of two texts, of which the first is in parts.
#[must_use]
pub fn digest_of_parts<'p>(first: impl Iterator<Item = &'p [u8]> + Clone, second: &[u8]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(first.clone().map(<[u8]>::len).sum::<usize>() as u64).to_le_bytes());
    first.for_each(|part| _ = hasher.update(part));
    hasher.update(&(second.len() as u64).to_le_bytes());
    hasher.update(second);
    half(&hasher.finalize())
}

/// Returns the identity of a record with this content: up to 64 bytes cost one round of the hash.
#[must_use]
pub fn derive(content: &[u8]) -> Uuid {
    mark(half(&blake3::hash(content)))
}

/// Returns the identity of the next record that is equal to the one with this identity.
#[must_use]
pub fn next(identity: &Uuid) -> Uuid {
    derive(identity)
}

/// Returns another identity for a record of an upload, in place of one that is taken. Each of the upload's records has its number.
#[must_use]
pub fn other(identity: &Uuid, upload: i64, number: u64) -> Uuid {
    derive(&digest(&[identity, &upload.to_le_bytes(), &number.to_le_bytes()]))
}

/// Returns the identity of another exporter's record of which HealthKit's identity is known.
#[must_use]
pub fn derive_from_healthkit(healthkit: &Uuid) -> Uuid {
    derive(&digest(&[b"HealthKit", healthkit]))
}

/// Reads HealthKit's identity as an exporter prints it, such as `7595F72C-0000-4000-8000-000000000002`.
#[must_use]
pub fn parse(text: &str) -> Option<Uuid> {
    let is_hyphenated = text.len() == 36 && HYPHENS.iter().all(|place| text.as_bytes()[*place] == b'-');
    parse_any(text).filter(|uuid| is_hyphenated && !is_derived(uuid))
}

/// Reads an identity with or without hyphens.
#[must_use]
pub fn parse_any(text: &str) -> Option<Uuid> {
    if text.len() > 36 {
        return None;
    }
    let mut digits = text.chars().filter(|digit| *digit != '-').map(|digit| digit.to_digit(16));
    let mut uuid = Uuid::default();
    for byte in &mut uuid {
        *byte = u8::try_from(digits.next()?? << 4 | digits.next()??).ok()?;
    }
    digits.next().is_none().then_some(uuid)
}

/// The places of the hyphens in an identity as text.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// Returns the text of an identity, as HealthKit writes it.
#[must_use]
pub fn hyphenated(identity: &Uuid) -> [u8; 36] {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut text = [b'-'; 36];
    let digits = identity.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let places = text.iter_mut().enumerate().filter(|(place, _)| !HYPHENS.contains(place));
    for ((_, place), digit) in places.zip(digits) {
        *place = DIGITS[usize::from(digit)];
    }
    text
}

/// Returns bytes as hexadecimal digits in lower case.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |digit: u8| char::from_digit(u32::from(digit), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Whether an identity is derived, not HealthKit's.
#[must_use]
pub fn is_derived(identity: &Uuid) -> bool {
    identity[..2] == MARK && identity[6] >> 4 == 8
}

fn half(digest: &blake3::Hash) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&digest.as_bytes()[..16]);
    half
}

fn mark(mut bytes: [u8; 16]) -> Uuid {
    bytes[..2].copy_from_slice(&MARK);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_identities_are_marked_and_stay_the_same() {
        let identity = derive(b"content");
        assert!(is_derived(&identity) && is_derived(&next(&identity)));
        assert_ne!(identity, next(&identity));
        assert_eq!(hex(&identity), "68735250be9a8259856e7250c526bc83", "stored identities must be found again");
        let of_healthkit =
            [0x68, 0x73, 0x3b, 0xa8, 0x75, 0xee, 0x4d, 0x51, 0x8c, 0xdc, 0x9b, 0x2a, 0xc7, 0xa5, 0xc0, 0x5b];
        assert!(!is_derived(&of_healthkit));
        assert_ne!(digest(&[b"a", b"b"]), digest(&[b"ab", b""]));
    }

    #[test]
    fn a_digest_of_parts_is_that_of_the_whole() {
        let parts: [&[u8]; 4] = [b"a", b"", b"bc", b"d"];
        assert_eq!(digest_of_parts(parts.into_iter(), b"e"), digest(&[b"abcd", b"e"]));
        assert_ne!(digest_of_parts(parts.into_iter(), b"e"), digest(&[b"abc", b"de"]));
    }

    #[test]
    fn identities_of_healthkit_as_text() {
        let check = |text: &str, expected: Option<Uuid>| assert_eq!(parse(text), expected, "{text}");
        let uuid = [0x68, 0x73, 0x3b, 0xa8, 0x75, 0xee, 0x4d, 0x51, 0x8c, 0xdc, 0x9b, 0x2a, 0xc7, 0xa5, 0xc0, 0x5b];
        check("68733BA8-75EE-4D51-8CDC-9B2AC7A5C05B", Some(uuid));
        check("68733ba8-75ee-4d51-8cdc-9b2ac7a5c05b", Some(uuid));
        check("68733BA8-75EE-8D51-8CDC-9B2AC7A5C05B", None);
        check("68733BA875EE4D518CDC9B2AC7A5C05B", None);
        check("68733BA8-75EE-4D51-8CDC-9B2AC7A5C05", None);
        check("68733BA8-75EE-4D51-8CDC-9B2AC7A5C0é", None);
        check("x", None);
        assert_eq!(hyphenated(&uuid), *b"68733BA8-75EE-4D51-8CDC-9B2AC7A5C05B");
    }

    #[test]
    fn identities_with_or_without_hyphens() {
        let expected = Some([0x30, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 0xAB]);
        assert_eq!(parse_any("30000000-0000-4000-8000-0000000000aB"), expected);
        assert_eq!(parse_any("300000000000400080000000000000AB"), expected);
        let ends = ["30000000-0000-4000-8000-0000000000", "30000000-0000-4000-8000-0000000000abcd"];
        for wrong in ["", ends[0], ends[1], "g0000000-0000-4000-8000-0000000000ab", &"-".repeat(99)] {
            assert_eq!(parse_any(wrong), None, "{wrong}");
        }
    }
}
