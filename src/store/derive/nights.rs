//! Nights, and the parts that they are made of.

use rusqlite::types::Value;

use super::chunk::{Column, DerivedTable, Dictionary, Row, row};
use super::dirty::{ALL, Span};
use super::groups::Groups;
use super::halt::Step;
use super::metadata::SharedTexts;
use super::replace::Replacing;
use super::samples::{self, StoredSample};
use super::sender::Sender;
use super::subject::{Kind, Person};
use crate::model::limits::{DERIVED_PAUSE_ROWS, NIGHT_SEGMENTS_STORED_MAX};
use crate::model::time::to_iso_seconds;
use crate::statistics::{LocalDay, Night, NightOutput, Nights, Ranks, SleepSample};
use Column::{Named, Plain};

static NIGHTS: DerivedTable = DerivedTable {
    name: "nights",
    columns: &[
        Plain("person_id"),
        Plain("night"),
        Named("zone_id", Dictionary::Zones),
        Plain("asleep_ms"),
        Plain("asleep_main_ms"),
        Plain("awake_ms"),
        Plain("core_ms"),
        Plain("deep_ms"),
        Plain("rem_ms"),
        Plain("unspecified_ms"),
        Plain("in_bed_ms"),
        Plain("is_in_bed_estimated"),
        Plain("bedtime_ms"),
        Plain("wake_ms"),
        Plain("bedtime"),
        Plain("wake_time"),
        Plain("awakenings"),
        Plain("naps"),
        Plain("end_ms"),
        Plain("is_approximate"),
    ],
    keys: 2,
    place: 1,
};

static SEGMENTS: DerivedTable = DerivedTable {
    name: "night_segments",
    columns: &[Plain("person_id"), Plain("night"), Plain("from_ms"), Plain("stage"), Plain("to_ms"), Plain("group_id")],
    keys: 4,
    place: 1,
};

/// A change may reach this many nights before its day: a period lasts two days at most, and may be in a zone with an earlier date.
const NIGHTS_BEFORE: i32 = 4;

/// It may reach this many nights behind its day: such a period may end elsewhere, so that the one behind it also begins elsewhere.
const NIGHTS_BEHIND: i32 = 6;

/// Computes the nights that changes in these spans may change.
pub(super) fn derive(
    person: &Person<'_>,
    kind: &Kind<'_>,
    spans: &[Span],
    groups: &mut Groups,
    sender: &mut Sender<'_>,
) -> Step<()> {
    let mut windows: Vec<(LocalDay, LocalDay)> = Vec::new();
    for (from_ms, to_ms) in spans {
        let [first, last] = [*from_ms, *to_ms].map(|at_ms| person.timeline.day_of(at_ms).days());
        let (first, last) = (LocalDay::new(first - NIGHTS_BEFORE), LocalDay::new(last + NIGHTS_BEHIND));
        match windows.last_mut() {
            Some(window) if first <= window.1 => window.1 = window.1.max(last),
            _ => windows.push((first, last)),
        }
    }
    let ranks = groups.ranks(kind.name);
    windows.into_iter().try_for_each(|window| {
        let [from, to] = [window.0, window.1].map(|night| Value::from(night.to_string()));
        let stored = |table| Replacing::new(table, vec![Value::from(person.id)], from.clone(), to.clone());
        let mut pass = Pass {
            person,
            ranks: &ranks,
            window,
            ended: Vec::new(),
            nights: stored(&NIGHTS),
            segments: stored(&SEGMENTS),
        };
        pass.run(kind, groups, sender)?;
        pass.nights.finish(sender)?;
        pass.segments.finish(sender)
    })
}

/// One pass over the sleep of some nights.
struct Pass<'a> {
    person: &'a Person<'a>,
    ranks: &'a Ranks,
    window: (LocalDay, LocalDay),
    /// Nights that are complete, and their parts.
    ended: Vec<(Row, Vec<Row>)>,
    nights: Replacing,
    segments: Replacing,
}

