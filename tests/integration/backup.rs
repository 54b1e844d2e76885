//! Backups while the server writes, what they never touch, and their way back.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use healthsink_testdata::Payload;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::contract::payload;
use crate::common::database::{contents, count, one};
use crate::common::http::{Client, get};
use crate::common::program::{Program, run};
use crate::common::server::Server;
use crate::common::wait_until;

fn backup(database: &Path, arguments: &[&str]) -> Output {
    run(&[&["backup", "--db", database.to_str().unwrap()], arguments].concat())
}

fn restore(database: &Path, arguments: &[&str]) -> Output {
    run(&[&["restore", "--db", database.to_str().unwrap()], arguments].concat())
}

/// One line on standard error, and this exit code.
fn refused(output: &Output, code: i32, part: &str) {
    let message = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{message}");
    assert!(message.starts_with("healthsink: ") && message.contains(part), "{part}: {message}");
    assert_eq!(message.lines().count(), 1, "{message}");
}

fn check_sound(database: &Path) {
    let output = run(&["check", "--db", database.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.collect();
    names.sort();
    names
}

/// Names without what SQLite keeps beside a database for its readers.
fn databases(folder: &Path) -> Vec<String> {
    names(folder).into_iter().filter(|name| !name.ends_with("-shm") && !name.ends_with("-wal")).collect()
}

/// A database with something in it, which no program has open.
fn filled(folder: &Path) -> PathBuf {
    let database = folder.join("health.db");
    let example = format!("{}/testdata/documented.json", env!("CARGO_MANIFEST_DIR"));
    let output = run(&["import", "--db", database.to_str().unwrap(), &example]);
    assert!(output.status.success(), "{output:?}");
    database
}

/// Turns bytes round on the page where a table begins; the schema stays as it is.
fn damage(database: &Path) {
    let root = one(database, "SELECT rootpage FROM sqlite_schema WHERE name = 'types'").as_u64().unwrap();
    let page = usize::try_from(root - 1).unwrap() * 4096;
    let mut bytes = fs::read(database).unwrap();
    bytes[page + 5] ^= 0xff;
    bytes[page + 100] ^= 0xff;
    fs::write(database, bytes).unwrap();
}

/// The server is never idle, and the backup comes to its end all the same; it holds all that was answered before it began.
#[test]
fn a_backup_beside_a_busy_writer_ends_and_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let program = Program::serve(&database);
    let address = program.address;
    let (stop, uploads) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for seed in 0.. {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let (body, _) = Payload { seed, target_bytes: 1_000_000, ..Payload::default() }.to_vec();
                assert_eq!(Client::connect(address).post(&[], &body).status, 200);
                uploads.fetch_add(1, Ordering::Relaxed);
            }
        });
        let answered = |least: u64| {
            wait_until("uploads", || {
                let answered = uploads.load(Ordering::Relaxed);
                (answered >= least).then_some(answered)
            })
        };
        for round in 0..3 {
            let before = answered(3 * (round + 1));
            let copy = folder.path().join(format!("copy-{round}.db"));
            let output = backup(&database, &[copy.to_str().unwrap(), "--json"]);
            assert!(output.status.success(), "{output:?}");
            let told: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(told["samples"], json!(count(&copy, "samples")));
            assert!(one(&copy, "SELECT count(*) FROM uploads WHERE state = 'done'").as_u64() >= Some(before));
            check_sound(&copy);
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(get(address, "/healthz").status, 200);
    check_sound(&database);
}

