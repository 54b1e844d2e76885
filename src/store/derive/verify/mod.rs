//! What exporters say of days and workouts beside what the stored samples make, with the reason where they differ.

mod long;
mod rings;
mod workout_samples;
mod workouts;

use rusqlite::Connection;
use serde::Serialize;

use super::halt::Step;
pub use long::{LongSample, LongSamples};
pub use rings::{RingDifference, RingReport};
pub use workouts::{WorkoutDifference, WorkoutReport};

/// What `healthsink verify` prints.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// The rings of Apple's export beside the days.
    pub rings: Vec<RingReport>,
    /// The statistics of workouts beside their samples, by type and figure.
    pub workouts: Vec<WorkoutReport>,
    /// Samples that make no figures since they are too long.
    pub long_samples: LongSamples,
}

/// Compares everything of a person with the figures of time that is over.
pub(super) fn verify(connection: &Connection, person: i64, now_ms: i64) -> Step<Verification> {
    Ok(Verification {
        rings: rings::verify(connection, person, now_ms)?,
        workouts: workouts::verify(connection, person)?,
        long_samples: long::list(connection, person)?,
    })
}
