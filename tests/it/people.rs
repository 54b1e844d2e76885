//! Whose data it is: imports that nobody has named a person for, persons who become one, and data that is forgotten.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use healthsink_testdata::{AutoExport, Export, Payload, Twin};
use healthsink_testkit::database::{one, rows};
use healthsink_testkit::http::{Client, get};
use healthsink_testkit::wait::wait_until;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::import_history::{Folder, import};
use crate::lifecycle::command_with_default_signals;
use crate::program::{Program, command, run};

const PAYLOAD: &str = r#"{"data":{"HKQuantityTypeIdentifierHeartRate":[{"uuid":"3BA875EE-1111-4D51-8CDC-00000000000A","value":61,
    "startDate":"2026-03-01T10:00:00.000Z","endDate":"2026-03-01T10:00:00.000Z","unit":"count/min"}]}}"#;

/// Runs a command on a database. Returns its exit code, and what it printed on both outputs.
fn say(database: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = run(&[arguments, &["--db", database.to_str().unwrap()]].concat());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn owners(database: &Path) -> Vec<Value> {
    rows(database, "SELECT DISTINCT p.name FROM samples s JOIN persons p ON p.id = s.person_id ORDER BY 1")
        .iter()
        .map(|row| row["name"].clone())
        .collect()
}

#[test]
fn an_import_asks_whose_it_is_only_if_that_is_unclear() {
    let folder = Folder::new();
    let file = folder.write("a.json", PAYLOAD);
    let import = |database: &Path, more: &[&str]| say(database, &[&["import", file.to_str().unwrap()], more].concat());
    // Nobody yet.
    let database = folder.path("new.db");
    assert_eq!(import(&database, &[]).0, Some(0));
    assert_eq!(owners(&database), [json!("me")]);

    // A person who has only a token.
    let database = folder.path("token.db");
    assert_eq!(say(&database, &["token", "new", "--person", "anna"]).0, Some(0));
    let (code, printed, _) = import(&database, &[]);
    assert!(code == Some(0) && printed.contains("records of anna"), "{printed}");
    assert_eq!(owners(&database), [json!("anna")]);

    // Two: one with data, one with a token. Nothing is read, and the message names both.
    assert_eq!(say(&database, &["token", "new", "--person", "ben"]).0, Some(0));
    let (code, printed, said) = import(&database, &[]);
    assert_eq!((code, printed.as_str()), (Some(2), ""), "{said}");
    assert!(said.contains("anna, ben") && said.contains("--person"), "{said}");
    assert_eq!(import(&database, &["--person", "cleo"]).0, Some(0));
    assert_eq!(owners(&database), [json!("anna"), json!("cleo")]);
    assert_eq!(import(&database, &["--dry-run"]).0, Some(0));

    // Nor is a token that has expired.
    let database = folder.path("expired.db");
    assert_eq!(say(&database, &["token", "new", "--person", "anna"]).0, Some(0));
    Connection::open(&database).unwrap().execute("UPDATE tokens SET expires_ms = 1", []).unwrap();
    assert_eq!(import(&database, &[]).0, Some(0));
    assert_eq!(owners(&database), [json!("me")]);

    // A token that is revoked is nobody's.
    let database = folder.path("revoked.db");
    assert_eq!(say(&database, &["token", "new", "--person", "anna"]).0, Some(0));
    assert_eq!(say(&database, &["token", "revoke", "1"]).0, Some(0));
    assert_eq!(import(&database, &[]).0, Some(0));
    assert_eq!(owners(&database), [json!("me")]);
}

/// Commands for one person mean the only one that there is. With several they change and show nothing, and name them.
#[test]
fn a_command_means_the_only_person() {
    let folder = Folder::new();
    let (file, database) = (folder.write("a.json", PAYLOAD), folder.path("health.db"));
    let setup = ["setup", "--yes", "--no-wait", "--json", "--listen", "127.0.0.1:0"];
    let commands: [&[&str]; 8] = [
        &["token", "new", "--scope", "read", "--json"],
        &["report", "--json"],
        &["explain", "--type", "heart_rate", "--day", "2026-03-01"],
        &["verify"],
        &["sources", "list"],
        &["zones", "list"],
        &["zones", "home", "Europe/Berlin"],
        &setup,
    ];
    assert_eq!(say(&database, &["token", "new", "--person", "anna"]).0, Some(0));
    assert_eq!(say(&database, &["import", file.to_str().unwrap()]).0, Some(0));
    for command in commands {
        let (code, printed, said) = say(&database, command);
        assert_eq!(code, Some(0), "{command:?}: {said}");
        if command.contains(&"--json") {
            assert_eq!(serde_json::from_str::<Value>(&printed).unwrap()["person"], "anna", "{command:?}");
        }
    }
    assert_eq!(rows(&database, "SELECT person_id FROM home_zones"), [json!({"person_id": 2})]);
    let mut tokens = rows(&database, "SELECT DISTINCT p.name FROM tokens t JOIN persons p ON p.id = t.person_id");
    assert_eq!(tokens, [json!({"name": "anna"})]);

    assert_eq!(say(&database, &["token", "new", "--person", "ben"]).0, Some(0));
    for command in commands {
        let (code, printed, said) = say(&database, command);
        assert_eq!((code, printed.as_str()), (Some(2), ""), "{command:?}");
        assert!(said.contains("anna, ben: add --person NAME"), "{command:?}: {said}");
        let (code, _, said) = say(&database, &[command, &["--person", "anna"]].concat());
        assert_eq!(code, Some(0), "{command:?}: {said}");
    }
    tokens = rows(&database, "SELECT p.name FROM tokens t JOIN persons p ON p.id = t.person_id WHERE p.name <> 'anna'");
    assert_eq!(tokens, [json!({"name": "ben"})]);
}

/// Begins to import standard input for a person, and waits until rows are stored.
fn begin_import(database: &Path, person: &str, half: &[u8]) -> Child {
    let mut import = command();
    import.args(["import", "-", "--person", person, "--db"]).arg(database);
    let mut child = import.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.as_mut().unwrap().write_all(half).unwrap();
    let sql = format!(
        "SELECT count(*) FROM uploads u JOIN persons p ON p.id = u.person_id WHERE p.name = '{person}' AND u.new > 0"
    );
    wait_until("stored rows", || (number(database, &sql) > 0).then_some(()));
    child
}

/// A change of many rows under an import would make it double them: it knows them by what it has read.
#[test]
fn a_change_waits_for_the_uploads_of_every_program_that_lives() {
    let folder = Folder::new();
    let database = folder.path("health.db");
    let file = folder.write("a.json", PAYLOAD);
    import_for(&database, "anna", std::slice::from_ref(&file));
    let (payload, _) = Payload { seed: 7, target_bytes: 1_500_000, ..Payload::default() }.to_vec();
    let (half, rest) = payload.split_at(payload.len() / 2);
    let state = |person: &str| {
        let sql = format!(
            "SELECT coalesce((SELECT u.state FROM uploads u JOIN persons p ON p.id = u.person_id WHERE p.name = '{person}'
               ORDER BY u.id DESC LIMIT 1), 'none')"
        );
        one(&database, &sql)
    };
    let mut import = begin_import(&database, "ben", half);
    // Another program that stores uploads begins and ends.
    import_for(&database, "cleo", std::slice::from_ref(&file));
    assert_eq!(state("ben"), json!("running"));
    let mut forget = command();
    forget.args(["forget", "--type", "StepCount", "--yes", "--no-backup", "--db"]).arg(&database);
    let mut forget = forget.stdout(Stdio::null()).spawn().unwrap();
    import.stdin.take().unwrap().write_all(rest).unwrap();
    assert!(import.wait().unwrap().success());
    assert!(forget.wait().unwrap().success());
    assert_eq!(number(&database, "SELECT count(*) FROM steps"), 0);
    let again = import_for(&database, "ben", &[folder.write("all.json", &payload)]);
    let steps = number(&database, "SELECT count(*) FROM steps");
    assert!(steps > 0 && again["new"] == json!(steps), "{again}");
    check_is_sound(&database, "a change beside an import");

    // A program that was killed holds up nothing, even while a server runs.
    let program = Program::serve(&database);
    let mut client = Client::connect(program.address);
    client.begin_chunked(&[]);
    client.chunk(&half[..half.len() / 2]).unwrap();
    wait_until("the upload", || (state("me") == json!("running")).then_some(()));
    let mut import = begin_import(&database, "dora", half);
    import.kill().unwrap();
    import.wait().unwrap();
    import_for(&database, "cleo", std::slice::from_ref(&file));
    assert_eq!([state("dora"), state("me")], [json!("interrupted"), json!("running")]);
    client.chunk(&payload[half.len() / 2..]).unwrap();
    assert_eq!(client.end_chunked().status, 200);
    assert_eq!(state("me"), json!("done"));
    let mut import = begin_import(&database, "eva", half);
    let shown = || done(&database, &["status"])["uploads"][0]["state"].clone();
    assert_eq!(shown(), json!("running"));
    import.kill().unwrap();
    import.wait().unwrap();
    // The ledger does not have it yet.
    assert_eq!([shown(), state("eva")], [json!("interrupted"), json!("running")]);
    done(&database, &["people", "merge", "eva", "dora", "--yes", "--no-backup"]);
    assert_eq!(owners(&database), ["anna", "ben", "cleo", "dora", "me"].map(|name| json!(name)));
    check_is_sound(&database, "a merge after a kill");
}

