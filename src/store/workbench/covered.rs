//! Which rows a workbench has been given: time of samples by type, and whole routes.

use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;

use crate::model::record::Uuid;

/// Time from one millisecond up to another, both included.
pub(super) type Span = (i64, i64);

/// Rows that were loaded in this transaction and are still here.
#[derive(Debug, Default)]
pub(super) struct Covered {
    samples: HashMap<i64, Vec<Span>, RandomState>,
    routes: BTreeSet<Uuid>,
    /// Routes of which it was asked whether they have locations.
    asked_routes: BTreeSet<Uuid>,
    /// Types and starts of correlations that are here.
    correlations: BTreeSet<(String, i64)>,
    /// Time around which workouts are here.
    workouts: Vec<Span>,
    /// Identities of workouts whose rows are here.
    identities: BTreeSet<Uuid>,
    /// Types of which the other database has samples.
    pub(super) types: BTreeSet<i64>,
    /// Rows that are here.
    pub(super) rows: usize,
}

impl Covered {
    /// Notes that samples of a type are wanted. Returns the time that is not here yet; it counts as here from now on.
    pub(super) fn add_samples(&mut self, kind: i64, wanted: Vec<Span>) -> Vec<Span> {
        if !self.types.contains(&kind) {
            return Vec::new();
        }
        add(self.samples.entry(kind).or_default(), wanted)
    }

    /// Notes that the workouts of some time are wanted. Returns the time of which they are not here yet.
    pub(super) fn add_workouts(&mut self, wanted: Vec<Span>) -> Vec<Span> {
        add(&mut self.workouts, wanted)
    }

    /// Notes that correlations of a type are wanted that begin at a time. Returns whether they are not here yet.
    pub(super) fn add_correlations(&mut self, kind: &str, start_ms: i64) -> bool {
        self.correlations.insert((kind.to_owned(), start_ms))
    }

    /// Notes that a workout is wanted by its identity. Returns whether it is not here yet.
    pub(super) fn add_identity(&mut self, identity: Uuid) -> bool {
        self.identities.insert(identity)
    }

    /// Notes that a route is wanted as a whole. Returns whether it is not here yet.
    pub(super) fn add_route(&mut self, workout: Uuid) -> bool {
        self.routes.insert(workout)
    }

    /// Notes that it is asked whether a route has locations. Returns whether that is not known yet.
    pub(super) fn ask_route(&mut self, workout: Uuid) -> bool {
        !self.has_route(&workout) && self.asked_routes.insert(workout)
    }

    /// Whether the rows with an identity are here.
    pub(super) fn has_identity(&self, identity: &Uuid) -> bool {
        self.identities.contains(identity)
    }

    /// Whether a route is here as a whole.
    pub(super) fn has_route(&self, workout: &Uuid) -> bool {
        self.routes.contains(workout)
    }

    /// Notes that samples have gone.
    pub(super) fn forget_samples(&mut self) {
        self.samples.clear();
        self.rows = 0;
    }

    /// The remembered values.
    pub(super) fn entries(&self) -> usize {
        let spans = self.samples.values().map(Vec::len).sum::<usize>() + self.workouts.len();
        let routes = self.routes.len() + self.asked_routes.len();
        spans + routes + self.correlations.len() + self.identities.len()
    }
}

/// Adds spans to others. Returns what these lacked.
fn add(known: &mut Vec<Span>, mut wanted: Vec<Span>) -> Vec<Span> {
    join(&mut wanted);
    let lacking: Vec<Span> = wanted.iter().flat_map(|span| without(*span, known)).collect();
    if !lacking.is_empty() {
        known.extend(&lacking);
        join(known);
    }
    lacking
}

/// Puts spans in order and joins those that touch.
fn join(spans: &mut Vec<Span>) {
    spans.sort_unstable();
    spans.dedup_by(|next, last| {
        let touches = next.0 <= last.1.saturating_add(1);
        if touches {
            last.1 = last.1.max(next.1);
        }
        touches
    });
}

/// The parts of a span outside of others, which are in order.
fn without((from, to): Span, known: &[Span]) -> Vec<Span> {
    let (mut parts, mut from) = (Vec::new(), Some(from));
    let begin = known.partition_point(|span| from.is_some_and(|from| span.1 < from));
    for span in known[begin..].iter().take_while(|span| span.0 <= to) {
        let Some(first) = from else { break };
        if span.0 > first {
            parts.push((first, span.0 - 1));
        }
        from = span.1.checked_add(1).filter(|next| *next <= to);
    }
    parts.extend(from.map(|from| (from, to)));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lacks_is_wanted() {
        let mut covered = Covered { types: [1].into(), ..Covered::default() };
        let mut check = |wanted: &[Span], expected: &[Span]| {
            assert_eq!(covered.add_samples(1, wanted.to_vec()), expected, "{wanted:?}");
        };
        check(&[(10, 19), (20, 29), (50, 59)], &[(10, 29), (50, 59)]);
        check(&[(12, 20)], &[]);
        check(&[(0, 70)], &[(0, 9), (30, 49), (60, 70)]);
        check(&[(0, 70), (71, 71)], &[(71, 71)]);
        check(&[(i64::MIN, i64::MAX)], &[(i64::MIN, -1), (72, i64::MAX)]);
        check(&[(5, 6)], &[]);
        assert_eq!(covered.add_samples(2, vec![(0, 1)]), [], "there is none of this type");
    }
}
