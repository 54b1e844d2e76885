//! Figures of days and of what is made from them, beside sums by hand.

use std::fs;
use std::path::Path;

use healthsink_testkit::server::Server;
use serde_json::{Value, json};

use super::Api;
use crate::program::run;

const LONG_NAME_BYTES: usize = 2100;
const LONGEST_NAME_BYTES: usize = 5000;

/// A sample by its number, with a source's name and bundle.
fn sample(number: u32, times: [&str; 2], (value, unit): (f64, &str), (name, bundle): (&str, &str)) -> Value {
    json!({
        "uuid": format!("80000000-0000-4000-8000-{number:012}"), "startDate": format!("{}:00.000Z", times[0]),
        "endDate": format!("{}:00.000Z", times[1]), "value": value, "unit": unit,
        "sourceRevision": {"source": {"name": name, "bundleIdentifier": bundle}},
    })
}

/// Sound levels, steps of two phones of one name and of a third source, weights, and medications with several rows of one name.
fn payload() -> Value {
    const OLD: (&str, &str) = ("iPhone", "com.apple.health.OLD");
    const NEW: (&str, &str) = ("iPhone", "com.apple.health.NEW");
    const OTHER: (&str, &str) = ("Counter", "org.example.counter");
    let level = |number, times, value| sample(number, times, (value, "dBASPL"), NEW);
    let steps = |number, times, value, source| sample(number, times, (value, "count"), source);
    let weight = |number, time: &str, value| sample(number, [time, time], (value, "kg"), NEW);
    let medication = |nickname: &str, is_archived: bool| json!({"displayText": "Drops", "generalForm": "liquid", "nickname": nickname, "isArchived": is_archived});
    let dose = |number: u32, name: &str| {
        json!({
            "uuid": format!("90000000-0000-4000-8000-{number:012}"), "medicationName": name, "scheduleType": 2, "logStatus": 4,
            "doseQuantity": 1, "unit": "count", "startDate": format!("2020-03-0{number}T08:05:00.000Z"),
            "scheduledDate": format!("2020-03-0{number}T08:00:00.000Z"),
        })
    };
    let [long, longest] = [LONG_NAME_BYTES, LONGEST_NAME_BYTES].map(|bytes| "N".repeat(bytes));
    json!({"data": {
        "HKQuantityTypeIdentifierHeadphoneAudioExposure": [
            level(1, ["2020-03-02T10:00", "2020-03-02T11:00"], 60.0),
            level(2, ["2020-03-03T10:00", "2020-03-03T11:00"], 90.0),
            level(3, ["2020-03-09T10:00", "2020-03-09T13:00"], 60.0),
            level(4, ["2020-03-10T10:00", "2020-03-10T11:00"], 90.0),
        ],
        "HKQuantityTypeIdentifierStepCount": [
            steps(10, ["2020-03-02T10:00", "2020-03-02T11:00"], 1000.0, OLD),
            steps(11, ["2020-03-03T10:00", "2020-03-03T11:00"], 2000.0, NEW),
            steps(12, ["2020-03-04T10:00", "2020-03-04T11:00"], 100.0, OLD),
            steps(13, ["2020-03-04T12:00", "2020-03-04T13:00"], 20.0, NEW),
            steps(14, ["2020-03-05T10:00", "2020-03-05T11:00"], 100.0, OLD),
            steps(15, ["2020-03-05T12:00", "2020-03-05T13:00"], 20.0, NEW),
            steps(16, ["2020-03-05T14:00", "2020-03-05T15:00"], 3.0, OTHER),
            steps(17, ["2020-03-06T14:00", "2020-03-06T15:00"], 5.0, OTHER),
            // Over midnight.
            steps(18, ["2020-03-06T23:30", "2020-03-07T00:30"], 60.0, OTHER),
        ],
        "HKQuantityTypeIdentifierBodyMass": [
            weight(20, "2018-12-31T08:00", 70.0),
            weight(21, "2020-01-01T08:00", 71.0),
        ],
        "medications": [medication("old", true), medication("first", false), medication("second", false)],
        "medicationDoseEvents": [dose(1, "Drops"), dose(2, "Drops"), dose(3, &long), dose(4, &long), dose(5, &longest), dose(6, "Zinc")],
    }})
}

