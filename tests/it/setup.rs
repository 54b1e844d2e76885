//! `setup`: from nothing to the first upload, by flags and by answers on a terminal.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};

use serde_json::{Value, json};

use super::contract::payload;
use super::tokens::new;
use crate::program::{Program, command, path, run, run_with_input};
use healthsink_testkit::database::one;
use healthsink_testkit::http::Client;
use healthsink_testkit::missing::not_run;

/// A port that nothing listens on.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn setup(database: &Path, arguments: &[&str]) -> Command {
    let mut setup = command();
    setup.args(["setup", "--db"]).arg(database).args(arguments);
    setup
}

/// The child, killed with the test, also if the test fails.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads lines until one contains this text.
fn line_with(lines: &mut impl Iterator<Item = std::io::Result<String>>, part: &str) -> String {
    let mut seen = Vec::new();
    loop {
        let line = lines.next().unwrap_or_else(|| panic!("no line has {part:?}: {seen:#?}")).unwrap();
        if line.contains(part) {
            return line;
        }
        seen.push(line);
    }
}

fn json_of(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn flags_answer_every_question() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let listen = free_address().to_string();
    let domain = ["--reach", "domain", "--public-url", "https://health.example.com/"];
    let words = ["--yes", "--no-wait", "--json", "--person", "anna", "--auth-header", "X-API-Key", "--listen", &listen];
    let printed = json_of(&setup(&database, &[&domain[..], &words].concat()).output().unwrap());
    for (name, expected) in [
        ("id", json!(1)),
        ("person", json!("anna")),
        ("label", json!("phone")),
        ("baseUrl", json!("https://health.example.com")),
        ("otherBaseUrls", json!([])),
        ("endpointPath", json!("/api/health-data")),
        ("authentication", json!("Custom Header")),
        ("header", json!("X-API-Key")),
        ("isRunning", json!(false)),
    ] {
        assert_eq!(printed[name], expected, "{name}: {printed}");
    }
    assert!(printed["token"].as_str().unwrap().starts_with("hs_"), "{printed}");
    let steps = printed["steps"].to_string();
    assert!(steps.contains("reverse_proxy 127.0.0.1:"), "{steps}");
    let link = printed["signIn"].as_str().unwrap();
    assert!(link.starts_with("https://health.example.com/#/sign-in?code=") && link.len() == 58, "{link}");
    // The next phone is of the same person, who need not be named again. Token 2 is that of the page.
    let second = json_of(&setup(&database, &["--yes", "--no-wait", "--json", "--listen", &listen]).output().unwrap());
    assert_eq!([&second["id"], &second["person"]], [&json!(3), &json!("anna")]);
    let output = setup(&database, &["--yes", "--no-wait", "--listen", &listen, "--boot", "yes"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for part in
        ["Type into the app", "endpoint path   /api/health-data", "authentication  Bearer", "API key         hs_"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.contains("sudo healthsink setup --db /var/lib/healthsink/health.db"), "{text}");
    // Commands are on one line, to be copied.
    let is_wide = |line: &&str| line.chars().count() > 80 && !line.contains("healthsink serve");
    assert_eq!(text.lines().find(is_wide), None);
}

/// What the flags of a server that runs say, setup need not be asked.
#[test]
fn setup_shows_the_words_of_the_server_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    new(&database, "anna");
    let mut serve = command();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--path", "/in"]);
    serve.args(["--auth-header", "X-Key", "--public-url", "https://health.example.com/x", "--db"]).arg(&database);
    let program = Program::start(&mut serve);
    // The default port is not asked.
    let printed = json_of(&setup(&database, &["--yes", "--no-wait", "--json"]).output().unwrap());
    for (name, expected) in [
        ("baseUrl", "https://health.example.com/x"),
        ("endpointPath", "/in"),
        ("authentication", "Custom Header"),
        ("header", "X-Key"),
    ] {
        assert_eq!(printed[name], json!(expected), "{printed}");
    }
    assert_eq!(printed["isRunning"], json!(true), "{printed}");
    let other = folder.path().join("other.db");
    let output = setup(&other, &["--yes", "--listen", &program.address.to_string()]).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("has another database than") && !other.exists(), "{message}");
}

