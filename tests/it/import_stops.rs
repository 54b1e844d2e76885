//! Imports that end before their input does: by Ctrl-C, by SIGTERM or SIGHUP, or because nothing more can be written.

use std::cell::Cell;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use healthsink::import::{Import, Mode, Observer};
use healthsink_testdata::{Export, Payload};
use healthsink_testkit::database::{contents, one, rows};
use healthsink_testkit::wait::wait_until;
use serde_json::{Value, json};

use crate::import_history::{Folder, import};
use crate::lifecycle::command_with_default_signals;
use crate::program::{command, path};

/// Starts to import standard input.
fn start(database: &Path) -> Child {
    let mut import = command_with_default_signals();
    import.args(["import", "--json", "--db"]).arg(database).arg("-");
    import.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status().unwrap().success());
}

fn text(source: Option<impl Read>) -> String {
    let mut text = String::new();
    #[expect(clippy::disallowed_methods, reason = "a few lines")]
    source.unwrap().read_to_string(&mut text).unwrap();
    text
}

/// Waits until an upload has stored rows.
fn wait_for_rows(database: &Path) {
    wait_until("stored rows", || {
        let is_there = database.exists() && fs::metadata(database).unwrap().len() > 0;
        let running = "SELECT count(*) FROM uploads WHERE state = 'running' AND new > 0";
        (is_there && one(database, running) == json!(1)).then_some(())
    });
}

/// Sends half of an input, then a signal, then the rest without its end. Returns the exit code, the report and the message.
fn interrupted(database: &Path, input: &[u8], name: &str) -> (ExitStatus, Value, String) {
    let mut child = start(database);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&input[..input.len() / 2]).unwrap();
    wait_for_rows(database);
    signal(&child, name);
    // The import ends at its next read, so it does not wait for the last bytes.
    for chunk in input[input.len() / 2..input.len() - 20].chunks(16 << 10) {
        if stdin.write_all(chunk).is_err() {
            break;
        }
    }
    let status = wait_until("the end", || {
        let _ = stdin.write_all(b" ");
        child.try_wait().unwrap()
    });
    let report = serde_json::from_str(&text(child.stdout.take())).unwrap();
    (status, report, text(child.stderr.take()))
}

/// A payload and an export of Apple, each with a line end behind it.
fn inputs() -> [(&'static str, Vec<u8>); 2] {
    let (payload, _) = Payload { seed: 7, target_bytes: 6_000_000, ..Payload::default() }.to_vec();
    let mut export = Vec::new();
    Export { seed: 8, target_bytes: 6_000_000, ..Export::default() }.write_to(&mut export).unwrap();
    [("all.json", payload), ("export.xml", export)]
}

#[test]
fn an_import_that_is_interrupted_goes_on_where_it_stopped() {
    for ((name, input), (signal, code)) in inputs().into_iter().zip([("HUP", 129), ("TERM", 143)]) {
        let folder = Folder::new();
        let database = folder.path("health.db");
        let (status, report, said) = interrupted(&database, &input, signal);
        assert_eq!(status.code(), Some(code), "{name}: {said}");
        assert_eq!((&report["interrupted"], &report["ok"]), (&json!(true), &json!(false)), "{report}");
        let stored = report["count"].as_u64().unwrap();
        assert!(stored > 1000, "{report}");
        let [line] = said.lines().collect::<Vec<_>>()[..] else { panic!("{said}") };
        assert!(line.starts_with("healthsink: interrupted: ") && line.contains("are stored; run the same"), "{line}");
        let entry = &rows(&database, "SELECT state, new, finished_ms, error FROM uploads")[0];
        assert_eq!(entry["state"], json!("interrupted"), "{entry}");
        assert_eq!((&entry["finished_ms"], &entry["error"]), (&Value::Null, &Value::Null));
        assert_eq!(entry["new"], report["new"]);

        // The same rows as without the stop. `import` of the test also checks the database.
        let file = folder.write(name, &input);
        let again = import(&database, &[], &[&file]).balanced();
        assert!(again.ok && again.count("unchanged") >= stored && again.count("new") > 0, "{}", again.report);
        let whole = folder.path("whole.db");
        let whole_report = import(&whole, &[], &[&file]).balanced();
        assert_eq!(again.count("new") + report["new"].as_u64().unwrap(), whole_report.count("new"), "{name}");
        let without_ids = |database: &Path| {
            let mut contents = contents(database);
            for row in contents.iter_mut().flatten().filter_map(Value::as_object_mut) {
                row.retain(|column, _| {
                    !column.ends_with("_id") && column != "import_number" && column != "creation_ms"
                });
            }
            contents
        };
        assert_eq!(without_ids(&database), without_ids(&whole), "{name}");
    }
}

/// Of several files, those before stay imported, the one under way is marked, and those behind are not begun.
#[test]
fn of_several_files_the_interrupted_one_is_marked() {
    let folder = Folder::new();
    let database = folder.path("health.db");
    let file = |name: &str, seed| {
        let (input, _) = Payload { seed, target_bytes: 20_000, ..Payload::default() }.to_vec();
        folder.write(name, input)
    };
    let [first, last] = [file("first.json", 1), file("last.json", 2)];
    let (input, _) = Payload { seed: 9, target_bytes: 1_500_000, ..Payload::default() }.to_vec();
    let mut command = command_with_default_signals();
    command.args(["import", "--json", "--db"]).arg(&database).arg(&first).arg("-").arg(&last);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&input[..input.len() / 2]).unwrap();
    wait_for_rows(&database);
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop(stdin);
    let report: Value = serde_json::from_str(&text(child.stdout.take())).unwrap();
    assert_eq!((&report["interrupted"], report["files"].as_array().map(Vec::len)), (&json!(true), Some(2)), "{report}");
    let entries = "SELECT state, sender FROM uploads ORDER BY id";
    let [done, interrupted] = &rows(&database, entries)[..] else { panic!("{:?}", rows(&database, entries)) };
    assert_eq!((&done["state"], &interrupted["state"]), (&json!("done"), &json!("interrupted")));
    assert!(done["sender"].as_str().unwrap().ends_with("first.json"), "{done}");
    // The same files again: what is there is known, and the last one is new.
    let rest = folder.write("rest.json", &input);
    let again = import(&database, &[], &[&first, &rest, &last]).balanced();
    assert!(again.ok && again.report["files"][0]["new"] == json!(0), "{}", again.report);
    assert!(again.report["files"][2]["new"].as_u64() > Some(0), "{}", again.report);
}

