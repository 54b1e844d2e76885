//! The payloads of `testdata/`: the same answers as from a file, first and again, and as many rows in each table.

use healthsink_testkit::http::Client;
use healthsink_testkit::server::Server;
use serde_json::Value;

use super::cluster::store;
use super::samples::serve;
use crate::contract::{names, payload};

/// Tables with rows of uploads, and what is kept beside them.
const TABLES: [&str; 15] = [
    "samples",
    "merged_samples",
    "sample_origins",
    "workouts",
    "workout_aliases",
    "workout_identities",
    "route_points",
    "medication_doses",
    "medications",
    "characteristics",
    "other_records",
    "rejects",
    "changes",
    "types",
    "sources",
];

#[test]
fn payloads_are_answered_and_stored_as_in_a_file() {
    let Some(store) = store() else { return };
    let (program, server) = (serve(&store), Server::start());
    let without_number = |mut answer: Value| {
        answer.as_object_mut().unwrap().remove("upload");
        answer
    };
    for name in names().iter().flat_map(|name| [name, name]) {
        let found = Client::connect(program.address).post(&[], &payload(name));
        let expected = server.post(payload(name));
        assert_eq!(found.status, expected.status, "{name}: {found:?}");
        assert_eq!(without_number(found.json()), without_number(expected.json()), "{name}");
        for table in TABLES {
            let (found, expected) =
                (store.sql(&format!("SELECT count(*) FROM {table}")), server.count(table).to_string());
            assert_eq!(found, expected, "{name}: {table}");
        }
    }
}

/// Apple's export and the app, in both orders: the same report and as many rows as in a file.
#[test]
fn imports_and_the_app_are_merged_as_in_a_file() {
    const BODY: &[u8] = br#"{"data":{"HKQuantityTypeIdentifierStepCount":[
        {"uuid":"30000000-0000-4000-8000-000000000001","startDate":"2024-05-01T10:00:00Z","endDate":"2024-05-01T10:05:00Z","value":120,
         "unit":"count","sourceRevision":{"source":{"name":"Phone","bundleIdentifier":"com.apple.health.1"}}},
        {"uuid":"30000000-0000-4000-8000-000000000002","startDate":"2024-05-01T11:00:00Z","endDate":"2024-05-01T11:05:00Z","value":80,
         "unit":"count","sourceRevision":{"source":{"name":"Phone","bundleIdentifier":"com.apple.health.1"}}}]}}"#;
    const EXPORT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<HealthData locale="en_US"><ExportDate value="2024-05-02 10:00:00 +0000"/>
<Record type="HKQuantityTypeIdentifierStepCount" sourceName="Phone" unit="count" creationDate="2024-05-01 10:06:00 +0000"
 startDate="2024-05-01 10:00:00 +0000" endDate="2024-05-01 10:05:00 +0000" value="120"/>
<Record type="HKQuantityTypeIdentifierStepCount" sourceName="Phone" unit="count" creationDate="2024-05-01 12:06:00 +0000"
 startDate="2024-05-01 12:00:00 +0000" endDate="2024-05-01 12:05:00 +0000" value="33"/>
<Workout workoutActivityType="HKWorkoutActivityTypeRunning" duration="30" durationUnit="min" sourceName="Phone"
 startDate="2024-05-01 18:00:00 +0000" endDate="2024-05-01 18:30:00 +0000"/>
</HealthData>
"#;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export.xml");
    std::fs::write(&file, EXPORT).unwrap();
    let file = file.to_str().unwrap();
    for is_import_first in [true, false] {
        let Some(store) = store() else { return };
        let (program, server) = (serve(&store), Server::start());
        let post = || {
            let found = Client::connect(program.address).post(&[], BODY);
            assert_eq!((found.status, server.post(BODY).status), (200, 200), "{found:?}");
        };
        let import = || {
            let report = |output: std::process::Output| {
                let mut report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
                ["seconds", "files", "durationMs"]
                    .iter()
                    .for_each(|name| _ = report.as_object_mut().unwrap().remove(*name));
                report
            };
            let found = report(store.run(&["import", "--json", "--person", "me", file]));
            let db = server.database();
            let expected =
                crate::program::run(&["import", "--json", "--person", "me", "--db", db.to_str().unwrap(), file]);
            assert_eq!(found["new"], report(expected)["new"], "{found}");
        };
        if is_import_first {
            (import(), post())
        } else {
            (post(), import())
        };
        import();
        post();
        for table in TABLES {
            let (found, expected) =
                (store.sql(&format!("SELECT count(*) FROM {table}")), server.count(table).to_string());
            assert_eq!(found, expected, "{table}");
        }
        let sum = "SELECT sum(new), sum(updated), sum(unchanged), sum(merged) FROM uploads";
        let expected = server
            .rows("SELECT concat_ws('|', sum(new), sum(updated), sum(unchanged), sum(merged)) AS row FROM uploads");
        assert_eq!(store.sql(sum), expected[0]["row"].as_str().unwrap());
    }
}
