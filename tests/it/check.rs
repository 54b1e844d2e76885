//! `check`: what it finds, what it prints, and that it reports nothing about a sound database.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::contract::payload;
use crate::former;
use crate::program::{Program, command, run};
use healthsink_testkit::database::count;
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

/// A location with a long text stands behind one of the same identity that waits to be inserted with others.
#[test]
fn long_texts_of_repeated_locations_stay_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let location = |second: u8, note: &str| {
        let mut location =
            json!({"date": format!("2026-01-01T07:00:{second:02}.000Z"), "latitude": 50.0, "longitude": 8.0});
        if !note.is_empty() {
            location["note"] = json!(note);
        }
        location
    };
    let [first, second] = ["a", "b"].map(|letter| letter.repeat(5000));
    let bodies = [
        vec![location(1, &first)],
        vec![location(9, ""), location(1, ""), location(8, ""), location(1, &first)],
        vec![location(30, &first), location(31, ""), location(30, ""), location(32, ""), location(30, &first)],
        vec![location(20, &second)],
    ];
    for (number, locations) in bodies.into_iter().enumerate() {
        let file = folder.path().join(format!("{number}.json"));
        let route = json!({"40000000-0000-4000-8000-000000000001": [{"locations": locations}]});
        fs::write(&file, json!({"workoutRoutes": route, "data": {}}).to_string()).unwrap();
        let output = run(&["import", "--db", database.to_str().unwrap(), file.to_str().unwrap()]);
        assert!(output.status.success(), "{output:?}");
    }
    let (code, report) = check(&database);
    assert_eq!(code, Some(0), "{report}");
    let connection = Connection::open(&database).unwrap();
    let sql = "SELECT r.time_ms % 60000 / 1000, l.other FROM route_points r JOIN long_texts l ON l.id = CAST(r.other AS INTEGER) ORDER BY 1";
    let mut select = connection.prepare(sql).unwrap();
    let texts: Vec<(i64, String)> =
        select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().collect::<rusqlite::Result<_>>().unwrap();
    let expected =
        [(1, &first), (20, &second), (30, &first)].map(|(second, note)| (second, json!({"note": note}).to_string()));
    assert_eq!(texts, expected);
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

/// The app's records, and an export that has the same with more details.
fn merged() -> (TempDir, PathBuf) {
    const SOURCE: &str = r#""sourceRevision":{"source":{"name":"Watch","bundleIdentifier":"watch"}}"#;
    const TIMES: &str = r#""startDate":"2026-01-01T10:00:00.000Z","endDate":"2026-01-01T10:10:00.000Z""#;
    const XML_TIMES: &str = r#"startDate="2026-01-01 10:00:00 +0000" endDate="2026-01-01 10:10:00 +0000""#;
    let json = format!(
        r#"{{"data":{{"workouts":[{{"uuid":"00000000-0000-4000-8000-000000000001","workoutActivityType":37,"duration":600,{TIMES},{SOURCE}}}],
        "HKQuantityTypeIdentifierHeartRate":[{{"uuid":"00000000-0000-4000-8000-000000000002","value":60,"unit":"count/min",{TIMES},{SOURCE}}}]}}}}"#
    );
    let xml = format!(
        r#"<HealthData><Workout workoutActivityType="HKWorkoutActivityTypeRunning" sourceName="Watch" {XML_TIMES}/>
        <Record type="HKQuantityTypeIdentifierHeartRate" sourceName="Watch" unit="count/min" value="60" {XML_TIMES}>
        <MetadataEntry key="detail" value="1"/></Record></HealthData>"#
    );
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("payload.json"), json).unwrap();
    fs::write(path("export.xml"), xml).unwrap();
    let database = path("health.db");
    let mut import = command();
    import.args(["import", "--db"]).arg(&database).args([path("payload.json"), path("export.xml")]);
    assert!(import.output().unwrap().status.success());
    for table in ["workouts", "workout_aliases", "samples", "merged_samples"] {
        assert_eq!(count(&database, table), 1, "{table}");
    }
    (folder, database)
}

