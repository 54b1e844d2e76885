//! Where decoded elements become rows of the batch, and their texts texts of its arena.
//!
//! Consecutive elements mostly have the same source and the same metadata: their nodes are compared with those of the
//! element before, which is cheaper than writing them out in canonical form and looking that up.

use crate::formats::canonical;
use crate::formats::json::JsonObject;
use crate::formats::tape::{Value, as_str, is_null, is_object};
use crate::model::batch::Batch;
use crate::model::record::{Characteristic, OtherRecord, Reject};
use crate::model::text::TextId;

/// Space for the making of texts, kept from element to element.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) text: String,
    pub(crate) order: Vec<u32>,
    /// Node numbers of the element's members that go to `other`.
    kept: Vec<u32>,
}

/// A value of the element before, and its text.
#[derive(Debug)]
struct Before<'t, 'i, const N: usize> {
    values: [Value<'t, 'i>; N],
    text: Option<TextId>,
}

/// The rows of one section's elements that lie on one tape.
#[derive(Debug)]
pub(crate) struct Rows<'b, 't, 'i> {
    pub(crate) batch: &'b mut Box<Batch>,
    scratch: &'b mut Scratch,
    section: &'b str,
    section_text: Option<TextId>,
    source: Option<Before<'t, 'i, 2>>,
    metadata: Option<Before<'t, 'i, 1>>,
}

impl<'b, 't, 'i> Rows<'b, 't, 'i> {
    pub(crate) fn new(batch: &'b mut Box<Batch>, scratch: &'b mut Scratch, section: &'b str) -> Self {
        Self { batch, scratch, section, section_text: None, source: None, metadata: None }
    }

    /// The batch was exchanged: numbers of its texts no longer hold.
    pub(crate) fn forget(&mut self) {
        self.section_text = None;
        self.source = None;
        self.metadata = None;
    }

    /// An element begins.
    pub(crate) fn begin(&mut self) {
        self.scratch.kept.clear();
    }

    /// The member of the element whose name is at this node goes to `other`.
    pub(crate) fn keep(&mut self, at: usize) {
        self.scratch.kept.push(canonical::number_of(at));
    }

    pub(crate) fn section_text(&mut self) -> TextId {
        *self.section_text.get_or_insert_with(|| self.batch.texts.intern(self.section))
    }

    pub(crate) fn text(&mut self, text: &str) -> TextId {
        self.batch.texts.intern(text)
    }

    /// Canonical JSON of a value; nothing for null.
    pub(crate) fn json(&mut self, value: Value<'_, '_>) -> Option<TextId> {
        if is_null(value) {
            return None;
        }
        let Scratch { text, order, .. } = &mut *self.scratch;
        text.clear();
        canonical::write(value, text, order);
        Some(self.batch.texts.intern(text))
    }

    /// Canonical JSON of metadata; nothing for null and for `{}`.
    pub(crate) fn metadata(&mut self, value: Value<'t, 'i>) -> Option<TextId> {
        if let Some(before) = &self.metadata
            && before.values == [value]
        {
            return before.text;
        }
        let is_empty = is_object(value) && value.len() == 1;
        let text = if is_empty { None } else { self.json(value) };
        self.metadata = Some(Before { values: [value], text });
        text
    }

    /// Canonical JSON of where a record comes from.
    pub(crate) fn source(&mut self, revision: Value<'t, 'i>, device: Value<'t, 'i>) -> Option<TextId> {
        let values = [revision, device];
        if let Some(before) = &self.source
            && before.values == values
        {
            return before.text;
        }
        let Scratch { text, order, .. } = &mut *self.scratch;
        text.clear();
        let mut source = JsonObject::begin(text);
        if !is_null(device) {
            canonical::write(device, source.member("device"), order);
        }
        if !is_null(revision) {
            canonical::write(revision, source.member("sourceRevision"), order);
        }
        let is_empty = source.is_empty();
        source.end();
        let text = (!is_empty).then(|| self.batch.texts.intern(text));
        self.source = Some(Before { values, text });
        text
    }

    /// Canonical JSON of the members that were kept.
    pub(crate) fn other(&mut self, element: Value<'t, 'i>) -> Option<TextId> {
        let Scratch { text, order, kept } = &mut *self.scratch;
        if kept.is_empty() {
            return None;
        }
        text.clear();
        let base = order.len();
        order.append(kept);
        canonical::write_members(element, base, text, order);
        Some(self.batch.texts.intern(text))
    }

    /// A characteristic: its key is the last part of the section's name.
    pub(crate) fn push_characteristic(&mut self, value: Value<'_, '_>) {
        let key = self.section.split_once('/').map_or(self.section, |(_, key)| key);
        let key = self.batch.texts.intern(key);
        let value = match as_str(value) {
            Some(text) => Some(self.batch.texts.intern(text)),
            None => self.json(value),
        };
        if let Some(value) = value {
            self.batch.rows.characteristics.push(Characteristic { key, value });
        }
    }

    /// Keeps a whole element.
    pub(crate) fn push_other(&mut self, element: Value<'_, '_>, in_data: bool) {
        let section = self.section_text();
        let Scratch { text, order, .. } = &mut *self.scratch;
        text.clear();
        canonical::write(element, text, order);
        let json = self.batch.texts.intern(text);
        self.batch.rows.others.push(OtherRecord { section, in_data, json });
    }
}

/// Sets an element aside.
pub(crate) fn reject(batch: &mut Batch, section: &str, reason: &str, place: RejectPlace, raw: &[u8], raw_bytes: u64) {
    let raw = &raw[..raw.len().min(crate::model::limits::REJECT_RAW_BYTES_MAX)];
    let raw = String::from_utf8_lossy(raw);
    let (section, reason, raw) = (batch.texts.intern(section), batch.texts.intern(reason), batch.texts.intern(&raw));
    batch.rows.rejects.push(Reject { section, index: place.index, offset: place.offset, reason, raw, raw_bytes });
}

/// Where a rejected element stood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RejectPlace {
    pub(crate) index: Option<u64>,
    pub(crate) offset: u64,
}
