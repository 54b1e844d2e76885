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

/// Samples of one start that count alike.
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

    fn add(&mut self, sample: &Sample) {
        if let Some(value) = sample.value {
            self.sum.add(value);
            self.count += 1;
            self.extremes.add(sample);
        }
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
    /// The sample, if there is only one.
    only: Option<Sample>,
    /// All samples, if there are several.
    gathered: Gathered,
}

impl Start {
    /// Takes another sample of this start.
    #[cold]
    fn add(&mut self, sample: &Sample, rank: u16) {
        if rank < self.rank {
            (self.rank, self.only) = (rank, Some(*sample));
        } else if rank == self.rank {
            if let Some(only) = self.only.take() {
                self.gathered.clear();
                self.gathered.add(&only);
            }
            self.gathered.add(sample);
        }
    }
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
    /// Of this day's samples.
    extremes: Extremes,
    /// Of this day's groups, as it ends.
    sum: ExactSum,
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
            extremes: Extremes::default(),
            sum: ExactSum::default(),
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
        if sample.value.is_none() {
            return;
        }
        match self.starts.back().map(|slot| &mut self.slots[*slot]) {
            Some(start) if start.at_ms == sample.start_ms => start.add(sample, rank),
            _ => self.begin(sample, rank),
        }
    }

    /// Begins a new start. Earlier ones are settled when no sample can hide them any more.
    fn begin(&mut self, sample: &Sample, rank: u16) {
        let at_ms = sample.start_ms;
        // Mostly there is one start, and it is long ago: its slot is used again.
        if let Some(slot) = self.starts.front().copied().filter(|slot| {
            self.settled == 0 && self.starts.len() == 1 && self.slots[*slot].at_ms < at_ms - 2 * SAME_START_MS
        }) {
            self.count(slot, self.slots[slot].rank);
            let start = &mut self.slots[slot];
            (start.at_ms, start.rank, start.only) = (at_ms, rank, Some(*sample));
            return;
        }
        self.settle(at_ms - SAME_START_MS);
        self.forget(at_ms - 2 * SAME_START_MS);
        let slot = self.spare.pop().unwrap_or(self.slots.len());
        if slot == self.slots.len() {
            self.slots.push(Start::default());
        }
        let start = &mut self.slots[slot];
        (start.at_ms, start.rank, start.only) = (at_ms, rank, Some(*sample));
        self.starts.push_back(slot);
    }

    /// Writes the figures of a day that ends, and begins the next one.
    pub(super) fn close(&mut self, end_ms: i64, ranks: &Ranks, total: &mut Total) {
        self.settle(i64::MAX);
        self.forget(i64::MAX);
        self.extremes.write(total);
        self.extremes = Extremes::default();
        if let Some(hold) = &mut self.hold {
            hold.advance(end_ms);
            let (mean, weight_ms, is_approximate) = hold.take();
            (total.time_weighted, total.covered_ms, total.is_approximate) = (mean, weight_ms, is_approximate);
        }
        // All sums are exact, so that of the day is theirs.
        self.sum.clear();
        for part in &self.parts[..self.parts_used] {
            self.sum.add_sum(&part.sum);
            total.count += part.count;
            if let Some(group) = ranks.group(part.rank) {
                let value = self.has_mean.then(|| part.sum.value() / part.count as f64);
                total.groups.push(GroupPart { group, value, count: part.count, covered_ms: 0 });
            }
            self.places[usize::from(part.rank)] = 0;
        }
        if self.has_mean && total.count > 0 {
            total.value = Some(self.sum.value() / total.count as f64);
        }
        self.parts_used = 0;
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
        let (start, part) = (&self.slots[slot], &mut self.parts[place]);
        let last = match (&start.only, start.only.and_then(|only| only.value)) {
            (Some(only), Some(value)) => {
                part.sum.add(value);
                part.count += 1;
                self.extremes.add(only);
                Some((only.start_ms, only.end(), value))
            }
            _ => {
                part.sum.add_sum(&start.gathered.sum);
                part.count += start.gathered.count;
                self.extremes.join(&start.gathered.extremes);
                start.gathered.extremes.last()
            }
        };
        if let (Some(hold), Some((start_ms, end_ms, value))) = (&mut self.hold, last) {
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
