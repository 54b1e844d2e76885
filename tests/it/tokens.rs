//! Tokens and persons, while the server runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use healthsink::model::limits::{ATTEMPTS_FREE, TOKEN_USE_RESOLUTION};
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::contract::payload;
use crate::program::{self, Program, command, run};
use healthsink_testkit::database::{count, one, rows};
use healthsink_testkit::http::{Client, PATH, Response};
use healthsink_testkit::server::Server;

/// `healthsink token …` on a database.
fn token(database: &Path, arguments: &[&str]) -> Output {
    run(&[&["token"], arguments, &["--db", database.to_str().unwrap()]].concat())
}

/// Makes a token for a person.
pub(crate) fn new(database: &Path, person: &str) -> String {
    let output = token(database, &["new", "--person", person]);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn list(database: &Path) -> Vec<Value> {
    let output = token(database, &["list", "--json"]);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn post(server: &Server, token: &str) -> Response {
    let token = format!("Bearer {token}");
    server.connect().post(&[("Authorization", &token)], &payload("documented"))
}

fn in_folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    (folder, database)
}

#[test]
fn tokens_are_created_used_and_revoked_while_the_server_runs() {
    let server = Server::start();
    let database = server.database();
    assert_eq!(server.post(payload("documented")).status, 200, "until there is a token, this machine needs none");
    let (anna, ben) = (new(&database, "anna"), new(&database, "ben"));
    assert_eq!(server.post(payload("documented")).status, 401, "now it does");
    let mut client = server.connect();
    let bearer = format!("Bearer {anna}");
    let headers = [("Authorization", bearer.as_str())];
    let answer = client.post(&headers, &payload("documented"));
    assert_eq!((answer.status, answer.field("new")), (200, json!(6)), "what `me` has sent is not anna's");
    assert_eq!(post(&server, &ben).field("new"), json!(6));
    for table in
        ["samples", "workouts", "route_points", "medication_doses", "medications", "characteristics", "uploads"]
    {
        let people =
            server.rows(&format!("SELECT DISTINCT p.name FROM {table} t JOIN persons p ON p.id = t.person_id"));
        assert_eq!(people.len(), 3, "{table}: {people:?}");
    }
    assert_eq!(server.rows("SELECT person, token_id FROM upload_details WHERE token_id = 1").len(), 1);
    assert_eq!(server.one("SELECT person FROM upload_details WHERE token_id = 2"), json!("ben"));

    assert!(token(&database, &["revoke", "1"]).status.success());
    let refused = client.post(&headers, &payload("documented"));
    assert_eq!(refused.status, 401, "the next request on the connection that was open");
    assert_eq!(post(&server, &ben).status, 200);
    assert!(token(&database, &["revoke", "2"]).status.success());
    assert_eq!(post(&server, &ben).status, 401);
    assert_eq!(server.post(payload("documented")).status, 401, "the last one revoked opens nothing");
    assert_eq!(count(&database, "uploads"), 4);
}

#[test]
fn a_token_is_printed_once_and_not_stored() {
    let (folder, database) = in_folder();
    let output = token(&database, &["new", "--person", "anna", "--label", "phone"]);
    let printed = String::from_utf8(output.stdout).unwrap();
    let token_text = printed.strip_suffix('\n').unwrap();
    assert!(token_text.starts_with("hs_") && token_text.len() == 35 && !token_text.contains('\n'), "{printed:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("token 1 of anna (phone)") && !said.contains(token_text), "{said}");
    for entry in fs::read_dir(folder.path()).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        let is_in = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!is_in(token_text) && !is_in(&token_text[3..]));
        assert!(is_in("phone"));
    }
    assert_eq!(one(&database, "SELECT length(digest) FROM tokens"), json!(32));
    assert_ne!(new(&database, "anna"), token_text);
}

