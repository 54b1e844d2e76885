//! Which stored rows the records of the present document have claimed: each row is claimed once, so equal records stay several.
//!
//! The rows of imports are numbered, so a bit for each is enough, in whatever order they come. A chunk of bits takes memory only
//! while a part of it is set.

use rusqlite::Connection;

use crate::model::limits::{
    BEATS_CLAIM_CHUNKS_MAX, BEATS_CLAIM_NUMBERS_MAX, CLAIM_CHUNK_BITS, CLAIM_CHUNKS_MAX, CLAIM_NUMBERS_MAX,
};

/// The present import, and the last number of a row.
#[derive(Debug, Default)]
pub(in crate::store) struct Import {
    upload: Option<i64>,
    claims: Claims,
    /// Lists of beats, by their rowids.
    beats: Claims,
    last: i64,
    last_stored: i64,
    /// The last number before it began.
    before: i64,
    /// The greatest upload that has begun, and whether the present one has begun once only.
    newest: i64,
    is_whole: bool,
}

impl Import {
    /// Returns whether this begins another import than the present one.
    pub(super) fn begin(&mut self, connection: &Connection, upload: i64) -> rusqlite::Result<bool> {
        let begins = self.upload != Some(upload);
        if begins {
            // Another import may have begun between two parts of this one.
            let is_whole = upload > self.newest;
            *self = Self { upload: Some(upload), newest: self.newest.max(upload), is_whole, ..Self::default() };
        }
        // Another process may import at the same time.
        let mut select = connection.prepare_cached("SELECT last FROM import_numbers")?;
        self.last_stored = select.query_row([], |row| row.get(0))?;
        self.last = self.last_stored;
        if begins {
            self.before = self.last;
        }
        Ok(begins)
    }

    /// Whether an upload is the present import.
    pub(in crate::store) fn is_of(&self, upload: i64) -> bool {
        self.upload == Some(upload)
    }

    /// Whether the claims are all those of an upload with one document.
    pub(in crate::store) fn is_whole(&self, upload: i64) -> bool {
        self.upload == Some(upload) && self.is_whole && !self.claims.has_forgotten
    }

    /// Whether a row was numbered before this import.
    pub(in crate::store) fn is_earlier(&self, number: i64) -> bool {
        number <= self.before
    }

    /// Whether every row with an earlier number is claimed.
    pub(in crate::store) fn has_claimed_all(&self) -> bool {
        self.claims.has_all(self.before)
    }

    /// Ends a document of an import: the next one begins like another import.
    pub(super) fn end(&mut self, upload: i64) {
        self.upload = self.upload.filter(|present| *present != upload);
    }

    /// Stores the last number. The rows with the numbers before are in the same transaction.
    pub(in crate::store) fn end_batch(&self, connection: &Connection) -> rusqlite::Result<()> {
        if self.last != self.last_stored {
            connection.prepare_cached("UPDATE import_numbers SET last = ?1")?.execute([self.last])?;
        }
        Ok(())
    }

    /// The number of the next row that gets one.
    pub(in crate::store) fn next_number(&self) -> i64 {
        self.last + 1
    }

    /// Claims the row that got the next number.
    pub(in crate::store) fn claim_next(&mut self) {
        self.last += 1;
        self.claims.add(self.last, CLAIM_CHUNKS_MAX);
    }

    /// Claims a row. Returns whether no record of the import had claimed it before.
    pub(in crate::store) fn claim(&mut self, number: i64) -> bool {
        self.claims.add(number, CLAIM_CHUNKS_MAX)
    }

    /// Claims a list of beats by its rowid.
    pub(in crate::store) fn claim_beats(&mut self, rowid: i64) {
        if usize::try_from(rowid).is_ok_and(|rowid| rowid < BEATS_CLAIM_NUMBERS_MAX) {
            self.beats.add(rowid, BEATS_CLAIM_CHUNKS_MAX);
        }
    }

    pub(in crate::store) fn has_claimed_beats(&self, rowid: i64) -> bool {
        self.beats.has(rowid)
    }

    pub(in crate::store) fn has_claimed(&self, number: Option<i64>) -> bool {
        number.is_some_and(|number| self.claims.has(number))
    }
}

/// A set of numbers.
#[derive(Debug, Default)]
struct Claims {
    chunks: Vec<Chunk>,
    /// Chunks that take memory.
    parts: usize,
    /// Whether numbers were not remembered.
    has_forgotten: bool,
}

#[derive(Debug, Default)]
enum Chunk {
    #[default]
    Empty,
    Part(Box<Part>),
    Full,
}