/// A socket that is bound and does not listen: nothing answers there, and nothing can listen.
#[test]
fn a_port_that_cannot_be_had_leaves_no_token() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listen = socket.local_addr().unwrap().to_string();
    let output = setup(&database, &["--yes", "--listen", &listen]).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("the port is in use") && output.stdout.is_empty(), "{message}");
    assert!(!database.exists());
}

#[test]
fn answers_may_come_through_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let mut setup = setup(&database, &["--no-wait", "--no-qr", "--listen", &free_address().to_string()]);
    // The last question has its default.
    let output = run_with_input(&mut setup, b"2\n10.8.0.1\nAnna\n");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("of Anna (phone)") && text.contains("base URL        http://10.8.0.1:3000\n"), "{text}");
}

/// A mistake leaves neither a database nor a token.
#[test]
fn what_is_wrong_is_said_before_there_is_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = stranger.local_addr().unwrap().to_string();
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = stranger.accept().unwrap();
        stream.write_all(b"HTTP/1.0 200 OK\r\n\r\nanother program").unwrap();
    });
    for (arguments, part) in [
        (&["--reach", "domain"][..], "--public-url is missing"),
        (&["--reach", "moon"], "invalid value 'moon'"),
        (&["--public-url", "pi"], "is not a URL for the app"),
        (&["--auth-header", "Host"], "cannot carry a token"),
        (&["--path", "/healthz"], "choose another"),
        (&["--no-qr", "--qr-token"], "cannot be used with"),
        (&["--listen", &taken], "another program listens"),
    ] {
        let output = setup(&database, &[&["--yes", "--no-wait"], arguments].concat()).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), database.exists()), (Some(2), false), "{arguments:?}: {message}");
        assert!(message.contains(part), "{arguments:?}: {message}");
    }
    answering.join().unwrap();
}

/// A code on a dark terminal, by the patterns in its corners.
#[test]
fn the_page_is_a_code_and_the_token_only_if_it_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let listen = free_address().to_string();
    let codes = |arguments: &[&str]| {
        let words = ["--yes", "--no-wait", "--public-url", "http://pi.local:3000", "--listen", &listen];
        let output = setup(&database, &[&words[..], arguments].concat()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("base URL        http://pi.local:3000\n"), "{text}");
        text.lines().filter(|line| line.starts_with("██ ▄▄▄▄▄ █")).count()
    };
    // Two of the three patterns begin a line.
    assert_eq!(codes(&[]), 2, "the page's");
    assert_eq!(codes(&["--qr-token"]), 4);
    assert_eq!(codes(&["--no-qr"]), 0);
}

/// A token that nobody has seen is revoked.
#[test]
fn a_token_that_cannot_be_printed_is_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let mut setup = setup(&database, &["--yes", "--no-wait", "--listen", &free_address().to_string()]);
    let output = setup.stdout(File::options().write(true).open("/dev/full").unwrap()).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && message.contains("the new token is revoked"), "{message}");
    assert_eq!(one(&database, "SELECT count(*) FROM tokens WHERE revoked_ms IS NULL"), json!(0));
}

