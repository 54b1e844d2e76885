//! The store in PostgreSQL: a real server, the real program.

pub(crate) mod cluster;
mod commands;
mod contract;
mod figures;
mod following;
mod outages;
mod questions;
mod rounds;
pub(crate) mod same;
mod samples;
mod schema;
