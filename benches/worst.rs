//! The worst shapes of an upload for the writer: many records that are alike in what merging compares, and many distinct
//! texts. The throughput of each shape must not depend on the number of rows.

mod support {
    pub(crate) mod size;
}

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use healthsink::model::batch::Batch;
use healthsink::model::identity::derive;
use healthsink::model::record::{DerivedSample, Reject, Sample, Workout};
use healthsink::store::{Database, Store};

use support::size::size;

/// Adds row `number` of an upload to a batch.
type Push = fn(&mut Batch, u64);

/// A shape: its name, what is stored before, and the upload that is measured.
const SHAPES: [(&str, Option<Push>, Push); 8] = [
    ("samples of one second", Some(one_derived_sample), sample_of_one_second),
    ("workouts of one second", Some(one_derived_workout), workout_of_one_second),
    ("import over samples of one second", Some(sample_of_one_second), derived_sample_of_one_second),
    ("one sample again and again", None, sample_of_one_identity),
    ("types", None, sample_of_another_type),
    ("units", None, sample_in_another_unit),
    ("sources", None, sample_of_another_source),
    ("rejects", None, equal_reject),
];

fn identity(number: u64) -> [u8; 16] {
    let mut uuid = derive(&number.to_le_bytes());
    // Neither derived nor in order.
    uuid[0] = uuid[9];
    uuid[6] = 0x40;
    uuid
}

fn sample(batch: &mut Batch, number: u64) -> Sample {
    Sample {
        kind: batch.texts.intern("HKQuantityTypeIdentifierHeartRate"),
        uuid: identity(number),
        start_ms: 1_700_000_000_000,
        end_ms: Some(1_700_000_000_000),
        value: Some(f64::from(u32::try_from(number).expect("few rows"))),
        unit: Some(batch.texts.intern("count/min")),
        source: None,
        metadata: None,
        other: None,
    }
}

fn sample_of_one_second(batch: &mut Batch, number: u64) {
    let sample = sample(batch, number);
    batch.rows.samples.push(sample);
}

fn sample_of_one_identity(batch: &mut Batch, number: u64) {
    let sample = sample(batch, number);
    batch.rows.samples.push(Sample { uuid: identity(0), ..sample });
}

fn sample_of_another_type(batch: &mut Batch, number: u64) {
    let sample = sample(batch, number);
    let kind = batch.texts.intern(&format!("type {number}"));
    batch.rows.samples.push(Sample { kind, ..sample });
}

fn sample_in_another_unit(batch: &mut Batch, number: u64) {
    let sample = sample(batch, number);
    let unit = Some(batch.texts.intern(&format!("unit {number}")));
    batch.rows.samples.push(Sample { unit, ..sample });
}

fn sample_of_another_source(batch: &mut Batch, number: u64) {
    let sample = sample(batch, number);
    let json = format!(r#"{{"sourceRevision":{{"source":{{"name":"source {number}"}}}}}}"#);
    let source = Some(batch.texts.intern(&json));
    batch.rows.samples.push(Sample { source, ..sample });
}

fn derived_sample_of_one_second(batch: &mut Batch, number: u64) {
    let sample = sample(batch, number + (1 << 24));
    let uuid = derive(&number.to_le_bytes());
    batch.rows.derived_samples.push(DerivedSample { sample: Sample { uuid, ..sample }, creation_ms: None });
}

fn one_derived_sample(batch: &mut Batch, number: u64) {
    if number == 0 {
        derived_sample_of_one_second(batch, number);
    }
}

fn workout(batch: &mut Batch, uuid: [u8; 16], number: u64) {
    batch.rows.workouts.push(Workout {
        uuid,
        activity_type: Some(37),
        start_ms: 1_700_000_000_000,
        end_ms: Some(1_700_000_000_000 + number.cast_signed() * 1000),
        ..Workout::default()
    });
}

fn workout_of_one_second(batch: &mut Batch, number: u64) {
    workout(batch, identity(number), number);
}

fn one_derived_workout(batch: &mut Batch, number: u64) {
    if number == 0 {
        workout(batch, derive(b"workout"), 1 << 24);
    }
}

fn equal_reject(batch: &mut Batch, _: u64) {
    let [section, reason, raw] = ["data", "not an object", "1"].map(|text| batch.texts.intern(text));
    batch.rows.rejects.push(Reject { section, index: None, offset: 0, reason, raw, raw_bytes: 1 });
}

fn batches(rows: u64, push: Push) -> Vec<Batch> {
    let mut batches = vec![Batch::default()];
    for number in 0..rows {
        if batches.last().is_some_and(Batch::is_full) {
            batches.push(Batch::default());
        }
        push(batches.last_mut().expect("it is never empty"), number);
    }
    batches.iter_mut().for_each(Batch::sort);
    batches
}

fn worst(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("worst");
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    let few = size("HEALTHSINK_BENCH_ROWS", 8192, 64);
    for (name, before, push) in SHAPES {
        for rows in [few, 4 * few] {
            let before = before.map(|push| batches(rows, push));
            let upload = batches(rows, push);
            group.throughput(Throughput::Elements(rows));
            group.bench_function(BenchmarkId::new(name, rows), |bencher| {
                bencher.iter_custom(|times| (0..times).map(|_| store(before.as_deref(), &upload)).sum());
            });
        }
    }
    group.finish();
}

fn store(before: Option<&[Batch]>, upload: &[Batch]) -> Duration {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let mut store = Store::open(&Database::new(folder.path().join("health.db"))).expect("a new database");
    if let Some(before) = before {
        store.write_batches(before).expect("the database takes them");
    }
    let started = Instant::now();
    let counts = store.write_batches(upload).expect("the database takes them");
    let elapsed = started.elapsed();
    let rows: usize = upload.iter().map(|batch| batch.rows.len()).sum();
    assert_eq!(counts.records() + counts.rejected, rows as u64, "{counts:?}");
    elapsed
}

criterion_group!(benches, worst);
criterion_main!(benches);
