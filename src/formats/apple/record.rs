//! `Record`: a sample with an identity made from its content.

use super::common::{Common, KNOWN};
use super::document::Fate;
use super::element::{Element, plain};
use super::kept::{BEAT, BEATS, has_unknown, is_entry, write_metadata, write_unknown};
use super::members::is_member;
use super::number::{self, Numbers};
use super::seen::Seen;
use super::source::Source;
use crate::formats::flaw::Flaw;
use crate::formats::json::{JsonArray, JsonObject, write_f64, write_string};
use crate::formats::output::Output;
use crate::model::healthkit::{QUANTITY_TYPE, category_value, category_word, is_event};
use crate::model::identity::{derive, digest};
use crate::model::limits::{DICTIONARY_TEXT_BYTES_MAX, READ_BUFFER_BYTES};
use crate::model::record::{BeatList, DerivedSample, Sample};
use crate::model::text::{TextId, Texts};

/// Reads records. Its buffers are used again and again.
#[derive(Debug, Default)]
pub(super) struct Records {
    content: Vec<u8>,
    metadata: String,
    beats: String,
    other: String,
    kind: KindAndUnit,
}

/// Type and unit of the record before, unless they are long.
#[derive(Debug, Default)]
struct KindAndUnit {
    kind: String,
    unit: Option<String>,
    /// Whether correlations may have such records.
    is_member: bool,
    digest: [u8; 16],
    /// Their ids, and the batch in which these hold.
    texts: Option<(u32, TextId, Option<TextId>)>,
}

impl Records {
    /// Reads a record at the top level, at this line.
    pub(super) fn read(
        &mut self,
        element: Element<'_>,
        line: u64,
        numbers: &mut Numbers,
        seen: &mut Seen,
        output: &mut Output<'_>,
    ) -> Result<Fate, Flaw> {
        let common = Common::read(element)?;
        let (kind, start_ms) = (common.kind()?, common.start_ms()?);
        let (value, unknown_value) = match value_of(kind, &common, line, numbers)? {
            Value::Number(number) => (number, None),
            Value::Name(name) => (None, Some(name)),
            Value::Waits => return Ok(Fate::Waits),
        };
        seen.within.early_ends += u64::from(common.ends_early());
        let source = seen.sources.find(common.source, output);
        self.write_parts(element, &common, &source, unknown_value, seen);
        let (kind, unit) = self.kind.find(kind, common.unit, output);
        if self.kind.is_member {
            seen.top_level.note(&common);
        }
        self.write_content(&common, &source.digest);
        let uuid = seen.equals.count(derive(&self.content)).identity;
        let texts = &mut output.batch.texts;
        let [metadata, beats, other] = [&self.metadata, &self.beats, &self.other].map(|text| intern_some(text, texts));
        let (source, end_ms) = (source.text, common.end_ms);
        let sample = Sample { kind, uuid, start_ms, end_ms, value, unit, source, metadata, other };
        let rows = &mut output.batch.rows;
        rows.push_derived_sample(DerivedSample { sample, creation_ms: common.creation_ms });
        if let Some(beats) = beats {
            rows.beat_lists.push(BeatList { start_ms, end_ms, source, beats });
        }
        self.shrink();
        Ok(Fate::Read)
    }

    /// Writes what the identity is made of.
    fn write_content(&mut self, common: &Common<'_>, source: &[u8; 16]) {
        let content = &mut self.content;
        content.clear();
        content.extend_from_slice(&self.kind.digest[..8]);
        content.extend_from_slice(&source[..8]);
        content.extend_from_slice(&common.times());
        content.extend_from_slice(common.value.unwrap_or("\0").as_bytes());
        for text in [&self.metadata, &self.beats, &self.other] {
            if !text.is_empty() {
                content.push(0);
                content.extend_from_slice(text.as_bytes());
            }
        }
    }

    /// Writes what is in a record besides its columns: metadata, beats, and what this version does not know.
    fn write_parts(
        &mut self,
        element: Element<'_>,
        common: &Common<'_>,
        source: &Source,
        unknown_value: Option<&str>,
        seen: &mut Seen,
    ) {
        self.metadata.clear();
        self.beats.clear();
        self.other.clear();
        let has_more = common.has_more || unknown_value.is_some() || source.text.is_none();
        if element.is_plain() && !has_more {
            return;
        }
        write_metadata(element, &mut self.metadata);
        let list = element.child(BEATS);
        if let Some(list) = list {
            write_beats(list, &mut self.beats);
        }
        let is_list = |child: Element<'_>| list.is_some_and(|list| list.number() == child.number());
        let is_unknown = |child: Element<'_>| !is_list(child) && !is_entry(child);
        let rest_of_list = list.filter(|list| has_unknown(*list, &[], is_no_beat));
        let columns = source.columns(&KNOWN);
        if unknown_value.is_some() || rest_of_list.is_some() || has_unknown(element, columns, is_unknown) {
            let mut object = JsonObject::begin(&mut self.other);
            if let Some(value) = unknown_value {
                object.string("value", &plain(value));
            }
            write_unknown(element, columns, is_unknown, &mut object);
            if let Some(list) = rest_of_list {
                let mut rest = object.object(BEATS);
                write_unknown(list, &[], is_no_beat, &mut rest);
                rest.end();
            }
            object.end();
        }
        for child in element.children() {
            seen.within.add(child);
        }
    }

