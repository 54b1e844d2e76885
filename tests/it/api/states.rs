//! Reads of an empty database, right after an upload, beside `VACUUM`, and by HTTP/2.

use std::time::Instant;

use healthsink::model::limits::FIGURES_WAIT;
use healthsink::store::TokenScope;
use healthsink_testkit::http2::{Http2, run};
use healthsink_testkit::server::Server;
use healthsink_testkit::tls::Authority;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::clients::{LONG, LONG_ROWS, LONG_TEXT_BYTES, add_rows};
use super::{Api, PATHS, copy_fixture};

#[test]
fn an_empty_database_has_empty_answers() {
    let api = Api::of(Server::start());
    for path in PATHS {
        let answer = api.ask(&api.token, path, &[]);
        let names_something = ["nights/2", "workouts/3", "explain"].iter().any(|name| path.contains(name));
        assert_eq!(answer.status, if names_something { 404 } else { 200 }, "{path}: {answer:?}");
    }
    assert_eq!(api.json("/api/v1/types")["types"], json!([]));
    assert_eq!(api.json("/api/v1/days?type=steps")["days"], json!([]));
    let status = api.json("/api/v1/status");
    assert_eq!([&status["change"], &status["uploads"], &status["stale"]], [&Value::Null, &json!(0), &json!(false)]);
}

/// Uploads a step, and asks for the day's at once. Returns the answer and how long it took.
fn ask_after_upload(api: &Api) -> (Value, std::time::Duration) {
    let send = api.add_token("me", TokenScope::Send, false);
    let body = json!({"data": {"HKQuantityTypeIdentifierStepCount": [{
        "uuid": "b0000000-0000-4000-8000-000000000001", "startDate": "2026-01-09T08:00:00.000Z",
        "endDate": "2026-01-09T08:01:00.000Z", "value": 5, "unit": "count"}]}});
    let bearer = format!("Bearer {send}");
    assert_eq!(api.server.connect().post(&[("Authorization", &bearer)], body.to_string().as_bytes()).status, 200);
    let began = Instant::now();
    let answer = api.json("/api/v1/days?type=steps&from=2026-01-09&to=2026-01-10");
    (answer, began.elapsed())
}

#[test]
fn a_read_after_an_upload_waits_for_its_figures() {
    let (answer, waited) = ask_after_upload(&Api::with_figures());
    // A busy machine may need longer than the wait.
    let is_ready = answer["stale"] == json!(false);
    assert!(is_ready || waited >= FIGURES_WAIT, "{answer} after {waited:?}");
    assert!(!is_ready || answer["days"][0]["value"] == json!(5), "{answer}");
    let (answer, waited) = ask_after_upload(&Api::alone());
    assert_eq!((&answer["stale"], &answer["days"]), (&json!(true), &json!([])), "this server computes no figures");
    assert!(waited >= FIGURES_WAIT, "{waited:?}");
}

#[test]
fn a_read_long_after_an_upload_does_not_wait_for_figures_that_nobody_computes() {
    let api = Api::alone();
    let (answer, _) = ask_after_upload(&api);
    assert_eq!(answer["stale"], json!(true), "this server computes no figures");
    let earlier = "UPDATE uploads SET finished_ms = finished_ms - 60000";
    Connection::open(api.server.database()).unwrap().execute(earlier, []).unwrap();
    let took = || {
        let began = Instant::now();
        assert_eq!(api.json("/api/v1/days?type=steps&from=2026-01-09&to=2026-01-10")["stale"], json!(true));
        began.elapsed()
    };
    // A busy machine may be slow once.
    let least = (0..3).map(|_| took()).min().unwrap();
    assert!(least < FIGURES_WAIT, "{least:?}");
}

#[test]
fn a_long_answer_goes_on_beside_vacuum() {
    let api = Api::alone();
    let admin = api.add_token("me", TokenScope::Admin, false);
    add_rows(&api, &admin, (LONG_ROWS, LONG_TEXT_BYTES));
    let mut client = api.server.connect();
    let bearer = format!("Bearer {}", api.token);
    client.head("GET", LONG, &[("Authorization", &bearer), ("Accept", "text/csv")]);
    assert_eq!(client.receive_head_only().status, 200);
    let mut text = client.next_chunk().unwrap();
    let connection = Connection::open(api.server.database()).unwrap();
    connection.busy_timeout(healthsink_testkit::wait::PATIENCE).unwrap();
    connection.execute_batch("VACUUM").unwrap();
    while let Some(chunk) = client.next_chunk() {
        text.extend_from_slice(&chunk);
    }
    assert_eq!(String::from_utf8(text).unwrap().lines().count(), 1 + LONG_ROWS);
}

#[test]
fn reads_and_events_over_http2() {
    let authority = Authority::new();
    let api = Api::of(Server::with(|config| {
        copy_fixture(&config.db);
        config.tls = Some(authority.issue().write(config.db.parent().unwrap()));
    }));
    run(async {
        let mut client = Http2::connect(api.server.address, &authority).await;
        let refused = client.begin("GET", "/api/v1/types", None).await.unwrap().answer().await;
        assert_eq!(refused.status(), 401);
        let events = client.begin("GET", "/api/v1/events", Some(&api.token)).await.unwrap().answer.await.unwrap();
        assert_eq!((events.status().as_u16(), events.headers().get("connection")), (200, None));
        let mut events = events.into_body();
        let hello = String::from_utf8(events.data().await.unwrap().unwrap().to_vec()).unwrap();
        assert!(hello.contains("event: hello\n"), "{hello}");
        for path in ["/api/v1/days?type=steps", "/api/v1/samples?type=heart_rate", "/api/v1/overview"] {
            let answer = client.begin("GET", path, Some(&api.token)).await.unwrap().answer().await;
            assert_eq!(answer.status(), 200, "{path} beside a stream that goes on");
            assert_eq!(answer.body, api.over_tls(&authority, path), "{path}");
        }
    });
}

#[test]
fn a_source_that_is_not_there_gets_those_that_are() {
    let api = Api::alone();
    for path in ["samples?type=steps", "samples?type=steps&max_points=5", "days?type=steps"] {
        let answer = api.ask(&api.token, &format!("/api/v1/{path}&source=Sundial"), &[]);
        assert_eq!((answer.status, answer.field("parameter")), (400, json!("source")), "{path}");
        let detail = answer.field("detail").as_str().unwrap().to_owned();
        assert!(detail.contains("Apple Watch") && detail.contains("/api/v1/sources"), "{path}: {detail}");
    }
}