#[derive(Debug)]
struct Part {
    count: usize,
    bits: [u64; CLAIM_CHUNK_BITS / 64],
}

/// The chunk of a number, and its bit there; `None` for a number beyond [`CLAIM_NUMBERS_MAX`].
fn place(number: i64) -> Option<(usize, usize)> {
    let number = usize::try_from(number).ok().filter(|number| *number < CLAIM_NUMBERS_MAX)?;
    Some((number / CLAIM_CHUNK_BITS, number % CLAIM_CHUNK_BITS))
}

impl Claims {
    /// Returns whether the number was not there. Beyond the bounds no number is remembered.
    fn add(&mut self, number: i64, chunks_max: usize) -> bool {
        let Some((index, bit)) = place(number) else {
            self.has_forgotten = true;
            return true;
        };
        if index >= self.chunks.len() {
            self.chunks.resize_with(index + 1, Chunk::default);
        }
        let chunk = &mut self.chunks[index];
        if matches!(chunk, Chunk::Empty) {
            if self.parts >= chunks_max {
                self.has_forgotten = true;
                return true;
            }
            self.parts += 1;
            *chunk = Chunk::Part(Box::new(Part { count: 0, bits: [0; CLAIM_CHUNK_BITS / 64] }));
        }
        let Chunk::Part(part) = chunk else {
            return false;
        };
        let (word, mask) = (&mut part.bits[bit / 64], 1 << (bit % 64));
        if *word & mask != 0 {
            return false;
        }
        *word |= mask;
        part.count += 1;
        if part.count == CLAIM_CHUNK_BITS {
            *chunk = Chunk::Full;
            self.parts -= 1;
        }
        true
    }

    /// Whether all numbers from 1 up to this one are there.
    fn has_all(&self, last: i64) -> bool {
        let mut number = 1;
        while number <= last {
            match place(number).and_then(|(index, bit)| Some((self.chunks.get(index)?, bit))) {
                Some((Chunk::Full, bit)) => number += i64::try_from(CLAIM_CHUNK_BITS - bit).unwrap_or(1),
                Some((Chunk::Part(_), _)) if self.has(number) => number += 1,
                _ => return false,
            }
        }
        true
    }

    fn has(&self, number: i64) -> bool {
        let Some((index, bit)) = place(number) else {
            return false;
        };
        match self.chunks.get(index) {
            None | Some(Chunk::Empty) => false,
            Some(Chunk::Full) => true,
            Some(Chunk::Part(part)) => part.bits[bit / 64] & (1 << (bit % 64)) != 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(claims: &mut Claims, number: i64) -> bool {
        claims.add(number, CLAIM_CHUNKS_MAX)
    }

    #[test]
    fn numbers_are_added_once_in_any_order_and_full_chunks_take_no_memory() {
        let mut claims = Claims::default();
        let numbers = 3 * i64::try_from(CLAIM_CHUNK_BITS).unwrap();
        // 7 has no factor in common with the number of numbers.
        for step in 0..numbers {
            let number = step * 7 % numbers;
            assert!(!claims.has(number) && add(&mut claims, number) && claims.has(number) && !add(&mut claims, number));
        }
        assert_eq!((claims.parts, claims.chunks.len()), (0, 3));
        assert!(!claims.has(numbers) && add(&mut claims, numbers));
    }

    #[test]
    fn all_numbers_up_to_one() {
        let mut claims = Claims::default();
        let last = i64::try_from(CLAIM_CHUNK_BITS).unwrap() + 10;
        (1..last).for_each(|number| assert!(add(&mut claims, number)));
        // 0 is no number, so its chunk is never full.
        assert!(claims.has_all(0) && claims.has_all(last - 1) && !claims.has_all(last));
        add(&mut claims, 0);
        assert!(claims.has_all(last - 1) && !claims.has_all(last) && !claims.has_forgotten);
        add(&mut claims, i64::MAX);
        assert!(claims.has_forgotten);
    }

    #[test]
    fn memory_is_bounded() {
        let mut claims = Claims::default();
        for chunk in 0..=CLAIM_CHUNKS_MAX {
            add(&mut claims, i64::try_from(chunk * CLAIM_CHUNK_BITS).unwrap());
        }
        assert_eq!(claims.parts, CLAIM_CHUNKS_MAX);
        for number in [-1, i64::try_from(CLAIM_NUMBERS_MAX).unwrap(), i64::MAX] {
            assert!(add(&mut claims, number) && !claims.has(number));
        }
        const { assert!(CLAIM_CHUNK_BITS * (CLAIM_CHUNKS_MAX + 1) <= CLAIM_NUMBERS_MAX) };
    }
}
