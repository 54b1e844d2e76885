//! The first of two passes over a file: names of metrics that follow their data, what the document shows of their figures, and
//! what identifies each workout. It keeps nothing else, so it needs no permit until it finds that the second pass does.

use std::fmt;
use std::hash::BuildHasher;
use std::io::Read;

use foldhash::fast::FixedState;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::de::IoRead;

use super::bounded::{Bounded, Passed};
use super::fields::{bounded_name, time};
use super::interval::{Shown, Times};
use super::order::{Order, Overlaps};
use super::shown::{Figures, Points};
use super::value::{Budget, any_seed, scalars};
use crate::formats::output::Receiver;
use crate::model::healthkit::activity_of_title;
use crate::model::healthkit::is_of_readings;
use crate::model::identity::{derive, digest, parse};
use crate::model::interval::Interval;
use crate::model::limits::{
    AUTO_EXPORT_METRICS_MAX, AUTO_EXPORT_SMALL_MAX, AUTO_EXPORT_TITLES_BLOCK, AUTO_EXPORT_WORKOUTS_MAX,
};
use crate::model::locale::NumberStyle;
use crate::model::record::Uuid;

/// What is known of a metric before it is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Metric {
    pub(super) name: Option<String>,
    pub(super) unit: Option<String>,
    /// What the document shows of its figures.
    pub(super) shown: Shown,
    /// Stands for the name, also if that is not late.
    name_hash: u64,
}

/// What a workout is known by.
#[derive(Clone, Copy, Debug)]
pub(super) enum Identity {
    /// Its identifier, which is HealthKit's.
    HealthKit(Uuid),
    /// Made from name, start and end.
    Content(Uuid),
}

/// What is known of a workout before it is read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Title {
    /// Absent without a start, or with an end before it.
    pub(super) identity: Option<Identity>,
    pub(super) activity: Option<u16>,
}

/// What the first pass found.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// By their places in the document, as far as it has not too many.
    metrics: Vec<Metric>,
    metrics_seen: usize,
    /// In lists that do not grow: a list that grows takes half as much again.
    workouts: Vec<Vec<Title>>,
    workouts_seen: usize,
    /// What the numbers of points show that are texts.
    style: NumberStyle,
    overlaps: Overlaps,
    documents: u64,
    has_permit: bool,
}

impl Contents {
    /// The metric at this place in the document, as far as it is known before it is read.
    pub(super) fn metric(&self, place: usize) -> Metric {
        let mut metric = self.metrics.get(place).cloned().unwrap_or_default();
        // Of too many, one that is not remembered may have the name of any.
        metric.shown.are_scattered |= self.metrics_seen > self.metrics.len();
        metric
    }

    /// Begins a document of a list. Equal points of two documents are counted in each.
    fn begin_document(&mut self) {
        self.documents += 1;
        self.overlaps.begin_document();
    }

    /// Notes what was found of the last metric. Points of two metrics of one name stand apart.
    fn end_metric(&mut self, mut metric: Metric) {
        let Some(place) = self.metrics_seen.checked_sub(1).filter(|place| *place < self.metrics.len()) else {
            return;
        };
        for other in &mut self.metrics[..place] {
            if other.name_hash == metric.name_hash {
                other.shown.are_scattered = true;
                metric.shown.are_scattered = true;
            }
        }
        self.metrics[place] = metric;
    }

    /// Times at which equal points of workouts may stand far apart.
    pub(super) fn overlaps(&self) -> &Overlaps {
        &self.overlaps
    }

    /// The title of the workout at this place in the document.
    pub(super) fn title(&self, place: usize) -> Title {
        let block = self.workouts.get(place / AUTO_EXPORT_TITLES_BLOCK);
        block.and_then(|block| block.get(place % AUTO_EXPORT_TITLES_BLOCK)).copied().unwrap_or_default()
    }

    /// Adds a workout, unless there are too many.
    fn add_workout(&mut self) {
        if self.workouts_seen < AUTO_EXPORT_WORKOUTS_MAX {
            if self.workouts_seen.is_multiple_of(AUTO_EXPORT_TITLES_BLOCK) {
                self.workouts.push(Vec::with_capacity(AUTO_EXPORT_TITLES_BLOCK));
            }
            self.workouts.last_mut().into_iter().for_each(|block| block.push(Title::default()));
        }
        self.workouts_seen += 1;
    }

