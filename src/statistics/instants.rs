//! Discrete samples: each belongs whole to the day of its start, whatever its duration.
//!
//! Samples of several groups that start within 10 ms of each other are one measurement: a sample counts if none of a better group
//! starts so close. All that is kept for that are the starts of the last 20 ms.

use std::collections::VecDeque;

use super::hold::Hold;
use super::rank::Ranks;
use super::rules::SAME_START_MS;
use super::sample::Sample;
use super::sum::ExactSum;
use super::total::{Extremes, GroupPart, Total};

/// Samples that count alike.
#[derive(Clone, Debug, Default)]
struct Gathered {
    sum: ExactSum,
    count: u64,
    extremes: Extremes,
}

impl Gathered {
    fn clear(&mut self) {
        self.sum.clear();
        self.count = 0;
        self.extremes = Extremes::default();
    }

    fn join(&mut self, other: &Self) {
        self.sum.add_sum(&other.sum);
        self.count += other.count;
        self.extremes.join(&other.extremes);
    }
}

/// What a group adds to a day.
#[derive(Clone, Debug, Default)]
struct Part {
    rank: u16,
    sum: ExactSum,
    count: u64,
}

/// The samples of the best group that start in one millisecond.
#[derive(Clone, Debug, Default)]
struct Start {
    at_ms: i64,
    rank: u16,
    gathered: Gathered,
}

/// The discrete samples of a type, in the order of their starts.
#[derive(Clone, Debug)]
pub(super) struct Instants {
    /// The last starts, in order. Of these, the first `settled` ones are counted or dropped.
    starts: VecDeque<usize>,
    settled: usize,
    /// What `starts` refers to: it is large, so it stays where it is.
    slots: Vec<Start>,
    /// Slots that may be used again.
    spare: Vec<usize>,
    day: Gathered,
    parts: Vec<Part>,
    parts_used: usize,
    /// For each rank its place among the parts, and one; 0 for none.
    places: Vec<u16>,
    hold: Option<Hold>,
    has_mean: bool,
}

impl Instants {
    /// Without a mean, only count, minimum, maximum and last are known.
    pub(super) fn new(ranks: &Ranks, has_mean: bool, has_hold: bool) -> Self {
        Self {
            starts: VecDeque::new(),
            settled: 0,
            slots: Vec::new(),
            spare: Vec::new(),
            day: Gathered::default(),
            parts: Vec::new(),
            parts_used: 0,
            places: vec![0; ranks.len()],
            hold: has_hold.then(Hold::default),
            has_mean,
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.hold.as_ref().is_none_or(Hold::is_idle)
    }

    pub(super) fn push(&mut self, sample: &Sample, rank: u16) {
        let Some(value) = sample.value else {
            return;
        };
        let last = self.starts.back().copied().filter(|slot| self.slots[*slot].at_ms == sample.start_ms);
        let slot = last.unwrap_or_else(|| self.begin(sample.start_ms, rank));
        let start = &mut self.slots[slot];
        if rank < start.rank {
            start.gathered.clear();
            start.rank = rank;
        }
        if rank == start.rank {
            start.gathered.sum.add(value);
            start.gathered.count += 1;
            start.gathered.extremes.add(sample);
        }
    }

    /// Returns the slot of a new start. Earlier ones are settled when no sample can hide them any more.
    fn begin(&mut self, at_ms: i64, rank: u16) -> usize {
        self.settle(at_ms - SAME_START_MS);
        self.forget(at_ms - 2 * SAME_START_MS);
        let slot = self.spare.pop().unwrap_or(self.slots.len());
        if slot == self.slots.len() {
            self.slots.push(Start::default());
        }
        let start = &mut self.slots[slot];
        start.gathered.clear();
        (start.at_ms, start.rank) = (at_ms, rank);
        self.starts.push_back(slot);
        slot
    }

    /// Writes the figures of a day that ends, and begins the next one.
    pub(super) fn close(&mut self, end_ms: i64, ranks: &Ranks, total: &mut Total) {
        self.settle(i64::MAX);
        self.forget(i64::MAX);
        total.count = self.day.count;
        if self.has_mean && self.day.count > 0 {
            total.value = Some(self.day.sum.value() / self.day.count as f64);
        }
        self.day.extremes.write(total);
        if let Some(hold) = &mut self.hold {
            hold.advance(end_ms);
            let (mean, weight_ms, is_approximate) = hold.take();
            (total.time_weighted, total.covered_ms, total.is_approximate) = (mean, weight_ms, is_approximate);
        }
        for part in &self.parts[..self.parts_used] {
            if let Some(group) = ranks.group(part.rank) {
                let value = self.has_mean.then(|| part.sum.value() / part.count as f64);
                total.groups.push(GroupPart { group, value, count: part.count, covered_ms: 0 });
            }
            self.places[usize::from(part.rank)] = 0;
        }
        self.parts_used = 0;
        self.day.clear();
    }

    /// Counts the starts before an instant, unless a better group starts close to them.
    fn settle(&mut self, before_ms: i64) {
        while let Some(slot) = self.starts.get(self.settled).copied().filter(|slot| self.slots[*slot].at_ms < before_ms)
        {
            let (at_ms, rank) = (self.slots[slot].at_ms, self.slots[slot].rank);
            let hides = |other: &Start| other.rank < rank && (other.at_ms - at_ms).abs() <= SAME_START_MS;
            if !self.starts.iter().any(|slot| hides(&self.slots[*slot])) {
                self.count(slot, rank);
            }
            self.settled += 1;
        }
    }

    /// Drops the starts before an instant. They are settled.
    fn forget(&mut self, before_ms: i64) {
        while self.settled > 0 && self.starts.front().is_some_and(|slot| self.slots[*slot].at_ms < before_ms) {
            self.spare.extend(self.starts.pop_front());
            self.settled -= 1;
        }
    }

    fn count(&mut self, slot: usize, rank: u16) {
        let place = self.place(rank);
        let gathered = &self.slots[slot].gathered;
        self.day.join(gathered);
        let part = &mut self.parts[place];
        part.sum.add_sum(&gathered.sum);
        part.count += gathered.count;
        if let (Some(hold), Some((start_ms, end_ms, value))) = (&mut self.hold, gathered.extremes.last()) {
            hold.push(start_ms, end_ms, value);
        }
    }

    fn place(&mut self, rank: u16) -> usize {
        let known = &mut self.places[usize::from(rank)];
        if *known > 0 {
            return usize::from(*known) - 1;
        }
        let place = self.parts_used;
        self.parts_used += 1;
        *known = u16::try_from(self.parts_used).unwrap_or(u16::MAX);
        if place == self.parts.len() {
            self.parts.push(Part::default());
        }
        let part = &mut self.parts[place];
        part.rank = rank;
        part.sum.clear();
        part.count = 0;
        place
    }
}
