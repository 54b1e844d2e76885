//! Backups while the server writes, what they never replace, and how they are restored.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use healthsink_testdata::Payload;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::contract::payload;
use crate::program::{Program, command, run};
use healthsink_testkit::database::{contents, count, one};
use healthsink_testkit::http::{Client, get};
use healthsink_testkit::server::Server;
use healthsink_testkit::wait::wait_until;

fn backup(database: &Path, arguments: &[&str]) -> Output {
    run(&[&["backup", "--db", database.to_str().unwrap()], arguments].concat())
}

fn restore(database: &Path, arguments: &[&str]) -> Output {
    run(&[&["restore", "--db", database.to_str().unwrap()], arguments].concat())
}

/// Panics unless a command printed one line on standard error and ended with this exit code.
fn refused(output: &Output, code: i32, part: &str) {
    let message = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{message}");
    assert!(message.starts_with("healthsink: ") && message.contains(part), "{part}: {message}");
    assert_eq!(message.lines().count(), 1, "{message}");
}

fn check_sound(database: &Path) {
    let output = run(&["check".as_ref(), "--db".as_ref(), database.as_os_str()]);
    assert!(output.status.success(), "{output:?}");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.collect();
    names.sort();
    names
}

/// The files of a folder, without those that are beside a database while a program has it open.
fn databases(folder: &Path) -> Vec<String> {
    let is_beside = |name: &String| ["-shm", "-wal", "-running-"].iter().any(|part| name.contains(part));
    names(folder).into_iter().filter(|name| !is_beside(name)).collect()
}

/// A person may add tables, also of modules that this program lacks.
#[test]
fn tables_of_others_are_backed_up() {
    let folder = tempfile::tempdir().unwrap();
    let database = filled(folder.path());
    let connection = Connection::open(&database).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE \"my \"\"own\"\" notes\" (text); INSERT INTO \"my \"\"own\"\" notes\" VALUES ('a');
             PRAGMA writable_schema = ON;
             INSERT INTO sqlite_schema VALUES ('table', 'places', 'places', 0, 'CREATE VIRTUAL TABLE places USING of_others(a)')",
        )
        .unwrap();
    drop(connection);
    let copy = folder.path().join("copy.db");
    let output = backup(&database, &[copy.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(count(&copy, "\"my \"\"own\"\" notes\""), 1);
    check_sound(&copy);
}

/// A database with rows, which no program has open.
fn filled(folder: &Path) -> PathBuf {
    let database = folder.join("health.db");
    let example = format!("{}/testdata/documented.json", env!("CARGO_MANIFEST_DIR"));
    let output = run(&["import", "--db", database.to_str().unwrap(), &example]);
    assert!(output.status.success(), "{output:?}");
    database
}

/// Inverts bytes of the page where a table begins; the schema stays as it is.
fn damage(database: &Path) {
    let root = one(database, "SELECT rootpage FROM sqlite_schema WHERE name = 'types'").as_u64().unwrap();
    let page = usize::try_from(root - 1).unwrap() * 4096;
    let mut bytes = fs::read(database).unwrap();
    bytes[page + 5] ^= 0xff;
    bytes[page + 100] ^= 0xff;
    fs::write(database, bytes).unwrap();
}

/// The server is never idle, yet the backup ends. It has everything that was answered before it began.
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
            let report: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(report["samples"], json!(count(&copy, "samples")));
            assert!(one(&copy, "SELECT count(*) FROM uploads WHERE state = 'done'").as_u64() >= Some(before));
            check_sound(&copy);
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(get(address, "/healthz").status, 200);
    check_sound(&database);
}

