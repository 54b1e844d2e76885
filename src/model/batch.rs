//! A batch: a fixed number of rows and one arena for their texts. A decoder fills it, the writer writes it and hands it back
//! empty, and it is filled again: once warm, no row allocates.

use std::fmt;
use std::io::Read;

use super::envelope::Envelope;
use super::error::Result;
use super::limits::{BATCH_ROWS_MAX, BATCH_TEXT_BYTES, BATCH_TEXT_LARGE_BYTES, RARE_ROWS_KEPT};
use super::memory::ROW_BYTES;
use super::record::{Aggregate, DerivedSample, RoutePoint, Rows, Sample, Uuid};
use super::route::{RouteEvent, RouteMark};
use super::text::Texts;

// A batch keeps memory for as many samples as locations, the kinds that come in large numbers.
const _: () = assert!(size_of::<Sample>() + size_of::<RoutePoint>() == ROW_BYTES);

/// Rows on their way to the writer.
#[derive(Debug)]
pub struct Batch {
    /// The rows.
    pub rows: Rows,
    /// Their texts.
    pub texts: Texts,
    /// Starts and ends of whole routes, and references to those that are missing.
    pub route_marks: Vec<RouteMark>,
    /// Whether its rows begin another document of their input. Equal records of one document stay several; those of another one
    /// are the same records again.
    pub begins_document: bool,
}

impl Default for Batch {
    fn default() -> Self {
        Self { rows: Rows::with_capacity(), texts: Texts::default(), route_marks: Vec::new(), begins_document: false }
    }
}

impl Batch {
    /// Returns one in the place of another: it has no memory for rows.
    pub(crate) fn without_memory() -> Self {
        let (rows, texts) = (Rows::default(), Texts::without_memory());
        Self { rows, texts, route_marks: Vec::new(), begins_document: false }
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.route_marks.is_empty()
    }

    /// Whether it is time to hand it to the writer.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rows.len() >= BATCH_ROWS_MAX
            || self.route_marks.len() >= BATCH_ROWS_MAX
            || self.texts.bytes() >= BATCH_TEXT_BYTES
    }

    /// Whether one element made it so large that memory allows one such batch only.
    #[must_use]
    pub fn is_large(&self) -> bool {
        self.texts.bytes() >= BATCH_TEXT_LARGE_BYTES
    }

    /// Puts samples and figures in the order of their tables. A phone may send the newest first, and rows that arrive in falling order
    /// split every page in halves: the file is then three quarters larger. Equal identities keep their order.
    pub fn sort(&mut self) {
        let rows = &mut self.rows;
        let key = |sample: &Sample| (sample.kind.index(), sample.start_ms, sample.uuid);
        if !rows.samples.is_sorted_by_key(key) {
            rows.samples.sort_by_key(key);
        }
        let key = |derived: &DerivedSample| key(&derived.sample);
        if !rows.derived_samples.is_sorted_by_key(key) {
            rows.derived_samples.sort_by_key(key);
        }
        // Figures of one time are compared with the stored ones together.
        let key = |figure: &Aggregate| (figure.metric.index(), figure.start_ms, figure.label.index());
        if !rows.aggregates.is_sorted_by_key(key) {
            rows.aggregates.sort_by_key(key);
        }
    }

    /// Frees what one large element took, after [`Batch::clear`]. The thread that fills the batch calls it: memory that
    /// another thread frees does not serve this one again soon.
    pub fn trim(&mut self) {
        self.texts.trim();
    }

    /// Forgets all rows and texts, and keeps the memory.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.texts.clear();
        self.route_marks.clear();
        self.route_marks.shrink_to(RARE_ROWS_KEPT);
        self.begins_document = false;
    }

    /// Says something of a route behind the locations that the batch has.
    pub(crate) fn mark_route(&mut self, workout: Uuid, route: u32, event: RouteEvent) {
        let locations = self.rows.route_points.len();
        self.route_marks.push(RouteMark { workout, route, locations, event });
    }
}

/// Takes full batches.
pub trait Sink {
    /// Takes the rows of `batch` and leaves an empty batch in its place.
    ///
    /// # Errors
    ///
    /// Why the rows cannot be stored; the decoder stops and returns it.
    fn submit(&mut self, batch: &mut Box<Batch>) -> Result<()>;

    /// Waits for the permit to decode a large element, of which many times the length is needed until it is stored. A sink
    /// that shares memory with others has one permit for all of them; other sinks need none.
    fn begin_large(&mut self) {}

    /// Returns the permit.
    fn end_large(&mut self) {}

    /// Returns a place for an element that is longer than a group, until it is whole and has the permit. A sink that shares
    /// memory with others has a place on the disk: a client may take long to send the element.
    fn overflow(&mut self) -> Box<dyn Overflow> {
        Box::new(Vec::new())
    }
}

/// Where a long element waits.
pub trait Overflow: fmt::Debug {
    /// Adds a part.
    ///
    /// # Errors
    ///
    /// Why it cannot be kept.
    fn append(&mut self, part: &[u8]) -> Result<()>;

    /// Forgets all parts.
    fn clear(&mut self);

    /// Reads the parts from the first one on.
    fn reader(&self) -> Box<dyn Read + '_>;
}

impl Overflow for Vec<u8> {
    fn append(&mut self, part: &[u8]) -> Result<()> {
        self.extend_from_slice(part);
        Ok(())
    }

    fn clear(&mut self) {
        *self = Self::new();
    }

    fn reader(&self) -> Box<dyn Read + '_> {
        Box::new(self.as_slice())
    }
}

/// The result of reading a body, as far as it was read.
#[derive(Debug)]
pub struct Decoded {
    /// The payload's envelope, or why the body could not be read to its end.
    pub outcome: Result<Envelope>,
    /// Bytes of the body that were read, up to a fault.
    pub body_bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cleared_batch_is_empty() {
        let mut batch = Batch::default();
        batch.texts.intern(&"x".repeat(BATCH_TEXT_LARGE_BYTES));
        assert!(batch.is_full() && batch.is_large());
        batch.clear();
        batch.trim();
        assert!(batch.is_empty() && batch.texts.is_empty() && !batch.is_full());
    }
}
