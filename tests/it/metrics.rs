//! `/metrics`: what is counted, who may see it, and that every name is documented.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;

use healthsink::model::limits::{ATTEMPTS_FREE, INGESTS_MAX};
use healthsink::serve::config::Auth;
use serde_json::json;

use super::contract::payload;
use super::tokens::new;
use crate::program::{Program, command, run};
use healthsink_testkit::http::{Client, Response, get};
use healthsink_testkit::server::Server;
use healthsink_testkit::tls::Authority;

/// Samples of a scrape by name and labels. It also checks the format: types precede samples, and no sample is there twice.
fn samples(answer: &Response) -> BTreeMap<String, f64> {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    let text = std::str::from_utf8(&answer.body).unwrap();
    let text = text.strip_suffix("# EOF\n").expect("an end");
    let (mut samples, mut family) = (BTreeMap::new(), String::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            family = rest.split(' ').next().unwrap().to_owned();
        } else if !line.starts_with("# HELP ") {
            let (series, value) = line.rsplit_once(' ').unwrap();
            assert!(series.starts_with(&family) && !family.is_empty(), "{line}");
            assert!(samples.insert(series.to_owned(), value.parse().unwrap()).is_none(), "twice: {line}");
        }
    }
    samples
}

#[test]
fn uploads_are_counted() {
    let server = Server::start();
    let scrape = || samples(&get(server.address, "/metrics"));
    let empty = scrape();
    assert_eq!(empty["healthsink_uploads_total{result=\"stored\"}"], 0.0);
    assert!(!empty.keys().any(|name| name.starts_with("healthsink_last")), "{empty:#?}");
    let body = payload("documented");
    server.post(&body);
    server.post(&body);
    server.post(payload("rejects"));
    server.post(&body[..1000]);
    server.connect().post(&[("Content-Encoding", "br")], &body);
    let scraped = scrape();
    let check = |name: &str, expected: f64| assert_eq!(scraped.get(name), Some(&expected), "{name}: {scraped:#?}");
    check("healthsink_uploads_total{result=\"stored\"}", 3.0);
    check("healthsink_uploads_total{result=\"aborted\"}", 1.0);
    check("healthsink_uploads_total{result=\"failed\"}", 0.0);
    check("healthsink_uploads_total{result=\"refused\"}", 1.0);
    let counts =
        &server.rows("SELECT sum(new) AS new, sum(unchanged) AS unchanged, sum(rejected) AS rejected FROM uploads")[0];
    for outcome in ["new", "unchanged", "rejected"] {
        check(&format!("healthsink_records_total{{outcome=\"{outcome}\"}}"), counts[outcome].as_f64().unwrap());
    }
    assert!(counts["rejected"].as_f64() > Some(0.0));
    check("healthsink_upload_bytes_total", server.one("SELECT sum(body_bytes) FROM uploads").as_f64().unwrap());
    check("healthsink_upload_duration_seconds_count", 4.0);
    check("healthsink_upload_duration_seconds_bucket{le=\"+Inf\"}", 4.0);
    check("healthsink_upload_duration_seconds_bucket{le=\"1800.0\"}", 4.0);
    check("healthsink_uploads_in_progress", 0.0);
    check("healthsink_upload_permits", INGESTS_MAX as f64);
    check("healthsink_writer_up", 1.0);
    check("healthsink_writer_queue_requests", 0.0);
    check("healthsink_database_readable", 1.0);
    check("healthsink_series_omitted", 0.0);
    check("healthsink_wal_bytes", fs::metadata(server.folder().join("health.db-wal")).unwrap().len() as f64);
    #[cfg(target_os = "linux")]
    assert!(scraped["process_resident_memory_bytes"] > 1e6);
}

