//! One ingest of a payload: a decoder and the writer together.

use std::io::BufRead;

use crate::formats::payload::{Options, decode};
use crate::model::error::Result;
use crate::store::Origin;
use crate::store::writer::WriterHandle;
use crate::store::writer::ingest::{Aborted, Summary, ingest_with};

/// Reads a body to its end and stores what is in it.
///
/// # Errors
///
/// [`Aborted`] if the body is not a payload, ends early, or cannot be stored. Its summary counts what is stored.
pub fn ingest(
    source: impl BufRead,
    origin: Origin,
    options: Options,
    writer: &WriterHandle,
) -> Result<Summary, Aborted> {
    ingest_with(origin, writer, |batch, sink| decode(source, options, batch, sink))
}
