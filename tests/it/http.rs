//! HTTP: which requests may send, in which form, and how all others are answered.

use std::fs;

use healthsink::model::limits::{BODY_FRAMES, FRAME_BYTES_MAX, INGESTS_MAX, SILENT_BYTES_MAX};
use healthsink::serve::config::Auth;
use healthsink_testdata::Payload;
use healthsink_testkit::compression::{deflate, gzip, zlib, zstd};
use serde_json::{Value, json};

use super::contract::payload;
use healthsink_testkit::http::{PATH, Response, get};
use healthsink_testkit::server::Server;
use healthsink_testkit::wait::wait_until;

/// Panics unless the answer is a problem of RFC 9457 that is complete without a body's position.
fn check_problem(answer: &Response, status: u16, title: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let problem = answer.json();
    let expected = json!({"type": "about:blank", "title": title, "status": status, "detail": problem["detail"]});
    assert_eq!(problem, expected);
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{problem}");
}

fn with_token(header: Option<&str>) -> Server {
    Server::with(|config| {
        let token_file = config.db.with_file_name("token");
        fs::write(&token_file, "s3cret\n").unwrap();
        config.auth = Auth { header: header.map(str::to_owned), token_file: Some(token_file), ..Auth::default() };
    })
}

#[test]
fn uploads_need_the_token_in_the_configured_header() {
    let body = payload("documented");
    let check = |server: &Server, challenge: &str, headers: &[(&str, &str)], expected: u16| {
        let answer = server.connect().post(headers, &body);
        assert_eq!(answer.status, expected, "{headers:?}");
        if expected == 401 {
            check_problem(&answer, 401, "Unauthorized");
            assert_eq!(answer.header("www-authenticate"), Some(challenge), "{answer:?}");
        }
    };
    let bearer = with_token(None);
    let by_bearer = r#"Bearer realm="healthsink""#;
    check(&bearer, by_bearer, &[("Authorization", "Bearer s3cret")], 200);
    check(&bearer, by_bearer, &[("authorization", "bearer s3cret")], 200);
    check(&bearer, by_bearer, &[("Authorization", "Bearer wrong")], 401);
    check(&bearer, by_bearer, &[("X-API-Key", "s3cret")], 401);
    check(&bearer, by_bearer, &[], 401);
    assert_eq!(bearer.count("uploads"), 2, "a request that is refused is no upload");
    let header = with_token(Some("X-API-Key"));
    let by_key = r#"ApiKey realm="healthsink", header="x-api-key""#;
    check(&header, by_key, &[("x-api-key", "s3cret")], 200);
    check(&header, by_key, &[("X-API-Key", "Bearer s3cret")], 401);
    check(&header, by_key, &[("Authorization", "Bearer s3cret")], 401);
    // Wrong tokens do not lock the owner's monitor out.
    assert_eq!(get(header.address, "/healthz").status, 200);
}

/// The server refuses by the head only: it neither asks for the body nor waits for it.
#[test]
fn refusals_come_before_the_body() {
    let server = with_token(None);
    let token = ("Authorization", "Bearer s3cret");
    let check = |method: &str, path: &str, headers: &[(&str, &str)], expected: u16, title: &str| {
        let mut client = server.connect();
        let waits = [("Expect", "100-continue"), ("Content-Length", "1000")];
        let is_chunked = headers.iter().any(|(name, _)| *name == "Transfer-Encoding");
        let has_length = is_chunked || headers.iter().any(|(name, _)| *name == "Content-Length");
        client.head(method, path, &[headers, &waits[..if has_length { 1 } else { 2 }]].concat());
        // If the server had begun to read, `100 Continue` would come first.
        let answer = client.receive();
        check_problem(&answer, expected, title);
        assert_eq!(answer.header("connection"), Some("close"), "what is left of the body is not read");
        client.stop_sending();
        assert!(client.is_closed());
        answer
    };
    check("POST", PATH, &[], 401, "Unauthorized");
    check("POST", PATH, &[("Transfer-Encoding", "chunked")], 401, "Unauthorized");
    check("POST", "/api", &[token], 404, "Not Found");
    check("POST", "/", &[token], 405, "Method Not Allowed");
    check("POST", "/api/health-data/x", &[token], 404, "Not Found");
    let answer = check("PUT", PATH, &[token], 405, "Method Not Allowed");
    assert_eq!(answer.header("allow"), Some("POST, OPTIONS"));
    let answer = check("POST", "/healthz", &[token], 405, "Method Not Allowed");
    assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
    let answer = check("POST", PATH, &[token, ("Content-Encoding", "br")], 415, "Unsupported Media Type");
    assert_eq!(answer.header("accept-encoding"), Some("gzip, deflate, zstd"));
    check("POST", PATH, &[token, ("Content-Encoding", "gzip, gzip")], 415, "Unsupported Media Type");
    check(
        "POST",
        PATH,
        &[token, ("Content-Encoding", "gzip"), ("Content-Encoding", "gzip")],
        415,
        "Unsupported Media Type",
    );
    check("POST", PATH, &[token, ("Content-Length", "3000000000")], 413, "Content Too Large");
    assert_eq!(server.count("uploads"), 0);
}

