//! What is stored: one plain struct for each kind of row, its texts as numbers into the batch that holds it.
//!
//! Times are milliseconds since 1970-01-01 UTC; values and units are as sent. `other` is canonical JSON of what has no column.

use super::interval::Interval;
use super::limits::{BATCH_ROWS_MAX, RARE_ROWS_KEPT};
use super::listing::{Listing, rows, span};
use super::text::{TextId, Texts};
use super::time::parse_day;

/// The person of records that name no other.
pub const ME: &str = "me";

/// HealthKit's identity of a sample, a workout or a dose event.
pub type Uuid = [u8; 16];

/// A quantity or category sample.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// HealthKit's type identifier, such as `HKQuantityTypeIdentifierHeartRate`.
    pub kind: TextId,
    /// HealthKit's identity.
    pub uuid: Uuid,
    /// Start.
    pub start_ms: i64,
    /// End; absent if not sent.
    pub end_ms: Option<i64>,
    /// The quantity in `unit`, or the number of the category; NaN arrives as null and is absent here.
    pub value: Option<f64>,
    /// HealthKit unit, such as `count/min`.
    pub unit: Option<TextId>,
    /// Canonical JSON of `sourceRevision` and `device`.
    pub source: Option<TextId>,
    /// Canonical JSON of the metadata; absent if empty.
    pub metadata: Option<TextId>,
    /// Fields without a column.
    pub other: Option<TextId>,
}

/// A workout.
#[derive(Clone, Copy, Debug, Default)]
pub struct Workout {
    /// HealthKit's identity, or a derived one.
    pub uuid: Uuid,
    /// HealthKit's identity, if the workout has a derived one and its exporter names both.
    pub healthkit: Option<Uuid>,
    /// Number of `HKWorkoutActivityType`.
    pub activity_type: Option<i64>,
    /// Start.
    pub start_ms: i64,
    /// End.
    pub end_ms: Option<i64>,
    /// Duration in seconds, pauses left out.
    pub duration_s: Option<f64>,
    /// Active energy in kcal.
    pub energy_kcal: Option<f64>,
    /// Distance in `distance_unit`.
    pub distance: Option<f64>,
    /// `m`, `meters`, `km` or `mi`, as sent.
    pub distance_unit: Option<TextId>,
    /// JSON of `allStatistics`.
    pub statistics: Option<TextId>,
    /// JSON of `events`.
    pub events: Option<TextId>,
    /// JSON of `activities`.
    pub activities: Option<TextId>,
    /// JSON of the metadata.
    pub metadata: Option<TextId>,
    /// JSON of `sourceRevision` and `device`.
    pub source: Option<TextId>,
    /// Fields without a column.
    pub other: Option<TextId>,
    /// When it was added to HealthKit.
    pub creation_ms: Option<i64>,
}

/// A location of a workout's route.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoutePoint {
    /// The workout's uuid; the workout itself may arrive later.
    pub workout: Uuid,
    /// Index of the route among the workout's routes.
    pub route: u32,
    /// When.
    pub time_ms: i64,
    /// Degrees, WGS 84.
    pub latitude: f64,
    /// Degrees, WGS 84.
    pub longitude: f64,
    /// Metres above sea level.
    pub altitude_m: Option<f64>,
    /// Metres per second; -1 means invalid.
    pub speed_m_s: Option<f64>,
    /// Degrees from north; -1 means invalid.
    pub course_deg: Option<f64>,
    /// Metres.
    pub horizontal_accuracy_m: Option<f64>,
    /// Metres.
    pub vertical_accuracy_m: Option<f64>,
    /// Fields without a column.
    pub other: Option<TextId>,
}

/// A medication dose event.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dose {
    /// HealthKit's identity.
    pub uuid: Uuid,
    /// Display text of the medication.
    pub medication: Option<TextId>,
    /// The owner's name for it.
    pub nickname: Option<TextId>,
    /// Number of the schedule type.
    pub schedule_type: Option<i64>,
    /// Number of the log status; only 4 (taken) is an intake.
    pub log_status: Option<i64>,
    /// Dose in `unit`.
    pub quantity: Option<f64>,
    /// Unit of the dose.
    pub unit: Option<TextId>,
    /// Start.
    pub start_ms: i64,
    /// End.
    pub end_ms: Option<i64>,
    /// When it was due.
    pub scheduled_ms: Option<i64>,
    /// JSON of the metadata.
    pub metadata: Option<TextId>,
    /// JSON of `sourceRevision` and `device`.
    pub source: Option<TextId>,
    /// Fields without a column.
    pub other: Option<TextId>,
}

