//! How often something came before, in a window: at least as many distinct things as it has places are remembered. Points of one
//! time stand beside each other, or the store counts them: see `order`.

use std::collections::HashMap;

use foldhash::fast::RandomState;

/// See the module's description.
#[derive(Debug)]
pub(super) struct Repeats {
    window: usize,
    recent: HashMap<[u8; 16], u32, RandomState>,
    earlier: HashMap<[u8; 16], u32, RandomState>,
}

impl Repeats {
    /// Remembers so many things at least.
    pub(super) fn within(window: usize) -> Self {
        Self { window, recent: HashMap::default(), earlier: HashMap::default() }
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        (self.recent, self.earlier) = Default::default();
    }

    /// Counts one more. Returns 1 for the first.
    pub(super) fn count(&mut self, digest: [u8; 16]) -> u32 {
        if self.recent.len() >= self.window {
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
        const WINDOW: usize = 100;
        let mut repeats = Repeats::within(WINDOW);
        let thing = |number: usize| u128::try_from(number).unwrap().to_le_bytes();
        assert_eq!([repeats.count(thing(0)), repeats.count(thing(0))], [1, 2]);
        for other in 1..WINDOW {
            assert_eq!(repeats.count(thing(other)), 1);
        }
        assert_eq!(repeats.count(thing(0)), 3);
    }
}
