//! Answers and log lines contain no health value and no token, whatever the server is sent.

use super::tokens::new;
use crate::program::{Program, command};
use healthsink_testkit::compression::gzip;
use healthsink_testkit::http::{Client, PATH, Response};
use healthsink_testkit::http2::{Http2, run};
use healthsink_testkit::tls::Authority;

/// A number and a text that only the bodies contain.
const NUMBER: &str = "7391.8264";
const TEXT: &str = "Geheimnis";
/// An invented token, in the shape of a real one.
const WRONG: &str = "hs_geheimgeheimgeheimgeheimgeheim22";

/// A sample with both in every place that may hold a value.
fn sample(uuid: &str, start: &str) -> String {
    format!(
        r#"{{"uuid":"{uuid}","value":{NUMBER},"unit":"{TEXT}","startDate":"{start}","endDate":"{start}",
        "metadata":{{"note":"{TEXT}","more":{NUMBER}}},"sourceRevision":{{"source":{{"name":"{TEXT}"}}}},"extra":"{TEXT}"}}"#
    )
}

/// Good bodies, bodies with rejects, bodies that end early, and bodies that are not payloads.
fn bodies() -> Vec<String> {
    const UUID: &str = "00000000-0000-4000-8000-000000000001";
    const START: &str = "2026-01-01T00:00:00.000Z";
    let good = sample(UUID, START);
    let of = |elements: &str| format!(r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{elements}]}}}}"#);
    let mut bodies = vec![
        of(&good),
        of(&[sample(TEXT, START), sample(UUID, TEXT), sample("", ""), good.replace(NUMBER, "\"Geheimnis\"")].join(",")),
        of(&good.replace(NUMBER, &format!("{}e999", NUMBER))),
        of(&good.replace(TEXT, "Geheimnis\\ud800")),
        of(&good.replace(TEXT, "Geheimnis\u{1}")),
        of(&format!("{good},\"{TEXT}\",{NUMBER},[\"{TEXT}\"]")),
        of(&format!(r#"{{"{TEXT}":{NUMBER}}}"#)),
        of(&format!("{}{NUMBER}{}", "[".repeat(100_000), "]".repeat(100_000))),
        of(&good)[..100].to_owned(),
        format!("{{\"data\":\"{TEXT}\"}}"),
        format!("{{\"data\":{{\"HKQuantityTypeIdentifierHeartRate\":\"{TEXT}\",\"medications\":{NUMBER}}}}}"),
        format!(
            "{{\"exportDate\":\"{TEXT}\",\"dateRange\":{{\"start\":\"{TEXT}\",\"end\":{NUMBER}}},\"syncSource\":7,\"data\":{{}}}}"
        ),
        format!(
            "{{\"workoutRoutes\":{{\"{UUID}\":[{{\"locations\":[{{\"latitude\":{NUMBER},\"longitude\":\"{TEXT}\"}}]}}]}}}}"
        ),
        format!(
            "{{\"data\":{{\"workouts\":[{{\"uuid\":\"{UUID}\",\"duration\":\"{TEXT}\"}}]}},\"notes\":[\"{TEXT}\"]}}"
        ),
        format!("\"{TEXT}\""),
        format!("{TEXT} {NUMBER}"),
        format!("{}\"{TEXT}\"", of(&good)),
        String::new(),
    ];
    let long = TEXT.repeat(200_000);
    bodies.push(of(&good.replace(TEXT, &long)));
    bodies
}

/// Returns all answers to good, bad and hostile requests.
fn answers(program: &Program, good: &str) -> Vec<Response> {
    let right = format!("Bearer {good}");
    let mut answers = Vec::new();
    let mut post = |headers: &[(&str, &str)], body: &[u8]| {
        let mut client = Client::connect(program.address);
        answers.push(client.post(headers, body));
    };
    for body in bodies() {
        post(&[("Authorization", &right)], body.as_bytes());
        post(&[("Authorization", &right), ("Content-Encoding", "gzip")], &gzip(body.as_bytes()));
        post(&[("Authorization", &right), ("Content-Encoding", "gzip")], body.as_bytes());
        post(&[("Authorization", &right), ("Content-Encoding", "zstd")], body.as_bytes());
    }
    for token in [format!("Bearer {WRONG}"), format!("Basic {WRONG}"), WRONG.to_owned(), format!("Bearer {good}x")] {
        for _ in 0..4 {
            post(&[("Authorization", &token)], bodies()[0].as_bytes());
        }
    }
    post(&[("Authorization", &right), ("Content-Encoding", TEXT)], b"{}");
    for path in [&format!("/{WRONG}")[..], &format!("{PATH}?token={WRONG}"), &format!("{PATH}/x?note={TEXT}")] {
        let mut client = Client::connect(program.address);
        client.head("POST", path, &[("X-Note", TEXT), ("Content-Length", "0")]);
        answers.push(client.receive());
    }
    let mut client = Client::connect(program.address);
    client.head("POST", PATH, &[("Authorization", &right), ("Content-Length", "9999999999999")]);
    answers.push(client.receive());
    answers
}

fn check(lines: &[String], answers: &[Response], good: &str) {
    let said = lines.iter().cloned().chain(
        answers.iter().map(|answer| format!("{:?} {}", answer.headers(), String::from_utf8_lossy(&answer.body))),
    );
    let said: Vec<String> = said.collect();
    for secret in [NUMBER, "7391.", TEXT, "Geheim", WRONG, &WRONG[3..], good, &good[3..]] {
        for line in &said {
            assert!(!line.contains(secret), "{secret} in: {line}");
        }
    }
}

#[test]
fn no_answer_or_log_line_contains_a_value_or_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let good = new(&database, "anna");
    let mut serve = command();
    serve.args(["--log", "trace", "serve", "--listen", "127.0.0.1:0", "--db"]).arg(&database);
    let mut program = Program::start(&mut serve);
    let answers = answers(&program, &good);
    let statuses: std::collections::BTreeSet<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.into_iter().collect::<Vec<_>>(), [200, 400, 401, 404, 413, 415, 429]);
    program.terminate();
    program.wait();
    let lines = program.lines_so_far();
    assert!(lines.iter().any(|line| line.contains("stored")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("failures=")), "{lines:?}");
    check(&lines, &answers, &good);
}

/// TLS and HTTP/2 add libraries that could log.
#[test]
fn the_libraries_of_https_log_no_value_and_no_token() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let good = new(&database, "anna");
    let files = authority.issue().write(folder.path());
    let mut serve = command();
    serve.args(["--log", "trace", "serve", "--listen", "127.0.0.1:0", "--db"]).arg(&database);
    serve.arg("--tls-cert").arg(files.cert).arg("--tls-key").arg(files.key);
    let mut program = Program::start(&mut serve);
    run(async {
        let mut client = Http2::connect(program.address, &authority).await;
        for body in bodies() {
            let answer = client.post(Some(&good), body.as_bytes()).await;
            assert!(!answer.body.to_string().contains("Geheim"), "{answer:?}");
        }
        assert_eq!(client.post(Some(WRONG), bodies()[0].as_bytes()).await.status(), 401);
    });
    assert!(Client::connect(program.address).post(&[("Authorization", &good)], b"{}").status == 400);
    program.terminate();
    program.wait();
    check(&program.lines_so_far(), &[], &good);
}
