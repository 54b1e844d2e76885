//! The database's files are deleted, replaced, read-only, or locked by another program.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::json;

use super::disk::Disk;
use super::evidence::{Sent, check_is_exactly, check_is_sound};
use crate::program::{Program, command, run};
use healthsink_testkit::database::one;
use healthsink_testkit::http::{Client, Response, get};
use healthsink_testkit::wait::wait_until;

pub(super) fn post(program: &Program, sent: &Sent) -> Response {
    Client::connect(program.address).post(&[], &sent.body)
}

/// Begins an upload, runs `meanwhile` before its end, and returns the answer.
pub(super) fn post_and_meanwhile(
    program: &Program,
    database: &Path,
    sent: &Sent,
    meanwhile: impl FnOnce(),
) -> Response {
    let mut client = Client::connect(program.address);
    client.begin_chunked(&[]);
    let (first, rest) = sent.body.split_at(sent.body.len() / 2);
    client.chunk(first).unwrap();
    // Once the ledger has the upload, the writer has seen the files.
    wait_until("the upload", || {
        (one(database, "SELECT count(*) FROM uploads WHERE state = 'running'") == json!(1)).then_some(())
    });
    meanwhile();
    let _ = client.chunk(rest);
    client.end_chunked()
}

/// Waits until the database's file has everything that the WAL has.
fn wait_for_checkpoint(database: &Path) {
    let connection = Connection::open(database).unwrap();
    let frames = |row: &rusqlite::Row<'_>| Ok([row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?]);
    wait_until("the checkpoint", || {
        let [busy, in_wal, moved] = connection.query_row("PRAGMA wal_checkpoint", [], frames).unwrap();
        (busy == 0 && in_wal == moved).then_some(())
    });
}

#[test]
fn rows_in_a_deleted_file_are_not_acknowledged() {
    for suffix in ["", "-wal", "-shm"] {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("health.db");
        let gone = PathBuf::from(format!("{}{suffix}", database.display()));
        let program = Program::serve(&database);
        let [first, second] = [1, 2].map(|seed| Sent::new(seed, 300_000));
        assert_eq!(post(&program, &first).status, 200);
        // Its rows are in the database's file then, and do not go with the WAL.
        wait_for_checkpoint(&database);
        let answer = post_and_meanwhile(&program, &database, &second, || fs::remove_file(&gone).unwrap());
        // Without a number if the writer still entered the upload when the file went.
        assert!(
            answer.status == 500 && [json!(0), json!(null)].contains(&answer.field("stored")),
            "{suffix} {answer:?}"
        );
        program.wait_for_line("moved or deleted under the program; restart it");
        assert_eq!(post(&program, &second).status, 500, "{suffix}");
        assert_eq!(get(program.address, "/healthz").status, 503, "{suffix}");
        // The server also makes no new database in its place.
        assert!(!gone.exists(), "{suffix}");
        program.kill();
        if suffix == "-wal" {
            // What was acknowledged before is not lost with the WAL.
            first.check_is_in(&database);
        }
        if suffix.is_empty() {
            // A new database would lose the rows of its WAL.
            let serve = ["serve", "--listen", "127.0.0.1:0", "--db", database.to_str().unwrap()];
            let refused = String::from_utf8(run(&serve).stderr).unwrap();
            assert!(refused.contains("of a former one, which may hold rows"), "{refused}");
            for left in ["-wal", "-shm"] {
                fs::remove_file(format!("{}{left}", database.display())).unwrap();
            }
        }
        let program = Program::serve(&database);
        for sent in [&first, &second] {
            assert_eq!(post(&program, sent).status, 200, "{suffix}");
        }
        check_is_exactly(&database, [&first, &second]);
        check_is_sound(&database);
    }
}

#[test]
fn rows_in_a_replaced_file_are_not_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let program = Program::serve(&database);
    let sent = Sent::new(1, 300_000);
    let answer = post_and_meanwhile(&program, &database, &sent, || {
        let other = folder.path().join("other.db");
        fs::copy(&database, &other).unwrap();
        fs::rename(&other, &database).unwrap();
    });
    assert_eq!(answer.status, 500);
}

