//! Decoded elements become rows of the batch, and their texts become texts of its arena.
//!
//! Consecutive elements mostly have the same source and the same metadata. Comparing their nodes with those of the element
//! before is cheaper than writing the canonical form and looking it up.

use std::borrow::Cow;

use super::integers::restore_integers;
use super::section::Section;
use crate::formats::canonical;
use crate::formats::json::JsonObject;
use crate::formats::output::Receiver;
use crate::formats::surrogates::{self, plain};
use crate::formats::tape::{Member, Value, as_str, is_null, is_object, is_same, member_at, members};
use crate::model::batch::Batch;
use crate::model::error::Result;
use crate::model::limits::{GROUP_BYTES, SHARED_TEXT_BYTES_MAX};
use crate::model::record::{Characteristic, OtherRecord};
use crate::model::text::TextId;

/// Buffers for texts under way, kept from element to element.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    text: String,
    order: Vec<u32>,
    /// Node numbers of the element's members that go to `other`.
    kept: Vec<u32>,
}

/// Values of the element before, and what became of them.
#[derive(Debug)]
struct Before<T, V> {
    values: T,
    text: V,
}

/// The outcome of a source.
#[derive(Clone, Copy, Debug)]
enum Source {
    Absent,
    Text(TextId),
    /// It is too long to be shared by rows.
    TooLong,
}

/// The rows of one section's elements that lie on one tape.
#[derive(Debug)]
pub(crate) struct Rows<'b, 't, 'i> {
    pub(crate) batch: &'b mut Box<Batch>,
    scratch: &'b mut Scratch,
    section: &'b Section,
    section_text: Option<TextId>,
    source: Option<Before<[Value<'t, 'i>; 2], Source>>,
    metadata: Option<Before<Value<'t, 'i>, Option<TextId>>>,
    /// Whether marks stand for what the decoder refuses.
    has_marks: bool,
    /// Members that are too long for the tape, each with its canonical text, in the tape's order. Another value stands there in its
    /// place.
    long: &'b [(Value<'t, 'i>, &'b str)],
}

impl<'b, 't, 'i> Rows<'b, 't, 'i> {
    pub(crate) fn new(batch: &'b mut Box<Batch>, scratch: &'b mut Scratch, section: &'b Section) -> Self {
        Self { batch, scratch, section, section_text: None, source: None, metadata: None, has_marks: false, long: &[] }
    }

