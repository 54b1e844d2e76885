//! Commands that read and decide: the same with `--store` as with a file that has had the same.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Output;

use healthsink_testdata::{Life, Twin, day_ms};
use healthsink_testkit::http::{Client, Response};
use serde_json::{Value, json};

use super::cluster::{Store, store};
use super::figures::{assert_same_figures, wait_for_figures, wait_for_figures_of_file};
use super::samples::serve;
use crate::program::{Program, run};

struct Both {
    store: Store,
    folder: tempfile::TempDir,
    programs: [Program; 2],
}

impl Both {
    fn start() -> Option<Self> {
        let store = store()?;
        let folder = tempfile::tempdir().unwrap();
        let programs = [serve(&store), Program::serve(&folder.path().join("health.db"))];
        Some(Self { store, folder, programs })
    }

    fn db(&self) -> PathBuf {
        self.folder.path().join("health.db")
    }

    fn addresses(&self) -> [SocketAddr; 2] {
        [self.programs[0].address, self.programs[1].address]
    }

    fn post(&self, body: &[u8]) {
        for address in self.addresses() {
            assert_eq!(Client::connect(address).post(&[], body).status, 200);
        }
    }

    fn run(&self, arguments: &[&str]) -> [Output; 2] {
        [self.store.run(arguments), run(&[arguments, &["--db", self.db().to_str().unwrap()]].concat())]
    }

    /// Asserts that a command prints the same with both.
    fn check(&self, arguments: &[&str]) {
        let [found, expected] = self.run(arguments);
        assert_eq!(found.status.code(), expected.status.code(), "{arguments:?}: {found:?} and {expected:?}");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if arguments.contains(&"--json") && expected.status.success() {
            let json = |output: &Output| serde_json::from_slice::<Value>(&output.stdout).unwrap();
            assert_eq!(json(&found), json(&expected), "{arguments:?}");
        } else {
            assert_eq!(text(&found.stdout), text(&expected.stdout), "{arguments:?}");
        }
        if !expected.status.success() {
            assert_eq!(text(&found.stderr), text(&expected.stderr), "{arguments:?}");
        }
    }

    fn check_all(&self) {
        wait_for_figures(&self.store);
        wait_for_figures_of_file(&self.db());
        for arguments in [
            &["report", "--json", "--from", "2016-02-22", "--days", "20"][..],
            &["report", "--to", "2016-03-10"],
            &["report", "--person", "nobody"],
            &["sources", "list", "--json"],
            &["sources", "list", "--type", "steps"],
            &["sources", "list", "--type", "stepz"],
            &["zones", "list", "--json"],
            &["explain", "--type", "steps", "--day", "2016-02-25", "--json"],
            &["explain", "--type", "heart_rate", "--day", "2016-02-25"],
            &["explain", "--type", "SleepAnalysis", "--day", "2016-02-26", "--json"],
            &["explain", "--type", "nothing", "--day", "2016-02-26"],
            &["verify", "--json"],
            &["verify"],
        ] {
            self.check(arguments);
        }
        assert_same_figures(&self.store, &self.db(), 60);
    }

    /// Enters a decision in both, which print the same.
    fn decide(&self, arguments: &[&str]) {
        self.check(arguments);
        self.check_all();
    }
}

#[test]
fn commands_read_and_decide_as_with_a_file() {
    let Some(both) = Both::start() else { return };
    let mut lived = Vec::new();
    Life { seed: 2, days: 20, start_ms: day_ms("2016-02-20").unwrap() }.write_to(&mut lived).unwrap();
    both.post(&lived);
    let (mut app, mut export) = (Vec::new(), Vec::new());
    let twin = Twin { seed: 4, samples: 500, rounded: false };
    twin.write_payload(&mut app).unwrap();
    twin.write_export(&mut export).unwrap();
    both.post(&app);
    let file = both.folder.path().join("export.xml");
    std::fs::write(&file, export).unwrap();
    let imported = both.run(&["import", "--person", "me", file.to_str().unwrap()]);
    assert!(imported.iter().all(|output| output.status.success()), "{imported:?}");
    both.check_all();
    both.decide(&["sources", "rank", "--type", "steps", "App", "Phone"]);
    both.decide(&["sources", "ignore", "Watch"]);
    both.decide(&["sources", "ignore", "Watch", "--undo"]);
    both.decide(&["sources", "rank", "Nobody"]);
    both.decide(&["zones", "home", "Asia/Tokyo"]);
    both.decide(&[
        "zones",
        "add",
        "America/New_York",
        "--from",
        "2016-02-24T00:00:00Z",
        "--to",
        "2016-02-26T00:00:00Z",
    ]);
    both.decide(&["zones", "add", "Europe/Paris", "--from", "2016-02-25T00:00:00Z"]);
    both.decide(&["zones", "remove", "--from", "2016-02-24T00:00:00Z"]);
}

/// A browser signs in at one receiver, reads at another one, and is signed out by a command.
#[test]
fn sessions_are_those_of_all_receivers() {
    let Some(store) = store() else { return };
    let receivers = [serve(&store), serve(&store)];
    let made = store.run(&["token", "new", "--scope", "read", "--qr", "--public-url", "http://127.0.0.1:1", "--json"]);
    let made: Value = serde_json::from_slice(&made.stdout).unwrap_or_else(|_| panic!("{made:?}"));
    let (link, token) = (made["sign_in"].as_str().unwrap(), made["token"].as_str().unwrap());
    let code = link.split_once("code=").unwrap().1;
    let send = |address: SocketAddr, method: &str, cookie: &str, body: &str| {
        let mut client = Client::connect(address);
        let head = format!(
            "{method} /session HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nContent-Type: application/json\r\n\
             Connection: close\r\nCookie: {cookie}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        client.send(head.as_bytes()).unwrap();
        client.receive()
    };
    let cookie =
        |answer: &Response| answer.header("set-cookie").map(|cookie| cookie.split(';').next().unwrap().to_owned());
    let get = |address: SocketAddr, cookie: &str| {
        let mut client = Client::connect(address);
        client.head("GET", "/api/v1/status", &[("Cookie", cookie), ("Connection", "close")]);
        client.receive().status
    };
    let [one, other] = [receivers[0].address, receivers[1].address];
    let with_code = json!({"code": code}).to_string();
    let begun = send(one, "POST", "", &with_code);
    let first = cookie(&begun).unwrap_or_else(|| panic!("{begun:?}"));
    assert_eq!([get(one, &first), get(other, &first)], [200, 200]);
    assert_eq!(cookie(&send(other, "POST", "", &with_code)), None, "a code is used once");
    let second = cookie(&send(other, "POST", "", &json!({"token": token}).to_string())).unwrap();
    let listed = store.run(&["sessions", "list", "--json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed.as_array().map(Vec::len), Some(2), "{listed}");
    send(other, "DELETE", &first, "");
    assert_eq!([get(one, &first), get(one, &second)], [401, 200]);
    assert!(store.run(&["sessions", "end", "--all"]).status.success());
    assert_eq!(get(one, &second), 401);
}
