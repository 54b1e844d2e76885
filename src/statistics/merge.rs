//! Time is cut into slices at the start and end of every sample. In each slice the best-ranked group that has samples counts, in
//! proportion to time; the next one fills its gaps.
//!
//! No slice looks at its samples. A group has one clock, which runs while the group is the best one. When a sample ends, or a day,
//! the sample's part is what that clock has run meanwhile: whole milliseconds, so nothing is rounded and nothing drifts.

use crate::model::time::DAY_MS;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::model::limits::STATISTICS_ACTIVE_MAX;

use super::day::Day;
use super::groups::RankSet;
use super::rank::{GroupId, Ranks};
use super::rules::POINT_LEVEL_MS;
use super::sample::Sample;
use super::stretches::Stretches;
use super::sum::ExactSum;
use super::total::{Extremes, GroupPart, Total};

/// No place in [`Merge::parts`].
const NO_PART: u32 = u32::MAX;

/// What is added up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Measure {
    /// Values that are spread over their samples' time.
    Amount,
    /// Levels in decibels, which last for their samples' time.
    Level,
}

/// A sample that is under way.
#[derive(Clone, Copy, Debug)]
struct Row {
    start_ms: i64,
    end_ms: i64,
    /// The amount, or the energy of a level.
    value: f64,
    /// What its group's clock showed at the start.
    clock_ms: i64,
    rank: u16,
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.end_ms == other.end_ms
    }
}

impl Eq for Row {}

impl PartialOrd for Row {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Row {
    /// The one that ends first is the greatest: a heap returns it first.
    fn cmp(&self, other: &Self) -> Ordering {
        other.end_ms.cmp(&self.end_ms)
    }
}

/// A source group.
#[derive(Clone, Copy, Debug)]
struct Clock {
    /// Samples under way.
    active: u32,
    /// Its place among the parts of this day.
    part: u32,
    /// How long it has been the best group, in milliseconds.
    time_ms: i64,
    /// The same when this day began.
    time_before_ms: i64,
}

/// What a source group adds to this day.
#[derive(Clone, Debug, Default)]
struct Part {
    rank: u16,
    sum: ExactSum,
    count: u64,
    covered_ms: i64,
    /// What levels weigh together.
    weight_ms: i64,
}

/// Samples without duration at one instant, of the best group among them.
#[derive(Clone, Debug, Default)]
struct Points {
    rank: u16,
    sum: ExactSum,
    count: u64,
}

/// The samples of one partition, in the order of their starts.
#[derive(Clone, Debug)]
pub(super) struct Merge {
    measure: Measure,
    active: BinaryHeap<Row>,
    clocks: Vec<Clock>,
    best: RankSet,
    parts: Vec<Part>,
    parts_used: usize,
    points: Points,
    extremes: Extremes,
    /// What the sum without ranks has beside the parts.
    hidden: ExactSum,
    day_start_ms: i64,
    /// Everything before is counted.
    now_ms: i64,
    /// The best group just before `now_ms`.
    best_before: Option<u16>,
    covered_ms: i64,
    has_long: bool,
    /// A sample that was closed early would have lasted until then.
    approximate_until_ms: i64,
    stretches: Stretches,
    /// Samples that were looked at, for the test of the cost.
    #[cfg(test)]
    pub(super) steps: u64,
    #[cfg(test)]
    pub(super) active_most: usize,
}

impl Merge {
    pub(super) fn new(measure: Measure, ranks: &Ranks, wants_stretches: bool) -> Self {
        let clock = Clock { active: 0, part: NO_PART, time_ms: 0, time_before_ms: 0 };
        Self {
            measure,
            active: BinaryHeap::new(),
            clocks: vec![clock; ranks.len()],
            best: RankSet::default(),
            parts: Vec::new(),
            parts_used: 0,
            points: Points::default(),
            extremes: Extremes::default(),
            hidden: ExactSum::default(),
            day_start_ms: i64::MIN,
            now_ms: i64::MIN,
            best_before: None,
            covered_ms: 0,
            has_long: false,
            approximate_until_ms: i64::MIN,
            stretches: Stretches::new(wants_stretches),
            #[cfg(test)]
            steps: 0,
            #[cfg(test)]
            active_most: 0,
        }
    }

    /// Begins a day that does not follow the one before.
    pub(super) fn open(&mut self, start_ms: i64) {
        self.day_start_ms = start_ms;
    }

    /// Whether no sample is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.active.is_empty()
    }

    pub(super) fn push(&mut self, sample: &Sample, rank: u16) {
        let Some(value) = self.value(sample) else {
            return;
        };
        self.advance(sample.start_ms);
        self.extremes.add(sample);
        let end_ms = sample.end();
        if end_ms == sample.start_ms {
            self.push_point(value, rank);
            return;
        }
        if self.active.len() >= STATISTICS_ACTIVE_MAX {
            self.close_first();
        }
        self.part(rank);
        let clock = &mut self.clocks[usize::from(rank)];
        clock.active += 1;
        if clock.active == 1 {
            self.best.insert(rank);
        }
        self.active.push(Row { start_ms: sample.start_ms, end_ms, value, clock_ms: clock.time_ms, rank });
        #[cfg(test)]
        {
            self.active_most = self.active_most.max(self.active.len());
        }
    }

