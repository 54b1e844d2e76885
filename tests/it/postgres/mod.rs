//! The store in PostgreSQL: a real server, the real program.

mod bad_input;
pub(crate) mod beside;
pub(crate) mod cluster;
mod commands;
mod contract;
mod encryption;
mod figures;
mod following;
mod memory;
mod metrics;
mod outages;
mod questions;
mod rights;
mod rounds;
pub(crate) mod same;
mod samples;
mod schema;
