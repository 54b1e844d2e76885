//! What `forget` deletes and what it leaves, to the last row: forgotten data must be gone, and other data must not.

use std::fs;
use std::path::Path;

use healthsink_testkit::database::{count, one};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::import_history::{Folder, import};
use crate::program::run;

const HEART_RATE: &str = r#"{"data":{"HKQuantityTypeIdentifierHeartRate":[{"uuid":"3BA875EE-1111-4D51-8CDC-00000000000A","value":61,
    "startDate":"2026-03-01T10:00:00.000Z","endDate":"2026-03-01T10:00:00.000Z","unit":"count/min"}]}}"#;

/// Nothing of it is a new row: a value of the profile, a reject, and a section beside `data`.
const WITHOUT_ROWS: &str = r#"{"data":{"HKQuantityTypeIdentifierHeartRate":[{"uuid":"no identity"}]},
    "characteristics":{"bloodType":1},"more":{"a":1}}"#;

fn export(content: &str) -> String {
    format!("<HealthData locale=\"en_US\"><ExportDate value=\"2026-03-02 10:00:00 +0000\"/>{content}</HealthData>")
}

/// Runs `forget` without a backup.
fn forget(database: &Path, arguments: &[&str]) -> Value {
    let fixed = ["forget", "--yes", "--no-backup", "--json", "--db", database.to_str().unwrap()];
    let output = run(&[&fixed, arguments].concat());
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    let forgotten: Value = serde_json::from_slice(&output.stdout).unwrap();
    let tables = forgotten["tables"].as_array().unwrap();
    let rows: u64 = tables.iter().map(|table| table["rows"].as_u64().unwrap()).sum();
    assert_eq!(forgotten["rows"], json!(rows), "{forgotten}");
    let checked = run(&["check", "--db", database.to_str().unwrap()]);
    assert!(checked.status.success() && checked.stdout.starts_with(b"sound: "), "{arguments:?}: {checked:?}");
    forgotten
}

#[test]
fn an_upload_is_forgotten_without_what_others_brought() {
    let folder = Folder::new();
    let database = folder.path("health.db");
    let files = [folder.write("rows.json", HEART_RATE), folder.write("rest.json", WITHOUT_ROWS)];
    for file in &files {
        import(&database, &[], &[file]);
    }
    assert_eq!(one(&database, "SELECT sum(new) FROM uploads WHERE id = 2"), json!(0));
    let kept = ["characteristics", "rejects", "other_records"];
    let before = kept.map(|table| count(&database, table));
    assert!(before.iter().all(|rows| *rows > 0), "{before:?}");
    assert_eq!(forget(&database, &["--upload", "1"])["rows"], json!(1));
    assert_eq!(kept.map(|table| count(&database, table)), before);
    assert_eq!(count(&database, "samples"), 0);
}

#[test]
fn a_type_is_forgotten_with_the_correlations_that_repeat_it() {
    let folder = Folder::new();
    let database = folder.path("health.db");
    let times = "sourceName=\"Cuff\" startDate=\"2026-03-01 10:00:00 +0000\" endDate=\"2026-03-01 10:00:00 +0000\"";
    let record = |kind: &str, value: u8| {
        format!(
            "<Record type=\"HKQuantityTypeIdentifierBloodPressure{kind}\" {times} unit=\"mmHg\" value=\"{value}\"/>"
        )
    };
    let both = record("Systolic", 121) + &record("Diastolic", 79);
    let content =
        format!("{both}<Correlation type=\"HKCorrelationTypeIdentifierBloodPressure\" {times}>{both}</Correlation>");
    import(&database, &[], &[&folder.write("export.xml", export(&content))]);
    assert_eq!([count(&database, "samples"), count(&database, "correlations")], [2, 1]);
    // Not in this period.
    forget(&database, &["--type", "BloodPressureSystolic", "--to", "2026-02-28"]);
    assert_eq!(count(&database, "correlations"), 1);
    forget(&database, &["--type", "BloodPressureSystolic"]);
    assert_eq!([count(&database, "samples"), count(&database, "correlations")], [1, 0]);
}

#[test]
fn days_are_forgotten_by_when_they_begin() {
    let folder = Folder::new();
    let database = folder.path("health.db");
    let days = ["2026-03-01", "2026-03-02", "2026-03-03"]
        .map(|day| format!("<ActivitySummary dateComponents=\"{day}\" appleExerciseTime=\"30\"/>"));
    import(&database, &[], &[&folder.write("export.xml", export(&days.concat()))]);
    for (period, left) in [
        (&["--from", "9999-12-31"][..], 3),
        (&["--from", "2026-03-03T00:00:01Z", "--to", "9999-12-31"], 3),
        (&["--from", "2026-03-01T10:00:00Z", "--to", "2026-03-02"], 2),
        (&["--to", "2026-03-01"], 1),
        (&["--from", "2026-03-03", "--to", "9999-12-31"], 0),
    ] {
        forget(&database, &[&["--type", "activity_summaries"], period].concat());
        assert_eq!(count(&database, "activity_summaries"), left, "{period:?}");
    }
}

