//! All days and nights of a history from nothing, by the program, against a `GROUP BY` in SQL over the same rows. Five times in
//! turn, and the median of each. The `GROUP BY` adds up phone and watch, knows no time zone and has no nights.

mod support {
    pub(crate) mod size;
}

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use healthsink_testdata::Payload;
use rusqlite::Connection;

use support::size::size;

const NAIVE: &str =
    "SELECT count(*) FROM (SELECT type_id, start_ms / 86400000, sum(value), avg(value), min(value), max(value),
    count(*) FROM samples WHERE value IS NOT NULL GROUP BY 1, 2)";

/// A year of one type, as a chart reads it.
const YEAR: &str = "SELECT count(value) FROM (SELECT day, value FROM heart_rate_per_day WHERE day >= '2016-01-01' AND day < '2017-01-01')";

fn main() {
    let target_bytes = size("HEALTHSINK_BENCH_BYTES", 500_000_000, 200_000);
    let rounds = size("HEALTHSINK_BENCH_ROUNDS", 5, 1);
    let folder = tempfile::tempdir().expect("a scratch folder");
    let [file, empty, db] = ["payload.json", "empty.json", "health.db"].map(|name| folder.path().join(name));
    let payload = Payload { target_bytes, ..Payload::default() };
    payload.write_to(&mut std::fs::File::create(&file).expect("a file")).expect("room for the payload");
    std::fs::write(&empty, r#"{"data":{}}"#).expect("a file");
    import(&file, &db);
    let (samples, days) = (count(&db, "SELECT count(*) FROM samples"), count(&db, "SELECT count(*) FROM days"));
    assert!(samples > 0 && days > 0);
    let (mut figures, mut groups, mut years) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        Connection::open(&db).and_then(|db| db.execute_batch("DELETE FROM derived_state")).expect("nobody writes");
        let from_nothing = import(&empty, &db);
        assert_eq!(count(&db, "SELECT count(*) FROM days"), days);
        // The same without anything to compute.
        figures.push((from_nothing - import(&empty, &db)).max(f64::EPSILON));
        groups.push(timed(&db, NAIVE));
        years.push(timed(&db, YEAR));
    }
    let (figures, groups, year) = (median(figures), median(groups), median(years));
    println!(
        "{samples} samples: {days} days, and nights, in {figures:.2} s; GROUP BY {groups:.2} s, {:.2} times that; a year of one type \
         is read in {:.2} ms; median of {rounds}",
        figures / groups,
        year * 1000.0
    );
}

/// Seconds of an import in a separate process.
fn import(file: &Path, db: &Path) -> f64 {
    let started = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_healthsink"))
        .args(["import", "--quiet", "--db"])
        .args([db, file])
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    started.elapsed().as_secs_f64()
}

/// Seconds of a query on a new connection, whose answer is a count above zero.
fn timed(db: &Path, sql: &str) -> f64 {
    let started = Instant::now();
    assert!(count(db, sql) > 0, "{sql}");
    started.elapsed().as_secs_f64()
}

fn count(db: &Path, sql: &str) -> i64 {
    let db = Connection::open(db).expect("the database");
    db.query_row(sql, [], |row| row.get(0)).expect("a count")
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}
