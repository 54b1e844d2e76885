//! What to type into the app: on the server's page, and in its log at the start.

use std::path::Path;

use crate::program::{Program, command, run};
use healthsink_testkit::http::{Client, PATH, Response, get};
use healthsink_testkit::tls::Authority;

use super::contract::payload;
use super::tokens::new;

fn start(folder: &Path, arguments: &[&str]) -> Program {
    let mut serve = command();
    serve.args(["serve", "--db"]).arg(folder.join("health.db")).args(arguments);
    if !arguments.contains(&"--listen") {
        serve.args(["--listen", "127.0.0.1:0"]);
    }
    Program::start(&mut serve)
}

/// Asks for the page.
fn page(program: &Program, method: &str, headers: &[(&str, &str)]) -> Response {
    let mut client = Client::connect(program.address);
    client.head(method, "/plain", &[headers, &[("Connection", "close")]].concat());
    client.receive()
}

fn text(response: Response) -> String {
    String::from_utf8(response.body).unwrap()
}

#[test]
fn the_page_says_what_to_type_into_the_app_and_shows_no_data() {
    let folder = tempfile::tempdir().unwrap();
    let token = new(&folder.path().join("health.db"), "annabel");
    let program = start(folder.path(), &[]);
    let bearer = format!("Bearer {token}");
    let stored = Client::connect(program.address).post(&[("Authorization", &bearer)], &payload("documented"));
    assert_eq!(stored.status, 200);
    let answer = page(&program, "GET", &[("Host", "pi.local:3000")]);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'self';") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let shown = text(answer);
    for part in ["healthsink runs here", "<code>http://pi.local:3000</code>", PATH, "Authentication</dt><dd>Bearer"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    for part in ["annabel", "<script", "A phone cannot reach", &token] {
        assert!(!shown.contains(part), "{part}: {shown}");
    }
    let shown = text(page(&program, "GET", &[("Host", "localhost:3000")]));
    assert!(shown.contains("A phone cannot reach this address"), "{shown}");
    for headers in [&[("Host", "<b>evil")][..], &[("Host", "10.0.0.1"), ("X-Forwarded-For", "192.0.2.1")]] {
        let shown = text(page(&program, "GET", headers));
        assert!(shown.contains("the address of this page") && !shown.contains("evil"), "{shown}");
    }
    let wrong = page(&program, "PUT", &[("Content-Length", "0")]);
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
    let detail = wrong.field("detail");
    assert!(detail.as_str().unwrap().contains("the app posts to the endpoint path /api/health-data"), "{detail}");
    program.wait_for_line("405 for PUT /plain: the app posts to the endpoint path /api/health-data");
}

#[test]
fn the_page_and_uploads_can_have_one_path() {
    let folder = tempfile::tempdir().unwrap();
    let program = start(folder.path(), &["--path", "/"]);
    assert!(text(page(&program, "GET", &[])).contains("<dt>Endpoint path</dt><dd><code>/</code>"));
    let mut client = Client::connect(program.address);
    client.head("POST", "/", &[("Content-Length", "11")]);
    client.send(br#"{"data":{}}"#).unwrap();
    assert_eq!(client.receive().status, 200);
}

#[test]
fn a_public_url_is_what_page_and_log_show() {
    let folder = tempfile::tempdir().unwrap();
    let url = ["--public-url", "https://health.example.com/sink/", "--auth-header", "X-API-Key"];
    let program = start(folder.path(), &url);
    let line = program.wait_for_line("in the app: ");
    let words = "base URL https://health.example.com/sink, endpoint path /api/health-data, authentication Custom Header, named \
        X-API-Key";
    assert!(line.contains(words), "{line}");
    let shown = text(page(&program, "GET", &[("Host", "10.0.0.1:3000")]));
    assert!(shown.contains("<code>https://health.example.com/sink</code>") && !shown.contains("10.0.0.1"), "{shown}");
    assert!(shown.contains("Custom Header, named <code>X-API-Key</code>"), "{shown}");
    // The database is new.
    program.wait_for_line("no token exists yet, so only this machine may upload: `healthsink token new`");
    // A token that is made beside the server is for its words.
    let made = run(&["token", "new", "--db", folder.path().join("health.db").to_str().unwrap()]);
    let said = String::from_utf8(made.stderr).unwrap();
    assert!(said.contains("authentication Custom Header, named X-API-Key"), "{said}");
    let output = run(&["serve", "--db", "x.db", "--public-url", "health.example.com"]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && message.contains("write https://health.example.com"), "{message}");
}

#[test]
fn the_log_says_by_which_address_a_phone_reaches_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let line = start(folder.path(), &[]).wait_for_line("a phone cannot reach this address");
    assert!(line.contains("healthsink token new") && line.contains("--listen :"), "{line}");
    let behind = ["--trusted-proxy", "127.0.0.1"];
    new(&folder.path().join("health.db"), "anna");
    let line = start(folder.path(), &behind).wait_for_line("a phone cannot reach this address");
    assert!(line.contains("--public-url") && !line.contains("healthsink token new"), "{line}");
    let program = start(folder.path(), &["--listen", "0.0.0.0:0"]);
    let port = program.address.port();
    let line = program.wait_for_line("in the app: base URL http://");
    assert!(line.contains(&format!(":{port}")) && line.contains("authentication Bearer"), "{line}");
    let host = std::process::Command::new("uname").arg("-n").output().unwrap().stdout;
    let host = String::from_utf8(host).unwrap().trim().to_lowercase();
    if !Path::new("/.dockerenv").exists() && !host.contains('.') && host != "localhost" {
        assert!(line.contains(&format!(" or http://{host}.local:{port}")), "{line}");
    }
    drop(program);
    let files = Authority::new().issue().write(folder.path());
    let tls = ["--tls-cert", files.cert.to_str().unwrap(), "--tls-key", files.key.to_str().unwrap()];
    let program = start(folder.path(), &[&tls[..], &["--listen", "0.0.0.0:0"]].concat());
    let url = format!("base URL https://health.example:{}, endpoint", program.address.port());
    program.wait_for_line(&url);
    let program = start(folder.path(), &[&tls[..], &["--public-url", "https://other.example"]].concat());
    let line = program.wait_for_line("the certificate is not valid for other.example");
    assert!(line.contains("WARN"), "{line}");
    let program = start(folder.path(), &[&tls[..], &["--public-url", "http://health.example"]].concat());
    program.wait_for_line("begin it with https:");
    let file = folder.path().join("token");
    std::fs::write(&file, "a token of a file").unwrap();
    let program = start(folder.path(), &["--token-file", file.to_str().unwrap()]);
    assert!(text(page(&program, "GET", &[])).contains("the first line of the server’s token file"));
}

/// It is for Prometheus, not for the app.
#[test]
fn the_metrics_address_has_no_page() {
    let folder = tempfile::tempdir().unwrap();
    let program = start(folder.path(), &["--metrics-listen", "127.0.0.1:0"]);
    let line = program.wait_for_line("metrics are served on http://");
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).unwrap().parse().unwrap();
    let answer = get(address, "/");
    let detail = answer.field("detail");
    assert_eq!((answer.status, detail.as_str()), (404, Some("nothing is at this path; metrics are at /metrics")));
}
