//! What becomes of samples, by type and hour: spans of time of one hour are one change.

use std::collections::BTreeSet;

use crate::model::counts::Counts;
use crate::model::limits::STAGE_GROUP_SPANS;
use crate::model::time::HOUR_MS;
use crate::store::write::changes::{ChangeKey, Changes};

/// The outcome of some samples of a type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Merged {
    pub(super) is_new: bool,
    pub(super) type_id: i64,
    pub(super) rows: u64,
    pub(super) first_start_ms: i64,
    pub(super) last_start_ms: i64,
    pub(super) last_end_ms: i64,
}

impl Merged {
    /// Counts what became of samples of a person, and notes what they change.
    pub(super) fn note(self, person: i64, open: &mut Counts, changes: &mut Changes, origins: &mut BTreeSet<i64>) {
        let Self { is_new, type_id, rows, first_start_ms, last_start_ms, last_end_ms } = self;
        if is_new {
            open.new += rows;
            origins.insert(type_id);
            changes.note_new_sample((person, type_id), first_start_ms, Some(last_end_ms));
            return;
        }
        open.updated += rows;
        let key = ChangeKey::of_samples((person, type_id));
        changes.note_replaced(key, first_start_ms, Some(last_end_ms));
        changes.note_replaced(key, last_start_ms, Some(last_end_ms));
    }
}

/// New samples that are on their way. Those of one type are neighbours.
#[derive(Debug, Default)]
pub(super) struct Spans(Vec<Merged>);

/// The first and the last start of a type's samples.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Wide {
    pub(super) type_id: i64,
    pub(super) first_ms: i64,
    pub(super) last_ms: i64,
}

impl Spans {
    pub(super) fn add(&mut self, type_id: i64, start_ms: i64, end_ms: Option<i64>) {
        let end_ms = end_ms.unwrap_or(start_ms).max(start_ms);
        let hour = |at_ms: i64| at_ms.div_euclid(HOUR_MS);
        match self.0.last_mut() {
            Some(last) if last.type_id == type_id && hour(last.first_start_ms) == hour(start_ms) => {
                last.rows += 1;
                last.first_start_ms = last.first_start_ms.min(start_ms);
                last.last_start_ms = last.last_start_ms.max(start_ms);
                last.last_end_ms = last.last_end_ms.max(end_ms);
            }
            _ => {
                if self.0.capacity() == 0 {
                    self.0.reserve_exact(STAGE_GROUP_SPANS);
                }
                self.0.push(Merged {
                    is_new: true,
                    type_id,
                    rows: 1,
                    first_start_ms: start_ms,
                    last_start_ms: start_ms,
                    last_end_ms: end_ms,
                });
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Merged> {
        self.0.iter().copied()
    }

    /// One span for each type.
    pub(super) fn wide(&self) -> Vec<Wide> {
        let mut wide: Vec<Wide> = Vec::new();
        for &Merged { type_id, first_start_ms: first_ms, last_start_ms: last_ms, .. } in &self.0 {
            // Mostly the last one.
            match wide.iter_mut().rev().find(|known| known.type_id == type_id) {
                Some(known) => {
                    known.first_ms = known.first_ms.min(first_ms);
                    known.last_ms = known.last_ms.max(last_ms);
                }
                None => wide.push(Wide { type_id, first_ms, last_ms }),
            }
        }
        wide
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_one_hour_and_type_are_one_span() {
        let mut spans = Spans::default();
        for (type_id, start_ms) in [(1, 5), (1, HOUR_MS - 1), (1, HOUR_MS), (2, 0), (1, 2)] {
            spans.add(type_id, start_ms, Some(start_ms + 10));
        }
        let wide = |type_id, first_ms, last_ms| Wide { type_id, first_ms, last_ms };
        assert_eq!(spans.wide(), [wide(1, 2, HOUR_MS), wide(2, 0, 0)]);
        let rows: Vec<(i64, u64, i64)> = spans.iter().map(|span| (span.type_id, span.rows, span.last_end_ms)).collect();
        assert_eq!(rows, [(1, 2, HOUR_MS + 9), (1, 1, HOUR_MS + 10), (2, 1, 10), (1, 1, 12)]);
    }
}