/// It serves, reports the upload, and goes on serving until it is stopped.
#[test]
fn setup_serves_and_reports_the_first_upload() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let mut setup = setup(&database, &["--yes", "--person", "anna", "--listen", "127.0.0.1:0", "--json"]);
    setup.stdout(Stdio::piped());
    let (mut program, stdout) = Program::start_with_output(&mut setup);
    let mut lines = BufReader::new(stdout).lines();
    let printed: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let bearer = format!("Bearer {}", printed["token"].as_str().unwrap());
    let post = |body: &[u8]| Client::connect(program.address).post(&[("Authorization", &bearer)], body).status;
    assert_eq!(post(br#"{"data":{"X":[1"#), 400);
    assert_eq!(post(&payload("documented")), 200);
    let first: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let upload = &first["firstUpload"];
    let found = ["person", "sender", "records", "new"].map(|name| upload[name].clone());
    assert_eq!(found, [json!("anna"), json!("127.0.0.1"), json!(5), json!(6)], "{first}");
    assert_eq!(post(&payload("documented")), 200, "it still serves");
    program.signal("INT");
    assert!(program.wait().success());
    assert!(lines.next().is_none(), "only the first upload is reported");
}

/// It shows why the phone does not get through, from what the server wrote down.
#[test]
fn setup_waits_beside_a_server_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    new(&database, "anna");
    // From a time when the clock was wrong.
    let future = json!([{"kind": "form", "lastMs": 4_000_000_000_000_u64, "address": "192.0.2.7", "message": "old"}]);
    fs::write(folder.path().join("health.db-obstacles"), future.to_string()).unwrap();
    let program = Program::serve(&database);
    let listen = program.address.to_string();
    let mut setup = setup(&database, &["--yes", "--listen", &listen, "--no-qr"]);
    let mut child = Killed(setup.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let mut said = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let mut logged = BufReader::new(child.0.stderr.take().unwrap()).lines();
    let key = line_with(&mut said, "API key         hs_");
    let bearer = format!("Bearer {}", key.split_whitespace().last().unwrap());
    line_with(&mut said, "Then export in the app");
    let mut client = Client::connect(program.address);
    client.head("POST", "/api/health", &[("Content-Length", "0")]);
    assert_eq!(client.receive().status, 404);
    let line = line_with(&mut logged, "the server refused a client");
    program.kill();
    line_with(&mut logged, "the server has ended; start it again");
    let program = Program::serve(&database);
    assert!(line.contains("404 for POST /api/health: the app posts to the endpoint path"), "{line}");
    let answer = Client::connect(program.address).post(&[("Authorization", &bearer)], &payload("documented"));
    assert_eq!(answer.status, 200);
    let line = line_with(&mut said, "The first upload is here");
    assert!(line.contains("5 records of anna from 127.0.0.1"), "{line}");
    assert!(child.0.wait().unwrap().success());
}

#[test]
fn a_server_of_another_database_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    new(&folder.path().join("health.db"), "anna");
    let program = Program::serve(&folder.path().join("health.db"));
    let other = folder.path().join("other.db");
    let output = setup(&other, &["--yes", "--listen", &program.address.to_string()]).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("has another database than"), "{message}");
    assert!(output.stdout.is_empty() && !output.status.success() && !other.exists());
}

/// Another program at the port may look like a server.
#[test]
fn what_listens_at_the_port_sees_no_token() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let seen = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let lines = BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
        let head: Vec<String> = lines.collect();
        let problem = "HTTP/1.1 404 Not Found\r\nContent-Type: application/problem+json\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(problem.as_bytes()).unwrap();
        head
    });
    let database = folder.path().join("health.db");
    let output = setup(&database, &["--yes", "--no-wait", "--no-qr", "--listen", &address]).output().unwrap();
    assert!(!output.status.success() && output.stdout.is_empty() && !database.exists(), "{output:?}");
    let seen = seen.join().unwrap();
    assert!(seen[0].starts_with("GET /healthz ") && seen.iter().all(|line| !line.contains("hs_")), "{seen:?}");
}

/// Starts setup on a terminal. Returns what types there and what shows it; `None` without the tool that makes terminals.
fn on_terminal(database: &Path, arguments: &[&str]) -> Option<(Killed, ChildStdin, ChildStdout)> {
    let words = [&[database.to_str().unwrap()], arguments].concat();
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command"]);
    script.arg(format!("'{}' setup --db '{}'", path(), words.join("' '")));
    let child = script.arg("/dev/null").env("NO_COLOR", "1").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        not_run("`script` of util-linux makes the terminal");
        return None;
    };
    let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    Some((Killed(child), stdin, stdout))
}