fn import(database: &Path, input: &Path) {
    let [db, input] = [database, input].map(|path| path.to_str().unwrap());
    let output = run(&["import", "--db", db, input]);
    assert!(output.status.success(), "{output:?}");
}

fn start() -> Api {
    let server = Server::with(|config| {
        let input = config.db.with_file_name("payload.json");
        fs::write(&input, payload().to_string()).unwrap();
        import(&config.db, &input);
    });
    Api::of(server)
}

#[test]
fn figures_of_days_and_longer_buckets() {
    let api = start();
    // The query, the list, and its values; numbers are near.
    let check = |query: &str, list: &str, expected: &[f64]| {
        let answer = api.json(&format!("/api/v1/days?{query}"));
        let found: Vec<f64> = answer[list]
            .as_array()
            .unwrap_or_else(|| panic!("{query}: {answer}"))
            .iter()
            .map(|row| row["value"].as_f64().unwrap())
            .collect();
        let is_same = found.len() == expected.len()
            && found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 0.001);
        assert!(is_same, "{query}: {found:?}");
    };
    // Levels: the mean of the energy, not of decibels.
    check("type=headphone_audio_exposure&bucket=day", "days", &[60.0, 90.0, 60.0, 90.0]);
    check("type=headphone_audio_exposure&bucket=week", "weeks", &[86.994, 83.992]);
    check("type=headphone_audio_exposure&bucket=week&agg=mean", "weeks", &[86.994, 83.992]);
    check("type=headphone_audio_exposure&bucket=month", "months", &[85.237]);
    check("type=headphone_audio_exposure&bucket=year&source=iPhone", "years", &[85.237]);
    check("type=headphone_audio_exposure&bucket=week&agg=max", "weeks", &[90.0, 90.0]);
    // Two phones have one name.
    check("type=steps&to=2020-03-06", "days", &[1000.0, 2000.0, 120.0, 123.0]);
    check("type=steps&source=iPhone", "days", &[1000.0, 2000.0, 120.0, 120.0]);
    check("type=steps&source=com.apple.health.OLD", "days", &[1000.0, 100.0, 100.0]);
    check("type=steps&source=com.apple.health.NEW", "days", &[2000.0, 20.0, 20.0]);
    check("type=steps&source=Counter", "days", &[3.0, 35.0, 30.0]);
    check("type=steps&source=iPhone&bucket=week", "weeks", &[3240.0]);
    let of_phones = api.json("/api/v1/days?type=steps&source=iPhone");
    assert_eq!([&of_phones["days"][3]["samples"], &of_phones["days"][3]["source"]], [&json!(2), &json!("iPhone")]);
    let samples = api.json("/api/v1/samples?type=steps&source=iPhone");
    assert_eq!(samples["samples"].as_array().unwrap().len(), 6);
    // The rest of a sample over midnight.
    let rest = api.json("/api/v1/days?type=steps&from=2020-03-07");
    assert_eq!([&rest["days"][0]["value"], &rest["days"][0]["samples"]], [&json!(30), &json!(0)]);
}

