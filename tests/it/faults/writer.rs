//! The writer's thread ends early: the server also ends, and reports it, instead of running without a database.

use std::net::TcpListener;

use healthsink::model::error::ErrorKind;
use healthsink::store::Database;
use healthsink::store::writer::Writer;
use serde_json::json;

use healthsink_testkit::http::{Client, get};
use healthsink_testkit::server::config;
use healthsink_testkit::wait::wait_until;

#[test]
fn the_server_ends_with_its_writer_and_uploads_under_way_get_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    let config = config(folder.path().join("health.db"), address);
    let writer = Writer::start(&Database::new(&config.db)).unwrap();
    let handle = writer.handle().clone();
    let server = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            healthsink::serve::run(listener, &config, handle, std::future::pending()).await
        })
    });
    let mut client = Client::connect(address);
    client.begin_chunked(&[]);
    client.chunk(b"{\"data\":{").unwrap();
    wait_until("the upload", || (get(address, "/healthz").field("uploadsUnderWay") == json!(1)).then_some(()));
    writer.stop().unwrap();
    let answer = client.receive();
    assert!([500, 503].contains(&answer.status), "{answer:?}");
    let error = server.join().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.to_string().contains("writer has failed"), "{error}");
}

/// An upload of a sender whose rows take long must not delay the answers of others until it ends.
#[test]
fn an_upload_that_has_ended_waits_for_no_other_one() {
    let server = healthsink_testkit::server::Server::start();
    // Figures of one time are compared with each other.
    let point = |value: usize| format!(r#"{{"date":"2026-01-01 00:00:00 +0000","qty":{value},"source":"Watch"}}"#);
    let points: Vec<String> = (0..20_000).map(point).collect();
    let slow =
        format!(r#"{{"data":{{"metrics":[{{"name":"step_count","units":"count","data":[{}]}}]}}}}"#, points.join(","));
    std::thread::scope(|scope| {
        let long = scope.spawn(|| server.post(slow));
        wait_until("rows of the long upload", || {
            let begun = get(server.address, "/healthz").field("uploadsUnderWay") == json!(1);
            (begun || long.is_finished()).then_some(())
        });
        let mut answered = 0;
        while !long.is_finished() {
            let sample = format!(
                r#"{{"uuid":"00000000-0000-4000-8000-{answered:012}","value":72,
                "startDate":"2026-01-01T10:00:00Z","endDate":"2026-01-01T10:00:00Z"}}"#
            );
            let answer = server.post(format!(r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{sample}]}}}}"#));
            assert_eq!((answer.status, answer.field("new")), (200, json!(1)), "{answer:?}");
            answered += 1;
        }
        // One may be answered before the first row of the long upload, and one with its last.
        assert!(answered > 3, "{answered} answers");
        assert_eq!(long.join().unwrap().field("new"), json!(20_000));
    });
}
