//! After two batches are warm, samples are decoded and written without an allocation for each.
//!
//! What is left: the decoder's buffers grow to the longest group of elements, and rusqlite's cache of statements copies a
//! statement's text each time that it takes the statement out. SQLite's own memory is not Rust's and is not counted.

use std::io::BufReader;

use healthsink::formats::payload::{Options, decode};
use healthsink::model::batch::{Batch, Sink};
use healthsink::model::error::Result;
use healthsink::model::limits::BATCH_ROWS_MAX;
use healthsink::store::{Database, Store};
use healthsink_testdata::{Payload, Shape};
use healthsink_testkit::memory::allocations;

/// Buffers that may still grow to the longest group.
const GROWTHS_MAX: u64 = 2;

/// Statements that a transaction with one batch of samples takes out of the cache, and more.
const PER_BATCH_MAX: u64 = 16;

/// Writes batches with one transaction for each, and fills two of them in turn.
struct Writing {
    store: Store,
    spare: Box<Batch>,
    batches: u64,
    /// The thread's allocations at the time when both batches were warm.
    warm: u64,
    /// Those after that while batches were written.
    writing: u64,
}

impl Sink for Writing {
    fn submit(&mut self, batch: &mut Box<Batch>) -> Result<()> {
        let before = allocations();
        self.store.write_batches(std::slice::from_ref(batch))?;
        self.writing += allocations() - before;
        batch.clear();
        batch.trim();
        std::mem::swap(batch, &mut self.spare);
        self.batches += 1;
        if self.batches == 2 {
            (self.warm, self.writing) = (allocations(), 0);
        }
        Ok(())
    }
}

#[test]
fn samples_cost_no_allocation_after_two_batches() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Database::new(folder.path().join("health.db"))).unwrap();
    let (body, written) = Payload { target_bytes: 9_000_000, shape: Shape::HeartRate, ..Payload::default() }.to_vec();
    assert!(written.samples > 10_000 + 3 * BATCH_ROWS_MAX as u64, "{written:?}");
    let mut sink = Writing { store, spare: Box::default(), batches: 0, warm: 0, writing: 0 };
    let mut batch = Box::<Batch>::default();
    let source = BufReader::new(&body[..]);
    let decoded = decode(source, Options::default(), &mut batch, &mut sink);
    let all = allocations() - sink.warm;
    decoded.outcome.unwrap();
    let batches = sink.batches - 2;
    let counts = (all - sink.writing, sink.writing, batches);
    println!("allocations while {batches} batches are decoded and written: {counts:?}");
    assert!(all - sink.writing <= GROWTHS_MAX, "decoding, writing, batches: {counts:?}");
    assert!(sink.writing <= batches * PER_BATCH_MAX, "decoding, writing, batches: {counts:?}");
}