/// Makes a database, changes it by SQL, and checks it. Returns the exit code and the report.
fn check_after(made: fn() -> (TempDir, PathBuf), sql: &str) -> (Option<i32>, Value) {
    let (_folder, database) = made();
    let connection = Connection::open(&database).unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    connection.execute_batch(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
    drop(connection);
    check(&database)
}

/// Fails unless a finding of this severity has this text, with what to do about it, in one line each.
fn assert_finding(report: &Value, severity: &str, kind: &str, part: &str) {
    let findings = report["findings"].as_array().unwrap();
    let is_it = |finding: &&Value| finding["message"].as_str().unwrap().contains(part);
    let finding = findings.iter().find(is_it).unwrap_or_else(|| panic!("{part}: {report}"));
    assert_eq!([&finding["severity"], &finding["check"]], [&json!(severity), &json!(kind)], "{report}");
    for text in [&finding["message"], &finding["remedy"]] {
        let text = text.as_str().unwrap();
        assert!(text.len() > 15 && text.lines().count() == 1, "{report}");
    }
}

fn check_fault_of(made: fn() -> (TempDir, PathBuf), sql: &str, kind: &str, part: &str) {
    let (code, report) = check_after(made, sql);
    assert_eq!((code, &report["ok"]), (Some(1), &json!(false)), "{sql}: {report}");
    assert_finding(&report, "damage", kind, part);
}

fn check_fault(sql: &str, kind: &str, part: &str) {
    check_fault_of(filled, sql, kind, part);
}

#[test]
fn faults_of_the_schema_are_found() {
    check_fault("DROP INDEX workouts_start", "schema", "the index workouts_start is missing");
    check_fault("DROP TABLE beat_lists", "schema", "the table beat_lists is missing");
    check_fault("DROP TABLE uploads", "schema", "the table uploads is missing");
    check_fault(
        "ALTER TABLE workouts ADD COLUMN mood TEXT",
        "schema",
        "the table workouts is not as this version makes it",
    );
    check_fault(
        "CREATE TRIGGER sly AFTER INSERT ON samples BEGIN DELETE FROM samples; END",
        "schema",
        "the trigger sly is not healthsink's",
    );
    check_fault("CREATE UNIQUE INDEX sly ON workouts (uuid)", "schema", "the unique index sly is not healthsink's");
    // A flipped bit, which SQLite reads as another condition.
    check_fault(
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'done''', 'd' || CAST(x'fc' AS TEXT) || 'ne''') \
         WHERE name = 'uploads_done'",
        "schema",
        "the index uploads_done is not as this version makes it",
    );
    check_fault("DELETE FROM category_values WHERE value = 1", "schema", "category_values lacks");
    check_fault("UPDATE workout_activity_types SET name = ''", "schema", "workout_activity_types lacks");
}

/// The printed remedy makes the database sound again.
#[test]
fn what_can_be_made_again_is_sound_afterwards() {
    let faults = [
        "DROP INDEX workouts_start",
        "DELETE FROM sample_origins",
        "UPDATE sample_origins SET unit_id = 7 WHERE is_derived",
        "UPDATE import_numbers SET last = 0",
        "UPDATE import_numbers SET last = last + 1",
        "INSERT INTO import_numbers VALUES (0)",
        "UPDATE samples SET import_number = 5 WHERE import_number = 1",
        "UPDATE samples SET import_number = NULL",
    ];
    for fault in faults {
        let (_folder, database) = merged();
        let run_sql = |sql: &str| Connection::open(&database).unwrap().execute_batch(sql).unwrap();
        run_sql(fault);
        let (_, report) = check(&database);
        assert_eq!(report["findings"].as_array().unwrap().len(), 1, "{fault}: {report}");
        let remedy = report["findings"][0]["remedy"].as_str().unwrap();
        run_sql(remedy.split_once("`sqlite3`: ").unwrap().1);
        let (code, report) = check(&database);
        assert_eq!((code, &report["findings"]), (Some(0), &json!([])), "{report}");
    }
}

