//! The texts of a batch: each distinct text once, in one arena, by number.
//!
//! Rows refer to texts by number, so the writer looks up a type, a unit or a source once for each batch, not for each row.

use std::hash::BuildHasher;
use std::num::NonZeroU32;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::limits::{BATCH_ROWS_MAX, BATCH_TEXT_BYTES};

/// A text of a batch, by number.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct TextId(NonZeroU32);

impl TextId {
    /// Position in the batch's list of texts, from 0.
    #[must_use]
    pub fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// Distinct texts in one arena.
#[derive(Debug)]
pub struct Texts {
    arena: String,
    /// End of each text in the arena; it begins where the one before ends.
    ends: Vec<u32>,
    numbers: HashTable<TextId>,
    hasher: RandomState,
}

impl Texts {
    pub(super) fn without_memory() -> Self {
        let (arena, ends, numbers) = (String::new(), Vec::new(), HashTable::new());
        Self { arena, ends, numbers, hasher: RandomState::default() }
    }
}

impl Default for Texts {
    fn default() -> Self {
        let hasher = RandomState::default();
        Self {
            // With room for the element that crosses the line: doubling here would be the largest allocation of all.
            arena: String::with_capacity(BATCH_TEXT_BYTES + BATCH_TEXT_BYTES / 8),
            ends: Vec::with_capacity(BATCH_ROWS_MAX),
            numbers: HashTable::with_capacity(BATCH_ROWS_MAX),
            hasher,
        }
    }
}

impl Texts {
    /// The number of `text`, which is copied into the arena unless an equal one is there.
    pub fn intern(&mut self, text: &str) -> TextId {
        let Self { arena, ends, numbers, hasher } = self;
        let hash = hasher.hash_one(text);
        if let Some(found) = numbers.find(hash, |id| slice(arena, ends, *id) == text) {
            return *found;
        }
        arena.push_str(text);
        self.add(hash)
    }

    /// The number of the text that `write` adds to the arena, where it stays unless an equal one is there.
    pub fn intern_written(&mut self, write: impl FnOnce(&mut String)) -> TextId {
        let Self { arena, ends, numbers, hasher } = self;
        let start = arena.len();
        write(arena);
        let text = &arena[start..];
        let hash = hasher.hash_one(text);
        if let Some(found) = numbers.find(hash, |id| slice(arena, ends, *id) == text) {
            let found = *found;
            arena.truncate(start);
            return found;
        }
        self.add(hash)
    }

    /// Allocates memory for so many bytes more. By doubling, a long text would be in memory twice.
    pub fn reserve(&mut self, bytes: usize) {
        self.arena.reserve_exact(bytes);
    }

    /// The number of `text`, which is not copied if it is the first.
    pub fn intern_owned(&mut self, text: String) -> TextId {
        if !self.is_empty() {
            return self.intern(&text);
        }
        let hash = self.hasher.hash_one(&text);
        self.arena = text;
        self.add(hash)
    }

    /// The number of `text`, which is not copied if it is long and the first.
    pub fn intern_long(&mut self, text: String) -> TextId {
        if text.len() < BATCH_TEXT_BYTES { self.intern(&text) } else { self.intern_owned(text) }
    }

    /// Numbers the text that was put into the arena last.
    fn add(&mut self, hash: u64) -> TextId {
        let Self { arena, ends, numbers, hasher } = self;
        ends.push(
            u32::try_from(arena.len()).expect("a batch's text stays far below 4 GiB: its limits are in `limits`"),
        );
        let count = u32::try_from(ends.len()).ok().and_then(NonZeroU32::new).expect("a text was just added");
        let id = TextId(count);
        numbers.insert_unique(hash, id, |id| hasher.hash_one(slice(arena, ends, *id)));
        id
    }

    /// The text of a number that [`Texts::intern`] gave since the last call of `clear`.
    #[must_use]
    pub fn get(&self, id: TextId) -> &str {
        slice(&self.arena, &self.ends, id)
    }

    /// Number of distinct texts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes of all texts.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.arena.len()
    }

    /// Forgets all texts, and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.arena.clear();
        self.ends.clear();
        self.numbers.clear();
    }

    /// Frees what one large element took: it must not make the arena large for good.
    pub(super) fn trim(&mut self) {
        debug_assert!(self.arena.is_empty(), "the texts were cleared");
        self.arena.shrink_to(2 * BATCH_TEXT_BYTES);
    }
}

fn slice<'a>(arena: &'a str, ends: &[u32], id: TextId) -> &'a str {
    let index = id.index();
    let start = if index == 0 { 0 } else { ends[index - 1] as usize };
    &arena[start..ends[index] as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one() {
        let mut texts = Texts::default();
        let first = texts.intern("count/min");
        let empty = texts.intern("");
        let second = texts.intern("count");
        assert_eq!(texts.intern("count/min"), first);
        assert_eq!(texts.intern(""), empty);
        assert_eq!([texts.get(first), texts.get(empty), texts.get(second)], ["count/min", "", "count"]);
        assert_eq!(texts.len(), 3);
        assert_eq!(texts.intern_written(|text| text.push_str("count")), second);
        let written = texts.intern_written(|text| text.push_str("kcal"));
        assert_eq!((texts.get(written), texts.len(), texts.bytes()), ("kcal", 4, 18));
        let mut owned = Texts::default();
        let ids = ["km", "km", "mi"].map(|text| owned.intern_owned(text.to_owned()));
        assert_eq!((ids[0], ids.map(|id| owned.get(id)), owned.len()), (ids[1], ["km", "km", "mi"], 2));
    }

    #[test]
    fn cleared_texts_start_again_and_free_what_one_large_text_took() {
        let mut texts = Texts::default();
        texts.intern(&"x".repeat(3 * BATCH_TEXT_BYTES));
        texts.clear();
        assert!(texts.is_empty() && texts.bytes() == 0);
        texts.trim();
        assert!(texts.arena.capacity() <= 2 * BATCH_TEXT_BYTES);
        let id = texts.intern("km");
        assert_eq!(texts.get(id), "km");
    }
}
