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
    drop(reader);
    assert_eq!(forget(&database, &["--type", "HeartRate"])["leftInWal"], json!(false));
}
