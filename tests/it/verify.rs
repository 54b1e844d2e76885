//! `healthsink verify`: what a workout says of itself beside the samples in it, and samples that are too long for figures.

use std::fs;
use std::path::{Path, PathBuf};

use healthsink_testkit::database::one;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::program::{command, run_with_input};

const ENERGY: &str = "HKQuantityTypeIdentifierActiveEnergyBurned";
const HEART_RATE: &str = "HKQuantityTypeIdentifierHeartRate";
const STEPS: &str = "HKQuantityTypeIdentifierStepCount";
const SOUNDS: &str = "HKQuantityTypeIdentifierEnvironmentalAudioExposure";

fn run(db: &Path, arguments: &[&str]) -> String {
    let output = run_with_input(command().args(arguments).arg("--db").arg(db), b"");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn at(day: u8, clock: &str) -> String {
    format!("2026-01-{day:02}T{clock}:00.000Z")
}

fn source(bundle: &str) -> Value {
    json!({"source": {"name": bundle, "bundleIdentifier": bundle}, "productType": "Watch7,1"})
}

fn quantity(value: f64, unit: &str) -> Value {
    json!({"quantity": value, "unit": unit})
}

/// An hour with a pause from 07:20 to 07:30 on some days. Each day's workout comes with other statistics.
fn imported(statistics: &[Value]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (db, file) = (folder.path().join("health.db"), folder.path().join("payload.json"));
    let (mut energy, mut hearts, mut steps, mut sounds, mut workouts) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut number = 0;
    let mut sample = |day: u8, from: &str, to: &str, value: f64, unit: &str, bundle: &str| {
        number += 1;
        json!({"uuid": format!("10000000-0000-4000-8000-{number:012}"), "startDate": at(day, from), "endDate": at(day, to),
          "value": value, "unit": unit, "sourceRevision": source(bundle)})
    };
    for (day, statistics) in (1_u8..).zip(statistics) {
        let clocks = ["06:50", "07:10", "07:20", "07:30", "07:40", "07:50", "08:00"];
        for pair in clocks.windows(2) {
            // Half of the first one is before the workout.
            let value = if pair[0] == "06:50" { 120.0 } else { 60.0 };
            energy.push(sample(day, pair[0], pair[1], value, "kcal", "com.apple.health.watch"));
            energy.push(sample(day, pair[0], pair[1], 500.0, "kcal", "com.example.app"));
        }
        for (clock, value) in [("07:00", 100.0), ("07:05", 160.0), ("07:18", 130.0), ("07:25", 180.0), ("08:01", 50.0)]
        {
            hearts.push(sample(day, clock, clock, value, "count/min", "com.apple.health.watch"));
        }
        for (from, to, level) in [("07:00", "07:10", 80.0), ("07:10", "07:20", 60.0), ("07:20", "07:30", 100.0)] {
            sounds.push(sample(day, from, to, level, "dBASPL", "com.apple.health.watch"));
        }
        steps.push(sample(day, "07:40", "07:50", 1000.0, "count", "com.apple.health.phone"));
        workouts.push(json!({"uuid": format!("30000000-0000-4000-8000-{day:012}"), "workoutActivityType": 37,
          "startDate": at(day, "07:00"), "endDate": at(day, "08:00"), "durationSeconds": 3000, "allStatistics": statistics,
          "events": [{"type": 1, "startDate": at(day, "07:20"), "endDate": at(day, "07:20")},
            {"type": 2, "startDate": at(day, "07:30"), "endDate": at(day, "07:30")}],
          "sourceRevision": source("com.apple.health.watch")}));
    }
    let mut long = sample(1, "09:00", "09:00", 1.0, "count", "com.example.app");
    (long["startDate"], long["endDate"]) = (json!("2024-01-01T00:00:00.000Z"), json!("2025-02-05T00:00:00.000Z"));
    steps.push(long);
    let data = json!({ENERGY: energy, HEART_RATE: hearts, STEPS: steps, SOUNDS: sounds, "workouts": workouts});
    fs::write(&file, json!({"data": data}).to_string()).unwrap();
    run(&db, &["import", file.to_str().unwrap()]);
    (folder, db)
}

#[test]
fn statistics_of_workouts_are_compared_with_the_samples_in_them() {
    let energy = |value: f64, unit: &str| json!({ENERGY: {"sumQuantity": quantity(value, unit)}});
    let heart = |average: f64| {
        json!({HEART_RATE: {"averageQuantity": quantity(average / 60.0, "count/s"),
          "minimumQuantity": quantity(100.0, "count/min"), "maximumQuantity": quantity(160.0, "count/min")}})
    };
    let sound = |average: f64| json!({SOUNDS: {"averageQuantity": quantity(average, "dBASPL")}});
    let cases: [(Value, Option<&str>); 14] = [
        // Without the pause, and without what is before the workout.
        (energy(300.0, "kcal"), None),
        (energy(300.0 * 4.184, "kJ"), None),
        (energy(303.1, "kcal"), Some("fewer samples than the workout had")),
        (energy(360.0, "kcal"), Some("equal together with its pauses")),
        (energy(200.0, "kcal"), Some("unknown")),
        // 100 holds for 5 minutes, 160 for 10, and 130 for 2, until the pause.
        (heart(2360.0 / 17.0), None),
        (heart(130.0), Some("equal if each sample counts alike")),
        // The level of 10⁸ and 10⁶; a sample that starts as the pause does counts among the others.
        (sound(77.0), None),
        (sound(80.0), Some("equal if each sample counts alike")),
        (sound(95.27), Some("equal together with its pauses")),
        // The workout's source has none, so another one's count.
        (json!({STEPS: {"sumQuantity": quantity(1000.0, "count")}}), None),
        (
            json!({"HKQuantityTypeIdentifierRunningPower": {"averageQuantity": quantity(200.0, "W")}}),
            Some("no samples"),
        ),
        // Nothing was counted, and no sample says so.
        (json!({"HKQuantityTypeIdentifierPushCount": {"sumQuantity": quantity(0.0, "count")}}), None),
        (json!({ENERGY: [], "x": {"sumQuantity": 7}, HEART_RATE: {"duration": null}}), None),
    ];
    let (_folder, db) = imported(&cases.each_ref().map(|case| case.0.clone()));
    let found: Value = serde_json::from_str(&run(&db, &["verify", "--json"])).unwrap();
    let reports = found["workouts"].as_array().unwrap();
    let mut reasons = Vec::new();
    for report in reports {
        for difference in report["differences"].as_array().unwrap() {
            let day: usize = difference["start"].as_str().unwrap()[8..10].parse().unwrap();
            reasons.push((day, difference["reason"].as_str().unwrap()));
        }
    }
    reasons.sort_unstable();
    let expected: Vec<(usize, &str)> = (1..).zip(&cases).filter_map(|(day, case)| Some((day, case.1?))).collect();
    assert_eq!(reasons, expected);
    let count = |name: &str, figure: &str| {
        let report = reports.iter().find(|report| report["name"] == name && report["figure"] == figure).unwrap();
        (report["workouts"].clone(), report["within"].clone())
    };
    assert_eq!(count("active_energy", "sum"), (json!(5), json!(2)));
    assert_eq!(count("heart_rate", "average"), (json!(2), json!(1)));
    assert_eq!(count("heart_rate", "minimum"), (json!(2), json!(2)));
    assert_eq!(count("heart_rate", "maximum"), (json!(2), json!(2)));
    let name = reports.iter().find(|report| report["type"] == SOUNDS).unwrap()["name"].as_str().unwrap();
    assert_eq!(count(name, "average"), (json!(3), json!(1)));
    assert_eq!(count("steps", "sum"), (json!(1), json!(1)));
    let text = run(&db, &["verify"]);
    let lines: Vec<String> = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for expected in ["active_energy sum 5 2 40.0 %", "active_energy sum 1 equal together with its pauses"] {
        assert!(lines.iter().any(|line| line == expected), "{expected}: {text}");
    }
}

/// Five days of a watch, and a phone on one of them. The rings are those of the days, but for the third to the sixth day.
#[test]
fn days_that_differ_from_their_rings_have_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let (db, file) = (folder.path().join("health.db"), folder.path().join("export.xml"));
    let mut rows = String::new();
    let mut add = |day: u8, hour: u8, source: &str, stood: &str| {
        let date = |minute: u8| format!("2026-01-{day:02} {hour:02}:{minute:02}:00 +0100");
        let (start, end, whole) = (date(10), date(11), date(59));
        rows += &format!(
            r#"<Record type="HKQuantityTypeIdentifierAppleExerciseTime" sourceName="{source}" unit="min" startDate="{start}" endDate="{end}" value="1"/>
            <Record type="HKCategoryTypeIdentifierAppleStandHour" sourceName="{source}" startDate="{start}" endDate="{whole}" value="HKCategoryValueAppleStandHour{stood}"/>"#,
        );
    };
    for day in 1..=7 {
        for hour in 8..16 {
            add(day, hour, "Anna’s Apple Watch", if hour < 14 { "Stood" } else { "Idle" });
        }
    }
    add(5, 18, "Anna’s iPhone", "Idle");
    for (day, exercise, stand) in [(1, 8, 6), (2, 8, 6), (3, 7, 6), (4, 12, 8), (5, 8, 6), (6, 8, 4), (7, 8, 6)] {
        rows += &format!(
            r#"<ActivitySummary dateComponents="2026-01-{day:02}" appleExerciseTime="{exercise}" appleStandHours="{stand}"/>"#
        );
    }
    fs::write(&file, format!("<HealthData>{rows}</HealthData>")).unwrap();
    run(&db, &["import", "--zone", "Europe/Paris", file.to_str().unwrap()]);
    let found: Value = serde_json::from_str(&run(&db, &["verify", "--json"])).unwrap();
    let mut reasons = Vec::new();
    for report in found["rings"].as_array().unwrap() {
        for difference in report["differences"].as_array().unwrap() {
            let [ring, day, reason] =
                [&report["ring"], &difference["day"], &difference["reason"]].map(|text| text.as_str().unwrap());
            reasons.push(format!("{ring} {day}: {reason}"));
        }
    }
    let less = "the ring has less than its samples, which are all of one source";
    assert_eq!(
        reasons,
        [
            format!("exercise 2026-01-03: {less}"),
            "exercise 2026-01-04: fewer samples than the ring had".to_owned(),
            "exercise 2026-01-05: several sources: a ring counts the active watch only".to_owned(),
            "stand 2026-01-04: fewer samples than the ring had".to_owned(),
            format!("stand 2026-01-06: {less}"),
        ]
    );
}

