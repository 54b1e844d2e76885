//! Log lines: one for each upload, as text or JSON, without health data; and a standard error that no program reads.

use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use healthsink::model::limits::LOG_LINES_WAITING_MAX;
use serde_json::{Value, json};

use super::contract::payload;
use super::tokens::new;
use crate::program::{Program, command};
use healthsink_testkit::http::{Client, get};
use healthsink_testkit::wait::wait_until;

fn serve(folder: &std::path::Path, arguments: &[&str]) -> Program {
    let mut serve = command();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--db"]).arg(folder.join("health.db")).args(arguments);
    Program::start(&mut serve)
}

#[test]
fn each_upload_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = serve(folder.path(), &["--log-format", "json"]);
    let body = payload("documented");
    let mut client = Client::connect(program.address);
    client.post(&[], &body);
    Client::connect(program.address).post(&[], &body[..1000]);
    drop(client);
    program.terminate();
    assert!(program.wait().success());
    let lines: Vec<Value> = program
        .lines_so_far()
        .iter()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let uploads: Vec<&Value> = lines.iter().filter(|line| line["message"] == "upload").collect();
    let [stored, aborted] = uploads[..] else { panic!("{lines:#?}") };
    for (name, value) in [
        ("level", json!("INFO")),
        ("result", json!("stored")),
        ("status", json!(200)),
        ("upload", json!(1)),
        ("bytes", json!(body.len())),
        ("records", json!(5)),
        ("route_points", json!(1)),
        ("new", json!(6)),
        ("updated", json!(0)),
        ("unchanged", json!(0)),
        ("merged", json!(0)),
        ("rejected", json!(0)),
    ] {
        assert_eq!(stored[name], value, "{name}: {stored}");
    }
    assert!(stored["peer"] == json!("127.0.0.1") && stored["duration_ms"].is_u64(), "{stored}");
    assert_eq!(
        [&aborted["level"], &aborted["result"], &aborted["status"]],
        [&json!("WARN"), &json!("aborted"), &json!(400)]
    );
    assert!(aborted["error"].as_str().unwrap().contains("ends before"), "{aborted}");
    let messages: Vec<&str> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert!(messages.iter().any(|message| message.starts_with("stopping")), "{messages:?}");
    assert!(messages.last().unwrap().starts_with("stopped"), "{messages:?}");
}

/// A program that reads the log can read why the program ended.
#[test]
fn the_last_error_is_a_line_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let mut arguments = vec!["status", "--db"];
    let missing = folder.path().join("none.db");
    arguments.push(missing.to_str().unwrap());
    let said = |more: &[&str]| {
        let output = command().args(&arguments).args(more).output().unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
        String::from_utf8(output.stderr).unwrap()
    };
    let text = said(&[]);
    let error = text.strip_prefix("healthsink: ").unwrap().trim_end();
    let line: Value = serde_json::from_str(&said(&["--log-format", "json"])).unwrap();
    assert_eq!([&line["level"], &line["message"]], [&json!("ERROR"), &json!(error)]);
    // Without a log it is still said.
    assert_eq!(said(&["--log-format", "json", "--log-level", "off"]), text);
}

/// The line has the person's name and the token's number.
#[test]
fn an_upload_with_a_token_is_logged_with_its_person() {
    let folder = tempfile::tempdir().unwrap();
    let token = new(&folder.path().join("health.db"), "anna");
    let mut program = serve(folder.path(), &["--log-format", "json"]);
    let bearer = format!("Bearer {token}");
    for body in [&payload("documented")[..], b"{"] {
        Client::connect(program.address).post(&[("Authorization", &bearer)], body);
    }
    program.terminate();
    program.wait();
    let lines = program.lines_so_far();
    let uploads: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let uploads: Vec<&Value> = uploads.iter().filter(|line: &&Value| line["message"] == "upload").collect();
    assert_eq!(uploads.len(), 2, "{lines:#?}");
    for upload in uploads {
        assert_eq!([&upload["person"], &upload["token_id"]], [&json!("anna"), &json!(1)], "{upload}");
    }
    assert!(lines.iter().all(|line| !line.contains(&token[3..])), "{lines:#?}");
}

/// Posts in a loop, and returns the lines that are neither of the start nor of the end.
fn lines_of_refusals(arguments: &[&str], has_token: bool, post: impl Fn(&Program, &str)) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let token = if has_token { new(&folder.path().join("health.db"), "anna") } else { String::new() };
    let mut program = serve(folder.path(), arguments);
    for _ in 0..20 {
        post(&program, &token);
    }
    program.terminate();
    assert!(program.wait().success());
    let is_of_client = |line: &String| line.contains("peer=");
    program.lines_so_far().into_iter().filter(is_of_client).collect()
}

