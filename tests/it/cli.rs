//! The commands: what they print, where, and their exit codes.

use std::fs;
use std::path::Path;
use std::process::Output;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::contract::payload;
use crate::program::{Program, command, run, run_with_input};
use healthsink_testkit::compression;
use healthsink_testkit::database::{count, one};
use healthsink_testkit::http::Client;
use healthsink_testkit::server::Server;

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A payload of `testdata/`, whose folder is the program's current one.
fn example(name: &str) -> String {
    format!("{}/testdata/{name}.json", env!("CARGO_MANIFEST_DIR"))
}

fn import(database: &Path, arguments: &[&str]) -> Output {
    run(&[&["import", "--db", database.to_str().unwrap()], arguments].concat())
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn the_version_and_the_help_are_printed() {
    let first = concat!("healthsink ", env!("CARGO_PKG_VERSION"));
    let version = run(&["--version"]);
    assert!(version.status.success() && stdout(&version).starts_with(&format!("{first} (")), "{version:?}");
    assert!(stdout(&version).lines().nth(1).is_some_and(|line| line.starts_with("SQLite 3.")), "{version:?}");
    for short in [&["-V"][..], &["status", "-V"], &["token", "-V"]] {
        assert_eq!(stdout(&run(short)), format!("{first}\n"));
    }
    for arguments in [
        &["--help"][..],
        &["serve", "--help"],
        &["import", "--help"],
        &["status", "--help"],
        &["backup", "--help"],
        &["check", "--help"],
        &["restore", "--help"],
        &["healthcheck", "--help"],
    ] {
        let help = run(arguments);
        assert!(help.status.success() && stdout(&help).contains("Usage:"), "{help:?}");
    }
    assert!(stdout(&run(&["serve", "--help"])).contains("HEALTHSINK_TOKEN_FILE"));
    let help = stdout(&run(&["--help"]));
    let examples = help.split("Examples:").nth(1).unwrap();
    assert!(examples.lines().all(|line| line.len() <= 80), "they wrap on a terminal of 80 columns: {examples}");
}

#[test]
fn shells_and_man_get_the_same_commands() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = run(&["completions", shell]);
        assert!(script.status.success() && stdout(&script).contains("trusted-proxy"), "{shell}");
    }
    assert_eq!(run(&["completions", "cmd"]).status.code(), Some(2));
    let page = stdout(&run(&["man"]));
    assert!(page.contains(".TH healthsink 1") && page.contains("Receives Apple Health data"), "{page}");
    let folder = tempfile::tempdir().unwrap();
    let written = run(&["man", folder.path().to_str().unwrap()]);
    assert!(written.status.success(), "{written:?}");
    for (name, flag) in [("healthsink", "log"), ("healthsink-serve", "listen"), ("healthsink-token-new", "label")] {
        let page = fs::read_to_string(folder.path().join(format!("{name}.1"))).unwrap();
        assert!(page.contains(flag), "{name}: {page}");
    }
    let missing = run(&["man", folder.path().join("missing").to_str().unwrap()]);
    assert!(missing.status.code() == Some(1) && stderr(&missing).contains("name a folder that exists"), "{missing:?}");
}

#[test]
fn every_command_with_a_result_prints_it_as_json() {
    // They print scripts, or log lines as `--log-format json`.
    const WITHOUT: [&str; 4] = ["healthsink-completions", "healthsink-man", "healthsink-serve", "healthsink-follow"];
    let folder = tempfile::tempdir().unwrap();
    assert!(run(&["man", folder.path().to_str().unwrap()]).status.success());
    let mut pages = 0;
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let (name, page) = (path.file_stem().unwrap().to_str().unwrap(), fs::read_to_string(&path).unwrap());
        let has_json = page.contains(r"\fB\-\-json\fR");
        let is_without = WITHOUT.contains(&name) || page.contains(".SH SUBCOMMANDS");
        assert_eq!(has_json, !is_without, "{name}");
        pages += 1;
    }
    assert!(pages > 30, "{pages}");
}

