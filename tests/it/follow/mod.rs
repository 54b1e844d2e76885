//! `healthsink follow`: what the database has is in the target once, however the target answers and whenever the follower is killed.

mod answers;
mod changes;
mod full;
mod https;
mod influxd;
pub(crate) mod kills;
mod levels;
mod locks;
#[cfg(target_os = "linux")]
mod memory;
mod victoria;
mod webhooks;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use healthsink::model::healthkit::{canonical_unit, name_of};
use healthsink::model::units::conversion;
use healthsink_testdata::Payload;
use healthsink_testkit::database::rows;
use healthsink_testkit::influx::{BUCKET, InfluxServer, ORG, Stored, TOKEN};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::program::{command, run, run_with_input};

/// A database, a token file, and a target.
pub(super) struct Followed {
    pub(super) folder: TempDir,
    pub(super) database: PathBuf,
    pub(super) server: InfluxServer,
}

impl Followed {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("health.db");
        fs::write(folder.path().join("token"), format!("{TOKEN}\n")).unwrap();
        Self { folder, database, server: InfluxServer::start() }
    }

    /// With a household of a few days.
    pub(super) fn generated(bytes: u64) -> Self {
        let followed = Self::new();
        let mut body = Vec::new();
        Payload { seed: 5, target_bytes: bytes, ..Payload::default() }.write_to(&mut body).unwrap();
        followed.import_as(&body, "me");
        followed
    }

    pub(super) fn import(&self, data: &Value) {
        self.import_as(json!({"data": data}).to_string().as_bytes(), "me");
    }

    pub(super) fn import_as(&self, body: &[u8], person: &str) {
        let file = self.folder.path().join("payload.json");
        fs::write(&file, body).unwrap();
        let words = ["import", "--quiet", "--person", person, "--db"];
        let output = run_with_input(command().args(words).arg(&self.database).arg(file), b"");
        assert!(output.status.success(), "{output:?}");
    }

    pub(super) fn arguments(&self) -> Vec<String> {
        arguments(&self.database, &self.server.url(), &self.folder.path().join("token"))
    }

    /// Follows once.
    pub(super) fn follow(&self) -> Output {
        self.follow_with(&[])
    }

    pub(super) fn follow_with(&self, more: &[&str]) -> Output {
        let mut arguments = self.arguments();
        arguments.push("--once".to_owned());
        run(&[arguments, more.iter().map(|&word| word.to_owned()).collect()].concat())
    }

    /// The same, which must end well.
    pub(super) fn sync(&self) {
        let output = self.follow();
        assert!(output.status.success(), "{output:?}");
    }

    pub(super) fn status(&self) -> Value {
        let output = run(&["status", "--json", "--db", self.database.to_str().unwrap()]);
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Fails unless the target has what the database has, once.
    pub(super) fn check(&self) {
        check(&self.database, &self.server.all());
    }
}

pub(super) fn arguments(database: &Path, url: &str, token: &Path) -> Vec<String> {
    let words = ["follow", "--db", database.to_str().unwrap(), "--influx-url", url, "--influx-org", ORG];
    let more = ["--influx-bucket", BUCKET, "--influx-token-file", token.to_str().unwrap()];
    words.iter().chain(&more).map(|&word| word.to_owned()).collect()
}

/// Number and sum of a type's samples, in the unit that the follower sends.
fn expected_samples(database: &Path) -> Vec<(String, String, u64, f64)> {
    let sql = "SELECT p.name AS person, t.name AS type, coalesce(u.name, '') AS unit, count(*) AS n, total(s.value) AS sum
        FROM samples s JOIN persons p ON p.id = s.person_id JOIN types t ON t.id = s.type_id LEFT JOIN units u ON u.id = s.unit_id
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";
    let mut expected: Vec<(String, String, u64, f64)> = Vec::new();
    for row in rows(database, sql) {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        let (person, kind, unit) = (text("person"), text("type"), text("unit"));
        let (count, sum) = (row["n"].as_u64().unwrap(), row["sum"].as_f64().unwrap());
        // No unit of samples has another zero than its canonical one here, so sums convert as values do.
        let conversion = canonical_unit(&kind).filter(|wanted| !wanted.is_empty()).and_then(|to| conversion(&unit, to));
        let sum = conversion.map_or(sum, |conversion| conversion.apply(sum));
        match expected.last_mut().filter(|last| (&last.0, &last.1) == (&person, &name_of(&kind))) {
            Some(last) => (last.2, last.3) = (last.2 + count, last.3 + sum),
            None => expected.push((person, name_of(&kind), count, sum)),
        }
    }
    expected
}

