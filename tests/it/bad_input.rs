//! How the server answers bodies that are not payloads, and what it keeps of them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::contract::payload;
use healthsink::formats::payload::Options;
use healthsink_testkit::database::rows;
use healthsink_testkit::http::Response;
use healthsink_testkit::server::Server;
use healthsink_testkit::transcript::Transcript;

/// A sample that its number distinguishes from others.
fn sample(number: u32) -> String {
    format!(
        r#"{{"uuid":"00000000-0000-4000-8000-{number:012}","value":{number},"startDate":"2026-01-01T00:00:00.000Z"}}"#
    )
}

fn samples(numbers: std::ops::Range<u32>) -> String {
    numbers.map(sample).collect::<Vec<_>>().join(",")
}

/// Panics unless the answer has the fields of RFC 9457 and closes the connection.
fn check_problem(answer: &Response, status: u16) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer:?}");
    assert_eq!(answer.header("connection"), Some("close"), "{answer:?}");
    let problem = answer.json();
    assert_eq!(problem["type"], json!("about:blank"));
    assert_eq!(problem["status"], json!(status));
    assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()), "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(!detail.is_empty() && detail.starts_with(|first: char| first.is_lowercase()), "{detail}");
}

#[test]
fn a_body_that_is_not_a_payload_gets_400_with_position_and_stored_count() {
    let check = |body: &str, detail: &str, offset: usize, section: Value, index: Value, stored: u64| {
        let server = Server::start();
        let answer = server.post(body);
        check_problem(&answer, 400);
        let problem = answer.json();
        assert!(problem["detail"].as_str().unwrap().contains(detail), "{body}: {problem}");
        let place = [&problem["offset"], &problem["section"], &problem["index"], &problem["stored"]];
        assert_eq!(place, [&json!(offset), &section, &index, &json!(stored)], "{body}: {problem}");
        assert_eq!(server.count("samples"), stored, "{body}");
        let ledger = server.rows("SELECT id, state, measurements, new, error FROM uploads");
        assert_eq!(ledger[0]["state"], json!("aborted"), "{body}");
        assert_eq!([&ledger[0]["measurements"], &ledger[0]["new"]], [&json!(stored), &json!(stored)], "{body}");
        assert_eq!(problem["upload"], ledger[0]["id"]);
        assert!(ledger[0]["error"].as_str().unwrap().contains(detail), "{body}: {ledger:?}");
    };
    let none = Value::Null;
    let heart_rate = "HKQuantityTypeIdentifierHeartRate";

    // Not JSON.
    check("", "the body is empty", 0, none.clone(), none.clone(), 0);
    check("   ", "ends before", 3, none.clone(), none.clone(), 0);
    check("hello", "not JSON", 0, none.clone(), none.clone(), 0);
    check("{\"data\":{}} x", "not JSON", 12, none.clone(), none.clone(), 0);
    check("{'data':{}}", "not JSON", 1, none.clone(), none.clone(), 0);
    check("{\"data\":{},}", "not JSON", 10, none.clone(), none.clone(), 0);

    // Malformed in the middle: the elements before are stored.
    let begin = format!(r#"{{"data":{{"{heart_rate}":["#);
    let body = format!("{begin}{},{{\"uuid\":}}]}}}}", samples(0..3));
    check(&body, "not JSON", body.len() - 4, json!(heart_rate), json!(3), 3);
    let body = format!("{begin}{} {}]}}}}", sample(0), sample(1));
    check(&body, "not JSON", body.len() - sample(1).len() - 3, json!(heart_rate), json!(1), 1);
    let body = format!("{begin}{},{}", samples(0..5), &sample(5)[..30]);
    check(&body, "ends before", body.len(), json!(heart_rate), json!(5), 5);
    let body = format!("{begin}{}]}}", samples(0..2));
    check(&body, "ends before", body.len(), none.clone(), none.clone(), 2);
    let body = format!("{begin}{}],\"x\":tru}}}}", samples(0..2));
    check(&body, "not JSON", body.len() - 5, json!("x"), none.clone(), 2);
    let body = format!("{begin}{},{{\"a\":\"\\x\"}}]}}}}", samples(0..2));
    check(&body, "not JSON", body.len() - 7, json!(heart_rate), json!(2), 2);
    // A missing brace: the error is where it is missing, not at the end.
    let body = format!("{begin}{},{{\"a\":{{\"b\":1}},{}]}}}}", samples(0..2), samples(3..400));
    check(
        &body,
        "not JSON",
        begin.len() + samples(0..2).len() + 1 + r#"{"a":{"b":1},"#.len(),
        json!(heart_rate),
        json!(2),
        2,
    );

    // A deep element is only rejected, but an unclosed one takes the rest of the body.
    let body = format!(r#"{{"data":{{"x":{}"#, "[".repeat(5000));
    check(&body, "ends before", body.len(), json!("x"), json!(0), 0);
}

#[test]
fn json_of_another_shape_gets_400_and_is_not_in_the_ledger() {
    let server = Server::start();
    let check = |body: &str, detail: &str, offset: usize, section: Value| {
        let answer = server.post(body);
        check_problem(&answer, 400);
        let problem = answer.json();
        assert!(problem["detail"].as_str().unwrap().contains(detail), "{body}: {problem}");
        let place = [&problem["offset"], &problem["section"], &problem["stored"], &problem["upload"]];
        assert_eq!(place, [&json!(offset), &section, &json!(0), &Value::Null], "{body}: {problem}");
        assert_eq!(server.count("uploads"), 0, "{body}");
    };
    for body in ["[]", "null", "7", "\"data\"", "true"] {
        check(body, "the document is", 0, Value::Null);
    }
    check("{}", "none of `data`", 0, Value::Null);
    check(" {\"hello\":\"world\"}", "none of `data`", 1, Value::Null);
    check(&format!("{{\"hello\":[{}1]}}", "{\"a\":1},".repeat(3000)), "none of `data`", 0, Value::Null);
    assert_eq!(server.count("other_records"), 0);
    check("[5]", "an element of the list is a number", 1, Value::Null);
    check("{} {\"data\":{}}", "none of `data`", 0, Value::Null);
    check(r#"{"data":[]}"#, "`data` is", 8, json!("data"));
    check(r#"{"data": 7}"#, "`data` is", 9, json!("data"));
    check(r#"{"workoutRoutes":"x"}"#, "`workoutRoutes` is", 17, json!("workoutRoutes"));
    check(r#"{"characteristics":[]}"#, "`characteristics` is", 19, json!("characteristics"));
    // The numbers of the ledger go on.
    assert_eq!(server.post(r#"{"data":{}}"#).field("upload"), json!(1));
}

#[test]
fn several_payloads_in_one_body_are_read() {
    let body = |numbers: std::ops::Range<u32>| {
        format!(r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{}]}}}}"#, samples(numbers))
    };
    let (one, other) = (body(0..2), body(2..5));
    for both in
        [format!("{one}{other}"), format!("{one}\n{other}\n"), format!("[{one},\n{other}]"), format!("[{one}] {other}")]
    {
        let server = Server::start();
        let answer = server.post(&both);
        assert_eq!((answer.status, answer.field("count"), server.count("samples")), (200, json!(5), 5), "{both}");
    }
    // What is before a fault is stored.
    let server = Server::start();
    let answer = server.post(format!("{one}[{other},{{}}]"));
    assert_eq!((answer.status, answer.field("stored"), server.count("samples")), (400, json!(5), 5), "{answer:?}");
}

#[test]
fn a_byte_order_mark_and_utf_16_are_read() {
    let text = format!(r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{}]}}}}"#, samples(0..2));
    let marked = format!("\u{feff}{text}");
    let wide = |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    for body in [
        marked.clone().into_bytes(),
        wide(&marked, u16::to_le_bytes),
        wide(&marked, u16::to_be_bytes),
        wide(&text, u16::to_le_bytes),
    ] {
        let server = Server::start();
        let answer = server.post(body);
        assert_eq!((answer.status, answer.field("count"), server.count("samples")), (200, json!(2), 2), "{answer:?}");
    }
}

