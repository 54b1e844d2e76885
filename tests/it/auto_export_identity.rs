//! What identifies what Health Auto Export writes: the same record in another clock, offset or order is not a new one.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::auto_export::Way;
use super::program::command;
use healthsink_testkit::database;

fn document(section: &str, elements: &[String]) -> String {
    format!(r#"{{"data":{{"{section}":[{}]}}}}"#, elements.join(","))
}

/// Sends elements of a section. Returns how many are new, updated and unchanged.
fn send(way: &Way, section: &str, elements: &[String]) -> Vec<u64> {
    let outcome = way.send(document(section, elements));
    assert!(outcome.is_ok, "{outcome:?}");
    outcome.counts(&["new", "updated", "unchanged"])
}

fn stored(way: &Way, path: &str) -> Vec<String> {
    let rows = way.rows(&format!("SELECT json ->> '$.{path}' AS a FROM other_records ORDER BY a"));
    rows.iter().map(|row| row["a"].as_str().map_or_else(|| row["a"].to_string(), str::to_owned)).collect()
}

/// A dose of eight o'clock on a day of May.
fn dose(day: u32, more: &str) -> String {
    format!(
        r#"{{"displayText":"B 5 mg","start":"2026-05-0{day} 08:03:10 +0200","scheduledDate":"2026-05-0{day} 08:00:00 +0200","dosage":1,
            "codings":[{{"system":"rx","code":"7"}}],{more}}}"#
    )
}

