//! A database of a few days, with every kind of row that a view shows. The recipes' answers can be computed by hand.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::run;

/// Apple writes a no-break space between the words.
const WATCH: &str = "Apple\u{a0}Watch";
const PHONE: &str = "Anna’s\u{a0}iPhone";

/// Quantities with a view: their type, their unit, and their values on 5 January, 6 January and 5 February.
const QUANTITIES: [(&str, &str, [f64; 3]); 27] = [
    ("RestingHeartRate", "count/min", [54.0, 56.0, 52.0]),
    ("WalkingHeartRateAverage", "count/min", [98.0, 99.0, 97.0]),
    ("HeartRateVariabilitySDNN", "ms", [40.0, 50.0, 60.0]),
    ("DistanceWalkingRunning", "km", [5.5, 3.25, 1.0]),
    ("DistanceCycling", "mi", [10.0, 12.0, 8.0]),
    ("FlightsClimbed", "count", [4.0, 5.0, 6.0]),
    ("ActiveEnergyBurned", "kcal", [420.0, 510.0, 380.0]),
    ("BasalEnergyBurned", "kcal", [1600.0, 1610.0, 1590.0]),
    ("AppleExerciseTime", "min", [30.0, 45.0, 20.0]),
    ("AppleStandTime", "min", [5.0, 4.0, 3.0]),
    ("OxygenSaturation", "%", [0.97, 0.98, 0.96]),
    ("RespiratoryRate", "count/min", [14.5, 15.0, 14.0]),
    ("BodyTemperature", "degC", [36.6, 36.8, 36.7]),
    ("AppleSleepingWristTemperature", "degC", [35.9, 36.0, 36.1]),
    ("BodyMass", "kg", [70.0, 71.0, 72.0]),
    ("BodyFatPercentage", "%", [0.205, 0.204, 0.203]),
    ("Height", "cm", [172.0, 172.0, 172.0]),
    ("VO2Max", "mL/min·kg", [44.0, 45.0, 46.0]),
    ("BloodPressureSystolic", "mmHg", [120.0, 118.0, 121.0]),
    ("BloodPressureDiastolic", "mmHg", [80.0, 79.0, 81.0]),
    ("BloodGlucose", "mg/dL", [95.0, 92.0, 99.0]),
    ("DietaryEnergyConsumed", "kcal", [650.0, 700.0, 500.0]),
    ("DietaryWater", "mL", [250.0, 300.0, 200.0]),
    ("DietaryCaffeine", "mg", [80.0, 95.0, 60.0]),
    ("EnvironmentalAudioExposure", "dBASPL", [65.5, 70.0, 61.0]),
    ("TimeInDaylight", "min", [40.0, 25.0, 60.0]),
    ("WalkingSpeed", "km/hr", [5.1, 4.9, 5.0]),
];
const DAYS: [&str; 3] = ["2026-01-05", "2026-01-06", "2026-02-05"];

/// The run that has a route.
pub(crate) const RUN: &str = "30000000-0000-4000-8000-000000000001";

/// Samples, each with its own uuid.
#[derive(Default)]
struct Samples {
    data: serde_json::Map<String, Value>,
    count: u64,
}

impl Samples {
    fn add(&mut self, kind: &str, [start, end]: [&str; 2], value: Value, unit: Option<&str>, source: &str) {
        self.count += 1;
        let product = if source == WATCH { "Watch7,1" } else { "iPhone17,1" };
        let sample = json!({
            "uuid": format!("10000000-0000-4000-8000-{:012}", self.count), "startDate": start, "endDate": end, "value": value,
            "unit": unit, "sourceRevision": {"source": {"name": source}, "version": "26.1", "productType": product},
        });
        let list = self.data.entry(kind).or_insert_with(|| json!([]));
        list.as_array_mut().unwrap().push(sample);
    }

    fn quantity(&mut self, kind: &str, start: &str, value: f64, unit: &str, source: &str) {
        self.add(&format!("HKQuantityTypeIdentifier{kind}"), [start, start], json!(value), Some(unit), source);
    }

