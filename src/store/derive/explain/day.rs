//! The parts of a day's figure: which source counted when, what was left out and why.

use std::collections::BTreeMap;

use super::parts::{Explanation, Mark, SourcePart, StretchPart, local, minutes};
use crate::model::time::to_iso_seconds;
use crate::statistics::{Days, GroupId, GroupPart, LocalDay, Method, Output, Ranks, Sample, Scale, Timeline, Total};
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
    /// Of a sum: what each source recorded within the day, whether it counts or not.
    recorded: BTreeMap<GroupId, f64>,
    left_out: BTreeMap<&'static str, u64>,
}

impl<'a> Pass<'a> {
    fn new(person: &'a Person<'a>, kind: &'a Kind<'a>, ranks: &'a Ranks, day: LocalDay) -> Self {
        let timeline = person.timeline;
        let span = (timeline.day_start_ms(day), timeline.day_start_ms(day.next()));
        let days = Days::new(Method::of(kind.name), timeline, ranks, Scale::Day).with_stretches();
        Self { person, kind, day, span, days, total: None, recorded: BTreeMap::new(), left_out: BTreeMap::new() }
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
        if Method::of(self.kind.name) == Method::Sum && sample.left_out(false).is_none() {
            let recorded = sample.value.unwrap_or_default() * part_within(sample, self.span);
            if recorded != 0.0 {
                *self.recorded.entry(sample.group).or_default() += recorded;
            }
        }
        let Self { days, total, left_out, day, span, .. } = self;
        // The samples come in the order of their starts.
        let _ = days.push(sample, &mut |output| keep(&output, *day, *span, total, left_out));
    }

    fn finish(self, groups: &Groups, unit: &str) -> Explanation {
        let Self { person, kind, day, span, days, mut total, recorded, mut left_out } = self;
        days.finish(&mut |output| keep(&output, day, span, &mut total, &mut left_out));
        let timeline = person.timeline;
        let zone = timeline.is_known().then(|| timeline.zones().name(timeline.zone_at(span.0)).to_owned());
        let [from, to] = [span.0, span.1].map(to_iso_seconds);
        let (sources, stretches) =
            total.as_ref().map_or_else(Default::default, |total| parts(total, &recorded, groups, timeline));
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
            marks: total.as_ref().map_or_else(Vec::new, marks),
            count: total.as_ref().map_or(0, |total| total.count),
            sources,
            stretches,
            left_out,
            night: None,
        }
    }
}

fn marks(total: &Total) -> Vec<Mark> {
    let approximate = total.is_approximate.then_some(Mark::Approximate);
    approximate.into_iter().chain(total.has_long.then_some(Mark::LongSample)).collect()
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

/// The part of a sample's time that is within a span.
#[expect(clippy::cast_precision_loss, reason = "the milliseconds of a few days")]
fn part_within(sample: &Sample, (from_ms, to_ms): Span) -> f64 {
    let (start_ms, end_ms) = (sample.start_ms, sample.end());
    if start_ms == end_ms {
        return if (from_ms..to_ms).contains(&start_ms) { 1.0 } else { 0.0 };
    }
    let within = end_ms.min(to_ms).saturating_sub(start_ms.max(from_ms)).max(0);
    within as f64 / end_ms.saturating_sub(start_ms) as f64
}

/// The sources that count, the best one first, then those of which nothing counts.
fn parts(
    total: &Total,
    recorded: &BTreeMap<GroupId, f64>,
    groups: &Groups,
    timeline: &Timeline,
) -> (Vec<SourcePart>, Vec<StretchPart>) {
    let source = |part: &GroupPart| SourcePart {
        source: groups.name(part.group).to_owned(),
        key: groups.key(part.group).to_owned(),
        value: part.value,
        recorded: recorded.get(&part.group).copied(),
        count: part.count,
        covered_min: minutes(part.covered_ms),
    };
    let counts = |group: GroupId| total.groups.iter().any(|part| part.group == group);
    let hidden = recorded.iter().filter(|(group, _)| !counts(**group)).map(|(group, recorded)| SourcePart {
        source: groups.name(*group).to_owned(),
        key: groups.key(*group).to_owned(),
        value: Some(0.0),
        recorded: Some(*recorded),
        count: 0,
        covered_min: 0.0,
    });
    let local = |at_ms: i64| local(timeline, timeline.zone_at(at_ms), at_ms);
    let stretch = |stretch: &crate::statistics::Stretch| StretchPart {
        from: local(stretch.from_ms),
        to: local(stretch.to_ms),
        source: groups.name(stretch.group).to_owned(),
        key: groups.key(stretch.group).to_owned(),
        stage: None,
    };
    let sources = total.groups.iter().map(source).chain(hidden).collect();
    (sources, total.stretches.iter().map(stretch).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_over_midnight_has_a_part_in_each_day() {
        let check = |start_ms: i64, end_ms: Option<i64>, expected: f64| {
            let sample = Sample { start_ms, end_ms, ..Sample::default() };
            assert!((part_within(&sample, (100, 200)) - expected).abs() < 1e-12, "{start_ms} {end_ms:?}");
        };
        check(90, Some(110), 0.5);
        check(190, Some(230), 0.25);
        check(50, Some(250), 0.5);
        check(120, Some(130), 1.0);
        check(20, Some(100), 0.0);
        check(200, Some(210), 0.0);
        check(100, None, 1.0);
        check(200, Some(200), 0.0);
    }
}
