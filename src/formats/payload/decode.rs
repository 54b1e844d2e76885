//! From the body's bytes to rows.

use std::io::BufRead;

use super::lift::{Lifter, Options};
use super::walk::walk;
use crate::model::batch::{Batch, Decoded, Sink};

/// Decodes a body. Full batches go to `sink`; the rest of the rows is in `batch` at the end, whatever the outcome.
pub fn decode(source: impl BufRead, options: Options, batch: &mut Box<Batch>, sink: &mut dyn Sink) -> Decoded {
    let mut lifter = Lifter::new(source, options);
    let outcome = walk(&mut lifter, batch, sink);
    Decoded { outcome, body_bytes: lifter.body_bytes() }
}