#[test]
fn the_last_sample_of_each_person_and_type_is_shown() {
    let server = Server::start();
    server.post(payload("documented"));
    server.post(payload("category"));
    let scraped = samples(&get(server.address, "/metrics"));
    let last: Vec<_> = scraped.iter().filter(|(name, _)| name.starts_with("healthsink_last_sample")).collect();
    let expected = server.rows(
        "SELECT p.name AS person, t.name AS type, max(start_ms) AS last FROM samples s JOIN persons p ON p.id = s.person_id
         JOIN types t ON t.id = s.type_id GROUP BY 1, 2",
    );
    assert_eq!(last.len(), expected.len());
    for row in expected {
        let (person, kind) = (row["person"].as_str().unwrap(), row["type"].as_str().unwrap());
        let name = format!("healthsink_last_sample_timestamp_seconds{{person=\"{person}\",type=\"{kind}\"}}");
        assert_eq!(scraped[&name], row["last"].as_f64().unwrap() / 1000.0);
    }
    let uploaded = server.one("SELECT max(finished_ms) FROM uploads").as_f64().unwrap() / 1000.0;
    assert_eq!(scraped["healthsink_last_upload_timestamp_seconds{person=\"me\"}"], uploaded);
}

/// A name that a label cannot hold is not cut, since two names might become one. Odd characters are escaped.
#[test]
fn odd_and_long_names_of_types_do_no_harm() {
    let server = Server::start();
    for name in ["a\"b\\c\nd", &"x".repeat(500), &"y".repeat(100)] {
        let sample = json!({"uuid": "00000000-0000-4000-8000-000000000001", "value": 1, "unit": "count",
            "startDate": "2026-01-01T00:00:00.000Z", "endDate": "2026-01-01T00:00:00.000Z"});
        let mut sections = serde_json::Map::new();
        sections.insert(format!("HKQuantityTypeIdentifier{name}"), json!([sample]));
        let answer = server.post(json!({ "data": sections }).to_string());
        assert_eq!(answer.field("new"), json!(1), "{answer:?}");
    }
    let types = server.count("types");
    let scraped = samples(&get(server.address, "/metrics"));
    let shown = scraped.keys().filter(|name| name.starts_with("healthsink_last_sample")).count();
    assert_eq!((types, shown as u64), (3, 2), "{scraped:#?}");
    assert_eq!(scraped["healthsink_series_omitted"], 1.0);
    assert!(scraped.keys().any(|name| name.contains("Identifiera\\\"b\\\\c\\nd\"")), "{scraped:#?}");
}

/// A scrape with a token, or without.
fn scrape(address: SocketAddr, token: Option<&str>) -> Response {
    let mut client = Client::connect(address);
    let bearer = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<_> = bearer.iter().map(|bearer| ("Authorization", bearer.as_str())).collect();
    client.head("GET", "/metrics", &headers);
    client.receive()
}

/// The values of a label in a scrape.
fn values<'a>(samples: &'a BTreeMap<String, f64>, label: &str) -> BTreeSet<&'a str> {
    let begin = format!("{label}=\"");
    samples.keys().filter_map(|series| series.split(&begin).nth(1)?.split('"').next()).collect()
}

#[test]
fn a_token_shows_its_own_person() {
    let server = Server::with(|config| {
        let token_file = config.db.with_file_name("token");
        fs::write(&token_file, "s3cret\n").unwrap();
        config.auth = Auth { token_file: Some(token_file), ..Auth::default() };
    });
    let (anna, ben) = (new(&server.database(), "anna"), new(&server.database(), "ben"));
    let post = |token: &str, body: &str| {
        let bearer = format!("Bearer {token}");
        assert_eq!(server.connect().post(&[("Authorization", &bearer)], &payload(body)).status, 200);
    };
    post(&anna, "documented");
    post(&ben, "category");
    post("s3cret", "quantity");
    for (token, person) in [(anna.as_str(), "anna"), (&ben, "ben"), ("s3cret", "me")] {
        let shown = samples(&scrape(server.address, Some(token)));
        assert_eq!(values(&shown, "person"), BTreeSet::from([person]));
        let types = server.rows(&format!(
            "SELECT DISTINCT t.name FROM samples s JOIN types t ON t.id = s.type_id JOIN persons p ON p.id = s.person_id
             WHERE p.name = '{person}'"
        ));
        assert_eq!(values(&shown, "type"), types.iter().map(|row| row["name"].as_str().unwrap()).collect(), "{person}");
        assert_eq!(shown["healthsink_series_omitted"], 0.0, "another person's series do not count as omitted");
        assert_eq!(
            shown["healthsink_uploads_total{result=\"stored\"}"], 3.0,
            "every token sees series without a person"
        );
    }
    // No upload came with this token, so there is nothing to show.
    let carl = new(&server.database(), "carl");
    assert!(values(&samples(&scrape(server.address, Some(&carl))), "person").is_empty());
    assert_eq!(scrape(server.address, None).status, 401, "this machine also needs a token now");
}

