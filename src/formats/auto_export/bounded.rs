//! A bound on the length of each element: JSON that is read by serde cannot be measured before it is in memory.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use crate::model::error::{Error, ErrorKind, into_io};
use crate::model::limits::{AUTO_EXPORT_ELEMENT_BYTES_MAX, GROUP_BYTES_MAX};

/// How far a document was read. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Passed {
    bytes: Rc<Cell<u64>>,
    /// Where the element under way begins.
    element: Rc<Cell<u64>>,
    /// Whether an element was large.
    is_large: Rc<Cell<bool>>,
}

impl Passed {
    /// Bytes that were read.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.get()
    }

    /// Whether an element was so large that not all ingests may have one at once.
    pub(super) fn is_large(&self) -> bool {
        self.is_large.get()
    }

    /// Forgets that one was.
    pub(super) fn forget_large(&self) {
        self.is_large.set(false);
    }

    /// Begins the next element.
    pub(super) fn begin_element(&self) {
        self.element.set(self.bytes.get());
    }

    /// A reader that fails when an element is too long.
    pub(super) fn watch<R>(&self, source: R) -> Bounded<R> {
        Bounded { source, passed: self.clone() }
    }
}

/// Reads on while the element under way is not too long.
pub(super) struct Bounded<R> {
    source: R,
    passed: Passed,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(out)?;
        let Passed { bytes, element, is_large } = &self.passed;
        bytes.set(bytes.get() + read as u64);
        if bytes.get() - element.get() > GROUP_BYTES_MAX as u64 {
            is_large.set(true);
        }
        if bytes.get() - element.get() > AUTO_EXPORT_ELEMENT_BYTES_MAX as u64 {
            let message = format!("an element is longer than {AUTO_EXPORT_ELEMENT_BYTES_MAX} bytes");
            return Err(into_io(Error::new(ErrorKind::TooLarge, message)));
        }
        Ok(read)
    }
}