/// A client that is kept out, and one that needs no token, fill no disk with lines.
#[test]
fn refusals_are_one_line_a_minute() {
    let check =
        |name: &str, arguments: &[&str], has_token: bool, headers: &[(&str, &str)], body: &[u8], status: u16| {
            let lines = lines_of_refusals(arguments, has_token, |program, token| {
                let bearer = format!("Bearer {token}");
                let headers = [headers, &[("Authorization", bearer.as_str())]].concat();
                let answered = Client::connect(program.address).post(&headers, body).status;
                assert!(answered == status || status == 401 && answered == 429, "{name}: {answered}");
            });
            assert_eq!(lines.len(), 1, "{name}: {lines:#?}");
        };
    let data = br#"{"data":{}}"#;
    check("wrong token", &[], true, &[("Authorization", "Bearer x")], data, 401);
    check("too long", &["--max-body", "5"], true, &[], data, 413);
    check("unknown coding", &[], true, &[("Content-Encoding", "br")], data, 415);
    check("no JSON", &[], false, &[], b"{", 400);
    check("no payload", &[], false, &[], b"{}", 400);
    check("no gzip", &[], false, &[("Content-Encoding", "gzip")], data, 400);
}

#[test]
fn the_level_decides_what_is_logged() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = serve(folder.path(), &["--log-level", "debug"]);
    let mut client = Client::connect(program.address);
    client.send(b"no HTTP\r\n\r\n").unwrap();
    program.wait_for_line("DEBUG");
    program.terminate();
    program.wait();

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let mut quiet = command();
    quiet.args(["serve", "--listen", &listen, "--log-level", "off", "--db"]).arg(folder.path().join("health.db"));
    let output = quiet.output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    // The message that ends the program is printed at every level.
    assert!(message.starts_with("healthsink: cannot listen") && message.lines().count() == 1, "{message}");
}

/// Values, metadata and names of sources must not be in any line, neither of good uploads nor of bad ones.
#[test]
fn no_line_contains_health_data() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "s3cret-t0ken\n").unwrap();
    let mut program = serve(folder.path(), &["--log-level", "debug", "--token-file", token.to_str().unwrap()]);
    let marked = |fault: &str| {
        format!(
            r#"{{"data":{{"HKQuantityTypeIdentifierT":[{{"uuid":"00000000-0000-4000-8000-000000000001","value":987654.25,
            "unit":"secret-unit","metadata":{{"HKNote":"secret-metadata"}},
            "startDate":"2026-01-01T00:00:00.000Z","endDate":"2026-01-01T00:00:00.000Z"{fault}}}]}}}}"#
        )
    };
    for body in [
        marked(""),
        marked(r#","startDate":"secret-date""#),
        marked(r#","x":secret-word"#),
        marked("")[..200].to_owned(),
    ] {
        for token in ["s3cret-t0ken", "wrong-t0ken"] {
            let authorization = format!("Bearer {token}");
            Client::connect(program.address).post(&[("Authorization", &authorization)], body.as_bytes());
        }
    }
    program.terminate();
    program.wait();
    let lines = program.lines_so_far();
    assert!(lines.iter().filter(|line| line.contains("result=")).count() == 4, "{lines:#?}");
    for line in &lines {
        for secret in ["secret", "s3cret", "t0ken", "987654"] {
            assert!(!line.contains(secret), "{secret}: {line}");
        }
    }
}

/// Serves with this standard error, runs `act`, and panics unless the program then ends after SIGTERM. The error's reader
/// has gone: a closed pipe, a full disk.
fn with_stderr(stderr: Stdio, arguments: &[&str], act: impl FnOnce(SocketAddr)) {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut serve = command();
    serve.args(["serve", "--listen", &address.to_string(), "--db"]).arg(folder.path().join("health.db"));
    let mut server = Server(serve.args(arguments).stderr(stderr).spawn().unwrap());
    wait_until("the server", || TcpStream::connect(address).ok());
    act(address);
    let stopped = Command::new("kill").args(["-TERM", &server.0.id().to_string()]).status().unwrap();
    assert!(stopped.success() && server.0.wait().unwrap().success());
}

/// Is killed with the test, also if the test fails.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_standard_error_that_cannot_be_written_harms_nothing() {
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    let full = File::options().write(true).open("/dev/full").unwrap();
    for stderr in [Stdio::from(closed), Stdio::from(full)] {
        with_stderr(stderr, &["--log-level", "debug"], |address| {
            assert_eq!(Client::connect(address).post(&[], &payload("documented")).status, 200);
            assert_eq!(Client::connect(address).post(&[], b"{").status, 400);
            assert_eq!(get(address, "/healthz").status, 200);
        });
    }
}

/// A pipe holds some hundred lines. Then the next writer waits until a program reads.
#[test]
fn a_standard_error_without_a_reader_stops_nothing() {
    let (_reader, writer) = std::io::pipe().unwrap();
    with_stderr(writer.into(), &[], |address| {
        let mut client = Client::connect(address);
        for upload in 1..=4 * LOG_LINES_WAITING_MAX {
            let answer = client.post(&[], br#"{"data":{}}"#);
            assert_eq!((answer.status, &answer.json()["upload"]), (200, &json!(upload)));
        }
        assert_eq!(get(address, "/healthz").status, 200);
    });
}
