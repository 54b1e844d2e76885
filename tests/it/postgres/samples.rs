//! Samples of the app: the same answers and the same rows as in a file.

use std::net::SocketAddr;
use std::thread;

use healthsink_testkit::http::Client;
use healthsink_testkit::server::Server;
use serde_json::{Value, json};

use super::cluster::{Store, store};
use crate::program::{Program, command};

/// A sample. Numbers make its identity and its second.
fn sample(uuid: u32, second: u32, value: f64) -> Value {
    let metadata = if uuid.is_multiple_of(2) {
        json!({"HKMetadataKeyHeartRateMotionContext": 1})
    } else {
        json!({"HKMetadataKeySyncIdentifier": format!("{uuid:08}-0000-4000-8000-000000000000"), "nul": "\u{0}"})
    };
    let at = |second: u32| format!("2024-05-01T{:02}:{:02}:{:02}Z", second / 3600 % 24, second / 60 % 60, second % 60);
    json!({
        "uuid": format!("{uuid:08X}-0000-4000-8000-000000000000"),
        "startDate": at(second), "endDate": at(second + 5), "value": value, "unit": "count/min", "metadata": metadata,
        "sourceRevision": {"source": {"name": "Watch", "bundleIdentifier": "com.apple.health"}, "version": "10.4"},
        "further": if uuid.is_multiple_of(3) { json!(["kept", uuid]) } else { Value::Null },
    })
}

fn body(kind: &str, samples: impl IntoIterator<Item = Value>) -> Vec<u8> {
    let samples: Vec<Value> = samples.into_iter().collect();
    serde_json::to_vec(
        &json!({"exportDate": "2024-05-02T00:00:00Z", "syncSource": "manual", "data": {(kind): samples}}),
    )
    .unwrap()
}

const HEART: &str = "HKQuantityTypeIdentifierHeartRate";
const STEPS: &str = "HKQuantityTypeIdentifierStepCount";

pub(super) fn serve(store: &Store) -> Program {
    Program::start(command().args(["serve", "--listen", "127.0.0.1:0", "--store", &store.address()]))
}

fn post(address: SocketAddr, body: &[u8]) -> Value {
    let answer = Client::connect(address).post(&[], body);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// All that is stored, in the words of either store. A slow machine commits more often, so changes of a type are one here.
fn rows_of_file(server: &Server) -> Vec<String> {
    let sql = "SELECT concat_ws('|', t.name, s.start_ms, lower(hex(s.uuid)), s.end_ms, CAST(s.value AS INTEGER), u.name, length(o.json),
        coalesce(m.json, s.metadata), s.other) AS row FROM samples s JOIN types t ON t.id = s.type_id LEFT JOIN units u ON u.id = s.unit_id
        LEFT JOIN sources o ON o.id = s.source_id LEFT JOIN shared_metadata m ON m.id = s.metadata_id
      UNION ALL SELECT concat_ws('|', 'earlier', lower(hex(uuid)), other) FROM merged_samples
      UNION ALL SELECT concat_ws('|', 'origin', t.name, is_derived, u.name) FROM sample_origins o JOIN types t ON t.id = o.type_id
        LEFT JOIN units u ON u.id = o.unit_id
      UNION ALL SELECT concat_ws('|', 'change', c.kind, t.name, min(from_ms), max(to_ms), max(removed)) FROM changes c
        JOIN types t ON t.id = c.type_id GROUP BY c.kind, t.name
      UNION ALL SELECT concat_ws('|', 'upload', state, measurements, new, updated, unchanged, sync_source, body_bytes, export_ms) FROM uploads
      ORDER BY 1";
    server.rows(sql).iter().map(|row| row["row"].as_str().unwrap().to_owned()).collect()
}

fn rows_of_postgres(store: &Store) -> Vec<String> {
    let ms = |column: &str| format!("(extract(epoch FROM {column}) * 1000)::bigint");
    let sql = format!(
        "SELECT concat_ws('|', t.name, {start}, replace(s.uuid::text, '-', ''), {end}, s.value::bigint, u.name, length(o.json),
           coalesce(m.json, s.metadata), s.other) AS row FROM samples s JOIN types t ON t.id = s.type_id LEFT JOIN units u ON u.id = s.unit_id
           LEFT JOIN sources o ON o.id = s.source_id LEFT JOIN shared_metadata m ON m.id = s.metadata_id
         UNION ALL SELECT concat_ws('|', 'earlier', replace(uuid::text, '-', ''), other) FROM merged_samples
         UNION ALL SELECT concat_ws('|', 'origin', t.name, is_derived, u.name) FROM sample_origins o JOIN types t ON t.id = o.type_id
           LEFT JOIN units u ON u.id = o.unit_id
         UNION ALL SELECT concat_ws('|', 'change', c.kind, t.name, min({from}), max({to}), max(removed)) FROM changes c
           JOIN types t ON t.id = c.type_id GROUP BY c.kind, t.name
         UNION ALL SELECT concat_ws('|', 'upload', state, measurements, new, updated, unchanged, sync_source, body_bytes, {export}) FROM uploads
         ORDER BY 1",
        start = ms("s.start_at"),
        end = ms("s.end_at"),
        from = ms("from_at"),
        to = ms("to_at"),
        export = ms("export_at"),
    );
    let mut rows: Vec<String> = store.sql(&sql).lines().map(str::to_owned).collect();
    rows.sort();
    rows
}

