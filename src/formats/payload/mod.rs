//! From the body's bytes to rows: pure, without input or output of its own, without a clock.
//!
//! `lift` takes the elements out of the stream (`scan` finds their ends, `skeleton` their beginnings), `walk` reads what is
//! left with struson, `element` decodes the elements with simd-json, `shape` alone knows the app's key names, and `rows`
//! fills the batch. The lifter is an accelerator: without it, each element takes the slow way through `transfer`.

mod element;
mod lift;
mod mend;
mod rows;
mod shape;
mod skeleton;
mod transfer;
mod walk;

use std::io::BufRead;

use crate::model::batch::{Batch, Decoded, Sink};

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

/// Decodes a body. Full batches go to `sink`; the rest of the rows is in `batch` in the end, whatever the outcome.
pub fn decode(source: impl BufRead, options: Options, batch: &mut Box<Batch>, sink: &mut dyn Sink) -> Decoded {
    let mut lifter = lift::Lifter::new(source, options.lift);
    let outcome = walk::walk(&mut lifter, batch, sink);
    Decoded { outcome, body_bytes: lifter.body_bytes() }
}
