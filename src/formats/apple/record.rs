//! `Record` and `Correlation`: to samples with an identity made from their content.

use super::Reader;
use super::element::{Element, member, plain};
use crate::formats::json::{write_f64, write_string};
use crate::formats::output::Output;
use crate::model::error::Result;
use crate::model::healthkit::{self, is_event};
use crate::model::identity::{derive, digest};
use crate::model::record::{BeatList, Correlation, DerivedSample, Sample};
use crate::model::text::TextId;
use crate::model::time;

const BEATS: &str = "HeartRateVariabilityMetadataList";
const METADATA: &str = "MetadataEntry";

/// The attributes that samples have in common, as they stand in the file.
#[derive(Debug, Default)]
pub(super) struct Common<'a> {
    pub(super) kind: &'a str,
    unit: Option<&'a str>,
    value: Option<&'a str>,
    source_name: &'a str,
    source_version: &'a str,
    device: &'a str,
    pub(super) creation: Option<i64>,
    pub(super) start: Option<i64>,
    pub(super) end: Option<i64>,
    /// Whether there are attributes without a field here.
    has_more: bool,
}

impl<'a> Common<'a> {
    pub(super) fn read(element: Element<'a>) -> Result<Self, String> {
        let mut common = Self::default();
        let date = |name: &str, value: &str| {
            time::parse(value).map(Some).ok_or_else(|| format!("`{name}` is not a date with time and offset"))
        };
        for (key, value) in element.attributes() {
            let is_known = match key {
                "type" => !std::mem::replace(&mut common.kind, value).is_empty(),
                "unit" => common.unit.replace(value).is_some(),
                "value" => common.value.replace(value).is_some(),
                "sourceName" => !std::mem::replace(&mut common.source_name, value).is_empty(),
                "sourceVersion" => !std::mem::replace(&mut common.source_version, value).is_empty(),
                "device" => !std::mem::replace(&mut common.device, value).is_empty(),
                "creationDate" => std::mem::replace(&mut common.creation, date(key, value)?).is_some(),
                "startDate" => std::mem::replace(&mut common.start, date(key, value)?).is_some(),
                "endDate" => std::mem::replace(&mut common.end, date(key, value)?).is_some(),
                _ => {
                    common.has_more = true;
                    false
                }
            };
            if is_known {
                return Err(format!("not well-formed: `{key}` stands there twice"));
            }
        }
        Ok(common)
    }
}

/// Attributes that [`Common`] has a field for.
const KNOWN: [&str; 9] =
    ["type", "unit", "value", "sourceName", "sourceVersion", "device", "creationDate", "startDate", "endDate"];

/// Texts of the record under way, and what is remembered of the one before.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    content: Vec<u8>,
    pub(super) metadata: String,
    beats: String,
    pub(super) other: String,
    /// Type and unit of the record before, their texts in the batch, and the digest of both.
    kind: String,
    unit: Option<String>,
    kind_digest: [u8; 16],
    texts: Option<(u32, TextId, Option<TextId>)>,
}

