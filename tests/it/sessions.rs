//! Signing in to the page and out of it, over HTTP: cookies, origins, codes, and what a session may do.

use std::thread;

use healthsink::model::limits::{ATTEMPTS_FREE, SIGN_IN_BYTES_MAX};
use healthsink::serve::config::Auth;
use healthsink::store::{Database, NewToken, TokenDigest, TokenScope};
use healthsink_testkit::http::{PATH, Response};
use healthsink_testkit::http2::{Http2, run};
use healthsink_testkit::server::Server;
use healthsink_testkit::tls::Authority;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::{program, tls};

const ORIGIN: (&str, &str) = ("Origin", "http://localhost");
const JSON: (&str, &str) = ("Content-Type", "application/json");

/// Enters a token. Returns its number and itself.
fn add_token(server: &Server, person: &str, scope: TokenScope, is_of_all: bool) -> (i64, String) {
    let letter = char::from(b'a' + u8::try_from(server.count("tokens")).unwrap());
    let token = format!("hs_{}", letter.to_string().repeat(32));
    let digest = &TokenDigest::of(token.as_bytes());
    let new = NewToken {
        digest,
        person,
        label: Some("tablet"),
        scope,
        is_of_all,
        created_ms: 0,
        expires_ms: None,
        quota: Default::default(),
    };
    (Database::new(server.database()).add_token(&new).unwrap(), token)
}

/// Makes a code of a token.
fn add_code(server: &Server, token: i64) -> String {
    Database::new(server.database()).add_code(token).unwrap()
}