/// Such identities are made by imports. Sent by others they would make the search for a free one long.
#[test]
fn derived_identities_of_others_are_rejected() {
    let server = Server::start();
    let times = r#""startDate":"2026-01-01T00:00:00.000Z","endDate":"2026-01-01T00:01:00.000Z""#;
    let reserved = "68735250-be9a-8259-856e-7250c526bc83";
    let near = ["68735250-be9a-4259-856e-7250c526bc83", "68745250-be9a-8259-856e-7250c526bc83"];
    let record = |uuid: &str| format!(r#"{{"uuid":"{uuid}",{times}}}"#);
    let records = [reserved, near[0], near[1]].map(record).join(",");
    let location = r#"[{"locations":[{"date":"2026-01-01T00:00:00.000Z","latitude":1,"longitude":2}]}]"#;
    let answer = server.post(format!(
        r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{records}],"workouts":[{records}]}},
            "workoutRoutes":{{"{reserved}":{location},"{}":{location}}}}}"#,
        near[0]
    ));
    let counts = ["count", "routePoints", "rejected"].map(|name| answer.field(name));
    assert_eq!((answer.status, counts), (200, [json!(4), json!(1), json!(3)]), "{answer:?}");
    let reasons = "SELECT count(*) FROM rejects WHERE reason LIKE '%such uuids are reserved for records of imports'";
    assert_eq!(server.one(reasons), json!(3));
}