/// The exit code is 0, and what was printed as JSON.
fn done(database: &Path, arguments: &[&str]) -> Value {
    let (code, printed, said) = say(database, &[arguments, &["--json"]].concat());
    assert_eq!(code, Some(0), "{arguments:?}: {said}");
    serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"))
}

/// Fails unless `check` finds nothing at all.
fn check_is_sound(database: &Path, after: &str) {
    let (code, printed, _) = say(database, &["check"]);
    assert!(code == Some(0) && printed.starts_with("sound: "), "{after}: {printed}");
}

fn number(database: &Path, sql: &str) -> u64 {
    one(database, sql).as_u64().unwrap_or_else(|| panic!("{sql}"))
}

/// Inputs of every exporter: examples, the same samples twice, and an export of Apple with routes.
fn inputs(folder: &Folder) -> Vec<PathBuf> {
    let examples =
        ["documented", "quantity", "rejects", "unknown", "workouts", "routes", "medications", "characteristics"];
    let examples = examples.map(|name| format!("{}/testdata/{name}.json", env!("CARGO_MANIFEST_DIR")).into());
    let twin = Twin { seed: 3, samples: 3000, rounded: true };
    let (mut json, mut xml) = (Vec::new(), Vec::new());
    twin.write_payload(&mut json).unwrap();
    twin.write_export(&mut xml).unwrap();
    let export = folder.path("export");
    fs::create_dir_all(&export).unwrap();
    Export { seed: 4, target_bytes: 600_000, ..Export::default() }.write_dir(&export).unwrap();
    let (auto, _) = AutoExport { seed: 5, target_bytes: 300_000, ..AutoExport::default() }.to_vec();
    let made =
        [folder.write("twin.json", json), folder.write("twin.xml", xml), export, folder.write("auto.json", auto)];
    examples.into_iter().chain(made).collect()
}

