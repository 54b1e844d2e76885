//! A follower whose database another program has for itself: it waits, and goes on.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStderr, Stdio};

use healthsink_testkit::wait::wait_until;
use rusqlite::Connection;
use serde_json::json;

use super::Followed;
use crate::program::{command, run};

/// A follower that runs, and what it logs; killed when dropped.
struct Logged {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
}

impl Logged {
    fn start(followed: &Followed) -> Self {
        let mut child = command().args(followed.arguments()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Waits for a line with a text.
    fn wait_for(&mut self, text: &str) {
        let found = self.lines.by_ref().map_while(Result::ok).find(|line| line.contains(text));
        assert!(found.is_some(), "it has ended before it logged: {text}");
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn import(followed: &Followed, number: u32) {
    let at = format!("2026-03-{number:02}T08:00:00.000Z");
    followed.import(&json!({"HKQuantityTypeIdentifierStepCount": [{
        "uuid": format!("10000000-0000-4000-8000-{number:012}"), "startDate": at, "endDate": at, "value": 5, "unit": "count",
    }]}));
}

fn wait_for_sample(followed: &Followed, number: u32) {
    let end = format!("{number:012}");
    wait_until("the new sample", || {
        followed.server.points("steps").iter().any(|point| point.text("uuid").ends_with(&end)).then_some(())
    });
}

/// Takes a database away from all other programs.
fn locked(followed: &Followed) -> Connection {
    let connection = Connection::open(&followed.database).unwrap();
    connection.busy_timeout(healthsink_testkit::wait::PATIENCE).unwrap();
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE").unwrap();
    connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
    connection
}

#[test]
fn a_locked_database_is_waited_for() {
    let followed = Followed::generated(20_000);
    let mut follower = Logged::start(&followed);
    follower.wait_for("sent");
    let connection = locked(&followed);
    // Looks fail, again and again.
    follower.wait_for("was locked by");
    drop(connection);
    import(&followed, 1);
    wait_for_sample(&followed, 1);
    assert!(follower.child.try_wait().unwrap().is_none());
}

#[test]
fn a_database_that_is_packed_or_restored_is_followed_on() {
    let followed = Followed::generated(20_000);
    let mut follower = Logged::start(&followed);
    follower.wait_for("sent");
    let connection = Connection::open(&followed.database).unwrap();
    connection.busy_timeout(healthsink_testkit::wait::PATIENCE).unwrap();
    let to = |mode: &str| -> Option<String> {
        connection.query_row(&format!("PRAGMA journal_mode = {mode}"), [], |row| row.get(0)).ok()
    };
    wait_until("another journal", || (to("DELETE").as_deref() == Some("delete")).then_some(()));
    connection.execute_batch("VACUUM").unwrap();
    wait_until("the WAL", || (to("WAL").as_deref() == Some("wal")).then_some(()));
    drop(connection);
    import(&followed, 2);
    wait_for_sample(&followed, 2);
    let (database, backup) = (followed.database.to_str().unwrap(), followed.folder.path().join("backup.db"));
    assert!(run(&["backup", "--db", database, backup.to_str().unwrap()]).status.success());
    import(&followed, 3);
    wait_for_sample(&followed, 3);
    let restored = run(&["restore", "--db", database, "--force", backup.to_str().unwrap()]);
    assert!(restored.status.success(), "{restored:?}");
    import(&followed, 4);
    wait_for_sample(&followed, 4);
    let is_level = || {
        let status = followed.status();
        let follower = &status["followers"][0];
        (follower["behind"] == 0).then_some(())
    };
    wait_until("all of it", is_level);
    assert!(follower.child.try_wait().unwrap().is_none());
    followed.check();
}