#[test]
fn a_dose_is_matched_by_its_content() {
    for way in Way::all() {
        let active = [1, 2].map(|day| dose(day, r#""status":"Taken","nickname":"b","isArchived":false"#));
        let archived = [1, 2].map(|day| dose(day, r#""isArchived":true,"status":"Taken","nickname":"c""#));
        assert_eq!(send(&way, "medications", &active), [2, 0, 0]);
        assert_eq!(send(&way, "medications", &active), [0, 0, 2]);
        assert_eq!(send(&way, "medications", &archived), [0, 2, 0]);
        assert_eq!(send(&way, "medications", &archived), [0, 0, 2]);
        assert_eq!(stored(&way, "nickname"), ["c", "c"]);
        let other_clock = archived.clone().map(|dose| dose.replace(" 08:0", " 06:0").replace("+0200", "+0000"));
        assert_eq!(send(&way, "medications", &other_clock), [0, 0, 2]);
        let other_clock = archived.clone().map(|dose| dose.replace(":00 +0200", ":00 AM +0200"));
        assert_eq!(send(&way, "medications", &other_clock), [0, 0, 2]);
        let skipped = archived.clone().map(|dose| dose.replace("Taken", "Skipped"));
        assert_eq!(send(&way, "medications", &skipped), [0, 2, 0]);
        // Another amount, another medication, other codes, another time.
        for (from, to) in [(r#""dosage":1"#, r#""dosage":2"#), ("5 mg", "6 mg"), (r#""7""#, r#""8""#), (":03:", ":04:")]
        {
            let other = skipped.clone().map(|dose| dose.replace(from, to));
            assert_eq!(send(&way, "medications", &other), [2, 0, 0], "{to}");
        }
    }
}

fn symptom(source: &str) -> String {
    format!(
        r#"{{"start":"2026-05-01 10:00:00 +0200","end":"2026-05-01 10:00:00 +0200","name":"Nausea","severity":"Mild","source":"{source}"}}"#
    )
}

#[test]
fn equal_symptoms_stay_as_many_as_they_are() {
    for way in Way::all() {
        let count = |names: &[&str]| {
            let symptoms: Vec<String> = names.iter().map(|name| symptom(name)).collect();
            send(&way, "symptoms", &symptoms)
        };
        assert_eq!(count(&["A", "A"]), [2, 0, 0]);
        assert_eq!(count(&["A", "A"]), [0, 0, 2]);
        assert_eq!(count(&["A"]), [0, 0, 1]);
        assert_eq!(count(&["A", "A", "A"]), [1, 0, 2]);
        // One source was renamed; then the order changes.
        assert_eq!(count(&["B", "A", "A"]), [0, 1, 2]);
        assert_eq!(stored(&way, "source"), ["A", "A", "B"]);
        assert_eq!(count(&["A", "B", "A"]), [0, 0, 3]);
        assert_eq!(count(&["B"]), [0, 0, 1]);
        assert_eq!(count(&["A", "C", "B"]), [0, 1, 2]);
        assert_eq!(stored(&way, "source"), ["A", "B", "C"]);
        let later: Vec<String> =
            ["A", "B", "C"].iter().map(|name| symptom(name).replace("10:00:00 ", "10:00:00 PM ")).collect();
        assert_eq!(send(&way, "symptoms", &later), [3, 0, 0]);
    }
}

#[test]
fn a_severity_in_another_spelling_is_the_same() {
    for way in Way::all() {
        let spelled = |severity: &str| {
            let symptom = symptom("A").replace("Mild", severity);
            send(&way, "symptoms", &[symptom])
        };
        assert_eq!(spelled("Mild"), [1, 0, 0]);
        for severity in ["mild", "MILD", "HKCategoryValueSeverityMild"] {
            assert_eq!(spelled(severity), [0, 0, 1], "{severity}");
        }
        assert_eq!(stored(&way, "severity"), ["Mild"]);
        assert_eq!(spelled("notPresent"), [1, 0, 0]);
        assert_eq!(spelled("Not Present"), [0, 0, 1]);
        assert_eq!(spelled("mild, at last"), [1, 0, 0]);
    }
}

/// Equal elements of a document stay several, but a document that comes again in a body has the same elements.
#[test]
fn a_document_that_comes_twice_adds_nothing() {
    let workout = r#"{"name":"Outdoor Run","start":"2026-05-01 10:00:00 +0200","end":"2026-05-01 10:30:00 +0200"}"#;
    let point = r#"{"date":"2026-05-01 10:00:01 +0200","qty":5,"source":"W"}"#;
    let dose = dose(1, r#""status":"Taken""#);
    let symptom = symptom("A");
    let document = |count: usize| {
        let list = |element: &str| vec![element; count].join(",");
        format!(
            r#"{{"data":{{"metrics":[{{"name":"step_count","units":"count","data":[{}]}}],"workouts":[{}],"medications":[{}],"symptoms":[{}]}}}}"#,
            list(point),
            list(workout),
            list(&dose),
            list(&symptom)
        )
    };
    let (two, three) = (document(2), document(3));
    let bodies = [
        ([&*two, &*two].concat(), 8),
        ([&*two, &*two, &*two].join("\n"), 8),
        (format!("[{two},{two}]"), 8),
        (format!("[{two},{three}]{two}"), 12),
        (format!("{three}[{two}]"), 12),
    ];
    for (body, new) in bodies {
        for way in Way::all() {
            for expected in [new, 0] {
                let outcome = way.send(&body);
                assert!(outcome.is_ok, "{outcome:?}");
                assert_eq!(outcome.counts(&["new", "updated"]), [expected, 0], "{body}");
            }
        }
    }
}

#[test]
fn a_recording_is_matched_by_its_start_and_its_voltages() {
    let recording = |text: &str, start: &str, voltage: f64| {
        format!(
            r#"{{"start":"{start}","classification":"{text}","source":"{text}","averageHeartRate":61,"samplingFrequency":512,
                "voltageMeasurements":[{{"date":1788745353.5,"voltage":{voltage},"units":"mcV"}},{{"date":1788745353.6,"voltage":2,"units":"mcV"}}]}}"#
        )
    };
    for way in Way::all() {
        let start = "2026-05-01 10:00:00 +0200";
        assert_eq!(send(&way, "ecg", &[recording("Sinus Rhythm", start, -1.25)]), [1, 0, 0]);
        assert_eq!(send(&way, "ecg", &[recording("Sinusrhythmus", start, -1.25)]), [0, 1, 0]);
        assert_eq!(send(&way, "ecg", &[recording("Sinusrhythmus", "2026-05-01T08:00:00Z", -1.25)]), [0, 0, 1]);
        assert_eq!(
            send(&way, "ecg", &[recording("Sinusrhythmus", "2026-05-01 오전 10:00:00 +0200", -1.25)]),
            [0, 0, 1]
        );
        assert_eq!(send(&way, "ecg", &[recording("Sinusrhythmus", start, 1.25)]), [1, 0, 0]);
        assert_eq!(send(&way, "ecg", &[recording("Sinusrhythmus", "2026-05-01 11:00:00 +0200", 1.25)]), [1, 0, 0]);
        assert_eq!(stored(&way, "classification"), ["Sinusrhythmus"; 3]);
    }
}

#[test]
fn other_sections_are_matched_as_instants_and_numbers() {
    let mood = |start: &str, label: &str| {
        format!(
            r#"{{"id":"7595F72C-0000-4000-8000-0000000000AB","start":"{start}","kind":"daily_mood","valence":0.4,"labels":["{label}"],
                "valenceClassification":"{label}"}}"#
        )
    };
    let alarm = |start: &str, rate: f64, unit: &str| {
        format!(
            r#"{{"heartNotification":"High","start":"{start}","threshold":120,"heartRate":[{{"hr":{rate},"units":"{unit}","timestamp":
                {{"start":"{start}","interval":{{"duration":5,"units":"s"}}}}}}],"heartRateVariation":[]}}"#
        )
    };
    let cycle = |start: &str, source: &str| {
        format!(
            r#"{{"start":"{start}","end":"{start}","name":"Menstrual Flow","value":"Light","isCycleStart":true,"source":"{source}"}}"#
        )
    };
    let [here, there] = ["2026-05-01 10:00:00 +0200", "2026-05-01 8:00:00 a. m. +0000"];
    for way in Way::all() {
        let check = |section: &str, elements: [(String, [u64; 3]); 4]| {
            for (element, expected) in elements {
                assert_eq!(send(&way, section, std::slice::from_ref(&element)), expected, "{element}");
            }
        };
        check(
            "stateOfMind",
            [
                (mood(here, "Calm"), [1, 0, 0]),
                (mood(there, "Calm"), [0, 0, 1]),
                (mood(there, "Ruhig"), [0, 1, 0]),
                (mood(there, "Ruhig").replace("AB\"", "AC\""), [1, 0, 0]),
            ],
        );
        let twice = [mood(here, "Calm"), mood(here, "Calm")];
        assert_eq!(send(&way, "stateOfMind", &twice), [0, 1, 1], "an identifier is of one record");
        check(
            "heartRateNotifications",
            [
                (alarm(here, 121.0, "bpm"), [1, 0, 0]),
                (alarm(there, 121.0, "bpm"), [0, 0, 1]),
                (alarm(here, 121.0, "count/min"), [0, 1, 0]),
                (alarm(here, 122.0, "bpm"), [1, 0, 0]),
            ],
        );
        check(
            "cycleTracking",
            [
                (cycle(here, "A"), [1, 0, 0]),
                (cycle(there, "A"), [0, 0, 1]),
                (cycle(here, "B"), [0, 1, 0]),
                (cycle(here, "B").replace("Light", "Heavy"), [1, 0, 0]),
            ],
        );
        assert_eq!(way.one("SELECT count(*) FROM uploads WHERE state <> 'done'"), json!(0));
    }
}

