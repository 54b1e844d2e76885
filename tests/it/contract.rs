//! The contract, part by part: each payload of `testdata/` is posted, and the stored rows are compared field by field.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use healthsink_testkit::database;
use healthsink_testkit::http::Response;
use healthsink_testkit::server::Server;

/// `NAME.expected.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// The whole answer.
    answer: Value,
    queries: Vec<Query>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    sql: String,
    rows: Vec<Value>,
}

/// Names of the payloads in `testdata/`.
pub(crate) fn names() -> Vec<String> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let name = |file: String| file.strip_suffix(".json").filter(|name| !name.ends_with(".expected")).map(str::to_owned);
    let mut names: Vec<String> = files.filter_map(name).collect();
    names.sort();
    assert!(names.len() > 10, "{names:?}");
    names
}

pub(crate) fn payload(name: &str) -> Vec<u8> {
    fs::read(folder().join(format!("{name}.json"))).unwrap()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

#[test]
fn every_payload_is_stored_once_as_expected() {
    for name in names() {
        let expected = fs::read(folder().join(format!("{name}.expected.json"))).unwrap();
        let expected: Expected = serde_json::from_slice(&expected).unwrap_or_else(|error| panic!("{name}: {error}"));
        let server = Server::start();
        let answer = server.post(payload(&name));
        if std::env::var_os("HEALTHSINK_BLESS").is_some() {
            fs::write(folder().join(format!("{name}.expected.json")), blessed(&server, &answer, &expected)).unwrap();
            continue;
        }
        let hint = "scripts/bless writes what the program does now";
        assert_eq!((answer.status, answer.json()), (200, expected.answer.clone()), "{name}; {hint}");
        for Query { sql, rows } in &expected.queries {
            assert_eq!(&server.rows(sql), rows, "{name}: {sql}");
        }

        // A re-send changes only the ledger, and reports that.
        let again = server.post(payload(&name));
        let known = answer.field("new").as_u64().unwrap() + answer.field("unchanged").as_u64().unwrap();
        let mut same = expected.answer;
        same["new"] = json!(0);
        same["unchanged"] = json!(known);
        same["upload"] = json!(2);
        assert_eq!((again.status, again.json()), (200, same), "{name}");
        for Query { sql, rows } in &expected.queries {
            if !sql.contains("FROM uploads") {
                assert_eq!(&server.rows(sql), rows, "{name}, sent again: {sql}");
            }
        }
    }
}

/// The text of `NAME.expected.json` with the answer and the rows of this server: one line each, members in the answer's and
/// the query's order.
fn blessed(server: &Server, answer: &Response, expected: &Expected) -> String {
    let pair = |name: &str, value: &Value| format!("{}: {value}", json!(name));
    let mut members: Vec<(String, Value)> = answer.json().as_object().unwrap().clone().into_iter().collect();
    let text = String::from_utf8(answer.body.clone()).unwrap();
    members.sort_by_key(|(name, _)| text.find(&format!("{}:", json!(name))));
    let members: Vec<String> = members.iter().map(|(name, value)| pair(name, value)).collect();
    let query = |Query { sql, .. }: &Query| {
        let columns = database::columns(&server.database(), sql);
        let row = |row: Value| {
            let members: Vec<String> = columns.iter().map(|name| pair(name, &row[name])).collect();
            format!("        {{{}}}", members.join(", "))
        };
        let rows: Vec<String> = server.rows(sql).into_iter().map(row).collect();
        let rows = if rows.is_empty() { "[]".to_owned() } else { format!("[\n{}\n      ]", rows.join(",\n")) };
        format!("    {{\n      \"sql\": {},\n      \"rows\": {rows}\n    }}", json!(sql))
    };
    let queries: Vec<String> = expected.queries.iter().map(query).collect();
    format!("{{\n  \"answer\": {{{}}},\n  \"queries\": [\n{}\n  ]\n}}\n", members.join(", "), queries.join(",\n"))
}

/// A payload with one sample of this value and these further fields.
fn one_sample(value: &str, more: &str) -> String {
    format!(
        r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{{"uuid":"C0000000-0000-4000-8000-000000000001",
        "startDate":"2026-01-01T10:00:00.000Z","value":{value}{more}}}]}}}}"#
    )
}