#[test]
fn a_get_of_the_endpoint_names_post() {
    let server = Server::start();
    let answer = get(server.address, PATH);
    check_problem(&answer, 405, "Method Not Allowed");
    assert_eq!(answer.header("allow"), Some("POST, OPTIONS"));
    check_problem(&get(server.address, "/favicon.ico"), 404, "Not Found");
}

#[test]
fn anyone_may_ask_for_health() {
    let server = with_token(None);
    let answer = get(server.address, "/healthz");
    assert_eq!(answer.status, 200);
    let expected = json!({"ok": true, "version": env!("CARGO_PKG_VERSION"), "uploadsUnderWay": 0, "uploadsWaiting": 0});
    assert_eq!(answer.json(), expected);
}

#[test]
fn another_path_can_be_served() {
    let server = Server::with(|config| config.path = "/me".to_owned());
    check_problem(&server.post("{}"), 404, "Not Found");
    let body = payload("documented");
    let mut client = server.connect();
    client.head("POST", "/me?source=phone", &[("Content-Length", &body.len().to_string())]);
    client.send(&body).unwrap();
    assert_eq!(client.receive().status, 200);
}

#[test]
fn a_body_may_have_a_length_or_come_in_chunks_on_one_connection() {
    let server = Server::start();
    let body = payload("documented");
    let mut client = server.connect();
    let answer = client.post(&[], &body);
    assert_eq!((answer.status, answer.field("new")), (200, json!(6)));
    for size in [1, 7, 1000, 100_000] {
        client.begin_chunked(&[]);
        for chunk in body.chunks(size) {
            client.chunk(chunk).unwrap();
        }
        let answer = client.end_chunked();
        assert_eq!((answer.status, answer.field("unchanged")), (200, json!(6)), "chunks of {size}");
    }
    assert_eq!(server.count("uploads"), 5);
    assert_eq!(server.one("SELECT count(*) FROM uploads WHERE state = 'done' AND body_bytes = 3252"), json!(5));
}

/// The server ignores the body's type: the app always sends JSON, and other senders may not.
#[test]
fn the_server_asks_for_the_body_if_the_client_waits() {
    let server = Server::start();
    let body = payload("documented");
    let mut client = server.connect();
    let length = body.len().to_string();
    client.head("POST", PATH, &[("Expect", "100-continue"), ("Content-Length", &length)]);
    assert_eq!(client.receive().status, 100);
    client.send(&body).unwrap();
    assert_eq!(client.receive().status, 200);
}

#[test]
fn compressed_bodies_are_stored_like_others() {
    let (body, written) = Payload { target_bytes: 300_000, ..Payload::default() }.to_vec();
    let check = |coding: &str, compressed: &[u8]| {
        let server = Server::start();
        let answer = server.connect().post(&[("Content-Encoding", coding)], compressed);
        assert_eq!(answer.status, 200, "{coding}: {answer:?}");
        assert_eq!(answer.field("routePoints"), json!(written.route_points), "{coding}");
        assert_eq!(server.count("samples"), written.samples, "{coding}");
        assert_eq!(server.one("SELECT body_bytes FROM uploads"), json!(body.len()), "{coding}");
    };
    check("identity", &body);
    check("gzip", &gzip(&body));
    check("GZIP", &[gzip(&body[..1000]), gzip(&body[1000..])].concat());
    check("deflate", &zlib(&body));
    check("deflate", &deflate(&body));
    check("zstd", &zstd(&body));
}

