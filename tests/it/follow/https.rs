//! A follower over HTTPS: it trusts an authority that it is given, and nobody else.

use std::fs;

use healthsink_testkit::server::Server;
use healthsink_testkit::tls::Authority;
use rcgen::KeyPair;
use serde_json::json;

use super::{Followed, arguments};
use crate::program::run;

#[test]
fn a_target_is_trusted_by_its_authority_and_its_name() {
    let followed = Followed::new();
    followed.import(&json!({}));
    let sample = json!({
        "uuid": "10000000-0000-4000-8000-000000000001", "startDate": "2026-01-05T08:00:00.000Z",
        "endDate": "2026-01-05T08:00:00.000Z", "value": 5, "unit": "count",
    });
    followed.import(&json!({"HKQuantityTypeIdentifierStepCount": [sample]}));
    let authority = Authority::new();
    // What answers is no InfluxDB: its 404 shows that both have understood each other.
    let target = Server::with(|config| {
        let pair = authority.issue_to("localhost", KeyPair::generate().unwrap(), 4000);
        config.tls = Some(pair.write(config.db.parent().unwrap()));
    });
    let [own, other] = [&authority, &Authority::new()].map(Authority::pem);
    let file = |name: &str, text: &str| {
        let path = followed.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (own, other, empty) = (file("own.pem", &own), file("other.pem", &other), file("empty.pem", ""));
    let follow = |host: &str, port: u16, authority: &str| {
        let url = format!("https://{host}:{port}");
        let words = arguments(&followed.database, &url, &followed.folder.path().join("token"));
        let output = run(&[words, ["--once", "--ca-file", authority].map(str::to_owned).to_vec()].concat());
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let check = |(found, text): (Option<i32>, String), code, part: &str| {
        assert!(found == Some(code) && text.contains(part), "{found:?} {text}");
    };
    let (port, plain) = (target.address.port(), followed.server.address.port());
    check(follow("localhost", port, &own), 1, "is not there yet (404)");
    check(follow("localhost", port, &other), 1, "cannot reach https://localhost");
    check(follow("127.0.0.1", port, &own), 1, "cannot reach https://127.0.0.1");
    check(follow("127.0.0.1", plain, &own), 1, "does this port speak HTTPS?");
    check(follow("localhost", port, &empty), 2, "holds no certificate");
    check(follow("localhost", port, "/nowhere.pem"), 2, "cannot read --ca-file /nowhere.pem");
}