    /// Counts what is before the end of the day, writes its figures and begins the next day.
    /// `place` is the partition's.
    pub(super) fn close(&mut self, end_ms: i64, ranks: &Ranks, day: &mut Day, total: &mut Total, place: usize) {
        self.advance(end_ms);
        let active = std::mem::take(&mut self.active);
        for row in &active {
            self.credit(row, self.clocks[usize::from(row.rank)].time_ms, end_ms);
        }
        self.active = active;
        day.partition.clear();
        self.write(ranks, day, total);
        self.stretches.write(ranks, &mut total.stretches);
        if self.parts_used > 0 && self.measure == Measure::Amount {
            total.partitions[place] = Some(day.partition.value());
        }
        total.is_approximate |= self.approximate_until_ms > self.day_start_ms;
        let used = std::mem::take(&mut self.parts_used);
        for place in 0..used {
            let clock = &mut self.clocks[usize::from(self.parts[place].rank)];
            clock.time_before_ms = clock.time_ms;
            clock.part = NO_PART;
        }
        for place in 0..used {
            let rank = self.parts[place].rank;
            if self.clocks[usize::from(rank)].active > 0 {
                // Never behind `place`: the parts that were looked at are free again.
                self.part(rank);
            }
        }
        self.extremes = Extremes::default();
        self.hidden.clear();
        self.covered_ms = 0;
        self.has_long = false;
        self.day_start_ms = end_ms;
    }

    fn value(&self, sample: &Sample) -> Option<f64> {
        let value = match self.measure {
            Measure::Amount => sample.value?,
            Measure::Level => 10_f64.powf(sample.value? / 10.0),
        };
        value.is_finite().then_some(value)
    }

    /// Counts the time up to an instant, and then closes the samples that end there.
    fn advance(&mut self, to_ms: i64) {
        if to_ms <= self.now_ms {
            return;
        }
        self.settle_points();
        match self.active.as_slice() {
            [] => {
                (self.now_ms, self.best_before) = (to_ms, None);
                return;
            }
            [only] if only.end_ms <= to_ms => {
                let only = *only;
                return self.end_only(only, to_ms);
            }
            _ => {}
        }
        while let Some(first) = self.active.peek().filter(|row| row.end_ms < to_ms) {
            self.run_clock(first.end_ms);
            self.close_ended();
        }
        self.run_clock(to_ms);
        self.best_before = self.best.best();
        self.close_ended();
    }

    /// Ends the only sample that is under way, and goes on to an instant behind it. Most samples are followed so.
    fn end_only(&mut self, row: Row, to_ms: i64) {
        self.run_clock(row.end_ms);
        self.active.clear();
        self.credit(&row, self.clocks[usize::from(row.rank)].time_ms, row.end_ms);
        self.leave(row.rank);
        self.best_before = (row.end_ms == to_ms).then_some(row.rank);
        self.now_ms = to_ms;
    }

    /// The clock of the best group runs.
    fn run_clock(&mut self, to_ms: i64) {
        if let Some(best) = self.best.best() {
            let clock = &mut self.clocks[usize::from(best)];
            let time_ms = to_ms - self.now_ms;
            clock.time_ms += time_ms;
            self.parts[clock.part as usize].covered_ms += time_ms;
            self.stretches.add(self.now_ms, to_ms, best);
            self.covered_ms += time_ms;
        }
        self.now_ms = to_ms;
    }

    /// Closes the samples that end now.
    fn close_ended(&mut self) {
        while self.active.peek().is_some_and(|row| row.end_ms <= self.now_ms) {
            if let Some(row) = self.active.pop() {
                self.credit(&row, self.clocks[usize::from(row.rank)].time_ms, row.end_ms);
                self.leave(row.rank);
            }
        }
    }

    /// Closes the sample that ends first, as if nothing changed until then.
    fn close_first(&mut self) {
        if let Some(row) = self.active.pop() {
            let is_best = self.best.best() == Some(row.rank);
            let rest_ms = if is_best { row.end_ms - self.now_ms } else { 0 };
            self.credit(&row, self.clocks[usize::from(row.rank)].time_ms + rest_ms, row.end_ms);
            self.leave(row.rank);
            self.approximate_until_ms = self.approximate_until_ms.max(row.end_ms);
        }
    }

    fn leave(&mut self, rank: u16) {
        let clock = &mut self.clocks[usize::from(rank)];
        clock.active -= 1;
        if clock.active == 0 {
            self.best.remove(rank);
        }
    }

