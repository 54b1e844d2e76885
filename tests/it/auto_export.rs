//! JSON of Health Auto Export, by HTTP and from a file alike.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::program::run;
use healthsink_testkit::database;
use healthsink_testkit::server::Server;

/// A database, and how documents come into it.
pub(super) enum Way {
    Http(Box<Server>),
    File(tempfile::TempDir),
}

/// What became of a document.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) is_ok: bool,
    report: Value,
    error: String,
}

impl Outcome {
    pub(super) fn counts(&self, names: &[&str]) -> Vec<u64> {
        names.iter().map(|name| self.report[name].as_u64().unwrap_or_default()).collect()
    }
}

impl Way {
    pub(super) fn all() -> [Self; 2] {
        [Self::Http(Box::new(Server::start())), Self::File(tempfile::tempdir().unwrap())]
    }

    pub(super) fn database(&self) -> PathBuf {
        match self {
            Self::Http(server) => server.database(),
            Self::File(folder) => folder.path().join("health.db"),
        }
    }

    pub(super) fn send(&self, body: impl AsRef<[u8]>) -> Outcome {
        match self {
            Self::Http(server) => {
                let answer = server.post(body);
                let error = answer.field("detail").as_str().unwrap_or_default().to_owned();
                Outcome { is_ok: answer.status == 200, report: answer.json(), error }
            }
            Self::File(folder) => {
                let file = folder.path().join("document");
                fs::write(&file, body).unwrap();
                import(&self.database(), &file)
            }
        }
    }

    pub(super) fn rows(&self, sql: &str) -> Vec<Value> {
        database::rows(&self.database(), sql)
    }

    pub(super) fn one(&self, sql: &str) -> Value {
        database::one(&self.database(), sql)
    }
}