/// Reads the terminal until it shows this text.
fn wait_for(terminal: &mut ChildStdout, part: &str) -> String {
    let (mut shown, mut piece) = (String::new(), [0; 4096]);
    while !shown.contains(part) {
        let bytes = terminal.read(&mut piece).unwrap_or(0);
        assert!(bytes > 0, "the terminal never shows {part:?}: {shown}");
        shown.push_str(&String::from_utf8_lossy(&piece[..bytes]));
    }
    shown
}

#[test]
fn setup_asks_on_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let listen = free_address().to_string();
    let arguments = ["--listen", &listen, "--no-wait", "--no-qr"];
    let Some((mut child, mut keys, mut terminal)) = on_terminal(&database, &arguments) else { return };
    for (question, answer) in [
        ("How will the phone reach this machine?", "moon"),
        ("answer 1, 2 or 3", "3"),
        ("The domain's URL", ""),
        ("begin with https:// or http://", "health.example.com"),
        ("Whose data does the phone send?", "Anna Müller"),
        ("start with this machine", ""),
    ] {
        wait_for(&mut terminal, question);
        assert!(!database.exists(), "nothing is written before the last answer");
        keys.write_all(format!("{answer}\n").as_bytes()).unwrap();
    }
    let shown = wait_for(&mut terminal, "Then export in the app.");
    for part in ["https://health.example.com", "of Anna Müller (phone)", "reverse_proxy 127.0.0.1:"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(child.0.wait().unwrap().success());
    let Some((mut child, mut keys, mut terminal)) = on_terminal(&database, &arguments) else { return };
    wait_for(&mut terminal, "How will the phone reach this machine?");
    // The end of the input, as Ctrl-D sends it.
    keys.write_all(&[4]).unwrap();
    wait_for(&mut terminal, "no answer to a question of setup");
    assert_eq!(child.0.wait().unwrap().code(), Some(2));
    let tokens = run(&["token", "list", "--json", "--db", database.to_str().unwrap()]);
    let tokens: Value = serde_json::from_slice(&tokens.stdout).unwrap();
    let labels: Vec<&Value> = tokens.as_array().unwrap().iter().map(|token| &token["label"]).collect();
    assert_eq!(labels, [&json!("phone"), &json!("page")]);
}

/// Without a terminal and without answers nobody agreed to anything.
#[test]
fn no_answer_makes_no_token() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    for input in [&b""[..], b"2\nanna\n"] {
        let mut setup = setup(&database, &["--no-wait", "--listen", &free_address().to_string()]);
        let output = run_with_input(&mut setup, input);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), database.exists()), (Some(2), false), "{message}");
        assert!(message.contains("add --yes") && !message.contains("?:"), "{message}");
    }
}

/// What is dropped, and what is there already, is said.
#[test]
fn flags_and_tokens_without_effect_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let _program = Program::serve(&database);
    let said = |more: &[&str]| {
        let words =
            ["--yes", "--no-wait", "--json", "--person", "anna", "--public-url", "https://pi.local/api/health-data"];
        let output = setup(&database, &[&words[..], more].concat()).output().unwrap();
        assert_eq!(json_of(&output)["baseUrl"], json!("https://pi.local"));
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(said(&[]), "");
    let message = said(&["--path", "/in", "--auth-header", "X-Key", "--listen", "127.0.0.1:9"]);
    for part in ["--path changes nothing", "--auth-header changes", "--listen changes", "healthsink token revoke 1"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert_eq!(said(&["--label", "watch"]), "");
    // Nobody can see a token again, so there is another one each time; a script learns which stay valid.
    let words = ["--yes", "--no-wait", "--json", "--person", "anna", "--public-url", "https://pi.local"];
    let output = setup(&database, &words).output().unwrap();
    let message = String::from_utf8(output.stderr.clone()).unwrap();
    let printed = json_of(&output);
    let earlier: Vec<String> = printed["earlierTokens"].as_array().unwrap().iter().map(Value::to_string).collect();
    assert!(earlier.len() == 2 && message.contains(&format!("token revoke {}`", earlier.join(" "))), "{message}");
}
