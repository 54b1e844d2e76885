//! One row for one fact: series that HealthKit has condensed, beside the samples that they were made of.
//!
//! HealthKit makes one sample of the samples of an old workout. The phone then sends it with another identity, and a database that
//! has the originals has both. Overlapping samples of one source add up, so one of the two must be marked before.

use crate::model::healthkit::{Aggregation, aggregation, short};
use crate::model::limits::CONDENSED_WINDOW_ROWS_MAX;

use super::rank::GroupId;
use super::rules::{CONDENSED_MEAN_TOLERANCE, CONDENSED_MS, CONDENSED_SAMPLES, CONDENSED_SUM_TOLERANCE};

/// What a condensed series has of its samples.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Condensed {
    /// Their sum.
    Sum,
    /// Their mean, weighted by duration.
    Mean,
}

impl Condensed {
    /// Returns what a condensed series of a type has; `None` for types that HealthKit does not collect during a workout.
    #[must_use]
    pub fn of(kind: &str) -> Option<Self> {
        match (aggregation(kind)?, short(kind)) {
            (Aggregation::Cumulative, _) => Some(Self::Sum),
            // Not the resting heart rate: its samples of a day contain each other, and are different measurements.
            (_, "HeartRate" | "RunningPower" | "RunningSpeed" | "CyclingPower" | "CyclingSpeed" | "CyclingCadence") => {
                Some(Self::Mean)
            }
            _ => None,
        }
    }

    /// Whether a series is what its samples add up to.
    fn is_of(self, series: f64, inside: &Inside) -> bool {
        let (expected, tolerance) = match self {
            Self::Sum => (inside.sum, CONDENSED_SUM_TOLERANCE),
            Self::Mean => (inside.weighted / inside.weight, CONDENSED_MEAN_TOLERANCE),
        };
        is_within(series, expected, tolerance)
    }

    fn tolerance(self) -> f64 {
        match self {
            Self::Sum => CONDENSED_SUM_TOLERANCE,
            Self::Mean => CONDENSED_MEAN_TOLERANCE,
        }
    }
}

fn is_within(one: f64, other: f64, tolerance: f64) -> bool {
    (one - other).abs() <= tolerance * one.abs().max(other.abs())
}

/// A sample of one type.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Fact {
    /// Start, in milliseconds since 1970 UTC.
    pub start_ms: i64,
    /// End.
    pub end_ms: i64,
    /// The value in the type's canonical unit.
    pub value: f64,
    /// Its source group.
    pub group: GroupId,
    /// When it was created, if that is known.
    pub created_ms: Option<i64>,
}

/// Returns for each sample the index of one that has the same fact, if it must not count beside it. A condensed series is marked
/// with the first sample that it was made of; of two series of one span the one created earlier is marked with the other. Where the
/// sums disagree, all count.
///
/// Samples may come in any order. All of a workout must be among them: only the first [`CONDENSED_WINDOW_ROWS_MAX`] are searched.
#[must_use]
pub fn shadowed(condensed: Condensed, samples: &[Fact]) -> Vec<Option<usize>> {
    let mut shadows = vec![None; samples.len()];
    let searched = samples.len().min(CONDENSED_WINDOW_ROWS_MAX);
    let mut order: Vec<usize> =
        (0..searched).filter(|place| samples[*place].value.is_finite() && length(&samples[*place]) >= 0).collect();
    // What a series contains comes before it: it ends earlier, or at the same time and starts later.
    order.sort_unstable_by_key(|place| {
        let sample = &samples[*place];
        (sample.group, sample.end_ms, std::cmp::Reverse(sample.start_ms), sample.created_ms, *place)
    });
    for group in order.chunk_by(|one, other| samples[*one].group == samples[*other].group) {
        let mut starts: Vec<i64> = group.iter().map(|place| samples[*place].start_ms).collect();
        starts.sort_unstable();
        let mut tree = Tree::new(starts.len());
        let span = |place: usize| (samples[place].start_ms, samples[place].end_ms);
        for equal in group.chunk_by(|one, other| span(*one) == span(*other)) {
            let first = &samples[equal[0]];
            let behind = starts.len() - starts.partition_point(|start| *start < first.start_ms);
            let inside = tree.first(behind);
            mark(condensed, samples, equal, &inside, &mut shadows);
            for place in equal.iter().filter(|place| shadows[**place].is_none()) {
                tree.add(behind, Inside::of(*place, &samples[*place]));
            }
        }
    }
    shadows
}

fn length(sample: &Fact) -> i64 {
    sample.end_ms.saturating_sub(sample.start_ms)
}

/// Marks the series among samples of one span.
fn mark(condensed: Condensed, samples: &[Fact], equal: &[usize], inside: &Inside, shadows: &mut [Option<usize>]) {
    if inside.count < CONDENSED_SAMPLES || length(&samples[equal[0]]) <= CONDENSED_MS {
        return;
    }
    for place in equal {
        if condensed.is_of(samples[*place].value, inside) {
            shadows[*place] = Some(inside.first);
        }
    }
    // The last of them was created last.
    let Some(kept) = equal.iter().rev().find(|place| shadows[**place].is_none()).copied() else {
        return;
    };
    for place in equal.iter().filter(|place| **place != kept) {
        let is_same = is_within(samples[*place].value, samples[kept].value, condensed.tolerance());
        if is_same && shadows[*place].is_none() {
            shadows[*place] = Some(kept);
        }
    }
}

/// Samples inside a span.
#[derive(Clone, Copy, Debug)]
struct Inside {
    count: u64,
    sum: f64,
    /// Values times durations, and the durations. An instant weighs a millisecond.
    weighted: f64,
    weight: f64,
    first: usize,
}

