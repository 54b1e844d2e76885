//! Merging: a record that two exporters bring becomes one row. The app's record has HealthKit's identity, an export's record a
//! derived one.
//!
//! The app's row stays or replaces the other, and keeps the details that only the export has. A record of an import is matched
//! by content, since the next export may print its texts differently: see `samples`.

mod candidates;
mod claims;
mod crowd;
mod details;
mod earlier;
mod facts;
mod json_names;
mod kinds;
mod labels;
mod locations;
mod other_id;
mod pairs;
mod route_files;
mod route_under_way;
mod samples;
mod search;
mod second;
mod uploads;
mod values;
mod words;
mod workouts;

use rusqlite::Connection;

use super::marks::has_marks;

pub(in crate::store) use candidates::{Arrival, WorkoutKey};
pub(in crate::store) use claims::Import;
pub(in crate::store) use crowd::{Check, Crowd, Traits, Turn, Window};
pub(in crate::store) use details::Details;
pub(in crate::store) use earlier::note_earlier;
pub(in crate::store) use facts::WORKOUT_COLUMNS;
pub(in crate::store) use route_under_way::Location;
pub(in crate::store) use samples::{Crowded, Derived, Found, Samples};
pub(in crate::store) use search::SampleKey;
pub(in crate::store) use second::Candidate;
pub(in crate::store) use uploads::WorkoutUpload;
pub(in crate::store) use workouts::{Met, Pass, WorkoutFound, Workouts};

/// What is remembered between rows.
#[derive(Debug, Default)]
pub(in crate::store) struct Merge {
    data_version: i64,
    /// Whether a sample is marked as missing from an export.
    pub(in crate::store) has_marks: bool,
    pub(in crate::store) import: Import,
    pub(in crate::store) samples: Samples,
    pub(in crate::store) workouts: Workouts,
    pub(in crate::store) crowd: Crowd,
}

impl Merge {
    /// Begins a transaction: forgets what another process may have changed since the last one. Returns whether one has.
    pub(in crate::store) fn begin(&mut self, connection: &Connection) -> rusqlite::Result<bool> {
        let version = connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        let is_other = version != self.data_version;
        if is_other {
            self.data_version = version;
            self.samples.forget();
            self.workouts.forget();
            self.crowd.forget();
            self.has_marks = has_marks(connection)?;
        }
        Ok(is_other)
    }

    /// Begins a transaction in which everything may be another than in the one before.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn begin_elsewhere(&mut self) {
        self.samples.forget();
        self.workouts.forget();
        self.crowd.forget();
        self.has_marks = false;
    }

    /// Forgets the rows of the last second.
    pub(in crate::store) fn forget_second(&mut self) {
        self.samples.forget_second();
        self.crowd.forget();
    }

    /// Forgets what the documents of an upload have claimed: the next one may have the same records.
    pub(in crate::store) fn begin_document(&mut self, upload: i64) {
        self.import.end(upload);
        self.workouts.imports.begin_document(upload);
    }

    /// Begins a batch of an import's records.
    pub(in crate::store) fn begin_import(&mut self, connection: &Connection, upload: i64) -> rusqlite::Result<()> {
        if self.import.begin(connection, upload)? {
            self.samples.begin_import();
        }
        Ok(())
    }
}
