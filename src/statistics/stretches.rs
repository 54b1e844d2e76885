//! Which source counted when: the explanation of a sum.

use crate::model::limits::STRETCHES_MAX;

use super::rank::{GroupId, Ranks};

/// Time in which one source group counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stretch {
    /// First instant, in milliseconds since 1970 UTC.
    pub from_ms: i64,
    /// The instant behind it.
    pub to_ms: i64,
    /// The group.
    pub group: GroupId,
}

/// The stretches of a day, by rank, if they are wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct Stretches {
    is_wanted: bool,
    list: Vec<(i64, i64, u16)>,
}

impl Stretches {
    pub(super) fn new(is_wanted: bool) -> Self {
        Self { is_wanted, list: Vec::new() }
    }

    /// Adds time behind all earlier one. Time beyond [`STRETCHES_MAX`] stretches is left out.
    pub(super) fn add(&mut self, from_ms: i64, to_ms: i64, rank: u16) {
        if !self.is_wanted || from_ms >= to_ms {
            return;
        }
        let is_full = self.list.len() >= STRETCHES_MAX;
        match self.list.last_mut() {
            Some((_, end_ms, last)) if (*end_ms, *last) == (from_ms, rank) => *end_ms = to_ms,
            _ if is_full => {}
            _ => self.list.push((from_ms, to_ms, rank)),
        }
    }

    /// Writes the stretches of a day that ends, and begins the next one.
    pub(super) fn write(&mut self, ranks: &Ranks, stretches: &mut Vec<Stretch>) {
        let named = self
            .list
            .drain(..)
            .filter_map(|(from_ms, to_ms, rank)| Some(Stretch { from_ms, to_ms, group: ranks.group(rank)? }));
        stretches.extend(named);
        stretches.sort_by_key(|stretch| stretch.from_ms);
    }
}
