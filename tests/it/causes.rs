//! An error's message names the true cause. It speaks of a body if the input came by POST, and of no body if it is a file.

use std::fs;

use serde_json::json;

use crate::program::run;
use healthsink::formats::payload::Options;
use healthsink_testkit::compression::{gzip, zlib, zstd};
use healthsink_testkit::database::{one, rows};
use healthsink_testkit::http::{PATH, Response};
use healthsink_testkit::server::Server;
use healthsink_testkit::transcript::Transcript;

/// A sample with this value, as a whole payload.
fn of_value(value: &str) -> String {
    format!(
        r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{{"uuid":"00000000-0000-4000-8000-000000000001","value":{value},"startDate":"2026-01-01T00:00:00.000Z"}}]}}}}"#
    )
}

/// A point of Health Auto Export with this value, as a whole document.
fn point(value: &str) -> String {
    format!(
        r#"{{"data":{{"metrics":[{{"name":"step_count","units":"count","data":[{{"qty":{value},"date":"2026-01-01 00:00:00 +0000"}}]}}]}}}}"#
    )
}

fn detail(answer: &Response) -> String {
    answer.field("detail").as_str().unwrap_or_default().to_owned()
}

/// Sends these bytes behind the head of a chunked upload.
fn post_chunks(server: &Server, bytes: &[u8]) -> Response {
    let mut client = server.connect();
    client.head("POST", PATH, &[("Transfer-Encoding", "chunked")]);
    let _ = client.send(bytes);
    client.receive()
}

#[test]
fn malformed_chunks_are_no_early_end() {
    let server = Server::start();
    let check = |bytes: &[u8], expected: &str| {
        let answer = post_chunks(&server, bytes);
        let detail = detail(&answer);
        assert_eq!(answer.status, 400, "{expected}: {answer:?}");
        assert!(detail.starts_with("the body's chunks are malformed: ") && detail.contains(expected), "{detail}");
        assert_eq!(answer.field("offset"), json!(if bytes.starts_with(b"2\r\n") { 2 } else { 0 }), "{answer:?}");
    };
    check(b"zz\r\n", "size is not hexadecimal");
    check(b"2 2\r\n", "size is not hexadecimal");
    check(b"\r\n", "size is not hexadecimal");
    check(b"5\n", "size is not hexadecimal");
    check(b"fffffffffffffffff\r\n", "more than 64 bits");
    check(b"2\r\n{ }\r\n", "not followed by CRLF");
    check(b"2\r\n{ \n", "not followed by CRLF");
    check(&[b"2;", &b"x".repeat(17 << 10)[..], b"\r\n"].concat(), "extensions are longer than 16 KiB");
    check(b"2\r\n{ \r\n5;a\nb\r\n", "an extension contains a line feed");
    let body = of_value("1");
    let whole = format!("{:x}\r\n{body}\r\n0\r\n", body.len());
    for (trailer, expected) in [
        (format!("X: {}\r\n\r\n", "x".repeat(17 << 10)), "longer than 16 KiB"),
        ("X: x\r\n".repeat(101) + "\r\n", "100 lines"),
        ("secret value\r\n\r\n".to_owned(), "the trailer is not lines"),
        ("X: x\rY".to_owned(), "does not end in CRLF"),
    ] {
        let answer = post_chunks(&server, format!("{whole}{trailer}").as_bytes());
        let detail = detail(&answer);
        assert!(answer.status == 400 && detail.contains(expected), "{expected}: {answer:?}");
        assert!(!detail.contains("secret"), "{detail}");
        assert_eq!(answer.field("stored"), json!(1), "{answer:?}");
    }
    assert_eq!(post_chunks(&server, format!("{whole}X: x\r\n\r\n").as_bytes()).status, 200);
}

#[test]
fn a_posted_body_is_no_file() {
    let server = Server::start();
    let sample = of_value("1");
    let (gz, zst) = (gzip(sample.as_bytes()), zstd(sample.as_bytes()));
    let check = |coding: &str, body: &[u8], expected: &str| {
        let answer = server.connect().post(&[("Content-Encoding", coding)], body);
        let detail = detail(&answer);
        assert_eq!(answer.status, 400, "{expected}: {answer:?}");
        assert!(detail.contains(expected) && !detail.contains("file"), "{expected}: {detail}");
    };
    for (name, packed) in [("gzip", &gz), ("zstd", &zst)] {
        for behind in [&b"x"[..], b"garbage behind it", b"\0\0"] {
            check(
                name,
                &[packed, behind].concat(),
                &format!("other bytes follow the end of the {name} data, from byte"),
            );
        }
        check(name, &packed[..packed.len() - 3], &format!("the {name} data is cut short"));
        check(name, sample.as_bytes(), &format!("this is not {name} data"));
    }
    check("", b"", "the body is empty");
    check("", b"{", "the document ends before its JSON is complete");
    check("", b"hello", "the document is not JSON");
    check("", &point("01").into_bytes(), "the document is not JSON, in line 1");
    check("", &point("1").as_bytes()[..70], "the document ends before its JSON is complete");
}