#[test]
fn broken_compression_is_400_and_earlier_records_are_stored() {
    let (body, _) = Payload { target_bytes: 300_000, ..Payload::default() }.to_vec();
    let check = |coding: &str, compressed: &[u8], stores: bool| {
        let server = Server::start();
        let answer = server.connect().post(&[("Content-Encoding", coding)], compressed);
        assert_eq!((answer.status, answer.field("title")), (400, json!("Bad Request")), "{coding}: {answer:?}");
        assert!(answer.field("detail").as_str().unwrap().contains(coding), "{answer:?}");
        let stored = server.one(
            "SELECT count(*) + (SELECT count(*) FROM workouts) + (SELECT count(*) FROM medications)
            + (SELECT count(*) FROM medication_doses) + (SELECT count(*) FROM route_points) FROM samples",
        );
        assert_eq!(answer.field("stored"), stored, "{coding}");
        assert_eq!(stored.as_u64() > Some(0), stores, "{coding}: {stored}");
        assert_eq!(server.one("SELECT state FROM uploads"), json!("aborted"));
    };
    check("gzip", &body, false);
    check("zstd", &body, false);
    check("deflate", b"\x78\x9chello", false);
    for (coding, compressed) in [("gzip", gzip(&body)), ("deflate", zlib(&body)), ("zstd", zstd(&body))] {
        check(coding, &compressed[..compressed.len() - 1], true);
        check(coding, &compressed[..compressed.len() * 2 / 3], true);
    }
}

#[test]
fn bodies_are_bounded_before_and_after_decompression() {
    let (body, _) = Payload { target_bytes: 300_000, ..Payload::default() }.to_vec();
    let limit = body.len() as u64 - 1;
    let start = || Server::with(|config| config.body_bytes_max = limit);
    let check = |server: &Server, answer: &Response| {
        assert_eq!((answer.status, answer.field("title")), (413, json!("Content Too Large")), "{answer:?}");
        assert!(answer.field("detail").as_str().unwrap().contains(&format!("longer than {limit} bytes")));
        // Records before the limit are stored.
        assert_eq!(server.one("SELECT state FROM uploads"), json!("aborted"));
        assert!(answer.field("stored").as_u64() > Some(0), "{answer:?}");
    };
    for (coding, compressed) in [("gzip", gzip(&body)), ("deflate", zlib(&body)), ("zstd", zstd(&body))] {
        let server = start();
        let answer = server.connect().post(&[("Content-Encoding", coding)], &compressed);
        check(&server, &answer);
    }
    // A chunked body does not announce its length.
    let server = start();
    let mut client = server.connect();
    client.begin_chunked(&[]);
    for chunk in body.chunks(10_000) {
        if client.chunk(chunk).is_err() {
            break;
        }
    }
    let answer = client.end_chunked();
    check(&server, &answer);
    // One byte more is allowed, and the body is stored.
    let server = Server::with(|config| config.body_bytes_max = body.len() as u64);
    assert_eq!(server.connect().post(&[("Content-Encoding", "gzip")], &gzip(&body)).status, 200);
}

#[test]
fn a_ninth_upload_gets_503_and_the_eight_continue() {
    let server = Server::start();
    let body = payload("documented");
    let mut clients = server.take_all_permits(&body[..1000]);
    let answer = server.post(&body);
    check_problem(&answer, 503, "Service Unavailable");
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds));
    for client in &mut clients {
        client.chunk(&body[1000..]).unwrap();
        assert_eq!(client.end_chunked().status, 200);
    }
    assert_eq!(server.post(&body).status, 200);
    assert_eq!(server.count("uploads"), INGESTS_MAX as u64 + 1);
}

/// The server does not read a malformed body to its end. A client that continues to send still gets the answer, not a reset.
#[test]
fn an_upload_that_cannot_succeed_is_answered_before_its_end() {
    let server = Server::start();
    let mut client = server.connect();
    client.begin_chunked(&[]);
    client.chunk(b"x").unwrap();
    let blank = vec![b' '; FRAME_BYTES_MAX];
    for _ in 0..BODY_FRAMES + 20 {
        let _ = client.chunk(&blank);
    }
    let answer = client.receive();
    assert_eq!((answer.status, answer.field("offset")), (400, json!(0)));
}

