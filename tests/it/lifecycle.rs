//! The program's beginning and end: started, stopped, killed, started again.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use healthsink_testdata::Payload;
use serde_json::{Value, json};

use super::contract::payload;
use crate::program::{self, Program, command, run};
use healthsink_testkit::database::{count, one, rows};
use healthsink_testkit::http::{Client, get};
use healthsink_testkit::server::Server;
use healthsink_testkit::wait::wait_until;

/// Panics unless the WAL has been moved into the database, so that only one file remains. Readers may leave files, so it
/// runs before them.
fn check_one_file(folder: &Path) {
    let files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files, ["health.db"]);
}

#[test]
fn an_upload_under_way_may_finish_when_the_server_stops() {
    let mut server = Server::start();
    let body = payload("documented");
    let mut idle = server.connect();
    idle.head("GET", "/healthz", &[]);
    assert_eq!(idle.receive().status, 200);
    let mut client = server.connect();
    client.begin_chunked(&[]);
    client.chunk(&body[..1000]).unwrap();
    wait_until("the upload", || (server.under_way() == 1).then_some(()));
    server.request_stop();
    // An idle connection is closed, and no other is accepted.
    assert!(idle.is_closed());
    wait_until("the listener's end", || TcpStream::connect(server.address).is_err().then_some(()));
    client.chunk(&body[1000..]).unwrap();
    let answer = client.end_chunked();
    assert_eq!((answer.status, answer.field("new")), (200, json!(6)));
    drop(client);
    server.stop();
    check_one_file(server.folder());
    assert_eq!(server.one("SELECT state FROM uploads"), json!("done"));
}

/// The program, which does not inherit that these tests ignore SIGHUP: they may be run by `nohup` themselves.
pub(crate) fn command_with_default_signals() -> Command {
    let ignores_hangup = |mask: &str| u64::from_str_radix(mask.trim(), 16).is_ok_and(|mask| mask & 1 != 0);
    let is_ignored = fs::read_to_string("/proc/self/status")
        .is_ok_and(|status| status.lines().filter_map(|line| line.strip_prefix("SigIgn:")).any(ignores_hangup));
    if !is_ignored {
        return command();
    }
    let mut env = Command::new("env");
    env.args(["--default-signal=HUP", program::path()]);
    env
}

fn serve_with_default_signals(database: &Path) -> Command {
    let mut command = command_with_default_signals();
    command.args(["serve", "--listen", "127.0.0.1:0", "--db"]).arg(database);
    command
}

/// Service managers send SIGTERM. Administrators send SIGHUP to reload, and a closed terminal sends it also.
#[test]
fn a_signal_lets_an_upload_finish_and_leaves_one_file() {
    for signal in ["TERM", "HUP"] {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("health.db");
        let mut program = Program::start(&mut serve_with_default_signals(&database));
        let body = payload("documented");
        let mut client = Client::connect(program.address);
        client.begin_chunked(&[]);
        client.chunk(&body[..1000]).unwrap();
        let under_way = || get(program.address, "/healthz").field("uploadsUnderWay");
        wait_until("the upload", || (under_way() == json!(1)).then_some(()));
        program.signal(signal);
        program.wait_for_line("stopping");
        client.chunk(&body[1000..]).unwrap();
        let answer = client.end_chunked();
        assert_eq!((answer.status, answer.field("new")), (200, json!(6)));
        drop(client);
        assert!(program.wait().success(), "SIG{signal}");
        check_one_file(folder.path());
        assert_eq!(one(&database, "SELECT state FROM uploads"), json!("done"));
    }
}

/// One line for each change, however often monitors ask.
#[test]
fn the_health_check_reports_a_database_that_was_moved() {
    let folder = tempfile::tempdir().unwrap();
    let (database, elsewhere) = (folder.path().join("health.db"), folder.path().join("elsewhere.db"));
    let program = Program::serve(&database);
    let ask = || get(program.address, "/healthz");
    assert_eq!(ask().status, 200);
    fs::rename(&database, &elsewhere).unwrap();
    for _ in 0..3 {
        let answer = ask();
        let detail = answer.field("detail");
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(detail.as_str().unwrap().contains("is not at its name any more"), "{detail}");
        assert!(!detail.as_str().unwrap().contains(folder.path().to_str().unwrap()), "anyone may ask: {detail}");
    }
    fs::rename(&elsewhere, &database).unwrap();
    assert_eq!(ask().status, 200);
    program.wait_for_line("/healthz answers 200 again");
    let lines = program.lines_so_far();
    assert_eq!(lines.iter().filter(|line| line.contains("/healthz answers 503")).count(), 1, "{lines:?}");
}

