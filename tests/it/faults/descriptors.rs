//! Few file descriptors: idle connections lose theirs to good clients, and each failure names its cause.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use healthsink::model::limits::{CONNECTIONS_MIN, FILES_RESERVED};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use super::evidence::{Sent, check_is_exactly};
use crate::program::{self, Program, run};
use healthsink_testkit::database::one;
use healthsink_testkit::http::{Client, Response};
use healthsink_testkit::wait::wait_until;
use serde_json::json;

/// A server that starts with these limits of open files.
fn serve(database: &Path, limits: &str) -> Command {
    let mut shell = Command::new("sh");
    let script = format!("{limits} && exec \"$0\" serve --listen 127.0.0.1:0 --log-level debug --db \"$1\"");
    shell.args(["-c", &script, program::path()]).arg(database).env_clear();
    shell
}

/// The numbers of a program's open files.
fn open_files(program: &Program) -> BTreeSet<u64> {
    let names = fs::read_dir(format!("/proc/{}/fd", program.id())).unwrap();
    names.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok()).collect()
}

/// Leaves a running program so many more descriptors.
fn leave(program: &Program, more: usize) {
    let open = open_files(program);
    let limit = (0..).filter(|number| !open.contains(number)).nth(more).unwrap();
    set_limit(program, limit);
}

fn set_limit(program: &Program, current: u64) {
    let pid = Pid::from_raw(program.id().cast_signed());
    let maximum = getrlimit(Resource::Nofile).maximum;
    prlimit(pid, Resource::Nofile, Rlimit { current: Some(current), maximum }).unwrap();
}

fn post(program: &Program, sent: &Sent) -> Response {
    Client::connect(program.address).post(&[], &sent.body)
}

fn count(program: &Program, part: &str) -> usize {
    program.lines_so_far().iter().filter(|line| line.contains(part)).count()
}

#[test]
fn the_soft_limit_is_raised() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(&mut serve(&folder.path().join("health.db"), "ulimit -Sn 20"));
    let limits = fs::read_to_string(format!("/proc/{}/limits", program.id())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let values: Vec<&str> = line.split_whitespace().skip(3).take(2).collect();
    assert_eq!(values[0], values[1], "{line}");
    assert_eq!(count(&program, "limit of open files"), 0);
}

#[test]
fn idle_connections_are_evicted_under_a_low_limit() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let slots = 24;
    let program = Program::start(&mut serve(&database, &format!("ulimit -n {}", FILES_RESERVED + slots)));
    let warning = format!("at most {slots} connections are open at once");
    assert_eq!(count(&program, &warning), 1, "{:?}", program.lines_so_far());
    let idle: Vec<TcpStream> = (0..3 * slots).map(|_| TcpStream::connect(program.address).unwrap()).collect();
    let sent = [1, 2].map(|seed| Sent::new(seed, 20_000));
    for sent in &sent {
        assert_eq!(post(&program, sent).status, 200);
    }
    assert_eq!(count(&program, "could not accept"), 0, "the slots leave descriptors for everything");
    assert!(open_files(&program).len() <= FILES_RESERVED + slots);
    drop((idle, program));
    check_is_exactly(&database, &sent);
}

#[test]
fn a_limit_for_hardly_any_connection_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let least = FILES_RESERVED + CONNECTIONS_MIN;
    let output = serve(&folder.path().join("health.db"), &format!("ulimit -n {}", least - 1)).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), message.lines().count()), (Some(1), 1), "{message}");
    assert!(message.contains("ulimit -n") && message.contains(&format!("at least {least}")), "{message}");
}

/// The limit of the whole system, or one that is lowered under the server, shows only when a connection comes.
#[test]
fn idle_connections_are_evicted_when_no_descriptor_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let program = Program::start(&mut serve(&database, "true"));
    let first = Sent::new(1, 20_000);
    // Its look-up of tokens stays open. Those of the figures are not among what is left.
    assert_eq!(post(&program, &first).status, 200);
    wait_for_figures(&program, &database);
    leave(&program, 10);
    let idle: Vec<TcpStream> = (0..40).map(|_| TcpStream::connect(program.address).unwrap()).collect();
    let second = Sent::new(2, 20_000);
    assert_eq!(post(&program, &second).status, 200);
    assert_eq!(count(&program, "could not accept a connection"), 1, "one line a minute");
    // A separate thread writes the lines.
    wait_until("evictions", || (count(&program, "another connection needed the slot") >= 30).then_some(()));
    drop((idle, program));
    check_is_exactly(&database, [&first, &second]);
}

/// Waits until days are computed, which needs descriptors: the last one that is closed is that of the folder.
fn wait_for_figures(program: &Program, database: &Path) {
    let folder = database.parent().unwrap();
    let has_folder = || {
        let descriptors = fs::read_dir(format!("/proc/{}/fd", program.id())).unwrap();
        descriptors.flatten().any(|descriptor| fs::read_link(descriptor.path()).is_ok_and(|path| path == folder))
    };
    wait_until("the figures", || {
        let is_current = one(database, "SELECT count(*) FROM derived_state WHERE rules > 0") == json!(1);
        (is_current && !has_folder()).then_some(())
    });
}

#[test]
fn a_request_that_finds_no_descriptor_gets_503_with_the_cause() {
    let more = 1;
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let token = run(&["token", "new", "--person", "anna", "--db", database.to_str().unwrap()]);
    let bearer = format!("Bearer {}", String::from_utf8(token.stdout).unwrap().trim());
    let (body, file) = (Sent::new(1, 20_000).body, folder.path().join("payload.json"));
    fs::write(&file, &body).unwrap();
    let [file, path] = [&file, &database].map(|path| path.to_str().unwrap());
    assert!(run(&["import", "--quiet", "--person", "anna", "--db", path, file]).status.success());
    let program = Program::start(&mut serve(&database, "true"));
    let post = || Client::connect(program.address).post(&[("Authorization", &bearer)], &body);
    wait_for_figures(&program, &database);
    // One for the connection. The look-up also needs one, for the WAL: SQLite has kept the one for the database, with which the
    // figures were read.
    leave(&program, more);
    let refused = post();
    assert_eq!((refused.status, refused.header("retry-after").is_some()), (503, true), "{more}: {refused:?}");
    let detail = refused.field("detail");
    assert!(detail.as_str().unwrap().contains("no file descriptor is left"), "{more}: {detail}");
    set_limit(&program, 1024);
    wait_until("a look-up", || (post().status == 200).then_some(()));
}
