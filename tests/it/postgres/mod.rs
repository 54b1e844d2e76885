//! The store in PostgreSQL: a real server, the real program.

mod cluster;
mod outages;
mod samples;
mod schema;
