//! Series that HealthKit has condensed, beside the samples that they were made of: found in each workout, and left out.

use super::halt::Step;
use super::samples::Identity;
use crate::model::limits::CONDENSED_HELD_MAX;
use crate::statistics::Sample;
use crate::statistics::facts::{Condensed, Fact, shadowed};
use crate::statistics::rules::CONDENSED_MS;

/// A sample on its way to the figures, and how its identity is found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passing {
    pub(super) sample: Sample,
    pub(super) identity: Identity,
}

/// What comes out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Passed<'a> {
    /// It counts.
    Counts(&'a Sample),
    /// Another one, which counts, has the same fact.
    Shadowed(&'a Passing, &'a Passing),
}

/// Holds the samples of a workout until it is whole. All others pass at once.
#[derive(Debug)]
pub(super) struct Condenser<'a> {
    condensed: Option<Condensed>,
    /// Spans of workouts, without overlaps and in order.
    workouts: &'a [(i64, i64)],
    held: Vec<Passing>,
}

impl<'a> Condenser<'a> {
    /// For samples from the first one on, in the order of their starts.
    pub(super) fn new(condensed: Option<Condensed>, workouts: &'a [(i64, i64)]) -> Self {
        Self { condensed, workouts, held: Vec::new() }
    }

    /// Whether a sample with this start passes at once.
    #[inline]
    pub(super) fn is_open(&self, start_ms: i64) -> bool {
        self.held.is_empty()
            && (self.condensed.is_none() || self.workouts.first().is_none_or(|(from_ms, _)| start_ms < *from_ms))
    }

    /// Takes the next sample.
    pub(super) fn push(&mut self, passing: Passing, out: &mut dyn FnMut(Passed<'_>) -> Step<()>) -> Step<()> {
        if self.is_open(passing.sample.start_ms) {
            return out(Passed::Counts(&passing.sample));
        }
        let start_ms = passing.sample.start_ms;
        while self.workouts.first().is_some_and(|(_, to_ms)| *to_ms < start_ms) {
            self.release(out)?;
            self.workouts = &self.workouts[1..];
        }
        if self.workouts.first().is_none_or(|(from_ms, _)| start_ms < *from_ms) {
            return out(Passed::Counts(&passing.sample));
        }
        if self.held.len() >= CONDENSED_HELD_MAX {
            self.release(out)?;
        }
        self.held.push(passing);
        Ok(())
    }

    /// No sample follows.
    pub(super) fn finish(mut self, out: &mut dyn FnMut(Passed<'_>) -> Step<()>) -> Step<()> {
        self.release(out)
    }

    fn release(&mut self, out: &mut dyn FnMut(Passed<'_>) -> Step<()>) -> Step<()> {
        let shadows = self.shadows();
        for (place, passing) in self.held.iter().enumerate() {
            out(match shadows.get(place).copied().flatten() {
                Some(by) => Passed::Shadowed(passing, &self.held[by]),
                None => Passed::Counts(&passing.sample),
            })?;
        }
        self.held.clear();
        Ok(())
    }

    fn shadows(&self) -> Vec<Option<usize>> {
        let is_long = |passing: &Passing| passing.sample.end() - passing.sample.start_ms > CONDENSED_MS;
        let Some(condensed) = self.condensed.filter(|_| self.held.len() > 2 && self.held.iter().any(is_long)) else {
            return Vec::new();
        };
        let facts: Vec<Fact> = self.held.iter().map(|passing| fact(&passing.sample)).collect();
        shadowed(condensed, &facts)
    }
}

fn fact(sample: &Sample) -> Fact {
    Fact {
        start_ms: sample.start_ms,
        end_ms: sample.end(),
        value: sample.value.unwrap_or(f64::NAN),
        group: sample.group,
        created_ms: sample.created_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passing(from_s: i64, to_s: i64, value: f64) -> Passing {
        let sample =
            Sample { start_ms: from_s * 1000, end_ms: Some(to_s * 1000), value: Some(value), ..Sample::default() };
        Passing { sample, identity: Identity::Nth(0) }
    }

    #[test]
    fn a_condensed_workout_is_left_out_and_order_stays() {
        let workouts = [(10_000, 200_000)];
        let mut condenser = Condenser::new(Some(Condensed::Sum), &workouts);
        let samples = [
            passing(0, 5, 1.0),
            passing(10, 170, 3.0),
            passing(20, 60, 1.0),
            passing(60, 120, 2.0),
            passing(201, 202, 9.0),
        ];
        let mut out: Vec<(i64, bool)> = Vec::new();
        let mut note = |passed: Passed<'_>| {
            out.push(match passed {
                Passed::Counts(sample) => (sample.start_ms / 1000, true),
                Passed::Shadowed(passing, by) => {
                    assert_eq!(by.sample.start_ms, 20_000);
                    (passing.sample.start_ms / 1000, false)
                }
            });
            Ok(())
        };
        for sample in samples {
            condenser.push(sample, &mut note).unwrap();
        }
        condenser.finish(&mut note).unwrap();
        assert_eq!(out, [(0, true), (10, false), (20, true), (60, true), (201, true)]);
    }
}