#[test]
fn tokens_are_listed_for_people_and_programs() {
    let (_folder, database) = in_folder();
    let missing = token(&database, &["list"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(!database.exists(), "asking makes no database");
    new(&database, "anna");
    let output = token(&database, &["new", "--person", "me", "--label", "tablet", "--json"]);
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!([&made["id"], &made["person"], &made["label"]], [&json!(2), &json!("me"), &json!("tablet")]);
    assert!(made["token"].as_str().unwrap().starts_with("hs_") && output.stderr.is_empty(), "{output:?}");
    assert!(token(&database, &["revoke", "1"]).status.success());
    let listed = list(&database);
    assert_eq!(listed.len(), 2);
    assert_eq!(
        [&listed[0]["person"], &listed[0]["label"], &listed[0]["last_used"]],
        [&json!("anna"), &Value::Null, &Value::Null]
    );
    assert!(listed[0]["revoked"].is_string() && listed[1]["revoked"].is_null(), "{listed:?}");
    let text = String::from_utf8(token(&database, &["list"]).stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains("last used") && lines[1].contains("revoked 2") && lines[2].ends_with("never"), "{text}");
}

#[test]
fn errors_of_token_commands_are_one_line() {
    let (_folder, database) = in_folder();
    let check = |arguments: &[&str], code: i32, part: &str| {
        let output = token(&database, arguments);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), message.lines().count()), (Some(code), 1), "{message}");
        assert!(message.contains(part), "{message}");
    };
    check(&["revoke", "1"], 1, "there is no database");
    check(&["quota", "--bytes-per-day", "none", "1"], 1, "there is no database");
    assert!(!database.exists());
    new(&database, "anna");
    check(&["revoke", "7"], 2, "no token 7");
    check(&["new", "--out", "/nowhere/token"], 1, "cannot write the token");
    assert_eq!(list(&database).len(), 1);
    assert!(token(&database, &["revoke", "1"]).status.success());
    let again = token(&database, &["revoke", "1"]);
    assert!(again.status.success() && String::from_utf8(again.stdout).unwrap().contains("before"));
}

#[test]
fn names_with_invisible_characters_are_refused() {
    let (_folder, database) = in_folder();
    for (flag, name) in [("--person", "an\u{200b}na"), ("--person", " anna"), ("--label", "a\nb")] {
        let output = token(&database, &["new", flag, name]);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains(&format!("for '{flag} <")) && message.contains("a name has"), "{message}");
    }
    assert!(!database.exists());
}

/// A person who revokes tokens may have lost a phone: a mistyped number must leave no other token valid.
#[test]
fn an_unknown_number_keeps_no_other_token_valid() {
    let (_folder, database) = in_folder();
    new(&database, "anna");
    new(&database, "anna");
    let output = token(&database, &["revoke", "99", "1", "7", "2"]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), message.lines().count()), (Some(2), 1), "{message}");
    assert!(message.contains("no token 99, 7;"), "{message}");
    assert!(list(&database).iter().all(|row| row["revoked"].is_string()));
}