    /// One large record must not make the buffers large for good.
    fn shrink(&mut self) {
        for text in [&mut self.metadata, &mut self.beats, &mut self.other] {
            if text.capacity() > READ_BUFFER_BYTES {
                *text = String::new();
            }
        }
        if self.content.capacity() > READ_BUFFER_BYTES {
            self.content = Vec::new();
        }
    }
}

impl KindAndUnit {
    /// The ids of a type and a unit. Their digest stays in `self`.
    fn find(&mut self, kind: &str, unit: Option<&str>, output: &mut Output<'_>) -> (TextId, Option<TextId>) {
        if self.kind != kind || self.unit.as_deref() != unit {
            self.texts = None;
            self.is_member = is_member(kind);
            self.digest = digest(&[kind.as_bytes(), unit.unwrap_or_default().as_bytes()]);
            if kind.len() + unit.unwrap_or_default().len() > DICTIONARY_TEXT_BYTES_MAX {
                // Equal to no type that a record may have.
                self.kind.clear();
                return intern(kind, unit, &mut output.batch.texts);
            }
            kind.clone_into(&mut self.kind);
            self.unit = unit.map(str::to_owned);
        }
        match self.texts {
            Some((generation, kind, unit)) if generation == output.generation() => (kind, unit),
            _ => {
                let (kind, unit) = intern(kind, unit, &mut output.batch.texts);
                self.texts = Some((output.generation(), kind, unit));
                (kind, unit)
            }
        }
    }
}

fn intern(kind: &str, unit: Option<&str>, texts: &mut Texts) -> (TextId, Option<TextId>) {
    (texts.intern(&plain(kind)), unit.map(|unit| texts.intern(&plain(unit))))
}

/// The id of a text, unless it is empty.
pub(super) fn intern_some(text: &str, texts: &mut Texts) -> Option<TextId> {
    (!text.is_empty()).then(|| texts.intern(text))
}

/// The value of a record.
enum Value<'a> {
    /// The number of a quantity or of a category's name, if there is one.
    Number(Option<f64>),
    /// An unknown name.
    Name(&'a str),
    /// A number with two readings.
    Waits,
}

fn value_of<'a>(kind: &str, common: &Common<'a>, line: u64, numbers: &mut Numbers) -> Result<Value<'a>, Flaw> {
    let Some(text) = common.value else {
        return Ok(Value::Number(is_event(kind).then_some(0.0)));
    };
    let plain = number::finite(text);
    if let Some(number) = plain
        && numbers.reads_points()
    {
        return Ok(Value::Number(Some(number)));
    }
    let is_category = common.unit.is_none() && !kind.starts_with(QUANTITY_TYPE);
    if is_category && plain.is_none() {
        let number = category_value(text).or_else(|| category_word(kind, text));
        return Ok(number.map_or(Value::Name(text), |number| Value::Number(Some(f64::from(number)))));
    }
    let waits = if plain.is_some() { numbers.learn_from_plain(text, line) } else { numbers.learn_from(text, line) };
    if waits {
        return Ok(Value::Waits);
    }
    if plain.is_some() && !number::may_be_grouped(text) {
        return Ok(Value::Number(plain));
    }
    let number = number::read(text, numbers.style()).map_err(|why| Flaw::unreadable("value", why))?;
    Ok(Value::Number(Some(number)))
}

/// Whether a child of a list of beats is more than a beat.
fn is_no_beat(child: Element<'_>) -> bool {
    child.name() != BEAT || !child.is_plain()
}

fn write_beats(list: Element<'_>, out: &mut String) {
    let mut beats = JsonArray::begin(out);
    for beat in list.children().filter(|child| child.name() == BEAT) {
        let mut object = beats.object();
        for (key, value) in beat.attributes() {
            let out = object.member(key);
            match value.parse::<u32>() {
                Ok(number) if key == "bpm" => write_f64(f64::from(number), out),
                _ => write_string(&plain(value), out),
            }
        }
        object.end();
    }
    beats.end();
}