fn import_for(database: &Path, person: &str, files: &[PathBuf]) -> Value {
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    import(database, &["--person", person], &files).report
}

#[test]
fn people_are_listed_and_renamed() {
    let folder = Folder::new();
    let database = folder.path("health.db");
    let example = PathBuf::from(format!("{}/testdata/documented.json", env!("CARGO_MANIFEST_DIR")));
    import_for(&database, "ana", &[example]);
    assert_eq!(say(&database, &["token", "new", "--person", "ben"]).0, Some(0));
    let (_, printed, _) = say(&database, &["people", "list"]);
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines.len() == 3 && lines[1].starts_with("ana ") && lines[2].starts_with("ben "), "{printed}");
    let listed = done(&database, &["people", "list"]);
    assert_eq!((&listed[0]["name"], &listed[0]["samples"]), (&json!("me"), &json!(0)));
    assert!(listed[1]["samples"] != json!(0) && listed[2]["tokens"] == json!(1), "{listed}");

    done(&database, &["people", "rename", "ana", "anna"]);
    assert_eq!(owners(&database), [json!("anna")]);
    let (code, _, said) = say(&database, &["people", "rename", "anna", "ben"]);
    assert!(code == Some(2) && said.contains("people merge anna ben"), "{said}");
    let (code, _, said) = say(&database, &["people", "rename", "cleo", "x"]);
    assert!(code == Some(2) && said.contains("people list"), "{said}");
    // The name of a person who has nothing is free.
    done(&database, &["people", "merge", "ben", "anna", "--yes", "--no-backup"]);
    done(&database, &["people", "rename", "anna", "ben"]);
    assert_eq!(owners(&database), [json!("ben")]);
    // The first person, whose uploads name nobody.
    done(&database, &["people", "rename", "me", "cleo"]);
    check_is_sound(&database, "renaming");

    // Without a name it is the first person, whatever the name is now.
    let database = folder.path("first.db");
    assert_eq!(say(&database, &["token", "new"]).0, Some(0));
    done(&database, &["people", "rename", "me", "anna"]);
    assert_eq!(say(&database, &["token", "new"]).0, Some(0));
    assert_eq!(say(&database, &["token", "revoke", "1", "2"]).0, Some(0));
    assert_eq!(say(&database, &["token", "new"]).0, Some(0));
    assert_eq!(rows(&database, "SELECT DISTINCT name FROM persons"), [json!({"name": "anna"})]);
}

