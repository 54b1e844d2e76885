//! JSON of Health Auto Export, versions 1 and 2: metrics and workouts, one element at a time.
//!
//! What it writes are aggregates, or samples without an identity: they go to the table `aggregates`, never among the samples.
//! Its objects have no order, so a metric's name may follow its data: a first pass over the file collects the names.

mod workout;

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};
use std::rc::Rc;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::apple::date;
use super::apple::equals::Equals;
use super::output::{Output, Place};
use crate::error::{Error, ErrorKind, Result, from_io, into_io};
use crate::identity::{derive, digest, next};
use crate::limits::AUTO_EXPORT_ELEMENT_BYTES_MAX;
use crate::record::{Aggregate, OtherRecord};

/// A metric's name and unit, as far as they are known.
#[derive(Clone, Debug, Default)]
pub(super) struct Metric {
    name: Option<String>,
    unit: Option<String>,
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
    /// None in the first pass, which only collects the metrics.
    output: Option<&'a mut Output<'b>>,
    metrics: Vec<Metric>,
    /// Number of the metric under way.
    metric: usize,
    equals: Equals,
    passed: Rc<Cell<u64>>,
    element: Rc<Cell<u64>>,
    failed: Option<Error>,
}

/// The first pass: names and units of the metrics, in order.
pub(super) fn metrics(source: impl Read) -> Vec<Metric> {
    let mut reader = Reader::new("", None, Vec::new());
    // What is wrong with the file is said by the second pass.
    let _ = reader.read(source);
    reader.metrics
}

/// Reads a file whose metrics are known: returns how many bytes there were.
pub(super) fn read(source: impl Read, file: &str, metrics: Vec<Metric>, output: &mut Output<'_>) -> (Result<()>, u64) {
    let mut reader = Reader::new(file, Some(output), metrics);
    let outcome = reader.read(source);
    (outcome, reader.passed.get())
}

impl<'a, 'b> Reader<'a, 'b> {
    fn new(file: &'a str, output: Option<&'a mut Output<'b>>, metrics: Vec<Metric>) -> Self {
        let (passed, element) = (Rc::default(), Rc::default());
        Self { file, output, metrics, metric: 0, equals: Equals::default(), passed, element, failed: None }
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
        if self.metrics.len() <= self.metric {
            self.metrics.resize(self.metric + 1, Metric::default());
        }
        &mut self.metrics[self.metric]
    }