#[test]
fn a_backup_is_the_database_in_one_file_that_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start();
    server.post(payload("documented"));
    let copy = folder.path().join("copy.db");
    let output = backup(&server.database(), &[copy.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("copy.db: ") && told.contains("2 samples, 1 uploads, verified"), "{told}");
    assert_eq!(names(folder.path()), ["copy.db"]);
    assert_eq!(contents(&copy), contents(&server.database()));
    // Read on a medium that cannot be written to, it makes no files beside it.
    assert_eq!(one(&copy, "PRAGMA journal_mode"), json!("delete"));
    assert_eq!(names(folder.path()), ["copy.db"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // The next one takes its place.
    server.post(payload("quantity"));
    assert!(backup(&server.database(), &[copy.to_str().unwrap()]).status.success());
    assert_eq!(count(&copy, "samples"), 12);
}

#[test]
fn keep_removes_the_oldest_backups_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let database = filled(folder.path());
    let backups = folder.path().join("backups");
    fs::create_dir(&backups).unwrap();
    let old = ["healthsink-20200101T000000Z.db", "healthsink-20200102T000000Z.db", "healthsink-20200103T000000Z.db"];
    let others = [
        "healthsink-20200101T000000Z.db-journal",
        "healthsink-20200101T000000Z.db.gz",
        "healthsink-20200101T000000.db",
        "healthsink-2020-01-01.db",
        "healthsink-before-the-move.db",
        "my-healthsink-20200101T000000Z.db",
        "notes.txt",
    ];
    for name in old.iter().chain(&others) {
        fs::write(backups.join(name), name).unwrap();
    }
    fs::create_dir(backups.join("healthsink-20190101T000000Z.db")).unwrap();
    let output = backup(&database, &[backups.to_str().unwrap(), "--keep", "2", "--json"]);
    assert!(output.status.success(), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let removed = [old[1], old[0]].map(|name| backups.join(name).to_str().unwrap().to_owned());
    assert_eq!(told["removed"], json!(removed));
    let made = Path::new(told["file"].as_str().unwrap()).file_name().unwrap().to_str().unwrap().to_owned();
    let mut expected: Vec<&str> = others.to_vec();
    expected.extend([made.as_str(), old[2], "healthsink-20190101T000000Z.db"]);
    expected.sort_unstable();
    assert_eq!(names(&backups), expected);
    check_sound(&backups.join(made));

    // Backups of a clock that was ahead do not put the new one out.
    let later = backups.join("healthsink-29990101T000000Z.db");
    fs::write(&later, "").unwrap();
    let output = backup(&database, &[backups.to_str().unwrap(), "--keep", "1", "--json"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(!later.exists() && Path::new(told["file"].as_str().unwrap()).exists(), "{told}");

    refused(&backup(&database, &["--keep", "2", folder.path().join("x.db").to_str().unwrap()]), 2, "--keep");
    assert_eq!(backup(&database, &["--keep", "0", backups.to_str().unwrap()]).status.code(), Some(2));
}

#[test]
fn a_backup_replaces_a_backup_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let database = filled(folder.path());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    refused(&backup(&database, &[&path("health.db")]), 2, "is the database itself");
    refused(&backup(&database, &[&path("no/such/folder.db")]), 1, "cannot write");
    refused(&backup(&folder.path().join("none.db"), &[&path("copy.db")]), 1, "there is no database");
    fs::write(path("notes.txt"), "notes").unwrap();
    Connection::open(path("other.db")).unwrap().execute_batch("CREATE TABLE notes (text)").unwrap();
    for name in ["notes.txt", "other.db"] {
        let before = fs::read(path(name)).unwrap();
        refused(&backup(&database, &[&path(name)]), 2, "is no backup");
        assert_eq!(fs::read(path(name)).unwrap(), before);
    }
    assert_eq!(names(folder.path()), ["health.db", "notes.txt", "other.db"]);
}

#[test]
fn what_is_left_over_is_cleared_and_what_is_under_way_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let database = filled(folder.path());
    let copy = folder.path().join("copy.db");
    let partial = folder.path().join(".healthsink.partial");
    fs::write(&partial, vec![7; 100_000]).unwrap();
    let other = File::open(&partial).unwrap();
    other.lock().unwrap();
    refused(&backup(&database, &[copy.to_str().unwrap()]), 1, "is under way");
    assert_eq!(fs::metadata(&partial).unwrap().len(), 100_000);
    drop(other);
    let output = backup(&database, &[copy.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    check_sound(&copy);
    assert!(!partial.exists());
}

/// A damaged database must not push good backups out.
#[test]
fn a_damaged_database_makes_no_backup() {
    let folder = tempfile::tempdir().unwrap();
    let database = filled(folder.path());
    let backups = folder.path().join("backups");
    fs::create_dir(&backups).unwrap();
    assert!(backup(&database, &[backups.to_str().unwrap(), "--keep", "1"]).status.success());
    let before = names(&backups);
    damage(&database);
    refused(&backup(&database, &[backups.to_str().unwrap(), "--keep", "1"]), 1, "healthsink check");
    assert_eq!(names(&backups), before);
    let checked = run(&["check", "--db", database.to_str().unwrap()]);
    let told = String::from_utf8(checked.stdout).unwrap();
    assert_eq!(checked.status.code(), Some(1), "{told}");
    assert!(told.contains("damage: integrity: ") && told.contains("healthsink restore"), "{told}");
}

#[test]
fn a_backup_is_restored_and_what_was_there_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let database = filled(folder.path());
    let copy = folder.path().join("copy.db");
    assert!(backup(&database, &[copy.to_str().unwrap()]).status.success());
    let expected = contents(&copy);

    let program = Program::serve(&database);
    assert_eq!(Client::connect(program.address).post(&[], &payload("quantity")).status, 200);
    let output = restore(&database, &[copy.to_str().unwrap()]);
    refused(&output, 1, "is open in another program");
    refused(&restore(&database, &[copy.to_str().unwrap(), "--force"]), 1, "is open in another program");
    assert_eq!(Client::connect(program.address).post(&[], &payload("category")).status, 200);
    // Killed: its log is not moved into the database yet, and must not be taken for the restored one's.
    program.kill();
    assert!(folder.path().join("health.db-wal").exists());
    let output = restore(&database, &[copy.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(contents(&database), expected);
    let there = names(folder.path());
    let aside: Vec<&String> = there.iter().filter(|name| name.starts_with("health.before-restore-")).collect();
    assert_eq!((there.len(), aside.len()), (3, 1), "{there:?}");
    assert_eq!(count(&folder.path().join(aside[0]), "uploads"), 3);
    check_sound(&folder.path().join(aside[0]));

    let program = Program::serve(&database);
    let answer = Client::connect(program.address).post(&[], &payload("documented"));
    assert_eq!((answer.status, answer.field("new")), (200, json!(0)));
}

#[test]
fn a_backup_that_is_not_sound_is_not_restored() {
    let folder = tempfile::tempdir().unwrap();
    let database = filled(folder.path());
    let before = fs::read(&database).unwrap();
    let copy = folder.path().join("copy.db");
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    assert!(backup(&database, &[copy.to_str().unwrap()]).status.success());
    damage(&copy);
    refused(&restore(&database, &[copy.to_str().unwrap()]), 1, "healthsink check");
    fs::write(&copy, &before[..before.len() / 2]).unwrap();
    assert_eq!(restore(&database, &[copy.to_str().unwrap()]).status.code(), Some(1));
    fs::write(path("notes.txt"), "notes").unwrap();
    refused(&restore(&database, &[&path("notes.txt")]), 2, "is no backup");
    refused(&restore(&database, &[&path("nothing.db")]), 2, "is no backup");
    refused(&restore(&database, &[database.to_str().unwrap()]), 2, "is the database itself");
    assert_eq!(fs::read(&database).unwrap(), before);
    assert_eq!(databases(folder.path()), ["copy.db", "health.db", "notes.txt"]);
}

/// A database whose first page is gone cannot tell who has it open. Its log goes with it.
#[test]
fn a_database_that_cannot_be_opened_is_replaced_by_force() {
    let folder = tempfile::tempdir().unwrap();
    let database = filled(folder.path());
    let copy = folder.path().join("copy.db");
    assert!(backup(&database, &[copy.to_str().unwrap()]).status.success());
    fs::write(&database, vec![b'x'; 8192]).unwrap();
    let wal = folder.path().join("health.db-wal");
    fs::write(&wal, "a log of before").unwrap();
    refused(&restore(&database, &[copy.to_str().unwrap()]), 1, "--force");
    let output = restore(&database, &[copy.to_str().unwrap(), "--force"]);
    assert!(output.status.success(), "{output:?}");
    assert!(!wal.exists());
    assert_eq!(contents(&database), contents(&copy));
    let kept: Vec<String> = names(folder.path()).into_iter().filter(|name| name.contains("before-restore")).collect();
    assert_eq!(fs::read(folder.path().join(&kept[0])).unwrap(), vec![b'x'; 8192], "{kept:?}");
}

#[test]
fn a_backup_is_restored_where_nothing_is() {
    let folder = tempfile::tempdir().unwrap();
    let database = filled(folder.path());
    let copy = folder.path().join("copy.db");
    assert!(backup(&database, &[copy.to_str().unwrap()]).status.success());
    let elsewhere = folder.path().join("new.db");
    let output = restore(&elsewhere, &[copy.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(contents(&elsewhere), contents(&database));
    let kept = names(folder.path()).into_iter().filter(|name| name.contains("before-restore")).count();
    assert_eq!(kept, 0);
    // A log that has outlived its database is not of the one that takes its place.
    fs::remove_file(&elsewhere).unwrap();
    fs::copy(folder.path().join("health.db-wal"), folder.path().join("new.db-wal")).unwrap();
    assert!(restore(&elsewhere, &[copy.to_str().unwrap()]).status.success());
    assert!(!folder.path().join("new.db-wal").exists());
}
