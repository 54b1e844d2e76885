//! Pages of other origins: only those that are named read the API, and nothing else.

use healthsink::store::TokenScope;
use healthsink_testkit::http::Response;
use healthsink_testkit::server::Server;

use super::{Api, copy_fixture};

const NAMED: &str = "https://dash.example.com";

fn start(origins: &[&str]) -> Api {
    Api::of(Server::with(|config| {
        copy_fixture(&config.db);
        config.cors = origins.iter().map(|origin| origin.parse().unwrap()).collect();
    }))
}

/// What an answer says about other origins.
fn said(answer: &Response) -> Vec<String> {
    let headers = answer.headers().iter().filter(|(name, _)| name.starts_with("access-control"));
    headers.map(|(name, value)| format!("{}: {value}", &name["access-control-".len()..])).collect()
}

fn preflight(api: &Api, path: &str, origin: &str) -> Response {
    let mut client = api.server.connect();
    client.head("OPTIONS", path, &[("Origin", origin), ("Access-Control-Request-Method", "GET")]);
    client.receive()
}

#[test]
fn named_origins_read_the_api() {
    let api = start(&[NAMED, "http://localhost:5173"]);
    for origin in [NAMED, "http://localhost:5173"] {
        let asked = preflight(&api, "/api/v1/days", origin);
        let expected = [
            format!("allow-origin: {origin}"),
            "allow-methods: GET, HEAD".to_owned(),
            "allow-headers: authorization, accept, if-none-match, last-event-id".to_owned(),
            "max-age: 600".to_owned(),
        ];
        assert_eq!((asked.status, said(&asked)), (204, expected.to_vec()));
        let expected = [format!("allow-origin: {origin}"), "expose-headers: etag, retry-after".to_owned()];
        for (path, status) in [("/api/v1/types", 200), ("/api/v1/days", 400), ("/openapi.json", 200)] {
            let answer = api.ask(&api.token, path, &[("Origin", origin)]);
            assert_eq!((answer.status, said(&answer)), (status, expected.to_vec()), "{path}");
            let vary: Vec<&str> =
                answer.headers().iter().filter(|(name, _)| name == "vary").map(|(_, value)| value.as_str()).collect();
            assert!(vary.contains(&"origin"), "{path}: {vary:?}");
        }
        let refused = api.ask("hs_wrong", "/api/v1/types", &[("Origin", origin)]);
        assert_eq!((refused.status, said(&refused)), (401, expected.to_vec()), "a page may read why");
    }
}

#[test]
fn others_read_nothing() {
    let api = start(&[NAMED]);
    for origin in ["https://evil.example", "null", "https://dash.example.com.evil.example", "http://dash.example.com"] {
        let asked = preflight(&api, "/api/v1/days", origin);
        assert_eq!((asked.status, said(&asked)), (204, Vec::new()), "{origin}");
        let answer = api.ask(&api.token, "/api/v1/types", &[("Origin", origin)]);
        assert_eq!((said(&answer), answer.headers().iter().any(|(_, value)| value == "origin")), (Vec::new(), true));
    }
    // Uploads, metrics and the page are for no other origin.
    let admin = api.add_token("me", TokenScope::Admin, false);
    for path in ["/api/health-data", "/metrics", "/healthz", "/"] {
        let asked = preflight(&api, path, NAMED);
        assert_eq!(said(&asked), Vec::<String>::new(), "{path}");
        assert_eq!(said(&api.ask(&admin, path, &[("Origin", NAMED)])), Vec::<String>::new(), "{path}");
    }
    let closed = start(&[]);
    let answer = closed.ask(&closed.token, "/api/v1/types", &[("Origin", NAMED)]);
    assert_eq!((said(&answer), answer.headers().iter().any(|(_, value)| value == "origin")), (Vec::new(), false));
}
