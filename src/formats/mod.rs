//! Bytes to batches, for each format in a folder of its own: pure, without files, clocks or locks.

pub mod encoding;

pub(crate) mod output;
pub(crate) mod sniff;
pub(crate) mod unpacking;
pub(crate) mod zip;

pub mod payload;

pub(crate) mod apple;
pub(crate) mod auto_export;
