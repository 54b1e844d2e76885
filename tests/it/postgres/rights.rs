//! Rights: tokens of each scope, of one person and of all, ended ones and wrong ones may do the same as with a file.

use std::net::SocketAddr;

use healthsink::store::{Address, Database, NewToken, TokenDigest, TokenScope};
use healthsink_testkit::http::Client;

use super::cluster::store;
use super::samples::serve;
use crate::contract::payload;
use crate::program::Program;

const PATHS: [&str; 9] = [
    "/api/v1/types",
    "/api/v1/people",
    "/api/v1/status",
    "/api/v1/uploads",
    "/api/v1/types?person=me",
    "/api/v1/types?person=anna",
    "/api/v1/types?person=nobody",
    "/api/v1/samples?type=heart_rate",
    "/metrics",
];

fn token(number: u8) -> String {
    format!("hs_{}", char::from(b'a' + number).to_string().repeat(32))
}

fn answers(address: SocketAddr, token: &str) -> Vec<(String, u16)> {
    let bearer = format!("Bearer {token}");
    let headers: &[_] = if token.is_empty() { &[] } else { &[("Authorization", bearer.as_str())] };
    let sent = Client::connect(address).post(headers, br#"{"data":{}}"#).status;
    let read = PATHS.iter().map(|path| {
        let mut client = Client::connect(address);
        client.head("GET", path, &[headers, &[("Host", "localhost"), ("Connection", "close")]].concat());
        ((*path).to_owned(), client.receive().status)
    });
    // Wrong tokens are slowed down from some time on.
    let answers = std::iter::once(("POST".to_owned(), sent)).chain(read);
    answers.map(|(path, status)| (path, if status == 429 { 401 } else { status })).collect()
}

#[test]
fn tokens_have_the_rights_that_they_have_with_a_file() {
    let Some(store) = store() else { return };
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("health.db");
    let (receiver, server) = (serve(&store), Program::serve(&db));
    let same = |token: &str, what: &str| {
        let [found, expected] = [receiver.address, server.address].map(|address| answers(address, token));
        assert_eq!(found, expected, "{what}");
        found
    };
    // Before the first token, this machine may send.
    assert_eq!(same("", "nobody has a token")[0].1, 200);
    for address in [receiver.address, server.address] {
        assert_eq!(Client::connect(address).post(&[], &payload("documented")).status, 200);
    }
    let address = store.address().parse::<Address>().unwrap();
    let mut number = 0;
    for person in ["me", "anna"] {
        for scope in [TokenScope::Send, TokenScope::Read, TokenScope::Admin] {
            for (is_of_all, expires_ms) in [(false, None), (true, None), (false, Some(1))] {
                if scope == TokenScope::Send && is_of_all {
                    continue;
                }
                number += 1;
                let token = token(number);
                let digest = &TokenDigest::of(token.as_bytes());
                let (label, created_ms, quota) = (None, 0, Default::default());
                let new = NewToken { digest, person, label, scope, is_of_all, created_ms, expires_ms, quota };
                Database::new(&db).add_token(&new).unwrap();
                address.add_token(&new).unwrap();
                let found = same(&token, &format!("{person}, {scope:?}, of all: {is_of_all}, expires: {expires_ms:?}"));
                let may_send = expires_ms.is_none() && scope != TokenScope::Read;
                assert_eq!(found[0].1 == 200, may_send, "{person}, {scope:?}, {expires_ms:?}: {found:?}");
            }
        }
    }
    same("", "no token any more");
    same("hs_wrong", "a wrong token");
    for words in [["token", "revoke", "1"], ["token", "revoke", "3"]] {
        let database = ["--db", db.to_str().unwrap()];
        assert!(store.run(&words).status.success());
        assert!(crate::program::run(&[&words[..], &database].concat()).status.success());
    }
    for number in [1, 2, 3] {
        same(&token(number), "some are revoked");
    }
}
