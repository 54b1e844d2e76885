//! healthsink receives Apple Health data as one streamed JSON POST of any size and keeps it in SQLite, in flat memory.
//!
//! Where each byte goes:
//!
//! 1. [`serve`] reads frames from a socket, or [`import`] reads a file.
//! 2. A reader of [`formats`] turns the bytes into batches of [`model`]'s records.
//! 3. The one writer thread of [`store`] writes each batch, returns it emptied, and commits.
//! 4. After the commit, its counts become the answer of [`serve`], or the report of [`import`].
//!
//! [`statistics`] makes figures of days and nights of the stored samples; the store keeps them beside the rows.
//!
//! [`demo`] makes up a household, to look at the program without a phone.
//!
//! [`chart`] draws figures as SVG.
//!
//! [`follow`] sends what has changed to other places, such as InfluxDB.
//!
//! [`ingest`] joins steps 2 to 4 for a payload. [`cli`] has one file for each command.
//!
//! A room uses only those above it in this list, and no files form a circle: `tests/it/layering.rs` checks both.

#[cfg(not(unix))]
compile_error!("healthsink needs Unix: file permissions, links and signals are part of what it guarantees");

pub mod model;

pub mod statistics;

pub mod demo;

pub mod chart;

pub mod formats;

pub mod store;

pub mod ingest;

pub mod follow;
pub mod import;
pub mod serve;

pub mod cli;
