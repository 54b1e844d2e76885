//! A full disk answers 507 and acknowledges nothing that is not stored. Uploads succeed again once there is space.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use super::disk::Disk;
use super::evidence::{Sent, check_is_exactly, check_is_sound, uuids};
use crate::program::{self, Program, command, run};
use healthsink_testkit::database::{contents, count, one};
use healthsink_testkit::http::{Client, Response, get};
use healthsink_testkit::wait::wait_until;

fn post(program: &Program, sent: &Sent) -> Response {
    Client::connect(program.address).post(&[], &sent.body)
}

fn check_is_full(answer: &Response) {
    assert_eq!((answer.status, answer.field("title")), (507, json!("Insufficient Storage")), "{answer:?}");
    let detail = answer.field("detail");
    assert!(detail.as_str().unwrap().contains("free some space"), "{detail}");
}

fn wal_bytes(database: &Path) -> u64 {
    fs::metadata(database.with_extension("db-wal")).map_or(0, |file| file.len())
}

/// Panics unless a command ended with one line that says what to do.
fn check_refused(output: &Output) {
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{message}");
    let printed: Vec<_> = message.lines().filter(|line| line.starts_with("healthsink: ")).collect();
    assert!(printed.len() == 1 && printed[0].contains("free some") && !printed[0].contains("mend"), "{message}");
}

#[test]
fn an_upload_that_does_not_fit_is_507_and_the_next_is_stored() {
    let Some(disk) = Disk::of_mib(8) else { return };
    let database = disk.database();
    let program = Program::serve(&database);
    let [small, large, other] =
        [(1, 300_000), (2, 60_000_000), (3, 300_000)].map(|(seed, bytes)| Sent::new(seed, bytes));
    assert_eq!(post(&program, &small).status, 200);

    let answer = post(&program, &large);
    check_is_full(&answer);
    let row = "SELECT state || ' ' || (measurements + medications + workouts + other + route_points) FROM uploads WHERE id = 2";
    let stored = answer.field("stored").as_u64().unwrap();
    // Without space the ledger cannot be updated. What it says about stored rows is true.
    let entry = one(&database, row);
    assert!(
        [format!("aborted {stored}"), format!("running {stored}")].map(Value::from).contains(&entry),
        "{entry} {stored}"
    );
    check_is_sound(&database);
    small.check_is_in(&database);

    // Once there is space, a checkpoint moves the WAL and frees its space, without an upload.
    disk.remount("size=200m");
    wait_until("the log's space", || (wal_bytes(&database) == 0).then_some(()));
    assert_eq!(get(program.address, "/healthz").status, 200);
    disk.fill();
    let answer = get(program.address, "/healthz");
    assert_eq!((answer.status, answer.field("detail")), (503, json!("the disk is full; free some space")));
    check_is_full(&post(&program, &other));
    check_is_full(&post(&program, &small));
    let metrics = String::from_utf8(get(program.address, "/metrics").body).unwrap();
    assert!(metrics.contains("healthsink_uploads_total{result=\"failed\"} 3\n"), "{metrics}");
    // Each of them has its own line, and all share one about the transaction.
    let undone = program.lines_so_far().iter().filter(|line| line.contains("the transaction was undone")).count();
    assert_eq!(undone, 1);

    disk.free();
    assert_eq!(get(program.address, "/healthz").status, 200);
    let before = uuids(&database).len();
    let answer = post(&program, &other);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(uuids(&database).len() > before);
    // Ends of uploads that could not be entered in the ledger are entered now.
    assert_eq!(one(&database, "SELECT count(*) FROM uploads WHERE state = 'running'"), json!(0));
    assert_eq!(one(&database, row), json!(format!("aborted {stored}")));
    check_is_sound(&database);
    for sent in [&small, &other] {
        sent.check_is_in(&database);
    }
    assert_eq!(post(&program, &large).status, 200);
    check_is_exactly(&database, [&small, &large, &other]);
    check_is_sound(&database);
}

#[test]
fn commands_report_a_full_disk_in_one_line() {
    let Some(disk) = Disk::of_mib(8) else { return };
    let database = disk.database();
    let folder = tempfile::tempdir().unwrap();
    let payload = folder.path().join("payload.json");
    fs::write(&payload, Sent::new(1, 60_000_000).body).unwrap();
    let import = || run(&["import".as_ref(), "--db".as_ref(), database.as_os_str(), payload.as_os_str()]);
    check_refused(&import());
    check_is_sound(&database);
    assert_eq!(one(&database, "SELECT state FROM uploads"), json!("aborted"));

    disk.fill();
    // A backup on the same disk leaves no file behind, nor does a database that cannot be created.
    let backup = disk.path().join("backup.db");
    check_refused(&run(&["backup".as_ref(), "--db".as_ref(), database.as_os_str(), backup.as_os_str()]));
    assert!(!backup.exists() && !disk.path().join(".healthsink.partial").exists());
    let new = disk.path().join("new.db");
    let new_database = run(&["serve", "--listen", "127.0.0.1:0", "--db", new.to_str().unwrap()]);
    check_refused(&new_database);
    assert!(!new.exists());
    let setup = ["setup", "--yes", "--no-wait", "--listen", "127.0.0.1:0", "--db", new.to_str().unwrap()];
    check_refused(&run(&setup));
    check_refused(&run(&["token", "new", "--db", new.to_str().unwrap()]));
    assert!(!new.exists());
    check_refused(&import());

    disk.free();
    disk.remount("size=200m");
    assert_eq!(import().status.code(), Some(0));
    assert_eq!(
        run(&["backup".as_ref(), "--db".as_ref(), database.as_os_str(), backup.as_os_str()]).status.code(),
        Some(0)
    );
    assert_eq!(count(&backup, "samples"), count(&database, "samples"));
    let program = Program::start(command().args(["serve", "--listen", "127.0.0.1:0", "--db"]).arg(&new));
    assert_eq!(post(&program, &Sent::new(2, 100_000)).status, 200);
}

