//! One ingest of a payload: decode, hand on, wait for the commit, sum up. A synchronous function; HTTP only brings a reader.

use std::io::BufRead;

use crate::formats::payload::{Options, decode};
use crate::model::error::Result;
use crate::store::writer::WriterHandle;
use crate::store::writer::ingest::{Aborted, Origin, Summary, ingest_with};

/// Reads a body to its end and stores what is in it.
///
/// # Errors
///
/// [`Aborted`] if the body is no payload, ends early, or cannot be stored. What it says to be stored is.
pub fn ingest(
    source: impl BufRead,
    origin: Origin,
    options: Options,
    writer: &WriterHandle,
) -> Result<Summary, Aborted> {
    ingest_with(origin, writer, |batch, sink| decode(source, options, batch, sink))
}
