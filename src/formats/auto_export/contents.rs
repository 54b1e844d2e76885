//! The first of two passes over a file: names of metrics that follow their data, and what identifies each workout.

use std::fmt;
use std::io::Read;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::bounded::Passed;
use super::fields::{bounded_name, time};
use super::value::Budget;
use crate::model::healthkit::activity_of_title;
use crate::model::identity::{derive, digest};
use crate::model::limits::{AUTO_EXPORT_METRICS_MAX, AUTO_EXPORT_WORKOUTS_MAX};
use crate::model::record::Uuid;

/// A metric's name and unit.
#[derive(Clone, Debug, Default)]
pub(super) struct Metric {
    pub(super) name: Option<String>,
    pub(super) unit: Option<String>,
}

/// What is known of a workout before it is read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Title {
    /// Made from name, start and end; absent without a start.
    pub(super) content: Option<Uuid>,
    pub(super) activity: Option<i64>,
}

/// What the first pass found.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// Metrics whose name or unit follows their data, by their index, in order.
    metrics: Vec<(u64, Metric)>,
    workouts: Vec<Title>,
}

impl Contents {
    /// The metric with this index, as far as it is known before it is read.
    pub(super) fn metric(&self, index: u64) -> Metric {
        let place = self.metrics.binary_search_by_key(&index, |(known, _)| *known);
        place.map(|place| self.metrics[place].1.clone()).unwrap_or_default()
    }

    /// The title of the workout with this index.
    pub(super) fn title(&self, index: u64) -> Title {
        usize::try_from(index).ok().and_then(|index| self.workouts.get(index)).copied().unwrap_or_default()
    }
}

/// Reads the file for the first time. The second pass reports its errors.
pub(crate) fn read_contents(source: impl Read) -> Contents {
    let (passed, mut contents) = (Passed::default(), Contents::default());
    let mut json = serde_json::Deserializer::from_reader(passed.watch(source));
    let scan = Scan { contents: &mut contents, passed: &passed, level: Level::Root };
    let _ = scan.deserialize(&mut json);
    contents
}

/// Where in the document.
#[derive(Clone, Copy, Debug)]
enum Level {
    Root,
    Data,
    Metrics,
    /// One metric, by its index.
    Metric(u64),
    Workouts,
    Workout,
    /// A list whose elements are skipped one by one: together they may be longer than one element.
    Skipped,
}

struct Scan<'s> {
    contents: &'s mut Contents,
    passed: &'s Passed,
    level: Level,
}

impl Scan<'_> {
    fn at(&mut self, level: Level) -> Scan<'_> {
        Scan { contents: self.contents, passed: self.passed, level }
    }

    fn metric<'de, A: MapAccess<'de>>(mut self, index: u64, mut map: A) -> Result<(), A::Error> {
        let (mut metric, mut is_behind, mut is_late) = (Metric::default(), false, false);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "name" => metric.name = bounded_name(map.next_value()?),
                "units" => metric.unit = bounded_name(map.next_value()?),
                "data" => {
                    map.next_value_seed(self.at(Level::Skipped))?;
                    is_behind = true;
                    continue;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            }
            is_late |= is_behind;
        }
        if is_late && self.contents.metrics.len() < AUTO_EXPORT_METRICS_MAX {
            self.contents.metrics.push((index, metric));
        }
        Ok(())
    }

    fn workout<'de, A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let (mut name, mut start_ms, mut end_ms) = (None, None, None);
        while let Some(key) = map.next_key::<String>()? {
            let field = match key.as_str() {
                "name" | "start" | "end" => map.next_value_seed(&mut Budget::default())?,
                _ => {
                    map.next_value_seed(self.at(Level::Skipped))?;
                    continue;
                }
            };
            match key.as_str() {
                "name" => name = bounded_name(field.as_str().map(str::to_owned)),
                "start" => start_ms = time(Some(&field)),
                _ => end_ms = time(Some(&field)),
            }
        }
        if self.contents.workouts.len() < AUTO_EXPORT_WORKOUTS_MAX {
            let name = name.as_deref().unwrap_or_default();
            let content = start_ms.map(|start_ms| identity(name, start_ms, end_ms));
            self.contents.workouts.push(Title { content, activity: activity_of_title(name) });
        }
        Ok(())
    }
}

fn identity(name: &str, start_ms: i64, end_ms: Option<i64>) -> Uuid {
    let times = [start_ms, end_ms.unwrap_or(i64::MIN)].map(i64::to_le_bytes).concat();
    derive(&digest(&[b"Health Auto Export", name.as_bytes(), &times]))
}

impl<'de> DeserializeSeed<'de> for Scan<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scan<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an export of Health Auto Export")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.passed.begin_element();
        match self.level {
            Level::Metric(index) => return self.metric(index, map),
            Level::Workout => return self.workout(map),
            _ => {}
        }
        while let Some(key) = map.next_key::<String>()? {
            let level = match (self.level, key.as_str()) {
                (Level::Root, "data") => Level::Data,
                (Level::Data, "metrics") => Level::Metrics,
                (Level::Data, "workouts") => Level::Workouts,
                _ => Level::Skipped,
            };
            map.next_value_seed(self.at(level))?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        for index in 0.. {
            self.passed.begin_element();
            let level = match self.level {
                Level::Metrics => Level::Metric(index),
                Level::Workouts => Level::Workout,
                _ => {
                    if list.next_element::<IgnoredAny>()?.is_none() {
                        break;
                    }
                    continue;
                }
            };
            if list.next_element_seed(self.at(level))?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}