/// In a folder that is not the server's, a new database is created, and its token is unknown to the server.
#[test]
fn the_database_of_a_token_is_named_and_reported_as_new() {
    let (folder, database) = in_folder();
    let make = || {
        let output = command().args(["token", "new", "--db", "health.db"]).current_dir(&folder).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let (first, second) = (make(), make());
    let shown = fs::canonicalize(&folder).unwrap().join("health.db").display().to_string();
    assert!(first.contains(&format!("{shown}, which is new")), "{first}");
    assert!(second.contains(&shown) && !second.contains("new,"), "{second}");
    let output = token(&database, &["new", "--json"]);
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!([&made["database"], &made["is_new_database"]], [&json!(database), &json!(false)]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_token_that_could_not_be_shown_is_revoked() {
    let (_folder, database) = in_folder();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    for (out, flag) in [(full.try_clone().unwrap().into(), None), (full.into(), Some("--json"))]
        .into_iter()
        .chain([(std::os::fd::OwnedFd::from(closed), None)])
    {
        let mut command = command();
        command.args(["token", "new", "--db"]).arg(&database).args(flag).stdout(std::process::Stdio::from(out));
        let output = command.output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.contains("is revoked: make another"), "{message}");
    }
    let rows = list(&database);
    assert!(rows.len() == 3 && rows.iter().all(|row| row["revoked"].is_string()), "{rows:?}");
}

/// The writer writes it as it enters the upload, and not each time.
#[test]
fn the_last_use_is_noted_once_a_minute() {
    let server = Server::start();
    let token = new(&server.database(), "anna");
    let last = || server.one("SELECT last_used_ms FROM tokens").as_i64().unwrap();
    assert_eq!(server.one("SELECT last_used_ms FROM tokens"), Value::Null);
    post(&server, &token);
    let first = last();
    assert_eq!(json!(first), server.one("SELECT started_ms FROM uploads"));
    assert!(list(&server.database())[0]["last_used"].is_string());
    post(&server, &token);
    assert_eq!(last(), first);
    let resolution_ms = i64::try_from(TOKEN_USE_RESOLUTION.as_millis()).unwrap();
    let set = |ms: i64| {
        let connection = rusqlite::Connection::open(server.database()).unwrap();
        connection.busy_timeout(healthsink_testkit::wait::PATIENCE).unwrap();
        connection.execute("UPDATE tokens SET last_used_ms = ?1", [ms]).unwrap();
    };
    set(first - resolution_ms - 1);
    post(&server, &token);
    assert!(last() >= first);
    // A clock that was wrong once.
    set(first + 1_000_000_000);
    post(&server, &token);
    assert!(last() < first + 1_000_000);
    // Refused requests do not count as uses.
    let before = last();
    set(0);
    assert_eq!(server.connect().post(&[("Authorization", "Bearer x")], b"{}").status, 401);
    assert!(last() == 0 && before > 0);
}

#[test]
fn a_token_can_be_made_while_an_upload_is_under_way() {
    let server = Server::start();
    let body = payload("documented");
    let mut client = server.connect();
    client.begin_chunked(&[]);
    client.chunk(&body[..2000]).unwrap();
    let token = new(&server.database(), "anna");
    assert_eq!(post(&server, &token).status, 200);
    client.chunk(&body[2000..]).unwrap();
    assert_eq!(client.end_chunked().status, 200);
}

#[test]
fn the_token_of_a_file_belongs_to_one_person() {
    let (folder, database) = in_folder();
    let file = folder.path().join("token");
    fs::write(&file, "s3cret\n").unwrap();
    let mut serve = command();
    serve
        .args(["serve", "--listen", "0.0.0.0:0", "--person", "ben", "--token-file"])
        .arg(&file)
        .arg("--db")
        .arg(&database);
    let mut program = Program::start(&mut serve);
    program.address.set_ip([127, 0, 0, 1].into());
    let said = program.lines_so_far().join("\n");
    assert!(said.contains("is shorter than 16 bytes") && !said.contains("s3cret"), "{said}");
    let post = |token: &str| Client::connect(program.address).post(&[("Authorization", token)], &payload("documented"));
    assert_eq!(post("Bearer s3cret").status, 200);
    assert_eq!(post("Bearer secret").status, 401);
    let anna = new(&database, "anna");
    assert_eq!(post(&format!("Bearer {anna}")).status, 200);
    assert_eq!(post("Bearer s3cret").status, 200, "both are good");
    let people = rows(&database, "SELECT person, token_id FROM upload_details ORDER BY id");
    let expected = json!([{"person": "ben", "token_id": null}, {"person": "anna", "token_id": 1}, {"person": "ben", "token_id": null}]);
    assert_eq!(json!(people), expected);
}

#[test]
fn tokens_of_the_database_open_other_addresses() {
    let (_folder, database) = in_folder();
    let serve = ["serve", "--listen", "0.0.0.0:0", "--db", database.to_str().unwrap()];
    let output = run(&serve);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), message.lines().count()), (Some(2), 1), "{message}");
    assert!(message.contains("healthsink token new") && message.contains("--no-auth"), "{message}");
    let token = new(&database, "anna");
    let mut command = command();
    let mut program = Program::start(command.args(serve));
    program.address.set_ip([127, 0, 0, 1].into());
    let mut client = Client::connect(program.address);
    assert_eq!(client.post(&[("Authorization", &format!("Bearer {token}"))], &payload("documented")).status, 200);
    drop(program);
    let output = run(&[&serve[..], &["--no-auth"]].concat());
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), message.lines().count()), (Some(2), 1), "{message}");
    assert!(message.contains("leave out --no-auth"), "{message}");
}

