//! A server that goes away: uploads get 503 and are stored later, by the same receiver.

use std::io::Write;
use std::process::Child;

use healthsink_testdata::Payload;
use healthsink_testkit::http::Client;
use healthsink_testkit::wait::wait_until;

use super::cluster::{Cluster, own_cluster};
use crate::program::{Program, command, run};

fn stop(mut server: Child, signal: &str) {
    server.stdin.take().unwrap().write_all(format!("{signal}\n").as_bytes()).unwrap();
    server.wait().unwrap();
}

fn post(program: &Program, number: u32) -> u16 {
    let body = format!(
        r#"{{"data":{{"HKQuantityTypeIdentifierStepCount":[{{"uuid":"{number:08X}-0000-4000-8000-000000000000",
        "startDate":"2024-05-01T00:00:00Z","endDate":"2024-05-01T00:00:01Z","value":1,"unit":"count"}}]}}}}"#
    );
    Client::connect(program.address).post(&[], body.as_bytes()).status
}

fn count(cluster: &Cluster) -> String {
    cluster.sql("postgres", "SELECT count(*) FROM samples")
}

#[test]
fn a_receiver_outlives_its_database() {
    let Some((cluster, server)) = own_cluster() else { return };
    let address = cluster.address("postgres");
    assert!(run(&["migrate", "--store", &address]).status.success());
    let program = Program::start(command().args(["serve", "--listen", "127.0.0.1:0", "--store", &address]));
    assert_eq!(post(&program, 1), 200);
    // As SIGKILL of all its processes.
    stop(server, "QUIT");
    assert_eq!(post(&program, 2), 503);
    let server = cluster.start();
    wait_until("uploads are stored again", || (post(&program, 2) == 200).then_some(()));
    assert_eq!(count(&cluster), "2");
    // All connections end at once, also those that wait for work.
    cluster.sql(
        "postgres",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'healthsink'",
    );
    wait_until("uploads are stored again", || (post(&program, 3) == 200).then_some(()));
    assert_eq!(count(&cluster), "3");
    drop(program);
    drop(server);
}

/// The end of a body finds the connection closed that its rows were on.
#[test]
fn rows_that_end_with_their_connection_are_not_acknowledged() {
    let Some((cluster, server)) = own_cluster() else { return };
    let address = cluster.address("postgres");
    assert!(run(&["migrate", "--store", &address]).status.success());
    let program = Program::start(command().args(["serve", "--listen", "127.0.0.1:0", "--store", &address]));
    let (mut stored, mut refused) = (0, 0);
    // Behind some of these places the receiver gives PostgreSQL rows once more before the end, and then knows of the closed connection.
    for place in 1..8 {
        let mut body = Vec::new();
        let payload = Payload { seed: place, target_bytes: 2_000_000, ..Payload::default() };
        stored += payload.write_to(&mut body).unwrap().samples;
        let (first, last) = body.split_at(body.len() * usize::try_from(place).unwrap() / 8);
        // Connections with new samples in an open transaction.
        let end = || {
            let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks
                WHERE relation = 'samples'::regclass AND mode = 'RowExclusiveLock'";
            (0..3).any(|_| cluster.sql("postgres", sql) != "0")
        };
        let mut client = wait_until("rows under way", || {
            let mut client = Client::connect(program.address);
            client.begin_chunked(&[]);
            client.chunk(first).unwrap();
            // Rows that have waited for more are committed.
            end().then_some(client)
        });
        client.chunk(last).unwrap();
        let answer = client.end_chunked();
        assert!([200, 503].contains(&answer.status), "{place}: {answer:?}");
        refused += usize::from(answer.status == 503);
        if answer.status == 503 {
            assert_eq!(Client::connect(program.address).post(&[], &body).status, 200);
        }
        assert_eq!(count(&cluster), stored.to_string(), "{place}: {answer:?}");
    }
    assert!(refused > 0);
    drop(program);
    drop(server);
}
