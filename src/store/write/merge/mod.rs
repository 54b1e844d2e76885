//! Merging: a record that two exporters bring becomes one row. The app's record has HealthKit's identity, an export's record a
//! derived one.
//!
//! The app's row stays or replaces the other, and keeps the details that only the export has. Two samples match if they have
//! the same person, type, source and value, and start and end in the same seconds. A sample of an export also matches one of
//! an earlier export in another unit.

mod details;
mod json_names;
mod kinds;
mod labels;
mod samples;
mod workouts;

use rusqlite::Connection;

pub(in crate::store) use details::Details;
pub(in crate::store) use samples::{SampleKey, Samples};
pub(in crate::store) use workouts::{WorkoutKey, Workouts};

/// What is remembered between rows.
#[derive(Debug, Default)]
pub(in crate::store) struct Merge {
    data_version: i64,
    pub(in crate::store) samples: Samples,
    pub(in crate::store) workouts: Workouts,
}

impl Merge {
    /// Begins a transaction: forgets what another process may have changed since the last one.
    pub(in crate::store) fn begin(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let version = connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        if version != self.data_version {
            self.data_version = version;
            self.samples.forget();
            self.workouts = Workouts::default();
        }
        Ok(())
    }
}
