//! A fault in our own code: a panic ends one ingest only. The server's answer to it is tested beside its code, in `serve`.

use std::io::{self, BufRead, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use healthsink::formats::payload::Options;
use healthsink::ingest::ingest;
use healthsink::store::writer::Writer;
use healthsink::store::{Database, Origin, OriginKind};
use serde_json::json;

use healthsink_testkit::database::{one, rows};
use healthsink_testkit::wait::wait_until;

/// Reads part of a body, then panics.
struct Panicking(&'static [u8]);

impl Read for Panicking {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?.read(out)?;
        self.consume(bytes);
        Ok(bytes)
    }
}

impl BufRead for Panicking {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        assert!(!self.0.is_empty(), "as if there were a fault here");
        Ok(self.0)
    }

    fn consume(&mut self, bytes: usize) {
        self.0 = &self.0[bytes..];
    }
}

fn origin(sender: &str) -> Origin {
    Origin { kind: OriginKind::Http, sender: sender.to_owned(), person: None, token: None }
}

#[test]
fn a_panic_ends_one_ingest_and_keeps_what_others_sent() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let writer = Writer::start(&Database::new(&database)).unwrap();
    let sample = br#"{"data":{"X":[{"uuid":"00000000-0000-4000-8000-000000000001","value":1,"startDate":"2026-01-01T00:00:00Z"}"#;
    // Another upload is under way, with a row that is not committed yet.
    let (reader, mut pipe) = io::pipe().unwrap();
    let other = std::thread::spawn({
        let handle = writer.handle().clone();
        move || ingest(io::BufReader::new(reader), origin("other"), Options::default(), &handle)
    });
    io::Write::write_all(&mut pipe, sample).unwrap();
    wait_until("the other", || (one(&database, "SELECT count(*) FROM uploads") == json!(1)).then_some(()));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        ingest(Panicking(sample), origin("panicking"), Options::default(), writer.handle())
    }));
    assert!(panicked.is_err());
    io::Write::write_all(&mut pipe, b"]}}").unwrap();
    drop(pipe);
    assert_eq!(other.join().unwrap().unwrap().counts.new, 1);
    let next = ingest(&b"{\"data\":{}}"[..], origin("next"), Options::default(), writer.handle());
    next.expect("the writer lives");
    let ledger = rows(&database, "SELECT sender, state FROM uploads ORDER BY sender");
    let expected = [("next", "done"), ("other", "done"), ("panicking", "aborted")];
    assert_eq!(ledger, expected.map(|(sender, state)| json!({"sender": sender, "state": state})));
    writer.stop().unwrap();
}
