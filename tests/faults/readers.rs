//! Someone reads for long: rows go on coming in, the write-ahead log grows up to its limit, and all is as before once they end.

use std::fs;

use rusqlite::{Connection, OpenFlags};
use serde_json::json;

use super::evidence::{Sent, check_is_exactly, check_is_sound};
use crate::common::database::rows;
use crate::common::http::{Client, get};
use crate::common::program::{Program, command};
use crate::common::wait_until;

/// More than it takes for a log of 16 MiB, which is what is left of one that was longer.
const LIMIT_BYTES: u64 = 24 << 20;

/// The longest transaction: 65,536 rows that come in order take far less.
const TRANSACTION_BYTES: u64 = 32 << 20;

#[test]
fn a_long_reader_stops_ingest_at_the_limit_and_no_longer_than_it_reads() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let mut serve = command();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--max-wal", "24M", "--db"]).arg(&database);
    let program = Program::start(&mut serve);
    let wal_bytes = || fs::metadata(database.with_extension("db-wal")).unwrap().len();
    let sent: Vec<Sent> = (0..40).map(|seed| Sent::new(seed, 10_000_000)).collect();
    let post = |sent: &Sent| Client::connect(program.address).post(&[], &sent.body);
    assert_eq!(post(&sent[0]).status, 200);

    let reader = Connection::open_with_flags(&database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let read: i64 = reader.query_row("SELECT count(*) FROM samples", [], |row| row.get(0)).unwrap();
    let mut acknowledged = 1;
    let refused = loop {
        let answer = post(&sent[acknowledged]);
        if answer.status != 200 {
            break answer;
        }
        acknowledged += 1;
    };
    assert!(acknowledged > 3, "a reader does not stop ingest");
    assert_eq!(refused.status, 503);
    assert!(refused.header("retry-after").is_some());
    assert!(refused.field("detail").as_str().unwrap().contains("limit of 24 MiB"), "{refused:?}");
    assert!((LIMIT_BYTES..LIMIT_BYTES + TRANSACTION_BYTES).contains(&wal_bytes()), "{}", wal_bytes());
    // It does not go on growing, and says so once.
    for _ in 0..3 {
        assert_eq!(post(&sent[acknowledged]).status, 503);
    }
    assert!(wal_bytes() < LIMIT_BYTES + TRANSACTION_BYTES);
    let warned = program.lines_so_far().iter().filter(|line| line.contains("the write-ahead log grows")).count();
    assert_eq!(warned, 1);
    assert_eq!(get(program.address, "/healthz").status, 200);
    for sent in &sent[..acknowledged] {
        sent.check_is_in(&database);
    }
    let still: i64 = reader.query_row("SELECT count(*) FROM samples", [], |row| row.get(0)).unwrap();
    assert_eq!(still, read, "it has read one state all the time");

    // The reader ends, and nobody does anything else.
    drop(reader);
    wait_until("the log's end", || (wal_bytes() <= 16 << 20).then_some(()));
    for sent in &sent[acknowledged..] {
        assert_eq!(post(sent).status, 200);
    }
    assert!(wal_bytes() <= LIMIT_BYTES);
    check_is_exactly(&database, &sent);
    check_is_sound(&database);
    let states = rows(&database, "SELECT state, error FROM uploads WHERE state <> 'done'");
    assert!(states.iter().all(|row| row["state"] == json!("aborted")), "{states:?}");
}