/// Databases of version 1 identified an element by its text.
#[test]
fn elements_of_version_1_are_found() {
    let way = Way::File(tempfile::tempdir().unwrap());
    let symptoms = ["A", "B"].map(symptom);
    assert_eq!(send(&way, "symptoms", &symptoms), [2, 0, 0]);
    let texts = way.rows("SELECT json FROM other_records");
    let connection = rusqlite::Connection::open(way.database()).unwrap();
    for text in texts.iter().map(|row: &Value| row["json"].as_str().unwrap()) {
        let hash = healthsink::model::identity::digest(&[text.as_bytes()]);
        let sql = "UPDATE other_records SET hash = ?1, content = NULL WHERE json = ?2";
        connection.execute(sql, (&hash[..], text)).unwrap();
    }
    drop(connection);
    assert_eq!(send(&way, "symptoms", &symptoms), [0, 0, 2]);
    assert_eq!(send(&way, "symptoms", &symptoms.clone().map(|symptom| symptom.replace("Mild", "Severe"))), [2, 0, 0]);
    assert_eq!(send(&way, "symptoms", &symptoms), [0, 0, 2]);
}

/// A workout with figures of the minute in which the first one ends and the second one begins: steps, and the least and the
/// highest heart rate.
fn of_shared_minute(from: &str, until: &str, [steps, minimum, maximum]: [u32; 3]) -> String {
    let point = r#""date":"2026-05-01 10:30:00 +0200","source":"W""#;
    format!(
        r#"{{"name":"Outdoor Run","start":"2026-05-01 {from} +0200","end":"2026-05-01 {until} +0200",
            "stepCount":[{{"qty":{steps},"units":"count",{point}}}],
            "heartRateData":[{{"Min":{minimum},"Avg":110,"Max":{maximum},"units":"bpm",{point}}}]}}"#
    )
}

fn first(figures: [u32; 3]) -> String {
    of_shared_minute("10:00:00", "10:30:20", figures)
}

fn second(figures: [u32; 3]) -> String {
    of_shared_minute("10:30:25", "11:00:00", figures)
}

/// The highest heart rates, then the steps.
fn figures_of_shared_minute(way: &Way) -> Vec<f64> {
    let rows = way.rows("SELECT coalesce(value, maximum) AS n FROM aggregates ORDER BY metric, n");
    rows.iter().map(|row| row["n"].as_f64().unwrap()).collect()
}

fn check_workouts(way: &Way, workouts: &[String], expected: [u64; 3], highest_and_steps: &[f64]) {
    assert_eq!(send(way, "workouts", workouts), expected, "{workouts:?}");
    assert_eq!(figures_of_shared_minute(way), highest_and_steps, "{workouts:?}");
}

#[test]
fn workouts_of_one_document_that_share_a_minute_keep_their_figures() {
    for way in Way::all() {
        let check = |one: [u32; 3], other: [u32; 3], expected: [u64; 3], figures: [f64; 4]| {
            check_workouts(&way, &[first(one), second(other)], expected, &figures);
            // Whatever their order.
            check_workouts(&way, &[second(other), first(one)], [0, 0, 6], &figures);
            check_workouts(&way, &[first(one), second(other)], [0, 0, 6], &figures);
        };
        check([20, 100, 120], [40, 90, 130], [6, 0, 0], [120.0, 130.0, 20.0, 40.0]);
        check([20, 100, 120], [45, 90, 131], [0, 2, 4], [120.0, 131.0, 20.0, 45.0]);
        check([21, 99, 120], [46, 89, 131], [0, 4, 2], [120.0, 131.0, 21.0, 46.0]);
        // Both grow until they are equal.
        let equal = [140.0, 140.0, 50.0, 50.0];
        check([50, 80, 140], [50, 80, 140], [0, 4, 2], equal);
        check([20, 100, 120], [45, 90, 131], [0, 0, 6], equal);
        for known in [first([21, 99, 120]), second([40, 90, 130]), first([50, 80, 140]), second([50, 80, 140])] {
            check_workouts(&way, &[known], [0, 0, 3], &equal);
        }
        check([50, 80, 140], [51, 79, 141], [0, 2, 4], [140.0, 141.0, 50.0, 51.0]);
    }
    let way = Way::File(tempfile::tempdir().unwrap());
    let check = |steps: [u32; 2], expected: [u64; 3], figures: [f64; 4]| {
        let [one, other] = steps.map(|steps| [steps, 90, 130]);
        check_workouts(&way, &[first(one), second(other)], expected, &figures);
        check_workouts(&way, &[first(one), second(other)], [0, 0, 6], &figures);
    };
    check([40, 40], [6, 0, 0], [130.0, 130.0, 40.0, 40.0]);
    check([41, 40], [0, 1, 5], [130.0, 130.0, 40.0, 41.0]);
    check([41, 43], [0, 1, 5], [130.0, 130.0, 41.0, 43.0]);
}

