//! Reads beside commands that change the database, and of a database that an earlier version has written.

use std::fs;
use std::path::Path;
use std::process::Output;

use healthsink::store::TokenScope;
use healthsink_testkit::http::Client;
use healthsink_testkit::server::Server;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::Api;
use super::clients::{LONG, LONG_ROWS, LONG_TEXT_BYTES, add_rows};
use crate::former;
use crate::program::run;

fn healthsink(command: &[&str], database: &Path) -> Output {
    run(&[command, &["--db", database.to_str().unwrap()]].concat())
}

/// Begins a long answer, and takes its first part.
fn begin_long(api: &Api) -> (Client, Vec<u8>) {
    let mut client = api.server.connect();
    let bearer = format!("Bearer {}", api.token);
    client.head("GET", LONG, &[("Authorization", &bearer), ("Accept", "text/csv")]);
    assert_eq!(client.receive_head_only().status, 200);
    let first = client.next_chunk().unwrap();
    (client, first)
}

fn take_rest(client: &mut Client, text: &mut Vec<u8>) {
    while let Some(chunk) = client.next_chunk() {
        text.extend_from_slice(&chunk);
    }
}

/// Pages that are read later do not have the rows, and the answer ends as a whole one. It does not keep them in the WAL.
#[test]
fn an_answer_under_way_ends_where_rows_were_forgotten() {
    let api = Api::alone();
    let admin = api.add_token("me", TokenScope::Admin, false);
    add_rows(&api, &admin, (LONG_ROWS, LONG_TEXT_BYTES));
    let (mut client, mut text) = begin_long(&api);
    let output =
        healthsink(&["forget", "--type", "BodyMass", "--yes", "--no-backup", "--json"], &api.server.database());
    assert!(output.status.success(), "{output:?}");
    let forgotten: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(forgotten["leftInWal"], json!(false), "{forgotten}");
    take_rest(&mut client, &mut text);
    let text = String::from_utf8(text).unwrap();
    let rows = text.lines().count() - 1;
    assert!((1..LONG_ROWS).contains(&rows), "{rows}");
    assert!(text.ends_with('\n') && text.lines().skip(1).all(|row| row.starts_with("body_mass,")));
    assert_eq!(api.json("/api/v1/samples?type=body_mass")["samples"], json!([]));
}

/// No database is replaced under a server. After one was, tags of the former one do not stand for it.
#[test]
fn a_restore_waits_for_the_server_and_changes_every_tag() {
    let mut api = Api::alone();
    let admin = api.add_token("me", TokenScope::Admin, false);
    let (database, path) = (api.server.database(), "/api/v1/samples?type=body_mass");
    let backup = api.server.folder().join("backup.db");
    let backup = backup.to_str().unwrap();
    assert!(healthsink(&["backup", backup], &database).status.success());
    let before = api.json(path);
    add_rows(&api, &admin, (LONG_ROWS, LONG_TEXT_BYTES));
    let (mut client, mut text) = begin_long(&api);
    let refused = healthsink(&["restore", backup], &database);
    assert!(!refused.status.success(), "{refused:?}");
    take_rest(&mut client, &mut text);
    assert_eq!(String::from_utf8(text).unwrap().lines().count(), 1 + LONG_ROWS);
    let tag = api.ask(&api.token, path, &[]).header("etag").unwrap().to_owned();
    api.server.stop();
    let restored = healthsink(&["restore", backup], &database);
    assert!(restored.status.success(), "{restored:?}");
    let again = Server::with(|config| {
        fs::copy(&database, &config.db).unwrap();
    });
    let again = Api { token: api.token.clone(), ..Api::over(again) };
    let answer = again.ask(&again.token, path, &[("If-None-Match", &tag)]);
    assert_eq!((answer.status, answer.json()), (200, before));
}

/// The server brings it up to date, and then answers of its rows, with figures of days that version 1 did not have.
#[test]
fn a_database_of_version_1_is_read_like_a_new_one() {
    let api = Api::of(Server::with_figures(|config| {
        let connection = Connection::open(&config.db).unwrap();
        former::make(&connection, 1);
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA user_version = 1; PRAGMA application_id = 1752395371;
                 INSERT INTO types (id, name) VALUES (1, 'HKQuantityTypeIdentifierStepCount');
                 INSERT INTO units (id, name) VALUES (1, 'count');
                 INSERT INTO sources (id, json) VALUES (1, '{\"sourceRevision\":{\"source\":{\"name\":\"Old Phone\"}}}');
                 INSERT INTO uploads (id, person_id, state, origin, started_ms, finished_ms, new, measurements)
                   VALUES (1, 1, 'done', 'http', 1, 2, 2, 2);
                 INSERT INTO samples (person_id, type_id, start_ms, uuid, end_ms, value, unit_id, source_id, other) VALUES
                   (1, 1, 1767603600000, x'10000000000040008000000000000001', 1767603660000, 40, 1, 1, NULL),
                   (1, 1, 1767607200000, x'10000000000040008000000000000002', 1767607260000, 2, 1, 1,
                    '{\"note\":\"' || hex(zeroblob(3000)) || '\"}');
                 INSERT INTO sample_origins VALUES (1, 1, FALSE, 1);",
            )
            .unwrap();
    }));
    let answer = api.json("/api/v1/samples?type=steps&source=Old%20Phone");
    let values: Vec<&Value> = answer["samples"].as_array().unwrap().iter().map(|row| &row["value"]).collect();
    assert_eq!(values, [&json!(40), &json!(2)], "{answer}");
    assert_eq!(answer["samples"][1]["other"]["note"].as_str().map(str::len), Some(6000), "{answer}");
    let day = healthsink_testkit::wait::wait_until("figures", || {
        let days = api.json("/api/v1/days?type=steps");
        (days["stale"] == json!(false)).then(|| days["days"].clone())
    });
    assert_eq!([&day[0]["day"], &day[0]["value"], &day[0]["samples"]], [&json!("2026-01-05"), &json!(42), &json!(2)]);
    assert_eq!(api.json("/api/v1/uploads")["uploads"][0]["records"], json!(2));
    let copy = api.server.database().with_file_name("health.db.before-v8.db");
    assert!(copy.exists(), "the former database is kept");
}

