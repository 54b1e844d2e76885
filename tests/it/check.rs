//! `check`: what it finds, what it prints, and that it reports nothing about a sound database.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::contract::payload;
use crate::program::{Program, command, run};
use healthsink_testkit::http::{Client, get};
use healthsink_testkit::server::Server;
use healthsink_testkit::wait::wait_until;

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
fn a_sound_database_is_reported_as_sound() {
    let (_folder, database) = filled();
    let (code, report) = check(&database);
    assert_eq!(code, Some(0), "{report}");
    assert_eq!([&report["ok"], &report["uploads"], &report["findings"]], [&json!(true), &json!(5), &json!([])]);
    let output = run(&["check", "--db", database.to_str().unwrap()]);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.starts_with("sound: 5 uploads, ") && printed.lines().count() == 1, "{printed}");
    let missing = run(&["check", "--db", "/nowhere/health.db"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8(missing.stderr).unwrap().contains("there is no database"));
}

/// Each fault is made by hand in a sound database. The first finding is printed, with what to do about it.
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
    check_fault("DELETE FROM workouts", "ledger", "rows of me that the ledger counts are missing");
    check_fault(
        "INSERT INTO samples (person_id, type_id, start_ms, uuid) SELECT 1, type_id, 7, zeroblob(16) FROM samples LIMIT 1",
        "ledger",
        "belong to no upload",
    );
    check_fault(
        "DELETE FROM units WHERE id IN (SELECT unit_id FROM samples)",
        "references",
        "refer to missing rows of units",
    );
    check_fault("UPDATE uploads SET state = 'lost' WHERE id = 2", "ledger", "first number 2, have an unknown state");
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

/// If SQLite cannot open the database at all, there is also a verdict.
#[test]
fn a_database_that_cannot_be_opened_is_damaged() {
    let check_damage = |damage: fn(&mut Vec<u8>)| {
        let (_folder, database) = filled();
        let mut bytes = fs::read(&database).unwrap();
        damage(&mut bytes);
        fs::write(&database, bytes).unwrap();
        let (code, report) = check(&database);
        assert_eq!((code, &report["ok"]), (Some(1), &json!(false)), "{report}");
        let finding = &report["findings"][0];
        assert_eq!([&finding["severity"], &finding["check"]], [&json!("damage"), &json!("integrity")], "{report}");
        assert!(finding["remedy"].as_str().unwrap().contains("healthsink restore"), "{report}");
    };
    check_damage(|bytes| bytes[..4096].fill(0));
    check_damage(|bytes| bytes[16..4096].fill(0));
    check_damage(|bytes| bytes.truncate(bytes.len() / 2));
    check_damage(|bytes| bytes.truncate(4096));
    check_damage(|bytes| bytes.truncate(50));
    check_damage(|bytes| bytes[100..4096].fill(0xff));
}

/// As after a restore that was killed while it changed the database's mode: nothing is lost, but a program has to write.
#[test]
fn a_database_with_a_journal_is_not_damaged() {
    let (folder, database) = filled();
    let connection = Connection::open(&database).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; BEGIN IMMEDIATE;
             CREATE TABLE filler AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
               SELECT i, zeroblob(100) FROM n;
             DELETE FROM samples; DELETE FROM category_values",
        )
        .unwrap();
    let left = folder.path().join("left.db");
    for suffix in ["", "-journal"] {
        let name = |stem: &str| folder.path().join(format!("{stem}.db{suffix}"));
        fs::copy(name("health"), name("left")).unwrap();
    }
    let output = run(&["check", "--db", left.to_str().unwrap()]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("`healthsink serve` puts that right") && message.lines().count() == 1, "{message}");
    drop(Program::serve(&left));
    assert_eq!(check(&left).0, Some(0));
}

/// The owner decides which users can open the file, so the message names the owner.
#[test]
fn a_file_that_cannot_be_opened_is_reported_with_its_owner() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let (folder, database) = filled();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&database, fs::Permissions::from_mode(0o000)).unwrap();
    let owner = fs::metadata(&database).unwrap().uid();
    for name in ["check", "serve"] {
        let mut command = command();
        command.args([name, "--db"]).arg(&database);
        if owner == 0 {
            // Root may open every file.
            command.uid(65_534);
        }
        let output = match command.output() {
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => return, // to run the program
            output => output.unwrap(),
        };
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), message.lines().count()), (Some(1), 1), "{message}");
        let expected =
            format!("(it belongs to user {owner}, mode 0); give it and its folder to the user who runs this");
        assert!(message.contains(&expected), "{message}");
    }
}

/// A running upload is not a fault while the server lives. After a kill it is worth a note.
#[test]
fn an_upload_without_a_server_is_noted() {
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
    assert!(finding["message"].as_str().unwrap().contains("ended during 1 upload"), "{report}");
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