/// Commands that only read cannot bring a database up to date.
#[test]
fn an_older_database_is_named_with_its_remedy() {
    let folder = Folder::new();
    let database = folder.path("health.db");
    import_for(&database, "me", &[folder.write("a.json", PAYLOAD)]);
    Connection::open(&database).unwrap().execute_batch("PRAGMA user_version = 3; DROP TABLE days").unwrap();
    for command in [
        &["report"][..],
        &["explain", "--type", "HeartRate", "--day", "2026-03-01"],
        &["verify"],
        &["sources", "list"],
        &["zones", "list"],
    ] {
        let (code, _, said) = say(&database, command);
        assert!(code == Some(1) && said.contains("written by an earlier version"), "{command:?}: {said}");
    }
}

/// Whatever the two have: all is the other's afterwards, nothing is doubled, and importing all again adds nothing.
#[test]
fn a_merged_person_has_all_of_both_once() {
    let folder = Folder::new();
    let files = inputs(&folder);
    let (app, exports): (Vec<PathBuf>, Vec<PathBuf>) =
        files.iter().cloned().partition(|file| file.extension().is_some_and(|kind| kind == "json"));
    let whole = folder.path("whole.db");
    import_for(&whole, "anna", &files);
    let count = |database: &Path, table: &str| number(database, &format!("SELECT count(*) FROM {table}"));
    let cases: [(&str, &[PathBuf], &[PathBuf]); 5] = [
        ("nothing", &files, &[]),
        ("the same", &files, &files),
        ("exports beside the app", &exports, &app),
        ("the app beside exports", &app, &exports),
        ("a part", &exports, &files),
    ];
    for (place, (case, from, into)) in cases.into_iter().enumerate() {
        let database = folder.path(&format!("{place}.db"));
        import_for(&database, "me", from);
        assert_eq!(say(&database, &["token", "new", "--person", "anna"]).0, Some(0));
        if !into.is_empty() {
            import_for(&database, "anna", into);
        }
        let planned = done(&database, &["people", "merge", "me", "anna", "--dry-run"]);
        let merged = done(&database, &["people", "merge", "me", "anna", "--yes", "--no-backup"]);
        assert_eq!(planned["rows"], merged["rows"], "{case}");
        check_is_sound(&database, case);
        assert_eq!(owners(&database), [json!("anna")], "{case}");
        assert_eq!(number(&database, "SELECT count(*) FROM uploads WHERE person_id = 1"), 0, "{case}");
        let records = ["samples", "workouts", "correlations", "medication_doses", "aggregates", "electrocardiograms"];
        for table in records.into_iter().chain(["days", "hours", "nights", "workout_days", "dose_days"]) {
            assert_eq!(count(&database, table), count(&whole, table), "{case}: {table}");
        }
        let again = import_for(&database, "anna", &files);
        assert_eq!([&again["new"], &again["updated"]], [&json!(0), &json!(0)], "{case}: {again}");
        let points = "SELECT count(DISTINCT time_ms) FROM route_points";
        assert_eq!(number(&database, points), number(&whole, points), "{case}");
    }
}