#[test]
fn refused_requests_are_counted() {
    let server = Server::start();
    let anna = new(&server.database(), "anna");
    let post = |token: &str| {
        let bearer = format!("Bearer {token}");
        server.connect().post(&[("Authorization", &bearer)], &payload("documented")).status
    };
    for attempt in 0..=ATTEMPTS_FREE {
        let status = if attempt == 0 { scrape(server.address, Some("wrong")).status } else { post("wrong") };
        assert_eq!(status, 401, "a wrong token is one, wherever it is sent");
    }
    assert_eq!(post("wrong"), 429);
    assert_eq!(scrape(server.address, Some("wrong")).status, 429);
    let shown = samples(&scrape(server.address, Some(&anna)));
    let count = |result: &str| shown[&format!("healthsink_uploads_total{{result=\"{result}\"}}")];
    assert_eq!((count("unauthorized"), count("throttled")), (f64::from(ATTEMPTS_FREE + 1), 2.0), "{shown:#?}");
    assert_eq!((count("stored"), shown["healthsink_upload_duration_seconds_count"]), (0.0, 0.0));
}

/// A scraper has no name to check a certificate against.
#[test]
fn the_metrics_address_speaks_plain_http_beside_https() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let files = authority.issue().write(folder.path());
    let mut serve = command();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--db"]);
    serve.arg(folder.path().join("health.db")).arg("--tls-cert").arg(files.cert).arg("--tls-key").arg(files.key);
    let program = Program::start(&mut serve);
    let line = program.wait_for_line("metrics are served on http://");
    let address: SocketAddr = line.split("http://").nth(1).unwrap().trim_end_matches("/metrics").parse().unwrap();
    let mut phone = authority.connect(program.address).unwrap();
    assert_eq!(phone.post(&[], &payload("documented")).status, 200);
    let shown = samples(&get(address, "/metrics"));
    assert_eq!(shown["healthsink_uploads_total{result=\"stored\"}"], 1.0);
    assert!(run(&["healthcheck", "--metrics-listen", &address.to_string()]).status.success());
}

#[test]
fn a_scrape_needs_the_right_to_upload() {
    let server = Server::with(|config| {
        let token_file = config.db.with_file_name("token");
        fs::write(&token_file, "s3cret\n").unwrap();
        config.auth = Auth { token_file: Some(token_file), ..Auth::default() };
    });
    let scrape = |address, headers: &[(&str, &str)]| {
        let mut client = Client::connect(address);
        client.head("GET", "/metrics", headers);
        client.receive().status
    };
    assert_eq!(scrape(server.address, &[]), 401);
    assert_eq!(scrape(server.address, &[("Authorization", "Bearer wrong")]), 401);
    assert_eq!(scrape(server.address, &[("Authorization", "Bearer s3cret")]), 200);
    // Without a token only this machine may scrape: no clients of a proxy and no web pages on it, even if they may send.
    let server = Server::with(|config| config.auth.is_optional = true);
    assert_eq!(scrape(server.address, &[]), 200);
    for header in ["X-Forwarded-For", "Forwarded", "Via", "Origin", "Sec-Fetch-Site", "Host"] {
        assert_eq!(scrape(server.address, &[(header, "192.0.2.1")]), 401, "{header}");
    }
    let mut client = server.connect();
    client.head("POST", "/metrics", &[("Content-Length", "0")]);
    assert_eq!(client.receive().status, 405);
}

