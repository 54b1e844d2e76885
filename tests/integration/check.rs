//! `check`: what it finds, what it says, and that it stays silent where all is well.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::contract::payload;
use crate::common::http::{Client, get};
use crate::common::program::{Program, run};
use crate::common::server::Server;
use crate::common::wait_until;

/// The exit code and the report.
fn check(database: &Path) -> (Option<i32>, Value) {
    let output = run(&["check", "--json", "--db", database.to_str().unwrap()]);
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (output.status.code(), report)
}

fn filled() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let examples = ["documented", "quantity", "rejects", "unknown", "workouts"];
    let examples = examples.map(|name| format!("{}/testdata/{name}.json", env!("CARGO_MANIFEST_DIR")));
    let arguments =
        [&["import", "--db", database.to_str().unwrap()], &examples.each_ref().map(String::as_str)[..]].concat();
    assert!(run(&arguments).status.success());
    (folder, database)
}

#[test]
fn a_sound_database_is_said_to_be_sound() {
    let (_folder, database) = filled();
    let (code, report) = check(&database);
    assert_eq!(code, Some(0), "{report}");
    assert_eq!([&report["ok"], &report["uploads"], &report["findings"]], [&json!(true), &json!(5), &json!([])]);
    let output = run(&["check", "--db", database.to_str().unwrap()]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.starts_with("sound: 5 uploads, ") && told.lines().count() == 1, "{told}");
    let missing = run(&["check", "--db", "/nowhere/health.db"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8(missing.stderr).unwrap().contains("there is no database"));
}

/// Each fault is made by hand in a sound database; the first finding is told, and what to do about it.
#[test]
fn faults_are_found() {
    let check_fault = |sql: &str, kind: &str, part: &str| {
        let (_folder, database) = filled();
        let connection = Connection::open(&database).unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        connection.execute_batch(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
        drop(connection);
        let (code, report) = check(&database);
        assert_eq!((code, &report["ok"]), (Some(1), &json!(false)), "{sql}: {report}");
        let finding = &report["findings"][0];
        assert_eq!([&finding["severity"], &finding["check"]], [&json!("damage"), &json!(kind)], "{sql}: {report}");
        assert!(finding["message"].as_str().unwrap().contains(part), "{sql}: {report}");
        assert!(finding["remedy"].as_str().unwrap().len() > 20, "{report}");
    };
    check_fault(
        "DELETE FROM samples WHERE uuid IN (SELECT uuid FROM samples LIMIT 1)",
        "ledger",
        "1 row of me that the ledger",
    );
    check_fault("DELETE FROM workouts", "ledger", "rows of me that the ledger counts are not there");
    check_fault(
        "INSERT INTO samples (person_id, type_id, start_ms, uuid) SELECT 1, type_id, 7, zeroblob(16) FROM samples LIMIT 1",
        "ledger",
        "came with no upload",
    );
    check_fault(
        "DELETE FROM units WHERE id IN (SELECT unit_id FROM samples)",
        "references",
        "refer to nothing in units",
    );
    check_fault("UPDATE uploads SET state = 'lost' WHERE id = 2", "ledger", "first number 2, have a state");
    check_fault("UPDATE uploads SET finished_ms = NULL WHERE id = 1", "ledger", "finished without a time");
    check_fault("UPDATE uploads SET unchanged = unchanged + 1 WHERE id = 1", "ledger", "do not add up");
    check_fault("UPDATE uploads SET rejected = 0", "ledger", "more rejects than they count");
    check_fault("DELETE FROM sample_origins", "ledger", "missing in sample_origins");
    check_fault(
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'end_ms INTEGER', 'end_ms TEXT') \
         WHERE name = 'workouts'",
        "integrity",
        "workouts",
    );
}

/// An upload under way is no fault while the server lives, and worth a note once it was killed.
#[test]
fn an_upload_that_nobody_is_at_is_noted() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let program = Program::serve(&database);
    let mut client = Client::connect(program.address);
    client.begin_chunked(&[]);
    client.chunk(&payload("documented")[..1000]).unwrap();
    wait_until("the upload", || (get(program.address, "/healthz").field("uploadsUnderWay") == json!(1)).then_some(()));
    wait_until("its row", || {
        let (code, report) = check(&database);
        assert_eq!((code, &report["findings"]), (Some(0), &json!([])), "{report}");
        (report["uploads"] == json!(1)).then_some(())
    });
    program.kill();
    let (code, report) = check(&database);
    assert_eq!((code, &report["ok"]), (Some(0), &json!(true)), "{report}");
    let finding = &report["findings"][0];
    assert_eq!(finding["severity"], json!("note"), "{report}");
    assert!(finding["message"].as_str().unwrap().contains("in the midst of 1 upload"), "{report}");
    drop(Program::serve(&database));
    assert_eq!(check(&database).1["findings"], json!([]));
}

#[test]
fn a_check_beside_uploads_sees_one_state() {
    let server = Server::start();
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| {
            for seed in 0..6 {
                let payload = healthsink_testdata::Payload { seed, target_bytes: 1_000_000, ..Default::default() };
                assert_eq!(server.post(payload.to_vec().0).status, 200);
            }
        });
        while !sending.is_finished() {
            let (code, report) = check(&server.database());
            assert_eq!(code, Some(0), "{report}");
        }
    });
    assert_eq!(check(&server.database()).1["uploads"], json!(6));
}
