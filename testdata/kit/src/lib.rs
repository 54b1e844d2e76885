//! What tests, benches and fuzz targets share.
//!
//! - Input: [`compression`], [`zip`], [`pieces`]. Payloads and exports of any size come from `healthsink-testdata`.
//! - Output: [`transcript`] has the rows of a decoder as text, [`database`] those of a file.
//! - The server in this process: [`server`]. Clients that control every byte: [`http`], [`http2`], [`tls`].
//! - Targets of followers: [`influx`].
//! - [`properties`]: what must hold for any bytes. The fuzz targets run them on invented bytes, `tests/it/replay.rs` on known
//!   ones.
//! - [`memory`] counts what a thread holds, [`wait`] waits for other threads, [`missing`] reports tests that could not run.

pub mod compression;
pub mod database;
pub mod http;
pub mod http2;
pub mod influx;
pub mod memory;
pub mod missing;
pub mod pieces;
pub mod properties;
pub mod server;
pub mod tls;
pub mod transcript;
pub mod wait;
pub mod zip;