#[test]
fn bytes_that_are_not_utf8_get_400() {
    for (before, after) in
        [("{\"", "\":1}"), ("{\"data\":{\"x\":[{\"a\":\"", "\"}]}}"), ("{\"data\":{\"x\":\"", "\"}}")]
    {
        let server = Server::start();
        let answer = server.post([before.as_bytes(), b"\xff\xfe", after.as_bytes()].concat());
        check_problem(&answer, 400);
        assert!(answer.field("detail").as_str().unwrap().contains("UTF-8"), "{answer:?}");
        assert_eq!(answer.field("offset"), json!(before.len()), "{answer:?}");
    }
}

#[test]
fn rejects_are_kept_once_with_reason_position_and_text() {
    let server = Server::start();
    let bad = r#"{"uuid":"A1B2C3D4-...","value":72}"#;
    let body = |before: &str| format!(r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{before}{bad}]}}}}"#);
    let first = server.post(body(""));
    assert_eq!((first.status, first.field("count"), first.field("rejected")), (200, json!(0), json!(1)));
    // The same element at another place is the same reject, and moves to the upload that sent it last.
    let second = server.post(body(&format!("{},", sample(1))));
    assert_eq!((second.status, second.field("count"), second.field("rejected")), (200, json!(1), json!(1)));
    let rejects =
        server.rows("SELECT upload_id, section, element_index, byte_offset, reason, raw, raw_bytes FROM rejects");
    let expected = json!({
        "upload_id": 2,
        "section": "HKQuantityTypeIdentifierHeartRate",
        "element_index": 1,
        "byte_offset": body("").find(bad).unwrap() + sample(1).len() + 1,
        "reason": "`uuid` is not a uuid",
        "raw": bad,
        "raw_bytes": bad.len(),
    });
    assert_eq!(rejects, [expected]);
}