/// A change of many rows is undone as a whole, as is a backup before it.
#[test]
fn forgetting_and_merging_on_a_full_disk_change_nothing() {
    let Some(disk) = Disk::of_mib(16) else { return };
    let database = disk.database();
    let folder = tempfile::tempdir().unwrap();
    for (seed, person) in [(1, "anna"), (2, "ben")] {
        let payload = folder.path().join(format!("{person}.json"));
        fs::write(&payload, Sent::new(seed, 1_500_000).body).unwrap();
        let import = ["import", "--person", person, payload.to_str().unwrap(), "--db", database.to_str().unwrap()];
        assert!(run(&import).status.success());
    }
    let change = |words: &[&str]| run(&[words, &["--yes", "--db", database.to_str().unwrap()]].concat());
    let changes = [
        &["forget", "--person", "anna"][..],
        &["forget", "--type", "HeartRate", "--vacuum"],
        &["people", "merge", "ben", "anna"],
    ];
    let state = || contents(&database);
    let names = || {
        let names = fs::read_dir(disk.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names
            .filter(|name| name != "filler")
            .filter(|name| !name.to_string_lossy().starts_with("health.db-"))
            .collect();
        names.sort();
        names
    };
    let (before, files) = (state(), names());
    // Not a block is free; then enough for a part of the change, and not for the backup.
    for (free_blocks, words) in [0, 40].into_iter().flat_map(|blocks| changes.map(|words| (blocks, words))) {
        for backup in [&[][..], &["--no-backup"]] {
            disk.fill();
            disk.free_blocks(free_blocks);
            let output = change(&[words, backup].concat());
            check_refused(&output);
            disk.free_blocks(256);
            assert_eq!(names(), files, "{words:?} {backup:?}");
            assert!(state() == before, "{words:?} {backup:?}: {output:?}");
        }
    }
    check_is_sound(&database);
    disk.free();
    for words in [changes[2], changes[1], changes[0]] {
        let output = change(words);
        assert!(output.status.success(), "{words:?}: {output:?}");
        let check = run(&["check", "--db", database.to_str().unwrap()]);
        assert!(check.status.success(), "{words:?}: {check:?}");
    }
    assert_eq!(count(&database, "samples"), 0);
}

/// What was committed is in the WAL, from where it is moved once there is space.
#[test]
fn an_import_that_is_stored_succeeds_although_the_disk_is_full() {
    let Some(disk) = Disk::of_mib(8) else { return };
    let database = disk.database();
    let folder = tempfile::tempdir().unwrap();
    let payload = folder.path().join("payload.json");
    let (before, sent) = (Sent::new(1, 20_000), Sent::new(2, 5_000_000));
    fs::write(&payload, &sent.body).unwrap();
    let import =
        |database: &Path| run(&["import".as_ref(), "--db".as_ref(), database.as_os_str(), payload.as_os_str()]);
    // A disk with room for the WAL, but not for the database beside it.
    let elsewhere = folder.path().join("health.db");
    assert!(import(&elsewhere).status.success());
    let tight = format!("size={}k", fs::metadata(&elsewhere).unwrap().len() * 3 / 2 / 1024);
    for is_beside_server in [false, true] {
        disk.remount(&tight);
        let database = if is_beside_server { database.with_file_name("other.db") } else { database.clone() };
        let program = is_beside_server.then(|| Program::serve(&database));
        if let Some(program) = &program {
            assert_eq!(post(program, &before).status, 200);
        }
        let output = import(&database);
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains("the WAL could not be moved into the database"), "{message}");
        assert_eq!(output.status.code(), Some(0), "{message}");
        sent.check_is_in(&database);
        disk.remount("size=200m");
        drop(program);
        check_is_sound(&database);
        sent.check_is_in(&database);
        for suffix in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{suffix}", database.display()));
        }
    }
}

/// For machines where nothing can be mounted: files have a limit of size. SQLite reports that as an I/O error, not as a full
/// disk.
#[test]
fn files_that_cannot_grow_lose_nothing_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let mut shell = std::process::Command::new("sh");
    // 2 MB, in blocks of 512 bytes: less than the large upload's first transaction, wherever the WAL begins.
    let script = "trap '' XFSZ; ulimit -f 4096; exec \"$0\" serve --listen 127.0.0.1:0 --db \"$1\"";
    let program = Program::start(shell.args(["-c", script, program::path()]).arg(&database).env_clear());
    let [small, large, other] =
        [(1, 300_000), (2, 40_000_000), (3, 300_000)].map(|(seed, bytes)| Sent::new(seed, bytes));
    assert_eq!(post(&program, &small).status, 200);
    assert_eq!(post(&program, &large).status, 500);
    check_is_sound(&database);
    small.check_is_in(&database);
    assert_eq!(post(&program, &other).status, 200);
    other.check_is_in(&database);
    drop(program);
    let program = Program::serve(&database);
    assert_eq!(post(&program, &large).status, 200);
    check_is_exactly(&database, [&small, &large, &other]);
}
