//! Clients that take nothing, know too much, or ask in odd ways.

use std::io::{Read, Write};
use std::net::TcpStream;

use flate2::read::GzDecoder;
use healthsink::model::limits::{ANSWERS_MAX, ANSWERS_OF_TOKEN_MAX};
use healthsink::store::TokenScope;
use healthsink_testkit::http::Client;
use healthsink_testkit::wait::{PATIENCE, wait_until};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::{Api, PATHS};

/// Rows that make one page each, more in all than sockets hold.
pub(super) const LONG_ROWS: usize = 40;
pub(super) const LONG_TEXT_BYTES: usize = 300_000;

pub(super) const LONG: &str = "/api/v1/samples?type=body_mass&source=Long";

pub(super) fn add_rows(api: &Api, sender: &str, (rows, text_bytes): (usize, usize)) {
    let text = "x".repeat(text_bytes);
    let samples: Vec<Value> = (0..rows)
        .map(|number| {
            json!({
                "uuid": format!("70000000-0000-4000-8000-{number:012}"), "startDate": "2026-03-01T08:00:00.000Z",
                "endDate": "2026-03-01T08:00:00.000Z", "value": 70, "unit": "kg", "metadata": {"text": text},
                "sourceRevision": {"source": {"name": "Long"}},
            })
        })
        .collect();
    post(api, sender, &json!({"data": {"HKQuantityTypeIdentifierBodyMass": samples}}));
}

