//! What the database notes of changes: the time and type of rows that are new or other, and nothing of a record that is known.

use std::fs;
use std::path::Path;

use healthsink_testkit::database::{one, rows};
use serde_json::{Value, json};

use super::program::run;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// 2026-01-05, a Monday.
const MONDAY_MS: i64 = 1_767_571_200_000;

fn sample(number: u32, start: &str, value: u32) -> Value {
    let source = json!({"source": {"name": "Watch", "bundleIdentifier": "com.apple.health.1"}});
    json!({
        "uuid": format!("10000000-0000-4000-8000-{number:012}"), "startDate": start, "endDate": start, "value": value,
        "unit": "count", "sourceRevision": source,
    })
}

fn import(database: &Path, data: &Value) {
    let file = database.with_file_name("payload.json");
    fs::write(&file, json!({"data": data}).to_string()).unwrap();
    let output = run(&["import", "--db", database.to_str().unwrap(), file.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
}

/// The entries behind a number: kind, short type, days from and to since Monday, whether rows were removed.
fn changes(database: &Path, behind: i64) -> Vec<String> {
    let sql = format!(
        "SELECT concat_ws('|', c.kind, coalesce(substr(t.name, 25), ''), (c.from_ms - {MONDAY_MS}) / {DAY_MS},
           (c.to_ms - {MONDAY_MS}) / {DAY_MS}, c.removed) AS entry
         FROM changes c LEFT JOIN types t ON t.id = c.type_id WHERE c.number > {behind} AND c.kind <> 'rules' ORDER BY entry"
    );
    rows(database, &sql).into_iter().map(|row| row["entry"].as_str().unwrap().to_owned()).collect()
}

fn last(database: &Path) -> i64 {
    one(database, "SELECT coalesce(max(number), 0) FROM changes").as_i64().unwrap()
}

#[test]
fn only_what_is_new_or_other_is_noted() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let steps = |value| {
        json!([
            sample(1, "2026-01-05T08:00:00.000Z", value),
            sample(2, "2026-01-05T09:00:00.000Z", 7),
            sample(3, "2026-01-20T09:00:00.000Z", 7),
        ])
    };
    let workout = json!([{
        "uuid": "30000000-0000-4000-8000-000000000001", "workoutActivityType": 37, "startDate": "2026-01-07T07:00:00.000Z",
        "endDate": "2026-01-07T08:00:00.000Z", "durationSeconds": 3600,
    }]);
    let data = json!({"HKQuantityTypeIdentifierStepCount": steps(5), "workouts": workout});
    import(&database, &data);
    let first = ["samples|StepCount|0|0|0", "samples|StepCount|15|15|0", "workouts||2|2|0"];
    assert_eq!(changes(&database, 0), first);
    // The same again, alone and beside something new.
    let seen = last(&database);
    import(&database, &data);
    assert_eq!(last(&database), seen);
    let other = json!([sample(9, "2026-01-08T09:00:00.000Z", 60)]);
    import(
        &database,
        &json!({"HKQuantityTypeIdentifierStepCount": steps(5), "HKQuantityTypeIdentifierHeartRate": other}),
    );
    assert_eq!(changes(&database, seen), ["samples|HeartRate|3|3|0"]);
    // Another value replaces a row.
    let seen = last(&database);
    import(&database, &json!({"HKQuantityTypeIdentifierStepCount": steps(6)}));
    assert_eq!(changes(&database, seen), ["samples|StepCount|0|1|1"]);
}

#[test]
fn a_sample_that_two_exporters_bring_is_noted_where_its_row_changes() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let export = database.with_file_name("export.xml");
    let text = r#"<?xml version="1.0"?><HealthData locale="en_US"><Record type="HKQuantityTypeIdentifierStepCount"
        sourceName="Watch" unit="count" creationDate="2026-01-05 09:00:00 +0000" startDate="2026-01-05 08:00:00 +0000"
        endDate="2026-01-05 08:00:00 +0000" value="5"/></HealthData>"#;
    fs::write(&export, text).unwrap();
    let import_export = || {
        let output = run(&["import", "--db", database.to_str().unwrap(), export.to_str().unwrap()]);
        assert!(output.status.success(), "{output:?}");
    };
    import_export();
    assert_eq!(changes(&database, 0), ["samples|StepCount|0|0|0"]);
    // The app's row replaces the export's.
    let seen = last(&database);
    import(&database, &json!({"HKQuantityTypeIdentifierStepCount": [sample(1, "2026-01-05T08:00:00.250Z", 5)]}));
    assert_eq!(one(&database, "SELECT count(*) FROM samples"), 1);
    assert_eq!(changes(&database, seen), ["samples|StepCount|0|1|1"]);
    // The export again brings nothing.
    let seen = last(&database);
    import_export();
    assert_eq!(last(&database), seen);
}