/// Views hold no data: those of another build are noted, every command that reads works beside them, and the next one that writes
/// makes them again.
#[test]
fn other_views_are_noted_and_made_again() {
    let changes = [
        ("DROP VIEW steps", "1 view missing or not as this version makes them: steps"),
        ("DROP VIEW sample_details; DROP VIEW upload_details", "2 views missing"),
        ("DROP VIEW steps; CREATE VIEW steps AS SELECT * FROM heart_rate", ": steps"),
        // Of an older build, with names that are no longer there.
        ("DROP VIEW upload_details; CREATE VIEW upload_details AS SELECT number FROM uploads", ": upload_details"),
        // A flipped bit, which integrity_check does not see.
        (
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'Rate', 'R' || CAST(x'fc' AS TEXT) || 'te') \
             WHERE name = 'resting_heart_rate'",
            ": resting_heart_rate",
        ),
    ];
    for (sql, part) in changes {
        let (folder, database) = filled();
        let db = database.to_str().unwrap();
        Connection::open(&database).unwrap().execute_batch(sql).unwrap();
        let (code, report) = check(&database);
        assert_eq!((code, &report["ok"]), (Some(0), &json!(true)), "{report}");
        assert_finding(&report, "note", "schema", part);
        assert_eq!(report["findings"].as_array().unwrap().len(), 1, "{report}");
        let copy = folder.path().join("copy.db");
        for arguments in [&["status", "--db", db][..], &["backup", "--db", db, copy.to_str().unwrap()]] {
            let output = run(arguments);
            assert!(output.status.success(), "{sql}: {output:?}");
        }
        assert!(run(&["token", "new", "--person", "anna", "--db", db]).status.success());
        assert_eq!(check(&database).1["findings"], json!([]), "{sql}");
        assert!(run(&["check", "--db", db]).status.success());
        count(&database, "steps");
    }
}

/// The next program that writes updates a database of an earlier version. Until then commands read it, and its views are not
/// compared.
#[test]
fn databases_of_earlier_versions_are_sound() {
    assert!(former::newest() >= 8);
    for version in 1..former::newest() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("health.db");
        let connection = Connection::open(&database).unwrap();
        former::make(&connection, version);
        let head =
            format!("PRAGMA journal_mode = WAL; PRAGMA user_version = {version}; PRAGMA application_id = 1752395371");
        let rest = "CREATE VIEW sample_details AS SELECT start_ms FROM samples;
            INSERT INTO tokens (person_id, digest, created_ms) VALUES (1, zeroblob(32), 0)";
        connection.execute_batch(&format!("{head}; {rest}")).unwrap();
        drop(connection);
        let (code, report) = check(&database);
        assert_eq!((code, &report["findings"]), (Some(0), &json!([])), "{version}: {report}");
        for arguments in [&["status"][..], &["token", "list"], &["sessions", "list"]] {
            let output = run(&[arguments, &["--db", database.to_str().unwrap()]].concat());
            assert!(output.status.success(), "{version}: {output:?}");
        }
    }
}

/// A view never replaces what its owner has made: the table stays, and only this view is missing.
#[test]
fn a_table_with_the_name_of_a_view_stays() {
    let (_folder, database) = filled();
    let connection = Connection::open(&database).unwrap();
    connection
        .execute_batch("DROP VIEW height; CREATE TABLE Height (mine TEXT); INSERT INTO Height VALUES ('1')")
        .unwrap();
    let output = run(&["token", "new", "--person", "anna", "--db", database.to_str().unwrap()]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.contains("the table height has the name of a view"), "{said}");
    assert_eq!(count(&database, "height"), 1);
    let (code, report) = check(&database);
    assert_eq!(code, Some(0), "{report}");
    assert_finding(&report, "note", "schema", "the table Height is not healthsink's");
}