#[test]
fn bytes_that_are_not_http_do_no_harm() {
    let server = Server::start();
    for bytes in
        [&b"hello\r\n\r\n"[..], b"POST /api/health-data HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"\x16\x03\x01\x02\x00"]
    {
        let mut client = server.connect();
        client.send(bytes).unwrap();
        client.stop_sending();
        wait_until("the end", || client.skip_to_end().then_some(()));
    }
    let mut client = server.connect();
    let long = "x".repeat(20_000);
    client.head("POST", PATH, &[("X-Long", &long)]);
    assert_eq!(client.receive().status, 431);
    assert_eq!(server.post(payload("documented")).status, 200);
    assert_eq!(server.count("uploads"), 1);
    assert_eq!(server.one("SELECT error FROM uploads"), Value::Null);
}

/// Each member is complete and empty, so neither the unpacked length nor a pause would ever end such a body.
#[test]
fn a_body_that_unpacks_to_nothing_is_ended() {
    let server = Server::start();
    let gzip = gzip(b"");
    let skippable = b"\x50\x2a\x4d\x18\x04\0\0\0skip";
    for (coding, piece) in [("gzip", &gzip[..]), ("zstd", skippable)] {
        let mut client = server.connect();
        client.begin_chunked(&[("Content-Encoding", coding)]);
        let pieces = piece.repeat((64 << 10) / piece.len());
        // The server ends it much earlier.
        for _ in 0..8 * SILENT_BYTES_MAX / pieces.len() {
            if client.chunk(&pieces).is_err() {
                break;
            }
        }
        let answer = client.receive();
        let detail = answer.field("detail");
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(detail.as_str().unwrap().contains("unpack to nothing"), "{coding}: {detail}");
    }
}

#[test]
fn bytes_after_a_deflate_stream_are_an_error() {
    let server = Server::start();
    let body = zlib(&payload("documented"));
    let answer = server.connect().post(&[("Content-Encoding", "deflate")], &body.repeat(2));
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(answer.field("detail").as_str().unwrap().contains("other bytes follow the end of the deflate data"));
    assert_eq!(server.connect().post(&[("Content-Encoding", "deflate")], &body).status, 200);
}

/// A name with a user before it is another machine's name, however it ends.
#[test]
fn only_bare_names_of_this_machine_count_as_local() {
    let server = Server::start();
    let ask = |line: &str, host: &str| {
        let mut client = server.connect();
        client
            .send(format!("{line}\r\nHost: {host}\r\nContent-Length: 11\r\n\r\n{{\"data\":{{}}}}").as_bytes())
            .unwrap();
        client.receive().status
    };
    let relative = format!("POST {PATH} HTTP/1.1");
    let absolute = |authority: &str| format!("POST http://{authority}{PATH} HTTP/1.1");
    assert_eq!(ask(&relative, "localhost"), 200);
    assert_eq!(ask(&absolute("localhost"), "localhost"), 200);
    assert_eq!(ask(&relative, "evil.example@localhost"), 401);
    assert_eq!(ask(&absolute("evil.example@localhost"), "localhost"), 401);
}

/// RFC 9112: such a request is malformed, also from this machine.
#[test]
fn a_request_has_one_host_and_no_other_transfer_coding() {
    let server = Server::start();
    let check = |headers: &str, expected: u16| {
        let mut client = server.connect();
        let body = b"b\r\n{\"data\":{}}\r\n0\r\n\r\n";
        client.send(format!("POST {PATH} HTTP/1.1\r\n{headers}\r\n").as_bytes()).unwrap();
        let _ = client.send(body);
        let answer = client.receive();
        assert_eq!(answer.status, expected, "{headers:?}: {answer:?}");
    };
    check("Host: localhost\r\nTransfer-Encoding: chunked\r\n", 200);
    check("Host: localhost\r\nTransfer-Encoding: Chunked \r\n", 200);
    check("Transfer-Encoding: chunked\r\n", 400);
    check("Host: localhost\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n", 400);
    for coding in ["gzip, chunked", "chunked, chunked", "identity, chunked"] {
        check(&format!("Host: localhost\r\nTransfer-Encoding: {coding}\r\n"), 501);
    }
    check("Host: localhost\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", 501);
    assert_eq!(server.count("uploads"), 2, "only the first two");
}
