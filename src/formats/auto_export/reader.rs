//! The second of two passes over a document: points, workouts and all other elements to rows.
//!
//! What does not fit its place costs only itself: the rest of the document is read.

use std::fmt;
use std::io::Read;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::bounded::Passed;
use super::contents::{Contents, Metric, Scanner, is_section};
use super::element::ElementSeed;
use super::fields::{POINT, STARTS, bounded_name, without_halves};
use super::integers::text_of;
use super::item::{Item, ItemSeed};
use super::kept::Keep;
use super::repeats::Repeats;
use super::rows::Rows;
use super::value::{self, Budget, ValueVisitor, any_seed, scalars};
use super::workout::WorkoutSeed;
use crate::formats::flaw::Flaw;
use crate::formats::output::Output;
use crate::formats::shape::{MIXED, Shape, shape_of_section};
use crate::model::batch::Decoded;
use crate::model::envelope::Envelope;
use crate::model::error::{Error, ErrorKind, Result, from_io};
use crate::model::interval::Interval;
use crate::model::limits::{
    AUTO_EXPORT_ELEMENTS_WINDOW, AUTO_EXPORT_OTHER_BYTES_MAX, AUTO_EXPORT_POINTS_WINDOW, AUTO_EXPORT_TEXT_BYTES,
};

/// Reads documents: `ahead` and `source` are the same file, opened twice. `said` is the interval that the sender says.
pub(crate) fn read<R: Read>(ahead: R, source: R, file: &str, said: Interval, output: &mut Output<'_>) -> Decoded {
    let (mut scanner, passed) = (Scanner::new(ahead), Passed::default());
    let mut json = serde_json::Deserializer::from_reader(passed.watch(source));
    passed.begin_document();
    let outcome = loop {
        let contents = scanner.next_contents(&mut output.receiver);
        let read = read_document(&mut json, &contents, (file, said), &passed, output);
        passed.begin_document();
        let read = if contents.has_permit() { read.and(end_large(output)) } else { read };
        match read.map(|()| json.end()) {
            Err(error) => break Err(error),
            Ok(Ok(())) => break Ok(Envelope::default()),
            // Another document follows.
            Ok(Err(error)) if error.is_syntax() => {}
            Ok(Err(error)) => break Err(described(error, passed.bytes())),
        }
    };
    Decoded { outcome, body_bytes: passed.bytes() }
}

fn read_document<'de, R: serde_json::de::Read<'de>>(
    json: &mut serde_json::Deserializer<R>,
    contents: &Contents,
    (file, said): (&str, Interval),
    passed: &Passed,
    output: &mut Output<'_>,
) -> Result<()> {
    let mut rows = Rows {
        file,
        said,
        style: contents.style(),
        output,
        repeats: Repeats::within(AUTO_EXPORT_ELEMENTS_WINDOW),
        points: Repeats::within(AUTO_EXPORT_POINTS_WINDOW),
        overlaps: contents.overlaps().clone(),
        passed: passed.clone(),
        failed: None,
        metrics: 0,
        workouts: 0,
        has_section: false,
        is_own: false,
    };
    let read = Document { rows: &mut rows, contents, level: Level::Documents }.deserialize(json);
    match rows.failed {
        Some(error) => Err(error),
        None => read.map_err(|error| described(error, passed.bytes())),
    }
}

/// Returns the permit after what it is for was stored.
fn end_large(output: &mut Output<'_>) -> Result<()> {
    let handed = if output.batch.is_large() { output.hand_over() } else { Ok(()) };
    output.receiver.end_large();
    handed
}

fn described(error: serde_json::Error, offset: u64) -> Error {
    let (line, is_cut) = (error.line(), error.is_eof());
    if error.is_io() {
        return from_io(error.into()).at(Some(offset), None, None);
    }
    let what = if is_cut {
        "the document ends before its JSON is complete"
    } else if error.to_string().starts_with("invalid unicode code point") {
        "the document is not UTF-8: save it as UTF-8"
    } else {
        "the document is not JSON"
    };
    Error::new(ErrorKind::Syntax, format!("{what}, in line {line}")).at(Some(offset), None, None)
}

/// The error for a document of another shape, which ends at this offset.
fn not_a_document(why: &str, offset: u64) -> Error {
    let message = format!("not JSON of Health Auto Export: {why}");
    Error::new(ErrorKind::Shape, message).at(Some(offset), None, None)
}

/// Why a list as `data` is not that of a document: it may be what a metric has, or the metrics.
fn why_no_data(list: &Value) -> &'static str {
    let has = |name: &&str| list.get(0).and_then(|first| first.get(*name)).is_some();
    if has(&"data") {
        "its `data` is a list of metrics; it belongs into `{\"data\":{\"metrics\":[…]}}`"
    } else if STARTS.iter().any(has) {
        "it is one metric, whose `data` are points; it belongs into `{\"data\":{\"metrics\":[…]}}`"
    } else {
        "`data` is an array, not an object"
    }
}