/// Earlier versions noted no workout beside a figure, and states only once there were some.
#[test]
fn figures_of_workouts_that_an_earlier_version_stored_are_found() {
    let (old, new) = ([20, 100, 120], [21, 99, 121]);
    for earlier in ["NULL", "x'0102030405060708'"] {
        let stored = || {
            let way = Way::File(tempfile::tempdir().unwrap());
            check_workouts(&way, &[first(old)], [3, 0, 0], &[120.0, 20.0]);
            let sql = format!("UPDATE aggregates SET earlier = {earlier}");
            assert_eq!(rusqlite::Connection::open(way.database()).unwrap().execute(&sql, []).unwrap(), 2);
            check_workouts(&way, &[first(old)], [0, 0, 3], &[120.0, 20.0]);
            way
        };
        let way = stored();
        check_workouts(&way, &[first(new)], [0, 2, 1], &[121.0, 21.0]);
        check_workouts(&way, &[first(old)], [0, 0, 3], &[121.0, 21.0]);
        let contexts =
            way.rows("SELECT DISTINCT hex(substr(earlier, 1, octet_length(earlier) % 8)) AS c FROM aggregates");
        assert_eq!(contexts.len(), 1, "{contexts:?}");
        let context = contexts[0]["c"].as_str().unwrap();
        assert!(context.len() == 10 && context.starts_with("04"), "{context}");
        check_workouts(&way, &[second([40, 90, 130])], [3, 0, 0], &[121.0, 130.0, 21.0, 40.0]);
        check_workouts(&way, &[first([22, 98, 122])], [0, 2, 1], &[122.0, 130.0, 22.0, 40.0]);
        // The next workout came meanwhile: the stored figures are those of the first.
        let both = [121.0, 130.0, 21.0, 40.0];
        for (sent, expected, figures) in [(old, [3, 0, 3], [120.0, 130.0, 20.0, 40.0]), (new, [3, 2, 1], both)] {
            let way = stored();
            check_workouts(&way, &[first(sent), second([40, 90, 130])], expected, &figures);
            check_workouts(
                &way,
                &[first(new), second([40, 90, 130])],
                [0, if sent == new { 0 } else { 2 }, if sent == new { 6 } else { 4 }],
                &both,
            );
            check_workouts(&way, &[second([40, 90, 130]), first(old)], [0, 0, 6], &both);
        }
    }
}

/// A workout ends in the minute in which the next one begins, and each has a figure of that minute.
#[test]
fn workouts_that_share_a_minute_keep_their_figures() {
    let [first, second] = [first, second].map(|workout| move |figures| document("workouts", &[workout(figures)]));
    for way in Way::all() {
        let check = |document: String, expected: [u64; 3]| {
            assert_eq!(way.send(&document).counts(&["new", "updated", "unchanged"]), expected, "{document}");
        };
        let figures = || figures_of_shared_minute(&way);
        check(first([20, 100, 120]), [3, 0, 0]);
        // Larger figures, but of another workout.
        check(second([40, 90, 130]), [3, 0, 0]);
        assert_eq!(figures(), [120.0, 130.0, 20.0, 40.0]);
        check(first([20, 100, 120]), [0, 0, 3]);
        // The watch sends the rest of a minute later.
        check(second([45, 90, 131]), [0, 2, 1]);
        check(first([21, 99, 120]), [0, 2, 1]);
        assert_eq!(figures(), [120.0, 131.0, 21.0, 45.0]);
        for known in [first([20, 100, 120]), second([40, 90, 130]), first([21, 99, 120])] {
            check(known, [0, 0, 3]);
        }
    }
}