#[test]
fn a_quiet_command_prints_only_errors() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let check = |arguments: &[&str], code: i32, is_silent: bool| {
        let output = run(&[arguments, &["--db", database.to_str().unwrap()]].concat());
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
        assert_eq!(stdout(&output), "", "{arguments:?}");
        assert_eq!(stderr(&output).is_empty(), is_silent, "{arguments:?}: {output:?}");
    };
    check(&["import", "--quiet", &example("documented")], 0, true);
    check(&["import", "-q", "missing.json"], 1, false);
    check(&["check", "-q"], 0, true);
    let backup = folder.path().join("backup.db");
    let backup = backup.to_str().unwrap();
    check(&["backup", "-q", backup], 0, true);
    check(&["restore", "-q", backup], 0, true);
    check(&["import", "-q", "--json", "x.json"], 2, false);
    let restored = run(&["restore", "--json", backup, "--db", database.to_str().unwrap()]);
    let restored: Value = serde_json::from_slice(&restored.stdout).unwrap();
    assert_eq!(restored["backup"], json!(backup));
    assert!(restored["kept"].as_str().unwrap().contains(".before-restore-") && restored["samples"] != json!(0));
}

#[test]
fn wrong_usage_exits_with_2() {
    for arguments in [
        &[][..],
        &["frobnicate"],
        &["--frobnicate"],
        &["import"],
        &["import", "--max-body", "1", "x.json"],
        &["serve", "--max-body", "many"],
        &["status", "x"],
        &["--log-level", "loud", "status"],
        &["--log-format", "xml", "status"],
        &["backup"],
        &["serve", "--metrics-listen", "nowhere"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        assert!(!stderr(&output).is_empty() && stdout(&output).is_empty(), "{output:?}");
    }
}

#[test]
fn files_are_imported_one_after_another() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let output = import(&database, &[&example("documented"), &example("quantity"), &example("documented")]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(stderr(&output), "");
    let printed = stdout(&output);
    let expected = "3 of 3 files: 20 records and 2 route points: 16 new, 0 updated, 6 unchanged, 0 rejected; ";
    assert!(printed.lines().any(|line| line.starts_with(expected)), "{printed}");
    let expected = "read 22 = 16 new + 0 updated + 6 unchanged + 0 merged + 0 rejected + 0 skipped";
    assert!(printed.lines().any(|line| line == expected), "{printed}");
    // The WAL has been moved into the database: only one file remains.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(one(&database, "SELECT count(*) FROM uploads WHERE origin = 'import' AND state = 'done'"), json!(3));
    assert_eq!(one(&database, "SELECT sender FROM uploads WHERE id = 2"), json!(example("quantity")));
}

#[test]
fn an_import_reports_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let output = import(&folder.path().join("health.db"), &["--json", &example("documented"), &example("rejects")]);
    assert!(output.status.success(), "{output:?}");
    let report = report(&output);
    let expected = json!({"ok": true, "count": 6, "measurements": 3, "medications": 2, "workouts": 1, "other": 0,
        "routePoints": 2, "new": 8, "updated": 0, "unchanged": 0, "rejected": 24});
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&report[name], value, "{name}: {report}");
    }
    assert_eq!(report["bytes"], json!(payload("documented").len() + payload("rejects").len()));
    assert!(report["seconds"].as_f64() > Some(0.0));
    let file = &report["files"][1];
    assert_eq!(file["file"], json!(example("rejects")));
    assert_eq!([&file["ok"], &file["upload"], &file["count"]], [&json!(true), &json!(2), &json!(1)]);
    assert_eq!(file["error"], Value::Null);
}

#[test]
fn standard_input_is_imported_like_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let mut command = command();
    let output = run_with_input(command.args(["import", "-", "--db"]).arg(&database), &payload("documented"));
    assert!(output.status.success(), "{output:?}");
    assert_eq!(count(&database, "samples"), 2);
    assert_eq!(one(&database, "SELECT sender FROM uploads"), json!("-"));
}

