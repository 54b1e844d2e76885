//! Malformed requests. Each gets a documented answer or a close, and nothing hidden behind one is ever read as another
//! request.

use std::io::Write;
use std::net::{Shutdown, TcpStream};

use serde_json::json;

use super::site::{Site, rest_of};
use healthsink_testkit::database::one;

/// A body that would be stored if the server read it as a request.
const HIDDEN: &str = "5AFE0000-0000-4000-8000-000000000001";

fn sample(uuid: &str) -> String {
    format!(
        r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{{"uuid":"{uuid}","value":1,"startDate":"2026-01-01T00:00:00.000Z"}}]}}}}"#
    )
}

/// Sends bytes, then closes the sending side. Returns the status codes of all answers.
fn exchange(site: &Site, bytes: &[u8]) -> Vec<u16> {
    let stream = site.socket(b"");
    // Bytes that the server does not read must not keep this client from reading the answer.
    let mut writer: TcpStream = stream.try_clone().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let _ = writer.write_all(bytes).and_then(|()| writer.shutdown(Shutdown::Write));
        });
        statuses(&rest_of(&stream))
    })
}

fn statuses(answers: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(answers);
    text.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].parse().unwrap()).collect()
}

#[expect(clippy::too_many_lines, reason = "a table")]
/// The name of each shape, its bytes behind the head of a request with a token, and the expected answers.
fn smuggled(site: &Site) -> Vec<(&'static str, String, &'static [u16])> {
    let body = sample("00000000-0000-4000-8000-000000000001");
    let length = body.len();
    let chunked = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
    let secret = sample(HIDDEN);
    let hidden = format!("{}Content-Length: {}\r\n\r\n{secret}", site.head(), secret.len());
    let all = length + hidden.len();
    let short = body.len() - 10;
    vec![
        (
            "the same length twice",
            format!("Content-Length: {length}\r\nContent-Length: {length}\r\n\r\n{body}"),
            &[200],
        ),
        ("two lengths", format!("Content-Length: {length}\r\nContent-Length: {all}\r\n\r\n{body}{hidden}"), &[400]),
        (
            "two lengths, the other way",
            format!("Content-Length: {all}\r\nContent-Length: {length}\r\n\r\n{body}{hidden}"),
            &[400],
        ),
        ("a list of lengths", format!("Content-Length: {length}, {all}\r\n\r\n{body}{hidden}"), &[400]),
        (
            "length and chunks",
            format!("Content-Length: {all}\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}{hidden}"),
            &[200],
        ),
        (
            "chunks and length",
            format!("Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n\r\n{chunked}{hidden}"),
            &[200],
        ),
        (
            "no chunks and length",
            format!("Content-Length: {all}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"),
            &[400],
        ),
        ("a body that is too short", format!("Content-Length: {short}\r\n\r\n{body}{hidden}"), &[400]),
        ("chunked twice in a line", format!("Transfer-Encoding: chunked, chunked\r\n\r\n{chunked}{hidden}"), &[501]),
        ("chunked in other letters", format!("Transfer-Encoding: Chunked\r\n\r\n{chunked}{hidden}"), &[200, 200]),
        ("xchunked", format!("Content-Length: {length}\r\nTransfer-Encoding: xchunked\r\n\r\n{body}{hidden}"), &[400]),
        (
            "chunked, then not",
            format!("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n{chunked}{hidden}"),
            &[400],
        ),
        ("chunked and a vertical tab", format!("Transfer-Encoding: \x0bchunked\r\n\r\n{chunked}{hidden}"), &[400]),
        (
            "space before the colon",
            format!("Transfer-Encoding : chunked\r\nContent-Length: {all}\r\n\r\n{chunked}{hidden}"),
            &[400],
        ),
        (
            "a folded line",
            format!("X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: {all}\r\n\r\n{chunked}{hidden}"),
            &[400],
        ),
        ("a folded value", format!("Transfer-Encoding:\r\n chunked\r\n\r\n{chunked}{hidden}"), &[400]),
        ("chunks that are negative", format!("Transfer-Encoding: chunked\r\n\r\n-1\r\n{hidden}"), &[400]),
        ("chunks with a plus", format!("Transfer-Encoding: chunked\r\n\r\n+{chunked}{hidden}"), &[400]),
        ("chunks with 0x", format!("Transfer-Encoding: chunked\r\n\r\n0x{chunked}{hidden}"), &[400]),
        (
            "a chunk without a size",
            format!("Transfer-Encoding: chunked\r\n\r\n\r\n{body}\r\n0\r\n\r\n{hidden}"),
            &[400],
        ),
        (
            "a chunk that is too long to be",
            format!("Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{hidden}"),
            &[400],
        ),
        (
            "a chunk that is longer than it says",
            format!("Transfer-Encoding: chunked\r\n\r\n5\r\n{body}\r\n0\r\n\r\n{hidden}"),
            &[400],
        ),
        (
            "a chunk that ends without a line",
            format!("Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}0\r\n\r\n{hidden}"),
            &[400],
        ),
        (
            "a chunk's size that ends in a bare LF",
            format!("Transfer-Encoding: chunked\r\n\r\n{length:x}\n{body}\r\n0\r\n\r\n{hidden}"),
            &[400],
        ),
        (
            "a huge chunk extension",
            format!(
                "Transfer-Encoding: chunked\r\n\r\n{length:x};{}\r\n{body}\r\n0\r\n\r\n{hidden}",
                "x".repeat(1 << 20)
            ),
            &[400],
        ),
        (
            "many chunk extensions",
            format!(
                "Transfer-Encoding: chunked\r\n\r\n{}{hidden}",
                "1;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n \r\n".repeat(10_000)
            ),
            &[400],
        ),
        (
            "huge trailers",
            format!(
                "Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\nX: {}\r\n\r\n{hidden}",
                "x".repeat(1 << 20)
            ),
            &[400],
        ),
        (
            "many trailers",
            format!(
                "Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n{}\r\n{hidden}",
                "X: y\r\n".repeat(1000)
            ),
            &[400],
        ),
        (
            "a length in trailers",
            format!("Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\nContent-Length: {all}\r\n\r\n"),
            &[200],
        ),
    ]
}

