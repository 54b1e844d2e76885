//! Followers of a database in PostgreSQL: what it has is in the target once, also beside receivers that write at once.

use std::fs;
use std::thread;

use healthsink_testdata::Payload;
use healthsink_testkit::http::Client;
use healthsink_testkit::influx::{BUCKET, InfluxServer, ORG, TOKEN};
use healthsink_testkit::wait::wait_until;
use serde_json::{Value, json};

use super::cluster::{Store, store};
use super::figures::{wait_for_figures, wait_for_figures_of_file};
use super::samples::serve;
use crate::follow::check;
use crate::follow::kills::Running;
use crate::program::{Program, command, run};

struct Following {
    store: Store,
    folder: tempfile::TempDir,
    target: InfluxServer,
}

impl Following {
    fn start() -> Option<Self> {
        let store = store()?;
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("token"), format!("{TOKEN}\n")).unwrap();
        Some(Self { store, folder, target: InfluxServer::start() })
    }

    fn db(&self) -> std::path::PathBuf {
        self.folder.path().join("health.db")
    }

    /// Imports into the database and into a file.
    fn import(&self, body: &[u8]) {
        let file = self.folder.path().join("payload.json");
        fs::write(&file, body).unwrap();
        let words = ["import", "--quiet", "--person", "me", file.to_str().unwrap()];
        assert!(self.store.run(&words).status.success());
        assert!(run(&[&words[..], &["--db", self.db().to_str().unwrap()]].concat()).status.success());
    }

    fn words(&self) -> Vec<String> {
        let (url, token) = (self.target.url(), self.folder.path().join("token").display().to_string());
        let words = ["follow", "--influx-url", &url, "--influx-org", ORG, "--influx-bucket", BUCKET];
        words.iter().chain(&["--influx-token-file", token.as_str()]).map(|&word| word.to_owned()).collect()
    }

    fn follow(&self, more: &[&str]) -> std::process::Output {
        let words = self.words();
        let words: Vec<&str> = words.iter().map(String::as_str).chain(["--once"]).chain(more.iter().copied()).collect();
        self.store.run(&words)
    }

    /// Follows until it is dropped.
    fn keep_following(&self) -> Running {
        Running::of(command().args(self.words()).args(["--store", &self.store.address()]))
    }

    fn sync(&self) {
        let output = self.follow(&[]);
        assert!(output.status.success(), "{output:?}");
        check(&self.db(), &self.target.all());
    }
}

fn generated(seed: u64, corrected: bool) -> Vec<u8> {
    Payload { seed, target_bytes: 150_000, corrected, ..Payload::default() }.to_vec().0
}

#[test]
fn a_follower_sends_what_postgresql_has_once() {
    let Some(following) = Following::start() else { return };
    following.import(&generated(5, false));
    following.sync();
    let taken = following.target.taken();
    following.sync();
    assert_eq!(following.target.taken(), taken, "nothing has changed");
    following.import(&generated(5, true));
    following.import(&generated(6, false));
    following.sync();
    let status = following.store.run(&["status", "--json"]);
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    let follower = &status["followers"][0];
    let shown = [&follower["name"], &follower["behind"], &follower["state"]];
    assert_eq!(shown, [&json!("influx"), &json!(0), &json!("not_running")], "{status}");
    // The cursor is in the database.
    assert_eq!(following.store.sql("SELECT name FROM followers"), "influx");
    let resynced = following.follow(&["--resync"]);
    assert!(resynced.status.success(), "{resynced:?}");
    check(&following.db(), &following.target.all());
    following.store.sql("UPDATE followers SET content = 'x'");
    let refused = following.follow(&[]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("the row influx of followers"), "{refused:?}");
}

/// While it follows, two receivers take uploads of one person. Another follower of its name is refused.
#[test]
fn a_follower_misses_nothing_beside_receivers() {
    let Some(following) = Following::start() else { return };
    let receivers = [serve(&following.store), serve(&following.store)];
    let server = Program::serve(&following.db());
    let _follower = following.keep_following();
    let bodies: Vec<Vec<u8>> = (20..28).map(|seed| generated(seed, false)).collect();
    thread::scope(|scope| {
        for (number, body) in bodies.iter().enumerate() {
            let receiver = receivers[number % 2].address;
            scope.spawn(move || {
                let answer = Client::connect(receiver).post(&[], body);
                assert_eq!(answer.status, 200, "{answer:?}");
            });
        }
    });
    bodies.iter().for_each(|body| assert_eq!(Client::connect(server.address).post(&[], body).status, 200));
    wait_for_figures(&following.store);
    wait_for_figures_of_file(&following.db());
    let level = "SELECT count(*) FROM followers WHERE (convert_from(content, 'UTF8')::json ->> 'change')::bigint
        = (SELECT max(number) FROM changes)";
    wait_until("the target has everything", || (following.store.sql(level) == "1").then_some(()));
    let second = following.follow(&[]);
    assert_eq!(second.status.code(), Some(2), "{second:?}");
    let status = following.store.run(&["status", "--json"]);
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status["followers"][0]["state"], "current", "{status}");
    check(&following.db(), &following.target.all());
}