    fn category(&mut self, kind: &str, times: [&str; 2], value: u8, source: &str) {
        let times = times.map(|time| format!("{time}:00.000Z"));
        let [start, end] = &times;
        self.add(&format!("HKCategoryTypeIdentifier{kind}"), [start, end], json!(value), None, source);
    }
}

fn samples() -> Samples {
    let mut samples = Samples::default();
    for (kind, unit, values) in QUANTITIES {
        for (day, value) in DAYS.iter().zip(values) {
            samples.quantity(kind, &format!("{day}T08:00:00.000Z"), value, unit, WATCH);
        }
    }
    // A scale that was set to pounds: 71 kg.
    samples.quantity("BodyMass", "2026-01-07T08:00:00.000Z", 71.0 / 0.453_592_37, "lb", "Scale");
    for (second, bpm) in [("00:00", 110.0), ("00:30", 120.0), ("01:00", 150.0), ("01:30", 165.0)] {
        samples.quantity("HeartRate", &format!("2026-01-05T07:{second}.000Z"), bpm, "count/min", WATCH);
    }
    samples.quantity("HeartRate", "2026-01-06T08:00:00.000Z", 60.0, "count/min", WATCH);
    for (time, count, source) in [
        ("2026-01-05T08", 4000.0, WATCH),
        ("2026-01-05T18", 3000.0, WATCH),
        ("2026-01-05T08", 5000.0, PHONE),
        ("2026-01-06T08", 2000.0, WATCH),
        ("2026-01-06T08", 6000.0, PHONE),
    ] {
        samples.quantity("StepCount", &format!("{time}:00:00.000Z"), count, "count", source);
    }
    // In bed by the phone; core, deep, REM, awake and core by the watch.
    let bed = ["2026-01-05T22:00", "2026-01-06T06:00"];
    samples.category("SleepAnalysis", bed, 0, PHONE);
    let night =
        ["05T22:30", "06T01:30", "06T03:00", "06T04:00", "06T04:15", "06T05:45"].map(|time| format!("2026-01-{time}"));
    for (times, stage) in night.windows(2).zip([3, 4, 5, 2, 3]) {
        samples.category("SleepAnalysis", [&times[0], &times[1]], stage, WATCH);
    }
    samples.category("AppleStandHour", ["2026-01-05T08:00", "2026-01-05T09:00"], 0, WATCH);
    samples.category("MindfulSession", ["2026-01-05T20:00", "2026-01-05T20:10"], 0, PHONE);
    samples
}

fn payload() -> Value {
    let mut data = samples().data;
    let workout = |uuid: &str, activity: u8, day: &str, seconds: u32, distance: f64, unit: &str| {
        json!({
            "uuid": uuid, "workoutActivityType": activity, "startDate": format!("{day}T07:00:00.000Z"),
            "endDate": format!("{day}T08:{:02}:00.000Z", seconds / 120), "durationSeconds": seconds, "totalEnergyBurned": 320.5,
            "totalDistance": distance, "totalDistanceUnit": unit,
            "sourceRevision": {"source": {"name": WATCH}, "productType": "Watch7,1"},
        })
    };
    let walk = "30000000-0000-4000-8000-000000000002";
    data.insert(
        "workouts".into(),
        json!([workout(RUN, 37, "2026-01-05", 1800, 5.0, "km"), workout(walk, 52, "2026-01-06", 3600, 2.0, "mi")]),
    );
    let dose = |number: u8, status: u8| {
        json!({
            "uuid": format!("50000000-0000-4000-8000-00000000000{number}"), "medicationName": "Aspirin 81mg",
            "medicationNickname": "Daily aspirin", "scheduleType": 2, "logStatus": status, "doseQuantity": 1, "unit": "count",
            "startDate": format!("2026-01-0{number}T08:05:00.000Z"), "scheduledDate": format!("2026-01-0{number}T08:00:00.000Z"),
        })
    };
    data.insert("medicationDoseEvents".into(), json!([dose(5, 4), dose(6, 4), dose(7, 5), dose(8, 4)]));
    data.insert(
        "medications".into(),
        json!([{"displayText": "Aspirin 81mg", "generalForm": "tablet", "nickname": "Daily aspirin", "isArchived": false}]),
    );
    let location = |second: u8, latitude: f64, speed: f64| {
        json!({
            "latitude": latitude, "longitude": 8.5, "altitude": 450.5, "speed": speed, "course": 180,
            "date": format!("2026-01-05T07:00:0{second}.000Z"), "horizontalAccuracy": 5, "verticalAccuracy": 3,
        })
    };
    let locations = [location(0, 47.1, 2.5), location(1, 47.2, -1.0), location(2, 47.3, 2.75)];
    json!({"characteristics": {"biologicalSex": "female"}, "data": data, "workoutRoutes": {RUN: [{"locations": locations}]}})
}

