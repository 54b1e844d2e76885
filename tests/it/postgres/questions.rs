//! Questions of clients: a receiver answers as a server with a file that has had the same uploads and imports.

use std::fs;
use std::path::{Path, PathBuf};

use healthsink::store::{Address, Database, NewToken, TokenDigest, TokenScope};
use healthsink_testdata::{Export, Life, Payload, Twin, day_ms};
use healthsink_testkit::http::{Client, Response};
use serde_json::Value;

use super::cluster::{Store, store};
use super::figures::{wait_for_figures, wait_for_figures_of_file};
use super::same::{ask, assert_same};
use super::samples::serve;
use crate::contract::{names, payload};
use crate::program::{Program, run};

/// Questions, beside all pages of lists.
const ASKED: [&str; 58] = [
    "people",
    "status",
    "overview",
    "overview?type=steps,heart_rate,body_mass&units=km,lb&from=2016-03-01&to=2016-03-20",
    "types",
    "days?type=steps",
    "days?type=steps,heart_rate,active_energy,stand_hours&from=2016-03-01&to=2016-04-01",
    "days?type=steps&bucket=week",
    "days?type=heart_rate&bucket=month&agg=max",
    "days?type=steps&bucket=auto&max_points=20",
    "days?type=steps&bucket=hour&from=2016-03-01&to=2016-03-04",
    "days?type=heart_rate&bucket=hour&from=2016-03-01T10:00:00Z&to=2016-03-02",
    "days?type=steps&source=Watch",
    "days?type=steps&source=Nobody",
    "days?type=heart_rate&source=Phone&bucket=week",
    "days?type=distance_walking_running&units=mi",
    "days?type=walking_running_distance&units=mi",
    "days?type=HKQuantityTypeIdentifierNikeFuel",
    "days?type=sleep",
    "days?type=stepz",
    "nights",
    "nights?from=2016-03-01&to=2016-03-05&tz=America/New_York",
    "nights/2016-03-02",
    "nights/2016-03-03",
    "nights/1999-01-01",
    "samples?type=steps",
    "samples?type=heart_rate&from=2016-03-01&to=2016-03-03",
    "samples?type=heart_rate&units=Hz&from=2016-03-01&to=2016-03-03",
    "samples?type=heart_rate&max_points=50",
    "samples?type=heart_rate&source=Watch&max_points=50",
    "samples?type=steps,heart_rate&from=2016-03-01&to=2016-03-02",
    "samples?type=steps&units=kg",
    "samples?type=sleep&from=2016-03-01&to=2016-03-04",
    "workouts",
    "workouts?type=running",
    "workouts/days",
    "medications",
    "medications/days",
    "medications/doses",
    "characteristics",
    "correlations",
    "electrocardiograms",
    "beats",
    "rings",
    "aggregates",
    "sources",
    "zones",
    "uploads",
    "uploads?type=done",
    "rejects",
    "records",
    "explain?type=steps&from=2016-03-01",
    "explain?type=heart_rate&from=2016-03-02",
    "explain?type=sleep&from=2016-03-02",
    "explain?type=steps",
    "status?person=me",
    "status?person=nobody",
    "nothing",
];

/// Lists whose pages follow each other by a cursor.
const PAGED: [&str; 9] = [
    "samples?type=steps",
    "samples?type=heart_rate",
    "workouts",
    "medications/doses",
    "uploads",
    "rejects",
    "records",
    "zones",
    "beats",
];

/// A receiver and a server that have had the same.
struct Both {
    store: Store,
    folder: tempfile::TempDir,
    receiver: Program,
    server: Program,
    /// The same token in both.
    token: String,
}

impl Both {
    fn start() -> Option<Self> {
        let store = store()?;
        let folder = tempfile::tempdir().unwrap();
        let db = folder.path().join("health.db");
        let (receiver, server) = (serve(&store), Program::serve(&db));
        Some(Self { store, folder, receiver, server, token: String::new() })
    }

    fn db(&self) -> PathBuf {
        self.folder.path().join("health.db")
    }

    fn post(&self, body: &[u8]) {
        for address in [self.receiver.address, self.server.address] {
            let bearer = format!("Bearer {}", self.token);
            let headers: &[_] = if self.token.is_empty() { &[] } else { &[("Authorization", bearer.as_str())] };
            let answer = Client::connect(address).post(headers, body);
            assert_eq!(answer.status, 200, "{answer:?}");
        }
    }

