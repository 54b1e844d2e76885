//! Storing only: decoded batches into a database, new and again, into an empty one and into one of millions of rows.

mod support {
    pub(crate) mod payload;
    pub(crate) mod size;
    pub(crate) mod written;
}

use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use healthsink::formats::payload::{Options, decode};
use healthsink::model::batch::{Batch, Sink};
use healthsink::model::counts::Counts;
use healthsink::model::error::Result;
use healthsink::model::limits::TRANSACTION_ROWS_MAX;
use healthsink::store::{Database, Store};
use healthsink_testdata::{Shape, Written};
use rusqlite::Connection;

use support::payload::{assert_counts, payload};
use support::size::size;
use support::written::records_of;

/// Keeps every batch.
#[derive(Default)]
struct Keep(Vec<Batch>);

impl Sink for Keep {
    fn submit(&mut self, batch: &mut Box<Batch>) -> Result<()> {
        self.0.push(std::mem::take(batch));
        Ok(())
    }
}

/// The batches of a payload.
fn batches(body: &[u8]) -> Vec<Batch> {
    let mut keep = Keep::default();
    let mut batch = Box::<Batch>::default();
    decode(body, Options::default(), &mut batch, &mut keep).outcome.expect("the payload is valid");
    keep.0.push(*batch);
    keep.0
}

/// Writes batches as the writer thread does: several in one transaction.
fn write(store: &mut Store, batches: &[Batch]) -> Counts {
    let mut counts = Counts::default();
    let mut rest = batches;
    while !rest.is_empty() {
        let mut rows = 0;
        let end = rest.iter().position(|batch| {
            rows += batch.rows.len();
            rows >= TRANSACTION_ROWS_MAX
        });
        let (now, behind) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
        counts += store.write_batches(now).expect("the database takes them");
        rest = behind;
    }
    counts
}

struct Input {
    batches: Vec<Batch>,
    written: Written,
}

fn store(criterion: &mut Criterion) {
    let (body, written) = payload(Shape::Mixed, size("HEALTHSINK_BENCH_BYTES", 20_000_000, 100_000));
    let input = Input { batches: batches(&body), written };
    let base_rows = size("HEALTHSINK_BENCH_ROWS", 5_000_000, 5_000);
    let mut group = criterion.benchmark_group("store");
    group
        .throughput(Throughput::Elements(records_of(&written)))
        .sample_size(10)
        .measurement_time(Duration::from_secs(10));
    for (name, rows) in [("empty".to_owned(), 0), (format!("{base_rows}"), base_rows)] {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("health.db");
        let mut store = Store::open(&Database::new(&path)).expect("a new database");
        let side = Connection::open(&path).expect("the same database");
        fill(&side, rows).expect("rows in bulk");
        group.bench_function(format!("{name}/new"), |bencher| {
            bencher.iter_custom(|times| (0..times).map(|_| write_new(&mut store, &side, &input, rows)).sum());
        });
        write_new(&mut store, &side, &input, rows);
        group.bench_function(format!("{name}/again"), |bencher| {
            bencher.iter(|| assert_counts(&write(&mut store, &input.batches), &input.written, false));
        });
        assert_eq!(samples(&side), rows + input.written.samples);
    }
    group.finish();
}

/// Deletes what the last iteration has written, then measures writing it.
fn write_new(store: &mut Store, side: &Connection, input: &Input, base_rows: u64) -> Duration {
    side.execute_batch(
        "DELETE FROM samples WHERE start_ms >= 0; DELETE FROM route_points; DELETE FROM workouts;
        DELETE FROM medication_doses; DELETE FROM medications; PRAGMA wal_checkpoint(TRUNCATE)",
    )
    .expect("the writer is idle");
    assert_eq!(samples(side), base_rows);
    let started = Instant::now();
    let counts = write(store, &input.batches);
    let took = started.elapsed();
    assert_counts(&counts, &input.written, true);
    took
}

/// Rows of a payload's types, in the order of the key. All are before 1970, which distinguishes them from the payload's.
fn fill(side: &Connection, rows: u64) -> rusqlite::Result<()> {
    const KINDS: u64 = 8;
    side.execute_batch(
        "PRAGMA synchronous = OFF; PRAGMA cache_size = -200000;
        INSERT INTO types (name) VALUES ('HKQuantityTypeIdentifierHeartRate'), ('HKQuantityTypeIdentifierStepCount'),
          ('HKQuantityTypeIdentifierActiveEnergyBurned'), ('HKQuantityTypeIdentifierBasalEnergyBurned'),
          ('HKQuantityTypeIdentifierDistanceWalkingRunning'), ('HKQuantityTypeIdentifierOxygenSaturation'),
          ('HKQuantityTypeIdentifierRespiratoryRate'), ('HKCategoryTypeIdentifierSleepAnalysis');
        INSERT INTO units (name) VALUES ('count/min');",
    )?;
    let of_kind = rows / KINDS;
    for kind in 1..=KINDS {
        side.execute(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 WHERE ?2 > 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?2)
            INSERT INTO samples (person_id, type_id, start_ms, uuid, end_ms, value, unit_id)
            SELECT 1, ?1, (n - ?2 - 1) * 60000, randomblob(16), (n - ?2) * 60000, 60 + n % 100, 1 FROM numbers",
            [kind, if kind == KINDS { rows - of_kind * (KINDS - 1) } else { of_kind }].map(u64::cast_signed),
        )?;
    }
    side.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA synchronous = FULL; PRAGMA cache_size = -4000")
}

fn samples(connection: &Connection) -> u64 {
    let count: i64 = connection.query_row("SELECT count(*) FROM samples", [], |row| row.get(0)).expect("a count");
    count.try_into().expect("no count is negative")
}

criterion_group!(benches, store);
criterion_main!(benches);
