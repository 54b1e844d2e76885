//! The orders in which the same elements and keys can be written.

use crate::identity::Stream;
use crate::random::Random;

/// The order of the elements of one array by time. Points of a route are always ascending: their order is their meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Oldest first.
    #[default]
    Ascending,
    /// Newest first.
    Descending,
    /// Disordered within windows of 256 elements, the windows ascending.
    Shuffled,
}

/// The order of the keys of each object, and of the sections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyOrder {
    /// As the app's documentation lists them.
    #[default]
    AsDocumented,
    /// `workoutRoutes` first, `exportDate` last, `device` before `uuid`.
    Reversed,
    /// Each object in another order.
    Shuffled,
}

/// Elements that [`Order::Shuffled`] mixes with each other.
const WINDOW_ELEMENTS: u64 = 256;
/// Primes above the window: coprime to every length of it, so that a stride visits each element once.
const STRIDES: [u64; 4] = [7919, 6311, 4273, 2557];

impl Order {
    /// The element to write at `position` of `count`.
    pub(crate) fn index(self, seed: u64, position: u64, count: u64) -> u64 {
        match self {
            Self::Ascending => position,
            Self::Descending => count - 1 - position,
            Self::Shuffled => {
                let window = position / WINDOW_ELEMENTS;
                let first = window * WINDOW_ELEMENTS;
                let length = WINDOW_ELEMENTS.min(count - first);
                let mut random = Random::at(seed, Stream::Order, window);
                let stride = *random.pick(&STRIDES);
                let offset = random.below(length);
                first + (offset + (position - first) * stride) % length
            }
        }
    }
}

impl KeyOrder {
    /// The fields in the order in which to write them; `random` is drawn from only to shuffle.
    pub(crate) fn arrange<T, const N: usize>(self, mut fields: [T; N], random: &mut Random) -> [T; N] {
        self.arrange_slice(&mut fields, random);
        fields
    }

    pub(crate) fn arrange_slice<T>(self, fields: &mut [T], random: &mut Random) {
        match self {
            Self::AsDocumented => {}
            Self::Reversed => fields.reverse(),
            Self::Shuffled => random.shuffle(fields),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_visits_each_element_once() {
        for order in [Order::Ascending, Order::Descending, Order::Shuffled] {
            for count in [1, 2, 17, 255, 256, 257, 1000] {
                let mut visited: Vec<u64> = (0..count).map(|at| order.index(9, at, count)).collect();
                visited.sort_unstable();
                assert!(visited.into_iter().eq(0..count), "{order:?} {count}");
            }
        }
    }
}
