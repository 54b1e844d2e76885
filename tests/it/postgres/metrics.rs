//! `/metrics` of a receiver: the same series of persons and types as of a server with a file.

use healthsink_testkit::http::Client;
use healthsink_testkit::server::Server;

use super::cluster::store;
use super::samples::serve;
use crate::contract::payload;

/// The lines of a scrape with series of persons, without times of this run.
fn series(address: std::net::SocketAddr) -> Vec<String> {
    let mut client = Client::connect(address);
    client.head("GET", "/metrics", &[("Host", "localhost"), ("Connection", "close")]);
    let answer = client.receive();
    assert_eq!(answer.status, 200, "{answer:?}");
    let text = String::from_utf8(answer.body).unwrap();
    let names = ["healthsink_last_sample", "healthsink_series_omitted", "healthsink_database_readable"];
    let mut lines: Vec<String> =
        text.lines().filter(|line| names.iter().any(|name| line.starts_with(name))).map(str::to_owned).collect();
    let uploads = text.lines().filter_map(|line| line.strip_prefix("healthsink_last_upload_timestamp_seconds"));
    lines.extend(uploads.map(|rest| rest.split(' ').next().unwrap().to_owned()));
    lines.sort();
    lines
}

#[test]
fn persons_have_the_series_that_a_file_has() {
    let Some(store) = store() else { return };
    let (program, server) = (serve(&store), Server::start());
    assert_eq!(series(program.address), series(server.address));
    for name in ["documented", "category"] {
        let body = payload(name);
        assert_eq!(Client::connect(program.address).post(&[], &body).status, server.post(body).status);
    }
    let found = series(program.address);
    assert_eq!(found, series(server.address));
    assert!(found.iter().any(|line| line.contains("person=\"me\"")), "{found:?}");
}

/// More persons than there are series, with samples in the future.
#[test]
fn a_scrape_is_bounded() {
    let Some(store) = store() else { return };
    store.sql(
        "INSERT INTO persons (id, name) SELECT 1000 + n, 'p-' || n FROM generate_series(1, 1500) n;
         INSERT INTO types (id, name) VALUES (11, 'pulse'), (12, 'steps');
         INSERT INTO sample_origins (person_id, type_id, is_derived, unit_id)
           SELECT 1000 + n, 10 + t, 0, 0 FROM generate_series(1, 1500) n, generate_series(1, 2) t;
         INSERT INTO samples (person_id, type_id, start_at, uuid) SELECT 1000 + n, 11, to_timestamp(k), gen_random_uuid()
           FROM generate_series(1, 1500) n, generate_series(1, 20) k;
         INSERT INTO samples (person_id, type_id, start_at, uuid) VALUES (1001, 11, now() + interval '9 days', gen_random_uuid());
         ANALYZE;",
    );
    let program = serve(&store);
    let found = series(program.address);
    let of_types: Vec<&String> = found.iter().filter(|line| line.starts_with("healthsink_last_sample")).collect();
    assert_eq!(of_types.len(), 1024);
    assert!(of_types.iter().all(|line| line.ends_with("type=\"pulse\"} 20.0")), "{:?}", of_types.first());
    assert!(found.contains(&"healthsink_series_omitted 1976".to_owned()), "{:?}", found.last());
}
