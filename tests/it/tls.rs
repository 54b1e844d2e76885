//! HTTPS: the certificate, its reload, and the answer to clients that speak another protocol.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
use serde_json::json;

use super::contract::payload;
use crate::program::{Program, command, run};
use healthsink_testkit::http::{Client, get_over};
use healthsink_testkit::server::Server;
use healthsink_testkit::tls::{Authority, HTTP1, HTTP2, Pair, Tls};
use healthsink_testkit::wait::{PATIENCE, wait_until};

/// A server with a certificate of this issuer.
pub(crate) fn server(authority: &Authority) -> Server {
    Server::with(|config| config.tls = Some(authority.issue().write(config.db.parent().unwrap())))
}

/// The program with the certificate that is in a folder.
fn program(folder: &Path, pair: &Pair) -> Program {
    let files = pair.write(folder);
    let mut command = command();
    command.args(["serve", "--listen", "127.0.0.1:0", "--db"]).arg(folder.join("health.db"));
    command.arg("--tls-cert").arg(files.cert).arg("--tls-key").arg(files.key);
    Program::start(&mut command)
}

fn certificate(address: SocketAddr, authority: &Authority) -> Option<Vec<u8>> {
    Some(Tls::connect(address, authority.client(HTTP1)).ok()?.certificate().to_vec())
}

#[test]
fn uploads_work_over_https_as_over_http() {
    let authority = Authority::new();
    let server = server(&authority);
    let body = payload("documented");
    let mut client = authority.connect(server.address).unwrap();
    let answer = client.post(&[], &body);
    assert_eq!((answer.status, answer.field("new")), (200, json!(6)));
    for size in [1, 1000, 100_000] {
        client.begin_chunked(&[]);
        for chunk in body.chunks(size) {
            client.chunk(chunk).unwrap();
        }
        let answer = client.end_chunked();
        assert_eq!((answer.status, answer.field("unchanged")), (200, json!(6)), "chunks of {size}");
    }
    assert_eq!(get_over(authority.connect(server.address).unwrap(), "/healthz").status, 200);
    assert_eq!(server.count("uploads"), 4);
}

#[test]
fn client_and_server_agree_on_a_protocol() {
    let authority = Authority::new();
    let server = server(&authority);
    for protocol in [HTTP1, HTTP2] {
        let connection = Tls::connect(server.address, authority.client(protocol)).unwrap();
        assert_eq!(connection.protocol(), Some(protocol));
    }
    assert!(Tls::connect(server.address, authority.client(b"spdy/3")).is_err());
    let stranger = Authority::new();
    assert!(Tls::connect(server.address, stranger.client(HTTP1)).is_err(), "a client trusts only its own issuer");
}

#[test]
fn keys_of_the_usual_kinds_are_accepted() {
    let authority = Authority::new();
    for kind in [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_ED25519] {
        let pair = authority.issue_for(KeyPair::generate_for(kind).unwrap(), 4000);
        let server = Server::with(|config| config.tls = Some(pair.write(config.db.parent().unwrap())));
        assert_eq!(authority.connect(server.address).unwrap().post(&[], &payload("documented")).status, 200);
    }
}

#[test]
fn open_connections_outlive_a_new_certificate_and_later_ones_get_it() {
    let authority = Authority::new();
    let server = server(&authority);
    let before = certificate(server.address, &authority);
    let body = payload("documented");
    let mut client = authority.connect(server.address).unwrap();
    client.begin_chunked(&[]);
    client.chunk(&body[..1000]).unwrap();
    authority.issue().write(server.folder());
    wait_until("the new certificate", || (certificate(server.address, &authority) != before).then_some(()));
    client.chunk(&body[1000..]).unwrap();
    assert_eq!(client.end_chunked().status, 200);
}

#[test]
fn a_new_pair_that_cannot_be_used_leaves_the_old_one() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let program = program(folder.path(), &authority.issue());
    let before = certificate(program.address, &authority);
    let check = |pair: &Pair, part: &str| {
        pair.write(folder.path());
        // A new connection makes the program check the files.
        let line = program.wait_for_line_while("in use", || {
            assert_eq!(certificate(program.address, &authority), before, "{part}");
        });
        assert!(line.contains("WARN") && line.contains(part), "{line}");
        assert_eq!(certificate(program.address, &authority), before, "{part}");
    };
    let other = authority.issue();
    check(&Pair { chain: other.chain.clone(), key: authority.issue().key }, "does not belong to the certificate");
    check(&Pair { chain: "renewed soon".to_owned(), key: other.key.clone() }, "holds no certificate");
    check(&Pair { chain: other.chain.clone(), key: String::new() }, "holds no private key");
    check(&authority.issue_for(KeyPair::generate().unwrap(), 2000), "has expired");
    fs::remove_file(folder.path().join("key.pem")).unwrap();
    let line = program.wait_for_line_while("in use", || {
        assert_eq!(certificate(program.address, &authority), before);
    });
    assert!(line.contains("cannot read --tls-key"), "{line}");
    // Opening a pipe would block until a program writes to it, and the whole server with it.
    let fifo = folder.path().join("key.pem");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let line = program.wait_for_line_while("in use", || {
        assert_eq!(certificate(program.address, &authority), before);
    });
    assert!(line.contains("is not a regular file"), "{line}");
    fs::remove_file(&fifo).unwrap();
    other.write(folder.path());
    wait_until("the good pair", || (certificate(program.address, &authority)? != *before.as_ref()?).then_some(()));
}

