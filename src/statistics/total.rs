//! The figures of a day or an hour.

use super::rank::GroupId;
use super::stretches::Stretch;
use super::timeline::Bucket;

/// The figures of one type in a day or an hour. What a type's method does not have is `None`, zero or empty.
#[derive(Clone, Debug)]
pub struct Total {
    /// The day or hour.
    pub bucket: Bucket,
    /// Samples that count. One that reaches over several days is counted in the first one that it counts for.
    pub count: u64,
    /// The figure to show, in the type's canonical unit: sum, mean, level, hours with a stand, or covered minutes.
    pub value: Option<f64>,
    /// The mean that weighs each sample by the time that it holds.
    pub time_weighted: Option<f64>,
    /// Least value of the samples that start here.
    pub minimum: Option<f64>,
    /// Greatest value of the samples that start here.
    pub maximum: Option<f64>,
    /// Value of the sample that starts last.
    pub last: Option<f64>,
    /// Start of that sample.
    pub last_ms: Option<i64>,
    /// Time in which at least one sample counts, in milliseconds.
    pub covered_ms: i64,
    /// Stretches of covered time that begin here.
    pub sessions: u64,
    /// The sum without ranks, as if no source had seen what another one has.
    pub naive: Option<f64>,
    /// Insulin: the sums of samples without a reason, of basal and of bolus.
    pub partitions: [Option<f64>; super::method::Partition::COUNT],
    /// What each source group adds, the best one first.
    pub groups: Vec<GroupPart>,
    /// Which group counted when, in the order of time: only after [`super::Days::with_stretches`], and for sums and levels. Of
    /// insulin, stretches of basal and bolus overlap.
    pub stretches: Vec<Stretch>,
    /// The values of a category, in order.
    pub values: Vec<ValuePart>,
    /// Whether a sample longer than a day counts.
    pub has_long: bool,
    /// Whether more samples overlapped than are followed at once.
    pub is_approximate: bool,
}

/// What a source group adds to a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupPart {
    /// The group.
    pub group: GroupId,
    /// Its part of a sum, or its samples' mean.
    pub value: Option<f64>,
    /// Its samples that count.
    pub count: u64,
    /// Time in which it is the source that counts, in milliseconds.
    pub covered_ms: i64,
}

/// Samples of a category with one value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValuePart {
    /// The number of the value; `None` for those beyond [`crate::model::limits::CATEGORY_VALUES_MAX`] values.
    pub value: Option<i64>,
    /// Samples.
    pub count: u64,
    /// Time that they cover, each millisecond once.
    pub covered_ms: i64,
}

impl Total {
    pub(super) fn new(bucket: Bucket) -> Self {
        Self {
            bucket,
            count: 0,
            value: None,
            time_weighted: None,
            minimum: None,
            maximum: None,
            last: None,
            last_ms: None,
            covered_ms: 0,
            sessions: 0,
            naive: None,
            partitions: [None; super::method::Partition::COUNT],
            groups: Vec::new(),
            stretches: Vec::new(),
            values: Vec::new(),
            has_long: false,
            is_approximate: false,
        }
    }

    /// Makes it the empty figures of another day, and keeps its memory.
    pub(super) fn reset(&mut self, bucket: Bucket) {
        let (mut groups, mut values) = (std::mem::take(&mut self.groups), std::mem::take(&mut self.values));
        let mut stretches = std::mem::take(&mut self.stretches);
        groups.clear();
        values.clear();
        stretches.clear();
        *self = Self { groups, values, stretches, ..Self::new(bucket) };
    }

    /// Whether the day is not over yet, or began in the future.
    #[must_use]
    pub fn is_partial(&self, now_ms: i64) -> bool {
        now_ms < self.bucket.end_ms
    }

    /// Leaves out figures beyond the largest double.
    pub(super) fn drop_infinite(&mut self) {
        let figures = [&mut self.value, &mut self.time_weighted, &mut self.naive].into_iter();
        let parts = self.groups.iter_mut().map(|part| &mut part.value);
        for figure in figures.chain(&mut self.partitions).chain(parts) {
            *figure = figure.filter(|figure| figure.is_finite());
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0 && self.covered_ms == 0 && self.naive.is_none()
    }
}

/// Least, greatest and last value of samples.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extremes {
    minimum: Option<f64>,
    maximum: Option<f64>,
    last: Option<LastKey>,
}

/// Start, time of creation, end and value: the greatest is the last, also of samples with one start.
type LastKey = (i64, Option<i64>, i64, f64);

impl Extremes {
    pub(super) fn add(&mut self, sample: &super::sample::Sample) {
        let Some(value) = sample.value else {
            return;
        };
        self.minimum = Some(self.minimum.map_or(value, |minimum| minimum.min(value)));
        self.maximum = Some(self.maximum.map_or(value, |maximum| maximum.max(value)));
        let key = (sample.start_ms, sample.created_ms, sample.end(), value);
        // Samples mostly come in the order of their starts.
        if self.last.is_none_or(|last| last.0 < key.0 || is_later(key, last)) {
            self.last = Some(key);
        }
    }

    /// Adds those of other samples.
    pub(super) fn join(&mut self, other: &Self) {
        let pick = |one: Option<f64>, two: Option<f64>, f: fn(f64, f64) -> f64| match (one, two) {
            (Some(one), Some(two)) => Some(f(one, two)),
            (one, two) => one.or(two),
        };
        self.minimum = pick(self.minimum, other.minimum, f64::min);
        self.maximum = pick(self.maximum, other.maximum, f64::max);
        self.last = match (self.last, other.last) {
            (Some(one), Some(two)) => Some(if is_later(two, one) { two } else { one }),
            (one, two) => one.or(two),
        };
    }

    /// Start, end and value of the last sample.
    pub(super) fn last(&self) -> Option<(i64, i64, f64)> {
        self.last.map(|(start, _, end, value)| (start, end, value))
    }

    pub(super) fn write(&self, total: &mut Total) {
        total.minimum = self.minimum;
        total.maximum = self.maximum;
        total.last = self.last.map(|last| last.3);
        total.last_ms = self.last.map(|last| last.0);
    }
}

fn is_later(one: LastKey, other: LastKey) -> bool {
    let order = (one.0, one.1, one.2).cmp(&(other.0, other.1, other.2));
    order.then(one.3.total_cmp(&other.3)).is_gt()
}
