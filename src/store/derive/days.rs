//! The days of a type, and for heart rates its hours.

use rusqlite::types::Value;
use serde_json::json;

use super::chunk::{Column, DerivedTable, Dictionary, Row, row};
use super::condense::Passing;
use super::dirty::Span;
use super::groups::Groups;
use super::halt::Step;
use super::reading::{Found, Reading};
use super::replace::Replacing;
use super::sender::Sender;
use super::subject::{Kind, Person, joined_days};
use super::units::Units;
use super::workout_spans::extended;
use crate::model::healthkit::short;
use crate::model::limits::DERIVED_PAUSE_ROWS;
use crate::model::time::HOUR_MS;
use crate::statistics::facts::Condensed;
use crate::statistics::{Bucket, Days, LocalDay, Method, Output, Ranks, Sample, Scale, Total};
use Column::{Named, Plain};

pub(super) static DAYS: DerivedTable = DerivedTable {
    name: "days",
    columns: &[
        Plain("person_id"),
        Plain("type_id"),
        Plain("day"),
        Plain("start_ms"),
        Plain("end_ms"),
        Named("zone_id", Dictionary::Zones),
        Named("unit_id", Dictionary::Units),
        Plain("value"),
        Plain("time_weighted"),
        Plain("minimum"),
        Plain("maximum"),
        Plain("last"),
        Plain("last_ms"),
        Plain("count"),
        Plain("covered_ms"),
        Plain("sessions"),
        Plain("naive"),
        Plain("group_id"),
        Plain("details"),
        Plain("has_long"),
        Plain("is_approximate"),
    ],
    keys: 3,
    place: 2,
};

static HOURS: DerivedTable = DerivedTable {
    name: "hours",
    columns: &[
        Plain("person_id"),
        Plain("type_id"),
        Plain("start_ms"),
        Plain("end_ms"),
        Plain("day"),
        Plain("hour"),
        Plain("value"),
        Plain("minimum"),
        Plain("maximum"),
        Plain("count"),
    ],
    keys: 3,
    place: 2,
};

static SHADOWED: DerivedTable = DerivedTable {
    name: "shadowed_samples",
    columns: &[Plain("person_id"), Plain("type_id"), Plain("start_ms"), Plain("uuid"), Plain("shadowed_by")],
    keys: 4,
    place: 2,
};

/// The type whose hours are kept.
const HOURLY: &str = "HeartRate";

/// Computes the days of a type that changes in these spans may change. Returns the duration of the longest sample that it has read.
pub(super) fn derive(
    person: &Person<'_>,
    kind: &Kind<'_>,
    spans: &[Span],
    groups: &mut Groups,
    sender: &mut Sender<'_>,
) -> Step<i64> {
    let method = Method::of(kind.name);
    let condensed = Condensed::of(kind.name);
    let mut spans = spans.to_vec();
    if condensed.is_some() {
        spans.iter_mut().for_each(|span| *span = extended(person.workouts, *span));
    }
    spans.sort_unstable();
    let windows = joined_days(spans.into_iter().map(|(from_ms, to_ms)| {
        let until = |start_ms| method.changes_until_ms(start_ms, to_ms, kind.longest_ms);
        let last = person.timeline.day_of(until(from_ms).max(until(to_ms)).min(super::dirty::ALL.1));
        (person.timeline.day_of(from_ms), last)
    }));
    let ranks = groups.ranks(kind.name);
    let unit = Units::of(person, kind)?;
    windows.into_iter().try_fold(0, |longest_ms: i64, days| {
        let pass = Pass::new(person, kind, &ranks, unit.name().to_owned(), days);
        Ok(longest_ms.max(pass.run(groups, &mut unit.clone(), sender)?))
    })
}

