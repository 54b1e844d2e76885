//! Bodies that are no payloads, or are odd: the same answers, ledger and rejects as with a file.

use healthsink_testkit::http::{Client, Response};
use healthsink_testkit::server::Server;
use serde_json::Value;

use super::cluster::{Store, store};
use super::samples::serve;

/// Rows in words of either store.
const ROWS: [&str; 6] = [
    "SELECT concat_ws('|', state, measurements, medications, workouts, other, route_points, new, updated, unchanged, merged, rejected,
      removed, body_bytes, error) AS row FROM uploads ORDER BY id",
    "SELECT concat_ws('|', section, element_index, byte_offset, reason, raw_bytes) AS row FROM rejects ORDER BY 1",
    "SELECT concat_ws('|', count(*), sum(value)) AS row FROM samples",
    "SELECT concat_ws('|', count(*)) AS row FROM workouts",
    "SELECT concat_ws('|', count(*)) AS row FROM route_points",
    "SELECT concat_ws('|', count(*)) AS row FROM other_records",
];

const HEART: &str = "HKQuantityTypeIdentifierHeartRate";

fn sample(number: u32) -> String {
    format!(
        r#"{{"uuid":"00000000-0000-4000-8000-{number:012}","value":{number},"startDate":"2026-01-01T00:00:00.000Z"}}"#
    )
}

fn samples(numbers: std::ops::Range<u32>) -> String {
    numbers.map(sample).collect::<Vec<_>>().join(",")
}

/// Bodies with something wrong.
fn bodies() -> Vec<Vec<u8>> {
    let begin = format!(r#"{{"data":{{"{HEART}":["#);
    let whole = |elements: &str| format!("{begin}{elements}]}}}}");
    let with_routes = |location: &str| {
        format!(r#"{{"workoutRoutes":{{"00000000-0000-4000-8000-000000000007":[{{"locations":[{location}]}}]}}}}"#)
    };
    let reserved = "68735250-be9a-8259-856e-7250c526bc83";
    let texts = [
        String::new(),
        "   ".to_owned(),
        "hello".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        "{}".to_owned(),
        r#"{"data":[]}"#.to_owned(),
        r#"{"data":{}} x"#.to_owned(),
        r#"{"hello":"world"}"#.to_owned(),
        format!("{{\"hello\":[{}1]}}", "{\"a\":1},".repeat(3000)),
        format!("{begin}{},{{\"uuid\":}}]}}}}", samples(0..3)),
        format!("{begin}{}", &samples(10..16)[..400]),
        format!("{begin}{}],\"x\":tru}}}}", samples(20..22)),
        format!("{}{}", whole(&samples(30..32)), whole(&samples(32..35))),
        format!("{}[{},{{}}]", whole(&samples(40..42)), whole(&samples(42..45))),
        whole(&format!(r#"{{"uuid":"no","value":1}},{},7,null,"x",[]"#, sample(50))),
        whole(&format!("{},{},{}", sample(60), sample(60), sample(60).replace("\"value\":60", "\"value\":61"))),
        whole(&format!(r#"{{"uuid":"{reserved}","startDate":"2026-01-01T00:00:00.000Z"}}"#)),
        whole(&sample(70).replace("\"value\":70", "\"value\":1e999")),
        whole(&sample(71).replace("\"value\":71", "\"value\":71,\"unit\":\"a\\u0000b\",\"metadata\":{\"\\u0000\":\"\\ud800\"}")),
        whole(&sample(72).replace("2026-01-01T00:00:00.000Z", "292277026596-01-01T00:00:00Z")),
        whole(&sample(73).replace("2026-01-01T00:00:00.000Z", "0001-01-01T00:00:00Z")),
        whole(&sample(74).replace("\"value\"", "\"startDate\":\"2026-01-01T00:00:01.000Z\",\"value\"")),
        whole(&format!("{},{{\"uuid\":\"{}\"}}", sample(75), "x".repeat(70_000))),
        whole(&sample(76).replace("\"value\"", &format!("\"unit\":\"{}\",\"value\"", "u".repeat(5000)))),
        with_routes(r#"{"latitude":91,"longitude":2,"date":"2026-01-01T00:00:00.000Z"},{"latitude":1},7"#),
        with_routes(r#"{"latitude":1,"longitude":2,"date":"2026-01-01T00:00:00.000Z"}"#),
        r#"{"data":{"workouts":[{"uuid":"00000000-0000-4000-8000-000000000007","startDate":"2026-01-01T00:00:00Z","events":7}]}}"#.to_owned(),
        r#"{"data":{"medicationDoseEvents":[{"uuid":"x"}],"medications":[{"displayText":7}]}}"#.to_owned(),
        r#"{"characteristics":{"bloodType":"a\u0000b","unknown":[1,{"a":null}]},"data":{"Unknown":[{"a":1},{"uuid":7}]}}"#.to_owned(),
    ];
    let mut bodies: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
    bodies.push([b"{\"data\":{\"x\":[{\"a\":\"".as_slice(), b"\xff\xfe", b"\"}]}}"].concat());
    bodies
}

/// An answer without the number of its upload, which PostgreSQL makes of a sequence.
fn without_upload(answer: &Response) -> Value {
    let mut json = answer.json();
    if let Some(members) = json.as_object_mut()
        && let Some(upload) = members.get_mut("upload")
    {
        *upload = Value::Bool(upload.is_null());
    }
    json
}

fn assert_rows(store: &Store, server: &Server, name: &str) {
    for sql in ROWS {
        // SQLite prints a sum of reals with a point.
        let line = |text: &str| text.replace(".0", "");
        let mut found: Vec<String> = store.sql(sql).lines().map(line).collect();
        let mut expected: Vec<String> = server.rows(sql).iter().map(|row| line(row["row"].as_str().unwrap())).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{name}: {sql}");
    }
}

#[test]
fn odd_bodies_are_answered_and_stored_as_in_a_file() {
    let Some(store) = store() else { return };
    let (program, server) = (serve(&store), Server::start());
    for body in bodies() {
        let name = String::from_utf8_lossy(&body).chars().take(120).collect::<String>();
        // Once more: rejects are kept once, and rows are unchanged.
        for _ in 0..2 {
            let found = Client::connect(program.address).post(&[], &body);
            let expected = server.post(&body);
            assert_eq!(found.status, expected.status, "{name}: {found:?}");
            assert_eq!(without_upload(&found), without_upload(&expected), "{name}");
        }
        assert_rows(&store, &server, &name);
    }
}
