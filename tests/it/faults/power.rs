//! A power cut leaves what was synced before the answer. `scripts/torture power` invents what is left, from a record of all
//! writes. These tests check the order of system calls, and a WAL that is cut or damaged after the last sync.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::evidence::{Sent, check_is_sound};
use crate::program::{self, Program};
use healthsink::store::{Database, Store};
use healthsink_testkit::database::one;
use healthsink_testkit::http::Client;
use healthsink_testkit::missing::not_run;
use healthsink_testkit::wait::wait_until;

/// The server under strace, which records each system call that brings bytes to the disk or to a client.
fn traced(database: &Path, trace: &Path) -> Option<Program> {
    let is_there = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    if !is_there.is_ok_and(|status| status.success()) {
        not_run("strace is missing or may not trace (Debian: apt install strace)");
        return None;
    }
    let calls = "trace=read,recvfrom,recvmsg,write,writev,sendto,sendmsg,pwrite64,pwritev,ftruncate,fsync,fdatasync";
    let mut strace = Command::new("strace");
    // strace is not the parent, so a signal to the child reaches the server.
    strace.args(["-D", "-f", "-y", "-e", calls, "-o"]).arg(trace).env_clear();
    strace.args([program::path(), "serve", "--listen", "127.0.0.1:0", "--db"]).arg(database);
    Some(Program::start(&mut strace))
}

/// A line of the trace, as far as these tests need it.
#[derive(Debug, Eq, PartialEq)]
enum Call {
    LogWritten,
    LogSynced,
    FolderSynced,
    RequestRead,
    Acknowledged,
}

/// Calls in order: a write by its beginning, a sync by its end.
fn calls(trace: &str, folder: &Path) -> Vec<Call> {
    let folder = format!("<{}>", folder.display());
    let mut begun: std::collections::HashMap<&str, &str> = std::collections::HashMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let (thread, call) = line.split_once(' ').unwrap();
        let call = call.trim_start();
        let is_resumed = call.starts_with("<...");
        let whole = if is_resumed { begun.remove(thread).unwrap_or_default() } else { call };
        let is_unfinished = !is_resumed && call.contains("<unfinished");
        if is_unfinished {
            begun.insert(thread, call);
        }
        if whole.starts_with("fsync(") || whole.starts_with("fdatasync(") {
            if !is_unfinished && call.trim_end().ends_with("= 0") {
                if whole.contains("-wal>") {
                    calls.push(Call::LogSynced);
                } else if whole.contains(&folder) {
                    calls.push(Call::FolderSynced);
                }
            }
        } else if ["read(", "recvfrom(", "recvmsg("].iter().any(|name| whole.starts_with(name)) {
            let is_socket = whole.contains("<socket:") || whole.contains("<TCP");
            let bytes = call.rsplit_once("= ").and_then(|(_, bytes)| bytes.trim().parse::<u64>().ok());
            if is_socket && bytes.is_some_and(|bytes| bytes > 0) {
                calls.push(Call::RequestRead);
            }
        } else if !is_resumed && whole.contains("-wal>") {
            calls.push(Call::LogWritten);
        } else if !is_resumed && whole.contains("\"HTTP/1.1 200") {
            calls.push(Call::Acknowledged);
        }
    }
    calls
}

#[test]
fn the_wal_is_synced_between_its_last_write_and_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let (database, trace) = (folder.path().join("health.db"), folder.path().join("trace"));
    // Only the holder of this lock computes figures. They are written as soon as an upload is stored, perhaps before its answer.
    let turn = fs::File::open(folder.path()).unwrap();
    turn.lock().unwrap();
    let Some(program) = traced(&database, &trace) else { return };
    let sent = Sent::new(1, 300_000);
    // The second time only the ledger has new rows, and these must be synced also.
    for _ in 0..2 {
        assert_eq!(Client::connect(program.address).post(&[], &sent.body).status, 200);
    }
    program.kill();
    let calls = wait_until("the trace", || {
        let calls = calls(&fs::read_to_string(&trace).unwrap(), folder.path());
        (calls.iter().filter(|call| **call == Call::Acknowledged).count() == 2).then_some(calls)
    });
    let (mut is_synced, mut is_written) = (false, false);
    let mut syncs = 0;
    let mut is_folder_synced = false;
    for call in calls {
        match call {
            // The start of an upload is synced before its body is read: only later writes are its rows.
            Call::RequestRead => (is_written, syncs) = (false, 0),
            Call::LogWritten => (is_synced, is_written) = (false, true),
            Call::LogSynced => (is_synced, syncs) = (true, syncs + usize::from(is_written)),
            Call::FolderSynced => is_folder_synced = true,
            Call::Acknowledged => {
                assert!(is_synced, "the log was written and not synced before the answer");
                assert!(syncs > 0, "nothing was written and synced between the body and this answer");
                assert!(is_folder_synced, "the files have no names yet that last");
                (is_written, syncs) = (false, 0);
            }
        }
    }
}