/// One pass over the samples of some days.
struct Pass<'a> {
    person: &'a Person<'a>,
    kind: &'a Kind<'a>,
    days: Days<'a>,
    hours: Option<Days<'a>>,
    window: (LocalDay, LocalDay),
    /// The first instant of the window, and the one behind it.
    span: Span,
    unit: String,
    /// Rows of days and hours that have just ended.
    ended: Vec<Row>,
    ended_hours: Vec<Row>,
    stored: Replacing,
    stored_hours: Option<Replacing>,
    shadowed: Option<Replacing>,
}

impl<'a> Pass<'a> {
    fn new(
        person: &'a Person<'a>,
        kind: &'a Kind<'a>,
        ranks: &'a Ranks,
        unit: String,
        window: (LocalDay, LocalDay),
    ) -> Self {
        let (timeline, method) = (person.timeline, Method::of(kind.name));
        let span = (timeline.day_start_ms(window.0), timeline.day_start_ms(window.1.next()));
        let scope = || vec![Value::from(person.id), Value::from(kind.id)];
        let by_time = |table| Replacing::new(table, scope(), Value::from(span.0), Value::from(span.1 - 1));
        let has_hours = short(kind.name) == HOURLY;
        Self {
            person,
            kind,
            days: Days::new(method, timeline, ranks, Scale::Day),
            hours: has_hours.then(|| Days::new(method, timeline, ranks, Scale::Hour)),
            window,
            span,
            unit,
            ended: Vec::new(),
            ended_hours: Vec::new(),
            stored: Replacing::new(&DAYS, scope(), window.0.to_string().into(), window.1.to_string().into()),
            stored_hours: has_hours.then(|| by_time(&HOURS)),
            shadowed: Condensed::of(kind.name).map(|_| by_time(&SHADOWED)),
        }
    }

    fn run(mut self, groups: &mut Groups, units: &mut Units, sender: &mut Sender<'_>) -> Step<i64> {
        let reading = Reading::new(self.person, self.kind, self.span);
        let mut rows = 0_u64;
        let longest_ms = reading.run(groups, units, |found, groups| {
            rows += 1;
            if rows.is_multiple_of(DERIVED_PAUSE_ROWS) {
                sender.check()?;
            }
            match found {
                Found::Counts(sample) => self.count(sample, groups, sender),
                Found::Shadowed(passing, by) => self.note_shadowed(passing, by, sender),
                Found::OtherUnit(_) => Ok(()),
            }
        })?;
        self.finish(groups, sender)?;
        Ok(longest_ms)
    }

    #[inline]
    fn count(&mut self, sample: &Sample, groups: &Groups, sender: &mut Sender<'_>) -> Step<()> {
        let Self { days, hours, ended, ended_hours, window, person, kind, unit, span, .. } = self;
        // The samples come in the order of their starts.
        let _ = days.push(sample, &mut |output| {
            ended.extend(day_row(person, kind, (unit, *window), groups, &output));
        });
        if let Some(hours) = hours {
            let _ = hours.push(sample, &mut |output| ended_hours.extend(hour_row(person, kind, *span, &output)));
        }
        if ended.is_empty() && ended_hours.is_empty() { Ok(()) } else { self.store(sender) }
    }

    fn store(&mut self, sender: &mut Sender<'_>) -> Step<()> {
        for row in self.ended.drain(..) {
            self.stored.push(row, sender)?;
        }
        if let Some(stored) = &mut self.stored_hours {
            for row in self.ended_hours.drain(..) {
                stored.push(row, sender)?;
            }
        }
        Ok(())
    }

    fn note_shadowed(&mut self, passing: &Passing, by: &Passing, sender: &mut Sender<'_>) -> Step<()> {
        let start_ms = passing.sample.start_ms;
        match &mut self.shadowed {
            Some(shadowed) if (self.span.0..self.span.1).contains(&start_ms) => {
                let (connection, of) = (&self.person.connection, (self.person.id, self.kind.id));
                let uuid = |passing: &Passing| passing.identity.uuid(connection, of, passing.sample.start_ms);
                let [uuid, by] = [uuid(passing)?.to_vec(), uuid(by)?.to_vec()];
                shadowed.push(row![self.person.id, self.kind.id, start_ms, uuid, by], sender)
            }
            _ => Ok(()),
        }
    }

