//! A part of the input in a bounded buffer that slides over it, with line numbers and offsets.

use std::io::{self, Read};

use memchr::memchr_iter;

use crate::model::error::{Error, ErrorKind, Result, from_io};
use crate::model::limits::{IMPORT_ELEMENT_BYTES_MAX, READ_BUFFER_BYTES};

/// The buffer. Positions in it are valid until [`Window::read_more`] slides it.
#[derive(Debug)]
pub(super) struct Window<R> {
    source: R,
    /// What was read, and room for the next read: a buffer that is cut and grown again would be filled with zeros each time.
    buffer: Vec<u8>,
    filled: usize,
    /// Offset of the first byte in the input.
    base: u64,
    /// Start of the element under way: nothing before it is needed any more.
    pub(super) start: usize,
    /// The position of the scan.
    pub(super) at: usize,
    /// Lines up to `counted`.
    line: u64,
    counted: usize,
    is_at_end: bool,
}

impl<R: Read> Window<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            buffer: vec![0; 2 * READ_BUFFER_BYTES],
            filled: 0,
            base: 0,
            start: 0,
            at: 0,
            line: 1,
            counted: 0,
            is_at_end: false,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    /// The bytes that are not scanned yet.
    pub(super) fn rest(&self) -> &[u8] {
        &self.buffer[self.at..self.filled]
    }

    /// The end of what was read.
    pub(super) fn end(&self) -> usize {
        self.filled
    }

    /// Whether the input has no more bytes than the window.
    pub(super) fn is_at_end(&self) -> bool {
        self.is_at_end
    }

    /// Bytes of the input that were scanned.
    pub(super) fn passed(&self) -> u64 {
        self.offset(self.at)
    }

    /// The offset of a position in the input.
    pub(super) fn offset(&self, place: usize) -> u64 {
        self.base + place as u64
    }

    /// The line of a position, from 1. Positions must not fall.
    pub(super) fn line(&mut self, place: usize) -> u64 {
        if place > self.counted {
            self.line += memchr_iter(b'\n', &self.buffer[self.counted..place]).count() as u64;
            self.counted = place;
        }
        self.line
    }

    /// Reads on, after it has dropped everything before `start`. Returns false at the end of the input.
    pub(super) fn read_more(&mut self) -> Result<bool> {
        if self.is_at_end {
            return Ok(false);
        }
        self.slide();
        self.reserve()?;
        let filled = self.filled;
        let read = loop {
            match self.source.read(&mut self.buffer[filled..filled + READ_BUFFER_BYTES]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.filled += *read.as_ref().unwrap_or(&0);
        match read {
            Ok(bytes) => {
                self.is_at_end = bytes == 0;
                Ok(bytes > 0)
            }
            Err(error) => {
                let line = self.line(filled);
                self.at = filled;
                let error = from_io(error);
                let message = format!("{} (after line {line})", error.message());
                Err(Error::new(error.kind(), message).at(Some(self.offset(filled)), None, None))
            }
        }
    }

    fn slide(&mut self) {
        if self.start > 0 {
            self.line(self.start);
            self.buffer.copy_within(self.start..self.filled, 0);
            self.filled -= self.start;
            self.base += self.start as u64;
            self.at -= self.start;
            self.counted -= self.start.min(self.counted);
            self.start = 0;
        }
    }

    /// Reserves memory for the next read.
    fn reserve(&mut self) -> Result<()> {
        let filled = self.filled;
        if filled > 2 * IMPORT_ELEMENT_BYTES_MAX {
            let message = format!("a tag in line {} is longer than {IMPORT_ELEMENT_BYTES_MAX} bytes", self.line);
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        if filled < READ_BUFFER_BYTES && self.buffer.len() > 2 * READ_BUFFER_BYTES {
            // One large element must not make the buffer large for good.
            self.buffer.truncate(2 * READ_BUFFER_BYTES);
            self.buffer.shrink_to_fit();
        }
        if self.buffer.len() - filled < READ_BUFFER_BYTES {
            // Doubling would take twice what the longest element needs.
            let more = (filled / 4).max(READ_BUFFER_BYTES);
            self.buffer.reserve_exact(filled + more - self.buffer.len());
            self.buffer.resize(filled + more, 0);
        }
        Ok(())
    }
}
