//! What `check` finds of single alterations by hand: each row deleted or doubled, and each column changed to another value of its
//! type. What it cannot find is listed here with the reason; `docs/operations.md` has it in words.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use healthsink::store::{Database, Severity};
use rusqlite::Connection;
use tempfile::TempDir;

use super::program::command;

/// What cannot be found, by table: columns whose other value is like any other, and rows that only their sender could miss.
/// `= NULL` stands for an emptied column. A row may be doubled where the ledger counts no rows, or where it brought nothing new.
const UNSEEN: [(&str, &[&str]); 30] = [
    (
        "activity_summaries",
        &[
            "day",
            "active_energy",
            "active_energy = NULL",
            "active_energy_goal",
            "active_energy_goal = NULL",
            "energy_unit",
            "energy_unit = NULL",
            "move_min",
            "move_min = NULL",
            "move_goal_min",
            "exercise_min",
            "exercise_min = NULL",
            "exercise_goal_min",
            "stand_hours",
            "stand_hours = NULL",
            "stand_goal_hours",
            "other = NULL",
        ],
    ),
    (
        "aggregates",
        &[
            "metric",
            "start_ms",
            "label",
            "source",
            "number",
            "end_ms",
            "end_ms = NULL",
            "unit",
            "unit = NULL",
            "value",
            "value = NULL",
            "minimum",
            "minimum = NULL",
            "average",
            "average = NULL",
            "maximum",
            "maximum = NULL",
            "other = NULL",
            "earlier",
            "earlier = NULL",
        ],
    ),
    ("beat_lists", &["start_ms", "source_id", "source_id = NULL"]),
    ("category_values", &["double"]),
    ("characteristics", &["double", "key", "value", "first_seen_ms", "last_seen_ms"]),
    (
        "correlations",
        &[
            "type",
            "start_ms",
            "uuid",
            "end_ms",
            "end_ms = NULL",
            "creation_ms",
            "creation_ms = NULL",
            "source_id",
            "source_id = NULL",
            "metadata = NULL",
            "other = NULL",
        ],
    ),
    (
        "electrocardiograms",
        &[
            "start_ms",
            "uuid",
            "classification",
            "classification = NULL",
            "rate_hz",
            "rate_hz = NULL",
            "unit",
            "unit = NULL",
        ],
    ),
    ("long_texts", &["metadata = NULL", "other = NULL"]),
    (
        "medication_doses",
        &[
            "uuid",
            "medication",
            "medication = NULL",
            "nickname",
            "nickname = NULL",
            "schedule_type",
            "schedule_type = NULL",
            "log_status",
            "log_status = NULL",
            "quantity",
            "quantity = NULL",
            "unit",
            "unit = NULL",
            "start_ms",
            "end_ms",
            "end_ms = NULL",
            "scheduled_ms",
            "scheduled_ms = NULL",
            "source_id",
            "other = NULL",
        ],
    ),
    (
        "medications",
        &[
            "display_text",
            "general_form",
            "nickname",
            "nickname = NULL",
            "is_archived",
            "is_archived = NULL",
            "has_schedule",
            "has_schedule = NULL",
            "other = NULL",
        ],
    ),
    ("merged_samples", &["metadata = NULL"]),
    ("other_records", &["hash", "section", "upload_id"]),
    ("persons", &["double", "name"]),
    ("rejects", &["ordinal", "element_index", "element_index = NULL", "byte_offset", "raw_bytes"]),
    (
        "route_points",
        &[
            "workout",
            "time_ms",
            "latitude",
            "longitude",
            "ordinal",
            "place",
            "route",
            "altitude_m",
            "altitude_m = NULL",
            "speed_m_s",
            "speed_m_s = NULL",
            "course_deg",
            "course_deg = NULL",
            "horizontal_accuracy_m",
            "horizontal_accuracy_m = NULL",
            "vertical_accuracy_m",
            "vertical_accuracy_m = NULL",
            "other = NULL",
        ],
    ),
    ("sample_origins", &["double"]),
    (
        "samples",
        &[
            "start_ms",
            "uuid",
            "end_ms",
            "end_ms = NULL",
            "value",
            "value = NULL",
            "source_id",
            "source_id = NULL",
            "metadata_id",
            "metadata_id = NULL",
            "metadata = NULL",
            "other = NULL",
            "creation_ms",
            "creation_ms = NULL",
        ],
    ),
    ("sessions", &["delete", "double", "id", "digest", "created_ms", "last_used_ms", "expires_ms"]),
    ("shared_metadata", &["delete", "id"]),
    ("sign_in_codes", &["delete", "double", "digest", "expires_ms"]),
    (
        "tokens",
        &[
            "double",
            "label",
            "label = NULL",
            "digest",
            "created_ms",
            "last_used_ms",
            "last_used_ms = NULL",
            "revoked_ms",
            "revoked_ms = NULL",
            "expires_ms",
            "expires_ms = NULL",
            "scope",
            "all_people",
            "bytes_per_day",
            "rejects_per_day",
            "used_day",
            "used_bytes",
            "used_rejects",
        ],
    ),
    ("types", &["double", "name"]),
    ("units", &["double", "name"]),
    (
        "uploads",
        &[
            "delete",
            "double",
            "sender",
            "sender = NULL",
            "token_id = NULL",
            "started_ms",
            "finished_ms",
            "export_ms",
            "export_ms = NULL",
            "start_ms",
            "start_ms = NULL",
            "end_ms",
            "end_ms = NULL",
            "sync_source",
            "sync_source = NULL",
            "body_bytes",
            "error",
        ],
    ),
    ("workout_activity_types", &["double"]),
    (
        "workout_aliases",
        &[
            "double",
            "derived",
            "duration_s",
            "energy_kcal",
            "distance",
            "distance_unit",
            "source_id",
            "source_id = NULL",
            "creation_ms",
        ],
    ),
    ("workout_identities", &["double", "identity"]),
    ("workout_routes", &["delete", "double", "workout"]),
    ("route_files", &["delete", "double", "file", "start_s", "workout", "route"]),
    (
        "workouts",
        &[
            "activity_type",
            "activity_type = NULL",
            "start_ms",
            "end_ms",
            "end_ms = NULL",
            "duration_s",
            "duration_s = NULL",
            "energy_kcal",
            "energy_kcal = NULL",
            "distance",
            "distance = NULL",
            "distance_unit",
            "distance_unit = NULL",
            "statistics = NULL",
            "events = NULL",
            "activities = NULL",
            "metadata = NULL",
            "source_id = NULL",
            "other = NULL",
            "creation_ms",
            "creation_ms = NULL",
        ],
    ),
];

