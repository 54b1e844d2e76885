//! The parts of a night: which source reported which stage when.

use std::collections::BTreeMap;

use super::parts::{Explanation, Mark, NightFigures, NightPeriod, SourcePart, StretchPart, local, minutes};
use crate::model::time::to_iso_seconds;
use crate::statistics::{LocalDay, Night, NightOutput, Nights, PeriodKind, Ranks, Stage, ZoneId};
use crate::store::derive::dirty::{ALL, Span};
use crate::store::derive::groups::Groups;
use crate::store::derive::halt::Step;
use crate::store::derive::metadata::SharedTexts;
use crate::store::derive::nights::sleep_sample;
use crate::store::derive::samples;
use crate::store::derive::subject::{Kind, Person};

/// Computes the night that ends on a day again, and keeps its parts. Returns them with the time of the night.
pub(super) fn explain(
    person: &Person<'_>,
    kind: &Kind<'_>,
    day: LocalDay,
    groups: &mut Groups,
) -> Step<(Explanation, Span)> {
    let timeline = person.timeline;
    let ranks = groups.ranks(kind.name);
    let span_in = |zone| (Nights::start_ms(timeline, zone, day), Nights::start_ms(timeline, zone, day.next()));
    let zone = timeline.zone_at(timeline.day_start_ms(day));
    let mut span = span_in(zone);
    let mut pass = Pass::run(person, kind, (day, zone, span), (&ranks, groups))?;
    // Its samples may name another zone: then it lasts from another time on.
    if let Some(own) = pass.night.as_ref().map(|night| span_in(night.zone)).filter(|own| *own != span) {
        span = own;
        pass = Pass::run(person, kind, (day, zone, span), (&ranks, groups))?;
    }
    let Pass { night, count, left_out } = pass;
    let mut explanation = Explanation {
        kind: kind.name.to_owned(),
        day: day.to_string(),
        zone: None,
        from: to_iso_seconds(span.0),
        to: to_iso_seconds(span.1),
        value: None,
        adds_up: true,
        unit: "min".to_owned(),
        naive: None,
        marks: Vec::new(),
        count,
        sources: Vec::new(),
        stretches: Vec::new(),
        left_out,
        night: None,
    };
    if let Some(night) = night {
        fill(&mut explanation, person, &night, &ranks, groups);
    }
    Ok((explanation, span))
}

/// One pass over the samples near a night.
#[derive(Debug, Default)]
struct Pass {
    night: Option<Night>,
    count: u64,
    left_out: BTreeMap<&'static str, u64>,
}

impl Pass {
    fn run(
        person: &Person<'_>,
        kind: &Kind<'_>,
        (day, zone, span): (LocalDay, ZoneId, Span),
        (ranks, groups): (&Ranks, &mut Groups),
    ) -> Step<Self> {
        let timeline = person.timeline;
        let Self { mut night, mut count, mut left_out } = Self::default();
        let mut keep = |output: NightOutput<'_>| match output {
            NightOutput::Night(found) if found.day == day => night = Some(found.clone()),
            NightOutput::LeftOut(sample, reason) if (span.0..span.1).contains(&sample.start_ms) => {
                *left_out.entry(reason.text()).or_default() += 1;
            }
            _ => {}
        };
        let mut nights = Nights::new(timeline, ranks);
        let mut texts = SharedTexts::default();
        let read = Nights::read_span_ms(timeline, zone, day);
        let window = (read.start.saturating_sub(kind.longest_ms).max(ALL.0), read.end.min(ALL.1));
        samples::read(person.connection, (person.id, kind.id), window, true, |stored| {
            let sample = sleep_sample(person, stored, groups, &mut texts)?;
            let counts = sample.left_out().is_none() && ranks.rank(sample.group).is_some();
            if counts && (span.0..span.1).contains(&sample.start_ms) {
                count += 1;
            }
            // The samples come in the order of their starts.
            let _ = nights.push(&sample, &mut keep);
            Ok(())
        })?;
        nights.finish(&mut keep);
        Ok(Self { night, count, left_out })
    }
}

fn fill(explanation: &mut Explanation, person: &Person<'_>, night: &Night, ranks: &Ranks, groups: &Groups) {
    let timeline = person.timeline;
    explanation.zone =
        Some(timeline.zones().name(night.zone).to_owned()).filter(|zone| timeline.is_known() || zone != "UTC");
    explanation.value = night.asleep_ms.map(minutes);
    explanation.marks.extend(night.is_approximate.then_some(Mark::Approximate));
    let source = |rank: u16| ranks.group(rank).map_or("", |group| groups.name(group)).to_owned();
    let key = |rank: u16| ranks.group(rank).map_or("", |group| groups.key(group)).to_owned();
    let mut sources: BTreeMap<u16, SourcePart> = BTreeMap::new();
    for segment in &night.segments {
        explanation.stretches.push(StretchPart {
            from: local(timeline, night.zone, segment.from_ms),
            to: local(timeline, night.zone, segment.to_ms),
            source: source(segment.rank),
            key: key(segment.rank),
            stage: Some(segment.stage.text()),
        });
        let part = sources.entry(segment.rank).or_insert_with(|| SourcePart {
            source: source(segment.rank),
            key: key(segment.rank),
            value: None,
            recorded: None,
            count: 0,
            covered_min: 0.0,
        });
        let length_min = minutes(segment.to_ms - segment.from_ms);
        part.count += 1;
        part.covered_min += length_min;
        if segment.stage.is_asleep() {
            *part.value.get_or_insert_default() += length_min;
        }
    }
    explanation.sources = sources.into_values().collect();
    let stages = [
        (Stage::Core, night.core_ms),
        (Stage::Deep, night.deep_ms),
        (Stage::Rem, night.rem_ms),
        (Stage::Unspecified, night.unspecified_ms),
        (Stage::Awake, night.awake_ms),
    ];
    let period = |period: &crate::statistics::SleepPeriod| NightPeriod {
        from: local(timeline, period.zone, period.from_ms),
        to: local(timeline, period.zone, period.to_ms),
        kind: match period.kind {
            PeriodKind::Main => "main",
            PeriodKind::Nap => "nap",
            PeriodKind::Part => "part",
        },
        asleep_min: minutes(period.asleep_ms),
    };
    explanation.night = Some(NightFigures {
        in_bed_min: minutes(night.in_bed_ms),
        is_in_bed_estimated: night.is_in_bed_estimated,
        stages: stages.into_iter().filter(|(_, ms)| *ms > 0).map(|(stage, ms)| (stage.text(), minutes(ms))).collect(),
        periods: night.periods.iter().map(period).collect(),
    });
}
