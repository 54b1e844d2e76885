//! The questions: what the database holds.

pub(super) mod arrival;
pub(super) mod latest;
pub(super) mod people;
pub(super) mod report;
pub(super) mod status;
