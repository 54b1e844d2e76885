//! How often something came before, in a window: at least the last [`AUTO_EXPORT_REPEATS_WINDOW`] distinct things are
//! remembered. Points of one time stand beside each other.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::model::limits::AUTO_EXPORT_REPEATS_WINDOW;

/// See the module's description.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    recent: HashMap<[u8; 16], u32, RandomState>,
    earlier: HashMap<[u8; 16], u32, RandomState>,
}

impl Repeats {
    /// Counts one more. Returns 1 for the first.
    pub(super) fn count(&mut self, digest: [u8; 16]) -> u32 {
        if self.recent.len() >= AUTO_EXPORT_REPEATS_WINDOW {
            std::mem::swap(&mut self.recent, &mut self.earlier);
            self.recent.clear();
        }
        let known = self.recent.get(&digest).or_else(|| self.earlier.get(&digest));
        let count = known.map_or(1, |known| known.saturating_add(1));
        self.recent.insert(digest, count);
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_counted_across_the_window() {
        let mut repeats = Repeats::default();
        let thing = |number: usize| u128::try_from(number).unwrap().to_le_bytes();
        assert_eq!([repeats.count(thing(0)), repeats.count(thing(0))], [1, 2]);
        for other in 1..AUTO_EXPORT_REPEATS_WINDOW {
            assert_eq!(repeats.count(thing(other)), 1);
        }
        assert_eq!(repeats.count(thing(0)), 3);
    }
}
