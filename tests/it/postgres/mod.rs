//! The store in PostgreSQL: a real server, the real program.

mod cluster;
mod contract;
mod outages;
mod samples;
mod schema;
