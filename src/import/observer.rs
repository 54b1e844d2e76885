//! Events of an import, for its caller.

use std::io::{self, Read};

use super::report::FileReport;
use crate::model::error::{Error, ErrorKind, into_io};

/// Learns how far an import is. By default each step passes unseen.
pub trait Observer {
    /// An input begins; a stream's length is unknown.
    fn begin(&self, _input: &str, _bytes: Option<u64>) {}

    /// So many more bytes of the input were read, still compressed.
    fn bytes_read(&self, _bytes: u64) {}

    /// So many records of the present upload were read.
    fn records_read(&self, _records: u64) {}

    /// Whether the user wants the import to stop: what was read by then is stored.
    fn is_cancelled(&self) -> bool {
        false
    }

    /// An upload has failed, and the import goes on with the next.
    fn failed(&self, _file: &FileReport) {}

    /// All is stored, but the end was not as usual.
    fn warn(&self, _message: &str) {}

    /// The input has ended.
    fn end(&self) {}
}

/// Sees nothing.
#[derive(Clone, Copy, Debug)]
pub struct Unobserved;

impl Observer for Unobserved {}

/// A source whose bytes an observer sees.
pub(super) struct Observed<'a, R> {
    pub(super) source: R,
    pub(super) observer: &'a dyn Observer,
}

/// Shows an observer nothing, but stops when it does: for a file that is read a second time.
pub(super) struct Again<'a>(pub(super) &'a dyn Observer);

impl Observer for Again<'_> {
    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// The error of an import that its user has stopped.
pub(super) fn cancelled() -> Error {
    Error::new(ErrorKind::Cancelled, "interrupted")
}

impl<R: Read> Read for Observed<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.observer.is_cancelled() {
            return Err(into_io(cancelled()));
        }
        let bytes = self.source.read(buf)?;
        self.observer.bytes_read(bytes as u64);
        Ok(bytes)
    }
}
