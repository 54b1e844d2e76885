//! Apple's own export: `export.xml` and the files of routes.
//!
//! The elements are those of the payloads of the same seed, in another form. Category values have names, times are cut to the
//! second, and numbers are rounded to six significant digits. There are no UUIDs, and one file has all routes of a workout.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

pub use self::gpx::RouteFile;
use crate::clock::START_MS_DEFAULT;
use crate::counts;
use crate::order::KeyOrder;
use crate::world::World;

pub(crate) mod document;
mod gpx;
mod origin;
mod prolog;
mod record;
mod workout;
mod xml;

/// An `export.xml` of any size, made from a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Export {
    /// The seed of the payload with the same elements.
    pub seed: u64,
    /// The XML ends with the first element past this size; files of routes come on top.
    pub target_bytes: u64,
    /// Milliseconds since 1970 at which the data begins.
    pub start_ms: i64,
    /// The phone's distance from UTC: all times of the XML are in it.
    pub offset_minutes: i64,
}

impl Default for Export {
    /// One megabyte from a phone in Chicago's summer.
    fn default() -> Self {
        Self { seed: 1, target_bytes: 1_000_000, start_ms: START_MS_DEFAULT, offset_minutes: OFFSET_MINUTES_DEFAULT }
    }
}

pub(crate) const OFFSET_MINUTES_DEFAULT: i64 = -5 * 60;

/// What an export holds, by element, exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Size of the XML.
    pub bytes: u64,
    /// `Record` at the top level.
    pub records: u64,
    /// `Record` within `Correlation`, each of them a repetition of one at the top level.
    pub correlated_records: u64,
    /// `MetadataEntry`, at any place.
    pub metadata_entries: u64,
    /// `HeartRateVariabilityMetadataList`.
    pub beat_lists: u64,
    /// `InstantaneousBeatsPerMinute`.
    pub beats: u64,
    /// `Correlation`.
    pub correlations: u64,
    /// `Workout`.
    pub workouts: u64,
    /// `WorkoutEvent`.
    pub workout_events: u64,
    /// `WorkoutActivity`.
    pub workout_activities: u64,
    /// `WorkoutStatistics`, half of them within activities.
    pub workout_statistics: u64,
    /// `WorkoutRoute`, each with one `FileReference`.
    pub workout_routes: u64,
    /// `ActivitySummary`.
    pub activity_summaries: u64,
    /// Files of routes written beside the XML.
    pub route_files: u64,
    /// Their bytes.
    pub route_bytes: u64,
    /// `trkpt` in them.
    pub route_points: u64,
}

impl Export {
    /// Writes only the XML.
    ///
    /// # Errors
    /// As `out`.
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<Exported> {
        let (limits, export_ms) = document::plan(self.world(), self.target_bytes);
        document::Writer::new(self.world(), self.offset_minutes, true).write(limits.into_iter(), export_ms, out)
    }

    /// The files that the XML of that many workouts refers to, each to be written in turn.
    pub fn route_files(&self, workouts: u64) -> impl Iterator<Item = RouteFile> {
        RouteFile::of_workouts(self.world(), workouts, self.offset_minutes)
    }

    /// Writes `export.xml` and `workout-routes/` into a folder, which is created if it is missing.
    ///
    /// # Errors
    /// As the file system.
    pub fn write_dir(&self, folder: &Path) -> io::Result<Exported> {
        let routes = folder.join("workout-routes");
        fs::create_dir_all(&routes)?;
        let mut exported = self.write_to(&mut File::create(folder.join("export.xml"))?)?;
        for route in self.route_files(exported.workouts) {
            let (bytes, points) = route.write_to(&mut File::create(routes.join(&route.name))?)?;
            exported.route_files += 1;
            exported.route_bytes += bytes;
            exported.route_points += points;
        }
        Ok(exported)
    }

    fn world(&self) -> World {
        World { seed: self.seed, start_ms: self.start_ms, keys: KeyOrder::AsDocumented, corrected: false }
    }
}

impl fmt::Display for Exported {
    /// One line of JSON.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = [
            ("bytes", self.bytes),
            ("records", self.records),
            ("correlated_records", self.correlated_records),
            ("metadata_entries", self.metadata_entries),
            ("beat_lists", self.beat_lists),
            ("beats", self.beats),
            ("correlations", self.correlations),
            ("workouts", self.workouts),
            ("workout_events", self.workout_events),
            ("workout_activities", self.workout_activities),
            ("workout_statistics", self.workout_statistics),
            ("workout_routes", self.workout_routes),
            ("activity_summaries", self.activity_summaries),
            ("route_files", self.route_files),
            ("route_bytes", self.route_bytes),
            ("route_points", self.route_points),
        ];
        counts::write_line(&line, formatter)
    }
}