/// Where in the document.
#[derive(Clone, Debug)]
enum Level {
    /// A document, or a list of them.
    Documents,
    Document,
    Data,
    Metrics,
    /// One metric, by its place in the document.
    Metric(usize),
    Points(Metric),
    Workouts,
    /// A section without a table, by its key.
    Others(String),
}

struct Document<'s, 'a, 'b> {
    rows: &'s mut Rows<'a, 'b>,
    contents: &'s Contents,
    level: Level,
}

impl<'a, 'b> Document<'_, 'a, 'b> {
    fn at(&mut self, level: Level) -> Document<'_, 'a, 'b> {
        Document { rows: self.rows, contents: self.contents, level }
    }

    fn metric<'de, A: MapAccess<'de>>(mut self, place: usize, mut map: A) -> Result<(), A::Error> {
        let (mut metric, mut is_given) = (self.contents.metric(place), [false; 2]);
        let (mut has_data, mut has_others) = (false, false);
        while let Some(key) = map.next_key::<String>()? {
            self.begin_member(&key)?;
            match key.as_str() {
                "name" | "units" => {
                    let Some(text) = self.name(place, &key, &mut map)? else { continue };
                    let is_name = key == "name";
                    let known = if is_name { &mut metric.name } else { &mut metric.unit };
                    let before = known.replace(text.clone()).filter(|before| *before != text);
                    // The first pass may have found one that follows.
                    let was_given = std::mem::replace(&mut is_given[usize::from(is_name)], true);
                    if let Some(before) = before.filter(|_| was_given) {
                        let raw = Value::from(before).to_string();
                        self.rows.end(Err(Flaw::GivenTwice(key.into())), || format!("metric {place}"), || raw)?;
                    }
                }
                "data" => {
                    has_data = true;
                    map.next_value_seed(self.at(Level::Points(metric.clone())))?;
                }
                _ => {
                    has_others = true;
                    self.beside(&["metrics/", &key].concat(), &mut map)?;
                }
            }
        }
        if has_data || !has_others {
            return Ok(());
        }
        // Points of another name are kept beside the records. The reject says so.
        let name = Value::from(metric.name).to_string();
        self.rows.end(Err(Flaw::Missing("data")), || format!("metric {place}"), || name)
    }

    /// Reads the name or the unit of a metric. Null is absence, another value is rejected.
    fn name<'de, A: MapAccess<'de>>(
        &mut self,
        place: usize,
        key: &str,
        map: &mut A,
    ) -> Result<Option<String>, A::Error> {
        let mut budget = Budget::of(&self.rows.passed);
        let value = map.next_value_seed(&mut budget)?;
        let outcome = match (budget.flaw(), &value) {
            (Some(flaw), _) => Err(flaw),
            (None, Value::String(text)) if text_of(text).is_some() => Ok(()),
            (None, Value::Null) => Ok(()),
            (None, _) => Err(Flaw::Not("a text")),
        };
        let is_text = outcome.is_ok();
        self.rows.end(outcome, || format!("metric {place} {key}"), || value.to_string())?;
        Ok(bounded_name(value.as_str().filter(|_| is_text).map(|text| without_halves(text.to_owned()))))
    }

    /// Begins a member outside of elements. A name that is too long is rejected, and the member has its beginning.
    fn begin_member<E: serde::de::Error>(&mut self, name: &str) -> Result<(), E> {
        if self.rows.passed.take_rest().is_some() {
            let flaw = Flaw::LongName(AUTO_EXPORT_TEXT_BYTES);
            return self.rows.end(Err(flaw), String::new, || Value::from(name).to_string());
        }
        self.rows.passed.begin_element();
        Ok(())
    }

    /// Keeps a value that is not a record.
    fn beside<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let mut kept = self.rows.kept();
        map.next_value_seed(Keep(&mut kept))?;
        self.rows.beside(key, kept)
    }

    /// Reads one element of a list. Returns false at its end.
    fn element<'de, A: SeqAccess<'de>>(&mut self, index: u64, list: &mut A) -> Result<bool, A::Error> {
        let Self { rows, contents, level } = self;
        let inner = match level {
            Level::Documents => Level::Document,
            Level::Metrics => {
                rows.metrics += 1;
                Level::Metric(rows.metrics - 1)
            }
            Level::Workouts => {
                rows.workouts += 1;
                let place = rows.workouts - 1;
                let seed = WorkoutSeed { rows, title: contents.title(place), place };
                return Ok(list.next_element_seed(seed)?.is_some());
            }
            Level::Points(metric) => {
                let mut point = Item::of(&rows.passed, AUTO_EXPORT_OTHER_BYTES_MAX);
                if list.next_element_seed(ItemSeed { item: &mut point, known: &POINT })?.is_none() {
                    return Ok(false);
                }
                return rows.point(metric, index, point).map(|()| true);
            }
            Level::Others(section) => {
                let mut kept = rows.kept();
                let seed = ElementSeed { rows, section, kept: &mut kept };
                if list.next_element_seed(seed)?.is_none() {
                    return Ok(false);
                }
                return rows.other(section, Some(index), kept).map(|()| true);
            }
            Level::Document | Level::Data | Level::Metric(_) => return Ok(false),
        };
        let seed = Document { rows, contents, level: inner };
        Ok(list.next_element_seed(seed)?.is_some())
    }

    /// Ends at a value that does not fit its place, which is not read.
    fn misfit<E: serde::de::Error>(self, value: &Value) -> Result<(), E> {
        let (part, what) = match &self.level {
            // Null is absence, also for a whole document.
            Level::Documents | Level::Document if value.is_null() => return Ok(()),
            Level::Documents | Level::Document => {
                let what = value::in_words(value);
                return self
                    .rows
                    .fail(not_a_document(&format!("it is {what}, not an object"), self.rows.passed.bytes()));
            }
            Level::Data => ("data".to_owned(), "an object"),
            Level::Metric(place) => (format!("metric {place}"), "an object"),
            Level::Metrics => ("metrics".to_owned(), "an array"),
            Level::Workouts => ("workouts".to_owned(), "an array"),
            Level::Others(section) => (section.clone(), "an array"),
            Level::Points(metric) => ([metric.name.as_deref().unwrap_or_default(), " data"].concat(), "an array"),
        };
        // Null is absence, except in a list.
        if value.is_null() && what == "an array" || matches!(self.level, Level::Data) && value.is_null() {
            return Ok(());
        }
        self.rows.has_section = true;
        self.rows.end(Err(Flaw::Not(what)), || part, || value.to_string())
    }
}