    fn import(&self, path: &Path) {
        let path = path.to_str().unwrap();
        let found = self.store.run(&["import", "--person", "me", path]);
        let expected = run(&["import", "--person", "me", "--db", self.db().to_str().unwrap(), path]);
        assert_eq!(found.status.code(), expected.status.code(), "{path}: {found:?} and {expected:?}");
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Makes a token that may do everything, in both.
    fn add_token(&mut self) {
        self.token = format!("hs_{}", "a".repeat(32));
        let digest = &TokenDigest::of(self.token.as_bytes());
        let (person, label, scope, is_of_all, created_ms, expires_ms) = ("me", None, TokenScope::Admin, true, 0, None);
        let new =
            NewToken { digest, person, label, scope, is_of_all, created_ms, expires_ms, quota: Default::default() };
        Database::new(self.db()).add_token(&new).unwrap();
        self.store.address().parse::<Address>().unwrap().add_token(&new).unwrap();
    }

    fn wait_for_figures(&self) {
        wait_for_figures(&self.store);
        wait_for_figures_of_file(&self.db());
    }

    fn check(&self, path: &str) -> Value {
        let [found, expected] =
            [self.receiver.address, self.server.address].map(|address| ask(address, &self.token, path, &[]));
        assert_same(path, &found, &expected);
        if expected.status == 200 { expected.json() } else { Value::Null }
    }

    /// Asks all questions of both.
    fn check_all(&self) {
        self.wait_for_figures();
        for path in ASKED {
            self.check(&format!("/api/v1/{path}"));
        }
        for path in PAGED {
            self.check_pages(path);
        }
        let workouts = self.check("/api/v1/workouts");
        for workout in workouts["workouts"].as_array().unwrap() {
            let uuid = workout["uuid"].as_str().unwrap();
            for path in ["", "/route", "/route?max_points=20", "?split=mi"] {
                self.check(&format!("/api/v1/workouts/{uuid}{path}"));
            }
        }
        for form in ["text/csv", "application/x-ndjson"] {
            for path in ["days?type=steps", "samples?type=heart_rate", "workouts", "nights", "sources", "types"] {
                let path = format!("/api/v1/{path}");
                let answers = [self.receiver.address, self.server.address]
                    .map(|address| ask(address, &self.token, &path, &[("Accept", form)]));
                assert_eq!(answers[1].status, 200, "{path}");
                assert_same(&path, &answers[0], &answers[1]);
            }
        }
        for path in [
            "type=steps&days=all",
            "type=heart_rate&days=30",
            "type=sleep&days=all",
            "type=steps&from=2016-03-01&to=2016-03-04",
        ] {
            let path = format!("/chart.svg?{path}");
            let [found, expected] =
                [self.receiver.address, self.server.address].map(|address| ask(address, &self.token, &path, &[]));
            assert_eq!((found.status, found.body), (expected.status, expected.body), "{path}");
        }
    }

    /// Follows the cursors of a list to its end.
    fn check_pages(&self, path: &str) {
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut cursors = [None::<String>, None];
        loop {
            let mut answers =
                [self.receiver.address, self.server.address].into_iter().zip(&cursors).map(|(address, cursor)| {
                    let cursor = cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
                    ask(address, &self.token, &format!("/api/v1/{path}{joint}limit=7{cursor}"), &[])
                });
            let (found, expected) = (answers.next().unwrap(), answers.next().unwrap());
            drop(answers);
            assert_same(path, &found, &expected);
            let next = |answer: &Response| answer.json()["next_cursor"].as_str().map(str::to_owned);
            cursors = [next(&found), next(&expected)];
            if cursors[1].is_none() {
                break;
            }
        }
    }
}

fn generated(seed: u64, corrected: bool) -> Vec<u8> {
    Payload { seed, target_bytes: 300_000, corrected, ..Payload::default() }.to_vec().0
}

#[test]
fn uploads_are_answered_as_by_a_file() {
    let Some(mut both) = Both::start() else { return };
    for name in names() {
        both.post(&payload(&name));
    }
    let mut lived = Vec::new();
    Life { seed: 1, days: 30, start_ms: day_ms("2016-02-20").unwrap() }.write_to(&mut lived).unwrap();
    both.post(&lived);
    both.post(&generated(1, false));
    both.post(&generated(1, true));
    both.add_token();
    both.check_all();
}

#[test]
fn imports_beside_the_app_are_answered_as_by_a_file() {
    let Some(mut both) = Both::start() else { return };
    let (mut app, mut export) = (Vec::new(), Vec::new());
    let twin = Twin { seed: 3, samples: 1500, rounded: false };
    twin.write_payload(&mut app).unwrap();
    twin.write_export(&mut export).unwrap();
    both.post(&app);
    both.import(&both.file("export.xml", &export));
    let history = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/history");
    for name in ["export.xml", "route.gpx", "ecg.csv", "observation.json", "auto_export.json"] {
        both.import(&history.join(name));
    }
    let mut generated_export = Vec::new();
    Export { seed: 5, target_bytes: 300_000, ..Export::default() }.write_to(&mut generated_export).unwrap();
    both.import(&both.file("generated.xml", &generated_export));
    both.post(&generated(5, false));
    both.add_token();
    both.check_all();
}
