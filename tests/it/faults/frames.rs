//! HTTP/2 whose frames the test writes itself: ends that are none, and requests that name no server.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConnection, StreamOwned};

use super::site::{Site, rest_of};
use healthsink_testkit::database::{one, rows};
use healthsink_testkit::http::get_over;
use healthsink_testkit::server::Server;
use healthsink_testkit::tls::{Authority, HTTP2, NAME};
use healthsink_testkit::wait::wait_until;

type Stream = StreamOwned<ClientConnection, TcpStream>;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// Begins HTTP/2 on a socket.
pub(super) fn begin_http2(authority: &Authority, mut socket: TcpStream) -> Stream {
    let config = Arc::clone(&authority.client(HTTP2));
    let mut connection = ClientConnection::new(config, ServerName::try_from(NAME).unwrap()).unwrap();
    connection.complete_io(&mut socket).unwrap();
    let mut stream = StreamOwned::new(connection, socket);
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).unwrap();
    stream
}

/// An HTTP/2 connection of the hostile client.
pub(super) fn bare_http2(site: &Site) -> Stream {
    begin_http2(site.authority.as_ref().unwrap(), site.socket(b""))
}

pub(super) fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

/// A string of HPACK that is shorter than 127 bytes, without compression.
fn string(text: &[u8]) -> Vec<u8> {
    assert!(text.len() < 127);
    [&[u8::try_from(text.len()).unwrap()], text].concat()
}

/// The head of an upload: POST, https, the path, then what the test adds.
fn head(more: &[Vec<u8>]) -> Vec<u8> {
    let block = [&[0x83, 0x87, 0x04][..], &string(b"/api/health-data"), &more.concat()].concat();
    frame(HEADERS, END_HEADERS, 1, &block)
}

/// The header with the hostile client's token.
fn bearer(site: &Site) -> Vec<u8> {
    [&[0x0f, 0x08][..], &string(site.bearer().as_bytes())].concat()
}

fn authority(name: &[u8]) -> Vec<u8> {
    [&[0x01][..], &string(name)].concat()
}

/// Only END_STREAM ends a body: one that is reset is cut off, whatever the reason and the JSON say.
#[test]
fn only_the_end_of_its_stream_ends_a_body() {
    let check = |after: &[Vec<u8>], expected: &str| {
        let site = Site::with_https();
        let sample =
            r#"{"uuid":"00000000-0000-4000-8000-000000000001","value":1,"startDate":"2026-01-01T00:00:00.000Z"}"#;
        let body = format!(r#"{{"data":{{"X":[{sample}]}}}}"#);
        let mut stream = bare_http2(&site);
        stream.write_all(&head(&[authority(b"localhost"), bearer(&site)])).unwrap();
        stream.write_all(&frame(DATA, 0, 1, body.as_bytes())).unwrap();
        // A stream that is reset at once is no request.
        let under_way = || get_over(site.connect(), "/healthz").field("uploadsUnderWay") == json!(1);
        wait_until("the upload", || under_way().then_some(()));
        stream.write_all(&after.concat()).unwrap();
        let ended = || {
            let ended = one(&site.database(), "SELECT min(state) FROM uploads WHERE state <> 'running'");
            (ended != Value::Null).then_some(())
        };
        wait_until("the end", ended);
        let stored = rows(&site.database(), "SELECT state, new FROM uploads");
        assert_eq!(stored.len(), 1, "{stored:?}");
        assert_eq!((&stored[0]["state"], &stored[0]["new"]), (&json!(expected), &json!(1)), "{after:?}");
    };
    let reset = |reason: u8| frame(RST_STREAM, 0, 1, &[0, 0, 0, reason]);
    let end = frame(DATA, END_STREAM, 1, b"");
    check(&[reset(0)], "aborted");
    check(&[reset(8)], "aborted");
    check(&[frame(GOAWAY, 0, 0, &[0; 8]), reset(0)], "aborted");
    check(&[end], "done");
    // Trailers, a field `x: y`, end a body also.
    check(&[frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0, 1, b'x', 1, b'y'])], "done");
}

/// A body of another length than its head says is reset, and the ledger says why.
#[test]
fn a_body_of_another_length_than_announced_does_not_end_early() {
    let site = Site::with_https();
    let length = |text: &[u8]| [&[0x0f, 0x0d][..], &string(text)].concat();
    for (number, announced) in [(1, &b"5"[..]), (2, b"50")] {
        let mut stream = bare_http2(&site);
        let begun = head(&[authority(b"localhost"), bearer(&site), length(announced)]);
        stream.write_all(&[begun, frame(DATA, END_STREAM, 1, br#"{"data":{}}"#)].concat()).unwrap();
        let aborted = || one(&site.database(), "SELECT count(*) FROM uploads WHERE state = 'aborted'");
        wait_until("the end", || (aborted() == json!(number)).then_some(()));
    }
    let why = "SELECT count(*) FROM uploads WHERE error LIKE 'the body breaks a rule of HTTP/2 (%'";
    assert_eq!(one(&site.database(), why), json!(2), "{:?}", rows(&site.database(), "SELECT error FROM uploads"));
}

/// Before the first token only this machine may send, and it names itself.
#[test]
fn a_request_without_an_authority_is_not_local() {
    let trust = Authority::new();
    let server = Server::with(|config| config.tls = Some(trust.issue().write(config.db.parent().unwrap())));
    let check = |names: &[Vec<u8>], expected: &str, is_stored: u64| {
        let mut stream = begin_http2(&trust, TcpStream::connect(server.address).unwrap());
        stream.write_all(&head(names)).unwrap();
        stream.write_all(&frame(DATA, END_STREAM, 1, br#"{"data":{}}"#)).unwrap();
        // The server answers, and closes the connection after it.
        stream.write_all(&frame(GOAWAY, 0, 0, &[0; 8])).unwrap();
        let answer = String::from_utf8_lossy(&rest_of(stream)).into_owned();
        assert!(answer.contains(expected), "{names:?}: {answer}");
        assert_eq!(server.count("uploads"), is_stored);
    };
    check(&[], "no token exists yet", 0);
    check(&[authority(b"192.0.2.1")], "no token exists yet", 0);
    check(&[authority(b"localhost")], "\"ok\":true", 1);
}

/// Answers for which a client leaves no window keep the program's end waiting for a moment only.
#[test]
fn the_program_ends_without_waiting_for_closed_windows() {
    let site = Site::with_https();
    let no_window = frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
    let scrape = [&[0x82, 0x87, 0x04][..], &string(b"/metrics"), &authority(b"localhost"), &bearer(&site)].concat();
    let mut unread = bare_http2(&site);
    unread.write_all(&[no_window.clone(), frame(HEADERS, END_HEADERS | END_STREAM, 1, &scrape)].concat()).unwrap();
    // The answer comes before the body's end, which never comes.
    let mut open = bare_http2(&site);
    let begun = head(&[authority(b"localhost"), bearer(&site)]);
    open.write_all(&[no_window, begun, frame(DATA, 0, 1, b"[")].concat()).unwrap();
    site.upload(1);
    let aborted = || one(&site.database(), "SELECT count(*) FROM uploads WHERE state = 'aborted'") == json!(1);
    wait_until("the answer", || aborted().then_some(()));
    let lines = site.stop();
    assert!(lines.iter().all(|line| !line.contains("the deadline has passed")), "{lines:?}");
}