    /// The title of the workout that was added last.
    fn last_title(&mut self) -> Option<&mut Title> {
        let place = self.workouts_seen.checked_sub(1)?;
        self.workouts.get_mut(place / AUTO_EXPORT_TITLES_BLOCK)?.get_mut(place % AUTO_EXPORT_TITLES_BLOCK)
    }

    /// How numbers of points are read that are texts.
    pub(super) fn style(&self) -> NumberStyle {
        self.style.of_whole_file()
    }

    /// Whether the receiver's permit was taken.
    pub(super) fn has_permit(&self) -> bool {
        self.has_permit
    }

    /// Takes the permit for what not all ingests may hold at once.
    fn take_permit(&mut self, receiver: &mut Receiver<'_>) {
        if !std::mem::replace(&mut self.has_permit, true) {
            receiver.begin_large();
        }
    }
}

/// The reader of the first pass, which is ahead of the second by one document.
pub(super) struct Scanner<R: Read> {
    json: serde_json::Deserializer<IoRead<Bounded<R>>>,
    passed: Passed,
}

impl<R: Read> Scanner<R> {
    pub(super) fn new(source: R) -> Self {
        let passed = Passed::default();
        Self { json: serde_json::Deserializer::from_reader(passed.watch(source)), passed }
    }

    /// Reads the next document. The second pass reports its errors.
    pub(super) fn next_contents(&mut self, receiver: &mut Receiver<'_>) -> Contents {
        let mut contents = Contents::default();
        self.passed.forget_large();
        self.passed.begin_document();
        let scan = Scan { contents: &mut contents, receiver, passed: &self.passed, level: Level::Documents };
        let _ = scan.deserialize(&mut self.json);
        // Only the second pass reads it.
        self.passed.take_rest();
        if self.passed.is_large() {
            contents.take_permit(receiver);
        }
        contents
    }
}

/// Where in the document.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Level {
    /// A document, or a list of them.
    Documents,
    Data,
    Metrics,
    Metric,
    Workouts,
    Workout,
    /// A list whose elements are skipped one by one: together they may be longer than one element.
    Skipped,
    /// What is kept as it is.
    Beside,
}

struct Scan<'s, 'r> {
    contents: &'s mut Contents,
    receiver: &'s mut Receiver<'r>,
    passed: &'s Passed,
    level: Level,
}