/// A figure of an hour that was not over, and the rings of a day that was not: of both persons' the later state stays.
#[test]
fn a_merge_keeps_later_states_and_whole_orders() {
    let folder = Folder::new();
    let state = |name: &str, steps: u32, minutes: u32| {
        let figures = json!({"data": {"metrics": [{"name": "step_count", "units": "count", "data": [
            {"date": "2026-03-01 09:00:00 +0000", "qty": 7, "source": "Watch"},
            {"date": "2026-03-01 10:00:00 +0000", "qty": steps, "source": "Watch"}]}]}});
        let rings = format!(
            "<HealthData locale=\"en_US\"><ExportDate value=\"2026-03-02 10:00:00 +0000\"/>
             <ActivitySummary dateComponents=\"2026-03-01\" appleExerciseTime=\"{minutes}\"/></HealthData>"
        );
        [folder.write(&format!("{name}.json"), figures.to_string()), folder.write(&format!("{name}.xml"), rings)]
    };
    let [earlier, later] = [state("earlier", 100, 10), state("later", 250, 25)];
    for (place, (from, into, updated)) in [(&earlier, &later, 0), (&later, &earlier, 2)].into_iter().enumerate() {
        let database = folder.path(&format!("{place}.db"));
        import_for(&database, "me", from);
        import_for(&database, "anna", into);
        let order = "INSERT INTO source_orders (person_id, type, key, place) VALUES
            (1, 'A', 'phone', 0), (1, 'A', 'watch', 1), (1, 'B', 'watch', 0), (2, 'A', 'ring', 0);
            INSERT INTO zone_entries (person_id, from_ms, to_ms, zone) VALUES
            (1, 0, 10, 'Europe/Berlin'), (1, 20, 30, 'Europe/Rome'), (2, 5, 15, 'Asia/Tokyo');";
        Connection::open(&database).unwrap().execute_batch(order).unwrap();
        let merged = done(&database, &["people", "merge", "me", "anna", "--yes", "--no-backup"]);
        assert_eq!([&merged["new"], &merged["updated"]], [&json!(0), &json!(updated)], "{merged}");
        check_is_sound(&database, "a merge of states");
        let values = rows(&database, "SELECT value FROM aggregates ORDER BY start_ms");
        assert_eq!(values, [json!({"value": 7.0}), json!({"value": 250.0})]);
        assert_eq!(rows(&database, "SELECT exercise_min AS e FROM activity_summaries"), [json!({"e": 25.0})]);
        let orders = rows(&database, "SELECT person_id AS p, type || ' ' || key AS o FROM source_orders ORDER BY 2");
        assert_eq!(orders, [json!({"p": 2, "o": "A ring"}), json!({"p": 2, "o": "B watch"})]);
        let zones = rows(&database, "SELECT person_id AS p, zone AS z FROM zone_entries ORDER BY from_ms");
        assert_eq!(zones, [json!({"p": 2, "z": "Asia/Tokyo"}), json!({"p": 2, "z": "Europe/Rome"})]);
        // Both states are known.
        let again = import_for(&database, "anna", &[earlier.as_slice(), &later].concat());
        assert_eq!([&again["new"], &again["updated"]], [&json!(0), &json!(0)], "{again}");
    }
}

/// A merge loses no figure that an import keeps: readings of one time, figures that came alone, and those at a minute or a second, whose
/// period nothing shows. Sums of hours and days that both persons have become the larger one, as they do by an import.
#[test]
fn a_merge_keeps_as_many_figures_as_an_import() {
    let document = |times: &[&str], value: u32| {
        let metrics = ["step_count", "active_energy", "resting_heart_rate", "weight_body_mass"].map(|metric| {
            let points = (value..)
                .zip(times)
                .map(|(qty, time)| json!({"date": format!("{time} +0100"), "qty": qty, "source": "Ring"}));
            json!({"name": metric, "units": "count", "data": points.collect::<Vec<_>>()})
        });
        json!({"data": {"metrics": metrics}}).to_string()
    };
    for (name, times) in [
        ("days", &["2025-07-01 00:00:00", "2025-07-02 00:00:00"][..]),
        ("hours", &["2025-07-01 10:00:00", "2025-07-01 11:00:00"]),
        ("minutes", &["2025-07-01 10:01:00", "2025-07-01 10:02:00"]),
        ("seconds", &["2025-07-01 10:01:07", "2025-07-01 10:02:09"]),
        ("alone", &["2025-07-01 00:00:00"]),
    ] {
        check_merged_figures(name, &[document(times, 100), document(times, 200)]);
    }
    // Two figures of one hour in one document are two, and none of them is a state of another document's.
    let [two, one] = [&[100, 101][..], &[200]].map(|values| {
        let hour = |time: u32, qty: u32| json!({"date": format!("2025-07-01 {time}:00:00 +0100"), "qty": qty});
        let points: Vec<Value> = values.iter().map(|value| hour(10, *value)).chain([hour(11, 7)]).collect();
        json!({"data": {"metrics": [{"name": "step_count", "units": "count", "data": points}]}}).to_string()
    });
    check_merged_figures("two of an hour", &[two, one]);
}

/// A night and a workout's figures that were exported while they were under way, and again later: the later state stays.
#[test]
fn a_merge_keeps_later_nights_and_figures_of_workouts() {
    let night = |start: &str, core: f64, deep: f64| {
        let night = json!({"sleepStart": format!("{start} +0100"), "asleep": core + deep, "core": core, "deep": deep,
            "source": "Watch"});
        json!({"data": {"metrics": [{"name": "sleep_analysis", "units": "hr", "data": [night]}]}}).to_string()
    };
    for start in ["2025-07-01 22:41:17", "2025-07-01 22:41:00", "2025-07-01 23:00:00", "2025-07-02 00:00:00"] {
        check_merged_figures(start, &[night(start, 3.5, 1.0), night(start, 5.0, 1.0)]);
    }
    let workout = |time: &str, rates: [u32; 3], steps: u32| {
        let date = format!("2025-07-01 {time} +0100");
        json!({"data": {"workouts": [{"id": "RUN", "name": "Outdoor Run", "start": "2025-06-30 23:50:00 +0100",
            "end": "2025-07-01 10:40:00 +0100",
            "heartRateData": [{"date": date, "Min": rates[0], "Avg": rates[1], "Max": rates[2], "units": "bpm"}],
            "stepCount": [{"date": date, "qty": steps, "units": "count"}]}]}})
        .to_string()
    };
    for time in ["00:00:00", "10:00:00", "10:01:00", "10:01:09"] {
        // The range grows by its least number only.
        check_merged_figures(time, &[workout(time, [98, 99, 120], 40), workout(time, [90, 97, 120], 61)]);
    }
}

