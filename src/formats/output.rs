//! Where the readers of all formats put rows and rejects.

use super::account::Tally;
use super::flaw::Flaw;
use crate::model::batch::{Batch, Sink};
use crate::model::error::Result;
use crate::model::limits::REJECT_RAW_BYTES_MAX;
use crate::model::record::{OtherRecord, Reject};

/// Rows on their way: the batch that is filled, and the sink that takes it when it is full.
pub(crate) struct Output<'a> {
    pub(crate) batch: &'a mut Box<Batch>,
    sink: &'a mut dyn Sink,
    /// Imports have an account of what was read; uploads answer with the counts of what was stored.
    tally: Option<&'a mut Tally>,
    /// Number of the batch: ids of texts hold for one batch only.
    generation: u32,
}

/// Where an element is in its input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Location<'a> {
    /// Section of a payload, or file of an import.
    pub(crate) section: &'a str,
    /// What its reason begins with where section and index do not identify it, such as `line 7`; may be empty.
    pub(crate) part: &'a str,
    /// Index in its section.
    pub(crate) index: Option<u64>,
    /// Offset in the input.
    pub(crate) offset: u64,
}

impl<'a> Output<'a> {
    pub(crate) fn new(batch: &'a mut Box<Batch>, sink: &'a mut dyn Sink, tally: Option<&'a mut Tally>) -> Self {
        Self { batch, sink, tally, generation: 0 }
    }

    /// Number of the batch: while it stays the same, ids of texts hold.
    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    /// Hands over the batch if it is full.
    pub(crate) fn hand_over_if_full(&mut self) -> Result<()> {
        if self.batch.is_full() { self.hand_over() } else { Ok(()) }
    }

    /// Hands over the batch, however full it is.
    pub(crate) fn hand_over(&mut self) -> Result<()> {
        if let Some(tally) = &mut self.tally {
            tally.count(self.batch);
        }
        self.sink.submit(self.batch)?;
        self.generation = self.generation.wrapping_add(1);
        Ok(())
    }

    /// Counts the rows that stay in the batch: whoever owns it hands them over.
    pub(crate) fn finish(self) {
        if let Some(tally) = self.tally {
            tally.count(self.batch);
        }
    }

    /// Counts elements without a row.
    pub(crate) fn skip(&mut self, reason: &str, count: u64) {
        if let Some(tally) = &mut self.tally {
            tally.skip(reason, count);
        }
    }

    /// Counts elements that a row keeps.
    pub(crate) fn within(&mut self, name: &str, count: u64) {
        if let Some(tally) = &mut self.tally {
            tally.within(name, count);
        }
    }

    /// Keeps JSON as a record of a section without a table. A batch's first text is not copied.
    pub(crate) fn keep(&mut self, section: &str, json: String) {
        self.push_other(section, json, true);
    }

    /// Keeps JSON that is not a record, such as what an export says of itself.
    pub(crate) fn keep_beside(&mut self, section: &str, json: String) {
        self.push_other(section, json, false);
    }

    fn push_other(&mut self, section: &str, json: String, in_data: bool) {
        let texts = &mut self.batch.texts;
        let json = texts.intern_owned(json);
        let section = texts.intern(section);
        self.batch.rows.others.push(OtherRecord { section, in_data, json });
    }

    /// Keeps an element as a reject, with the reason and the beginning of its text. `raw_bytes` is the whole length.
    pub(crate) fn reject(&mut self, at: Location<'_>, flaw: &Flaw, raw: &[u8], raw_bytes: u64) -> Result<()> {
        let raw = String::from_utf8_lossy(&raw[..raw.len().min(REJECT_RAW_BYTES_MAX)]);
        let reason = if at.part.is_empty() { flaw.to_string() } else { format!("{}: {flaw}", at.part) };
        let texts = &mut self.batch.texts;
        let (section, reason, raw) = (texts.intern(at.section), texts.intern(&reason), texts.intern(&raw));
        let reject = Reject { section, index: at.index, offset: at.offset, reason, raw, raw_bytes };
        self.batch.rows.rejects.push(reject);
        self.hand_over_if_full()
    }
}

/// Counts the rows that pass on their way to the writer.
pub(crate) struct Counting<'a> {
    pub(crate) sink: &'a mut dyn Sink,
    pub(crate) tally: &'a mut Tally,
}

impl Sink for Counting<'_> {
    fn submit(&mut self, batch: &mut Box<Batch>) -> Result<()> {
        self.tally.count(batch);
        self.sink.submit(batch)
    }
}
