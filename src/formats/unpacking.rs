//! Refuses compressed input that unpacks to far more than health data does: a bomb costs a bounded time.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use crate::model::error::{Error, ErrorKind, into_io};
use crate::model::limits::{UNPACKED_BYTES_FREE, UNPACKED_RATIO_MAX};

/// Packed bytes, counted as they are read.
pub(crate) struct Packed<R> {
    source: R,
    taken: Rc<Cell<u64>>,
}

/// Unpacked bytes, compared with the packed ones.
pub(crate) struct Unpacked<R> {
    source: R,
    taken: Rc<Cell<u64>>,
    passed: u64,
}

/// Counts the packed bytes of a source. [`Unpacked`] shares the count.
pub(crate) fn count_packed<R>(packed: R) -> (Packed<R>, Rc<Cell<u64>>) {
    let taken = Rc::new(Cell::new(0));
    (Packed { source: packed, taken: Rc::clone(&taken) }, taken)
}

/// Unpacked bytes of all members of an archive, compared with the archive's length.
#[derive(Debug)]
pub(crate) struct Total {
    passed: Cell<u64>,
    allowed: u64,
}

/// A part of the total.
pub(crate) struct Counted<'a, R> {
    source: R,
    total: &'a Total,
}

impl Total {
    pub(crate) fn new(packed: u64) -> Self {
        Self { passed: Cell::new(0), allowed: allowed(packed) }
    }

    pub(crate) fn watch<R>(&self, source: R) -> Counted<'_, R> {
        Counted { source, total: self }
    }
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let bytes = self.source.read(out)?;
        let Total { passed, allowed } = self.total;
        passed.set(passed.get() + bytes as u64);
        if passed.get() > *allowed { Err(refused()) } else { Ok(bytes) }
    }
}

/// How many bytes packed bytes may unpack to.
fn allowed(packed: u64) -> u64 {
    packed.saturating_mul(UNPACKED_RATIO_MAX).max(UNPACKED_BYTES_FREE)
}

fn refused() -> io::Error {
    let message = format!(
        "it unpacks to more than {UNPACKED_RATIO_MAX} times its size, as no health data does: refused as a bomb"
    );
    into_io(Error::new(ErrorKind::TooLarge, message))
}

impl<R> Unpacked<R> {
    pub(crate) fn new(source: R, taken: Rc<Cell<u64>>) -> Self {
        Self { source, taken, passed: 0 }
    }
}

impl<R: Read> Read for Packed<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let bytes = self.source.read(out)?;
        self.taken.set(self.taken.get() + bytes as u64);
        Ok(bytes)
    }
}

impl<R: BufRead> BufRead for Packed<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.source.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.taken.set(self.taken.get() + bytes as u64);
        self.source.consume(bytes);
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let bytes = self.source.read(out)?;
        self.passed += bytes as u64;
        if self.passed > allowed(self.taken.get()) { Err(refused()) } else { Ok(bytes) }
    }
}
