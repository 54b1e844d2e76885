//! The commands for days and nights: `report`, `sources`, `zones`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::program::{command, run_with_input};
use healthsink_testkit::database::{one, rows};

/// Runs a command on the database. Returns its output and whether it succeeded.
fn run(db: &Path, arguments: &[&str]) -> (String, bool) {
    let output = run_with_input(command().args(arguments).arg("--db").arg(db), b"");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (text, output.status.success())
}

/// Ten days of a phone and a watch at once, with nights, workouts and doses, in Berlin.
fn database() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("health.db");
    let mut data = serde_json::Map::new();
    let mut number = 0;
    let mut add = |kind: &str, day: u8, hours: [&str; 2], value: Value, unit: Option<&str>, product: &str| {
        number += 1;
        let times = hours.map(|hour| format!("2026-01-{day:02}T{hour}:00.000Z"));
        let sample = json!({
            "uuid": format!("10000000-0000-4000-8000-{number:012}"), "startDate": times[0], "endDate": times[1], "value": value,
            "unit": unit, "metadata": {"HKTimeZone": "Europe/Berlin"},
            "sourceRevision": {"source": {"name": format!("Anna’s {product}"), "bundleIdentifier": format!("com.apple.health.{product}")},
              "productType": format!("{product}7,1")},
        });
        data.entry(kind).or_insert_with(|| json!([])).as_array_mut().unwrap().push(sample);
    };
    for day in 1..=10 {
        add("HKQuantityTypeIdentifierStepCount", day, ["09:00", "09:10"], json!(900), Some("count"), "Watch");
        add("HKQuantityTypeIdentifierStepCount", day, ["09:00", "09:10"], json!(1000), Some("count"), "iPhone");
        add("HKQuantityTypeIdentifierActiveEnergyBurned", day, ["09:00", "09:10"], json!(420.4), Some("kcal"), "Watch");
        add("HKQuantityTypeIdentifierRestingHeartRate", day, ["09:00", "09:10"], json!(54), Some("count/min"), "Watch");
        add("HKQuantityTypeIdentifierBodyMass", day, ["06:00", "06:00"], json!(71.25), Some("kg"), "iPhone");
        add("HKCategoryTypeIdentifierSleepAnalysis", day, ["00:00", "04:00"], json!(3), None, "Watch");
        add("HKCategoryTypeIdentifierSleepAnalysis", day, ["04:00", "05:12"], json!(4), None, "Watch");
    }
    let workout = json!([{
        "uuid": "30000000-0000-4000-8000-000000000001", "workoutActivityType": 37, "startDate": "2026-01-09T07:00:00.000Z",
        "endDate": "2026-01-09T08:00:00.000Z", "durationSeconds": 3600, "totalDistance": 10, "totalDistanceUnit": "km",
    }]);
    data.insert("workouts".to_owned(), workout);
    let dose = |day: u8, status: u8| {
        json!({
            "uuid": format!("50000000-0000-4000-8000-0000000000{day:02}"), "medicationName": "Aspirin \u{1b}[31m", "logStatus": status,
            "startDate": format!("2026-01-{day:02}T08:05:00.000Z"), "scheduledDate": format!("2026-01-{day:02}T08:00:00.000Z"),
        })
    };
    let mut long = dose(8, 4);
    (long["uuid"], long["medicationName"]) = (json!("50000000-0000-4000-8000-000000000099"), json!("x".repeat(200)));
    data.insert("medicationDoseEvents".to_owned(), json!([dose(1, 4), dose(8, 4), dose(9, 5), long]));
    let file = folder.path().join("payload.json");
    fs::write(&file, json!({"data": data}).to_string()).unwrap();
    let (text, is_done) = run(&db, &["import", file.to_str().unwrap()]);
    assert!(is_done, "{text}");
    (folder, db)
}

