//! The hours of a type, computed when a client asks for them: only those of heart rates are kept.

use rusqlite::{Connection, OptionalExtension};

use super::condense::{Condenser, Passed, Passing, extended};
use super::days::{Kind, Person, Units, is_divided, partition};
use super::dirty::ALL;
use super::groups::Groups;
use super::halt::Step;
use super::lists::workout_spans;
use super::metadata::SharedTexts;
use super::samples::{self, StoredSample, Wanted};
use super::survey::Lengths;
use crate::model::time::HOUR_MS;
use crate::statistics::facts::Condensed;
use crate::statistics::{Days, LocalDay, Method, Output, Sample, Scale, Timeline};

/// The figures of an hour of local clocks.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Hour {
    pub(in crate::store) day: LocalDay,
    pub(in crate::store) hour: i64,
    pub(in crate::store) start_ms: i64,
    pub(in crate::store) end_ms: i64,
    pub(in crate::store) value: Option<f64>,
    pub(in crate::store) minimum: Option<f64>,
    pub(in crate::store) maximum: Option<f64>,
    pub(in crate::store) count: u64,
}

/// Computes the hours from the first day on and before the last one. Those without samples are left out.
pub(in crate::store) fn hours(
    connection: &Connection,
    (person, timeline): (i64, &Timeline),
    name: &str,
    (first, behind): (LocalDay, LocalDay),
    each: &mut dyn FnMut(&Hour),
) -> Step<()> {
    let kind: Option<i64> =
        connection.query_row("SELECT id FROM types WHERE name = ?1", [name], |row| row.get(0)).optional()?;
    let Some(kind) = kind else {
        return Ok(());
    };
    let workouts = workout_spans(connection, person)?;
    let mut groups = Groups::load(connection, person)?;
    let longest_ms = Lengths::load(connection, person)?.longest_ms(kind);
    let person = Person { connection, id: person, timeline, workouts: &workouts };
    let kind = Kind { id: kind, name, longest_ms };
    let ranks = groups.ranks(name);
    let (method, condensed) = (Method::of(name), Condensed::of(name));
    let span = (timeline.day_start_ms(first), timeline.day_start_ms(behind));
    let from_ms = method.read_from_ms(span.0, longest_ms).max(ALL.0);
    let read = extended(&workouts, (from_ms, span.1 - 1));
    let near = workouts.partition_point(|workout| workout.1 < read.0);
    let mut condenser = Condenser::new(condensed, &workouts[near..]);
    let (mut units, mut texts) = (Units::of(&person, &kind)?, SharedTexts::default());
    let mut hours = Days::new(method, timeline, &ranks, Scale::Hour);
    let mut keep = |output: Output<'_>| {
        if let Some(hour) = hour_of(timeline, span, &output) {
            each(&hour);
        }
    };
    let mut pass = |passed: Passed<'_>| {
        if let Passed::Counts(passing) = passed {
            // The samples come in the order of their starts.
            let _ = hours.push(&passing.sample, &mut keep);
        }
        Ok(())
    };
    let wanted = Wanted { identity: condensed.is_some(), metadata: is_divided(&kind) };
    samples::read(connection, (person.id, kind.id), (read.0, read.1.saturating_add(1)), wanted, |stored| {
        let group = groups.of(connection, stored)?;
        let partition = partition(&person, &kind, &mut texts, stored)?;
        let Some(value) = units.value(connection, stored)? else {
            return Ok(());
        };
        let &StoredSample { start_ms, end_ms, creation_ms, uuid, .. } = stored;
        let sample = Sample { start_ms, end_ms, value, group, partition, created_ms: creation_ms };
        condenser.push(Passing { sample, uuid }, &mut pass)
    })?;
    condenser.finish(&mut pass)?;
    hours.finish(&mut keep);
    Ok(())
}

fn hour_of(timeline: &Timeline, span: (i64, i64), output: &Output<'_>) -> Option<Hour> {
    let Output::Total(total) = output else {
        return None;
    };
    let bucket = total.bucket;
    (span.0..span.1).contains(&bucket.start_ms).then(|| Hour {
        day: bucket.day,
        hour: timeline.zones().local_ms(bucket.zone, bucket.start_ms).div_euclid(HOUR_MS).rem_euclid(24),
        start_ms: bucket.start_ms,
        end_ms: bucket.end_ms,
        value: total.value,
        minimum: total.minimum,
        maximum: total.maximum,
        count: total.count,
    })
}
