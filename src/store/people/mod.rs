//! Whose the rows are, and rows that people take away: other names, one person's data given to another, data forgotten.
//!
//! Each change is one transaction, which begins while no upload is under way: either all of it is done, or nothing. SQLite writes
//! its pages to the WAL as they leave the cache, so memory does not depend on the number of rows. Other programs wait meanwhile.
//! The ledger gets a row for each change, so that `check` knows which rows are gone.
//!
//! `renew` notes the change for all that follows the rows, and has the figures of days and nights made again.

pub(super) mod alone;
pub(super) mod copies;
pub(super) mod erase;
mod figures;
pub(super) mod forget;
mod gaps;
pub(super) mod list;
mod marks;
pub(super) mod merge;
mod named;
mod rename;
mod renew;
mod samples;
pub(super) mod selection;
mod tables;
pub(super) mod traces;
mod transfer;
mod vacuum;
mod workouts;