    /// An element of a list; an error that ends the reading is kept aside.
    fn element(&mut self, level: &Level, index: u64, value: Value) -> bool {
        self.element.set(self.passed.get());
        let metric = match level {
            Level::Points => self.metric().clone(),
            _ => Metric::default(),
        };
        let (file, offset) = (self.file, self.passed.get());
        let Some(output) = self.output.as_deref_mut() else {
            return true;
        };
        let outcome = match (level, &value) {
            (Level::Points, Value::Object(point)) => point_of(&metric, point, &mut self.equals, output),
            (Level::Workouts, Value::Object(workout)) => workout::read(workout, &mut self.equals, output),
            (Level::Others(name), _) => {
                keep(name, &value, output);
                Ok(())
            }
            _ => Err("not an object".to_owned()),
        };
        let done = match outcome {
            Ok(()) => output.make_room(),
            Err(reason) => {
                let raw = value.to_string();
                let name = metric.name.as_deref().unwrap_or_default();
                let reason = format!("{name} element {index}: {reason}");
                output.reject(Place { file, line: 0, offset }, reason.trim(), raw.as_bytes(), raw.len() as u64)
            }
        };
        match done {
            Ok(()) => true,
            Err(error) => {
                self.failed = Some(error);
                false
            }
        }
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
            let level = match (&level, key.as_str()) {
                (Level::Root, "data") => Level::Data,
                (Level::Data, "metrics") => Level::Metrics,
                (Level::Data, "workouts") => Level::Workouts,
                (Level::Data, _) => Level::Others(key),
                (Level::Metric, "data") if reader.output.is_some() => Level::Points,
                (Level::Metric, "name") => {
                    reader.metric().name = map.next_value()?;
                    continue;
                }
                (Level::Metric, "units") => {
                    reader.metric().unit = map.next_value()?;
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
        let mut index = 0;
        if matches!(level, Level::Metrics) {
            reader.metric = 0;
            while list.next_element_seed(Seed { reader, level: Level::Metric })?.is_some() {
                reader.metric += 1;
            }
            return Ok(());
        }
        if reader.output.is_none() {
            while list.next_element::<IgnoredAny>()?.is_some() {
                reader.element.set(reader.passed.get());
            }
            return Ok(());
        }
        while let Some(value) = list.next_element::<Value>()? {
            if !reader.element(&level, index, value) {
                return Err(serde::de::Error::custom("stopped"));
            }
            index += 1;
        }
        Ok(())
    }
}

/// Keeps what has no table.
fn keep(section: &str, value: &Value, output: &mut Output<'_>) {
    let section = ["Health Auto Export ", section].concat();
    let texts = &mut output.batch.texts;
    let row = OtherRecord { section: texts.intern(&section), in_data: true, json: texts.intern(&value.to_string()) };
    output.batch.others.push(row);
    output.tally.row(&section, None);
}

/// A number, or a quantity's.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.get("qty")?.as_f64())
}

/// A date, `yyyy-MM-dd HH:mm:ss Z`; phones set to twelve hours write `02:30:00 PM`.
fn time(value: Option<&Value>) -> Option<i64> {
    let text = value?.as_str()?;
    if let Some(ms) = date::parse(text) {
        return Some(ms);
    }
    let text = text.replace(['\u{202f}', '\u{a0}'], " ").to_ascii_uppercase();
    let (before, half, after) = match (text.split_once(" AM"), text.split_once(" PM")) {
        (Some((before, after)), _) => (before, 0, after),
        (_, Some((before, after))) => (before, 12, after),
        _ => return None,
    };
    let (day, clock) = before.split_once(' ')?;
    let (hour, rest) = clock.split_once(':')?;
    let hour = hour.parse::<u32>().ok()? % 12 + half;
    date::parse(&format!("{day} {hour:02}:{rest}{after}"))
}

/// Keys that have a column.
const KNOWN: [&str; 12] =
    ["date", "startDate", "endDate", "source", "qty", "Avg", "Min", "Max", "avg", "min", "max", "units"];

/// A point of a metric.
fn point_of(
    metric: &Metric,
    point: &Map<String, Value>,
    equals: &mut Equals,
    output: &mut Output<'_>,
) -> Result<(), String> {
    let name = metric.name.as_deref().ok_or("the metric's name comes after its data: import the file by its name")?;
    push(name, metric.unit.as_deref(), point, equals, output)
}

/// A point of a metric or of a workout's series.
fn push(
    metric: &str,
    unit: Option<&str>,
    point: &Map<String, Value>,
    equals: &mut Equals,
    output: &mut Output<'_>,
) -> Result<(), String> {
    let get = |names: [&str; 2]| names.iter().find_map(|name| point.get(*name));
    let starts = ["date", "startDate", "start", "timestamp", "sleepStart", "inBedStart"];
    let start_ms = starts.iter().find_map(|name| time(point.get(*name))).ok_or("no date that can be read")?;
    let label = point.get("value").and_then(Value::as_str).unwrap_or_default();
    let source = point.get("source").and_then(Value::as_str).unwrap_or_default();
    // Several of the same time are told apart by a number.
    let content = derive(&digest(&[metric.as_bytes(), &start_ms.to_le_bytes(), label.as_bytes(), source.as_bytes()]));
    let (identity, mut known, mut count) = (equals.number(content), content, 1_u32);
    while identity != known && count < 1000 {
        known = next(&known);
        count += 1;
    }
    let label = if count > 1 { format!("{label}#{count}") } else { label.to_owned() };
    let other: Map<String, Value> = point
        .iter()
        .filter(|(key, value)| {
            let is_known = KNOWN.contains(&key.as_str()) && (number(value).is_some() || value.is_string());
            let is_label = *key == "value" && value.is_string();
            !is_known && !is_label
        })
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let value = |names| get(names).and_then(number);
    let values = [value(["qty", "qty"]), value(["Min", "min"]), value(["Avg", "avg"]), value(["Max", "max"])];
    let unit = unit.or_else(|| point.get("units").and_then(Value::as_str));
    let texts = &mut output.batch.texts;
    let row = Aggregate {
        metric: texts.intern(metric),
        start_ms,
        end_ms: time(point.get("endDate")),
        label: texts.intern(&label),
        source: texts.intern(source),
        unit: unit.map(|unit| texts.intern(unit)),
        values,
        other: (!other.is_empty()).then(|| texts.intern(&Value::Object(other).to_string())),
    };
    output.batch.imported.aggregates.push(row);
    output.tally.row(metric, Some(start_ms));
    Ok(())
}