/// A closed terminal does not stop a server that was started to outlive it.
#[cfg(target_os = "linux")]
#[test]
fn a_server_started_by_nohup_outlives_its_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let mut nohup = Command::new("nohup");
    nohup.arg(program::path()).args(["serve", "--listen", "127.0.0.1:0", "--db"]);
    nohup.arg(folder.path().join("health.db")).stdout(Stdio::null());
    let mut program = Program::start(&mut nohup);
    program.signal("HUP");
    assert_eq!(Client::connect(program.address).post(&[], &payload("documented")).status, 200);
    program.terminate();
    assert!(program.wait().success());
}

/// The WAL of a small upload is too short for a checkpoint at its commit; the writer makes one when it is idle.
#[test]
fn an_idle_server_moves_its_wal_into_the_database() {
    let server = Server::start();
    let (body, _) = Payload { seed: 6, target_bytes: 1_000_000, ..Payload::default() }.to_vec();
    assert_eq!(server.post(&body).status, 200);
    let pages = server.one("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").as_u64().unwrap();
    wait_until("the pages in the file", || (fs::metadata(server.database()).unwrap().len() == pages).then_some(()));
}

/// Committed rows are stored, the ledger has what happened, and the second try completes the upload.
#[test]
fn a_killed_program_loses_nothing_committed() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let program = Program::serve(&database);
    let (body, written) = Payload { seed: 5, target_bytes: 3_000_000, ..Payload::default() }.to_vec();
    let mut client = Client::connect(program.address);
    client.begin_chunked(&[]);
    client.chunk(&body[..2_000_000]).unwrap();
    let committed = wait_until("the first commit", || {
        let rows = rows(&database, "SELECT new FROM uploads WHERE new > 0");
        rows.first().and_then(|row| row["new"].as_u64())
    });
    program.kill();

    let program = Program::serve(&database);
    let row = &rows(&database, "SELECT state, new, finished_ms FROM uploads")[0];
    assert_eq!([&row["state"], &row["finished_ms"]], [&json!("interrupted"), &Value::Null]);
    let stored = row["new"].as_u64().unwrap();
    assert!(stored >= committed);
    let there = || {
        let tables = ["samples", "workouts", "route_points", "medication_doses", "medications"];
        tables.iter().map(|table| count(&database, table)).sum::<u64>()
    };
    assert_eq!(there(), stored);

    let answer = Client::connect(program.address).post(&[], &body);
    let all =
        written.samples + written.workouts + written.route_points + written.medication_doses + written.medications;
    assert_eq!(answer.status, 200);
    assert_eq!(
        ["new", "updated", "unchanged"].map(|name| answer.field(name)),
        [json!(all - stored), json!(0), json!(stored)]
    );
    assert_eq!(there(), all);
    assert_eq!(one(&database, "PRAGMA integrity_check"), json!("ok"));
}

#[test]
fn without_a_token_only_this_machine_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let refused = |arguments: &[&str]| {
        let output = run(&[&["serve", "--db", database.to_str().unwrap()], arguments].concat());
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
        assert!(!database.exists(), "{arguments:?}");
        message
    };
    let message = refused(&["--listen", "0.0.0.0:0"]);
    assert!(message.contains("--token-file") && message.contains("--no-auth"), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    refused(&["--listen", "[::]:0"]);
    refused(&["--listen", "192.0.2.1:0"]);
    let message = refused(&["--listen", "0.0.0.0:0", "--token-file", "/nowhere/token"]);
    assert!(message.contains("/nowhere/token") && message.lines().count() == 1, "{message}");
    let empty = folder.path().join("token");
    fs::write(&empty, "\n").unwrap();
    refused(&["--listen", "0.0.0.0:0", "--token-file", empty.to_str().unwrap()]);
    refused(&["--path", "health"]);
    refused(&["--path", "/healthz"]);
    refused(&["--auth-header", "no header"]);
    refused(&["--listen", "nowhere"]);
}

#[test]
fn no_auth_and_a_token_open_other_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let start = |arguments: &[&str]| {
        let mut command = command();
        command.args(["serve", "--listen", "0.0.0.0:0", "--db"]).arg(&database).args(arguments);
        let mut program = Program::start(&mut command);
        program.address.set_ip([127, 0, 0, 1].into());
        program
    };
    let body = payload("documented");
    let program = start(&["--no-auth"]);
    assert_eq!(Client::connect(program.address).post(&[], &body).status, 200);
    drop(program);
    let token = folder.path().join("token");
    fs::write(&token, "s3cret").unwrap();
    let program = start(&["--token-file", token.to_str().unwrap()]);
    assert_eq!(Client::connect(program.address).post(&[], &body).status, 401);
    assert_eq!(Client::connect(program.address).post(&[("Authorization", "Bearer s3cret")], &body).status, 200);
}

