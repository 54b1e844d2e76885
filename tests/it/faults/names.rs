//! One database under two names: SQLite keeps a WAL beside each name, so rows stored by one name are lost to the other.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::json;

use super::disk::Disk;
use super::evidence::{Sent, check_is_exactly, check_is_sound};
use super::files::{post, post_and_meanwhile};
use crate::program::{Program, command, run};
use healthsink_testkit::http::get;

/// A database that a server has used and closed, and a backup of it.
fn used(folder: &Path) -> (PathBuf, PathBuf) {
    let (database, backup) = (folder.join("health.db"), folder.join("backup.db"));
    let mut program = Program::serve(&database);
    assert_eq!(post(&program, &Sent::new(1, 20_000)).status, 200);
    program.terminate();
    assert!(program.wait().success());
    let made = command().arg("backup").arg("--db").arg(&database).arg(&backup).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    (database, backup)
}

/// Each command's arguments and its expected result.
fn each_command(database: &Path, backup: &Path) -> Vec<(String, Output)> {
    let payload = format!("{}/testdata/documented.json", env!("CARGO_MANIFEST_DIR"));
    let copy = database.with_file_name("copy.db");
    let [db, backup, copy] = [database, backup, &copy].map(|path| path.to_str().unwrap());
    [
        &["serve", "--listen", "127.0.0.1:0", "--db", db][..],
        &["import", "--db", db, &payload],
        &["token", "new", "--person", "anna", "--db", db],
        &["token", "list", "--db", db],
        &["token", "revoke", "1", "--db", db],
        &["status", "--db", db],
        &["check", "--db", db],
        &["backup", "--db", db, copy],
        &["restore", "--db", db, backup],
    ]
    .map(|arguments| (arguments.join(" "), run(arguments)))
    .into()
}

fn check_each_refuses(database: &Path, backup: &Path, part: &str) {
    let before = names(database.parent().unwrap());
    for (name, output) in each_command(database, backup) {
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}: {message}");
        assert!(output.stdout.is_empty(), "{name}");
        assert!(message.contains(part) && message.lines().count() == 1, "{name}: {message}");
    }
    assert_eq!(names(database.parent().unwrap()), before, "nothing was made beside it");
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    format!("{}{suffix}", path.display()).into()
}

fn names(folder: &Path) -> Vec<OsString> {
    let mut names: Vec<OsString> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

/// SQLite deletes the WAL beside a database that is missing or empty.
#[test]
fn the_wal_of_a_database_that_is_away_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (database, away) = (folder.path().join("health.db"), folder.path().join("away.db"));
    let (wal, journal) = (folder.path().join("health.db-wal"), folder.path().join("health.db-journal"));
    let others = tempfile::tempdir().unwrap();
    let (_, backup) = used(others.path());
    let program = Program::serve(&database);
    let sent = Sent::new(1, 20_000);
    assert_eq!(post(&program, &sent).status, 200);
    program.kill();
    fs::rename(&database, &away).unwrap();
    let rows = fs::read(&wal).unwrap();
    assert!(!rows.is_empty());
    for is_empty in [false, true] {
        if is_empty {
            fs::write(&database, "").unwrap();
        }
        let db = database.to_str().unwrap();
        let payload = format!("{}/testdata/documented.json", env!("CARGO_MANIFEST_DIR"));
        let commands = [
            &["serve", "--listen", "127.0.0.1:0", "--db", db][..],
            &["import", "--db", db, &payload],
            &["token", "new", "--person", "anna", "--db", db],
            &["restore", "--db", db, backup.to_str().unwrap()],
            &["status", "--db", db],
            &["check", "--db", db],
        ];
        for arguments in commands {
            let (name, output) = (arguments[0], run(arguments));
            let message = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{name}: {message}");
            let message = format!("{message}{}", String::from_utf8(output.stdout).unwrap());
            assert!(message.contains("health.db-wal of a former one"), "{name}: {message}");
            assert_eq!(fs::read(&wal).unwrap(), rows, "{name}");
            assert_eq!(database.exists(), is_empty, "{name}");
        }
    }
    // A journal without a database: SQLite would delete it.
    fs::remove_file(&database).unwrap();
    for suffix in ["-wal", "-shm"] {
        fs::rename(with_suffix(&database, suffix), with_suffix(&away, suffix)).unwrap();
    }
    fs::write(&journal, "of a former database").unwrap();
    for command in ["import", "restore"] {
        let output = run(&[command, "--db", database.to_str().unwrap(), backup.to_str().unwrap()]);
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains("health.db-journal of a former one"), "{command}: {message}");
        assert!(journal.exists() && !database.exists(), "{command}");
    }
    fs::remove_file(&journal).unwrap();
    for suffix in ["-wal", "-shm"] {
        fs::rename(with_suffix(&away, suffix), with_suffix(&database, suffix)).unwrap();
    }
    fs::rename(&away, &database).unwrap();
    check_is_exactly(&database, [&sent]);
    check_is_sound(&database);
}