/// The same for single requests: how each begins, and the expected answers.
fn malformed(site: &Site) -> Vec<(&'static str, String, &'static [u16])> {
    let head = site.head();
    let with = |rest: &str| format!("{head}{rest}");
    let lengths =
        ["-1", "+5", "0x5", "5 5", "", "5,", "18446744073709551616", "99999999999999999999999", "5\u{a0}", "५"];
    let mut all: Vec<(&str, String, &[u16])> = lengths
        .iter()
        .map(|length| {
            ("a length that is not a number", with(&format!("Content-Length: {length}\r\n\r\nhello")), &[400][..])
        })
        .collect();
    let more: [(&str, String, &[u16]); 24] = [
        ("a length beyond the limit", with("Content-Length: 9999999999999\r\n\r\n"), &[413]),
        ("a length that nothing can have", with("Content-Length: 18446744073709551615\r\n\r\n"), &[413, 431]),
        ("a NUL in a value", with("X: a\0b\r\n\r\n"), &[400]),
        ("a NUL in a name", with("X\0: a\r\n\r\n"), &[400]),
        ("a bare CR in a value", with("X: a\rb\r\n\r\n"), &[400]),
        ("no colon", with("hello\r\n\r\n"), &[400]),
        ("no name", with(": hello\r\n\r\n"), &[400]),
        ("space in a name", with("X Y: hello\r\n\r\n"), &[400]),
        ("bytes that are no ASCII in a name", with("Ü: hello\r\n\r\n"), &[400]),
        ("headers of 20 kB", with(&format!("X: {}\r\n\r\n", "x".repeat(20_000))), &[431]),
        ("headers of 16 MB", with(&format!("X: {}\r\n\r\n", "x".repeat(16 << 20))), &[431]),
        ("101 headers", with(&format!("{}\r\n", "X: y\r\n".repeat(101))), &[431]),
        ("100,000 headers", with(&format!("{}\r\n", "X: y\r\n".repeat(100_000))), &[431]),
        ("a path of 100 kB", format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(100_000)), &[414, 431]),
        ("a path of 16 MB", format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(16 << 20)), &[414, 431]),
        ("a method of 100 kB", format!("{} / HTTP/1.1\r\n\r\n", "X".repeat(100_000)), &[400, 431]),
        ("HTTP/0.9", "GET /\r\n\r\n".to_owned(), &[400]),
        ("HTTP/3.0", "GET /healthz HTTP/3.0\r\n\r\n".to_owned(), &[400]),
        (
            "chunks by HTTP/1.0",
            head.replace("/1.1\r", "/1.0\r") + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            &[400],
        ),
        ("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), &[400]),
        ("CONNECT", "CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), &[404]),
        ("TRACE", "TRACE /api/health-data HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), &[405]),
        (
            "an upgrade",
            with(
                "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: 2\r\n\r\n{}",
            ),
            &[400],
        ),
        ("an empty body", with("\r\n"), &[400]),
    ];
    all.extend(more);
    // Bytes that are not a request.
    let junk =
        ["\r\n".repeat(100_000), "\0".repeat(100_000), "\u{1}\u{2}".repeat(1000), "\n".to_owned(), String::new()];
    all.extend(junk.map(|junk| ("junk", junk, &[400, 431][..])));
    all
}

#[test]
fn each_malformed_request_is_answered_or_closed_and_hides_nothing() {
    let site = Site::start();
    let mut wrong = Vec::new();
    let (shapes, bytes) = site.beside(|| {
        let mut shapes = smuggled(&site);
        for (_, rest, _) in &mut shapes {
            rest.insert_str(0, &site.head());
        }
        // Smuggled requests get exactly these statuses. Single requests get one of theirs, or a close.
        for (name, bytes, expected) in &shapes {
            let answers = exchange(&site, bytes.as_bytes());
            if answers != *expected {
                wrong.push(format!("{name}: {answers:?}, not {expected:?}"));
            }
        }
        let single = malformed(&site);
        for (name, bytes, expected) in &single {
            let answers = exchange(&site, bytes.as_bytes());
            if answers.len() > 1 || answers.iter().any(|status| !expected.contains(status)) {
                wrong.push(format!("{name}: {answers:?}, none of {expected:?}"));
            }
        }
        let bytes: usize = shapes.iter().chain(&single).map(|(_, bytes, _)| bytes.len()).sum();
        (shapes.len() + single.len(), bytes)
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
    let hidden = format!("SELECT count(*) FROM sample_details WHERE uuid = '{HIDDEN}'");
    // The only shape whose end is beyond doubt, with an ordinary request behind it.
    assert_eq!(one(&site.database(), &hidden), json!(1));
    println!("{shapes} shapes, {bytes} bytes");
    site.check_memory(2, 1, 0);
}

/// Pipelined requests are answered in order, and each upload among them is stored once.
#[test]
fn pipelined_requests_are_answered_in_order() {
    let site = Site::start();
    let mut bytes = String::new();
    for number in 0..50 {
        let body = sample(&format!("00000000-0000-4000-8000-{number:012}"));
        bytes += &format!("{}Content-Length: {}\r\n\r\n{body}", site.head(), body.len());
    }
    bytes += "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    bytes += "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n";
    let answers = site.beside(|| exchange(&site, bytes.as_bytes()));
    // Requests that need no token close the connection after one answer.
    assert_eq!(answers, [200; 51]);
    let own =
        "SELECT count(*) FROM uploads u JOIN persons p ON p.id = u.person_id WHERE p.name = 'bad' AND state = 'done'";
    assert_eq!(one(&site.database(), own), json!(50));
    site.check_memory(2, 0, 0);
}