#[test]
fn forget_says_what_still_has_the_rows() {
    let folder = Folder::new();
    let database = folder.path("health.db");
    import(&database, &[], &[&folder.write("rows.json", HEART_RATE)]);
    let backups = folder.path("backups");
    fs::create_dir(&backups).unwrap();
    for number in 0..33 {
        fs::copy(&database, backups.join(format!("{number}.db"))).unwrap();
    }
    let reader = Connection::open(&database).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM samples").unwrap();
    let forgotten = forget(&database, &["--type", "HeartRate"]);
    assert_eq!([&forgotten["leftInWal"], &forgotten["moreCopies"]], [&json!(true), &json!(1)], "{forgotten}");
    assert_eq!(forgotten["copies"].as_array().unwrap().len(), 32);
    let printed =
        run(&["forget", "--type", "HeartRate", "--yes", "--no-backup", "--db", database.to_str().unwrap()]).stdout;
    assert!(String::from_utf8(printed).unwrap().contains("`healthsink zones home ZONE`"));
    drop(reader);
    assert_eq!(forget(&database, &["--type", "HeartRate"])["leftInWal"], json!(false));
}

/// An upload that only changed rows has left values that are not of the first one.
#[test]
fn an_upload_whose_rows_another_one_changed_is_not_forgotten() {
    let folder = Folder::new();
    let database = folder.path("health.db");
    import(&database, &[], &[&folder.write("rows.json", HEART_RATE)]);
    let corrected = folder.write("corrected.json", HEART_RATE.replace(":61,", ":62,"));
    assert_eq!(import(&database, &[], &[&corrected]).count("updated"), 1);
    let output = run(&["forget", "--yes", "--upload", "1", "--db", database.to_str().unwrap()]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && message.contains("brought or changed rows"), "{message}");
    assert_eq!(count(&database, "samples"), 1);
}

/// Whatever it is called: in the app, in imports, in Health Auto Export, by people.
#[test]
fn a_type_is_forgotten_under_each_of_its_names() {
    let folder = Folder::new();
    let made = folder.path("made.db");
    let times = "sourceName=\"Cuff\" startDate=\"2026-03-01 10:00:00 +0000\" endDate=\"2026-03-01 10:00:00 +0000\"";
    let pressure = export(&format!(
        "<Correlation type=\"HKCorrelationTypeIdentifierBloodPressure\" {times}><Record type=\"HKQuantityTypeIdentifierBloodPressureSystolic\" {times} unit=\"mmHg\" value=\"118\"/></Correlation>"
    ));
    let figures = json!({"data": {"metrics": [{"name": "step_count", "units": "count", "data": [
        {"date": "2026-03-01 10:00:00 +0000", "qty": 77, "source": "Ring"}]}]}});
    let route = json!({"data": {"medicationDoseEvents": [{"uuid": "none"}]}, "workoutRoutes": {
        "7D4C2A10-0000-4000-8000-000000000001": [{"locations": [
            {"latitude": 48.5, "longitude": 9.25, "date": "2026-03-01T10:00:00.000Z"}]}]}});
    let files = [
        folder.write("pressure.xml", pressure),
        folder.write("figures.json", figures.to_string()),
        folder.write("route.json", route.to_string()),
    ];
    for file in &files {
        import(&made, &["--person", "anna"], &[file]);
    }
    for (kind, table) in [
        ("BloodPressure", "correlations"),
        ("steps", "aggregates"),
        ("StepCount", "aggregates"),
        ("medication_doses", "rejects"),
        ("medicationDoseEvents", "rejects"),
        ("workouts", "route_points"),
    ] {
        let database = folder.path(&format!("{kind}.db"));
        fs::copy(&made, &database).unwrap();
        assert!(count(&database, table) > 0, "{table}");
        forget(&database, &["--type", kind]);
        assert_eq!(count(&database, table), 0, "{kind}");
    }
    // A route without its workout begins with its first location.
    for (period, left) in [(["--to", "2026-02-28"], 1), (["--from", "2026-03-01"], 0)] {
        forget(&made, &[&["--type", "workouts"][..], &period].concat());
        assert_eq!(count(&made, "route_points"), left, "{period:?}");
    }
    let backwards = ["forget", "--type", "steps", "--from", "2026-03-02", "--to", "2026-03-01", "--yes", "--db"];
    let output = run(&[&backwards[..], &[made.to_str().unwrap()]].concat());
    assert!(
        output.status.code() == Some(2) && String::from_utf8_lossy(&output.stderr).contains("--from is not before")
    );
}

/// Only tokens that still let a phone send are revoked.
#[test]
fn expired_tokens_are_not_counted_as_revoked() {
    let folder = Folder::new();
    let database = folder.path("health.db");
    for _ in 0..2 {
        assert!(run(&["token", "new", "--person", "anna", "--db", database.to_str().unwrap()]).status.success());
    }
    Connection::open(&database).unwrap().execute("UPDATE tokens SET expires_ms = 1 WHERE id = 1", []).unwrap();
    assert_eq!(forget(&database, &["--person", "anna"])["tokens"], json!(1));
}
