//! What commands print: a reader that has gone is not an error, and no name harms a terminal or a table.

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use crate::contract::payload;
use crate::program::{command, run, run_with_input};

/// Runs a command whose standard output is a pipe without a reader.
fn run_into_closed_pipe(arguments: &[&str]) -> Output {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    command().args(arguments).stdout(Stdio::from(writer)).output().unwrap()
}

fn import(database: &Path, body: &[u8], arguments: &[&str]) -> Output {
    let mut import = command();
    run_with_input(import.args(["import", "-", "--db"]).arg(database).args(arguments), body)
}

fn status(database: &Path, arguments: &[&str]) -> Output {
    run(&[&["status", "--db", database.to_str().unwrap()], arguments].concat())
}

/// `token new` is the exception, since the token was not shown: it fails and revokes the token.
#[test]
fn a_reader_that_has_gone_is_not_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (database, example, copy) = (path("health.db"), path("example.json"), path("copy.db"));
    fs::write(&example, payload("documented")).unwrap();
    for words in [
        &["import", &example][..],
        &["import", "--json", &example],
        &["import", "--dry-run", &example],
        &["status"],
        &["status", "--json"],
        &["check"],
        &["check", "--json"],
        &["token", "new", "--out", &path("token")],
        &["token", "list"],
        &["token", "list", "--json"],
        &["token", "revoke", "1"],
        &["backup", &copy],
        &["backup", "--json", &copy],
        &["restore", &copy],
    ] {
        let output = run_into_closed_pipe(&[words, &["--db", &database]].concat());
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {message}");
        assert!(!message.contains("Broken pipe"), "{words:?}: {message}");
    }
}

/// A type with this prefix becomes a sample; tables omit the prefix.
const PREFIX: &str = "HKQuantityTypeIdentifier";

/// A payload with one sample of each type.
fn samples(types: &[String]) -> Vec<u8> {
    let sample = json!([{"uuid": "00000000-0000-4000-8000-000000000001", "value": 1, "unit": "count",
        "startDate": "2026-01-01T00:00:00.000Z", "endDate": "2026-01-01T00:00:00.000Z"}]);
    let data: serde_json::Map<String, Value> = types.iter().map(|kind| (kind.clone(), sample.clone())).collect();
    serde_json::to_vec(&json!({ "data": data })).unwrap()
}

/// One record of Apple's export and one element of an unknown name within it.
fn export(kind: &str) -> Vec<u8> {
    format!(
        "<?xml version=\"1.0\"?><HealthData locale=\"en\"><Record type=\"{kind}\" sourceName=\"a\" \
         startDate=\"2026-01-01 00:00:00 +0000\" endDate=\"2026-01-01 00:00:00 +0000\" value=\"1\" unit=\"count\">\
         <{kind}/></Record><{kind} a=\"b\"/></HealthData>"
    )
    .into_bytes()
}

#[test]
fn names_of_any_length_are_cut_in_tables() {
    let long = |length: usize| format!("{PREFIX}{}", "T".repeat(length - PREFIX.len()));
    let thousand: Vec<String> = (0..1000).map(|number| format!("{PREFIX}{number}{}", long(60_000))).collect();
    for (case, body) in [
        ("65,535 bytes", samples(&[long(65_535)])),
        ("65,536 bytes", samples(&[long(65_536)])),
        ("70,000 bytes of Apple's export", export(&long(70_000))),
        ("1,000 names", samples(&thousand)),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("health.db");
        for output in [import(&database, &body, &["--dry-run"]), import(&database, &body, &[]), status(&database, &[])]
        {
            let text = String::from_utf8(output.stdout).unwrap();
            assert_ne!(output.status.code(), Some(101), "{case}: {}", String::from_utf8_lossy(&output.stderr));
            assert!(text.len() < 256 << 10, "{case}: {} bytes", text.len());
            assert!(text.contains("TTT…"), "{case}: {}", &text[..text.len().min(2000)]);
        }
    }
}

/// Programs get the whole name.
#[test]
fn names_are_whole_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let long = format!("{PREFIX}{}", "T".repeat(60_000));
    import(&database, &samples(std::slice::from_ref(&long)), &[]);
    let status: Value = serde_json::from_slice(&status(&database, &["--json"]).stdout).unwrap();
    assert_eq!(status["types"][0]["type"], json!(long));
}

