//! What followers are said to do and to lack: to whom the API says what, the metrics, and `status`.

use std::fs;

use healthsink_testkit::http::{Client, Response, get};
use healthsink_testkit::server::Server;
use healthsink_testkit::wait::wait_until;
use serde_json::{Value, json};

use super::Followed;
use super::kills::Running;
use crate::program::run;

/// A server, and a follower of its database.
struct Served {
    server: Server,
    followed: Followed,
}

impl Served {
    fn start() -> Self {
        let server = Server::start();
        let followed = Followed { database: server.database(), ..Followed::new() };
        Self { server, followed }
    }

    /// Stores a sample of somebody.
    fn import(&self, person: &str, number: u32) {
        let sample = json!({
            "uuid": format!("10000000-0000-4000-8000-{number:012}"), "startDate": "2026-01-05T08:00:00.000Z",
            "endDate": "2026-01-05T08:00:00.000Z", "value": number, "unit": "count",
        });
        let body = json!({"data": {"HKQuantityTypeIdentifierStepCount": [sample]}});
        self.followed.import_as(body.to_string().as_bytes(), person);
    }

    /// Makes a token that reads.
    fn token(&self, person: &str, more: &[&str]) -> String {
        let database = self.followed.database.to_str().unwrap();
        let words = ["token", "new", "--scope", "read", "--json", "--person", person, "--db", database];
        let made = run(&[&words, more].concat());
        assert!(made.status.success(), "{made:?}");
        serde_json::from_slice::<Value>(&made.stdout).unwrap()["token"].as_str().unwrap().to_owned()
    }

    fn ask(&self, token: &str, path: &str) -> Response {
        let bearer = format!("Bearer {token}");
        let mut client = Client::connect(self.server.address);
        client.head("GET", path, &[("Authorization", bearer.as_str()), ("Connection", "close")]);
        client.receive()
    }

    /// The followers that a token sees.
    fn seen(&self, token: &str) -> Value {
        self.ask(token, "/api/v1/status").json()["followers"].clone()
    }

    /// The series of followers in a scrape.
    fn series(&self, token: Option<&str>) -> Vec<(String, f64)> {
        let answer = match token {
            Some(token) => self.ask(token, "/metrics"),
            None => get(self.server.address, "/metrics"),
        };
        let text = String::from_utf8(answer.body).unwrap();
        let lines = text.lines().filter_map(|line| line.strip_prefix("healthsink_follower_")?.rsplit_once(' '));
        lines.map(|(name, value)| (name.to_owned(), value.parse().unwrap())).collect()
    }
}

#[test]
fn a_token_learns_what_its_own_person_lacks() {
    let served = Served::start();
    served.import("me", 1);
    served.import("anna", 2);
    let (me, anna) = (served.token("me", &[]), served.token("anna", &[]));
    let all = served.token("me", &["--all-people"]);
    assert_eq!([&me, &anna, &all].map(|token| served.seen(token)), [json!([]), json!([]), json!([])]);
    served.followed.sync();
    let level = |token: &str| {
        let seen = served.seen(token);
        let follower = &seen[0];
        assert_eq!(
            follower.as_object().unwrap().len(),
            4,
            "name, state, behind, last success, and nothing else: {seen}"
        );
        assert_eq!((seen.as_array().unwrap().len(), &follower["name"]), (1, &json!("influx")));
        assert!(follower["last_success"].as_str().unwrap().ends_with('Z'), "{seen}");
        (follower["state"].as_str().unwrap().to_owned(), follower["behind"].as_i64().unwrap())
    };
    let not_running = ("not_running".to_owned(), 0);
    assert_eq!([&me, &anna, &all].map(|token| level(token)), [(); 3].map(|()| not_running.clone()));
    // What is new of Anna is nothing that the target lacks of me.
    served.import("anna", 3);
    assert_eq!((level(&me), level(&all)), (not_running.clone(), not_running));
    assert!(level(&anna).1 > 0);
    served.followed.server.order(401, None);
    assert_eq!(served.followed.follow().status.code(), Some(2));
    assert_eq!(level(&me), ("stopped".to_owned(), 0));
    let answer = String::from_utf8(served.ask(&me, "/api/v1/status").body).unwrap();
    for secret in ["anna", "InfluxDB", "127.0.0.1", "bucket", "token that", "ordered"] {
        assert!(!answer.contains(secret), "{answer}");
    }
    // One that runs is current, and waits for a target that is busy.
    let running = Running::start(&served.followed, &[]);
    wait_until("current", || (level(&anna) == ("current".to_owned(), 0)).then_some(()));
    served.followed.server.order(503, Some(600));
    served.import("me", 4);
    wait_until("waiting", || (level(&me).0 == "waiting").then_some(()));
    assert_eq!((level(&anna).1, level(&me).1 > 0), (0, true));
    drop(running);
    assert_eq!(level(&me).0, "not_running");
}

