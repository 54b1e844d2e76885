//! The element decoder: simd-json over lifted elements, a group at a time.
//!
//! A group is laid out as one array. If that is JSON then each element is JSON by itself: the lifter has matched brackets
//! and quotes, so every element ends where the array's next comma stands. If it is not, the elements are judged one by
//! one, and struson says what is wrong with the one that is no JSON.

use std::sync::{Mutex, PoisonError};

use struson::reader::{JsonReader, JsonStreamReader, ReaderError, ReaderSettings};

use super::Sink;
use super::lift::Lifted;
use super::mend::mend_half_pairs;
use super::rows::{RejectPlace, Rows, Scratch, reject};
use super::shape;
use super::walk::{Section, syntax_error};
use crate::formats::tape::{Parser, Value, elements, has_more_values};
use crate::model::batch::Batch;
use crate::model::error::Result;
use crate::model::limits::{ELEMENT_BYTES_MAX, ELEMENT_VALUES_MAX, GROUP_BYTES, NESTING_MAX};

/// Groups up to this length are decoded as one; a longer one holds a large element and is decoded one by one.
const GROUP_BYTES_MAX: usize = 2 * GROUP_BYTES;

/// Held while an element longer than a group is decoded, until the writer is done with its text: of what that takes, many
/// times the element's length, there is one at a time. Whoever holds it waits for the writer only, never for a client.
static LARGE_ELEMENT: Mutex<()> = Mutex::new(());

/// Decodes elements into rows. Its buffers are used again and again.
pub(crate) struct ElementDecoder {
    text: Vec<u8>,
    parser: Parser,
    scratch: Scratch,
}

/// Where rows go: a batch, and who takes it when it is full.
pub(crate) struct Output<'a> {
    pub(crate) batch: &'a mut Box<Batch>,
    pub(crate) sink: &'a mut dyn Sink,
}

impl Output<'_> {
    /// Hands on a full batch; true if the batch was exchanged.
    pub(crate) fn make_room(&mut self) -> Result<bool> {
        let is_full = self.batch.is_full();
        if is_full {
            self.sink.submit(self.batch)?;
        }
        Ok(is_full)
    }

    pub(crate) fn reject(
        &mut self,
        section: &str,
        reason: &str,
        place: RejectPlace,
        raw: &[u8],
        bytes: u64,
    ) -> Result<()> {
        reject(self.batch, section, reason, place, raw, bytes);
        self.make_room().map(|_| ())
    }
}

impl ElementDecoder {
    pub(crate) fn new() -> Self {
        Self { text: Vec::new(), parser: Parser::new(), scratch: Scratch::default() }
    }

    /// Decodes elements of one section that lie one behind the other in `text`. `first` is the index of the first.
    pub(crate) fn decode(
        &mut self,
        section: &Section<'_>,
        first: u64,
        lifted: &[Lifted],
        text: &[u8],
        output: &mut Output<'_>,
    ) -> Result<()> {
        let is_group = text.len() <= GROUP_BYTES_MAX && lifted.iter().all(Lifted::is_whole);
        if is_group && self.decode_group(section, first, lifted, text, output)? {
            return Ok(());
        }
        let mut rest = text;
        for (index, element) in (first..).zip(lifted) {
            let (raw, behind) = rest.split_at(element.kept_bytes());
            rest = behind;
            let place = RejectPlace { index: Some(index), offset: element.offset };
            self.decode_one(section, place, raw, element.bytes, output)?;
        }
        Ok(())
    }

    /// Decodes a group as one array; false, and nothing done, if it is none.
    fn decode_group(
        &mut self,
        section: &Section<'_>,
        first: u64,
        lifted: &[Lifted],
        text: &[u8],
        output: &mut Output<'_>,
    ) -> Result<bool> {
        self.text.clear();
        self.text.push(b'[');
        let mut rest = text;
        for element in lifted {
            let (raw, behind) = rest.split_at(element.kept_bytes());
            rest = behind;
            self.text.extend_from_slice(raw);
            self.text.push(b',');
        }
        self.text.pop();
        self.text.push(b']');
        let Self { text: padded, parser, scratch } = self;
        let Ok(nodes) = parser.parse(padded) else {
            return Ok(false);
        };
        let mut rows = Rows::new(output.batch, scratch, section.label);
        let mut rest = text;
        for ((index, element), value) in (first..).zip(lifted).zip(elements(&nodes.0)) {
            let (raw, behind) = rest.split_at(element.kept_bytes());
            rest = behind;
            if let Err(flaw) = shape::read(section.kind, value, &mut rows) {
                let place = RejectPlace { index: Some(index), offset: element.offset };
                reject(rows.batch, section.label, &flaw.to_string(), place, raw, element.bytes);
            }
            if rows.batch.is_full() {
                output.sink.submit(rows.batch)?;
                rows.forget();
            }
        }
        parser.reuse(nodes);
        Ok(true)
    }