/// Points of one time: source, value and unit of each.
fn points(metric: &str, unit: &str, points: &[(&str, f64)]) -> String {
    let point = |(source, qty): &(&str, f64)| {
        format!(r#"{{"date":"2026-05-01 10:07:13 +0200","qty":{qty},"source":"{source}"}}"#)
    };
    let points: Vec<String> = points.iter().map(point).collect();
    format!(r#"{{"data":{{"metrics":[{{"name":"{metric}","units":"{unit}","data":[{}]}}]}}}}"#, points.join(","))
}

fn send_points(way: &Way, metric: &str, unit: &str, values: &[(&str, f64)]) -> Vec<u64> {
    let outcome = way.send(points(metric, unit, values));
    assert!(outcome.is_ok, "{outcome:?}");
    outcome.counts(&["new", "updated", "unchanged"])
}

#[test]
fn a_renamed_source_doubles_no_figures() {
    for way in Way::all() {
        let send = |values: &[(&str, f64)]| send_points(&way, "step_count", "count", values);
        let sources = || {
            let rows = way.rows("SELECT source, value FROM aggregates ORDER BY source, value");
            rows.iter()
                .map(|row| format!("{} {}", row["source"].as_str().unwrap(), row["value"]))
                .collect::<Vec<_>>()
                .join(", ")
        };
        // Two sources with equal figures are two.
        assert_eq!(send(&[("Watch", 10.0), ("Phone", 10.0)]), [2, 0, 0]);
        assert_eq!(send(&[("Phone", 10.0), ("Watch", 10.0)]), [0, 0, 2]);
        assert_eq!(send(&[("Watch", 10.0)]), [0, 0, 1]);
        assert_eq!(send(&[("New phone", 10.0), ("Watch", 10.0)]), [0, 1, 1]);
        assert_eq!(sources(), "New phone 10.0, Watch 10.0");
        assert_eq!(send(&[("New phone", 10.0), ("Watch", 10.0)]), [0, 0, 2]);
        assert_eq!(send(&[("A", 10.0), ("B", 10.0)]), [0, 2, 0]);
        assert_eq!(send(&[("A", 10.0), ("B", 10.0), ("C", 10.0)]), [1, 0, 2]);
        assert_eq!(sources(), "A 10.0, B 10.0, C 10.0");
        // Another figure is no renamed one.
        assert_eq!(send(&[("D", 9.0)]), [1, 0, 0]);
        assert_eq!(send(&[("A", 10.0), ("A", 9.0), ("E", 9.0)]), [1, 1, 1]);
        assert_eq!(sources(), "A 9.0, A 10.0, B 10.0, C 10.0, E 9.0");
        // A source that is known at this time was not renamed.
        assert_eq!(send(&[("B", 10.0), ("B", 9.0)]), [1, 0, 1]);
        assert_eq!(sources(), "A 9.0, A 10.0, B 9.0, B 10.0, C 10.0, E 9.0");
        assert_eq!(send(&[("E", 9.0), ("C", 10.0), ("B", 10.0), ("B", 9.0), ("A", 10.0), ("A", 9.0)]), [0, 0, 6]);
    }
}

/// Some of what the document had is forgotten by then.
#[test]
fn two_sources_with_equal_figures_stay_two_in_a_long_document() {
    const HOURS: usize = 5000;
    let hours_of = |source: &str| {
        let hour = |hour: usize| {
            let (month, day, time) = (1 + hour / 24 / 28 % 12, 1 + hour / 24 % 28, hour % 24);
            let date = format!("2026-{month:02}-{day:02} {time:02}:00:00 +0000");
            format!(r#"{{"date":"{date}","qty":{},"source":"{source}"}}"#, hour % 40)
        };
        (0..HOURS).map(hour).collect::<Vec<_>>().join(",")
    };
    let document = |sources: &[&str]| {
        let points = sources.iter().map(|source| hours_of(source)).collect::<Vec<_>>().join(",");
        format!(r#"{{"data":{{"metrics":[{{"name":"step_count","units":"count","data":[{points}]}}]}}}}"#)
    };
    for way in Way::all() {
        let send = |sources: &[&str]| way.send(document(sources)).counts(&["new", "updated", "unchanged"]);
        let rows = || {
            let rows = way.rows("SELECT source, count(*) AS n FROM aggregates GROUP BY source ORDER BY source");
            rows.iter().map(|row| format!("{} {}", row["source"].as_str().unwrap(), row["n"])).collect::<Vec<_>>()
        };
        let all = HOURS as u64;
        assert_eq!(send(&["Watch", "Phone"]), [2 * all, 0, 0]);
        assert_eq!(send(&["Phone", "Watch"]), [0, 0, 2 * all]);
        assert_eq!(send(&["Watch"]), [0, 0, all]);
        // A new name is one of a source that the document no longer has.
        assert_eq!(send(&["Watch", "New phone"]), [0, all, all]);
        assert_eq!(rows(), ["New phone 5000", "Watch 5000"]);
    }
}

#[test]
fn another_unit_doubles_no_figures() {
    for way in Way::all() {
        let check = |metric: &str, [unit, other]: [&str; 2], [values, converted]: [[f64; 2]; 2]| {
            let of = |values: [f64; 2]| values.map(|value| ("W", value));
            assert_eq!(send_points(&way, metric, unit, &of(values)), [2, 0, 0], "{metric}");
            assert_eq!(send_points(&way, metric, other, &of(converted)), [0, 2, 0], "{metric}");
            assert_eq!(send_points(&way, metric, other, &of(converted)), [0, 0, 2], "{metric}");
            assert_eq!(send_points(&way, metric, other, &of(converted)[..1]), [0, 0, 1], "{metric}");
            let renamed = converted.map(|value| ("X", value));
            assert_eq!(send_points(&way, metric, other, &renamed), [0, 2, 0], "{metric}");
            assert_eq!(send_points(&way, metric, other, &renamed), [0, 0, 2], "{metric}");
            let [one, two] = values.map(|value| ("X", value));
            assert_eq!(send_points(&way, metric, unit, &[two, one]), [0, 2, 0], "{metric}");
            assert_eq!(way.one(&format!("SELECT count(*) FROM aggregates WHERE metric = '{metric}'")), json!(2));
        };
        check("active_energy", ["kcal", "kJ"], [[100.0, 50.0], [418.4, 209.2]]);
        check("walking_running_distance", ["km", "mi"], [[5.0, 1.25], [3.106_855_961_186_67, 0.776_713_990_296_667]]);
        check("body_temperature", ["degC", "degF"], [[36.6, 37.1], [97.88, 98.78]]);
        check("wrist_temperature", ["°C", "°F"], [[36.6, 37.1], [97.88, 98.78]]);
        check("heart_rate", ["bpm", "count/min"], [[60.0, 61.0], [60.0, 61.0]]);
    }
}

/// Numbers without a column are in the metric's unit also.
#[test]
fn nights_and_pressures_in_another_unit_are_the_same() {
    let night = |unit: &str, core: f64, deep: f64| {
        let night = json!({"sleepStart": "2026-05-01 23:00:00 +0200", "sleepEnd": "2026-05-02 07:00:00 +0200",
            "asleep": core + deep, "core": core, "deep": deep, "rem": 0, "source": "W"});
        json!({"data": {"metrics": [{"name": "sleep_analysis", "units": unit, "data": [night]}]}}).to_string()
    };
    let pressure = |unit: &str, systolic: f64, diastolic: f64| {
        let point =
            json!({"date": "2026-05-01 07:30:00 +0200", "systolic": systolic, "diastolic": diastolic, "source": "W"});
        json!({"data": {"metrics": [{"name": "blood_pressure", "units": unit, "data": [point]}]}}).to_string()
    };
    for way in Way::all() {
        let check = |body: String, expected: [u64; 3]| {
            assert_eq!(way.send(&body).counts(&["new", "updated", "unchanged"]), expected, "{body}");
        };
        check(night("hr", 5.0, 2.25), [1, 0, 0]);
        check(night("min", 300.0, 135.0), [0, 1, 0]);
        check(night("min", 300.0, 135.0), [0, 0, 1]);
        check(night("hr", 5.0, 2.25), [0, 1, 0]);
        // A number that is larger only because its unit is smaller.
        check(night("min", 50.0, 10.0), [1, 0, 0]);
        check(night("hr", 5.0, 2.25), [0, 0, 1]);
        check(pressure("mmHg", 120.0, 80.0), [1, 0, 0]);
        check(pressure("kPa", 16.0, 10.67), [0, 1, 0]);
        check(pressure("mmHg", 90.0, 60.0), [1, 0, 0]);
        check(pressure("mmHg", 120.0, 80.0), [0, 1, 0]);
        assert_eq!(way.one("SELECT count(*) FROM aggregates"), json!(4));
    }
}

/// A long night is compared with no other one.
#[test]
fn a_night_with_long_fields_stays_beside_a_short_one() {
    let night = |note: &str, asleep: u32| {
        let night = json!({"sleepStart": "2026-05-01 23:00:00 +0200", "asleep": asleep, "note": note, "source": "W"});
        json!({"data": {"metrics": [{"name": "sleep_analysis", "units": "hr", "data": [night]}]}}).to_string()
    };
    let bodies = [night(&"n".repeat(70_000), 6), night("n", 7)];
    for order in [[0, 1], [1, 0]] {
        for way in Way::all() {
            for expected in [[1, 0], [0, 0]] {
                for body in order.map(|place| &bodies[place]) {
                    let outcome = way.send(body);
                    assert!(outcome.is_ok, "{outcome:?}");
                    assert_eq!(outcome.counts(&["new", "updated"]), expected);
                }
            }
        }
    }
}

/// More figures of one time than are compared one by one.
#[test]
fn any_number_of_figures_of_one_time_is_matched() {
    let count = 400;
    let values = |factor: f64, decimals: i32| {
        let ten = 10_f64.powi(decimals);
        let value = |place: u32| ((100.0 + f64::from(place) * 0.37) * factor * ten).round() / ten;
        (0..count).map(|place| ("W", value(place))).collect::<Vec<_>>()
    };
    let (kilocalories, joules, digits) = (values(1.0, 2), values(4.184, 1), values(1.000_000_1, 9));
    let all = u64::from(count);
    for way in Way::all() {
        let check = |unit: &str, values: &[(&str, f64)], expected: [u64; 3]| {
            assert_eq!(send_points(&way, "active_energy", unit, values), expected, "{unit} {:?}", values[1]);
            let mut reversed = values.to_vec();
            reversed.reverse();
            assert_eq!(send_points(&way, "active_energy", unit, &reversed), [0, 0, all], "{unit} {:?}", values[1]);
            assert_eq!(way.one("SELECT count(*) FROM aggregates"), json!(all));
        };
        check("kcal", &kilocalories, [all, 0, 0]);
        check("kJ", &joules, [0, all, 0]);
        check("kcal", &kilocalories, [0, all, 0]);
        check("kcal", &digits, [0, 0, all]);
        check("kJ", &joules, [0, all, 0]);
    }
}

/// Hours and days of a source before and after it was renamed: in whichever order the files come, each figure is there once.
#[test]
fn a_table_of_orders_doubles_no_figures() {
    let file = |source: &str, points: &[(&str, u32)]| {
        let point =
            |(time, qty): &(&str, u32)| format!(r#"{{"date":"2026-05-{time} +0200","qty":{qty},"source":"{source}"}}"#);
        let points: Vec<String> = points.iter().map(point).collect();
        format!(r#"{{"data":{{"metrics":[{{"name":"step_count","units":"count","data":[{}]}}]}}}}"#, points.join(","))
    };
    let hours = [("01 00:00:00", 5), ("01 01:00:00", 6), ("01 02:00:00", 7)];
    let days = [("01 00:00:00", 18), ("02 00:00:00", 30)];
    let folder = tempfile::tempdir().unwrap();
    let files = [file("Old", &hours), file("New", &hours), file("Old", &days), file("New", &days)];
    let files: Vec<_> = files
        .iter()
        .enumerate()
        .map(|(number, file)| {
            let path = folder.path().join(format!("{number}.json"));
            std::fs::write(&path, file).unwrap();
            path
        })
        .collect();
    for order in 0..24 {
        let (mut left, mut arguments, mut rest) = (files.clone(), Vec::new(), order);
        for choices in (1..=4).rev() {
            arguments.push(left.remove(rest % choices));
            rest /= choices;
        }
        let database = folder.path().join(format!("{order}.db"));
        let import = |files: &[std::path::PathBuf]| {
            let output = command().args(["import", "--json", "--db"]).arg(&database).args(files).output().unwrap();
            serde_json::from_slice::<Value>(&output.stdout).unwrap()
        };
        assert_eq!(import(&arguments)["new"], json!(5), "{arguments:?}");
        let last = if arguments[3].ends_with("1.json") || arguments[3].ends_with("3.json") { "New" } else { "Old" };
        assert_eq!(import(&arguments)["new"], json!(0), "{arguments:?}");
        let sql = "SELECT group_concat(value || '', ' ' ORDER BY start_ms, value) FROM aggregates";
        assert_eq!(database::one(&database, sql), json!("5.0 18.0 6.0 7.0 30.0"), "{arguments:?}");
        let sql = format!("SELECT count(*) > 0 FROM aggregates WHERE source = '{last}'");
        assert_eq!(database::one(&database, &sql), json!(1), "{arguments:?}");
    }
}

/// The same figures with other digits, or rounded in another unit, are no further ones and no later states.
#[test]
fn another_precision_doubles_no_figures() {
    for way in Way::all() {
        let check = |metric: &str, unit: &str, values: &[f64], expected: [u64; 3]| {
            let values: Vec<_> = values.iter().map(|value| ("W", *value)).collect();
            assert_eq!(send_points(&way, metric, unit, &values), expected, "{metric} {values:?}");
        };
        check("a", "kg", &[81.234_567_891, 12.3], [2, 0, 0]);
        check("a", "kg", &[81.2346, 12.300_000_1], [0, 0, 2]);
        check("a", "kg", &[12.3, 81.234_567_891], [0, 0, 2]);
        check("a", "kg", &[81.24], [1, 0, 0]);
        // Rounded in each unit.
        check("active_energy", "kcal", &[230.52, 0.05], [2, 0, 0]);
        check("active_energy", "kJ", &[964.5, 0.21], [0, 2, 0]);
        check("active_energy", "kcal", &[0.05, 230.52], [0, 2, 0]);
        check("basal_energy", "kcal", &[100.0, 100.4], [2, 0, 0]);
        check("basal_energy", "kJ", &[420.1, 418.4], [0, 2, 0]);
        assert_eq!(way.one("SELECT count(*) FROM aggregates"), json!(7));
        assert_eq!(
            way.one("SELECT value FROM aggregates WHERE metric = 'a' ORDER BY abs(value - 81.2346) LIMIT 1"),
            json!(81.234_567_891)
        );
        // Hours and nights, which may grow.
        let hour = |qty: &str, more: &str| {
            let points = format!(
                r#"{{"date":"2026-05-02 10:00:00 +0200","qty":{qty}}},{{"sleepStart":"2026-05-02 22:00:00 +0200","asleep":{more}}}"#
            );
            way.send(format!(r#"{{"metrics":[{{"name":"b","units":"kg","data":[{points}]}}]}}"#)).counts(&[
                "new",
                "updated",
                "unchanged",
            ])
        };
        assert_eq!(hour("5.123456789", "7.123456789"), [2, 0, 0]);
        assert_eq!(hour("5.12346", "7.12346"), [0, 0, 2]);
        assert_eq!(hour("5.123456789", "7.123456789"), [0, 0, 2]);
        assert_eq!(hour("5.13", "7.2"), [0, 2, 0]);
    }
}

#[test]
fn another_precision_doubles_no_elements() {
    for way in Way::all() {
        let dose = |dosage: &str| vec![dose(1, &format!(r#""quantity":{dosage},"unit":"tablet""#))];
        assert_eq!(send(&way, "medications", &dose("0.3333333333333333")), [1, 0, 0]);
        assert_eq!(send(&way, "medications", &dose("0.333333")), [0, 0, 1]);
        assert_eq!(send(&way, "medications", &dose("\"0.333333\"")), [0, 0, 1]);
        assert_eq!(send(&way, "medications", &dose("0.3334")), [1, 0, 0]);
        let symptom = |duration: &str| vec![symptom("A").replacen('{', &format!(r#"{{"duration":{duration},"#), 1)];
        assert_eq!(send(&way, "symptoms", &symptom("12.345678901")), [1, 0, 0]);
        assert_eq!(send(&way, "symptoms", &symptom("12.3457")), [0, 0, 1]);
    }
}

/// What the app may print otherwise the next time.
#[derive(Clone, Copy, Debug)]
struct Style {
    offset_minutes: i32,
    clock: usize,
    is_reversed: bool,
    source: u32,
    is_archived: bool,
}

impl Style {
    /// Prints a time of the tenth of May 2026, as minutes after twelve o'clock in UTC.
    fn date(self, minute: i32) -> String {
        let local = 12 * 60 + minute + self.offset_minutes;
        let (hour, minute, offset) = (local / 60, local % 60, self.offset_minutes);
        let sign = if offset < 0 { '-' } else { '+' };
        let offset = format!("{sign}{:02}{:02}", offset.abs() / 60, offset.abs() % 60);
        let (half, is_late) = ((hour + 11) % 12 + 1, hour >= 12);
        match self.clock {
            0 => format!("2026-05-10 {hour:02}:{minute:02}:13 {offset}"),
            1 => format!("2026-05-10 {half}:{minute:02}:13 {} {offset}", if is_late { "PM" } else { "AM" }),
            2 => format!("2026-05-10 {}{half}:{minute:02}:13 {offset}", if is_late { "下午" } else { "上午" }),
            3 => {
                format!("2026-05-10 {half}:{minute:02}:13\u{202f}{} {offset}", if is_late { "p. m." } else { "a. m." })
            }
            _ => format!("2026-05-10T{hour:02}:{minute:02}:13{}:{}", &offset[..3], &offset[3..]),
        }
    }

    /// An element: its members, the last of which is its source.
    fn element(self, members: &[(&str, Value)], source: u32) -> String {
        let source = ("source", json!(format!("source {}", source + 10 * self.source)));
        let mut members: Vec<String> =
            members.iter().chain([&source]).map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
        if self.is_reversed {
            members.reverse();
        }
        format!("{{{}}}", members.join(","))
    }

    /// An element of a section, made of four small numbers.
    fn print(self, [section, minute, kind, source]: [u32; 4]) -> String {
        let date = json!(self.date(i32::try_from(minute).unwrap()));
        let times = [("start", date.clone()), ("end", date.clone())];
        let members: Vec<(&str, Value)> = match section {
            0 => vec![
                ("displayText", json!(format!("B {kind}"))),
                ("scheduledDate", date.clone()),
                ("dosage", json!(kind)),
                ("isArchived", json!(self.is_archived)),
                ("nickname", json!(format!("n{}", self.source))),
                ("codings", json!([{"code": kind.to_string(), "system": "s"}])),
            ],
            1 => vec![("name", json!("Nausea")), ("severity", json!(kind)), ("userEntered", json!(true))],
            2 => vec![("voltageMeasurements", json!([{"date": 1.5, "voltage": kind, "units": "mcV"}]))],
            3 => vec![("kind", json!("daily_mood")), ("valence", json!(kind)), ("metadata", json!({}))],
            4 => vec![("name", json!("Menstrual Flow")), ("value", json!(kind)), ("isCycleStart", json!(kind > 0))],
            _ => vec![
                ("threshold", json!(120)),
                ("heartRate", json!([{"hr": kind, "units": "bpm", "timestamp": {"start": date}}])),
            ],
        };
        self.element(&[&times[..], &members].concat(), source)
    }

    fn point(self, [_, minute, kind, source]: [u32; 4]) -> String {
        let date = json!(self.date(i32::try_from(minute).unwrap()));
        self.element(&[("date", date), ("qty", json!(kind))], source)
    }

    fn document(self, elements: &[[u32; 4]]) -> String {
        let names = ["medications", "symptoms", "ecg", "stateOfMind", "cycleTracking", "heartRateNotifications"];
        let section = |(number, name): (u32, &str)| {
            let own = elements.iter().filter(|element| element[0] == number);
            let printed: Vec<String> = own.map(|element| self.print(*element)).collect();
            format!(r#""{name}":[{}]"#, printed.join(","))
        };
        let sections: Vec<String> = (0..).zip(names).map(section).collect();
        let points = elements.iter().filter(|element| element[0] == 6);
        let points: Vec<String> = points.map(|element| self.point(*element)).collect();
        let metric = format!(r#"{{"name":"m","units":"u","data":[{}]}}"#, points.join(","));
        format!(r#"{{"data":{{"metrics":[{metric}],{}}}}}"#, sections.join(","))
    }
}

fn style() -> impl Strategy<Value = Style> {
    let offset = prop::sample::select(vec![0, 60, 120, 345, -330, -480]);
    (offset, 0..5_usize, any::<bool>(), 0..3_u32, any::<bool>()).prop_map(
        |(offset_minutes, clock, is_reversed, source, is_archived)| Style {
            offset_minutes,
            clock,
            is_reversed,
            source,
            is_archived,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Few different contents, so that many are equal.
    #[test]
    fn another_print_adds_nothing(
        mut elements in prop::collection::vec([0..7_u32, 0..3_u32, 0..2_u32, 0..2_u32], 1..60),
        styles in [style(), style(), style()],
    ) {
        let way = Way::File(tempfile::tempdir().unwrap());
        let all = elements.len() as u64;
        let counts = |style: Style, elements: &[[u32; 4]]| {
            let outcome = way.send(style.document(elements));
            assert!(outcome.is_ok, "{outcome:?}");
            outcome.counts(&["new", "updated", "unchanged"])
        };
        prop_assert_eq!(counts(styles[0], &elements), [all, 0, 0]);
        prop_assert_eq!(counts(styles[0], &elements), [0, 0, all]);
        for style in styles {
            let other = counts(style, &elements);
            prop_assert_eq!(other[0], 0, "{:?}", style);
            prop_assert_eq!(counts(style, &elements), [0, 0, all], "{:?}", style);
            elements.reverse();
            prop_assert_eq!(counts(style, &elements), [0, 0, all], "{:?}", style);
            let half = &elements[..elements.len() / 2];
            if !half.is_empty() {
                prop_assert_eq!(counts(style, half), [0, 0, half.len() as u64], "{:?}", style);
            }
        }
    }
}

/// Thirty days of hours and of days, with the source and the unit of each document's figures.
fn month(source: &str, [unit, energy]: [&str; 2], is_daily: bool, days: std::ops::Range<u32>) -> String {
    let factor = |unit: &str| match unit {
        "mi" => 1.0 / 1.609_344,
        "kJ" => 4.184,
        _ => 1.0,
    };
    let hours = if is_daily { 0..1 } else { 0..24 };
    let times = || days.clone().flat_map(|day| hours.clone().map(move |hour| (day, hour)));
    let points = |point: &dyn Fn(f64) -> Value| {
        let points = times().map(|(day, hour)| {
            let mut point = point(f64::from(if is_daily { 300 + day } else { day + hour }));
            point["date"] = json!(format!("2026-05-{day:02} {hour:02}:00:00 +0200"));
            point["source"] = json!(source);
            point
        });
        points.collect::<Vec<_>>()
    };
    let metrics = [
        ("distance", unit, points(&|value| json!({"qty": value * factor(unit)}))),
        ("active_energy", energy, points(&|value| json!({"qty": value * factor(energy)}))),
        ("step_count", "count", points(&|value| json!({"qty": value}))),
        (
            "heart_rate",
            "count/min",
            points(&|value| json!({"Min": 100.0 - value / 10.0, "Avg": 100, "Max": 100.0 + value})),
        ),
    ];
    let metrics = metrics.map(|(name, units, data)| json!({"name": name, "units": units, "data": data}));
    json!({"data": {"metrics": metrics}}).to_string()
}

#[test]
fn hours_and_days_follow_a_renamed_source_and_other_units() {
    const METRICS: u64 = 4;
    for way in Way::all() {
        let count = || way.one("SELECT count(*) FROM aggregates");
        let send = |source: &str, units: [&str; 2], is_daily: bool, days: std::ops::Range<u32>| {
            let outcome = way.send(month(source, units, is_daily, days));
            assert!(outcome.is_ok, "{outcome:?}");
            outcome.counts(&["new", "updated"])
        };
        let (metric, imperial) = (["km", "kcal"], ["mi", "kJ"]);
        let (hours, days) = (30 * 24 * METRICS, 30 * METRICS);
        for is_daily in [false, true] {
            let rows = if is_daily { days } else { hours };
            assert_eq!(send("P", metric, is_daily, 1..31), [rows, 0]);
            assert_eq!(send("P", metric, is_daily, 1..31), [0, 0]);
        }
        let all = count();
        for (source, units, order) in [
            ("Q", metric, [false, true]),
            ("R", metric, [true, false]),
            ("R", imperial, [false, true]),
            ("P", metric, [true, false]),
        ] {
            for is_daily in order {
                let rows = if is_daily { days } else { hours };
                // In two documents.
                let [one, other] = [1..16, 16..31].map(|half| send(source, units, is_daily, half));
                let both = [one[0] + other[0], one[1] + other[1]];
                let changed = if units == imperial { rows / 2 } else { rows };
                assert_eq!(both, [0, changed], "{source} {units:?} {is_daily}");
                assert_eq!(send(source, units, is_daily, 1..31), [0, 0], "{source} {units:?} {is_daily}");
            }
            assert_eq!(count(), all);
            let sources = way.rows("SELECT DISTINCT source FROM aggregates");
            assert_eq!(sources, [json!({"source": source})]);
        }
    }
}
