//! Where the second pass puts rows and rejects.

use super::bounded::Passed;
use super::point;
use super::value::{Budget, TOO_LONG};
use crate::formats::canonical;
use crate::formats::equals::Equals;
use crate::formats::flaw::Flaw;
use crate::formats::output::{Location, Output};
use crate::model::error::{Error, Result};
use crate::model::limits::{AUTO_EXPORT_OTHER_BYTES_MAX, BATCH_TEXT_LARGE_BYTES};
use serde_json::Value;
use serde_json::value::RawValue;

use super::contents::Metric;

/// The rows of one file.
pub(super) struct Rows<'a, 'b> {
    pub(super) file: &'a str,
    pub(super) output: &'a mut Output<'b>,
    pub(super) equals: Equals,
    pub(super) passed: Passed,
    /// Why reading ends: serde knows only that it does.
    pub(super) failed: Option<Error>,
}

impl Rows<'_, '_> {
    /// Ends an element: hands over a full batch, or rejects the element. `part` says which one it is, `raw` returns its text.
    pub(super) fn end<E: serde::de::Error>(
        &mut self,
        outcome: Result<(), Flaw>,
        part: impl FnOnce() -> String,
        raw: impl FnOnce() -> String,
    ) -> Result<(), E> {
        self.passed.begin_element();
        let done = match outcome {
            Ok(()) => self.output.hand_over_if_full(),
            Err(flaw) => {
                let (part, raw) = (part(), raw());
                let location = Location { section: self.file, part: &part, index: None, offset: self.passed.bytes() };
                self.output.reject(location, &flaw, raw.as_bytes().into())
            }
        };
        self.stop_if_failed(done)
    }

    fn stop_if_failed<E: serde::de::Error>(&mut self, done: Result<()>) -> Result<(), E> {
        done.map_err(|error| {
            self.failed = Some(error);
            E::custom("stopped")
        })
    }

    /// Reads a point of a metric.
    pub(super) fn point<E: serde::de::Error>(
        &mut self,
        metric: &Metric,
        index: u64,
        mut point: Value,
        budget: &Budget,
    ) -> Result<(), E> {
        let outcome = match (&mut point, metric.name.as_deref()) {
            _ if budget.is_spent() => Err(TOO_LONG),
            (_, None) => Err(Flaw::NoMetric),
            (Value::Object(point), Some(name)) => {
                point::push(name, metric.unit.as_deref(), point, &mut self.equals, self.output)
            }
            _ => Err(Flaw::Not("an object")),
        };
        let name = metric.name.as_deref().unwrap_or_default();
        self.end(outcome, || format!("{name} element {index}"), || point.to_string())
    }

    /// Keeps an element of a section without a table, in the form in which equal content is equal text.
    pub(super) fn other<E: serde::de::Error>(&mut self, section: &str, index: u64, raw: &RawValue) -> Result<(), E> {
        let section = ["Health Auto Export ", section].concat();
        if raw.get().len() >= BATCH_TEXT_LARGE_BYTES && !self.output.batch.is_empty() {
            let done = self.output.hand_over();
            self.stop_if_failed(done)?;
        }
        let json = if raw.get().len() > AUTO_EXPORT_OTHER_BYTES_MAX {
            Err(Flaw::TooLong(AUTO_EXPORT_OTHER_BYTES_MAX as u64))
        } else {
            canonical::of_text(raw.get())
        };
        let outcome = json.map(|json| self.output.keep(&section, json));
        self.end(outcome, || format!("{section} element {index}"), || raw.get().to_owned())
    }
}