#[test]
fn a_webhook_says_what_has_changed_in_postgresql() {
    let Some(following) = Following::start() else { return };
    let receiver = InfluxServer::receiver();
    let url = format!("{}/hook", receiver.url());
    let follow = || {
        let output = following.store.run(&["follow", "--once", "--webhook", &url]);
        assert!(output.status.success(), "{output:?}");
        receiver.take_messages()
    };
    following.import(&generated(5, false));
    assert!(follow().is_empty(), "what was there before is nothing new");
    following.import(&generated(6, false));
    let messages = follow();
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(messages[0].body.contains("\"me\"") && messages[0].body.contains("steps"), "{messages:?}");
    assert!(follow().is_empty());
}

/// The series of followers in a scrape.
fn series(receiver: &Program) -> Vec<(String, f64)> {
    let text = String::from_utf8(healthsink_testkit::http::get(receiver.address, "/metrics").body).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix("healthsink_follower_")?.rsplit_once(' '));
    lines.map(|(name, value)| (name.to_owned(), value.parse().unwrap())).collect()
}

#[test]
fn metrics_of_a_receiver_show_followers_and_whether_postgresql_answers() {
    let Some(following) = Following::start() else { return };
    let receiver = serve(&following.store);
    assert_eq!(series(&receiver), []);
    following.import(&generated(5, false));
    following.target.order(401, None);
    assert_eq!(following.follow(&[]).status.code(), Some(2));
    let changes: f64 = following.store.sql("SELECT max(number) FROM changes").parse().unwrap();
    let lag = "lag_changes{follower=\"influx\"}".to_owned();
    let stopped = "stopped{follower=\"influx\"}".to_owned();
    assert_eq!(series(&receiver), [(lag.clone(), changes), (stopped.clone(), 1.0)]);
    following.sync();
    let found = series(&receiver);
    let last = ("last_success_timestamp_seconds{follower=\"influx\"}".to_owned(), found[1].1);
    assert_eq!(found, [(lag, 0.0), last, (stopped, 0.0)]);
    let content = "(convert_from(content, 'UTF8')::json ->> 'lastSuccessMs')::bigint / 1000";
    let seconds: f64 = following.store.sql(&format!("SELECT {content} FROM followers")).parse().unwrap();
    assert_eq!(found[1].1.floor(), seconds);
    let readable = || {
        let text = String::from_utf8(healthsink_testkit::http::get(receiver.address, "/metrics").body).unwrap();
        text.lines().find_map(|line| line.strip_prefix("healthsink_database_readable ").map(str::to_owned)).unwrap()
    };
    assert_eq!(readable(), "1");
    following.store.sql("ALTER TABLE changes RENAME TO away");
    assert_eq!((readable().as_str(), series(&receiver)), ("0", vec![]));
    following.store.sql("ALTER TABLE away RENAME TO changes");
    assert_eq!(readable(), "1");
}

/// PostgreSQL ends sessions when it starts again. A follower goes on, and is still the only one of its name.
#[test]
fn a_follower_whose_sessions_end_keeps_its_name() {
    let Some(following) = Following::start() else { return };
    following.import(&generated(5, false));
    let _follower = following.keep_following();
    let state = || {
        let status = following.store.run(&["status", "--json"]);
        let status: Value = serde_json::from_slice(&status.stdout).unwrap();
        status["followers"][0]["state"].as_str().unwrap_or_default().to_owned()
    };
    wait_until("the target has everything", || (state() == "current").then_some(()));
    let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'healthsink'";
    assert_ne!(following.store.sql(ended), "0");
    wait_until("it has its name again", || (state() == "current").then_some(()));
    assert_eq!(following.follow(&[]).status.code(), Some(2));
    following.import(&generated(6, false));
    let is_level = "SELECT count(*) FROM followers WHERE (convert_from(content, 'UTF8')::json ->> 'change')::bigint
        = (SELECT max(number) FROM changes)";
    wait_until("it goes on", || (following.store.sql(is_level) == "1").then_some(()));
    check(&following.db(), &following.target.all());
}