#[test]
fn a_backup_is_one_file_that_only_its_owner_can_read() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start();
    server.post(payload("documented"));
    let copy = folder.path().join("copy.db");
    let output = backup(&server.database(), &[copy.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("copy.db: ") && printed.contains("2 samples, 1 upload, verified"), "{printed}");
    assert_eq!(names(folder.path()), ["copy.db"]);
    assert_eq!(contents(&copy), contents(&server.database()));
    // Reading it creates no files beside it, so it can be on read-only media.
    assert_eq!(one(&copy, "PRAGMA journal_mode"), json!("delete"));
    assert_eq!(names(folder.path()), ["copy.db"]);
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // The next backup replaces it.
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
    let copy = folder.path().join("copy.db");
    assert!(backup(&database, &[copy.to_str().unwrap()]).status.success());
    let old = ["health-20200101T000000Z.db", "health-20200102T000000Z-2.db", "health-20200102T000000Z-10.db"];
    // A clock that was ahead made these backups: they push no other one out.
    let later = ["health-29990101T000000Z.db", "health-29990102T000000Z.db"];
    for name in old.iter().chain(&later) {
        fs::copy(&copy, backups.join(name)).unwrap();
    }
    let others = [
        "health-20200101T000000Z.db-journal",
        "health-20200101T000000Z.db.gz",
        "health-20200101T000000.db",
        "health-2020-01-01.db",
        "health-before-the-move.db",
        "my-health-20200101T000000Z.db",
        "notes.txt",
        // Files with the right name that are not backups.
        "health-20210101T000000Z.db",
        "health-20220101T000000Z.db",
    ];
    for name in others {
        fs::write(backups.join(name), name).unwrap();
    }
    fs::write(backups.join("health-20220101T000000Z.db"), "").unwrap();
    fs::create_dir(backups.join("health-20190101T000000Z.db")).unwrap();
    let output = backup(&database, &[backups.to_str().unwrap(), "--keep", "2", "--json"]);
    assert!(output.status.success(), "{output:?}");
    let warned = String::from_utf8(output.stderr).unwrap();
    assert!(warned.lines().count() == 1 && warned.contains("2 backups in "), "{warned}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let removed = [old[1], old[0]].map(|name| backups.join(name).to_str().unwrap().to_owned());
    assert_eq!(report["removed"], json!(removed));
    let made = Path::new(report["file"].as_str().unwrap()).file_name().unwrap().to_str().unwrap().to_owned();
    let mut expected: Vec<&str> = others.to_vec();
    expected.extend([made.as_str(), old[2], later[0], later[1], "health-20190101T000000Z.db"]);
    expected.sort_unstable();
    assert_eq!(names(&backups), expected);
    check_sound(&backups.join(made));

    refused(&backup(&database, &["--keep", "2", folder.path().join("x.db").to_str().unwrap()]), 2, "--keep");
    assert_eq!(backup(&database, &["--keep", "0", backups.to_str().unwrap()]).status.code(), Some(2));
}

#[test]
fn databases_share_a_folder_and_backups_of_one_second_get_different_names() {
    let folder = tempfile::tempdir().unwrap();
    let database = filled(folder.path());
    let other = folder.path().join("other.db");
    assert!(backup(&database, &[other.to_str().unwrap()]).status.success());
    let backups = folder.path().join("backups");
    fs::create_dir(&backups).unwrap();
    for database in [&database, &other, &database, &database] {
        assert!(backup(database, &[backups.to_str().unwrap()]).status.success());
    }
    assert_eq!(names(&backups).len(), 4);
    for database in [&other, &database] {
        assert!(backup(database, &[backups.to_str().unwrap(), "--keep", "1"]).status.success());
    }
    let left = names(&backups);
    assert!(left.len() == 2 && left[0].starts_with("health-2") && left[1].starts_with("other-2"), "{left:?}");
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
        refused(&backup(&database, &[&path(name)]), 2, "is not a backup");
        assert_eq!(fs::read(path(name)).unwrap(), before);
    }
    assert_eq!(names(folder.path()), ["health.db", "notes.txt", "other.db"]);
}

/// As when the arguments are swapped: `backup --db copy.db health.db`.
#[test]
fn a_backup_never_replaces_a_database_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let database = filled(folder.path());
    let copy = folder.path().join("copy.db");
    let target = [database.to_str().unwrap()];
    assert!(backup(&database, &[copy.to_str().unwrap()]).status.success());
    let expected = contents(&database);
    // No program has it open. A reader has left an empty WAL.
    fs::remove_file(folder.path().join("health.db-wal")).unwrap();
    refused(&backup(&copy, &target), 2, "is a database in use");
    let program = Program::serve(&database);
    assert_eq!(Client::connect(program.address).post(&[], &payload("documented")).status, 200);
    refused(&backup(&copy, &target), 2, "health.db-wal belongs to a database");
    program.kill();
    refused(&backup(&copy, &target), 2, "health.db-wal belongs to a database");
    assert_eq!(contents(&database), expected);
    // A backup that a program reads is not replaced.
    let second = folder.path().join("second.db");
    fs::copy(&copy, &second).unwrap();
    let reader = Connection::open(&second).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM types").unwrap();
    refused(&backup(&copy, &[second.to_str().unwrap()]), 1, "is open in another program");
    drop(reader);
    assert!(backup(&copy, &[second.to_str().unwrap()]).status.success());
}

/// SQLite would read the leftover WAL into the copy, although its database is gone.
#[test]
fn a_leftover_wal_is_not_read_into_the_copy() {
    let folder = tempfile::tempdir().unwrap();
    let database = filled(folder.path());
    for suffix in ["-wal", "-journal"] {
        let companion = folder.path().join(format!("copy.db{suffix}"));
        fs::write(&companion, "").unwrap();
        refused(&backup(&database, &[folder.path().join("copy.db").to_str().unwrap()]), 2, "move that one away");
        fs::remove_file(companion).unwrap();
    }
    assert_eq!(databases(folder.path()), ["health.db"]);
}

