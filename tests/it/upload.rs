//! Uploads that are large, simultaneous, out of order, slow, or abandoned.

use healthsink_testdata::{KeyOrder, Order, Payload, Shape, Written};
use serde_json::{Value, json};

use super::contract::payload;
use healthsink_testkit::database::contents;
use healthsink_testkit::http::Response;
use healthsink_testkit::server::Server;
use healthsink_testkit::wait::wait_until;

/// Counts of an answer: new, updated, unchanged, rejected.
fn outcome(answer: &Response) -> [u64; 4] {
    assert_eq!(answer.status, 200, "{answer:?}");
    ["new", "updated", "unchanged", "rejected"].map(|name| answer.field(name).as_u64().unwrap())
}

fn records(written: &Written) -> u64 {
    written.samples + written.workouts + written.medication_doses + written.medications
}

/// Panics with the first row that differs instead of all.
fn check_same(left: &[Vec<Value>], right: &[Vec<Value>]) {
    for (left, right) in left.iter().zip(right) {
        assert_eq!(left.len(), right.len());
        if let Some((left, right)) = left.iter().zip(right).find(|(left, right)| left != right) {
            panic!("{left:#}\n{right:#}");
        }
    }
}

/// Several batches, and a few transactions.
const LARGE: Payload = Payload {
    seed: 3,
    target_bytes: 6_000_000,
    shape: Shape::Mixed,
    pretty: false,
    order: Order::Ascending,
    key_order: KeyOrder::AsDocumented,
    start_ms: healthsink_testdata::START_MS_DEFAULT,
    corrected: false,
};

#[test]
fn a_large_payload_is_counted_exactly_and_a_resend_changes_nothing() {
    let server = Server::start();
    let (body, written) = LARGE.to_vec();
    let all = records(&written) + written.route_points;
    let answer = server.post(&body);
    assert_eq!(outcome(&answer), [all, 0, 0, 0]);
    let expected = json!({
        "ok": true,
        "count": records(&written),
        "inserted": {
            "measurements": written.samples,
            "medications": written.medication_doses + written.medications,
            "workouts": written.workouts,
        },
        "routePoints": written.route_points,
        "new": all, "updated": 0, "unchanged": 0, "rejected": 0, "upload": 1,
    });
    assert_eq!(answer.json(), expected);
    let tables = [
        ("samples", written.samples),
        ("workouts", written.workouts),
        ("route_points", written.route_points),
        ("medication_doses", written.medication_doses),
        ("medications", written.medications),
        ("other_records", 0),
        ("rejects", 0),
    ];
    for (table, expected) in tables {
        assert_eq!(server.count(table), expected, "{table}");
    }
    assert_eq!(outcome(&server.post(&body)), [0, 0, all, 0]);
    for (table, expected) in tables {
        assert_eq!(server.count(table), expected, "{table}, sent again");
    }

    // Late corrections: the same identities with other values.
    let (corrected, changed) = Payload { corrected: true, ..LARGE }.to_vec();
    let changed = changed.corrected_samples;
    assert!(changed > 100);
    assert_eq!(outcome(&server.post(&corrected)), [0, changed, all - changed, 0]);
    assert_eq!(outcome(&server.post(&corrected)), [0, 0, all, 0]);
    assert_eq!(server.count("samples"), written.samples);
}

#[test]
fn the_order_of_keys_and_elements_does_not_matter() {
    let payload = Payload { target_bytes: 400_000, pretty: true, ..LARGE };
    let (body, _) = payload.to_vec();
    let first = Server::start();
    first.post(&body);
    let expected = contents(&first.database());
    for key_order in [KeyOrder::Reversed, KeyOrder::Shuffled] {
        for order in [Order::Descending, Order::Shuffled] {
            let (body, written) = Payload { key_order, order, ..payload }.to_vec();
            let all = records(&written) + written.route_points;
            let server = Server::start();
            assert_eq!(outcome(&server.post(&body)), [all, 0, 0, 0], "{key_order:?} {order:?}");
            check_same(&contents(&server.database()), &expected);
            assert_eq!(outcome(&first.post(&body)), [0, 0, all, 0], "{key_order:?} {order:?}, after another order");
        }
    }
}

