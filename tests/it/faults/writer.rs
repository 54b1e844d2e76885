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