/// Fails unless points are what the database has.
pub(super) fn check(database: &Path, points: &[Stored]) {
    let of = |person: &str, measurement: &str| -> Vec<&Stored> {
        points.iter().filter(|point| point.measurement == measurement && point.tag("person") == person).collect()
    };
    let mut checked = 0;
    for (person, measurement, count, sum) in expected_samples(database) {
        let found = of(&person, &measurement);
        assert_eq!(found.len() as u64, count, "{person} {measurement}");
        let found_sum: f64 =
            found.iter().filter(|point| point.fields.contains_key("value")).map(|point| point.number("value")).sum();
        assert!((found_sum - sum).abs() <= 1e-9 * sum.abs().max(1.0), "{person} {measurement}: {found_sum} {sum}");
        checked += found.len();
    }
    let days = "SELECT p.name AS person, t.name AS type, d.day, d.start_ms, d.value FROM days d JOIN persons p ON p.id = d.person_id
        JOIN types t ON t.id = d.type_id WHERE t.name <> 'HKCategoryTypeIdentifierSleepAnalysis'";
    for day in rows(database, days) {
        let person = day["person"].as_str().unwrap();
        let measurement = name_of(day["type"].as_str().unwrap()) + "_daily";
        let at_ns = day["start_ms"].as_i64().unwrap() * 1_000_000;
        let found: Vec<&Stored> = of(person, &measurement).into_iter().filter(|point| point.at_ns == at_ns).collect();
        assert_eq!(found.len(), 1, "{day}");
        assert_eq!(found[0].text("day"), day["day"].as_str().unwrap());
        match day["value"].as_f64() {
            Some(value) => assert_eq!(found[0].number("value"), value, "{day}"),
            None => assert!(!found[0].fields.contains_key("value"), "{day}"),
        }
        checked += 1;
    }
    checked += check_tables(database, points);
    // Points of nothing that the database has.
    assert_eq!(points.len(), checked);
}

/// The same of other tables. Returns how many points these have.
fn check_tables(database: &Path, points: &[Stored]) -> usize {
    let mut checked = 0;
    let tables = [
        (
            "nights",
            "SELECT p.name AS person, asleep_ms / 60000.0 AS value FROM nights n JOIN persons p ON p.id = n.person_id",
            "asleep_min",
        ),
        (
            "workouts",
            "SELECT p.name AS person, duration_s AS value FROM workouts n JOIN persons p ON p.id = n.person_id",
            "duration_s",
        ),
        (
            "workouts_daily",
            "SELECT p.name AS person, workouts AS value FROM workout_days n JOIN persons p ON p.id = n.person_id",
            "workouts",
        ),
        (
            "doses",
            "SELECT p.name AS person, quantity AS value FROM medication_doses n JOIN persons p ON p.id = n.person_id",
            "quantity",
        ),
        (
            "doses_daily",
            "SELECT p.name AS person, taken AS value FROM dose_days n JOIN persons p ON p.id = n.person_id",
            "taken",
        ),
    ];
    for (measurement, sql, field) in tables {
        let expected = rows(database, sql);
        let sum: f64 = expected.iter().filter_map(|row| row["value"].as_f64()).sum();
        let found: Vec<&Stored> = points.iter().filter(|point| point.measurement == measurement).collect();
        assert_eq!(found.len(), expected.len(), "{measurement}");
        let found_sum: f64 =
            found.iter().filter(|point| point.fields.contains_key(field)).map(|point| point.number(field)).sum();
        assert!((found_sum - sum).abs() <= 1e-9 * sum.abs().max(1.0), "{measurement}: {found_sum} {sum}");
        checked += found.len();
    }
    checked
}

#[test]
fn everything_is_in_the_target_once_and_nothing_is_sent_again() {
    let followed = Followed::generated(400_000);
    followed.sync();
    followed.check();
    let before = followed.server.taken();
    assert!(before.0 > 500, "{before:?}");
    assert_eq!(followed.server.deletes(), Vec::<String>::new());
    // The same data again changes nothing.
    let mut body = Vec::new();
    Payload { seed: 5, target_bytes: 400_000, ..Payload::default() }.write_to(&mut body).unwrap();
    followed.import_as(&body, "me");
    followed.sync();
    assert_eq!(followed.server.taken(), before);
    // Everything again removes first, and is there once.
    let output = followed.follow_with(&["--resync"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(followed.server.deletes(), ["person=\"me\""]);
    assert_eq!(followed.server.taken().0, 2 * before.0);
    followed.check();
}

#[test]
fn a_cursor_that_cannot_be_read_stops_it_until_all_is_sent_again() {
    let followed = Followed::generated(20_000);
    followed.sync();
    let cursor = followed.folder.path().join("health.db-follow-influx");
    let whole = fs::read(&cursor).unwrap();
    let long = vec![b' '; (2 << 20) + 1];
    for (content, part) in [
        (&whole[..whole.len() / 2], "truncated or damaged"),
        (&long, "longer than"),
        (b"{\"format\":99}", "it has format 99"),
    ] {
        fs::write(&cursor, content).unwrap();
        let before = followed.server.taken();
        let output = followed.follow();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(part) && said.contains("--resync"), "{output:?}");
        assert_eq!((followed.server.taken(), fs::read(&cursor).unwrap()), (before, content.to_vec()));
    }
    let output = followed.follow_with(&["--resync"]);
    assert!(output.status.success(), "{output:?}");
    followed.check();
    followed.sync();
}

#[test]
fn a_target_without_texts_gets_numbers() {
    let followed = Followed::generated(50_000);
    assert!(followed.follow_with(&["--influx-numbers-only"]).status.success());
    let points = followed.server.all();
    let is_number = |text: &String| text.trim_end_matches('i').parse::<f64>().is_ok();
    assert!(points.len() > 100 && points.iter().all(|point| point.fields.values().all(is_number)));
}