/// Merges two persons who have two states of the same figures, in both ways. Fails unless as much is there as after an import of both.
fn check_merged_figures(case: &str, states: &[String; 2]) {
    let folder = Folder::new();
    let [earlier, later] =
        [("earlier.json", 0), ("later.json", 1)].map(|(name, place)| folder.write(name, &states[place]));
    let imported = folder.path("imported.db");
    import_for(&imported, "anna", &[earlier.clone(), later.clone()]);
    for (place, (from, into)) in [(&earlier, &later), (&later, &earlier)].into_iter().enumerate() {
        let merged = folder.path(&format!("merged{place}.db"));
        import_for(&merged, "ben", std::slice::from_ref(from));
        import_for(&merged, "anna", std::slice::from_ref(into));
        done(&merged, &["people", "merge", "ben", "anna", "--yes", "--no-backup"]);
        let values = |database: &Path| {
            let sql = "SELECT metric, start_ms, value, minimum, maximum, other FROM aggregates ORDER BY 1, 2, 3, 4, 6";
            rows(database, sql)
        };
        assert_eq!(values(&merged), values(&imported), "{case}: {}", from.display());
        check_is_sound(&merged, case);
        let again = import_for(&merged, "anna", &[later.clone(), earlier.clone()]);
        assert_eq!([&again["new"], &again["updated"]], [&json!(0), &json!(0)], "{case}: {again}");
    }
}

#[test]
fn a_merge_asks_and_makes_a_backup() {
    let folder = Folder::new();
    let database = folder.path("health.db");
    let example = PathBuf::from(format!("{}/testdata/documented.json", env!("CARGO_MANIFEST_DIR")));
    import_for(&database, "me", &[example]);
    let token = say(&database, &["token", "new", "--person", "anna"]).1;
    let (code, _, said) = say(&database, &["people", "merge", "me", "anna"]);
    assert!(code == Some(2) && said.contains("add --yes") && said.contains("rows"), "{said}");
    assert_eq!(owners(&database), [json!("me")]);
    // Beside a server, whose uploads go to the person who has the token now.
    let program = Program::serve(&database);
    let merged = done(&database, &["people", "merge", "anna", "me", "--yes"]);
    let backup = PathBuf::from(merged["backup"].as_str().unwrap());
    assert!(say(&backup, &["people", "list"]).1.contains("anna"));
    let authorization = format!("Bearer {}", token.trim());
    let answer = Client::connect(program.address).post(&[("Authorization", &authorization)], PAYLOAD.as_bytes());
    assert_eq!((answer.status, answer.field("new")), (200, json!(1)));
    assert_eq!(owners(&database), [json!("me")]);
    check_is_sound(&database, "an upload");
}

