//! The store in PostgreSQL: a real server, the real program.

pub(crate) mod cluster;
mod contract;
mod figures;
mod outages;
mod questions;
pub(crate) mod same;
mod samples;
mod schema;
