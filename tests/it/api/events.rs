//! What clients learn of changes: whose, when, until when, and how many may listen.

use std::io::Read;
use std::net::TcpStream;

use healthsink::model::limits::{CONNECTIONS_MAX, EVENT_LISTENERS_MAX, EVENT_LISTENERS_OF_TOKEN_MAX};
use healthsink::store::{Database, TokenScope};
use healthsink_testkit::http::{Client, Response, get};
use healthsink_testkit::wait::{PATIENCE, wait_until};
use serde_json::{Value, json};

use super::Api;

const PATH: &str = "/api/v1/events";

/// A client that follows.
struct Listener(Client);

impl Listener {
    fn start(api: &Api, token: &str, headers: &[(&str, &str)]) -> Self {
        let bearer = format!("Bearer {token}");
        Self::with(api, &[headers, &[("Authorization", &bearer)]].concat())
    }

    /// The same with only these headers.
    fn with(api: &Api, headers: &[(&str, &str)]) -> Self {
        let (client, head) = Self::ask(api, headers);
        assert_eq!((head.status, head.header("content-type")), (200, Some("text/event-stream")), "{head:?}");
        assert_eq!([head.header("x-accel-buffering"), head.header("content-encoding")], [Some("no"), None]);
        Self(client)
    }

    fn ask(api: &Api, headers: &[(&str, &str)]) -> (Client, Response) {
        let mut client = api.server.connect();
        client.head("GET", PATH, headers);
        let head = client.receive_head_only();
        (client, head)
    }

    /// Waits until a token may have another one.
    fn wait_to_start(api: &Api, token: &str) -> Self {
        let bearer = format!("Bearer {token}");
        wait_until("room for another listener", || {
            let (client, head) = Self::ask(api, &[("Authorization", &bearer)]);
            (head.status == 200).then_some(Self(client))
        })
    }

    /// The next event with its data; nothing at the end.
    fn next(&mut self) -> Option<(String, Value)> {
        let event = String::from_utf8(self.0.next_chunk()?).unwrap();
        let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
        Some((field("event: "), serde_json::from_str(&field("data: ")).unwrap()))
    }

    /// The next event of a kind.
    fn wait_for(&mut self, kind: &str) -> Value {
        loop {
            let (event, data) = self.next().expect("the stream goes on");
            if event == kind {
                return data;
            }
        }
    }

    /// The end of an upload. A slow one has an event before it also.
    fn wait_for_end(&mut self) -> Value {
        loop {
            let upload = self.wait_for("upload");
            if upload["state"] != json!("running") {
                return upload;
            }
        }
    }
}

/// Uploads a step.
fn upload(api: &Api, token: &str, number: u32) {
    let body = json!({"data": {"HKQuantityTypeIdentifierStepCount": [{
        "uuid": format!("a0000000-0000-4000-8000-{number:012}"), "startDate": "2026-01-09T08:00:00.000Z",
        "endDate": "2026-01-09T08:01:00.000Z", "value": 5, "unit": "count"}]}});
    let bearer = format!("Bearer {token}");
    let sent = api.server.connect().post(&[("Authorization", &bearer)], body.to_string().as_bytes());
    assert_eq!(sent.status, 200);
}

#[test]
fn a_client_is_told_of_its_persons_uploads_and_figures() {
    let api = Api::with_figures();
    let [anna, ben] = ["anna", "ben"].map(|person| api.add_token(person, TokenScope::Admin, false));
    let mut listener = Listener::start(&api, &anna, &[]);
    assert_eq!(listener.next(), Some(("hello".to_owned(), json!({"change": 0, "uploading": false}))));
    upload(&api, &ben, 1);
    upload(&api, &anna, 2);
    let done = listener.wait_for_end();
    assert_eq!([&done["state"], &done["records"]], [&json!("done"), &json!(1)], "ben's is not told");
    assert!(done["bytes"].as_u64().unwrap() > 100, "{done}");
    let mut change = listener.wait_for("change");
    assert_eq!(change["types"], json!(["steps"]));
    while change["stale"] == json!(true) {
        change = listener.wait_for("change");
    }
    assert_eq!([&change["types"], &change["stale"]], [&json!(["steps"]), &json!(false)]);
    // One that comes back learns what it has missed, one that comes first does not.
    let status = api.ask(&anna, "/api/v1/status", &[]).json();
    assert_eq!(change["change"], status["change"]);
    let mut again = Listener::start(&api, &anna, &[("Last-Event-ID", "0")]);
    assert_eq!(again.wait_for("hello"), json!({"change": status["change"], "uploading": false}));
    assert_eq!(again.wait_for("change"), change);
}