#[test]
fn an_unusable_pair_is_one_line_before_any_file_is_created() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let refused = |pair: &Pair, part: &str| {
        let files = pair.write(folder.path());
        let [cert, key, db] = [&files.cert, &files.key, &database].map(|path| path.to_str().unwrap());
        let output = run(&["serve", "--listen", "127.0.0.1:0", "--db", db, "--tls-cert", cert, "--tls-key", key]);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), message.lines().count()), (Some(2), 1), "{message}");
        assert!(message.contains(part) && !database.exists(), "{message}");
    };
    let (pair, other) = (authority.issue(), authority.issue());
    refused(&Pair { chain: pair.chain.clone(), key: other.key.clone() }, "does not belong to the certificate");
    refused(&Pair { chain: pair.key.clone(), key: pair.key.clone() }, "holds no certificate");
    refused(&Pair { chain: pair.chain.clone(), key: pair.chain.clone() }, "holds no private key");
    let long = "x".repeat(healthsink::model::limits::TLS_FILE_BYTES_MAX + 1);
    refused(&Pair { chain: long, key: pair.key.clone() }, "is longer than");
    let output = run(&["serve", "--tls-cert", "/nowhere/chain.pem"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("--tls-key"));
}

/// Modes change without a new time of modification.
#[test]
fn a_key_that_others_may_read_is_warned_about_at_a_reload() {
    use std::os::unix::fs::PermissionsExt;
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let program = program(folder.path(), &authority.issue());
    let key = folder.path().join("key.pem");
    assert!(!program.lines_so_far().join("\n").contains("chmod"));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    program.wait_for_line_while(&format!("chmod 600 {}", key.display()), || {
        certificate(program.address, &authority);
    });
}

/// The clock may be wrong instead.
#[test]
fn a_certificate_that_has_expired_is_warned_about_and_served() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let files = authority.issue_for(KeyPair::generate().unwrap(), 2000).write(folder.path());
    let mut command = command();
    command.args(["serve", "--listen", "127.0.0.1:0", "--db"]).arg(folder.path().join("health.db"));
    command.env("HEALTHSINK_TLS_CERT", files.cert).env("HEALTHSINK_TLS_KEY", files.key);
    let program = Program::start(&mut command);
    let error = Tls::connect(program.address, authority.client(HTTP1)).err().unwrap();
    assert!(error.to_string().contains("expired"), "{error}");
    assert!(program.lines_so_far().iter().any(|line| line.contains("WARN") && line.contains("has expired")));
}

#[test]
fn plain_http_is_answered_with_a_hint_at_https() {
    let authority = Authority::new();
    let server = server(&authority);
    let mut client = Client::connect(server.address);
    let answer = client.post(&[], &payload("documented"));
    assert_eq!(answer.status, 400);
    assert!(String::from_utf8(answer.body).unwrap().contains("https:"));
    assert_eq!(server.count("uploads"), 0);
}

/// A handshake occupies only its connection: others are served meanwhile.
#[test]
fn unfinished_handshakes_delay_no_upload() {
    let authority = Authority::new();
    let server = server(&authority);
    let silent: Vec<TcpStream> = (0..20).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    for bytes in
        [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"\x16\x03\x01\x00\x05hello", b"\x16", b"\0\0\0\0"]
    {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = [0; 64];
        let bytes = stream.read(&mut answer).unwrap_or(0);
        assert!(bytes == 0 || answer[0] == 0x15, "an alert at most: {answer:?}");
    }
    let mut client = authority.connect(server.address).unwrap();
    assert_eq!(client.post(&[], &payload("documented")).status, 200);
    drop(silent);
}

/// The answer arrives although the client continues to send, and the connection ends properly instead of being cut.
#[test]
fn a_refusal_is_not_lost_to_a_reset() {
    let authority = Authority::new();
    let server = server(&authority);
    let mut client = authority.connect(server.address).unwrap();
    client.begin_chunked(&[]);
    client.chunk(b"x").unwrap();
    for _ in 0..20 {
        let _ = client.chunk(&[b' '; 64 << 10]);
    }
    let answer = client.receive();
    assert_eq!((answer.status, answer.field("offset")), (400, json!(0)));
    client.stop_sending();
    assert!(client.is_closed());
}
