//! Days and nights: receivers compute them, and they are those of a file.

use std::net::SocketAddr;
use std::process::Output;
use std::thread;

use healthsink_testdata::Payload;
use healthsink_testkit::database::rows;
use healthsink_testkit::http::Client;
use healthsink_testkit::wait::wait_until;

use super::cluster::{Store, store};
use super::samples::serve;
use crate::contract::{names, payload};
use crate::program::{Program, run};

/// Figures in the words of either store. Braces stand for a time in milliseconds.
const FIGURES: [&str; 6] = [
    "SELECT concat_ws('|', 'day', t.name, d.day, {d.start}, {d.end}, z.name, u.name, {d.last}, d.count, d.covered_ms, d.sessions,
       d.has_long, d.is_approximate, g.key, round(CAST(coalesce(d.value, -1) * 1000 AS numeric)),
       round(CAST(coalesce(d.minimum, -1) * 1000 AS numeric)), round(CAST(coalesce(d.maximum, -1) * 1000 AS numeric))) AS row
     FROM days d JOIN types t ON t.id = d.type_id LEFT JOIN zones z ON z.id = d.zone_id LEFT JOIN units u ON u.id = d.unit_id
     LEFT JOIN source_groups g ON g.id = d.group_id",
    "SELECT concat_ws('|', 'night', night, z.name, asleep_ms, awake_ms, core_ms, deep_ms, rem_ms, in_bed_ms, {bedtime}, {wake}, bedtime,
       awakenings, naps, {end}) AS row FROM nights n LEFT JOIN zones z ON z.id = n.zone_id",
    "SELECT concat_ws('|', 'part', night, {from}, {to}, stage) AS row FROM night_segments",
    "SELECT concat_ws('|', 'workouts', day, activity_type, workouts, round(CAST(duration_s AS numeric))) AS row FROM workout_days",
    "SELECT concat_ws('|', 'doses', day, medication, due, taken, skipped, as_needed) AS row FROM dose_days",
    "SELECT concat_ws('|', 'hour', t.name, h.day, h.hour, h.count, {h.start}) AS row FROM hours h JOIN types t ON t.id = h.type_id",
];

fn in_words(time: impl Fn(&str) -> String) -> Vec<String> {
    let fill = |sql: &str| {
        let mut parts = sql.split('{');
        let mut filled = parts.next().unwrap().to_owned();
        for part in parts {
            let (column, rest) = part.split_once('}').unwrap();
            filled += &(time(column) + rest);
        }
        filled
    };
    FIGURES.iter().map(|sql| fill(sql)).collect()
}

/// The figures of a file.
fn of_file(db: &std::path::Path) -> Vec<String> {
    let sql = in_words(|column| format!("{column}_ms"));
    // SQLite prints the rounded numbers with a fraction.
    let plain = |row: &str| row.replace(".0|", "|").trim_end_matches(".0").to_owned();
    let mut all: Vec<String> =
        sql.iter().flat_map(|sql| rows(db, sql)).map(|row| plain(row["row"].as_str().unwrap())).collect();
    all.sort();
    all
}

fn of_postgres(store: &Store) -> Vec<String> {
    let sql = in_words(|column| format!("(extract(epoch FROM {column}_at) * 1000)::bigint"));
    let mut all: Vec<String> =
        sql.iter().flat_map(|sql| store.sql(sql).lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    all.sort();
    all
}

/// Waits until figures of everybody know the last change.
pub(super) fn wait_for_figures(store: &Store) {
    let behind = "SELECT count(*) FROM (SELECT person_id, max(number) AS newest FROM changes GROUP BY person_id) c
        LEFT JOIN derived_state s USING (person_id) WHERE s.change IS DISTINCT FROM c.newest";
    wait_until("figures are current", || (store.sql(behind) == "0").then_some(()));
}

pub(super) fn wait_for_figures_of_file(db: &std::path::Path) {
    let behind =
        "SELECT count(*) AS behind FROM (SELECT person_id, max(number) AS newest FROM changes GROUP BY person_id) c
        LEFT JOIN derived_state s USING (person_id) WHERE s.change IS NOT c.newest";
    wait_until("figures of the file are current", || (rows(db, behind)[0]["behind"] == 0).then_some(()));
}

/// A file with the same uploads.
struct File {
    folder: tempfile::TempDir,
}

impl File {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("health.db")
    }
}

fn assert_same(store: &Store, file: &File, least: usize) {
    assert_same_figures(store, &file.path(), least);
}