#[test]
fn what_is_not_a_file_is_refused_and_links_stay_links() {
    let folder = tempfile::tempdir().unwrap();
    let database = filled(folder.path());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    assert!(std::process::Command::new("mkfifo").arg(path("pipe.db")).status().unwrap().success());
    refused(&backup(&database, &[&path("pipe.db")]), 2, "is not a backup");
    refused(&restore(&database, &[&path("pipe.db")]), 2, "is no backup");
    let _socket = std::os::unix::net::UnixListener::bind(path("socket.db")).unwrap();
    refused(&backup(&database, &[&path("socket.db")]), 2, "is not a backup");
    // Links to an existing file, and to one that does not exist yet.
    fs::create_dir(path("disk")).unwrap();
    let link = Path::new("disk/copy.db");
    std::os::unix::fs::symlink(link, path("link.db")).unwrap();
    for _ in 0..2 {
        let output = backup(&database, &[&path("link.db")]);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(fs::read_link(path("link.db")).unwrap(), link);
        check_sound(Path::new(&path("disk/copy.db")));
    }
    assert_eq!(names(Path::new(&path("disk"))), ["copy.db"]);
    // The same with a link to a database.
    std::os::unix::fs::symlink("disk/new.db", path("new.db")).unwrap();
    assert!(restore(Path::new(&path("new.db")), &[&path("link.db")]).status.success());
    assert_eq!(fs::read_link(path("new.db")).unwrap(), Path::new("disk/new.db"));
    assert_eq!(contents(Path::new(&path("disk/new.db"))), contents(&database));
}

/// A disk that is not mounted.
#[test]
fn a_folder_that_is_missing_does_not_become_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let database = filled(folder.path());
    for name in ["backups", "backups/", "backups.d/"] {
        let target = format!("{}/{name}", folder.path().display());
        refused(&backup(&database, &[&target]), 2, "there is no folder");
    }
    assert_eq!(databases(folder.path()), ["health.db"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_backup_that_cannot_be_reported_is_still_made() {
    use std::os::unix::ffi::OsStringExt;
    let folder = tempfile::tempdir().unwrap();
    let database = filled(folder.path());
    let target = folder.path().join(std::ffi::OsString::from_vec(b"caf\xe9.db".to_vec()));
    let backup = |arguments: &[&str]| {
        let mut command = command();
        command.arg("backup").arg("--db").arg(&database).arg(&target).args(arguments);
        command
    };
    let output = backup(&["--json"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(json["file"].as_str().unwrap().ends_with("caf\u{fffd}.db"), "{json}");
    fs::remove_file(&target).unwrap();
    for arguments in [&["--json"][..], &[]] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = backup(arguments).stdout(full).output().unwrap();
        refused(&output, 1, ".db is made and verified, but the result cannot be printed");
        check_sound(&target);
    }
}

#[test]
fn leftovers_are_deleted_and_running_copies_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let database = filled(folder.path());
    let copy = folder.path().join("copy.db");
    let partial = folder.path().join(".copy.db.healthsink-partial");
    let others =
        [".gone.db.healthsink-partial", ".gone.db.healthsink-partial-journal"].map(|name| folder.path().join(name));
    for file in others.iter().chain([&partial]) {
        fs::write(file, vec![7; 100_000]).unwrap();
    }
    let other = File::open(&partial).unwrap();
    other.lock().unwrap();
    refused(&backup(&database, &[copy.to_str().unwrap()]), 1, "another backup to ");
    assert_eq!(fs::metadata(&partial).unwrap().len(), 100_000);
    // What an ended copy left is deleted. A copy to another file continues beside the one that runs.
    assert!(!others.iter().any(|file| file.exists()));
    assert!(backup(&database, &[folder.path().join("second.db").to_str().unwrap()]).status.success());
    assert_eq!(fs::metadata(&partial).unwrap().len(), 100_000);
    // Closing it does not always unlock it at once: a process that another test is starting may share it.
    other.unlock().unwrap();
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
    let printed = String::from_utf8(checked.stdout).unwrap();
    assert_eq!(checked.status.code(), Some(1), "{printed}");
    assert!(printed.contains("damage: integrity: ") && printed.contains("healthsink restore"), "{printed}");
}

#[test]
fn a_backup_is_restored_and_the_old_database_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let database = filled(folder.path());
    let copy = folder.path().join("copy.db");
    assert!(backup(&database, &[copy.to_str().unwrap()]).status.success());
    let expected = contents(&copy);
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&database, fs::Permissions::from_mode(0o640)).unwrap();
    }

    let program = Program::serve(&database);
    assert_eq!(Client::connect(program.address).post(&[], &payload("quantity")).status, 200);
    let output = restore(&database, &[copy.to_str().unwrap()]);
    refused(&output, 1, "is open in another program");
    refused(&restore(&database, &[copy.to_str().unwrap(), "--force"]), 1, "is open in another program");
    assert_eq!(Client::connect(program.address).post(&[], &payload("category")).status, 200);
    // The server was killed: its WAL is not in the database yet, and must not be read into the restored one.
    program.kill();
    assert!(folder.path().join("health.db-wal").exists());
    let output = restore(&database, &[copy.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(contents(&database), expected);
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&database).unwrap().permissions().mode() & 0o777, 0o640, "a group was given it");
    }
    let there = names(folder.path());
    let aside: Vec<&String> = there.iter().filter(|name| name.starts_with("health.db.before-restore-")).collect();
    assert_eq!((there.len(), aside.len()), (3, 1), "{there:?}");
    assert_eq!(count(&folder.path().join(aside[0]), "uploads"), 3);
    check_sound(&folder.path().join(aside[0]));

    let program = Program::serve(&database);
    let answer = Client::connect(program.address).post(&[], &payload("documented"));
    assert_eq!((answer.status, answer.field("new")), (200, json!(0)));
}