#[test]
fn compressed_files_are_recognized_by_their_content() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let gzip = folder.path().join("a");
    std::fs::write(&gzip, compression::gzip(&payload("documented"))).unwrap();
    let zstd = folder.path().join("b");
    std::fs::write(&zstd, compression::zstd(&payload("quantity"))).unwrap();
    let output = import(&database, &[gzip.to_str().unwrap(), zstd.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(count(&database, "samples"), 12);
}

#[test]
fn a_failing_file_is_one_line_and_exits_with_1_and_the_others_are_imported() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let write = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let cut = write("cut.json", &payload("documented")[..1800]);
    let text = write("text.json", b"hello");
    let empty = write("empty.json", b"");
    let missing = folder.path().join("missing.json").to_str().unwrap().to_owned();
    let good = example("quantity");
    let files = [&cut, &text, &empty, &missing, &good].map(String::as_str);
    let output = import(&database, &[&["--json"][..], &files].concat());
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let messages = stderr(&output);
    let lines: Vec<&str> = messages.lines().collect();
    assert_eq!(lines.len(), 4, "{messages}");
    for (line, (file, part)) in lines.iter().zip([
        (&cut, "the document ends before its JSON is complete"),
        (&text, "neither JSON"),
        (&empty, "it is empty"),
        (&missing, "there is no such file"),
    ]) {
        assert!(line.starts_with(&format!("healthsink: {file}: ")) && line.contains(part), "{line}");
    }
    assert!(lines[0].contains("in section") && lines[0].contains("at byte 1800"), "{messages}");
    assert!(lines[0].contains("2 records of it are stored"), "{messages}");
    let report = report(&output);
    assert_eq!((&report["ok"], &report["count"]), (&json!(false), &json!(12)));
    let ok: Vec<&Value> = report["files"].as_array().unwrap().iter().map(|file| &file["ok"]).collect();
    assert_eq!(ok, [false, false, false, false, true]);
    assert!(report["files"][0]["error"].as_str().unwrap().contains("ends before"));
    assert_eq!(count(&database, "samples"), 12);
}

