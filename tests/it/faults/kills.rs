//! `kill -9` at any moment: what got 200 is stored, and sending again completes the rest. `scripts/torture kills` repeats
//! this hundreds of times.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::evidence::{Sent, check_is_exactly, check_is_sound};
use crate::program::Program;
use healthsink_testkit::database::rows;
use healthsink_testkit::http::{Client, PATH};
use healthsink_testkit::wait::{PATIENCE, wait_until};

const KILLS: usize = 8;
const CLIENTS: usize = 3;
/// The last rounds wait for at most this many answers.
const ANSWERS: usize = 3;

/// Sends a payload once. Returns whether the server answered 200.
fn send(address: SocketAddr, body: &[u8], is_sent: &AtomicUsize, answers: &AtomicUsize) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return false;
    };
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!("POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.len());
    if stream.write_all(head.as_bytes()).is_err() {
        return false;
    }
    for part in body.chunks(64 << 10) {
        if stream.write_all(part).is_err() {
            return false;
        }
        is_sent.fetch_add(part.len(), Ordering::Relaxed);
    }
    let mut answer = [0; 12];
    let is_stored = std::io::Read::read_exact(&mut stream, &mut answer).is_ok() && &answer == b"HTTP/1.1 200";
    answers.fetch_add(usize::from(is_stored), Ordering::Relaxed);
    is_stored
}

#[test]
fn acknowledged_rows_survive_a_kill_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let sent: Vec<Sent> = (0..CLIENTS * KILLS).map(|seed| Sent::new(seed as u64, 400_000)).collect();
    let mut acknowledged = vec![false; sent.len()];
    for round in 0..KILLS {
        let program = Program::serve(&database);
        // The payloads of this round, and an earlier one again, stored or not.
        let first = round * CLIENTS;
        let mut now: Vec<usize> = (first..first + CLIENTS).collect();
        now.extend(first.checked_sub(2));
        let bytes: usize = now.iter().map(|index| sent[*index].body.len()).sum();
        // Rounds are limited by bytes and answers, not by time: the last rounds let everything through, and wait for
        // answers.
        let limit = bytes * (round + 2) / KILLS;
        let (is_sent, answers) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let address = program.address;
        let acknowledgements: Vec<(usize, bool)> = std::thread::scope(|scope| {
            let clients: Vec<_> = now
                .iter()
                .map(|index| (*index, scope.spawn(|| send(address, &sent[*index].body, &is_sent, &answers))))
                .collect();
            wait_until("the bytes, and the answers of the last rounds", || {
                let is_far_enough = is_sent.load(Ordering::Relaxed) >= limit.min(bytes)
                    && answers.load(Ordering::Relaxed) >= (round + ANSWERS).saturating_sub(KILLS);
                is_far_enough.then_some(())
            });
            program.kill();
            clients.into_iter().map(|(index, client)| (index, client.join().unwrap())).collect()
        });
        for (index, is_stored) in acknowledgements {
            acknowledged[index] |= is_stored;
        }
        // As another program finds the database, before healthsink opens it again.
        check_is_sound(&database);
        for (sent, _) in sent.iter().zip(&acknowledged).filter(|(_, is_acknowledged)| **is_acknowledged) {
            sent.check_is_in(&database);
        }
    }
    let program = Program::serve(&database);
    let states =
        rows(&database, "SELECT DISTINCT state FROM uploads WHERE state NOT IN ('done', 'aborted', 'interrupted')");
    assert!(states.is_empty(), "{states:?}");
    assert!(acknowledged.contains(&true) && acknowledged.contains(&false), "{acknowledged:?}");
    for sent in &sent {
        let answer = Client::connect(program.address).post(&[], &sent.body);
        assert_eq!((answer.status, answer.field("updated")), (200, json!(0)));
    }
    check_is_exactly(&database, &sent);
    check_is_sound(&database);
}