fn post(api: &Api, token: &str, body: &Value) {
    let bearer = format!("Bearer {token}");
    let answer = api.server.connect().post(&[("Authorization", &bearer)], body.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// Asks, and reads only the first byte of the answer.
fn stall(api: &Api, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(api.server.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let token = &api.token;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/csv\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut first = [0];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"H");
    stream
}

#[test]
fn a_client_that_takes_nothing_holds_neither_wal_nor_uploads() {
    let api = Api::alone();
    let admin = api.add_token("me", TokenScope::Admin, false);
    add_rows(&api, &admin, (LONG_ROWS, LONG_TEXT_BYTES));
    let mut slow = stall(&api, LONG);
    post(&api, &admin, &json!({"data": {"HKQuantityTypeIdentifierBodyMass": []}}));
    let connection = Connection::open(api.server.database()).unwrap();
    wait_until("a checkpoint moves the whole WAL", || {
        let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        (busy == Ok(0)).then_some(())
    });
    // It takes the rest after all: nothing is missing.
    let mut rest = Vec::new();
    let mut buf = [0; 65536];
    while !rest.ends_with(b"\r\n0\r\n\r\n") {
        let read = slow.read(&mut buf).unwrap();
        assert!(read > 0, "the answer was cut off");
        rest.extend_from_slice(&buf[..read]);
    }
    let rows = rest.windows(14).filter(|part| part.eq_ignore_ascii_case(b"70000000-0000-")).count();
    assert_eq!(rows, LONG_ROWS);
}

#[test]
fn a_tag_changes_with_whatever_is_shown() {
    let api = Api::alone();
    let admin = api.add_token("me", TokenScope::Admin, false);
    let path = "/api/v1/characteristics";
    let tag = api.ask(&api.token, path, &[]).header("etag").unwrap().to_owned();
    assert_eq!(api.ask(&api.token, path, &[("If-None-Match", &tag)]).status, 304);
    post(&api, &admin, &json!({"characteristics": {"biologicalSex": "male"}, "data": {}}));
    let answer = api.ask(&api.token, path, &[("If-None-Match", &tag)]);
    assert_eq!((answer.status, &answer.json()["characteristics"][0]["value"]), (200, &json!("male")));
    // `*` does not stand for an answer that would be an error.
    for (path, expected) in [("/api/v1/days", 400), ("/api/v1/workouts/00000000000000000000000000000000", 404)] {
        assert_eq!(api.ask(&api.token, path, &[("If-None-Match", "*")]).status, expected, "{path}");
    }
}

/// Behind the first page it would be too late to refuse a series.
#[test]
fn a_series_without_an_answer_is_refused_before_the_first_one() {
    let api = Api::alone();
    let admin = api.add_token("me", TokenScope::Admin, false);
    let sample = |day: u32, unit: &str| {
        json!({
            "uuid": format!("70000000-0000-4000-8000-{day:012}"), "startDate": format!("2026-03-0{day}T08:00:00.000Z"),
            "endDate": format!("2026-03-0{day}T08:00:00.000Z"), "value": 70, "unit": unit,
            "sourceRevision": {"source": {"name": unit}},
        })
    };
    post(&api, &admin, &json!({"data": {"HKQuantityTypeIdentifierBodyMass": [sample(1, "kg"), sample(2, "count")]}}));
    let check = |query: &str, expected: u16| {
        for accept in ["application/json", "text/csv"] {
            let answer = api.ask(&api.token, &format!("/api/v1/samples?type={query}"), &[("Accept", accept)]);
            assert_eq!(answer.status, expected, "{query}: {}", String::from_utf8_lossy(&answer.body));
            if expected == 400 {
                assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{query}");
                assert_eq!(answer.field("parameter"), json!("units"), "{query}");
            }
        }
    };
    check("heart_rate,body_mass&max_points=2", 400);
    check("heart_rate,body_mass&max_points=2&to=2026-03-02", 200);
    check("body_mass&units=lb", 400);
    check("body_mass&units=lb&to=2026-03-02", 200);
    check("body_mass&units=lb&source=kg", 200);
    check("body_mass&units=lb&source=count", 400);
    check("heart_rate,body_mass", 200);
    // A page with a cursor looks at its own samples only, so that no page costs more than another one.
    let first = api.json("/api/v1/samples?type=body_mass&units=lb&limit=1&from=2026-03-01");
    assert_eq!(first["samples"].as_array().unwrap().len(), 1, "{first}");
    let next = first["next_cursor"].as_str().unwrap();
    let answer = api.ask(
        &api.token,
        &format!("/api/v1/samples?type=body_mass&units=lb&limit=1&from=2026-03-01&cursor={next}"),
        &[],
    );
    assert_eq!((answer.status, answer.field("parameter")), (400, json!("units")));
}

/// What can only fail later ends the stream without its end, so that a client notices.
#[test]
fn an_answer_that_fails_in_the_middle_does_not_look_whole() {
    let api = Api::alone();
    let admin = api.add_token("me", TokenScope::Admin, false);
    add_rows(&api, &admin, (LONG_ROWS, LONG_TEXT_BYTES));
    let connection = Connection::open(api.server.database()).unwrap();
    connection.busy_timeout(PATIENCE).unwrap();
    let other = "INSERT INTO types (name) VALUES ('Other');
        INSERT INTO samples (person_id, type_id, start_ms, uuid, value) SELECT 1, id, 1, randomblob(16), 1 FROM types WHERE name = 'Other'";
    connection.execute_batch(other).unwrap();
    let path = "/api/v1/samples?type=body_mass,Other&source=Long";
    assert_eq!(api.ask(&api.token, path, &[]).status, 200);
    let mut slow = stall(&api, path);
    assert_eq!(connection.execute("UPDATE types SET name = 'Gone' WHERE name = 'Other'", []).unwrap(), 1);
    let mut rest = Vec::new();
    std::io::copy(&mut slow, &mut rest).unwrap();
    let rows = rest.windows(14).filter(|part| part.eq_ignore_ascii_case(b"70000000-0000-")).count();
    assert_eq!(rows, LONG_ROWS, "the series before is whole");
    assert!(!rest.ends_with(b"\r\n0\r\n\r\n"), "the answer has no end");
}

/// A token that asks for much, and never reads what it gets, leaves answers to others.
#[test]
fn many_slow_answers_of_one_token_keep_no_other_waiting() {
    let api = Api::alone();
    let other = api.add_token("me", TokenScope::Read, false);
    let mut connection = Connection::open(api.server.database()).unwrap();
    connection.busy_timeout(PATIENCE).unwrap();
    let transaction = connection.transaction().unwrap();
    transaction
        .execute(
            "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
             INSERT INTO samples (person_id, type_id, start_ms, uuid, value)
             SELECT 1, (SELECT id FROM types WHERE name = 'HKQuantityTypeIdentifierHeartRate'), 1500000000000 + i * 1000,
               unhex(printf('%032x', i)), i FROM n",
            [],
        )
        .unwrap();
    transaction.commit().unwrap();
    let path = "/api/v1/samples?type=heart_rate&to=2018-01-01";
    let slow: Vec<TcpStream> = (0..ANSWERS_OF_TOKEN_MAX).map(|_| stall(&api, path)).collect();
    // Further ones wait, and keep nothing from others either.
    let waiting: Vec<Client> = (ANSWERS_OF_TOKEN_MAX..2 * ANSWERS_MAX)
        .map(|_| {
            let mut client = Client::connect(api.server.address);
            let bearer = format!("Bearer {}", api.token);
            client.head("GET", path, &[("Authorization", bearer.as_str()), ("Accept", "text/csv")]);
            client
        })
        .collect();
    for path in PATHS {
        assert_eq!(api.ask(&other, path, &[]).status, 200, "{path}");
    }
    drop((slow, waiting));
}

#[test]
fn other_methods_on_each_path() {
    let api = Api::start();
    let bearer = format!("Bearer {}", api.token);
    for path in PATHS {
        let ask = |method: &str, headers: &[(&str, &str)]| {
            let mut client = Client::connect(api.server.address);
            client.head(method, path, &[headers, &[("Connection", "close")]].concat());
            if method == "PUT" { client.receive() } else { client.receive_without_body() }
        };
        let options = ask("OPTIONS", &[]);
        assert_eq!((options.status, options.header("allow")), (204, Some("GET, HEAD, OPTIONS")), "{path}");
        assert_eq!(options.header("access-control-allow-origin"), None, "{path}");
        let put = ask("PUT", &[("Authorization", &bearer)]);
        assert_eq!((put.status, put.header("allow")), (405, Some("GET, HEAD, OPTIONS")), "{path}");
        let (head, get) = (ask("HEAD", &[("Authorization", &bearer)]), api.ask(&api.token, path, &[]));
        assert_eq!(head.status, 200, "{path}");
        for name in ["content-type", "content-length", "etag", "vary", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
        assert_eq!(ask("HEAD", &[]).status, 401, "{path}");
    }
}

#[test]
fn a_compressed_answer_is_the_same() {
    let api = Api::alone();
    let admin = api.add_token("me", TokenScope::Admin, false);
    add_rows(&api, &admin, (LONG_ROWS, LONG_TEXT_BYTES));
    for (path, accept) in [(LONG, "application/x-ndjson"), ("/api/v1/days?type=steps", "text/csv")] {
        let plain = api.ask(&api.token, path, &[("Accept", accept)]);
        let packed = api.ask(&api.token, path, &[("Accept", accept), ("Accept-Encoding", "gzip")]);
        assert_eq!(packed.header("content-encoding"), Some("gzip"), "{path}");
        let mut unpacked = Vec::new();
        std::io::copy(&mut GzDecoder::new(packed.body.as_slice()), &mut unpacked).unwrap();
        assert!(unpacked == plain.body, "{path}: {} and {} bytes", unpacked.len(), plain.body.len());
        assert_ne!(packed.header("etag"), plain.header("etag"), "{path}");
    }
}

#[test]
fn several_series_have_the_same_columns() {
    let api = Api::start();
    // Steps of two days, and weights of five weeks.
    let table = api.text("/api/v1/days?type=steps,body_mass&bucket=auto&max_points=4", "text/csv");
    let commas: Vec<usize> = table.lines().map(|line| line.matches(',').count()).collect();
    assert!(commas.len() > 3 && commas.iter().all(|count| *count == commas[0]), "{table}");
    let both = api.json("/api/v1/days?type=steps,body_mass&bucket=auto&max_points=4");
    let buckets: Vec<&Value> = both["series"].as_array().unwrap().iter().map(|series| &series["bucket"]).collect();
    assert_eq!(buckets[0], buckets[1], "{both}");
}

#[test]
fn odd_paths_and_values() {
    let api = Api::start();
    let check = |path: &str, expected: u16| {
        let answer = api.ask(&api.token, &format!("/api/v1/{path}"), &[]);
        assert_eq!(answer.status, expected, "{path}: {}", String::from_utf8_lossy(&answer.body));
    };
    check("nights/2026-01-06", 200);
    check("nights/%32026-01-06", 200);
    check("nights/2026-01-06&", 404);
    check("nights/2026-01-06T00:00:00Z", 404);
    check("nights/9999-12-31", 404);
    check("days?type=steps&from=2026-01-05T00:00:00+01:00", 200);
    check("days?type=steps&from=0001-01-01&to=9999-12-31", 200);
    check("days?type=steps&from=2026-02-01&to=2026-01-01", 200);
    check("days?type=steps,sleep", 400);
    check("samples?type=%00", 400);
    check("samples?type=steps&cursor=i1", 400);
    check("workouts/%2e%2e/route", 404);
    check("workouts//route", 404);
    check("types/", 404);
    let answer = api.json("/api/v1/explain?type=steps&from=9999-12-31");
    assert_eq!([&answer["start"], &answer["end"]], [&Value::Null, &Value::Null]);
}
