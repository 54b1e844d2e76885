//! Rows that only imports bring: what the app does not send, and samples without HealthKit's identity.

use super::{Sample, Uuid};
use crate::model::batch::{TextId, empty_rare};
use crate::model::limits::BATCH_ROWS_MAX;

/// A sample whose identity is made from its content.
#[derive(Clone, Copy, Debug)]
pub struct DerivedSample {
    /// The sample.
    pub sample: Sample,
    /// When it was entered into HealthKit.
    pub creation_ms: Option<i64>,
}

/// The beats behind a heart rate variability.
#[derive(Clone, Copy, Debug)]
pub struct BeatList {
    /// Start of the sample that they belong to.
    pub start_ms: i64,
    /// Its end.
    pub end_ms: Option<i64>,
    /// Its source.
    pub source: Option<TextId>,
    /// JSON list of `{bpm, time}`, as in the file.
    pub beats: TextId,
}

/// Samples that belong together, such as the two of a blood pressure.
#[derive(Clone, Copy, Debug)]
pub struct Correlation {
    /// Made from the content.
    pub uuid: Uuid,
    /// HealthKit's identifier.
    pub kind: TextId,
    /// Start.
    pub start_ms: i64,
    /// End.
    pub end_ms: Option<i64>,
    /// When it was entered into HealthKit.
    pub creation_ms: Option<i64>,
    /// JSON of `sourceRevision` and `device`.
    pub source: Option<TextId>,
    /// JSON of the metadata.
    pub metadata: Option<TextId>,
    /// JSON list of `{type, value, unit, startDate, endDate}`: each of them is a sample of its own, too.
    pub members: TextId,
    /// Fields without a column.
    pub other: Option<TextId>,
}

/// The rings of a day.
#[derive(Clone, Copy, Debug)]
pub struct ActivitySummary {
    /// `2024-09-15`, in the phone's time zone of that day.
    pub day: TextId,
    /// Active energy, its goal, move minutes, their goal, exercise minutes, their goal, stand hours, their goal.
    pub values: [Option<f64>; 8],
    /// Unit of the energy.
    pub energy_unit: Option<TextId>,
    /// Fields without a column.
    pub other: Option<TextId>,
}

/// An electrocardiogram.
#[derive(Clone, Copy, Debug)]
pub struct Electrocardiogram {
    /// Made from the content.
    pub uuid: Uuid,
    /// When it was recorded.
    pub start_ms: i64,
    /// Such as `Sinus Rhythm`, in the phone's language.
    pub classification: Option<TextId>,
    /// Samples per second.
    pub rate_hz: Option<f64>,
    /// Unit of the voltages.
    pub unit: Option<TextId>,
    /// JSON list of numbers.
    pub voltages: TextId,
    /// JSON object of everything that stands before the voltages, as in the file.
    pub header: TextId,
}

/// A figure that another app made from samples, for a minute, an hour or a day.
#[derive(Clone, Copy, Debug)]
pub struct Aggregate {
    /// The metric's name, such as `heart_rate`.
    pub metric: TextId,
    /// Start of the time that it is about.
    pub start_ms: i64,
    /// End, if there is one.
    pub end_ms: Option<i64>,
    /// What tells it from others of the same time: a sleep stage, the kind of a series; may be empty.
    pub label: TextId,
    /// Names of the sources, as in the file; may be empty.
    pub source: TextId,
    /// Unit.
    pub unit: Option<TextId>,
    /// Sum or mean, minimum, average, maximum: those that were given.
    pub values: [Option<f64>; 4],
    /// Fields without a column.
    pub other: Option<TextId>,
}

/// Rows of a batch that only imports bring.
#[derive(Debug, Default)]
pub struct Imported {
    /// Samples without HealthKit's identity.
    pub samples: Vec<DerivedSample>,
    /// Beats; they are part of their sample, not records.
    pub beat_lists: Vec<BeatList>,
    /// Correlations.
    pub correlations: Vec<Correlation>,
    /// Days.
    pub activity_summaries: Vec<ActivitySummary>,
    /// Electrocardiograms.
    pub electrocardiograms: Vec<Electrocardiogram>,
    /// Aggregates.
    pub aggregates: Vec<Aggregate>,
}

impl Imported {
    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.samples.len()
            + self.beat_lists.len()
            + self.correlations.len()
            + self.activity_summaries.len()
            + self.electrocardiograms.len()
            + self.aggregates.len()
    }

    /// Adds a sample. The first one makes room for all that a batch may get: room that grows by and by leaves holes.
    pub(crate) fn push_sample(&mut self, sample: DerivedSample) {
        if self.samples.capacity() == 0 {
            self.samples.reserve_exact(BATCH_ROWS_MAX);
        }
        self.samples.push(sample);
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows() == 0
    }

    pub(crate) fn clear(&mut self) {
        let Self { samples, beat_lists, correlations, activity_summaries, electrocardiograms, aggregates } = self;
        samples.clear();
        empty_rare(beat_lists);
        empty_rare(correlations);
        empty_rare(activity_summaries);
        empty_rare(electrocardiograms);
        aggregates.clear();
    }
}
