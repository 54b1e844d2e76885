//! What the database holds: for commands, for scrapes, and in `questions` for clients of the API.

pub(super) mod arrival;
pub(super) mod latest;
pub(super) mod people;
pub mod questions;
pub(super) mod report;
pub(super) mod scrape;
pub(super) mod silent;
pub(super) mod status;