#[test]
fn status_shows_what_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let status = |arguments: &[&str]| run(&[&["status", "--db", database.to_str().unwrap()], arguments].concat());
    let missing = status(&[]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(stderr(&missing).starts_with("healthsink: there is no database"), "{missing:?}");
    assert!(!database.exists(), "asking makes no database");

    import(&database, &[&example("documented"), &example("rejects"), &example("category")]);
    let output = status(&["--json"]);
    assert!(output.status.success(), "{output:?}");
    let printed = report(&output);
    let tables: Vec<(&str, u64)> = printed["tables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|table| (table["table"].as_str().unwrap(), table["rows"].as_u64().unwrap()))
        .collect();
    let expected = [
        ("samples", 12),
        ("workouts", 1),
        ("route_points", 2),
        ("medication_doses", 1),
        ("medications", 1),
        ("characteristics", 1),
        ("other_records", 0),
        ("rejects", 24),
    ];
    assert_eq!(tables, expected);
    assert_eq!(printed["bytes"], json!(fs::metadata(&database).unwrap().len()));
    let sleep = printed["types"]
        .as_array()
        .unwrap()
        .iter()
        .find(|kind| kind["type"] == "HKCategoryTypeIdentifierSleepAnalysis");
    let expected = json!({"person": "me", "type": "HKCategoryTypeIdentifierSleepAnalysis", "rows": 6,
        "first": "2026-01-01T22:00:00Z", "last": "2026-02-25T22:30:00Z"});
    assert_eq!(sleep, Some(&expected));
    let uploads = printed["uploads"].as_array().unwrap();
    assert_eq!(uploads.iter().map(|upload| &upload["id"]).collect::<Vec<_>>(), [3, 2, 1]);
    assert_eq!([&uploads[2]["records"], &uploads[2]["syncSource"]], [&json!(5), &json!("manual-upload")]);
    for (name, former) in [("syncSource", "sync_source"), ("bodyBytes", "body_bytes"), ("routePoints", "route_points")]
    {
        assert_eq!(uploads[2][name], uploads[2][former], "the old name stays for one version");
    }
    assert!(printed["freeBytes"].as_u64().is_some_and(|bytes| bytes > 0), "{printed}");

    let text = stdout(&status(&[]));
    for part in ["samples", "12", "SleepAnalysis", "HeartRate", "2026-02-26T08:30:00Z", "last uploads", "24 rejected"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// In a household, `status` shows whose phone sent last, and which phone never did.
#[test]
fn status_names_people_and_phones() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let db = database.to_str().unwrap();
    let token = |person: &str, label: &str| {
        let output = run(&["token", "new", "--json", "--person", person, "--label", label, "--db", db]);
        report(&output)["token"].as_str().unwrap().to_owned()
    };
    let anna = token("anna", "anna's iPhone");
    token("ben", "ben's phone");
    let program = Program::serve(&database);
    let bearer = format!("Bearer {anna}");
    let answer = Client::connect(program.address).post(&[("Authorization", &bearer)], &payload("documented"));
    assert_eq!(answer.status, 200);
    let output = run(&["import", "--person", "anna", "--db", db, &example("quantity")]);
    assert!(output.status.success(), "{output:?}");

    let status = |arguments: &[&str]| run(&[&["status", "--db", db], arguments].concat());
    let printed = report(&status(&["--json"]));
    let phones = printed["phones"].as_array().unwrap();
    let of = |name: &str| phones.iter().map(|phone| phone[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("person"), ["anna", "anna", "ben"]);
    assert_eq!(of("origin"), ["import", "http", "http"]);
    assert_eq!(of("label"), [Value::Null, json!("anna's iPhone"), json!("ben's phone")]);
    assert_eq!(of("uploads"), [1, 1, 0]);
    assert_eq!(of("lastUploadSecondsAgo")[2], Value::Null);
    Connection::open(&database)
        .unwrap()
        .execute_batch("UPDATE uploads SET finished_ms = finished_ms - 10810000")
        .unwrap();
    let text = stdout(&status(&[]));
    let line = |part: &str| text.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("{part}: {text}"));
    assert!(line("anna's iPhone").ends_with("1  3 h ago"), "{text}");
    assert!(line("import  ").ends_with("1  3 h ago"), "{text}");
    assert!(line("ben's phone").ends_with("0  none yet"), "{text}");
    assert!(text.contains("free on its disk"), "{text}");
}

/// `status` runs beside a writing server and sees what was answered.
#[test]
fn status_runs_beside_the_server() {
    let server = Server::start();
    server.post(payload("documented"));
    let output = run(&["status", "--json", "--db", server.database().to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(report(&output)["tables"][0]["rows"], json!(2));
}

#[test]
fn every_flag_is_also_a_variable_and_the_flag_wins() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("of-the-variable.db");
    let token = folder.path().join("token");
    fs::write(&token, "s3cret\n").unwrap();
    let mut serve = command();
    serve
        .arg("serve")
        .env("HEALTHSINK_DB", &database)
        .env("HEALTHSINK_LISTEN", "127.0.0.1:0")
        .env("HEALTHSINK_PATH", "/me")
        .env("HEALTHSINK_TOKEN_FILE", &token)
        .env("HEALTHSINK_AUTH_HEADER", "X-API-Key")
        .env("HEALTHSINK_MAX_BODY", "1K")
        .env("HEALTHSINK_LOG_LEVEL", "info")
        .env("HEALTHSINK_LOG_FORMAT", "text");
    // As in a compose file that leaves them empty.
    for name in ["METRICS_LISTEN", "PERSON", "TLS_CERT", "TLS_KEY", "TRUSTED_PROXY", "NO_AUTH", "INGESTS", "MAX_WAL"] {
        serve.env(format!("HEALTHSINK_{name}"), "");
    }
    let program = Program::start(&mut serve);
    let post = |path: &str, headers: &[(&str, &str)]| {
        let mut client = Client::connect(program.address);
        client.head("POST", path, &[headers, &[("Content-Length", "11")]].concat());
        let _ = client.send(b"{\"data\":{}}");
        client.receive().status
    };
    assert_eq!(post("/me", &[("X-API-Key", "s3cret")]), 200);
    assert_eq!(post("/me", &[]), 401);
    assert_eq!(post("/api/health-data", &[("X-API-Key", "s3cret")]), 404);
    assert_eq!(post("/me", &[("X-API-Key", "s3cret"), ("Expect", "100-continue")]), 100);
    let mut client = Client::connect(program.address);
    client.head("POST", "/me", &[("X-API-Key", "s3cret"), ("Content-Length", "1025")]);
    assert_eq!(client.receive().status, 413);
    assert!(database.exists());

    let flag = folder.path().join("of-the-flag.db");
    let mut import = command();
    import.args(["import", &example("quantity"), "--db"]).arg(&flag);
    let output = run_with_input(import.env("HEALTHSINK_DB", &database).env("HEALTHSINK_JSON", "1"), b"");
    assert_eq!(report(&output)["count"], json!(10), "{output:?}");
    assert_eq!(count(&flag, "samples"), 10);
    assert_eq!(count(&database, "samples"), 0);

    let no_auth = |value: &str| {
        let mut serve = command();
        serve.args(["serve", "--listen", "0.0.0.0:0"]).env("HEALTHSINK_DB", &database).env("HEALTHSINK_NO_AUTH", value);
        serve
    };
    assert_eq!(run_with_input(&mut no_auth("false"), b"").status.code(), Some(2));
    Program::start(&mut no_auth("true")).kill();
}
