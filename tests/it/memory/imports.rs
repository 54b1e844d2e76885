//! The peak of `import`: no history, file or text makes it grow.

use std::fs;
use std::io::{self, Write};
use std::process::Stdio;

use healthsink_testdata::{Export, Exported};
use serde_json::{Value, json};

use healthsink_testkit::database::one;
use healthsink_testkit::http::Client;
use healthsink_testkit::wait::wait_until;

use super::{IMPORT_KIB_MAX, MB, MORE_KIB_MAX, least, peak_kib, upload};
use crate::program::{Program, command};

/// KiB of [`IMPORT_KIB_MAX`] that the data may take: an import that takes nothing needs 4 MiB.
const DATA_KIB_MAX: u64 = IMPORT_KIB_MAX - (4 << 10);

/// Returns the peak in KiB of an import that takes nothing.
fn peak_of_nothing() -> u64 {
    least(0, || peak_of_files(&[]))
}

/// Imports an export of Apple's from standard input. Returns its account and the peak in KiB.
fn peak_of_import(export: &Export) -> (Exported, u64) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command();
    command.args(["import", "--json", "-", "--db"]).arg(folder.path().join("health.db"));
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut stdin = child.stdin.take().unwrap();
    let written = export.write_to(&mut stdin).expect("it reads to the end");
    // More than a pipe holds: once all of it is written, the program has read what is before it.
    stdin.write_all(&vec![b' '; 1 << 20]).unwrap();
    let peak = peak_kib(child.id());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let summary: Value = serde_json::from_slice(&output.stdout).expect("a summary");
    assert_eq!((&summary["measurements"], &summary["rejected"]), (&json!(written.records), &json!(0)), "{summary}");
    (written, peak)
}

#[test]
fn the_peak_does_not_grow_with_the_history() {
    let peak_of = |target_bytes: u64| peak_of_import(&Export { seed: 3, target_bytes, ..Export::default() }).1;
    let nothing = peak_of_nothing();
    // Enough to fill everything that an import remembers.
    let base = least(0, || peak_of(20 * MB));
    let most = (base + MORE_KIB_MAX).min(nothing + DATA_KIB_MAX);
    let peak = least(most, || peak_of(80 * MB));
    println!("80 MB of XML: {peak} KiB, 20 MB: {base} KiB, nothing: {nothing} KiB");
    assert!(peak <= most, "{peak} KiB, 20 MB: {base} KiB, nothing: {nothing} KiB");
}

/// Imports files with at most one record each. Returns the peak in KiB.
pub(super) fn peak_of_files(files: &[(String, Vec<u8>)]) -> u64 {
    let (peak, report) = import_files(files);
    assert_eq!(report["new"], json!(files.len() as u64 - report["rejected"].as_u64().unwrap()), "{report}");
    peak
}

