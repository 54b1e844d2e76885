//! Bodies that are hostile to a parser. The server answers each, stores its good elements, rejects or reports the bad ones,
//! and the process stays small.

use healthsink::model::limits::{NESTING_MAX, REJECT_RAW_BYTES_MAX};
use serde_json::{Value, json};

use super::site::Site;
use healthsink_testkit::database::{one, rows};

/// The result of a body: the status, and the numbers of stored and rejected records.
type Outcome = (u16, u64, u64);

/// A sample that is stored unless later fields of the same name change it.
fn sample(number: usize, more: &str) -> String {
    format!(
        r#"{{"uuid":"00000000-0000-4000-8000-{number:012}","value":1,"startDate":"2026-01-01T00:00:00.000Z"{more}}}"#
    )
}

/// Three samples, of which the second has another text in place of one of its parts.
fn among_good(part: &str, other: &str) -> String {
    format!("{},{},{}", sample(1, ""), sample(2, "").replace(part, other), sample(3, ""))
}

fn body(elements: &str) -> String {
    format!(r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{elements}]}}}}"#)
}

/// Posts bodies with good uploads beside them. After each, a sample is stored.
fn check_all(bodies: &[(&str, Vec<u8>, Outcome)]) {
    let site = Site::start();
    let mut wrong = Vec::new();
    site.beside(|| {
        for (name, body, expected) in bodies {
            let answer = site.post(&[], body);
            let stored = if answer.status == 200 { "count" } else { "stored" };
            let number = |field: &str| answer.field(field).as_u64().unwrap_or(0);
            let outcome = (answer.status, number(stored), number("rejected"));
            if outcome != *expected {
                wrong.push(format!("{name}: {outcome:?}, not {expected:?}: {answer:?}"));
            }
        }
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
    site.check_memory(2, 1, 0);
}

fn named(name: &str, elements: String, expected: Outcome) -> (&str, Vec<u8>, Outcome) {
    (name, body(&elements).into_bytes(), expected)
}

#[test]
fn depth_is_bounded_wherever_it_is() {
    const DEEP: usize = 100_000;
    let arrays = format!("{}{}", "[".repeat(DEEP), "]".repeat(DEEP));
    let objects = format!("{}1{}", r#"{"a":"#.repeat(DEEP), "}".repeat(DEEP));
    let mut bodies = Vec::new();
    for (deep, is_object) in [(&arrays, false), (&objects, true)] {
        let beside = |deep: &str| format!("{},{deep},{}", sample(1, ""), sample(2, ""));
        let rejected = u64::from(is_object);
        bodies.push(("as the body", deep.clone().into_bytes(), (400, 0, 0)));
        bodies.push(("at the top", format!(r#"{{"x":{deep},"data":{{}}}}"#).into_bytes(), (200, 0, 1)));
        let status = if is_object { 200 } else { 400 };
        bodies.push(("as data", format!(r#"{{"data":{deep}}}"#).into_bytes(), (status, 0, rejected)));
        bodies.push(("as a section", format!(r#"{{"data":{{"x":{deep}}}}}"#).into_bytes(), (200, 0, 1)));
        bodies.push(named("in an element", beside(&sample(3, &format!(r#","x":{deep}"#))), (200, 2, 1)));
        bodies.push(named("in metadata", beside(&sample(3, &format!(r#","metadata":{{"x":{deep}}}"#))), (200, 2, 1)));
        bodies.push(named("without an end", format!("{},{}", sample(1, ""), &deep[..DEEP]), (400, 1, 0)));
    }
    // The lifter does not lift arrays.
    bodies.push(named("arrays as an element", format!("{},{arrays},{}", sample(1, ""), sample(2, "")), (200, 2, 1)));
    bodies.push(named("objects as an element", format!("{},{objects}", sample(1, "")), (200, 1, 1)));
    assert!(DEEP > NESTING_MAX as usize);
    check_all(&bodies);
}

#[test]
fn malformed_numbers_are_reported_and_those_out_of_range_rejected() {
    let value = |text: &str| among_good("\"value\":1", &format!("\"value\":{text}"));
    let mut bodies = Vec::new();
    for text in [
        "NaN",
        "nan",
        "Infinity",
        "-Infinity",
        "inf",
        "+1",
        "01",
        "1.",
        ".5",
        "0x10",
        "1_000",
        "1e",
        "--1",
        "1,5x",
        "１",
    ] {
        bodies.push(named(text, value(text), (400, 1, 0)));
    }
    for text in ["1e999", "-1e999"] {
        bodies.push(named(text, value(text), (200, 2, 1)));
    }
    for text in ["1e-999", "-0", "-0.0", "18446744073709551616", "1e308", "5e-324", "0.1e1", "null"] {
        bodies.push(named(text, value(text), (200, 3, 0)));
    }
    let digits = format!("0.{}", "1".repeat(100_000));
    bodies.push(named("100,000 digits", value(&digits), (200, 3, 0)));
    check_all(&bodies);
}

#[test]
fn malformed_text_is_reported_and_half_surrogate_pairs_are_replaced() {
    let mut bodies = Vec::new();
    let before = format!("{},", sample(1, ""));
    for (name, bytes) in [
        ("a lone continuation", &b"\x80"[..]),
        ("an overlong slash", b"\xc0\xaf"),
        ("an overlong NUL", b"\xe0\x80\x80"),
        ("a surrogate in UTF-8", b"\xed\xa0\x80"),
        ("beyond Unicode", b"\xf4\x90\x80\x80"),
        ("a byte that never is", b"\xff"),
        ("cut in the middle", b"\xe2\x82"),
        ("Latin 1", b"M\xfcller"),
    ] {
        for place in [r#","metadata":{"k":"*"}}"#, r#","metadata":{"*":"k"}}"#, r#","unit":"*"}"#] {
            let element = sample(2, "").replace('}', place);
            let text = body(&format!("{before}{element}"));
            let (head, tail) = text.split_once('*').unwrap();
            bodies.push((name, [head.as_bytes(), bytes, tail.as_bytes()].concat(), (400, 1, 0)));
        }
    }
    for escape in [
        r"\ud800",
        r"\udc00",
        r"\ud800x",
        r"\ud800\ud800",
        r"\udc00\ud800",
        r"\ud800\u0041",
        r"\uD83D\uDE00",
        r"\u0000",
    ] {
        let (value, key) = (format!(r#","metadata":{{"k":"{escape}"}}"#), format!(r#","metadata":{{"{escape}":"k"}}"#));
        bodies.push((
            escape,
            body(&format!("{before}{},{}", sample(2, &value), sample(3, &key))).into_bytes(),
            (200, 3, 0),
        ));
    }
    for escape in [r"\u12", r"\uzzzz", r"\x41", "\\", "\n", "\0"] {
        bodies.push((
            escape,
            body(&format!("{before}{}", sample(2, &format!(r#","unit":"{escape}""#)))).into_bytes(),
            (400, 1, 0),
        ));
    }
    check_all(&bodies);
}

#[test]
fn dates_are_within_the_years_that_can_be_stored() {
    let date = |text: &str| among_good("\"2026-01-01T00:00:00.000Z\"", text);
    let mut bodies = Vec::new();
    for text in [
        r#""1800-01-01T00:00:00.000Z""#,
        r#""2199-12-31T23:59:59.999Z""#,
        // Apple's distant past and future.
        r#""0001-01-01T00:00:00.000Z""#,
        r#""4001-01-01T00:00:00.000Z""#,
        r#""1969-12-31T23:59:59.999Z""#,
        r#""2026-01-01T00:00:00+14:00""#,
        r#""2024-02-29T00:00:00Z""#,
        // RFC 3339 allows a leap second; it is read as the second before it.
        r#""2016-12-31T23:59:60Z""#,
    ] {
        bodies.push(named(text, date(text), (200, 3, 0)));
    }
    for text in [
        // Years of other calendars, or of none.
        r#""0000-01-01T00:00:00.000Z""#,
        r#""1799-12-31T23:59:59.999Z""#,
        r#""2200-01-01T00:00:00.000Z""#,
        r#""9999-12-31T23:59:59.999Z""#,
        r#""-0001-01-01T00:00:00.000Z""#,
        r#""10000-01-01T00:00:00.000Z""#,
        r#""+275760-09-13T00:00:00.001Z""#,
        r#""2026-01-01T00:60:00.000Z""#,
        r#""2026-01-01T25:00:00.000Z""#,
        r#""2026-01-01T00:00:61.000Z""#,
        r#""2026-01-01T00:00:00+99:99""#,
        r#""2026-13-01T00:00:00.000Z""#,
        r#""2026-02-30T00:00:00.000Z""#,
        r#""2025-02-29T00:00:00.000Z""#,
        r#""2026-00-00T00:00:00.000Z""#,
        r#""2026-01-01""#,
        r#""2026-01-01T00:00:00""#,
        r#""""#,
        r#""now""#,
        "null",
        "[]",
        "{}",
        "true",
    ] {
        bodies.push(named(text, date(text), (200, 2, 1)));
    }
    let long = format!("\"2026-01-01T00:00:00.{}Z\"", "1".repeat(100_000));
    bodies.push(named("100,000 digits of a second", date(&long), (200, 2, 1)));
    check_all(&bodies);
}

#[test]
fn a_malformed_uuid_is_rejected() {
    let uuid = |text: &str| among_good("\"00000000-0000-4000-8000-000000000002\"", text);
    let mut bodies = Vec::new();
    for text in [
        r#""""#,
        r#""A1B2C3D4-...""#,
        r#""zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz""#,
        r#""00000000-0000-4000-8000-00000000000""#,
        r#""00000000-0000-4000-8000-0000000000002""#,
        r#""00000000-0000-4000-8000-00000000000é""#,
        r#"" 00000000-0000-4000-8000-000000000002""#,
        "null",
        "7",
        "[]",
        r#"{"uuid":"00000000-0000-4000-8000-000000000002"}"#,
    ] {
        bodies.push(named(text, uuid(text), (200, 2, 1)));
    }
    bodies.push(named("in small letters", uuid(r#""abcdefab-0000-4000-8000-000000000002""#), (200, 3, 0)));
    bodies.push(named(
        "none at all",
        format!("{},{}", sample(1, ""), r#"{"value":1,"startDate":"2026-01-01T00:00:00.000Z"}"#),
        (200, 1, 1),
    ));
    check_all(&bodies);
}

/// Nothing with a duplicate key is lost or doubled: the counts add up, and every re-send gives the same result.
#[test]
fn duplicate_keys_give_the_same_result_each_time() {
    let site = Site::start();
    let heart_rate = "HKQuantityTypeIdentifierHeartRate";
    let section = |number| format!(r#""{heart_rate}":[{}]"#, sample(number, ""));
    let check = |name: &str, body: &str, expected: (u64, u64)| {
        for _ in 0..2 {
            let answer = site.post(&[], body.as_bytes());
            let outcome = (answer.field("count"), answer.field("rejected"));
            assert_eq!((answer.status, outcome), (200, (json!(expected.0), json!(expected.1))), "{name}: {answer:?}");
        }
    };
    site.beside(|| {
        check("data", &format!(r#"{{"data":{{{}}},"data":{{{}}}}}"#, section(1), section(2)), (2, 0));
        check("a section", &format!(r#"{{"data":{{{},{}}}}}"#, section(3), section(4)), (2, 0));
        check(
            "a section under another name of it",
            &format!(r#"{{"data":{{{},{}}}}}"#, section(5), section(6).replace("Heart", "\\u0048eart")),
            (2, 0),
        );
        check(
            "characteristics",
            r#"{"characteristics":{"a":"1","a":"2"},"characteristics":{"a":"3"},"data":{}}"#,
            (0, 0),
        );
        check("exportDate", r#"{"exportDate":"2026-02-26T12:00:00.000Z","exportDate":7,"data":{}}"#, (0, 1));
        // A field that is known, and then names that are kept whatever they are.
        for field in [
            r#","value":2"#,
            r#","uuid":"00000000-0000-4000-8000-000000000099""#,
            r#","startDate":"2026-01-02T00:00:00.000Z""#,
            r#","metadata":{"k":1},"metadata":{"k":2}"#,
        ] {
            check(field, &body(&sample(7, field)), (0, 1));
        }
        for field in [r#","metadata":{"k":1,"k":2}"#, r#","x":1,"x":2"#] {
            check(field, &body(&sample(7, field)), (1, 0));
        }
    });
    let twice =
        "SELECT count(*) FROM (SELECT uuid FROM sample_details GROUP BY uuid, type, start_ms HAVING count(*) > 1)";
    assert_eq!(one(&site.database(), twice), json!(0));
}

/// A reject keeps its reason, and its text up to a limit.
#[test]
fn the_text_of_a_long_reject_is_cut() {
    let site = Site::start();
    let long = "x".repeat(900_000);
    let answer = site.post(&[], body(&sample(1, &format!(r#","uuid":"{long}""#))).as_bytes());
    assert_eq!((answer.status, answer.field("rejected")), (200, json!(1)), "{answer:?}");
    let rejects = rows(&site.database(), "SELECT length(raw) AS raw, raw_bytes, reason FROM rejects");
    assert_eq!(rejects.len(), 1);
    assert_eq!(rejects[0]["raw"], json!(REJECT_RAW_BYTES_MAX));
    let reason: &Value = &rejects[0]["reason"];
    assert!(reason.as_str().is_some_and(|reason| reason.len() < 200), "{reason}");
    site.check_memory(1, 1, 0);
}