/// Waits for figures, and asserts that they are those of a file.
pub(super) fn assert_same_figures(store: &Store, db: &std::path::Path, least: usize) {
    wait_for_figures(store);
    wait_for_figures_of_file(db);
    let (found, expected) = (of_postgres(store), of_file(db));
    assert!(expected.len() >= least, "{}", expected.len());
    let differing = found.iter().zip(&expected).find(|(found, expected)| found != expected);
    assert_eq!(differing, None);
    assert_eq!(found.len(), expected.len());
}

fn generated(seed: u64, corrected: bool) -> Vec<u8> {
    Payload { seed, target_bytes: 300_000, corrected, ..Payload::default() }.to_vec().0
}

fn post(receiver: SocketAddr, body: &[u8]) {
    assert_eq!(Client::connect(receiver).post(&[], body).status, 200);
}

#[test]
fn figures_are_those_of_a_file() {
    let Some(store) = store() else { return };
    let file = File::new();
    let (receiver, server) = (serve(&store), Program::serve(&file.path()));
    for name in names() {
        post(receiver.address, &payload(&name));
        post(server.address, &payload(&name));
    }
    assert_same(&store, &file, 20);
    for body in [generated(1, false), generated(1, true), generated(2, false)] {
        post(receiver.address, &body);
        post(server.address, &body);
    }
    assert_same(&store, &file, 60);
    let runs = "SELECT run FROM derived_state";
    let before = store.sql(runs);
    // Nothing has changed, so nothing is computed.
    post(receiver.address, &generated(2, false));
    wait_for_figures(&store);
    assert_eq!(store.sql(runs), before);
}

/// A receiver that ended before it had computed figures left them to the next one. Both compute them once.
#[test]
fn figures_that_are_missing_are_computed_at_the_start() {
    let Some(store) = store() else { return };
    let file = File::new();
    let (receiver, server) = (serve(&store), Program::serve(&file.path()));
    post(receiver.address, &generated(3, false));
    post(server.address, &generated(3, false));
    wait_for_figures(&store);
    drop(receiver);
    store.sql("TRUNCATE days, nights, night_segments, hours, workout_days, dose_days, derived_state, source_groups");
    let _receivers = [serve(&store), serve(&store)];
    assert_same(&store, &file, 50);
}

/// Both take uploads of one person at once.
#[test]
fn two_receivers_compute_the_figures_of_one_person() {
    let Some(store) = store() else { return };
    let file = File::new();
    let (receivers, server) = ([serve(&store), serve(&store)], Program::serve(&file.path()));
    let bodies: Vec<Vec<u8>> = (10..16).map(|seed| generated(seed, false)).collect();
    thread::scope(|scope| {
        for (number, body) in bodies.iter().enumerate() {
            let receiver = receivers[number % 2].address;
            scope.spawn(move || post(receiver, body));
        }
    });
    bodies.iter().for_each(|body| post(server.address, body));
    assert_same(&store, &file, 60);
}

#[test]
fn an_import_computes_figures_at_its_end() {
    let Some(store) = store() else { return };
    let file = File::new();
    let body = file.folder.path().join("payload.json");
    std::fs::write(&body, generated(4, false)).unwrap();
    let (body, db) = (body.to_str().unwrap(), file.path());
    let done = |output: Output| assert!(output.status.success(), "{output:?}");
    done(store.run(&["import", "--person", "me", body]));
    done(run(&["import", "--person", "me", "--db", db.to_str().unwrap(), body]));
    let behind = "SELECT count(*) FROM derived_state s WHERE change = (SELECT max(number) FROM changes)";
    assert_eq!(store.sql(behind), "1");
    assert_same(&store, &file, 50);
}

/// Entries of changes are bounded, and followers still see all of them.
#[test]
fn old_changes_are_compacted() {
    let Some(store) = store() else { return };
    let receiver = serve(&store);
    post(receiver.address, &generated(5, false));
    wait_for_figures(&store);
    store.sql(
        "INSERT INTO changes (person_id, kind, type_id, from_at, to_at, removed)
         SELECT 1, 'samples', (SELECT min(id) FROM types), to_timestamp(n * 86400), to_timestamp(n * 86400 + 60), 0
         FROM generate_series(1, 3000) n",
    );
    post(receiver.address, &generated(6, false));
    wait_for_figures(&store);
    wait_until("old changes are compacted", || {
        let rows: i64 = store.sql("SELECT count(*) FROM changes").parse().unwrap();
        (rows < 1500).then_some(())
    });
    let first =
        "SELECT extract(epoch FROM min(from_at))::bigint FROM changes WHERE type_id = (SELECT min(id) FROM types)";
    assert_eq!(store.sql(first), "86400");
    assert_eq!(store.sql("SELECT count(*) FROM changes WHERE from_at > to_at"), "0");
}