#[test]
fn metrics_of_followers_are_those_of_their_files() {
    let served = Served::start();
    assert_eq!(served.series(None), [], "without a follower there is no series");
    served.import("me", 1);
    let series = |token: Option<&str>| -> Vec<(String, f64)> { served.series(token) };
    let lag = "lag_changes{follower=\"influx\"}".to_owned();
    let last = "last_success_timestamp_seconds{follower=\"influx\"}".to_owned();
    let stopped = "stopped{follower=\"influx\"}".to_owned();
    let changes = served.server.one("SELECT max(number) FROM changes").as_f64().unwrap();
    // One that has never had success has no time of it.
    served.followed.server.order(401, None);
    assert_eq!(served.followed.follow().status.code(), Some(2));
    assert_eq!(series(None), [(lag.clone(), changes), (stopped.clone(), 1.0)]);
    served.followed.sync();
    let shown = served.followed.status();
    let at = shown["followers"][0]["lastSuccess"].as_str().unwrap().to_owned();
    let found = series(None);
    let seconds = found[1].1;
    assert_eq!(found, [(lag.clone(), 0.0), (last.clone(), seconds), (stopped.clone(), 0.0)]);
    let expected = healthsink::model::time::parse(&at).unwrap() / 1000;
    #[expect(clippy::cast_possible_truncation, reason = "seconds")]
    let whole = seconds as i64;
    assert_eq!(whole, expected);
    // A copy of its file is another follower, and no series is there twice.
    let file = |name: &str| served.server.folder().join(format!("health.db-follow-{name}"));
    fs::copy(file("influx"), file("copy")).unwrap();
    let mut names: Vec<String> = series(None).into_iter().map(|(name, _)| name).collect();
    names.dedup();
    assert_eq!(names.len(), 6, "{names:?}");
    assert_eq!(names.iter().filter(|name| name.contains("\"copy\"")).count(), 3, "{names:?}");
    fs::remove_file(file("copy")).unwrap();
    // A token sees what the target lacks of its person.
    let me = served.token("me", &[]);
    served.import("anna", 2);
    let anna = served.token("anna", &[]);
    let lags = [&me, &anna].map(|token| series(Some(token))[0].1);
    assert!(lags[0] == 0.0 && lags[1] > 0.0, "{lags:?}");
}

#[test]
fn status_says_what_a_follower_does() {
    let served = Served::start();
    served.import("me", 1);
    let database = served.followed.database.to_str().unwrap();
    let shown = || {
        let text = String::from_utf8(run(&["status", "--db", database]).stdout).unwrap();
        text.split_once("\nfollowers\n")
            .map(|(_, rest)| rest.split("\n\n").next().unwrap().to_owned())
            .unwrap_or_default()
    };
    assert_eq!(shown(), "");
    let running = Running::start(&served.followed, &["--name", "other"]);
    wait_until("everything", || shown().contains("has everything, as of ").then_some(()));
    assert_eq!(shown().lines().count(), 1, "{}", shown());
    drop(running);
    assert!(shown().ends_with("\n    does not run"), "{}", shown());
    let file = |name: &str| served.server.folder().join(format!("health.db-follow-{name}"));
    fs::remove_file(file("other")).unwrap();
    served.followed.server.order(503, Some(600));
    let running = Running::start(&served.followed, &[]);
    wait_until("waiting", || shown().contains("\n    waits, since ").then_some(()));
    assert!(shown().contains(" has not had everything yet, and lacks "), "{}", shown());
    drop(running);
    assert!(shown().contains("\n    does not run, and waited before, since "), "{}", shown());
}