/// Standard input may be a terminal, or a pipe of a program that pauses.
#[test]
fn an_import_that_waits_for_input_stops_in_order() {
    let folder = Folder::new();
    let database = folder.path("health.db");
    let (input, _) = Payload { seed: 9, target_bytes: 1_500_000, ..Payload::default() }.to_vec();
    let mut child = start(&database);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&input[..input.len() / 2]).unwrap();
    wait_for_rows(&database);
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop(stdin);
    let report: Value = serde_json::from_str(&text(child.stdout.take())).unwrap();
    assert!(report["interrupted"] == json!(true) && report["count"].as_u64() > Some(0), "{report}");
    assert_eq!(one(&database, "SELECT state FROM uploads"), json!("interrupted"));
}

/// Wants to stop behind the first input.
#[derive(Default)]
struct Impatient(Cell<bool>);

impl Observer for Impatient {
    fn is_cancelled(&self) -> bool {
        self.0.get()
    }

    fn end(&self) {
        self.0.set(true);
    }
}

#[test]
fn an_import_that_is_stopped_between_files_is_not_whole() {
    let folder = Folder::new();
    let files = vec![folder.write("a.json", r#"{"data":{}}"#), folder.write("b.json", r#"{"data":{}}"#)];
    let job = Import { db: folder.path("health.db"), store: None, files, person: None, mode: Mode::Store, home: None };
    let report = healthsink::import::import(&job, &Impatient::default()).unwrap();
    assert_eq!((report.files.len(), report.interrupted, report.ok), (1, true, false));
}

#[test]
fn check_says_what_to_do_after_an_import_was_killed() {
    let folder = Folder::new();
    let database = folder.path("health.db");
    let (input, _) = Payload { seed: 9, target_bytes: 6_000_000, ..Payload::default() }.to_vec();
    let mut child = start(&database);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&input[..input.len() / 2]).unwrap();
    wait_for_rows(&database);
    child.kill().unwrap();
    child.wait().unwrap();
    let output = command().args(["check", "--db"]).arg(&database).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && printed.contains("the program ended during 1 import"), "{printed}");
    assert!(printed.contains("import the same files again") && !printed.contains("phone"), "{printed}");
}

/// A limit of the file size is like a full disk: the first file is stored, the transaction of the second is undone.
#[test]
fn the_account_holds_after_a_failure() {
    let folder = Folder::new();
    let write = |name: &str, seed, target_bytes| {
        let (input, _) = Payload { seed, target_bytes, ..Payload::default() }.to_vec();
        folder.write(name, input)
    };
    let (database, small, large) =
        (folder.path("health.db"), write("small.json", 10, 100_000), write("large.json", 11, 12_000_000));
    let script = "ulimit -f $1; shift; exec \"$@\"";
    let mut limited = Command::new("bash");
    limited.env_clear().args(["-c", script, "bash", "1500", path(), "import", "--db"]);
    let output = limited.arg(&database).args([small, large]).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{printed}");
    let account = printed.lines().find(|line| line.starts_with("read ")).unwrap_or_else(|| panic!("{printed}"));
    let numbers = |text: &str| text.split(' ').filter_map(|word| word.parse::<u64>().ok()).collect::<Vec<_>>();
    let (read, parts) = account.split_once(" = ").unwrap();
    assert_eq!(numbers(read), [numbers(parts).iter().sum::<u64>()], "{account}");
    let undone = parts.rsplit(" + ").next().unwrap();
    assert!(undone.ends_with(" undone") && numbers(undone)[0] > 0, "{account}");
    let stored = one(&database, "SELECT sum(new) FROM uploads").as_u64().unwrap();
    assert!(stored > 0 && numbers(parts)[0] == stored, "{account}, and the ledger has {stored}");
}