#[test]
fn what_others_add_without_harm_is_noted() {
    let check_note = |sql: &str, kind: &str, part: &str| {
        let (code, report) = check_after(filled, sql);
        assert_eq!((code, &report["ok"]), (Some(0), &json!(true)), "{sql}: {report}");
        if part.is_empty() {
            assert_eq!(report["findings"], json!([]));
        } else {
            assert_finding(&report, "note", kind, part);
        }
    };
    check_note("CREATE VIEW mine AS SELECT 1", "schema", "the view mine is not healthsink's");
    check_note("CREATE TABLE \"my\nnotes\" (text)", "schema", "the table my\\nnotes is not healthsink's");
    check_note("CREATE INDEX mine ON samples (end_ms)", "schema", "the index mine is not healthsink's");
    check_note(
        "UPDATE route_points SET workout = x'68730000000080008000000000000000'",
        "references",
        "the routes of 1 workout of an import are stored without it",
    );
    check_note("INSERT INTO long_texts (other) VALUES ('{}')", "references", "1 row of long_texts belong to no row");
    check_note("ANALYZE", "", "");
    check_note("VACUUM", "", "");
    check_note("INSERT INTO category_values VALUES ('mine', 1, 'one')", "", "");
}

#[test]
fn faults_of_merged_records_are_found() {
    let check_fault = |sql: &str, kind: &str, part: &str| check_fault_of(merged, sql, kind, part);
    check_fault("DELETE FROM workouts", "references", "1 row of workout_aliases belong to missing rows of workouts");
    check_fault("UPDATE workout_aliases SET uuid = zeroblob(16)", "references", "belong to missing rows of workouts");
    check_fault(
        "INSERT INTO workout_identities (person_id, identity, workout) VALUES (1, zeroblob(16), zeroblob(16))",
        "references",
        "1 row of workout_identities lead to missing workouts",
    );
    check_fault("DELETE FROM samples", "references", "1 row of merged_samples belong to missing rows of samples");
    check_fault("UPDATE merged_samples SET start_ms = 1", "references", "belong to missing rows of samples");
    check_fault(
        "INSERT INTO workouts (person_id, uuid, start_ms) SELECT person_id, derived, 0 FROM workout_aliases",
        "references",
        "1 row of workout_aliases are also in workouts",
    );
    check_fault("UPDATE import_numbers SET last = 0", "imports", "not numbered from 1 to 0");
    for table in ["workout_aliases", "merged_samples"] {
        check_fault(&format!("DELETE FROM {table}"), "ledger", "the last 1 row of");
        check_fault(&format!("UPDATE {table} SET rowid = 2"), "ledger", &format!("{table} lacks 1 row"));
    }
}

/// A long text is deleted with its row, so two rows with one text would lose it.
#[test]
fn a_long_text_of_two_rows_is_found() {
    let sql = "INSERT INTO long_texts (other) VALUES ('{}');
        UPDATE samples SET other = (SELECT max(id) FROM long_texts)";
    let (code, report) = check_after(filled, sql);
    assert_eq!(code, Some(1), "{report}");
    assert_finding(&report, "damage", "references", "of long_texts belong to more than one row");
    let (_, report) =
        check_after(filled, "UPDATE samples SET other = 7 WHERE uuid IN (SELECT uuid FROM samples LIMIT 1)");
    assert_finding(&report, "damage", "references", "1 row of samples refer to missing rows of long_texts");
}

