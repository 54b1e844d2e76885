//! The names of measurements that a follower has written: what it removes when it doubts what a target has. What others have written into
//! the same database of the target stays.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::plan::{Job, What};
use crate::model::limits::FOLLOW_NAMES_BYTES_MAX;

/// Names of measurements, up to a bound.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// Adds those that ranges are written to. Returns whether all had room.
    pub(super) fn add_all(&mut self, jobs: &[Job]) -> bool {
        jobs.iter().filter_map(|job| job.what.measurement()).all(|name| self.add(name))
    }

    /// Adds those that a person with these types may have, by HealthKit's identifiers.
    pub(super) fn add_possible(&mut self, identifiers: &[String]) -> bool {
        let of_types = identifiers.iter().flat_map(|name| [What::Samples(name.clone()), What::Days(name.clone())]);
        let others =
            [What::Workouts, What::Doses, What::Rings, What::Nights, What::WorkoutDays, What::DoseDays].into_iter();
        of_types.chain(others).filter_map(|what| what.measurement()).all(|name| self.add(name))
    }

    fn add(&mut self, name: String) -> bool {
        if self.0.contains(&name) {
            return true;
        }
        let bytes: usize = self.0.iter().map(String::len).sum();
        let has_room = bytes + name.len() <= FOLLOW_NAMES_BYTES_MAX;
        if has_room {
            self.0.insert(name);
        }
        has_room
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::Ranges;
    use super::*;

    #[test]
    fn names_are_those_of_ranges_up_to_a_bound() {
        let mut names = Names::default();
        let mut ranges = Ranges::default();
        ranges.add_all_figures("anna", &["HKQuantityTypeIdentifierStepCount".to_owned()], true);
        ranges.add_nobody("ben");
        assert!(names.is_empty() && names.add_all(&ranges.into_jobs()));
        assert_eq!(names.iter().collect::<Vec<_>>(), ["doses_daily", "steps_daily", "workouts_daily"]);
        assert!(names.add_possible(&["HKQuantityTypeIdentifierStepCount".to_owned()]));
        assert_eq!(names.iter().count(), 8);
        assert!(!names.add("a".repeat(FOLLOW_NAMES_BYTES_MAX)));
        assert_eq!(names.iter().count(), 8);
    }
}