/// A stored sample of sleep, with its group and the zone that it names.
pub(super) fn sleep_sample(
    person: &Person<'_>,
    stored: &StoredSample<'_>,
    groups: &mut Groups,
    texts: &mut SharedTexts,
) -> Step<SleepSample> {
    let group = groups.of_source(&person.connection, stored.source, stored.start_ms)?;
    let (id, own) = stored.metadata()?;
    let metadata = texts.read(&person.connection, id, own)?;
    Ok(SleepSample {
        start_ms: stored.start_ms,
        end_ms: stored.end_ms,
        #[expect(clippy::cast_possible_truncation, reason = "a value that is no whole number is no stage")]
        value: stored.value.filter(|value| value.fract() == 0.0).map(|value| value as i64),
        group,
        zone: metadata.zone().and_then(|name| person.timeline.zones().find(name)),
    })
}

impl Pass<'_> {
    fn run(&mut self, kind: &Kind<'_>, groups: &mut Groups, sender: &mut Sender<'_>) -> Step<()> {
        let (person, timeline) = (self.person, self.person.timeline);
        let read_span = |night: LocalDay, at_ms: i64| Nights::read_span_ms(timeline, timeline.zone_at(at_ms), night);
        let [first_ms, last_ms] = [self.window.0, self.window.1].map(|night| timeline.day_start_ms(night));
        let from_ms = read_span(self.window.0, first_ms).start.saturating_sub(kind.longest_ms).max(ALL.0);
        let to_ms = read_span(self.window.1, last_ms).end.min(ALL.1);
        let mut nights = Nights::new(timeline, self.ranks);
        let mut texts = SharedTexts::default();
        let mut rows = 0_u64;
        samples::read(person.connection, (person.id, kind.id), (from_ms, to_ms), true, |stored| {
            rows += 1;
            if rows.is_multiple_of(DERIVED_PAUSE_ROWS) {
                sender.check()?;
            }
            let sample = sleep_sample(person, stored, groups, &mut texts)?;
            // The samples come in the order of their starts.
            let _ = nights.push(&sample, &mut |output| self.note(groups, &output));
            self.store(sender)
        })?;
        nights.finish(&mut |output| self.note(groups, &output));
        self.store(sender)
    }

    fn note(&mut self, groups: &Groups, output: &NightOutput<'_>) {
        let NightOutput::Night(night) = output else {
            return;
        };
        if night.day >= self.window.0 && night.day <= self.window.1 {
            self.ended.push((self.night_row(night), self.segment_rows(night, groups)));
        }
    }

    fn store(&mut self, sender: &mut Sender<'_>) -> Step<()> {
        for (night, segments) in self.ended.drain(..) {
            self.nights.push(night, sender)?;
            for segment in segments {
                self.segments.push(segment, sender)?;
            }
        }
        Ok(())
    }

    fn night_row(&self, night: &Night) -> Row {
        let timeline = self.person.timeline;
        let zones = timeline.zones();
        // The zone is that of the night's samples, so it is known also without a timeline.
        let is_known = timeline.is_known() || zones.name(night.zone) != "UTC";
        let local = |at_ms: i64| to_iso_seconds(zones.local_ms(night.zone, at_ms)).trim_end_matches('Z').to_owned();
        let end_ms = Nights::start_ms(timeline, night.zone, night.day.next());
        row![
            self.person.id,
            night.day.to_string(),
            is_known.then(|| zones.name(night.zone).to_owned()),
            night.asleep_ms,
            night.asleep_main_ms,
            night.awake_ms,
            night.core_ms,
            night.deep_ms,
            night.rem_ms,
            night.unspecified_ms,
            night.in_bed_ms,
            night.is_in_bed_estimated,
            night.bedtime_ms,
            night.wake_ms,
            night.bedtime_ms.map(local),
            night.wake_ms.map(local),
            i64::from(night.awakenings),
            i64::try_from(night.naps()).unwrap_or(i64::MAX),
            end_ms,
            night.is_approximate,
        ]
    }

    fn segment_rows(&self, night: &Night, groups: &Groups) -> Vec<Row> {
        let mut segments: Vec<_> = night.segments.iter().take(NIGHT_SEGMENTS_STORED_MAX).collect();
        segments.sort_unstable_by_key(|segment| (segment.from_ms, segment.stage));
        let day = night.day.to_string();
        let row = |segment: &&crate::statistics::Segment| {
            let group = self.ranks.group(segment.rank).and_then(|group| groups.id(group));
            row![self.person.id, day.clone(), segment.from_ms, segment.stage as i64, segment.to_ms, group]
        };
        segments.iter().map(row).collect()
    }
}
