//! The store in PostgreSQL: a real server, the real program.

mod cluster;
mod contract;
mod figures;
mod outages;
mod samples;
mod schema;
