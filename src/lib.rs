//! healthsink receives Apple Health data as one streamed JSON POST of any size and keeps it in SQLite, in flat memory.
//!
//! The way of a byte: [`serve`] takes frames off a socket, or [`import`] reads a file; [`encoding`] decompresses; [`ingest`]
//! runs the [`decode`]r, which fills a [`batch`] of [`record`]s; the one [`writer`] thread puts it into the [`store`], commits,
//! and hands the emptied batch back; the answer is made of its [`counts`]. [`token`] says who may send, and [`status`]
//! reads the database beside all that.
//!
//! A module uses only those above it in this list. What it may use is checked by `tests/layering.rs`.

pub mod limits;

pub mod error;

mod private;

pub mod batch;
pub mod counts;
pub mod identity;
pub mod record;

pub mod decode;

pub mod store;

pub mod writer;

pub mod ingest;

pub mod encoding;

pub mod config;

mod progress;

pub mod backup;
pub mod check;
pub mod healthcheck;
pub mod import;
pub mod serve;
pub mod status;
pub mod token;