#[test]
fn a_record_sent_again_with_other_content_is_updated() {
    let server = Server::start();
    let check = |value: &str, more: &str, expected: &str| {
        let answer = server.post(one_sample(value, more));
        let outcome = ["new", "updated", "unchanged"].map(|name| answer.field(name));
        let expected = ["new", "updated", "unchanged"].map(|name| json!(u64::from(name == expected)));
        assert_eq!(outcome, expected, "{value} {more}");
        assert_eq!(server.count("samples"), 1);
    };
    check("60", "", "new");
    check("60.0", "", "unchanged");
    check("61", "", "updated");
    assert_eq!(server.one("SELECT value FROM samples"), json!(61.0));
    check("null", "", "updated");
    check("null", "", "unchanged");
    check("61", r#","unit":"count/min""#, "updated");
    check("61", r#","unit":"Hz""#, "updated");
    check("61", r#","endDate":"2026-01-01T10:00:01.000Z""#, "updated");
    assert_eq!(server.one("SELECT unit FROM heart_rate"), Value::Null);
    check("61", r#","metadata":{"a":1,"b":2}"#, "updated");
    check("61", r#","metadata":{"b":2,"a":1}"#, "unchanged");
    check("61", r#","metadata":{"b":2}"#, "updated");
    check("61", r#","device":{"name":"Watch"}"#, "updated");
    check("61", r#","sourceRevision":{"version":"1"},"device":{"name":"Watch"}"#, "updated");
    check("61", r#","zone":1"#, "updated");
    check("61", r#","zone":2"#, "updated");
    check("61", r#","zone":2"#, "unchanged");
    assert_eq!(server.one("SELECT other FROM samples"), json!(r#"{"zone":2}"#));
}

#[test]
fn other_kinds_are_also_updated() {
    let server = Server::start();
    let check = |from: &str, to: &str| {
        let body = String::from_utf8(payload("documented")).unwrap();
        assert!(body.contains(from), "{from}");
        server.post(&body);
        let answer = server.post(body.replace(from, to));
        assert_eq!([answer.field("new"), answer.field("updated")], [json!(0), json!(1)], "{from} → {to}: {answer:?}");
    };
    check(r#""totalEnergyBurned": 450.5"#, r#""totalEnergyBurned": 460"#);
    check(r#""events": ["#, r#""events": [{ "type": 2 }, "#);
    check(r#""logStatus": 4"#, r#""logStatus": 5"#);
    check(r#""hasSchedule": true"#, r#""hasSchedule": false"#);
    check(r#""altitude": 450.0"#, r#""altitude": 451.0"#);
    let answer = server.post(r#"{"characteristics":{"biologicalSex":"female"}}"#);
    assert_eq!((answer.status, answer.field("count")), (200, json!(0)));
    assert_eq!(server.one("SELECT value FROM characteristics"), json!("female"));
}

#[test]
fn metadata_that_becomes_shared_is_unchanged_when_sent_again() {
    let server = Server::start();
    let sample = |number: u32| {
        format!(
            r#"{{"uuid":"D0000000-0000-4000-8000-{number:012}","startDate":"2026-01-01T10:00:00.000Z","metadata":{{"a":1}}}}"#
        )
    };
    let body = |numbers: &[u32]| {
        let samples: Vec<String> = numbers.iter().copied().map(sample).collect();
        format!(r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{}]}}}}"#, samples.join(","))
    };
    server.post(body(&[1]));
    server.post(body(&[2, 3]));
    let answer = server.post(body(&[1, 2, 3]));
    assert_eq!(["new", "updated", "unchanged"].map(|name| answer.field(name)), [json!(0), json!(0), json!(3)]);
    assert_eq!(server.one("SELECT count(*) FROM sample_details WHERE metadata = '{\"a\":1}'"), json!(3));
}

/// One section in two members of the same name: nothing of the first is lost.
#[test]
fn a_section_may_come_in_parts() {
    let server = Server::start();
    let part = |number: u32| {
        format!(
            r#""data":{{"workouts":[{{"uuid":"E0000000-0000-4000-8000-{number:012}","startDate":"2026-01-01T10:00:00.000Z"}}]}}"#
        )
    };
    let answer = server.post(format!("{{{},{}}}", part(1), part(2)));
    assert_eq!(answer.field("count"), json!(2));
    assert_eq!(server.count("workouts"), 2);
}
