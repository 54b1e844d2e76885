//! HTTP/2: several requests on one connection, within the same bounds as on many.

use std::collections::BTreeMap;
use std::time::Instant;

use h2::Reason;
use healthsink::model::limits::{H2_CONNECTION_WINDOW_BYTES, H2_RESETS_MAX, INGESTS_MAX};
use healthsink_testdata::Payload;
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::contract::payload;
use super::tls::server;
use healthsink_testkit::http::{PATH, get_over};
use healthsink_testkit::http2::{Answer, Http2, run};
use healthsink_testkit::server::Server;
use healthsink_testkit::tls::Authority;
use healthsink_testkit::wait::{PATIENCE, wait_until};

/// Sends one request on a new connection.
fn under_way(server: &Server, authority: &Authority) -> u64 {
    let client = authority.connect(server.address).unwrap();
    get_over(client, "/healthz").field("uploadsUnderWay").as_u64().unwrap()
}

/// Retries while the server refuses because other uploads still end.
async fn post_once_there_is_a_place(client: &mut Http2, body: &[u8]) {
    let began = Instant::now();
    loop {
        let answer = client.post(None, body).await;
        if answer.status() == 200 {
            return;
        }
        assert!(answer.status() == 503 && began.elapsed() < PATIENCE, "{answer:?}");
    }
}

#[test]
fn uploads_work_over_http2_as_over_http1() {
    let authority = Authority::new();
    let server = server(&authority);
    let body = payload("documented");
    run(async {
        let mut client = Http2::connect(server.address, &authority).await;
        let answer = client.post(None, &body).await;
        assert_eq!((answer.status(), &answer.body["new"]), (200, &json!(6)));
        // The server closes a connection with too many frames of one byte.
        for size in [100, 1000, 100_000] {
            let mut upload = client.begin("POST", PATH, None).await.unwrap();
            for chunk in body.chunks(size) {
                upload.send(chunk).await.unwrap();
            }
            let answer = upload.end().await;
            assert_eq!((answer.status(), &answer.body["unchanged"]), (200, &json!(6)), "frames of {size}");
        }
        let answer = client.begin("GET", "/healthz", None).await.unwrap().answer().await;
        assert_eq!((answer.status(), &answer.body["ok"]), (200, &json!(true)));
        let answer = client.begin("GET", "/other", None).await.unwrap().answer().await;
        assert_eq!(answer.status(), 404);
        assert!(!answer.head.headers().contains_key("connection"), "it has no place in HTTP/2");
        let head = client.begin("HEAD", "/healthz", None).await.unwrap().answer.await.unwrap();
        assert_eq!(head.status(), 200);
        assert!(head.headers().contains_key("content-length") && head.body().is_end_stream());
    });
    assert_eq!(server.count("uploads"), 4);
}

#[test]
fn one_connection_may_take_all_permits_and_no_more() {
    let authority = Authority::new();
    let server = server(&authority);
    let of_seed = |seed| Payload { seed, target_bytes: 600_000, ..Payload::default() }.to_vec().0;
    let bodies: Vec<Vec<u8>> = (0..INGESTS_MAX as u64).map(of_seed).collect();
    run(async {
        let mut client = Http2::connect(server.address, &authority).await;
        let mut uploads = Vec::new();
        for body in &bodies {
            let mut upload = client.begin("POST", PATH, None).await.unwrap();
            upload.send(&body[..1000]).await.unwrap();
            uploads.push(upload);
        }
        let mut other = Http2::connect(server.address, &authority).await;
        let began = Instant::now();
        let refused = loop {
            let answer: Answer = other.post(None, &payload("documented")).await;
            if answer.status() != 200 {
                break answer;
            }
            assert!(began.elapsed() < PATIENCE, "all places are taken, and there is one more");
        };
        assert_eq!(refused.status(), 503);
        assert!(refused.head.headers().contains_key("retry-after"));
        // All of them at once, a piece of each in turn: no upload waits for another to end.
        let longest = bodies.iter().map(Vec::len).max().unwrap();
        for at in (1000..longest).step_by(50_000) {
            for (upload, body) in uploads.iter_mut().zip(&bodies) {
                let piece = at.min(body.len())..(at + 50_000).min(body.len());
                upload.send(&body[piece]).await.unwrap();
            }
        }
        for upload in uploads {
            let answer = upload.end().await;
            assert_eq!(answer.status(), 200, "{answer:?}");
        }
    });
    assert_eq!(server.one("SELECT count(*) FROM uploads WHERE state <> 'done'"), json!(0));
}

fn server_with_token(authority: &Authority) -> Server {
    Server::with(|config| {
        let folder = config.db.parent().unwrap();
        std::fs::write(folder.join("token"), "s3cret").unwrap();
        config.auth.token_file = Some(folder.join("token"));
        config.tls = Some(authority.issue().write(folder));
    })
}

