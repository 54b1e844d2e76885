//! What makes bytes of an answer, whatever their form.

use crate::store::questions::Sink;

/// Takes an answer, and hands out what is written of it, a page at a time.
pub(super) trait Writer: Sink + Send {
    /// Rows so far.
    fn rows(&self) -> u64;

    /// Ends the answer.
    fn finish(&mut self);

    /// Returns what is written since the last call.
    fn take_page(&mut self) -> Vec<u8>;
}