#[test]
fn a_damaged_backup_is_not_restored() {
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
    refused(&restore(&database, &[&path("nothing.db")]), 2, "there is no file");
    refused(&restore(&database, &[database.to_str().unwrap()]), 2, "is the database itself");
    assert_eq!(fs::read(&database).unwrap(), before);
    assert_eq!(databases(folder.path()), ["copy.db", "health.db", "notes.txt"]);
}

/// A database whose first page is gone cannot show which program has it open. Its WAL is moved with it.
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
fn a_backup_is_restored_where_no_database_exists() {
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
    // A WAL that outlived its database does not belong to the restored one, and may hold rows.
    fs::remove_file(&elsewhere).unwrap();
    let wal = folder.path().join("new.db-wal");
    fs::copy(folder.path().join("health.db-wal"), &wal).unwrap();
    let output = restore(&elsewhere, &[copy.to_str().unwrap()]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && message.contains("new.db-wal of a former one"), "{message}");
    assert!(wal.exists() && !elsewhere.exists());
    fs::rename(&wal, folder.path().join("former-wal")).unwrap();
    assert!(restore(&elsewhere, &[copy.to_str().unwrap()]).status.success());
    assert_eq!(contents(&elsewhere), contents(&database));
}

/// On a new machine, as root: the service must be able to open the restored files. Elsewhere both belong to this user
/// anyway.
#[test]
fn what_root_restores_belongs_to_the_folders_owner() {
    use std::os::unix::fs::{MetadataExt, chown};
    let folder = tempfile::tempdir().unwrap();
    let database = filled(folder.path());
    let copy = folder.path().join("copy.db");
    assert!(backup(&database, &[copy.to_str().unwrap()]).status.success());
    let state = folder.path().join("state");
    fs::create_dir(&state).unwrap();
    let is_root = chown(&state, Some(61_184), Some(61_184)).is_ok();
    let owner = |path: &Path| fs::metadata(path).map(|file| (file.uid(), file.gid())).unwrap();
    let output = restore(&state.join("restored.db"), &[copy.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    let made = run(&["token", "new", "--person", "me", "--db", state.join("new.db").to_str().unwrap()]);
    assert!(made.status.success(), "{made:?}");
    for (name, output) in [("restored.db", &output), ("new.db", &made)] {
        assert_eq!(owner(&state.join(name)), owner(&state), "{name}");
        let said = String::from_utf8_lossy(&output.stderr).contains("belongs to user 61184, as its folder does");
        assert_eq!(said, is_root, "{output:?}");
    }
}

/// What is to be forgotten would stay in it.
#[test]
fn a_backup_that_is_stopped_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let database = filled(folder.path());
    // The backup has begun, and waits for the database.
    let connection = Connection::open(&database).unwrap();
    connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
    let mut backup = command();
    backup.arg("backup").arg(folder.path().join("copy.db")).arg("--db").arg(&database);
    let mut backup = backup.spawn().unwrap();
    let is_begun = || names(folder.path()).iter().any(|name| name.contains("copy.db"));
    wait_until("the partial backup", || is_begun().then_some(()));
    assert!(Command::new("kill").arg("-TERM").arg(backup.id().to_string()).status().unwrap().success());
    assert_eq!(backup.wait().unwrap().code(), Some(143));
    assert!(!is_begun(), "{:?}", names(folder.path()));
}
