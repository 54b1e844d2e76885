//! From the body's bytes to rows: pure, without input or output of its own, without a clock.
//!
//! `lift` takes the elements out of the stream (`scan` finds their ends, `skeleton` their beginnings), `walk` reads what is
//! left with struson, `element` decodes the elements with simd-json, `shape` alone knows the app's key names, and `rows`
//! fills the batch. The lifter is an accelerator: without it, each element takes the slow way through `transfer`.

pub(crate) mod canonical;
pub(crate) mod date;
mod element;
mod lift;
mod mend;
mod rows;
pub(crate) mod scan;
mod shape;
mod skeleton;
mod transfer;
mod value;
mod walk;

use std::io::BufRead;

use crate::batch::Batch;
use crate::error::Result;
use crate::record::Envelope;

/// Takes full batches.
pub trait Sink {
    /// Takes the rows of `batch` and leaves an empty batch in its place.
    ///
    /// # Errors
    ///
    /// Whatever keeps the rows from being stored; the decoder stops and returns it.
    fn submit(&mut self, batch: &mut Box<Batch>) -> Result<()>;
}

/// How to decode.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether elements are lifted out of the stream. Off, the result is the same and takes longer.
    pub lift: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { lift: true }
    }
}

/// What is known of a body once it has been read, or as far as it was.
#[derive(Debug)]
pub struct Decoded {
    /// The payload's envelope, or why the body could not be read to its end.
    pub outcome: Result<Envelope>,
    /// Bytes of the body that were read.
    pub body_bytes: u64,
}

/// Decodes a body. Full batches go to `sink`; the rest of the rows is in `batch` in the end, whatever the outcome.
pub fn decode(source: impl BufRead, options: Options, batch: &mut Box<Batch>, sink: &mut dyn Sink) -> Decoded {
    let mut lifter = lift::Lifter::new(source, options.lift);
    let outcome = walk::walk(&mut lifter, batch, sink);
    Decoded { outcome, body_bytes: lifter.body_bytes() }
}
