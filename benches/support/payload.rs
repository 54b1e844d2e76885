//! A payload, and what an ingest of it must count.

use healthsink::model::counts::Counts;
use healthsink_testdata::{Payload, Shape, Written};

use super::written::records_of;

/// A payload in memory, and what it holds.
pub(crate) fn payload(shape: Shape, target_bytes: u64) -> (Vec<u8>, Written) {
    Payload { shape, target_bytes, ..Payload::default() }.to_vec()
}

/// Panics unless all of a payload was new, or all of it was stored before.
pub(crate) fn assert_counts(counts: &Counts, written: &Written, is_new: bool) {
    let expected = if is_new { (records_of(written), 0) } else { (0, records_of(written)) };
    assert_eq!((counts.new, counts.unchanged), expected, "{counts:?}");
    assert_eq!((counts.updated, counts.rejected), (0, 0), "{counts:?}");
    assert_eq!(counts.measurements, written.samples);
}