    /// Decodes one element, or sets it aside; an error if it is no JSON.
    pub(crate) fn decode_one(
        &mut self,
        section: &Section<'_>,
        place: RejectPlace,
        raw: &[u8],
        bytes: u64,
        output: &mut Output<'_>,
    ) -> Result<()> {
        if bytes > raw.len() as u64 {
            let reason = format!("longer than {ELEMENT_BYTES_MAX} bytes");
            return output.reject(section.label, &reason, place, raw, bytes);
        }
        // It guards no data, so a panic of another's does not matter.
        let _turn = (raw.len() > GROUP_BYTES_MAX).then(|| LARGE_ELEMENT.lock().unwrap_or_else(PoisonError::into_inner));
        self.decode_whole(section, place, raw, bytes, output)
    }

    fn decode_whole(
        &mut self,
        section: &Section<'_>,
        place: RejectPlace,
        raw: &[u8],
        bytes: u64,
        output: &mut Output<'_>,
    ) -> Result<()> {
        if raw.len() > GROUP_BYTES_MAX && has_more_values(raw, ELEMENT_VALUES_MAX) {
            let reason = format!("more than {ELEMENT_VALUES_MAX} values");
            return output.reject(section.label, &reason, place, raw, bytes);
        }
        Parser::pad(raw, &mut self.text);
        let Self { text: padded, parser, scratch } = self;
        let outcome = match parser.parse(padded) {
            Ok(nodes) => {
                let read = read_one(section, &nodes.0, output.batch, scratch);
                parser.reuse(nodes);
                read
            }
            Err(error) => {
                // Mending changes no length, so places stay what they are.
                let mut mended = raw.to_vec();
                let is_mended = mend_half_pairs(&mut mended);
                if let Err(fault) = judge(&mended, section.nesting) {
                    return Err(syntax_error(&fault, |at| place.offset + at, section.label, place.index));
                }
                if is_mended {
                    return self.decode_whole(section, place, &mended, bytes, output);
                }
                Err(format!("its values cannot be decoded: {:?}", error.error()))
            }
        };
        self.shrink();
        match outcome {
            Ok(()) => output.make_room().map(|_| ()),
            Err(reason) => output.reject(section.label, &reason, place, raw, bytes),
        }
    }

    /// One large element must not make the buffers large for good.
    fn shrink(&mut self) {
        if self.text.capacity() > 2 * GROUP_BYTES_MAX {
            *self = Self::new();
        }
    }
}

fn read_one(
    section: &Section<'_>,
    value: Value<'_, '_>,
    batch: &mut Box<Batch>,
    scratch: &mut Scratch,
) -> Result<(), String> {
    let mut rows = Rows::new(batch, scratch, section.label);
    shape::read(section.kind, value, &mut rows).map_err(|flaw| flaw.to_string())
}

/// Whether a text is JSON at all, whatever its values: numbers out of range are. `nesting` levels are around it.
pub(crate) fn judge(raw: &[u8], nesting: u32) -> Result<(), ReaderError> {
    let max_nesting_depth = Some(STRUSON_NESTING_MAX.saturating_sub(nesting));
    let mut json = JsonStreamReader::new_custom(raw, ReaderSettings { max_nesting_depth, ..reader_settings() });
    json.skip_value()?;
    json.consume_trailing_whitespace()
}

/// How struson reads: strict, without keeping a path, and with no opinion on values.
pub(crate) fn reader_settings() -> ReaderSettings {
    ReaderSettings {
        track_path: false,
        max_nesting_depth: Some(STRUSON_NESTING_MAX),
        restrict_number_values: false,
        ..ReaderSettings::default()
    }
}

/// struson does not recurse: it may go deeper than what is stored, to see whether the rest is JSON.
const STRUSON_NESTING_MAX: u32 = 16 * NESTING_MAX;