/// A known field that is given twice has two values, and no rule says which is right. All other names are kept.
#[test]
fn no_value_is_lost_where_a_name_is_given_twice() {
    let server = Server::start();
    let (times, uuid) = (r#""startDate":"2026-01-01T00:00:00.000Z""#, "00000000-0000-4000-8000-00000000000");
    let check = |section: &str, element: &str, reason: &str| {
        let body = if section == "locations" {
            format!(r#"{{"workoutRoutes":{{"{uuid}1":[{{"locations":[{element}]}}]}}}}"#)
        } else {
            format!(r#"{{"data":{{"{section}":[{element}]}}}}"#)
        };
        let answer = server.post(&body);
        assert_eq!((answer.status, answer.field("rejected")), (200, json!(1)), "{element}: {answer:?}");
        assert_eq!(server.one("SELECT reason FROM rejects ORDER BY rowid DESC LIMIT 1"), json!(reason), "{element}");
    };
    let heart_rate = "HKQuantityTypeIdentifierHeartRate";
    for (section, field, one, other) in [
        (heart_rate, "startDate", times, r#""startDate":"2026-01-01T00:00:01.000Z""#),
        (heart_rate, "endDate", r#""endDate":"2026-01-01T00:00:00.000Z""#, r#""endDate":"2026-01-01T00:00:01.000Z""#),
        (heart_rate, "value", r#""value":1"#, r#""value":2"#),
        (heart_rate, "value", r#""value":1"#, r#""value":{"quantity":2}"#),
        (heart_rate, "unit", r#""unit":"m""#, r#""unit":"km""#),
        (heart_rate, "metadata", r#""metadata":{"a":1}"#, r#""metadata":{"a":2}"#),
        (heart_rate, "device", r#""device":{"a":1}"#, r#""device":{"a":2}"#),
        ("workouts", "durationSeconds", r#""durationSeconds":1"#, r#""durationSeconds":2"#),
        ("workouts", "events", r#""events":[1]"#, r#""events":[2]"#),
        ("medicationDoseEvents", "logStatus", r#""logStatus":1"#, r#""logStatus":4"#),
        ("medications", "displayText", r#""displayText":"a""#, r#""displayText":"b""#),
        ("locations", "altitude", r#""altitude":1"#, r#""altitude":2"#),
    ] {
        let rest = match section {
            "medications" => r#""nickname":"n""#.to_owned(),
            "locations" => r#""latitude":1,"longitude":2,"date":"2026-01-01T00:00:00.000Z""#.to_owned(),
            _ if field == "startDate" => format!(r#""uuid":"{uuid}2""#),
            _ => format!(r#""uuid":"{uuid}2",{times}"#),
        };
        let reason = format!("`{field}` is given twice");
        check(section, &format!("{{{one},{rest},{other}}}"), &reason);
        check(section, &format!("{{{other},{one},{rest}}}"), &reason);
    }
    // Null is absence. What has no column is kept as often as it comes.
    let body = format!(
        r#"{{"data":{{"{heart_rate}":[{{"uuid":"{uuid}3",{times},"value":null,"value":1,"value":null,"x":1,"x":2,
            "metadata":{{"k":1,"k":[{{"l":1,"l":2}}]}}}}],"notes":[{{"b":1,"a":2,"b":3}}]}}}}"#
    );
    let answer = server.post(body);
    assert_eq!((answer.field("count"), answer.field("rejected")), (json!(2), json!(0)), "{answer:?}");
    let kept = server.rows("SELECT value, metadata, other FROM sample_details");
    let metadata = r#"{"k":1,"k":[{"l":1,"l":2}]}"#;
    assert_eq!(kept, [json!({"value": 1.0, "metadata": metadata, "other": r#"{"x":1,"x":2}"#})]);
    assert_eq!(server.one("SELECT json FROM other_records"), json!(r#"{"a":2,"b":1,"b":3}"#));
}

#[test]
fn a_number_beyond_all_doubles_is_named() {
    let digits = "7".repeat(400);
    for (number, shown) in
        [("1e400", "1e400".to_owned()), ("-1E+309", "-1E+309".to_owned()), (&digits, format!("{}…", &digits[..40]))]
    {
        let server = Server::start();
        for field in ["value", "x"] {
            let element = sample(1).replace(r#""value":1"#, &format!(r#""y":[1e308,-0],"{field}":{number}"#));
            let answer = server.post(format!(r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{element}]}}}}"#));
            assert_eq!((answer.status, answer.field("rejected")), (200, json!(1)), "{answer:?}");
            let reason = format!("`{field}` is {shown}: numbers reach from -1.8e308 to 1.8e308");
            assert_eq!(server.one("SELECT reason FROM rejects ORDER BY rowid DESC LIMIT 1"), json!(reason));
        }
    }
    let server = Server::start();
    for (number, stored) in [("-0", 0.0), ("1E5", 1e5), ("123456789012345678901234567890", 1.234_567_890_123_456_8e29)]
    {
        let element = sample(1).replace(r#""value":1"#, &format!(r#""value":{number}"#));
        server.post(format!(r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{element}]}}}}"#));
        assert_eq!(server.one("SELECT value FROM samples"), json!(stored), "{number}");
    }
    let element = sample(1).replace(r#""value":1"#, r#""value":"NaN""#);
    server.post(format!(r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{element}]}}}}"#));
    assert_eq!(server.one("SELECT reason FROM rejects"), json!("`value` is not a number"));
}

/// Equal rejects are looked up by their digest: 20,000 of them would take minutes if each were compared with all others.
#[test]
fn many_equal_rejects_are_stored_quickly() {
    let server = Server::start();
    let body = format!(r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{}7]}}}}"#, "7,".repeat(19_999));
    for upload in 1..=2 {
        let answer = server.post(&body);
        assert_eq!((answer.status, answer.field("rejected")), (200, json!(20_000)));
        assert_eq!(server.one("SELECT count(*) FROM rejects WHERE upload_id <> 0"), json!(20_000), "upload {upload}");
    }
}

#[test]
fn elements_over_the_limits_are_rejected_and_the_rest_is_stored() {
    const OVER: usize = healthsink::model::limits::ELEMENT_BYTES_MAX;
    const RAW: usize = healthsink::model::limits::REJECT_RAW_BYTES_MAX;
    let check = |element: &str, reason: &str, raw_bytes: usize| {
        let server = Server::start();
        let body =
            format!(r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{},{element},{}]}}}}"#, sample(1), sample(2));
        let answer = server.post(&body);
        assert_eq!((answer.status, answer.field("count"), answer.field("rejected")), (200, json!(2), json!(1)));
        let rejects = server.rows("SELECT element_index, reason, length(raw) AS raw, raw_bytes FROM rejects");
        assert!(rejects[0]["reason"].as_str().unwrap().contains(reason), "{rejects:?}");
        assert_eq!(rejects[0]["element_index"], json!(1));
        assert_eq!(rejects[0]["raw"], json!(raw_bytes.min(RAW)));
        assert_eq!(rejects[0]["raw_bytes"], json!(raw_bytes));
    };
    let long = sample(3).replace('}', &format!(r#","metadata":{{"k":"{}"}}}}"#, "x".repeat(OVER)));
    check(&long, "longer than", long.len());
    for depth in [64, 500, 1021, 5_000, OVER / 4] {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        check(&deep, "nested deeper", deep.len());
    }

    // Just below the limit it is an ordinary sample.
    let server = Server::start();
    let room = OVER - sample(3).len() - r#","metadata":{"k":""}"#.len();
    let long = sample(3).replace('}', &format!(r#","metadata":{{"k":"{}"}}}}"#, "x".repeat(room)));
    assert_eq!(long.len(), OVER);
    let answer = server.post(format!(r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{long}]}}}}"#));
    assert_eq!((answer.field("count"), answer.field("rejected")), (json!(1), json!(0)));
    assert_eq!(server.one("SELECT length(metadata) FROM sample_details"), json!(room + r#"{"k":""}"#.len()));
}

#[test]
fn long_names_texts_and_numbers_outside_of_elements_are_cut_and_reported() {
    const CUT: usize = healthsink::model::limits::SKELETON_STRING_BYTES_MAX;
    let long = "x".repeat(CUT + 10);
    // A number of so many digits is not a double, cut or not: two rejects.
    let server = Server::start();
    let answer = server.post(format!(r#"{{"number":{},"data":{{"x":[{}]}}}}"#, "1".repeat(CUT + 10), sample(1)));
    assert_eq!((answer.status, answer.field("count"), answer.field("rejected")), (200, json!(1), json!(2)));
    for body in [
        format!(r#"{{"note":"{long}","data":{{}}}}"#),
        format!(r#"{{"{long}":1,"data":{{}}}}"#),
        format!(r#"{{"data":{{"{long}":[{{"a":1}}]}}}}"#),
        format!(r#"{{"data":{{"note":["{long}"]}}}}"#),
        format!(r#"{{"data":{{}},"characteristics":{{"bloodType":"{long}"}}}}"#),
    ] {
        let server = Server::start();
        let answer = server.post(&body);
        assert_eq!((answer.status, answer.field("rejected")), (200, json!(1)), "{}…", &body[..40]);
        let reject = &server.rows("SELECT reason, byte_offset FROM rejects")[0];
        assert!(reject["reason"].as_str().unwrap().contains("longer than 65536 bytes"), "{reject}");
        assert_eq!(reject["byte_offset"], json!(body.find("xxx").unwrap() + CUT), "{reject}");
    }
}

#[test]
fn sources_and_units_too_long_to_share_stay_with_their_rows() {
    const LONGEST: usize = healthsink::model::limits::SHARED_TEXT_BYTES_MAX;
    let server = Server::start();
    let source = |name: &str| format!(r#","sourceRevision":{{"source":{{"name":"{name}"}}}},"unit":"{name}"}}"#);
    let elements = (0..4_u8).map(|number| {
        let name = char::from(b'a' + number).to_string().repeat(if number < 3 { 10 * LONGEST } else { 10 });
        sample(number.into()).replace('}', &source(&name))
    });
    let elements = elements.collect::<Vec<_>>().join(",");
    let answer = server.post(format!(r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{elements}]}}}}"#));
    assert_eq!((answer.status, answer.field("count"), answer.field("rejected")), (200, json!(4), json!(0)));
    assert_eq!(json!(server.rows("SELECT count(*) AS n FROM sources")), json!([{ "n": 1 }]));
    let kept = "SELECT length(json_extract(other, '$.sourceRevision.source.name')) AS source,
        length(json_extract(other, '$.unit')) AS unit FROM sample_details ORDER BY uuid";
    let long = json!({ "source": 10 * LONGEST, "unit": 10 * LONGEST });
    assert_eq!(json!(server.rows(kept)), json!([long, long, long, { "source": null, "unit": null }]));
}

/// A few places are enough over HTTP: `splits` tries every place.
#[test]
fn a_truncated_body_is_never_200() {
    let body = payload("documented");
    let whole = Server::start();
    assert_eq!(whole.post(&body).status, 200);
    let known: BTreeSet<String> = identities(&whole);
    for at in (1..body.len() - 2).step_by(97) {
        let server = Server::start();
        let answer = server.post(&body[..at]);
        check_problem(&answer, 400);
        let stored = identities(&server);
        assert!(stored.is_subset(&known), "cut at {at}: {stored:?}");
        assert_eq!(answer.field("stored"), json!(stored.len()), "cut at {at}");
        // The next try stores what is missing, and nothing twice.
        let again = server.post(&body);
        assert_eq!(again.status, 200, "cut at {at}");
        assert_eq!(again.field("unchanged"), json!(stored.len()), "cut at {at}");
        assert_eq!(identities(&server), known, "cut at {at}");
    }
}

/// The stored rows, field by field.
fn identities(server: &Server) -> BTreeSet<String> {
    ["sample_details", "workout_details", "route_points", "medication_doses", "medications"]
        .iter()
        .flat_map(|table| rows(&server.database(), &format!("SELECT '{table}' AS 'table', * FROM {table}")))
        .map(|mut row| {
            // The number of a source depends on earlier uploads.
            row.as_object_mut().unwrap().remove("source_id");
            // Routes come behind their workouts.
            row.as_object_mut().unwrap().remove("has_route");
            row.to_string()
        })
        .collect()
}

#[test]
fn rejects_beyond_the_limit_are_counted_and_reported() {
    let server = Server::start();
    let sent = healthsink::model::limits::REJECTS_PER_UPLOAD_MAX + 10;
    let sevens = vec!["7"; usize::try_from(sent).unwrap()].join(",");
    let answer = server.post(format!(r#"{{"data":{{"workouts":[{sevens}]}}}}"#));
    assert_eq!((answer.status, answer.field("rejected"), answer.field("count")), (200, json!(sent), json!(0)));
    assert_eq!(server.count("rejects"), healthsink::model::limits::REJECTS_PER_UPLOAD_MAX + 1);
    let last = "SELECT element_index, raw FROM rejects ORDER BY ordinal DESC LIMIT 1";
    assert_eq!(
        json!(server.rows(last)),
        json!([{ "element_index": healthsink::model::limits::REJECTS_PER_UPLOAD_MAX, "raw": "" }])
    );
}

/// What a decoder would change is kept as it was sent: in small elements and in long ones, with the lifter and without.
#[test]
fn json_that_is_kept_is_as_it_was_sent() {
    let values = r#"{"a":-0,"b":[-0.0,0,0.0,18446744073709551616,-9223372036854775809,123456789012345678901234567890],"c":"x\ud83d","\ude00":1}"#;
    let other = r#"{"a":0,"b":[0.0,-0,-0.0,18446744073709551617,-9223372036854775808,0.1],"c":"x\ud83c","\ude01":1.0}"#;
    let near = r#"{"a":0.1}"#;
    let nearer = r#"{"a":0.10000000000000002}"#;
    let small = |number: u32, metadata: &str, more: &str| {
        let uuid = format!("00000000-0000-4000-8000-{number:012}");
        let date = "2026-01-01T10:00:00.000Z";
        format!(
            r#"{{"uuid":"{uuid}","value":{number},"unit":"m\udfff","startDate":"{date}","metadata":{metadata},"note":{metadata}{more}}}"#
        )
    };
    let padding = format!(r#","z":"{}""#, "x".repeat(200_000));
    let elements = [
        small(1, values, ""),
        small(2, other, ""),
        small(3, near, ""),
        small(4, nearer, ""),
        small(5, values, &padding),
        small(6, &format!(r#"{{"k":{values},"z":"{}"}}"#, "x".repeat(200_000)), ""),
    ];
    let body = format!(
        r#"{{"characteristics":{{"k":{values}}},"data":{{"HKQuantityTypeIdentifierHeight":[{}],"notes":[{values}]}}}}"#,
        elements.join(",")
    );
    let server = Server::start();
    let answer = server.post(&body);
    assert_eq!((answer.status, answer.field("rejected")), (200, json!(0)), "{answer:?}");
    let rows = server.rows("SELECT value, metadata, unit, other FROM sample_details ORDER BY value");
    for (row, sent) in rows.iter().zip([values, other, near, nearer, values]) {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        assert_eq!((text("metadata").as_str(), text("unit").as_str()), (sent, "m\u{fffd}"));
        let kept = text("other");
        assert!(kept.contains(&format!(r#""note":{sent}"#)) && kept.contains(r#""unit":"m\udfff""#), "{kept:.300}");
    }
    let long = rows[5]["metadata"].as_str().unwrap();
    assert!(long.starts_with(&format!(r#"{{"k":{values},"z""#)), "{long:.300}");
    assert_eq!(server.one("SELECT json FROM other_records WHERE section = 'notes'"), json!(values));
    assert_eq!(server.one("SELECT value FROM characteristics"), json!(values));
    assert_eq!(server.post(&body).field("unchanged"), json!(7));
    let lifted = Transcript::of(body.as_bytes(), Options::default());
    let slow = Transcript::of(body.as_bytes(), Options { lift: false, ..Options::default() });
    lifted.without_spelling().assert_same(&slow.without_spelling());
}