#[test]
fn an_upload_under_way_is_told() {
    let api = Api::alone();
    let admin = api.add_token("me", TokenScope::Admin, false);
    let mut listener = Listener::start(&api, &api.token, &[]);
    assert_eq!(listener.wait_for("hello")["uploading"], json!(false));
    let mut client = api.server.connect();
    let bearer = format!("Bearer {admin}");
    client.begin_chunked(&[("Authorization", &bearer)]);
    client.chunk(br#"{"data":{"#).unwrap();
    assert_eq!(listener.wait_for("upload"), json!({"state": "running", "records": 0, "bytes": null}));
    let mut second = Listener::start(&api, &api.token, &[]);
    assert_eq!(second.wait_for("hello")["uploading"], json!(true));
    drop(client);
    for listener in [&mut listener, &mut second] {
        assert_eq!(listener.wait_for_end()["state"], json!("failed"));
    }
}

#[test]
fn listening_needs_the_right_to_read() {
    let api = Api::alone();
    let [send, anna] = [TokenScope::Send, TokenScope::Read].map(|scope| api.add_token("anna", scope, false));
    assert_eq!(get(api.server.address, PATH).status, 401);
    assert_eq!(api.ask(&send, PATH, &[]).status, 403);
    for person in ["me", "nobody"] {
        assert_eq!(api.ask(&anna, &format!("{PATH}?person={person}"), &[]).status, 403);
    }
    let wrong = api.ask(&anna, &format!("{PATH}?type=steps"), &[]);
    assert_eq!((wrong.status, wrong.field("parameter")), (400, json!("type")));
}

#[test]
fn a_stream_ends_with_its_token() {
    let api = Api::alone();
    let admin = api.add_token("me", TokenScope::Admin, false);
    let mut listener = Listener::start(&api, &api.token, &[]);
    listener.wait_for("hello");
    assert!(Database::new(api.server.database()).revoke_token(1, 0).unwrap().is_some_and(|done| done.is_new));
    upload(&api, &admin, 1);
    assert_eq!(listener.next(), None, "it is not told what it may no longer read");
}

/// A browser that has signed out learns nothing that it may no longer read.
#[test]
fn a_stream_ends_with_its_session() {
    let api = Api::alone();
    let admin = api.add_token("me", TokenScope::Admin, false);
    let origin = ("Origin", "http://localhost");
    let session = |method: &str, headers: &[(&str, &str)], body: &str| {
        let mut client = api.server.connect();
        let length = body.len().to_string();
        client.head(method, "/session", &[headers, &[("Content-Length", &length)]].concat());
        client.send(body.as_bytes()).unwrap();
        client.receive()
    };
    let signed_in = session("POST", &[origin], &json!({"token": api.token}).to_string());
    let cookie = signed_in.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let mut listener = Listener::with(&api, &[("Cookie", &cookie)]);
    let mut of_token = Listener::start(&api, &api.token, &[]);
    listener.wait_for("hello");
    assert_eq!(session("DELETE", &[origin, ("Cookie", &cookie)], "").status, 204);
    upload(&api, &admin, 1);
    assert_eq!(listener.next(), None);
    assert_eq!(of_token.wait_for_end()["state"], json!("done"), "the token still reads");
}

/// Idle connections are evicted for others. One that follows is not idle, however quiet it is.
#[test]
fn a_listener_is_not_evicted_for_idle_connections() {
    let api = Api::alone();
    let admin = api.add_token("me", TokenScope::Admin, false);
    let mut listener = Listener::start(&api, &api.token, &[]);
    listener.wait_for("hello");
    let mut idle: Vec<TcpStream> =
        (0..CONNECTIONS_MAX).map(|_| TcpStream::connect(api.server.address).unwrap()).collect();
    // The server closes the one that has been idle for longest.
    idle[0].set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(idle[0].read(&mut [0]).unwrap(), 0);
    upload(&api, &admin, 1);
    assert_eq!(listener.wait_for_end()["state"], json!("done"));
}

#[test]
fn listeners_are_bounded_and_hold_no_reads() {
    let api = Api::alone();
    let mut tokens = [&api.token, &api.add_token("me", TokenScope::Read, false)].map(String::clone).to_vec();
    let mut listeners = Vec::new();
    for token in &tokens {
        for _ in 0..EVENT_LISTENERS_OF_TOKEN_MAX {
            listeners.push(Listener::start(&api, token, &[]));
        }
        let refused = api.ask(token, PATH, &[]);
        assert_eq!((refused.status, refused.header("retry-after").is_some()), (503, true));
    }
    assert_eq!(listeners.len(), EVENT_LISTENERS_MAX);
    tokens.push(api.add_token("me", TokenScope::Read, false));
    assert_eq!(api.ask(&tokens[2], PATH, &[]).status, 503);
    for token in &tokens {
        assert_eq!(api.ask(token, "/api/v1/types", &[]).status, 200);
    }
    // One that leaves frees a place.
    drop(listeners.pop());
    Listener::wait_to_start(&api, &tokens[2]);
}

/// Somebody who reloads a page again and again leaves as many listeners. Their places are free before anything is written to them: the
/// last one, which stays, has no comment yet.
#[test]
fn listeners_that_leave_are_noticed_while_nothing_happens() {
    let api = Api::alone();
    let admin = api.add_token("me", TokenScope::Admin, false);
    let start = |_| Listener::start(&api, &api.token, &[]);
    let leaving: Vec<Listener> = (1..EVENT_LISTENERS_OF_TOKEN_MAX).map(start).collect();
    let mut staying = Listener::start(&api, &api.token, &[]);
    staying.wait_for("hello");
    assert_eq!(api.ask(&api.token, PATH, &[]).status, 503);
    drop(leaving);
    let new: Vec<Listener> =
        (1..EVENT_LISTENERS_OF_TOKEN_MAX).map(|_| Listener::wait_to_start(&api, &api.token)).collect();
    upload(&api, &admin, 1);
    assert_eq!(staying.next().unwrap().0, "upload");
    drop(new);
}

/// What a client sends while it follows waits for the end of the stream, as on any connection.
#[test]
fn a_request_behind_a_stream_is_answered_after_it() {
    let api = Api::alone();
    let mut listener = Listener::start(&api, &api.token, &[]);
    listener.wait_for("hello");
    listener.0.head("GET", "/healthz", &[("Connection", "close")]);
    assert!(Database::new(api.server.database()).revoke_token(1, 0).unwrap().is_some_and(|done| done.is_new));
    while listener.0.next_chunk().is_some() {}
    assert_eq!(listener.0.receive().status, 200);
}

#[test]
fn a_listener_does_not_keep_the_server_from_stopping() {
    let mut api = Api::alone();
    let mut listener = Listener::start(&api, &api.token, &[]);
    listener.wait_for("hello");
    api.server.request_stop();
    assert_eq!(listener.next(), None, "the stream ends as a whole one");
    let began = std::time::Instant::now();
    api.server.stop();
    assert!(began.elapsed() < std::time::Duration::from_secs(10), "the deadline of uploads is 30 s");
}
