//! Where the second pass puts rows and rejects.

use super::bounded::Passed;
use super::content::{self, Known};
use super::contents::Metric;
use super::item::Item;
use super::kept::Kept;
use super::order::Overlaps;
use super::point;
use super::repeats::Repeats;
use crate::formats::flaw::Flaw;
use crate::formats::output::{Location, Output};
use crate::model::error::{Error, Result};
use crate::model::interval::Interval;
use crate::model::limits::{AUTO_EXPORT_OTHER_BYTES_MAX, BATCH_TEXT_LARGE_BYTES};
use crate::model::locale::NumberStyle;
use crate::model::record::Content;

/// The rows of one document, or of a list of documents.
pub(super) struct Rows<'a, 'b> {
    pub(super) file: &'a str,
    /// The interval that the sender says the figures are of.
    pub(super) said: Interval,
    /// How numbers of points are read that are texts.
    pub(super) style: NumberStyle,
    pub(super) output: &'a mut Output<'b>,
    /// Workouts and elements of one content.
    pub(super) repeats: Repeats,
    /// Points of one time and of one content.
    pub(super) points: Repeats,
    /// Times at which equal points of workouts may stand far apart.
    pub(super) overlaps: Overlaps,
    pub(super) passed: Passed,
    /// Why reading ends: serde knows only that it does.
    pub(super) failed: Option<Error>,
    /// Metrics and workouts so far.
    pub(super) metrics: usize,
    pub(super) workouts: usize,
    /// Whether the document under way has `data` or a section of it.
    pub(super) has_section: bool,
    /// Whether a key has shown that it is of Health Auto Export.
    pub(super) is_own: bool,
}

impl Rows<'_, '_> {
    /// Begins a document. Equal records are counted in each of them.
    pub(super) fn begin_document<E: serde::de::Error>(&mut self) -> Result<(), E> {
        self.repeats.clear();
        self.points.clear();
        self.output.begin_document().or_else(|error| self.fail(error))
    }

    /// Ends an element: hands over a full batch, or rejects the element. `part` says which one it is, `raw` returns its text.
    pub(super) fn end<E: serde::de::Error>(
        &mut self,
        outcome: Result<(), Flaw>,
        part: impl FnOnce() -> String,
        raw: impl FnOnce() -> String,
    ) -> Result<(), E> {
        // What is wrong with a value that has no place is no flaw of the next one.
        self.passed.take_flaw();
        self.passed.begin_element();
        let done = match outcome {
            Ok(()) => self.output.hand_over_if_full(),
            Err(flaw) => {
                let (part, mut raw) = (part(), raw());
                self.passed.restore(&mut raw);
                let location = Location { section: self.file, part: &part, index: None, offset: self.passed.bytes() };
                self.output.reject(location, &flaw, raw.as_bytes().into())
            }
        };
        done.or_else(|error| self.fail(error))
    }

    /// Ends the reading.
    pub(super) fn fail<E: serde::de::Error>(&mut self, error: Error) -> Result<(), E> {
        self.failed = Some(error);
        Err(E::custom("stopped"))
    }

    /// Reads a point of a metric.
    pub(super) fn point<E: serde::de::Error>(&mut self, metric: &Metric, index: u64, mut point: Item) -> Result<(), E> {
        self.make_room(point.len())?;
        let outcome = match (point.take_flaw(), metric.name.as_deref()) {
            (Some(flaw), _) => Err(flaw),
            (_, None) => Err(Flaw::NoMetric),
            (_, Some(name)) if point.is_object => {
                let (unit, said, shown) = (metric.unit.as_deref(), self.said, Some(metric.shown));
                let series = point::Series {
                    metric: name,
                    unit,
                    said,
                    shown,
                    workout: None,
                    are_scattered: metric.shown.are_scattered,
                    style: self.style,
                    passed: &self.passed,
                };
                point::push(series, &mut point, &mut self.points, self.output)
            }
            _ => Err(Flaw::Not("an object")),
        };
        let name = metric.name.as_deref().unwrap_or_default();
        self.end(outcome, || format!("{name} element {index}"), || point.into_text())
    }

    /// A value that is kept, before it is read.
    pub(super) fn kept(&self) -> Kept {
        Kept::of(&self.passed, AUTO_EXPORT_OTHER_BYTES_MAX)
    }

    /// Keeps an element of a section without a table.
    pub(super) fn other<E: serde::de::Error>(
        &mut self,
        section: &str,
        index: Option<u64>,
        mut kept: Kept,
    ) -> Result<(), E> {
        let name = section;
        let section = ["Health Auto Export ", section].concat();
        self.make_room(kept.text.len())?;
        let outcome = match kept.take_flaw() {
            Some(flaw) => Err(flaw),
            None if kept.is_too_long => Err(Flaw::TooLong(AUTO_EXPORT_OTHER_BYTES_MAX as u64)),
            None if !kept.is_object => Err(Flaw::Not("an object")),
            None => Ok(()),
        };
        let mut text = kept.text;
        if outcome.is_ok() {
            let Known { identity, whole, is_named } = content::of_element(name, &text);
            let nth = (!is_named).then(|| self.repeats.count(identity));
            self.passed.restore(&mut text);
            self.output.keep_matched(&section, std::mem::take(&mut text), Content { identity, nth, whole });
        }
        let part = || index.map_or_else(|| section.clone(), |index| format!("{section} element {index}"));
        self.end(outcome, part, || text)
    }

    /// Keeps a value that is not a record. Null is absence.
    pub(super) fn beside<E: serde::de::Error>(&mut self, key: &str, mut kept: Kept) -> Result<(), E> {
        let section = ["Health Auto Export ", key].concat();
        self.make_room(kept.text.len())?;
        let too_long = kept.is_too_long.then_some(Flaw::TooLong(AUTO_EXPORT_OTHER_BYTES_MAX as u64));
        if let Some(flaw) = kept.take_flaw().or(too_long) {
            return self.end(Err(flaw), || section, || kept.text);
        }
        if kept.text != "null" {
            self.passed.restore(&mut kept.text);
            self.output.keep_beside(&section, kept.text);
        }
        self.end(Ok(()), String::new, String::new)
    }

    /// Hands over the batch if the next text is a large one, which is then not copied.
    pub(super) fn make_room<E: serde::de::Error>(&mut self, bytes: usize) -> Result<(), E> {
        if bytes < BATCH_TEXT_LARGE_BYTES || self.output.batch.is_empty() {
            return Ok(());
        }
        self.output.hand_over().or_else(|error| self.fail(error))
    }
}
