//! The samples of one type in a workout, and the figures that they make.

use rusqlite::Connection;

use crate::model::limits::WORKOUT_SAMPLES_MAX;
use crate::statistics::facts::Condensed;
use crate::statistics::rules::HOLD_MS;
use crate::statistics::{
    Days, ExactSum, GroupId, LevelPeriod, Method, Output, Ranks, Sample, Scale, Timeline, Total, Zones,
};
use crate::store::derive::condense::{Condenser, Passed, Passing};
use crate::store::derive::dirty::Span;
use crate::store::derive::groups::Groups;
use crate::store::derive::halt::Step;
use crate::store::derive::samples;
use crate::store::derive::subject::{Kind, Person};
use crate::store::derive::units::Units;

/// Samples that began longer than this before a workout are no part of it.
const REACH_MS: i64 = 24 * 60 * 60 * 1000;

/// A workout, as far as its samples are concerned.
#[derive(Clone, Debug)]
pub(super) struct Workout {
    pub(super) span: Span,
    /// Its time without pauses, in order.
    pub(super) active: Vec<Span>,
    /// The source group that wrote it.
    pub(super) group: GroupId,
}

/// The samples of a type that a workout overlaps, in the order of their starts.
#[derive(Debug)]
pub(super) struct WorkoutSamples {
    samples: Vec<Sample>,
    /// Whether some have a unit that cannot be compared.
    pub(super) has_other_unit: bool,
    /// Whether there are more than fit.
    pub(super) is_cut: bool,
}

impl WorkoutSamples {
    pub(super) fn read(
        connection: &Connection,
        person: &Person<'_>,
        kind: &Kind<'_>,
        units: &mut Units,
        groups: &mut Groups,
        workout: &Workout,
    ) -> Step<Self> {
        let (from_ms, to_ms) = workout.span;
        let mut read = Self { samples: Vec::new(), has_other_unit: false, is_cut: false };
        let spans = [workout.span];
        let mut condenser = Condenser::new(Condensed::of(kind.name), &spans);
        let mut keep = Vec::new();
        let first_ms = from_ms.saturating_sub(kind.longest_ms.min(REACH_MS));
        samples::read(person.connection, (person.id, kind.id), (first_ms, to_ms), false, |stored| {
            if stored.end_ms.unwrap_or(stored.start_ms) < from_ms {
                return Ok(());
            }
            if keep.len() >= WORKOUT_SAMPLES_MAX {
                read.is_cut = true;
                return Ok(());
            }
            let group = groups.of_source(connection, stored.source, stored.start_ms)?;
            let Some(value) = units.value(connection, stored)? else {
                read.has_other_unit = true;
                return Ok(());
            };
            let sample = Sample { start_ms: stored.start_ms, end_ms: stored.end_ms, value, group, ..Sample::default() };
            condenser.push(Passing { sample, identity: stored.identity() }, &mut |passed| {
                if let Passed::Counts(sample) = passed {
                    keep.push(*sample);
                }
                Ok(())
            })
        })?;
        condenser.finish(&mut |passed| {
            if let Passed::Counts(sample) = passed {
                keep.push(*sample);
            }
            Ok(())
        })?;
        read.samples = keep;
        Ok(read)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Whether a source group has some of them.
    pub(super) fn has(&self, group: GroupId) -> bool {
        self.samples.iter().any(|sample| sample.group == group)
    }

    /// Whether several source groups have some.
    pub(super) fn has_several_groups(&self) -> bool {
        self.samples.windows(2).any(|pair| pair[0].group != pair[1].group)
    }

    fn of(&self, only: Option<GroupId>) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(move |sample| only.is_none_or(|group| sample.group == group))
    }

    /// The sum in these spans, of one group or of all by their ranks.
    pub(super) fn sum(&self, spans: &[Span], only: Option<GroupId>, ranks: &Ranks) -> Option<f64> {
        let mut sum: Option<ExactSum> = None;
        self.each_total(Method::Sum, (spans, only), ranks, |total| {
            if let Some(value) = total.value {
                sum.get_or_insert_default().add(value);
            }
        });
        sum.map(|sum| sum.value())
    }