impl Reader<'_> {
    /// A record at the top level.
    pub(super) fn record(&mut self, element: Element<'_>, output: &mut Output<'_>) -> Result<(), String> {
        let common = Common::read(element)?;
        if common.kind.is_empty() {
            return Err("no `type`".to_owned());
        }
        let start_ms = common.start.ok_or("no `startDate`")?;
        self.scratch.other.clear();
        let value = self.value(&common)?;
        self.parts(element, &common);
        let source = self.sources.find(common.source_name, common.source_version, common.device, output);
        let (kind, unit) = self.kind_and_unit(&common, output);
        let Scratch { content, metadata, beats, other, kind_digest, .. } = &mut self.scratch;
        content.clear();
        content.extend_from_slice(&kind_digest[..8]);
        content.extend_from_slice(&source.digest[..8]);
        for time in [Some(start_ms), common.end, common.creation] {
            content.extend_from_slice(&time.unwrap_or(i64::MIN).to_le_bytes());
        }
        content.extend_from_slice(common.value.unwrap_or("\0").as_bytes());
        for text in [&*metadata, &*beats, &*other] {
            if !text.is_empty() {
                content.push(0);
                content.extend_from_slice(text.as_bytes());
            }
        }
        let uuid = self.equals.number(derive(content));
        let texts = &mut output.batch.texts;
        let mut text = |text: &str| (!text.is_empty()).then(|| texts.intern(text));
        let (metadata, beats, other) = (text(metadata), text(beats), text(other));
        let sample = Sample {
            kind,
            uuid,
            start_ms,
            end_ms: common.end,
            value,
            unit,
            source: Some(source.text),
            metadata,
            other,
        };
        output.batch.rows.push_derived_sample(DerivedSample { sample, creation_ms: common.creation });
        if let Some(beats) = beats {
            let list = BeatList { start_ms, end_ms: common.end, source: sample.source, beats };
            output.batch.rows.beat_lists.push(list);
        }
        output.tally.row(common.kind, Some(start_ms));
        Ok(())
    }

    /// The number of a quantity, or of a category's name; a name that is not known is kept in `other`.
    fn value(&mut self, common: &Common<'_>) -> Result<Option<f64>, String> {
        let is_category = common.unit.is_none() && !common.kind.starts_with(healthkit::QUANTITY_TYPE);
        match common.value {
            None => Ok(is_event(common.kind).then_some(0.0)),
            Some(text) => match text.trim().parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Some(number)),
                _ if is_category => {
                    let number = healthkit::category_value(text).map(f64::from);
                    if number.is_none() {
                        self.scratch.other.push_str("{\"value\":");
                        write_string(&plain(text), &mut self.scratch.other);
                        self.scratch.other.push('}');
                    }
                    Ok(number)
                }
                _ => Err("`value` is not a number".to_owned()),
            },
        }
    }

    /// What stands in a record: metadata, beats, and what this version does not know.
    fn parts(&mut self, element: Element<'_>, common: &Common<'_>) {
        self.scratch.metadata.clear();
        self.scratch.beats.clear();
        if !element.has_children() && !common.has_more {
            return;
        }
        write_metadata(element, &mut self.scratch.metadata);
        self.within.metadata += count(element, METADATA);
        if let Some(list) = element.child(BEATS) {
            write_beats(list, &mut self.scratch.beats);
            self.within.beat_lists += 1;
            self.within.beats += list.size() - 1;
        }
        let is_unknown = |name: &str| name != METADATA && name != BEATS;
        if common.has_more || element.children().any(|child| is_unknown(child.name())) {
            let unknown = self.scratch.other.pop();
            write_unknown(element, &KNOWN, is_unknown, unknown.is_some(), &mut self.scratch.other);
        }
    }

    fn kind_and_unit(&mut self, common: &Common<'_>, output: &mut Output<'_>) -> (TextId, Option<TextId>) {
        let scratch = &mut self.scratch;
        if scratch.kind != common.kind || scratch.unit.as_deref() != common.unit {
            common.kind.clone_into(&mut scratch.kind);
            scratch.unit = common.unit.map(str::to_owned);
            scratch.kind_digest = digest(&[common.kind.as_bytes(), common.unit.unwrap_or_default().as_bytes()]);
            scratch.texts = None;
        }
        match scratch.texts {
            Some((generation, kind, unit)) if generation == output.generation => (kind, unit),
            _ => {
                let kind = output.batch.texts.intern(&plain(common.kind));
                let unit = common.unit.map(|unit| output.batch.texts.intern(&plain(unit)));
                scratch.texts = Some((output.generation, kind, unit));
                (kind, unit)
            }
        }
    }

    /// Records that belong together. Each of them stands at the top level, too, and is not counted twice.
    pub(super) fn correlation(&mut self, element: Element<'_>, output: &mut Output<'_>) -> Result<(), String> {
        let common = Common::read(element)?;
        if common.kind.is_empty() {
            return Err("no `type`".to_owned());
        }
        let start_ms = common.start.ok_or("no `startDate`")?;
        let mut members = String::from("[");
        let mut repeated = 0;
        for record in element.children().filter(|child| child.name() == "Record") {
            if repeated > 0 {
                members.push(',');
            }
            write_member(record, &mut members)?;
            for child in record.children() {
                self.within.add(child);
            }
            repeated += 1;
        }
        members.push(']');
        let mut metadata = String::new();
        write_metadata(element, &mut metadata);
        let mut other = String::new();
        let is_unknown = |name: &str| name != METADATA && name != "Record";
        if common.has_more || element.children().any(|child| is_unknown(child.name())) {
            write_unknown(element, &KNOWN, is_unknown, false, &mut other);
        }
        let source = self.sources.find(common.source_name, common.source_version, common.device, output);
        let times = [start_ms, common.end.unwrap_or(i64::MIN), common.creation.unwrap_or(i64::MIN)];
        let times = times.map(i64::to_le_bytes).concat();
        let parts =
            [common.kind.as_bytes(), &source.digest, &times, metadata.as_bytes(), members.as_bytes(), other.as_bytes()];
        let uuid = self.equals.number(derive(&digest(&parts)));
        let texts = &mut output.batch.texts;
        let mut text = |text: &str| (!text.is_empty()).then(|| texts.intern(text));
        let (metadata, other) = (text(&metadata), text(&other));
        let (kind, members) = (texts.intern(common.kind), texts.intern(&members));
        output.batch.rows.correlations.push(Correlation {
            uuid,
            kind,
            start_ms,
            end_ms: common.end,
            creation_ms: common.creation,
            source: Some(source.text),
            metadata,
            members,
            other,
        });
        output.tally.row(common.kind, Some(start_ms));
        output.tally.skip("Record within a Correlation: it stands at the top level, too", repeated);
        self.within.metadata += count(element, METADATA);
        Ok(())
    }
}

