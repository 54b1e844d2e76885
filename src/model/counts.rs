//! The counts of an ingest: what was read, and what became of it. The writer counts what it stored.

use std::ops::AddAssign;

use serde::Serialize;

/// Counts of records. Every record is in exactly one of `new`, `updated`, `unchanged` and `merged`, or it was rejected.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Quantity and category samples.
    pub measurements: u64,
    /// Medication dose events and medication definitions.
    pub medications: u64,
    /// Workouts.
    pub workouts: u64,
    /// Records of sections of `data` that this version does not know.
    pub other: u64,
    /// Locations of routes.
    pub route_points: u64,
    /// Records and locations that were not there before.
    pub new: u64,
    /// Records and locations that were there with different content.
    pub updated: u64,
    /// Records and locations that were there as they are.
    pub unchanged: u64,
    /// Records and locations that are also from another exporter: one of the two is kept.
    #[serde(skip_serializing_if = "is_zero")]
    pub merged: u64,
    /// Elements that could not be stored.
    pub rejected: u64,
    /// Stored samples that were marked, since a complete export no longer has them. They are none of its elements.
    #[serde(skip_serializing_if = "is_zero")]
    pub missing: u64,
}

impl Counts {
    /// Returns the records of `data` that are stored: those that the phone sent there without those that were rejected.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.measurements + self.medications + self.workouts + self.other
    }

    /// Counts one record.
    pub fn note(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::New => self.new += 1,
            Outcome::Updated => self.updated += 1,
            Outcome::Unchanged => self.unchanged += 1,
            Outcome::Merged => self.merged += 1,
        }
    }
}

/// For serde: most answers leave out a count of zero.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this signature")]
pub(crate) fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.measurements += more.measurements;
        self.medications += more.medications;
        self.workouts += more.workouts;
        self.other += more.other;
        self.route_points += more.route_points;
        self.new += more.new;
        self.updated += more.updated;
        self.unchanged += more.unchanged;
        self.merged += more.merged;
        self.rejected += more.rejected;
        self.missing += more.missing;
    }
}

/// The outcome of a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It was not there.
    New,
    /// It was there with different content, which it replaced.
    Updated,
    /// It was there as it is.
    Unchanged,
    /// The same record was there from another exporter: the app's is kept.
    Merged,
}