/// A refusal does not close the connection, as it must over HTTP/1.1.
#[test]
fn a_refusal_leaves_other_streams_open() {
    let authority = Authority::new();
    let server = server_with_token(&authority);
    let body = payload("documented");
    run(async {
        let mut client = Http2::connect(server.address, &authority).await;
        // Its body never ends, and the server does not wait for it.
        let mut refused = client.begin("POST", PATH, Some("wrong")).await.unwrap();
        refused.send(&body).await.unwrap();
        let answer = refused.answer().await;
        assert_eq!(answer.status(), 401);
        assert!(answer.head.headers().contains_key("www-authenticate"));
        assert_eq!(client.post(Some("s3cret"), &body).await.status(), 200);
        let mut bad = client.begin("POST", PATH, Some("s3cret")).await.unwrap();
        bad.send(b"x").await.unwrap();
        let answer = bad.answer().await;
        assert_eq!((answer.status(), &answer.body["offset"]), (400, &json!(0)));
        assert_eq!(client.post(Some("s3cret"), &body).await.status(), 200);
    });
}

/// Some clients read a reset stream as failed although its answer has arrived, so the server reads what they still send.
#[test]
fn an_early_answer_does_not_reset_the_body() {
    let authority = Authority::new();
    let server = server_with_token(&authority);
    let body = vec![b' '; 4 * H2_CONNECTION_WINDOW_BYTES as usize];
    run(async {
        let mut client = Http2::connect(server.address, &authority).await;
        for (token, status) in [("wrong", 401), ("s3cret", 400)] {
            let mut upload = client.begin("POST", PATH, Some(token)).await.unwrap();
            upload.send(b"x").await.unwrap();
            let head = (&mut upload.answer).await.unwrap();
            assert_eq!(head.status().as_u16(), status);
            assert!(upload.send(&body).await.unwrap(), "{status}: all of it is taken");
            upload.body.send_data(Bytes::new(), true).unwrap();
        }
    });
}

/// A cancelled body is one that ended early: what was read is kept, and the permit is free again.
#[test]
fn cancelled_uploads_return_their_permits() {
    let authority = Authority::new();
    let server = server(&authority);
    let (body, _) = Payload { target_bytes: 300_000, ..Payload::default() }.to_vec();
    run(async {
        let mut client = Http2::connect(server.address, &authority).await;
        for _ in 0..2 {
            let mut uploads = Vec::new();
            for _ in 0..INGESTS_MAX {
                let mut upload = client.begin("POST", PATH, None).await.unwrap();
                upload.send(&body[..100_000]).await.unwrap();
                uploads.push(upload);
            }
            for mut upload in uploads {
                upload.body.send_reset(Reason::CANCEL);
            }
        }
        post_once_there_is_a_place(&mut client, &body).await;
    });
    wait_until("the ends", || (under_way(&server, &authority) == 0).then_some(()));
    let states: BTreeMap<String, Value> = server
        .rows("SELECT state, count(*) AS uploads FROM uploads GROUP BY state")
        .into_iter()
        .map(|row| (row["state"].as_str().unwrap().to_owned(), row["uploads"].clone()))
        .collect();
    assert_eq!(states.get("done"), Some(&json!(1)), "{states:?}");
    assert!(states.keys().all(|state| state == "done" || state == "aborted"), "{states:?}");
}

/// Requests that are cancelled at once cost the server more than the client, so the server closes the connection.
#[test]
fn a_flood_of_cancelled_requests_ends_only_its_connection() {
    let authority = Authority::new();
    let server = server(&authority);
    run(async {
        let mut bystander = Http2::connect(server.address, &authority).await;
        let mut client = Http2::connect(server.address, &authority).await;
        let mut made = 0;
        while made < 1000 * H2_RESETS_MAX {
            let Ok(mut upload) = client.begin("POST", PATH, None).await else {
                break;
            };
            upload.body.send_reset(Reason::CANCEL);
            made += 1;
        }
        client.ended.await.unwrap().expect_err("the server has closed it");
        post_once_there_is_a_place(&mut bystander, &payload("documented")).await;
    });
}

#[test]
fn headers_are_bounded() {
    let authority = Authority::new();
    let server = server(&authority);
    run(async {
        let mut client = Http2::connect(server.address, &authority).await;
        let upload = client.begin("GET", &format!("/{}", "x".repeat(20_000)), None).await.unwrap();
        assert_eq!(upload.answer.await.map(|answer| answer.status().as_u16()).ok(), Some(431));
        assert_eq!(client.post(None, &payload("documented")).await.status(), 200);
    });
}

/// hyper has no such limit for HTTP/2, so it is ours: a connection without requests would hold its slot for ever.
#[test]
fn an_idle_connection_is_closed() {
    let authority = Authority::new();
    let server = server(&authority);
    run(async {
        let mut client = Http2::connect(server.address, &authority).await;
        assert_eq!(client.post(None, &payload("documented")).await.status(), 200);
        client.left().await;
    });
}

#[test]
fn an_upload_under_way_may_finish_when_the_server_stops() {
    let authority = Authority::new();
    let mut server = server(&authority);
    let body = payload("documented");
    run(async {
        let idle = Http2::connect(server.address, &authority).await;
        let mut client = Http2::connect(server.address, &authority).await;
        let mut upload = client.begin("POST", PATH, None).await.unwrap();
        upload.send(&body[..1000]).await.unwrap();
        // Once this request is answered, the upload before it has begun.
        assert_eq!(client.begin("GET", "/healthz", None).await.unwrap().answer().await.status(), 200);
        server.request_stop();
        idle.left().await;
        upload.send(&body[1000..]).await.unwrap();
        let answer = upload.end().await;
        assert_eq!((answer.status(), &answer.body["new"]), (200, &json!(6)));
        client.left().await;
    });
    server.stop();
    assert_eq!(server.one("SELECT state FROM uploads"), json!("done"));
}