fn export() -> String {
    let times = r#"startDate="2026-01-05 09:00:00 +0100" endDate="2026-01-05 09:00:00 +0100""#;
    let pressure = |name: &str, value: u8| {
        format!(
            r#"<Record type="HKQuantityTypeIdentifierBloodPressure{name}" sourceName="Cuff" unit="mmHg" {times} value="{value}"/>"#
        )
    };
    let [systolic, diastolic] = [pressure("Systolic", 122), pressure("Diastolic", 78)];
    format!(
        r#"<?xml version="1.0"?><HealthData locale="en_US">{systolic}{diastolic}
        <Correlation type="HKCorrelationTypeIdentifierBloodPressure" sourceName="Cuff" {times}>{systolic}{diastolic}</Correlation>
        <Record type="HKQuantityTypeIdentifierHeartRateVariabilitySDNN" sourceName="Old Watch" unit="ms"
         startDate="2025-12-01 09:00:00 +0100" endDate="2025-12-01 09:01:00 +0100" value="45"><HeartRateVariabilityMetadataList>
         <InstantaneousBeatsPerMinute bpm="61" time="9:00:01.25 AM"/></HeartRateVariabilityMetadataList></Record>
        <ActivitySummary dateComponents="2026-01-05" activeEnergyBurned="420" activeEnergyBurnedGoal="500" activeEnergyBurnedUnit="kcal"
         appleMoveTime="0" appleMoveTimeGoal="0" appleExerciseTime="30" appleExerciseTimeGoal="30" appleStandHours="11"
         appleStandHoursGoal="12"/></HealthData>"#
    )
}

const ECG: &str = "Name,Me\nRecorded Date,2026-01-05 10:00:00 +0100\nClassification,Sinus Rhythm\nSample Rate,512 hertz\n\n\
    Unit,µV\n\n-12.5\n3\n18.25\n";

/// Inputs of the database, in their order: the same files for all tests.
pub(crate) fn inputs() -> &'static [PathBuf; 2] {
    static INPUTS: LazyLock<[PathBuf; 2]> = LazyLock::new(|| {
        let folder = tempfile::tempdir().unwrap().keep();
        let path = |name: &str| folder.join(name);
        fs::create_dir_all(path("export/electrocardiograms")).unwrap();
        fs::write(path("payload.json"), payload().to_string()).unwrap();
        fs::write(path("export/export.xml"), export()).unwrap();
        fs::write(path("export/electrocardiograms/ecg_2026-01-05.csv"), ECG).unwrap();
        ["payload.json", "export"].map(path)
    });
    &INPUTS
}

/// Makes the database.
pub(crate) fn database() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    for input in inputs() {
        let [db, input] = [&database, input].map(|path| path.to_str().unwrap().to_owned());
        let output = run(&["import", "--db", &db, &input]);
        assert!(output.status.success(), "{output:?}");
    }
    let connection = Connection::open(&database).unwrap();
    let rejects: i64 = connection.query_row("SELECT count(*) FROM rejects", [], |row| row.get(0)).unwrap();
    assert_eq!(rejects, 0);
    (folder, database)
}
