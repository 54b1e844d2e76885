//! The program, `healthsink import` of one large file, against the limit for the same rows: five times in turn,
//! and the median of each. Both end with the WAL moved into the database and the last row on the disk.

mod support {
    pub(crate) mod rows;
    pub(crate) mod size;
    pub(crate) mod written;
}

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use healthsink_testdata::{Payload, Written};

use support::rows::{Rows, insert_all, prepare};
use support::size::size;
use support::written::records_of;

fn main() {
    let target_bytes = size("HEALTHSINK_BENCH_BYTES", 500_000_000, 200_000);
    let rounds = size("HEALTHSINK_BENCH_ROUNDS", 5, 1);
    let folder = tempfile::tempdir().expect("a scratch folder");
    let file = folder.path().join("payload.json");
    let payload = Payload { target_bytes, ..Payload::default() };
    let written = payload.write_to(&mut std::fs::File::create(&file).expect("a file")).expect("room for the payload");
    let db = folder.path().join("health.db");
    import(&file, &db, &written);
    let rows = Rows::read(&db).expect("the rows of the import");
    let (mut imports, mut limits) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        remove(&db);
        imports.push(import(&file, &db, &written));
        remove(&db);
        limits.push(limit(&db, &rows, &written));
    }
    let (import, limit) = (median(imports), median(limits));
    println!(
        "{:.0} MB, {} rows: import {import:.2} s, limit {limit:.2} s, {:.2} times the limit; median of {rounds}",
        megabytes(written.bytes),
        rows.len(),
        import / limit
    );
}

/// Seconds of an import in a separate process.
fn import(file: &Path, db: &Path, written: &Written) -> f64 {
    let started = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_healthsink"))
        .args(["import", "--json", "--db"])
        .args([db, file])
        .output()
        .expect("the program runs");
    let took = started.elapsed().as_secs_f64();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a summary");
    assert_eq!(report["new"], records_of(written), "{report}");
    assert_eq!(report["rejected"], 0);
    took
}

/// Seconds of the bare loop.
fn limit(db: &Path, rows: &Rows, written: &Written) -> f64 {
    let connection = prepare(db, rows).expect("a new database");
    let started = Instant::now();
    let inserted = insert_all(&connection, rows).expect("the rows");
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("nobody reads");
    let took = started.elapsed().as_secs_f64();
    assert_eq!(inserted as u64, records_of(written));
    took
}

fn remove(db: &Path) {
    for end in ["", "-wal", "-shm"] {
        let mut path = db.as_os_str().to_owned();
        path.push(end);
        // SQLite deletes the WAL when the last connection closes.
        let _ = std::fs::remove_file(path);
    }
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

#[expect(clippy::cast_precision_loss, reason = "shown without decimals")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
