//! One pass over the samples of a person and a type, in the order of their starts: the figures of each day as it ends.
//!
//! Only samples under way and the figures of one day are in memory, however long the history is.

use super::category::{Categories, StandHours};
use super::day::Day;
use super::instants::Instants;
use super::merge::{Measure, Merge, level};
use super::method::{Method, Partition};
use super::rank::Ranks;
use super::sample::{LeftOut, OutOfOrder, Sample};
use super::timeline::{Bucket, Scale, Timeline};
use super::total::Total;

/// What a pass returns as soon as it is known.
#[derive(Clone, Copy, Debug)]
pub enum Output<'a> {
    /// The figures of a day or an hour. Those without samples are skipped.
    Total(&'a Total),
    /// A sample that makes no figures, and why.
    LeftOut(&'a Sample, LeftOut),
}

/// The figures of all days or hours of a type.
#[derive(Debug)]
pub struct Days<'a> {
    timeline: &'a Timeline,
    ranks: &'a Ranks,
    scale: Scale,
    method: Method,
    counter: Counter,
    bucket: Option<Bucket>,
    /// The day of the last bucket.
    day: Option<Bucket>,
    /// End of the last day or hour that is complete.
    ended_ms: i64,
    latest_ms: i64,
    wants_stretches: bool,
    total: Option<Total>,
}

/// How the samples are counted.
#[derive(Debug)]
enum Counter {
    Merge { measure: Measure, partitions: [Option<Box<Merge>>; Partition::COUNT], day: Box<Day> },
    Instants(Box<Instants>),
    Categories(Box<Categories>),
    StandHours(StandHours),
}

impl<'a> Days<'a> {
    /// Begins a pass.
    #[must_use]
    pub fn new(method: Method, timeline: &'a Timeline, ranks: &'a Ranks, scale: Scale) -> Self {
        let merge = |measure| Counter::Merge { measure, partitions: [const { None }; 3], day: Box::default() };
        let instants = |has_mean, has_hold| Counter::Instants(Box::new(Instants::new(ranks, has_mean, has_hold)));
        let counter = match method {
            Method::Sum => merge(Measure::Amount),
            Method::Level => merge(Measure::Level),
            Method::Mean => instants(true, false),
            Method::TimeWeighted => instants(true, true),
            Method::Unknown => instants(false, false),
            Method::Sessions | Method::Values | Method::Sleep => Counter::Categories(Box::default()),
            Method::StandHours => Counter::StandHours(StandHours::default()),
        };
        Self {
            timeline,
            ranks,
            scale,
            method,
            counter,
            bucket: None,
            day: None,
            ended_ms: i64::MIN,
            latest_ms: i64::MIN,
            wants_stretches: false,
            total: None,
        }
    }

    /// Also lists which source counted when: [`Total::stretches`].
    #[must_use]
    pub fn with_stretches(self) -> Self {
        Self { wants_stretches: true, ..self }
    }

    /// Takes the next sample. Calls `output` for each day that ended before it.
    ///
    /// # Errors
    ///
    /// If it starts before the previous sample. It is then not counted.
    pub fn push(&mut self, sample: &Sample, output: &mut dyn FnMut(Output<'_>)) -> Result<(), OutOfOrder> {
        if let Some(reason) = sample.left_out(self.method.is_category()) {
            output(Output::LeftOut(sample, reason));
            return Ok(());
        }
        let Some(rank) = self.ranks.rank(sample.group) else {
            output(Output::LeftOut(sample, LeftOut::Ignored));
            return Ok(());
        };
        if sample.start_ms < self.latest_ms {
            return Err(OutOfOrder);
        }
        self.latest_ms = sample.start_ms;
        while let Some(bucket) = self.bucket.filter(|bucket| bucket.end_ms <= sample.start_ms) {
            self.close(bucket, output);
        }
        if self.bucket.is_none() {
            self.open(sample.start_ms);
        }
        match &mut self.counter {
            Counter::Merge { measure, partitions, .. } => {
                let merge = &mut partitions[sample.partition as usize];
                let merge = merge.get_or_insert_with(|| {
                    let mut merge = Box::new(Merge::new(*measure, self.ranks, self.wants_stretches));
                    merge.open(self.bucket.map_or(i64::MIN, |bucket| bucket.start_ms));
                    merge
                });
                merge.push(sample, rank);
            }
            Counter::Instants(instants) => instants.push(sample, rank),
            Counter::Categories(categories) => categories.push(sample),
            Counter::StandHours(hours) => hours.push(sample, self.timeline),
        }
        Ok(())
    }

    /// Ends the pass. Calls `output` for the days that are left: up to the end of the last sample.
    pub fn finish(mut self, output: &mut dyn FnMut(Output<'_>)) {
        while let Some(bucket) = self.bucket {
            self.close(bucket, output);
        }
    }

    fn open(&mut self, at_ms: i64) {
        let day = self.day.filter(|day| (day.start_ms..day.end_ms).contains(&at_ms));
        let day = day.unwrap_or_else(|| self.timeline.bucket_at(at_ms, Scale::Day));
        self.day = Some(day);
        let mut bucket = if self.scale == Scale::Day { day } else { self.timeline.hour_in(&day, at_ms) };
        // An hour begins twice where the clocks change by half of one.
        bucket.start_ms = bucket.start_ms.max(self.ended_ms);
        self.bucket = Some(bucket);
        if let Counter::Merge { partitions, .. } = &mut self.counter {
            partitions.iter_mut().flatten().for_each(|merge| merge.open(bucket.start_ms));
        }
    }

    /// Ends a day, and begins the next one if samples reach into it.
    fn close(&mut self, bucket: Bucket, output: &mut dyn FnMut(Output<'_>)) {
        let total = self.total.get_or_insert_with(|| Total::new(bucket));
        total.reset(bucket);
        let (end_ms, ranks) = (bucket.end_ms, self.ranks);
        let is_idle = match &mut self.counter {
            Counter::Merge { measure, partitions, day } => {
                day.clear();
                for (place, merge) in partitions.iter_mut().enumerate() {
                    if let Some(merge) = merge {
                        merge.close(end_ms, ranks, day, total, place);
                    }
                }
                match measure {
                    Measure::Amount => {
                        (total.value, total.naive) = (Some(day.sum.value()), day.has_naive.then(|| day.naive.value()));
                    }
                    Measure::Level => total.value = level(&day.sum, day.weight_ms),
                }
                day.extremes.write(total);
                partitions.iter().flatten().all(|merge| merge.is_idle())
            }
            Counter::Instants(instants) => {
                instants.close(end_ms, ranks, total);
                instants.is_idle()
            }
            Counter::Categories(categories) => {
                categories.close(end_ms, self.method == Method::Sessions, total);
                categories.is_idle()
            }
            Counter::StandHours(hours) => {
                hours.close(total);
                true
            }
        };
        total.groups.sort_unstable_by_key(|part| ranks.rank(part.group));
        total.drop_infinite();
        let only_holds = matches!(self.counter, Counter::Instants(_)) && total.count == 0;
        if !total.is_empty() && !only_holds {
            output(Output::Total(total));
        }
        self.bucket = None;
        self.ended_ms = end_ms;
        if !is_idle {
            self.open(end_ms);
        }
    }
}