/// Everyone who comes through a proxy comes from this machine.
#[test]
fn a_trusted_proxy_needs_a_token() {
    let (_folder, database) = in_folder();
    let serve =
        ["serve", "--listen", "127.0.0.1:0", "--trusted-proxy", "127.0.0.1", "--db", database.to_str().unwrap()];
    let output = run(&serve);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), message.lines().count()), (Some(2), 1), "{message}");
    assert!(message.contains("--trusted-proxy") && message.contains("healthsink token new"), "{message}");
    assert!(!database.exists());
    let mut open = command();
    let program = Program::start(open.args(serve).arg("--no-auth"));
    assert_eq!(Client::connect(program.address).post(&[], &payload("documented")).status, 200);
    drop(program);
    new(&database, "anna");
    Program::start(command().args(serve));
}

/// As a program leaves it that is killed before its first commit, and as `touch` creates it.
#[test]
fn an_empty_database_has_no_tokens() {
    let (_folder, database) = in_folder();
    rusqlite::Connection::open(&database).unwrap().pragma_update(None, "journal_mode", "WAL").unwrap();
    assert!(fs::metadata(&database).unwrap().len() > 0);
    let program = Program::serve(&database);
    assert_eq!(Client::connect(program.address).post(&[], &payload("documented")).status, 200);
    drop(program);
    let (_folder, database) = in_folder();
    fs::write(&database, "").unwrap();
    assert_eq!(Client::connect(Program::serve(&database).address).post(&[], &payload("documented")).status, 200);
}

#[test]
fn wrong_tokens_are_slowed_down_and_lock_out_no_correct_one() {
    let (_folder, database) = in_folder();
    let good = new(&database, "anna");
    let program = Program::serve(&database);
    let post = |token: &str| Client::connect(program.address).post(&[("Authorization", token)], &payload("documented"));
    for _ in 0..=ATTEMPTS_FREE {
        assert_eq!(post("Bearer hs_wrong").status, 401);
    }
    let answer = post("Bearer hs_wrong");
    assert_eq!((answer.status, answer.field("title")), (429, json!("Too Many Requests")));
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert_eq!((seconds, answer.header("connection")), (1, Some("close")));
    assert_eq!(post(&format!("Bearer {good}")).status, 200);
    // The right one has cleared nothing: its owner could guess another's between two requests.
    post("Bearer hs_wrong");
    let line = program.wait_for_line("failures=1");
    assert!(line.contains("127.0.0.1") && line.contains("refused"), "{line}");
    let lines = program.lines_so_far().join("\n");
    assert!(!lines.contains("hs_"), "{lines}");
    assert_eq!(count(&database, "uploads"), 1);
}

#[test]
fn only_a_trusted_proxy_distinguishes_clients() {
    let server = Server::with(|config| {
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    });
    let good = format!("Bearer {}", new(&server.database(), "anna"));
    let post = |server: &Server, from: &str, token: &str| {
        let headers = [("X-Forwarded-For", from), ("Authorization", token)];
        server.connect().post(&headers, &payload("documented")).status
    };
    for _ in 0..=ATTEMPTS_FREE {
        assert_eq!(post(&server, "1.1.1.1, 203.0.113.7", "Bearer x"), 401);
    }
    assert_eq!(post(&server, "2.2.2.2, 203.0.113.7", "Bearer x"), 429, "what it says itself is not believed");
    assert_eq!(post(&server, "203.0.113.8", "Bearer x"), 401);
    assert_eq!(post(&server, "203.0.113.8", &good), 200);
    assert_eq!(server.one("SELECT sender FROM uploads"), json!("203.0.113.8"));

    let server = Server::start();
    let good = format!("Bearer {}", new(&server.database(), "anna"));
    for number in 0..=ATTEMPTS_FREE {
        assert_eq!(post(&server, &format!("203.0.113.{number}"), "Bearer x"), 401);
    }
    assert_eq!(post(&server, "203.0.113.99", "Bearer x"), 429, "a proxy that is not named speaks for one client");
    assert_eq!(post(&server, "203.0.113.99", &good), 200);
    assert_eq!(server.one("SELECT sender FROM uploads"), json!("127.0.0.1"));
}