#[test]
fn simultaneous_uploads_do_not_affect_each_other() {
    let server = Server::start();
    let payloads: Vec<Payload> = (1..=6).map(|seed| Payload { seed, target_bytes: 500_000, ..LARGE }).collect();
    let counts = std::thread::scope(|scope| {
        let post = |payload: &Payload| {
            let (body, written) = payload.to_vec();
            let mut client = server.connect();
            client.begin_chunked(&[]);
            for chunk in body.chunks(20_000) {
                client.chunk(chunk).unwrap();
            }
            let answer = client.end_chunked();
            // Definitions of medications have no uuid, and are equal in all uploads.
            let own = records(&written) - written.medications + written.route_points;
            let [new, updated, unchanged, rejected] = outcome(&answer);
            assert_eq!((new + unchanged, updated, rejected), (own + written.medications, 0, 0));
            assert!(new >= own);
            (written.samples, written.route_points)
        };
        let threads: Vec<_> = payloads.iter().map(|payload| scope.spawn(move || post(payload))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(server.count("samples"), counts.iter().map(|(samples, _)| samples).sum::<u64>());
    assert_eq!(server.count("route_points"), counts.iter().map(|(_, points)| points).sum::<u64>());
    assert_eq!(server.one("SELECT count(*) FROM uploads WHERE state = 'done' AND error IS NULL"), json!(6));
    let reference = Server::start();
    for payload in &payloads {
        reference.post(payload.to_vec().0);
    }
    check_same(&contents(&server.database()), &contents(&reference.database()));
}

/// The same upload twice at once, as after a timeout on the phone: each record is new for one of them.
#[test]
fn the_same_upload_twice_at_the_same_time_is_stored_once() {
    let server = Server::start();
    let (body, written) = Payload { target_bytes: 1_000_000, ..LARGE }.to_vec();
    let all = records(&written) + written.route_points;
    let outcomes = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(|| outcome(&server.post(&body)))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(outcomes[0][0] + outcomes[1][0], all);
    assert_eq!(outcomes[0][2] + outcomes[1][2], all);
    assert_eq!(server.count("samples"), written.samples);
}

#[test]
fn a_slow_upload_does_not_block_another_and_is_seen_while_it_runs() {
    let server = Server::start();
    let (body, _) = Payload { target_bytes: 3_000_000, ..LARGE }.to_vec();
    let mut slow = server.connect();
    slow.begin_chunked(&[]);
    slow.chunk(&body[..2_000_000]).unwrap();
    // A full batch is committed while the upload pauses, and the ledger counts it.
    let running = wait_until("the first rows", || {
        let rows = server.rows("SELECT state, new FROM uploads WHERE new > 0");
        rows.into_iter().next()
    });
    assert_eq!(running["state"], json!("running"));
    assert_eq!(server.post(payload("documented")).status, 200);
    slow.chunk(&body[2_000_000..]).unwrap();
    assert_eq!(slow.end_chunked().status, 200);
    assert_eq!(server.one("SELECT count(*) FROM uploads WHERE state = 'done'"), json!(2));
}

#[test]
fn a_client_that_disconnects_leaves_its_rows_and_an_aborted_upload() {
    let (body, written) = Payload { target_bytes: 1_000_000, ..LARGE }.to_vec();
    let all = records(&written) + written.route_points;
    let check = |length: Option<usize>, sent: usize| {
        let server = Server::start();
        let mut client = server.connect();
        match length {
            Some(length) => {
                client.head("POST", healthsink_testkit::http::PATH, &[("Content-Length", &length.to_string())]);
                client.send(&body[..sent]).unwrap();
            }
            None => {
                client.begin_chunked(&[]);
                client.chunk(&body[..sent]).unwrap();
            }
        }
        drop(client);
        let row = wait_until("the ledger", || {
            let rows = server.rows("SELECT * FROM uploads WHERE state <> 'running'");
            rows.into_iter().next()
        });
        assert_eq!(row["state"], json!("aborted"), "{row}");
        assert!(row["error"].as_str().unwrap().contains("ended early"), "{row}");
        assert_ne!(row["finished_ms"], Value::Null);
        let stored = row["new"].as_u64().unwrap();
        assert!(stored <= all && (sent < 100_000 || stored > 0), "{row}");
        let there: u64 = ["samples", "workouts", "route_points", "medication_doses", "medications"]
            .iter()
            .map(|table| server.count(table))
            .sum();
        assert_eq!(there, stored);
        assert_eq!(outcome(&server.post(&body)), [all - stored, 0, stored, 0], "sent again");
        assert_eq!(server.count("samples"), written.samples);
    };
    check(Some(body.len()), body.len() / 2);
    check(Some(body.len()), body.len() - 1);
    check(Some(body.len()), 10);
    // The JSON is complete, but the body is not: its length promises more.
    check(Some(body.len() + 1), 500_000);
    check(None, body.len() / 2);
}

/// A chunked body ends with an empty chunk. Without it, even complete JSON is not a complete body.
#[test]
fn complete_json_is_not_enough_if_the_body_has_no_end() {
    let server = Server::start();
    let mut client = server.connect();
    client.begin_chunked(&[]);
    client.chunk(&payload("documented")).unwrap();
    client.stop_sending();
    let row = wait_until("the ledger", || {
        server.rows("SELECT state, new FROM uploads WHERE state <> 'running'").into_iter().next()
    });
    assert_eq!(row, json!({"state": "aborted", "new": 6}));
}