#[test]
fn what_is_forgotten_is_gone_and_check_knows_it() {
    let folder = Folder::new();
    let files = inputs(&folder);
    let made = folder.path("made.db");
    import_for(&made, "anna", &files);
    import_for(&made, "ben", &files[..3]);
    assert_eq!(say(&made, &["token", "new", "--person", "anna"]).0, Some(0));
    let samples = number(&made, "SELECT count(*) FROM samples");
    let cases: [(&[&str], &str, u64); 7] = [
        (&["--person", "anna"], "SELECT count(*) FROM samples WHERE person_id = 2", 0),
        (&["--type", "HeartRate"], "SELECT count(*) FROM heart_rate", 0),
        (
            &["--type", "HKQuantityTypeIdentifierHeartRate", "--person", "ben"],
            "SELECT count(*) FROM samples",
            samples - 1,
        ),
        (&["--type", "workouts"], "SELECT count(*) FROM workouts", 0),
        (&["--type", "heartrate", "--from", "1970-01-01", "--to", "2200-01-01"], "SELECT count(*) FROM heart_rate", 0),
        (&["--type", "electrocardiograms"], "SELECT count(*) FROM electrocardiograms", 0),
        (&["--type", "medication_doses"], "SELECT count(*) FROM medication_doses", 0),
    ];
    for (place, (arguments, sql, expected)) in cases.into_iter().enumerate() {
        let database = folder.path(&format!("{place}.db"));
        fs::copy(&made, &database).unwrap();
        let planned = done(&database, &[&["forget", "--dry-run"], arguments].concat());
        let vacuum: &[&str] = if place == 0 { &["--vacuum"] } else { &[] };
        let forgotten = done(&database, &[&["forget", "--yes", "--no-backup"], arguments, vacuum].concat());
        assert_eq!((&forgotten["rows"], &forgotten["tables"]), (&planned["rows"], &planned["tables"]), "{arguments:?}");
        check_is_sound(&database, &arguments.join(" "));
        if arguments.len() < 4 || place == 4 {
            assert_eq!(number(&database, sql), expected, "{arguments:?}");
        }
        // Figures are those of the rows that are left.
        let without_rows = "SELECT count(*) FROM days d WHERE NOT EXISTS (SELECT 1 FROM samples s
            WHERE s.person_id = d.person_id AND s.type_id = d.type_id)";
        assert_eq!(number(&database, without_rows), 0, "{arguments:?}");
        let (_, printed, _) = say(&database, &["status"]);
        assert_eq!(printed.contains("  forgot "), forgotten["tables"] != json!([]), "{printed}");
        // Sent again, all is there again, and the database stays sound.
        import_for(&database, "anna", &files);
        import_for(&database, "ben", &files[..3]);
        assert_eq!(number(&database, "SELECT count(*) FROM samples"), samples, "{arguments:?}");
        if place == 0 {
            assert_eq!(forgotten["tokens"], json!(1));
            assert!(forgotten["bytes"].as_u64() < forgotten["bytesBefore"].as_u64(), "{forgotten}");
        }
    }
}

#[test]
fn an_upload_is_forgotten_only_if_its_rows_are_certain() {
    let folder = Folder::new();
    let database = folder.path("health.db");
    let file = folder.write("a.json", PAYLOAD);
    import_for(&database, "me", std::slice::from_ref(&file));
    let example = PathBuf::from(format!("{}/testdata/documented.json", env!("CARGO_MANIFEST_DIR")));
    import_for(&database, "anna", &[file.clone(), example]);
    for (upload, part) in [("2", "rows do not name their upload"), ("9", "there is no upload 9")] {
        let (code, _, said) = say(&database, &["forget", "--upload", upload, "--yes"]);
        assert!(code == Some(2) && said.contains(part), "{said}");
    }
    let forgotten = done(&database, &["forget", "--upload", "1", "--yes"]);
    assert_eq!(forgotten["rows"], json!(1));
    let backup = forgotten["backup"].as_str().unwrap();
    assert!(forgotten["copies"].as_array().unwrap().contains(&json!(backup)), "{forgotten}");
    assert_eq!(owners(&database), [json!("anna")]);
    check_is_sound(&database, "forgetting an upload");
    // What is forgotten is overwritten, not only unlinked.
    let identity = [0x3b, 0xa8, 0x75, 0xee, 0x11, 0x11, 0x4d, 0x51, 0x8c, 0xdc, 0, 0, 0, 0, 0, 0x0a];
    let has_identity = || fs::read(&database).unwrap().windows(16).any(|bytes| bytes == identity);
    assert!(has_identity(), "anna has it");
    done(&database, &["forget", "--type", "HeartRate", "--yes", "--no-backup"]);
    assert!(!has_identity());
    for wrong in [&["forget"][..], &["forget", "--upload", "1", "--person", "x"], &["forget", "--from", "2026-01-01"]] {
        assert_eq!(say(&database, wrong).0, Some(2), "{wrong:?}");
    }
    let (code, _, said) = say(&database, &["forget", "--type", "Nothing", "--yes"]);
    assert!(code == Some(2) && said.contains("nothing is of type Nothing"), "{said}");
}

