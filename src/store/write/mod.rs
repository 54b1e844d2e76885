//! A batch's rows into their tables.

mod batch;
mod dictionary;
mod ids;
pub(super) mod ledger;
mod merge;
mod rejects;
mod rows;
mod samples;
mod table;
mod upsert;
mod workouts;

#[cfg(test)]
mod tests;

pub(super) use ids::Ids;
