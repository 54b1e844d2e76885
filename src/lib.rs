//! healthsink receives Apple Health data as one streamed JSON POST of any size and keeps it in SQLite, in flat memory.
//!
//! A byte's path: [`serve`] reads frames from a socket, or [`import`] reads a file; a reader of [`formats`] turns the bytes
//! into batches of [`model`]'s records; the one writer thread of [`store`] writes them, commits, and returns the emptied
//! batch; the answer is made from its counts. [`cli`] has one file for each command.
//!
//! A room uses only those above it in this list, and no files form a circle: `tests/it/layering.rs` checks both.

#[cfg(not(unix))]
compile_error!("healthsink needs Unix: file permissions, links and signals are part of what it guarantees");

pub mod model;

pub mod formats;

pub mod store;

pub mod ingest;

pub mod import;
pub mod serve;

pub mod cli;
