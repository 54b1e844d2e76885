//! One ingest of a body: a decoder and the writer together.

use std::io::BufRead;

use crate::formats::auto_export;
use crate::formats::output::Output;
use crate::formats::payload::{Options, decode};
use crate::formats::shape::Shape;
use crate::formats::sniff::recognize;
use crate::model::batch::{Batch, Decoded, Sink};
use crate::model::error::Result;
use crate::store::Origin;
use crate::store::spool::Spool;
use crate::store::writer::WriterHandle;
use crate::store::writer::ingest::{Aborted, Summary, ingest_with};

/// What rejects name as the file of a body.
const BODY: &str = "Health Auto Export";

/// Reads a body to its end and stores what is in it: a payload, or JSON of Health Auto Export.
///
/// # Errors
///
/// [`Aborted`] if the body is neither, ends early, or cannot be stored. Its summary counts what is stored.
pub fn ingest(
    source: impl BufRead,
    origin: Origin,
    options: Options,
    writer: &WriterHandle,
) -> Result<Summary, Aborted> {
    ingest_with(origin, writer, |batch, sink| {
        let (shape, source) = recognize(Box::new(source));
        match shape {
            Some(Shape::AutoExport) => read_auto_export(source, writer, batch, sink),
            _ => decode(source, options, batch, sink),
        }
    })
}

/// Reads JSON of Health Auto Export, which must be read twice. What came before a failure is stored.
fn read_auto_export(
    source: impl BufRead,
    writer: &WriterHandle,
    batch: &mut Box<Batch>,
    sink: &mut dyn Sink,
) -> Decoded {
    let spool = match Spool::beside(writer.database()) {
        Ok(spool) => spool,
        Err(error) => return Decoded { outcome: Err(error), body_bytes: 0 },
    };
    let filled = spool.fill(source);
    let mut output = Output::new(batch, sink, None);
    let mut decoded = auto_export::read(spool.reader(), spool.reader(), BODY, &mut output);
    if let Err(error) = filled {
        decoded.outcome = Err(error);
    }
    decoded
}
