//! A small buffer of text that is written in chunks: it keeps memory flat.

use std::io::{self, Write};

/// The buffer is written at this length: many elements per system call, and small enough for the cache.
const CHUNK_BYTES: usize = 64 * 1024;

#[derive(Debug, Default)]
pub(crate) struct Text {
    pub(crate) bytes: Vec<u8>,
    handed_on: u64,
}

impl Text {
    pub(crate) fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
    }

    /// Bytes so far, with those in the buffer.
    pub(crate) fn total_bytes(&self) -> u64 {
        self.handed_on + self.bytes.len() as u64
    }

    /// Writes the text once it fills a chunk.
    pub(crate) fn spill(&mut self, out: &mut impl Write) -> io::Result<()> {
        if self.bytes.len() >= CHUNK_BYTES {
            self.flush(out)?;
        }
        Ok(())
    }

    pub(crate) fn flush(&mut self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(&self.bytes)?;
        self.handed_on += self.bytes.len() as u64;
        self.bytes.clear();
        Ok(())
    }
}
