//! A type's samples as figures take them: read once, in the order of their starts, with their source groups, in one unit, and
//! without series that were condensed from others.

use super::condense::{Condenser, Passed, Passing};
use super::dirty::{ALL, Span};
use super::groups::Groups;
use super::halt::Step;
use super::metadata::SharedTexts;
use super::samples::{self, StoredSample};
use super::subject::{Kind, Person};
use super::units::Units;
use super::workout_spans::extended;
use crate::model::healthkit::short;
use crate::model::limits::STATISTICS_SAMPLE_MS_MAX;
use crate::statistics::facts::Condensed;
use crate::statistics::{Method, Partition, Sample};

/// What a reading finds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found<'a> {
    /// A sample that counts.
    Counts(&'a Sample),
    /// One that was condensed from others, with the first of them, which count.
    Shadowed(&'a Passing, &'a Passing),
    /// One with a unit that cannot be compared with the others', by its start.
    OtherUnit(i64),
}

impl<'a> From<Passed<'a>> for Found<'a> {
    fn from(passed: Passed<'a>) -> Self {
        match passed {
            Passed::Counts(sample) => Self::Counts(sample),
            Passed::Shadowed(passing, by) => Self::Shadowed(passing, by),
        }
    }
}

/// All samples that the figures of a span depend on.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    person: &'a Person<'a>,
    kind: &'a Kind<'a>,
    condensed: Option<Condensed>,
    /// Starts from the first one on, and before the second one.
    span: Span,
}

impl<'a> Reading<'a> {
    /// For figures of the time from the first instant on, and before the second one.
    pub(super) fn new(person: &'a Person<'a>, kind: &'a Kind<'a>, (from_ms, behind_ms): Span) -> Self {
        let condensed = Condensed::of(kind.name);
        let mut span = (Method::of(kind.name).read_from_ms(from_ms, kind.longest_ms).max(ALL.0), behind_ms);
        if condensed.is_some() {
            let (from_ms, to_ms) = extended(person.workouts, (span.0, span.1 - 1));
            span = (from_ms, to_ms.saturating_add(1));
        }
        Self { person, kind, condensed, span }
    }

    /// Reads them, and returns the duration of the longest one. Also notes which groups have them.
    pub(super) fn run(
        &self,
        groups: &mut Groups,
        units: &mut Units,
        mut each: impl FnMut(Found<'_>, &Groups) -> Step<()>,
    ) -> Step<i64> {
        let Self { person, kind, condensed, span } = self;
        let mut longest_ms = 0;
        let near = person.workouts.partition_point(|workout| workout.1 < span.0);
        let mut condenser = Condenser::new(*condensed, &person.workouts[near..]);
        let mut texts = SharedTexts::default();
        // Insulin is merged by its reason.
        let is_divided = short(kind.name) == "InsulinDelivery";
        samples::read(person.connection, (person.id, kind.id), *span, is_divided, |stored| {
            let &StoredSample { start_ms, end_ms, source, creation_ms, .. } = stored;
            let group = groups.of_source(&person.connection, source, start_ms)?;
            groups.note(group, start_ms);
            let length_ms = end_ms.unwrap_or(start_ms).saturating_sub(start_ms);
            if length_ms > longest_ms && length_ms <= STATISTICS_SAMPLE_MS_MAX {
                longest_ms = length_ms;
            }
            let Some(value) = units.value(&person.connection, stored)? else {
                return each(Found::OtherUnit(start_ms), groups);
            };
            let mut partition = Partition::Whole;
            if is_divided {
                let (id, own) = stored.metadata()?;
                partition = Partition::of_insulin(texts.read(&person.connection, id, own)?.insulin_reason());
            }
            let sample = Sample { start_ms, end_ms, value, group, partition, created_ms: creation_ms };
            if condenser.is_open(start_ms) {
                return each(Found::Counts(&sample), groups);
            }
            condenser.push(Passing { sample, identity: stored.identity() }, &mut |passed| each(passed.into(), groups))
        })?;
        condenser.finish(&mut |passed| each(passed.into(), groups))?;
        Ok(longest_ms)
    }
}