/// Behind a reverse proxy all clients come from this machine, and so does a page in its browser.
#[test]
fn without_a_token_neither_proxies_nor_web_pages_may_send() {
    let server = Server::start();
    let check = |headers: &[(&str, &str)], expected: u16| {
        let answer = server.connect().post(headers, &payload("documented"));
        assert_eq!(answer.status, expected, "{headers:?}");
        answer
    };
    check(&[], 200);
    let answer = check(&[("X-Forwarded-For", "203.0.113.7")], 401);
    assert!(answer.field("detail").as_str().unwrap().contains("healthsink token new"), "{answer:?}");
    check(&[("Forwarded", "for=203.0.113.7")], 401);
    check(&[("Via", "1.1 proxy")], 401);
    check(&[("Origin", "https://example.com")], 401);
    check(&[("Sec-Fetch-Site", "same-origin")], 401);
    check(&[("Host", "evil.example")], 401);
    let body = payload("documented");
    let mut nginx = server.connect();
    let head = format!("POST {PATH} HTTP/1.0\r\nHost: 127.0.0.1:3000\r\nContent-Length: {}\r\n\r\n", body.len());
    nginx.send(head.as_bytes()).unwrap();
    let _ = nginx.send(&body);
    assert_eq!(nginx.receive().status, 401, "as nginx sends it by default");
    assert_eq!(server.count("uploads"), 1);
}

/// Any client may claim to be a proxy.
#[test]
fn a_proxy_that_is_not_trusted_is_warned_about() {
    let (_folder, database) = in_folder();
    new(&database, "anna");
    let program = Program::serve(&database);
    let headers = [("X-Forwarded-For", "203.0.113.7"), ("Authorization", "Bearer x")];
    assert_eq!(Client::connect(program.address).post(&headers, b"{}").status, 401);
    let line = program.wait_for_line("--trusted-proxy 127.0.0.1");
    assert!(line.contains("seems to be") && line.contains("if it is yours"), "{line}");
}

#[test]
fn a_token_is_refused_from_its_expiry_on() {
    let (_folder, database) = in_folder();
    let output = token(&database, &["new", "--person", "anna", "--expires", "90d", "--json"]);
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expires = made["expires"].as_str().unwrap();
    assert_eq!(list(&database)[0]["expires"], made["expires"]);
    let headers = [("Authorization", format!("Bearer {}", made["token"].as_str().unwrap()))];
    let program = Program::serve(&database);
    let post = || {
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        Client::connect(program.address).post(&headers, &payload("documented")).status
    };
    let status = || String::from_utf8(run(&["status", "--db", database.to_str().unwrap()]).stdout).unwrap();
    assert_eq!(post(), 200);
    assert!(status().contains(&format!("(until {})", &expires[..10])), "{}", status());
    Connection::open(&database).unwrap().execute_batch("UPDATE tokens SET expires_ms = created_ms + 1").unwrap();
    assert_eq!(post(), 401);
    let line = program.wait_for_line("refused: ");
    assert!(line.contains("token 1 has expired") && line.contains("token new"), "{line}");
    assert!(status().contains("(expired 20"), "{}", status());
    let text = String::from_utf8(token(&database, &["list"]).stdout).unwrap();
    assert!(text.lines().nth(1).unwrap().contains("expired 20"), "{text}");
    let past = token(&database, &["new", "--expires", "2020-01-01"]);
    assert_eq!(past.status.code(), Some(2));
    assert!(String::from_utf8(past.stderr).unwrap().contains("name one in the future"));
    assert_eq!(list(&database).len(), 1);
}

#[test]
fn a_token_may_have_its_own_header() {
    let server = Server::with(|config| config.auth.header = Some("X-API-Key".to_owned()));
    let token = new(&server.database(), "anna");
    assert_eq!(server.connect().post(&[("x-api-key", &token)], &payload("documented")).status, 200);
    assert_eq!(post(&server, &token).status, 401);
}

