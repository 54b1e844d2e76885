//! JSON of Health Auto Export, versions 1 and 2: metrics and workouts, one point or location at a time.
//!
//! What it writes are aggregates, or samples without an identity: they go to the table `aggregates`, never among the samples.
//! Its objects have no order, so a metric's name may follow its data, and a workout's start its route: a first pass over the
//! file collects them.

mod point;
mod value;
mod workout;

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};
use std::rc::Rc;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::apple::equals::Equals;
use super::apple::summary;
use super::output::{Output, Place};
use crate::formats::canonical;
use crate::model::error::{Error, ErrorKind, Result, from_io, into_io};
use crate::model::limits::{
    AUTO_EXPORT_ELEMENT_BYTES_MAX, AUTO_EXPORT_NAME_BYTES_MAX, AUTO_EXPORT_OTHER_BYTES_MAX, BATCH_TEXT_LARGE_BYTES,
};
use crate::model::time::parse_12_hours;
use value::Budget;
use workout::Title;

/// A metric's name and unit.
#[derive(Clone, Debug, Default)]
struct Metric {
    name: Option<String>,
    unit: Option<String>,
}

/// What the first pass over a file has found.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    metrics: Vec<Metric>,
    workouts: Vec<Title>,
}

/// Lets an element pass that is not too long.
struct Bounded<R> {
    source: R,
    passed: Rc<Cell<u64>>,
    element: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let bytes = self.source.read(out)?;
        self.passed.set(self.passed.get() + bytes as u64);
        if self.passed.get() - self.element.get() > AUTO_EXPORT_ELEMENT_BYTES_MAX {
            let message = format!("an element is longer than {AUTO_EXPORT_ELEMENT_BYTES_MAX} bytes");
            return Err(into_io(Error::new(ErrorKind::TooLarge, message)));
        }
        Ok(bytes)
    }
}

/// Reads one file.
struct Reader<'a, 'b> {
    file: &'a str,
    /// None in the first pass.
    output: Option<&'a mut Output<'b>>,
    contents: Contents,
    /// Number of the metric or the workout under way.
    number: usize,
    equals: Equals,
    passed: Rc<Cell<u64>>,
    element: Rc<Cell<u64>>,
    failed: Option<Error>,
}

/// The first pass.
pub(crate) fn contents(source: impl Read) -> Contents {
    let mut reader = Reader::new("", None, Contents::default());
    // What is wrong with the file is said by the second pass.
    let _ = reader.read(source);
    reader.contents
}

/// The second pass: returns how many bytes there were.
pub(crate) fn read(source: impl Read, file: &str, contents: Contents, output: &mut Output<'_>) -> (Result<()>, u64) {
    let mut reader = Reader::new(file, Some(output), contents);
    let outcome = reader.read(source);
    (outcome, reader.passed.get())
}

impl<'a, 'b> Reader<'a, 'b> {
    fn new(file: &'a str, output: Option<&'a mut Output<'b>>, contents: Contents) -> Self {
        let (passed, element) = (Rc::default(), Rc::default());
        Self { file, output, contents, number: 0, equals: Equals::default(), passed, element, failed: None }
    }

    fn read(&mut self, source: impl Read) -> Result<()> {
        let bounded = Bounded { source, passed: Rc::clone(&self.passed), element: Rc::clone(&self.element) };
        let mut json = serde_json::Deserializer::from_reader(bounded);
        let read = Seed { reader: self, level: Level::Root }.deserialize(&mut json).and_then(|()| json.end());
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        read.map_err(|error| {
            let offset = Some(self.passed.get());
            let (line, is_cut) = (error.line(), error.is_eof());
            if error.is_io() {
                return from_io(error.into()).at(offset, None, None);
            }
            let what = if is_cut { "the file ends before its JSON is complete" } else { "the file is not JSON" };
            Error::new(ErrorKind::Syntax, format!("{what}, in line {line}")).at(offset, None, None)
        })
    }

    fn metric(&mut self) -> &mut Metric {
        if self.contents.metrics.len() <= self.number {
            self.contents.metrics.resize(self.number + 1, Metric::default());
        }
        &mut self.contents.metrics[self.number]
    }

    /// Makes room behind a row, or sets an element aside; false if the reading is to end, and why is kept.
    fn done(&mut self, outcome: Result<(), String>, what: &str, raw: &str) -> bool {
        self.element.set(self.passed.get());
        let place = Place { file: self.file, line: 0, offset: self.passed.get() };
        let Some(output) = self.output.as_deref_mut() else {
            return true;
        };
        let done = match outcome {
            Ok(()) => output.make_room(),
            Err(reason) => output.reject(place, &format!("{what}: {reason}"), raw.as_bytes(), raw.len() as u64),
        };
        self.failed = done.err();
        self.failed.is_none()
    }

    /// A point of a metric.
    fn point(&mut self, index: u64, mut value: Value, budget: &Budget) -> bool {
        let metric = self.metric().clone();
        let name = metric.name.as_deref().unwrap_or_default();
        let Some(output) = self.output.as_deref_mut() else {
            return true;
        };
        let outcome = match &mut value {
            _ if budget.is_spent() => Err(value::TOO_LONG.to_owned()),
            _ if metric.name.is_none() => Err("its metric has no name".to_owned()),
            Value::Object(point) => point::push(name, metric.unit.as_deref(), point, &mut self.equals, output),
            _ => Err("not an object".to_owned()),
        };
        let raw = if outcome.is_err() { value.to_string() } else { String::new() };
        self.done(outcome, &format!("{name} element {index}"), &raw)
    }

