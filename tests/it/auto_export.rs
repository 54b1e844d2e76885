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

/// The keys that show whose it is may stand behind a text of any length.
#[test]
fn a_long_text_may_be_first() {
    for bytes in [30_000, 40_000, 70_000, 3_900_000] {
        let (note, run) = ("x".repeat(bytes), RUN.strip_prefix('{').unwrap());
        for way in Way::all() {
            let workout = format!(r#"{{"data":{{"workouts":[{{"remark":"{note}",{run}]}}}}"#);
            for expected in [[1, 0, 0], [0, 1, 0]] {
                let outcome = way.send(&workout);
                assert_eq!(
                    outcome.counts(&["new", "unchanged", "rejected"]),
                    expected,
                    "{bytes}: {:.300}",
                    outcome.error
                );
            }
            let kept = "SELECT length(other ->> 'remark') FROM workout_details WHERE activity = 'running'";
            assert_eq!(way.one(kept), json!(bytes));
            // Of the app, it is a payload; of nobody, also.
            let uuid = "7595F72C-0000-4000-8000-0000000000AD";
            let dates = r#""startDate":"2026-05-01T10:00:00Z","endDate":"2026-05-01T11:00:00Z""#;
            let of_app = format!(r#"{{"data":{{"workouts":[{{"remark":"{note}","uuid":"{uuid}",{dates}}}]}}}}"#);
            assert_eq!(way.send(&of_app).counts(&["new", "rejected"]), [1, 0], "{bytes}");
            let of_nobody = format!(r#"{{"data":{{"notes":[{{"remark":"{note}"}}]}}}}"#);
            assert_eq!(way.send(&of_nobody).counts(&["new", "rejected"]), [1, 0], "{bytes}");
            let cut = format!(r#"{{"data":{{"workouts":[{{"remark":"{note}"#);
            assert!(!way.send(&cut).is_ok, "{bytes}");
        }
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
        check("null\n", "is null");
        check(&format!(r#"[{{"metrics":[{STEPS}]}},true]"#), "is true or false");
        // Without what stands around metrics.
        check(STEPS, "it is one metric");
        check(&format!("[{STEPS}]"), "it is one metric");
        check(&format!(r#"{{"data":[{STEPS}]}}"#), "its `data` is a list of metrics");
        check(&format!(r#"{{"metrics":[{STEPS}]}} 5"#), "is a number");
        check(r#"{"steps":[{"date":"2026-05-01"}]}"#, "none of `data`");
        check(&format!(r#"{{"data":{{"metrics":[{STEPS}]}}"#), "ends before");
    }
    let way = Way::File(tempfile::tempdir().unwrap());
    let points = r#"[{"date":"2026-05-01 08:00:00 +0200","qty":1}]"#;
    for metric in [r#""data":[{"date":"soon","qty":1}]"#.to_owned(), format!(r#""values":{points}"#)] {
        let outcome = way.send(format!(r#"{{"data":{{"metrics":[{{"name":"a",{metric}}}]}}}}"#));
        assert!(!outcome.is_ok && outcome.error.contains("all of its records were rejected"), "{outcome:?}");
    }
    let kept = way.one("SELECT json FROM other_records WHERE section = 'Health Auto Export metrics/values'");
    assert_eq!(kept, json!(points));
    assert_eq!(way.one("SELECT count(*) FROM rejects WHERE reason LIKE '%no `data`%'"), json!(1));
}

#[test]
fn null_is_no_document() {
    let steps = format!(r#"{{"metrics":[{STEPS}]}}"#);
    for way in Way::all() {
        let mut expected = [1, 0];
        for body in [format!("[null,{steps}]"), format!("[{steps},null]"), format!("null\n{steps}\nnull\n")] {
            let outcome = way.send(&body);
            assert!(outcome.is_ok, "{body}: {outcome:?}");
            assert_eq!(outcome.counts(&["new", "unchanged"]), expected, "{body}");
            expected = [0, 1];
        }
    }
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
        let reasons = way.rows("SELECT DISTINCT reason FROM rejects ORDER BY reason");
        let expected = ["a name is longer than 65536 bytes", "longer than 4194304 bytes"];
        let expected =
            expected.map(|reason| json!({ "reason": format!("Health Auto Export ecg element 1: {reason}") }));
        assert_eq!(reasons, expected);
    }
}

/// None of two values may be lost.
#[test]
fn a_name_given_twice_costs_the_element() {
    let point = |rest: &str| format!(r#"{{"date":"2026-05-01 08:00:00 +0200",{rest}}}"#);
    let twice = point(r#""qty":1,"date":"2026-05-02 08:00:00 +0200""#);
    let workout = |rest: &str| {
        format!(r#"{{"name":"Yoga","start":"2026-05-01 10:00:00 +0200","end":"2026-05-01 11:00:00 +0200",{rest}}}"#)
    };
    let workouts = [workout(r#""duration":3600"#), workout(r#""x":1,"end":"2026-05-01 12:00:00 +0200""#)].join(",");
    let points = [point(r#""qty":1,"note":null"#), twice, point(r#""qty":2,"qty":2"#)].join(",");
    for way in Way::all() {
        let metrics = format!(r#"[{{"name":"m","data":[{points}]}}]"#);
        let outcome = way.send(format!(r#"{{"data":{{"metrics":{metrics},"workouts":[{workouts}]}}}}"#));
        assert_eq!(outcome.counts(&["new", "rejected"]), [3, 2], "{outcome:?}");
        let reasons = way.rows("SELECT reason FROM rejects ORDER BY 1");
        let reasons: Vec<_> = reasons.iter().map(|row| row["reason"].as_str().unwrap()).collect();
        assert!(reasons[0].ends_with("`date` is given twice"), "{reasons:?}");
        assert!(reasons[1].ends_with("`end` is given twice"), "{reasons:?}");
    }
}

/// A metric with these points: a time of the first of May, and a value.
fn metric(points: &[(&str, u32)]) -> String {
    let point = |(time, qty): &(&str, u32)| format!(r#"{{"date":"2026-05-{time} +0200","qty":{qty},"source":"W"}}"#);
    let points: Vec<String> = points.iter().map(point).collect();
    format!(r#"{{"data":{{"metrics":[{{"data":[{}],"name":"m","units":"u"}}]}}}}"#, points.join(","))
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
    // Nothing shows that a figure that is alone has grown.
    check(&[&[10], &[15]], &[10.0, 15.0]);
    check(&[&[10, 20], &[30], &[20, 30, 10]], &[10.0, 20.0, 30.0]);
}

/// Sends figures with what a header says of their interval.
fn post(server: &Server, aggregation: &str, body: &str) -> Vec<u64> {
    let answer = server.connect().post(&[("automation-aggregation", aggregation)], body.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.json());
    let report = answer.json();
    ["new", "updated", "unchanged"].map(|name| report[name].as_u64().unwrap_or_default()).to_vec()
}

fn figures(way: &Way) -> String {
    let rows = way.rows("SELECT interval, start_ms, value FROM aggregates ORDER BY interval, start_ms, value");
    let figure = |row: &Value| {
        let hour = (row["start_ms"].as_i64().unwrap() / 3_600_000 + 2) % 24;
        format!("{} {hour} {}", row["interval"].as_str().unwrap(), row["value"]).trim().to_owned()
    };
    rows.iter().map(figure).collect::<Vec<_>>().join(", ")
}

#[test]
fn an_interval_is_what_the_sender_says() {
    let way = Way::Http(Box::new(Server::start()));
    let Way::Http(server) = &way else { unreachable!("it is a server") };
    let hours = metric(&[("01 00:00:00", 5), ("01 01:00:00", 6), ("01 02:30:00", 7)]);
    let midnight = |value| metric(&[("01 00:00:00", value)]);
    assert_eq!(post(server, "Hours", &hours), [3, 0, 0]);
    assert_eq!(post(server, "Hours", &hours), [0, 0, 3]);
    assert_eq!(post(server, "Days", &midnight(18)), [1, 0, 0]);
    assert_eq!(post(server, "weeks", &midnight(70)), [1, 0, 0]);
    // Whatever is larger or smaller, and whatever stands beside it.
    assert_eq!(post(server, "Days", &midnight(17)), [0, 1, 0]);
    assert_eq!(post(server, "Hours", &metric(&[("01 00:00:00", 4), ("01 01:00:00", 9)])), [0, 2, 0]);
    assert_eq!(figures(&way), "2 7.0, day 0 17.0, hour 0 4.0, hour 1 9.0, week 0 70.0");
    // Without the header it is one of them.
    for value in [4, 17, 70] {
        assert_eq!(post(server, "Default", &midnight(value)), [0, 0, 1]);
    }
    assert_eq!(way.send(midnight(17)).counts(&["unchanged"]), [1]);
}

/// Where the clocks change at midnight, one day of the year begins at one o'clock.
#[test]
fn a_day_without_midnight_is_a_day() {
    let way = Way::Http(Box::new(Server::start()));
    let Way::Http(server) = &way else { unreachable!("it is a server") };
    let document = |points: &[(&str, u32)]| {
        let points: Vec<_> =
            points.iter().map(|(date, qty)| json!({"date": date, "qty": qty, "source": "W"})).collect();
        json!({"data": {"metrics": [{"name": "step_count", "units": "count", "data": points}]}}).to_string()
    };
    let [before, one, two, after] =
        ["23 00:00:00 +0200", "24 01:00:00 +0300", "24 02:00:00 +0300", "25 00:00:00 +0300"]
            .map(|time| format!("2026-04-{time}"));
    let stored = || {
        let rows = way.rows("SELECT interval || ' ' || value AS a FROM aggregates ORDER BY start_ms, value");
        rows.iter().map(|row| row["a"].as_str().unwrap().trim().to_owned()).collect::<Vec<_>>().join(", ")
    };
    let days = document(&[(&before, 400), (&one, 500), (&after, 450)]);
    assert_eq!(post(server, "Days", &days), [3, 0, 0]);
    assert_eq!(post(server, "Days", &days), [0, 0, 3]);
    // The day is corrected, and its hours follow.
    assert_eq!(post(server, "Days", &document(&[(&one, 600)])), [0, 1, 0]);
    assert_eq!(post(server, "Days", &document(&[(&one, 550)])), [0, 1, 0]);
    assert_eq!(post(server, "Hours", &document(&[(&one, 10), (&two, 11)])), [2, 0, 0]);
    assert_eq!(stored(), "day 400.0, hour 10.0, day 550.0, hour 11.0, day 450.0");
    // What stands beside other hours is of no day.
    assert_eq!(post(server, "Days", &document(&[(&one, 5), (&two, 6)])), [2, 0, 0]);
    assert_eq!(stored(), "day 400.0, 5.0, hour 10.0, day 550.0, 6.0, hour 11.0, day 450.0");
}

/// People enter readings at whole minutes and hours: a higher one is another one.
#[test]
fn a_higher_reading_is_another_one() {
    let document = |name: &str, year: u32, dates: &[String], fields: &Value| {
        let point = |date: &String| {
            let mut point = fields.clone();
            point["date"] = json!(format!("{year}-05-{date}:00 +0200"));
            point
        };
        let points: Vec<_> = dates.iter().map(point).collect();
        json!({"data": {"metrics": [{"name": name, "units": "u", "data": points}]}}).to_string()
    };
    let [low, high] = [json!({"qty": 80}), json!({"qty": 80.5})];
    let pressure = [json!({"systolic": 120, "diastolic": 80}), json!({"systolic": 130, "diastolic": 85})];
    let pulse = [json!({"Min": 60, "Avg": 70, "Max": 80}), json!({"Min": 55, "Avg": 70, "Max": 85})];
    let [minutes, hours, days] = [["01 07:30", "02 19:45"], ["01 07:00", "02 19:00"], ["01 00:00", "02 00:00"]]
        .map(|dates| dates.map(str::to_owned));
    for way in Way::all() {
        let mut year = 2000;
        let mut check = |name: &str, dates: &[String], [one, other]: [&Value; 2], rows: u64| {
            for pair in [[one, other], [other, one]] {
                year += 1;
                let counts = pair.map(|fields| way.send(document(name, year, dates, fields)).counts(&["new"])[0]);
                assert_eq!(counts.iter().sum::<u64>(), rows, "{name} {dates:?} {pair:?}");
            }
        };
        for dates in [&minutes, &hours, &days] {
            check("weight_body_mass", dates, [&low, &high], 4);
            check("blood_glucose", dates, [&low, &high], 4);
            check("blood_pressure", dates, [&pressure[0], &pressure[1]], 4);
        }
        // Whole minutes show no period. The sum of an hour or a day grows, and so does its range.
        check("step_count", &minutes, [&low, &high], 4);
        for dates in [&hours, &days] {
            check("step_count", dates, [&low, &high], 2);
            check("heart_rate", dates, [&pulse[0], &pulse[1]], 2);
        }
    }
}

#[test]
fn a_total_that_grows_is_one_and_an_hour_is_not_a_day() {
    let hours = metric(&[("01 00:00:00", 5), ("01 01:00:00", 6), ("01 02:00:00", 7)]);
    let alone = |value| metric(&[("01 00:00:00", value)]);
    let days = |value| metric(&[("01 00:00:00", value), ("02 00:00:00", 9)]);
    let check = |bodies: &[&str], expected: &str| {
        for way in Way::all() {
            for body in bodies {
                assert!(way.send(body).is_ok);
            }
            assert_eq!(figures(&way), expected, "{bodies:?}");
            // Also the older ones add nothing.
            for body in bodies {
                assert_eq!(way.send(body).counts(&["new", "updated"]), [0, 0], "{bodies:?}");
            }
        }
    };
    check(&[&days(18), &days(25)], "0 25.0, 0 9.0");
    // An older document may come later.
    check(&[&days(25), &days(18)], "0 25.0, 0 9.0");
    check(&[&days(25), &days(18), &days(20), &hours, &days(24)], "0 5.0, 0 25.0, 1 6.0, 2 7.0, 0 9.0");
    check(&[&hours, &hours.replace(":7,", ":3,")], "0 5.0, 1 6.0, 2 7.0");
    // Two in one document are two, in any order.
    for pair in [[3, 7], [7, 3]] {
        let further = metric(&[("01 02:00:00", pair[0]), ("01 02:00:00", pair[1]), ("01 03:00:00", 1)]);
        check(&[&hours, &further], "0 5.0, 1 6.0, 2 3.0, 2 7.0, 3 1.0");
    }
    check(&[&hours, &days(18), &days(25)], "0 5.0, 0 25.0, 1 6.0, 2 7.0, 0 9.0");
    check(&[&days(18), &hours, &days(25)], "0 5.0, 0 25.0, 1 6.0, 2 7.0, 0 9.0");
    check(&[&hours, &alone(18)], "0 5.0, 0 18.0, 1 6.0, 2 7.0");
    check(&[&alone(18), &hours], "0 5.0, 0 18.0, 1 6.0, 2 7.0");
    // What is alone may be of an hour or of a day: nothing replaces it, also if the source has another name since.
    for more in [18, 3] {
        let pair = if more > 5 { "0 5.0, 0 18.0" } else { "0 3.0, 0 5.0" };
        check(&[&alone(5), &alone(more)], pair);
        check(&[&alone(5), &alone(more).replace(r#""W""#, r#""V""#)], pair);
    }
    check(&[&alone(5), &days(18)], "0 5.0, 0 18.0, 0 9.0");
    check(&[&days(5), &alone(18)], "0 5.0, 0 18.0, 0 9.0");
    // The day goes on beside its hours, and so does the last hour.
    let last = metric(&[("01 00:00:00", 5), ("01 02:00:00", 9)]);
    check(&[&hours, &days(18), &days(25), &last], "0 5.0, 0 25.0, 1 6.0, 2 9.0, 0 9.0");
    // An hour that is alone is the hour that it is among others.
    check(&[&metric(&[("01 00:00:00", 5)]), &hours], "0 5.0, 1 6.0, 2 7.0");
    check(&[&hours, &metric(&[("01 00:00:00", 5)])], "0 5.0, 1 6.0, 2 7.0");
    // A figure of weeks, and one of an hour among others, replaces no day's.
    check(&[&days(5), &metric(&[("01 00:00:00", 70), ("08 00:00:00", 80)])], "0 5.0, 0 70.0, 0 9.0, 0 80.0");
    check(&[&days(5), &metric(&[("01 00:00:00", 6), ("01 01:00:00", 80)])], "0 5.0, 0 6.0, 1 80.0, 0 9.0");
    // A sample has seconds.
    check(&[&metric(&[("01 10:00:05", 5)]), &metric(&[("01 10:00:05", 6)])], "10 5.0, 10 6.0");
}

#[test]
fn the_order_of_keys_makes_no_difference() {
    for way in Way::all() {
        let around = r#""exportDate":"2026-05-02","syncSource":"x","startDate":"2026-05-01","endDate":"2026-05-02","characteristics":{"a":1}"#;
        let first = way.send(format!(r#"{{{around},"data":{{"metrics":[{STEPS}],"workouts":[{RUN}]}}}}"#));
        assert_eq!(first.counts(&["new", "rejected"]), [2, 0], "{first:?}");
        let again = way.send(format!(r#"{{"data":{{"workouts":[{RUN}],"metrics":[{STEPS}]}},{around}}}"#));
        assert_eq!(again.counts(&["new", "unchanged"]), [0, 2], "{again:?}");
        assert_eq!(way.one("SELECT count(*) FROM other_records WHERE in_data"), json!(0));
    }
}

#[test]
fn each_document_may_begin_with_a_mark() {
    let steps = |qty: u32| {
        let source = "}\u{feff}{";
        let point = format!(r#"{{"date":"2026-05-01 08:00:0{qty} +0200","qty":{qty},"source":"{source}"}}"#);
        format!(r#"{{"metrics":[{{"name":"m","data":[{point}]}}]}}"#)
    };
    for between in ["\n\u{feff}", "\u{feff}", "\u{feff} \n", "\n"] {
        for way in Way::all() {
            let body = [1, 2, 3].map(steps).join(between);
            let outcome = way.send(&body);
            assert!(outcome.is_ok && outcome.counts(&["new"]) == [3], "{body:?}: {outcome:?}");
            assert_eq!(way.one("SELECT DISTINCT source FROM aggregates"), json!("}\u{feff}{"));
        }
    }
    let way = Way::File(tempfile::tempdir().unwrap());
    assert!(!way.send([steps(1), steps(2)].join("\u{feff}\u{feff}")).is_ok);
}

#[test]
fn what_is_converted_is_kept_as_sent() {
    for way in Way::all() {
        let workout = RUN.replace(
            "{\"name\"",
            r#"{"activeEnergyBurned":{"qty":1255.2,"units":"kJ"},"duration":{"qty":30,"units":"min"},"name""#,
        );
        let metric = STEPS.replace("\"count\"", "\"kJ\"");
        assert_eq!(way.send(format!(r#"{{"workouts":[{workout}],"metrics":[{metric}]}}"#)).counts(&["new"]), [2]);
        let row = way.one("SELECT concat_ws('|', round(energy_kcal, 6), duration_s, other) FROM workouts");
        let other = r#"{"activeEnergyBurned":{"qty":1255.2,"units":"kJ"},"duration":{"qty":30,"units":"min"},"name":"Outdoor Run"}"#;
        assert_eq!(row, json!(format!("300.0|1800.0|{other}")));
        assert_eq!(way.one("SELECT concat_ws('|', value, unit) FROM aggregates"), json!("4.0|kJ"));
    }
}

/// A workout with a route of these latitudes, all of one time but the last.
fn with_route(latitudes: &[u32]) -> String {
    let last = latitudes.len() - 1;
    let location = |(number, latitude): (usize, &u32)| {
        let second = if number == last { 2 } else { 1 };
        format!(r#"{{"latitude":{latitude},"longitude":8,"timestamp":"2026-05-01 06:00:0{second} +0200"}}"#)
    };
    let route: Vec<String> = latitudes.iter().enumerate().map(location).collect();
    RUN.replace("{\"name\"", &format!(r#"{{"route":[{}],"name""#, route.join(",")))
}

#[test]
fn the_next_export_of_a_route_replaces_it() {
    for way in Way::all() {
        let route = |way: &Way| {
            let rows = way.rows("SELECT latitude FROM route_points ORDER BY time_ms, route, place");
            rows.iter().map(|row| row["latitude"].as_f64().unwrap()).collect::<Vec<_>>()
        };
        let send = |latitudes: &[u32]| way.send(format!(r#"{{"workouts":[{}]}}"#, with_route(latitudes)));
        assert!(send(&[3, 1, 1, 2, 9]).is_ok);
        assert_eq!(route(&way), [3.0, 1.0, 1.0, 2.0, 9.0]);
        assert_eq!(send(&[3, 1, 1, 2, 9]).counts(&["new", "updated"]), [0, 0]);
        assert!(send(&[3, 1, 4, 9]).is_ok);
        assert_eq!(route(&way), [3.0, 1.0, 4.0, 9.0]);
        // A workout without its route removes nothing.
        assert!(way.send(format!(r#"{{"workouts":[{RUN}]}}"#)).is_ok);
        assert_eq!(route(&way), [3.0, 1.0, 4.0, 9.0]);
    }
}

#[test]
fn a_second_list_of_locations_is_another_route() {
    for way in Way::all() {
        let location = |latitude: u32| {
            format!(r#"[{{"latitude":{latitude},"longitude":8,"timestamp":"2026-05-01 06:00:01 +0200"}}]"#)
        };
        let run = RUN.strip_prefix('{').unwrap();
        let body = format!(r#"{{"workouts":[{{"route":{},"route":{},{run}]}}"#, location(3), location(4));
        assert_eq!(way.send(&body).counts(&["new", "unchanged"]), [3, 0]);
        assert_eq!(way.send(&body).counts(&["new", "unchanged"]), [0, 3]);
        let rows = way.one("SELECT group_concat(latitude || ' ' || route, ', ' ORDER BY route) FROM route_points");
        assert_eq!(rows, json!("3.0 0, 4.0 1"));
    }
}

#[test]
fn only_a_distance_of_the_activity_counts() {
    for way in Way::all() {
        let workout = |name: &str, hour: u32| {
            let times =
                format!(r#""start":"2026-05-01 {hour:02}:00:00 +0200","end":"2026-05-01 {hour:02}:30:00 +0200""#);
            format!(r#"{{"name":"{name}",{times},"distance":{{"qty":1.5,"units":"km"}}}}"#)
        };
        let workouts =
            [workout("Multisport", 1), workout("Yoga", 2), workout("Outdoor Run", 3), workout("Unheard Of", 4)];
        assert_eq!(way.send(format!(r#"{{"workouts":[{}]}}"#, workouts.join(","))).counts(&["new"]), [4]);
        let app = |uuid: u32, activity: u32| {
            let uuid = format!("7595F72C-0000-4000-8000-00000000000{uuid}");
            let times =
                format!(r#""startDate":"2026-05-02T0{}:00:00Z","endDate":"2026-05-02T0{0}:30:00Z""#, activity % 10);
            format!(
                r#"{{"uuid":"{uuid}","workoutActivityType":{activity},{times},"totalDistance":1.5,"totalDistanceUnit":"km"}}"#
            )
        };
        let body = format!(r#"{{"data":{{"workouts":[{},{},{}]}}}}"#, app(1, 82), app(2, 57), app(3, 13));
        assert_eq!(way.send(body).counts(&["new"]), [3]);
        let rows = way.rows(
            "SELECT concat_ws('|', activity_type, distance, distance_unit, other ->> '$.distance.qty', other ->> '$.totalDistance',
               other ->> '$.totalDistanceUnit') AS row
             FROM workouts ORDER BY start_ms",
        );
        let rows: Vec<_> = rows.iter().map(|row| row["row"].as_str().unwrap()).collect();
        assert_eq!(rows, ["82|1.5", "57|1.5", "37|1.5|km", "1.5|km", "82|1.5|km", "13|1.5|km", "57|1.5|km"]);
        let given = way.one("SELECT group_concat(activity_type) FROM workouts WHERE distance IS NOT NULL ORDER BY 1");
        assert_eq!(given, json!("37,13"));
    }
}

#[test]
fn an_end_before_the_start_is_rejected() {
    for way in Way::all() {
        let early = with_route(&[1, 2]).replace("06:30:00", "05:30:00");
        let point = |end: &str| {
            format!(r#"{{"startDate":"2026-05-01 08:00:00 +0200","endDate":"2026-05-01 {end} +0200","qty":4}}"#)
        };
        // The day of a night, and its start.
        let night = r#"{"date":"2026-05-02 00:00:00 +0200","startDate":"2026-05-01 23:00:00 +0200","endDate":"2026-05-01 23:30:00 +0200"}"#;
        let points = [point("07:59:59"), point("08:00:00"), night.to_owned()].join(",");
        let outcome = way.send(format!(r#"{{"workouts":[{early}],"metrics":[{{"name":"m","data":[{points}]}}]}}"#));
        assert_eq!(outcome.counts(&["new", "rejected"]), [2, 2], "{outcome:?}");
        let reasons = way.rows("SELECT reason, raw LIKE '%latitude%' AS route FROM rejects ORDER BY route");
        assert!(
            reasons.iter().all(|row| row["reason"].as_str().unwrap().contains("ends before it begins")),
            "{reasons:?}"
        );
        assert_eq!(reasons[1]["route"], json!(1));
        assert_eq!(way.one("SELECT count(*) FROM route_points"), json!(0));
        assert_eq!(way.one("SELECT min(end_ms - start_ms) FROM aggregates"), json!(0));
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(12))]
    #[test]
    fn any_split_of_an_export_ends_as_the_whole(
        figures in proptest::collection::vec((0..26_u32, 0..2_u32, 0..4_u32, 0..4_usize), 1..40),
        order in proptest::collection::vec(proptest::prelude::any::<u32>(), 40),
        is_daily in proptest::prelude::any::<bool>(),
    ) {
        // The figures of a time and a source, which belong together.
        let mut groups = std::collections::BTreeMap::new();
        for (at, source, kind, document) in figures {
            let time = if is_daily { format!("{:02} 00:00:00", at + 1) } else { format!("01 {:02}:{:02}:{:02}", at % 24, at / 24, source) };
            let head = format!(r#"{{"date":"2026-05-{time} +0200","source":"S{source}""#);
            // An equal figure of another source in another document would be that of a renamed source.
            let value = 2 * at + source;
            let points = match kind {
                0 => vec![format!(r#"{head},"qty":{value}}}"#)],
                1 => vec![format!(r#"{head},"Min":{value},"Avg":80,"Max":90}}"#)],
                2 => vec![format!(r#"{head},"asleep":{value},"deep":0.5}}"#)],
                _ => [60 + source, 70 + source, 60 + source].map(|value| format!(r#"{head},"qty":{value}}}"#)).to_vec(),
            };
            groups.entry((at, source)).or_insert((document, points));
        }
        let mut groups: Vec<_> = groups.into_values().collect();
        let keys = order.iter().cycle();
        let mut shuffled: Vec<_> = groups.drain(..).zip(keys).collect();
        shuffled.sort_by_key(|(_, key)| **key);
        let document = |points: Vec<String>| format!(r#"{{"data":{{"metrics":[{{"name":"m","units":"u","data":[{}]}}]}}}}"#, points.join(","));
        let of = |number: Option<usize>| {
            let chosen = shuffled.iter().filter(|((document, _), _)| number.is_none_or(|number| number == *document));
            document(chosen.flat_map(|((_, points), _)| points.clone()).collect())
        };
        let whole = Way::File(tempfile::tempdir().unwrap());
        let parts = Way::File(tempfile::tempdir().unwrap());
        assert!(whole.send(of(None)).is_ok);
        for number in 0..4 {
            assert!(parts.send(of(Some(number))).is_ok);
        }
        let rows = |way: &Way| {
            way.rows("SELECT metric, start_ms, label, source, interval, end_ms, unit, value, minimum, average, maximum, other
              FROM aggregates ORDER BY 1, 2, 3, 4, 8, 9, 12")
        };
        assert_eq!(rows(&parts), rows(&whole));
        for way in [&whole, &parts] {
            for number in [None, Some(0), Some(3), Some(1), Some(2)] {
                assert_eq!(way.send(of(number)).counts(&["new", "updated"]), [0, 0]);
            }
        }
    }
}

/// A fault of one value costs its element, and the rest of the document is read.
#[test]
fn a_fault_of_a_value_costs_its_element_only() {
    let deep = ["[".repeat(90), "]".repeat(90)].concat();
    let beyond = "numbers reach from -1.8e308 to 1.8e308";
    let long_name = format!("1,\"{}\":1", "n".repeat(70_000));
    for (fault, reason) in [
        ("1e400", beyond),
        ("[0,-1E+999]", beyond),
        (&"9".repeat(400), beyond),
        (&deep, "nested deeper than 64 levels"),
        (&long_name, "a name is longer than 65536 bytes"),
    ] {
        let with = |element: &str| element.replacen('{', &format!("{{\"fault\":{fault},"), 1);
        let point = r#"{"date":"2026-05-01 08:00:00 +0200","qty":4}"#;
        let location = r#"{"latitude":1,"longitude":8,"timestamp":"2026-05-01 06:00:01 +0200"}"#;
        let rate = r#"{"date":"2026-05-01 06:00:01 +0200","Avg":90}"#;
        let workout = |location: &str, rate: &str| {
            RUN.replacen('{', &format!(r#"{{"route":[{location}],"heartRateData":[{rate}],"#), 1)
        };
        let later = |element: &str| element.replace("2026-05-01", "2026-05-02");
        let good = workout(location, rate);
        let body = format!(
            r#"{{"data":{{"metrics":[{{"name":"m","units":"u","data":[{point},{},{}]}}],"symptoms":[{SYMPTOM},{}],
                "ecg":[{},{ECG}],"workouts":[{good},{},{}]}},"exportDate":{fault}}}"#,
            with(&later(point)),
            later(point),
            with(SYMPTOM),
            with(ECG),
            with(&later(&good)),
            workout(&[location, &with(location)].join(","), &[&with(rate), rate].join(","))
                .replace("2026-05-01", "2026-05-03"),
        );
        for way in Way::all() {
            let outcome = way.send(&body);
            assert!(outcome.is_ok, "{fault:.20}: {outcome:?}");
            let rows = |table: &str| way.one(&format!("SELECT count(*) FROM {table}"));
            // Points of a rejected workout stay with their times.
            let counts = ["aggregates", "other_records WHERE in_data", "workouts"].map(rows);
            assert_eq!(counts, [json!(5), json!(2), json!(2)], "{fault:.20}");
            let rejects = way.rows("SELECT reason, raw FROM rejects ORDER BY rowid");
            assert_eq!(rejects.len(), 7, "{fault:.20}: {rejects:?}");
            for reject in rejects {
                assert!(reject["reason"].as_str().unwrap().contains(reason), "{fault:.20}: {reject}");
            }
            assert_eq!(way.send(&body).counts(&["new", "updated"]), [0, 0], "{fault:.20}");
        }
    }
    let way = Way::File(tempfile::tempdir().unwrap());
    let metrics = r#"{"data":{"metrics":[{"name":5,"data":[]},{"name":"m","units":1e400,"data":[{"date":"2026-05-01 08:00:00 +0200","qty":-1e400}]}]}}"#;
    assert_eq!(way.send(metrics).counts(&["read", "rejected"]), [3, 3]);
    assert!(way.one("SELECT group_concat(raw) FROM rejects").as_str().unwrap().contains("-1e400"));
}

#[test]
fn halves_of_pairs_are_kept_as_they_were_sent() {
    let note = r#""note":"a\ud83d","\ude00":"\ud83d\ude00""#;
    let with = |element: &str| element.replacen('{', &format!("{{{note},"), 1);
    let body = format!(
        r#"{{"note":{{{note}}},"data":{{"metrics":[{}],"symptoms":[{}],"workouts":[{}]}}}}"#,
        STEPS.replace(r#"{"date""#, &format!(r#"{{{note},"source":"W\ud83d","date""#)),
        with(SYMPTOM),
        with(RUN),
    );
    for way in Way::all() {
        assert_eq!(way.send(&body).counts(&["new", "rejected"]), [3, 0]);
        assert_eq!(way.send(&body).counts(&["new", "updated"]), [0, 0]);
        let kept = way.rows("SELECT other AS a FROM aggregates UNION ALL SELECT json FROM other_records UNION ALL SELECT other FROM workouts");
        for row in &kept {
            let text = row["a"].as_str().unwrap();
            assert!(text.contains(r#""note":"a\ud83d""#) && text.contains(r#""\ude00":"😀""#), "{text}");
        }
        assert_eq!(kept.len(), 4);
        assert_eq!(way.one("SELECT source FROM aggregates"), json!("W\u{fffd}"));
    }
}

/// An element has up to 4 MiB, whatever it is made of.
#[test]
fn elements_up_to_4_mib_are_kept() {
    const MIB: usize = 1 << 20;
    let elements = |bytes: usize| {
        let members: Vec<String> = (0..bytes / 200).map(|member| format!("\"{member:06}\":0")).collect();
        let nested: Vec<String> = (0..bytes / 54).map(|member| format!("\"{:06}\":[1]", 999_999 - member)).collect();
        [
            format!(r#""note":"{}""#, "x".repeat(bytes)),
            format!(r#""note":"{}""#, "é\\n".repeat(bytes / 4)),
            format!(r#""a":"{}","b":"{0}""#, "x".repeat(bytes / 2)),
            members.join(","),
            format!(r#""nested":{{{}}}"#, nested.join(",")),
            format!(r#""list":["{}"]"#, "x".repeat(bytes)),
            format!(r#""list":[[{}1]]"#, "1,".repeat(bytes / 2)),
        ]
    };
    for (tenths, new) in [(19, 7), (39, 7), (42, 0)] {
        let symptoms: Vec<String> =
            elements(tenths * MIB / 10).iter().map(|more| SYMPTOM.replacen('{', &format!("{{{more},"), 1)).collect();
        let body = format!(r#"{{"data":{{"symptoms":[{}],"metrics":[{STEPS}]}}}}"#, symptoms.join(","));
        for way in Way::all() {
            let outcome = way.send(&body);
            assert_eq!(outcome.counts(&["new", "rejected"]), [new + 1, 7 - new], "{tenths}: {:.300}", outcome.error);
            assert_eq!(way.send(&body).counts(&["new", "updated", "rejected"]), [0, 0, 7 - new], "{tenths}");
            let stored = way.rows(
                "SELECT json FROM other_records WHERE in_data AND coalesce(json_type(json, '$.list'), '') <> 'object'",
            );
            let stored: Vec<Value> =
                stored.iter().map(|row| serde_json::from_str(row["json"].as_str().unwrap()).unwrap()).collect();
            let sent: Vec<Value> = symptoms.iter().map(|symptom| serde_json::from_str(symptom).unwrap()).collect();
            for symptom in stored {
                assert!(sent.contains(&symptom), "{tenths}: {:.100}", symptom.to_string());
            }
            let reasons = way.one("SELECT coalesce(min(reason LIKE '%longer than 4194304 bytes'), 1) FROM rejects");
            assert_eq!(reasons, json!(1), "{tenths}");
        }
    }
}

/// The same holds for points, for workouts and for the items of their lists. Their columns are filled wherever they stand.
#[test]
fn points_and_workouts_up_to_4_mib_are_kept() {
    const MIB: usize = 1 << 20;
    let elements = |bytes: usize| {
        let nested: Vec<String> = (0..bytes / 54).map(|member| format!("\"{:06}\":[1]", 999_999 - member)).collect();
        let objects = vec![r#"{"b":"x","a":[1.5,0]}"#; bytes / 22].join(",");
        [
            format!(r#""note":"{}""#, "x".repeat(bytes)),
            format!(r#""a":"{}","b":"{0}""#, "é\\n".repeat(bytes / 8)),
            format!(r#""nested":{{{}}}"#, nested.join(",")),
            format!(r#""list":[{objects}]"#),
            format!(r#""activeEnergy":{{"qty":{{{}}}}}"#, nested.join(",")),
        ]
    };
    for (tenths, new) in [(39, 6), (42, 0)] {
        let elements = elements(tenths * MIB / 10);
        let point = |more: &str| format!(r#"{{"date":"2026-05-01 08:00:00 +0200","qty":4,{more},"source":"W"}}"#);
        let run = |more: &str| format!(r#"{{"name":"Run","start":"2026-05-01 06:00:00 +0200",{more},"duration":5}}"#);
        let [one, two, three, four, five] = &elements;
        let rates = format!(r#""rates":[{}]"#, point(three));
        let body = format!(
            r#"{{"data":{{"metrics":[{{"name":"m","units":"u","data":[{},{}]}}],"workouts":[{},{},{},{}]}}}}"#,
            point(one),
            point(three),
            run(two),
            run(four),
            run(five),
            run(&rates)
        );
        for way in Way::all() {
            let outcome = way.send(&body);
            // The workout with the point is one more.
            assert_eq!(outcome.counts(&["new", "rejected"]), [new + 1, 6 - new], "{tenths}: {:.300}", outcome.error);
            assert_eq!(way.send(&body).counts(&["new", "updated", "rejected"]), [0, 0, 6 - new], "{tenths}");
            let columns = "SELECT (SELECT count(*) FROM aggregates WHERE value = 4.0 AND source = 'W')
                + (SELECT count(*) FROM workouts WHERE duration_s = 5.0)";
            assert_eq!(way.one(columns), json!(new + 1), "{tenths}");
            let reasons = way.one("SELECT coalesce(min(reason LIKE '%longer than 4194304 bytes'), 1) FROM rejects");
            assert_eq!(reasons, json!(1), "{tenths}");
            let sent: Vec<Value> =
                elements.iter().map(|more| serde_json::from_str(&format!("{{{more}}}")).unwrap()).collect();
            let stored = way.rows("SELECT other FROM aggregates UNION ALL SELECT other FROM workouts");
            let stored = stored.iter().filter_map(|row| row["other"].as_str()).filter(|other| other.len() > MIB / 2);
            let stored: Vec<Value> = stored.map(|other| serde_json::from_str(other).unwrap()).collect();
            assert_eq!(stored.len() as u64, new, "{tenths}");
            for mut other in stored {
                other.as_object_mut().unwrap().remove("name");
                assert!(sent.contains(&other), "{tenths}: {:.100}", other.to_string());
            }
        }
    }
}

#[test]
fn numbers_of_other_languages_are_read_or_refused() {
    let metric = |qty: &str| {
        format!(
            r#"{{"metrics":[{{"name":"m","units":"u","data":[{{"date":"2026-05-01 08:00:00 +0200","qty":"{qty}"}}]}}]}}"#
        )
    };
    for (qty, value) in [("5,5", 5.5), ("1.234", 1.234), ("1.234,5", 1234.5), ("٥٫٥", 5.5), (" 7 ", 7.0)] {
        let way = Way::File(tempfile::tempdir().unwrap());
        assert!(way.send(metric(qty)).is_ok, "{qty}");
        assert_eq!(way.one("SELECT value FROM aggregates"), json!(value), "{qty}");
    }
    // The other numbers of the document decide, before or behind it.
    for (numbers, values) in [
        (["1.234", "5,5", "1.234.567"], "1234.0 5.5 1234567.0"),
        (["1,234", "5.5", "7"], "1234.0 5.5 7.0"),
        (["1.234", "2.5", "7"], "1.234 2.5 7.0"),
        (["1,234", "5,5", "7"], "1.234 5.5 7.0"),
    ] {
        let points: Vec<String> = numbers
            .iter()
            .enumerate()
            .map(|(place, qty)| format!(r#"{{"date":"2026-05-01 08:00:0{place} +0200","qty":"{qty}"}}"#))
            .collect();
        let way = Way::File(tempfile::tempdir().unwrap());
        assert!(way.send(format!(r#"{{"metrics":[{{"name":"m","units":"u","data":[{}]}}]}}"#, points.join(","))).is_ok);
        let sql = "SELECT group_concat(value || '', ' ' ORDER BY start_ms) FROM aggregates";
        assert_eq!(way.one(sql), json!(values), "{numbers:?}");
    }
    let way = Way::File(tempfile::tempdir().unwrap());
    assert_eq!(way.send(metric("1,234")).counts(&["rejected"]), [1]);
    let reason = way.one("SELECT reason FROM rejects");
    assert!(reason.as_str().unwrap().contains("`qty` is 1.234 or 1234"), "{reason}");
}
