//! Elements longer than a group: stored up to 4 MiB, whatever they are, whatever the order of their keys, and however they come.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use healthsink::formats::payload::Options;
use healthsink::model::limits::{ELEMENT_BYTES_MAX, GROUP_BYTES_MAX};
use healthsink_testkit::compression::gzip;
use healthsink_testkit::database;
use healthsink_testkit::pieces::pieces_of;
use healthsink_testkit::server::Server;
use healthsink_testkit::transcript::Transcript;
use serde_json::{Value, json};

use super::program::run;

const MIB: usize = 1 << 20;

/// What has a long value: its section, the number of its uuid, its other fields, and the field with the value.
const KINDS: [(&str, u32, &str, &str); 8] = [
    ("HKQuantityTypeIdentifierHeartRate", 1, r#""value":72,"unit":"count/min""#, "metadata"),
    ("HKCategoryTypeIdentifierSleepAnalysis", 2, r#""value":1,"small":1.50"#, "series"),
    ("HKQuantityTypeIdentifierBodyMass", 3, r#""value":72"#, "device"),
    ("workouts", 4, r#""workoutActivityType":37"#, "events"),
    ("workouts", 5, r#""workoutActivityType":52"#, "heartRates"),
    ("medicationDoseEvents", 6, r#""logStatus":4"#, "notes"),
    ("medications", 7, r#""displayText":"Aspirin""#, "history"),
    ("electrocardiograms", 8, r#""averageHeartRate":61"#, "voltageMeasurements"),
];

/// Queries for the number of items in the value of each kind, and of a location.
const ITEMS: [&str; 9] = [
    "SELECT json_array_length(metadata) FROM sample_details WHERE type LIKE '%HeartRate'",
    "SELECT json_array_length(other, '$.series') FROM sample_details WHERE other ->> 'small' = 1.5",
    "SELECT json_array_length(other, '$.device') FROM sample_details WHERE type LIKE '%BodyMass'",
    "SELECT json_array_length(events) FROM workouts WHERE activity_type = 37",
    "SELECT json_array_length(other, '$.heartRates') FROM workouts WHERE activity_type = 52",
    "SELECT json_array_length(other, '$.notes') FROM medication_doses",
    "SELECT json_array_length(other, '$.history') FROM medications",
    "SELECT json_array_length(json, '$.voltageMeasurements') FROM other_records WHERE json ->> 'averageHeartRate' = 61",
    "SELECT json_array_length(l.other, '$.signal') FROM route_points r JOIN long_texts l ON l.id = CAST(r.other AS INTEGER)",
];

/// In each section, one more element is no record; the unknown one keeps it.
const OTHER_REJECTS: u64 = 7;

/// A list of so many bytes, and the number of its items.
fn list(bytes: usize) -> (String, usize) {
    let (mut list, mut items) = (String::from("["), 0);
    while list.len() + 100 < bytes {
        let _ = write!(list, r#"{{"type":{items},"b\u00e9":-{items}.084741592407,"a":"2026-01-01T10:00:00.000Z"}},"#);
        items += 1;
    }
    let _ = write!(list, "\"{}\"]", "x".repeat(bytes - list.len() - 3));
    (list, items + 1)
}

/// A payload with an element of each kind, which has about so many bytes, and the number of items in each.
fn body(bytes: usize, is_list_first: bool) -> (String, usize) {
    let (list, items) = list(bytes - 300);
    let element = |fields: &str, name: &str| {
        if is_list_first {
            format!(r#"{{"{name}":{list},{fields}}}"#)
        } else {
            format!(r#"{{{fields},"{name}":{list}}}"#)
        }
    };
    let date = "2026-01-01T10:00:00.000Z";
    let sections = KINDS.iter().map(|(section, number, fields, name)| {
        let fields = format!(r#""uuid":"00000000-0000-4000-8000-{number:012}",{fields},"startDate":"{date}""#);
        format!(r#""{section}":[{{"uuid":5}},{}]"#, element(&fields, name))
    });
    let sections: Vec<String> = sections.collect();
    let location = element(&format!(r#""latitude":1.5,"longitude":2,"date":"{date}""#), "signal");
    let routes = format!(r#""workoutRoutes":{{"00000000-0000-4000-8000-{:012}":[{{"locations":[{location}]}}]}}"#, 4);
    (format!(r#"{{"data":{{{}}},{routes}}}"#, sections.join(",")), items)
}

fn check_stored(database: &Path, items: usize) {
    for sql in ITEMS {
        assert_eq!(database::one(database, sql), json!(items), "{sql}");
    }
    assert_eq!(database::count(database, "rejects"), OTHER_REJECTS);
}

#[test]
fn elements_up_to_4_mib_are_stored_and_longer_ones_cost_only_themselves() {
    for (tenths, is_list_first) in [(9, true), (11, false), (20, true), (39, false), (39, true)] {
        let server = Server::start();
        let (body, items) = body(tenths * MIB / 10, is_list_first);
        let answer = server.post(&body);
        assert_eq!((answer.status, answer.field("rejected")), (200, json!(OTHER_REJECTS)), "{tenths}: {answer:?}");
        check_stored(&server.database(), items);
        let again = server.post(&body);
        assert_eq!([again.field("new"), again.field("updated")], [json!(0), json!(0)], "{tenths}: {again:?}");
        let is_spool = |name: &str| name.contains("spool");
        let names = fs::read_dir(server.folder()).unwrap().map(|file| file.unwrap().file_name());
        assert!(!names.into_iter().any(|name| is_spool(&name.to_string_lossy())));
    }
    for is_list_first in [true, false] {
        let server = Server::start();
        let answer = server.post(body(41 * MIB / 10, is_list_first).0);
        let counts = [answer.field("count"), answer.field("rejected")];
        assert_eq!((answer.status, counts), (200, [json!(1), json!(OTHER_REJECTS + 9)]), "{answer:?}");
        let reasons = "SELECT count(*) FROM rejects WHERE reason = 'longer than 4194304 bytes' AND raw_bytes > 4200000";
        assert_eq!(server.one(reasons), json!(9));
    }
}

/// Their values stand outside of memory one by one, and each is found again.
#[test]
fn a_sample_may_have_many_fields_that_are_unknown() {
    let sample = |fields: usize| {
        let mut sample = json!({"uuid": "00000000-0000-4000-8000-000000000001", "startDate": "2026-01-01T10:00:00.000Z",
            "value": 72, "unit": "count/min"});
        // Out of order, since 7 has no factor in common with their number.
        (0..fields).for_each(|n| sample[format!("f{:05}", n * 7 % fields)] = json!([n]));
        json!({"data": {"HKQuantityTypeIdentifierHeartRate": [sample]}}).to_string()
    };
    let server = Server::start();
    let answer = server.post(sample(15_002));
    assert_eq!([answer.field("new"), answer.field("rejected")], [json!(1), json!(0)], "{answer:?}");
    let right = "SELECT count(*) FROM sample_details, json_each(other) f
        WHERE f.value ->> 0 * 7 % 15002 = CAST(substr(f.key, 2) AS INTEGER)";
    assert_eq!(server.one(right), json!(15_002));
    let answer = server.post(sample(90_001));
    assert_eq!(answer.field("rejected"), json!(1), "{answer:?}");
    assert_eq!(server.one("SELECT reason LIKE 'more than _____ fields' FROM rejects"), json!(1));
}

#[test]
fn long_elements_are_the_same_however_they_come() {
    let (body, items) = body(11 * MIB / 10, true);
    let server = Server::start();
    let answer = server.connect().post(&[("Content-Encoding", "gzip")], &gzip(body.as_bytes()));
    assert_eq!((answer.status, answer.field("rejected")), (200, json!(OTHER_REJECTS)), "{answer:?}");
    check_stored(&server.database(), items);

    let server = Server::start();
    let mut client = server.connect();
    client.begin_chunked(&[]);
    let mut rest = body.as_bytes();
    for length in [1, 13, 65_537, 131_071, 131_073, 7, 4_095].iter().cycle() {
        let (chunk, behind) = rest.split_at(rest.len().min(*length));
        client.chunk(chunk).unwrap();
        rest = behind;
        if rest.is_empty() {
            break;
        }
    }
    let answer = client.end_chunked();
    assert_eq!((answer.status, answer.field("rejected")), (200, json!(OTHER_REJECTS)), "{answer:?}");
    check_stored(&server.database(), items);

    let folder = tempfile::tempdir().unwrap();
    let (file, database) = (folder.path().join("body.json"), folder.path().join("health.db"));
    fs::write(&file, &body).unwrap();
    let output = run(&["import", "--json", "--db", database.to_str().unwrap(), file.to_str().unwrap()]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["rejected"], json!(OTHER_REJECTS), "{report}");
    check_stored(&database, items);
}

/// Around the length at which an element no longer waits in memory.
#[test]
fn the_pieces_of_a_long_element_make_no_difference() {
    for bytes in [GROUP_BYTES_MAX - 1, GROUP_BYTES_MAX, GROUP_BYTES_MAX + 1, 3 * GROUP_BYTES_MAX] {
        let (body, _) = body(bytes + 300, bytes % 2 == 0);
        let whole = Transcript::of(body.as_bytes(), Options::default());
        assert!(whole.outcome.is_ok() && whole.rejects.len() as u64 == OTHER_REJECTS, "{bytes}");
        for length in [1000, 65_535, 65_536, 100_000, bytes] {
            let lengths = vec![length; body.len() / length];
            whole.assert_same(&Transcript::of(pieces_of(body.as_bytes(), &lengths), Options::default()));
        }
        let slow = Transcript::of(body.as_bytes(), Options { lift: false, ..Options::default() });
        whole.without_spelling().assert_same(&slow.without_spelling());
    }
}

/// The permit waits for no client: a long element waits for it only once it is whole.
#[test]
fn a_client_that_stops_within_a_long_element_stops_nobody() {
    let server = Server::start();
    let begin = format!(r#"{{"data":{{"notes":[{{"a":[{}"#, "1,".repeat(MIB));
    let mut stopped = server.connect();
    stopped.begin_chunked(&[]);
    stopped.chunk(begin.as_bytes()).unwrap();
    let answer = server.post(format!(r#"{begin}2]}}]}}}}"#));
    assert_eq!((answer.status, answer.field("new")), (200, json!(1)), "{answer:?}");
    stopped.chunk(b"3]}]}}").unwrap();
    let answer = stopped.end_chunked();
    assert_eq!((answer.status, answer.field("new")), (200, json!(1)), "{answer:?}");
}

/// A fault in a long element is found where it is, and costs only the rest of the body.
#[test]
fn a_fault_in_a_long_element_is_named() {
    let long = "1,".repeat(MIB);
    let good = r#"{"a":1}"#;
    let check = |element: &str, fault: &str| {
        let server = Server::start();
        let body = format!(r#"{{"data":{{"notes":[{good},{element},{good}]}}}}"#);
        let answer = server.post(&body);
        assert_eq!((answer.status, answer.field("stored")), (400, json!(1)), "{answer:?}");
        assert_eq!(answer.field("offset"), json!(body.find(fault).unwrap()), "{answer:?}");
    };
    check(&format!(r#"{{"b":[{long}x]}}"#), "x]");
    check(&format!(r#"{{"b":[{long}1],x]}}"#), "x]");
    // Not closed: it takes the rest of the body.
    check(&format!(r#"{{"b":[{long}1}}"#), &format!("}},{good}"));
    let cut = format!(r#"{{"data":{{"notes":[{good},{{"b":[{long}"#);
    let answer = Server::start().post(&cut);
    assert_eq!((answer.status, answer.field("offset")), (400, json!(cut.len())), "{answer:?}");
    let server = Server::start();
    let deep = ["[".repeat(80), "]".repeat(80)].concat();
    for (element, reason) in [
        (format!(r#"{{"b":[{long}1e400]}}"#), "`b` is 1e400: numbers reach from -1.8e308 to 1.8e308".to_owned()),
        (format!(r#"{{"b":[{long}{deep}]}}"#), "nested deeper than 64 levels".to_owned()),
        (format!(r#"{{"b":["{}"]}}"#, "x".repeat(ELEMENT_BYTES_MAX)), format!("longer than {ELEMENT_BYTES_MAX} bytes")),
    ] {
        let answer = server.post(format!(r#"{{"data":{{"notes":[{good},{element}]}}}}"#));
        assert_eq!((answer.status, answer.field("rejected")), (200, json!(1)), "{answer:?}");
        assert_eq!(server.one("SELECT reason FROM rejects ORDER BY rowid DESC LIMIT 1"), json!(reason));
    }
}
