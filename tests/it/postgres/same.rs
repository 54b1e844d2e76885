//! Answers of a receiver and of a server with a file. Not compared are times of the test, numbers of changes, and the order of ids that
//! are made of texts.

use healthsink_testkit::http::{Client, Response};
use serde_json::Value;
use std::net::SocketAddr;

/// Members whose values are of this run.
const OF_THE_RUN: [&str; 10] = [
    "started",
    "finished",
    "last_upload",
    "ended",
    "first_seen",
    "last_seen",
    "database_bytes",
    "change",
    "figures_change",
    "next_cursor",
];

/// Lists in the order of ids.
pub(super) const BY_ID: [&str; 2] = ["types", "sources"];

fn without(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter_mut() {
                if OF_THE_RUN.contains(&name.as_str()) {
                    *value = Value::Bool(value.is_null());
                }
                if let (Value::String(text), "detail") = (&*value, name.as_str())
                    && let Some((start, _)) = text.split_once(" lists, such as ")
                {
                    // Some of several equal ones.
                    *value = Value::String(start.to_owned());
                }
                without(value);
                if let Value::Array(list) = value
                    && BY_ID.contains(&name.as_str())
                {
                    list.sort_by_key(Value::to_string);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(without),
        _ => {}
    }
}

/// The lines of a text in some order, without those of times of this run.
fn lines(body: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(body);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// Asserts that an answer of a receiver is that of a server with a file.
pub(crate) fn assert_same(path: &str, found: &Response, expected: &Response) {
    let kind = |answer: &Response| answer.header("content-type").map(str::to_owned);
    let head = |answer: &Response| (answer.status, kind(answer), answer.header("cache-control").map(str::to_owned));
    let text = |answer: &Response| String::from_utf8_lossy(&answer.body).chars().take(4000).collect::<String>();
    assert_eq!(head(found), head(expected), "{path}: {} and {}", text(found), text(expected));
    if expected.header("content-encoding").is_some() {
        return;
    }
    let is_json = kind(expected).is_some_and(|kind| kind.contains("json") && !kind.contains("x-ndjson"));
    if !is_json || expected.body.is_empty() {
        let is_of_run = ["uploads", "characteristics", "people", "status", "overview"];
        if !is_of_run.iter().any(|name| path.contains(name)) {
            assert_eq!(lines(&found.body), lines(&expected.body), "{path}");
        }
        return;
    }
    let json = |answer: &Response| {
        let mut json = answer.json();
        without(&mut json);
        json
    };
    let (found, expected) = (json(found), json(expected));
    if found != expected {
        assert_eq!(
            serde_json::to_string_pretty(&found).unwrap(),
            serde_json::to_string_pretty(&expected).unwrap(),
            "{path}"
        );
    }
}

/// Asks with a token.
pub(crate) fn ask(address: SocketAddr, token: &str, path: &str, headers: &[(&str, &str)]) -> Response {
    let bearer = format!("Bearer {token}");
    let mut client = Client::connect(address);
    client.head("GET", path, &[headers, &[("Authorization", bearer.as_str()), ("Connection", "close")]].concat());
    client.receive()
}