any_seed!(Document<'_, '_, '_>, ());

impl<'de> Visitor<'de> for Document<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an export of Health Auto Export")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let is_document = match &self.level {
            Level::Documents | Level::Document => {
                self.rows.begin_document()?;
                true
            }
            Level::Data => false,
            Level::Metric(place) => {
                let place = *place;
                return self.metric(place, map);
            }
            Level::Others(section) => {
                // One element without its list.
                let (section, mut kept) = (section.clone(), self.rows.kept());
                ElementSeed { rows: &mut *self.rows, section: &section, kept: &mut kept }.visit_map(map)?;
                return self.rows.other(&section, None, kept);
            }
            Level::Metrics | Level::Workouts | Level::Points(_) => {
                let value = ValueVisitor(&mut Budget::default()).visit_map(map)?;
                return self.misfit(&value);
            }
        };
        // Null is absence, also as `data`.
        self.rows.has_section = !is_document;
        // The first key that shows it decides whose document it is.
        self.rows.is_own &= !is_document;
        while let Some(key) = map.next_key::<String>()? {
            self.begin_member(&key)?;
            let is_payload = || shape_of_section(&key) == Some(Shape::Payload) || is_document && key == "workoutRoutes";
            if !self.rows.is_own && is_payload() {
                let error = Error::new(ErrorKind::Shape, MIXED).at(Some(self.rows.passed.bytes()), None, None);
                return self.rows.fail(error);
            }
            self.rows.is_own |= shape_of_section(&key) == Some(Shape::AutoExport);
            let level = match key.as_str() {
                "data" if is_document => {
                    map.next_value_seed(self.at(Level::Data))?;
                    continue;
                }
                "metrics" => Level::Metrics,
                "workouts" => Level::Workouts,
                _ if !is_document || is_section(&key) => Level::Others(key),
                _ => {
                    self.beside(&key, &mut map)?;
                    continue;
                }
            };
            self.rows.has_section = true;
            map.next_value_seed(self.at(level))?;
        }
        if self.rows.has_section {
            return Ok(());
        }
        self.rows.fail(not_a_document("it has neither `data` nor a section of it", self.rows.passed.bytes()))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        self.rows.passed.begin_element();
        if matches!(self.level, Level::Document | Level::Data | Level::Metric(_)) {
            let value = ValueVisitor(&mut Budget::default()).visit_seq(list)?;
            return match self.level {
                Level::Data => self.rows.fail(not_a_document(why_no_data(&value), self.rows.passed.bytes())),
                _ => self.misfit(&value),
            };
        }
        let mut index = 0;
        while self.element(index, &mut list)? {
            self.rows.passed.begin_element();
            index += 1;
        }
        Ok(())
    }

    scalars!((), |self, value| self.misfit(&value));

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.misfit(&Value::from(text))
    }
}