/// The definition of a medication.
#[derive(Clone, Copy, Debug)]
pub struct Medication {
    /// Name and strength; part of the identity.
    pub display_text: TextId,
    /// Form such as `tablet`; part of the identity, empty if not sent.
    pub general_form: TextId,
    /// The owner's name for it; part of the identity.
    pub nickname: Option<TextId>,
    /// Whether its owner archived it; part of the identity.
    pub is_archived: Option<bool>,
    /// Whether it has a schedule.
    pub has_schedule: Option<bool>,
    /// Fields without a column.
    pub other: Option<TextId>,
}

/// A characteristic, such as `biologicalSex`.
#[derive(Clone, Copy, Debug)]
pub struct Characteristic {
    /// Its key.
    pub key: TextId,
    /// Text as it is, anything else as JSON.
    pub value: TextId,
}

/// Something that this version has no table for.
#[derive(Clone, Copy, Debug)]
pub struct OtherRecord {
    /// Section: key of `data`, or path from the root.
    pub section: TextId,
    /// Whether it stood under `data`, and so counts as a record that the phone sent.
    pub in_data: bool,
    /// Canonical JSON; its digest is the identity, unless `content` has one.
    pub json: TextId,
    /// The identity of a record whose text may change.
    pub content: Option<Content>,
}

/// The identity of a record without HealthKit's identity whose text may change.
#[derive(Clone, Copy, Debug)]
pub struct Content {
    /// Made of what does not change.
    pub identity: Uuid,
    /// Counts the records of its document with this identity from 1. `None` if only one record has it.
    pub nth: Option<u32>,
    /// Made of all that it has: if it differs, the record has changed.
    pub whole: Uuid,
}

/// An element that could not be stored, and why.
#[derive(Clone, Copy, Debug)]
pub struct Reject {
    /// Section: key of `data`, or path from the root.
    pub section: TextId,
    /// Index of the element in its section.
    pub index: Option<u64>,
    /// Offset in the body.
    pub offset: u64,
    /// The reason.
    pub reason: TextId,
    /// Its text, at most [`super::limits::REJECT_RAW_BYTES_MAX`] of it.
    pub raw: TextId,
    /// Its whole length.
    pub raw_bytes: u64,
}

/// A sample whose identity is made from its content.
#[derive(Clone, Copy, Debug)]
pub struct DerivedSample {
    /// The sample.
    pub sample: Sample,
    /// When it was added to HealthKit.
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
    /// When it was added to HealthKit.
    pub creation_ms: Option<i64>,
    /// JSON of `sourceRevision` and `device`.
    pub source: Option<TextId>,
    /// JSON of the metadata.
    pub metadata: Option<TextId>,
    /// JSON list of `{type, value, unit, startDate, endDate}`: each of them is also a sample.
    pub members: TextId,
    /// Fields without a column.
    pub other: Option<TextId>,
}

/// The rings of a day.
#[derive(Clone, Copy, Debug)]
pub struct ActivitySummary {
    /// `2024-09-15`, in the phone's time zone of that day.
    pub day: TextId,
    /// Active energy in `energy_unit`.
    pub active_energy: Option<f64>,
    /// Its goal.
    pub active_energy_goal: Option<f64>,
    /// Minutes in motion.
    pub move_min: Option<f64>,
    /// Their goal.
    pub move_goal_min: Option<f64>,
    /// Minutes of exercise.
    pub exercise_min: Option<f64>,
    /// Their goal.
    pub exercise_goal_min: Option<f64>,
    /// Hours with a minute on foot.
    pub stand_hours: Option<f64>,
    /// Their goal.
    pub stand_goal_hours: Option<f64>,
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
    /// JSON object of all that precedes the voltages, as in the file.
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
    /// The period that it is of, where its sender says it.
    pub interval: Interval,
    /// The period that the other figures of its document show. A later state comes with the same.
    pub shown: Interval,
    /// Part of the identity of the workout whose series it is of. A later state is of the same.
    pub workout: Option<[u8; 4]>,
    /// Whether it may be a later state.
    pub grows: bool,
    /// How long a period may last that begins here; 0 for a sample, and for what has an end.
    pub period_ms: i64,
    /// A label that distinguishes it from others of the same time: a sleep stage, the kind of a series; may be empty.
    pub label: TextId,
    /// Names of the sources, as in the file; may be empty.
    pub source: TextId,
    /// Counts the figures of its document with the same metric, start, label and source, from 1.
    pub nth_of_time: u32,
    /// Counts those of them that are equal, from 1.
    pub nth_of_content: u32,
    /// Whether they may stand far apart, so that the store has to count them.
    pub is_scattered: bool,
    /// Unit.
    pub unit: Option<TextId>,
    /// Sum or mean.
    pub value: Option<f64>,
    /// Least value.
    pub minimum: Option<f64>,
    /// Mean.
    pub average: Option<f64>,
    /// Greatest value.
    pub maximum: Option<f64>,
    /// Fields without a column.
    pub other: Option<TextId>,
}

