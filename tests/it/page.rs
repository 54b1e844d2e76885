//! The page's files over HTTP. The program under test may have the whole page or the plain one: what is asked here holds for both.

use healthsink::store::{Database, NewToken, TokenDigest, TokenScope};
use healthsink_testkit::http::{Client, Response, get};
use healthsink_testkit::http2::{Http2, run};
use healthsink_testkit::server::Server;
use healthsink_testkit::tls::Authority;
use serde_json::json;

use super::tls;

/// Asks with these headers on a separate connection.
fn ask(server: &Server, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut client = server.connect();
    client.head(method, path, &[headers, &[("Connection", "close")]].concat());
    let has_body = method != "HEAD" && !headers.iter().any(|(name, _)| *name == "If-None-Match");
    if has_body { client.receive() } else { client.receive_without_body() }
}

/// The assets that a page of HTML names.
fn assets(html: &str) -> Vec<String> {
    let ends = |letter: char| !letter.is_ascii_alphanumeric() && !"._-".contains(letter);
    html.split("assets/").skip(1).map(|rest| format!("/assets/{}", rest.split(ends).next().unwrap())).collect()
}

#[test]
fn the_page_is_there_for_everyone_and_names_its_files() {
    let server = Server::start();
    let answer = ask(&server, "GET", "/", &[]);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = answer.header("content-security-policy").unwrap();
    for part in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
    let html = String::from_utf8(answer.body).unwrap();
    // Behind a proxy with a prefix an absolute path would lead elsewhere.
    assert!(!html.contains("=\"/") && !html.contains("style=") && !html.contains("<script>"), "{html}");
    let names = assets(&html);
    assert_eq!(names.is_empty(), html.contains("healthsink runs here"), "{html}");
    for name in names {
        check_asset(&server, &name);
    }
}

/// A build without Node has the plain page: people see that at `/`, programs in the status.
#[test]
fn the_status_names_the_page_that_the_build_has() {
    let server = Server::start();
    let token = format!("hs_{}", "p".repeat(32));
    let digest = &TokenDigest::of(token.as_bytes());
    let scope = TokenScope::Read;
    let new = NewToken {
        digest,
        person: "me",
        label: None,
        scope,
        is_of_all: false,
        created_ms: 0,
        expires_ms: None,
        quota: Default::default(),
    };
    Database::new(server.database()).add_token(&new).unwrap();
    let bearer = format!("Bearer {token}");
    let status = ask(&server, "GET", "/api/v1/status", &[("Authorization", &bearer)]);
    let html = String::from_utf8(ask(&server, "GET", "/", &[]).body).unwrap();
    let expected = if assets(&html).is_empty() { "basic" } else { "full" };
    assert_eq!((status.status, status.field("web")), (200, json!(expected)));
    // With a plain page this is the one without a script.
    let plain = String::from_utf8(ask(&server, "GET", "/plain", &[]).body).unwrap();
    assert_eq!(html == plain, expected == "basic", "{html}");
    assert!(plain.contains("<form") && !plain.contains("<script"), "{plain}");
}

/// An asset is kept for ever, and sent compressed only to clients that take it.
fn check_asset(server: &Server, path: &str) {
    let plain = ask(server, "GET", path, &[]);
    assert_eq!(plain.status, 200, "{path}");
    assert_eq!(plain.header("cache-control"), Some("public, max-age=31536000, immutable"), "{path}");
    assert_eq!((plain.header("content-encoding"), plain.header("vary")), (None, Some("accept-encoding")), "{path}");
    let short = ask(server, "GET", path, &[("Accept-Encoding", "br, gzip")]);
    assert!(short.body.len() <= plain.body.len(), "{path}");
    let tag = plain.header("etag").unwrap();
    let known = ask(server, "GET", path, &[("If-None-Match", tag)]);
    assert_eq!((known.status, known.body.len(), known.header("etag")), (304, 0, Some(tag)), "{path}");
    let head = ask(server, "HEAD", path, &[("Accept-Encoding", "gzip")]);
    assert_eq!((head.status, head.header("content-length")), (200, short.header("content-length")), "{path}");
    assert_eq!(ask(server, "POST", path, &[("Content-Length", "0")]).status, 405, "{path}");
}

#[test]
fn no_path_leads_out_of_the_page() {
    let server = Server::start();
    for path in [
        "/assets/",
        "/assets",
        "/assets/unknown.js",
        "/assets/../Cargo.toml",
        "/assets/..%2f..%2fetc%2fpasswd",
        "/assets/%2e%2e",
        "/assets/index.html",
        "/assets//etc/passwd",
        "/index.html",
        "/licences.html",
        "/assets/a%0d%0aX-Injected:%201",
    ] {
        let answer = ask(&server, "GET", path, &[]);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("x-injected"), None, "{path}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
    }
}

/// A browser loads the page by one connection. Strangers who open many keep none of them.
#[test]
fn few_connections_stay_open_for_the_page() {
    let server = Server::start();
    let is_closed = |client: &mut Client| {
        client.head("GET", "/", &[]);
        client.receive().header("connection") == Some("close")
    };
    // The plain page is not a file of the page.
    if assets(std::str::from_utf8(&get(server.address, "/").body).unwrap()).is_empty() {
        return;
    }
    let mut first = server.connect();
    assert!(!is_closed(&mut first) && !is_closed(&mut first));
    let silent: Vec<Client> = (0..20).map(|_| server.connect()).collect();
    // The server has accepted those before.
    let mut last = server.connect();
    assert!(is_closed(&mut last) && is_closed(&mut first));
    drop(silent);
}

#[test]
fn the_page_comes_by_http2() {
    let authority = Authority::new();
    let server = tls::server(&authority);
    run(async {
        let mut client = Http2::connect(server.address, &authority).await;
        for (method, path, expected) in [("GET", "/", 200), ("HEAD", "/", 200), ("GET", "/assets/unknown.js", 404)] {
            let answer = client.begin(method, path, None).await.unwrap().answer.await.unwrap();
            assert_eq!(answer.status().as_u16(), expected, "{method} {path}");
        }
    });
}
