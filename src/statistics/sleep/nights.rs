//! One pass over the samples of a person's sleep, in the order of their starts: each night as soon as it is complete.

use super::super::rank::Ranks;
use super::super::rules::{NIGHT_STARTS_HOUR, PERIOD_GAP_MS, PERIOD_LONGEST_MS};
use super::super::sample::{LeftOut, OutOfOrder};
use super::super::timeline::Timeline;
use super::super::zone::{LocalDay, ZoneId};
use super::SleepSample;
use super::layers::{Entry, Layer, Stage};
use super::night::{Night, opens_night};
use super::period::{Collected, Slice};
use crate::model::time::{DAY_MS, HOUR_MS};

/// What a pass returns as soon as it is known.
#[derive(Clone, Copy, Debug)]
pub enum NightOutput<'a> {
    /// A night.
    Night(&'a Night),
    /// A sample that makes no night, and why.
    LeftOut(&'a SleepSample, LeftOut),
}

/// All nights of a person.
#[derive(Debug)]
pub struct Nights<'a> {
    timeline: &'a Timeline,
    ranks: &'a Ranks,
    asleep: Layer,
    in_bed: Layer,
    now_ms: i64,
    latest_ms: i64,
    period: Option<Open>,
    night: Option<Night>,
}

/// A period that goes on.
#[derive(Debug)]
struct Open {
    collected: Collected,
    /// Where it ends at the latest.
    cut_ms: i64,
}

impl<'a> Nights<'a> {
    /// Begins a pass.
    #[must_use]
    pub fn new(timeline: &'a Timeline, ranks: &'a Ranks) -> Self {
        let layer = || Layer::new(ranks.len());
        let (asleep, in_bed) = (layer(), layer());
        Self { timeline, ranks, asleep, in_bed, now_ms: i64::MIN, latest_ms: i64::MIN, period: None, night: None }
    }

    /// Returns the first instant of a night in a zone, in milliseconds since 1970 UTC.
    #[must_use]
    pub fn start_ms(timeline: &Timeline, zone: ZoneId, night: LocalDay) -> i64 {
        let local_ms = night.local_ms() - (24 - NIGHT_STARTS_HOUR) * HOUR_MS;
        timeline.zones().first_instant(zone, local_ms).unwrap_or(local_ms)
    }

    /// Returns the span in which all samples must be read to have the same night, in milliseconds since 1970 UTC. Samples that begin
    /// before it and reach into it belong to it.
    #[must_use]
    pub fn read_span_ms(timeline: &Timeline, zone: ZoneId, night: LocalDay) -> std::ops::Range<i64> {
        let reach_ms = PERIOD_LONGEST_MS + DAY_MS + PERIOD_GAP_MS;
        let next = Self::start_ms(timeline, zone, night.next());
        Self::start_ms(timeline, zone, night) - reach_ms..next + reach_ms
    }

