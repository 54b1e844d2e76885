//! The counts of a payload.

use healthsink_testdata::Written;

/// Records and locations that a payload counts as.
pub(crate) fn records_of(written: &Written) -> u64 {
    written.samples + written.workouts + written.route_points + written.medication_doses + written.medications
}
