//! What keeps a phone out: one line in the log for each cause, with the remedy, and the last of each in `status`.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};

use super::contract::payload;
use super::tokens::new;
use crate::program::{Program, command, run};
use healthsink_testkit::http::{Client, PATH};
use healthsink_testkit::tls::{Authority, HTTP1, Tls};
use healthsink_testkit::wait::{PATIENCE, wait_until};

/// A server with a token, and the token.
fn start(folder: &Path, arguments: &[&str]) -> (Program, String) {
    let database = folder.join("health.db");
    let token = new(&database, "anna");
    let mut serve = command();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--db"]).arg(database).args(arguments);
    (Program::start(&mut serve), token)
}

fn status(folder: &Path, arguments: &[&str]) -> String {
    let database = folder.join("health.db");
    let output = run(&[&["status", "--db", database.to_str().unwrap()], arguments].concat());
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn obstacles(folder: &Path) -> Vec<Value> {
    let status: Value = serde_json::from_str(&status(folder, &["--json"])).unwrap();
    status["obstacles"].as_array().unwrap().clone()
}

/// Sends a request and returns the status of its answer.
fn send(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> u16 {
    let length = body.len().to_string();
    let mut client = Client::connect(address);
    client.head(method, path, &[headers, &[("Content-Length", length.as_str())]].concat());
    let _ = client.send(body.as_bytes());
    client.receive().status
}

/// Waits for the line of a cause, and for `status` to show it. Panics if the cause has a second line.
fn check_line(program: &Program, folder: &Path, kind: &str, parts: &[&str]) {
    let line = program.wait_for_line("refused: ");
    assert!(line.contains("WARN") && line.contains("127.0.0.1"), "{kind}: {line}");
    assert!(parts.iter().all(|part| line.contains(part)), "{kind}: {line}");
    let message = line.split("refused: ").nth(1).unwrap().split(" peer=").next().unwrap();
    let of_kind = || obstacles(folder).into_iter().find(|obstacle| obstacle["kind"] == kind);
    // The first one of each kind is written at once.
    let is_first = obstacles(folder).is_empty();
    let written = wait_until(kind, of_kind);
    if is_first {
        assert_eq!([&written["message"], &written["address"]], [&json!(message), &json!("127.0.0.1")]);
        assert!(written["secondsAgo"].as_i64().is_some_and(|seconds| (0..60).contains(&seconds)), "{written}");
    }
}

#[test]
fn what_keeps_a_phone_out_is_a_line_with_its_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let (mut program, token) = start(folder.path(), &["--max-body", "1M"]);
    let revoked = new(&folder.path().join("health.db"), "ben");
    let revoke = run(&["token", "revoke", "--db", folder.path().join("health.db").to_str().unwrap(), "2"]);
    assert!(revoke.status.success());
    let [bearer, dead, typo] = [&token, &revoked, &token.replace("hs_", "hs-")].map(|token| format!("Bearer {token}"));
    let good = ("Authorization", bearer.as_str());
    let unknown = format!("Bearer hs_{}", "a".repeat(32));
    let check = |(method, path): (&str, &str), headers: &[(&str, &str)], code: u16, kind: &str, parts: &[&str]| {
        for _ in 0..2 {
            let answered = send(program.address, method, path, headers, "{}");
            assert!(answered == code || code == 401 && answered == 429, "{kind}: {answered}");
        }
        let code = code.to_string();
        check_line(&program, folder.path(), kind, &[parts, &[code.as_str()]].concat());
    };
    let post = ("POST", PATH);
    let endpoint = "the endpoint path /api/health-data";
    check(("POST", "/api/health-dat?token=x"), &[good], 404, "unknownPath", &["POST /api/health-dat:", endpoint]);
    check(("PUT", PATH), &[good], 405, "wrongMethod", &["PUT /api/health-data:", endpoint]);
    check(("GET", PATH), &[good], 405, "browserVisit", &["GET /api/health-data: a browser has asked", "POST"]);
    check(("POST", "/"), &[good], 405, "wrongPath", &["POST /:", endpoint]);
    check(post, &[good, ("Host", "twice"), ("Host", "here")], 400, "malformedRequest", &["one Host header"]);
    check(post, &[], 401, "noHeader", &["Authorization is missing", "choose Bearer"]);
    check(post, &[("Authorization", token.as_str())], 401, "notBearer", &["not `Bearer TOKEN`", "choose Bearer"]);
    check(post, &[("X-API-Key", token.as_str())], 401, "otherHeader", &["in the header x-api-key", "choose Bearer"]);
    check(post, &[("Authorization", &dead)], 401, "revokedToken", &["token 2 is revoked", "healthsink token new"]);
    check(post, &[("Authorization", &unknown)], 401, "unknownToken", &["the token is unknown"]);
    check(post, &[good, ("Content-Encoding", "br")], 415, "unknownCoding", &["Content-Encoding br is unknown", "gzip"]);
    let form = ("Content-Type", "multipart/form-data; boundary=x");
    check(post, &[good, form], 415, "form", &["a form"]);
    let mut client = Client::connect(program.address);
    client.head("POST", PATH, &[good, ("Content-Length", "2000000")]);
    assert_eq!(client.receive().status, 413);
    check_line(&program, folder.path(), "tooLong", &["too long a body (413)", "1048576"]);
    // A browser's icon, a question for methods, and a token with a slip of the finger: no line of another kind.
    assert_eq!(send(program.address, "GET", "/favicon.ico", &[], ""), 404);
    assert_eq!(send(program.address, "OPTIONS", PATH, &[], ""), 204);
    assert!([401, 429].contains(&send(program.address, "POST", PATH, &[("Authorization", &typo)], "{}")));
    // Uploads have another line.
    let compressed = healthsink_testkit::compression::gzip(br#"{"data":{}}"#);
    assert_eq!(Client::connect(program.address).post(&[good], &compressed).status, 400);
    assert!(program.wait_for_line("WARN").contains("this is gzip: compress it once"), "its own line");
    assert_eq!(Client::connect(program.address).post(&[good], &payload("documented")).status, 200);
    program.terminate();
    assert!(program.wait().success());
    let lines = program.lines_so_far();
    assert_eq!(lines.iter().filter(|line| line.contains("refused: ")).count(), 13, "{lines:#?}");
    let all: Vec<Value> = obstacles(folder.path());
    assert_eq!(all.len(), 14, "{all:#?}");
    assert!(all.iter().any(|obstacle| obstacle["kind"] == "badBody"), "{all:#?}");
    let text = status(folder.path(), &[]);
    assert!(text.contains("kept out, the last of each kind"), "{text}");
    assert!(text.contains("from 127.0.0.1: 404 for POST /api/health-dat: the app posts to"), "{text}");
    let file = fs::read(folder.path().join("health.db-obstacles")).unwrap();
    let mode = fs::metadata(folder.path().join("health.db-obstacles")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let said = lines.join("\n") + &String::from_utf8(file).unwrap();
    assert!([&token, &revoked].iter().all(|token| !said.contains(&token[3..])), "{said}");
}

/// The words are those of the app's other way to authenticate.
#[test]
fn a_custom_header_is_named_in_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let (program, token) = start(folder.path(), &["--auth-header", "X-API-Key"]);
    let check = |headers: &[(&str, &str)], kind: &str, parts: &[&str]| {
        assert_eq!(send(program.address, "POST", PATH, headers, "{}"), 401);
        check_line(&program, folder.path(), kind, parts);
    };
    let remedy = "choose Custom Header, name it x-api-key";
    check(&[], "noHeader", &["the header x-api-key is missing", remedy]);
    check(&[("Authorization", &format!("Bearer {token}"))], "otherHeader", &["in the header authorization", remedy]);
}

#[test]
fn https_to_the_plain_port_is_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let (program, _) = start(folder.path(), &[]);
    assert!(Tls::connect(program.address, Authority::new().client(HTTP1)).is_err());
    check_line(&program, folder.path(), "httpsToPlainPort", &["speaks HTTPS", "begin the base URL with http:"]);
}

/// The start of a handshake of TLS 1.2: a version, 32 random bytes, one cipher, no extension.
fn hello_of_tls12() -> Vec<u8> {
    let hello = [&[3, 3][..], &[7; 32], &[0, 0, 2, 0xc0, 0x2b, 1, 0]].concat();
    let length = u8::try_from(hello.len()).unwrap();
    [&[0x16, 3, 1, 0, length + 4, 1, 0, 0, length][..], &hello].concat()
}

#[test]
fn a_handshake_that_fails_is_a_line_with_its_cause() {
    let folder = tempfile::tempdir().unwrap();
    let files = Authority::new().issue().write(folder.path());
    let [cert, key] = [&files.cert, &files.key].map(|path| path.to_str().unwrap());
    let (mut program, _) = start(folder.path(), &["--tls-cert", cert, "--tls-key", key]);
    for _ in 0..3 {
        assert!(Tls::connect(program.address, Authority::new().client(HTTP1)).is_err(), "another issuer");
    }
    let parts = ["does not accept the certificate (", "as a profile with full trust"];
    check_line(&program, folder.path(), "untrustedCertificate", &parts);
    let send = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(program.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        // The end of the connection, after at most an alert or an answer.
        let mut answer = [0; 1024];
        while stream.read(&mut answer).is_ok_and(|bytes| bytes > 0) {}
    };
    send(&hello_of_tls12());
    check_line(&program, folder.path(), "oldTls", &["TLS 1.2 or older", "TLS 1.3 only"]);
    send(&hello_of_tls12()[..20]);
    check_line(&program, folder.path(), "endedHandshake", &["left during the TLS handshake"]);
    send(b"\x16\x03\x01\x00\x05hello");
    check_line(&program, folder.path(), "failedHandshake", &["the TLS handshake failed"]);
    send(b"POST /api/health-data HTTP/1.1\r\n\r\n");
    check_line(&program, folder.path(), "plainHttp", &["speaks plain HTTP", "begin the base URL with https:"]);
    // Monitors open a port and send nothing.
    send(b"");
    program.terminate();
    assert!(program.wait().success());
    let lines = program.lines_so_far();
    assert_eq!(lines.iter().filter(|line| line.contains("refused: ")).count(), 5, "{lines:#?}");
    assert_eq!(obstacles(folder.path()).len(), 5);
}

/// A program that writes beside the database could also change it, but a terminal must not suffer.
#[test]
fn a_file_of_obstacles_that_is_not_ours_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    new(&folder.path().join("health.db"), "anna");
    let file = folder.path().join("health.db-obstacles");
    for (content, expected) in [
        (r#"[{"kind":"x","lastMs":9223372036854775807,"address":"\u001b[2J","message":"\u202e\u001b]0;x\u0007"}]"#, 1),
        (r#"[{"kind":"x","lastMs":0,"address":"","message":"old"}]"#, 0),
        ("[", 0),
    ] {
        fs::write(&file, content).unwrap();
        let text = status(folder.path(), &[]);
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{text:?}");
        assert_eq!(text.matches(" from ").count(), expected, "{text}");
        assert!(serde_json::from_str::<Value>(&status(folder.path(), &["--json"])).is_ok(), "{content}");
    }
}

#[test]
fn the_line_has_the_code_of_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::serve(&folder.path().join("health.db"));
    let mut client = Client::connect(program.address);
    client.head("POST", PATH, &[("Transfer-Encoding", "gzip, chunked")]);
    assert_eq!(client.receive().status, 501);
    let line = program.wait_for_line("refused: ");
    assert!(line.contains("501 for POST /api/health-data: this Transfer-Encoding is unknown"), "{line}");
}

/// The name of a section is as long as its sender wants.
#[test]
fn long_names_of_sections_are_cut_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::serve(&folder.path().join("health.db"));
    let body = format!("{{\"data\":{{\"{}\":[{{\"a\":\u{1}}}]}}}}", "ü".repeat(3000));
    let answer = Client::connect(program.address).post(&[], body.as_bytes());
    assert_eq!(answer.status, 400, "{answer:?}");
    let line = program.wait_for_line("ü");
    assert!(line.contains("ü…`") && line.chars().filter(|letter| *letter == 'ü').count() == 32, "{line}");
}
