//! The set of source groups that are active, by their rank: the best one is found in a few steps.

use crate::model::limits::SOURCE_GROUPS_MAX;

const WORD_BITS: usize = 64;
const WORDS: usize = SOURCE_GROUPS_MAX.div_ceil(WORD_BITS);

/// A set of ranks below [`SOURCE_GROUPS_MAX`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RankSet {
    words: [u64; WORDS],
    /// A bit for each word that is not zero.
    filled: u64,
}

const _: () = assert!(WORDS <= WORD_BITS, "one word lists the others");

impl RankSet {
    /// Adds a rank.
    pub(super) fn insert(&mut self, rank: u16) {
        let word = usize::from(rank) / WORD_BITS;
        self.words[word] |= 1 << (usize::from(rank) % WORD_BITS);
        self.filled |= 1 << word;
    }

    /// Removes a rank.
    pub(super) fn remove(&mut self, rank: u16) {
        let word = usize::from(rank) / WORD_BITS;
        self.words[word] &= !(1 << (usize::from(rank) % WORD_BITS));
        if self.words[word] == 0 {
            self.filled &= !(1 << word);
        }
    }

    /// Returns the best rank, which is the smallest.
    pub(super) fn best(&self) -> Option<u16> {
        if self.filled == 0 {
            return None;
        }
        let word = self.filled.trailing_zeros();
        let bit = self.words[word as usize].trailing_zeros();
        u16::try_from(word * 64 + bit).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_is_the_smallest() {
        let mut set = RankSet::default();
        assert_eq!(set.best(), None);
        let ranks = [700, 63, 64, 0, 1023];
        ranks.into_iter().for_each(|rank| set.insert(rank));
        for expected in [0, 63, 64, 700, 1023] {
            assert_eq!(set.best(), Some(expected));
            set.remove(expected);
        }
        assert_eq!(set.best(), None);
    }
}
