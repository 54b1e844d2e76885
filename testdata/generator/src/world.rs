//! What all elements of one payload are computed from.

use crate::identity::Stream;
use crate::order::KeyOrder;
use crate::random::Random;

#[derive(Clone, Copy, Debug)]
pub(crate) struct World {
    pub(crate) seed: u64,
    /// The day on which the data begins.
    pub(crate) start_ms: i64,
    pub(crate) keys: KeyOrder,
    /// Whether some samples have a corrected value.
    pub(crate) corrected: bool,
}

impl World {
    /// What shuffles the keys of one element; apart from the element's own draws, which must not depend on the order.
    pub(crate) fn shuffle(&self, stream: Stream, index: u64) -> Random {
        Random::at(!self.seed, stream, index)
    }
}