#[test]
fn every_command_refuses_a_database_with_two_names() {
    let folder = tempfile::tempdir().unwrap();
    let (database, backup) = used(folder.path());
    let other = folder.path().join("other.db");
    fs::hard_link(&database, &other).unwrap();
    for name in [&database, &other] {
        check_each_refuses(name, &backup, "2 names (hard links)");
    }
    fs::remove_file(&other).unwrap();
    let output = run(&["status", "--db", database.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
}

/// As for a server whose WAL was linked with the database.
#[test]
fn a_wal_with_two_names_is_refused() {
    for suffix in ["-wal", "-shm"] {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("health.db");
        let program = Program::serve(&database);
        assert_eq!(post(&program, &Sent::new(1, 20_000)).status, 200);
        program.kill();
        let companion = format!("{}{suffix}", database.display());
        fs::hard_link(&companion, folder.path().join("other")).unwrap();
        let output = run(&["status", "--db", database.to_str().unwrap()]);
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains(&format!("{companion} has 2 names")), "{message}");
    }
}

#[test]
fn a_link_made_while_serving_makes_uploads_fail_until_it_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let (database, other) = (folder.path().join("health.db"), folder.path().join("other.db"));
    let program = Program::serve(&database);
    let [first, second] = [1, 2].map(|seed| Sent::new(seed, 300_000));
    assert_eq!(post(&program, &first).status, 200);
    let answer = post_and_meanwhile(&program, &database, &second, || fs::hard_link(&database, &other).unwrap());
    assert_eq!((answer.status, answer.field("stored")), (500, json!(0)));
    program.wait_for_line("2 names (hard links)");
    assert_eq!(post(&program, &second).status, 500);
    assert_eq!(get(program.address, "/healthz").status, 503);
    fs::remove_file(&other).unwrap();
    assert_eq!(get(program.address, "/healthz").status, 200);
    assert_eq!(post(&program, &second).status, 200);
    drop(program);
    check_is_exactly(&database, [&first, &second]);
    check_is_sound(&database);
}

/// `cp -al` and `rsync --link-dest` give backups several names. A closed backup has no WAL that could be missed.
#[test]
fn a_backup_with_two_names_is_read_and_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (database, backup) = used(folder.path());
    let snapshot = folder.path().join("snapshot.db");
    fs::hard_link(&backup, &snapshot).unwrap();
    let before = fs::read(&snapshot).unwrap();
    let [db, backup, snapshot] = [&database, &backup, &snapshot].map(|path| path.to_str().unwrap());
    let restored = folder.path().join("restored.db");
    for arguments in [
        &["status", "--db", backup][..],
        &["check", "--db", snapshot],
        &["restore", "--db", restored.to_str().unwrap(), snapshot],
        &["restore", "--db", db, snapshot],
        &["import", "--db", db, &format!("{}/testdata/documented.json", env!("CARGO_MANIFEST_DIR"))],
        &["backup", "--db", db, backup],
    ] {
        let output = run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }
    assert_eq!(fs::read(snapshot).unwrap(), before);
    assert_ne!(fs::read(backup).unwrap(), before);
    // A server that opens it would have a database under two names.
    fs::hard_link(backup, folder.path().join("again.db")).unwrap();
    let output = run(&["serve", "--listen", "127.0.0.1:0", "--db", backup]);
    assert!(String::from_utf8(output.stderr).unwrap().contains("2 names (hard links)"));
}