/// The bodies are sent one after the other, with a first send, a re-send, corrections, and an identity that comes several times.
#[test]
fn answers_and_rows_are_those_of_a_file() {
    let Some(store) = store() else { return };
    let (program, server) = (serve(&store), Server::start());
    let many = || (0..3000).map(|number| sample(number, number * 7, f64::from(number % 90)));
    let bodies = [
        body(HEART, many()),
        body(HEART, many()),
        body(
            HEART,
            many().map(|mut sample| {
                if sample["value"] == 5.0 {
                    sample["value"] = json!(6.0)
                }
                sample
            }),
        ),
        body(
            STEPS,
            [sample(1, 10, 1.0), sample(2, 20, 2.0), sample(1, 10, 3.0), sample(1, 10, 3.0), sample(1, 10, 4.0)],
        ),
        // One known, one new, in the time of the known ones.
        body(STEPS, [sample(2, 20, 2.0), sample(3, 15, 9.0)]),
        body(STEPS, []),
        // New ones among the known ones, of which some come again, a few with another value.
        body(
            HEART,
            (0..4000).map(|place| match place % 40 {
                0 => sample(place / 2, place / 2 * 7, 91.0),
                1 => sample(place / 2, place / 2 * 7, f64::from(place / 2 % 90)),
                _ => sample(10_000 + place, place * 5 + 1, 3.0),
            }),
        ),
        // The newest ones first, behind all others and before them.
        body(HEART, (0..3000).rev().map(|place| sample(20_000 + place, 40_000 + place, 1.0))),
        body(HEART, (0..3000).rev().map(|place| sample(30_000 + place, 23_000 + place * 3, 1.0))),
        // One of an earlier group comes again with another value, and one that is stored twice.
        body(
            HEART,
            (0..3000)
                .map(|place| sample(40_000 + place, 60_000 + place, 1.0))
                .chain([sample(40_010, 60_010, 2.0), sample(4, 28, 55.0), sample(4, 28, 56.0)])
                .chain((0..100).map(|place| sample(50_000 + place, 70_000 + place, 1.0))),
        ),
        // Most are known.
        body(HEART, (0..3000).map(|place| sample(20_000 + place + place % 3 / 2 * 50_000, 40_000 + place, 1.0))),
    ];
    check_same(&store, &program, &server, &bodies);
}

/// A key that comes twice, in an upload with rejects: these go by a workbench, while PostgreSQL takes the samples before them.
#[test]
fn a_key_that_comes_twice_beside_rejects_is_stored() {
    let Some(store) = store() else { return };
    let (program, server) = (serve(&store), Server::start());
    let bodies: Vec<Vec<u8>> = [1500, 2500, 3500, 5500]
        .into_iter()
        .enumerate()
        .map(|(body_number, twice)| {
            let first = u32::try_from(body_number).unwrap() * 10_000;
            body(
                STEPS,
                (0..6000).map(|place| match place {
                    _ if place % 500 == 0 => json!({"uuid": "none", "value": place}),
                    _ if place == twice => sample(first + twice - 10, first + twice - 10, 77.0),
                    _ => sample(first + place, first + place, 1.0),
                }),
            )
        })
        .collect();
    check_same(&store, &program, &server, &bodies);
}

/// Corrections of the same samples in opposite orders, at once: nobody waits for ever, and none is refused.
#[test]
fn corrections_of_the_same_samples_at_once_are_all_taken() {
    let Some(store) = store() else { return };
    let program = serve(&store);
    post(program.address, &body(HEART, (0..3000).map(|number| sample(number, number * 3, 1.0))));
    for round in 0_u32..3 {
        thread::scope(|scope| {
            for upload in 0_u32..4 {
                let place = move |number| if upload % 2 == 0 { number } else { 2999 - number };
                let value = f64::from(10 * round + upload + 2);
                let corrected = body(HEART, (0..3000).map(place).map(|number| sample(number, number * 3, value)));
                let address = program.address;
                scope.spawn(move || post(address, &corrected));
            }
        });
    }
    assert_eq!(store.sql("SELECT count(*), count(DISTINCT value) FROM samples"), "3000|1");
}

/// Sends bodies to both stores. Answers and rows are the same after each.
fn check_same(store: &Store, program: &Program, server: &Server, bodies: &[Vec<u8>]) {
    for (number, body) in bodies.iter().enumerate() {
        let (mut found, mut expected) = (post(program.address, body), server.post(body).json());
        for answer in [&mut found, &mut expected] {
            answer.as_object_mut().unwrap().remove("upload");
        }
        assert_eq!(found, expected, "body {number}");
        let mut expected = rows_of_file(server);
        expected.sort();
        let expected: Vec<String> = expected.into_iter().map(|row| row.replace('\0', "\u{2400}")).collect();
        let found = rows_of_postgres(store);
        let differing = found.iter().zip(&expected).find(|(found, expected)| found != expected);
        assert_eq!(differing, None, "body {number}");
        assert_eq!(found.len(), expected.len(), "body {number}");
    }
}

/// Uploads of the same new rows at once, at two receivers: each row is new in one of them, and nothing waits for ever.
#[test]
fn receivers_take_the_same_rows_at_once() {
    let Some(store) = store() else { return };
    let programs = [serve(&store), serve(&store)];
    let body = body(HEART, (0..4000).map(|number| sample(number, number * 3, 1.0)));
    let answers: Vec<Value> = thread::scope(|scope| {
        let sent: Vec<_> = (0..6)
            .map(|number| {
                let (address, body) = (programs[number % 2].address, &body);
                scope.spawn(move || post(address, body))
            })
            .collect();
        sent.into_iter().map(|sent| sent.join().unwrap()).collect()
    });
    let sum = |field: &str| answers.iter().map(|answer| answer[field].as_u64().unwrap()).sum::<u64>();
    assert_eq!([sum("new"), sum("unchanged"), sum("updated")], [4000, 20_000, 0]);
    assert_eq!(store.sql("SELECT count(*), count(DISTINCT uuid) FROM samples"), "4000|4000");
    assert_eq!(store.sql("SELECT count(*) FROM types"), "1");
}
