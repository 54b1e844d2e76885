//! The generator's output, read by independent readers.

mod auto_export;
mod command;
mod export;
mod json;
mod payload;
mod twin;
mod xml;