/// Copies the database and its WAL, and changes the WAL from a byte on.
fn copy_spoilt(database: &Path, target: &Path, spoil: impl FnOnce(&mut fs::File, u64)) {
    let log = |path: &Path| PathBuf::from(format!("{}-wal", path.display()));
    let _ = fs::remove_file(format!("{}-shm", target.display()));
    fs::copy(database, target).unwrap();
    fs::copy(log(database), log(target)).unwrap();
    let mut file = fs::OpenOptions::new().write(true).open(log(target)).unwrap();
    let bytes = file.metadata().unwrap().len();
    spoil(&mut file, bytes);
}

#[test]
fn a_wal_damaged_after_the_last_sync_keeps_what_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let (database, copy) = (folder.path().join("health.db"), folder.path().join("copy.db"));
    drop(Store::open(&Database::new(&database)).unwrap());
    // Keeps everything that the server writes in the WAL: it began before the server did.
    let reader = rusqlite::Connection::open(&database).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let _: i64 = reader.query_row("SELECT count(*) FROM samples", [], |row| row.get(0)).unwrap();
    let program = Program::serve(&database);
    let [first, second] = [1, 2].map(|seed| Sent::new(seed, 300_000));
    let post = |sent: &Sent| Client::connect(program.address).post(&[], &sent.body).status;
    assert_eq!(post(&first), 200);
    let wal = format!("{}-wal", database.display());
    // Once the answer has arrived, everything in the WAL is synced. Later bytes need not be.
    let synced = fs::metadata(&wal).unwrap().len();
    assert_eq!(post(&second), 200);
    program.kill();
    let end = fs::metadata(&wal).unwrap().len();
    assert!(synced < end);
    const CUTS: u64 = 60;
    for cut in 0..CUTS {
        // Any byte, including those next to the ends of frames.
        let at = synced + (end - synced) * cut / CUTS + cut % 3;
        let garbage = vec![0xA5 ^ u8::try_from(cut).unwrap(); usize::try_from(end - at).unwrap()];
        let zeros = vec![0; garbage.len()];
        for how in 0..3 {
            copy_spoilt(&database, &copy, |file, _| {
                file.seek(SeekFrom::Start(at)).unwrap();
                match how {
                    0 => file.set_len(at).unwrap(),
                    1 => file.write_all(&zeros).unwrap(),
                    _ => file.write_all(&garbage).unwrap(),
                }
            });
            assert_eq!(one(&copy, "PRAGMA integrity_check"), serde_json::json!("ok"), "{how} from {at}");
            first.check_is_in(&copy);
        }
    }
    // The counter-proof: a cut before the last sync loses something.
    copy_spoilt(&database, &copy, |file, _| file.set_len(synced / 2).unwrap());
    assert_eq!(one(&copy, "PRAGMA integrity_check"), serde_json::json!("ok"));
    assert!(std::panic::catch_unwind(|| first.check_is_in(&copy)).is_err());
    // healthsink itself opens such a copy and continues.
    copy_spoilt(&database, &copy, |file, end| file.set_len((synced + end) / 2).unwrap());
    let program = Program::serve(&copy);
    for sent in [&first, &second] {
        assert_eq!(Client::connect(program.address).post(&[], &sent.body).status, 200);
        sent.check_is_in(&copy);
    }
    check_is_sound(&copy);
}