#[test]
fn a_used_port_and_a_file_that_is_not_a_database_are_one_line_each() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let check = |listen: &str, database: &Path, part: &str| {
        let output = run(&["serve", "--listen", listen, "--db", database.to_str().unwrap()]);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.starts_with("healthsink: ") && message.contains(part), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    };
    let server = Server::start();
    check(&server.address.to_string(), &database, "cannot listen");
    check("127.0.0.1:0", &folder.path().join("no/such/folder.db"), "cannot create the database");
    let text = folder.path().join("notes.db");
    fs::write(&text, "These are notes and no database, and there are enough of them to fill a header.\n".repeat(20))
        .unwrap();
    check("127.0.0.1:0", &text, "not a SQLite database");
    let other = folder.path().join("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE notes (text)").unwrap();
    check("127.0.0.1:0", &other, "another program");
}

#[test]
fn only_its_owner_may_open_the_database() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start();
    server.post(payload("documented"));
    for entry in fs::read_dir(server.folder()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
    }
}

/// As systemd does: the sockets are open before the program starts, and it needs no address.
#[test]
fn inherited_sockets_are_served() {
    use std::net::TcpListener;
    use std::os::fd::OwnedFd;
    use std::process::{Command, Stdio};
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let start = |listener: TcpListener, arguments: &str| {
        let mut shell = Command::new("sh");
        // The socket is standard input here, and number 3 in the program.
        let script =
            format!("exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" serve --db \"$1\" {arguments}");
        shell.args(["-c", &script, program::path()]).arg(&database).env_clear();
        shell.stdin(Stdio::from(OwnedFd::from(listener)));
        shell
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Sent before the program listens: systemd starts the program because of it.
    let mut client = Client::connect(address);
    let program = Program::start_with_input(&mut start(listener, "--listen 127.0.0.1:9"));
    assert_eq!(program.address, address);
    assert_eq!(client.post(&[], &payload("documented")).status, 200);
    assert_eq!(get(address, "/healthz").status, 200);
    drop(program);
    // A socket that strangers reach needs a token, also if another program opened it.
    let open = start(TcpListener::bind("0.0.0.0:0").unwrap(), "").stderr(Stdio::piped()).output().unwrap();
    let message = String::from_utf8(open.stderr).unwrap();
    assert_eq!(open.status.code(), Some(2), "{message}");
    assert!(message.contains("--token-file") && message.lines().count() == 1, "{message}");
}

/// With `Accept=yes`, systemd accepts connections itself and starts a program for each.
#[test]
fn an_inherited_connection_is_refused() {
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::OwnedFd;
    use std::process::{Command, Stdio};
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let connection = listener.accept().unwrap().0;
    let script = "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" serve --db \"$1\"";
    let mut shell = Command::new("sh");
    shell.args(["-c", script, program::path()]).arg(folder.path().join("health.db")).env_clear();
    let output = shell.stdin(Stdio::from(OwnedFd::from(connection))).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), message.lines().count()), (Some(2), 1), "{message}");
    assert!(message.contains("Accept=no"), "{message}");
    assert!(!folder.path().join("health.db").exists(), "it is refused before anything is made");
}

/// Everyone who reaches the metrics socket sees all metrics, so its name makes a socket one, not its place.
#[test]
fn only_its_name_makes_an_inherited_socket_one_for_metrics() {
    use std::net::TcpListener;
    use std::os::fd::OwnedFd;
    use std::process::{Command, Stdio};
    let folder = tempfile::tempdir().unwrap();
    let bind = || TcpListener::bind("127.0.0.1:0").unwrap();
    let start = |[first, second]: [TcpListener; 2], names: &str| {
        let mut shell = Command::new("sh");
        // The sockets are standard input and output here, and numbers 3 and 4 in the program.
        let script = "exec 3<&0 4>&1 </dev/null >/dev/null; LISTEN_FDS=2 LISTEN_PID=$$ exec \"$0\" serve --db \"$1\"";
        shell.args(["-c", script, program::path()]).arg(folder.path().join("health.db")).env_clear();
        shell.env("LISTEN_FDNAMES", names).stdin(Stdio::from(OwnedFd::from(first))).stdout(OwnedFd::from(second));
        shell
    };
    let sockets = [bind(), bind()];
    let [metrics, uploads] = [0, 1].map(|place: usize| sockets[place].local_addr().unwrap());
    let program = Program::start_with_input(&mut start(sockets, "metrics:uploads"));
    assert_eq!(program.address, uploads);
    program.wait_for_line(&format!("metrics are served on http://{metrics}/"));
    assert_eq!((get(metrics, "/metrics").status, get(uploads, "/metrics").status), (200, 404));
    drop(program);
    for (names, expected) in [
        ("healthsink.socket:healthsink.socket", "is for uploads"),
        ("", "is for uploads"),
        ("metrics:metrics", "has the name `metrics`"),
    ] {
        let output = start([bind(), bind()], names).stderr(Stdio::piped()).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), message.lines().count()), (Some(2), 1), "{names}: {message}");
        assert!(message.contains("FileDescriptorName=metrics") && message.contains(expected), "{names}: {message}");
    }
}
