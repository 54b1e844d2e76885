//! Where the readers of all formats put rows and rejects.

use super::account::Tally;
use super::flaw::Flaw;
use crate::model::batch::{Batch, Overflow, Sink};
use crate::model::error::Result;
use crate::model::limits::REJECT_RAW_BYTES_MAX;
use crate::model::record::{Content, OtherRecord, Reject};

/// Rows on their way: the batch that is filled, and where it goes when it is full.
#[expect(missing_debug_implementations, reason = "a sink has no text")]
pub struct Output<'a> {
    pub(crate) batch: &'a mut Box<Batch>,
    pub(crate) receiver: Receiver<'a>,
}

/// Takes full batches, and counts their rows.
pub(crate) struct Receiver<'a> {
    sink: &'a mut dyn Sink,
    /// Imports have an account of what was read; uploads answer with the counts of what was stored.
    tally: Option<&'a mut Tally>,
    /// Number of the batch: ids of texts hold for one batch only.
    generation: u32,
    /// Whether the batch was counted, and stayed because the sink failed.
    is_counted: bool,
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

/// The text of an element that is rejected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Raw<'a> {
    /// All of it, or at least as much as a reject keeps.
    pub(crate) text: &'a [u8],
    /// Its whole length.
    pub(crate) bytes: u64,
}

impl<'a> From<&'a [u8]> for Raw<'a> {
    fn from(text: &'a [u8]) -> Self {
        Self { text, bytes: text.len() as u64 }
    }
}

impl Receiver<'_> {
    /// Takes a batch if it is full. Returns whether it was.
    pub(crate) fn take_if_full(&mut self, batch: &mut Box<Batch>) -> Result<bool> {
        let is_full = batch.is_full();
        if is_full {
            self.take(batch)?;
        }
        Ok(is_full)
    }

    fn take(&mut self, batch: &mut Box<Batch>) -> Result<()> {
        if let Some(tally) = &mut self.tally {
            tally.count(batch);
        }
        self.is_counted = true;
        self.sink.submit(batch)?;
        self.is_counted = false;
        self.generation = self.generation.wrapping_add(1);
        Ok(())
    }

    /// Waits for the sink's permit to decode a large element.
    pub(crate) fn begin_large(&mut self) {
        self.sink.begin_large();
    }

    /// Returns a place outside of memory for an element that is too long to wait in memory.
    pub(crate) fn overflow(&mut self) -> Box<dyn Overflow> {
        self.sink.overflow()
    }

    /// Returns the permit.
    pub(crate) fn end_large(&mut self) {
        self.sink.end_large();
    }
}

impl<'a> Output<'a> {
    /// Rows go to `batch`, and full batches to `sink`.
    pub fn new(batch: &'a mut Box<Batch>, sink: &'a mut dyn Sink, tally: Option<&'a mut Tally>) -> Self {
        Self { batch, receiver: Receiver { sink, tally, generation: 0, is_counted: false } }
    }

    /// Number of the batch: while it stays the same, ids of texts hold.
    pub(crate) fn generation(&self) -> u32 {
        self.receiver.generation
    }

    /// Hands over the batch if it is full.
    pub(crate) fn hand_over_if_full(&mut self) -> Result<()> {
        self.receiver.take_if_full(self.batch).map(|_| ())
    }

    /// Hands over the batch, however full it is.
    pub(crate) fn hand_over(&mut self) -> Result<()> {
        self.receiver.take(self.batch)
    }

    /// Begins a document: a file may hold several. Equal records are counted in each of them.
    pub(crate) fn begin_document(&mut self) -> Result<()> {
        if !self.batch.is_empty() {
            self.hand_over()?;
        }
        self.batch.begins_document = true;
        Ok(())
    }

    /// Counts the rows that stay in the batch: its owner hands them over.
    pub fn finish(self) {
        if let Some(tally) = self.receiver.tally.filter(|_| !self.receiver.is_counted) {
            tally.count(self.batch);
        }
    }

    /// Counts elements without a row.
    pub(crate) fn skip(&mut self, reason: &str, count: u64) {
        if let Some(tally) = &mut self.receiver.tally {
            tally.skip(reason, count);
        }
    }

    /// Counts elements that a row keeps.
    pub(crate) fn within(&mut self, name: &str, count: u64) {
        if let Some(tally) = &mut self.receiver.tally {
            tally.within(name, count);
        }
    }

    /// Keeps JSON as a record of a section without a table. A batch's first text is not copied.
    pub(crate) fn keep(&mut self, section: &str, json: String) {
        self.push_other(section, json, true, None);
    }

    /// Keeps JSON as such a record, which its content identifies.
    pub(crate) fn keep_matched(&mut self, section: &str, json: String, content: Content) {
        self.push_other(section, json, true, Some(content));
    }

    /// Keeps JSON that is not a record, such as what an export says of itself.
    pub(crate) fn keep_beside(&mut self, section: &str, json: String) {
        self.push_other(section, json, false, None);
    }

    fn push_other(&mut self, section: &str, json: String, in_data: bool, content: Option<Content>) {
        let texts = &mut self.batch.texts;
        let json = texts.intern_owned(json);
        let section = texts.intern(section);
        self.batch.rows.others.push(OtherRecord { section, in_data, json, content });
    }

    /// Keeps an element as a reject, and hands over a full batch.
    pub(crate) fn reject(&mut self, at: Location<'_>, flaw: &Flaw, raw: Raw<'_>) -> Result<()> {
        push_reject(self.batch, at, flaw, raw);
        self.hand_over_if_full()
    }
}

/// Adds an element to the batch's rejects, with the reason and the beginning of its text.
pub(crate) fn push_reject(batch: &mut Batch, at: Location<'_>, flaw: &Flaw, raw: Raw<'_>) {
    let text = String::from_utf8_lossy(&raw.text[..raw.text.len().min(REJECT_RAW_BYTES_MAX)]);
    let reason = if at.part.is_empty() { flaw.to_string() } else { format!("{}: {flaw}", at.part) };
    let texts = &mut batch.texts;
    let (section, reason, text) = (texts.intern(at.section), texts.intern(&reason), texts.intern(&text));
    let Location { index, offset, .. } = at;
    batch.rows.rejects.push(Reject { section, index, offset, reason, raw: text, raw_bytes: raw.bytes });
}
