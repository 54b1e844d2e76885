//! The second of two passes over a file: points, workouts and all other elements to rows.

use std::fmt;
use std::io::Read;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::bounded::Passed;
use super::contents::{Contents, Metric};
use super::fields::bounded_name;
use super::rows::Rows;
use super::value::Budget;
use super::workout::WorkoutSeed;
use crate::formats::equals::Equals;
use crate::formats::output::Output;
use crate::model::error::{Error, ErrorKind, Result, from_io};

/// Reads the file for the second time. Also returns how many bytes were read.
pub(crate) fn read(source: impl Read, file: &str, contents: &Contents, output: &mut Output<'_>) -> (Result<()>, u64) {
    let passed = Passed::default();
    let mut rows = Rows { file, output, equals: Equals::default(), passed: passed.clone(), failed: None };
    let mut json = serde_json::Deserializer::from_reader(passed.watch(source));
    let document = Document { rows: &mut rows, contents, level: Level::Root };
    let read = document.deserialize(&mut json).and_then(|()| json.end());
    let outcome = match rows.failed {
        Some(error) => Err(error),
        None => read.map_err(|error| described(error, passed.bytes())),
    };
    (outcome, passed.bytes())
}

fn described(error: serde_json::Error, offset: u64) -> Error {
    let (line, is_cut) = (error.line(), error.is_eof());
    if error.is_io() {
        return from_io(error.into()).at(Some(offset), None, None);
    }
    let what = if is_cut { "the file ends before its JSON is complete" } else { "the file is not JSON" };
    Error::new(ErrorKind::Syntax, format!("{what}, in line {line}")).at(Some(offset), None, None)
}

/// Where in the document.
#[derive(Clone, Debug)]
enum Level {
    Root,
    Data,
    Metrics,
    /// One metric, by its index.
    Metric(u64),
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

    fn metric<'de, A: MapAccess<'de>>(mut self, index: u64, mut map: A) -> Result<(), A::Error> {
        let mut metric = self.contents.metric(index);
        while let Some(key) = map.next_key::<String>()? {
            self.rows.passed.begin_element();
            match key.as_str() {
                "name" => metric.name = bounded_name(map.next_value()?),
                "units" => metric.unit = bounded_name(map.next_value()?),
                "data" => map.next_value_seed(self.at(Level::Points(metric.clone())))?,
                _ => self.leave_out(&key, &mut map)?,
            }
        }
        Ok(())
    }

    fn leave_out<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        map.next_value::<IgnoredAny>()?;
        self.rows.output.within(&format!("`{key}`, left out"), 1);
        Ok(())
    }

    /// Reads one element of a list. Returns false at its end.
    fn element<'de, A: SeqAccess<'de>>(&mut self, index: u64, list: &mut A) -> Result<bool, A::Error> {
        let Self { rows, contents, level } = self;
        match level {
            Level::Metrics => {
                let seed = Document { rows, contents, level: Level::Metric(index) };
                Ok(list.next_element_seed(seed)?.is_some())
            }
            Level::Workouts => {
                let seed = WorkoutSeed { rows, title: contents.title(index), index };
                Ok(list.next_element_seed(seed)?.is_some())
            }
            Level::Points(metric) => {
                let mut budget = Budget::default();
                let Some(point) = list.next_element_seed(&mut budget)? else {
                    return Ok(false);
                };
                rows.point(metric, index, point, &budget).map(|()| true)
            }
            Level::Others(section) => {
                let Some(raw) = list.next_element::<Box<RawValue>>()? else {
                    return Ok(false);
                };
                rows.other(section, index, &raw).map(|()| true)
            }
            Level::Root | Level::Data | Level::Metric(_) => Ok(false),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Document<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        match self.level {
            Level::Root | Level::Data | Level::Metric(_) => json.deserialize_map(self),
            _ => json.deserialize_seq(self),
        }
    }
}

impl<'de> Visitor<'de> for Document<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an export of Health Auto Export")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        if let Level::Metric(index) = self.level {
            return self.metric(index, map);
        }
        while let Some(key) = map.next_key::<String>()? {
            self.rows.passed.begin_element();
            let level = match (&self.level, key.as_str()) {
                (Level::Root, "data") => Level::Data,
                (Level::Data, "metrics") => Level::Metrics,
                (Level::Data, "workouts") => Level::Workouts,
                (Level::Data, _) => Level::Others(key),
                _ => {
                    self.leave_out(&key, &mut map)?;
                    continue;
                }
            };
            map.next_value_seed(self.at(level))?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        self.rows.passed.begin_element();
        let mut index = 0;
        while self.element(index, &mut list)? {
            self.rows.passed.begin_element();
            index += 1;
        }
        Ok(())
    }
}
