//! One ingest of a body: a decoder and the writer together.

use std::io::{self, BufRead};

use crate::formats::auto_export;
use crate::formats::charset::to_utf8;
use crate::formats::output::Output;
use crate::formats::payload::{Options, decode};
use crate::formats::shape::Shape;
use crate::formats::sniff::{recognize, refuse_foreign};
use crate::model::batch::{Batch, Decoded, Sink};
use crate::model::error::{Result, from_io};
use crate::model::interval::Interval;
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
        let source = match refuse_foreign(Box::new(source)).and_then(in_utf8) {
            Ok(source) => source,
            Err(error) => return Decoded { outcome: Err(error), body_bytes: 0 },
        };
        let (shape, source) = recognize(source);
        match shape {
            Some(Shape::AutoExport) => read_auto_export(source, options.interval, writer, batch, sink),
            _ => decode(source, options, batch, sink),
        }
    })
}

/// Returns a body in UTF-8, without its byte-order mark. It looks at the first bytes only: a body of the app must not wait.
fn in_utf8<'a>(mut source: Box<dyn BufRead + 'a>) -> Result<Box<dyn BufRead + 'a>> {
    let is_other = loop {
        match source.fill_buf() {
            Ok(first) => break matches!(first, [0xef | 0xfe | 0xff, ..] | [0, _, ..] | [_, 0, ..]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(from_io(error).at(Some(0), None, None)),
        }
    };
    if is_other { to_utf8(source) } else { Ok(source) }
}

/// Reads JSON of Health Auto Export, which must be read twice. What came before a failure is stored.
fn read_auto_export(
    source: impl BufRead,
    said: Interval,
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
    let mut decoded = auto_export::read(spool.reader(), spool.reader(), BODY, said, &mut output);
    if let Err(error) = filled {
        decoded.outcome = Err(error);
    }
    decoded
}
