//! The demo: a household that each question has an answer of, apart from other files, and gone at the end.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use healthsink_testkit::http::Client;
use serde_json::{Value, json};

use crate::program::{Program, command, run};

#[test]
fn the_demo_serves_a_household_and_leaves_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    let mut demo = command();
    demo.args(["demo", "--days", "45", "--listen", "127.0.0.1:0"]);
    demo.env("TMPDIR", temporary.path()).env("HEALTHSINK_DB", "/nowhere/health.db").stdout(Stdio::piped());
    let (mut program, stdout) = Program::start_with_output(&mut demo);
    let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
    let link = lines.find(|line| line.contains("#/sign-in?code=")).unwrap();
    assert!(
        link.trim().starts_with(&format!("http://{}/", program.address)),
        "the port that the system has chosen: {link}"
    );
    let token = lines.find_map(|line| line.trim().starts_with("hs_").then(|| line.trim().to_owned())).unwrap();
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 1);
    let ask = |path: &str| -> Value {
        let mut client = Client::connect(program.address);
        client.head("GET", &format!("/api/v1/{path}"), &[("Authorization", &format!("Bearer {token}"))]);
        let answer = client.receive();
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        answer.json()
    };
    let count = |path: &str, list: &str| ask(path)[list].as_array().unwrap().len();
    assert_eq!(count("people", "people"), 2);
    let overview = ask("overview");
    assert_eq!([&overview["person"], &overview["stale"]], [&json!("anna"), &json!(false)]);
    assert_eq!(overview["figures"].as_array().unwrap().len(), 4);
    let steps = overview["types"].as_array().unwrap().iter().find(|of| of["type"] == "steps").unwrap();
    assert!(steps["mean_28"].as_f64().unwrap() > 5000.0, "{steps}");
    assert!(overview["types"].as_array().unwrap().len() >= 15);
    assert!(count("nights", "nights") >= 40);
    assert!(count("workouts", "workouts") >= 10);
    assert!(count("medications/days", "days") >= 40);
    assert_eq!(count("rejects", "rejects"), 2);
    assert_eq!(count("medications", "medications"), 2);
    assert_eq!(ask("zones")["zones"][0]["zone"], json!("Europe/Berlin"));
    let workouts = ask("workouts");
    let has_route = |row: &&Value| row["has_route"] == json!(true);
    let run = workouts["workouts"].as_array().unwrap().iter().find(has_route).unwrap();
    assert!(run["distance_km"].as_f64().unwrap() > 3.0, "{run}");
    // Watch and phone count the same steps, which count once.
    let explained = ask(&format!("explain?type=steps&from={}", steps["day"].as_str().unwrap()));
    assert!(explained["naive"].as_f64().unwrap() >= explained["value"].as_f64().unwrap(), "{explained}");
    assert_eq!(ask("overview?person=ben")["person"], json!("ben"));
    let mut client = Client::connect(program.address);
    let body = json!({"code": link.rsplit('=').next().unwrap()}).to_string();
    let host = program.address.to_string();
    let origin = format!("http://{host}");
    let length = body.len().to_string();
    client.head("POST", "/session", &[("Host", &host), ("Origin", &origin), ("Content-Length", &length)]);
    client.send(body.as_bytes()).unwrap();
    let session = client.receive();
    assert_eq!((session.status, session.field("all_people")), (200, json!(true)), "{session:?}");
    program.terminate();
    assert!(program.wait().success());
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}

/// A request that never ends keeps the server from ending in order.
#[test]
fn a_second_signal_leaves_nothing_of_the_demo() {
    let temporary = tempfile::tempdir().unwrap();
    let mut demo = command();
    demo.args(["demo", "--days", "2", "--listen", "127.0.0.1:0"]).env("TMPDIR", temporary.path()).stdout(Stdio::null());
    let mut program = Program::start(&mut demo);
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 1);
    let mut client = Client::connect(program.address);
    let kind = ("Content-Type", "application/json");
    client.head(
        "POST",
        "/session",
        &[("Origin", "http://localhost"), kind, ("Content-Length", "9"), ("Expect", "100-continue")],
    );
    assert_eq!(client.receive_head_only().status, 100, "the request is under way");
    program.terminate();
    program.wait_for_line("uploads under way may finish");
    program.terminate();
    assert!(!program.wait().success());
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}

#[test]
fn the_demo_takes_no_file_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("health.db");
    fs::write(&file, "mine").unwrap();
    let refused = run(&["demo", "--listen", "127.0.0.1:0", "--db", file.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("exists"), "{refused:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}