/// Tables that the program computes again from others, and those with what owners enter by hand: nothing else says what is in them.
const DERIVED: [&str; 17] = [
    "changes",
    "derived_state",
    "zones",
    "zone_changes",
    "zone_entries",
    "home_zones",
    "source_groups",
    "source_orders",
    "sample_lengths",
    "shadowed_samples",
    "missing_samples",
    "days",
    "hours",
    "nights",
    "night_segments",
    "workout_days",
    "dose_days",
];

/// A database in which each other table has rows.
#[expect(clippy::too_many_lines, reason = "it is one list")]
fn filled() -> (TempDir, Connection) {
    const TIMES: &str = r#""startDate":"2026-01-01T10:00:00.000Z","endDate":"2026-01-01T10:10:00.000Z""#;
    const SOURCE: &str = r#""sourceRevision":{"source":{"name":"Watch","bundleIdentifier":"watch"}}"#;
    const XML_TIMES: &str = r#"startDate="2026-01-01 10:00:00 +0000" endDate="2026-01-01 10:10:00 +0000""#;
    let long = "x".repeat(5000);
    let identity = |number: u32| format!("00000000-0000-4000-8000-{number:012}");
    let json = format!(
        r#"{{"data":{{"workouts":[{{"uuid":"{0}","workoutActivityType":37,"duration":600,{TIMES},{SOURCE}}}],
          "HKQuantityTypeIdentifierHeartRate":[{{"uuid":"{1}","value":60,"unit":"count/min",{TIMES},{SOURCE}}},
            {{"uuid":"{2}","value":61,"unit":"count/min","metadata":{{"note":"{long}"}},{TIMES},{SOURCE}}}]}},
          "workoutRoutes":{{"{0}":[{{"locations":[{{"latitude":1,"longitude":2,"date":"2026-01-01T10:00:00.000Z","later":"{long}"}}]}}]}}}}"#,
        identity(1),
        identity(2),
        identity(3),
    );
    let walk = |source: &str| {
        let times = XML_TIMES.replace("01-01", "01-02");
        format!(
            r#"<Workout workoutActivityType="HKWorkoutActivityTypeWalking" sourceName="{source}" creationDate="2026-01-02 11:00:00 +0000" {times}>
            <WorkoutRoute><FileReference path="/workout-routes/walk.gpx"/></WorkoutRoute></Workout>"#
        )
    };
    let first = format!(
        r#"<HealthData><Workout workoutActivityType="HKWorkoutActivityTypeRunning" sourceName="Watch" {XML_TIMES}/>
        <Record type="HKQuantityTypeIdentifierHeartRate" sourceName="Watch" unit="count/min" value="60" {XML_TIMES}>
        <MetadataEntry key="detail" value="1"/></Record>{}</HealthData>"#,
        walk("Watch")
    );
    let renamed = format!("<HealthData>{}</HealthData>", walk("Clock"));
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (name, text) in [("app.json", &json), ("1.xml", &first), ("2.xml", &renamed)] {
        fs::write(path(name), text).unwrap();
    }
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    fs::create_dir_all(path("e/workout-routes")).unwrap();
    fs::create_dir_all(path("e/electrocardiograms")).unwrap();
    for (from, to) in [
        ("export.xml", "e/export.xml"),
        ("ecg.csv", "e/electrocardiograms/ecg.csv"),
        ("route.gpx", "e/workout-routes/route.gpx"),
    ] {
        fs::copy(testdata.join("history").join(from), path(to)).unwrap();
    }
    let run = |arguments: &[&str]| {
        let mut command = command();
        command.args(arguments).arg("--db").arg(path("health.db"));
        let inputs: &[_] = if arguments == ["import"] {
            &["documented", "quantity", "rejects", "unknown", "medications", "characteristics"]
        } else {
            &[]
        };
        command.args(inputs.iter().map(|name| testdata.join(format!("{name}.json"))));
        if arguments == ["import"] {
            command.args([path("e"), testdata.join("history/auto_export.json")]);
            command.args(["app.json", "1.xml", "2.xml"].map(path));
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    run(&["token", "new", "--label", "phone"]);
    run(&["import"]);
    let connection = Connection::open(path("health.db")).unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    // As an upload by POST leaves it.
    connection.execute_batch(
        "UPDATE uploads SET origin = 'http', token_id = 1, sync_source = 'manual', export_ms = 1, start_ms = 1, end_ms = 2 WHERE id = 1;
         UPDATE uploads SET state = 'aborted', error = 'cut' WHERE id = 2;
         UPDATE tokens SET last_used_ms = created_ms, revoked_ms = created_ms, expires_ms = created_ms;
         INSERT INTO sessions (token_id, digest, created_ms, last_used_ms, expires_ms) VALUES (1, zeroblob(32), 1, 2, 3);
         INSERT INTO sign_in_codes (digest, token_id, expires_ms) VALUES (zeroblob(32), 1, 3);").unwrap();
    (folder, connection)
}

#[derive(Debug)]
struct Column {
    name: String,
    kind: String,
    is_nullable: bool,
    /// Whether equal values in two rows are refused.
    is_key: bool,
}

fn columns(connection: &Connection, table: &str) -> Vec<Column> {
    let sql = "SELECT name, type, \"notnull\" = 0 AND pk = 0, pk > 0 OR EXISTS (
          SELECT 1 FROM pragma_index_list(?1) i, pragma_index_info(i.name) k WHERE i.\"unique\" AND k.name = c.name)
        FROM pragma_table_info(?1) c";
    let mut select = connection.prepare(sql).unwrap();
    let columns = select.query_map([table], |row| {
        Ok(Column { name: row.get(0)?, kind: row.get(1)?, is_nullable: row.get(2)?, is_key: row.get(3)? })
    });
    columns.unwrap().map(Result::unwrap).collect()
}

/// Another value of a column's type.
fn another(Column { name, kind, .. }: &Column) -> String {
    match (kind.as_str(), name.as_str()) {
        ("INTEGER", name) if name.starts_with("is_") || name.starts_with("has_") || name == "in_data" => {
            format!("1 - {name}")
        }
        ("INTEGER" | "REAL", _) => format!("{name} + 1"),
        ("TEXT", _) => format!("{name} || 'x'"),
        _ => format!("CAST(substr({name}, 1, length({name}) - 1) || x'5a' AS BLOB)"),
    }
}

/// A value of a column that is empty in all rows.
fn first(Column { kind, .. }: &Column) -> &'static str {
    match kind.as_str() {
        "TEXT" => "'x'",
        "BLOB" => "zeroblob(16)",
        _ => "1",
    }
}

/// The statements that alter a table, by name.
fn alterations(connection: &Connection, table: &str) -> Vec<(String, String)> {
    let columns = columns(connection, table);
    let has_rowid = connection.prepare(&format!("SELECT rowid FROM {table}")).is_ok();
    let keys: Vec<&str> = columns.iter().filter(|column| column.is_key).map(|column| column.name.as_str()).collect();
    let row = if has_rowid { "rowid".to_owned() } else { keys.join(", ") };
    let order = if has_rowid { "rowid DESC".to_owned() } else { format!("{} DESC", keys.join(" DESC, ")) };
    let last =
        |condition: &str| format!("({row}) = (SELECT {row} FROM {table} WHERE {condition} ORDER BY {order} LIMIT 1)");
    let copied: Vec<String> = columns
        .iter()
        .map(|column| {
            if column.is_key && column.name != "person_id" && !column.name.ends_with("_id") {
                another(column)
            } else {
                column.name.clone()
            }
        })
        .collect();
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let mut all = vec![
        ("delete".to_owned(), format!("DELETE FROM {table} WHERE {}", last("TRUE"))),
        (
            "double".to_owned(),
            format!(
                "INSERT INTO {table} ({}) SELECT {} FROM {table} WHERE {}",
                names.join(", "),
                copied.join(", "),
                last("TRUE")
            ),
        ),
    ];
    for column in &columns {
        let name = &column.name;
        let sql = format!("SELECT 1 FROM {table} WHERE {name} IS NOT NULL");
        let has_value = connection.prepare(&sql).unwrap().exists([]).unwrap();
        let (row, value) = if has_value {
            (last(&format!("{name} IS NOT NULL")), another(column))
        } else {
            (last("TRUE"), first(column).to_owned())
        };
        all.push((name.clone(), format!("UPDATE {table} SET {name} = {value} WHERE {row}")));
        if column.is_nullable && has_value {
            all.push((format!("{name} = NULL"), format!("UPDATE {table} SET {name} = NULL WHERE {row}")));
        }
    }
    all
}

#[test]
fn each_alteration_is_found_or_explained() {
    let (folder, connection) = filled();
    let sound = Database::new(folder.path().join("health.db")).check().unwrap();
    assert!(sound.ok, "{:?}", sound.findings);
    let before = sound.findings.len();
    let mut select = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
    let tables: Vec<String> = select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut unseen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    assert!(DERIVED.iter().all(|table| tables.iter().any(|name| name == table)));
    for table in tables.iter().filter(|table| !DERIVED.contains(&table.as_str())) {
        for (name, sql) in alterations(&connection, table) {
            let changed = folder.path().join("altered.db");
            let _ = fs::remove_file(&changed);
            connection.execute("VACUUM INTO ?1", [changed.to_str().unwrap()]).unwrap();
            let altered = Connection::open(&changed).unwrap();
            altered.pragma_update(None, "foreign_keys", false).unwrap();
            altered.pragma_update(None, "synchronous", "OFF").unwrap();
            match altered.execute(&sql, []) {
                Ok(rows) => assert_eq!(rows, 1, "the database has no row for this: {sql}"),
                // The columns of a source read its JSON.
                Err(error) => {
                    assert!(error.to_string().contains("malformed JSON"), "{error}: {sql}");
                    continue;
                }
            }
            drop(altered);
            let report = Database::new(&changed).check().unwrap();
            if report.findings.len() == before {
                unseen.entry(table.clone()).or_default().insert(name);
            } else {
                for finding in report.findings.iter().filter(|finding| finding.severity == Severity::Damage) {
                    assert!(finding.remedy.len() > 15, "{sql}: {finding:?}");
                }
            }
        }
    }
    let expected: BTreeMap<String, BTreeSet<String>> = UNSEEN
        .iter()
        .map(|(table, names)| ((*table).to_owned(), names.iter().map(|name| (*name).to_owned()).collect()))
        .collect();
    assert_eq!(unseen, expected, "{unseen:#?}");
}
