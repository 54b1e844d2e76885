//! The peak of a workout with one text near the limit of an element, from each exporter, and when it meets a stored one.

use std::io::Write;
use std::path::Path;

use healthsink::model::limits;
use healthsink::model::memory as equation;
use healthsink_testkit::http::Client;
use serde_json::json;

use super::{MORE_KIB_MAX, least, peak_kib, upload};
use crate::program::Program;

/// Who sends the workout.
#[derive(Clone, Copy, Debug)]
enum Exporter {
    App,
    AutoExport,
}
use Exporter::{App, AutoExport};

impl Exporter {
    /// A workout with this text. Both exporters send the same workout.
    fn body(self, text: &str) -> String {
        let members = match self {
            App => {
                r#""uuid":"00000000-0000-4000-8000-000000000001","workoutActivityType":37,"startDate":"2026-01-01T10:00:00.000Z","endDate":"2026-01-01T10:30:00.000Z""#
            }
            AutoExport => {
                r#""name":"Outdoor Run","start":"2026-01-01 10:00:00 +0000","end":"2026-01-01 10:30:00 +0000""#
            }
        };
        format!(r#"{{"data":{{"workouts":[{{{members},"unheard of":"{text}"}}]}}}}"#)
    }
}

/// Sends bodies to a new process. Returns by how many KiB its peak is above idle.
fn peak_of(database: &Path, bodies: &[String]) -> u64 {
    let program = Program::serve(database);
    let idle = peak_kib(program.id());
    for body in bodies {
        let (answer, ()) = upload(&mut Client::connect(program.address), |out| out.write_all(body.as_bytes()));
        let counts = [answer.field("count"), answer.field("rejected")];
        assert_eq!((answer.status, counts), (200, [json!(1), json!(0)]), "{answer:?}");
    }
    peak_kib(program.id()) - idle
}

/// KiB that one upload or import with the longest element may take in total, and what the released program takes idle. A debug build
/// takes more, so the tests compare it with itself.
const LONG_ELEMENT_KIB_MAX: u64 = 24 << 10;
const IDLE_KIB: u64 = 11 << 10;

/// An element of each kind with this text: escapes as the app and other programs write them.
fn bodies(text: &str) -> Vec<(&'static str, String)> {
    let ids = r#""uuid":"00000000-0000-4000-8000-000000000001","startDate":"2026-01-01T10:00:00.000Z""#;
    let point = r#""date":"2026-01-01 10:00:00 +0000","qty":5,"source":"W""#;
    vec![
        (
            "metadata",
            format!(r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{{{ids},"metadata":{{"k":"{text}"}}}}]}}}}"#),
        ),
        ("a field", format!(r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{{"new":"{text}",{ids}}}]}}}}"#)),
        ("a dose", format!(r#"{{"data":{{"medicationDoseEvents":[{{{ids},"notes":"{text}"}}]}}}}"#)),
        ("an unknown section", format!(r#"{{"data":{{"notes":[{{"t":"{text}","n":1}}]}}}}"#)),
        ("the app's workout", App.body(text)),
        ("Health Auto Export's workout", AutoExport.body(text)),
        ("a symptom", format!(r#"{{"data":{{"symptoms":[{{"value":"{text}","name":"x"}}]}}}}"#)),
        ("a point", format!(r#"{{"data":{{"metrics":[{{"name":"m","data":[{{"x":"{text}",{point}}}]}}]}}}}"#)),
        ("a source", format!(r#"{{"data":{{"metrics":[{{"name":"m","data":[{{{point},"value":"{text}"}}]}}]}}}}"#)),
    ]
}

/// One element of 4 MiB, posted to a new server and imported by a new process, takes 24 MiB in total.
#[test]
fn an_upload_with_the_longest_element_stays_within_24_mib() {
    let bytes = limits::ELEMENT_BYTES_MAX - 1000;
    let event = r#"{"type":1,"startDate":"2026-01-01T10:00:00.000Z","endDate":"2026-01-01T10:00:00.000Z"},"#;
    let events = event.repeat(bytes / event.len());
    let workout = App.body("x").replace(r#""unheard of":"x""#, &format!(r#""events":[{events}1]"#));
    let texts = ["x".repeat(bytes), "a\\n".repeat(bytes / 3), "\\u00e9".repeat(bytes / 6), "\\ud83d".repeat(bytes / 6)];
    // Names of fields are in memory more often than values.
    let names: Vec<_> = (0..8).map(|number| format!(r#""{}":{number}"#, number.to_string().repeat(100_000))).collect();
    let value = "x".repeat(bytes - 24 * 100_000);
    let named = App.body(&value).replace(r#""unheard of""#, &format!(r#"{},"unheard of""#, names.join(",")));
    let of_texts = texts.iter().flat_map(|text| bodies(text));
    let base = least(0, || super::imports::peak_of_files(&[]));
    for (what, body) in of_texts.chain([("events", workout), ("names", named)]) {
        let posted_max = LONG_ELEMENT_KIB_MAX - IDLE_KIB;
        let posted = least(posted_max, || {
            let folder = tempfile::tempdir().unwrap();
            peak_of(&folder.path().join("health.db"), std::slice::from_ref(&body))
        });
        let imported_max = base + LONG_ELEMENT_KIB_MAX - IDLE_KIB;
        let files = [("body.json".to_owned(), body.into_bytes())];
        let imported = least(imported_max, || super::imports::peak_of_files(&files));
        println!("{what}: {posted} KiB more than idle, an import {imported} KiB, without it {base} KiB");
        assert!(posted <= posted_max && imported <= imported_max, "{what}: {posted} KiB, {imported} KiB");
    }
}

#[test]
fn a_long_text_of_a_workout_stays_within_its_bound() {
    let bytes = limits::ELEMENT_BYTES_MAX - 1000;
    let [text, other, escapes] = ["x".repeat(bytes), "y".repeat(bytes), "a\\n".repeat(bytes / 3)];
    let (payload, foreign) = (equation::element_bytes(), equation::auto_export_element_bytes());
    let check = |what: &str, element: usize, before: &[(Exporter, &str)], last: (Exporter, &str)| {
        let most = (equation::ingest_bytes() + element + limits::PAGE_CACHE_BYTES) as u64 / 1024 + MORE_KIB_MAX;
        let peak = least(most, || {
            let folder = tempfile::tempdir().unwrap();
            let database = folder.path().join("health.db");
            let bodies = |sent: &[(Exporter, &str)]| sent.iter().map(|(by, text)| by.body(text)).collect::<Vec<_>>();
            if !before.is_empty() {
                peak_of(&database, &bodies(before));
            }
            peak_of(&database, &bodies(&[last]))
        });
        println!("{what}: {peak} KiB more than idle, allowed {most} KiB");
        assert!(peak <= most, "{what}: {peak} KiB, allowed {most} KiB");
    };
    check("the app's", payload, &[], (App, &text));
    check("the app's with escapes", payload, &[], (App, &escapes));
    check("the app's, corrected", payload, &[(App, &text)], (App, &other));
    check("Health Auto Export's", foreign, &[], (AutoExport, &text));
    check("Health Auto Export's with escapes", foreign, &[], (AutoExport, &escapes));
    check("Health Auto Export's, corrected", foreign, &[(AutoExport, &text)], (AutoExport, &other));
    check("Health Auto Export's beside the app's", foreign, &[(App, &text)], (AutoExport, &other));
    let both = [(App, &*text), (AutoExport, &*text)];
    check("Health Auto Export's beside the app's, corrected", foreign, &both, (AutoExport, &other));
}