    /// Adds what a sample has counted since it started, or since the day did. `clock_ms` is a time of its group's clock, `until_ms`
    /// an instant for the sum without ranks.
    fn credit(&mut self, row: &Row, clock_ms: i64, until_ms: i64) {
        #[cfg(test)]
        {
            self.steps += 1;
        }
        let clock = self.clocks[usize::from(row.rank)];
        let span = row.end_ms - row.start_ms;
        let before = clock.time_before_ms.max(row.clock_ms) - row.clock_ms;
        let after = clock_ms - row.clock_ms;
        if self.measure == Measure::Amount {
            let lived = (row.start_ms.max(self.day_start_ms) - row.start_ms, until_ms - row.start_ms);
            // Mostly all of it counts.
            if lived != (before, after.max(before)) {
                self.hidden.add_part(row.value, span, lived.0, lived.1);
                self.hidden.add_part(-row.value, span, before, after.max(before));
            }
        }
        if after <= before {
            return;
        }
        let part = &mut self.parts[clock.part as usize];
        match self.measure {
            Measure::Amount => part.sum.add_part(row.value, span, before, after),
            Measure::Level => {
                part.sum.add_product(row.value, after - before);
                part.weight_ms += after - before;
            }
        }
        part.count += u64::from(before == 0);
        self.has_long |= span > DAY_MS;
    }

    /// A sample without duration counts whole, unless a better group covers the time before it or has a point there.
    fn push_point(&mut self, value: f64, rank: u16) {
        self.part(rank);
        if self.best_before.is_some_and(|best| best < rank) || self.points.count > 0 && self.points.rank < rank {
            if self.measure == Measure::Amount {
                self.hidden.add(value);
            }
            return;
        }
        if self.points.rank != rank {
            if self.measure == Measure::Amount {
                self.hidden.add_sum(&self.points.sum);
            }
            self.points.sum.clear();
            self.points.count = 0;
            self.points.rank = rank;
        }
        match self.measure {
            Measure::Amount => self.points.sum.add(value),
            Measure::Level => self.points.sum.add_product(value, POINT_LEVEL_MS),
        }
        self.points.count += 1;
    }

    /// No better point can come any more.
    fn settle_points(&mut self) {
        if self.points.count == 0 {
            return;
        }
        let part = self.part(self.points.rank);
        let (part, points) = (&mut self.parts[part], &mut self.points);
        part.sum.add_sum(&points.sum);
        part.count += points.count;
        if self.measure == Measure::Level {
            part.weight_ms += POINT_LEVEL_MS.saturating_mul(points.count.try_into().unwrap_or(i64::MAX));
        }
        points.sum.clear();
        points.count = 0;
    }

    /// The place of a group's part of this day.
    fn part(&mut self, rank: u16) -> usize {
        let clock = &mut self.clocks[usize::from(rank)];
        if clock.part != NO_PART {
            return clock.part as usize;
        }
        let place = self.parts_used;
        clock.part = u32::try_from(place).unwrap_or(NO_PART);
        self.parts_used += 1;
        if place == self.parts.len() {
            self.parts.push(Part::default());
        }
        let part = &mut self.parts[place];
        part.rank = rank;
        part.sum.clear();
        (part.count, part.covered_ms, part.weight_ms) = (0, 0, 0);
        place
    }

    fn write(&self, ranks: &Ranks, day: &mut Day, total: &mut Total) {
        // Only insulin has several partitions, in which a group may have parts.
        let known = total.groups.len();
        for part in &self.parts[..self.parts_used] {
            day.naive.add_sum(&part.sum);
            let counts = part.count > 0 || part.covered_ms > 0;
            if let Some(group) = ranks.group(part.rank).filter(|_| counts) {
                day.partition.add_sum(&part.sum);
                day.weight_ms += part.weight_ms;
                let value = match self.measure {
                    Measure::Amount => Some(part.sum.value()),
                    Measure::Level => level(&part.sum, part.weight_ms),
                };
                add_group(total, known, part, group, value);
                total.count += part.count;
            }
        }
        day.sum.add_sum(&day.partition);
        day.extremes.join(&self.extremes);
        day.has_naive |= self.parts_used > 0;
        day.naive.add_sum(&self.hidden);
        total.covered_ms = total.covered_ms.max(self.covered_ms);
        total.has_long |= self.has_long;
    }
}

/// Adds a group's part to its entry among those that were `known` before, or makes an entry.
fn add_group(total: &mut Total, known: usize, part: &Part, group: GroupId, value: Option<f64>) {
    match total.groups[..known].iter_mut().find(|known| known.group == group) {
        Some(known) => {
            known.value = known.value.zip(value).map(|(one, other)| one + other);
            known.count += part.count;
            known.covered_ms = known.covered_ms.max(part.covered_ms);
        }
        None => total.groups.push(GroupPart { group, value, count: part.count, covered_ms: part.covered_ms }),
    }
}

/// The level in decibels of a sum of energy and milliseconds.
pub(super) fn level(energy: &ExactSum, weight_ms: i64) -> Option<f64> {
    (weight_ms > 0).then(|| 10.0 * (energy.value() / weight_ms as f64).log10())
}