    /// Rows of an element with long members.
    pub(crate) fn with_long(
        batch: &'b mut Box<Batch>,
        scratch: &'b mut Scratch,
        section: &'b Section,
        long: &'b [(Value<'t, 'i>, &'b str)],
    ) -> Self {
        Self { long, ..Self::new(batch, scratch, section) }
    }

    /// The same rows, of an element in which marks stand for half pairs and for integers beyond 64 bits.
    pub(crate) fn marked(self) -> Self {
        Self { has_marks: true, ..self }
    }

    /// Returns the text of a long member.
    #[inline]
    fn long(&self, value: Value<'_, '_>) -> Option<&'b str> {
        if self.long.is_empty() {
            return None;
        }
        // There may be as many as the element has members. They stand in the order of the tape.
        let found = self.long.binary_search_by_key(&value.as_ptr().addr(), |(long, _)| long.as_ptr().addr());
        found.ok().map(|place| self.long[place].1)
    }

    /// Hands over the batch if it is full: numbers of its texts then no longer hold.
    pub(crate) fn hand_over_if_full(&mut self, receiver: &mut Receiver<'_>) -> Result<()> {
        if receiver.take_if_full(self.batch)? {
            (self.section_text, self.source, self.metadata) = (None, None, None);
        }
        Ok(())
    }

    /// Begins an element.
    pub(crate) fn begin(&mut self) {
        self.scratch.kept.clear();
    }

    /// Adds a member of the element to `other`.
    pub(crate) fn keep(&mut self, member: Member<'t, 'i>) {
        self.scratch.kept.push(canonical::number_of(member));
    }

    /// The type of the section's samples.
    pub(crate) fn kind(&self) -> &'b str {
        self.section.path()
    }

    pub(crate) fn section_text(&mut self) -> TextId {
        *self.section_text.get_or_insert_with(|| self.batch.texts.intern(self.section.path()))
    }

    pub(crate) fn text(&mut self, text: &str) -> TextId {
        if self.has_marks {
            return self.batch.texts.intern(&plain(text));
        }
        self.batch.texts.intern(text)
    }

    /// Returns canonical JSON of a value; nothing for null.
    pub(crate) fn json(&mut self, value: Value<'_, '_>) -> Option<TextId> {
        match self.long(value) {
            Some(text) => Some(self.batch.texts.intern(text)),
            None => (!is_null(value)).then(|| self.canonical(value)),
        }
    }

    fn canonical(&mut self, value: Value<'_, '_>) -> TextId {
        let Scratch { text, order, .. } = &mut *self.scratch;
        text.clear();
        canonical::write(value, text, order);
        if self.has_marks {
            restore(text);
        }
        self.batch.texts.intern(text)
    }

    /// Returns canonical JSON of metadata; nothing for null and for `{}`.
    pub(crate) fn metadata(&mut self, value: Value<'t, 'i>) -> Option<TextId> {
        if let Some(before) = &self.metadata
            && is_same(before.values, value)
        {
            return before.text;
        }
        let is_empty = is_object(value) && value.len() == 1;
        let text = if is_empty { None } else { self.json(value) };
        self.metadata = Some(Before { values: value, text });
        text
    }

    /// Returns canonical JSON of where a record comes from. A source that is too long to be shared goes to `other`.
    pub(crate) fn source(&mut self, revision: Member<'t, 'i>, device: Member<'t, 'i>) -> Option<TextId> {
        let values = [revision.value, device.value];
        let source = match &self.source {
            Some(before) if before.values.iter().zip(values).all(|(before, value)| is_same(before, value)) => {
                before.text
            }
            _ => {
                let text = self.write_source(revision, device);
                self.source = Some(Before { values, text });
                text
            }
        };
        match source {
            Source::Absent => None,
            Source::Text(text) => Some(text),
            Source::TooLong => {
                [revision, device]
                    .into_iter()
                    .filter(|member| !is_null(member.value))
                    .for_each(|member| self.keep(member));
                None
            }
        }
    }

    fn write_source(&mut self, revision: Member<'t, 'i>, device: Member<'t, 'i>) -> Source {
        if self.long(revision.value).or(self.long(device.value)).is_some() {
            return Source::TooLong;
        }
        let Scratch { text, order, .. } = &mut *self.scratch;
        text.clear();
        let mut source = JsonObject::begin(text);
        for (name, member) in [("device", device), ("sourceRevision", revision)] {
            if !is_null(member.value) {
                canonical::write(member.value, source.member(name), order);
            }
        }
        let is_empty = source.is_empty();
        source.end();
        if self.has_marks {
            // SQLite makes columns of a source, and no text of SQLite has half a pair.
            restore_integers(text);
            *text = plain(text).into_owned();
        }
        match text.len() {
            _ if is_empty => Source::Absent,
            ..=SHARED_TEXT_BYTES_MAX => Source::Text(self.batch.texts.intern(text)),
            _ => Source::TooLong,
        }
    }

    /// Returns canonical JSON of the members that were kept.
    pub(crate) fn other(&mut self, element: Value<'t, 'i>) -> Option<TextId> {
        if self.has_marks {
            self.keep_marked(element);
        }
        if self.scratch.kept.is_empty() {
            return None;
        }
        if !self.long.is_empty() {
            return Some(self.long_other(element));
        }
        let Scratch { text, order, kept } = &mut *self.scratch;
        text.clear();
        let base = order.len();
        order.append(kept);
        canonical::write_members(element, base, text, order);
        if self.has_marks {
            restore(text);
        }
        Some(self.batch.texts.intern(text))
    }

    /// Keeps the texts with half pairs also, whatever column they have.
    fn keep_marked(&mut self, element: Value<'t, 'i>) {
        for member in members(element) {
            let is_marked = as_str(member.value).is_some_and(|text| matches!(plain(text), Cow::Owned(_)));
            if is_marked && !self.scratch.kept.contains(&canonical::number_of(member)) {
                self.keep(member);
            }
        }
    }

    /// The same where some of them are long: these are written once, and are in canonical form.
    fn long_other(&mut self, element: Value<'t, 'i>) -> TextId {
        let kept = std::mem::take(&mut self.scratch.kept);
        let mut members: Vec<_> = kept.iter().map(|node| member_at(element, *node as usize)).collect();
        members.sort_by(|one, other| one.name.cmp(other.name).then(one.node.cmp(&other.node)));
        let long: Vec<_> = members.iter().map(|member| self.long(member.value)).collect();
        let Self { batch, scratch: Scratch { text, order, .. }, has_marks, .. } = self;
        batch.texts.reserve(long.iter().flatten().map(|long| long.len()).sum::<usize>() + GROUP_BYTES);
        let mut separator = '{';
        batch.texts.intern_written(|other| {
            for (member, long) in members.iter().zip(long) {
                text.clear();
                let mut object = JsonObject::begin(text);
                let value = object.member(member.name);
                if long.is_none() {
                    canonical::write(member.value, value, order);
                }
                object.end();
                if *has_marks {
                    restore(text);
                }
                other.push(separator);
                separator = ',';
                other.push_str(&text[1..text.len() - 1]);
                other.push_str(long.unwrap_or_default());
            }
            other.push('}');
        })
    }

    /// Adds a characteristic, whose key is the section's.
    pub(crate) fn push_characteristic(&mut self, value: Value<'_, '_>) {
        let value = match as_str(value) {
            Some(text) => Some(self.text(text)),
            None => self.json(value),
        };
        let key = self.batch.texts.intern(self.section.key());
        if let Some(value) = value {
            self.batch.rows.characteristics.push(Characteristic { key, value });
        }
    }

    /// The same for a text.
    pub(crate) fn push_characteristic_text(&mut self, text: &str) {
        let texts = &mut self.batch.texts;
        let (key, value) = (texts.intern(self.section.key()), texts.intern(text));
        self.batch.rows.characteristics.push(Characteristic { key, value });
    }

    /// Keeps a whole element.
    pub(crate) fn push_other(&mut self, element: Value<'_, '_>, in_data: bool) {
        let section = self.section_text();
        let json = self.canonical(element);
        self.batch.rows.others.push(OtherRecord { section, in_data, json, content: None });
    }
}

/// Writes what marks stand for in JSON.
fn restore(json: &mut String) {
    restore_integers(json);
    surrogates::restore(json);
}
