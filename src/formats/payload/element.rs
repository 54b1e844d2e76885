//! The element decoder: simd-json over lifted elements, a group at a time.
//!
//! A group is laid out as one array. If that is JSON then each element is JSON by itself: the lifter has matched brackets
//! and quotes, so every element ends where the array's next comma stands. If it is not, the elements are judged one by
//! one, and struson says what is wrong with the one that is not JSON.

use struson::reader::ReaderError;

use super::arena::{Group, RawElement};
use super::fields;
use super::grammar::{judge, syntax_error};
use super::integers::mark_integers;
use super::keys::ElementKind;
use super::large::{Canonical, Rest};
use super::rows::{Rows, Scratch};
use super::section::Section;
use crate::formats::flaw::Flaw;
use crate::formats::json::number_too_large;
use crate::formats::output::{Output, push_reject};
use crate::formats::surrogates::mark_half_pairs;
use crate::formats::tape::{Parser, elements, members};
use crate::model::error::{Error, Result, from_io};
use crate::model::limits::{ELEMENT_BYTES_MAX, GROUP_BYTES_MAX};

/// What elements are, and where they stand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub(crate) kind: ElementKind,
    pub(crate) section: &'a Section,
    /// Arrays and objects around each of them.
    pub(crate) nesting: u32,
}

/// Decodes elements into rows, and reuses its buffers.
pub(crate) struct ElementDecoder {
    text: Vec<u8>,
    parser: Parser,
    scratch: Scratch,
}

impl ElementDecoder {
    pub(crate) fn new() -> Self {
        Self { text: Vec::new(), parser: Parser::for_groups(), scratch: Scratch::default() }
    }

    /// Decodes elements of one array.
    pub(crate) fn decode(&mut self, context: Context<'_>, group: Group<'_>, output: &mut Output<'_>) -> Result<()> {
        // A longer group holds a large element.
        let is_group = group.bytes() <= GROUP_BYTES_MAX && group.is_whole();
        if is_group && self.decode_group(context, group, output)? {
            return Ok(());
        }
        group.elements().try_for_each(|element| self.decode_one(context, element, output))
    }

    /// Decodes a group as one array. Returns false, with nothing done, if the group is not an array.
    fn decode_group(&mut self, context: Context<'_>, group: Group<'_>, output: &mut Output<'_>) -> Result<bool> {
        self.text.clear();
        self.text.push(b'[');
        for element in group.elements() {
            self.text.extend_from_slice(element.text);
            self.text.push(b',');
        }
        self.text.pop();
        self.text.push(b']');
        let Self { text, parser, scratch } = self;
        let Ok(nodes) = parser.parse(text) else {
            return Ok(false);
        };
        let mut rows = Rows::new(output.batch, scratch, context.section);
        for (element, value) in group.elements().zip(elements(&nodes.0)) {
            if let Err(flaw) = fields::read(context.kind, value, &mut rows) {
                push_reject(rows.batch, element.location(context.section), &flaw, element.raw());
            }
            rows.hand_over_if_full(&mut output.receiver)?;
        }
        parser.reuse(nodes);
        Ok(true)
    }

    /// Decodes one element, or rejects it. Returns an error if it is not JSON.
    pub(crate) fn decode_one(
        &mut self,
        context: Context<'_>,
        element: RawElement<'_>,
        output: &mut Output<'_>,
    ) -> Result<()> {
        if element.bytes > ELEMENT_BYTES_MAX as u64 {
            let flaw = Flaw::TooLong(ELEMENT_BYTES_MAX as u64);
            return output.reject(element.location(context.section), &flaw, element.raw());
        }
        if element.bytes <= GROUP_BYTES_MAX as u64 {
            return self.decode_whole(context, element, output);
        }
        output.receiver.begin_large();
        let decoded = self.decode_large(context, element, output);
        output.receiver.end_large();
        decoded
    }

    /// Decodes an element longer than a group. It takes several times its length until the writer has stored its text.
    fn decode_large(&mut self, context: Context<'_>, element: RawElement<'_>, output: &mut Output<'_>) -> Result<()> {
        // The buffers are not needed beside it.
        *self = Self::new();
        let read = match Canonical::read(|| element.overflow.reader(), context.nesting) {
            Ok(Ok(canonical)) => self.read_large(context, canonical, output)?,
            Ok(Err(flaw)) => Err(flaw),
            Err(ReaderError::IoError { error, .. }) if error.get_ref().is_some_and(|error| error.is::<Error>()) => {
                return Err(from_io(error));
            }
            Err(fault) => return Err(syntax_error(&fault, |at| element.offset + at, context.section, element.index)),
        };
        // Neither is what the row was made with while it is stored.
        *self = Self::new();
        match read {
            Ok(()) => output.hand_over_if_full(),
            Err(flaw) => output.reject(element.location(context.section), &flaw, element.raw()),
        }
    }