    /// Takes the next sample. Calls `output` for each night that is complete.
    ///
    /// # Errors
    ///
    /// If it starts before the previous sample. It is then not counted.
    pub fn push(&mut self, sample: &SleepSample, output: &mut dyn FnMut(NightOutput<'_>)) -> Result<(), OutOfOrder> {
        let reason = sample.left_out();
        let (Some(stage), Some(end_ms), None) = (sample.stage(), sample.end_ms, reason) else {
            output(NightOutput::LeftOut(sample, reason.unwrap_or(LeftOut::NoDuration)));
            return Ok(());
        };
        let Some(rank) = self.ranks.rank(sample.group) else {
            output(NightOutput::LeftOut(sample, LeftOut::Ignored));
            return Ok(());
        };
        if sample.start_ms < self.latest_ms {
            return Err(OutOfOrder);
        }
        self.latest_ms = sample.start_ms;
        self.advance(sample.start_ms, output);
        let entry = Entry { start_ms: sample.start_ms, end_ms, stage, zone: sample.zone };
        let layer = if stage == Stage::InBed { &mut self.in_bed } else { &mut self.asleep };
        layer.push(rank, entry);
        Ok(())
    }

    /// Ends the pass. Calls `output` for the nights that are left.
    pub fn finish(mut self, output: &mut dyn FnMut(NightOutput<'_>)) {
        self.advance(i64::MAX, output);
        if let Some(period) = self.period.take() {
            self.close(period.collected, output);
        }
        self.emit(output);
    }

    /// Counts the time until an instant, in slices in which the same samples count.
    fn advance(&mut self, to_ms: i64, output: &mut dyn FnMut(NightOutput<'_>)) {
        while self.now_ms < to_ms {
            let (asleep, in_bed) = (self.asleep.winner(self.now_ms), self.in_bed.winner(self.now_ms));
            let ends = [asleep, in_bed].into_iter().flatten().map(|(_, entry)| entry.end_ms);
            let Some(end_ms) = ends.min() else {
                self.now_ms = to_ms;
                return;
            };
            let slice = Slice { from_ms: self.now_ms, to_ms: end_ms.min(to_ms), asleep, in_bed };
            self.now_ms = slice.to_ms;
            self.add(slice, output);
        }
    }

    /// Adds a slice to the period that goes on, or to new ones.
    fn add(&mut self, mut slice: Slice, output: &mut dyn FnMut(NightOutput<'_>)) {
        loop {
            if let Some(ended) =
                self.period.take_if(|open| slice.from_ms >= (open.collected.to_ms + PERIOD_GAP_MS).min(open.cut_ms))
            {
                self.close(ended.collected, output);
            }
            let timeline = self.timeline;
            let open = self.period.get_or_insert_with(|| {
                let from_ms = slice.from_ms;
                let zone = timeline.zone_at(from_ms);
                let latest = night_of(timeline, zone, from_ms + PERIOD_LONGEST_MS - 1).next();
                let cut_ms = Self::start_ms(timeline, zone, latest).max(from_ms + PERIOD_LONGEST_MS);
                Open { collected: Collected::new(from_ms), cut_ms }
            });
            let cut_ms = open.cut_ms;
            open.collected.add(Slice { to_ms: slice.to_ms.min(cut_ms), ..slice });
            if slice.to_ms <= cut_ms {
                return;
            }
            slice.from_ms = cut_ms;
        }
    }

    /// A period is complete: it belongs to the night that holds most of it.
    fn close(&mut self, collected: Collected, output: &mut dyn FnMut(NightOutput<'_>)) {
        if !opens_night(&collected) {
            return;
        }
        let (timeline, from_ms, to_ms) = (self.timeline, collected.from_ms, collected.to_ms);
        let zone = collected.zone.unwrap_or_else(|| timeline.zone_at(from_ms));
        let (mut night, mut most_ms) = (night_of(timeline, zone, from_ms), 0);
        let (mut tried, last) = (night, night_of(timeline, zone, to_ms - 1));
        while tried <= last {
            let start_ms = Self::start_ms(timeline, zone, tried).max(from_ms);
            let part_ms = Self::start_ms(timeline, zone, tried.next()).min(to_ms) - start_ms;
            if part_ms > most_ms {
                (night, most_ms) = (tried, part_ms);
            }
            tried = tried.next();
        }
        // A traveller's night does not go back.
        let night = self.night.as_ref().map_or(night, |last| last.day.max(night));
        if self.night.as_ref().is_some_and(|last| last.day != night) {
            self.emit(output);
        }
        self.night.get_or_insert_with(|| Night::new(night, zone)).add(collected, zone, timeline);
    }

    fn emit(&mut self, output: &mut dyn FnMut(NightOutput<'_>)) {
        if let Some(mut night) = self.night.take() {
            night.complete();
            let until_ms = self.asleep.approximate_until_ms.max(self.in_bed.approximate_until_ms);
            night.is_approximate = night.periods.first().is_some_and(|period| period.from_ms < until_ms);
            output(NightOutput::Night(&night));
        }
    }
}

/// The night that an instant is in.
fn night_of(timeline: &Timeline, zone: ZoneId, at_ms: i64) -> LocalDay {
    LocalDay::of_local_ms(timeline.zones().local_ms(zone, at_ms) + (24 - NIGHT_STARTS_HOUR) * HOUR_MS)
}
