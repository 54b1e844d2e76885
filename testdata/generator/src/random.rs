//! Numbers that look random and are a pure function of seed, stream and index.
//!
//! SplitMix64, because its state is one integer: an element can be computed without the ones before it. So any order of
//! writing gives the same elements, and nothing is remembered. Deliberately absent: floating point functions such as `sin`,
//! whose last digit differs between platforms. Not for secrets.

use crate::identity::Stream;

/// 2^64 / golden ratio: the increment of SplitMix64.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The finalizer of SplitMix64: a bijection that changes half of the bits for each bit changed.
pub(crate) const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A generator for one element.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The generator of element `index` of `stream`.
    pub(crate) fn at(seed: u64, stream: Stream, index: u64) -> Self {
        Self(mix(seed.wrapping_mul(GOLDEN) ^ (stream.number() << 48) ^ index))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// Evenly in `0..end`; 0 where `end` is 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(end);
        u64::try_from(wide >> 64).unwrap_or(u64::MAX)
    }

    /// Evenly in `low..=high`.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        low.wrapping_add_unsigned(self.below(high.abs_diff(low) + 1))
    }

    /// In `low..=high`, small values more often: most heart rates are near the resting one, most strolls are short.
    pub(crate) fn skewed(&mut self, low: i64, high: i64) -> i64 {
        let once = self.below(high.abs_diff(low) + 1);
        low.wrapping_add_unsigned(self.below(once + 1))
    }

    /// True `n` times out of `of`.
    pub(crate) fn chance(&mut self, n: u64, of: u64) -> bool {
        self.below(of) < n
    }

    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let last = items.len() as u64;
        &items[usize::try_from(self.below(last)).unwrap_or(0)]
    }

    /// Fisher–Yates.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = usize::try_from(self.below(last as u64 + 1)).unwrap_or(0);
            items.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_stay_in_their_range_and_reach_its_ends() {
        let mut random = Random::at(7, Stream::Workout, 0);
        let draws: Vec<i64> = (0..2000).map(|_| random.between(-3, 4)).collect();
        assert_eq!(draws.iter().min(), Some(&-3));
        assert_eq!(draws.iter().max(), Some(&4));
        assert!((0..2000).all(|_| (10..=20).contains(&random.skewed(10, 20))));
    }

    #[test]
    fn an_element_does_not_depend_on_the_ones_before_it() {
        let mut here = Random::at(1, Stream::Sample(3), 99);
        let mut again = Random::at(1, Stream::Sample(3), 99);
        let mut elsewhere = Random::at(1, Stream::Sample(4), 99);
        assert_eq!(here.next(), again.next());
        assert_ne!(here.next(), elsewhere.next());
    }
}