/// Sends a request on a separate connection.
fn send(server: &Server, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
    let mut client = server.connect();
    let length = body.len().to_string();
    let mut all = vec![("Content-Length", length.as_str()), ("Connection", "close")];
    all.extend_from_slice(headers);
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n");
    for (name, value) in all {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    client.send(format!("{head}\r\n{body}").as_bytes()).unwrap();
    client.receive()
}

fn sign_in(server: &Server, body: &Value) -> Response {
    send(server, "POST", "/session", &[ORIGIN, JSON], &body.to_string())
}

/// The cookie that an answer sets, as a browser sends it back.
fn cookie(answer: &Response) -> String {
    answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

fn get(server: &Server, path: &str, cookie: &str) -> Response {
    send(server, "GET", path, &[("Cookie", cookie)], "")
}

#[test]
fn a_token_begins_a_session_that_reads_and_nothing_else() {
    let server = Server::start();
    let (_, token) = add_token(&server, "anna", TokenScope::Admin, false);
    let answer = sign_in(&server, &json!({"token": token}));
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")), "{answer:?}");
    let set = answer.header("set-cookie").unwrap();
    assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{set}");
    let cookie = cookie(&answer);
    let shown = get(&server, "/session", &cookie).json();
    let expires = shown["expires"].as_str().unwrap();
    assert!(expires > "2026-01-01T00:00:00Z" && expires.ends_with('Z'), "{shown}");
    let app = json!({"url": null, "path": PATH, "header": null});
    let expected = json!({"person": "anna", "app": app, "people": ["anna"], "all_people": false, "scope": "admin", "label": "tablet",
        "tiles": null, "expires": expires});
    assert_eq!((&shown, &answer.json()), (&expected, &expected));
    assert_eq!(get(&server, "/api/v1/status", &cookie).field("person"), json!("anna"));
    assert_eq!(get(&server, "/api/v1/status?person=ben", &cookie).status, 403);
    assert_eq!(get(&server, "/metrics", &cookie).status, 401);
    let upload = send(&server, "POST", PATH, &[("Cookie", &cookie), ORIGIN], r#"{"data":{}}"#);
    assert_eq!(upload.status, 401, "a page cannot upload");
    assert!(!server.rows("SELECT * FROM sessions").iter().any(|row| row.to_string().contains(&cookie[19..])));
    assert_eq!(server.one("SELECT typeof(digest) || length(digest) FROM sessions"), json!("blob32"));
}

#[test]
fn what_does_not_begin_a_session() {
    let server = Server::with(|config| {
        let token_file = config.db.with_file_name("token");
        std::fs::write(&token_file, "a token in a file, which is long enough\n").unwrap();
        config.auth = Auth { token_file: Some(token_file), ..Auth::default() };
    });
    let (_, sends) = add_token(&server, "me", TokenScope::Send, false);
    let (read_id, reads) = add_token(&server, "me", TokenScope::Read, false);
    let check = |body: Value, expected: u16, part: &str| {
        let answer = sign_in(&server, &body);
        assert_eq!(answer.status, expected, "{body}: {answer:?}");
        assert_eq!(answer.header("set-cookie"), None);
        let detail = answer.field("detail");
        assert!(detail.as_str().unwrap().contains(part), "{body}: {detail}");
    };
    check(json!({"token": sends}), 403, "--scope read");
    check(json!({"token": "a token in a file, which is long enough"}), 403, "--scope read");
    check(json!({"token": "hs_"}), 401, "token new --scope read");
    check(json!({"code": "abcdefghijklmnop"}), 401, "token new --scope read");
    check(json!({"token": reads, "code": "abcdefghijklmnop"}), 400, "`token` or a `code`");
    check(json!({}), 400, "`token` or a `code`");
    check(json!({"token": "x".repeat(SIGN_IN_BYTES_MAX)}), 400, "too long");
    assert_eq!(send(&server, "POST", "/session", &[ORIGIN, ("Content-Type", "text/plain")], "{}").status, 415);
    Database::new(server.database()).revoke_token(read_id, 1).unwrap();
    check(json!({"token": reads}), 401, "revoked");
    // In the header, the token of a read begins nothing.
    assert_eq!(send(&server, "GET", "/session", &[("Authorization", &format!("Bearer {sends}"))], "").status, 401);
    assert_eq!(server.count("sessions"), 0);
}

#[test]
fn pages_of_other_sites_change_nothing() {
    let server = Server::with(|config| config.public_url = Some("https://health.example.com".parse().unwrap()));
    let (_, token) = add_token(&server, "me", TokenScope::Read, false);
    let cookie = cookie(&sign_in(&server, &json!({"token": token})));
    let body = json!({"token": token}).to_string();
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let others: [&[(&str, &str)]; 6] = [
        &[],
        &[("Origin", "null")],
        &[("Origin", "http://evil.example")],
        &[("Origin", "http://localhost:8080")],
        &[ORIGIN, ("Sec-Fetch-Site", "cross-site")],
        &[ORIGIN, ("Sec-Fetch-Site", "same-site")],
    ];
    for headers in others {
        let with = |more: &[(&'static str, &str)]| {
            [headers, more].concat().iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>()
        };
        let ask = |method: &str, path: &str, headers: Vec<(String, String)>, body: &str| {
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            send(&server, method, path, &headers, body)
        };
        assert_eq!(ask("POST", "/session", with(&[JSON]), &body).status, 403, "{headers:?}");
        assert_eq!(ask("POST", "/session", with(&[form]), &format!("token={token}")).status, 403, "{headers:?}");
        assert_eq!(ask("POST", "/session/end", with(&[("Cookie", &cookie)]), "").status, 403, "{headers:?}");
        let ended = ask("DELETE", "/session", with(&[("Cookie", &cookie)]), "");
        assert_eq!(ended.status, 403, "{headers:?}");
    }
    for site in ["cross-site", "same-site"] {
        let headers = [("Cookie", cookie.as_str()), ("Sec-Fetch-Site", site)];
        assert_eq!(send(&server, "GET", "/api/v1/types", &headers, "").status, 401, "{site}");
    }
    assert_eq!(server.count("sessions"), 1);
    let answer = send(&server, "POST", "/session", &[("Origin", "https://health.example.com"), JSON], &body);
    assert!(answer.status == 200 && answer.header("set-cookie").unwrap().ends_with("; Secure"), "{answer:?}");
}

#[test]
fn signing_out_ends_the_session() {
    let server = Server::start();
    let (_, token) = add_token(&server, "me", TokenScope::Read, false);
    let first = cookie(&sign_in(&server, &json!({"token": token})));
    let second = cookie(&sign_in(&server, &json!({"token": token})));
    let ended = send(&server, "DELETE", "/session", &[ORIGIN, ("Cookie", &first)], "");
    assert_eq!((ended.status, ended.header("set-cookie").unwrap().contains("Max-Age=0")), (204, true));
    assert_eq!(get(&server, "/session", &first).status, 401);
    assert_eq!(get(&server, "/api/v1/types", &first).status, 401);
    assert_eq!(get(&server, "/api/v1/types", &second).status, 200);
    // A page without script uses forms, and stays below the path that a proxy adds.
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let headers = [ORIGIN, form, ("Cookie", &second)];
    let again = send(&server, "POST", "/session", &headers, &format!("token={token}%0D%0A"));
    assert_eq!((again.status, again.header("location")), (303, Some("./plain")));
    assert_eq!(get(&server, "/api/v1/types", &second).status, 401, "the browser has another session now");
    let wrong = send(&server, "POST", "/session", &[ORIGIN, form], "token=hs_wrong");
    assert_eq!((wrong.status, wrong.header("location")), (303, Some("./plain?sign-in=refused")));
    assert_eq!(wrong.header("set-cookie"), None);
    let third = cookie(&again);
    let ended = send(&server, "POST", "/session/end", &[ORIGIN, form, ("Cookie", &third)], "");
    assert_eq!((ended.status, ended.header("location")), (303, Some("../plain")));
    assert_eq!(server.count("sessions"), 0);
    assert_eq!(send(&server, "DELETE", "/session", &[ORIGIN], "").status, 204, "nobody was signed in");
    for path in ["/session", "/session/end"] {
        let get = send(&server, "GET", path, &[("Cookie", &third)], "");
        assert!([401, 405].contains(&get.status), "{path}");
    }
}

#[test]
fn a_session_ends_with_its_token_and_with_its_time() {
    let server = Server::start();
    let database = Connection::open(server.database()).unwrap();
    let (id, token) = add_token(&server, "me", TokenScope::Read, false);
    let session = || cookie(&sign_in(&server, &json!({"token": token})));
    let check = |cookie: &str, sql: &str, expected: u16| {
        database.execute_batch(sql).unwrap();
        assert_eq!(get(&server, "/api/v1/types", cookie).status, expected, "{sql}");
    };
    let one = session();
    check(&one, "UPDATE tokens SET expires_ms = 1", 401);
    check(&one, "UPDATE tokens SET expires_ms = NULL", 200);
    check(&one, "UPDATE tokens SET scope = 'send'", 401);
    check(&one, "UPDATE tokens SET scope = 'read'", 200);
    check(&one, "UPDATE sessions SET expires_ms = 1", 401);
    let two = session();
    check(&two, "", 200);
    Database::new(server.database()).revoke_token(id, 1).unwrap();
    check(&two, "UPDATE tokens SET revoked_ms = NULL", 401);
    let answer = get(&server, "/api/v1/types", &two);
    assert!(answer.field("detail").as_str().unwrap().contains("sign in again"), "{answer:?}");
    // A browser that was signed out is not slowed down.
    for _ in 0..2 * ATTEMPTS_FREE {
        assert_eq!(get(&server, "/session", &two).status, 401);
    }
}

#[test]
fn use_prolongs_a_session() {
    let server = Server::start();
    let (_, token) = add_token(&server, "me", TokenScope::Read, false);
    let cookie = cookie(&sign_in(&server, &json!({"token": token})));
    let database = Connection::open(server.database()).unwrap();
    let hour_ms = 60 * 60 * 1000;
    let times = "SELECT json_array(last_used_ms, expires_ms) FROM sessions";
    let before = server.one(times);
    assert_eq!(get(&server, "/api/v1/types", &cookie).status, 200);
    database
        .execute("UPDATE sessions SET last_used_ms = last_used_ms - ?1, expires_ms = expires_ms - ?1", [hour_ms])
        .unwrap();
    let aged = server.one(times);
    assert_eq!(get(&server, "/api/v1/types", &cookie).status, 200);
    healthsink_testkit::wait::wait_until("the writer notes the use", || (server.one(times) != aged).then_some(()));
    let number = |times: &Value| serde_json::from_str::<[i64; 2]>(times.as_str().unwrap()).unwrap();
    let (before, after) = (number(&before), number(&server.one(times)));
    assert!(after[0] >= before[0] && after[1] >= before[1] && after[1] - after[0] == 30 * 24 * hour_ms, "{after:?}");
}

#[test]
fn a_page_over_http_is_not_that_of_a_url_with_https() {
    let server = Server::with(|config| config.public_url = Some("https://h.example".parse().unwrap()));
    let (_, token) = add_token(&server, "me", TokenScope::Read, false);
    let post = |origin: &str| {
        let body = json!({"token": token}).to_string();
        let head = format!(
            "POST /session HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: {origin}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut client = server.connect();
        client.send((head + &body).as_bytes()).unwrap();
        client.receive().status
    };
    assert_eq!([post("http://h.example"), post("https://h.example")], [403, 200]);
}

#[test]
fn a_code_is_exchanged_once_even_by_two_at_once() {
    let server = Server::start();
    let (id, _) = add_token(&server, "me", TokenScope::Read, true);
    add_token(&server, "anna", TokenScope::Send, false);
    let code = add_code(&server, id);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let asked: Vec<_> = (0..4).map(|_| scope.spawn(|| sign_in(&server, &json!({"code": code})).status)).collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 3, "{statuses:?}");
    assert_eq!((server.count("sessions"), server.count("sign_in_codes")), (1, 0));
    let code = add_code(&server, id);
    let shown = sign_in(&server, &json!({"code": format!(" {code}\n")})).json();
    assert_eq!([&shown["people"], &shown["all_people"]], [&json!(["me", "anna"]), &json!(true)]);
    let code = add_code(&server, id);
    Connection::open(server.database()).unwrap().execute("UPDATE sign_in_codes SET expires_ms = 1", []).unwrap();
    assert_eq!(sign_in(&server, &json!({"code": code})).status, 401);
}

#[test]
fn wrong_tokens_and_codes_are_slowed_down() {
    let server = Server::start();
    let (_, token) = add_token(&server, "me", TokenScope::Read, false);
    let mut refused = 0;
    let waits = loop {
        let body = if refused % 2 == 0 { json!({"token": "wrong"}) } else { json!({"code": "aaaaaaaaaaaaaaaa"}) };
        let answer = sign_in(&server, &body);
        if answer.status == 429 {
            break answer;
        }
        assert_eq!(answer.status, 401);
        refused += 1;
        assert!(refused <= 2 * ATTEMPTS_FREE, "nobody is slowed down");
    };
    assert!(waits.header("retry-after").is_some());
    // A right token cannot be guessed, so its owner need not wait.
    assert_eq!(sign_in(&server, &json!({"token": token})).status, 200);
}

#[test]
fn sessions_work_by_http2_and_are_for_https() {
    let authority = Authority::new();
    let server = tls::server(&authority);
    let (_, token) = add_token(&server, "me", TokenScope::Read, false);
    let host = format!("https://localhost:{}", server.address.port());
    let body = json!({"token": token}).to_string();
    let mut client = authority.connect(server.address).unwrap();
    let head = format!(
        "POST /session HTTP/1.1\r\nHost: localhost:{}\r\nOrigin: {host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        server.address.port(),
        body.len()
    );
    client.send(head.as_bytes()).unwrap();
    let answer = client.receive();
    assert!(answer.status == 200 && answer.header("set-cookie").unwrap().ends_with("; Secure"), "{answer:?}");
    run(async {
        let mut client = Http2::connect(server.address, &authority).await;
        let answer = client.begin("GET", "/session", None).await.unwrap().answer.await.unwrap();
        assert_eq!(answer.status().as_u16(), 401);
    });
}

/// Runs a command on the server's database.
fn healthsink(server: &Server, arguments: &[&str]) -> (bool, String) {
    let database = server.database();
    let output = program::run(&[arguments, &["--db", database.to_str().unwrap()]].concat());
    (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn commands_show_a_link_list_sessions_and_end_them() {
    let server = Server::start();
    let new = ["token", "new", "--qr", "--scope", "read"];
    let (is_made, said) = healthsink(&server, &new);
    assert!(!is_made && said.contains("name it with --public-url"), "{said}");
    let public = ["--public-url", "http://pi.local:3000/health/"];
    let (is_made, said) = healthsink(&server, &[&["token", "new", "--qr"], &public[..]].concat());
    assert!(!is_made && said.contains("add --scope read"), "{said}");
    assert_eq!(server.count("tokens"), 0);
    let (is_made, said) = healthsink(&server, &[&new[..], &public, &["--json"]].concat());
    let made: Value = serde_json::from_str(&said).unwrap();
    let link = made["sign_in"].as_str().unwrap();
    let code = link.strip_prefix("http://pi.local:3000/health/#/sign-in?code=").unwrap();
    assert!(is_made && made["token"].as_str().unwrap().starts_with("hs_"), "{said}");
    assert_eq!(sign_in(&server, &json!({"code": code})).status, 200);
    assert_eq!(sign_in(&server, &json!({"token": made["token"]})).status, 200);
    let (_, text) = healthsink(&server, &[&new[..], &public].concat());
    assert!(text.contains("within 10 minutes") && text.contains("██ ▄▄▄▄▄ █"), "{text}");
    let (_, listed) = healthsink(&server, &["sessions", "list", "--json"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!([&listed[0]["id"], &listed[1]["token"], &listed[1]["person"]], [&json!(1), &json!(1), &json!("me")]);
    assert_eq!(
        healthsink(&server, &["sessions", "end", "1"]),
        (true, "session 1 has ended: that browser is signed out\n".into())
    );
    let (is_ended, said) = healthsink(&server, &["sessions", "end", "1"]);
    assert!(!is_ended && said.contains("there is no session 1"), "{said}");
    let (_, said) = healthsink(&server, &["token", "revoke", "1"]);
    assert!(said.contains("is revoked") && said.contains("; 1 session has ended"), "{said}");
    add_code(&server, 2);
    assert_eq!(healthsink(&server, &["sessions", "end", "--all"]), (true, "no session has ended\n".into()));
    assert_eq!((server.count("sessions"), server.count("sign_in_codes")), (0, 0));
    let (is_listed, said) = healthsink(&server, &["sessions", "list"]);
    assert!(is_listed && said.contains("No browser is signed in"), "{said}");
}