    /// The level of the sound energy in these spans.
    pub(super) fn level(&self, spans: &[Span], only: Option<GroupId>, ranks: &Ranks) -> Option<f64> {
        let mut level = LevelPeriod::default();
        self.each_total(Method::Level, (spans, only), ranks, |total| {
            if let Some(value) = total.value {
                level.add(value, total.covered_ms, i64::try_from(total.count).unwrap_or(i64::MAX));
            }
        });
        level.level()
    }

    /// The figures of each span; of each day in it, if it is longer.
    fn each_total(
        &self,
        method: Method,
        (spans, only): (&[Span], Option<GroupId>),
        ranks: &Ranks,
        mut each: impl FnMut(&Total),
    ) {
        let timeline = Timeline::new(Zones::default(), None, &[]);
        for span in spans {
            let mut days = Days::new(method, &timeline, ranks, Scale::Day);
            let mut add = |output: Output<'_>| {
                if let Output::Total(total) = output {
                    each(total);
                }
            };
            for sample in self.of(only).filter_map(|sample| within(sample, *span, method)) {
                // The samples come in the order of their starts.
                let _ = days.push(&sample, &mut add);
            }
            days.finish(&mut add);
        }
    }

    /// The values that start in these spans, with their starts.
    fn values(&self, spans: &[Span], only: Option<GroupId>) -> impl Iterator<Item = (i64, f64)> {
        let is_inside = |at_ms: &i64| spans.iter().any(|(from_ms, to_ms)| (*from_ms..=*to_ms).contains(at_ms));
        self.of(only)
            .filter(move |sample| is_inside(&sample.start_ms))
            .filter_map(|sample| Some((sample.start_ms, sample.value.filter(|value| value.is_finite())?)))
    }

    /// The mean that counts each sample alike.
    #[expect(clippy::cast_precision_loss, reason = "a bounded number of samples")]
    pub(super) fn mean(&self, spans: &[Span], only: Option<GroupId>) -> Option<f64> {
        let (mut sum, mut count) = (ExactSum::default(), 0_usize);
        for (_, value) in self.values(spans, only) {
            sum.add(value);
            count += 1;
        }
        (count > 0).then(|| sum.value() / count as f64)
    }

    /// The mean that weighs each value by the time until the next one, as far as that is in these spans.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a workout")]
    pub(super) fn weighted(&self, spans: &[Span], only: Option<GroupId>) -> Option<f64> {
        let end_ms = spans.last()?.1;
        let (mut sum, mut weight_ms) = (0.0, 0_i64);
        let mut values = self.values(spans, only).peekable();
        while let Some((start_ms, value)) = values.next() {
            let until_ms = values.peek().map_or(end_ms, |next| next.0);
            let until_ms = until_ms.min(start_ms.saturating_add(HOLD_MS));
            let within = |(from_ms, to_ms): &Span| (until_ms.min(*to_ms) - start_ms.max(*from_ms)).max(0);
            let held_ms = spans.iter().map(within).sum::<i64>();
            sum += value * held_ms as f64;
            weight_ms += held_ms;
        }
        (weight_ms > 0).then(|| sum / weight_ms as f64)
    }

    /// The least value, or the greatest one.
    pub(super) fn extreme(&self, spans: &[Span], only: Option<GroupId>, pick: fn(f64, f64) -> f64) -> Option<f64> {
        self.values(spans, only).map(|(_, value)| value).reduce(pick)
    }
}

/// The part of a sample within a span, of a sum with its share of the value. A sample without duration is whole.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of a sample")]
fn within(sample: &Sample, (from_ms, to_ms): Span, method: Method) -> Option<Sample> {
    let (start_ms, end_ms) = (sample.start_ms.max(from_ms), sample.end().min(to_ms));
    if sample.end() == sample.start_ms {
        return (from_ms..=to_ms).contains(&sample.start_ms).then_some(*sample);
    }
    let share = (end_ms - start_ms) as f64 / (sample.end() - sample.start_ms) as f64;
    let value = if method == Method::Sum { sample.value.map(|value| value * share) } else { sample.value };
    (start_ms < end_ms).then_some(Sample { start_ms, end_ms: Some(end_ms), value, ..*sample })
}
