//! Numbers that look random and depend only on a seed: the same household every day.

/// A sequence of numbers (SplitMix64).
#[derive(Clone, Copy, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// The sequence of a place: a person, a day, a part of the day.
    pub(super) fn at(seed: u64, place: [i64; 3]) -> Self {
        let mut random = Self(seed);
        for part in place {
            random.0 = random.next() ^ part.cast_unsigned();
        }
        random.next();
        random
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    /// A whole number from one to another one.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = (high - low).max(0).cast_unsigned() + 1;
        low + (self.next() % span).cast_signed()
    }

    /// Whether something happens that does so in `percent` of all cases.
    pub(super) fn chance(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    /// A number around 0, most of them between -1 and 1.
    pub(super) fn around(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a few digits")]
        let sum = (0..3).map(|_| self.between(-1000, 1000) as f64 / 1000.0).sum::<f64>();
        sum / 1.5
    }
}
