//! A program reads for long: uploads continue, the WAL grows up to its limit, and everything recovers once the reader ends.

use std::fs;

use rusqlite::{Connection, OpenFlags};
use serde_json::json;

use super::evidence::{Sent, check_is_exactly, check_is_sound};
use crate::program::{Program, command};
use healthsink_testkit::database::one;
use healthsink_testkit::http::{Client, Response, get};
use healthsink_testkit::wait::wait_until;

/// The lowest limit that works for a WAL that is moved at each commit.
const LIMIT_BYTES: u64 = 8 << 20;

/// The WAL of one more transaction: 65,536 rows in order.
const TRANSACTION_BYTES: u64 = 32 << 20;

#[test]
fn a_long_reader_stops_ingest_at_the_limit_until_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let mut serve = command();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--max-wal", "8M", "--db"]).arg(&database);
    let program = Program::start(&mut serve);
    let wal_bytes = || fs::metadata(database.with_extension("db-wal")).unwrap().len();
    let post = |sent: &Sent| Client::connect(program.address).post(&[], &sent.body);
    let sent =
        [(0, 1_000_000), (1, 3_000_000), (2, 90_000_000), (3, 300_000)].map(|(seed, size)| Sent::new(seed, size));
    let [before, beside, large, small] = &sent;
    assert_eq!(post(before).status, 200);

    let reader = Connection::open_with_flags(&database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let count = || reader.query_row("SELECT count(*) FROM samples", [], |row| row.get::<_, i64>(0)).unwrap();
    let read = count();
    assert_eq!(post(beside).status, 200, "a reader does not stop ingest");

    // The WAL reaches its limit during the upload. What was committed before is stored, and the answer says so.
    let refused = post(large);
    let check_refused = |answer: &Response| {
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(answer.header("retry-after").is_some());
        assert!(answer.field("detail").as_str().unwrap().contains("limit of 8 MiB"), "{answer:?}");
    };
    check_refused(&refused);
    let stored = refused.field("stored").as_u64().unwrap();
    assert!(stored > 0);
    assert_eq!(
        one(
            &database,
            "SELECT state || ' ' || (measurements + medications + workouts + other + route_points) FROM uploads WHERE id = 3"
        ),
        json!(format!("aborted {stored}"))
    );
    let grown = wal_bytes();
    assert!((LIMIT_BYTES..LIMIT_BYTES + TRANSACTION_BYTES).contains(&grown), "{grown}");
    for _ in 0..3 {
        check_refused(&post(small));
    }
    assert_eq!(wal_bytes(), grown);
    let warned = program.lines_so_far().iter().filter(|line| line.contains("the WAL grows")).count();
    assert_eq!(warned, 1);
    assert_eq!(get(program.address, "/healthz").status, 200);
    for sent in [before, beside] {
        sent.check_is_in(&database);
    }
    assert_eq!(count(), read, "it has read one state all the time");

    // The reader ends, and no other request arrives.
    drop(reader);
    wait_until("the log's end", || (wal_bytes() == 0).then_some(()));
    for sent in &sent {
        assert_eq!(post(sent).status, 200);
    }
    check_is_exactly(&database, &sent);
    check_is_sound(&database);
}
