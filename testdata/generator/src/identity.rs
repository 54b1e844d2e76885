//! UUIDs that are distinct by construction, and the streams that they and all other draws are numbered by.
//!
//! A Feistel network over (seed, stream and index) is a bijection on the 122 free bits of a version 4 UUID. So two elements
//! never share one, and neither do two seeds below 2^61. The bits still look random, since an index over them must meet the
//! same disorder as over real ones.

use crate::random::mix;

/// What is being numbered or drawn; samples carry the position of their type in the table of types.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stream {
    Sample(u8),
    SampleTime(u8),
    SampleSource(u8),
    External(u8),
    Workout,
    WorkoutTime,
    Activity,
    Route,
    Dose,
    DoseTime,
    Medication,
    Bundle,
    Keys,
    Order,
    Device,
    Beats,
    Day,
    AutoExport,
    Life,
}

impl Stream {
    /// Distinct for each stream, below 2^16.
    pub(crate) fn number(self) -> u64 {
        let (group, member) = match self {
            Self::Sample(kind) => (0, kind),
            Self::SampleTime(kind) => (1, kind),
            Self::SampleSource(kind) => (2, kind),
            Self::External(kind) => (3, kind),
            Self::Workout => (4, 0),
            Self::WorkoutTime => (4, 1),
            Self::Activity => (4, 2),
            Self::Route => (4, 3),
            Self::Dose => (4, 4),
            Self::DoseTime => (4, 5),
            Self::Medication => (4, 6),
            Self::Bundle => (4, 7),
            Self::Keys => (4, 8),
            Self::Order => (4, 9),
            Self::Device => (4, 10),
            Self::Beats => (4, 11),
            Self::Day => (4, 12),
            Self::AutoExport => (4, 13),
            Self::Life => (4, 14),
        };
        group << 8 | u64::from(member)
    }
}

/// Half of the 122 bits.
const HALF_BITS: u32 = 61;
const HALF_MASK: u64 = (1 << HALF_BITS) - 1;
/// Streams take 16 of the 61 bits of a serial number, the index the rest.
const INDEX_BITS: u32 = 45;
const ROUND_KEYS: [u64; 4] =
    [0x243F_6A88_85A3_08D3, 0x1319_8A2E_0370_7344, 0xA409_3822_299F_31D0, 0x082E_FA98_EC4E_6C89];

/// A version 4 UUID, printed in upper case as HealthKit does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Uuid(u128);

impl Uuid {
    pub(crate) fn of(seed: u64, stream: Stream, index: u64) -> Self {
        let mut left = seed & HALF_MASK;
        let mut right = ((stream.number() << INDEX_BITS) | index) & HALF_MASK;
        for key in ROUND_KEYS {
            (left, right) = (right, left ^ (mix(right ^ key) & HALF_MASK));
        }
        let bits = u128::from(left) << HALF_BITS | u128::from(right);
        let high = bits >> 74;
        let middle = (bits >> 62) & 0xFFF;
        let low = bits & ((1 << 62) - 1);
        Self(high << 80 | 0x4 << 76 | middle << 64 | 0b10 << 62 | low)
    }

    /// The 36 characters.
    pub(crate) fn text(self) -> [u8; 36] {
        const HEX: &[u8; 16] = b"0123456789ABCDEF";
        let mut text = [b'-'; 36];
        let mut at = 0;
        for (position, byte) in self.0.to_be_bytes().into_iter().enumerate() {
            if matches!(position, 4 | 6 | 8 | 10) {
                at += 1;
            }
            text[at] = HEX[usize::from(byte >> 4)];
            text[at + 1] = HEX[usize::from(byte & 15)];
            at += 2;
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn distinct_over_seeds_streams_and_indexes() {
        let mut seen = HashSet::new();
        for seed in 0..20 {
            for index in 0..500 {
                for stream in [Stream::Sample(0), Stream::Sample(200), Stream::Workout] {
                    assert!(seen.insert(Uuid::of(seed, stream, index)));
                }
            }
        }
    }

    #[test]
    fn has_the_form_of_version_4() {
        for index in 0..1000 {
            let text = Uuid::of(5, Stream::Dose, index).text();
            assert_eq!(text[14], b'4');
            assert!(matches!(text[19], b'8' | b'9' | b'A' | b'B'));
            for (position, byte) in text.into_iter().enumerate() {
                if matches!(position, 8 | 13 | 18 | 23) {
                    assert_eq!(byte, b'-');
                } else {
                    assert!(byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte));
                }
            }
        }
    }
}