#[test]
fn samples_of_several_types_are_series() {
    let api = Api::start();
    let both = api.json("/api/v1/samples?type=heart_rate,body_mass&limit=2");
    let [heart, mass] = [0, 1].map(|at| both["series"][at].clone());
    assert_eq!([&heart["type"], &mass["type"]], [&json!("heart_rate"), &json!("body_mass")]);
    assert_eq!(heart, api.json("/api/v1/samples?type=heart_rate&limit=2"));
    assert_eq!(mass, api.json("/api/v1/samples?type=body_mass&limit=2"));
    let next = heart["next_cursor"].as_str().unwrap();
    assert_eq!(api.json(&format!("/api/v1/samples?type=heart_rate&limit=2&cursor={next}"))["samples"][0]["value"], 150);

    let lines = api.json("/api/v1/samples?type=heart_rate,body_mass&max_points=3");
    for (at, kind) in ["heart_rate", "body_mass"].iter().enumerate() {
        assert_eq!(lines["series"][at], api.json(&format!("/api/v1/samples?type={kind}&max_points=3")), "{kind}");
    }
    // A table has the rows of both, with the same columns.
    let table = api.text("/api/v1/samples?type=heart_rate,body_mass", "text/csv");
    let rows = |kind: &str| table.lines().filter(|line| line.starts_with(&format!("{kind},"))).count();
    assert_eq!((rows("heart_rate"), rows("body_mass"), table.lines().count()), (5, 4, 10), "{table}");
    let points = api.text("/api/v1/samples?type=heart_rate,body_mass&max_points=1", "text/csv");
    assert!(points.starts_with("type,unit,start,") && points.lines().count() == 3, "{points}");
    for (more, parameter) in [
        (format!("&cursor={next}"), "cursor"),
        ("&units=kg".to_owned(), "units"),
        (",nothing_such".to_owned(), "type"),
        ("&source=Sundial".to_owned(), "source"),
    ] {
        let answer = api.ask(&api.token, &format!("/api/v1/samples?type=heart_rate,body_mass{more}"), &[]);
        assert_eq!((answer.status, answer.field("parameter")), (400, json!(parameter)), "{more}");
    }
}

/// Of Apple's export a source has no bundle. The key of its group then has the kind of the device, if the name does not say it.
#[test]
fn samples_of_a_source_by_each_of_its_names() {
    let api = Api::of(Server::with(|config| {
        let record = |source: &str, device: &str, value: u32| {
            format!(
                "<Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"{source}\" sourceVersion=\"26.1\" unit=\"count\" value=\"{value}\"
                   device=\"&lt;&lt;HKDevice: 0x1&gt;, name:x, manufacturer:Apple Inc., model:{device}, hardware:{device}1,1, software:26.1&gt;\"
                   startDate=\"2026-01-05 10:0{value}:00 +0100\" endDate=\"2026-01-05 10:0{value}:30 +0100\"/>"
            )
        };
        let records = [record("Anna", "Watch", 1), record("Anna", "iPhone", 2), record("Scale", "Scale", 3)].concat();
        let export = config.db.with_file_name("export.xml");
        fs::write(&export, format!("<HealthData locale=\"en_US\">{records}</HealthData>")).unwrap();
        let output = healthsink(&["import", export.to_str().unwrap()], &config.db);
        assert!(output.status.success(), "{output:?}");
    }));
    let sources = api.json("/api/v1/sources");
    let keys: Vec<&str> =
        sources["sources"].as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["Anna (watch)", "Anna (phone)", "Scale"], "{sources}");
    for (source, values) in
        [("Anna%20(watch)", vec![1]), ("Anna%20(phone)", vec![2]), ("Anna", vec![1, 2]), ("Scale", vec![3])]
    {
        let answer = api.json(&format!("/api/v1/samples?type=steps&limit=5&source={source}"));
        let found: Vec<u64> =
            answer["samples"].as_array().unwrap().iter().map(|row| row["value"].as_u64().unwrap()).collect();
        assert_eq!((&found, &answer["total"]), (&values, &json!(values.len())), "{source}: {answer}");
        let line = api.json(&format!("/api/v1/samples?type=steps&max_points=1&source={source}"));
        assert_eq!(line["points"][0]["samples"], json!(values.len()), "{source}: {line}");
    }
    for made_up in ["Scale%20(watch)", "Anna%20(scale)", "anna", "com.apple.Health"] {
        let answer = api.ask(&api.token, &format!("/api/v1/samples?type=steps&source={made_up}"), &[]);
        assert_eq!((answer.status, answer.field("parameter")), (400, json!("source")), "{made_up}");
    }
}