/// Hours and days of one metric that came in different documents are different figures, in whichever order they meet.
#[test]
fn a_merge_keeps_figures_of_hours_and_of_days() {
    let folder = Folder::new();
    let document = |name: &str, points: &[(&str, u32)]| {
        let points: Vec<Value> = points
            .iter()
            .map(|(time, steps)| json!({"date": format!("{time} +0100"), "qty": steps, "source": "Ring"}))
            .collect();
        let figures = json!({"data": {"metrics": [{"name": "step_count", "units": "count", "data": points}]}});
        folder.write(name, figures.to_string())
    };
    let hours = [("2025-07-01 00:00:00", 11), ("2025-07-01 01:00:00", 12), ("2025-07-01 02:00:00", 13)];
    let days = [("2025-07-01 00:00:00", 900), ("2025-07-02 00:00:00", 5)];
    let [hours, days] = [document("hours.json", &hours), document("days.json", &days)];
    let values = |database: &Path| rows(database, "SELECT start_ms, value FROM aggregates ORDER BY 1, 2");
    for (place, (from, into)) in [(&hours, &days), (&days, &hours)].into_iter().enumerate() {
        let [one, two] = ["one", "two"].map(|name| folder.path(&format!("{name}{place}.db")));
        import_for(&one, "anna", &[into.clone(), from.clone()]);
        import_for(&two, "ben", std::slice::from_ref(from));
        import_for(&two, "anna", std::slice::from_ref(into));
        let merged = done(&two, &["people", "merge", "ben", "anna", "--yes", "--no-backup"]);
        assert_eq!((values(&two), values(&two).len()), (values(&one), 5), "{merged}");
        assert_eq!(merged["equal"], json!(0), "{merged}");
        check_is_sound(&two, "a merge of hours and days");
        let again = import_for(&two, "anna", &[hours.clone(), days.clone()]);
        assert_eq!([&again["new"], &again["updated"]], [&json!(0), &json!(0)], "{again}");
    }
}

/// An upload that waits while its token is revoked stores nothing: its person's data may just have been forgotten.
#[test]
fn an_upload_that_waits_for_a_revoked_token_is_refused() {
    let folder = Folder::new();
    let database = folder.path("health.db");
    let token = say(&database, &["token", "new", "--person", "anna"]).1;
    let program = Program::serve(&database);
    let other = Connection::open(&database).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (address, authorization) = (program.address, format!("Bearer {}", token.trim()));
    let upload = std::thread::spawn(move || {
        Client::connect(address).post(&[("Authorization", &authorization)], PAYLOAD.as_bytes())
    });
    let under_way = || get(address, "/healthz").field("uploadsUnderWay");
    wait_until("the upload", || (under_way() == json!(1)).then_some(()));
    other.execute_batch("UPDATE tokens SET revoked_ms = 1; COMMIT").unwrap();
    assert_eq!(upload.join().unwrap().status, 401);
    for table in ["samples", "uploads"] {
        assert_eq!(number(&database, &format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
}

/// A person with a token only has no row, so the ledger gets no entry.
#[test]
fn a_merge_of_nobodys_data_is_not_in_the_ledger() {
    let folder = Folder::new();
    let database = folder.path("health.db");
    import_for(&database, "anna", &[folder.write("a.json", PAYLOAD)]);
    assert_eq!(say(&database, &["token", "new", "--person", "ben"]).0, Some(0));
    let merged = done(&database, &["people", "merge", "ben", "anna", "--yes", "--no-backup"]);
    assert_eq!([&merged["rows"], &merged["tokens"]], [&json!(0), &json!(1)]);
    assert_eq!(number(&database, "SELECT count(*) FROM uploads"), 1);
    check_is_sound(&database, "a merge of nobody's data");
}

/// A signal before the commit leaves neither a change nor a backup, and says so.
#[test]
fn a_change_that_is_interrupted_changes_nothing() {
    let folder = Folder::new();
    let database = folder.path("health.db");
    import_for(&database, "anna", &[folder.write("a.json", PAYLOAD)]);
    import_for(&database, "ben", &[folder.write("b.json", PAYLOAD)]);
    // The change waits for this one.
    let other = Connection::open(&database).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let changes: [&[&str]; 2] =
        [&["forget", "--person", "anna", "--yes"], &["people", "merge", "ben", "anna", "--yes"]];
    for (words, (signal, code)) in changes.into_iter().zip([("INT", 130), ("HUP", 129)]) {
        let mut change = command_with_default_signals();
        change.args(words).arg("--db").arg(&database).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = change.spawn().unwrap();
        let threads = PathBuf::from(format!("/proc/{}/task", child.id()));
        wait_until("the thread of signals", || {
            let mut threads = fs::read_dir(&threads).into_iter().flatten().flatten();
            let listens = |name: String| name.trim() == "signals";
            threads.any(|thread| fs::read_to_string(thread.path().join("comm")).is_ok_and(listens)).then_some(())
        });
        assert!(Command::new("kill").arg(format!("-{signal}")).arg(child.id().to_string()).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), said.as_str()),
            (Some(code), "healthsink: interrupted: nothing was changed\n")
        );
    }
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(owners(&database), [json!("anna"), json!("ben")]);
    let left = fs::read_dir(database.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().contains("before")).collect();
    assert!(left.is_empty(), "{left:?}");
    check_is_sound(&database, "an interrupted change");
}
