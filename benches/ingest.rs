//! End to end: from a body in memory to committed rows in a database file, beside the limit for the same rows.

mod support {
    pub(crate) mod payload;
    pub(crate) mod rows;
    pub(crate) mod size;
    pub(crate) mod written;
}

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use healthsink::formats::payload::Options;
use healthsink::ingest::ingest;
use healthsink::store::writer::ingest::Summary;
use healthsink::store::writer::{Writer, WriterHandle};
use healthsink::store::{Database, Origin, OriginKind};
use healthsink_testdata::Shape;
use tempfile::TempDir;

use support::payload::{assert_counts, payload};
use support::rows::{Rows, insert_all, prepare};
use support::size::size;
use support::written::records_of;

fn receive(body: &[u8], writer: &WriterHandle) -> Summary {
    let origin = Origin { kind: OriginKind::Import, sender: "bench".to_owned(), person: None, token: None };
    ingest(body, origin, Options::default(), writer).expect("the payload is valid")
}

/// A new folder, and the path of a database in it.
fn scratch() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join("health.db");
    (folder, path)
}

fn start(path: &Path) -> Writer {
    Writer::start(&Database::new(path)).expect("a new database")
}

fn mixed(criterion: &mut Criterion) {
    let (body, written) = payload(Shape::Mixed, size("HEALTHSINK_BENCH_BYTES", 20_000_000, 100_000));
    let mut group = criterion.benchmark_group("ingest");
    group
        .throughput(Throughput::ElementsAndBytes { elements: records_of(&written), bytes: written.bytes })
        .sample_size(10)
        .measurement_time(Duration::from_secs(10));
    let (_kept, path) = scratch();
    let kept = start(&path);
    assert_counts(&receive(&body, kept.handle()).counts, &written, true);
    let rows = Rows::read(&path).expect("the rows of the ingest");
    assert_eq!(rows.len() as u64, records_of(&written));

    group.bench_function("new", |bencher| {
        bencher.iter_custom(|times| {
            let once = |_| {
                let (_folder, path) = scratch();
                let writer = start(&path);
                let started = Instant::now();
                let summary = receive(&body, writer.handle());
                let took = started.elapsed();
                assert_counts(&summary.counts, &written, true);
                writer.stop().expect("the writer ends");
                took
            };
            (0..times).map(once).sum()
        });
    });
    group.bench_function("limit", |bencher| {
        bencher.iter_custom(|times| {
            let once = |_| {
                let (_folder, path) = scratch();
                let connection = prepare(&path, &rows).expect("a new database");
                let started = Instant::now();
                let inserted = insert_all(&connection, &rows).expect("the rows");
                let took = started.elapsed();
                assert_eq!(inserted, rows.len());
                took
            };
            (0..times).map(once).sum()
        });
    });
    group.bench_function("again", |bencher| {
        bencher.iter(|| assert_counts(&receive(&body, kept.handle()).counts, &written, false));
    });
    group.finish();
    kept.stop().expect("the writer ends");
}

criterion_group!(benches, mixed);
criterion_main!(benches);