#[test]
fn a_report_shows_days_beside_a_month_on_80_columns() {
    let (_folder, db) = database();
    let (text, is_done) = run(&db, &["report", "--from", "2026-01-08", "--to", "2026-01-11"]);
    assert!(is_done, "{text}");
    println!("{text}");
    assert!(text.starts_with("me, 2026-01-08 to 2026-01-11 (Europe/Berlin)\n"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let line = |start: &str| -> Vec<&str> {
        text.lines()
            .find(|line| line.starts_with(start))
            .unwrap_or_else(|| panic!("{start}: {text}"))
            .split_whitespace()
            .collect()
    };
    assert_eq!(line("Thu 01-08"), ["Thu", "01-08", "900", "420", "–", "–", "–", "54", "5:12", "1:12", "0:00", "71.2"]);
    assert_eq!(line("Sun 01-11")[2..], ["–"; 10]);
    assert_eq!(line("28 days")[2..], ["900", "420", "–", "–", "–", "54", "5:12", "1:12", "0:00", "71.2"]);
    assert_eq!(line("running"), ["running", "1", "1.0", "10.0", "1"]);
    assert!(text.contains("Aspirin \\u{1b}[31m        1 of 2"), "{text}");
    // Of a week without a run, the month still has it.
    let (text, _) = run(&db, &["report", "--from", "2026-01-10", "--to", "2026-01-11"]);
    assert!(text.lines().any(|line| line.split_whitespace().eq(["running", "0", "0.0", "–", "1"])), "{text}");
    let (text, _) = run(&db, &["report", "--json", "--days", "3", "--to", "2026-01-10"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    let days: Vec<&str> = report["days"].as_array().unwrap().iter().map(|day| day["day"].as_str().unwrap()).collect();
    assert_eq!(days, ["2026-01-08", "2026-01-09", "2026-01-10"]);
    assert_eq!((&report["mean"]["steps"], &report["isCurrent"]), (&json!(900.0), &json!(true)));
    let (text, _) = run(&db, &["report", "--days", "2", "--from", "2026-01-08"]);
    assert!(text.starts_with("me, 2026-01-08 to 2026-01-09 "), "{text}");
    let (text, is_done) = run(&db, &["report", "--days", "2", "--from", "2026-01-08", "--to", "2026-01-10"]);
    assert!(!is_done && text.contains("leave one of them out"), "{text}");
    let (text, is_done) = run(&db, &["report", "--person", "eve"]);
    assert!(!is_done && text.contains("no person eve"), "{text}");
    let (text, is_done) = run(&db, &["report", "--from", "2020-01-01"]);
    assert!(!is_done && text.contains("at most 366 days"), "{text}");
}

/// A table of dashes would not say what to do.
#[test]
fn a_report_without_figures_says_how_to_get_some() {
    let (_folder, db) = database();
    let (text, is_done) = run(&db, &["report", "--from", "2026-03-01", "--to", "2026-03-07"]);
    let command = format!("healthsink report --db {} --to 2026-01-10\n", db.display());
    assert!(is_done && text.contains(&command) && !text.contains('–'), "{text}");
    let (text, _) = run(&db, &["report", "--person", "me", "--from", "2026-03-01", "--to", "2026-03-07"]);
    assert!(text.contains("healthsink report --person me --db "), "{text}");
    let (json, _) = run(&db, &["report", "--from", "2026-03-01", "--to", "2026-03-07", "--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["lastDay"], json["days"].as_array().map(Vec::len)), (&json!("2026-01-10"), Some(7)));
    // Of the month before them there is something to compare with.
    let (text, _) = run(&db, &["report", "--from", "2026-01-12", "--to", "2026-01-13"]);
    assert!(text.contains("28 days") && text.contains('–'), "{text}");

    // Neither a type that no report has, nor a day to come.
    let folder = tempfile::tempdir().unwrap();
    let (db, file) = (folder.path().join("other.db"), folder.path().join("other.json"));
    let sample = |number: u8, day: &str| {
        json!({"uuid": format!("10000000-0000-4000-8000-0000000000{number:02}"), "startDate": format!("{day}T09:00:00.000Z"),
            "endDate": format!("{day}T09:00:00.000Z"), "value": 5})
    };
    let data = json!({"HKQuantityTypeIdentifierBloodGlucose": [sample(1, "2025-01-05")],
        "HKQuantityTypeIdentifierStepCount": [sample(2, "2099-01-05")]});
    fs::write(&file, json!({"data": data}).to_string()).unwrap();
    let (text, is_done) = run(&db, &["import", file.to_str().unwrap()]);
    assert!(is_done && text.contains("records of me\n"), "the first import says also whose they are: {text}");
    let (text, _) = run(&db, &["report"]);
    assert!(text.contains("No figures yet"), "{text}");

    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("empty.db");
    assert!(run(&db, &["token", "new"]).1);
    let (text, is_done) = run(&db, &["report"]);
    for part in ["No figures yet", "healthsink setup", "healthsink import export.zip"] {
        assert!(is_done && text.contains(part) && !text.contains('–'), "{part}: {text}");
    }
}

#[test]
fn sources_of_one_name_are_told_apart_and_nameless_ones_seen() {
    let folder = tempfile::tempdir().unwrap();
    let (db, file) = (folder.path().join("health.db"), folder.path().join("steps.json"));
    let sample = |number: u8, bundle: &str| {
        let time = format!("2026-01-05T{number:02}:00:00.000Z");
        let source =
            if bundle.is_empty() { json!({}) } else { json!({"name": "Apple Watch", "bundleIdentifier": bundle}) };
        json!({"uuid": format!("10000000-0000-4000-8000-0000000000{number:02}"), "startDate": time, "endDate": time, "value": 60,
            "unit": "count/min", "sourceRevision": {"source": source, "productType": "Watch7,1"}})
    };
    let samples = [sample(1, "com.apple.health.A"), sample(2, "com.apple.health.B"), sample(3, "")];
    fs::write(&file, json!({"data": {"HKQuantityTypeIdentifierHeartRate": samples}}).to_string()).unwrap();
    assert!(run(&db, &["import", file.to_str().unwrap()]).1);
    let (text, _) = run(&db, &["explain", "--type", "HeartRate", "--day", "2026-01-05"]);
    for part in ["Apple Watch (com.apple.health.A)", "Apple Watch (com.apple.health.B)", "(no name)"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("minutes"), "single instants last none: {text}");
    let (text, _) = run(&db, &["sources", "list"]);
    assert!(text.contains("(no name)"), "{text}");
}

/// As on a disk that is full by then.
#[test]
fn an_import_without_its_figures_says_so_and_a_report_knows_it() {
    let folder = tempfile::tempdir().unwrap();
    let (db, file) = (folder.path().join("health.db"), folder.path().join("steps.json"));
    let steps = |uuid: &str| {
        let sample = json!({"uuid": uuid, "startDate": "2026-01-05T09:00:00.000Z", "endDate": "2026-01-05T09:00:00.000Z", "value": 5});
        fs::write(&file, json!({"data": {"HKQuantityTypeIdentifierStepCount": [sample]}}).to_string()).unwrap();
    };
    assert!(run(&db, &["token", "new"]).1);
    let faulty = "CREATE TRIGGER faulty BEFORE INSERT ON days BEGIN SELECT RAISE(ABORT, 'faulty'); END";
    rusqlite::Connection::open(&db).unwrap().execute_batch(faulty).unwrap();
    steps("10000000-0000-4000-8000-000000000001");
    let output = crate::program::run(&["import", "--db", db.to_str().unwrap(), file.to_str().unwrap()]);
    let message = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<&str> = message.lines().filter(|line| line.contains("WARN")).collect();
    assert!(output.status.success() && lines.len() == 1, "{message}");
    for part in
        ["all records are stored, but days and nights are not computed", "then import again, or start the server"]
    {
        assert!(lines[0].contains(part), "{part}: {message}");
    }
    let (text, _) = run(&db, &["report"]);
    assert!(
        text.contains("No figures yet.\n") && text.contains("The server or the next import computes them"),
        "{text}"
    );
    assert!(!text.contains("healthsink setup"), "{text}");
    rusqlite::Connection::open(&db).unwrap().execute_batch("DROP TRIGGER faulty").unwrap();
    steps("10000000-0000-4000-8000-000000000002");
    assert!(run(&db, &["import", file.to_str().unwrap()]).1);
    let (text, _) = run(&db, &["report"]);
    assert!(text.contains("--to 2026-01-05"), "{text}");
}

/// An older program does not know whether they are current, so it asks for an upgrade.
#[test]
fn a_report_of_figures_from_a_newer_version_says_to_upgrade() {
    let (_folder, db) = database();
    let report = |change: &str| {
        rusqlite::Connection::open(&db).unwrap().execute_batch(&format!("UPDATE derived_state SET {change}")).unwrap();
        let days = ["report", "--from", "2026-01-08", "--to", "2026-01-11"];
        let (json, _) = run(&db, &[&days[..], &["--json"]].concat());
        let json: Value = serde_json::from_str(&json).unwrap();
        (run(&db, &days).0, json["isCurrent"].clone(), json["isFromNewerVersion"].clone())
    };
    let (text, is_current, is_newer) = report("person_id = person_id");
    assert!(text.contains("28 days") && !text.contains("upgrade") && !text.contains("not in these figures"), "{text}");
    assert_eq!((is_current, is_newer), (json!(true), Value::Null));
    for newer in ["rules = rules + 1", "rules = rules - 1, tzdb = '9999a'"] {
        let (text, is_current, is_newer) = report(newer);
        assert!(text.contains("upgrade this program") && !text.contains("next import"), "{newer}: {text}");
        assert!(text.contains("900") && text.lines().all(|line| line.chars().count() <= 80), "{newer}: {text}");
        assert_eq!((is_current, is_newer), (json!(false), json!(true)), "{newer}");
    }
    let (text, is_current, is_newer) = report("rules = rules - 1");
    assert!(text.contains("next import computes") && !text.contains("upgrade"), "{text}");
    assert_eq!((is_current, is_newer), (json!(false), Value::Null));
}

#[test]
fn an_owners_order_of_sources_counts() {
    let (_folder, db) = database();
    let steps = || one(&db, "SELECT value FROM steps_per_day WHERE day = '2026-01-05'");
    let check = |arguments: &[&str], expected: f64| {
        let (text, is_done) = run(&db, arguments);
        assert!(is_done, "{text}");
        assert_eq!(steps(), expected, "{arguments:?}");
        assert_eq!(one(&db, "SELECT change = (SELECT max(number) FROM changes) FROM derived_state"), 1);
    };
    assert_eq!(steps(), 900.0);
    let (text, _) = run(&db, &["sources", "list"]);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[1].contains("1  Anna’s Watch   watch") && lines[2].contains("2  Anna’s iPhone  phone"), "{text}");
    check(&["sources", "rank", "--type", "steps", "Anna’s iPhone", "com.apple.health.Watch"], 1000.0);
    check(&["sources", "rank", "--type", "step_count"], 900.0);
    check(&["sources", "rank", "Anna’s iPhone"], 1000.0);
    check(&["sources", "rank"], 900.0);
    check(&["sources", "ignore", "--type", "StepCount", "Anna’s Watch"], 1000.0);
    let (text, _) = run(&db, &["sources", "list", "--type", "StepCount"]);
    assert!(text.contains("–  Anna’s Watch") && text.contains("does not count"), "{text}");
    check(&["sources", "ignore", "--type", "StepCount", "Anna’s Watch", "--undo"], 900.0);
    // A decision prints the list that it makes.
    let (text, _) = run(&db, &["sources", "rank", "--json", "Anna’s iPhone"]);
    let listed: Value = serde_json::from_str(&text).unwrap();
    assert_eq!([&listed[0]["name"], &listed[0]["place"]], [&json!("Anna’s iPhone"), &json!(1)], "{text}");
    assert_eq!(run(&db, &["sources", "rank", "--quiet"]).0, "");
    for (arguments, part) in [
        (["sources", "rank", "Nobody’s Watch"], "no source Nobody’s Watch"),
        (["sources", "list", "--type=Moods"], "no samples of the type Moods"),
    ] {
        let (text, is_done) = run(&db, &arguments);
        assert!(!is_done && text.contains(part), "{text}");
    }
}

/// A device whose clock is wrong may name a zone of the future.
#[test]
fn a_report_has_the_zone_of_now() {
    let (folder, db) = database();
    let sample = json!({
        "uuid": "20000000-0000-4000-8000-000000000001", "startDate": "2095-01-01T00:00:00.000Z",
        "endDate": "2095-01-01T05:00:00.000Z", "value": 3, "metadata": {"HKTimeZone": "Asia/Tokyo"},
        "sourceRevision": {"source": {"name": "Anna’s Watch", "bundleIdentifier": "com.apple.health.Watch"}, "productType": "Watch7,1"},
    });
    let file = folder.path().join("future.json");
    fs::write(&file, json!({"data": {"HKCategoryTypeIdentifierSleepAnalysis": [sample]}}).to_string()).unwrap();
    let (text, is_done) = run(&db, &["import", file.to_str().unwrap()]);
    assert!(is_done, "{text}");
    let zones = "SELECT group_concat(name) FROM zone_changes JOIN zones ON id = zone_id";
    assert_eq!(one(&db, zones), "Europe/Berlin,Asia/Tokyo");
    let zone = || -> Value {
        let (text, _) = run(&db, &["report", "--to", "2026-01-09", "--json"]);
        serde_json::from_str::<Value>(&text).unwrap()["zone"].clone()
    };
    assert_eq!(zone(), "Europe/Berlin");
    let (text, is_done) =
        run(&db, &["zones", "add", "--from", "2026-02-01T00:00:00Z", "--to", "2090-01-01T00:00:00Z", "Asia/Baku"]);
    assert!(is_done, "{text}");
    assert_eq!(zone(), "Asia/Baku");
}

#[test]
fn zones_can_be_corrected() {
    let (_folder, db) = database();
    let days = || -> Vec<String> {
        let sql = "SELECT concat_ws('|', day, zone) AS day FROM steps_per_day WHERE day BETWEEN '2026-01-04' AND '2026-01-08'";
        rows(&db, sql).iter().map(|row| row["day"].as_str().unwrap().to_owned()).collect()
    };
    let before = days();
    assert_eq!(before[0], "2026-01-04|Europe/Berlin");
    let (text, is_done) = run(&db, &["zones", "list"]);
    assert!(is_done && text.contains("Europe/Berlin  samples"), "{text}");
    let add = ["zones", "add", "--from", "2026-01-05T00:00:00Z", "--to", "2026-01-07T00:00:00Z", "Pacific/Kiritimati"];
    let (text, is_done) = run(&db, &add);
    assert!(is_done && text.contains("Pacific/Kiritimati  entry"), "{text}");
    let zones = "SELECT group_concat(DISTINCT zone) FROM steps_per_day";
    assert_eq!(one(&db, zones), "Europe/Berlin,Pacific/Kiritimati");
    let (text, is_done) = run(&db, &["zones", "add", "--from", "2026-01-06T00:00:00Z", "Asia/Tokyo"]);
    assert!(!is_done && text.contains("another entry"), "{text}");
    let (text, is_done) = run(&db, &["zones", "remove", "--from", "2026-01-05T00:00:00Z"]);
    assert!(is_done, "{text}");
    assert_eq!(days(), before);
    let (text, is_done) = run(&db, &["zones", "home", "europe/paris"]);
    assert!(is_done, "{text}");
    assert_eq!(one(&db, "SELECT zone FROM home_zones"), "Europe/Paris");
    assert_eq!(days(), before);
    let (text, is_done) = run(&db, &["zones", "home", "Paris"]);
    assert!(!is_done && text.contains("tz database"), "{text}");
}

#[test]
fn a_figure_is_explained_in_its_parts() {
    let (_folder, db) = database();
    let (text, is_done) = run(&db, &["explain", "--type", "steps", "--day", "2026-01-05"]);
    assert!(is_done, "{text}");
    println!("{text}");
    assert!(text.starts_with("steps on 2026-01-05 (Europe/Berlin): 900.000 count\n"), "{text}");
    assert!(text.contains("Adding up all rows would make 1900.000."), "{text}");
    assert!(text.contains("2026-01-05T10:00:00  2026-01-05T10:10:00  Anna’s Watch"), "{text}");
    let (text, _) = run(&db, &["explain", "--type", "StepCount", "--day", "2026-01-05", "--json"]);
    let parts: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&parts["value"], &parts["naive"], &parts["count"]), (&json!(900.0), &json!(1900.0), &json!(1)));
    let source = |place: usize| {
        let part = &parts["sources"][place];
        (part["source"].as_str().unwrap(), part["value"].as_f64().unwrap(), part["recorded"].as_f64().unwrap())
    };
    assert_eq!([source(0), source(1)], [("Anna’s Watch", 900.0, 900.0), ("Anna’s iPhone", 0.0, 1000.0)]);
    assert!(text.contains("\"recorded\""), "{text}");
    let (text, is_done) = run(&db, &["explain", "--type", "StepCount", "--day", "2020-01-05"]);
    assert!(is_done && text.contains("no figure"), "{text}");
    let (text, _) = run(&db, &["explain", "--type", "resting_heart_rate", "--day", "2026-01-05"]);
    assert!(text.contains("source          mean  samples"), "{text}");
    let (text, is_done) = run(&db, &["explain", "--type", "sleep", "--day", "2026-01-05"]);
    assert!(is_done && text.starts_with("sleep in the night to 2026-01-05 (Europe/Berlin): 312.000 min\n"), "{text}");
    assert!(text.contains("312.0 in bed, from its first to its last sample; 240.0 core, 72.0 deep."), "{text}");
    assert!(text.contains("main    2026-01-05T01:00:00  2026-01-05T06:12:00   312.0"), "{text}");
    assert!(text.contains("2026-01-05T05:00:00  2026-01-05T06:12:00  deep: Anna’s Watch"), "{text}");
    let (text, is_done) = run(&db, &["explain", "--type", "Moods", "--day", "2026-01-05"]);
    assert!(!is_done && text.contains("no samples of the type Moods"), "{text}");
}

#[test]
fn rings_are_compared_with_the_days_and_differences_have_a_reason() {
    let (folder, db) = database();
    let (text, is_done) = run(&db, &["verify"]);
    assert!(is_done && text.contains("No rings"), "{text}");
    let ring = |day: u8, energy: &str| {
        format!(
            r#"<ActivitySummary dateComponents="2026-01-{day:02}" activeEnergyBurned="{energy}" activeEnergyBurnedGoal="500"
             activeEnergyBurnedUnit="kJ" appleMoveTime="0" appleMoveTimeGoal="0" appleExerciseTime="0" appleExerciseTimeGoal="30"
             appleStandHours="0" appleStandHoursGoal="12"/>"#
        )
    };
    // 420.4 kcal are 1758.95 kJ. The figure is the watch's only.
    let rings = [ring(5, "1760"), ring(6, "2000"), ring(20, "100")].concat();
    let export = folder.path().join("export.xml");
    fs::write(&export, format!(r#"<?xml version="1.0"?><HealthData locale="en_US">{rings}</HealthData>"#)).unwrap();
    let (text, is_done) = run(&db, &["import", export.to_str().unwrap()]);
    assert!(is_done, "{text}");
    let (text, _) = run(&db, &["verify", "--json"]);
    let rings = &serde_json::from_str::<Value>(&text).unwrap()["rings"];
    assert_eq!((&rings[0]["days"], &rings[0]["within"], &rings[1]["days"]), (&json!(3), &json!(1), &json!(0)));
    let reasons: Vec<&str> =
        rings[0]["differences"].as_array().unwrap().iter().map(|day| day["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["fewer samples than the ring had", "no samples"]);
    let (text, _) = run(&db, &["verify"]);
    println!("{text}");
    assert!(text.contains("active energy     3           1  33.3 %"), "{text}");
    assert!(text.contains("2026-01-06  active energy  478.0  420.4  fewer samples than the ring had"), "{text}");
}