#[test]
fn buckets_that_fit_and_flags_of_their_ends() {
    let api = start();
    let check = |query: &str, bucket: &str, wholes: [bool; 2]| {
        let answer = api.json(&format!("/api/v1/days?{query}"));
        let answer = if answer["series"].is_array() { &answer["series"][0] } else { &answer };
        let found = [&answer["first_whole"], &answer["last_whole"]];
        assert_eq!((&answer["bucket"], found), (&json!(bucket), [&json!(wholes[0]), &json!(wholes[1])]), "{query}");
    };
    check("type=steps&bucket=auto&max_points=1", "week", [true, true]);
    check("type=steps&bucket=auto&max_points=5&from=2020-03-02&to=2020-03-05", "day", [true, true]);
    check("type=steps&bucket=auto&max_points=1&from=2020-03-02&to=2020-03-05", "week", [true, false]);
    check("type=headphone_audio_exposure&bucket=auto&max_points=1", "month", [true, true]);
    check("type=body_mass&bucket=auto&max_points=3", "year", [true, true]);
    check("type=body_mass&bucket=auto&max_points=13", "year", [true, true]);
    check("type=body_mass&bucket=auto&max_points=14", "month", [true, true]);
    check("type=steps,body_mass&bucket=auto&max_points=14", "month", [true, true]);
    check("type=steps,stand_hours&bucket=auto", "day", [true, true]);
    // Days are whole whatever the instants are; hours may be cut.
    check("type=steps&from=2020-03-02T10:30:00Z&to=2020-03-03T10:30:00Z", "day", [true, true]);
    check("type=steps&bucket=week&from=2020-03-03T10:30:00Z", "week", [false, true]);
    check("type=steps&bucket=hour&from=2020-03-02T10:30:00Z&to=2020-03-03T10:30:00Z", "hour", [false, false]);
    check("type=steps&bucket=hour&from=2020-03-02T10:00:00Z&to=2020-03-03T11:00:00Z", "hour", [true, true]);
    let few = api.ask(&api.token, "/api/v1/days?type=body_mass&bucket=auto&max_points=2", &[]);
    assert_eq!((few.status, few.field("parameter")), (400, json!("max_points")));
    assert!(few.field("detail").as_str().unwrap().contains("3 or more"), "{few:?}");
}

#[test]
fn doses_are_counted_once() {
    let api = start();
    let rows = api.json("/api/v1/medications")["medications"].as_array().unwrap().clone();
    let counted: Vec<[&Value; 3]> = rows.iter().map(|row| [&row["nickname"], &row["due"], &row["percent"]]).collect();
    let (old, first, second) = (json!("old"), json!("first"), json!("second"));
    assert_eq!(
        counted,
        [[&old, &Value::Null, &Value::Null], [&first, &Value::Null, &Value::Null], [&second, &json!(2), &json!(100)]]
    );
}

#[test]
fn cursors_of_long_names_are_taken() {
    let api = start();
    let days = |query: &str| api.json(&format!("/api/v1/medications/days?{query}"));
    let all = days("")["days"].clone();
    let (mut found, mut cursor, mut longest) = (Vec::new(), String::new(), 0);
    loop {
        let page = days(&format!("limit=1{cursor}"));
        found.extend(page["days"].as_array().unwrap().clone());
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        longest = longest.max(next.len());
        cursor = format!("&cursor={next}");
    }
    assert_eq!((json!(found), all.as_array().unwrap().len()), (all.clone(), 6));
    assert!(longest > 2 * LONG_NAME_BYTES && longest < 2 * LONGEST_NAME_BYTES, "{longest}");
}

#[test]
fn a_tag_changes_with_beats_alone() {
    let api = start();
    let folder = tempfile::tempdir().unwrap();
    let import_beats = |beats: &str| {
        let export = format!(
            r#"<?xml version="1.0"?><HealthData locale="en_US">
            <Record type="HKQuantityTypeIdentifierHeartRateVariabilitySDNN" sourceName="Band" unit="ms"
             startDate="2020-03-01 09:00:00 +0000" endDate="2020-03-01 09:01:00 +0000" value="45">
             <HeartRateVariabilityMetadataList>{beats}</HeartRateVariabilityMetadataList></Record></HealthData>"#
        );
        let path = folder.path().join("export.xml");
        fs::write(&path, export).unwrap();
        import(&api.server.database(), &path);
        let answer = api.ask(&api.token, "/api/v1/beats", &[]);
        (answer.json()["beats"].as_array().unwrap().len(), answer.header("etag").unwrap().to_owned())
    };
    let changes = || api.server.rows("SELECT kind FROM changes WHERE kind = 'beat_lists'").len();
    let beat = r#"<InstantaneousBeatsPerMinute bpm="61" time="9:00:01.25 AM"/>"#;
    let (one, tag) = import_beats(beat);
    let noted = changes();
    let (two, other) = import_beats(&beat.replace("61", "62"));
    assert_eq!((one, two, changes() - noted), (1, 2, 1));
    assert_ne!(tag, other);
    import_beats(beat);
    assert_eq!(changes() - noted, 1, "what is there changes nothing");
}
