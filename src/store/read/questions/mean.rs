//! Samples that become one point of a line.

use super::value::{Sink, Value};

/// Samples that become one point of a line.
#[derive(Debug)]
pub(super) struct Mean {
    /// The place of the point.
    pub(super) number: i64,
    start_ms: i64,
    sum: f64,
    minimum: f64,
    maximum: f64,
    samples: u32,
}

impl Mean {
    pub(super) const COLUMNS: [&str; 5] = ["start", "value", "minimum", "maximum", "samples"];

    /// A point that begins with a sample.
    pub(super) fn new(number: i64, start_ms: i64) -> Self {
        Self { number, start_ms, sum: 0.0, minimum: f64::INFINITY, maximum: f64::NEG_INFINITY, samples: 0 }
    }

    pub(super) fn add(&mut self, value: f64) {
        self.sum += value;
        self.minimum = self.minimum.min(value);
        self.maximum = self.maximum.max(value);
        self.samples = self.samples.saturating_add(1);
    }

    pub(super) fn push(&self, sink: &mut dyn Sink) {
        sink.row(&[
            Value::Time(self.start_ms),
            Value::Real(self.sum / f64::from(self.samples)),
            Value::Real(self.minimum),
            Value::Real(self.maximum),
            Value::Integer(i64::from(self.samples)),
        ]);
    }
}