fn count(element: Element<'_>, name: &str) -> u64 {
    element.children().filter(|child| child.name() == name).count() as u64
}

/// One member of a correlation.
fn write_member(record: Element<'_>, out: &mut String) -> Result<(), String> {
    let Common { kind, unit, value, start, end, .. } = Common::read(record)?;
    out.push('{');
    let mut is_first = true;
    for (name, time) in [("endDate", end), ("startDate", start)] {
        if let Some(ms) = time {
            member(name, out, &mut is_first);
            write_string(&time::to_iso(ms), out);
        }
    }
    member("type", out, &mut is_first);
    write_string(&plain(kind), out);
    if let Some(unit) = unit {
        member("unit", out, &mut is_first);
        write_string(&plain(unit), out);
    }
    if let Some(value) = value {
        member("value", out, &mut is_first);
        match value
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
            .or_else(|| healthkit::category_value(value).map(f64::from))
        {
            Some(number) => write_f64(number, out),
            None => write_string(&plain(value), out),
        }
    }
    out.push('}');
    Ok(())
}

fn pair(entry: Element<'_>) -> (&str, &str) {
    (entry.get("key").unwrap_or_default(), entry.get("value").unwrap_or_default())
}

/// The metadata entries of an element as one JSON object, its names in order; empty if there are none.
pub(super) fn write_metadata(element: Element<'_>, out: &mut String) {
    let entry = |entry: Element<'_>| entry.name() == METADATA;
    let mut entries = element.children().filter(|child| entry(*child));
    let Some(first) = entries.next() else {
        return;
    };
    out.push('{');
    let mut is_first = true;
    let Some(second) = entries.next() else {
        // The usual case needs no order.
        let (key, value) = pair(first);
        member(&plain(key), out, &mut is_first);
        write_steady(value, out);
        out.push('}');
        return;
    };
    let mut pairs: Vec<(&str, &str)> = [first, second].into_iter().chain(entries).map(pair).collect();
    pairs.sort_unstable();
    // The same entry may stand there twice; two values of one key are both kept.
    pairs.dedup();
    for same in pairs.chunk_by(|one, other| one.0 == other.0) {
        member(&plain(same[0].0), out, &mut is_first);
        if same.len() > 1 {
            out.push('[');
        }
        for (index, (_, value)) in same.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            write_steady(value, out);
        }
        if same.len() > 1 {
            out.push(']');
        }
    }
    out.push('}');
}

/// A value of metadata: a date as the app sends it, since the export's changes with the phone's time zone.
fn write_steady(value: &str, out: &mut String) {
    match time::parse_apple(value) {
        Some(ms) => write_string(&time::to_iso(ms), out),
        None => write_string(&plain(value), out),
    }
}

fn write_beats(list: Element<'_>, out: &mut String) {
    out.push('[');
    for (index, beat) in list.children().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push('{');
        let mut is_first = true;
        for (key, value) in beat.attributes() {
            member(key, out, &mut is_first);
            match value.parse::<u32>() {
                Ok(number) if key == "bpm" => write_f64(f64::from(number), out),
                _ => write_string(&plain(value), out),
            }
        }
        out.push('}');
    }
    out.push(']');
}

/// Attributes and children that have no column, as one JSON object; `is_begun` if it is open already.
pub(super) fn write_unknown(
    element: Element<'_>,
    known: &[&str],
    is_unknown: impl Fn(&str) -> bool,
    is_begun: bool,
    out: &mut String,
) {
    if !is_begun {
        out.push('{');
    }
    let mut is_first = !is_begun;
    for (key, value) in element.attributes().filter(|(key, _)| !known.contains(key)) {
        member(key, out, &mut is_first);
        write_string(&plain(value), out);
    }
    let unknown: Vec<Element<'_>> = element.children().filter(|child| is_unknown(child.name())).collect();
    if !unknown.is_empty() {
        member("children", out, &mut is_first);
        out.push('[');
        for (index, child) in unknown.into_iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            out.push('{');
            write_string(child.name(), out);
            out.push(':');
            child.write_json(out);
            out.push('}');
        }
        out.push(']');
    }
    out.push('}');
}
