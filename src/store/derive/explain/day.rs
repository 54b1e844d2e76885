//! The parts of a day's figure: which source counted when, what was left out and why.

use std::collections::BTreeMap;

use super::parts::{Explanation, SourcePart, StretchPart, local, minutes};
use crate::model::time::to_iso_seconds;
use crate::statistics::{Days, LocalDay, Method, Output, Ranks, Sample, Scale, Timeline, Total};
use crate::store::derive::dirty::Span;
use crate::store::derive::groups::Groups;
use crate::store::derive::halt::Step;
use crate::store::derive::reading::{Found, Reading};
use crate::store::derive::subject::{Kind, Person};
use crate::store::derive::units::Units;

/// Computes the figure of a day again, and keeps its parts.
pub(super) fn explain(
    person: &Person<'_>,
    kind: &Kind<'_>,
    day: LocalDay,
    groups: &mut Groups,
) -> Step<(Explanation, Span)> {
    let ranks = groups.ranks(kind.name);
    let mut pass = Pass::new(person, kind, &ranks, day);
    pass.run(groups)?;
    let span = pass.span;
    Ok((pass.finish(groups, Units::of(person, kind)?.name()), span))
}

/// One pass over the samples near a day.
struct Pass<'a> {
    person: &'a Person<'a>,
    kind: &'a Kind<'a>,
    day: LocalDay,
    span: (i64, i64),
    days: Days<'a>,
    total: Option<Total>,
    left_out: BTreeMap<&'static str, u64>,
}

impl<'a> Pass<'a> {
    fn new(person: &'a Person<'a>, kind: &'a Kind<'a>, ranks: &'a Ranks, day: LocalDay) -> Self {
        let timeline = person.timeline;
        let span = (timeline.day_start_ms(day), timeline.day_start_ms(day.next()));
        let days = Days::new(Method::of(kind.name), timeline, ranks, Scale::Day).with_stretches();
        Self { person, kind, day, span, days, total: None, left_out: BTreeMap::new() }
    }

    fn run(&mut self, groups: &mut Groups) -> Step<()> {
        let mut units = Units::of(self.person, self.kind)?;
        let reading = Reading::new(self.person, self.kind, self.span);
        reading.run(groups, &mut units, |found, _| {
            match found {
                Found::Counts(sample) => self.count(sample),
                Found::Shadowed(passing, _) => {
                    self.note(passing.sample.start_ms, "it was condensed from others that count");
                }
                Found::OtherUnit(start_ms) => self.note(start_ms, "its unit cannot be compared"),
            }
            Ok(())
        })?;
        Ok(())
    }

    fn note(&mut self, start_ms: i64, reason: &'static str) {
        if (self.span.0..self.span.1).contains(&start_ms) {
            *self.left_out.entry(reason).or_default() += 1;
        }
    }

    fn count(&mut self, sample: &Sample) {
        let Self { days, total, left_out, day, span, .. } = self;
        // The samples come in the order of their starts.
        let _ = days.push(sample, &mut |output| keep(&output, *day, *span, total, left_out));
    }

    fn finish(self, groups: &Groups, unit: &str) -> Explanation {
        let Self { person, kind, day, span, days, mut total, mut left_out } = self;
        days.finish(&mut |output| keep(&output, day, span, &mut total, &mut left_out));
        let timeline = person.timeline;
        let zone = timeline.is_known().then(|| timeline.zones().name(timeline.zone_at(span.0)).to_owned());
        let [from, to] = [span.0, span.1].map(to_iso_seconds);
        let (sources, stretches) = total.as_ref().map_or_else(Default::default, |total| parts(total, groups, timeline));
        Explanation {
            kind: kind.name.to_owned(),
            day: day.to_string(),
            zone,
            from,
            to,
            value: total.as_ref().and_then(|total| total.value),
            adds_up: Method::of(kind.name) == Method::Sum,
            unit: unit.to_owned(),
            naive: total.as_ref().and_then(|total| total.naive),
            count: total.as_ref().map_or(0, |total| total.count),
            sources,
            stretches,
            left_out,
            night: None,
        }
    }
}

/// Keeps the figures of the day, and counts what is left out of it.
fn keep(
    output: &Output<'_>,
    day: LocalDay,
    span: (i64, i64),
    kept: &mut Option<Total>,
    left_out: &mut BTreeMap<&'static str, u64>,
) {
    match output {
        Output::Total(total) if total.bucket.day == day => *kept = Some((*total).clone()),
        Output::LeftOut(sample, reason) if (span.0..span.1).contains(&sample.start_ms) => {
            *left_out.entry(reason.text()).or_default() += 1;
        }
        _ => {}
    }
}

fn parts(total: &Total, groups: &Groups, timeline: &Timeline) -> (Vec<SourcePart>, Vec<StretchPart>) {
    let source = |part: &crate::statistics::GroupPart| SourcePart {
        source: groups.name(part.group).to_owned(),
        value: part.value,
        count: part.count,
        covered_min: minutes(part.covered_ms),
    };
    let local = |at_ms: i64| local(timeline, timeline.zone_at(at_ms), at_ms);
    let stretch = |stretch: &crate::statistics::Stretch| StretchPart {
        from: local(stretch.from_ms),
        to: local(stretch.to_ms),
        source: groups.name(stretch.group).to_owned(),
        stage: None,
    };
    (total.groups.iter().map(source).collect(), total.stretches.iter().map(stretch).collect())
}