    /// An element of a section without a table: kept in the form in which equal content is equal text.
    fn other(&mut self, section: &str, index: u64, raw: &RawValue) -> bool {
        let Some(output) = self.output.as_deref_mut() else {
            return true;
        };
        let section = ["Health Auto Export ", section].concat();
        if raw.get().len() >= BATCH_TEXT_LARGE_BYTES
            && !output.batch.is_empty()
            && let Err(error) = output.hand_on()
        {
            self.failed = Some(error);
            return false;
        }
        let json = if raw.get().len() > AUTO_EXPORT_OTHER_BYTES_MAX {
            Err(format!("longer than {AUTO_EXPORT_OTHER_BYTES_MAX} bytes"))
        } else {
            canonical::of_text(raw.get())
        };
        let outcome = json.map(|json| summary::keep_owned(&section, json, output));
        self.done(outcome, &format!("{section} element {index}"), raw.get())
    }
}

/// Where in the document.
#[derive(Clone, Debug)]
enum Level {
    Root,
    Data,
    Metrics,
    Metric,
    Points,
    Workouts,
    Others(String),
}

struct Seed<'s, 'a, 'b> {
    reader: &'s mut Reader<'a, 'b>,
    level: Level,
}

impl<'de> DeserializeSeed<'de> for Seed<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        match self.level {
            Level::Root | Level::Data | Level::Metric => json.deserialize_map(self),
            _ => json.deserialize_seq(self),
        }
    }
}

impl<'de> Visitor<'de> for Seed<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an export of Health Auto Export")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { reader, level } = self;
        while let Some(key) = map.next_key::<String>()? {
            reader.element.set(reader.passed.get());
            let level = match (&level, key.as_str()) {
                (Level::Root, "data") => Level::Data,
                (Level::Data, "metrics") => Level::Metrics,
                (Level::Data, "workouts") => Level::Workouts,
                (Level::Data, _) => Level::Others(key),
                (Level::Metric, "data") if reader.output.is_some() => Level::Points,
                (Level::Metric, "name") => {
                    reader.metric().name = short(map.next_value()?);
                    continue;
                }
                (Level::Metric, "units") => {
                    reader.metric().unit = short(map.next_value()?);
                    continue;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    if let Some(output) = reader.output.as_deref_mut() {
                        output.tally.within(&format!("`{key}`, left out"), 1);
                    }
                    continue;
                }
            };
            map.next_value_seed(Seed { reader, level })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { reader, level } = self;
        reader.element.set(reader.passed.get());
        if matches!(level, Level::Metrics | Level::Workouts) {
            reader.number = 0;
        }
        let mut index = 0;
        loop {
            let goes_on = match &level {
                Level::Metrics => list.next_element_seed(Seed { reader, level: Level::Metric })?.map(|()| true),
                Level::Workouts => list.next_element_seed(workout::Seed(reader))?.map(|()| true),
                _ if reader.output.is_none() => list.next_element::<IgnoredAny>()?.map(|_| true),
                Level::Points => {
                    let mut budget = Budget::default();
                    let point = list.next_element_seed(&mut budget)?;
                    point.map(|point| reader.point(index, point, &budget))
                }
                Level::Others(section) => {
                    let raw = list.next_element::<Box<RawValue>>()?;
                    raw.map(|raw| reader.other(section, index, &raw))
                }
                _ => None,
            };
            match goes_on {
                None => return Ok(()),
                Some(false) => return Err(serde::de::Error::custom("stopped")),
                Some(true) => {}
            }
            reader.element.set(reader.passed.get());
            reader.number += usize::from(matches!(level, Level::Metrics | Level::Workouts));
            index += 1;
        }
    }
}

/// A name, unless it is endless.
fn short(name: Option<String>) -> Option<String> {
    name.filter(|name| name.len() <= AUTO_EXPORT_NAME_BYTES_MAX)
}

/// A number, a number as text, or a quantity's.
fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok(),
        Value::Object(quantity) => quantity.get("qty").filter(|qty| !qty.is_object()).and_then(number),
        other => other.as_f64(),
    };
    number.filter(|number: &f64| number.is_finite())
}

/// Takes a number out of an object, with its unit if it has one of its own. What says more than that stays, too.
fn take_quantity(object: &mut Map<String, Value>, name: &str) -> Option<(f64, Option<String>)> {
    let value = object.get(name)?;
    let number = number(value)?;
    let unit = value.get("units").and_then(Value::as_str).map(str::to_owned);
    let says_more = value.as_object().is_some_and(|quantity| quantity.len() != 1 + usize::from(unit.is_some()));
    if !says_more {
        object.remove(name);
    }
    Some((number, unit))
}

/// Takes the first of these dates out of an object.
fn take_time(object: &mut Map<String, Value>, names: &[&str]) -> Option<i64> {
    let (name, ms) = names.iter().find_map(|name| Some((name, time(object.get(*name))?)))?;
    object.remove(*name);
    Some(ms)
}

/// A date as text.
fn time(value: Option<&Value>) -> Option<i64> {
    parse_12_hours(value?.as_str()?)
}
