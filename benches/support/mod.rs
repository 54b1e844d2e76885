//! What the benches share: payloads, sizes, and the limit that `ingest` and `limit` are compared with.

#![allow(dead_code, reason = "each bench uses a part of it")]

pub(crate) mod rows;

use healthsink::formats::payload::{Options, decode};
use healthsink::model::batch::Batch;
use healthsink::model::batch::Sink;
use healthsink::model::counts::Counts;
use healthsink::model::error::Result;
use healthsink_testdata::{Payload, Shape, Written};

/// Every shape with its name.
pub(crate) const SHAPES: [(&str, Shape); 7] = [
    ("mixed", Shape::Mixed),
    ("heart_rate", Shape::HeartRate),
    ("steps", Shape::Steps),
    ("sleep", Shape::Sleep),
    ("workouts", Shape::Workouts),
    ("routes", Shape::Routes),
    ("medications", Shape::Medications),
];

/// Whether this run measures; otherwise it is a small test.
pub(crate) fn is_measured() -> bool {
    let mut is_bench = false;
    for argument in std::env::args() {
        match argument.as_str() {
            "--test" => return false,
            "--bench" => is_bench = true,
            _ => {}
        }
    }
    is_bench
}

/// A size: `measured` unless the environment names another, or `tested` in a test.
pub(crate) fn size(variable: &str, measured: u64, tested: u64) -> u64 {
    let named = std::env::var(variable).ok().map(|text| text.parse().expect("a number"));
    if is_measured() { named.unwrap_or(measured) } else { tested }
}

/// A payload in memory, and what it holds.
pub(crate) fn payload(shape: Shape, target_bytes: u64) -> (Vec<u8>, Written) {
    Payload { shape, target_bytes, ..Payload::default() }.to_vec()
}

/// Records and locations that a payload counts as.
pub(crate) fn records_of(written: &Written) -> u64 {
    written.samples + written.workouts + written.route_points + written.medication_doses + written.medications
}

/// Panics unless all of a payload was new, or all of it was stored before.
pub(crate) fn assert_counts(counts: &Counts, written: &Written, is_new: bool) {
    let expected = if is_new { (records_of(written), 0) } else { (0, records_of(written)) };
    assert_eq!((counts.new, counts.unchanged), expected, "{counts:?}");
    assert_eq!((counts.updated, counts.rejected), (0, 0), "{counts:?}");
    assert_eq!(counts.measurements, written.samples);
}

/// Keeps every batch.
#[derive(Default)]
pub(crate) struct Keep(pub(crate) Vec<Batch>);

impl Sink for Keep {
    fn submit(&mut self, batch: &mut Box<Batch>) -> Result<()> {
        self.0.push(std::mem::take(batch));
        Ok(())
    }
}

/// The batches of a payload.
pub(crate) fn batches(body: &[u8]) -> Vec<Batch> {
    let mut keep = Keep::default();
    let mut batch = Box::<Batch>::default();
    decode(body, Options::default(), &mut batch, &mut keep).outcome.expect("the payload is valid");
    keep.0.push(*batch);
    keep.0
}