    fn finish(mut self, groups: &Groups, sender: &mut Sender<'_>) -> Step<()> {
        let Self { days, hours, mut ended, mut ended_hours, window, person, kind, unit, span, .. } = self;
        days.finish(&mut |output| ended.extend(day_row(person, kind, (&unit, window), groups, &output)));
        if let Some(hours) = hours {
            hours.finish(&mut |output| ended_hours.extend(hour_row(person, kind, span, &output)));
        }
        for row in ended {
            self.stored.push(row, sender)?;
        }
        self.stored.finish(sender)?;
        if let Some(mut stored) = self.stored_hours {
            for row in ended_hours {
                stored.push(row, sender)?;
            }
            stored.finish(sender)?;
        }
        self.shadowed.map_or(Ok(()), |shadowed| shadowed.finish(sender))
    }
}

/// The figures of a day within the window as a row.
fn day_row(
    person: &Person<'_>,
    kind: &Kind<'_>,
    (unit, window): (&str, (LocalDay, LocalDay)),
    groups: &Groups,
    output: &Output<'_>,
) -> Option<Row> {
    let Output::Total(total) = output else {
        return None;
    };
    let Bucket { day, start_ms, end_ms, zone } = total.bucket;
    if day < window.0 || day > window.1 {
        return None;
    }
    let zone = person.timeline.is_known().then(|| person.timeline.zones().name(zone).to_owned());
    let group = match &total.groups[..] {
        [only] => groups.id(only.group),
        _ => None,
    };
    Some(row![
        person.id,
        kind.id,
        day.to_string(),
        start_ms,
        end_ms,
        zone,
        (!unit.is_empty()).then(|| unit.to_owned()),
        total.value,
        total.time_weighted,
        total.minimum,
        total.maximum,
        total.last,
        total.last_ms,
        integer(total.count),
        total.covered_ms,
        integer(total.sessions),
        total.naive,
        group,
        details(total, groups),
        total.has_long,
        total.is_approximate,
    ])
}

fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What few days have: several sources, values of a category, kinds of insulin.
fn details(total: &Total, groups: &Groups) -> Option<String> {
    let mut details = serde_json::Map::new();
    if total.groups.len() > 1 {
        let parts = total.groups.iter().map(|part| {
            json!({"group": groups.id(part.group), "value": part.value, "count": part.count, "covered_ms": part.covered_ms})
        });
        details.insert("groups".to_owned(), parts.collect());
    }
    if !total.values.is_empty() {
        let parts = total.values.iter();
        let parts = parts.map(|part| json!({"value": part.value, "count": part.count, "covered_ms": part.covered_ms}));
        details.insert("values".to_owned(), parts.collect());
    }
    let [whole, basal, bolus] = total.partitions;
    if basal.is_some() || bolus.is_some() {
        details.insert("insulin".to_owned(), json!({"basal": basal, "bolus": bolus, "other": whole}));
    }
    (!details.is_empty()).then(|| serde_json::Value::Object(details).to_string())
}

/// The figures of an hour within the window as a row.
fn hour_row(person: &Person<'_>, kind: &Kind<'_>, span: Span, output: &Output<'_>) -> Option<Row> {
    let Output::Total(total) = output else {
        return None;
    };
    let Bucket { day, start_ms, end_ms, zone } = total.bucket;
    if start_ms < span.0 || start_ms >= span.1 {
        return None;
    }
    let hour = person.timeline.zones().local_ms(zone, start_ms).div_euclid(HOUR_MS).rem_euclid(24);
    let Total { value, minimum, maximum, count, .. } = total;
    let count = integer(*count);
    Some(row![person.id, kind.id, start_ms, end_ms, day.to_string(), hour, *value, *minimum, *maximum, count])
}