/// Imports files, then standard input. Returns the peak in KiB once the program reads standard input, when the files are
/// done, and the report.
fn import_files(files: &[(String, Vec<u8>)]) -> (u64, Value) {
    let folder = tempfile::tempdir().unwrap();
    let inputs = folder.path().join("inputs");
    fs::create_dir(&inputs).unwrap();
    for (name, contents) in files {
        fs::write(inputs.join(name), contents).unwrap();
    }
    let mut command = command();
    command.args(["import", "--json", "--db"]).arg(folder.path().join("health.db")).arg(&inputs).arg("-");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    // More than a pipe holds: the write ends only if the program reads.
    input.write_all(br#"{"data":{}"#).unwrap();
    input.write_all(&vec![b' '; 1 << 20]).unwrap();
    let peak = peak_kib(child.id());
    input.write_all(b"}").unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    (peak, serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn an_import_stays_small_whatever_the_files() {
    let base = peak_of_nothing();
    let most = base + DATA_KIB_MAX;
    let check = |name: &str, content: &dyn Fn(usize) -> String| {
        let files: Vec<_> = (0..6).map(|number| (number.to_string(), content(number).into_bytes())).collect();
        let peak = least(most, || peak_of_files(&files));
        println!("{name}: {peak} KiB, nothing: {base} KiB");
        assert!(peak <= most, "{name}: {peak} KiB, nothing: {base} KiB");
    };
    let long = "A".repeat((4 << 20) - 200);
    check("clinical records", &|number| format!(r#"{{"resourceType":"Observation","id":{number},"data":"{long}"}}"#));
    let ecg =
        |number: usize| format!("Name,Ada\nRecorded Date,2024-01-01 10:00:0{number} +0100\nClassification,\nLead,\n");
    let voltages = "1\n".repeat(100);
    check("voltages", &|number| [ecg(number), "1\n".repeat(200_000)].concat());
    check("voltages without end", &|number| [ecg(number), "1\n".repeat(2_000_000)].concat());
    check("descriptions without end", &|number| {
        [ecg(number), voltages.clone(), "\\".repeat((4 << 20) - 1000)].concat()
    });
    // As many values as an electrocardiogram of thirty seconds has, in as many bytes.
    let voltages = r#"{"date":"2024-01-01 10:00:00 +0000","units":"mcV","voltage":-12.5},"#.repeat(15_360);
    check("sections without a table", &|number| {
        format!(r#"{{"data":{{"metrics":[],"ecg":[{{"n":{number},"voltageMeasurements":[{voltages}1]}}]}}}}"#)
    });
    check("control characters", &|number| {
        let value = "\u{1}".repeat(20);
        let entries: Vec<_> =
            (0..15_000).map(|key| format!("<MetadataEntry key=\"{key}\" value=\"{value}\"/>")).collect();
        let entries = entries.concat();
        format!(
            "<HealthData><Record type=\"T\" startDate=\"2024-01-01 10:00:0{number} +0100\">{entries}</Record></HealthData>"
        )
    });
}

/// Imports standard input. Returns the peak in KiB once the program has read `body`; `end` follows.
fn peak_of_stream(body: &dyn Fn(&mut dyn Write) -> io::Result<()>, end: &[u8]) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command();
    command.args(["import", "--json", "-", "--db"]).arg(folder.path().join("health.db"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut input = io::BufWriter::new(child.stdin.take().unwrap());
    body(&mut input).expect("the program reads it to the end");
    // More than a pipe holds: once all of it is written, the program has read what is before it.
    input.write_all(&vec![b' '; 512 << 10]).unwrap();
    input.flush().unwrap();
    let peak = peak_kib(child.id());
    input.write_all(end).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["files"][0]["ok"], json!(true), "{:.1000}", report.to_string());
    peak
}

/// Each text is within the limit of an element and differs from all others. A memory bounded by counts, not bytes, would grow.
#[test]
fn an_import_remembers_no_long_texts() {
    let base = least(0, || peak_of_stream(&|body| body.write_all(br#"{"data":{}"#), b"}"));
    let most = base + DATA_KIB_MAX;
    let check = |name: &str, end: &[u8], body: &dyn Fn(&mut dyn Write) -> io::Result<()>| {
        let peak = least(most, || peak_of_stream(body, end));
        println!("{name}: {peak} KiB, nothing: {base} KiB");
        assert!(peak <= most, "{name}: {peak} KiB, nothing: {base} KiB");
    };
    let check_xml = |name: &str, elements: u32, element: &dyn Fn(u32) -> String| {
        check(name, b"", &|body| {
            body.write_all(b"<HealthData>\n")?;
            (0..elements).try_for_each(|number| body.write_all(element(number).as_bytes()))?;
            body.write_all(b"</HealthData>")
        });
    };
    let long = "A".repeat(900_000);
    let record =
        |attributes: &str| format!("<Record {attributes} startDate=\"2024-01-01 10:00:00 +0100\" value=\"1\"/>\n");
    check_xml("types", 48, &|number| record(&format!("type=\"T{number}{long}\"")));
    check_xml("units", 48, &|number| record(&format!("type=\"T\" unit=\"U{number}{long}\"")));
    check_xml("sources", 48, &|number| record(&format!("type=\"T\" sourceName=\"S{number}{long}\"")));
    check_xml("versions", 48, &|number| record(&format!("type=\"T\" sourceVersion=\"V{number}{long}\"")));
    check_xml("devices", 48, &|number| record(&format!("type=\"T\" device=\"D{number}{long}\"")));
    check_xml("elements", 48, &|number| format!("<E{number}{long} a=\"1\"/>\n"));
    check_xml("elements within", 48, &|number| format!("<E a=\"1\"><I{number}{long}/></E>\n"));
    check_xml("correlations", 48, &|number| {
        format!("<Correlation type=\"C{number}{long}\" startDate=\"2024-01-01 10:00:00 +0100\"/>\n")
    });
    check_xml("routes", 80, &|number| {
        let references: String = (0..1000)
            .map(|file| format!("<WorkoutRoute><FileReference path=\"/w/{number}-{file}.gpx\"/></WorkoutRoute>"))
            .collect();
        let times = format!("duration=\"{number}\" startDate=\"2024-01-01 10:00:00 +0100\"");
        format!("<Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" {times}>{references}</Workout>\n")
    });
    let key = "k".repeat(60_000);
    check("keys of a payload", b"}}", &|body| {
        body.write_all(br#"{"data":{"notes":[1]"#)?;
        (0..800).try_for_each(|number| write!(body, r#","{number}{key}":[{number}]"#))
    });
}

#[test]
fn an_import_remembers_titles_and_names_of_bounded_length() {
    let base = peak_of_nothing();
    let most = base + DATA_KIB_MAX;
    let name = "n".repeat(250);
    let check = |what: &str, content: String| {
        let files = [("file".to_owned(), content.into_bytes())];
        let peak = least(most, || import_files(&files).0);
        println!("{what}: {peak} KiB, nothing: {base} KiB");
        assert!(peak <= most, "{what}: {peak} KiB, nothing: {base} KiB");
    };
    let workouts = |number: u32| format!(r#"{{"name":"{number}{name}","start":"2024-01-01 10:00:00 +0100"}}"#);
    let workouts: Vec<String> = (0..16 << 10).map(workouts).collect();
    check("titles of workouts", format!(r#"{{"data":{{"workouts":[{}]}}}}"#, workouts.join(",")));
    let metrics = |number: u32| format!(r#"{{"data":[],"name":"{number}{name}","units":"{name}"}}"#);
    let metrics: Vec<String> = (0..40_000).map(metrics).collect();
    check("names of metrics", format!(r#"{{"data":{{"metrics":[{}]}}}}"#, metrics.join(",")));
}

/// Groups of sources are kept while figures are made, so neither their texts nor their number may count.
#[test]
fn figures_of_many_long_sources_stay_small() {
    const SOURCES: usize = 12_000;
    let peak_of = |text: &str| {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("health.db");
        let program = Program::serve(&database);
        let mut client = Client::connect(program.address);
        let (answer, ()) = upload(&mut client, |body| {
            body.write_all(br#"{"data":{"HKQuantityTypeIdentifierStepCount":["#)?;
            for number in 0..SOURCES {
                let separator = if number == 0 { "" } else { "," };
                let day = number % 28 + 1;
                write!(
                    body,
                    r#"{separator}{{"uuid":"00000000-0000-4000-8000-{number:012}","value":1,"unit":"count",
                    "startDate":"2026-01-{day:02}T10:00:00.000Z","endDate":"2026-01-{day:02}T10:01:00.000Z",
                    "sourceRevision":{{"source":{{"name":"{number}{text}","bundleIdentifier":"com.example{number}.{text}"}}}}}}"#
                )?;
            }
            body.write_all(b"]}}")
        });
        assert_eq!((answer.status, answer.field("count")), (200, json!(SOURCES)), "{answer:?}");
        let current = || one(&database, "SELECT count(*) FROM derived_state WHERE rules > 0") == json!(1);
        wait_until("the figures", || current().then_some(()));
        peak_kib(program.id())
    };
    let base = least(0, || peak_of(""));
    // A key and a name each, and what the database has of them.
    let most = base + MORE_KIB_MAX;
    let peak = least(most, || peak_of(&"x".repeat(2000)));
    println!("long sources: {peak} KiB, short ones: {base} KiB");
    assert!(peak <= most, "{peak} KiB, short ones: {base} KiB");
}