/// As with `docker -v ./health.db:/data/health.db`: the WAL would be inside the container.
#[test]
fn every_command_refuses_a_database_that_is_a_mount_point() {
    let Some(disk) = Disk::of_mib(16) else { return };
    let (database, backup) = used(disk.path());
    let mounted = disk.path().join("mounted.db");
    fs::write(&mounted, "").unwrap();
    let mount = |arguments: &[&str], paths: &[&Path]| {
        assert!(Command::new("mount").args(arguments).args(paths).status().unwrap().success());
    };
    mount(&["--bind"], &[&database, &mounted]);
    check_each_refuses(&mounted, &backup, "is a mount point");
    // A target that cannot be replaced is refused before the copy is made.
    let output = run(&["backup", "--db", database.to_str().unwrap(), mounted.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    // Under its own name, which other programs on this machine use, it is served as before.
    let program = Program::serve(&database);
    assert_eq!(post(&program, &Sent::new(2, 20_000)).status, 200);
    drop(program);
    assert!(Command::new("umount").arg(&mounted).status().unwrap().success());
}

#[test]
fn a_symbolic_link_leads_to_the_one_database() {
    let folder = tempfile::tempdir().unwrap();
    let (database, _) = used(folder.path());
    let elsewhere = folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let link = elsewhere.join("link.db");
    std::os::unix::fs::symlink(&database, &link).unwrap();
    let program = Program::serve(&link);
    let [first, second] = [1, 2].map(|seed| Sent::new(seed, 20_000));
    assert_eq!(post(&program, &second).status, 200);
    // The server watches the WAL beside the database, not beside the link.
    let answer = post_and_meanwhile(&program, &database, &Sent::new(3, 300_000), || {
        fs::remove_file(folder.path().join("health.db-wal")).unwrap();
    });
    assert_eq!(answer.status, 500);
    drop(program);
    first.check_is_in(&database);
    second.check_is_in(&database);
}

/// SQLite reads some names as a URI: a database in memory would lose everything.
#[test]
fn every_command_refuses_what_is_not_a_path_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let (database, backup) = used(folder.path());
    let pipe = folder.path().join("pipe.db");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (database, part) in [
        (Path::new("file::memory:"), "is a URI"),
        (Path::new("file:health.db?mode=memory"), "is a URI"),
        (Path::new(":memory:"), "a database in memory keeps nothing"),
        (&pipe, "is not a file"),
        (folder.path(), "is a folder; name a file with --db"),
    ] {
        for (name, output) in each_command(database, &backup) {
            let message = String::from_utf8(output.stderr).unwrap();
            assert!(matches!(output.status.code(), Some(1 | 2)), "{name}: {message}");
            assert!(message.contains(part) && message.lines().count() == 1, "{name}: {message}");
        }
    }
    let wal = folder.path().join("health.db-wal");
    let _ = fs::remove_file(&wal);
    fs::create_dir(&wal).unwrap();
    let output = run(&["status", "--db", database.to_str().unwrap()]);
    assert!(String::from_utf8(output.stderr).unwrap().contains("health.db-wal is not a file"));
    fs::remove_dir(&wal).unwrap();
    let output = run(&["backup", "--db", backup.to_str().unwrap(), "file:copy.db?mode=memory"]);
    assert!(String::from_utf8(output.stderr).unwrap().contains("is a URI"));
    assert!(!Path::new("file::memory:").exists());
}