mod modes {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    /// The program under a umask, as a shell's user has it.
    fn under_umask(umask: &str) -> std::process::Command {
        let mut shell = std::process::Command::new("sh");
        shell.env_clear().args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\""), program::path()]);
        shell
    }

    #[test]
    fn only_its_owner_may_read_a_file_whatever_the_umask() {
        for umask in ["022", "000", "777"] {
            let (folder, database) = in_folder();
            let file = folder.path().join("anna.token");
            let mut new = under_umask(umask);
            let output = new.args(["token", "new", "--out"]).arg(&file).arg("--db").arg(&database).output().unwrap();
            assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
            let token = fs::read_to_string(&file).unwrap();
            let mut serve = under_umask(umask);
            let program = Program::start(serve.args(["serve", "--listen", "127.0.0.1:0", "--db"]).arg(&database));
            let bearer = format!("Bearer {}", token.trim_end());
            assert_eq!(
                Client::connect(program.address).post(&[("Authorization", &bearer)], &payload("documented")).status,
                200
            );
            let mut backup = under_umask(umask);
            let output =
                backup.arg("backup").arg(folder.path().join("copy.db")).arg("--db").arg(&database).output().unwrap();
            assert!(output.status.success(), "{output:?}");
            let mut files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
            files.sort();
            let names: Vec<_> = files.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
            assert_eq!(
                names,
                [
                    "anna.token",
                    "copy.db",
                    "health.db",
                    "health.db-running-0",
                    "health.db-server",
                    "health.db-shm",
                    "health.db-wal"
                ]
            );
            for path in files {
                assert_eq!(mode(&path), 0o600, "{path:?} under {umask}");
            }
        }
    }

    /// Only with `--group-readable`, also for a database and a WAL that were private before, and only to read.
    #[test]
    fn a_group_may_read_on_request() {
        for umask in ["077", "000"] {
            let (folder, database) = in_folder();
            let serve = |arguments: &[&str]| {
                let mut serve = under_umask(umask);
                serve.args(["serve", "--listen", "127.0.0.1:0", "--db"]).arg(&database).args(arguments);
                Program::start(&mut serve)
            };
            let files = || ["", "-wal", "-shm"].map(|end| mode(&PathBuf::from(format!("{}{end}", database.display()))));
            let program = serve(&[]);
            assert_eq!(files(), [0o600; 3]);
            program.kill();
            let program = serve(&["--group-readable"]);
            assert_eq!(files(), [0o640; 3], "under {umask}");
            drop(program);
            let copy = |name: &str, arguments: &[&str]| {
                let copy = folder.path().join(name);
                let mut backup = under_umask(umask);
                let output =
                    backup.arg("backup").arg(&copy).arg("--db").arg(&database).args(arguments).output().unwrap();
                assert!(output.status.success(), "{output:?}");
                mode(&copy)
            };
            assert_eq!([copy("private.db", &[]), copy("copy.db", &["--group-readable"])], [0o600, 0o640]);
        }
    }

    #[test]
    fn a_file_that_is_there_is_not_written_over() {
        let (folder, database) = in_folder();
        let file = folder.path().join("token");
        fs::write(&file, "precious").unwrap();
        let output = token(&database, &["new", "--out", file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
        assert!(!database.exists(), "a token that nobody saw is not entered");
    }

    /// They get the mode that the database had when it was opened, and survive a program that is killed.
    #[test]
    fn what_stands_beside_a_database_gets_its_rights() {
        let (_folder, database) = in_folder();
        new(&database, "anna");
        let set = |mode| fs::set_permissions(&database, fs::Permissions::from_mode(mode)).unwrap();
        let beside = || ["-wal", "-shm"].map(|suffix| mode(&PathBuf::from(format!("{}{suffix}", database.display()))));
        set(0o644);
        Program::serve(&database).kill();
        assert_eq!(beside(), [0o644; 2]);
        set(0o600);
        let _program = Program::serve(&database);
        assert_eq!(beside(), [0o600; 2]);
    }

    #[test]
    fn files_that_others_may_read_are_warned_about() {
        let (folder, database) = in_folder();
        let file = folder.path().join("token");
        fs::write(&file, "s3cret").unwrap();
        let start = |mode: u32| {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            let mut serve = command();
            serve.args(["serve", "--listen", "127.0.0.1:0", "--token-file"]).arg(&file).arg("--db").arg(&database);
            Program::start(&mut serve).lines_so_far().join("\n")
        };
        let warning = format!("chmod 600 {}", file.display());
        assert!(!start(0o600).contains("chmod"));
        assert!(start(0o644).contains(&warning));
        fs::set_permissions(&database, fs::Permissions::from_mode(0o604)).unwrap();
        assert!(start(0o640).contains(&format!("chmod 600 {}", database.display())));
    }
}