/// Each fault is made by hand in a sound database. It is printed, with what to do about it.
#[test]
fn faults_are_found() {
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
    check_fault("UPDATE uploads SET state = 'lost' WHERE id = 2", "values", "1 row of uploads have an unknown state");
    check_fault("UPDATE uploads SET finished_ms = NULL WHERE id = 1", "values", "finished without a time");
    check_fault("UPDATE uploads SET unchanged = unchanged + 1 WHERE id = 1", "ledger", "do not add up");
    check_fault("UPDATE uploads SET rejected = 0", "ledger", "more rejects than they count");
    check_fault("DELETE FROM other_records WHERE NOT in_data", "ledger", "other_records");
    check_fault("DELETE FROM other_records WHERE rowid = 1", "ledger", "other_records lacks 1 row");
    check_fault("DELETE FROM characteristics", "ledger", "characteristics");
    check_fault("DELETE FROM rejects WHERE ordinal = 1", "ledger", "rejects lacks 1 row");
    check_fault("DELETE FROM uploads WHERE id = 2", "ledger", "uploads lacks 1 row");
    check_fault("INSERT INTO persons (id, name) VALUES (3, 'anna')", "ledger", "persons lacks 1 row");
    check_fault(
        "INSERT INTO tokens (id, person_id, digest, created_ms) VALUES (2, 1, x'00', 0)",
        "ledger",
        "tokens lacks 1 row",
    );
    // The sum of all rows stays the same.
    check_fault(
        "DELETE FROM route_points WHERE time_ms IN (SELECT min(time_ms) FROM route_points);
         INSERT INTO samples (person_id, type_id, start_ms, uuid) SELECT 1, type_id, 7, zeroblob(16) FROM samples LIMIT 1",
        "ledger",
        "1 row of me in samples are more than the ledger's measurements",
    );
    check_fault("DELETE FROM sample_origins", "imports", "missing in sample_origins");
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

/// The numbers of the ledger show that no upload is lost, so an upload that leaves it must not leave a gap.
#[test]
fn a_foreign_upload_beside_another_is_not_missed() {
    let server = Server::start();
    let mut client = server.connect();
    client.begin_chunked(&[]);
    client.chunk(br#"{"odd":[{"x":1}],"#).unwrap();
    wait_until("the upload", || (server.count("uploads") == 1).then_some(()));
    assert_eq!(server.post(payload("unknown")).status, 200);
    client.chunk(br#""y":2}"#).unwrap();
    assert_eq!(client.end_chunked().status, 400);
    let (code, report) = check(&server.database());
    assert_eq!((code, &report["findings"]), (Some(0), &json!([])), "{report}");
    assert_eq!(server.rows("SELECT state FROM uploads"), [json!({"state": "aborted"}), json!({"state": "done"})]);
    // Without another upload it leaves.
    assert_eq!(server.post(r#"{"odd":[{"x":2}],"y":3}"#).status, 400);
    let (code, report) = check(&server.database());
    assert_eq!((code, &report["uploads"], &report["findings"]), (Some(0), &json!(2), &json!([])), "{report}");
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

/// A database without a WAL can be read where its reader may write nothing.
#[test]
fn a_database_in_a_folder_that_is_read_only_can_be_read() {
    let (folder, database) = filled();
    let target = folder.path().join("copy of db?.db");
    fs::copy(&database, &target).unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    for name in ["status", "check"] {
        let mut program = command();
        program.args([name, "--db"]).arg(&target);
        // Root may write everywhere.
        if fs::metadata(&target).unwrap().uid() == 0 {
            program.uid(61_184).gid(61_184);
        }
        let output = match program.output() {
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => return,
            output => output.unwrap(),
        };
        assert!(output.status.success() && output.stderr.is_empty(), "{name}: {output:?}");
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    let missing = folder.path().join("none.db");
    let restored = run(&["restore", missing.to_str().unwrap(), "--db", database.to_str().unwrap()]);
    let said = String::from_utf8(restored.stderr).unwrap();
    assert!(restored.status.code() == Some(2) && said.contains("there is no file"), "{said}");
    let status = run(&["status", "--db", folder.path().to_str().unwrap()]);
    let said = String::from_utf8(status.stderr).unwrap();
    assert!(status.status.code() == Some(2) && said.contains("is a folder"), "{said}");
}
