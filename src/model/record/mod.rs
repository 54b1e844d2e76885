//! What is stored: one plain struct for each kind of row, its texts as numbers into the batch that holds it.
//!
//! Times are milliseconds since 1970-01-01 UTC; values and units are as the phone sent them. `other` is canonical JSON of
//! the fields that this version has no column for, or whose type is not the expected one: nothing is dropped.

mod imported;

use crate::model::batch::TextId;

pub use imported::{ActivitySummary, Aggregate, BeatList, Correlation, DerivedSample, Electrocardiogram, Imported};

/// The person whose records they are if nobody is named.
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
#[derive(Clone, Copy, Debug)]
pub struct Workout {
    /// HealthKit's identity.
    pub uuid: Uuid,
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
}

/// A location of a workout's route.
#[derive(Clone, Copy, Debug)]
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
#[derive(Clone, Copy, Debug)]
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
    /// Name and strength; half of the identity.
    pub display_text: TextId,
    /// Form such as `tablet`; the other half, empty if not sent.
    pub general_form: TextId,
    /// The owner's name for it.
    pub nickname: Option<TextId>,
    /// Whether its owner put it aside.
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
    /// Canonical JSON; its digest is the identity.
    pub json: TextId,
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
    /// What is wrong with it.
    pub reason: TextId,
    /// Its text, at most [`crate::model::limits::REJECT_RAW_BYTES_MAX`] of it.
    pub raw: TextId,
    /// Its whole length.
    pub raw_bytes: u64,
}

/// The payload's own description of itself.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Envelope {
    /// `exportDate`.
    pub export_ms: Option<i64>,
    /// `startDate` of the exported range.
    pub start_ms: Option<i64>,
    /// `endDate` of the exported range.
    pub end_ms: Option<i64>,
    /// `syncSource`, such as `manual-upload`.
    pub sync_source: Option<String>,
}
