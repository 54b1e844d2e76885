//! Who may read, and whose rows.

use healthsink::store::TokenScope;
use healthsink_testkit::http::get;
use healthsink_testkit::server::Server;

use super::{Api, PATHS, copy_fixture};
use crate::program::{Program, run};

/// A proxy on this machine that adds no header looks like a program of this machine.
#[test]
fn without_a_token_nothing_is_read_from_this_machine() {
    let api = Api::alone();
    let open = Server::with(|config| config.auth.is_optional = true);
    // More often than an address may guess tokens.
    for path in PATHS {
        for address in [api.server.address, open.address] {
            let answer = get(address, path);
            assert_eq!((answer.status, answer.header("www-authenticate").is_some()), (401, true), "{path}");
            assert!(answer.field("detail").as_str().unwrap().contains("--scope read"), "{path}");
        }
    }
}

#[test]
fn anyone_may_see_the_description() {
    let api = Api::alone();
    for (path, kind, part) in [
        // Swagger UI if it is in the build, else the list.
        ("/docs", "text/html; charset=utf-8", "<title>"),
        ("/openapi.yaml", "application/yaml", "operationId: receiveHealthData"),
        ("/openapi.json", "application/json", "\"operationId\":\"receiveHealthData\""),
    ] {
        let answer = get(api.server.address, path);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)), "{path}");
        assert!(answer.header("content-security-policy").unwrap().contains("default-src 'none'"));
        let body = String::from_utf8(answer.body).unwrap();
        // A program with the page shows the description by Swagger UI, another one a list.
        let is_swagger = path == "/docs" && body.contains("<div id=\"docs\">");
        assert!(body.contains(part) || is_swagger, "{path}: {body}");
    }
}

#[test]
fn tokens_do_what_their_scope_says() {
    let api = Api::alone();
    let send = api.add_token("me", TokenScope::Send, false);
    let admin = api.add_token("me", TokenScope::Admin, false);
    for path in PATHS {
        assert_eq!(api.ask(&send, path, &[]).status, 403, "{path}");
        for token in [&api.token, &admin] {
            assert_eq!(api.ask(token, path, &[]).status, 200, "{path}");
        }
    }
    let body = br#"{"data":{}}"#;
    for (token, expected) in [(&send, 200), (&admin, 200), (&api.token, 403)] {
        let bearer = format!("Bearer {token}");
        assert_eq!(api.server.connect().post(&[("Authorization", &bearer)], body).status, expected);
        let answer = api.ask(token, "/metrics", &[]);
        assert_eq!(answer.status, 200, "every token shows the metrics of its person");
    }
}

#[test]
fn the_header_of_the_app_works_for_reading() {
    let api = Api::alone();
    drop(api);
    let server = Server::with(|config| config.auth.header = Some("X-Key".to_owned()));
    let api = Api::over(server);
    let token = api.add_token("me", TokenScope::Read, false);
    let mut client = api.server.connect();
    client.head("GET", "/api/v1/types", &[("X-Key", &token)]);
    let answer = client.receive();
    assert_eq!((answer.status, answer.header("vary")), (200, Some("accept, accept-encoding, cookie, x-key")));
    assert_eq!(api.ask(&token, "/api/v1/types", &[]).status, 401, "in another header it is missing");
}

#[test]
fn a_token_reads_its_person_only_unless_it_is_of_all() {
    let api = Api::alone();
    let anna = api.add_token("anna", TokenScope::Read, false);
    let all = api.add_token("anna", TokenScope::Read, true);
    for path in PATHS {
        let own = api.ask(&api.token, path, &[]);
        let of_me = format!("{path}{}person=me", if path.contains('?') { '&' } else { '?' });
        let of_nobody = of_me.replace("person=me", "person=nobody");
        let answer = api.ask(&anna, path, &[]);
        assert_ne!(answer.body, own.body, "{path}: anna has nothing");
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        for secret in ["7000", "Watch", "Aspirin", "import"] {
            assert!(!text.contains(secret), "{path}: {text}");
        }
        let [other, nobody] = [&of_me, &of_nobody].map(|path| api.ask(&anna, path, &[]));
        assert_eq!((other.status, nobody.status), (403, 403), "{path}");
        assert_eq!(other.body, nobody.body, "{path}: whether there is a person stays hidden");
        assert_eq!(api.ask(&all, &of_me, &[]).body, own.body, "{path}");
        assert_eq!(api.ask(&all, &of_nobody, &[]).status, 400, "{path}");
        assert_eq!(api.ask(&api.token, &of_me, &[]).body, own.body, "{path}");
        // Nor does a tag show what another person has.
        if let Some(tag) = own.header("etag") {
            let answer = api.ask(&anna, path, &[("If-None-Match", tag)]);
            assert_ne!(answer.status, 304, "{path}");
        }
    }
}

/// Whether others have a source stays hidden, also while it is not known yet which ones a person has.
#[test]
fn other_peoples_sources_make_no_difference() {
    let api = Api::alone();
    let (anna, send) = (api.add_token("anna", TokenScope::Read, false), api.add_token("anna", TokenScope::Send, false));
    let body =
        br#"{"data":{"HKQuantityTypeIdentifierStepCount":[{"uuid":"b0000000-0000-4000-8000-000000000001","value":5,
        "unit":"count","startDate":"2026-01-09T08:00:00.000Z","endDate":"2026-01-09T08:01:00.000Z",
        "sourceRevision":{"source":{"name":"Ring\t","bundleIdentifier":" com.example.ring"}}}]}}"#;
    let bearer = format!("Bearer {send}");
    assert_eq!(api.server.connect().post(&[("Authorization", &bearer)], body).status, 200);
    // This server computes no figures, so each source may be new.
    let found = |source: &str| -> usize {
        let answer = api.ask(&anna, &format!("/api/v1/samples?type=steps&source={source}"), &[]);
        assert_eq!(answer.status, 200, "{source}: {answer:?}");
        answer.json()["samples"].as_array().unwrap().len()
    };
    let sources = ["Apple%20Watch", "Nobody", "com.example.ring", "%20com.example.ring", "Ring%09"];
    assert_eq!(sources.map(found), [0, 0, 1, 1, 1]);
}

#[test]
fn each_read_is_a_line_without_values() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    copy_fixture(&database);
    let db = database.to_str().unwrap();
    let made = run(&["token", "new", "--scope", "read", "--person", "me", "--json", "--db", db]);
    let made: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!(
        [&made["id"], &made["scope"], &made["all_people"]],
        [&serde_json::json!(1), &serde_json::json!("read"), &serde_json::json!(false)]
    );
    let token = made["token"].as_str().unwrap();
    let refused = run(&["token", "new", "--all-people", "--db", db]);
    assert_eq!(refused.status.code(), Some(2), "a token that sends reads nobody");
    let program = Program::serve(&database);
    let bearer = format!("Bearer {token}");
    let mut client = healthsink_testkit::http::Client::connect(program.address);
    client.head("GET", "/api/v1/samples?type=heart_rate&source=Apple%20Watch", &[("Authorization", &bearer)]);
    assert_eq!(client.receive().status, 200);
    let line = program.wait_for_line(" read ");
    for part in ["token_id=1", "person=\"me\"", "route=\"/api/v1/samples\"", "status=200", "rows=5"] {
        assert!(line.contains(part), "{line}");
    }
    for secret in ["heart_rate", "Watch", token] {
        assert!(!line.contains(secret), "{line}");
    }
}