#[test]
fn names_are_printed_without_control_characters() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let hostile = "HKQuantityTypeIdentifiera\u{1b}]0;owned\u{7}\u{202e}\n\r\u{9b}2Jz".to_owned();
    let inputs = folder.path().join("inputs");
    fs::create_dir(&inputs).unwrap();
    fs::write(inputs.join("b\u{1b}[2J.json"), b"{").unwrap();
    let of_samples = import(&database, &samples(&[hostile]), &[]);
    let of_folder = run(&["import", "--db", database.to_str().unwrap(), inputs.to_str().unwrap()]);
    for output in [of_samples, of_folder, status(&database, &[])] {
        for text in [output.stdout, output.stderr] {
            let text = String::from_utf8(text).unwrap();
            let is_harmless =
                |character: char| character == '\n' || !(character.is_control() || character == '\u{202e}');
            assert!(text.chars().all(is_harmless), "{text:?}");
        }
    }
    let text = String::from_utf8(status(&database, &[]).stdout).unwrap();
    assert!(text.contains(r"a\u{1b}]0;owned\u{7}\u{202e}\n\r\u{9b}2Jz"), "{text}");
    assert!(text.contains(r"b\u{1b}[2J.json"), "{text}");
}

/// Each person's types are listed together under the person's name.
#[test]
fn status_names_the_person_of_each_type() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let body =
        samples(&["HKQuantityTypeIdentifierHeartRate".to_owned(), "HKQuantityTypeIdentifierStepCount".to_owned()]);
    import(&database, &body, &["--person", "anna"]);
    import(&database, &body, &["--person", "ben"]);
    let json: Value = serde_json::from_slice(&status(&database, &["--json"]).stdout).unwrap();
    let people: Vec<&Value> = json["types"].as_array().unwrap().iter().map(|kind| &kind["person"]).collect();
    assert_eq!(people, ["anna", "anna", "ben", "ben"]);
    let text = String::from_utf8(status(&database, &[]).stdout).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("HeartRate")).collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].starts_with("anna  ") && lines[1].starts_with("ben   "), "{text}");
}

/// In a household, each upload has its person, and `--person` shows one person's part.
#[test]
fn status_shows_the_part_of_one_person() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let heart = samples(&["HKQuantityTypeIdentifierHeartRate".to_owned()]);
    import(&database, &heart, &["--person", "anna"]);
    let text = |arguments: &[&str]| String::from_utf8(status(&database, arguments).stdout).unwrap();
    assert!(!text(&[]).contains("of anna:"), "{}", text(&[]));
    import(&database, &samples(&["HKQuantityTypeIdentifierStepCount".to_owned()]), &["--person", "ben"]);
    assert!(text(&[]).contains("done         of anna: 1 record"), "{}", text(&[]));

    let json: Value = serde_json::from_slice(&status(&database, &["--json", "--person", "anna"]).stdout).unwrap();
    for part in ["types", "phones", "uploads"] {
        let people: Vec<&Value> = json[part].as_array().unwrap().iter().map(|row| &row["person"]).collect();
        assert_eq!(people, ["anna"], "{part}");
    }
    let text = text(&["--person", "anna"]);
    assert!(text.contains("HeartRate") && !text.contains("StepCount") && !text.contains("ben"), "{text}");
    for arguments in [&["--person", "nobody"][..], &["--json", "--person", "nobody"]] {
        let output = status(&database, arguments);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(String::from_utf8(output.stderr).unwrap().contains("there is no person nobody"), "{arguments:?}");
    }
}

/// A variable that contradicts a flag does not count: nobody typed it.
#[test]
fn a_typed_flag_wins_over_a_variable() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    assert!(import(&database, &payload("documented"), &["--quiet"]).status.success());
    let check = |variables: &[(&str, &str)], flags: &[&str], expected: &str| {
        let mut check = command();
        check.args(["check", "--db"]).arg(&database).args(flags).envs(variables.iter().copied());
        let output = check.output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{variables:?} {flags:?}: {:?}", String::from_utf8(output.stderr));
        let kind = match printed.chars().next() {
            None => "nothing",
            Some('{') => "json",
            Some(_) => "text",
        };
        assert_eq!(kind, expected, "{variables:?} {flags:?}");
    };
    let (quiet, json) = (("HEALTHSINK_QUIET", "1"), ("HEALTHSINK_JSON", "1"));
    check(&[], &[], "text");
    check(&[quiet], &[], "nothing");
    check(&[quiet], &["--json"], "json");
    check(&[json], &["--quiet"], "nothing");
    check(&[json], &["-q"], "nothing");
    check(&[quiet, json], &[], "json");
    check(&[("HEALTHSINK_QUIET", "0"), json], &[], "json");
    let mut both = command();
    both.args(["check", "--json", "--quiet", "--db"]).arg(&database);
    assert_eq!(both.output().unwrap().status.code(), Some(2), "both are typed");
}
