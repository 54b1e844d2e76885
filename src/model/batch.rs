//! A batch: a fixed number of rows and one arena for their texts. It is filled by a decoder, written by the writer, comes
//! back emptied, and is filled again: once warm, no row allocates.
//!
//! Equal texts are kept once, so the writer looks up a type, a unit or a source once for each batch, not for each row.

use std::hash::BuildHasher;
use std::num::NonZeroU32;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::model::error::Result;
use crate::model::limits::{BATCH_ROWS_MAX, BATCH_TEXT_BYTES, BATCH_TEXT_LARGE_BYTES, RARE_ROWS_KEPT, ROW_BYTES};
use crate::model::record::Envelope;
use crate::model::record::{
    Characteristic, DerivedSample, Dose, Imported, Medication, OtherRecord, Reject, RoutePoint, Sample, Workout,
};

// A batch keeps room for as many samples as locations, the kinds that come in large numbers.
const _: () = assert!(size_of::<Sample>() + size_of::<RoutePoint>() == ROW_BYTES);

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

    /// The number of `text`, which is not copied if it is the first.
    pub fn intern_owned(&mut self, text: String) -> TextId {
        if !self.is_empty() {
            return self.intern(&text);
        }
        let hash = self.hasher.hash_one(&text);
        self.arena = text;
        self.add(hash)
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

    /// The text of a number that [`Texts::intern`] gave since the last [`Batch::clear`].
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

    fn clear(&mut self) {
        self.arena.clear();
        self.ends.clear();
        self.numbers.clear();
    }
}

fn slice<'a>(arena: &'a str, ends: &[u32], id: TextId) -> &'a str {
    let index = id.index();
    let start = if index == 0 { 0 } else { ends[index - 1] as usize };
    &arena[start..ends[index] as usize]
}

/// Rows on their way to the writer.
#[derive(Debug)]
pub struct Batch {
    /// Quantity and category samples.
    pub samples: Vec<Sample>,
    /// Workouts.
    pub workouts: Vec<Workout>,
    /// Locations of routes.
    pub route_points: Vec<RoutePoint>,
    /// Medication dose events.
    pub doses: Vec<Dose>,
    /// Medication definitions.
    pub medications: Vec<Medication>,
    /// Characteristics.
    pub characteristics: Vec<Characteristic>,
    /// Records that this version has no table for.
    pub others: Vec<OtherRecord>,
    /// Elements set aside.
    pub rejects: Vec<Reject>,
    /// Rows that only imports bring.
    pub imported: Imported,
    /// The rows' texts.
    pub texts: Texts,
}

/// A new batch has room for all the rows that it may get: memory that is not written to costs nothing, and memory that
/// grows by and by is copied and leaves holes.
impl Default for Batch {
    fn default() -> Self {
        Self {
            samples: Vec::with_capacity(BATCH_ROWS_MAX),
            workouts: Vec::new(),
            route_points: Vec::with_capacity(BATCH_ROWS_MAX),
            doses: Vec::new(),
            medications: Vec::new(),
            characteristics: Vec::new(),
            others: Vec::new(),
            rejects: Vec::new(),
            imported: Imported::default(),
            texts: Texts::default(),
        }
    }
}

impl Batch {
    /// Number of rows of all kinds.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.samples.len()
            + self.workouts.len()
            + self.route_points.len()
            + self.doses.len()
            + self.medications.len()
            + self.characteristics.len()
            + self.others.len()
            + self.rejects.len()
            + self.imported.rows()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows() == 0
    }

    /// Bytes of the rows' texts.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        self.texts.arena.len()
    }

    /// Whether it is time to hand it to the writer.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rows() >= BATCH_ROWS_MAX || self.texts.arena.len() >= BATCH_TEXT_BYTES
    }

    /// Whether one element has made it so large that there is room for one such batch only.
    #[must_use]
    pub fn is_large(&self) -> bool {
        self.texts.arena.len() >= BATCH_TEXT_LARGE_BYTES
    }

    /// Puts the samples in the order of their table. A phone may send the newest first, and rows that come in falling order
    /// split every page in halves: the file is then three quarters larger. Equal identities keep their order.
    pub fn sort(&mut self) {
        let key = |sample: &Sample| (sample.kind.index(), sample.start_ms, sample.uuid);
        if !self.samples.is_sorted_by_key(key) {
            self.samples.sort_by_key(key);
        }
        let key = |derived: &DerivedSample| key(&derived.sample);
        if !self.imported.samples.is_sorted_by_key(key) {
            self.imported.samples.sort_by_key(key);
        }
    }

    /// Gives back what one large element has taken: it must not make the batch large for good. For the thread that filled
    /// the batch: what another thread frees does not serve it again soon.
    pub fn trim(&mut self) {
        debug_assert!(self.texts.arena.is_empty(), "it was cleared");
        self.texts.arena.shrink_to(2 * BATCH_TEXT_BYTES);
    }

    /// Forgets all rows and texts, and keeps the memory.
    pub fn clear(&mut self) {
        let Self {
            samples,
            workouts,
            route_points,
            doses,
            medications,
            characteristics,
            others,
            rejects,
            imported,
            texts,
        } = self;
        imported.clear();
        samples.clear();
        route_points.clear();
        empty_rare(workouts);
        empty_rare(doses);
        empty_rare(medications);
        empty_rare(characteristics);
        empty_rare(others);
        empty_rare(rejects);
        texts.clear();
    }
}

/// Empties the rows of a kind of which there are few: an input with many of them must not make the batch large for good.
pub(crate) fn empty_rare<T>(rows: &mut Vec<T>) {
    rows.clear();
    rows.shrink_to(RARE_ROWS_KEPT);
}

/// Takes full batches.
pub trait Sink {
    /// Takes the rows of `batch` and leaves an empty batch in its place.
    ///
    /// # Errors
    ///
    /// Whatever keeps the rows from being stored; the decoder stops and returns it.
    fn submit(&mut self, batch: &mut Box<Batch>) -> Result<()>;
}

/// What is known of a body once it has been read, or as far as it was.
#[derive(Debug)]
pub struct Decoded {
    /// The payload's envelope, or why the body could not be read to its end.
    pub outcome: Result<Envelope>,
    /// Bytes of the body that were read.
    pub body_bytes: u64,
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
        let mut owned = Texts::default();
        let ids = ["km", "km", "mi"].map(|text| owned.intern_owned(text.to_owned()));
        assert_eq!((ids[0], ids.map(|id| owned.get(id)), owned.len()), (ids[1], ["km", "km", "mi"], 2));
    }

    #[test]
    fn a_cleared_batch_starts_anew_and_gives_back_what_one_large_text_took() {
        let mut batch = Batch::default();
        batch.texts.intern(&"x".repeat(3 * BATCH_TEXT_BYTES));
        assert!(batch.is_full());
        batch.clear();
        assert!(batch.is_empty() && batch.texts.is_empty() && !batch.is_full());
        batch.trim();
        assert!(batch.texts.arena.capacity() <= 2 * BATCH_TEXT_BYTES);
        let id = batch.texts.intern("km");
        assert_eq!(batch.texts.get(id), "km");
    }
}
