//! From the body's bytes to rows.

use std::io::BufRead;

use super::lift::{Lifter, Options};
use super::walk::walk;
use crate::formats::output::Output;
use crate::model::batch::{Batch, Decoded, Sink};

/// Decodes a body. Full batches go to `sink`; the rest of the rows is in `batch` at the end, whatever the outcome.
pub fn decode(source: impl BufRead, options: Options, batch: &mut Box<Batch>, sink: &mut dyn Sink) -> Decoded {
    read(source, options, &mut Output::new(batch, sink, None))
}

/// Decodes a body into an output, which may have an account.
pub(crate) fn read(source: impl BufRead, options: Options, output: &mut Output<'_>) -> Decoded {
    let mut lifter = Lifter::new(source, options, output.receiver.overflow());
    let outcome = walk(&mut lifter, output);
    // How far the lifter has read beyond a fault depends on the pieces in which the body came.
    let fault = outcome.as_ref().err().filter(|error| error.is_input()).and_then(|error| error.position().offset);
    Decoded { outcome, body_bytes: fault.unwrap_or_else(|| lifter.body_bytes()) }
}
