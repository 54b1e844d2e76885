//! The hours of a type, computed when a client asks for them: only those of heart rates are kept.

use rusqlite::Connection;

use super::groups::Groups;
use super::halt::Step;
use super::reading::{Found, Reading};
use super::subject::{Kind, Person};
use super::survey::Lengths;
use super::units::Units;
use super::workout_spans;
use crate::model::time::HOUR_MS;
use crate::statistics::{Days, LocalDay, Method, Output, Scale, Timeline};
use crate::store::lookup::find_type;
use crate::store::supplied::Supplied;

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
    let Some(kind) = find_type(connection, name)? else {
        return Ok(());
    };
    let supplied = Supplied::whole(connection);
    let workouts = workout_spans::all(supplied, person)?;
    let mut groups = Groups::load(connection, person)?;
    let longest_ms = Lengths::load(connection, person)?.longest_ms(kind);
    let person = Person { connection: supplied, id: person, timeline, workouts: &workouts };
    let kind = Kind { id: kind, name, longest_ms };
    let ranks = groups.ranks(name);
    let span = (timeline.day_start_ms(first), timeline.day_start_ms(behind));
    let mut hours = Days::new(Method::of(name), timeline, &ranks, Scale::Hour);
    let mut keep = |output: Output<'_>| {
        if let Some(hour) = hour_of(timeline, span, &output) {
            each(&hour);
        }
    };
    let mut units = Units::of(&person, &kind)?;
    Reading::new(&person, &kind, span).run(&mut groups, &mut units, |found, _| {
        if let Found::Counts(sample) = found {
            // The samples come in the order of their starts.
            let _ = hours.push(sample, &mut keep);
        }
        Ok(())
    })?;
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
