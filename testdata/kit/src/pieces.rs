//! A body that arrives in pieces, with an interruption before some of them.

use std::io::{self, BufRead, Read};

/// Yields a body piece by piece.
#[derive(Debug)]
pub struct Pieces<'a, L> {
    rest: &'a [u8],
    piece: usize,
    next_len: L,
    is_interrupted: bool,
}

impl<'a, L: FnMut() -> usize> Pieces<'a, L> {
    /// `next_len` returns the length of each piece, at least 1. An interruption precedes each odd length.
    pub fn new(body: &'a [u8], next_len: L) -> Self {
        Self { rest: body, piece: 0, next_len, is_interrupted: false }
    }
}

/// Pieces of these lengths; one more piece has the rest.
pub fn pieces_of<'a>(body: &'a [u8], lengths: &'a [usize]) -> Pieces<'a, impl FnMut() -> usize> {
    let mut lengths = lengths.iter().copied();
    Pieces::new(body, move || lengths.next().unwrap_or(usize::MAX))
}

impl<L: FnMut() -> usize> Read for Pieces<'_, L> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let chunk = self.fill_buf()?;
        let bytes = chunk.len().min(out.len());
        out[..bytes].copy_from_slice(&chunk[..bytes]);
        self.consume(bytes);
        Ok(bytes)
    }
}

impl<L: FnMut() -> usize> BufRead for Pieces<'_, L> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.piece == 0 {
            self.piece = (self.next_len)().clamp(1, self.rest.len().max(1));
            self.is_interrupted = self.piece % 2 == 1;
        }
        if std::mem::take(&mut self.is_interrupted) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        Ok(&self.rest[..self.piece.min(self.rest.len())])
    }

    fn consume(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
        self.piece -= bytes.min(self.piece);
    }
}

/// A seed from a body (FNV-1a), so that a body gets the same lengths in every run.
pub fn seed_of(body: &[u8]) -> u64 {
    let offset = 0xcbf2_9ce4_8422_2325_u64;
    body.iter().fold(offset, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Lengths from 1 to `longest`, by xorshift.
pub fn lengths(seed: u64, longest: u64) -> impl FnMut() -> usize + Clone {
    let mut state = (seed ^ longest) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % longest + 1).unwrap_or(1)
    }
}