rows! {
    /// Quantity and category samples.
    samples: Sample, keeps BATCH_ROWS_MAX, listed |row, texts| Listing::Record(texts.get(row.kind), Some(row.start_ms));
    /// Samples without HealthKit's identity.
    derived_samples: DerivedSample, keeps BATCH_ROWS_MAX,
        listed |row, texts| Listing::Record(texts.get(row.sample.kind), Some(row.sample.start_ms));
    /// Workouts.
    workouts: Workout, keeps RARE_ROWS_KEPT, listed |row, _| Listing::Record("workouts", Some(row.start_ms));
    /// Locations of routes.
    route_points: RoutePoint, keeps BATCH_ROWS_MAX, listed |row, _| Listing::Record("workoutRoutes", Some(row.time_ms));
    /// Medication dose events.
    doses: Dose, keeps RARE_ROWS_KEPT, listed |row, _| Listing::Record("medicationDoseEvents", Some(row.start_ms));
    /// Medication definitions.
    medications: Medication, keeps RARE_ROWS_KEPT, listed |_, _| Listing::Record("medications", None);
    /// Characteristics.
    characteristics: Characteristic, keeps RARE_ROWS_KEPT, listed |_, _| Listing::Nothing;
    /// Beats; they are part of their sample, not records.
    beat_lists: BeatList, keeps RARE_ROWS_KEPT, listed |_, _| Listing::Nothing;
    /// Correlations.
    correlations: Correlation, keeps RARE_ROWS_KEPT,
        listed |row, texts| Listing::Record(texts.get(row.kind), Some(row.start_ms));
    /// Days.
    activity_summaries: ActivitySummary, keeps RARE_ROWS_KEPT,
        listed |row, texts| Listing::Record("ActivitySummary", parse_day(texts.get(row.day)));
    /// Electrocardiograms.
    electrocardiograms: Electrocardiogram, keeps RARE_ROWS_KEPT,
        listed |row, _| Listing::Record("electrocardiograms", Some(row.start_ms));
    /// Aggregates.
    aggregates: Aggregate, keeps BATCH_ROWS_MAX,
        listed |row, texts| Listing::Record(texts.get(row.metric), Some(row.start_ms));
    /// Records that this version has no table for.
    others: OtherRecord, keeps RARE_ROWS_KEPT,
        listed |row, texts| {
            let section = texts.get(row.section);
            if row.in_data { Listing::Record(section, None) } else { Listing::Within(section) }
        };
    /// Elements that were rejected.
    rejects: Reject, keeps RARE_ROWS_KEPT, listed |_, _| Listing::Rejected;
}

/// Returns the first start and the last end of rows; `None` without rows, and for rows without a time.
pub(crate) type Span = fn(&Rows) -> Option<(i64, i64)>;

impl Rows {
    /// For rows without a time.
    pub(crate) const NO_SPAN: Span = |_| None;
    pub(crate) const SPAN_OF_WORKOUTS: Span = |rows| span(&rows.workouts, |row| (row.start_ms, row.end_ms));
    pub(crate) const SPAN_OF_ROUTE_POINTS: Span = |rows| span(&rows.route_points, |row| (row.time_ms, None));
    /// With the times for which doses are scheduled.
    pub(crate) const SPAN_OF_DOSES: Span = |rows| {
        span(&rows.doses, |row| {
            let scheduled_ms = row.scheduled_ms.unwrap_or(row.start_ms);
            (row.start_ms.min(scheduled_ms), row.end_ms.max(Some(scheduled_ms.max(row.start_ms))))
        })
    };
    pub(crate) const SPAN_OF_CORRELATIONS: Span = |rows| span(&rows.correlations, |row| (row.start_ms, row.end_ms));
    pub(crate) const SPAN_OF_ELECTROCARDIOGRAMS: Span =
        |rows| span(&rows.electrocardiograms, |row| (row.start_ms, None));
    pub(crate) const SPAN_OF_AGGREGATES: Span = |rows| span(&rows.aggregates, |row| (row.start_ms, row.end_ms));

    /// Returns how many elements were rejected.
    pub(crate) fn rejected(&self) -> u64 {
        self.rejects.len() as u64
    }

    /// Returns rows with memory for the kinds that come in large numbers: vectors that grow are copied and leave holes.
    pub(super) fn with_capacity() -> Self {
        Self {
            samples: Vec::with_capacity(BATCH_ROWS_MAX),
            route_points: Vec::with_capacity(BATCH_ROWS_MAX),
            ..Self::default()
        }
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a sample without HealthKit's identity. The first one reserves memory for all that a batch may get.
    pub(crate) fn push_derived_sample(&mut self, sample: DerivedSample) {
        if self.derived_samples.capacity() == 0 {
            self.derived_samples.reserve_exact(BATCH_ROWS_MAX);
        }
        self.derived_samples.push(sample);
    }
}