impl<'r> Scan<'_, 'r> {
    fn at(&mut self, level: Level) -> Scan<'_, 'r> {
        Scan { contents: self.contents, receiver: self.receiver, passed: self.passed, level }
    }

    fn metric<'de, A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let (mut metric, mut times, mut order) = (Metric::default(), Times::default(), Order::default());
        let (mut is_behind, mut is_late) = (false, false);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "name" | "units" => {
                    let text = map.next_value_seed(&mut Budget::default())?;
                    let text = bounded_name(text.as_str().map(str::to_owned));
                    *(if key == "name" { &mut metric.name } else { &mut metric.unit }) = text;
                    is_late |= is_behind;
                }
                "data" => {
                    let style = &mut self.contents.style;
                    map.next_value_seed(Points { passed: self.passed, times: &mut times, order: &mut order, style })?;
                    is_behind = true;
                }
                _ => map.next_value_seed(self.at(Level::Beside))?,
            }
        }
        let period = times.shown();
        let are_readings = period != Interval::None && metric.name.as_deref().is_some_and(is_of_readings);
        let (may_begin_at_one, are_scattered) = (times.may_begin_at_one(), order.is_scattered());
        metric.shown = Shown { period, may_begin_at_one, are_readings, are_scattered };
        metric.name_hash = FixedState::default().hash_one((self.contents.documents, &metric.name));
        if !is_late {
            (metric.name, metric.unit) = (None, None);
        }
        self.contents.end_metric(metric);
        Ok(())
    }

    fn workout<'de, A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut name, mut start_ms, mut end_ms, mut healthkit) = (None, None, None, None);
        let mut are_scattered = false;
        while let Some(key) = map.next_key::<String>()? {
            let field = match key.as_str() {
                "id" | "name" | "start" | "end" => map.next_value_seed(&mut Budget::default())?,
                _ => {
                    let mut figures = Figures::of(&key, self.passed, &mut self.contents.style);
                    map.next_value_seed(&mut figures)?;
                    are_scattered |= figures.are_scattered();
                    continue;
                }
            };
            match key.as_str() {
                "id" => healthkit = field.as_str().and_then(parse),
                "name" => name = bounded_name(field.as_str().map(str::to_owned)),
                "start" => start_ms = time(Some(&field)),
                _ => end_ms = time(Some(&field)),
            }
        }
        let name = name.as_deref().unwrap_or_default();
        let activity = activity_of_title(name).and_then(|activity| u16::try_from(activity).ok());
        let start_ms = start_ms.filter(|start_ms| end_ms.is_none_or(|end_ms| end_ms >= *start_ms));
        if let Some(start_ms) = start_ms {
            self.contents.overlaps.add(start_ms, end_ms, are_scattered);
        }
        let identity = start_ms.map(|start_ms| match healthkit {
            Some(healthkit) => Identity::HealthKit(healthkit),
            None => Identity::Content(identity(name, start_ms, end_ms)),
        });
        if let Some(title) = self.contents.last_title() {
            *title = Title { identity, activity };
        }
        Ok(())
    }

    /// Begins the next element, with a place if it is a metric or a workout.
    fn begin(&mut self) {
        self.passed.begin_element();
        let contents = &mut *self.contents;
        match self.level {
            Level::Metrics => {
                contents.metrics_seen += 1;
                if contents.metrics.len() < AUTO_EXPORT_METRICS_MAX {
                    contents.metrics.push(Metric::default());
                }
            }
            Level::Workouts => contents.add_workout(),
            _ => {}
        }
        if contents.metrics.len() + contents.workouts_seen > AUTO_EXPORT_SMALL_MAX {
            contents.take_permit(self.receiver);
        }
    }
}

/// Whether a list of this name beside `data` has elements of it, as it has without the object around it.
pub(super) fn is_section(name: &str) -> bool {
    matches!(name, "symptoms" | "ecg" | "stateOfMind" | "medications" | "cycleTracking" | "heartRateNotifications")
}

fn identity(name: &str, start_ms: i64, end_ms: Option<i64>) -> Uuid {
    let times = [start_ms, end_ms.unwrap_or(i64::MIN)].map(i64::to_le_bytes).concat();
    derive(&digest(&[b"Health Auto Export", name.as_bytes(), &times]))
}

any_seed!(Scan<'_, '_>, ());

impl<'de> Visitor<'de> for Scan<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an export of Health Auto Export")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.passed.begin_element();
        match self.level {
            Level::Metric => return self.metric(map),
            Level::Workout => return self.workout(map),
            Level::Skipped | Level::Beside => return IgnoredAny.visit_map(map).map(|_| ()),
            Level::Documents => self.contents.begin_document(),
            _ => {}
        }
        while let Some(key) = map.next_key::<String>()? {
            let level = match (self.level, key.as_str()) {
                (Level::Documents, "data") => Level::Data,
                (Level::Documents | Level::Data, "metrics") => Level::Metrics,
                (Level::Documents | Level::Data, "workouts") => Level::Workouts,
                (Level::Documents, section) if !is_section(section) => Level::Beside,
                _ => Level::Skipped,
            };
            map.next_value_seed(self.at(level))?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        let inner = match self.level {
            Level::Documents => Some(Level::Documents),
            Level::Metrics => Some(Level::Metric),
            Level::Workouts => Some(Level::Workout),
            Level::Beside => return IgnoredAny.visit_seq(list).map(|_| ()),
            _ => None,
        };
        loop {
            self.begin();
            let is_read = match inner {
                Some(level) => list.next_element_seed(self.at(level))?.is_some(),
                None => list.next_element::<IgnoredAny>()?.is_some(),
            };
            if !is_read {
                return Ok(());
            }
        }
    }

    scalars!((), |self, _value| Ok(()));

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}