/// Stops a program after a change to its files. Returns its exit code and its last line.
fn stop_after(program: Program, change: impl FnOnce()) -> (Option<i32>, String) {
    let mut program = program;
    change();
    program.terminate();
    let status = program.wait();
    let lines = program.lines_so_far();
    (status.code(), lines.last().cloned().unwrap_or_default())
}

#[test]
fn the_last_line_says_that_all_is_stored_only_if_it_is() {
    let check = |name: &str, expected: &str, change: &dyn Fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("health.db");
        let program = Program::serve(&database);
        assert_eq!(post(&program, &Sent::new(1, 300_000)).status, 200);
        // After a checkpoint, only the database's file has the rows.
        wait_for_checkpoint(&database);
        let (code, line) = stop_after(program, || change(&database));
        assert!(line.contains(expected), "{name}: {line}");
        assert_eq!(code, Some(i32::from(name != "nothing")), "{name}: {line}");
    };
    let beside = |path: &Path, suffix: &str| PathBuf::from(format!("{}{suffix}", path.display()));
    let lost = "not all that was acknowledged may be stored";
    check("nothing", "stopped; all that was acknowledged is in", &|_| ());
    check("database deleted", "was moved or deleted", &|path| fs::remove_file(path).unwrap());
    check("WAL deleted", "was moved or deleted", &|path| fs::remove_file(beside(path, "-wal")).unwrap());
    check("index deleted", "was moved or deleted", &|path| fs::remove_file(beside(path, "-shm")).unwrap());
    check("database cut", lost, &|path| fs::write(path, b"").unwrap());
    check("database overwritten", lost, &|path| fs::write(path, [7; 100_000]).unwrap());
}

#[test]
fn a_read_only_database_is_reported() {
    let Some(disk) = Disk::of_mib(16) else { return };
    let database = disk.database();
    drop(Program::serve(&database));
    disk.remount("ro");
    let output = run(&["serve", "--listen", "127.0.0.1:0", "--db", database.to_str().unwrap()]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("read-only") && message.lines().count() == 1, "{message}");
    let new = disk.path().join("new.db");
    let output = run(&["serve", "--listen", "127.0.0.1:0", "--db", new.to_str().unwrap()]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.to_lowercase().contains("read-only") && message.lines().count() == 1, "{message}");
}

/// SQLite waits as long as it may. Then the upload gets 503, and those behind it do not wait as long again.
#[test]
fn a_database_locked_by_another_program_is_503_until_it_is_unlocked() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let program = Program::start(command().args(["serve", "--listen", "127.0.0.1:0", "--db"]).arg(&database));
    let sent: Vec<Sent> = (1..5).map(|seed| Sent::new(seed, 100_000)).collect();
    assert_eq!(post(&program, &sent[0]).status, 200);
    let other = Connection::open(&database).unwrap();
    wait_until("the lock", || other.execute_batch("BEGIN EXCLUSIVE").ok());
    let address = program.address;
    let post_to = |sent: &Sent| Client::connect(address).post(&[], &sent.body);
    std::thread::scope(|scope| {
        let posts: Vec<_> = sent.iter().map(|sent| scope.spawn(move || post_to(sent))).collect();
        for answer in posts.into_iter().map(|post| post.join().unwrap()) {
            assert_eq!(answer.status, 503);
            assert!(answer.header("retry-after").is_some());
            assert!(answer.field("detail").as_str().unwrap().contains("locked by another program"), "{answer:?}");
        }
    });
    assert_eq!(get(program.address, "/healthz").status, 200);
    other.execute_batch("ROLLBACK").unwrap();
    for sent in &sent {
        assert_eq!(post(&program, sent).status, 200);
    }
    check_is_exactly(&database, &sent);
    check_is_sound(&database);
}