#[test]
fn samples_over_400_days_are_listed() {
    let (_folder, db) = imported(&[]);
    let found: Value = serde_json::from_str(&run(&db, &["verify", "--json"])).unwrap();
    let sample = json!({"type": STEPS, "start": "2024-01-01T00:00:00Z", "end": "2025-02-05T00:00:00Z", "source": "com.example.app"});
    assert_eq!(found["longSamples"], json!({"count": 1, "samples": [sample]}));
    let text = run(&db, &["verify"]);
    assert!(text.contains("since they last longer than 400 days: 1\n  steps from 2024-01-01T00:00:00Z"), "{text}");
    let text = run(&db, &["explain", "--type", "steps", "--day", "2024-01-01"]);
    assert!(text.contains("left out: 1 (longer than 400 days)"), "{text}");
}

#[test]
fn marks_of_a_figure_are_shown() {
    let (folder, db) = imported(&[]);
    let file = folder.path().join("marked.json");
    let today = one(&db, "SELECT date('now')").as_str().unwrap().to_owned();
    // Of a month, and one of the day that is not over.
    let now = format!("{today}T00:00:00.000Z");
    let spans = [("2025-03-01T00:00:00.000Z", "2025-03-31T00:00:00.000Z"), (&*now, &*now)];
    let sample = |(number, (start, end)): (usize, (&str, &str))| {
        json!({"uuid": format!("40000000-0000-4000-8000-{number:012}"), "startDate": start, "endDate": end, "value": 30,
          "unit": "count", "sourceRevision": source("com.example.app")})
    };
    let samples: Vec<Value> = spans.into_iter().enumerate().map(sample).collect();
    fs::write(&file, json!({"data": {STEPS: samples}}).to_string()).unwrap();
    run(&db, &["import", file.to_str().unwrap()]);
    for (day, mark, text) in [
        ("2025-03-02", "longSample", "It is of a long sample: one of more than a day counts."),
        (&*today, "partial", "It is partial: its time is not over."),
    ] {
        let explain = ["explain", "--type", "steps", "--day", day];
        assert!(run(&db, &explain).contains(text), "{day}");
        let shown: Value = serde_json::from_str(&run(&db, &[&explain[..], &["--json"]].concat())).unwrap();
        assert_eq!(shown["marks"], json!([mark]), "{shown}");
    }
    let plain: Value =
        serde_json::from_str(&run(&db, &["explain", "--type", "steps", "--day", "2025-04-20", "--json"])).unwrap();
    assert_eq!(plain["marks"], json!([]));
}