/// A body that is not JSON is named by its first bytes.
#[test]
fn a_body_of_another_format_is_named() {
    let server = Server::start();
    let sample = of_value("1");
    let html = b"\n<!DOCTYPE html>\n<HTML><body>".as_slice();
    for (body, expected) in [
        (&gzip(sample.as_bytes())[..], "this is gzip: compress it once, and say so with `Content-Encoding: gzip`"),
        (&zstd(sample.as_bytes()), "this is zstd"),
        (&zlib(sample.as_bytes()), "this is zlib"),
        (b"PK\x03\x04rest", "this is a ZIP archive"),
        (b"bplist00rest", "this is a property list"),
        (b"--boundary\r\nContent-Disposition: form-data", "this is a form (multipart)"),
        (&html[1..], "this is an HTML page"),
        (b"<html>", "this is an HTML page"),
        (b"<?xml version=\"1.0\"?><HealthData>", "this is XML"),
        (b"<?xml version=\"1.0\"?><!DOCTYPE plist PUBLIC", "this is a property list"),
    ] {
        let answer = server.post(body);
        assert!(answer.status == 400 && detail(&answer).contains(expected), "{expected}: {answer:?}");
        assert_eq!([answer.field("stored"), answer.field("offset")], [json!(0), json!(0)], "{answer:?}");
    }
    assert_eq!(server.one("SELECT count(*) FROM uploads"), json!(0));
    // Once more inside what the header names.
    let twice = gzip(&gzip(sample.as_bytes()));
    let answer = server.connect().post(&[("Content-Encoding", "gzip")], &twice);
    assert!(detail(&answer).contains("this is gzip"), "{answer:?}");
    for other in ["hello", "(", "P", "xyz"] {
        assert!(detail(&server.post(other)).contains("the document is not JSON"), "{other}");
    }
}

/// Wherever a body is cut, it ends too early, and has no other fault.
#[test]
fn a_cut_body_ends_too_early() {
    let body = r#"{"data":{"notes":[{"a":true,"b":[null,-1.5e3],"c":"\u00e9"},7] ,"HKQuantityTypeIdentifierHeartRate" : [],"x":false}}"#;
    for lift in [true, false] {
        for end in 1..body.len() {
            let read = Transcript::of(&body.as_bytes()[..end], Options { lift, ..Options::default() });
            let message = read.outcome.expect_err(&body[..end]).message;
            assert_eq!(message, "the document ends before its JSON is complete", "{}", &body[..end]);
        }
    }
    for fault in [
        r#"{"data" 1}"#,
        r#"{"data"}"#,
        r#"{"data":{"a" "b"}}"#,
        r#"{"data":{"a":trux}}"#,
        r#"{"data":{"notes":[{"a" 1}]}}"#,
    ] {
        let read = Transcript::of(fault.as_bytes(), Options::default());
        assert!(read.outcome.unwrap_err().message.contains("not JSON"), "{fault}");
    }
}

/// Documents of two apps in one body would be read by one reader.
#[test]
fn documents_of_two_apps_are_not_mixed() {
    let (sample, point) = (of_value("1"), point("1"));
    for (first, second) in [(&sample, &point), (&point, &sample)] {
        for body in [format!("{first}\n{second}"), format!("[{first},{second}]")] {
            let server = Server::start();
            let answer = server.post(&body);
            let detail = detail(&answer);
            assert!(answer.status == 400 && detail.contains("keep the documents of each app apart"), "{answer:?}");
            assert_eq!(answer.field("stored"), json!(1), "{answer:?}");
            assert_eq!(server.one("SELECT count(*) FROM other_records"), json!(0));
        }
    }
    let routes = r#"{"data":{"metrics":[]},"workoutRoutes":{}}"#;
    assert_eq!(Server::start().post(routes).status, 200);
}

#[test]
fn a_form_is_refused_as_one() {
    let server = Server::start();
    let post = |kind: &str| server.connect().post(&[("Content-Type", kind)], of_value("1").as_bytes());
    let answer = post("Multipart/Form-Data; boundary=x");
    assert!(answer.status == 415 && detail(&answer).contains("this is a form"), "{answer:?}");
    assert_eq!(post("application/x-www-form-urlencoded").status, 200);
}

