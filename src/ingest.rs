//! One ingest of a body: a decoder and the writer together.

use std::io::{self, BufRead, Read};

use crate::formats::auto_export;
use crate::formats::charset::to_utf8;
use crate::formats::output::Output;
use crate::formats::payload::{Options, decode};
use crate::formats::shape::Shape;
use crate::formats::sniff::{recognize, refuse_foreign};
use crate::model::batch::{Batch, Decoded, Overflow, Sink};
use crate::model::error::{Result, from_io, into_io};
use crate::model::interval::Interval;
use crate::model::quota::Meter;
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
    ingest_with(origin, writer, |batch, sink| read(source, options, writer, batch, sink))
}

/// The same, within what is left of a token's quota. What was read before the quota was used up is stored.
///
/// # Errors
///
/// Also of kind [`Quota`](crate::model::error::ErrorKind::Quota).
pub fn ingest_metered(
    source: impl BufRead,
    origin: Origin,
    options: Options,
    writer: &WriterHandle,
    meter: &Meter,
) -> Result<Summary, Aborted> {
    ingest_with(origin, writer, |batch, sink| {
        let mut metered = MeteredSink { sink, meter };
        let Decoded { outcome, body_bytes } =
            read(MeteredSource { source, meter }, options, writer, batch, &mut metered);
        // The last batch leaves by another way. Its rejects count if the body is whole.
        let outcome = outcome.and_then(|envelope| take_rejects(meter, batch).map(|()| envelope));
        Decoded { outcome, body_bytes }
    })
}

fn read(
    source: impl BufRead,
    options: Options,
    writer: &WriterHandle,
    batch: &mut Box<Batch>,
    sink: &mut dyn Sink,
) -> Decoded {
    let source = match refuse_foreign(Box::new(source)).and_then(in_utf8) {
        Ok(source) => source,
        Err(error) => return Decoded { outcome: Err(error), body_bytes: 0 },
    };
    let mut overflow = sink.overflow();
    let (shape, source) = recognize(source, &mut *overflow);
    match shape {
        Some(Shape::AutoExport) => read_auto_export(source, options.interval, writer, batch, sink),
        _ => decode(source, options, batch, sink),
    }
}

/// A body whose bytes count.
struct MeteredSource<'m, R> {
    source: R,
    meter: &'m Meter,
}

impl<R: BufRead> Read for MeteredSource<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?.read(out)?;
        self.consume(bytes);
        Ok(bytes)
    }
}

impl<R: BufRead> BufRead for MeteredSource<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.meter.check().map_err(into_io)?;
        self.source.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.meter.take_bytes(bytes as u64);
        self.source.consume(bytes);
    }
}

/// Counts the rejects of a batch. Fails if they are too many.
fn take_rejects(meter: &Meter, batch: &Batch) -> Result<()> {
    meter.take_rejects(batch.rows.rejected());
    meter.check()
}

/// A sink of batches whose rejects count.
struct MeteredSink<'s, 'm> {
    sink: &'s mut dyn Sink,
    meter: &'m Meter,
}

impl Sink for MeteredSink<'_, '_> {
    fn submit(&mut self, batch: &mut Box<Batch>) -> Result<()> {
        take_rejects(self.meter, batch)?;
        self.sink.submit(batch)
    }

    fn begin_large(&mut self) {
        self.sink.begin_large();
    }

    fn end_large(&mut self) {
        self.sink.end_large();
    }

    fn overflow(&mut self) -> Box<dyn Overflow> {
        self.sink.overflow()
    }
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