fn import(database: &Path, file: &Path) -> Outcome {
    let arguments = ["import", "--json", "--db"].map(AsRef::as_ref).into_iter();
    let arguments: Vec<_> = arguments.chain([database.as_os_str(), file.as_os_str()]).collect();
    let output = run(&arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no report: {error}"));
    Outcome { is_ok: output.status.success(), report, error }
}

const SYMPTOM: &str =
    r#"{"start":"2026-05-01 10:00:00 +0200","end":"2026-05-01 10:00:00 +0200","name":"Nausea","severity":"Mild"}"#;
const DOSE: &str = r#"{"displayText":"B","start":"2026-05-01 08:00:00 +0200","scheduledDate":"2026-05-01 08:00:00 +0200","status":"Taken"}"#;
const RUN: &str = r#"{"name":"Outdoor Run","start":"2026-05-01 06:00:00 +0200","end":"2026-05-01 06:30:00 +0200"}"#;
const STEPS: &str = r#"{"name":"step_count","units":"count","data":[{"date":"2026-05-01 08:00:00 +0200","qty":4}]}"#;
const MOOD: &str = r#"{"id":"7595F72C-0000-4000-8000-0000000000AB","start":"2026-05-01T10:00:00Z","kind":"momentary_emotion","valence":0.4}"#;
const NOTE: &str = r#"{"heartNotification":"High Heart Rate","start":"2026-05-01 10:00:00 +0200","threshold":120,"heartRate":[{"hr":121,"units":"bpm"}]}"#;
const ECG: &str = r#"{"start":"2026-05-01 10:00:00 +0200","classification":"Sinus Rhythm","voltageMeasurements":[{"date":1788745353.5,"voltage":-1.25,"units":"mcV"}]}"#;

#[test]
fn one_key_suffices_to_recognize_it() {
    for way in Way::all() {
        let check = |body: &str, counts: [u64; 2]| {
            let outcome = way.send(body);
            assert!(outcome.is_ok, "{body}: {outcome:?}");
            assert_eq!(outcome.counts(&["new", "unchanged"]), counts, "{body}: {outcome:?}");
        };
        check(&format!(r#"{{"data":{{"symptoms":[{SYMPTOM}]}}}}"#), [1, 0]);
        check(&format!(r#"{{"data":{{"metrics":[],"symptoms":[{SYMPTOM}]}}}}"#), [0, 1]);
        check(&format!(r#"{{"data":{{"medications":[{DOSE},{}]}}}}"#, DOSE.replace("Taken", "Skipped")), [2, 0]);
        check(&format!(r#"{{"data":{{"heartRateNotifications":[{NOTE}]}}}}"#), [1, 0]);
        check(&format!(r#"{{"data":{{"stateOfMind":[{MOOD}]}}}}"#), [1, 0]);
        check(&format!(r#"{{"data":{{"ecg":[{ECG}],"metrics":[{STEPS}]}}}}"#), [2, 0]);
        check(&format!(r#"{{"data":{{"metrics":[{STEPS}],"ecg":[{ECG}]}}}}"#), [0, 2]);
        check(&format!(r#"{{"data":{{"workouts":[{RUN}]}}}}"#), [1, 0]);
        // Without the object around the sections.
        check(&format!(r#"{{"metrics":[{STEPS}],"workouts":[{RUN}]}}"#), [0, 2]);
        // Several documents.
        let (one, other) = (format!(r#"{{"data":{{"symptoms":[{SYMPTOM}]}}}}"#), format!(r#"{{"metrics":[{STEPS}]}}"#));
        for both in [format!("[{one},{other}]"), format!("{one}\n{other}\n"), format!("{one}{other}")] {
            check(&both, [0, 2]);
        }
        let sections = way.rows("SELECT section FROM other_records ORDER BY section");
        let names = ["ecg", "heartRateNotifications", "medications", "medications", "stateOfMind", "symptoms"];
        let expected: Vec<Value> =
            names.iter().map(|name| json!({"section": format!("Health Auto Export {name}")})).collect();
        assert_eq!(sections, expected);
        assert_eq!(way.one("SELECT count(*) FROM samples"), json!(0));
        assert_eq!(way.one("SELECT count(*) FROM uploads WHERE state <> 'done'"), json!(0));
    }
}

#[test]
fn what_does_not_fit_costs_only_itself() {
    for way in Way::all() {
        let points = r#"{"date":"2026-05-01 08:00:00 +0200","qty":4},null,5,"x",[],{"date":"2026-05-01 09:00:00 +0200","qty":5}"#;
        let body = format!(
            r#"{{"data":{{"metrics":[null,5,[1],{{"name":"a","units":"u","data":[{points}]}},{{"name":"b","data":7}}],
                "workouts":[7,{RUN},null],"symptoms":["x",{SYMPTOM}],"ecg":null,"cycleTracking":true,"other":{{"a":1}}}},
                "note":[1,2]}}"#
        );
        let outcome = way.send(&body);
        // 3 metrics, 4 points, the data of `b`, 2 workouts, 1 symptom, `cycleTracking`.
        assert_eq!(outcome.counts(&["new", "rejected"]), [5, 12], "{outcome:?}");
        let runs = way.one("SELECT activity FROM workout_details");
        assert_eq!(runs, json!("running"), "a title belongs to its workout");
        let kept = way.rows("SELECT section, json FROM other_records WHERE NOT in_data");
        assert_eq!(kept, [json!({"section": "Health Auto Export note", "json": "[1,2]"})]);
    }
}

#[test]
fn a_wrong_shape_is_named() {
    for way in Way::all() {
        let check = |body: &str, expected: &str| {
            let outcome = way.send(body);
            assert!(!outcome.is_ok && outcome.error.contains(expected), "{body}: {outcome:?}");
        };
        check("null", "is null");
        check(&format!(r#"[{{"metrics":[{STEPS}]}},null]"#), "is null");
        check(&format!(r#"{{"metrics":[{STEPS}]}} 5"#), "is a number");
        check(r#"{"steps":[{"date":"2026-05-01"}]}"#, "none of `data`");
        check(&format!(r#"{{"data":{{"metrics":[{STEPS}]}}"#), "ends before");
    }
    let way = Way::File(tempfile::tempdir().unwrap());
    let outcome = way.send(r#"{"data":{"metrics":[{"name":"a","data":[{"date":"soon","qty":1}]}]}}"#);
    assert!(!outcome.is_ok && outcome.error.contains("all of its records were rejected"), "{outcome:?}");
}

/// A recording of this many voltages, with the blanks that some versions write.
fn recording(voltages: usize, blank: &str) -> String {
    let voltage = |number: usize| {
        format!(
            r#"{{{blank}"date":{blank}17887453{number:05}.5,{blank}"voltage":-{number}.084741592407,{blank}"units":"mcV"}}"#
        )
    };
    let voltages: Vec<String> = (10_000..10_000 + voltages).map(voltage).collect();
    format!(
        r#"{{"start":"2026-05-01 10:00:00 +0200","voltageMeasurements":[{}],"classification":"Sinus Rhythm"}}"#,
        voltages.join(&format!(",{blank}"))
    )
}

#[test]
fn a_recording_is_stored_whole_wherever_it_stands() {
    let compact = recording(15_500, "");
    let spread = recording(15_500, "\n            ");
    assert!(compact.len() > 1_000_000 && spread.len() > 1_900_000);
    for way in Way::all() {
        let first = way.send(format!(r#"{{"data":{{"ecg":[{spread}],"metrics":[{STEPS}]}}}}"#));
        assert_eq!(first.counts(&["new", "rejected"]), [2, 0], "{first:?}");
        let again = way.send(format!(r#"{{"data":{{"metrics":[{STEPS}],"ecg":[{compact}]}}}}"#));
        assert_eq!(again.counts(&["unchanged", "rejected"]), [2, 0], "{again:?}");
        let voltages = "SELECT json_array_length(json, '$.voltageMeasurements') FROM other_records";
        assert_eq!(way.one(voltages), json!(15_500));
        let last = "SELECT json ->> '$.voltageMeasurements[15499].voltage' FROM other_records";
        assert_eq!(way.one(last), json!(-25_499.084_741_592_407));
    }
}

/// Recordings are of any length: an hour's has 1.8 million voltages.
#[test]
fn a_long_recording_is_stored_in_pieces() {
    const COUNT: usize = 45_000;
    let turn = |recording: &str| {
        let (start, rest) = recording.split_once(',').unwrap();
        let (voltages, classification) = rest.rsplit_once(',').unwrap();
        format!("{{{voltages},{},{}}}", classification.trim_end_matches('}'), &start[1..])
    };
    let compact = recording(COUNT, "");
    let spread = recording(COUNT, "\n                ");
    assert!(compact.len() > 3_000_000 && spread.len() > 6_000_000);
    let voltages = "SELECT count(*) AS n, sum(v.value ->> 'voltage') AS sum FROM other_records r
        JOIN json_each(r.json, '$.voltageMeasurements.pieces') k
        JOIN other_records p ON p.section = r.section || '/voltageMeasurements' AND p.hash = unhex(k.value)
        JOIN json_each(p.json) v WHERE r.in_data";
    for way in Way::all() {
        let first = way.send(format!(r#"{{"data":{{"ecg":[{spread},{ECG}],"metrics":[{STEPS}]}}}}"#));
        assert_eq!(first.counts(&["new", "rejected"]), [3, 0], "{first:?}");
        for same in [&compact, &turn(&spread), &turn(&compact), &spread] {
            let again = way.send(format!(r#"{{"data":{{"metrics":[{STEPS}],"ecg":[{same}]}}}}"#));
            assert_eq!(again.counts(&["new", "unchanged", "rejected"]), [0, 2, 0], "{again:?}");
        }
        let found = &way.rows(voltages)[0];
        assert_eq!(found["n"], json!(COUNT));
        let sum: f64 = (10_000..10_000 + COUNT).map(|number| -(number as f64) - 0.084_741_592_407).sum();
        assert!((found["sum"].as_f64().unwrap() - sum).abs() < 1.0, "{found}");
        let last = "SELECT p.json ->> '$[#-1].voltage' FROM other_records r
            JOIN other_records p ON p.hash = unhex(r.json ->> '$.voltageMeasurements.pieces[#-1]') WHERE r.in_data";
        assert_eq!(way.one(last), json!(-54_999.084_741_592_41));
        let rest = "SELECT json_remove(json, '$.voltageMeasurements') FROM other_records WHERE in_data AND json LIKE '%pieces%'";
        assert_eq!(way.one(rest), json!(r#"{"classification":"Sinus Rhythm","start":"2026-05-01 10:00:00 +0200"}"#));
        assert_eq!(way.one("SELECT max(length(json)) < 200000 FROM other_records"), json!(1));
    }
}

#[test]
fn an_element_that_is_too_long_costs_only_itself() {
    const MIB: usize = 1 << 20;
    let long = |bytes: usize| "x".repeat(bytes);
    let elements = [
        format!(r#"{{"start":"2026-05-01 10:00:00 +0200","note":"{}"}}"#, long(4 * MIB + MIB / 10)),
        format!(r#"{{"note":"{}","start":"2026-05-01 10:00:00 +0200"}}"#, long(12 * MIB)),
        format!(r#"{{"{}":1}}"#, long(12 * MIB)),
        format!(r#"{{"n":[{{"a":[{}0]}}]}}"#, "0,".repeat(3 * MIB)),
        format!(r#"{{"n":{{"a":[{}0]}}}}"#, "0,".repeat(3 * MIB)),
        format!("{{{}}}", (0..400_000).map(|key| format!("\"{key}\":0")).collect::<Vec<_>>().join(",")),
    ];
    for way in Way::all() {
        for element in &elements {
            let outcome = way.send(format!(r#"{{"data":{{"ecg":[{ECG},{element}],"metrics":[{STEPS}]}}}}"#));
            assert_eq!(outcome.counts(&["rejected"]), [1], "{outcome:?}");
            assert!(outcome.is_ok);
        }
        assert_eq!(way.one("SELECT count(*) FROM other_records"), json!(1));
        assert_eq!(way.one("SELECT count(*) FROM aggregates"), json!(1));
        let reasons = way.rows("SELECT DISTINCT reason FROM rejects");
        let expected = "Health Auto Export ecg element 1: longer than 2359296 bytes";
        assert_eq!(reasons, [json!({ "reason": expected })]);
    }
}

/// A metric with these points: a time of the first of May, and a value.
fn metric(points: &[(&str, u32)]) -> String {
    let point = |(time, qty): &(&str, u32)| format!(r#"{{"date":"2026-05-{time} +0200","qty":{qty},"source":"W"}}"#);
    let points: Vec<String> = points.iter().map(point).collect();
    format!(r#"{{"data":{{"metrics":[{{"data":[{}],"name":"m","units":"u"}}]}}}}"#, points.join(","))
}

#[test]
fn an_interval_is_part_of_a_figure() {
    let hours = metric(&[("01 00:00:00", 5), ("01 01:00:00", 6), ("01 02:00:00", 7)]);
    let days = metric(&[("01 00:00:00", 18)]);
    let weeks = metric(&[("01 00:00:00", 70), ("08 00:00:00", 80)]);
    let figures = |way: &Way| {
        let rows = way.rows("SELECT interval, value FROM aggregates ORDER BY interval, start_ms, value");
        let figure = |row: &Value| format!("{} {}", row["interval"].as_str().unwrap(), row["value"]);
        rows.iter().map(figure).collect::<Vec<_>>().join(", ")
    };
    for order in [[&hours, &days, &weeks], [&weeks, &days, &hours], [&days, &hours, &weeks]] {
        for way in Way::all() {
            for body in order.into_iter().chain(order) {
                assert!(way.send(body).is_ok);
            }
            assert_eq!(figures(&way), "day 18.0, hour 5.0, hour 6.0, hour 7.0, week 70.0, week 80.0");
            // The day goes on: its figure is replaced, and so is that of the last hour.
            let more = way.send(metric(&[("01 00:00:00", 25)]));
            assert_eq!(more.counts(&["new", "updated"]), [0, 1]);
            let more = way.send(metric(&[("01 01:00:00", 6), ("01 02:00:00", 9)]));
            assert_eq!(more.counts(&["new", "updated", "unchanged"]), [0, 1, 1]);
            assert_eq!(figures(&way), "day 25.0, hour 5.0, hour 6.0, hour 9.0, week 70.0, week 80.0");
        }
    }
}

#[test]
fn figures_of_one_time_are_distinguished_by_their_content() {
    let time = "01 10:00:00";
    let values = |way: &Way| {
        let rows = way.rows("SELECT value FROM aggregates ORDER BY value");
        rows.iter().map(|row| row["value"].as_f64().unwrap()).collect::<Vec<_>>()
    };
    let check = |bodies: &[&[u32]], expected: &[f64]| {
        for way in Way::all() {
            for values in bodies {
                let points: Vec<_> = values.iter().map(|value| (time, *value)).collect();
                assert!(way.send(metric(&points)).is_ok);
            }
            assert_eq!(values(&way), expected, "{bodies:?}");
        }
    };
    check(&[&[10, 20], &[20, 10], &[20], &[10]], &[10.0, 20.0]);
    check(&[&[20, 10], &[10], &[10, 20]], &[10.0, 20.0]);
    check(&[&[20], &[10, 20]], &[10.0, 20.0]);
    check(&[&[10, 10, 20], &[20, 10, 10], &[10]], &[10.0, 10.0, 20.0]);
    // One figure that grows is one; a third beside two is another.
    check(&[&[10], &[15]], &[15.0]);
    check(&[&[10, 20], &[30], &[20, 30, 10]], &[10.0, 20.0, 30.0]);
}