#[test]
fn a_number_out_of_range_is_rejected_by_its_name() {
    let server = Server::start();
    let answer = server.post(of_value("-1e400"));
    assert_eq!((answer.status, answer.field("rejected")), (200, json!(1)), "{answer:?}");
    let reason = server.one("SELECT reason FROM rejects");
    assert_eq!(reason, json!("`value` is -1e400: numbers reach from -1.8e308 to 1.8e308"));
}

/// Every document has a known shape, or the answer says which one has none.
#[test]
fn every_document_of_a_body_has_a_known_shape() {
    let check = |body: &str, expected: &str, stored: u64| {
        let server = Server::start();
        let answer = server.post(body);
        let detail = detail(&answer);
        assert!(answer.status == 400 && detail.contains(expected), "{body}: {answer:?}");
        assert_eq!(
            (answer.field("stored"), answer.field("offset").is_u64()),
            (json!(stored), true),
            "{body}: {answer:?}"
        );
        let uploads = rows(&server.database(), "SELECT state FROM uploads");
        let is_entered = stored > 0;
        assert_eq!(uploads.len(), usize::from(is_entered), "{body}: {uploads:?}");
        assert!(!is_entered || uploads[0]["state"] == json!("aborted"), "{body}: {uploads:?}");
    };
    let (sample, point) = (of_value("1"), point("1"));
    check(r#"{"data":null}"#, "`data` is null, not an object", 0);
    check(r#"{"characteristics":null,"x":1}"#, "`characteristics` is null", 0);
    check(r#"[{"data":{}},{"data":null}]"#, "`data` is null", 0);
    check(&format!(r#"{sample}{{"data":null}}"#), "`data` is null", 1);
    check(&format!(r#"{sample}{{"foo":1}}"#), "none of `data`", 1);
    check(&format!("{sample} []"), "an empty array", 1);
    check(&format!("{sample} 5"), "is a number, not an object", 1);
    check("[null]", "an element of the list is null, not an object", 0);
    check("null\nnull\n", "the document is null, not an object", 0);
    for behind in [r#"{"foo":1}"#, "{}", r#"{"data":null}"#] {
        check(&format!("{point}{behind}"), "neither `data` nor a section", 1);
        check(&format!("[{point},{behind}]"), "neither `data` nor a section", 1);
    }
    check(&format!("{point} 5"), "it is a number, not an object", 1);
    for whole in [
        r#"{"data":{}}"#,
        r#"{"data":null,"characteristics":{}}"#,
        &sample,
        &point,
        &format!("{sample}{sample}"),
        &format!("{sample} null"),
        &format!("[null,{sample}]"),
        &format!("null\nnull\n{sample}\nnull\n{sample}"),
        &format!("[null,{point},null]"),
        &format!("null\n{point}\nnull\n"),
    ] {
        let server = Server::start();
        assert_eq!(server.post(whole).status, 200, "{whole}");
    }
}

/// The same faults in files: nothing was sent there.
#[test]
fn an_imported_file_is_no_body() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let check = |name: &str, contents: &[u8], expected: &str| {
        let file = folder.path().join(name);
        fs::write(&file, contents).unwrap();
        let output = run(&["import", "--db", database.to_str().unwrap(), file.to_str().unwrap()]);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.contains(expected), "{expected}: {message}");
        for word in ["the body", "send", "client"] {
            assert!(!message.contains(word), "{word}: {message}");
        }
    };
    let sample = of_value("1");
    let gz = gzip(sample.as_bytes());
    check("a.json.gz", &[&gz[..], b"x"].concat(), "other bytes follow the end of the gzip data");
    check("b.json.gz", &gz[..gz.len() - 3], "the gzip data is cut short");
    check("c.json", &sample.as_bytes()[..60], "the document ends before its JSON is complete");
    check("d.json", b"{x", "the document is not JSON");
    check("e.json", br#"{"data":null,"exportDate":null}"#, "`data` is null");
    check("f.json", point("1").replace("step", "st\\x").as_bytes(), "the document is not JSON, in line 1");
}

/// The holder of the lock is named where the kernel lists it.
#[test]
fn a_locked_database_is_reported_with_its_holder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("health.db");
    let database = path.to_str().unwrap();
    assert!(run(&["token", "new", "--db", database]).status.success());
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let output = run(&["token", "new", "--db", database]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("was locked by ") && !message.contains("send"), "{message}");
    let is_listed =
        fs::read_to_string("/proc/locks").is_ok_and(|locks| locks.contains(&std::process::id().to_string()));
    let holder = format!("(process {})", std::process::id());
    assert!(!is_listed || message.contains(&holder), "{message}");
    other.execute_batch("ROLLBACK").unwrap();
    assert!(run(&["token", "revoke", "1", "--db", database]).status.success());
    assert_eq!(one(&path, "SELECT count(*) FROM tokens"), json!(1));
}