#[test]
fn metrics_may_have_a_separate_address() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let mut serve = command();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--db"]).arg(&database);
    let program = Program::start(&mut serve);
    let line = program.wait_for_line("metrics are served on http://");
    let address = line.split("http://").nth(1).unwrap().trim_end_matches("/metrics").parse().unwrap();
    assert_eq!(samples(&get(address, "/metrics"))["healthsink_uploads_total{result=\"stored\"}"], 0.0);
    assert_eq!(get(address, "/healthz").field("ok"), json!(true));
    // A browser on this machine may show a web page whose name leads here.
    for header in [("Origin", "http://localhost"), ("Sec-Fetch-Site", "same-origin"), ("Host", "evil.example")] {
        let mut page = Client::connect(address);
        page.head("GET", "/metrics", &[header]);
        assert_eq!(page.receive().status, 403, "{header:?}");
    }
    assert_eq!(get(program.address, "/metrics").status, 404);
    assert_eq!(Client::connect(address).post(&[], &payload("documented")).status, 404);
    assert_eq!(Client::connect(program.address).post(&[], &payload("documented")).status, 200);
    assert_eq!(samples(&get(address, "/metrics"))["healthsink_uploads_total{result=\"stored\"}"], 1.0);

    let asked = |listen: &str| run(&["healthcheck", "--listen", listen]);
    let own = asked(&program.address.to_string());
    assert!(own.status.success() && own.stdout.is_empty() && own.stderr.is_empty(), "{own:?}");
    let output = run(&["healthcheck", "--listen", "127.0.0.1:1", "--metrics-listen", &format!("{address}")]);
    assert!(output.status.success(), "{output:?}");
    assert!(asked(&format!("0.0.0.0:{}", program.address.port())).status.success());
    let as_json = |listen: &str| {
        let output = run(&["healthcheck", "--json", "--listen", listen]);
        assert!(output.stderr.is_empty(), "{output:?}");
        (output.status.code(), serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap())
    };
    let own = program.address.to_string();
    assert_eq!(as_json(&own), (Some(0), json!({"address": own, "healthy": true})));
    program.kill();
    let (code, gone) = as_json(&own);
    assert_eq!((code, &gone["healthy"]), (Some(1), &json!(false)));
    assert!(gone["detail"].as_str().unwrap().starts_with("nothing answers at"), "{gone}");
    let gone = asked(&address.to_string());
    assert_eq!(gone.status.code(), Some(1));
    let message = String::from_utf8(gone.stderr).unwrap();
    assert!(message.starts_with("healthsink: nothing answers at") && message.lines().count() == 1, "{message}");
}

/// A server that answers a byte at a time is not healthy: the whole answer has one deadline.
#[test]
fn a_health_check_of_a_slow_server_ends() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let dawdler = std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        // Each byte follows the request, or a moment without one.
        stream.set_read_timeout(Some(std::time::Duration::from_millis(100))).unwrap();
        while std::io::Write::write_all(&mut stream, b"x").is_ok() {
            if std::io::Read::read(&mut stream, &mut [0; 1024]).is_ok_and(|bytes| bytes == 0) {
                break;
            }
        }
    });
    let output = run(&["healthcheck", "--listen", &address]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8(output.stderr).unwrap().contains("nothing answers at"));
    dawdler.join().unwrap();
}

/// A scrape is most useful while all permits are taken.
#[test]
fn a_scrape_needs_no_permit_of_an_upload() {
    let server = Server::start();
    let body = payload("documented");
    let mut clients = server.take_all_permits(&body[..1000]);
    assert_eq!(server.post(&body).status, 503);
    let scraped = samples(&get(server.address, "/metrics"));
    assert_eq!(scraped["healthsink_uploads_in_progress"], INGESTS_MAX as f64);
    assert_eq!(scraped["healthsink_uploads_total{result=\"busy\"}"], 1.0);
    for client in &mut clients {
        client.chunk(&body[1000..]).unwrap();
        assert_eq!(client.end_chunked().status, 200);
    }
}

#[test]
fn every_metric_is_documented_and_every_documented_one_is_shown() {
    let server = Server::start();
    server.post(payload("documented"));
    let answer = get(server.address, "/metrics");
    let text = String::from_utf8(answer.body).unwrap();
    let shown: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let docs = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md")).unwrap();
    let documented: Vec<&str> =
        docs.lines().filter_map(|line| line.strip_prefix("| `")?.split(['`', '{']).next()).collect();
    // Another table lists the values of a label. The format adds the end of a counter's name.
    let documented: BTreeSet<&str> = documented.into_iter().filter(|name| name.contains('_')).collect();
    let documented = documented.into_iter().map(|name| name.trim_end_matches("_total")).collect();
    assert_eq!(shown, documented);
}