    /// Makes the row of such an element.
    fn read_large(
        &mut self,
        context: Context<'_>,
        canonical: Canonical,
        output: &mut Output<'_>,
    ) -> Result<Result<(), Flaw>> {
        let Self { parser, scratch, .. } = self;
        let section = context.section;
        match context.kind {
            ElementKind::Unknown { in_data } => {
                // The first text of a batch is not copied.
                if !output.batch.is_empty() {
                    output.hand_over()?;
                }
                let keep = if in_data { Output::keep } else { Output::keep_beside };
                keep(output, section.path(), canonical.into_text());
                Ok(Ok(()))
            }
            ElementKind::Characteristic => {
                let json = canonical.into_text();
                let mut rows = Rows::new(output.batch, scratch, section);
                if !json.starts_with('"') {
                    rows.push_characteristic_text(&json);
                } else {
                    let mut json = json.into_bytes();
                    let mut rows = if mark_half_pairs(&mut json) { rows.marked() } else { rows };
                    if let Ok(nodes) = parser.parse(&mut json) {
                        // A text is kept without its quotes.
                        rows.push_characteristic(&nodes.0);
                    }
                }
                Ok(Ok(()))
            }
            _ if !canonical.is_object() => Ok(Err(Flaw::Not("an object"))),
            kind => {
                if let Err(flaw) = canonical.check_rest() {
                    return Ok(Err(flaw));
                }
                let Rest { text, long } = canonical.rest();
                let mut text = text.into_bytes();
                let has_halves = mark_half_pairs(&mut text);
                let marked = mark_integers(&text);
                let has_marks = has_halves || marked.is_some();
                let mut text = marked.unwrap_or(text);
                let nodes = match parser.parse(&mut text) {
                    Ok(nodes) => nodes,
                    Err(error) => return Ok(Err(Flaw::Undecodable(error.to_string()))),
                };
                let values: Vec<_> = members(&nodes.0).map(|member| member.value).collect();
                let long: Vec<_> = long.iter().map(|(place, text)| (values[*place], *text)).collect();
                let rows = Rows::with_long(output.batch, scratch, section, &long);
                let mut rows = if has_marks { rows.marked() } else { rows };
                Ok(fields::read(kind, &nodes.0, &mut rows))
            }
        }
    }

    fn decode_whole(&mut self, context: Context<'_>, element: RawElement<'_>, output: &mut Output<'_>) -> Result<()> {
        Parser::pad(element.text, &mut self.text);
        let Self { text, parser, scratch } = self;
        let read = match parser.parse(text) {
            Ok(nodes) => {
                let mut rows = Rows::new(output.batch, scratch, context.section);
                let read = fields::read(context.kind, &nodes.0, &mut rows);
                parser.reuse(nodes);
                read
            }
            Err(error) => {
                return self.decode_refused(context, element, Flaw::Undecodable(error.to_string()), output);
            }
        };
        match read {
            Ok(()) => output.hand_over_if_full(),
            Err(flaw) => output.reject(element.location(context.section), &flaw, element.raw()),
        }
    }

    /// Decodes an element that simd-json refuses, with marks for half pairs and for integers beyond 64 bits; rejects it if
    /// these are not the reason. Returns an error if it is not JSON.
    fn decode_refused(
        &mut self,
        context: Context<'_>,
        element: RawElement<'_>,
        flaw: Flaw,
        output: &mut Output<'_>,
    ) -> Result<()> {
        // The judged text keeps its length, so places in it are places in the element.
        let mut judged = element.text.to_vec();
        let has_halves = mark_half_pairs(&mut judged);
        if let Err(fault) = judge(&mut judged, context.nesting) {
            return Err(syntax_error(&fault, |at| element.offset + at, context.section, element.index));
        }
        let read = match mark_integers(&judged) {
            None if !has_halves => Err(flaw),
            marked => self.read_marked(context, marked.as_deref().unwrap_or(&judged), output),
        };
        match read {
            Ok(()) => output.hand_over_if_full(),
            Err(flaw) => {
                let undecodable = matches!(flaw, Flaw::Undecodable(_)).then(|| number_too_large(&judged)).flatten();
                let too_large = undecodable.map(|(name, number)| Flaw::NumberTooLarge(name, number));
                output.reject(element.location(context.section), &too_large.unwrap_or(flaw), element.raw())
            }
        }
    }

    /// Reads an element in which marks stand for what simd-json refuses.
    fn read_marked(&mut self, context: Context<'_>, marked: &[u8], output: &mut Output<'_>) -> Result<(), Flaw> {
        Parser::pad(marked, &mut self.text);
        let Self { text, parser, scratch } = self;
        let nodes = parser.parse(text).map_err(|error| Flaw::Undecodable(error.to_string()))?;
        let mut rows = Rows::new(output.batch, scratch, context.section).marked();
        let read = fields::read(context.kind, &nodes.0, &mut rows);
        parser.reuse(nodes);
        read
    }
}