impl Inside {
    const NONE: Self = Self { count: 0, sum: 0.0, weighted: 0.0, weight: 0.0, first: usize::MAX };

    fn of(place: usize, sample: &Fact) -> Self {
        let weight = length(sample).max(1) as f64;
        Self { count: 1, sum: sample.value, weighted: sample.value * weight, weight, first: place }
    }

    fn join(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.weighted += other.weighted;
        self.weight += other.weight;
        self.first = self.first.min(other.first);
    }
}

/// A tree of partial sums (Fenwick's): both operations cost the logarithm of its size, and nothing is ever subtracted.
struct Tree(Vec<Inside>);

impl Tree {
    fn new(places: usize) -> Self {
        Self(vec![Inside::NONE; places + 1])
    }

    /// Adds at a place from 1 on.
    fn add(&mut self, mut place: usize, more: Inside) {
        while place < self.0.len() {
            self.0[place].join(&more);
            place += place & place.wrapping_neg();
        }
    }

    /// Returns the sum of the first places.
    fn first(&self, mut places: usize) -> Inside {
        let mut sum = Inside::NONE;
        while places > 0 {
            sum.join(&self.0[places]);
            places -= places & places.wrapping_neg();
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_MS: i64 = 1000;

    fn fact(from: i64, to: i64, value: f64) -> Fact {
        Fact { start_ms: from * SECOND_MS, end_ms: to * SECOND_MS, value, ..Fact::default() }
    }

    fn check(condensed: Condensed, samples: &[Fact], expected: &[Option<usize>]) {
        assert_eq!(shadowed(condensed, samples), expected, "{samples:?}");
        // Their order does not matter.
        let turned: Vec<Fact> = samples.iter().rev().copied().collect();
        let marked = |shadows: &[Option<usize>]| shadows.iter().map(Option::is_some).collect::<Vec<_>>();
        let mut turned = shadowed(condensed, &turned);
        turned.reverse();
        assert_eq!(marked(&turned), marked(expected), "{samples:?}");
    }

    #[test]
    fn case_27_a_condensed_workout_counts_once() {
        let mut samples: Vec<Fact> = (0..100).map(|n| fact(n * 5, n * 5 + 5, 0.1)).collect();
        samples.push(fact(0, 500, 10.0));
        let shadows = shadowed(Condensed::Sum, &samples);
        assert_eq!(shadows[100], Some(0));
        assert!(shadows[..100].iter().all(Option::is_none));
        // Without the originals it counts.
        check(Condensed::Sum, &samples[100..], &[None]);
    }

    #[test]
    fn series_and_samples() {
        let fine = [fact(0, 60, 5.0), fact(60, 120, 7.0)];
        let with = |more: &[Fact]| [&fine, more].concat();
        check(Condensed::Sum, &with(&[fact(0, 120, 12.05)]), &[None, None, Some(0)]);
        check(Condensed::Sum, &with(&[fact(0, 120, 12.1)]), &[None, None, None]);
        check(Condensed::Sum, &with(&[fact(0, 119, 12.0)]), &[None, None, None]);
        check(Condensed::Sum, &with(&[Fact { group: 1, ..fact(0, 120, 12.0) }]), &[None; 3]);
        // Too short, and too few samples.
        check(Condensed::Sum, &[fact(0, 30, 1.0), fact(30, 60, 1.0), fact(0, 60, 2.0)], &[None; 3]);
        check(Condensed::Sum, &[fact(0, 90, 2.0), fact(0, 120, 2.0)], &[None; 2]);
        // A series of a series.
        check(
            Condensed::Sum,
            &with(&[fact(0, 120, 12.0), fact(120, 200, 3.0), fact(0, 200, 15.0)]),
            &[None, None, Some(0), None, Some(0)],
        );
        // Two of one span, the originals are complete, or not.
        check(Condensed::Sum, &with(&[fact(0, 120, 12.0), fact(0, 120, 12.0)]), &[None, None, Some(0), Some(0)]);
        let later = Fact { created_ms: Some(9), ..fact(0, 120, 20.0) };
        check(Condensed::Sum, &with(&[later, fact(0, 120, 20.0)]), &[None, None, None, Some(2)]);
        check(Condensed::Mean, &with(&[fact(0, 120, 6.1)]), &[None, None, Some(0)]);
        check(Condensed::Mean, &with(&[fact(0, 120, 6.2)]), &[None, None, None]);
        check(Condensed::Mean, &[fact(0, 0, 100.0), fact(90, 90, 110.0), fact(0, 120, 105.0)], &[None, None, Some(0)]);
        check(Condensed::Sum, &[fact(0, 120, f64::NAN), fact(9, 0, 1.0), fact(0, 120, f64::INFINITY)], &[None; 3]);
    }

    #[test]
    fn types() {
        let check = |name: &str, expected| {
            assert_eq!(Condensed::of(&format!("HKQuantityTypeIdentifier{name}")), expected, "{name}");
        };
        check("ActiveEnergyBurned", Some(Condensed::Sum));
        check("HeartRate", Some(Condensed::Mean));
        check("RestingHeartRate", None);
        check("BodyMass", None);
        check("OfTomorrow", None);
    }

    #[test]
    fn many_samples_in_each_other() {
        let samples: Vec<Fact> = (0..70_000).map(|n| fact(n, 200_000 - n, 1.0)).collect();
        let shadows = shadowed(Condensed::Mean, &samples);
        // A mean of equal values is itself: all that contain two others are marked.
        assert_eq!(shadows.iter().filter(|shadow| shadow.is_some()).count(), CONDENSED_WINDOW_ROWS_MAX - 2);
    }
}
